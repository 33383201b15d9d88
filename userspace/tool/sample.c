// SPDX-License-Identifier: GPL-2.0-only
/*
 * sample.c - the counters of all channels at one time, and what happened
 * between two such times
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "sample.h"
#include "units.h"

static const char *const counter_files[COUNTERS] = {
	[COUNTER_BYTES] = "bytes",
	[COUNTER_REQUESTS] = "requests",
	[COUNTER_RUNS] = "runs",
	[COUNTER_BUSY_NS] = "busy_ns",
	[COUNTER_STARTS_SUBMIT] = "starts_submit",
	[COUNTER_INTERRUPTS] = "interrupts",
	[COUNTER_ERRORS] = "errors",
	[COUNTER_TIMEOUTS] = "timeouts",
	[COUNTER_LOST] = "lost_interrupts",
	[COUNTER_DEPTH_MAX] = "depth_max",
	[COUNTER_PINNED] = "pinned_bytes",
};

static const char *sysfs_of(const struct exdma_roots *roots)
{
	return roots->sysfs ? roots->sysfs : "/sys";
}

/* A counter that this driver does not keep stays 0. */
static void read_channel(struct channel_sample *sample,
			 const struct exdma_channel *channel,
			 const struct exdma_roots *roots, bool perf)
{
	const char *name = exdma_channel_name(channel);
	uint64_t enabled;
	bool told;

	memset(sample, 0, sizeof(*sample));
	snprintf(sample->name, sizeof(sample->name), "%s", name);
	sample->direction = exdma_channel_direction(channel);
	for (unsigned int i = 0; i < COUNTERS; i++) {
		told = !exdma_channel_statistic(channel, counter_files[i],
						&sample->counter[i]);
		if (i == COUNTER_BUSY_NS)
			sample->timed = told;
	}
	if (exdma_channel_is_stream(channel) &&
	    sample->direction == EXDMA_DIR_C2H)
		sample->timed = false;
	sample->at = now_ns();
	if (!perf)
		return;
	sample->counting =
		file_number(&enabled, "%s/class/exdma/%s/perf/enable",
			    sysfs_of(roots), name) &&
		enabled &&
		file_number(&sample->cycles, "%s/class/exdma/%s/perf/cycles",
			    sysfs_of(roots), name) &&
		file_number(&sample->beats, "%s/class/exdma/%s/perf/beats",
			    sysfs_of(roots), name);
}

static int read_cards(struct sample *sample, const struct exdma_cards *cards,
		      const struct exdma_roots *roots, const char *only,
		      bool perf)
{
	const struct exdma_channel *channel;
	const struct exdma_card *card, *chosen = NULL;
	size_t count = 0;

	if (only) {
		chosen = exdma_cards_find(cards, only);
		if (!chosen)
			return 0;
	}
	for (size_t i = 0; (card = exdma_cards_at(cards, i)); i++)
		count += exdma_card_channel_count(card);
	sample->channel = calloc(count + 1, sizeof(*sample->channel));
	if (!sample->channel)
		return -1;
	for (size_t i = 0; (card = exdma_cards_at(cards, i)); i++)
		for (size_t k = 0; (!chosen || card == chosen) &&
				   (channel = exdma_card_channel_at(card, k));
		     k++)
			read_channel(&sample->channel[sample->count++], channel,
				     roots, perf);
	return 0;
}

int sample_take(struct sample *sample, const struct exdma_roots *roots,
		const char *card, bool perf)
{
	struct exdma_cards *cards;
	int ret;

	memset(sample, 0, sizeof(*sample));
	cards = exdma_cards_new(roots);
	if (!cards)
		return errno == ENOENT ? 0 : -1;
	ret = read_cards(sample, cards, roots, card, perf);
	exdma_cards_free(cards);
	return ret;
}

void sample_free(struct sample *sample)
{
	free(sample->channel);
	memset(sample, 0, sizeof(*sample));
}

const struct channel_sample *sample_find(const struct sample *sample,
					 const char *name)
{
	for (size_t i = 0; i < sample->count; i++)
		if (!strcmp(sample->channel[i].name, name))
			return &sample->channel[i];
	return NULL;
}

bool sample_rates(const struct channel_sample *before,
		  const struct channel_sample *after, struct rates *rates)
{
	uint64_t passed[COUNTERS];

	memset(rates, 0, sizeof(*rates));
	if (!before || after->at <= before->at)
		return false;
	for (unsigned int i = 0; i < COUNTER_DEPTH_MAX; i++) {
		/* counters never go back, but with a new binding */
		if (after->counter[i] < before->counter[i])
			return false;
		passed[i] = after->counter[i] - before->counter[i];
	}
	rates->seconds = (double)(after->at - before->at) / NSEC_PER_SEC;
	rates->bytes = passed[COUNTER_BYTES] / rates->seconds;
	rates->requests = passed[COUNTER_REQUESTS] / rates->seconds;
	rates->runs = passed[COUNTER_RUNS] / rates->seconds;
	rates->interrupts = passed[COUNTER_INTERRUPTS] / rates->seconds;
	rates->errors = passed[COUNTER_ERRORS];
	rates->timeouts = passed[COUNTER_TIMEOUTS];
	rates->lost = passed[COUNTER_LOST];
	/* the time is not that of the look to the nanosecond */
	rates->busy = before->timed && after->timed ?
			      fmin(passed[COUNTER_BUSY_NS] /
				   (rates->seconds * NSEC_PER_SEC), 1) :
			      NAN;
	rates->per_run = NAN;
	rates->back_to_back = NAN;
	rates->fill = NAN;
	if (passed[COUNTER_RUNS]) {
		double runs = passed[COUNTER_RUNS];
		double by_caller = passed[COUNTER_STARTS_SUBMIT];

		/* the files are read one after the other */
		rates->per_run = passed[COUNTER_REQUESTS] / runs;
		rates->back_to_back = by_caller < runs ? 1 - by_caller / runs :
							 0;
	}
	if (before->counting && after->counting &&
	    after->cycles > before->cycles && after->beats >= before->beats)
		rates->fill = (double)(after->beats - before->beats) /
			      (after->cycles - before->cycles);
	return true;
}

int sample_perf(const struct exdma_roots *roots, struct sample *sample,
		bool on)
{
	bool any = false;
	uint64_t enabled;
	int error = 0;

	for (size_t i = 0; i < sample->count; i++) {
		struct channel_sample *channel = &sample->channel[i];

		if (!file_number(&enabled, "%s/class/exdma/%s/perf/enable",
				 sysfs_of(roots), channel->name)) {
			if (!error && errno != ENOENT)
				error = errno;
			continue;
		}
		any = true;
		if (on == !!enabled || (!on && !channel->counting))
			continue;
		if (!file_put(on ? "1" : "0", "%s/class/exdma/%s/perf/enable",
			      sysfs_of(roots), channel->name))
			channel->counting = on;
		else if (!error)
			error = errno;
	}
	errno = error ? error : ENOENT;
	return error || !any ? -1 : 0;
}
