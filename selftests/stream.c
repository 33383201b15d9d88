// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams: packets to and from the card, which has no addresses for them. For a
 * card with streams (lab/vm/run --card stream=on,h2c=2,c2h=2), whose first
 * channels are looped back, or lead to a generator and a checker of packets.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card.h"
#include "flight.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"

#define LONGEST		(4 * MIB)
#define PACKETS		1000		/* of random sizes, times EXDMA_TIMES */
#define IN_FLIGHT	4
#define FIFO		(64 * KIB)	/* of the loop-back */

CARD_NEEDS(GIB);

FIXTURE(stream) {
	struct card card;
	lab_t lab;
	uint64_t seed;
	int in, out;
	uint8_t *sent, *got;
};

static void lead(lab_t lab, unsigned int channel, uint32_t mode)
{
	lab[LAB_STREAM_SEL / 4] = channel;
	lab[LAB_STREAM_MODE / 4] = mode;
	lab_sync(lab);
}

/* The same, and what was on its way there is gone. */
static void behind(lab_t lab, unsigned int channel, uint32_t mode)
{
	lead(lab, channel, mode);
	lab[LAB_GEN_CMD / 4] = LAB_GEN_CLEAR;
	lab_sync(lab);
}

FIXTURE_SETUP(stream)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	if (!card_streams(&self->card))
		SKIP(return, "this card has no streams");
	self->lab = lab_map(&self->card);
	ASSERT_NE(NULL, self->lab);
	behind(self->lab, 0, LAB_STREAM(LAB_H2C_LOOP, LAB_C2H_LOOP));
	self->in = open_in(&self->card, 1);
	self->out = node_open(&self->card, EXDMA_DIR_C2H, 1, O_RDONLY | O_TRUNC);
	ASSERT_LE(0, self->in);
	ASSERT_LE(0, self->out);
	/* there is nothing behind it */
	self->sent = memory(2 * LONGEST + 4096);
	munmap(self->sent + 2 * LONGEST, 4096);
	self->got = memory(2 * LONGEST);
}

FIXTURE_TEARDOWN_PARENT(stream)
{
	lab_t lab = lab_map(&self->card);

	param_put("timeout_ms", TIMEOUT_DEFAULT);
	lab_let_go_all(&self->card);
	if (lab) {
		behind(lab, 0, LAB_STREAM(LAB_H2C_LOOP, LAB_C2H_LOOP));
		behind(lab, 1, LAB_STREAM(LAB_H2C_LOOP, LAB_C2H_LOOP));
	}
}

static uint32_t tails(lab_t lab)
{
	lab[LAB_STREAM_SEL / 4] = 0;
	return lab[LAB_STREAM_TAILS / 4];
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

static bool becomes_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll_for(&p, 1, PATIENCE_BEATS) == 1 && p.revents & POLLIN;
}

/* A writer of its own: the loop-back holds less than a packet may have. */
struct writer {
	pthread_t thread;
	int fd;
	const void *buf;
	size_t len;
	ssize_t result;
	int err;
	volatile pid_t tid;
	volatile bool done;
};

static void *write_it(void *arg)
{
	struct writer *w = arg;

	w->tid = syscall(SYS_gettid);
	w->result = write(w->fd, w->buf, w->len);
	w->err = w->result < 0 ? errno : 0;
	w->done = true;
	return NULL;
}

static bool write_aside(struct writer *w, int fd, const void *buf, size_t len)
{
	*w = (struct writer) { .fd = fd, .buf = buf, .len = len };
	return !pthread_create(&w->thread, NULL, write_it, w);
}

static bool is_in_call(const struct writer *w, long call)
{
	while (!w->tid)
		sched_yield();
	return wait_in_call(w->tid, call);
}

static void send_and_get(struct __test_metadata *_metadata, FIXTURE_DATA(stream) *self,
			 const void *from, void *to, size_t len)
{
	uint32_t before = tails(self->lab);
	struct writer w;

	pattern_fill((void *)from, len, 0, ++self->seed);
	memset(to, POISON, len + 1);
	ASSERT_TRUE(write_aside(&w, self->in, from, len));
	ASSERT_EQ(len, read(self->out, to, len + 1)) TH_LOG("of %zu: errno %d", len, errno);
	pthread_join(w.thread, NULL);
	ASSERT_EQ(len, w.result) TH_LOG("errno %d", w.err);
	ASSERT_TRUE(pattern_is(to, len, 0, self->seed));
	ASSERT_TRUE(bytes_are(to + len, 1, POISON));
	EXPECT_EQ(before + 1, tails(self->lab));
}

