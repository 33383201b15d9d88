// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is behind the streams: its registers, the pattern, generator, checker,
 * sinks, and the switches between them. Without threads; each piece of data is one step.
 */
#include <stdlib.h>

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

/* What no program should write, and channels that are not there. */
static void test_registers(void)
{
	uint32_t i;

	CHECK(up("stream=on,h2c=2,c2h=2"));
	user_wr(&b, LAB_STREAM_SEL, 1);
	user_wr(&b, LAB_GEN_SEED, 7);
	user_wr(&b, LAB_GEN_MIN, 0);
	user_wr(&b, LAB_GEN_MAX, 0x80000001);
	user_wr(&b, LAB_STREAM_MODE, LAB_STREAM(LAB_H2C_STALL, LAB_C2H_SILENT));
	user_wr(&b, LAB_STREAM_MODE, 4);
	user_wr(&b, LAB_STREAM_MODE, 0x30);
	user_wr(&b, LAB_STREAM_MODE, 0x100);
	user_wr(&b, LAB_GEN_SENT, 1);		/* read-only */
	user_wr(&b, LAB_STREAM_TAILS, 1);
	CHECK_EQ(user_rd(&b, LAB_STREAM_MODE), 0x23);
	CHECK_EQ(user_rd(&b, LAB_GEN_MIN), 1);
	CHECK_EQ(user_rd(&b, LAB_GEN_MAX), 0x80000000);
	CHECK_EQ(user_rd(&b, LAB_GEN_SENT) | user_rd(&b, LAB_STREAM_TAILS), 0);
	user_wr(&b, LAB_STREAM_SEL, 2);
	user_wr(&b, LAB_GEN_SEED, 7);
	user_wr(&b, LAB_STREAM_MODE, 1);
	CHECK_EQ(user_rd(&b, LAB_GEN_SEED) | user_rd(&b, LAB_STREAM_MODE) |
		 user_rd(&b, LAB_GEN_MAX), 0);
	/* as after power-on, in both of them */
	flr(&b);
	CHECK_EQ(user_rd(&b, LAB_STREAM_SEL), 0);
	for (i = 0; i < 2; i++) {
		user_wr(&b, LAB_STREAM_SEL, i);
		CHECK_EQ(user_rd(&b, LAB_GEN_SEED) | user_rd(&b, LAB_STREAM_MODE), 0);
		CHECK_EQ(user_rd(&b, LAB_GEN_MAX), 4096);
	}
	bench_down(&b);
	/* no streams */
	CHECK(up(""));
	for (i = LAB_STREAM_MODE; i <= LAB_STREAM_TAILS; i += 4) {
		user_wr(&b, i, 1);
		CHECK_EQ(user_rd(&b, i), 0);
	}
	bench_down(&b);
}

/* --- the pattern --------------------------------------------------------- */

static void test_pattern(void)
{
	uint32_t n, len;

	for (n = 0; n < 1000; n++) {
		len = lab_packet_len(1, n, 1, 16);
		CHECK(len >= 1 && len <= 16);
		CHECK_EQ(lab_packet_len(n, 3, 100, 99), 100);
		CHECK_EQ(lab_packet_len(n, 3, 0, 0), 1);
		CHECK(lab_packet_len(n, n, 0, ~0u) >= 1);
	}
	/* they never change: programs elsewhere have them, too */
	CHECK_EQ(lab_packet_word(0, 0, 0), 0x664f6158);
	CHECK_EQ(lab_packet_word(0x12345678, 1000, 0xffffffff), 0xfe0e4a56);
	CHECK_EQ(lab_packet_len(0x12345678, 1000, 1, 1u << 31), 0x3f64a010);
}

/* --- generator and checker ----------------------------------------------- */

/* Are these @n packets of the pattern, one after the other, in descriptors of @size? */
static bool generated(uint32_t seed, uint32_t min, uint32_t max, uint32_t n, uint32_t size)
{
	uint32_t *lens = malloc(n * sizeof(*lens)), i;
	uint8_t *p = b.ram + f.sent;
	bool ok = lens;

	for (i = 0; ok && i < n; i++) {
		lens[i] = flow_pattern(p, seed, i, min, max);
		p += lens[i];
	}
	ok = ok && flow_got(&f, lens, n, size);
	free(lens);
	return ok;
}

