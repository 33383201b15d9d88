// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine, step by step and without threads, so that every state in between can be
 * looked at: status and mask edges, poll mode, errors, credits and halt as drivers other
 * than ours use them. That data and chains arrive is what the selftests show.
 */
#include "model.h"
#include "tap.h"

static struct bench b;

#define H2C	0x0000u
#define C2H	0x1000u

/* Linux's in-tree driver: nxt_adj only in the last of a block, zeros elsewhere. */
static void test_chain_without_countdown(void)
{
	unsigned int i;

	CHECK(bench_up(&b, "strict=off", false));
	fill(b.ram + 0x400000, 96 * 64, 3);
	for (i = 0; i < 96; i++)
		put_desc(&b, 0x10000 + 32 * i, (struct descriptor){
			.control = i == 95 ? 3 : 0, .len = 64,
			.adjacent = i == 31 || i == 63 ? 31 : 0,
			.src = 0x400000 + 64 * i, .dst = 64 * i,
			.next = i == 31 || i == 63 ? 0x10000 + 32 * (i + 1) : 0 });
	start(&b, H2C, 0x10000, 31, 0x00fffe1f);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 96);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_STOPPED | ST_COMPLETED);
	CHECK_EQ(all_violations(&b), 0);	/* not strict: not noted */
	bench_down(&b);
	/* the same in strict mode still works, and is noted: 31 in each block */
	CHECK(bench_up(&b, "", false));
	for (i = 0; i < 3; i++)
		put_desc(&b, 0x10000 + 32 * i, (struct descriptor){
			.control = i == 2 ? 3 : 0, .len = 64, .src = 0x2000, .dst = 0 });
	start(&b, H2C, 0x10000, 2, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 3);
	CHECK_EQ(violations(&b, V_ADJACENCY), 1);	/* second-to-last is 0: right */
	CHECK_EQ(all_violations(&b), 1);
	bench_down(&b);
}

static void test_poll_mode(void)
{
	uint32_t *wb, adjacent;

	CHECK(bench_up(&b, "", false));
	wb = (uint32_t *)(void *)(b.ram + 0x8000);
	wr(&b, H2C + 0x88, 0x8000);
	wr(&b, H2C + 0x8c, 0);
	wr(&b, H2C + 0x90, 0);
	wr(&b, 0x2018, ~0u);
	/* AMD's poll mode: no ie_descriptor_completed */
	adjacent = put_chain(&b, 0x10000, 200, 64, 0x2000, 0, false);
	start(&b, H2C, 0x10000, adjacent, CTRL_POLL);
	bench_run(&b);
	CHECK_EQ(*wb, 200);
	CHECK_EQ(rd(&b, H2C + 0x40), 0);	/* nothing was to be logged */
	CHECK_EQ(rd(&b, H2C + 0x48), 200);
	CHECK_EQ(b.irqs[0], 0);
	wr(&b, H2C + 0x04, 0x04f83e18);
	*wb = 0;
	/* a second run counts from 0 */
	adjacent = put_chain(&b, 0x10000, 3, 64, 0x2000, 0, true);
	start(&b, H2C, 0x10000, adjacent, CTRL_POLL);
	bench_run(&b);
	CHECK_EQ(*wb, 3);
	/* without Completed nothing is written */
	*wb = 0x55;
	put_desc(&b, 0x1000, (struct descriptor){ .control = 1, .len = 4, .src = 0x2000 });
	start(&b, H2C, 0x1000, 0, CTRL_POLL);
	bench_run(&b);
	CHECK_EQ(*wb, 0x55);
	CHECK_EQ(rd(&b, H2C + 0x48), 1);
	/* nor without the enable */
	put_desc(&b, 0x1000, one());
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(*wb, 0x55);
	/* both together: writeback and interrupt */
	wr(&b, H2C + 0x90, 0x00f83e1e);
	wr(&b, 0x2014, ~0u);
	wr(&b, H2C + 0x44, 0);
	CHECK_EQ(violations(&b, V_REGISTER), 1);
	b.irqs[0] = 0;
	start(&b, H2C, 0x1000, 0, CTRL_START | CTRL_WB);
	bench_run(&b);
	CHECK_EQ(*wb, 1);
	CHECK_EQ(b.irqs[0], 1);
	CHECK_EQ(all_violations(&b), 1);
	bench_down(&b);
}