TEST_F(stream, what_it_is)
{
	struct exdma_channel_info info = { .size = sizeof(info) };
	int card = node_open(&self->card, 0, CARD_NODE, O_RDWR);
	char byte = 0;

	ASSERT_EQ(0, ioctl(self->out, EXDMA_IOC_CHANNEL_INFO, &info));
	EXPECT_EQ(EXDMA_CHANNEL_STREAM, info.flags);
	EXPECT_LE(8, info.beat);
	EXPECT_LT(FIFO, info.buffered);
	ASSERT_EQ(0, ioctl(self->in, EXDMA_IOC_CHANNEL_INFO, &info));
	EXPECT_EQ(EXDMA_CHANNEL_STREAM, info.flags);
	EXPECT_EQ(0, info.buffered);

	/* there are no positions, and the card's own node leads to memory */
	EXPECT_EQ(-1, lseek(self->in, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pread(self->out, &byte, 1, 0));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pwrite(self->in, &byte, 1, 0));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, pread(card, &byte, 1, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(card, &byte, 1, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, read(self->in, &byte, 1));
	EXPECT_EQ(EBADF, errno);

	/* options of the other kind */
	EXPECT_EQ(-EINVAL, node_set_flags(self->in, EXDMA_OPTION_FIXED));
	EXPECT_EQ(-EINVAL, node_set_flags(self->in, EXDMA_OPTION_WHOLE));
	EXPECT_EQ(-EINVAL, node_set_flags(self->out, EXDMA_OPTION_WHOLE | EXDMA_OPTION_BYTES));
	EXPECT_EQ(-EINVAL, node_set_flags(card, EXDMA_OPTION_BYTES));
	EXPECT_EQ(0, write(self->in, &byte, 0));
}

TEST_F(stream, one_write_is_one_packet)
{
	static const size_t lens[] = {
		1, 2, 31, 32, 33, 63, 64, 65, 4095, 4096, 4097, 8192, 8193,
		16 * KIB - 1, 16 * KIB, 16 * KIB + 1, 64 * KIB, 100001,
		MIB - 1, MIB, MIB + 1, 3 * MIB + 5, LONGEST,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++)
		send_and_get(_metadata, self, self->sent, self->got, lens[i]);
}

/* Memory that does not begin where the card's datapath would like it. */
TEST_F(stream, memory_anywhere)
{
	static const size_t lens[] = { 1, 5000, 70000, MIB + 3 };
	static const size_t offs[] = { 1, 8, 63, 4095 };
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(lens); i++)
		for (k = 0; k < ARRAY_SIZE(offs); k++)
			send_and_get(_metadata, self, self->sent + offs[k],
				     self->got + offs[k] * 3, lens[i]);
}

TEST_F(stream, packets_of_pieces)
{
	struct iovec odd[] = {
		{ self->sent, 7 }, { self->sent + 7, 4096 }, { self->sent + 4103, 0 },
		{ self->sent + 4103, 9000 }, { self->sent + 13103, 1 },
	};
	struct iovec in[] = { { self->got, 100 }, { self->got + 100, LONGEST } };
	const size_t len = 13104;

	pattern_fill(self->sent, len, 0, self->seed);
	ASSERT_EQ(len, writev(self->in, odd, ARRAY_SIZE(odd)));
	ASSERT_EQ(len, readv(self->out, in, 2));
	EXPECT_TRUE(pattern_is(self->got, len, 0, self->seed));
}

/* What does not fit is the next read's, or stays whole; or is but bytes. */
TEST_F(stream, a_read_that_is_too_short)
{
	const size_t len = 40000;

	pattern_fill(self->sent, len, 0, self->seed);
	ASSERT_EQ(len, write(self->in, self->sent, len));
	ASSERT_EQ(1000, read(self->out, self->got, 1000));
	ASSERT_EQ(20000, read(self->out, self->got + 1000, 20000));
	ASSERT_EQ(len - 21000, read(self->out, self->got + 21000, LONGEST));
	EXPECT_TRUE(pattern_is(self->got, len, 0, self->seed));

	ASSERT_EQ(0, node_set_flags(self->out, EXDMA_OPTION_WHOLE));
	memset(self->got, POISON, len);
	ASSERT_EQ(len, write(self->in, self->sent, len));
	ASSERT_EQ(10, write(self->in, self->sent, 10));
	EXPECT_EQ(-1, read(self->out, self->got, len - 1));
	EXPECT_EQ(EMSGSIZE, errno);
	EXPECT_TRUE(bytes_are(self->got, len, POISON));
	EXPECT_EQ(len, read(self->out, self->got, len));
	EXPECT_TRUE(pattern_is(self->got, len, 0, self->seed));
	EXPECT_EQ(10, read(self->out, self->got, LONGEST));

	ASSERT_EQ(0, node_set_flags(self->out, EXDMA_OPTION_BYTES));
	ASSERT_EQ(10, write(self->in, self->sent, 10));
	ASSERT_EQ(20, write(self->in, self->sent + 10, 20));
	ASSERT_TRUE(channel_stat_reaches(&self->card, EXDMA_DIR_C2H, 0, "packets", 2));
	while (!lab_count(self->lab, LAB_ENGINE_C2H(0), LAB_BYTES))
		;
	ASSERT_TRUE(becomes_readable(self->out));
	ASSERT_EQ(5, read(self->out, self->got, 5));
	for (ssize_t have = 5, n; have < 30; have += n) {
		n = read(self->out, self->got + have, LONGEST);
		ASSERT_LT(0, n);
	}
	EXPECT_TRUE(pattern_is(self->got, 30, 0, self->seed));
}

/* Bytes to the card have no packets either: the card sees no end. */
TEST_F(stream, bytes_to_the_card)
{
	uint32_t before = tails(self->lab);
	size_t have = 0;
	ssize_t n;

	ASSERT_EQ(0, node_set_flags(self->in, EXDMA_OPTION_BYTES));
	ASSERT_EQ(0, node_set_flags(self->out, EXDMA_OPTION_BYTES));
	pattern_fill(self->sent, 64 * KIB, 0, self->seed);
	ASSERT_EQ(32 * KIB, write(self->in, self->sent, 32 * KIB));
	EXPECT_EQ(before, tails(self->lab));
	ASSERT_EQ(0, node_set_flags(self->in, 0));
	ASSERT_EQ(32 * KIB, write(self->in, self->sent + 32 * KIB, 32 * KIB));
	EXPECT_EQ(before + 1, tails(self->lab));
	while (have < 64 * KIB) {
		n = read(self->out, self->got + have, LONGEST);
		ASSERT_LT(0, n);
		have += n;
	}
	EXPECT_TRUE(pattern_is(self->got, 64 * KIB, 0, self->seed));
}

