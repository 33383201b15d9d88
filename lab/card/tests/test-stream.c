// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams, step by step and without threads: packets and their boundaries, result
 * records, waiting and stopping, resets, what is behind the streams, strict
 * mode, faults. test-stream-threads.c has engines that run by themselves.
 */
#include "flow.h"
#include "tap.h"

static struct bench b;
static struct flow f;

static bool up(const char *spec)
{
	if (!bench_up(&b, spec, false))
		return false;
	flow_init(&f, &b, 0);
	return true;
}

/* The driver after a reset. */
static void recover(void)
{
	cfg_wr(&b, 0x04, 2, 0x0106);
	cfg_wr(&b, 0x62, 2, 0x801f);
	wr(&b, 0x20a0, 0x03020100);
	wr(&b, 0x2014, ~0u);
	wr(&b, H2C + 0x90, 0x00f83e7e);
	wr(&b, C2H + 0x90, 0x00f83e7e);
}

/* --- loop-back ----------------------------------------------------------- */

static const uint32_t odd_lens[] = {
	1, 2, 3, 4, 31, 32, 33, 63, 64, 65, 1, 1, 127, 128, 129, 4095, 4096, 4097, 1, 8191, 8192,
	64, 64, 64, 1000, 65535, 65536, 65537, 100, 300000, 1,
};

/* All of @lens there and back. */
static void there_and_back(const char *spec, const uint32_t *lens, uint32_t n, uint32_t piece,
			   uint32_t size, bool receive_first)
{
	uint32_t i, descs, need = 0, bytes = 0;

	CHECK(up(spec));
	for (i = 0; i < n; i++) {
		need += (lens[i] + size - 1) / size;
		bytes += lens[i];
	}
	if (receive_first) {
		flow_receive(&f, need, size, 0);
		bench_run(&b);
		CHECK_EQ(rd(&b, C2H + 0x40), ST_BUSY);
	}
	descs = flow_send(&f, lens, n, piece);
	if (!receive_first) {
		bench_run(&b);
		flow_receive(&f, need, size, 0);
	}
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), GOOD);
	CHECK_EQ(rd(&b, C2H + 0x44), GOOD);
	CHECK_EQ(rd(&b, H2C + 0x48), descs);
	CHECK_EQ(rd(&b, C2H + 0x48), need);
	CHECK_EQ(flow_got(&f, lens, n, size), need);
	CHECK_EQ(b.irqs[0], 1);
	CHECK_EQ(b.irqs[1], 1);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_TAILS), n);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 0);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_BYTES), bytes);
	CHECK_EQ(book(&b, LAB_ENGINE_C2H(0), LAB_BYTES), bytes);
	CHECK_EQ(book(&b, LAB_ENGINE_C2H(0), LAB_DESCRIPTORS), need);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* Both ends wait for each other all the time. */
static void test_small_fifo(void)
{
	static const char *const specs[] = {
		"stream=on,fifo=1", "stream=on,fifo=2", "stream=on,fifo=63", "stream=on,fifo=64",
		"stream=on,fifo=1000",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(specs); i++) {
		there_and_back(specs[i], odd_lens, 20, 64, 128, false);
		CHECK_OK();
		there_and_back(specs[i], odd_lens, 20, 0, 4096, true);
		CHECK_OK();
	}
	there_and_back("stream=on,fifo=100001", odd_lens, ARRAY_SIZE(odd_lens), 0, 65536, true);
}

/* A packet in pieces of any length, not only full beats: noted, but carried. */
static void test_odd_pieces(void)
{
	static const uint32_t lens[] = { 100, 7, 1, 1000 };

	CHECK(up("stream=on"));
	flow_send(&f, lens, 4, 7);
	flow_receive(&f, 4, 1024, 0);
	bench_run(&b);
	CHECK_EQ(flow_got(&f, lens, 4, 1024), 4);
	CHECK_EQ(violations(&b, V_LENGTH), 14 + 142);
	CHECK_EQ(all_violations(&b), 14 + 142);
	bench_down(&b);
}