static void test_writeback_error(void)
{
	uint32_t *wb;

	CHECK(bench_up(&b, "", false));
	wb = (uint32_t *)(void *)(b.ram + 0x8000);
	wr(&b, H2C + 0x88, 0x8000);
	put_chain(&b, 0x1000, 2, 64, 0x2000, 0, false);
	put_le32(b.ram + 0x1020, 0x12340003);
	start(&b, H2C, 0x1000, 1, CTRL_POLL);
	bench_run(&b);
	CHECK_EQ(*wb, 0x80000001);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_MAGIC);
	bench_down(&b);
	/* a writeback to memory that is not there: noted, survived */
	CHECK(bench_up(&b, "", false));
	wr(&b, H2C + 0x88, 0x8000);
	wr(&b, H2C + 0x8c, 0x77);
	put_desc(&b, 0x1000, one());
	start(&b, H2C, 0x1000, 0, CTRL_POLL);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 1);
	CHECK_EQ(violations(&b, V_UNMAPPED), 1);
	wr(&b, H2C + 0x8c, 0);
	wr(&b, H2C + 0x88, 0x8002);
	start(&b, H2C, 0x1000, 0, CTRL_POLL);
	bench_run(&b);
	CHECK_EQ(get_le32(b.ram + 0x8002), 1);
	CHECK_EQ(violations(&b, V_MISALIGNED), 1);
	bench_down(&b);
}

static void test_status_clearing(void)
{
	CHECK(bench_up(&b, "", false));
	put_desc(&b, 0x1000, one());
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x04), CTRL_START);	/* Run stays */
	CHECK_EQ(rd(&b, H2C + 0x40), 6);	/* plain read does not clear */
	wr(&b, H2C + 0x40, 2);			/* write 1 to clear, one bit */
	CHECK_EQ(rd(&b, H2C + 0x40), 4);
	CHECK_EQ(rd(&b, H2C + 0x44), 4);	/* read to clear */
	CHECK_EQ(rd(&b, H2C + 0x40), 0);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), 6);
	CHECK_EQ(rd(&b, 0x204c), 1);
	wr(&b, H2C + 0x0c, 1);
	CHECK_EQ(rd(&b, H2C + 0x40), 6);	/* Run falling leaves it */
	CHECK_EQ(rd(&b, H2C + 0x48), 1);	/* and the count */
	wr(&b, H2C + 0x08, 1);			/* Run rising clears both */
	CHECK_EQ(rd(&b, H2C + 0x40), 1);
	CHECK_EQ(rd(&b, H2C + 0x48), 0);
	CHECK_EQ(rd(&b, 0x204c), 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 1);	/* pointers were kept */
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* Bits are logged only while their enable is set. */
static void test_logging_enables(void)
{
	CHECK(bench_up(&b, "", false));
	put_desc(&b, 0x1000, one());
	start(&b, H2C, 0x1000, 0, 1);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), 0);
	CHECK_EQ(rd(&b, H2C + 0x48), 1);
	start(&b, H2C, 0x1000, 0, 1 | ST_STOPPED);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), ST_STOPPED);
	start(&b, H2C, 0x1000, 0, 1 | ST_COMPLETED);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), ST_COMPLETED);
	bench_down(&b);
}

