// SPDX-License-Identifier: GPL-2.0-only
/*
 * Engines running by themselves: resets and unmapping in the middle of a run,
 * all engines at once, the link model's timing, hang and recovery, and the other
 * faults where threads meet. Also built with the thread sanitizer.
 */
#include <sched.h>

#include "model.h"
#include "tap.h"

static struct bench b;

#define H2C	0x0000u
#define C2H	0x1000u

static void test_interrupt_round_trip(void)
{
	unsigned int i;

	CHECK(bench_up(&b, "", true));
	for (i = 1; i <= 200; i++) {
		fill(b.ram + 0x10000, 4096, i);
		put_desc(&b, 0x1000, (struct descriptor){ .control = 3, .len = 4096,
			 .src = 0x10000, .dst = 0x123 });
		start(&b, H2C, 0x1000, 0, CTRL_START);
		CHECK(wait_irq(&b, 0, i));
		/* told by the interrupt, so it is idle: no wait before the restart */
		CHECK_EQ(rd(&b, H2C + 0x44), ST_STOPPED | ST_COMPLETED);
		put_desc(&b, 0x2000, (struct descriptor){ .control = 3, .len = 4096,
			 .src = 0x123, .dst = 0x20000 });
		start(&b, C2H, 0x2000, 0, CTRL_START);
		CHECK(wait_irq(&b, 1, i));
		CHECK(!memcmp(b.ram + 0x10000, b.ram + 0x20000, 4096));
	}
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* Whoever sees the writeback may start again at once. */
static void test_poll_restart(void)
{
	uint64_t end;
	uint32_t *wb;
	unsigned int i;

	CHECK(bench_up(&b, "", true));
	wb = (uint32_t *)(void *)(b.ram + 0x8000);
	wr(&b, H2C + 0x88, 0x8000);
	wr(&b, H2C + 0x90, 0);
	put_chain(&b, 0x1000, 3, 512, 0x10000, 0, false);
	for (i = 0; i < 500; i++) {
		__atomic_store_n(wb, 0, __ATOMIC_RELEASE);
		start(&b, H2C, 0x1000, 2, CTRL_POLL);
		end = now_ns() + 5 * NSEC_PER_SEC;
		while (__atomic_load_n(wb, __ATOMIC_ACQUIRE) != 3) {
			if (now_ns() > end)
				FAIL("no writeback");
			sched_yield();
		}
		CHECK_EQ(rd(&b, H2C + 0x40), 0);
	}
	CHECK_EQ(all_violations(&b), 0);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_RUNS), 500);
	bench_down(&b);
}

