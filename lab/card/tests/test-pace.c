// SPDX-License-Identifier: GPL-2.0-only
/*
 * The link model on a clock of its own: every reading of the clock takes a
 * little time, every sleep ends late by as much as the test says. So that busy
 * time can be compared with the model to the nanosecond, on any machine.
 */
#include "model.h"
#include "tap.h"

#define READING_NS	50u

static struct bench b;
static uint64_t fake_time, late_ns, sleeps;

uint64_t now_ns(void)
{
	fake_time += READING_NS;
	return fake_time;
}

void sleep_until(uint64_t ns)
{
	sleeps++;
	if (ns > fake_time)
		fake_time = ns + late_ns;
}

/* Busy time of @runs runs of a chain; @gap_ns of idleness between them. */
static uint64_t busy_time(const char *spec, unsigned int runs, unsigned int descs, uint32_t len,
			  uint64_t late, uint64_t gap_ns)
{
	uint64_t busy;
	unsigned int i;

	fake_time = 1000000000;
	late_ns = late;
	sleeps = 0;
	if (!bench_up(&b, spec, false))
		return 0;
	put_chain(&b, 0x1000, descs, len, 0x10000, 0, false);
	for (i = 0; i < runs; i++) {
		start(&b, 0, 0x1000, descs - 1, CTRL_START);
		bench_run(&b);
		if (rd(&b, 0x48) != descs || all_violations(&b)) {
			tap_failed = true;
			return 0;
		}
		fake_time += gap_ns;
	}
	busy = book(&b, LAB_ENGINE_H2C(0), LAB_BUSY_NS);
	if (runs > 1 && book(&b, LAB_ENGINE_H2C(0), LAB_IDLE_NS) < (runs - 1) * gap_ns)
		tap_failed = true;
	bench_down(&b);
	return busy;
}

/* Within @slack above the model; below it by what one run may make good. */
#define CHECK_PACE(busy, model, slack)						\
	do {									\
		uint64_t busy_ = (busy), model_ = (model);			\
		CHECK_OK();							\
		if (busy_ + 1000000 < model_ || busy_ > model_ + (slack))	\
			FAIL("busy %llu ns, model %llu ns",			\
			     (unsigned long long)busy_, (unsigned long long)model_); \
	} while (0)

static void test_on_time(void)
{
	/* 64 KiB at 32 MiB/s */
	CHECK_PACE(busy_time("rate=32M", 1, 1, 65536, 0, 0), 1953125, 2000);
	/* each part of the model by itself, and together */
	CHECK_PACE(busy_time("run=150000", 1, 1, 64, 0, 0), 150000, 2000);
	CHECK_PACE(busy_time("desc=1000", 1, 60, 64, 0, 0), 60000, 2000);
	CHECK_PACE(busy_time("run=5000,desc=700,rate=1000000000", 1, 40, 1000, 0, 0),
		   5000 + 40 * 700 + 40000, 2000);
	CHECK(sleeps >= 1);
}

/* Sleeps that end 60 us late, thousands of them: no drift. */
static void test_late_sleeps(void)
{
	CHECK_PACE(busy_time("run=150000", 2000, 1, 64, 60000, 1000), 2000 * 150000ull, 70000);
	CHECK(sleeps >= 1000);
	CHECK_PACE(busy_time("rate=64M", 1, 64, 262144, 60000, 0), 250000000, 70000);
	CHECK_PACE(busy_time("desc=100000", 50, 60, 64, 60000, 500), 50 * 6000000ull, 70000);
	/* later than a whole run takes: the following ones make it good */
	CHECK_PACE(busy_time("run=20000", 2000, 1, 64, 300000, 1000), 2000 * 20000ull, 400000);
}

/* What cannot be made good is not: a stall of 50 ms is not forgotten by rushing. */
static void test_stall(void)
{
	uint64_t busy = busy_time("run=100000", 10, 1, 64, 50000000, 0);

	CHECK_OK();
	CHECK(busy > 50000000 && busy < 60000000);
}

/* A model faster than the machine: nothing sleeps, nothing is owed. */
static void test_faster_than_the_machine(void)
{
	uint64_t busy = busy_time("desc=10", 100, 32, 64, 60000, 0);

	CHECK_OK();
	CHECK_EQ(sleeps, 0);
	CHECK(busy >= 100 * 32 * 10);
}

static void test_no_model(void)
{
	CHECK(busy_time("", 100, 32, 4096, 60000, 0) > 0);
	CHECK_OK();
	CHECK_EQ(sleeps, 0);
}

