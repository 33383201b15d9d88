// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fixed card addresses (EXDMA_OPTION_FIXED): all data goes to one place, or comes
 * from there. The virtual card's memory does what a FIFO would: of what was
 * written the last step of its datapath stays.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "card.h"
#include "flight.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"

#define HOME	(96 * MIB)
#define LEN	(300 * KIB)

CARD_NEEDS(GIB);

FIXTURE(fixed) {
	struct card card;
	uint64_t seed;
	uint32_t beat;
	int in, out;	/* at a fixed address */
	uint8_t *buf;
};

FIXTURE_SETUP(fixed)
{
	struct exdma_channel_info info = { .size = sizeof(info) };

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->in = open_in(&self->card, 1);
	self->out = open_out(&self->card, 1);
	ASSERT_LE(0, self->in);
	ASSERT_LE(0, self->out);
	ASSERT_EQ(0, ioctl(self->in, EXDMA_IOC_CHANNEL_INFO, &info));
	self->beat = info.beat;
	ASSERT_LE(8, self->beat);
	ASSERT_EQ(0, node_set_flags(self->in, EXDMA_OPTION_FIXED));
	ASSERT_EQ(0, node_set_flags(self->out, EXDMA_OPTION_FIXED));
	self->buf = memory(2 * LEN);
}

FIXTURE_TEARDOWN_PARENT(fixed)
{
	param_put("timeout_ms", TIMEOUT_DEFAULT);
	lab_let_go_all(&self->card);
}

/* Everything around it stays as it was. */
static void expect_one_beat(struct __test_metadata *_metadata, FIXTURE_DATA(fixed) *self,
			    const uint8_t *beat)
{
	int fd = open_out(&self->card, 1);
	uint8_t around[3 * 512];

	ASSERT_EQ(sizeof(around), pread(fd, around, sizeof(around), HOME - 512));
	EXPECT_TRUE(bytes_are(around, 512, POISON));
	EXPECT_EQ(0, memcmp(around + 512, beat, self->beat));
	EXPECT_TRUE(bytes_are(around + 512 + self->beat, 1024 - self->beat, POISON));
	close(fd);
}

static void poison(struct __test_metadata *_metadata, FIXTURE_DATA(fixed) *self)
{
	int fd = open_in(&self->card, 1);

	memset(self->buf, POISON, 2 * LEN);
	ASSERT_EQ(2 * LEN, pwrite(fd, self->buf, 2 * LEN, HOME - 512));
	close(fd);
}

TEST_F(fixed, all_to_one_place)
{
	static const size_t lens[] = { 64, 128, 4096, 8192, LEN };
	unsigned int i;
	size_t at;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		poison(_metadata, self);
		pattern_fill(self->buf, lens[i], 0, ++self->seed);
		ASSERT_EQ(lens[i], pwrite(self->in, self->buf, lens[i], HOME));
		expect_one_beat(_metadata, self, self->buf + lens[i] - self->beat);
		memset(self->buf + LEN, 0, LEN);
		ASSERT_EQ(lens[i], pread(self->out, self->buf + LEN, lens[i], HOME));
		for (at = 0; at < lens[i]; at += self->beat)
			ASSERT_EQ(0, memcmp(self->buf + LEN + at,
					    self->buf + lens[i] - self->beat, self->beat));
	}
}

TEST_F(fixed, position_and_bounds)
{
	ASSERT_EQ(HOME, lseek(self->in, HOME, SEEK_SET));
	ASSERT_EQ(4096, write(self->in, self->buf, 4096));
	EXPECT_EQ(HOME, lseek(self->in, 0, SEEK_CUR));

	EXPECT_EQ(-1, pwrite(self->in, self->buf + 4, 64, HOME));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pwrite(self->in, self->buf, self->beat + 4, HOME));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, pread(self->out, self->buf, 64, HOME + 4));
	EXPECT_EQ(EINVAL, errno);

	/* the address is within the card's memory; how much goes there is not its matter */
	ASSERT_EQ(0, set_aperture(&self->card, HOME + 64));
	EXPECT_EQ(LEN, pwrite(self->in, self->buf, LEN, HOME));
	EXPECT_EQ(-1, pwrite(self->in, self->buf, 64, HOME + 64));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_EQ(0, pread(self->out, self->buf, 64, HOME + 64));
	ASSERT_EQ(0, set_aperture(&self->card, 0));
	EXPECT_EQ(-EINVAL, node_set_flags(node_open(&self->card, 0, CARD_NODE, O_RDWR),
				     EXDMA_OPTION_FIXED));
}

/* Calls of both kinds on one engine at once. */
struct caller {
	pthread_t thread;
	struct card card;
	bool fixed;
	uint64_t addr, seed;
	int wrong;
};

