// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_test.c - exdma test: does the card's memory keep what it is given?
 *
 * For each pattern the whole range is written and then the whole range is
 * read, so that memory that answers at two addresses is found out.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "cards.h"
#include "commands.h"
#include "end.h"
#include "pattern.h"
#include "progress.h"
#include "report.h"
#include "transfer.h"
#include "units.h"

#define MAX_CHANNEL	31
#define DEFAULT_SIZE	(64ull << 20)
/* odd pieces are shorter, so that there are many of them */
#define ODD_PIECE	(1u << 20)
/* odd buffers begin somewhere in the first page */
#define BUFFER_SIZE	(TRANSFER_PIECE + 4096)

struct test_options {
	const char *card;
	int channel;
	uint64_t address;
	uint64_t size;
	bool pattern[PATTERN_KINDS];
	uint64_t seed;
	bool has_seed;
	bool odd;
	bool yes;
	bool no_progress;
};

/**
 * struct test - a running test
 * @from: for reading
 * @to: for writing
 * @buffer: BUFFER_SIZE bytes, page-aligned
 * @align: what addresses of card and buffer are multiples of
 * @unit: what lengths are multiples of
 * @moved: bytes so far, both ways, for the progress line
 */
struct test {
	const struct test_options *options;
	struct end from, to;
	unsigned char *buffer;
	unsigned int align;
	unsigned int unit;
	struct progress progress;
	uint64_t moved;
};

static int wrong(const char *what, const char *argument)
{
	report_usage("test", "\"%s\" is no %s", argument, what);
	return -1;
}

static int take_patterns(struct test_options *options, const char *argument)
{
	const char *word = argument;
	unsigned int kind;
	size_t len;

	memset(options->pattern, 0, sizeof(options->pattern));
	for (;;) {
		len = strcspn(word, ",");
		for (kind = 0; kind < PATTERN_KINDS; kind++)
			if (len == strlen(pattern_name(kind)) &&
			    !strncmp(word, pattern_name(kind), len))
				break;
		if (kind == PATTERN_KINDS)
			return wrong("list of patterns: address, walking, random",
				     argument);
		options->pattern[kind] = true;
		if (!word[len])
			return 0;
		word += len + 1;
	}
}

static int take(void *context, int key, const char *argument)
{
	struct test_options *options = context;
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
	case 'a':
		if (parse_size(argument, &options->address))
			return wrong("address", argument);
		return 0;
	case 's':
		if (parse_size(argument, &options->size) || !options->size)
			return wrong("size", argument);
		return 0;
	case 'p':
		return take_patterns(options, argument);
	case OPTION_SEED:
		if (parse_u64(argument, &options->seed))
			return wrong("seed: any number", argument);
		options->has_seed = true;
		return 0;
	case OPTION_ODD:
		options->odd = true;
		return 0;
	case OPTION_NO_PROGRESS:
		options->no_progress = true;
		return 0;
	default:
		options->yes = true;
		return 0;
	}
}

/*
 * The piece at @offset: its length, and where in the buffer it goes. Odd ones
 * follow from seed and offset, and are different for reading and writing.
 */
static size_t choose_piece(const struct test *test, uint64_t offset,
			   unsigned int salt, unsigned char **at)
{
	uint64_t rest = test->options->size - offset;
	uint64_t length = TRANSFER_PIECE;
	uint64_t chance;

	*at = test->buffer;
	if (test->options->odd) {
		chance = pattern_random(test->options->seed + offset + salt);
		/* from a few bytes up to the longest, each size class alike */
		length = chance % (ODD_PIECE >> (chance >> 32) % 20) + 1;
		length = (length + test->unit - 1) / test->unit * test->unit;
		*at += (chance >> 40) % 4096 / test->align * test->align;
	}
	return length < rest ? length : rest;
}

