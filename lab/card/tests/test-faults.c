// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each fault: that it strikes exactly as often as ordered, that it is counted,
 * and what resets, CLEAR_ALL and a new client make of it. On a clock of its
 * own, so that "not yet" and "now" need no waiting; test-threads.c has the
 * same with threads and real time.
 */
#include <stdlib.h>

#include "model.h"
#include "tap.h"

#define H2C		0x0000u
#define C2H		0x1000u
#define WB		0x8000u
#define CTRL_ALL	(CTRL_START | ST_LENGTH | ST_WRITE)	/* every error enabled */
#define US		1000ull
#define MS		1000000ull

static struct bench b;
static uint64_t fake_time = NSEC_PER_SEC;

uint64_t now_ns(void)
{
	fake_time += 50;
	return fake_time;
}

void sleep_until(uint64_t ns)
{
	if (ns > fake_time)
		fake_time = ns;
}

/* Let time go by, and whatever waited for it happen. */
static void pass(uint64_t ns)
{
	fake_time += ns;
	bench_run(&b);
}

static uint32_t state(uint32_t target)
{
	user_wr(&b, LAB_FAULT_TARGET, target);
	return user_rd(&b, LAB_FAULT_STATE);
}

static uint64_t struck(uint32_t counter)
{
	return book(&b, LAB_ENGINE_CARD, counter);
}

/* A run of @n descriptors that ends by itself or by a fault. Return: its status. */
static uint32_t run(uint32_t channel, uint32_t n, uint32_t control)
{
	uint64_t desc = channel == H2C ? 0x1000 : 0x2000;

	/* card 0x100000 is written and read; the host's sides are apart */
	if (channel == H2C)
		put_chain(&b, desc, n, 64, 0x10000, 0x100000, false);
	else
		put_chain(&b, desc, n, 64, 0x100000, 0x20000, false);
	start(&b, channel, desc, n - 1, control);
	bench_run(&b);
	return rd(&b, channel + 0x40);
}

#define GOOD	(ST_STOPPED | ST_COMPLETED)

/* The driver after a reset: master, MSI-X, vectors, enables, masks. */
static void recover(void)
{
	cfg_wr(&b, 0x04, 2, 0x0106);
	cfg_wr(&b, 0x62, 2, 0x801f);
	wr(&b, 0x20a0, 0x03020100);
	wr(&b, 0x2080, 0x0b0a0908);
	wr(&b, 0x2014, ~0u);
	wr(&b, H2C + 0x90, 0x00f83e7e);
	wr(&b, C2H + 0x90, 0x00f83e7e);
}

/* --- engines ------------------------------------------------------------- */

static void test_hang_is_counted(void)
{
	CHECK(bench_up(&b, "", false));
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_HANG_AFTER, 1, 0);
	CHECK_EQ(struck(LAB_STRUCK_HANG), 0);
	CHECK_EQ(run(H2C, 3, CTRL_START), ST_BUSY);
	CHECK_EQ(struck(LAB_STRUCK_HANG), 1);
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), LAB_FAULT_IS_HUNG);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_HANG, 0, 0);		/* it does already */
	CHECK_EQ(struck(LAB_STRUCK_HANG), 1);
	wr(&b, H2C + 0x0c, 1);			/* busy never falls */
	pass(1000 * MS);
	CHECK_EQ(rd(&b, H2C + 0x40), ST_BUSY);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_CLEAR_ALL, 0, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), 0);
	CHECK_EQ(run(H2C, 3, CTRL_START), GOOD);
	CHECK_EQ(struck(LAB_STRUCK_HANG), 1);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* One error in one direction: after two descriptors, and only once. */
static void one_error(uint32_t channel, uint32_t bit)
{
	uint32_t target = channel == H2C ? LAB_ENGINE_H2C(0) : LAB_ENGINE_C2H(0);
	unsigned int vector = channel == H2C ? 0 : 1;

	CHECK(bench_up(&b, "", false));
	wr(&b, channel + 0x90, ~0u);
	wr(&b, channel + 0x88, WB);
	fault(&b, target, LAB_FAULT_ERROR, 2, bit);
	CHECK_EQ(state(target), LAB_FAULT_IS_ERROR);
	CHECK_EQ(run(channel, 4, CTRL_ALL | CTRL_WB), bit);
	CHECK_EQ(rd(&b, channel + 0x48), 2);
	CHECK_EQ(get_le32(b.ram + WB), WB_ERROR | 2);
	CHECK_EQ(b.irqs[vector], 1);
	CHECK_EQ(book(&b, target, LAB_ERRORS), 1);
	CHECK_EQ(struck(LAB_STRUCK_ERROR), 1);
	CHECK_EQ(state(target), 0);
	/* the next run is not touched */
	CHECK_EQ(run(channel, 4, CTRL_ALL), GOOD);
	CHECK_EQ(struck(LAB_STRUCK_ERROR), 1);
	/* not enabled in Control: it stops all the same, and says nothing */
	fault(&b, target, LAB_FAULT_ERROR, 0, bit);
	CHECK_EQ(run(channel, 4, CTRL_RUN), 0);
	CHECK_EQ(rd(&b, channel + 0x48), 0);
	CHECK_EQ(struck(LAB_STRUCK_ERROR), 2);
	CHECK_EQ(all_violations(&b), violations(&b, V_RESERVED));
	bench_down(&b);
}

