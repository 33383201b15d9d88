// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams with engines that run by themselves: two that wait for each other,
 * stops and resets at any moment, all channels at once. Also built with the
 * thread sanitizer.
 */
#include <sched.h>

#include "flow.h"
#include "tap.h"

static struct bench b;
static struct flow f;

/* One interrupt for each run, at its end. */
static void mask_channels(void)
{
	unsigned int i;

	for (i = 0; i < b.card.config.xdma.h2c; i++) {
		wr(&b, H2C + 0x100 * i + 0x90, ST_STOPPED | ST_IDLE | ST_ERRORS);
		wr(&b, C2H + 0x100 * i + 0x90, ST_STOPPED | ST_IDLE | ST_ERRORS);
	}
}

static bool up(const char *spec)
{
	if (!bench_up(&b, spec, true))
		return false;
	flow_init(&f, &b, 0);
	mask_channels();
	return true;
}

static void recover(void)
{
	cfg_wr(&b, 0x04, 2, 0x0106);
	cfg_wr(&b, 0x62, 2, 0x801f);
	wr(&b, 0x20a0, 0x03020100);
	wr(&b, 0x20a4, 0x07060504);
	wr(&b, 0x2014, ~0u);
	mask_channels();
}

/* Descriptors and bytes of all engines: grows as long as anything goes on. */
static uint64_t progress(void)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < BOOKS_ENGINES; i++)
		sum += counted(&b.card.books.engine[i].descriptors) +
		       counted(&b.card.books.engine[i].bytes);
	return sum;
}

/* Has nothing gone on for so long? However slow the machine is, that is no waiting for it. */
static bool stuck(uint64_t *last, uint64_t *since)
{
	uint64_t now = progress();

	sched_yield();
	if (now != *last || !*since) {
		*last = now;
		*since = now_ns();
	}
	return now_ns() - *since > HANG_NS;
}

/* Wait until a counter of an engine is at least so much. */
static bool wait_book(uint32_t engine, uint32_t counter, uint64_t least)
{
	uint64_t last = 0, since = 0;

	while (book(&b, engine, counter) < least)
		if (stuck(&last, &since))
			return false;
	return true;
}

/* Wait for the end of a run. */
static bool wait_end(unsigned int vector, unsigned int count)
{
	uint64_t last = 0, since = 0;

	while (b.irqs[vector] < count)
		if (stuck(&last, &since))
			return false;
	return b.irqs[vector] == count;
}

/* Wait for a register of the stream. */
static bool wait_flow(uint32_t reg, uint32_t value)
{
	uint64_t last = 0, since = 0;

	while (flow_rd(&f, reg) != value)
		if (stuck(&last, &since))
			return false;
	return true;
}

/* A lost wake-up leaves both waiting for ever. */
static void ping_pong(const char *spec, const uint32_t *lens, uint32_t n, uint32_t piece,
		      uint32_t size, unsigned int rounds)
{
	uint32_t i, need = 0;
	unsigned int round;

	CHECK(up(spec));
	for (i = 0; i < n; i++)
		need += (lens[i] + size - 1) / size;
	for (round = 1; round <= rounds; round++) {
		if (round % 2)
			flow_receive(&f, need, size, 0);
		flow_send(&f, lens, n, round % 3 ? piece : 0);
		if (!(round % 2))
			flow_receive(&f, need, size, 0);
		CHECK(wait_end(0, round));
		CHECK(wait_end(1, round));
		CHECK_EQ(rd(&b, C2H + 0x44), GOOD);
		CHECK_EQ(flow_got(&f, lens, n, size), need);
	}
	CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 0);
	CHECK_EQ(flow_rd(&f, LAB_STREAM_TAILS), n * rounds);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static void test_ping_pong(void)
{
	static const uint32_t lens[] = { 1, 64, 63, 65, 1000, 1, 4096, 300, 5000, 64, 64, 2 };

	ping_pong("stream=on", lens, ARRAY_SIZE(lens), 64, 4096, 50);
	CHECK_OK();
	ping_pong("stream=on,fifo=64", lens, ARRAY_SIZE(lens), 64, 4096, 20);
	CHECK_OK();
	ping_pong("stream=on,fifo=5", lens, ARRAY_SIZE(lens), 64, 256, 4);
}