/* Without EOP descriptors are one packet, over runs as well. */
static void test_packet_over_runs(void)
{
	static const uint32_t len = 4096;

	CHECK(up("stream=on"));
	flow_receive(&f, 3, 8192, 0);
	flow_send(&f, &len, 1, 0);
	b.ram[f.h2c_descs] &= (uint8_t)~DESC_EOP;
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), GOOD);
	CHECK_EQ(rd(&b, C2H + 0x40), ST_BUSY);
	CHECK_EQ(rd(&b, C2H + 0x48), 0);
	CHECK_EQ(book(&b, LAB_ENGINE_C2H(0), LAB_BYTES), 4096);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_TAILS), 0);
	/* the end of that, and another one */
	flow_send_again(&f, &len, 1, 0);
	bench_run(&b);
	CHECK_EQ(flow_result(&f, 0), RESULT(8192, 1));
	CHECK_EQ(rd(&b, C2H + 0x48), 1);
	flow_send_again(&f, &len, 1, 0);
	bench_run(&b);
	CHECK_EQ(flow_result(&f, 1), RESULT(4096, 1));
	CHECK_EQ(rd(&b, C2H + 0x48), 2);
	CHECK_EQ(flow_result(&f, 2), 0xeeeeeeeeeeeeeeee);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_TAILS), 2);
	bench_down(&b);
}

static void test_back_pressure(void)
{
	static const uint32_t len = 5000;

	CHECK(up("stream=on,fifo=1000"));
	flow_send(&f, &len, 1, 0);
	/* it rests: nobody polls */
	CHECK(xdma_poll(&b.card.xdma, 10));
	CHECK_EQ(rd(&b, H2C + 0x40), ST_BUSY);
	CHECK_EQ(rd(&b, H2C + 0x48), 0);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 1000);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_BYTES), 1000);
	flow_receive(&f, 5, 1024, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), GOOD);
	CHECK_EQ(rd(&b, C2H + 0x40), GOOD);
	CHECK_EQ(flow_got(&f, &len, 1, 1024), 5);
	/* the other way: a descriptor that nothing comes for */
	flow_receive(&f, 1, 1024, 0);
	CHECK(xdma_poll(&b.card.xdma, 10));
	CHECK_EQ(rd(&b, C2H + 0x40), ST_BUSY);
	CHECK_EQ(flow_result(&f, 0), 0xeeeeeeeeeeeeeeee);
	bench_down(&b);
}

/* Full and end of packet at once: no empty descriptor follows. */
static void test_exactly_full(void)
{
	static const uint32_t lens[] = { 4096, 4096, 8192 };

	CHECK(up("stream=on"));
	flow_receive(&f, 5, 4096, 0);
	flow_send(&f, lens, 3, 0);
	bench_run(&b);
	CHECK_EQ(flow_got(&f, lens, 3, 4096), 4);
	CHECK_EQ(rd(&b, C2H + 0x40), ST_BUSY | ST_COMPLETED);
	CHECK_EQ(rd(&b, C2H + 0x48), 4);
	bench_down(&b);
}