/* The gap between two runs is counted as the second one begins, to the nanosecond. */
static void test_idle_time(void)
{
	uint64_t idle;

	fake_time = NSEC_PER_SEC;
	late_ns = 0;
	CHECK(bench_up(&b, "", false));
	put_chain(&b, 0x1000, 1, 64, 0x2000, 0, false);
	start(&b, 0, 0x1000, 0, CTRL_START);
	bench_run(&b);
	fake_time += 30000000;
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_IDLE_NS), 0);
	start(&b, 0, 0x1000, 0, CTRL_START);
	bench_run(&b);
	idle = book(&b, LAB_ENGINE_H2C(0), LAB_IDLE_NS);
	CHECK(idle >= 30000000 && idle < 30002000);
	/* zeroing forgets the gap that is on */
	fake_time += 30000000;
	user_wr(&b, LAB_BOOKS_CMD, LAB_BOOKS_ZERO);
	start(&b, 0, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_IDLE_NS), 0);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_RUNS), 1);
	bench_down(&b);
}

/* Large transfers trickle: data is on its way for as long as the model says. */
static void test_data_trickles(void)
{
	uint64_t until;

	fake_time = 1000000000;
	late_ns = 0;
	CHECK(bench_up(&b, "rate=1M", false));
	put_desc(&b, 0x1000, (struct descriptor){ .control = 3, .len = 1 << 20, .src = 0x10000 });
	start(&b, 0, 0x1000, 0, CTRL_START);
	until = fake_time + 500000000;
	while (fake_time < until)
		xdma_poll(&b.card.xdma, 1);
	CHECK(book(&b, LAB_ENGINE_H2C(0), LAB_BYTES) > 400000);
	CHECK(book(&b, LAB_ENGINE_H2C(0), LAB_BYTES) < 600000);
	CHECK_EQ(rd(&b, 0x40), ST_BUSY);
	bench_down(&b);
}

/* --- streams ------------------------------------------------------------- */

#define H2C	0x0000u
#define C2H	0x1000u

static bool stream_up(const char *spec, uint32_t h2c, uint32_t c2h)
{
	fake_time = 1000000000;
	late_ns = 0;
	sleeps = 0;
	if (!bench_up(&b, spec, false))
		return false;
	user_wr(&b, LAB_STREAM_MODE, LAB_STREAM(h2c, c2h));
	return true;
}

/* @n C2H descriptors of @size, results behind each other at 0x8000. */
static void receive(uint32_t n, uint32_t size)
{
	uint32_t adjacent = put_chain(&b, 0x10000, n, size, 0x8000, 0x100000, false), i;

	for (i = 0; i < n; i++)
		put_le64(b.ram + 0x10000 + 32 * i + 8, 0x8000 + 8 * i);
	start(&b, C2H, 0x10000, adjacent, CTRL_START);
}

static void send(uint32_t n, uint32_t size)
{
	uint32_t adjacent = put_chain(&b, 0x1000, n, size, 0x400000, 0, false), i;

	for (i = 0; i < n; i++)
		b.ram[0x1000 + 32 * i] |= DESC_EOP;
	start(&b, H2C, 0x1000, adjacent, CTRL_START);
}

/* The generator is as fast as the link: full descriptors and small packets. */
static void test_generator_rate(void)
{
	CHECK(stream_up("stream=on,rate=64M", LAB_H2C_LOOP, LAB_C2H_GENERATE));
	user_wr(&b, LAB_GEN_MIN, 1 << 20);
	user_wr(&b, LAB_GEN_MAX, 1 << 20);
	user_wr(&b, LAB_GEN_CMD, LAB_GEN_START);
	receive(128, 65536);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x48), 128);
	CHECK_PACE(book(&b, LAB_ENGINE_C2H(0), LAB_BUSY_NS), 125000000, 100000);
	bench_down(&b);
	/* what counts is what came, not what there was room for */
	CHECK(stream_up("stream=on,rate=1M,desc=1000", LAB_H2C_LOOP, LAB_C2H_GENERATE));
	user_wr(&b, LAB_GEN_MIN, 1024);
	user_wr(&b, LAB_GEN_MAX, 1024);
	user_wr(&b, LAB_GEN_CMD, LAB_GEN_START);
	receive(100, 65536);
	bench_run(&b);
	CHECK_PACE(book(&b, LAB_ENGINE_C2H(0), LAB_BUSY_NS), 100 * (976562 + 1000), 100000);
	bench_down(&b);
}