/* Who sees the record sees the data; who sees the count sees the record. */
static void test_order(void)
{
	uint32_t len = 4000, i, k, *wb, *record;
	uint64_t end;

	CHECK(up("stream=on"));
	wb = (uint32_t *)(void *)(b.ram + 0x8000);
	wr(&b, C2H + 0x88, 0x8000);
	wr(&b, C2H + 0x90, 0);
	for (i = 0; i < 300; i++) {
		__atomic_store_n(wb, 0, __ATOMIC_RELEASE);
		flow_receive(&f, 1, 4096, CTRL_WB);
		record = (uint32_t *)(void *)(b.ram + f.results);
		flow_send(&f, &len, 1, 0);
		end = now_ns() + HANG_NS;
		if (i % 2) {
			while (__atomic_load_n(wb, __ATOMIC_ACQUIRE) != 1)
				CHECK(now_ns() < end);
			CHECK_EQ(*record, 0x52b40001);
			/* and it is idle: the next run may follow */
			CHECK_EQ(rd(&b, C2H + 0x40) & ST_BUSY, 0);
		} else {
			while (__atomic_load_n(record, __ATOMIC_ACQUIRE) != 0x52b40001)
				CHECK(now_ns() < end);
		}
		CHECK_EQ(record[1], len);
		for (k = 0; k < len; k++)
			if (b.ram[f.got + k] != b.ram[f.sent + k])
				FAIL("byte %u of round %u", k, i);
		CHECK(wait_idle(&b, C2H) && wait_idle(&b, H2C));
	}
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/*
 * Stopped at any moment, packets are neither lost nor doubled nor joined: what
 * was not taken is there for the next run.
 */
static void test_stop_at_any_time(void)
{
	uint32_t lens[64], i, n, got = 0, sum = 0;
	unsigned int round;

	CHECK(up("stream=on,fifo=1M"));
	for (i = 0; i < 64; i++)
		lens[i] = 1 + i * 97 % 4000;
	for (round = 0; round < 200; round++) {
		flow_receive(&f, 64, 4096, 0);
		if (!(round % 20)) {
			CHECK_EQ(got, sum);
			flow_send(&f, lens, 64, 0);
			sum = 64;
			got = 0;
		}
		for (i = 0; i < round * 37 % 2000; i++)
			__asm__ volatile("" ::: "memory");
		/* the last round of these has all that is left */
		if (round % 20 == 19)
			CHECK(wait_idle(&b, H2C) && wait_flow(LAB_STREAM_WAITING, 0));
		wr(&b, C2H + 0x0c, 1);
		CHECK(wait_idle(&b, C2H));
		n = rd(&b, C2H + 0x48);
		for (i = 0; i < n; i++)
			CHECK_EQ(flow_result(&f, i), RESULT(lens[got + i], 1));
		got += n;
		/* the status says which way it ended */
		CHECK(rd(&b, C2H + 0x44) & (ST_IDLE | ST_STOPPED));
		/* a descriptor that was not used has nothing in it */
		if (n < 64) {
			CHECK_EQ(flow_result(&f, n), 0xeeeeeeeeeeeeeeee);
			CHECK_EQ(b.ram[f.got + n * 4096], FLOW_UNTOUCHED);
		}
		CHECK(got <= sum);
	}
	CHECK_EQ(got, sum);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* Stopped while it sleeps for data, or for room: it wakes up for that. */
static void test_stop_while_waiting(void)
{
	static const uint32_t len = 4096;
	unsigned int i;

	CHECK(up("stream=on"));
	flow_mode(&f, LAB_H2C_STALL, LAB_C2H_LOOP);
	for (i = 1; i <= 300; i++) {
		flow_receive(&f, 1, 4096, 0);
		flow_send_again(&f, &len, 1, 0);
		if (i % 3)
			sched_yield();
		wr(&b, C2H + 0x0c, 1);
		wr(&b, H2C + 0x0c, 1);
		CHECK(wait_end(0, i));
		CHECK(wait_end(1, i));
		CHECK_EQ(rd(&b, C2H + 0x44), ST_IDLE);
		CHECK_EQ(rd(&b, H2C + 0x44), ST_IDLE);
	}
	CHECK_EQ(book(&b, LAB_ENGINE_H2C(0), LAB_BYTES), 0);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* Descriptors that never end: of @len bytes, H2C with an end of packet each. */
static void endless(uint32_t len)
{
	put_desc(&b, 0x1000, (struct descriptor){ .control = DESC_EOP, .len = len,
		 .src = 0x400000, .next = 0x1000 });
	put_desc(&b, 0x2000, (struct descriptor){ .len = len, .src = 0x3000, .dst = 0x800000,
		 .next = 0x2000 });
	start(&b, C2H, 0x2000, 0, CTRL_START);
	start(&b, H2C, 0x1000, 0, CTRL_START);
}

static void test_reset_at_any_time(void)
{
	static const uint32_t len = 5000;
	unsigned int i;

	CHECK(up("stream=on,fifo=10000"));
	for (i = 0; i < 120; i++) {
		if (i % 3 == 1) {
			flow_packets(&f, i, 1, 100000, LAB_GEN_FOREVER);
			flow_mode(&f, LAB_H2C_CHECK, LAB_C2H_GENERATE);
			flow_wr(&f, LAB_GEN_CMD, LAB_GEN_START);
		}
		endless(i % 2 ? 64 : 1 << 20);
		CHECK(wait_book(LAB_ENGINE_C2H(0), LAB_BYTES, 1));
		if (i % 5 == 0)
			flow_wr(&f, LAB_GEN_CMD, LAB_GEN_CLEAR);
		if (i % 2)
			flr(&b);
		else
			card_reset(&b.card);
		/* both are out of guest memory, and nothing is left over */
		memset(b.ram + 0x1000, 0, 0x2000);
		CHECK_EQ(rd(&b, H2C + 0x40) | rd(&b, C2H + 0x40), 0);
		CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 0);
		CHECK_EQ(flow_rd(&f, LAB_STREAM_TAILS), 0);
		recover();
		b.irqs[0] = 0;
		b.irqs[1] = 0;
		flow_receive(&f, 2, 4096, 0);
		flow_send(&f, &len, 1, 0);
		CHECK(wait_end(0, 1));
		CHECK(wait_end(1, 1));
		CHECK_EQ(flow_got(&f, &len, 1, 4096), 2);
		user_wr(&b, LAB_BOOKS_CMD, LAB_BOOKS_ZERO);
	}
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* Lab commands in the middle of what the engines do. */
static void test_commands_at_any_time(void)
{
	unsigned int i;

	CHECK(up("stream=on,fifo=3000"));
	endless(8192);
	for (i = 0; i < 1500; i++) {
		switch (i * 7 % 11) {
		case 0:
			flow_wr(&f, LAB_GEN_CMD, LAB_GEN_CLEAR);
			break;
		case 1:
			flow_wr(&f, LAB_GEN_CMD, LAB_GEN_START);
			break;
		case 2:
			flow_wr(&f, LAB_GEN_CMD, LAB_GEN_STOP);
			break;
		case 3:
			flow_wr(&f, LAB_GEN_CMD, LAB_GEN_CHECK);
			break;
		default:
			flow_mode(&f, i % 4, i / 4 % 3);
			break;
		}
		CHECK(flow_rd(&f, LAB_STREAM_WAITING) <= 3000);
		sched_yield();
	}
	/* after all that it is a loop again */
	flow_mode(&f, LAB_H2C_LOOP, LAB_C2H_LOOP);
	user_wr(&b, LAB_BOOKS_CMD, LAB_BOOKS_ZERO);
	CHECK(wait_book(LAB_ENGINE_H2C(0), LAB_DESCRIPTORS, 20));
	CHECK(wait_book(LAB_ENGINE_C2H(0), LAB_DESCRIPTORS, 20));
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static void test_gone_while_streaming(void)
{
	uint64_t end;
	unsigned int i;

	CHECK(up("stream=on,fifo=1000"));
	for (i = 0; i < 10; i++) {
		endless(i % 2 ? 64 : 65536);
		fault(&b, LAB_ENGINE_CARD, LAB_FAULT_GONE, i % 3 ? 50 : 0, 5);
		end = now_ns() + HANG_NS;
		while (counted(&b.card.books.struck[FAULT_GONE]) <= i ||
		       user_rd(&b, LAB_ID) != LAB_ID_VALUE) {
			CHECK(now_ns() < end);
			sched_yield();
		}
		memset(b.ram + 0x1000, 0, 0x2000);
		CHECK_EQ(rd(&b, H2C + 0x40) | rd(&b, C2H + 0x40), 0);
		CHECK_EQ(flow_rd(&f, LAB_STREAM_WAITING), 0);
		recover();
	}
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* Hung in the middle of a descriptor: the other one waits, and goes on with it. */
static void test_hang_while_streaming(void)
{
	unsigned int i;

	CHECK(up("stream=on,fifo=1000"));
	endless(4096);
	for (i = 0; i < 50; i++) {
		uint32_t target = i % 2 ? LAB_ENGINE_C2H(0) : LAB_ENGINE_H2C(0);
		uint32_t other = i % 2 ? LAB_ENGINE_H2C(0) : LAB_ENGINE_C2H(0);

		fault(&b, target, LAB_FAULT_HANG, 0, 0);
		user_wr(&b, LAB_BOOKS_CMD, LAB_BOOKS_ZERO);
		fault(&b, target, LAB_FAULT_UNHANG, 0, 0);
		CHECK(wait_book(other, LAB_DESCRIPTORS, 5));
		CHECK(wait_book(target, LAB_DESCRIPTORS, 5));
	}
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* Generated there, checked here; sent here, checked there; four at once. */
static void test_all_engines_at_once(void)
{
	static struct flow flows[4];
	uint32_t lens[4][100], i, k;
	uint8_t *p;

	CHECK(up("stream=on,h2c=4,c2h=4"));
	for (k = 0; k < 4; k++) {
		struct flow *g = &flows[k];

		flow_init(g, &b, k);
		flow_mode(g, k % 2 ? LAB_H2C_CHECK : LAB_H2C_LOOP,
			  k % 2 ? LAB_C2H_GENERATE : LAB_C2H_LOOP);
		flow_packets(g, k, 1, 8192, 100);
		flow_wr(g, LAB_GEN_CMD, LAB_GEN_START);
		flow_wr(g, LAB_GEN_CMD, LAB_GEN_CHECK);
		p = b.ram + g->sent;
		for (i = 0; i < 100; i++) {
			lens[k][i] = flow_pattern(p, k, i, 1, 8192);
			p += lens[k][i];
		}
	}
	for (k = 0; k < 4; k++) {
		flow_receive(&flows[k], 100, 8192, 0);
		flow_send_again(&flows[k], lens[k], 100, 1024);
	}
	for (k = 0; k < 4; k++) {
		CHECK(wait_end(k, 1));
		CHECK(wait_end(4 + k, 1));
		CHECK_EQ(flow_got(&flows[k], lens[k], 100, 8192), 100);
		CHECK_EQ(flow_rd(&flows[k], LAB_CHECK_PACKETS), k % 2 ? 100 : 0);
		CHECK_EQ(flow_rd(&flows[k], LAB_CHECK_ERRORS), 0);
	}
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

/* The client goes while an engine sleeps for data. */
static void test_disconnect_while_waiting(void)
{
	CHECK(up("stream=on"));
	flow_receive(&f, 1, 4096, 0);
	card_disconnect(&b.card);
	CHECK_EQ(rd(&b, C2H + 0x40), 0);
	CHECK_EQ(all_violations(&b), 0);
	bench_down(&b);
}

static const struct test tests[] = {
	TEST(test_ping_pong), TEST(test_order), TEST(test_stop_at_any_time),
	TEST(test_stop_while_waiting), TEST(test_reset_at_any_time),
	TEST(test_commands_at_any_time), TEST(test_gone_while_streaming),
	TEST(test_hang_while_streaming), TEST(test_all_engines_at_once),
	TEST(test_disconnect_while_waiting),
};

int main(int argc, char **argv)
{
	return tap_main(tests, ARRAY_SIZE(tests), argc, argv);
}