static void test_no_result(void)
{
	static const uint32_t lens[] = { 100, 4096 };

	CHECK(up("stream=on"));
	flow_receive(&f, 2, 4096, CTRL_NO_RESULT);
	/* the source is not looked at then */
	put_le64(b.ram + f.c2h_descs + 8, 0xdddddddddddddddd);
	flow_send(&f, lens, 2, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), GOOD);
	CHECK_EQ(rd(&b, C2H + 0x48), 2);
	CHECK_EQ(flow_result(&f, 0), 0xeeeeeeeeeeeeeeee);
	CHECK_EQ(flow_result(&f, 1), 0xeeeeeeeeeeeeeeee);
	CHECK(!memcmp(b.ram + f.got, b.ram + f.sent, 100));
	CHECK(!memcmp(b.ram + f.got + 4096, b.ram + f.sent + 100, 4096));
	CHECK_EQ(b.ram[f.got + 100], FLOW_UNTOUCHED);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static void test_length_0(void)
{
	static const uint32_t len = 64;

	CHECK(up("stream=on"));
	flow_receive(&f, 2, 64, 0);
	put_le32(b.ram + f.c2h_descs + 4, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x48), 1);
	CHECK_EQ(flow_result(&f, 0), RESULT(0, 0));
	/* an end of packet of its own does not exist */
	flow_send(&f, &len, 1, 0);
	put_le32(b.ram + f.h2c_descs + 4, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), GOOD);
	CHECK_EQ(rd(&b, C2H + 0x48), 1);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_TAILS), 0);
	CHECK_EQ(violations(&b, V_LENGTH), 2);
	CHECK_EQ(all_violations(&b), 2);
	bench_down(&b);
}

/* --- stopping ------------------------------------------------------------ */

static void test_stop_before_data(void)
{
	static const uint32_t lens[] = { 100, 200 };

	CHECK(up("stream=on"));
	flow_receive(&f, 2, 4096, 0);
	bench_run(&b);
	wr(&b, C2H + 0x0c, 1);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), ST_IDLE);
	CHECK_EQ(rd(&b, C2H + 0x48), 0);
	CHECK_EQ(b.irqs[1], 1);
	CHECK_EQ(flow_result(&f, 0), 0xeeeeeeeeeeeeeeee);
	/* nothing was lost by it; between two descriptors it is the same */
	flow_send(&f, lens, 1, 0);
	flow_receive(&f, 2, 4096, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x40), ST_BUSY | ST_COMPLETED);
	wr(&b, C2H + 0x0c, 1);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), ST_COMPLETED | ST_IDLE);
	CHECK_EQ(flow_got(&f, lens, 1, 4096), 1);
	CHECK_EQ(flow_result(&f, 1), 0xeeeeeeeeeeeeeeee);
	/* Run down and up while it waits: the new run gets what comes */
	flow_receive(&f, 2, 4096, 0);
	bench_run(&b);
	wr(&b, C2H + 0x0c, 1);
	wr(&b, C2H + 0x04, CTRL_START | ST_IDLE);
	bench_run(&b);
	CHECK_EQ(violations(&b, V_BUSY), 1);
	flow_send(&f, lens, 2, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), GOOD);
	CHECK_EQ(flow_got(&f, lens, 2, 4096), 2);
	CHECK_EQ(all_violations(&b), 1);
	bench_down(&b);
}

static void test_stop_in_descriptor(void)
{
	static const uint32_t len = 992, rest = 64;

	CHECK(up("stream=on"));
	flow_receive(&f, 2, 4096, 0);
	flow_send(&f, &len, 1, 0);
	b.ram[f.h2c_descs] &= (uint8_t)~DESC_EOP;
	bench_run(&b);
	wr(&b, C2H + 0x0c, 1);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x40), ST_BUSY);
	CHECK_EQ(rd(&b, C2H + 0x48), 0);
	flow_send(&f, &rest, 1, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), ST_COMPLETED | ST_IDLE);
	CHECK_EQ(rd(&b, C2H + 0x48), 1);
	CHECK_EQ(flow_result(&f, 0), RESULT(1056, 1));
	CHECK_EQ(flow_result(&f, 1), 0xeeeeeeeeeeeeeeee);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static void test_stop_h2c(void)
{
	static const uint32_t lens[] = { 1000, 1000 };

	CHECK(up("stream=on,fifo=512"));
	flow_mode(&f, LAB_H2C_STALL, LAB_C2H_LOOP);
	flow_send(&f, lens, 2, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), ST_BUSY);
	wr(&b, H2C + 0x0c, 1);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_IDLE);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_BYTES), 0);
	/* begun: it has to get rid of the first, and does not begin the second */
	flow_mode(&f, LAB_H2C_LOOP, LAB_C2H_LOOP);
	flow_send(&f, lens, 2, 0);
	bench_run(&b);
	wr(&b, H2C + 0x0c, 1);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), ST_BUSY);
	flow_receive(&f, 1, 1024, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), GOOD);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_COMPLETED | ST_IDLE);
	CHECK_EQ(rd(&b, H2C + 0x48), 1);
	CHECK_EQ(flow_got(&f, lens, 1, 1024), 1);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 0);
	bench_down(&b);
}