static void *call_often(void *arg)
{
	struct caller *c = arg;
	uint8_t *buf = memory(64 * KIB), *back = memory(64 * KIB);
	int in = open_in(&c->card, 1), out = open_out(&c->card, 1), i;

	if (c->fixed && node_set_flags(in, EXDMA_OPTION_FIXED))
		c->wrong = 1;
	for (i = 0; i < 100 && !c->wrong; i++) {
		pattern_fill(buf, 64 * KIB, c->addr, c->seed + i);
		if (pwrite(in, buf, 64 * KIB, c->addr) != 64 * KIB)
			c->wrong = 2;
		if (pread(out, back, c->fixed ? 8 : 64 * KIB, c->addr) < 0)
			c->wrong = 3;
		if (!c->fixed && memcmp(buf, back, 64 * KIB))
			c->wrong = 4;
	}
	close(in);
	close(out);
	return NULL;
}

TEST_F(fixed, beside_others)
{
	struct caller c[4];
	int i;

	for (i = 0; i < 4; i++) {
		c[i] = (struct caller) {
			.card = self->card, .fixed = i % 2, .seed = self->seed,
			.addr = HOME + i * MIB,
		};
		ASSERT_EQ(0, pthread_create(&c[i].thread, NULL, call_often, &c[i]));
	}
	for (i = 0; i < 4; i++) {
		pthread_join(c[i].thread, NULL);
		EXPECT_EQ(0, c[i].wrong);
	}
}

/* A FIFO must not see its data twice: what a hang has torn fails. */
TEST_F(fixed, is_not_run_again)
{
	struct flight_request r = {
		.fd = self->in, .write = true, .buf = self->buf, .len = LEN, .addr = HOME,
	};
	lab_t lab = lab_map(&self->card);
	struct flight f;

	if (!lab)
		SKIP(return, "this card has no lab block");
	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_HELD));
	ASSERT_EQ(0, flight_open(&f, FLIGHT_AIO, 1));
	lab_hold(lab, EXDMA_DIR_H2C, 0);
	ASSERT_EQ(1, flight_launch(&f, &r, 1));
	/* not before: an engine that has not begun stops, and hangs in its next run */
	ASSERT_TRUE(lab_wait_held(lab, EXDMA_DIR_H2C, 0));
	ASSERT_EQ(0, param_put("timeout_ms", "100"));
	ASSERT_EQ(1, flight_land(&f, 1));
	EXPECT_EQ(-ETIMEDOUT, r.result);
	flight_close(&f);
	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_DEFAULT));
	EXPECT_EQ(LEN, pwrite(self->in, self->buf, LEN, HOME));
}

/* Nor what was through when somebody reset the card. */
TEST_F(fixed, not_even_by_a_reset)
{
	struct flight_request r[16] = { 0 };
	long long wrong = 0, moved = 0;
	lab_t lab = lab_map(&self->card);
	struct flight f;
	uint64_t before, bytes;
	int i, card = node_open(&self->card, 0, CARD_NODE, O_RDWR);

	if (!lab)
		SKIP(return, "this card has no lab block");
	lab_fault_value(lab, LAB_ENGINE_H2C(0), LAB_FAULT_SLOW, 0, MIB / 2);
	before = lab_count(lab, LAB_ENGINE_H2C(0), LAB_BYTES);
	ASSERT_EQ(0, flight_open(&f, FLIGHT_AIO, 16));
	for (i = 0; i < 16; i++)
		r[i] = (struct flight_request) {
			.fd = self->in, .write = true, .buf = self->buf, .len = 64 * KIB,
			.addr = HOME,
		};
	ASSERT_EQ(16, flight_launch(&f, r, 16));
	do
		bytes = lab_count(lab, LAB_ENGINE_H2C(0), LAB_BYTES) - before;
	while (bytes < 5 * 64 * KIB);
	ASSERT_EQ(0, ioctl(card, EXDMA_IOC_RESET));
	lab_fault_value(lab, LAB_ENGINE_H2C(0), LAB_FAULT_SLOW, 0, 0);
	ASSERT_EQ(16, flight_land(&f, 16));
	bytes = lab_count(lab, LAB_ENGINE_H2C(0), LAB_BYTES) - before;
	for (i = 0; i < 16; i++) {
		if (r[i].result == 64 * (long long)KIB)
			moved += r[i].result;
		else
			wrong++;
	}
	/* one was torn, of which the card has a part; each of the others went once */
	EXPECT_LE(1, wrong);
	EXPECT_LE(moved, bytes);
	EXPECT_GE(moved + wrong * 64 * (long long)KIB, bytes) {
		TH_LOG("%lld bytes told, %llu moved", moved, bytes + 0ull);
	}
	flight_close(&f);
}

TEST_HARNESS_MAIN
