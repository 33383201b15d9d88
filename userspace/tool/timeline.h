/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timeline.h - what the tracepoints of the driver tell: runs, gaps, requests
 *
 * Fed with lines of text, as tracefs, trace-cmd report and perf script print
 * them; knows no file. Times are seconds since the first event.
 *
 * A run is from its start until the host learned of its end: its interrupt, or,
 * if a caller polled, the end of its requests. So what lies between two runs is
 * time for which the driver is to blame, and what the interrupt took to come is
 * counted as busy.
 */
#ifndef EXDMA_TOOL_TIMELINE_H
#define EXDMA_TOOL_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIME_UNKNOWN	(-1.0)

/**
 * struct run - the engine, started once
 * @start: when
 * @end: when its end was learned of
 * @number: as the driver counts them
 * @requests: that it moves
 * @left: of these, not done yet
 * @bytes: of these together
 * @by: who started it: 'i'rq, 's'ubmit, 't'hread
 * @open: no end was seen
 */
struct run {
	double start;
	double end;
	unsigned int number;
	unsigned int requests;
	unsigned int left;
	uint64_t bytes;
	char by;
	bool open;
};

/**
 * struct request - one request; what was not seen is TIME_UNKNOWN
 * @id: on its channel
 * @submit, @stage, @start, @done, @complete: when
 * @address: on the card
 * @bytes: of it
 * @status: 0, or a negative errno
 * @run: which had it last: its place in the lane, from 1 on; 0: not seen
 */
struct request {
	uint64_t id;
	double submit;
	double stage;
	double start;
	double done;
	double complete;
	uint64_t address;
	uint64_t bytes;
	int status;
	size_t run;
};

/**
 * struct lane - one channel
 * @card, @channel: numbers
 * @direction: EXDMA_DIR_H2C or EXDMA_DIR_C2H
 * @run, @runs: in the order of their starts
 * @request, @requests: in the order in which they were first seen
 * @oldest: requests before this one are complete
 * @moving: before this one, requests have been started
 * @interrupt: when the last one came for the run that is on, or TIME_UNKNOWN
 */
struct lane {
	unsigned int card;
	unsigned int direction;
	unsigned int channel;
	struct run *run;
	size_t runs;
	size_t run_room;
	struct request *request;
	size_t requests;
	size_t request_room;
	size_t oldest;
	size_t moving;
	double interrupt;
};

/**
 * struct timeline - all channels; all zero is an empty one
 * @lane, @lanes: in the order of card, direction and channel, once it is ended
 * @first: time of the first event, as the trace has it
 * @last: time of the last event since the first
 * @events: lines that were events of the driver
 * @lost: events that the kernel had no room for
 */
struct timeline {
	struct lane *lane;
	size_t lanes;
	double first;
	double last;
	size_t events;
	uint64_t lost;
};

/**
 * struct idle - how long the engine of a lane waited between runs
 * @busy: seconds with a run
 * @span: seconds from its first start to its last end
 * @gaps: how many
 * @p50, @p99, @max: of them, in seconds
 */
struct idle {
	double busy;
	double span;
	size_t gaps;
	double p50;
	double p99;
	double max;
};

/**
 * timeline_line() - take one line; what is no event of the driver is left out
 *
 * Return: 0, or -1 with ENOMEM; EINVAL for an event that makes no sense.
 */
int timeline_line(struct timeline *timeline, const char *line);

/** timeline_end() - there are no more lines: sort, and end what is open. */
void timeline_end(struct timeline *timeline);

/** timeline_idle() - how busy was this channel? Fails for want of memory only. */
int timeline_idle(const struct lane *lane, struct idle *idle);

/** timeline_free() - give back; it is empty then. */
void timeline_free(struct timeline *timeline);

/** lane_name() - "exdma0_h2c0". */
#define LANE_NAME	48
char *lane_name(char *name, const struct lane *lane);

#endif /* EXDMA_TOOL_TIMELINE_H */