static void test_errors(void)
{
	uint32_t h2c = ST_ALIGN | ST_MAGIC | ST_LENGTH | ST_READ | BITS(15, 14) | ST_DESC;
	uint32_t c2h = ST_ALIGN | ST_MAGIC | ST_LENGTH | BITS(10, 9) | BIT(14) | ST_DESC;
	unsigned int i;

	for (i = 0; i < 32; i++) {
		if (h2c & BIT(i))
			one_error(H2C, BIT(i));
		CHECK_OK();
		if (c2h & BIT(i))
			one_error(C2H, BIT(i));
		CHECK_OK();
	}
}

static void test_error_bits(void)
{
	CHECK(bench_up(&b, "", false));
	/* what the direction does not have is dropped; several at a time are fine */
	fault(&b, LAB_ENGINE_C2H(0), LAB_FAULT_ERROR, 0, ~0u);
	CHECK_EQ(run(C2H, 2, CTRL_ALL), ST_ALIGN | ST_MAGIC | ST_LENGTH | BITS(10, 9) |
		 BIT(14) | ST_DESC);
	/* nothing left, or none: disarms */
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_ERROR, 0, ST_MAGIC);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_ERROR, 0, ST_BUSY | ST_STOPPED | ST_IDLE | BIT(31));
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), 0);
	CHECK_EQ(run(H2C, 2, CTRL_ALL), GOOD);
	/* armed: survives a reset, not CLEAR_ALL */
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_ERROR, 3, ST_MAGIC);
	flr(&b);
	card_reset(&b.card);
	recover();
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), LAB_FAULT_IS_ERROR);
	CHECK_EQ(run(H2C, 2, CTRL_ALL), GOOD);
	CHECK_EQ(run(H2C, 2, CTRL_ALL), ST_MAGIC);
	CHECK_EQ(rd(&b, H2C + 0x48), 1);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_ERROR, 0, ST_MAGIC);
	fault(&b, 0, LAB_FAULT_CLEAR_ALL, 0, 0);
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), 0);
	CHECK_EQ(run(H2C, 2, CTRL_ALL), GOOD);
	CHECK_EQ(struck(LAB_STRUCK_ERROR), 2);
	bench_down(&b);
}

/* A run in poll mode. Return: the word at the writeback address, ~0 if none came. */
static uint32_t polled(uint32_t n)
{
	put_le32(b.ram + WB, ~0u);
	wr(&b, H2C + 0x88, WB);
	run(H2C, n, CTRL_POLL);
	return get_le32(b.ram + WB);
}

static void test_writebacks(void)
{
	CHECK(bench_up(&b, "", false));
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_STALE, 2, 0);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_CORRUPT, 2, 0x80001234);
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), LAB_FAULT_IS_STALE | LAB_FAULT_IS_CORRUPT);
	CHECK_EQ(run(H2C, 1, CTRL_START), GOOD);	/* no writeback, no strike */
	CHECK_EQ(polled(3), ~0u);
	CHECK_EQ(rd(&b, H2C + 0x48), 3);		/* the register tells the truth */
	CHECK_EQ(rd(&b, H2C + 0x40), 0);
	CHECK_EQ(polled(3), ~0u);
	CHECK_EQ(polled(3), 0x80001234);
	flr(&b);
	recover();
	CHECK_EQ(polled(3), 0x80001234);
	CHECK_EQ(polled(3), 3);
	CHECK_EQ(struck(LAB_STRUCK_STALE), 2);
	CHECK_EQ(struck(LAB_STRUCK_CORRUPT), 2);
	/* for ever, until it is cleared; 0 disarms */
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_STALE, LAB_FAULT_ALWAYS, 0);
	CHECK_EQ(polled(1), ~0u);
	CHECK_EQ(polled(1), ~0u);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_STALE, 0, 0);
	CHECK_EQ(polled(1), 1);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_CORRUPT, LAB_FAULT_ALWAYS, 7);
	CHECK_EQ(polled(1), 7);
	fault(&b, 0, LAB_FAULT_CLEAR_ALL, 0, 0);
	CHECK_EQ(polled(1), 1);
	CHECK_EQ(struck(LAB_STRUCK_STALE), 4);
	CHECK_EQ(struck(LAB_STRUCK_CORRUPT), 3);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* --- interrupts ---------------------------------------------------------- */