TEST_F(stream, nonblocking)
{
	int out = node_open(&self->card, EXDMA_DIR_C2H, 1, O_RDONLY | O_NONBLOCK);

	ASSERT_LE(0, out);
	EXPECT_EQ(-1, read(out, self->got, 100));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_FALSE(readable(out));
	pattern_fill(self->sent, 5000, 0, self->seed);
	ASSERT_EQ(5000, write(self->in, self->sent, 5000));
	ASSERT_TRUE(becomes_readable(out));
	EXPECT_EQ(5000, read(out, self->got, LONGEST));
	EXPECT_TRUE(pattern_is(self->got, 5000, 0, self->seed));
	EXPECT_EQ(-1, read(out, self->got, 100));
	EXPECT_EQ(EAGAIN, errno);
}

/* A write that does not wait: for room, for the card, for anybody. */
TEST_F(stream, nonblocking_writes)
{
	int in = node_open(&self->card, EXDMA_DIR_H2C, 1, O_WRONLY | O_NONBLOCK);
	struct pollfd p = { .fd = in, .events = POLLOUT };
	const size_t len = 700001;
	int i, n;

	ASSERT_LE(0, in);
	behind(self->lab, 0, LAB_STREAM(LAB_H2C_STALL, LAB_C2H_LOOP));
	for (n = 0; ; n++) {
		ASSERT_GT(100, n);
		if (poll(&p, 1, 0) == 0)
			break;
		pattern_fill(self->sent, len - n, 0, self->seed + n);
		if (write(in, self->sent, len - n) < 0)
			break;
		/* it is ours again */
		memset(self->sent, POISON, len);
	}
	EXPECT_LT(10, n);
	EXPECT_EQ(0, poll(&p, 1, 0));
	EXPECT_EQ(-1, write(in, self->sent, MIB));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-1, write(in, memory(17 * MIB), 17 * MIB));
	EXPECT_EQ(EMSGSIZE, errno);

	/* also those whose file has been closed */
	close(in);
	lead(self->lab, 0, LAB_STREAM(LAB_H2C_LOOP, LAB_C2H_LOOP));
	for (i = 0; i < n; i++) {
		ASSERT_EQ(len - i, read(self->out, self->got, LONGEST));
		ASSERT_TRUE(pattern_is(self->got, len - i, 0, self->seed + i));
	}
	in = node_open(&self->card, EXDMA_DIR_H2C, 1, O_WRONLY | O_NONBLOCK);
	p.fd = in;
	EXPECT_EQ(1, poll_for(&p, 1, PATIENCE_BEATS));
	EXPECT_EQ(-1, write(in, self->sent + 2 * LONGEST - 5000, 10000));
	EXPECT_EQ(EFAULT, errno);

	/* one that fails is told later, once */
	lab_fault_value(self->lab, LAB_ENGINE_H2C(0), LAB_FAULT_ERROR, 0, 1u << 19);
	ASSERT_EQ(5000, write(in, self->sent, 5000));
	EXPECT_EQ(-1, fsync(in));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(0, fsync(in));
	lab_fault_value(self->lab, LAB_ENGINE_H2C(0), LAB_FAULT_ERROR, 0, 1u << 19);
	ASSERT_EQ(5000, write(in, self->sent, 5000));
	do
		p.revents = 0;
	while (poll_for(&p, 1, PATIENCE_BEATS) == 1 && !(p.revents & POLLERR));
	EXPECT_EQ(-1, write(in, self->sent, 5000));
	EXPECT_EQ(EIO, errno);
	ASSERT_EQ(5000, write(in, self->sent, 5000));
	EXPECT_EQ(5000, read(self->out, self->got, LONGEST));
}

/* What nobody reads waits, here and in the card; a file may begin anew. */
TEST_F(stream, packets_wait_for_a_reader)
{
	int i, n = 20;
	ssize_t got;
	int out;

	for (i = 0; i < n; i++) {
		pattern_fill(self->sent, 1000 + i, 0, self->seed + i);
		ASSERT_EQ(1000 + i, write(self->in, self->sent, 1000 + i));
	}
	close(self->out);
	out = open_out(&self->card, 1);
	for (i = 0; i < n; i++) {
		ASSERT_EQ(1000 + i, read(out, self->got, LONGEST));
		ASSERT_TRUE(pattern_is(self->got, 1000 + i, 0, self->seed + i));
	}
	for (i = 0; i < n; i++)
		ASSERT_EQ(500 + i, write(self->in, self->sent, 500 + i));
	ASSERT_TRUE(becomes_readable(out));
	while (lab_count(self->lab, LAB_ENGINE_C2H(0), LAB_BYTES) <
	       lab_count(self->lab, LAB_ENGINE_H2C(0), LAB_BYTES))
		;
	close(out);
	ASSERT_TRUE(channel_stat_reaches(&self->card, EXDMA_DIR_C2H, 0, "packets",
					 node_number(&self->card, EXDMA_DIR_H2C, 1,
						     "statistics/packets")));
	/* those are gone, but for the last ones, which may come this moment */
	out = node_open(&self->card, EXDMA_DIR_C2H, 1, O_RDONLY | O_TRUNC | O_NONBLOCK);
	for (i = 0; (got = read(out, self->got, LONGEST)) > 0; i++)
		EXPECT_LT(500, got);
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_GT(n, i);
}