static int write_all(struct test *test, const struct pattern *pattern)
{
	const struct test_options *options = test->options;
	uint64_t offset = 0;
	unsigned char *at;
	size_t length;
	int error;

	while (offset < options->size) {
		length = choose_piece(test, offset, 1, &at);
		pattern_fill(pattern, options->address + offset, at, length);
		offset += end_write(&test->to, at, length, offset, &error);
		if (error) {
			progress_end(&test->progress, test->moved);
			return report_error(ORIGIN_CARD, error,
					    "cannot write %s at 0x%" PRIx64,
					    test->to.name,
					    options->address + offset);
		}
		test->moved += length;
		progress_tick(&test->progress, test->moved);
	}
	return STATUS_OK;
}

static int say_difference(const struct test *test,
			  const struct pattern *pattern, uint64_t address,
			  unsigned char found)
{
	unsigned char expected = pattern_byte(pattern, address);

	report("wrong byte at 0x%" PRIx64 ": expected 0x%02x, found 0x%02x (differing bits 0x%02x)",
	       address, expected, found, expected ^ found);
	report("pattern %s, seed %" PRIu64 "%s; written by %s, read by %s",
	       pattern_name(pattern->kind), pattern->seed,
	       test->options->odd ? ", odd pieces" : "", test->to.name,
	       test->from.name);
	return STATUS_WRONG;
}

static int read_all(struct test *test, const struct pattern *pattern)
{
	const struct test_options *options = test->options;
	uint64_t offset = 0;
	unsigned char *at;
	size_t length, got, good;
	int error;

	while (offset < options->size) {
		length = choose_piece(test, offset, 2, &at);
		/* nothing left over from before may pass for an answer */
		memset(at, 0x5a, length);
		got = end_read(&test->from, at, length, offset, &error);
		good = pattern_check(pattern, options->address + offset, at,
				     got);
		if (good < got) {
			progress_end(&test->progress, test->moved + good);
			return say_difference(test, pattern,
					      options->address + offset + good,
					      at[good]);
		}
		offset += got;
		if (got < length) {
			progress_end(&test->progress, test->moved + got);
			return report_error(ORIGIN_CARD, error ? error : ENOSPC,
					    "cannot read %s at 0x%" PRIx64,
					    test->from.name,
					    options->address + offset);
		}
		test->moved += length;
		progress_tick(&test->progress, test->moved);
	}
	return STATUS_OK;
}

static int run_pattern(struct test *test, enum pattern_kind kind)
{
	const struct pattern pattern = { kind, test->options->seed };
	uint64_t start = now_ns();
	char rate[UNIT_TEXT];
	int status;

	test->moved = 0;
	progress_begin(&test->progress, pattern_name(kind),
		       2 * test->options->size, !test->options->no_progress);
	status = write_all(test, &pattern);
	if (!status)
		status = read_all(test, &pattern);
	if (status)
		return status;
	progress_end(&test->progress, test->moved);
	printf("%-8s ok  %s\n", pattern_name(kind),
	       format_rate(rate, 2 * test->options->size, now_ns() - start));
	fflush(stdout);
	return STATUS_OK;
}

static int run_patterns(struct test *test)
{
	int status = STATUS_OK;

	for (unsigned int kind = 0; !status && kind < PATTERN_KINDS; kind++)
		if (test->options->pattern[kind])
			status = run_pattern(test, kind);
	return status;
}