static void test_delay(void)
{
	CHECK(bench_up(&b, "", false));
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_DELAY, 2, 500);
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), LAB_FAULT_IS_DELAY);
	/* two are held back, and the engine does not wait for them */
	CHECK_EQ(run(H2C, 1, CTRL_START), GOOD);
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), LAB_FAULT_IS_DELAY | LAB_FAULT_IS_LATE);
	fake_time += 100 * US;
	CHECK_EQ(run(H2C, 1, CTRL_START), GOOD);
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), LAB_FAULT_IS_LATE);
	CHECK_EQ(struck(LAB_STRUCK_DELAY), 2);
	pass(350 * US);
	CHECK_EQ(b.irqs[0], 0);
	pass(100 * US);
	CHECK_EQ(b.irqs[0], 1);
	pass(100 * US);
	CHECK_EQ(b.irqs[0], 2);
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), 0);
	/* the third is not, nor is another engine's */
	CHECK_EQ(run(H2C, 1, CTRL_START), GOOD);
	CHECK_EQ(b.irqs[0], 3);
	CHECK_EQ(run(C2H, 1, CTRL_START), GOOD);
	CHECK_EQ(b.irqs[1], 1);
	pass(1000 * MS);
	CHECK_EQ(b.irqs[0], 3);
	/* CLEAR_ALL lets go what is held, once */
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_DELAY, 5, 1000000);
	run(H2C, 1, CTRL_START);
	CHECK_EQ(b.irqs[0], 3);
	fault(&b, 0, LAB_FAULT_CLEAR_ALL, 0, 0);
	CHECK_EQ(b.irqs[0], 4);
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), 0);
	pass(2000 * MS);
	CHECK_EQ(b.irqs[0], 4);
	CHECK_EQ(struck(LAB_STRUCK_DELAY), 3);
	bench_down(&b);
}

/* More are late than can be kept: the others are on time, none is lost. */
static void test_delay_many(void)
{
	unsigned int i;

	CHECK(bench_up(&b, "", false));
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_DELAY, LAB_FAULT_ALWAYS, 1000000);
	for (i = 0; i < IRQLATE_MAX + 10; i++)
		run(H2C, 1, CTRL_START);
	CHECK_EQ(b.irqs[0], 10);
	pass(2000 * MS);
	CHECK_EQ(b.irqs[0], IRQLATE_MAX + 10);
	CHECK_EQ(struck(LAB_STRUCK_DELAY), IRQLATE_MAX);
	bench_down(&b);
}

/* Whatever ends the interrupt for the driver ends what is on its way. */
static void test_late_and_reset(void)
{
	unsigned int i;

	for (i = 0; i < 5; i++) {
		CHECK(bench_up(&b, "irq=msix", false));
		fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_DELAY, 1, 500);
		fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_DUPLICATE, 1, 500);
		fault(&b, LAB_FAULT_USER(0), LAB_FAULT_INVENT, 10, 500);
		CHECK_EQ(b.irqs[8], 1);
		run(H2C, 1, CTRL_START);
		run(H2C, 1, CTRL_START);
		CHECK_EQ(b.irqs[0], 1);
		CHECK_EQ(b.card.irq.late.count, 3);
		if (i == 0)
			flr(&b);
		else if (i == 1)
			card_reset(&b.card);
		else if (i == 2)
			cfg_wr(&b, 0x62, 2, 0x001f);	/* MSI-X off ... */
		else if (i == 3)
			card_disconnect(&b.card);
		else
			fault(&b, LAB_ENGINE_CARD, LAB_FAULT_GONE, 0, 1);
		CHECK_EQ(b.card.irq.late.count, 0);
		recover();				/* ... and on again */
		pass(1000 * MS);
		recover();
		pass(1000 * MS);
		CHECK_EQ(b.irqs[0], 1);
		CHECK_EQ(b.irqs[8], 1);
		CHECK_EQ(rd(&b, 0x8fe0), 0);
		bench_down(&b);
	}
}