/* Packets that fill a descriptor, or nearly: in selftests/stream they never do. */
static void test_generator(void)
{
	static const struct { uint32_t seed, min, max, n, size; } cases[] = {
		{ 1, 64, 64, 100, 64 }, { 2, 1, 200, 500, 256 }, { 6, 4095, 4097, 100, 4096 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t descs = 0, k;

		for (k = 0; k < cases[i].n; k++)
			descs += (lab_packet_len(cases[i].seed, k, cases[i].min, cases[i].max) +
				  cases[i].size - 1) / cases[i].size;
		CHECK(up("stream=on"));
		flow_mode(&f, LAB_H2C_LOOP, LAB_C2H_GENERATE);
		flow_packets(&f, cases[i].seed, cases[i].min, cases[i].max, cases[i].n);
		flow_receive(&f, descs + 1, cases[i].size, 0);
		bench_run(&b);
		CHECK_EQ(book(&b, LAB_ENGINE_C2H(0), LAB_BYTES), 0);
		flow_wr(&f, LAB_GEN_CMD, LAB_GEN_START);
		bench_run(&b);
		/* one descriptor more than packets: it waits for the next */
		CHECK_EQ(rd(&b, C2H + 0x40), ST_BUSY | ST_COMPLETED);
		CHECK_EQ(rd(&b, C2H + 0x48), descs);
		CHECK_EQ(flow_rd(&f, LAB_GEN_SENT), cases[i].n);
		CHECK(generated(cases[i].seed, cases[i].min, cases[i].max, cases[i].n,
				cases[i].size));
		CHECK_EQ(all_violations(&b), 0);
		bench_down(&b);
	}
}

static void test_generator_commands(void)
{
	uint32_t i;

	CHECK(up("stream=on"));
	flow_mode(&f, LAB_H2C_LOOP, LAB_C2H_GENERATE);
	/* for ever: as many as there are descriptors */
	flow_packets(&f, 11, 1000, 3000, LAB_GEN_FOREVER);
	flow_wr(&f, LAB_GEN_CMD, LAB_GEN_START);
	flow_receive(&f, 500, 4096, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), GOOD);
	CHECK_EQ(flow_rd(&f, LAB_GEN_SENT), 500);
	CHECK(generated(11, 1000, 3000, 500, 4096));
	/* new settings do not touch the row that is on */
	flow_packets(&f, 12, 5000, 5000, 2);
	flow_receive(&f, 1, 4096, 0);
	bench_run(&b);
	CHECK_EQ(flow_result(&f, 0), RESULT(lab_packet_len(11, 500, 1000, 3000), 1));
	/* between two packets START is at once */
	flow_wr(&f, LAB_GEN_CMD, LAB_GEN_START);
	CHECK_EQ(flow_rd(&f, LAB_GEN_SENT), 0);
	flow_receive(&f, 4, 4096, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x44), GOOD);
	CHECK(generated(12, 5000, 5000, 2, 4096));
	CHECK_EQ(flow_rd(&f, LAB_GEN_SENT), 2);
	/* in the middle of one it is behind it */
	flow_wr(&f, LAB_GEN_CMD, LAB_GEN_START);
	flow_receive(&f, 1, 4096, 0);
	bench_run(&b);
	CHECK_EQ(flow_result(&f, 0), RESULT(4096, 0));
	flow_packets(&f, 13, 64, 64, 1);
	flow_wr(&f, LAB_GEN_CMD, LAB_GEN_START);
	flow_receive(&f, 3, 4096, 0);
	bench_run(&b);
	CHECK_EQ(flow_result(&f, 0), RESULT(904, 1));
	CHECK_EQ(flow_result(&f, 1), RESULT(64, 1));
	CHECK_EQ(get_le32(b.ram + f.got + 4096), lab_packet_word(13, 0, 0));
	CHECK_EQ(flow_rd(&f, LAB_GEN_SENT), 1);
	CHECK_EQ(rd(&b, C2H + 0x48), 2);
	wr(&b, C2H + 0x0c, 1);
	bench_run(&b);
	/* STOP: that packet, and no more; nothing when none is on its way */
	flow_packets(&f, 14, 5000, 5000, LAB_GEN_FOREVER);
	flow_wr(&f, LAB_GEN_CMD, LAB_GEN_START);
	flow_receive(&f, 3, 4096, 0);
	bench_run(&b);
	flow_wr(&f, LAB_GEN_CMD, LAB_GEN_START);	/* forgotten by STOP */
	flow_wr(&f, LAB_GEN_CMD, LAB_GEN_STOP);
	flow_receive(&f, 3, 4096, 0);
	bench_run(&b);
	CHECK_EQ(flow_result(&f, 0), RESULT(904, 1));
	CHECK_EQ(rd(&b, C2H + 0x48), 1);
	CHECK_EQ(flow_rd(&f, LAB_GEN_SENT), 2);
	flow_wr(&f, LAB_GEN_CMD, LAB_GEN_START);
	flow_wr(&f, LAB_GEN_CMD, LAB_GEN_STOP);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x48), 1);
	/* no packets at all are none */
	flow_wr(&f, LAB_GEN_COUNT, 0);
	flow_wr(&f, LAB_GEN_CMD, LAB_GEN_START);
	bench_run(&b);
	CHECK_EQ(rd(&b, C2H + 0x48), 1);
	/* CLEAR: the rest of a packet never comes; START after it is clean */
	flow_packets(&f, 15, 5000, 5000, 1);
	flow_wr(&f, LAB_GEN_CMD, LAB_GEN_START);
	wr(&b, C2H + 0x0c, 1);
	bench_run(&b);
	flow_receive(&f, 1, 4096, 0);
	bench_run(&b);
	CHECK_EQ(flow_result(&f, 0), RESULT(4096, 0));
	flow_wr(&f, LAB_GEN_CMD, LAB_GEN_CLEAR);
	flow_receive(&f, 2, 4096, 0);
	bench_run(&b);
	CHECK_EQ(flow_result(&f, 0), 0xeeeeeeeeeeeeeeee);
	flow_wr(&f, LAB_GEN_CMD, LAB_GEN_START);
	bench_run(&b);
	CHECK(generated(15, 5000, 5000, 1, 4096));
	for (i = 5; i < 16; i++)		/* commands that are not there */
		flow_wr(&f, LAB_GEN_CMD, i);
	CHECK_EQ(flow_rd(&f, LAB_GEN_SENT), 1);
	CHECK_EQ(violations(&b, V_BUSY), all_violations(&b));
	bench_down(&b);
}

