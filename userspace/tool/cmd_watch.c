// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_watch.c - exdma watch: user interrupts as they come
 *
 * Reading an event node takes nothing away from others who have it open.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cards.h"
#include "commands.h"
#include "events.h"
#include "json.h"
#include "report.h"
#include "signals.h"
#include "units.h"

#define MAX_COUNT	1000000000

struct watch {
	const struct exdma_roots *roots;
	const char *card;
	unsigned int count;		/* 0: for ever */
	uint64_t time;			/* the same */
	bool json;
	struct event_nodes nodes;
	uint64_t seen;
	int signals;
	int killed_by;
	bool failed;			/* nobody sees what is printed */
};

static int take(void *context, int key, const char *argument)
{
	struct watch *watch = context;

	switch (key) {
	case 'c':
		watch->card = argument;
		return 0;
	case 'N':
		if (!parse_count(argument, 1, MAX_COUNT, &watch->count))
			return 0;
		report_usage("watch", "\"%s\" is no count, from 1 to 1000000000",
			     argument);
		return -1;
	case 'T':
		if (!parse_time(argument, &watch->time) && watch->time)
			return 0;
		report_usage("watch", "\"%s\" is no time, as in 2, 0.5 or 500ms",
			     argument);
		return -1;
	default:
		watch->json = true;
		return 0;
	}
}

/* ---- output ---- */

/* local time to the microsecond, as RFC 3339 has it but for the zone's colon */
static void time_text(char *text, size_t size)
{
	char day[32], zone[8];
	struct timespec now;
	struct tm parts;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &parts);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &parts);
	strftime(zone, sizeof(zone), "%z", &parts);
	snprintf(text, size, "%s.%06ld%s", day, now.tv_nsec / 1000, zone);
}

static void format_events(FILE *out, const struct watch *watch,
			  const struct event_node *node, uint32_t events)
{
	struct json json;
	char text[64];

	time_text(text, sizeof(text));
	if (watch->json) {
		json_begin_line(&json, out);
		json_string(&json, "time", text);
		json_string(&json, "node", node->name);
		json_number(&json, "card", node->card);
		json_number(&json, "line", node->line);
		json_number(&json, "events", events);
		json_number(&json, "total", node->total);
		json_end(&json);
	} else {
		fprintf(out, "%s %s %" PRIu32 " total %" PRIu64 "\n", text,
			node->name, events, node->total);
	}
}

static int print_events(const struct watch *watch,
			const struct event_node *node, uint32_t events)
{
	char line[256];
	FILE *out = fmemopen(line, sizeof(line), "w");

	if (!out)
		return -1;
	format_events(out, watch, node, events);
	if (fclose(out))
		return -1;
	return signals_write(watch->signals, STDOUT_FILENO, line, strlen(line));
}

/* ---- nodes ---- */