/* The card holds back what does not fit into the buffers; nothing is lost. */
TEST_F(stream, a_reader_that_is_late)
{
	uint32_t lab_seed = 77, number, len, i;
	uint64_t before;

	behind(self->lab, 0, LAB_STREAM(LAB_H2C_SINK, LAB_C2H_GENERATE));
	self->lab[LAB_GEN_MIN / 4] = 1;
	self->lab[LAB_GEN_MAX / 4] = 60000;
	self->lab[LAB_GEN_COUNT / 4] = 1000;
	self->lab[LAB_GEN_SEED / 4] = lab_seed;
	self->lab[LAB_GEN_CMD / 4] = LAB_GEN_START;
	/* until it moves no more: all buffers are full */
	do {
		before = lab_count(self->lab, LAB_ENGINE_C2H(0), LAB_BYTES);
		let_pass_ns(200 * NS_PER_MS);
	} while (before != lab_count(self->lab, LAB_ENGINE_C2H(0), LAB_BYTES));
	EXPECT_GT(1000, self->lab[LAB_GEN_SENT / 4]);
	for (number = 0; number < 1000; number++) {
		len = lab_packet_len(lab_seed, number, 1, 60000);
		ASSERT_EQ(len, read(self->out, self->got, LONGEST)) TH_LOG("packet %u", number);
		for (i = 0; i < len / 4; i++)
			if (((uint32_t *)self->got)[i] != lab_packet_word(lab_seed, number, i))
				break;
		ASSERT_EQ(len / 4, i) TH_LOG("packet %u", number);
	}
}

/* Several writers and packets of several requests: nothing gets in between. */
struct pair_of_writers {
	pthread_t thread;
	struct card card;
	uint64_t seed;
	uint32_t packets;
	int wrong;
};

#define MIXED_LEN	(1300 * KIB)

static void *write_packets(void *arg)
{
	struct pair_of_writers *p = arg;
	int fd = open_in(&p->card, 1);
	uint8_t *buf = memory(MIXED_LEN);
	size_t len;
	uint32_t i;

	for (i = 0; i < p->packets; i++) {
		len = i % 3 ? 3000 + i : MIXED_LEN - i;
		pattern_fill(buf, len, (uint64_t)i << 32, p->seed);
		memcpy(buf, &p->seed, sizeof(p->seed));
		memcpy(buf + 8, &i, sizeof(i));
		if (write(fd, buf, len) != (ssize_t)len)
			p->wrong = errno ?: -1;
	}
	munmap(buf, MIXED_LEN);
	close(fd);
	return NULL;
}

TEST_F(stream, writers_do_not_mix)
{
	struct pair_of_writers w[3];
	uint32_t next[3] = { 0 }, number, i, n = 30;
	uint64_t seed;
	ssize_t len;

	for (i = 0; i < 3; i++) {
		w[i] = (struct pair_of_writers) {
			.card = self->card, .seed = self->seed + i, .packets = n,
		};
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, write_packets, &w[i]));
	}
	while (next[0] + next[1] + next[2] < 3 * n) {
		len = read(self->out, self->got, LONGEST);
		ASSERT_LE(3000, len);
		memcpy(&seed, self->got, sizeof(seed));
		memcpy(&number, self->got + 8, sizeof(number));
		i = seed - self->seed;
		ASSERT_GT(3, i);
		ASSERT_EQ(next[i]++, number);
		ASSERT_EQ(number % 3 ? 3000 + number : MIXED_LEN - number, len);
		/* all but its first 16 bytes */
		ASSERT_TRUE(pattern_is(self->got + 16, len - 16, ((uint64_t)number << 32) + 16,
				       seed));
	}
	for (i = 0; i < 3; i++) {
		pthread_join(w[i].thread, NULL);
		EXPECT_EQ(0, w[i].wrong);
	}
}

/* Random packets; the reader takes its time now and then. */
struct source {
	pthread_t thread;
	int fd;
	uint64_t seed;
	uint32_t packets;
	bool async;
	int method;
	int wrong;
};

static size_t size_of_packet(uint64_t seed, uint32_t number)
{
	struct random r = { seed + number * 7919ull };

	return random_size(&r, LONGEST);
}

static void *send_packets(void *arg)
{
	struct source *s = arg;
	uint8_t *buf = memory(LONGEST);
	uint32_t i;
	size_t len;

	for (i = 0; i < s->packets && !s->wrong; i++) {
		len = size_of_packet(s->seed, i);
		pattern_fill(buf, len, (uint64_t)i << 32, s->seed);
		if (write(s->fd, buf, len) != (ssize_t)len)
			s->wrong = errno ?: -1;
	}
	munmap(buf, LONGEST);
	return NULL;
}