/* Packets of the pattern into memory, as sent. Return: bytes. */
static uint32_t put_packets(uint32_t *lens, uint32_t n, uint32_t seed, uint32_t min, uint32_t max)
{
	uint32_t i, sum = 0;

	for (i = 0; i < n; i++) {
		lens[i] = flow_pattern(b.ram + f.sent + sum, seed, i, min, max);
		sum += lens[i];
	}
	return sum;
}

#define CHECKED(packets, errors)						\
	do {									\
		CHECK_EQ(flow_rd(&f, LAB_CHECK_PACKETS), packets);		\
		CHECK_EQ(flow_rd(&f, LAB_CHECK_ERRORS), errors);		\
	} while (0)

/* Send @n of them again, after the checker was told to begin anew. */
static void check_anew(const uint32_t *lens, uint32_t n, uint32_t piece)
{
	flow_wr(&f, LAB_GEN_CMD, LAB_GEN_CHECK);
	flow_send_again(&f, lens, n, piece);
	bench_run(&b);
	if (rd(&b, H2C + 0x44) != GOOD)
		tap_failed = true;
}

static void test_checker(void)
{
	uint32_t lens[200], bytes, i, at;

	CHECK(up("stream=on"));
	flow_mode(&f, LAB_H2C_CHECK, LAB_C2H_SILENT);
	flow_packets(&f, 77, 1, 9000, 0);
	bytes = put_packets(lens, 200, 77, 1, 9000);
	check_anew(lens, 200, 0);
	CHECKED(200, 0);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_TAILS), 200);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_BYTES), bytes);
	check_anew(lens, 200, 128);
	CHECKED(200, 0);
	/* one bit, first and last byte of a packet, are noticed, each once */
	for (i = 0, at = 0; i < 100; i++)
		at += lens[i];
	b.ram[f.sent + at] ^= 1;
	check_anew(lens, 200, 0);
	CHECKED(200, 1);
	b.ram[f.sent + at + lens[100] - 1] ^= 0x80;
	check_anew(lens, 200, 1024);
	CHECKED(200, 1);
	b.ram[f.sent + at + lens[100]] ^= 4;
	check_anew(lens, 200, 1024);
	CHECKED(200, 2);
	b.ram[f.sent + at + lens[100]] ^= 4;
	b.ram[f.sent + at + lens[100] - 1] ^= 0x80;
	b.ram[f.sent + at] ^= 1;
	/* too long, too short: only these, as the next packet is in its place */
	put_packets(lens, 3, 77, 9000, 9000);
	flow_packets(&f, 77, 9000, 9000, 0);
	check_anew(lens, 3, 0);
	CHECKED(3, 0);
	lens[1] += 9000;
	check_anew(lens, 2, 4096);
	CHECKED(2, 1);
	lens[1] = 8999;
	check_anew(lens, 2, 4096);
	CHECKED(2, 1);
	lens[1] = 9000;
	flow_send_again(&f, lens, 1, 0);	/* packet 0 in the place of 2 */
	bench_run(&b);
	CHECKED(3, 2);
	/* half a packet, then begun anew: what follows is packet 0 */
	flow_send_again(&f, lens, 1, 0);
	b.ram[f.h2c_descs] &= (uint8_t)~DESC_EOP;
	bench_run(&b);
	CHECKED(3, 2);
	check_anew(lens, 3, 0);
	CHECKED(3, 0);
	CHECK_OK();
	bench_down(&b);
}