/* Waiting for data is no credit: what comes then takes as long as ever. */
static void test_nothing_is_caught_up(void)
{
	uint64_t t;

	CHECK(stream_up("stream=on,rate=1M", LAB_H2C_LOOP, LAB_C2H_GENERATE));
	user_wr(&b, LAB_GEN_MIN, 1 << 16);
	user_wr(&b, LAB_GEN_MAX, 1 << 16);
	user_wr(&b, LAB_GEN_COUNT, 1);
	receive(4, 65536);
	bench_run(&b);
	for (t = 0; t < 3; t++) {
		uint64_t from, took;

		fake_time += 3 * NSEC_PER_SEC;
		from = fake_time;
		user_wr(&b, LAB_GEN_CMD, LAB_GEN_START);
		bench_run(&b);
		took = fake_time - from;
		CHECK_EQ(rd(&b, C2H + 0x48), t + 1);
		CHECK(took >= 62500000 && took < 62510000);
	}
	/* a rate that changes while it waits is the rate of what comes */
	fake_time += NSEC_PER_SEC;
	user_wr(&b, LAB_FAULT_TARGET, LAB_ENGINE_C2H(0));
	user_wr(&b, LAB_FAULT_VALUE, 10 << 20);
	user_wr(&b, LAB_FAULT_CMD, LAB_FAULT_SLOW);
	fake_time += NSEC_PER_SEC;
	t = fake_time;
	user_wr(&b, LAB_GEN_CMD, LAB_GEN_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x48), 4);
	CHECK(fake_time - t >= 6250000 && fake_time - t < 6260000);
	/* the waiting is busy time all the same */
	CHECK(book(&b, LAB_ENGINE_C2H(0), LAB_BUSY_NS) > 11 * NSEC_PER_SEC);
	bench_down(&b);
}

/*
 * An engine that waits for credits is idle, whatever its register says, and that is
 * no credit for the link either.
 */
static void test_starved(void)
{
	uint64_t from;
	unsigned int i;

	fake_time = NSEC_PER_SEC;
	late_ns = 0;
	CHECK(bench_up(&b, "rate=32M", false));
	wr(&b, 0x6024, 1);
	put_chain(&b, 0x10000, 64, 65536, 0x100000, 0, false);
	start(&b, H2C, 0x10000, 63, CTRL_START);
	bench_run(&b);
	for (i = 0; i < 4; i++) {
		fake_time += NSEC_PER_SEC;
		from = fake_time;
		wr(&b, H2C + 0x408c, 2);
		bench_run(&b);
		CHECK_EQ(rd(&b, H2C + 0x48), 2 * i + 2);
		CHECK_EQ(rd(&b, H2C + 0x40) & 1, 1);
		CHECK(fake_time - from >= 3906250 && fake_time - from < 3920000);
	}
	CHECK_PACE(book(&b, LAB_ENGINE_H2C(0), LAB_BUSY_NS), 4 * 3906250ull, 100000);
	CHECK(book(&b, LAB_ENGINE_H2C(0), LAB_IDLE_NS) >= 4 * NSEC_PER_SEC);
	/* given in time, it never waits; taken back while it waits, it is idle at once */
	fake_time += NSEC_PER_SEC;
	wr(&b, H2C + 0x408c, 20);
	bench_run(&b);
	CHECK_PACE(book(&b, LAB_ENGINE_H2C(0), LAB_BUSY_NS), 28 * 1953125ull, 100000);
	from = book(&b, LAB_ENGINE_H2C(0), LAB_IDLE_NS);
	fake_time += NSEC_PER_SEC;
	wr(&b, H2C + 0x0c, 1);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x40) & 1, 0);
	fake_time += NSEC_PER_SEC;
	start(&b, H2C, 0x10000, 63, CTRL_START);
	wr(&b, H2C + 0x408c, 1);
	bench_run(&b);
	CHECK(book(&b, LAB_ENGINE_H2C(0), LAB_IDLE_NS) - from >= 2 * NSEC_PER_SEC);
	CHECK_PACE(book(&b, LAB_ENGINE_H2C(0), LAB_BUSY_NS), 29 * 1953125ull, 100000);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* Through the loop both links are passed one after the other, piece by piece. */
static void test_loop_rate(void)
{
	uint64_t busy;

	CHECK(stream_up("stream=on,rate=64M", LAB_H2C_LOOP, LAB_C2H_LOOP));
	receive(32, 65536);
	send(32, 65536);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x48), 32);
	busy = book(&b, LAB_ENGINE_C2H(0), LAB_BUSY_NS);
	CHECK(busy >= 31250000 && busy < 2 * 31250000 + 3000000);
	/* held up by the FIFO: H2C is not late afterwards, either */
	user_wr(&b, LAB_STREAM_MODE, LAB_STREAM(LAB_H2C_STALL, LAB_C2H_LOOP));
	send(1, 65536);
	bench_run(&b);
	fake_time += NSEC_PER_SEC;
	busy = fake_time;
	user_wr(&b, LAB_STREAM_MODE, LAB_STREAM(LAB_H2C_SINK, LAB_C2H_LOOP));
	bench_run(&b);
	CHECK(fake_time - busy >= 976000 && fake_time - busy < 990000);
	bench_down(&b);
}

/* --- a link that is made slow -------------------------------------------- */