/* The same with several on the way, submitted in order. */
static void *fly_packets(void *arg)
{
	struct source *s = arg;
	struct flight_request r[IN_FLIGHT] = { 0 };
	uint8_t *buf = memory(IN_FLIGHT * LONGEST);
	struct flight f;
	size_t flying = 0;
	uint32_t i, k;

	s->wrong = flight_open(&f, s->method, IN_FLIGHT);
	for (i = 0; i < s->packets && !s->wrong; i++) {
		k = i % IN_FLIGHT;
		/* its place is free, and there is room for it: none is to wait */
		for (;;) {
			bool full;

			flying = 0;
			for (int j = 0; j < IN_FLIGHT; j++)
				if (r[j].buf && !r[j].done)
					flying += r[j].len;
			full = flying + size_of_packet(s->seed, i) > 6 * MIB;
			if ((!r[k].buf || r[k].done) && (!flying || !full))
				break;
			flight_land(&f, 1);
		}
		if (r[k].buf && r[k].result != (long long)r[k].len)
			s->wrong = r[k].result < 0 ? -r[k].result : -1;
		r[k] = (struct flight_request) {
			.fd = s->fd, .write = true, .buf = buf + k * LONGEST,
			.len = size_of_packet(s->seed, i),
		};
		pattern_fill(r[k].buf, r[k].len, (uint64_t)i << 32, s->seed);
		if (flight_launch(&f, &r[k], 1) != 1)
			s->wrong = -2;
	}
	for (k = 0; k < IN_FLIGHT; k++)
		while (!s->wrong && r[k].buf && !r[k].done)
			if (!flight_land(&f, 1))
				s->wrong = ETIMEDOUT;
	flight_close(&f);
	munmap(buf, IN_FLIGHT * LONGEST);
	return NULL;
}

static void take_a_break(struct random *random)
{
	if (!random_below(random, 10))
		let_pass_ns(random_below(random, 3 * NS_PER_MS));
}

static void many(struct __test_metadata *_metadata, FIXTURE_DATA(stream) *self,
		 void *(*send)(void *), int method)
{
	struct source s = {
		.fd = self->in, .seed = self->seed, .packets = test_amount(PACKETS),
		.method = method,
	};
	struct random random = { self->seed };
	uint64_t bytes = 0, start = now_ns();
	uint32_t i;

	ASSERT_EQ(0, pthread_create(&s.thread, NULL, send, &s));
	for (i = 0; i < s.packets; i++) {
		ASSERT_EQ(size_of_packet(s.seed, i), read(self->out, self->got, LONGEST + 1)) {
			TH_LOG("packet %u: errno %d, writer %d", i, errno, s.wrong);
		}
		ASSERT_TRUE(pattern_is(self->got, size_of_packet(s.seed, i),
				       (uint64_t)i << 32, s.seed));
		bytes += size_of_packet(s.seed, i);
		take_a_break(&random);
	}
	pthread_join(s.thread, NULL);
	EXPECT_EQ(0, s.wrong);
	TH_LOG("%u packets, %llu MiB, %llu ms", i, bytes / MIB + 0ull,
	       (now_ns() - start) / NS_PER_MS + 0ull);
}

TEST_F_TIMEOUT(stream, many_packets, 900)
{
	many(_metadata, self, send_packets, 0);
}

TEST_F_TIMEOUT(stream, many_packets_libaio, 900)
{
	many(_metadata, self, fly_packets, FLIGHT_AIO);
}

TEST_F_TIMEOUT(stream, many_packets_uring, 900)
{
	many(_metadata, self, fly_packets, FLIGHT_URING);
}

/* Reads that io_uring has waiting for packets that have not come. */
TEST_F(stream, reads_that_wait_in_io_uring)
{
	struct flight_request r[8] = { 0 };
	bool seen[8] = { false };
	struct flight f;
	int i, k;

	ASSERT_EQ(0, flight_open(&f, FLIGHT_URING, 8));
	for (i = 0; i < 8; i++)
		r[i] = (struct flight_request) {
			.fd = self->out, .buf = self->got + i * 10000, .len = 10000,
		};
	ASSERT_EQ(8, flight_launch(&f, r, 8));
	let_pass_ns(50 * NS_PER_MS);
	EXPECT_EQ(0, flight_land(&f, 0));
	for (i = 0; i < 8; i++) {
		pattern_fill(self->sent, 5000 + i, 0, self->seed + i);
		ASSERT_EQ(5000 + i, write(self->in, self->sent, 5000 + i));
	}
	ASSERT_EQ(8, flight_land(&f, 8));
	/* each packet has come whole, to one of them */
	for (i = 0; i < 8; i++) {
		k = r[i].result - 5000;
		ASSERT_TRUE(k >= 0 && k < 8 && !seen[k]) TH_LOG("result %lld", r[i].result);
		seen[k] = true;
		EXPECT_TRUE(pattern_is(r[i].buf, 5000 + k, 0, self->seed + k));
	}
	flight_close(&f);
}

/* The card takes nothing: for as long as it likes, but not from the dead. */
TEST_F(stream, a_card_that_takes_nothing)
{
	long long before = node_number(&self->card, EXDMA_DIR_H2C, 1, "statistics/timeouts");
	struct writer w;
	int status;
	pid_t child;

	behind(self->lab, 0, LAB_STREAM(LAB_H2C_STALL, LAB_C2H_SILENT));
	ASSERT_EQ(0, param_put("timeout_ms", "300"));
	ASSERT_TRUE(write_aside(&w, self->in, self->sent, 100000));
	let_pass_ns(NS_PER_SEC);	/* longer than the timeout of others */
	EXPECT_FALSE(w.done);
	EXPECT_EQ(before, node_number(&self->card, EXDMA_DIR_H2C, 1, "statistics/timeouts"));
	behind(self->lab, 0, LAB_STREAM(LAB_H2C_SINK, LAB_C2H_SILENT));
	pthread_join(w.thread, NULL);
	EXPECT_EQ(100000, w.result);

	behind(self->lab, 0, LAB_STREAM(LAB_H2C_STALL, LAB_C2H_SILENT));
	child = fork();
	if (!child) {
		write(self->in, self->sent, 2 * MIB);
		_exit(0);
	}
	ASSERT_TRUE(wait_in_call(child, SYS_write));
	kill(child, SIGKILL);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(before + 1, node_number(&self->card, EXDMA_DIR_H2C, 1, "statistics/timeouts"));
	/* and the channel works; if that took a reset, a reader is told */
	behind(self->lab, 0, LAB_STREAM(LAB_H2C_LOOP, LAB_C2H_LOOP));
	close(self->out);
	self->out = node_open(&self->card, EXDMA_DIR_C2H, 1, O_RDONLY | O_TRUNC);
	send_and_get(_metadata, self, self->sent, self->got, 70000);
}