static void reset_by(unsigned int how)
{
	switch (how) {
	case 0:
		flr(&b);
		break;
	case 1:
		card_reset(&b.card);
		break;
	default:
		fault(&b, LAB_ENGINE_CARD, LAB_FAULT_GONE, 0, 1);
		while (user_rd(&b, LAB_ID) != LAB_ID_VALUE)
			sleep_until(now_ns() + 100000);
		break;
	}
	recover();
}

/* In the middle of everything; afterwards nothing of it is left. */
static void test_reset(void)
{
	static const uint32_t len = 992;
	unsigned int how, side;

	for (how = 0; how < 3; how++) {
		for (side = 0; side < 3; side++) {
			CHECK(up("stream=on,fifo=500"));
			flow_packets(&f, 9, 100, 100, LAB_GEN_FOREVER);
			if (side == 0) {	/* full: H2C waits */
				flow_send(&f, &len, 1, 0);
				bench_run(&b);
				CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 500);
			} else if (side == 1) {	/* C2H waits in a descriptor */
				flow_send(&f, &len, 1, 0);
				b.ram[f.h2c_descs] &= (uint8_t)~DESC_EOP;
				flow_receive(&f, 1, 4096, 0);
				bench_run(&b);
			} else {		/* generating */
				flow_mode(&f, LAB_H2C_CHECK, LAB_C2H_GENERATE);
				flow_wr(&f, LAB_GEN_CMD, LAB_GEN_START);
				flow_receive(&f, 100, 64, 0);
				flow_send(&f, &len, 1, 32);
				xdma_poll(&b.card.xdma, 60);
				CHECK(flow_rd(&f, LAB_GEN_SENT) > 0);
			}
			CHECK((rd(&b, H2C + 0x40) | rd(&b, C2H + 0x40)) & ST_BUSY);
			reset_by(how);
			CHECK_EQ(rd(&b, H2C + 0x40) | rd(&b, C2H + 0x40), 0);
			CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 0);
			CHECK_EQ(flow_rd(&f, LAB_STREAM_TAILS), 0);
			CHECK_EQ(flow_rd(&f, LAB_GEN_SENT), 0);
			CHECK_EQ(flow_rd(&f, LAB_STREAM_MODE), 0);
			/* a generator would go on now */
			flow_mode(&f, LAB_H2C_LOOP, LAB_C2H_GENERATE);
			flow_receive(&f, 1, 4096, 0);
			bench_run(&b);
			CHECK_EQ(rd(&b, C2H + 0x40), ST_BUSY);
			flow_mode(&f, LAB_H2C_LOOP, LAB_C2H_LOOP);
			flow_send(&f, &len, 1, 0);
			bench_run(&b);
			CHECK_EQ(rd(&b, H2C + 0x44), GOOD);
			CHECK_EQ(rd(&b, C2H + 0x44), GOOD);
			CHECK_EQ(flow_got(&f, &len, 1, 4096), 1);
			CHECK_EQ(flow_rd(&f, LAB_STREAM_TAILS), 1);
			CHECK_EQ(all_violations(&b), 0);
			bench_down(&b);
		}
	}
}

/* --- strict mode, errors, faults ----------------------------------------- */