static void test_delay_user(void)
{
	CHECK(bench_up(&b, "", false));
	wr(&b, 0x2004, 4);
	fault(&b, LAB_FAULT_USER(2), LAB_FAULT_DELAY, 1, 10);
	CHECK_EQ(state(LAB_FAULT_USER(2)), LAB_FAULT_IS_DELAY);
	user_wr(&b, LAB_USER_IRQ, 4);
	CHECK_EQ(b.irqs[10], 0);
	CHECK_EQ(user_rd(&b, LAB_USER_IRQ_ACKS), 0);
	pass(20 * US);
	CHECK_EQ(b.irqs[10], 1);
	CHECK_EQ(user_rd(&b, LAB_USER_IRQ_ACKS), 1);
	bench_down(&b);
}

static void test_duplicate(void)
{
	CHECK(bench_up(&b, "", false));
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_DUPLICATE, 2, 0);
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), LAB_FAULT_IS_DUPLICATE);
	run(H2C, 1, CTRL_START);
	CHECK_EQ(b.irqs[0], 2);
	run(H2C, 1, CTRL_START);
	CHECK_EQ(b.irqs[0], 4);
	run(H2C, 1, CTRL_START);
	CHECK_EQ(b.irqs[0], 5);
	CHECK_EQ(struck(LAB_STRUCK_DUPLICATE), 2);
	CHECK_EQ(struck(LAB_CARD_INTERRUPTS), 5);
	/* some time later */
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_DUPLICATE, 1, 300);
	run(H2C, 1, CTRL_START);
	CHECK_EQ(b.irqs[0], 6);
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), LAB_FAULT_IS_LATE);
	pass(400 * US);
	CHECK_EQ(b.irqs[0], 7);
	pass(400 * US);
	CHECK_EQ(b.irqs[0], 7);
	/* cleared: what was to come again does not; a reset leaves what is armed */
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_DUPLICATE, 2, 300);
	run(H2C, 1, CTRL_START);
	CHECK_EQ(b.irqs[0], 8);
	flr(&b);
	recover();
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), LAB_FAULT_IS_DUPLICATE);
	fault(&b, 0, LAB_FAULT_CLEAR_ALL, 0, 0);
	pass(400 * US);
	run(H2C, 1, CTRL_START);
	CHECK_EQ(b.irqs[0], 9);
	/* a lost one is not sent twice */
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_LOSE, 1, 0);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_DUPLICATE, 1, 0);
	run(H2C, 1, CTRL_START);
	CHECK_EQ(b.irqs[0], 9);
	CHECK_EQ(struck(LAB_STRUCK_LOSE), 1);
	CHECK_EQ(struck(LAB_CARD_LOST), 1);
	CHECK_EQ(struck(LAB_STRUCK_DUPLICATE), 4);
	bench_down(&b);
}

static void test_invent(void)
{
	CHECK(bench_up(&b, "", false));
	fault(&b, LAB_ENGINE_C2H(0), LAB_FAULT_INVENT, 3, 0);
	CHECK_EQ(b.irqs[1], 3);
	fault(&b, LAB_FAULT_USER(1), LAB_FAULT_INVENT, 1, 0);
	CHECK_EQ(b.irqs[9], 1);
	CHECK_EQ(struck(LAB_STRUCK_INVENT), 4);
	/* nothing has happened but that */
	CHECK_EQ(rd(&b, 0x2044), 0);
	CHECK_EQ(rd(&b, C2H + 0x40), 0);
	CHECK_EQ(user_rd(&b, LAB_USER_IRQ_ACKS), 0);
	/* one by one */
	fault(&b, LAB_ENGINE_C2H(0), LAB_FAULT_INVENT, 4, 100);
	CHECK_EQ(b.irqs[1], 4);
	CHECK_EQ(state(LAB_ENGINE_C2H(0)), LAB_FAULT_IS_LATE);
	pass(110 * US);
	CHECK_EQ(b.irqs[1], 5);
	pass(1000 * US);
	CHECK_EQ(b.irqs[1], 7);
	pass(1000 * US);
	CHECK_EQ(b.irqs[1], 7);
	CHECK_EQ(state(LAB_ENGINE_C2H(0)), 0);
	fault(&b, LAB_ENGINE_C2H(0), LAB_FAULT_INVENT, 4, 100);
	fault(&b, 0, LAB_FAULT_CLEAR_ALL, 0, 0);
	pass(1000 * US);
	CHECK_EQ(b.irqs[1], 8);
	CHECK_EQ(struck(LAB_STRUCK_INVENT), 9);
	/* an absurd number ends */
	fault(&b, LAB_ENGINE_C2H(0), LAB_FAULT_INVENT, ~0u, 0);
	CHECK_EQ(b.irqs[1], 8 + IRQ_MAX_INVENTED);
	/* not for a card, nor for an engine that is not there */
	fault(&b, LAB_ENGINE_CARD, LAB_FAULT_INVENT, 1, 0);
	fault(&b, LAB_ENGINE_C2H(1), LAB_FAULT_INVENT, 1, 0);
	CHECK_EQ(struck(LAB_STRUCK_INVENT), 9 + IRQ_MAX_INVENTED);
	bench_down(&b);
	/* no interrupts at all: nothing to send */
	CHECK(bench_up(&b, "irq=msix", false));
	cfg_wr(&b, 0x62, 2, 0x001f);
	fault(&b, LAB_ENGINE_C2H(0), LAB_FAULT_INVENT, 1, 0);
	CHECK_EQ(struck(LAB_STRUCK_INVENT), 0);
	bench_down(&b);
}