/* One that is killed behind somebody who waits for the card, and who goes on. */
TEST_F(stream, killed_behind_others)
{
	struct writer w;
	int status;
	pid_t child;

	behind(self->lab, 0, LAB_STREAM(LAB_H2C_STALL, LAB_C2H_SILENT));
	ASSERT_EQ(0, param_put("timeout_ms", "300"));
	ASSERT_TRUE(write_aside(&w, self->in, self->sent, 2 * MIB));
	ASSERT_TRUE(is_in_call(&w, SYS_write));
	child = fork();
	if (!child) {
		(void)!write(open_in(&self->card, 1), self->sent, 3 * MIB);
		_exit(0);
	}
	ASSERT_TRUE(wait_in_call(child, SYS_write));
	kill(child, SIGKILL);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_FALSE(w.done);
	lead(self->lab, 0, LAB_STREAM(LAB_H2C_SINK, LAB_C2H_SILENT));
	pthread_join(w.thread, NULL);
	EXPECT_EQ(2 * MIB, w.result);
	EXPECT_EQ(2 * MIB, write(self->in, self->sent, 2 * MIB));
}

/* A program that ends with calls on the way, some of which wait for their turn. */
TEST_F(stream, ends_with_calls_on_the_way)
{
	static const enum flight_method methods[] = { FLIGHT_AIO, FLIGHT_URING };
	struct exdma_options options = { .size = sizeof(options) };
	struct flight_request r[2] = { 0 };
	struct flight f;
	unsigned int i;
	int status, fd;
	pid_t child;

	ASSERT_EQ(0, param_put("timeout_ms", "300"));
	for (i = 0; i < 2 * ARRAY_SIZE(methods); i++) {
		behind(self->lab, 0, LAB_STREAM(LAB_H2C_STALL, LAB_C2H_SILENT));
		child = fork();
		if (!child) {
			fd = open_in(&self->card, 1);
			ioctl(fd, EXDMA_IOC_GET_OPTIONS, &options);
			options.dispatch = i % 2 ? EXDMA_DISPATCH_SEQUENTIAL :
						   EXDMA_DISPATCH_PARALLEL;
			ioctl(fd, EXDMA_IOC_SET_OPTIONS, &options);
			flight_open(&f, methods[i / 2], 2);
			r[0] = (struct flight_request) {
				.fd = fd, .write = true, .buf = self->sent, .len = 200000,
			};
			r[1] = r[0];
			_exit(flight_launch(&f, r, 2) != 2);
		}
		ASSERT_EQ(child, waitpid(child, &status, 0));
		EXPECT_EQ(0, status);
		/* the channel is free soon, whatever the card does */
		ASSERT_TRUE(channel_stat_becomes(&self->card, EXDMA_DIR_H2C, 0, "pinned_bytes", 0));
		behind(self->lab, 0, LAB_STREAM(LAB_H2C_SINK, LAB_C2H_SILENT));
		ASSERT_EQ(100000, write(self->in, self->sent, 100000));
	}
}

/* A file's own timeout holds for streams, too. */
TEST_F(stream, a_timeout_that_was_asked_for)
{
	behind(self->lab, 0, LAB_STREAM(LAB_H2C_STALL, LAB_C2H_SILENT));
	ASSERT_EQ(0, node_set_timeout(self->in, 200));
	EXPECT_EQ(-1, write(self->in, self->sent, 2 * MIB));
	EXPECT_EQ(ETIMEDOUT, errno);
}

/* A reset tears what is on the way: one error, and all is well again. */
TEST_F(stream, reset)
{
	struct writer w;
	int card = node_open(&self->card, 0, CARD_NODE, O_RDWR);
	int round;

	ASSERT_LE(0, card);
	for (round = 0; round < 10; round++) {
		behind(self->lab, 0, LAB_STREAM(LAB_H2C_STALL, LAB_C2H_LOOP));
		/* A writer that sleeps may have come no further than to a lock. */
		lab_hold(self->lab, EXDMA_DIR_H2C, 0);
		ASSERT_TRUE(write_aside(&w, self->in, self->sent, 2 * MIB));
		ASSERT_TRUE(lab_wait_held(self->lab, EXDMA_DIR_H2C, 0));
		lab_let_go(self->lab, EXDMA_DIR_H2C, 0);
		ASSERT_EQ(0, ioctl(card, EXDMA_IOC_RESET));
		pthread_join(w.thread, NULL);
		EXPECT_EQ(-1, w.result);
		EXPECT_EQ(EIO, w.err);
		EXPECT_EQ(-1, read(self->out, self->got, LONGEST));
		EXPECT_EQ(EIO, errno);
		behind(self->lab, 0, LAB_STREAM(LAB_H2C_LOOP, LAB_C2H_LOOP));
		send_and_get(_metadata, self, self->sent, self->got, 100000 + round);
	}
}

