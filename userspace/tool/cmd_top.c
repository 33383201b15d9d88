// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_top.c - exdma top: what are the channels doing?
 *
 * Whether an engine waits for work tells how long it had some, and how its runs were
 * started; and, if the card counts, how full its datapath was.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cards.h"
#include "commands.h"
#include "report.h"
#include "sample.h"
#include "signals.h"
#include "table.h"
#include "terminal.h"
#include "units.h"

#define INTERVAL_MIN	(NSEC_PER_SEC / 100)

struct top {
	const struct exdma_roots *roots;
	const char *card;
	bool once;
	bool json;
	bool ended;
	int signals;
	int killed_by;
	struct terminal terminal;
	struct table table;
	char *drawn;		/* what the terminal shows */
};

static int take(void *context, int key, const char *argument)
{
	struct top *top = context;

	switch (key) {
	case 'c':
		top->card = argument;
		return 0;
	case 'i':
		if (!parse_time(argument, &top->table.interval) &&
		    top->table.interval >= INTERVAL_MIN)
			return 0;
		report_usage("top", "\"%s\" is no interval of 10ms or more",
			     argument);
		return -1;
	case '1':
		top->once = true;
		return 0;
	case 'p':
		top->table.fill = true;
		return 0;
	default:
		top->json = true;
		return 0;
	}
}

/* to the screen in one go, with the words for the columns below */
static void draw(struct top *top)
{
	size_t size;
	FILE *out;

	free(top->drawn);
	top->drawn = NULL;
	out = open_memstream(&top->drawn, &size);

	if (!out)
		return;
	table_print(out, &top->table);
	fputs("\nBUSY: time with a run on; low: the engine waits for programs\n"
	      "B2B: runs started as the one before ended\n"
	      "DEPTH, ERRORS: most requests at a time, errors since the card was bound\n",
	      out);
	if (top->table.fill)
		fputs("FILL: clock cycles in which data moved, by the card's own counters\n",
		      out);
	fputs("q: quit", out);
	if (!fclose(out))
		terminal_draw(top->drawn);
}

static int print(struct top *top)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int ret;

	if (!out)
		return -1;
	if (top->json)
		table_print_json(out, &top->table);
	else
		table_print(out, &top->table);
	ret = fclose(out);
	if (!ret)
		ret = signals_write(top->signals, STDOUT_FILENO, text, size);
	free(text);
	return ret;
}

static int show(struct top *top)
{
	if (!top->terminal.drawing)
		return print(top);
	draw(top);
	fflush(stdout);
	return 0;
}

/* ---- time, keys and signals ---- */

/* as the shell's job control wants it: the terminal is its own meanwhile */
static void stop(struct top *top)
{
	bool drawing = top->terminal.drawing;

	terminal_end(&top->terminal);
	raise(SIGSTOP);
	if (drawing)
		terminal_begin(&top->terminal);
}

static void take_signal(struct top *top)
{
	int number = signals_take(top->signals);

	switch (number) {
	case 0:
		return;
	case SIGWINCH:
		break;
	case SIGTSTP:
		stop(top);
		break;
	case SIGINT:
		top->ended = true;	/* the usual way out */
		return;
	default:
		top->ended = true;
		top->killed_by = number;
		return;
	}
	if (top->terminal.drawing && top->drawn)
		terminal_draw(top->drawn);
}

static void take_key(struct top *top)
{
	char key;
	ssize_t got = read(STDIN_FILENO, &key, 1);

	if (got == 1 && (key == 'q' || key == 'Q'))
		top->ended = true;
	if (got <= 0)
		top->terminal.keys = false;	/* nobody will type there */
}