/* MSI with one vector granted: all of them go there. */
static void test_msi(void)
{
	CHECK(bench_up(&b, "irq=msi", false));
	cfg_wr(&b, 0x4a, 2, 0x0001);
	fault(&b, LAB_ENGINE_C2H(0), LAB_FAULT_INVENT, 2, 0);
	CHECK_EQ(b.irqs[0], 2);
	fault(&b, LAB_ENGINE_C2H(0), LAB_FAULT_DUPLICATE, 1, 0);
	run(C2H, 1, CTRL_START);
	CHECK_EQ(b.irqs[0], 4);
	fault(&b, LAB_ENGINE_C2H(0), LAB_FAULT_DELAY, 1, 10);
	run(C2H, 1, CTRL_START);
	CHECK_EQ(b.irqs[0], 4);
	pass(20 * US);
	CHECK_EQ(b.irqs[0], 5);
	bench_down(&b);
}

static void test_intx(void)
{
	CHECK(bench_up(&b, "irq=intx", false));
	/* late: the line is not seen before its time */
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_DELAY, 1, 100);
	CHECK_EQ(run(H2C, 1, CTRL_START), GOOD);
	card_intx_unmask(&b.card);
	CHECK_EQ(b.irqs[0], 0);
	CHECK_EQ(cfg_rd(&b, 6, 2) & 8, 0);
	pass(200 * US);
	CHECK_EQ(b.irqs[0], 1);
	CHECK_EQ(cfg_rd(&b, 6, 2) & 8, 8);
	rd(&b, H2C + 0x44);
	card_intx_unmask(&b.card);
	CHECK_EQ(b.irqs[0], 1);
	/* the line fell before its time: nobody ever sees it */
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_DELAY, 1, 100);
	run(H2C, 1, CTRL_START);
	rd(&b, H2C + 0x44);
	pass(200 * US);
	CHECK_EQ(b.irqs[0], 1);
	/* twice: once more after the driver has served it */
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_DUPLICATE, 1, 0);
	run(H2C, 1, CTRL_START);
	CHECK_EQ(b.irqs[0], 2);
	rd(&b, H2C + 0x44);
	card_intx_unmask(&b.card);
	CHECK_EQ(b.irqs[0], 3);
	card_intx_unmask(&b.card);
	CHECK_EQ(b.irqs[0], 3);
	CHECK_EQ(cfg_rd(&b, 6, 2) & 8, 0);
	/* for nothing; each needs its unmask; a reset forgets the rest */
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_INVENT, 3, 0);
	CHECK_EQ(b.irqs[0], 4);
	card_intx_unmask(&b.card);
	CHECK_EQ(b.irqs[0], 5);
	flr(&b);
	card_intx_unmask(&b.card);
	CHECK_EQ(b.irqs[0], 5);
	/* INTx disabled: the same */
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_INVENT, 3, 0);
	CHECK_EQ(b.irqs[0], 6);
	cfg_wr(&b, 4, 2, 0x0406);
	card_intx_unmask(&b.card);
	cfg_wr(&b, 4, 2, 0x0006);
	CHECK_EQ(b.irqs[0], 6);
	bench_down(&b);
}

/* --- the card ------------------------------------------------------------ */