/* Mask and enable edges, as AMD's handler and worker use them. */
static void test_mask_edges(void)
{
	CHECK(bench_up(&b, "", false));
	put_desc(&b, 0x1000, one());
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(b.irqs[0], 1);
	wr(&b, H2C + 0x98, 0x00f83e1e);		/* handler: mask */
	CHECK_EQ(rd(&b, 0x2044), 0);
	wr(&b, H2C + 0x94, 0x00f83e1e);		/* unmask, status still set: again */
	CHECK_EQ(b.irqs[0], 2);
	wr(&b, H2C + 0x94, 0x00f83e1e);		/* no change, no edge */
	CHECK_EQ(b.irqs[0], 2);
	wr(&b, H2C + 0x98, 0x00f83e1e);
	rd(&b, H2C + 0x44);
	wr(&b, H2C + 0x94, 0x00f83e1e);		/* worker: cleared first, so none */
	CHECK_EQ(b.irqs[0], 2);
	/* channel enable off: pending, no request; on again: fires */
	wr(&b, 0x2018, 1);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(b.irqs[0], 2);
	CHECK_EQ(rd(&b, 0x204c), 1);
	CHECK_EQ(rd(&b, 0x2044), 0);
	wr(&b, 0x2014, 1);
	CHECK_EQ(b.irqs[0], 3);
	CHECK_EQ(rd(&b, 0x2044), 1);
	/* one bit of the mask is enough, and only those that are set count */
	rd(&b, H2C + 0x44);
	wr(&b, H2C + 0x90, ST_COMPLETED);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(b.irqs[0], 4);
	wr(&b, H2C + 0x40, ST_COMPLETED);
	CHECK_EQ(rd(&b, 0x204c), 0);
	CHECK_EQ(rd(&b, H2C + 0x40), ST_STOPPED);
	wr(&b, H2C + 0x94, ST_STOPPED);
	CHECK_EQ(b.irqs[0], 5);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static void test_run_cleared_while_busy(void)
{
	CHECK(bench_up(&b, "", false));
	put_chain(&b, 0x1000, 4, 64, 0x2000, 0, false);
	start(&b, H2C, 0x1000, 3, CTRL_START | ST_IDLE);
	wr(&b, H2C + 0x0c, 1);
	CHECK_EQ(rd(&b, H2C + 0x40), ST_BUSY);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_IDLE);
	CHECK_EQ(rd(&b, H2C + 0x48), 0);	/* nothing had begun */
	CHECK_EQ(b.irqs[0], 1);
	/* clearing Run on an idle engine reports nothing */
	start(&b, H2C, 0x1000, 3, CTRL_START | ST_IDLE);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_STOPPED | ST_COMPLETED);
	wr(&b, H2C + 0x0c, 1);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), 0);
	CHECK_EQ(b.irqs[0], 2);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static void test_start_while_busy(void)
{
	CHECK(bench_up(&b, "", false));
	put_chain(&b, 0x1000, 4, 64, 0x2000, 0, false);
	put_desc(&b, 0x3000, one());
	start(&b, H2C, 0x1000, 3, CTRL_START);
	wr(&b, H2C + 0x08, 1);			/* already 1: no effect */
	CHECK_EQ(all_violations(&b), 0);
	start(&b, H2C, 0x3000, 0, CTRL_START);	/* 0 -> 1 while busy */
	CHECK_EQ(violations(&b, V_BUSY), 1);
	bench_run(&b);				/* ends the old run, makes the new */
	CHECK_EQ(rd(&b, H2C + 0x48), 1);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_STOPPED | ST_COMPLETED);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_RUNS), 2);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_DESCRIPTORS), 1);
	bench_down(&b);
}

static void test_magic(void)
{
	CHECK(bench_up(&b, "", false));
	put_chain(&b, 0x1000, 3, 64, 0x2000, 0, false);
	put_le16(b.ram + 0x1022, 0xad4c);
	start(&b, H2C, 0x1000, 2, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 1);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_MAGIC);
	CHECK_EQ(b.irqs[0], 1);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_ERRORS), 1);
	/* the engine works afterwards */
	put_desc(&b, 0x1000, one());
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_STOPPED | ST_COMPLETED);
	/* not enabled: stops without a word */
	put_le16(b.ram + 0x1002, 0);
	start(&b, H2C, 0x1000, 0, CTRL_RUN);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), 0);
	bench_down(&b);
}

