// SPDX-License-Identifier: GPL-2.0-only
/*
 * timeline.c - what the tracepoints of the driver tell: runs, gaps, requests
 *
 * The events of a channel but exdma_complete come in the order of what happened,
 * see kmod/core/trace.h. Requests are started and done in the order in which they
 * were staged, so a run has the next ones.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <exdma/exdma.h>

#include "timeline.h"
#include "units.h"

#define MAX_OPEN	8192	/* requests of a channel at a time */

/* An event as its line has it. */
struct event {
	double time;
	char name[16];		/* without "exdma_" */
	const char *fields;
	unsigned int card;
	unsigned int direction;
	unsigned int channel;
};

/* ---- lines ---- */

static const char *field(const char *fields, const char *key)
{
	size_t len = strlen(key);

	while (*fields) {
		while (*fields == ' ')
			fields++;
		if (!strncmp(fields, key, len) && fields[len] == '=')
			return fields + len + 1;
		fields += strcspn(fields, " ");
	}
	return NULL;
}

static bool number(const char *fields, const char *key, uint64_t *value)
{
	const char *at = field(fields, key);
	char *end;

	if (!at || !isdigit((unsigned char)*at))
		return false;
	*value = strtoull(at, &end, 0);
	return !*end || isspace((unsigned char)*end);
}

static bool unsigned_field(const char *fields, const char *key,
			   unsigned int *value)
{
	uint64_t wide;

	if (!number(fields, key, &wide) || wide > UINT32_MAX)
		return false;
	*value = wide;
	return true;
}

/*
 * "... 123.456789: exdma_start: card=0 dir=h2c ...", with "exdma:" before the
 * name in some tools. 1: it is an event, 0: it is something else, -1: EINVAL.
 */
static int parse(const char *line, struct event *event)
{
	const char *at = strstr(line, "exdma_"), *before, *way;
	char *end;
	int used = 0;

	/* a program or a comment may have such a name, too: TIME stands before */
	while (at && (sscanf(at, "exdma_%15[a-z]:%n", event->name, &used) != 1 ||
		      !used || !field(at + used, "card")))
		at = strstr(at + 1, "exdma_");
	if (!at)
		return 0;
	event->fields = at + used;
	before = at - line >= 6 && !strncmp(at - 6, "exdma:", 6) ? at - 6 : at;
	while (before > line && isspace((unsigned char)before[-1]))
		before--;
	if (before == line || before[-1] != ':')
		return 0;
	before--;
	while (before > line && !isspace((unsigned char)before[-1]))
		before--;
	event->time = strtod(before, &end);
	way = field(event->fields, "dir");
	if (*end != ':' || !isdigit((unsigned char)*before) || !way ||
	    !unsigned_field(event->fields, "card", &event->card) ||
	    !unsigned_field(event->fields, "channel", &event->channel)) {
		errno = EINVAL;
		return -1;
	}
	event->direction = strncmp(way, "c2h", 3) ? EXDMA_DIR_H2C :
						    EXDMA_DIR_C2H;
	return 1;
}

/* ---- arrays that grow ---- */

/* one more element, zeroed; NULL with ENOMEM */
static void *add(void **array, size_t *count, size_t *room, size_t size)
{
	char *bigger;

	if (*count == *room) {
		size_t more = *room ? 2 * *room : 64;

		bigger = reallocarray(*array, more, size);
		if (!bigger)
			return NULL;
		*array = bigger;
		*room = more;
	}
	bigger = (char *)*array + *count * size;
	memset(bigger, 0, size);
	++*count;
	return bigger;
}

static struct lane *find_lane(struct timeline *timeline,
			      const struct event *event)
{
	struct lane *lane;

	for (size_t i = 0; i < timeline->lanes; i++) {
		lane = &timeline->lane[i];
		if (lane->card == event->card &&
		    lane->direction == event->direction &&
		    lane->channel == event->channel)
			return lane;
	}
	lane = reallocarray(timeline->lane, timeline->lanes + 1, sizeof(*lane));
	if (!lane)
		return NULL;
	timeline->lane = lane;
	lane += timeline->lanes++;
	*lane = (struct lane) {
		.card = event->card,
		.direction = event->direction,
		.channel = event->channel,
		.interrupt = TIME_UNKNOWN,
	};
	return lane;
}