static void test_all_engines_at_once(void)
{
	unsigned int e, round;

	CHECK(bench_up(&b, "h2c=4,c2h=4", true));
	for (e = 0; e < 4; e++)
		fill(b.ram + (1 << 20) * (e + 1), 256 << 10, e);
	for (round = 0; round < 20; round++) {
		for (e = 0; e < 4; e++)
			start(&b, H2C + 0x100 * e, 0x10000 + 0x4000 * e,
			      put_chain(&b, 0x10000 + 0x4000 * e, 256, 1024,
					(1 << 20) * (e + 1), (uint64_t)e << 24, false), CTRL_START);
		for (e = 0; e < 4; e++)
			CHECK(wait_irq(&b, e, round + 1));
		for (e = 0; e < 4; e++)
			start(&b, C2H + 0x100 * e, 0x80000 + 0x4000 * e,
			      put_chain(&b, 0x80000 + 0x4000 * e, 256, 1024,
					(uint64_t)e << 24, (1 << 20) * (e + 8), false), CTRL_START);
		for (e = 0; e < 4; e++)
			CHECK(wait_irq(&b, 4 + e, round + 1));
	}
	for (e = 0; e < 4; e++)
		CHECK(!memcmp(b.ram + (1 << 20) * (e + 1), b.ram + (1 << 20) * (e + 8),
			      256 << 10));
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* An endless chain. */
static void put_small_loop(uint64_t at, uint32_t len)
{
	put_desc(&b, at, (struct descriptor){ .len = len, .src = 0x400000, .next = at });
}

/* The same of large descriptors: nearly always in the middle of one. */
static void put_loop(uint64_t at)
{
	put_small_loop(at, 4 << 20);
}

static void test_reset_while_busy(void)
{
	unsigned int i;

	CHECK(bench_up(&b, "", true));
	for (i = 0; i < 400; i++) {
		/* small ones, too: the reset strikes in each state of the engine */
		if (i % 8 < 2)
			put_loop(0x1000);
		else
			put_small_loop(0x1000, 64);
		start(&b, H2C, 0x1000, 0, CTRL_START);
		while (!book(&b, LAB_ENGINE_H2C(0), LAB_BYTES))
			sched_yield();
		if (i % 2)
			cfg_wr(&b, 0x78, 2, 0x8000);
		else
			card_reset(&b.card);
		/* on return the engine is out of guest memory */
		memset(b.ram + 0x1000, 0, 32);
		CHECK_EQ(rd(&b, H2C + 0x40), 0);
		CHECK_EQ(rd(&b, H2C + 0x48), 0);
		user_wr(&b, LAB_BOOKS_CMD, LAB_BOOKS_ZERO);
		cfg_wr(&b, 0x04, 2, 0x0006);
	}
	CHECK_EQ(all_violations(&b), 0);
	cfg_wr(&b, 0x62, 2, 0x8000);
	wr(&b, 0x2014, 1);
	wr(&b, H2C + 0x90, ST_STOPPED);
	b.irqs[0] = 0;
	put_chain(&b, 0x1000, 1, 64, 0x2000, 0, false);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	CHECK(wait_irq(&b, 0, 1));
	bench_down(&b);
}

/* Unmapping returns when the engine has let go; then it reports an error. */
static void test_unmap_while_busy(void)
{
	unsigned int i;

	CHECK(bench_up(&b, "", true));
	for (i = 0; i < 50; i++) {
		put_loop(0x1000);
		start(&b, H2C, 0x1000, 0, CTRL_START);
		while (!book(&b, LAB_ENGINE_H2C(0), LAB_BYTES))
			sched_yield();
		CHECK_EQ(guestmem_unmap(&b.card.host, 0x400000, BENCH_RAM - 1), 0);
		CHECK(wait_idle(&b, H2C));
		CHECK_EQ(rd(&b, H2C + 0x44), ST_READ_UR);
		CHECK_EQ(guestmem_map(&b.card.host, 0x400000, BENCH_RAM - 0x400000, 3,
				      b.ram_fd, 0x400000), 0);
		user_wr(&b, LAB_BOOKS_CMD, LAB_BOOKS_ZERO);
	}
	bench_down(&b);
}

static void test_stop_while_busy(void)
{
	uint32_t n;

	CHECK(bench_up(&b, "", true));
	put_loop(0x1000);
	start(&b, H2C, 0x1000, 0, CTRL_START | ST_IDLE);
	while (!rd(&b, H2C + 0x48))
		sched_yield();
	wr(&b, H2C + 0x0c, 1);
	CHECK(wait_idle(&b, H2C));
	CHECK_EQ(rd(&b, H2C + 0x44), ST_IDLE);
	n = rd(&b, H2C + 0x48);
	/* whole descriptors only */
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_BYTES), (uint64_t)n * (4 << 20));
	CHECK(wait_irq(&b, 0, 1));
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static void test_descriptor_changed_while_on(void)
{
	CHECK(bench_up(&b, "fault=hang:h2c0:1", true));
	put_chain(&b, 0x1000, 3, 64, 0x2000, 0, false);
	start(&b, H2C, 0x1000, 2, CTRL_START);
	user_wr(&b, LAB_FAULT_TARGET, LAB_ENGINE_H2C(0));
	while (!(user_rd(&b, LAB_FAULT_STATE) & LAB_FAULT_IS_HUNG))
		sched_yield();
	b.ram[0x1044] = 128;			/* the last one's length */
	user_wr(&b, LAB_FAULT_CMD, LAB_FAULT_UNHANG);
	CHECK(wait_irq(&b, 0, 1));
	CHECK_EQ(violations(&b, V_CHANGED), 1);
	CHECK_EQ(all_violations(&b), 1);
	bench_down(&b);
}

