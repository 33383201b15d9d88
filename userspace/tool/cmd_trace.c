// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_trace.c - exdma trace: what did the engines do, and when did they wait?
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "drawing.h"
#include "output.h"
#include "perfetto.h"
#include "record.h"
#include "report.h"
#include "signals.h"
#include "units.h"

#define BUFFER_KIB	8192
#define BUFFER_MIN	64
#define BUFFER_MAX	(1u << 20)

struct trace {
	const char *from;
	const char *svg;
	const char *perfetto;
	const char *raw;
	uint64_t time;
	unsigned int kib;
	struct zoom zoom;
	char **command;
	struct timeline timeline;
};

/* START+LENGTH */
static int take_zoom(struct zoom *zoom, const char *argument)
{
	char *copy = strdup(argument);
	char *length = copy ? strchr(copy, '+') : NULL;
	uint64_t start_ns, length_ns;
	int ret = -1;

	if (length)
		*length++ = '\0';
	if (length && !parse_time(copy, &start_ns) &&
	    !parse_time(length, &length_ns) && length_ns) {
		zoom->start = (double)start_ns / NSEC_PER_SEC;
		zoom->length = (double)length_ns / NSEC_PER_SEC;
		ret = 0;
	}
	free(copy);
	return ret;
}

static int wrong(const char *what, const char *argument)
{
	report_usage("trace", "\"%s\" is no %s", argument, what);
	return -1;
}

static int take(void *context, int key, const char *argument)
{
	struct trace *trace = context;

	switch (key) {
	case 'f':
		trace->from = argument;
		return 0;
	case 's':
		trace->svg = argument;
		return 0;
	case 'p':
		trace->perfetto = argument;
		return 0;
	case 'r':
		trace->raw = argument;
		return 0;
	case 'T':
		if (!parse_time(argument, &trace->time) && trace->time)
			return 0;
		return wrong("time, as in 2, 0.5 or 500ms", argument);
	case 'b':
		if (!parse_count(argument, BUFFER_MIN, BUFFER_MAX, &trace->kib))
			return 0;
		return wrong("size of a buffer, 64 to 1048576 KiB", argument);
	default:
		if (!take_zoom(&trace->zoom, argument))
			return 0;
		return wrong("part of the time, as in 0.25+10ms", argument);
	}
}

/* ---- recording ---- */

/* the command, or -1 after saying why it could not be started */
static pid_t start_command(char **command)
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child < 0) {
		report_error(ORIGIN_FILE, errno, "cannot start %s", command[0]);
	} else if (!child) {
		signals_restore();
		execvp(command[0], command);
		report_error(ORIGIN_FILE, errno, "cannot start %s", command[0]);
		_exit(127);
	}
	return child;
}

/*
 * Until the time is over, the command has ended, or a signal comes. A signal that
 * ends the recording early does not end what it is for.
 */
static void wait_for_end(const struct trace *trace, int signals, int process)
{
	struct pollfd fds[2] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = process, .events = POLLIN },
	};
	uint64_t then = now_ns() + trace->time, now;

	while ((now = now_ns()) < then || process >= 0) {
		uint64_t rest = now < then ? then - now : 0;
		struct timespec left = {
			.tv_sec = rest / NSEC_PER_SEC,
			.tv_nsec = rest % NSEC_PER_SEC,
		};

		if (ppoll(fds, 2, process < 0 ? &left : NULL, NULL) <= 0)
			continue;
		if (fds[1].revents || (fds[0].revents && signals_take(signals)))
			return;
	}
}