static void check_gone(void)
{
	uint64_t before = 0x1122334455667788ull, v = 0;

	CHECK_EQ(rd(&b, H2C + 0x40), ~0u);
	CHECK_EQ(rd(&b, 0x2000), ~0u);
	CHECK_EQ(rd(&b, 0x8000), ~0u);
	CHECK_EQ(user_rd(&b, LAB_ID), ~0u);
	CHECK_EQ(user_rd(&b, LAB_RAM), ~0u);
	CHECK_EQ(cfg_rd(&b, 0, 4), ~0u);
	CHECK_EQ(cfg_rd(&b, 0x06, 1), 0xff);
	CHECK_EQ(cfg_rd(&b, 0xff8, 8), ~0ull);
	/* bypass BAR, an access of another size */
	CHECK(card_bar_write(&b.card, 2, 0x100, &before, 8));
	CHECK(card_bar_read(&b.card, 2, 0x100, &v, 8));
	CHECK_EQ(v, ~0ull);
	/* nothing is written to */
	cfg_wr(&b, 0x04, 2, 0x0106);
	wr(&b, 0x2014, ~0u);
	user_wr(&b, LAB_SCRATCH, 1);
	CHECK(!b.card.host.master);
}

/* There again, as after power-on. */
static void check_back(void)
{
	uint64_t v = 1;

	CHECK_EQ(cfg_rd(&b, 0, 4), 0x903f10ee);
	CHECK_EQ(cfg_rd(&b, 0x04, 2), 0);
	CHECK_EQ(cfg_rd(&b, 0x10, 4), 0);
	CHECK_EQ(cfg_rd(&b, 0x62, 2), 0x001f);
	CHECK_EQ(rd(&b, H2C + 0x40), 0);
	CHECK_EQ(rd(&b, H2C + 0x90), 0);
	CHECK_EQ(rd(&b, 0x2010), 0);
	CHECK_EQ(user_rd(&b, LAB_ID), LAB_ID_VALUE);
	CHECK_EQ(user_rd(&b, LAB_SCRATCH), 0);
	CHECK(card_bar_read(&b.card, 2, 0x100, &v, 8));
	CHECK_EQ(v, 0);
	recover();
	b.irqs[0] = 0;
	CHECK_EQ(run(H2C, 3, CTRL_START), GOOD);
	CHECK_EQ(b.irqs[0], 1);
}

static void test_gone(void)
{
	uint64_t bytes;

	CHECK(bench_up(&b, "bypass=64K,rate=1M", false));
	user_wr(&b, LAB_SCRATCH, 5);
	/* in the middle of a run */
	put_desc(&b, 0x1000, (struct descriptor){ .control = 3, .len = 1 << 20,
		 .src = 0x10000, .dst = 0x100000 });
	start(&b, H2C, 0x1000, 0, CTRL_START);
	while (book(&b, LAB_ENGINE_H2C(0), LAB_BYTES) < 200000)
		xdma_poll(&b.card.xdma, 1);
	bytes = book(&b, LAB_ENGINE_H2C(0), LAB_BYTES);
	fault(&b, LAB_ENGINE_CARD, LAB_FAULT_GONE, 0, 100);
	check_gone();
	CHECK_OK();
	pass(90 * MS);
	check_gone();
	CHECK_OK();
	flr(&b);				/* a reset does not help */
	card_reset(&b.card);
	check_gone();
	CHECK_OK();
	pass(10 * MS);
	CHECK_EQ(struck(LAB_STRUCK_GONE), 1);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_BYTES), bytes);
	CHECK_EQ(b.irqs[0], 0);
	check_back();
	CHECK_OK();
	pass(1000 * MS);
	CHECK_EQ(user_rd(&b, LAB_ID), LAB_ID_VALUE);
	CHECK_EQ(struck(LAB_STRUCK_GONE), 1);
	bench_down(&b);
}

static void test_gone_for_ever(void)
{
	CHECK(bench_up(&b, "bypass=64K", false));
	fault(&b, LAB_ENGINE_CARD, LAB_FAULT_GONE, 0, 0);
	pass(1000000 * MS);
	check_gone();
	CHECK_OK();
	/* the next client finds it */
	card_disconnect(&b.card);
	CHECK_EQ(guestmem_map(&b.card.host, 0, BENCH_RAM, 3, b.ram_fd, 0), 0);
	CHECK_EQ(struck(LAB_STRUCK_GONE), 1);
	check_back();
	CHECK_OK();
	bench_down(&b);
}

