// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_bench.c - exdma bench: how fast is it?
 *
 * Runs bench.c for each direction, number of threads and size: a row of each.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cards.h"
#include "commands.h"
#include "output.h"
#include "plot.h"
#include "report.h"
#include "results.h"
#include "units.h"

#define LIST_MAX	32
#define MAX_THREADS	256
#define MAX_CHANNEL	31
#define MAX_COUNT	1000000000
#define DEFAULT_SPAN	(64ull << 20)

struct bench_options {
	const char *card;
	int channel;
	bool h2c, c2h;
	uint64_t size[LIST_MAX];
	unsigned int sizes;
	unsigned int threads[LIST_MAX];
	unsigned int thread_counts;
	uint64_t time;
	unsigned int count;
	uint64_t warmup;
	uint64_t address;
	uint64_t span;
	const char *plot;
	bool json;
	bool yes;
};

static int wrong(const char *what, const char *argument)
{
	report_usage("bench", "\"%s\" is no %s", argument, what);
	return -1;
}

/* one word of a list: add it; -1 if it is none or there is no room */
static int add_size(struct bench_options *options, const char *word)
{
	uint64_t size;

	if (options->sizes == LIST_MAX || parse_size(word, &size) || !size)
		return -1;
	options->size[options->sizes++] = size;
	return 0;
}

static int add_threads(struct bench_options *options, const char *word)
{
	unsigned int threads;

	if (options->thread_counts == LIST_MAX ||
	    parse_count(word, 1, MAX_THREADS, &threads))
		return -1;
	options->threads[options->thread_counts++] = threads;
	return 0;
}

static int take_list(struct bench_options *options, const char *argument,
		     int (*add)(struct bench_options *options,
				const char *word))
{
	char *copy = strdup(argument);
	char *rest = copy;
	int ret = copy ? 0 : -1;
	char *word;

	while (!ret && (word = strsep(&rest, ",")))
		ret = add(options, word);
	free(copy);
	return ret;
}

static int take_direction(struct bench_options *options, const char *argument)
{
	bool both = !strcmp(argument, "both");

	options->h2c = both || !strcmp(argument, "h2c");
	options->c2h = both || !strcmp(argument, "c2h");
	if (options->h2c || options->c2h)
		return 0;
	return wrong("direction: h2c, c2h or both", argument);
}

static int take(void *context, int key, const char *argument)
{
	struct bench_options *options = context;
	unsigned int number;

	switch (key) {
	case 'c':
		options->card = argument;
		return 0;
	case 'n':
		if (parse_count(argument, 0, MAX_CHANNEL, &number))
			return wrong("channel: they have numbers from 0 to 31",
				     argument);
		options->channel = number;
		return 0;
	case 'd':
		return take_direction(options, argument);
	case 's':
		options->sizes = 0;
		if (take_list(options, argument, add_size))
			return wrong("list of sizes, as in 4K,64K,1M", argument);
		return 0;
	case 't':
		options->thread_counts = 0;
		if (take_list(options, argument, add_threads))
			return wrong("list of numbers of threads, as in 1,4",
				     argument);
		return 0;
	case 'T':
		if (parse_time(argument, &options->time) || !options->time)
			return wrong("time, as in 2, 0.5 or 500ms", argument);
		return 0;
	case 'N':
		if (parse_count(argument, 1, MAX_COUNT, &options->count))
			return wrong("count, from 1 to 1000000000", argument);
		return 0;
	case 'w':
		if (parse_time(argument, &options->warmup))
			return wrong("time, as in 2, 0.5 or 500ms", argument);
		return 0;
	case 'a':
		if (parse_size(argument, &options->address))
			return wrong("address", argument);
		return 0;
	case OPTION_SPAN:
		if (parse_size(argument, &options->span) || !options->span)
			return wrong("size", argument);
		return 0;
	case 'p':
		options->plot = argument;
		return 0;
	case OPTION_JSON:
		options->json = true;
		return 0;
	default:
		options->yes = true;
		return 0;
	}
}

static uint64_t largest_size(const struct bench_options *options)
{
	uint64_t largest = 0;

	for (unsigned int i = 0; i < options->sizes; i++)
		if (options->size[i] > largest)
			largest = options->size[i];
	return largest;
}

/* what was not said: 64 MiB, less on a small card, more for a large size */
static uint64_t default_span(const struct bench_options *options,
			     const struct exdma_card *card)
{
	uint64_t aperture = exdma_card_aperture(card);
	uint64_t largest = largest_size(options);
	uint64_t span = DEFAULT_SPAN;

	if (aperture > options->address && aperture - options->address < span)
		span = aperture - options->address;
	return span > largest ? span : largest;
}