/* until the time has come, or it is to end */
static void wait_until(struct top *top, uint64_t then)
{
	struct pollfd fds[2] = {
		{ .fd = top->signals, .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
	};
	uint64_t now;

	while (!top->ended && (now = now_ns()) < then) {
		struct timespec left = {
			.tv_sec = (then - now) / NSEC_PER_SEC,
			.tv_nsec = (then - now) % NSEC_PER_SEC,
		};

		fds[1].fd = top->terminal.keys ? STDIN_FILENO : -1;
		if (ppoll(fds, 2, &left, NULL) <= 0)
			continue;
		if (fds[0].revents)
			take_signal(top);
		if (fds[1].revents)
			take_key(top);
	}
}

static int watch(struct top *top)
{
	uint64_t then = now_ns() + top->table.interval;

	do {
		wait_until(top, then);
		if (top->ended)
			return STATUS_OK;
		/* after a stop, go on from now */
		then = now_ns() > then + top->table.interval ? now_ns() : then;
		then += top->table.interval;
		if (sample_take(&top->table.after, top->roots, top->card, top->table.fill))
			return report_error(ORIGIN_FILE, errno,
					    "cannot read the counters");
		if (show(top))
			return report_error(ORIGIN_FILE, errno,
					    "cannot write standard output");
		sample_free(&top->table.before);
		top->table.before = top->table.after;
		memset(&top->table.after, 0, sizeof(top->table.after));
	} while (!top->once && !ferror(stdout));
	return STATUS_OK;
}

static int count_and_watch(struct top *top)
{
	struct sample counting = { 0 };
	int status = STATUS_OK;

	if (top->table.fill) {
		if (sample_take(&counting, top->roots, top->card, false) ||
		    sample_perf(top->roots, &counting, true))
			status = report_error(ORIGIN_FILE, errno,
					      "cannot turn on the counters of the card, which root can, if it has them");
	}
	if (!status && sample_take(&top->table.before, top->roots, top->card,
				   top->table.fill))
		status = report_error(ORIGIN_FILE, errno,
				      "cannot read the counters");
	if (!status) {
		if (!top->once && !top->json)
			terminal_begin(&top->terminal);
		status = watch(top);
		terminal_end(&top->terminal);
	}
	sample_perf(top->roots, &counting, false);
	sample_free(&counting);
	sample_free(&top->table.before);
	sample_free(&top->table.after);
	free(top->drawn);
	return status;
}

static int run_top(const struct command *command,
		   const struct exdma_roots *roots, int argc, char **argv)
{
	struct top top = {
		.roots = roots,
		.table.interval = NSEC_PER_SEC,
	};
	const struct exdma_card *card;
	struct exdma_cards *cards;
	int first, status;

	first = options_parse(command, argc, argv, take, &top);
	if (first < 0)
		return options_status(first);
	if (first < argc)
		return report_usage(command->name,
				    "top takes no operands: name a card with --card");
	status = cards_load(roots, &cards);
	if (!status && top.card)
		status = cards_choose(cards, top.card, &card);
	exdma_cards_free(cards);
	if (status)
		return status;

	/* of the terminal only who draws there: a window's new size is no end */
	top.signals = signals_open(!top.once && !top.json && isatty(STDOUT_FILENO));
	if (top.signals < 0)
		return report_error(ORIGIN_FILE, errno, "cannot begin");
	status = count_and_watch(&top);
	signals_close(top.signals);
	if (top.killed_by)
		signals_die(top.killed_by);
	return status;
}

static const struct option_text options_text[] = {
	{ 'c', "card", "CARD",
	  "only this card: 0, exdma0 or a PCI address" },
	{ 'i', "interval", "SECONDS",
	  "time between samples, from 10ms on; the default\n"
	  "is 1" },
	{ '1', "once", NULL, "one sample of this length, then end" },
	{ 'p', "perf", NULL,
	  "have the cards count, too, and show FILL; for\n"
	  "root" },
	{ OPTION_JSON, "json", NULL, "print JSON, each sample in one line" },
	{ 0 },
};

const struct command command_top = {
	.name = "top",
	.operands = "",
	.summary = "what the channels are doing, live",
	.about = "Shows throughput, requests, interrupts and errors of each channel, from the\n"
		 "driver's counters. On a terminal it draws until q is pressed; elsewhere it\n"
		 "prints a table for each sample.\n\n"
		 "  BUSY    time that the engine had a run, until the driver learned of its end\n"
		 "  REQ/S   requests a second: a call, or each MiB of one\n"
		 "  /RUN    requests that were started together, on average\n"
		 "  B2B     runs that were started as the one before ended; the others waited\n"
		 "          for a program\n"
		 "  PINNED  memory in flight\n"
		 "  DEPTH   most requests at a time, since the card was bound\n"
		 "  ERRORS  errors, time-outs, lost interrupts, since the card was bound\n"
		 "  FILL    clock cycles with the engine on in which data moved",
	.options = options_text,
	.run = run_top,
};
