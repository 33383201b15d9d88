// SPDX-License-Identifier: GPL-2.0-only
/*
 * sample.c - tests of tool/sample.c and tool/table.c: what happened between two
 * samples
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"
#include "table.h"
#include "test.h"
#include "units.h"

static bool is(double value, double expected)
{
	return fabs(value - expected) < 1e-9;
}

static struct channel_sample at(uint64_t seconds)
{
	struct channel_sample sample = {
		.name = "exdma0_c2h1",
		.direction = EXDMA_DIR_C2H,
		.at = seconds * NSEC_PER_SEC,
	};

	return sample;
}

static void rates_of_load(void)
{
	struct channel_sample before = at(10), after = at(12);
	struct rates rates;

	before.counter[COUNTER_BYTES] = 1000;
	after.counter[COUNTER_BYTES] = 5000;
	after.counter[COUNTER_REQUESTS] = 40;
	after.counter[COUNTER_RUNS] = 8;
	after.counter[COUNTER_STARTS_SUBMIT] = 2;
	after.counter[COUNTER_INTERRUPTS] = 9;
	before.counter[COUNTER_ERRORS] = 3;
	after.counter[COUNTER_ERRORS] = 4;
	after.counter[COUNTER_TIMEOUTS] = 5;
	after.counter[COUNTER_LOST] = 6;
	NEED(sample_rates(&before, &after, &rates));
	CHECK(is(rates.seconds, 2));
	CHECK(is(rates.bytes, 2000));
	CHECK(is(rates.requests, 20));
	CHECK(is(rates.runs, 4));
	CHECK(is(rates.interrupts, 4.5));
	CHECK(is(rates.per_run, 5));
	CHECK(is(rates.back_to_back, 0.75));
	CHECK(isnan(rates.fill));
	CHECK(isnan(rates.busy));
	CHECK(rates.errors == 1 && rates.timeouts == 5 && rates.lost == 6);
}

static void rates_of_nothing(void)
{
	struct channel_sample before = at(1), after = at(2);
	struct rates rates;

	before.counter[COUNTER_REQUESTS] = 7;
	after.counter[COUNTER_REQUESTS] = 7;
	/* not a counter: may become less */
	before.counter[COUNTER_PINNED] = 4096;
	before.counter[COUNTER_DEPTH_MAX] = 2;
	NEED(sample_rates(&before, &after, &rates));
	CHECK(is(rates.bytes, 0) && is(rates.requests, 0));
	CHECK(isnan(rates.per_run) && isnan(rates.back_to_back));
}

static void rates_of_a_new_binding(void)
{
	struct channel_sample before = at(1), after = at(2);
	struct rates rates;

	CHECK(!sample_rates(NULL, &after, &rates));
	CHECK(rates.errors == 0);
	before.counter[COUNTER_INTERRUPTS] = 7;
	after.counter[COUNTER_INTERRUPTS] = 6;
	CHECK(!sample_rates(&before, &after, &rates));
	after = before;
	CHECK(!sample_rates(&before, &after, &rates));
}

static void busy_time(void)
{
	struct channel_sample before = at(1), after = at(3);
	struct rates rates;

	before.counter[COUNTER_BUSY_NS] = NSEC_PER_SEC;
	after.counter[COUNTER_BUSY_NS] = NSEC_PER_SEC * 5 / 2;
	after.timed = true;
	NEED(sample_rates(&before, &after, &rates));
	CHECK(isnan(rates.busy));
	before.timed = true;
	NEED(sample_rates(&before, &after, &rates));
	CHECK(is(rates.busy, 0.75));
	/* looked at a moment later than the clock */
	after.counter[COUNTER_BUSY_NS] += NSEC_PER_SEC;
	NEED(sample_rates(&before, &after, &rates));
	CHECK(is(rates.busy, 1));
}

static void rates_of_the_card(void)
{
	struct channel_sample before = at(1), after = at(2);
	struct rates rates;

	before.cycles = 100;
	before.beats = 50;
	after.cycles = 300;
	after.beats = 100;
	NEED(sample_rates(&before, &after, &rates));
	CHECK(isnan(rates.fill));
	before.counting = true;
	after.counting = true;
	NEED(sample_rates(&before, &after, &rates));
	CHECK(is(rates.fill, 0.25));
	/* a reset of the card has set them to 0 */
	after.cycles = 10;
	NEED(sample_rates(&before, &after, &rates));
	CHECK(isnan(rates.fill));
}

static void rows(void)
{
	struct channel_sample before[1] = { at(1) };
	struct channel_sample after[2] = { at(2), at(2) };
	struct table table = {
		.before = { before, 1 },
		.after = { after, 2 },
		.interval = NSEC_PER_SEC,
	};
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	NEED(out);
	after[0].counter[COUNTER_BYTES] = 2000000;
	after[0].counter[COUNTER_REQUESTS] = 10;
	after[0].counter[COUNTER_RUNS] = 4;
	before[0].timed = true;
	after[0].timed = true;
	after[0].counter[COUNTER_BUSY_NS] = NSEC_PER_SEC / 2;
	after[0].counter[COUNTER_STARTS_SUBMIT] = 1;
	after[0].counter[COUNTER_PINNED] = 8192;
	after[0].counter[COUNTER_DEPTH_MAX] = 3;
	after[0].counter[COUNTER_LOST] = 1;
	strcpy(after[1].name, "exdma1_h2c0");
	table_print(out, &table);
	table.after.count = 0;
	table_print(out, &table);
	fclose(out);
	CHECK(strstr(text, "card to host 2.0 MB/s\n"));
	CHECK(strstr(text, "\nexdma0_c2h1     2.0 MB/s  50%      10   2.5       0  75%    8 KiB     3      1\n"));
	CHECK(strstr(text, "\nexdma1_h2c0   bound just now\n"));
	CHECK(strstr(text, "\nno card\n"));
	free(text);
}

const struct test_case tests_sample[] = {
	{ "sample: rates of load", rates_of_load },
	{ "sample: rates of nothing", rates_of_nothing },
	{ "sample: a new binding has no rates", rates_of_a_new_binding },
	{ "sample: busy time", busy_time },
	{ "sample: rates of the card's counters", rates_of_the_card },
	{ "sample: rows of a table", rows },
	{ NULL, NULL }
};