/* An engine that stops with an error fails one packet. */
TEST_F(stream, errors_of_the_engines)
{
	lab_fault_value(self->lab, LAB_ENGINE_H2C(0), LAB_FAULT_ERROR, 0, 1u << 19);
	EXPECT_EQ(-1, write(self->in, self->sent, 2 * MIB));
	EXPECT_EQ(EIO, errno);
	send_and_get(_metadata, self, self->sent, self->got, 70000);

	/* the engine is in a descriptor now: the one behind it fails */
	lab_fault_value(self->lab, LAB_ENGINE_C2H(0), LAB_FAULT_ERROR, 0, 1u << 19);
	pattern_fill(self->sent, 5000, 0, self->seed);
	ASSERT_EQ(5000, write(self->in, self->sent, 5000));
	ASSERT_EQ(5000, read(self->out, self->got, LONGEST));
	EXPECT_TRUE(pattern_is(self->got, 5000, 0, self->seed));
	EXPECT_EQ(-1, read(self->out, self->got, LONGEST));
	EXPECT_EQ(EIO, errno);
	send_and_get(_metadata, self, self->sent, self->got, 70000);
}

/* Signals do not cut a packet, nor lose one for a reader. */
static void on_signal(int signo)
{
	(void)signo;
}

static void stop_by_hand(struct __test_metadata *_metadata, FIXTURE_DATA(stream) *self, int dir)
{
	const uint32_t run = 1;
	int control = part_open(&self->card, "control", O_RDWR);

	ASSERT_LE(0, control);
	/* Control, W1C, of the first channel */
	ASSERT_EQ(sizeof(run), pwrite(control, &run, sizeof(run), dir * 0x1000 + 0x0c));
	close(control);
}

/*
 * Somebody clears the Run bit of an engine that waits for the stream: no error,
 * no interrupt. It is noticed, told once, and the engine runs again.
 */
TEST_F(stream, engines_that_stop_without_a_word)
{
	const struct card *card = &self->card;
	long long errors = channel_stat(card, EXDMA_DIR_C2H, 0, "errors"), runs;
	struct writer w;

	stop_by_hand(_metadata, self, EXDMA_DIR_C2H);
	errno = 0;
	EXPECT_EQ(-1, read(self->out, self->got, LONGEST));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(errors + 1, channel_stat(card, EXDMA_DIR_C2H, 0, "errors"));
	send_and_get(_metadata, self, self->sent, self->got, 100001);

	errors = channel_stat(card, EXDMA_DIR_H2C, 0, "errors");
	runs = channel_stat(card, EXDMA_DIR_H2C, 0, "runs");
	behind(self->lab, 0, LAB_STREAM(LAB_H2C_STALL, LAB_C2H_LOOP));
	ASSERT_TRUE(write_aside(&w, self->in, self->sent, 100));
	ASSERT_TRUE(channel_stat_reaches(card, EXDMA_DIR_H2C, 0, "runs", runs + 1));
	stop_by_hand(_metadata, self, EXDMA_DIR_H2C);
	pthread_join(w.thread, NULL);
	EXPECT_EQ(-1, w.result);
	EXPECT_EQ(EIO, w.err);
	EXPECT_EQ(errors + 1, channel_stat(card, EXDMA_DIR_H2C, 0, "errors"));
	behind(self->lab, 0, LAB_STREAM(LAB_H2C_LOOP, LAB_C2H_LOOP));
	send_and_get(_metadata, self, self->sent, self->got, 100001);
}

TEST_F(stream, signals)
{
	const size_t len = 2 * LONGEST - 1;
	struct sigaction action = { .sa_handler = on_signal };
	struct writer w;
	int i;

	sigaction(SIGUSR1, &action, NULL);
	pattern_fill(self->sent, len, 0, self->seed);
	ASSERT_TRUE(write_aside(&w, self->in, self->sent, len));
	for (i = 0; i < 20; i++) {
		pthread_kill(w.thread, SIGUSR1);
		let_pass_ns(NS_PER_MS);
	}
	EXPECT_FALSE(w.done);	/* it is more than all buffers hold */
	ASSERT_EQ(len, read(self->out, self->got, len + 1));
	pthread_join(w.thread, NULL);
	EXPECT_EQ(len, w.result);
	EXPECT_TRUE(pattern_is(self->got, len, 0, self->seed));
}

static void *read_it(void *arg)
{
	struct writer *r = arg;

	r->tid = syscall(SYS_gettid);
	r->result = read(r->fd, (void *)r->buf, r->len);
	r->err = r->result < 0 ? errno : 0;
	return NULL;
}