static void test_strict(void)
{
	static const uint32_t lens[] = { 96, 4 };

	CHECK(up("stream=on"));
	/* 96 is not a multiple of 64; everything works nevertheless */
	flow_receive(&f, 2, 96, 0);
	flow_send(&f, lens, 2, 0);
	bench_run(&b);
	CHECK_EQ(flow_got(&f, lens, 2, 96), 2);
	CHECK_EQ(violations(&b, V_LENGTH), 2);
	CHECK_EQ(all_violations(&b), 2);
	/* the end of a packet may be odd, the rest not */
	flow_receive(&f, 1, 128, 0);
	flow_send(&f, lens, 2, 0);
	b.ram[f.h2c_descs] &= (uint8_t)~DESC_EOP;
	bench_run(&b);
	CHECK_EQ(all_violations(&b), 2);
	flow_receive(&f, 1, 128, 0);
	flow_send(&f, lens + 1, 1, 0);
	b.ram[f.h2c_descs] &= (uint8_t)~DESC_EOP;
	bench_run(&b);
	CHECK_EQ(violations(&b, V_LENGTH), 3);
	flow_send(&f, lens + 1, 1, 0);
	bench_run(&b);
	CHECK_EQ(flow_result(&f, 0), RESULT(8, 1));
	CHECK_EQ(all_violations(&b), 3);
	/* records: where they cannot be, and where they are not */
	flow_receive(&f, 1, 128, 0);
	put_le64(b.ram + f.c2h_descs + 8, f.results + 4);
	flow_send(&f, lens + 1, 1, 0);
	bench_run(&b);
	CHECK_EQ(violations(&b, V_MISALIGNED), 1);
	CHECK_EQ(get_le64(b.ram + f.results + 4), RESULT(4, 1));
	flow_receive(&f, 1, 128, 0);
	put_le64(b.ram + f.c2h_descs + 8, 0xdddddddddddddd00);
	flow_send(&f, lens + 1, 1, 0);
	bench_run(&b);
	CHECK_EQ(violations(&b, V_UNMAPPED), 1);
	CHECK_EQ(rd(&b, C2H + 0x44), GOOD);
	CHECK_EQ(rd(&b, C2H + 0x48), 1);
	CHECK_EQ(all_violations(&b), 5);
	bench_down(&b);
	/* the side that is memory has its alignment, the other one none */
	CHECK(up("stream=on,width=64,align=00080140"));
	flow_receive(&f, 1, 64, 0);
	flow_send(&f, lens, 1, 8);
	put_le64(b.ram + f.c2h_descs + 8, f.results + 8);
	bench_run(&b);
	CHECK_EQ(all_violations(&b), 0);
	flow_receive(&f, 1, 64, 0);
	put_le64(b.ram + f.c2h_descs + 16, f.got + 4);
	bench_run(&b);
	CHECK_EQ(violations(&b, V_MISALIGNED), 1);
	flow_receive(&f, 1, 64, 0);
	flow_send(&f, lens, 1, 0);
	put_le64(b.ram + f.h2c_descs + 8, f.sent + 4);
	bench_run(&b);
	CHECK_EQ(violations(&b, V_MISALIGNED), 2);
	CHECK_EQ(all_violations(&b), 2);
	bench_down(&b);
}

