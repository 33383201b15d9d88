// SPDX-License-Identifier: GPL-2.0-only
/*
 * What strict mode finds wrong with descriptors, and the faults that a test can
 * order: hangs and lost interrupts.
 */
#include "model.h"
#include "tap.h"

static struct bench b;

#define H2C	0x0000u
#define C2H	0x1000u

static void run_one(uint64_t at, struct descriptor d)
{
	put_desc(&b, at, d);
	start(&b, H2C, at, 0, CTRL_START);
	bench_run(&b);
}

static void test_strict_descriptors(void)
{
	struct descriptor d = one();

	CHECK(bench_up(&b, "", false));
	d.control = 3 | 0x4;
	run_one(0x1000, d);
	d.control = 3 | 0xe0;
	run_one(0x1000, d);
	d = one();
	d.len |= 0x10000000;
	run_one(0x1000, d);
	CHECK_EQ(violations(&b, V_RESERVED), 3);
	d = one();
	d.control = 3 | DESC_EOP;		/* ignored on MM */
	run_one(0x1000, d);
	CHECK_EQ(all_violations(&b), 3);
	d = one();
	d.len = 0;
	run_one(0x1000, d);
	CHECK_EQ(rd(&b, H2C + 0x48), 1);
	CHECK_EQ(violations(&b, V_LENGTH), 1);
	run_one(0x1010, one());			/* not on 32 bytes */
	CHECK_EQ(violations(&b, V_MISALIGNED), 1);
	bench_down(&b);
}

static void test_strict_blocks(void)
{
	unsigned int i;

	CHECK(bench_up(&b, "", false));
	/* two descriptors, the second on the next page */
	put_desc(&b, 0x1fe0, (struct descriptor){ .len = 64, .src = 0x4000, .next = 0x2000 });
	put_desc(&b, 0x2000, (struct descriptor){ .control = 3, .len = 64, .src = 0x4000 });
	start(&b, H2C, 0x1fe0, 1, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 2);
	CHECK_EQ(violations(&b, V_BOUNDARY), 1);
	start(&b, H2C, 0x1fe0, 0, CTRL_START);	/* as two blocks it is right */
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 2);
	CHECK_EQ(all_violations(&b), 1);
	/* Stop in the middle */
	put_chain(&b, 0x1000, 4, 64, 0x4000, 0, false);
	b.ram[0x1020] |= 1;
	start(&b, H2C, 0x1000, 3, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 2);
	CHECK_EQ(violations(&b, V_STOP), 1);
	/* a wrong countdown, in a second block */
	for (i = 0; i < 6; i++)
		put_desc(&b, 0x1000 + 32 * i, (struct descriptor){
			.control = i == 5 ? 3 : 0, .len = 64, .src = 0x4000,
			.adjacent = i == 1 ? 3 : i == 2 ? 2 : 0,
			.next = 0x1020 + 32 * i });
	start(&b, H2C, 0x1000, 1, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 6);
	CHECK_EQ(violations(&b, V_ADJACENCY), 1);	/* i == 3 says 0, not 1 */
	CHECK_EQ(all_violations(&b), 3);
	bench_down(&b);
}

static void test_strict_changed(void)
{
	CHECK(bench_up(&b, "", false));
	/* the first descriptor overwrites itself by way of the second engine: here
	 * simply C2H writing over its own descriptor
	 */
	put_desc(&b, 0x1000, (struct descriptor){ .control = 3, .len = 64, .dst = 0x1000 });
	start(&b, C2H, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), ST_STOPPED | ST_COMPLETED);
	CHECK_EQ(violations(&b, V_CHANGED), 1);
	bench_down(&b);
}

/* --- faults -------------------------------------------------------------- */