static int open_and_run(const struct test_options *options,
			const struct exdma_card *card)
{
	unsigned int align[2], unit[2];
	struct test test = { .options = options };
	int status = STATUS_FAILED;

	align[0] = cards_alignment(card, EXDMA_DIR_H2C, options->channel,
				   &unit[0]);
	align[1] = cards_alignment(card, EXDMA_DIR_C2H, options->channel,
				   &unit[1]);
	test.align = align[0] > align[1] ? align[0] : align[1];
	test.unit = unit[0] > unit[1] ? unit[0] : unit[1];
	/* where one piece ends the next begins */
	if (test.unit < test.align)
		test.unit = test.align;

	if (end_open_card(&test.to, card, EXDMA_DIR_H2C, options->channel,
			  options->address))
		return STATUS_FAILED;
	if (end_open_card(&test.from, card, EXDMA_DIR_C2H, options->channel,
			  options->address))
		goto close_to;
	test.buffer = transfer_buffer(BUFFER_SIZE);
	if (!test.buffer) {
		report_error(ORIGIN_FILE, errno, "cannot get a buffer");
		goto close_from;
	}
	status = run_patterns(&test);
	munmap(test.buffer, BUFFER_SIZE);
close_from:
	if (end_close(&test.from) && !status)
		status = STATUS_FAILED;
close_to:
	if (end_close(&test.to) && !status)
		status = STATUS_FAILED;
	return status;
}

static int test_card(struct test_options *options,
		     const struct exdma_card *card)
{
	uint64_t aperture = exdma_card_aperture(card);
	char text[UNIT_TEXT];
	int status;

	if (!options->size)
		options->size = aperture > options->address ?
					aperture - options->address :
					DEFAULT_SIZE;
	status = cards_check_range(card, EXDMA_DIR_H2C, options->channel,
				   options->address, options->size);
	if (!status)
		status = cards_check_range(card, EXDMA_DIR_C2H,
					   options->channel, options->address,
					   options->size);
	if (!status)
		status = cards_warn_overwrite("test", card, options->address,
					      options->size, options->yes);
	if (status)
		return status;

	printf("%s: %s from 0x%" PRIx64 ", seed %" PRIu64 "\n",
	       exdma_card_name(card), format_size(text, options->size),
	       options->address, options->seed);
	fflush(stdout);
	return open_and_run(options, card);
}

static int run_test(const struct command *command,
		    const struct exdma_roots *roots, int argc, char **argv)
{
	struct test_options options = {
		.channel = ANY_CHANNEL,
		.pattern = { true, true, true },
	};
	const struct exdma_card *card;
	struct exdma_cards *cards;
	int first, status;

	first = options_parse(command, argc, argv, take, &options);
	if (first < 0)
		return options_status(first);
	if (first < argc)
		return report_usage(command->name,
				    "test takes no operands: name the card with --card");
	if (!options.has_seed &&
	    getrandom(&options.seed, sizeof(options.seed), GRND_NONBLOCK) < 0)
		options.seed = now_ns();

	status = cards_load(roots, &cards);
	if (!status)
		status = cards_choose(cards, options.card, &card);
	if (!status)
		status = test_card(&options, card);
	exdma_cards_free(cards);
	return status;
}

static const struct option_text options_text[] = {
	OPTION_CARD_TEXT,
	{ 'n', "channel", "CHANNEL",
	  "write and read by channel CHANNEL; without it\n"
	  "the driver chooses" },
	{ 'a', "addr", "ADDRESS",
	  "where the range begins; the default is 0" },
	{ 's', "size", "SIZE",
	  "its length; the default is the rest of the card's\n"
	  "memory, or 64M if that has no known end" },
	{ 'p', "pattern", "LIST",
	  "some of address,walking,random; the default is\n"
	  "all of them" },
	{ OPTION_SEED, "seed", "NUMBER",
	  "for the random pattern and odd pieces; without\n"
	  "it every run has its own, and prints it" },
	{ OPTION_ODD, "odd", NULL,
	  "pieces of odd sizes at odd offsets and odd places\n"
	  "in memory" },
	OPTION_YES_TEXT,
	OPTION_NO_PROGRESS_TEXT,
	{ 0 },
};

const struct command command_test = {
	.name = "test",
	.operands = "",
	.summary = "write patterns to card memory, read them back, compare",
	.about = "Writes patterns over a range of the card's memory and reads them back. Stops at\n"
		 "the first wrong byte, says where it is, and exits with status 3.\n\n"
		 "This OVERWRITES the card's memory.",
	.options = options_text,
	.run = run_test,
};