/* What is on its way while the stream is cleared, or the checker begins anew, is dropped. */
static void test_cleared_on_its_way(void)
{
	struct stream_piece p;
	uint8_t bytes[64] = { 0 };
	struct stream s;
	bool eop;

	CHECK_EQ(stream_init(&s, 100), 0);
	CHECK_EQ(stream_room(&s, 1000), 100);
	stream_give(&s, 64, true, &p);
	stream_clear(&s);
	stream_put(&s, &p, bytes);
	CHECK_EQ(s.fifo.fill, 0);
	CHECK_EQ(s.tails, 0);
	stream_give(&s, 64, true, &p);
	stream_check_anew(&s);			/* no business of the FIFO's */
	s.sink = SINK_STALL;			/* nor is this, any more */
	stream_put(&s, &p, bytes);
	CHECK_EQ(stream_ready(&s, 1000, &eop), 64);
	CHECK(eop);
	s.sink = SINK_CHECK;
	stream_give(&s, 64, true, &p);
	stream_check(&p, bytes);
	stream_check_anew(&s);
	stream_put(&s, &p, bytes);
	CHECK_EQ(s.check.packets, 0);
	CHECK_EQ(s.check.place.number, 0);
	CHECK_EQ(s.tails, 2);
	stream_fini(&s);
}

/* --- modes --------------------------------------------------------------- */

static void test_sinks(void)
{
	static const uint32_t lens[] = { 100, 100000, 1 };

	CHECK(up("stream=on,fifo=64"));
	flow_mode(&f, LAB_H2C_SINK, LAB_C2H_LOOP);
	flow_receive(&f, 1, 4096, 0);
	flow_send(&f, lens, 3, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), GOOD);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_TAILS), 3);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 0);
	CHECK_EQ(rd(&b, C2H + 0x40), ST_BUSY);
	/* STALL takes nothing; let go, all of it comes */
	flow_mode(&f, LAB_H2C_STALL, LAB_C2H_LOOP);
	flow_send(&f, lens, 1, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x40), ST_BUSY);
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_BYTES), 100101);
	flow_mode(&f, LAB_H2C_LOOP, LAB_C2H_SILENT);
	bench_run(&b);
	/* SILENT holds back what is in the FIFO */
	CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 64);
	CHECK_EQ(rd(&b, C2H + 0x40), ST_BUSY);
	flow_mode(&f, LAB_H2C_LOOP, LAB_C2H_LOOP);
	bench_run(&b);
	CHECK_EQ(rd(&b, H2C + 0x44), GOOD);
	CHECK_EQ(rd(&b, C2H + 0x44), GOOD);
	CHECK_EQ(flow_got(&f, lens, 1, 4096), 1);
	/* CLEAR makes room, and H2C goes on */
	flow_send(&f, lens, 1, 0);
	bench_run(&b);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 64);
	flow_wr(&f, LAB_GEN_CMD, LAB_GEN_CLEAR);
	bench_run(&b);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 36);
	CHECK_EQ(rd(&b, H2C + 0x44), GOOD);
	bench_down(&b);
}

/* What has no partner has no loop. */
static void test_channels(void)
{
	static const uint32_t lens[] = { 100, 200, 300, 400 };
	struct flow g;

	CHECK(up("stream=on,h2c=4,c2h=2"));
	flow_init(&g, &b, 3);
	flow_send(&g, lens, 4, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, flow_base(&g, H2C) + 0x44), GOOD);
	CHECK_EQ(flow_rd(&g, LAB_STREAM_TAILS), 4);
	CHECK_EQ(flow_rd(&g, LAB_STREAM_WAITING), 0);
	bench_down(&b);
	CHECK(up("stream=on,h2c=1,c2h=3"));
	flow_init(&g, &b, 2);
	flow_packets(&g, 5, 1, 4096, 3);
	flow_wr(&g, LAB_GEN_CMD, LAB_GEN_START);
	flow_receive(&g, 4, 4096, 0);
	bench_run(&b);
	CHECK_EQ(rd(&b, 0x1240), ST_BUSY);	/* LOOP: nobody sends */
	flow_mode(&g, LAB_H2C_LOOP, LAB_C2H_GENERATE);
	bench_run(&b);
	CHECK_EQ(rd(&b, 0x1248), 3);
	CHECK_EQ(flow_rd(&g, LAB_GEN_SENT), 3);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static const struct test tests[] = {
	TEST(test_registers), TEST(test_pattern), TEST(test_generator), TEST(test_generator_commands),
	TEST(test_checker), TEST(test_cleared_on_its_way), TEST(test_sinks),
	TEST(test_channels),
};

int main(int argc, char **argv)
{
	return tap_main(tests, ARRAY_SIZE(tests), argc, argv);
}