static int run_command(const struct trace *trace, int signals)
{
	pid_t child = start_command(trace->command);
	int process, status;

	if (child < 0)
		return STATUS_FAILED;
	process = syscall(SYS_pidfd_open, child, 0);
	if (process < 0)
		report_error(ORIGIN_FILE, errno, "cannot wait for %s",
			     trace->command[0]);
	else
		wait_for_end(trace, signals, process);
	/* it got the Ctrl-C as well; another signal was for us alone */
	if (process < 0 || !waitpid(child, &status, WNOHANG)) {
		kill(child, SIGTERM);
		waitpid(child, &status, 0);
	}
	if (process < 0)
		return STATUS_FAILED;
	close(process);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		return STATUS_OK;
	report(WIFEXITED(status) ? "%s ended with status %d" :
				   "%s was ended by signal %d",
	       trace->command[0],
	       WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	return STATUS_FAILED;
}

/* ---- from lines to outputs ---- */

static int read_lines(struct trace *trace, FILE *from, const char *name,
		      FILE *copy)
{
	int status = STATUS_OK;
	size_t size = 0, at = 0;
	char *line = NULL;

	while (!status && getline(&line, &size, from) > 0) {
		at++;
		if (copy)
			fputs(line, copy);
		if (timeline_line(&trace->timeline, line))
			status = report_error(ORIGIN_FILE, errno,
					      "cannot understand line %zu of %s",
					      at, name);
	}
	if (!status && ferror(from))
		status = report_error(ORIGIN_FILE, errno, "cannot read %s",
				      name);
	free(line);
	timeline_end(&trace->timeline);
	return status;
}

/* stdout has the table; it is not for both */
static int write_outputs(const struct trace *trace)
{
	FILE *out;

	if (trace->svg) {
		out = output_open(trace->svg);
		if (!out)
			return STATUS_FAILED;
		if (drawing_write(out, &trace->timeline, &trace->zoom))
			report_error(ORIGIN_FILE, ENOMEM, "cannot draw");
		if (output_close(out, trace->svg))
			return STATUS_FAILED;
	}
	if (trace->perfetto) {
		out = output_open(trace->perfetto);
		if (!out)
			return STATUS_FAILED;
		perfetto_write(out, &trace->timeline);
		if (output_close(out, trace->perfetto))
			return STATUS_FAILED;
	}
	return STATUS_OK;
}

static void print_summary(const struct timeline *timeline)
{
	char name[LANE_NAME], p50[TIME_TEXT], p99[TIME_TEXT], max[TIME_TEXT];
	struct idle idle;

	printf("%-14s %8s %9s %7s %8s %11s %11s %11s\n", "CHANNEL", "RUNS",
	       "REQUESTS", "BUSY", "GAPS", "P50", "P99", "MAX");
	for (size_t i = 0; i < timeline->lanes; i++) {
		const struct lane *lane = &timeline->lane[i];

		if (timeline_idle(lane, &idle))
			continue;
		printf("%-14s %8zu %9zu %6.1f%% %8zu %11s %11s %11s\n",
		       lane_name(name, lane), lane->runs, lane->requests,
		       idle.span > 0 ? 100 * idle.busy / idle.span : 0,
		       idle.gaps, format_seconds(p50, idle.p50),
		       format_seconds(p99, idle.p99),
		       format_seconds(max, idle.max));
	}
	if (timeline->lost)
		report("the kernel had no room for %" PRIu64 " events: record for less time, or with a larger --buffer",
		       timeline->lost);
}

static int finish(struct trace *trace)
{
	if (!trace->timeline.events) {
		report("nothing was recorded: no transfer was made in that time");
		return STATUS_FAILED;
	}
	print_summary(&trace->timeline);
	return write_outputs(trace);
}

static int convert(struct trace *trace)
{
	FILE *from = fopen(trace->from, "re");
	int status;

	if (!from)
		return report_error(ORIGIN_FILE, errno, "cannot read %s",
				    trace->from);
	status = read_lines(trace, from, trace->from, NULL);
	fclose(from);
	return status ? status : finish(trace);
}

/* what was recorded, also if the command has failed */
static int collect(struct trace *trace, struct record *record)
{
	FILE *raw = NULL, *from;
	int status;

	if (trace->raw) {
		raw = output_open(trace->raw);
		if (!raw)
			return STATUS_FAILED;
	}
	from = record_stop(record);
	status = from ? read_lines(trace, from, "the trace", raw) :
			STATUS_FAILED;
	if (from)
		fclose(from);
	if (raw && output_close(raw, trace->raw))
		status = STATUS_FAILED;
	return status;
}

static int record_and_convert(struct trace *trace,
			      const struct exdma_roots *roots)
{
	struct record record;
	int signals, status, failed = STATUS_OK;

	signals = signals_open(false);
	if (signals < 0)
		return report_error(ORIGIN_FILE, errno, "cannot begin");
	status = record_begin(&record, roots, trace->kib);
	if (!status) {
		if (trace->command)
			failed = run_command(trace, signals);
		else
			wait_for_end(trace, signals, -1);
		status = collect(trace, &record);
	}
	record_end(&record);
	signals_close(signals);
	if (!status)
		status = finish(trace);
	return status ? status : failed;
}

static int run_trace(const struct command *command,
		     const struct exdma_roots *roots, int argc, char **argv)
{
	struct trace trace = {
		.svg = "exdma-trace.svg",
		.perfetto = "exdma-trace.json",
		.time = NSEC_PER_SEC,
		.kib = BUFFER_KIB,
		.zoom = { .start = TIME_UNKNOWN },
	};
	int first, status;

	first = options_parse(command, argc, argv, take, &trace);
	if (first < 0)
		return options_status(first);
	if (first < argc)
		trace.command = argv + first;
	if (trace.from && trace.command)
		return report_usage(command->name,
				    "--from reads what was recorded, so there is nothing to run");
	status = trace.from ? convert(&trace) :
			      record_and_convert(&trace, roots);
	timeline_free(&trace.timeline);
	return status;
}

static const struct option_text options_text[] = {
	{ 'T', "time", "SECONDS",
	  "record so long; the default is 1. Not used\n"
	  "with a COMMAND" },
	{ 's', "svg", "FILE",
	  "the picture; the default is exdma-trace.svg" },
	{ 'p', "perfetto", "FILE",
	  "the file for Perfetto; the default is\n"
	  "exdma-trace.json" },
	{ 'r', "raw", "FILE", "keep what the kernel recorded, too" },
	{ 'f', "from", "FILE",
	  "record nothing, convert this: from --raw,\n"
	  "trace-cmd report or perf script" },
	{ 'z', "zoom", "PART",
	  "what the picture shows run by run: START+LENGTH,\n"
	  "as in 0.25+10ms; the default is in the middle" },
	{ 'b', "buffer", "KIB",
	  "memory of the kernel for each CPU; the default\n"
	  "is 8192" },
	{ 0 },
};

const struct command command_trace = {
	.name = "trace",
	.operands = "[-- COMMAND]",
	.summary = "record a timeline of the engines",
	.about = "Records the tracepoints of the driver for some time, or while COMMAND runs, and\n"
		 "shows for each channel how busy its engine was and how long it waited between\n"
		 "runs: as a table, as a picture (SVG), and as a file for ui.perfetto.dev. Needs\n"
		 "root.",
	.options = options_text,
	.run = run_trace,
};