static struct request *new_request(struct lane *lane, uint64_t id)
{
	struct request *request;

	request = add((void **)&lane->request, &lane->requests,
		      &lane->request_room, sizeof(*request));
	if (!request)
		return NULL;
	request->id = id;
	request->submit = TIME_UNKNOWN;
	request->stage = TIME_UNKNOWN;
	request->start = TIME_UNKNOWN;
	request->done = TIME_UNKNOWN;
	request->complete = TIME_UNKNOWN;
	return request;
}

/* the request of an event; one that began before the trace is new here */
static struct request *find_request(struct lane *lane,
				    const struct event *event)
{
	struct request *request;
	uint64_t id;

	if (!number(event->fields, "id", &id)) {
		errno = EINVAL;
		return NULL;
	}
	for (size_t i = lane->oldest; i < lane->requests; i++)
		if (lane->request[i].id == id &&
		    lane->request[i].complete == TIME_UNKNOWN)
			return &lane->request[i];
	request = new_request(lane, id);
	if (!request)
		return NULL;
	number(event->fields, "card_addr", &request->address);
	number(event->fields, "bytes", &request->bytes);
	return request;
}

/* ---- events ---- */

static struct run *open_run(struct lane *lane)
{
	struct run *last = lane->runs ? &lane->run[lane->runs - 1] : NULL;

	return last && last->open ? last : NULL;
}

static void close_run(struct run *run, double time)
{
	run->open = false;
	run->end = time;
}

/*
 * The run that is on when another one starts has ended: at its interrupt, where
 * that starts the next before its requests are told of. Or its end was never told,
 * and a thread tries it again: after a reset, for example.
 */
static void end_run(struct lane *lane, struct run *run, double time, char by)
{
	if (by != 't') {
		close_run(run, lane->interrupt != TIME_UNKNOWN ?
				       lane->interrupt :
				       time);
		return;
	}
	close_run(run, time);
	lane->moving = lane->moving > run->left ? lane->moving - run->left : 0;
	run->left = 0;
}

/* the requests that are next in the line */
static void give_requests(struct lane *lane, unsigned int requests, double time)
{
	for (; requests && lane->moving < lane->requests; lane->moving++) {
		struct request *request = &lane->request[lane->moving];

		if (request->done != TIME_UNKNOWN ||
		    request->complete != TIME_UNKNOWN)
			continue;
		request->start = time;
		request->run = lane->runs;
		requests--;
	}
}

static int take_start(struct lane *lane, const struct event *event)
{
	struct run *run = open_run(lane);
	const char *by = field(event->fields, "by");
	unsigned int number_of_run, requests;
	uint64_t bytes;

	if (!unsigned_field(event->fields, "run", &number_of_run) ||
	    !unsigned_field(event->fields, "requests", &requests) ||
	    !number(event->fields, "bytes", &bytes)) {
		errno = EINVAL;
		return -1;
	}
	if (!run || run->number != number_of_run) {
		if (run)
			end_run(lane, run, event->time, by ? *by : '?');
		run = add((void **)&lane->run, &lane->runs, &lane->run_room,
			  sizeof(*run));
		if (!run)
			return -1;
		run->start = event->time;
		run->end = event->time;
		run->open = true;
		run->by = by ? *by : '?';
		run->number = number_of_run;
	}
	/* or more for the one that is on */
	run->requests += requests;
	run->left += requests;
	run->bytes += bytes;
	lane->interrupt = TIME_UNKNOWN;
	give_requests(lane, requests, event->time);
	return 0;
}

/* One that began before the trace is of the run before, if that lacks any. */
static struct run *run_of(struct lane *lane, const struct request *request)
{
	if (request->run)
		return &lane->run[request->run - 1];
	if (lane->runs > 1 && lane->run[lane->runs - 2].left)
		return &lane->run[lane->runs - 2];
	return lane->runs ? &lane->run[lane->runs - 1] : NULL;
}

static void take_done(struct lane *lane, struct request *request,
		      const struct event *event)
{
	const char *status = field(event->fields, "status");
	struct run *run = run_of(lane, request);

	request->done = event->time;
	if (status)
		request->status = strtol(status, NULL, 10);
	if (!run || !run->left)
		return;
	run->left--;
	if (!run->open)
		return;
	/* what came by interrupt is told as of when that came */
	run->end = lane->interrupt != TIME_UNKNOWN ? lane->interrupt :
						     event->time;
	if (!run->left)
		close_run(run, run->end);
}

