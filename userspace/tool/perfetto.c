// SPDX-License-Identifier: GPL-2.0-only
/*
 * perfetto.c - a timeline as a file that Perfetto and chrome://tracing open
 *
 * Times are microseconds there, with decimals. Runs follow each other on the
 * track of their channel ("X": from, for so long); requests overlap, so they are
 * asynchronous ("b" and "e": begin and end of what has this id).
 */
#include <stdlib.h>

#include <exdma/exdma.h>

#include "json.h"
#include "perfetto.h"

#define USEC	1e6

/* a track for each channel; 0 would be taken for "no thread" */
static unsigned int track(const struct lane *lane)
{
	return 1 + lane->direction * 32 + lane->channel;
}

static void begin_event(struct json *json, const struct lane *lane,
			const char *phase, const char *name, double time)
{
	json_object(json, NULL);
	json_string(json, "ph", phase);
	json_string(json, "name", name);
	json_number(json, "pid", lane->card + 1);
	json_number(json, "tid", track(lane));
	if (time != TIME_UNKNOWN)
		json_real(json, "ts", time * USEC);
}

static void name_track(struct json *json, const struct lane *lane)
{
	char name[LANE_NAME];

	begin_event(json, lane, "M", "process_name", TIME_UNKNOWN);
	json_object(json, "args");
	snprintf(name, sizeof(name), "exdma%u", lane->card);
	json_string(json, "name", name);
	json_object_end(json);
	json_object_end(json);

	begin_event(json, lane, "M", "thread_name", TIME_UNKNOWN);
	json_object(json, "args");
	json_string(json, "name", lane_name(name, lane));
	json_object_end(json);
	json_object_end(json);
}

static const char *who(char by)
{
	return by == 'i' ? "irq" : by == 's' ? "submit" :
	       by == 't' ? "thread" : "?";
}

static void write_runs(struct json *json, const struct lane *lane)
{
	const struct run *before = NULL, *run;
	char name[32];

	for (size_t i = 0; i < lane->runs; i++, before = run) {
		run = &lane->run[i];
		if (before && run->start > before->end) {
			begin_event(json, lane, "X", "idle", before->end);
			json_real(json, "dur",
				  (run->start - before->end) * USEC);
			json_string(json, "cname", "terrible");
			json_object_end(json);
		}
		snprintf(name, sizeof(name), "run %u", run->number);
		begin_event(json, lane, "X", name, run->start);
		json_real(json, "dur", (run->end - run->start) * USEC);
		json_object(json, "args");
		json_number(json, "requests", run->requests);
		json_number(json, "bytes", run->bytes);
		json_string(json, "started_by", who(run->by));
		if (run->open)
			json_bool(json, "no_end_seen", true);
		json_object_end(json);
		json_object_end(json);
	}
}

static void write_part(struct json *json, const struct lane *lane,
		       const char *id, const char *name, double from,
		       double to)
{
	if (from == TIME_UNKNOWN || to == TIME_UNKNOWN)
		return;
	begin_event(json, lane, "b", name, from);
	json_string(json, "cat", "request");
	json_string(json, "id", id);
	json_object_end(json);
	begin_event(json, lane, "e", name, to);
	json_string(json, "cat", "request");
	json_string(json, "id", id);
	json_object_end(json);
}

static void write_request(struct json *json, const struct lane *lane,
			  const struct request *request)
{
	char id[80], name[64], lane_text[LANE_NAME];

	/* what was not seen from its beginning to its end says nothing */
	if (request->submit == TIME_UNKNOWN ||
	    request->complete == TIME_UNKNOWN)
		return;
	snprintf(id, sizeof(id), "%s/%llu", lane_name(lane_text, lane),
		 (unsigned long long)request->id);
	snprintf(name, sizeof(name), "%s %llu bytes",
		 lane->direction == EXDMA_DIR_H2C ? "write" : "read",
		 (unsigned long long)request->bytes);
	begin_event(json, lane, "b", name, request->submit);
	json_string(json, "cat", "request");
	json_string(json, "id", id);
	json_object(json, "args");
	json_number(json, "id", request->id);
	json_number(json, "card_address", request->address);
	json_number(json, "bytes", request->bytes);
	if (request->status)
		json_real(json, "status", request->status);
	json_object_end(json);
	json_object_end(json);
	write_part(json, lane, id, "wait", request->submit, request->start);
	write_part(json, lane, id, "move", request->start, request->done);
	write_part(json, lane, id, "complete", request->done,
		   request->complete);
	begin_event(json, lane, "e", name, request->complete);
	json_string(json, "cat", "request");
	json_string(json, "id", id);
	json_object_end(json);
}

/* ---- requests under way, as a curve ---- */

struct change {
	double time;
	int by;
};

static int compare_changes(const void *a, const void *b)
{
	const struct change *left = a, *right = b;

	return (left->time > right->time) - (left->time < right->time);
}

static void write_depth(struct json *json, const struct lane *lane)
{
	struct change *change = calloc(2 * lane->requests + 1, sizeof(*change));
	size_t count = 0;
	char name[LANE_NAME + 8], lane_text[LANE_NAME];
	int depth = 0;

	if (!change)
		return;
	for (size_t i = 0; i < lane->requests; i++) {
		const struct request *request = &lane->request[i];

		if (request->submit == TIME_UNKNOWN ||
		    request->done == TIME_UNKNOWN)
			continue;
		change[count++] = (struct change) { request->submit, 1 };
		change[count++] = (struct change) { request->done, -1 };
	}
	qsort(change, count, sizeof(*change), compare_changes);
	snprintf(name, sizeof(name), "%s depth", lane_name(lane_text, lane));
	for (size_t i = 0; i < count; i++) {
		depth += change[i].by;
		begin_event(json, lane, "C", name, change[i].time);
		json_object(json, "args");
		json_number(json, "requests", depth > 0 ? depth : 0);
		json_object_end(json);
		json_object_end(json);
	}
	free(change);
}

void perfetto_write(FILE *out, const struct timeline *timeline)
{
	struct json json;

	json_begin_line(&json, out);
	json_string(&json, "displayTimeUnit", "ns");
	json_array(&json, "traceEvents");
	for (size_t i = 0; i < timeline->lanes; i++) {
		const struct lane *lane = &timeline->lane[i];

		name_track(&json, lane);
		write_runs(&json, lane);
		write_depth(&json, lane);
		for (size_t k = 0; k < lane->requests; k++)
			write_request(&json, lane, &lane->request[k]);
	}
	json_array_end(&json);
	json_end(&json);
}