static void test_hang_fault(void)
{
	CHECK(bench_up(&b, "", false));
	put_chain(&b, 0x1000, 5, 64, 0x2000, 0, false);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_HANG_AFTER, 3, 0);
	CHECK_EQ(user_rd(&b, LAB_FAULT_STATE), LAB_FAULT_IS_ARMED);
	start(&b, H2C, 0x1000, 4, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 3);
	CHECK_EQ(user_rd(&b, LAB_FAULT_STATE), LAB_FAULT_IS_HUNG);
	wr(&b, H2C + 0x0c, 1);			/* it would not stop */
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x40) & 1, 1);
	flr(&b);				/* FLR: it lets go */
	CHECK_EQ(rd(&b, H2C + 0x40), 0);
	CHECK_EQ(user_rd(&b, LAB_FAULT_STATE), 0);
	cfg_wr(&b, 4, 2, 6);
	start(&b, H2C, 0x1000, 4, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_STOPPED | ST_COMPLETED);
	/* hang an idle engine now: the next run does not get through; let go */
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_HANG, 0, 0);
	start(&b, H2C, 0x1000, 4, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 0);
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_UNHANG, 0, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 5);
	/* targets that are not there are ignored */
	fault(&b, LAB_ENGINE_H2C(3), LAB_FAULT_HANG, 0, 0);
	fault(&b, 0xffffffff, LAB_FAULT_LOSE, 0, 0);
	CHECK_EQ(user_rd(&b, LAB_FAULT_STATE), 0);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static void test_lost_interrupts(void)
{
	unsigned int i;

	CHECK(bench_up(&b, "", false));
	put_desc(&b, 0x1000, one());
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_LOSE, 2, 0);
	CHECK_EQ(user_rd(&b, LAB_FAULT_STATE), LAB_FAULT_IS_LOSING);
	for (i = 0; i < 3; i++) {
		CHECK_EQ(b.irqs[0], 0);
		start(&b, H2C, 0x1000, 0, CTRL_START);
		bench_run(&b);
		CHECK_EQ(rd(&b, H2C + 0x40), ST_STOPPED | ST_COMPLETED);
	}
	CHECK_EQ(b.irqs[0], 1);
	CHECK_EQ(book(&b, LAB_ENGINE_CARD, LAB_CARD_LOST), 2);
	CHECK_EQ(user_rd(&b, LAB_FAULT_STATE), 0);
	fault(&b, LAB_FAULT_USER(3), LAB_FAULT_LOSE, 1, 0);
	wr(&b, 0x2004, 8);
	wr(&b, 0x2080, 0x0b000000);
	user_wr(&b, LAB_USER_IRQ, 8);
	CHECK_EQ(b.irqs[11], 0);
	user_wr(&b, LAB_USER_IRQ_CLEAR, 8);
	user_wr(&b, LAB_USER_IRQ, 8);
	CHECK_EQ(b.irqs[11], 1);
	bench_down(&b);
	/* INTx: the assertion is lost, the next one is not */
	CHECK(bench_up(&b, "irq=intx", false));
	put_desc(&b, 0x1000, one());
	fault(&b, LAB_ENGINE_H2C(0), LAB_FAULT_LOSE, 1, 0);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(b.irqs[0], 0);
	card_intx_unmask(&b.card);
	CHECK_EQ(b.irqs[0], 0);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(b.irqs[0], 1);
	bench_down(&b);
	/* from the specification, and kept over the first reset */
	CHECK(bench_up(&b, "fault=lose:h2c0:1+hang:c2h0:1", false));
	card_reset(&b.card);
	user_wr(&b, LAB_FAULT_TARGET, LAB_ENGINE_C2H(0));
	CHECK_EQ(user_rd(&b, LAB_FAULT_STATE), LAB_FAULT_IS_ARMED);
	user_wr(&b, LAB_FAULT_TARGET, LAB_ENGINE_H2C(0));
	CHECK_EQ(user_rd(&b, LAB_FAULT_STATE), LAB_FAULT_IS_LOSING);
	user_wr(&b, LAB_FAULT_CMD, LAB_FAULT_CLEAR_ALL);
	CHECK_EQ(user_rd(&b, LAB_FAULT_STATE), 0);
	bench_down(&b);
}

static const struct test tests[] = {
	TEST(test_strict_descriptors), TEST(test_strict_blocks), TEST(test_strict_changed),
	TEST(test_hang_fault), TEST(test_lost_interrupts),
};

int main(int argc, char **argv)
{
	return tap_main(tests, ARRAY_SIZE(tests), argc, argv);
}