static void test_fetch_unmapped(void)
{
	CHECK(bench_up(&b, "", false));
	start(&b, H2C, BENCH_RAM, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_DESC_UR);
	CHECK_EQ(b.irqs[0], 1);
	CHECK_EQ(violations(&b, V_UNMAPPED), 1);
	start(&b, H2C, 0xffffffffffffffe0ull, 63, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_DESC_UR);
	/* Bus Master off */
	put_desc(&b, 0x1000, one());
	cfg_wr(&b, 4, 2, 2);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_DESC_UR);
	cfg_wr(&b, 4, 2, 6);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_STOPPED | ST_COMPLETED);
	bench_down(&b);
}

static void test_data_unmapped(void)
{
	struct descriptor d = one();

	CHECK(bench_up(&b, "", false));
	/* half of it is there */
	d.len = 8192;
	d.src = BENCH_RAM - 4096;
	put_desc(&b, 0x1000, d);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_READ_UR);
	CHECK_EQ(rd(&b, H2C + 0x48), 0);
	CHECK_EQ(violations(&b, V_UNMAPPED), 1);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_BYTES), 4096);
	/* C2H: reported if the (lab's) enable is set ... */
	d.src = 0;
	d.dst = BENCH_RAM - 4096;
	put_desc(&b, 0x1000, d);
	start(&b, C2H, 0x1000, 0, 0x00fffe1f);
	wr(&b, C2H + 0x94, ST_WRITE);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), ST_WRITE_DECODE);
	CHECK_EQ(rd(&b, C2H + 0x48), 0);
	/* ... otherwise as on a bus: lost, and the run goes on */
	start(&b, C2H, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), ST_STOPPED | ST_COMPLETED);
	CHECK_EQ(violations(&b, V_UNMAPPED), 3);
	CHECK_EQ(book(&b, LAB_ENGINE_C2H(0), LAB_ERRORS), 2);
	bench_down(&b);
}

static void test_permissions(void)
{
	struct descriptor d = one();

	CHECK(bench_up(&b, "", false));
	CHECK_EQ(guestmem_map(&b.card.host, 1ull << 32, 4096, GUESTMEM_READ, b.ram_fd, 0), 0);
	CHECK_EQ(guestmem_map(&b.card.host, 2ull << 32, 4096, GUESTMEM_WRITE, b.ram_fd, 0), 0);
	CHECK_EQ(guestmem_map(&b.card.host, 3ull << 32, 4096, 3, -1, 0), 0);
	/* H2C from read-only memory is right, C2H into it is not */
	d.src = 1ull << 32;
	put_desc(&b, 0x1000, d);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_STOPPED | ST_COMPLETED);
	CHECK_EQ(all_violations(&b), 0);
	d.src = 2ull << 32;
	put_desc(&b, 0x1000, d);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_READ_UR);
	d.src = 3ull << 32;			/* known, but nothing behind it */
	put_desc(&b, 0x1000, d);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_READ_UR);
	d.src = 0;
	d.dst = 1ull << 32;
	put_desc(&b, 0x1000, d);
	start(&b, C2H, 0x1000, 0, 0x00fffe1f);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), ST_WRITE_DECODE);
	CHECK_EQ(violations(&b, V_UNMAPPED), 3);
	bench_down(&b);
}