/* Where the trace has lost the end of a request, nobody looks for it for ever. */
static void forget_complete(struct lane *lane)
{
	while (lane->oldest < lane->requests &&
	       (lane->request[lane->oldest].complete != TIME_UNKNOWN ||
		lane->requests - lane->oldest > MAX_OPEN))
		lane->oldest++;
}

static int take_event(struct lane *lane, const struct event *event)
{
	struct request *request;

	if (!strcmp(event->name, "start"))
		return take_start(lane, event);
	if (!strcmp(event->name, "irq")) {
		lane->interrupt = event->time;
		return 0;
	}
	if (strcmp(event->name, "submit") && strcmp(event->name, "stage") &&
	    strcmp(event->name, "done") && strcmp(event->name, "complete"))
		return 0;	/* of a newer driver */
	request = find_request(lane, event);
	if (!request)
		return -1;
	switch (event->name[1]) {
	case 'u':
		request->submit = event->time;
		break;
	case 't':
		request->stage = event->time;
		break;
	case 'o':
		if (event->name[0] == 'd') {
			take_done(lane, request, event);
			break;
		}
		request->complete = event->time;
		forget_complete(lane);
		break;
	}
	return 0;
}

int timeline_line(struct timeline *timeline, const char *line)
{
	struct event event;
	struct lane *lane;
	uint64_t kept, written;
	int ret;

	/* how tracefs says that there was more than it has */
	if (*line == '#') {
		if (sscanf(line, "# entries-in-buffer/entries-written: %" SCNu64 "/%" SCNu64,
			   &kept, &written) == 2 && written > kept)
			timeline->lost += written - kept;
		return 0;
	}
	ret = parse(line, &event);
	if (ret <= 0)
		return ret;
	if (!timeline->events++)
		timeline->first = event.time;
	event.time = fmax(event.time - timeline->first, 0);
	timeline->last = fmax(timeline->last, event.time);
	lane = find_lane(timeline, &event);
	return lane ? take_event(lane, &event) : -1;
}

static int compare_lanes(const void *a, const void *b)
{
	const struct lane *left = a, *right = b;

	if (left->card != right->card)
		return left->card > right->card ? 1 : -1;
	if (left->direction != right->direction)
		return left->direction > right->direction ? 1 : -1;
	return (left->channel > right->channel) -
	       (left->channel < right->channel);
}

void timeline_end(struct timeline *timeline)
{
	if (timeline->lanes)
		qsort(timeline->lane, timeline->lanes, sizeof(*timeline->lane),
		      compare_lanes);
	for (size_t i = 0; i < timeline->lanes; i++) {
		struct run *run = open_run(&timeline->lane[i]);

		if (run)
			run->end = timeline->last;
	}
}

void timeline_free(struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->lanes; i++) {
		free(timeline->lane[i].run);
		free(timeline->lane[i].request);
	}
	free(timeline->lane);
	memset(timeline, 0, sizeof(*timeline));
}

char *lane_name(char *name, const struct lane *lane)
{
	snprintf(name, LANE_NAME, "exdma%u_%s%u", lane->card,
		 direction_name(lane->direction),
		 lane->channel);
	return name;
}

static int compare_times(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

int timeline_idle(const struct lane *lane, struct idle *idle)
{
	double *gap;

	memset(idle, 0, sizeof(*idle));
	if (!lane->runs)
		return 0;
	gap = calloc(lane->runs, sizeof(*gap));
	if (!gap)
		return -1;
	for (size_t i = 0; i < lane->runs; i++) {
		idle->busy += lane->run[i].end - lane->run[i].start;
		if (i)
			gap[idle->gaps++] = fmax(lane->run[i].start -
						 lane->run[i - 1].end, 0);
	}
	idle->span = lane->run[lane->runs - 1].end - lane->run[0].start;
	if (idle->gaps) {
		qsort(gap, idle->gaps, sizeof(*gap), compare_times);
		idle->p50 = gap[(idle->gaps - 1) / 2];
		idle->p99 = gap[(idle->gaps - 1) * 99 / 100];
		idle->max = gap[idle->gaps - 1];
	}
	free(gap);
	return 0;
}