#define US	1000ull
#define MS	1000000ull

static uint32_t state(uint32_t target)
{
	user_wr(&b, LAB_FAULT_TARGET, target);
	return user_rd(&b, LAB_FAULT_STATE);
}

static uint64_t struck(uint32_t counter)
{
	return book(&b, LAB_ENGINE_CARD, counter);
}

/* Busy time of a run of 64 KiB. */
static uint64_t busy_of_64k(void)
{
	uint64_t before = book(&b, LAB_ENGINE_H2C(0), LAB_BUSY_NS);

	put_desc(&b, 0x1000, (struct descriptor){ .control = 3, .len = 65536, .src = 0x10000 });
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	return book(&b, LAB_ENGINE_H2C(0), LAB_BUSY_NS) - before;
}

static void test_slow(void)
{
	uint64_t t;

	fake_time = NSEC_PER_SEC;
	late_ns = 0;
	CHECK(bench_up(&b, "h2c=2", false));
	CHECK(busy_of_64k() < 10 * US);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_SLOW, 0, 65536 * 100);
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), LAB_FAULT_IS_SLOW);
	CHECK_EQ(state(LAB_ENGINE_H2C(1)), 0);
	CHECK_EQ(state(LAB_ENGINE_CARD), LAB_FAULT_IS_SLOW);
	CHECK_EQ(struck(LAB_STRUCK_SLOW), 0);
	t = busy_of_64k();
	CHECK(t >= 10 * MS && t < 10 * MS + 10 * US);
	flr(&b);				/* which it outlives */
	cfg_wr(&b, 0x04, 2, 0x0106);
	t = busy_of_64k();
	CHECK(t >= 10 * MS && t < 10 * MS + 10 * US);
	CHECK_EQ(struck(LAB_STRUCK_SLOW), 2);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_SLOW, 0, 0);
	CHECK(busy_of_64k() < 10 * US);
	/* the whole card; all cleared */
	fault(&b, LAB_ENGINE_CARD, LAB_FAULT_SLOW, 0, 65536);
	CHECK_EQ(state(LAB_ENGINE_H2C(1)), LAB_FAULT_IS_SLOW);
	CHECK_EQ(state(LAB_ENGINE_C2H(0)), LAB_FAULT_IS_SLOW);
	CHECK(busy_of_64k() >= 999 * MS);
	fault(&b, 0, LAB_FAULT_CLEAR_ALL, 0, 0);
	CHECK_EQ(state(LAB_ENGINE_CARD), 0);
	CHECK(busy_of_64k() < 10 * US);
	CHECK_EQ(struck(LAB_STRUCK_SLOW), 3);
	bench_down(&b);
}

/* In the middle of a run: the new rate is for the rest. */
static void test_slow_at_once(void)
{
	uint64_t t;

	fake_time = NSEC_PER_SEC;
	late_ns = 0;
	CHECK(bench_up(&b, "rate=1M", false));
	put_desc(&b, 0x1000, (struct descriptor){ .control = 3, .len = 1 << 20, .src = 0x10000 });
	start(&b, H2C, 0x1000, 0, CTRL_START);
	while (book(&b, LAB_ENGINE_H2C(0), LAB_BYTES) < 512 << 10)
		xdma_poll(&b.card.xdma, 1);
	t = fake_time;
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_SLOW, 0, 128 << 10);
	CHECK_EQ(struck(LAB_STRUCK_SLOW), 1);
	bench_run(&b);
	t = fake_time - t;
	CHECK(t > 3800 * MS && t < 4100 * MS);
	CHECK_EQ(rd(&b, H2C + 0x40), (ST_STOPPED | ST_COMPLETED));
	/* and faster: nothing is waited for that was owed at the old rate */
	start(&b, H2C, 0x1000, 0, CTRL_START);
	while (book(&b, LAB_ENGINE_H2C(0), LAB_BYTES) < (1 << 20) + (512 << 10))
		xdma_poll(&b.card.xdma, 1);
	t = fake_time;
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_SLOW, 0, 0);
	bench_run(&b);
	t = fake_time - t;
	CHECK(t > 480 * MS && t < 520 * MS);
	CHECK_EQ(struck(LAB_STRUCK_SLOW), 2);
	bench_down(&b);
}

static const struct test tests[] = {
	TEST(test_on_time), TEST(test_late_sleeps), TEST(test_stall),
	TEST(test_faster_than_the_machine), TEST(test_no_model), TEST(test_idle_time), TEST(test_data_trickles),
	TEST(test_generator_rate), TEST(test_nothing_is_caught_up), TEST(test_loop_rate),
	TEST(test_starved), TEST(test_slow), TEST(test_slow_at_once),
};

int main(int argc, char **argv)
{
	return tap_main(tests, ARRAY_SIZE(tests), argc, argv);
}