static void test_decode_errors(void)
{
	struct descriptor d = one();

	CHECK(bench_up(&b, "mem=1M", false));
	/* H2C across the end: what fits arrives */
	fill(b.ram + 0x2000, 64, 9);
	d.dst = (1 << 20) - 16;
	put_desc(&b, 0x1000, d);
	start(&b, H2C, 0x1000, 0, 0x00fffe1f);
	wr(&b, H2C + 0x94, ST_WRITE);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_WRITE_DECODE);
	CHECK_EQ(rd(&b, H2C + 0x48), 0);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_BYTES), 16);
	/* AMD's driver leaves write errors off: it never hears of it */
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_STOPPED | ST_COMPLETED);
	/* C2H from beyond the end: read error, bit 9 */
	d = (struct descriptor){ .control = 3, .len = 64, .src = 1 << 20, .dst = 0x4000 };
	put_desc(&b, 0x1000, d);
	start(&b, C2H, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), ST_READ_UR);
	CHECK_EQ(b.irqs[1], 1);
	/* at the very top of the address space */
	d.src = ~0ull - 7;
	put_desc(&b, 0x1000, d);
	start(&b, C2H, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), ST_READ_UR);
	CHECK_EQ(all_violations(&b), 0);	/* the host did nothing wrong */
	bench_down(&b);
}

/* Neither bus wraps: what lies beyond 2^64 is not address 0. */
static void test_address_wrap(void)
{
	uint8_t card[64];

	CHECK(bench_up(&b, "", false));
	fill(b.ram, 64, 5);
	cardmem_write(&b.card.axi, 0, b.ram, 64);
	/* errors off, so that the engine goes on to the second half */
	put_desc(&b, 0x1000, (struct descriptor){ .control = 3, .len = 131072,
		 .src = 0x100000, .dst = 0ull - 65536 });
	start(&b, H2C, 0x1000, 0, CTRL_RUN);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 1);
	cardmem_read(&b.card.axi, 0, card, 64);
	CHECK(!memcmp(card, b.ram, 64));
	put_desc(&b, 0x1000, (struct descriptor){ .control = 3, .len = 131072,
		 .src = 0x100000, .dst = 0ull - 65536 });
	start(&b, C2H, 0x1000, 0, CTRL_RUN);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x48), 1);
	CHECK(!memcmp(card, b.ram, 64));
	CHECK_EQ(book(&b, LAB_ENGINE_C2H(0), LAB_BYTES), 0);
	bench_down(&b);
}

static void test_halt(void)
{
	CHECK(bench_up(&b, "c2h=2", false));
	put_desc(&b, 0x1000, one());
	wr(&b, 0x6014, ~0u);
	CHECK_EQ(rd(&b, 0x6010), 0x00030001);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), ST_BUSY);
	CHECK_EQ(rd(&b, H2C + 0x48), 0);
	wr(&b, 0x6018, 1);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_STOPPED | ST_COMPLETED);
	/* Run can be taken back while halted */
	wr(&b, 0x6010, 1);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	wr(&b, H2C + 0x0c, 1);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), 0);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static void test_credits(void)
{
	uint32_t adjacent;

	CHECK(bench_up(&b, "", false));
	wr(&b, H2C + 0x408c, 10);		/* not in credit mode: nothing */
	CHECK_EQ(rd(&b, H2C + 0x408c), 0);
	wr(&b, 0x6024, 1);
	wr(&b, H2C + 0x408c, 10);		/* AMD: before Run */
	wr(&b, H2C + 0x408c, 20);		/* adds */
	CHECK_EQ(rd(&b, H2C + 0x408c), 30);
	adjacent = put_chain(&b, 0x10000, 100, 64, 0x2000, 0, false);
	wr(&b, H2C + 0x4080, 0x10000);
	wr(&b, H2C + 0x4088, adjacent);
	wr(&b, H2C + 0x04, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 30);
	CHECK_EQ(rd(&b, H2C + 0x408c), 0);
	CHECK_EQ(rd(&b, H2C + 0x40), ST_BUSY);
	wr(&b, H2C + 0x408c, 60);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 90);
	wr(&b, H2C + 0x408c, 1000);
	wr(&b, H2C + 0x408c, 1000);		/* saturates */
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 100);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_STOPPED | ST_COMPLETED);
	CHECK_EQ(rd(&b, H2C + 0x408c), 1023 - 10);
	wr(&b, H2C + 0x0c, 1);			/* Run falls: gone */
	CHECK_EQ(rd(&b, H2C + 0x408c), 0);
	wr(&b, H2C + 0x408c, 5);
	wr(&b, 0x6028, 1);			/* mode off: gone */
	wr(&b, 0x6024, 1);
	CHECK_EQ(rd(&b, H2C + 0x408c), 0);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
	/* a core that has none */
	CHECK(bench_up(&b, "credits=off", false));
	wr(&b, 0x6024, 1);
	CHECK_EQ(rd(&b, 0x6020), 0);
	wr(&b, 0x6020, 1);
	CHECK_EQ(rd(&b, 0x6020), 0);
	put_desc(&b, 0x1000, one());
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x48), 1);
	bench_down(&b);
}