static void test_hang_and_recover(void)
{
	CHECK(bench_up(&b, "fault=hang:h2c0:2", true));
	put_chain(&b, 0x1000, 5, 64, 0x2000, 0, false);
	start(&b, H2C, 0x1000, 4, CTRL_START);
	user_wr(&b, LAB_FAULT_TARGET, LAB_ENGINE_H2C(0));
	while (!(user_rd(&b, LAB_FAULT_STATE) & LAB_FAULT_IS_HUNG))
		sched_yield();
	CHECK_EQ(rd(&b, H2C + 0x48), 2);
	wr(&b, H2C + 0x0c, 1);
	CHECK_EQ(rd(&b, H2C + 0x40), ST_BUSY);
	user_wr(&b, LAB_FAULT_CMD, LAB_FAULT_UNHANG);
	CHECK(wait_idle(&b, H2C));
	CHECK_EQ(rd(&b, H2C + 0x48), 3);	/* finished the one it was in */
	bench_down(&b);
}

static void test_disconnect_while_busy(void)
{
	CHECK(bench_up(&b, "", true));
	put_loop(0x1000);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	while (!book(&b, LAB_ENGINE_H2C(0), LAB_BYTES))
		sched_yield();
	card_disconnect(&b.card);
	CHECK_EQ(b.card.host.count, 0);
	CHECK_EQ(rd(&b, H2C + 0x40), 0);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* --- faults -------------------------------------------------------------- */

static void recover(void)
{
	cfg_wr(&b, 0x04, 2, 0x0006);
	cfg_wr(&b, 0x62, 2, 0x8000);
	wr(&b, 0x20a0, 0x03020100);
	wr(&b, 0x2014, 3);
	wr(&b, H2C + 0x90, ST_STOPPED);
	wr(&b, C2H + 0x90, ST_STOPPED);
}

/* Held back by a thread of its own: the engine goes on, the message comes. */
static void test_late_interrupts(void)
{
	uint64_t t = now_ns();

	CHECK(bench_up(&b, "", true));
	put_chain(&b, 0x1000, 1, 64, 0x2000, 0, false);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_DELAY, 1, 20000);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	CHECK(wait_idle(&b, H2C));
	CHECK(wait_irq(&b, 0, 1));
	CHECK(now_ns() - t >= 20000000);
	/* a later one first, then an earlier one: each at its time */
	fault(&b, LAB_FAULT_USER(0), LAB_FAULT_INVENT, 2, 5000000);
	CHECK_EQ(b.irqs[8], 1);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_INVENT, 3, 1000);
	CHECK(wait_irq(&b, 0, 4));
	CHECK_EQ(b.irqs[8], 1);
	/* what is on its way at the end is nobody's */
	bench_down(&b);
}

static void test_reset_while_late(void)
{
	unsigned int i, seen;

	CHECK(bench_up(&b, "", true));
	put_chain(&b, 0x1000, 1, 64, 0x2000, 0, false);
	for (i = 0; i < 200; i++) {
		fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_DELAY, 1, i);
		fault(&b, LAB_ENGINE_C2H(0), LAB_FAULT_INVENT, 100, 1);
		start(&b, H2C, 0x1000, 0, CTRL_START);
		CHECK(wait_idle(&b, H2C));
		cfg_wr(&b, 0x78, 2, 0x8000);
		seen = b.irqs[0] + b.irqs[1];
		fault(&b, 0, LAB_FAULT_CLEAR_ALL, 0, 0);
		recover();
		CHECK_EQ(b.irqs[0] + b.irqs[1], seen);
	}
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* Wait until the card went away so many times, and is back. */
static bool wait_back(unsigned int times)
{
	uint64_t end = now_ns() + 5 * NSEC_PER_SEC;

	while (counted(&b.card.books.struck[FAULT_GONE]) < times ||
	       user_rd(&b, LAB_ID) != LAB_ID_VALUE) {
		if (now_ns() > end)
			return false;
		sched_yield();
	}
	return true;
}