/* reads what is there; STATUS_FAILED after saying that the node is of no use */
static int take_events(struct watch *watch, struct event_node *node)
{
	uint32_t events = 0;
	ssize_t got = read(node->fd, &events, sizeof(events));

	if (got == sizeof(events)) {
		node->total += events;
		watch->seen += events;
		if (!print_events(watch, node, events))
			return STATUS_OK;
		watch->failed = true;
		return report_error(ORIGIN_FILE, errno,
				    "cannot write standard output");
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return STATUS_OK;
	if (!got)
		errno = EIO;
	report_error(ORIGIN_CARD, errno, "cannot read %s", node->name);
	close(node->fd);
	node->fd = -1;
	return STATUS_FAILED;
}

static int open_nodes(struct watch *watch)
{
	const char *dev = watch->roots->dev ? watch->roots->dev : "/dev";
	char path[PATH_MAX];

	for (unsigned int i = 0; i < watch->nodes.count; i++) {
		struct event_node *node = &watch->nodes.node[i];

		snprintf(path, sizeof(path), "%s/%s", dev, node->name);
		node->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (node->fd < 0)
			return report_error(ORIGIN_CARD, errno,
					    "cannot open %s", path);
	}
	return STATUS_OK;
}

static void close_nodes(struct watch *watch)
{
	for (unsigned int i = 0; i < watch->nodes.count; i++)
		if (watch->nodes.node[i].fd >= 0)
			close(watch->nodes.node[i].fd);
}

/* ---- waiting ---- */

static bool enough(const struct watch *watch)
{
	return (watch->count && watch->seen >= watch->count) || watch->failed;
}

/* a node that is gone leaves the others; the last one ends it */
static int poll_nodes(struct watch *watch, struct pollfd *fds, uint64_t then)
{
	unsigned int count = watch->nodes.count, open = count;
	int status = STATUS_OK;
	uint64_t now;

	while (open && !enough(watch) &&
	       (now = now_ns(), !watch->time || now < then)) {
		struct timespec left = {
			.tv_sec = watch->time ? (then - now) / NSEC_PER_SEC : 0,
			.tv_nsec = watch->time ? (then - now) % NSEC_PER_SEC : 0,
		};

		for (unsigned int i = 0; i < count; i++)
			fds[i] = (struct pollfd) {
				.fd = watch->nodes.node[i].fd,
				.events = POLLIN,
			};
		fds[count] = (struct pollfd) {
			.fd = watch->signals,
			.events = POLLIN,
		};
		if (ppoll(fds, count + 1, watch->time ? &left : NULL, NULL) <= 0)
			continue;
		for (unsigned int i = 0; i < count && !enough(watch); i++) {
			if (!fds[i].revents ||
			    !take_events(watch, &watch->nodes.node[i]))
				continue;
			status = STATUS_FAILED;
			open--;
		}
		if (fds[count].revents) {
			watch->killed_by = signals_take(watch->signals);
			break;
		}
	}
	return status;
}

static int watch_nodes(struct watch *watch)
{
	struct pollfd *fds = calloc(watch->nodes.count + 1, sizeof(*fds));
	int status;

	if (!fds)
		return report_error(ORIGIN_FILE, ENOMEM, "cannot begin");
	status = open_nodes(watch);
	if (!status)
		status = poll_nodes(watch, fds, now_ns() + watch->time);
	close_nodes(watch);
	free(fds);
	/* who asked for so many got fewer */
	if (!status && watch->count && watch->seen < watch->count &&
	    !watch->killed_by)
		status = STATUS_FAILED;
	return status;
}

/* the words behind "events", or all there are */
static int choose_nodes(struct watch *watch, int count, char **word)
{
	const struct exdma_card *card = NULL;
	struct exdma_cards *cards;
	int status;

	if (count > EVENTS_MAX)
		return report_usage("watch", "these are too many");
	for (int i = 0; i < count; i++)
		if (events_name(&watch->nodes.node[watch->nodes.count++],
				word[i]))
			return report_usage("watch", "\"%s\" is no event: they are called exdma0_event3, or 0:3",
					    word[i]);
	if (count)
		return STATUS_OK;
	status = cards_load(watch->roots, &cards);
	if (!status && watch->card)
		status = cards_choose(cards, watch->card, &card);
	if (!status)
		events_find(&watch->nodes, watch->roots, card);
	exdma_cards_free(cards);
	if (!status && !watch->nodes.count) {
		report("there are no event nodes: the card has no lines for user interrupts");
		status = STATUS_FAILED;
	}
	return status;
}

static int run_watch(const struct command *command,
		     const struct exdma_roots *roots, int argc, char **argv)
{
	struct watch watch = { .roots = roots };
	int first, status;

	first = options_parse(command, argc, argv, take, &watch);
	if (first < 0)
		return options_status(first);
	if (first == argc || strcmp(argv[first], "events"))
		return report_usage(command->name,
				    "what is to be watched? There are: events");
	if (watch.card && argc - first > 1)
		return report_usage(command->name,
				    "--card is for all events of a card: name either");
	status = choose_nodes(&watch, argc - first - 1, argv + first + 1);
	if (status)
		return status;
	watch.signals = signals_open(false);
	if (watch.signals < 0)
		return report_error(ORIGIN_FILE, errno, "cannot begin");
	status = watch_nodes(&watch);
	signals_close(watch.signals);
	/* Ctrl-C is the usual way out */
	if (watch.killed_by && watch.killed_by != SIGINT)
		signals_die(watch.killed_by);
	return status;
}

static const struct option_text options_text[] = {
	{ 'c', "card", "CARD",
	  "only this card: 0, exdma0 or a PCI address" },
	{ 'N', "count", "COUNT",
	  "end when so many events have come, all lines\n"
	  "together" },
	{ 'T', "time", "SECONDS",
	  "end after so long; status 1 if they were fewer\n"
	  "than --count by then" },
	{ OPTION_JSON, "json", NULL, "print JSON, each in one line" },
	{ 0 },
};

const struct command command_watch = {
	.name = "watch",
	.operands = "events [EVENT]...",
	.summary = "print user interrupts as they come",
	.about = "Prints a line for each user interrupt that comes: when, which, how many at\n"
		 "once, and how many since it began. EVENT is exdma0_event3, or 0:3 for short;\n"
		 "without any, all lines of all cards. Others who wait for them get them, too.",
	.options = options_text,
	.run = run_watch,
};