/* What a reader, and one who waits for a packet, may expect. */
TEST_F(stream, readers)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct writer r;
	int i, other;

	EXPECT_EQ(0, read(self->out, self->got, 0));
	/* nobody waits for a reader to open the stream */
	r = (struct writer) { .fd = self->out, .buf = self->got, .len = LONGEST };
	ASSERT_EQ(0, pthread_create(&r.thread, NULL, read_it, &r));
	ASSERT_TRUE(is_in_call(&r, SYS_read));
	other = open_out(&self->card, 1);
	ASSERT_LE(0, other);
	EXPECT_EQ(-1, node_open(&self->card, EXDMA_DIR_C2H, 1, O_RDONLY | O_TRUNC | O_NONBLOCK));
	EXPECT_EQ(EAGAIN, errno);

	/* a signal comes before a packet, or not at all */
	sigaction(SIGUSR1, &action, NULL);
	ASSERT_EQ(0, node_set_flags(self->in, EXDMA_OPTION_BYTES));
	pattern_fill(self->sent, 100 * KIB, 0, self->seed);
	ASSERT_EQ(64 * KIB, write(self->in, self->sent, 64 * KIB));
	for (i = 0; i < 20; i++) {
		pthread_kill(r.thread, SIGUSR1);
		let_pass_ns(NS_PER_MS);
	}
	pthread_join(r.thread, NULL);
	EXPECT_EQ(-1, r.result);
	EXPECT_EQ(EINTR, r.err);
	ASSERT_EQ(0, node_set_flags(self->in, 0));
	ASSERT_EQ(36 * KIB, write(self->in, self->sent + 64 * KIB, 36 * KIB));
	EXPECT_EQ(100 * KIB, read(self->out, self->got, LONGEST));
	EXPECT_TRUE(pattern_is(self->got, 100 * KIB, 0, self->seed));
	/* a packet of bytes fills the datapath */
	ASSERT_EQ(0, node_set_flags(self->in, EXDMA_OPTION_BYTES));
	EXPECT_EQ(-1, write(self->in, self->sent, 1001));
	EXPECT_EQ(EINVAL, errno);
}

/* The driver goes with a reader and a writer in their calls. */
TEST_F(stream, unbind)
{
	struct pollfd p = { .fd = self->out, .events = POLLIN };
	struct writer w, r;
	int round;

	for (round = 0; round < 3; round++) {
		behind(self->lab, 0, LAB_STREAM(LAB_H2C_STALL, LAB_C2H_SILENT));
		ASSERT_TRUE(write_aside(&w, self->in, self->sent, 2 * MIB));
		r = (struct writer) { .fd = self->out, .buf = self->got, .len = LONGEST };
		ASSERT_EQ(0, pthread_create(&r.thread, NULL, read_it, &r));
		ASSERT_TRUE(is_in_call(&w, SYS_write));
		ASSERT_TRUE(is_in_call(&r, SYS_read));
		ASSERT_EQ(0, card_unbind(&self->card));
		pthread_join(w.thread, NULL);
		pthread_join(r.thread, NULL);
		EXPECT_EQ(ENODEV, w.err);
		EXPECT_EQ(ENODEV, r.err);
		p.fd = self->out;
		EXPECT_EQ(1, poll(&p, 1, 0));
		EXPECT_TRUE(p.revents & POLLHUP);
		close(self->in);
		close(self->out);
		ASSERT_EQ(0, card_bind(&self->card));
		ASSERT_TRUE(card_at(&self->card, self->card.bdf));
		behind(self->lab, 0, LAB_STREAM(LAB_H2C_LOOP, LAB_C2H_LOOP));
		self->in = open_in(&self->card, 1);
		self->out = open_out(&self->card, 1);
		send_and_get(_metadata, self, self->sent, self->got, 123456);
	}
}

/*
 * The generator has data always ready: the engine waits for nothing but buffers.
 * How much of the time it does not, in percent, while @bytes come; negative: an error.
 * With credits its run never ends: then it is what it moves, of what the link of this
 * rate can. All of it by the card's books.
 */
static double busy_at(FIXTURE_DATA(stream) *self, uint32_t rate, uint64_t bytes)
{
	static const uint8_t which[] = { LAB_BUSY_NS, LAB_IDLE_NS, LAB_BYTES };
	uint64_t count[3], got = 0, time;
	char credits[8] = "";
	ssize_t n;
	int i;

	lab_fault_value(self->lab, LAB_ENGINE_C2H(0), LAB_FAULT_SLOW, 0, rate);
	for (i = 0; i < 3; i++)
		count[i] = lab_count(self->lab, LAB_ENGINE_C2H(0), which[i]);
	while (got < bytes) {
		n = read(self->out, self->got, LONGEST);
		if (n <= 0)
			return -1;
		got += n;
	}
	for (i = 0; i < 3; i++)
		count[i] = lab_count(self->lab, LAB_ENGINE_C2H(0), which[i]) - count[i];
	time = count[0] + count[1];
	lab_fault_value(self->lab, LAB_ENGINE_C2H(0), LAB_FAULT_SLOW, 0, 0);
	if (get_text("/sys/module/exdma_xdma/parameters/credits", credits, sizeof(credits)) &&
	    credits[0] == 'Y')
		return 100.0 * count[2] * NS_PER_SEC / rate / time;
	return 100.0 * count[0] / time;
}

TEST_F_TIMEOUT(stream, the_engine_is_kept_busy, 240)
{
	double slow = 0, fast;
	int tries;

	behind(self->lab, 0, LAB_STREAM(LAB_H2C_SINK, LAB_C2H_GENERATE));
	self->lab[LAB_GEN_MIN / 4] = 1000;
	self->lab[LAB_GEN_MAX / 4] = 200000;
	self->lab[LAB_GEN_COUNT / 4] = LAB_GEN_FOREVER;
	self->lab[LAB_GEN_CMD / 4] = LAB_GEN_START;
	ASSERT_LT(0, read(self->out, self->got, LONGEST));
	fast = busy_at(self, 32 * MIB, 64 * MIB);
	/* the host may have had others to care for */
	for (tries = 0; tries < 20 && slow < 95.0; tries++)
		slow = busy_at(self, 4 * MIB, 12 * MIB);
	TH_LOG("busy %.2f %% at 4 MiB/s, %.2f %% at 32", slow, fast);
	EXPECT_LE(95.0, slow);
	/* a busy host may not keep up with the fast one at all */
	EXPECT_LT(0.0, fast);
}

TEST_HARNESS_MAIN