/* Struck by one engine's thread, with the others in the middle of copies. */
static void test_gone_while_busy(void)
{
	unsigned int i, e;

	CHECK(bench_up(&b, "h2c=4,c2h=4", true));
	for (i = 0; i < 30; i++) {
		for (e = 0; i % 3 && e < 4; e++) {
			/* each to its own place */
			put_desc(&b, 0x1000 + 32 * e, (struct descriptor){
				 .len = e % 2 ? 64 : 65536, .src = 0x400000,
				 .dst = e << 20, .next = 0x1000 + 32 * e });
			start(&b, H2C + 0x100 * e, 0x1000 + 32 * e, 0, CTRL_START);
		}
		/* now all are on: it cannot be back before the last was started */
		fault(&b, LAB_ENGINE_CARD, LAB_FAULT_GONE, i % 3 ? 100 : 0, 20);
		CHECK(wait_back(i + 1));
		/* nothing of before is on, and it can be used */
		memset(b.ram + 0x1000, 0, 4096);
		for (e = 0; e < 4; e++)
			CHECK_EQ(rd(&b, H2C + 0x100 * e + 0x40), 0);
		recover();
		b.irqs[0] = 0;
		put_chain(&b, 0x1000, 1, 64, 0x2000, 0, false);
		start(&b, H2C, 0x1000, 0, CTRL_START);
		CHECK(wait_irq(&b, 0, 1));
	}
	CHECK_EQ(book(&b, LAB_ENGINE_CARD, LAB_STRUCK_GONE), 30);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static void test_refused_while_busy(void)
{
	unsigned int i;

	CHECK(bench_up(&b, "", true));
	for (i = 0; i < 50; i++) {
		fault(&b, LAB_ENGINE_CARD, LAB_FAULT_REFUSE, 2, 0);
		put_loop(0x1000);
		start(&b, H2C, 0x1000, 0, CTRL_START);
		while (!book(&b, LAB_ENGINE_H2C(0), LAB_BYTES))
			sched_yield();
		fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_HANG, 0, 0);
		cfg_wr(&b, 0x78, 2, 0x8000);
		CHECK_EQ(rd(&b, H2C + 0x40), ST_BUSY);
		cfg_wr(&b, 0x78, 2, 0x8000);
		CHECK_EQ(rd(&b, H2C + 0x40), ST_BUSY);
		/* stuck, but out of guest memory */
		memset(b.ram + 0x1000, 0, 32);
		if (i % 2) {
			cfg_wr(&b, 0x78, 2, 0x8000);
		} else {
			fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_UNHANG, 0, 0);
			CHECK(wait_idle(&b, H2C));
		}
		CHECK_EQ(rd(&b, H2C + 0x40), 0);
		user_wr(&b, LAB_BOOKS_CMD, LAB_BOOKS_ZERO);
		cfg_wr(&b, 0x04, 2, 0x0006);
	}
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* An engine that sleeps by the old rate wakes for the new one. */
static void test_slow_and_fast(void)
{
	CHECK(bench_up(&b, "", true));
	fault(&b, LAB_ENGINE_CARD, LAB_FAULT_SLOW, 0, 1);
	put_chain(&b, 0x1000, 1, 65536, 0x10000, 0, false);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	CHECK_EQ(rd(&b, H2C + 0x40), ST_BUSY);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_SLOW, 0, 0);
	CHECK(wait_irq(&b, 0, 1));
	CHECK_EQ(book(&b, LAB_ENGINE_CARD, LAB_STRUCK_SLOW), 1);
	bench_down(&b);
}

/* --- the link model ------------------------------------------------------ */

/* Busy time of a number of equal runs. */
static uint64_t time_runs(const char *spec, unsigned int runs, unsigned int descs, uint32_t len)
{
	uint64_t busy = 0;
	unsigned int i;

	if (!bench_up(&b, spec, true))
		return 0;
	put_chain(&b, 0x1000, descs, len, 0x10000, 0, false);
	for (i = 1; i <= runs; i++) {
		start(&b, H2C, 0x1000, descs - 1, CTRL_START);
		if (!wait_irq(&b, 0, i))
			return 0;
	}
	if (!all_violations(&b))
		busy = book(&b, LAB_ENGINE_H2C(0), LAB_BUSY_NS);
	bench_down(&b);
	return busy;
}

