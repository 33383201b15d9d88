/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sample.h - the counters of all channels at one time, and what happened
 * between two such times
 *
 * Knows the files of statistics/ and perf/ (docs/sysfs.md); nothing of screens.
 */
#ifndef EXDMA_TOOL_SAMPLE_H
#define EXDMA_TOOL_SAMPLE_H

#include <exdma/exdma.h>

enum counter {
	COUNTER_BYTES,
	COUNTER_REQUESTS,
	COUNTER_RUNS,
	COUNTER_BUSY_NS,
	COUNTER_STARTS_SUBMIT,
	COUNTER_INTERRUPTS,
	COUNTER_ERRORS,
	COUNTER_TIMEOUTS,
	COUNTER_LOST,
	COUNTER_DEPTH_MAX,
	COUNTER_PINNED,
	COUNTERS
};

/**
 * struct channel_sample - one channel
 * @name: "exdma0_h2c0"
 * @direction: EXDMA_DIR_H2C or EXDMA_DIR_C2H
 * @at: when it was read, now_ns()
 * @counter: by enum counter
 * @timed: the driver tells how long a run was on, and it means something: the
 *	engine of a stream from the card always has one, and waits for packets
 * @counting: the card's own counters were read, too
 * @cycles: of the datapath's clock with the engine on
 * @beats: those that moved data
 */
struct channel_sample {
	char name[32];
	unsigned int direction;
	uint64_t at;
	uint64_t counter[COUNTERS];
	bool timed;
	bool counting;
	uint64_t cycles;
	uint64_t beats;
};

struct sample {
	struct channel_sample *channel;
	size_t count;
};

/**
 * struct rates - one channel between two samples
 * @seconds: between them
 * @bytes, @requests, @runs, @interrupts: of each a second
 * @busy: part of the time that a run was on; NaN if they are not @timed
 * @per_run: requests that a run moved on average; NaN without a run
 * @back_to_back: part of the runs that were started as the one before ended,
 *	because requests were waiting; NaN without a run
 * @fill: beats per cycle; NaN if the card does not count, or did not run
 * @errors, @timeouts, @lost: that came in between
 */
struct rates {
	double seconds;
	double bytes;
	double requests;
	double runs;
	double interrupts;
	double busy;
	double per_run;
	double back_to_back;
	double fill;
	uint64_t errors;
	uint64_t timeouts;
	uint64_t lost;
};

/**
 * sample_take() - read all counters
 * @sample: filled in; sample_free() is due
 * @roots: where to look
 * @card: name of a card, as exdma_cards_find() takes it; NULL for all
 * @perf: read the counters of the cards, too, where they count
 *
 * Having no card, or not this one any more, is an empty sample.
 *
 * Return: 0, or -1 and errno.
 */
int sample_take(struct sample *sample, const struct exdma_roots *roots,
		const char *card, bool perf);

/** sample_free() - give back; all zero is allowed. */
void sample_free(struct sample *sample);

/** sample_find() - the channel of this name, or NULL. */
const struct channel_sample *sample_find(const struct sample *sample,
					 const char *name);

/**
 * sample_rates() - what happened between two samples of a channel
 * @before: the earlier one, or NULL
 * @after: the later one
 * @rates: filled in
 *
 * Return: false if they cannot be compared: there is no earlier one, or the
 * card was bound anew in between.
 */
bool sample_rates(const struct channel_sample *before,
		  const struct channel_sample *after, struct rates *rates);

/**
 * sample_perf() - let the cards count, or no more
 * @roots: where to look
 * @sample: which channels
 * @on: on: those that do not count begin to, and are marked as @counting in
 *	@sample; off: those that are so marked stop
 *
 * Return: 0, or -1 with the errno of the first that could not be changed; ENOENT
 * if no channel has such counters.
 */
int sample_perf(const struct exdma_roots *roots, struct sample *sample,
		bool on);

#endif /* EXDMA_TOOL_SAMPLE_H */
