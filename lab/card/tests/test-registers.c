// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registers and configuration space, as far as our driver does not notice: accesses
 * that are violations, or hostile; what other drivers do; what a reset clears that a
 * driver writes anyway. The selftests show the rest.
 */
#include "model.h"
#include "tap.h"

static struct bench b;

static void test_config_block(void)
{
	CHECK(bench_up(&b, "width=512,align=00084040", false));
	CHECK_EQ(rd(&b, 0x3010), 0xff01);
	CHECK_EQ(rd(&b, 0x3014), 2);		/* MSI-X is on */
	CHECK_EQ(rd(&b, 0x3018), 3);
	CHECK_EQ(rd(&b, 0x300c), 2);		/* 512-byte reads */
	cfg_wr(&b, 0x78, 2, 0x5070);
	CHECK_EQ(rd(&b, 0x3008), 3);
	CHECK_EQ(rd(&b, 0x300c), 5);
	CHECK_EQ(rd(&b, 0x301c), 1);
	wr(&b, 0x301c, 0);
	CHECK_EQ(rd(&b, 0x301c), 0);
	CHECK_EQ(rd(&b, 0x3040), 0x55);
	wr(&b, 0x3040, 2);
	CHECK_EQ(rd(&b, 0x3040), 0x22);
	CHECK_EQ(rd(&b, 0x3044), 0x55);
	wr(&b, 0x3060, 0x1f);
	CHECK_EQ(rd(&b, 0x3060), 0x1f);
	CHECK_EQ(rd(&b, 0x004c), 0x00084040);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static void test_control_set_clear(void)
{
	CHECK(bench_up(&b, "", false));
	wr(&b, 0x08, 0x00f83e1e);
	CHECK_EQ(rd(&b, 0x04), 0x00f83e1e);
	wr(&b, 0x0c, 0x00000006);
	CHECK_EQ(rd(&b, 0x04), 0x00f83e18);
	wr(&b, 0x08, 0x02000000);
	CHECK_EQ(rd(&b, 0x08), 0x02f83e18);	/* set/clear read the register */
	wr(&b, 0x0c, 0x02000000);
	CHECK_EQ(rd(&b, 0x0c), 0x00f83e18);
	wr(&b, 0x0c, ~0u);
	CHECK_EQ(rd(&b, 0x04), 0);
	CHECK_EQ(all_violations(&b), 0);
	/* reserved bits are not stored, and are a violation in the plain register */
	wr(&b, 0x04, 0xf1000180);
	CHECK_EQ(rd(&b, 0x04), 0);
	CHECK_EQ(violations(&b, V_RESERVED), 1);
	/* Linux's in-tree driver sets all groups in both directions */
	wr(&b, 0x1004, 0x00fffe1e);
	CHECK_EQ(rd(&b, 0x1004), 0x00fffe1e);
	CHECK_EQ(all_violations(&b), 1);
	wr(&b, 0x4088, 0x3f);
	CHECK_EQ(rd(&b, 0x4088), 0x3f);
	CHECK_EQ(all_violations(&b), 1);
	wr(&b, 0x4088, 0x40);
	CHECK_EQ(rd(&b, 0x4088), 0);
	CHECK_EQ(violations(&b, V_RESERVED), 2);
	bench_down(&b);
}

static void test_mask_registers(void)
{
	CHECK(bench_up(&b, "", false));
	wr(&b, 0x90, 0);
	wr(&b, 0x94, 0x00080256);
	CHECK_EQ(rd(&b, 0x90), 0x00080256);
	wr(&b, 0x98, 0x00000006);
	CHECK_EQ(rd(&b, 0x90), 0x00080250);
	/* where the in-tree driver believes W1C to be, there is nothing */
	wr(&b, 0x9c, ~0u);
	CHECK_EQ(rd(&b, 0x90), 0x00080250);
	wr(&b, 0x94, ~0u);
	CHECK_EQ(rd(&b, 0x90), 0x00fffe7e);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static void test_irq_block(void)
{
	CHECK(bench_up(&b, "h2c=1,c2h=2", false));
	wr(&b, 0x2010, 0);
	wr(&b, 0x2014, ~0u);
	CHECK_EQ(rd(&b, 0x2010), 0x7);		/* three channels, packed */
	wr(&b, 0x2018, 0x2);
	CHECK_EQ(rd(&b, 0x2010), 0x5);
	wr(&b, 0x2008, 0x1ffff);		/* AMD: one bit too many */
	CHECK_EQ(rd(&b, 0x2004), 0xffff);
	wr(&b, 0x2004, 0x1ffff);
	CHECK_EQ(rd(&b, 0x2004), 0xffff);
	wr(&b, 0x200c, ~0u);
	CHECK_EQ(rd(&b, 0x2004), 0);
	CHECK_EQ(all_violations(&b), 0);
	wr(&b, 0x208c, ~0u);
	CHECK_EQ(rd(&b, 0x208c), 0x1f1f1f1f);
	CHECK_EQ(violations(&b, V_RESERVED), 1);
	wr(&b, 0x2040, 1);
	CHECK_EQ(violations(&b, V_REGISTER), 1);
	bench_down(&b);
}

/* What AMD's driver does before the first transfer (register document, 13). */
static void test_amd_probe(void)
{
	static const uint32_t reads[] = { 0x2004, 0x2010, 0x2040, 0x2044, 0x2048, 0x204c };
	unsigned int i, bar;
	uint32_t v;

	CHECK(bench_up(&b, "h2c=4,c2h=4,bypass=64K", false));
	card_reset(&b.card);
	cfg_wr(&b, 4, 2, 6);
	for (bar = 0; bar < 3; bar++) {
		CHECK(card_bar_read(&b.card, bar, 0x2000, &v, 4));
		CHECK_EQ(v >> 16 == 0x1fc2, bar == 1);
		CHECK(card_bar_read(&b.card, bar, 0x3000, &v, 4));
		CHECK_EQ(v >> 16 == 0x1fc3, bar == 1);
	}
	for (i = 0; i < ARRAY_SIZE(reads); i++)
		CHECK_EQ(rd(&b, reads[i]), 0);
	wr(&b, 0x2018, ~0u);
	wr(&b, 0x200c, ~0u);
	for (i = 0; i < 8; i++) {
		uint32_t base = (i & 4 ? 0x1000 : 0) + (i & 3) * 0x100;

		CHECK_EQ(rd(&b, base), (i & 4 ? 0x1fc10006 : 0x1fc00006) | (i & 3) << 8);
		wr(&b, base + 0x0c, 0x02000000);
		CHECK_EQ(rd(&b, base + 0x4c), 0x00010140);
		wr(&b, base + 0x88, 0x1000 + 32 * i);
		wr(&b, base + 0x8c, 0);
		wr(&b, base + 0x90, 0x00f83e1e);
		wr(&b, 0x6024, 1u << (i & 3) << (i & 4 ? 16 : 0));
		wr(&b, base + 0xc0, 2);
		wr(&b, base + 0xc0, 5);
	}
	CHECK_EQ(rd(&b, 0x6020), 0x000f000f);
	for (i = 0; i < 4; i++)
		wr(&b, 0x2080 + 4 * i, 0x0b0a0908 + 0x04040404 * i);
	wr(&b, 0x20a0, 0x03020100);
	wr(&b, 0x20a4, 0x07060504);
	wr(&b, 0x2014, ~0u);
	CHECK_EQ(rd(&b, 0x2010), 0xff);
	wr(&b, 0x2008, 0x1ffff);
	CHECK_EQ(rd(&b, 0x2004), 0xffff);
	CHECK_EQ(all_violations(&b), 0);
	for (i = 0; i < 32; i++)
		CHECK_EQ(b.irqs[i], 0);
	bench_down(&b);
}

static void test_access_widths(void)
{
	uint8_t byte = 0xff;
	uint64_t wide;
	uint32_t v;

	CHECK(bench_up(&b, "", false));
	card_bar_read(&b.card, b.dma, 0x2002, &v, 2);
	CHECK_EQ(v & 0xffff, 0x1fc2);
	CHECK_EQ(violations(&b, V_ACCESS), 1);
	card_bar_write(&b.card, b.dma, 0x0090, &byte, 1);
	CHECK_EQ(rd(&b, 0x90), 0x00f83e7e);	/* dropped */
	CHECK_EQ(violations(&b, V_ACCESS), 2);
	wide = 0x0000000100001000ull;
	card_bar_write(&b.card, b.dma, 0x4080, &wide, 8);
	CHECK_EQ(rd(&b, 0x4080), 0x1000);	/* both words, and a violation */
	CHECK_EQ(rd(&b, 0x4084), 0x1);
	CHECK_EQ(violations(&b, V_ACCESS), 3);
	card_bar_read(&b.card, b.dma, 0x0001, &v, 4);
	CHECK_EQ(violations(&b, V_ACCESS), 4);
	card_bar_write(&b.card, b.dma, 0x8000, &wide, 8);	/* the MSI-X table may */
	CHECK_EQ(rd(&b, 0x8000), 0x1000);
	CHECK_EQ(rd(&b, 0x8004), 0x1);
	CHECK_EQ(violations(&b, V_ACCESS), 4);
	wr(&b, 0x0048, 1);			/* read-only */
	wr(&b, 0x0200, 1);			/* nothing there */
	wr(&b, 0x7000, 1);
	CHECK_EQ(violations(&b, V_REGISTER), 3);
	/* beyond the BAR */
	CHECK(!card_bar_read(&b.card, b.dma, 0x10000, &v, 4));
	CHECK(!card_bar_read(&b.card, b.dma, 0xfffe, &v, 4));
	CHECK(!card_bar_write(&b.card, b.dma, ~0ull, &v, 4));
	CHECK(!card_bar_read(&b.card, 5, 0, &v, 4));
	CHECK(!card_bar_read(&b.card, 6, 0, &v, 4));
	/* beyond the configuration space, and what nobody may change in it */
	CHECK(!card_config_write(&b.card, 4095, "ab", 2));
	CHECK(!card_config_read(&b.card, ~0ull, &b.dma, 1));
	cfg_wr(&b, 0x00, 4, ~0u);
	CHECK_EQ(cfg_rd(&b, 0, 4), 0x903f10ee);
	cfg_wr(&b, 0x10, 4, ~0u);		/* sizing is QEMU's affair */
	CHECK_EQ(cfg_rd(&b, 0x10, 4), 0);
	cfg_wr(&b, 0x104, 4, ~0u);		/* AER never has an error */
	CHECK_EQ(cfg_rd(&b, 0x104, 4), 0);
	bench_down(&b);
}

static void test_msix_table(void)
{
	unsigned int i;

	CHECK(bench_up(&b, "", false));
	for (i = 0; i < 32; i++) {
		CHECK_EQ(rd(&b, 0x8000 + 16 * i + 12), ~0u);
		wr(&b, 0x8000 + 16 * i, 0xfee00000 + i);
	}
	for (i = 0; i < 32; i++)
		CHECK_EQ(rd(&b, 0x8000 + 16 * i), 0xfee00000 + i);
	/* a message that nobody takes is pending until somebody does */
	b.deaf = true;
	wr(&b, 0x2080, 0x8);
	user_wr(&b, LAB_USER_IRQ, 1);
	wr(&b, 0x2004, 1);
	CHECK_EQ(rd(&b, 0x8fe0), 0x100);
	CHECK_EQ(book(&b, LAB_ENGINE_CARD, LAB_CARD_INTERRUPTS), 0);
	b.deaf = false;
	card_irq_attached(&b.card, IRQ_MSIX, 8);
	CHECK_EQ(b.irqs[8], 1);
	CHECK_EQ(rd(&b, 0x8fe0), 0);
	CHECK_EQ(book(&b, LAB_ENGINE_CARD, LAB_CARD_INTERRUPTS), 1);
	bench_down(&b);
}

static void test_power(void)
{
	unsigned int resets;

	for (resets = 0; resets < 2; resets++) {
		CHECK(bench_up(&b, resets ? "d3reset=on" : "", false));
		CHECK_EQ(cfg_rd(&b, 0x44, 2), resets ? 0 : 8);
		wr(&b, 0x0090, 0x6);
		cfg_wr(&b, 0x44, 2, 3);
		CHECK_EQ(rd(&b, 0x0090), ~0u);
		CHECK_EQ(user_rd(&b, 0), ~0u);
		wr(&b, 0x0090, 0x2);		/* dropped */
		CHECK(!b.card.host.master);
		cfg_wr(&b, 0x44, 2, 0);
		CHECK_EQ(rd(&b, 0x0090), resets ? 0 : 6);
		CHECK_EQ(cfg_rd(&b, 4, 2), resets ? 0 : 0x0106);
		CHECK(b.card.host.master == !resets);
		bench_down(&b);
	}
}

/* A line that is disabled keeps its state, and tells it when it is enabled again. */
static void test_intx_disabled(void)
{
	CHECK(bench_up(&b, "irq=intx", false));
	wr(&b, 0x2004, 3);
	cfg_wr(&b, 4, 2, 0x0406);
	user_wr(&b, LAB_USER_IRQ, 1);
	CHECK_EQ(b.irqs[0], 0);
	CHECK_EQ(cfg_rd(&b, 6, 2) & 8, 8);
	cfg_wr(&b, 4, 2, 0x0006);
	CHECK_EQ(b.irqs[0], 1);
	CHECK_EQ(b.kind, IRQ_INTX);
	bench_down(&b);
}

/*
 * Without a user BAR the DMA BAR comes first, also where MSI-X has its table. A bypass
 * BAR shows the memory that the engines see, and may be larger: decode error, all ones.
 */
static void test_bars(void)
{
	uint64_t v = 0x1122334455667788ull;
	uint8_t card[8];

	CHECK(bench_up(&b, "user=0", false));
	CHECK_EQ(b.card.bar[0], BAR_DMA);
	CHECK_EQ(b.card.bar[1], BAR_NONE);
	CHECK_EQ(cfg_rd(&b, 0x64, 4), 0x8000);
	bench_down(&b);
	CHECK(bench_up(&b, "mem=96K,bypass=128K", false));
	CHECK(card_bar_write(&b.card, 2, 0x1003, &v, 8));
	CHECK_EQ(cardmem_read(&b.card.axi, 0x1003, card, 8), 0);
	CHECK(!memcmp(card, &v, 8));
	CHECK(card_bar_write(&b.card, 2, 96 << 10, &v, 8));
	CHECK(card_bar_read(&b.card, 2, 96 << 10, &v, 8));
	CHECK_EQ(v, ~0ull);
	bench_down(&b);
}

static void test_reset_values(void)
{
	CHECK(bench_up(&b, "", false));
	wr(&b, 0x4080, 0x1000);
	wr(&b, 0x6014, 1);
	wr(&b, 0x6024, 1);
	wr(&b, 0x408c, 5);
	CHECK_EQ(rd(&b, 0x408c), 5);
	user_wr(&b, LAB_SCRATCH, 0x1234);
	user_wr(&b, LAB_USER_IRQ, 1);
	cfg_wr(&b, 0x78, 2, 0x8000 | 0x2810);	/* FLR */
	CHECK_EQ(cfg_rd(&b, 0x78, 2), 0x2810);
	CHECK_EQ(cfg_rd(&b, 4, 2), 0);
	CHECK_EQ(rd(&b, 0x4080), 0);
	CHECK_EQ(rd(&b, 0x0090), 0);
	CHECK_EQ(rd(&b, 0x2010), 0);
	CHECK_EQ(rd(&b, 0x20a0), 0);
	CHECK_EQ(rd(&b, 0x6010), 0);
	CHECK_EQ(rd(&b, 0x6020), 0);
	CHECK_EQ(rd(&b, 0x408c), 0);
	CHECK_EQ(rd(&b, 0x2048), 0);
	CHECK_EQ(user_rd(&b, LAB_SCRATCH), 0);
	bench_down(&b);
}

/* The books of the card itself, and places in the user BAR where there is nothing. */
static void test_lab_block(void)
{
	CHECK(bench_up(&b, "h2c=2,c2h=4", false));
	user_wr(&b, LAB_RAM + LAB_RAM_SIZE, 1);
	CHECK_EQ(user_rd(&b, LAB_RAM + LAB_RAM_SIZE), 0);
	user_wr(&b, 0xfffc, 1);
	CHECK_EQ(user_rd(&b, 0xfffc), 0);
	rd(&b, 0);
	user_wr(&b, LAB_BOOKS_CMD, LAB_BOOKS_ZERO);
	CHECK_EQ(book(&b, LAB_ENGINE_CARD, LAB_CARD_READS), 0);
	rd(&b, 0);
	rd(&b, 0);
	wr(&b, 0x9c, 0);
	CHECK_EQ(book(&b, LAB_ENGINE_CARD, LAB_CARD_READS), 2);
	CHECK_EQ(book(&b, LAB_ENGINE_CARD, LAB_CARD_WRITES), 1);
	CHECK_EQ(book(&b, 8, 0), 0);		/* no such engine */
	CHECK_EQ(book(&b, LAB_ENGINE_CARD, 99), 0);
	bench_down(&b);
}

static const struct test tests[] = {
	TEST(test_config_block), TEST(test_control_set_clear), TEST(test_mask_registers),
	TEST(test_irq_block), TEST(test_amd_probe), TEST(test_access_widths),
	TEST(test_msix_table), TEST(test_power), TEST(test_intx_disabled), TEST(test_bars),
	TEST(test_reset_values), TEST(test_lab_block),
};

int main(int argc, char **argv)
{
	return tap_main(tests, ARRAY_SIZE(tests), argc, argv);
}