static int check(const struct bench_options *options,
		 const struct exdma_card *card, unsigned int direction)
{
	unsigned int alignment, granularity;

	if (cards_check_range(card, direction, options->channel,
			      options->address, options->span))
		return STATUS_FAILED;
	/* a size is a length, and a step from one address to the next */
	alignment = cards_alignment(card, direction, options->channel,
				    &granularity);
	for (unsigned int i = 0; i < options->sizes; i++) {
		if (!(options->size[i] % alignment) &&
		    !(options->size[i] % granularity))
			continue;
		report("%s: size %" PRIu64 " is not a multiple of %u bytes, which this card asks for",
		       exdma_card_name(card), options->size[i],
		       alignment > granularity ? alignment : granularity);
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

static int explain(const struct bench *bench)
{
	if (bench->failed_at == UINT64_MAX)
		return report_error(ORIGIN_FILE, bench->error,
				    "cannot set up %u threads",
				    bench->threads);
	return report_error(ORIGIN_CARD, bench->error,
			    "cannot %s %s at 0x%" PRIx64,
			    bench->direction == EXDMA_DIR_H2C ? "write" :
								"read",
			    bench->end->name, bench->failed_at);
}

/* one direction: every number of threads with every size */
static int measure(struct results *results, const struct bench_options *options,
		   const struct exdma_card *card, unsigned int direction)
{
	struct bench bench = {
		.direction = direction,
		.span = options->span,
		.warmup = options->warmup,
		.time = options->time,
		.count = options->count,
	};
	int status = STATUS_OK;
	struct end end;

	if (end_open_card(&end, card, direction, options->channel,
			  options->address))
		return STATUS_FAILED;
	bench.end = &end;
	for (unsigned int t = 0; !status && t < options->thread_counts; t++) {
		for (unsigned int s = 0; !status && s < options->sizes; s++) {
			bench.threads = options->threads[t];
			bench.size = options->size[s];
			status = bench_run(&bench);
			if (status)
				explain(&bench);
			else if (results_add(results, &bench))
				status = report_error(ORIGIN_FILE, ENOMEM,
						      "cannot go on");
		}
	}
	if (end_close(&end))
		status = STATUS_FAILED;
	return status;
}

static int measure_all(struct results *results,
		       const struct bench_options *options,
		       const struct exdma_card *card)
{
	int status = STATUS_OK;

	results_begin(results, card, options->json);
	if (options->h2c)
		status = measure(results, options, card, EXDMA_DIR_H2C);
	if (!status && options->c2h)
		status = measure(results, options, card, EXDMA_DIR_C2H);
	results_end(results);
	return status;
}

/* what there is, also if a row has failed */
static int draw(FILE *out, const struct bench_options *options,
		const struct exdma_card *card, const struct results *results)
{
	char title[64];
	int status = STATUS_OK;

	snprintf(title, sizeof(title), "exdma bench: %s, %s",
		 exdma_card_name(card), exdma_card_bus_id(card));
	if (plot_write(out, title, results))
		status = report_error(ORIGIN_FILE, ENOMEM, "cannot draw");
	return output_close(out, options->plot) ? STATUS_FAILED : status;
}

static int bench_card(struct bench_options *options,
		      const struct exdma_card *card)
{
	int status = STATUS_OK, drawn = STATUS_OK;
	struct results results;
	FILE *plot = NULL;

	if (!options->span)
		options->span = default_span(options, card);
	if (largest_size(options) > options->span)
		return report_usage("bench", "a size is larger than --span");
	if (options->h2c)
		status = check(options, card, EXDMA_DIR_H2C);
	if (!status && options->c2h)
		status = check(options, card, EXDMA_DIR_C2H);
	if (!status && options->h2c)
		status = cards_warn_overwrite("bench", card, options->address,
					      options->span, options->yes);
	if (status)
		return status;

	/* before the minutes that follow: that it cannot be is known at once */
	if (options->plot) {
		plot = output_open(options->plot);
		if (!plot)
			return STATUS_FAILED;
	}
	status = measure_all(&results, options, card);
	if (plot)
		drawn = draw(plot, options, card, &results);
	results_free(&results);
	return status ? status : drawn;
}

static int run_bench(const struct command *command,
		     const struct exdma_roots *roots, int argc, char **argv)
{
	struct bench_options options = {
		.channel = ANY_CHANNEL,
		.h2c = true,
		.c2h = true,
		.size = { 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20,
			  4 << 20 },
		.sizes = 6,
		.threads = { 1 },
		.thread_counts = 1,
		.time = NSEC_PER_SEC,
		.warmup = NSEC_PER_SEC / 10,
	};
	const struct exdma_card *card;
	struct exdma_cards *cards;
	int first, status;

	first = options_parse(command, argc, argv, take, &options);
	if (first < 0)
		return options_status(first);
	if (first < argc)
		return report_usage(command->name,
				    "bench takes no operands: name the card with --card");

	status = cards_load(roots, &cards);
	if (!status)
		status = cards_choose(cards, options.card, &card);
	if (!status)
		status = bench_card(&options, card);
	exdma_cards_free(cards);
	return status;
}

static const struct option_text options_text[] = {
	OPTION_CARD_TEXT,
	{ 'n', "channel", "CHANNEL",
	  "measure channel CHANNEL; without it the card's\n"
	  "own node" },
	{ 'd', "direction", "WAY",
	  "h2c (write), c2h (read), or both, which is the\n"
	  "default" },
	{ 's', "size", "LIST",
	  "sizes of one operation; the default is\n"
	  "4K,16K,64K,256K,1M,4M" },
	{ 't', "threads", "LIST", "numbers of threads; the default is 1" },
	{ 'T', "time", "SECONDS", "measure each row so long; the default is 1" },
	{ 'N', "count", "COUNT",
	  "measure so many operations of each thread, not\n"
	  "a time" },
	{ 'w', "warmup", "SECONDS",
	  "run so long before each row; the default is 0.1" },
	{ 'a', "addr", "ADDRESS",
	  "where the range on the card begins; the default\n"
	  "is 0" },
	{ OPTION_SPAN, "span", "SIZE",
	  "its length; the default is 64M, or the card's\n"
	  "memory if that is smaller" },
	{ 'p', "plot", "FILE", "draw all of it (SVG)" },
	OPTION_YES_TEXT,
	OPTION_JSON_TEXT,
	{ 0 },
};

const struct command command_bench = {
	.name = "bench",
	.operands = "",
	.summary = "measure throughput and latency",
	.about = "Measures throughput, operations per second and latency of plain pread(2) and\n"
		 "pwrite(2) calls, a row for each direction, number of threads and size.\n\n"
		 "The direction h2c OVERWRITES the card's memory.",
	.options = options_text,
	.run = run_bench,
};