static void test_performance_counters(void)
{
	CHECK(bench_up(&b, "width=256,run=2000000", false));
	put_desc(&b, 0x1000, (struct descriptor){ .control = 3, .len = 4100, .src = 0x2000 });
	wr(&b, H2C + 0xc0, 2);
	wr(&b, H2C + 0xc0, 5);
	CHECK_EQ(rd(&b, H2C + 0xc0), 5);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0xcc), 129);	/* beats of 32 bytes */
	CHECK_EQ(rd(&b, H2C + 0xd0), 0);
	CHECK(rd(&b, H2C + 0xc4) >= 2000000 / 4);
	CHECK(rd(&b, H2C + 0xc4) < 1000000000 / 4);
	/* auto-stop: a second run is not counted */
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0xcc), 129);
	wr(&b, H2C + 0xc0, 2);
	CHECK_EQ(rd(&b, H2C + 0xcc), 0);
	CHECK_EQ(rd(&b, H2C + 0xc4), 0);
	/* without auto-stop runs add up */
	wr(&b, H2C + 0xc0, 4);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0xcc), 258);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static void test_alignment_mismatch(void)
{
	struct descriptor d = one();

	CHECK(bench_up(&b, "align=00400140", false));
	put_desc(&b, 0x1000, d);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_STOPPED | ST_COMPLETED);
	d.src += 8;
	d.dst += 8;
	put_desc(&b, 0x1000, d);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_STOPPED | ST_COMPLETED);
	CHECK_EQ(violations(&b, V_MISALIGNED), 1);
	d.dst += 8;
	put_desc(&b, 0x1000, d);
	start(&b, H2C, 0x1000, 0, CTRL_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_ALIGN);
	bench_down(&b);
	/* a fixed address takes whole beats */
	CHECK(bench_up(&b, "width=128", false));
	d = (struct descriptor){ .control = 3, .len = 60, .dst = 0x3000 };
	put_desc(&b, 0x1000, d);
	start(&b, C2H, 0x1000, 0, CTRL_START | CTRL_FIXED);
	bench_run(&b);
	CHECK_EQ(violations(&b, V_MISALIGNED), 1);
	bench_down(&b);
}

static const struct test tests[] = {
	TEST(test_chain_without_countdown), TEST(test_poll_mode),
	TEST(test_writeback_error), TEST(test_status_clearing),
	TEST(test_logging_enables), TEST(test_mask_edges),
	TEST(test_run_cleared_while_busy), TEST(test_start_while_busy), TEST(test_magic),
	TEST(test_fetch_unmapped), TEST(test_data_unmapped), TEST(test_permissions),
	TEST(test_decode_errors), TEST(test_address_wrap), TEST(test_halt),
	TEST(test_credits), TEST(test_performance_counters),
	TEST(test_alignment_mismatch),
};

int main(int argc, char **argv)
{
	return tap_main(tests, ARRAY_SIZE(tests), argc, argv);
}