/* After so many descriptors; what else is armed is so afterwards; a hang is not. */
static void test_gone_after(void)
{
	CHECK(bench_up(&b, "bypass=64K,fault=gone:card:5:10+lose:h2c0:1", false));
	CHECK_EQ(state(LAB_ENGINE_CARD), LAB_FAULT_IS_GONE);
	fault(&b, LAB_ENGINE_C2H(0), LAB_FAULT_HANG_AFTER, 1, 0);
	run(C2H, 2, CTRL_START);
	CHECK_EQ(run(H2C, 3, CTRL_START), GOOD);
	CHECK_EQ(struck(LAB_STRUCK_GONE), 0);
	run(H2C, 3, CTRL_START);	/* the card counts begun ones: the hung one, too */
	check_gone();
	CHECK_OK();
	pass(10 * MS);
	CHECK_EQ(struck(LAB_STRUCK_GONE), 1);
	CHECK_EQ(rd(&b, C2H + 0x40), 0);
	CHECK_EQ(state(LAB_ENGINE_C2H(0)), 0);
	check_back();
	CHECK_OK();
	/* cleared while it is armed; a new client finds it as configured */
	fault(&b, LAB_ENGINE_CARD, LAB_FAULT_GONE, 1, 0);
	fault(&b, 0, LAB_FAULT_CLEAR_ALL, 0, 0);
	CHECK_EQ(run(H2C, 3, CTRL_START), GOOD);
	card_disconnect(&b.card);
	CHECK_EQ(state(LAB_ENGINE_CARD), LAB_FAULT_IS_GONE);
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), LAB_FAULT_IS_LOSING);
	bench_down(&b);
}

static void test_refused_resets(void)
{
	CHECK(bench_up(&b, "h2c=2", false));
	fault(&b, LAB_ENGINE_CARD, LAB_FAULT_REFUSE, 2, 0);
	CHECK_EQ(state(LAB_ENGINE_CARD), LAB_FAULT_IS_REFUSE);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_HANG_AFTER, 1, 0);
	run(H2C, 3, CTRL_START);
	flr(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), ST_BUSY);
	CHECK_EQ(rd(&b, H2C + 0x90), 0);		/* everything else is reset */
	CHECK_EQ(cfg_rd(&b, 4, 2), 0);
	CHECK_EQ(state(LAB_ENGINE_CARD), LAB_FAULT_IS_REFUSE);
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), LAB_FAULT_IS_HUNG);
	recover();
	/* a driver that tries all the same: no run */
	CHECK_EQ(run(H2C, 3, CTRL_START), ST_BUSY);
	CHECK_EQ(violations(&b, V_BUSY), 1);
	flr(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), ST_BUSY);
	CHECK_EQ(state(LAB_ENGINE_CARD), 0);
	flr(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), 0);
	recover();
	CHECK_EQ(run(H2C, 3, CTRL_START), GOOD);
	CHECK_EQ(struck(LAB_STRUCK_REFUSE), 2);
	/* let go after a refused reset: idle, and nothing was moved any more */
	user_wr(&b, LAB_BOOKS_CMD, LAB_BOOKS_ZERO);
	fault(&b, LAB_ENGINE_CARD, LAB_FAULT_REFUSE, LAB_FAULT_ALWAYS, 0);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_HANG_AFTER, 1, 0);
	run(H2C, 3, CTRL_START);
	flr(&b);
	flr(&b);
	recover();
	fault(&b, 0, LAB_FAULT_CLEAR_ALL, 0, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), 0);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_BYTES), 64);
	CHECK_EQ(struck(LAB_STRUCK_REFUSE), 2);
	CHECK_EQ(all_violations(&b), 0);
	/* a bus reset heals; an engine that is only busy is reset in any case */
	fault(&b, LAB_ENGINE_CARD, LAB_FAULT_REFUSE, 2, 0);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_HANG, 0, 0);
	run(H2C, 3, CTRL_START);
	card_reset(&b.card);
	CHECK_EQ(rd(&b, H2C + 0x40), 0);
	recover();
	wr(&b, 0x6014, 1);			/* halted: busy, but well */
	CHECK_EQ(run(H2C, 3, CTRL_START), ST_BUSY);
	flr(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), 0);
	CHECK_EQ(struck(LAB_STRUCK_REFUSE), 3);
	bench_down(&b);
}

static unsigned int deaths;

static void die(void *ctx)
{
	(void)ctx;
	deaths++;
}

/* That it ends the process is test-program.c's affair. */
static void test_die(void)
{
	static const struct lab_ops ops = { .die = die };

	CHECK(bench_up(&b, "", false));
	fault(&b, LAB_ENGINE_CARD, LAB_FAULT_DIE, 0, 0);	/* nobody who could: counted only */
	CHECK_EQ(struck(LAB_STRUCK_DIE), 1);
	deaths = 0;
	b.card.lab.ops = &ops;
	fault(&b, LAB_ENGINE_CARD, LAB_FAULT_DIE, 0, 0);
	CHECK_EQ(deaths, 1);
	fault(&b, LAB_ENGINE_CARD, LAB_FAULT_DIE, 4, 0);
	CHECK_EQ(state(LAB_ENGINE_CARD), LAB_FAULT_IS_DIE);
	run(H2C, 4, CTRL_START);
	CHECK_EQ(deaths, 1);
	run(C2H, 1, CTRL_START);
	CHECK_EQ(deaths, 2);
	CHECK_EQ(state(LAB_ENGINE_CARD), 0);
	fault(&b, LAB_ENGINE_CARD, LAB_FAULT_DIE, 0xffff, 0);
	fault(&b, 0, LAB_FAULT_CLEAR_ALL, 0, 0);
	CHECK_EQ(state(LAB_ENGINE_CARD), 0);
	CHECK_EQ(struck(LAB_STRUCK_DIE), 3);
	bench_down(&b);
}

