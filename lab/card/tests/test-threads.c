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
		end = now_ns() + HANG_NS;
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
	for (round = 0; round < 8; round++) {
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
	for (i = 0; i < 160; i++) {
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
	/* one for an hour from now first, then an earlier one: each at its time */
	fault(&b, LAB_FAULT_USER(0), LAB_FAULT_INVENT, 2, 3600000000u);
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
	uint64_t end = now_ns() + HANG_NS;

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
	for (i = 0; i < 15; i++) {
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
	CHECK_EQ(book(&b, LAB_ENGINE_CARD, LAB_STRUCK_GONE), 15);
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

/*
 * Threads that sleep for it are never early: a run may begin early by what the last one
 * was late, which is 1 ms at most. How late is the machine's affair; test-pace.c has the
 * exact figures, on a clock of its own.
 */
static void test_pace(void)
{
	const unsigned int runs = 200;
	unsigned int i;

	CHECK(bench_up(&b, "run=100000,desc=10000,rate=64M", true));
	put_chain(&b, 0x1000, 4, 640, 0x10000, 0, false);
	for (i = 1; i <= runs; i++) {
		start(&b, H2C, 0x1000, 3, CTRL_START);
		CHECK(wait_irq(&b, 0, i));
	}
	CHECK(book(&b, LAB_ENGINE_H2C(0), LAB_BUSY_NS) + 1000000 >= runs * 178146ull);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* A reset does not wait for the link, which would take an hour. */
static void test_pace_reset(void)
{
	CHECK(bench_up(&b, "rate=1000", true));
	put_loop(0x1000);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	cfg_wr(&b, 0x78, 2, 0x8000);
	CHECK_EQ(rd(&b, H2C + 0x40), 0);
	bench_down(&b);
}

static const struct test tests[] = {
	TEST(test_interrupt_round_trip), TEST(test_poll_restart),
	TEST(test_all_engines_at_once), TEST(test_reset_while_busy),
	TEST(test_unmap_while_busy), TEST(test_stop_while_busy),
	TEST(test_descriptor_changed_while_on), TEST(test_hang_and_recover),
	TEST(test_disconnect_while_busy), TEST(test_late_interrupts),
	TEST(test_reset_while_late), TEST(test_gone_while_busy),
	TEST(test_refused_while_busy), TEST(test_slow_and_fast), TEST(test_pace),
	TEST(test_pace_reset),
};

int main(int argc, char **argv)
{
	return tap_main(tests, ARRAY_SIZE(tests), argc, argv);
}