/*
 * Never early: a run may begin early by what the last one was late, which is
 * 1 ms at most. How late is the machine's affair (test-pace.c has the exact
 * figures, on a clock of its own): only that it is not out of all proportion, which
 * a card that is slow by itself is each time.
 */
static void check_pace(const char *spec, unsigned int runs, unsigned int descs, uint32_t len,
		       uint64_t model_ns)
{
	uint64_t busy, model = runs * model_ns, most = 10 * model + NSEC_PER_SEC;
	unsigned int tries = 0;

	do {
		busy = time_runs(spec, runs, descs, len);
		printf("# %s: %u runs, model %llu us, busy %llu us\n", spec, runs,
		       (unsigned long long)model / 1000, (unsigned long long)busy / 1000);
		CHECK(busy + 1000000 >= model);
	} while (busy >= most && ++tries < 5);
	CHECK(busy < most);
}

static void test_pace_rate(void)
{
	/* 64 KiB at 32 MiB/s: 1953 us */
	check_pace("rate=32M", 100, 1, 65536, 1953125);
}

static void test_pace_descriptors(void)
{
	/* 10 descriptors, each 100 us and 4096 bytes at 40960000 B/s: 100 us */
	check_pace("rate=40960000,desc=100000", 50, 10, 4096, 2000000);
}

static void test_pace_runs(void)
{
	check_pace("run=150000", 1000, 1, 64, 150000);
}

static void test_pace_large(void)
{
	/* one long run of many short sleeps: 16 MiB at 64 MiB/s */
	check_pace("rate=64M", 1, 16, 1 << 20, 250000000);
}

/* A reset does not wait for the link. */
static void test_pace_reset(void)
{
	uint64_t t;

	CHECK(bench_up(&b, "rate=1000", true));
	put_loop(0x1000);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	t = now_ns();
	cfg_wr(&b, 0x78, 2, 0x8000);
	CHECK_EQ(rd(&b, H2C + 0x40), 0);
	CHECK(now_ns() - t < 5 * NSEC_PER_SEC);
	bench_down(&b);
}

static void test_idle_time(void)
{
	uint64_t idle;

	CHECK(bench_up(&b, "", true));
	put_chain(&b, 0x1000, 1, 64, 0x2000, 0, false);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	CHECK(wait_irq(&b, 0, 1));
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_IDLE_NS), 0);
	sleep_until(now_ns() + 30000000);	/* the gap that is measured */
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_IDLE_NS), 0);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	CHECK(wait_irq(&b, 0, 2));
	idle = book(&b, LAB_ENGINE_H2C(0), LAB_IDLE_NS);
	CHECK(idle >= 30000000 && idle < 5000000000);
	/* zeroing forgets the gap that is on */
	user_wr(&b, LAB_BOOKS_CMD, LAB_BOOKS_ZERO);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	CHECK(wait_irq(&b, 0, 3));
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_IDLE_NS), 0);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_RUNS), 1);
	bench_down(&b);
}

static const struct test tests[] = {
	TEST(test_interrupt_round_trip), TEST(test_poll_restart),
	TEST(test_all_engines_at_once), TEST(test_reset_while_busy),
	TEST(test_unmap_while_busy), TEST(test_stop_while_busy),
	TEST(test_descriptor_changed_while_on), TEST(test_hang_and_recover),
	TEST(test_disconnect_while_busy), TEST(test_late_interrupts),
	TEST(test_reset_while_late), TEST(test_gone_while_busy),
	TEST(test_refused_while_busy), TEST(test_slow_and_fast), TEST(test_pace_rate),
	TEST(test_pace_descriptors), TEST(test_pace_runs), TEST(test_pace_large),
	TEST(test_pace_reset), TEST(test_idle_time),
};

int main(int argc, char **argv)
{
	return tap_main(tests, ARRAY_SIZE(tests), argc, argv);
}