static void test_errors(void)
{
	static const uint32_t lens[] = { 256, 256 };
	unsigned int i;

	CHECK(up("stream=on"));
	/* a source that is not there stops it; nothing of it goes out */
	flow_send(&f, lens, 2, 0);
	put_le64(b.ram + f.h2c_descs + 8, BENCH_RAM - 100);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), ST_READ_UR);
	CHECK_EQ(rd(&b, H2C + 0x48), 0);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 0);
	/* with the enable off it goes on: zeros for what is missing */
	flow_send(&f, lens, 2, 0);
	put_le64(b.ram + f.h2c_descs + 8, BENCH_RAM - 100);
	memset(b.ram + BENCH_RAM - 100, 0x55, 100);
	wr(&b, H2C + 0x0c, BITS(13, 9));
	flow_receive(&f, 2, 256, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), GOOD);
	CHECK_EQ(rd(&b, C2H + 0x44), GOOD);
	CHECK_EQ(flow_result(&f, 0), RESULT(256, 1));
	CHECK_EQ(flow_result(&f, 1), RESULT(256, 1));
	for (i = 0; i < 256; i++)
		CHECK_EQ(b.ram[f.got + i], i < 100 ? 0x55 : 0);
	CHECK(!memcmp(b.ram + f.got + 256, b.ram + f.sent + 256, 256));
	CHECK_EQ(violations(&b, V_UNMAPPED), 2);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_ERRORS), 2);
	/* a destination that is not there: with the enable it stops, without a record */
	flow_send(&f, lens, 2, 0);
	flow_receive(&f, 2, 256, ST_WRITE_DECODE);
	put_le64(b.ram + f.c2h_descs + 16, BENCH_RAM);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), ST_WRITE_DECODE);
	CHECK_EQ(flow_result(&f, 0), 0xeeeeeeeeeeeeeeee);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 256);
	/* without, the packet is lost; the next one is not */
	flow_send(&f, lens, 1, 0);
	flow_receive(&f, 2, 256, 0);
	put_le64(b.ram + f.c2h_descs + 16, UINT64_MAX - 100);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), GOOD);
	CHECK_EQ(flow_result(&f, 1), RESULT(256, 1));
	CHECK(!memcmp(b.ram + f.got + 256, b.ram + f.sent, 256));
	CHECK_EQ(violations(&b, V_UNMAPPED), 4);
	bench_down(&b);
}

static void test_faults(void)
{
	static const uint32_t lens[] = { 100, 100, 100 };

	CHECK(up("stream=on"));
	/* hung while it waits: neither data nor Run wakes it */
	flow_receive(&f, 3, 4096, 0);
	bench_run(&b);
	fault(&b, LAB_ENGINE_C2H(0), LAB_FAULT_HANG, 0, 0);
	flow_send(&f, lens, 3, 0);
	bench_run(&b);
	wr(&b, C2H + 0x0c, 1);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x40), ST_BUSY);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 300);
	fault(&b, LAB_ENGINE_C2H(0), LAB_FAULT_UNHANG, 0, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), ST_IDLE);
	/* hung again; a reset that is refused empties the FIFO all the same */
	flow_receive(&f, 3, 4096, 0);
	fault(&b, LAB_ENGINE_C2H(0), LAB_FAULT_HANG, 0, 0);
	fault(&b, LAB_ENGINE_CARD, LAB_FAULT_REFUSE, 1, 0);
	flr(&b);
	recover();
	CHECK_EQ(rd(&b, C2H + 0x40), ST_BUSY);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 0);
	flr(&b);
	recover();
	CHECK_EQ(rd(&b, C2H + 0x40), 0);
	/* an error between two packets: the rest waits for the next run */
	fault(&b, LAB_ENGINE_C2H(0), LAB_FAULT_ERROR, 2, ST_DESC_UR);
	flow_receive(&f, 3, 4096, 0);
	flow_send(&f, lens, 3, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), ST_COMPLETED | ST_DESC_UR);
	CHECK_EQ(rd(&b, C2H + 0x48), 2);
	CHECK_EQ(flow_got(&f, lens, 2, 4096), 2);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 100);
	flow_receive(&f, 1, 4096, 0);
	bench_run(&b);
	CHECK(!memcmp(b.ram + f.got, b.ram + f.sent + 200, 100));
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static const struct test tests[] = {
	TEST(test_small_fifo), TEST(test_odd_pieces), TEST(test_packet_over_runs),
	TEST(test_back_pressure), TEST(test_exactly_full), TEST(test_no_result), TEST(test_length_0),
	TEST(test_stop_before_data), TEST(test_stop_in_descriptor), TEST(test_stop_h2c),
	TEST(test_reset), TEST(test_strict), TEST(test_errors), TEST(test_faults),
};

int main(int argc, char **argv)
{
	return tap_main(tests, ARRAY_SIZE(tests), argc, argv);
}