/* Targets that a command cannot have; numbers nobody gave a meaning. */
static void test_nonsense(void)
{
	static const uint32_t targets[] = { 0, 1, 3, 4, 7, 8, 0x0f, 0x10, 0x1f, 0x20, 0xfe, 0xff,
					    0x100, 0xffffffff };
	unsigned int i, command;

	CHECK(bench_up(&b, "", false));
	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		for (command = 0; command < 32; command++) {
			bool engine = targets[i] == 0 || targets[i] == 4;
			bool user = targets[i] == 0x10 || targets[i] == 0x1f;

			if (command == LAB_FAULT_GONE || command == LAB_FAULT_DIE)
				continue;
			fault(&b, targets[i], command, 1, 0x10);
			if (!engine && !user && targets[i] != 0xff)
				CHECK_EQ(user_rd(&b, LAB_FAULT_STATE), 0);
			if (user)
				CHECK_EQ(user_rd(&b, LAB_FAULT_STATE) &
					 ~(LAB_FAULT_IS_LOSING | LAB_FAULT_IS_DELAY |
					   LAB_FAULT_IS_DUPLICATE), 0);
			if (targets[i] == 0xff)
				CHECK_EQ(user_rd(&b, LAB_FAULT_STATE) &
					 ~(LAB_FAULT_IS_REFUSE | LAB_FAULT_IS_SLOW), 0);
		}
	}
	fault(&b, 0, LAB_FAULT_CLEAR_ALL, 0, 0);
	for (i = 0; i < ARRAY_SIZE(targets); i++)
		CHECK_EQ(state(targets[i]), 0);
	/* counters that are not there */
	CHECK_EQ(struck(LAB_STRUCK_DIE + 1), 0);
	CHECK_EQ(struck(0xff), 0);
	bench_down(&b);
}

/* Zeroing the books zeroes what struck, not what is armed. */
static void test_books(void)
{
	char *text;
	size_t len;

	CHECK(bench_up(&b, "fault=error:h2c0:0:0x10+slow:c2h0:1G", false));
	CHECK_EQ(state(LAB_ENGINE_C2H(0)), LAB_FAULT_IS_SLOW);
	CHECK_EQ(run(H2C, 1, CTRL_START), ST_MAGIC);
	run(C2H, 1, CTRL_START);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_INVENT, 3, 0);
	text = books_json(&b.card.books, &len);
	CHECK(text && strstr(text, "\"faults\": {\"hang\": 0, \"error\": 1, \"lose\": 0, "
			     "\"delay\": 0, \"duplicate\": 0, \"invent\": 3, \"gone\": 0, "
			     "\"stale\": 0, \"corrupt\": 0, \"refuse\": 0, \"slow\": 1, "
			     "\"die\": 0}"));
	free(text);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_LOSE, 1, 0);
	user_wr(&b, LAB_BOOKS_CMD, LAB_BOOKS_ZERO);
	CHECK_EQ(struck(LAB_STRUCK_ERROR), 0);
	CHECK_EQ(struck(LAB_STRUCK_INVENT), 0);
	CHECK_EQ(state(LAB_ENGINE_H2C(0)), LAB_FAULT_IS_LOSING);
	bench_down(&b);
}

static const struct test tests[] = {
	TEST(test_hang_is_counted), TEST(test_errors), TEST(test_error_bits),
	TEST(test_writebacks), TEST(test_delay),
	TEST(test_delay_many), TEST(test_late_and_reset), TEST(test_delay_user),
	TEST(test_duplicate), TEST(test_invent), TEST(test_msi), TEST(test_intx),
	TEST(test_gone), TEST(test_gone_for_ever), TEST(test_gone_after),
	TEST(test_refused_resets), TEST(test_die), TEST(test_nonsense), TEST(test_books),
};

int main(int argc, char **argv)
{
	return tap_main(tests, ARRAY_SIZE(tests), argc, argv);
}
