// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asynchronous transfers by every interface that Linux has for them: libaio and
 * io_uring, with registered buffers, with completions that are polled for. The
 * data arrives where the offset says; what is reported is what moved; and
 * nobody waits for the engine who did not ask to.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "card.h"
#include "flight.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"

#define HOME	(768 * MIB)
#define ROOM	(20 * MIB)
#define PAGE	4096ul

FIXTURE(async) {
	struct card card;
	uint64_t seed;
	struct random random;
	uint64_t home;		/* card address that the tests begin at, */
	uint64_t most;		/* and the bytes that there are from there on */
	uint8_t *buf;
	int in, out;
	struct flight f;
	lab_t lab;
};

FIXTURE_VARIANT(async) {
	enum flight_method method;
	int way;
};

FIXTURE_VARIANT_ADD(async, aio) { .method = FLIGHT_AIO, .way = 1 };
FIXTURE_VARIANT_ADD(async, aio_card_node) { .method = FLIGHT_AIO };
FIXTURE_VARIANT_ADD(async, uring) { .method = FLIGHT_URING, .way = 1 };
FIXTURE_VARIANT_ADD(async, uring_card_node) { .method = FLIGHT_URING };
FIXTURE_VARIANT_ADD(async, fixed) { .method = FLIGHT_FIXED, .way = 1 };
FIXTURE_VARIANT_ADD(async, iopoll) { .method = FLIGHT_IOPOLL, .way = 1 };
FIXTURE_VARIANT_ADD(async, iopoll_card_node) { .method = FLIGHT_IOPOLL };
FIXTURE_VARIANT_ADD(async, fixed_iopoll) { .method = FLIGHT_FIXED_IOPOLL, .way = 1 };

FIXTURE_SETUP(async)
{
	int flags = flight_open_flags(variant->method), err;

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->random.state = self->seed;
	self->home = self->card.memory ? 0 : HOME;
	self->most = self->card.memory ? self->card.memory : GIB;
	self->lab = lab_map(&self->card);
	self->buf = memory(ROOM);
	ASSERT_NE(NULL, self->buf);
	self->in = node_open(&self->card, EXDMA_DIR_H2C, variant->way, O_WRONLY | flags);
	self->out = node_open(&self->card, EXDMA_DIR_C2H, variant->way, O_RDONLY | flags);
	ASSERT_LE(0, self->in) TH_LOG("errno %d", errno);
	ASSERT_LE(0, self->out) TH_LOG("errno %d", errno);
	err = flight_open(&self->f, variant->method, 64);
	if (err == -ENOSYS || err == -EPERM)
		SKIP(return, "this kernel does not offer it: %d", err);
	ASSERT_EQ(0, err);
	ASSERT_EQ(0, flight_buffer(&self->f, self->buf, ROOM));
}

/* Also when the test has died. */
FIXTURE_TEARDOWN_PARENT(async)
{
	param_put("timeout_ms", TIMEOUT_DEFAULT);
	set_aperture(&self->card, 0);
	lab_let_go_all(&self->card);
}

static struct flight_request to_card(FIXTURE_DATA(async) *self, size_t at, size_t len,
				     uint64_t addr)
{
	return (struct flight_request) {
		.fd = self->in, .write = true, .buf = self->buf + at, .len = len, .addr = addr,
	};
}

static struct flight_request from_card(FIXTURE_DATA(async) *self, size_t at, size_t len,
				       uint64_t addr)
{
	return (struct flight_request) {
		.fd = self->out, .buf = self->buf + at, .len = len, .addr = addr,
	};
}

/* Submits requests together, and waits for all of them. */
static void fly(struct __test_metadata *_metadata, FIXTURE_DATA(async) *self,
		struct flight_request *r, unsigned int n)
{
	unsigned int i;

	ASSERT_EQ(n, flight_launch(&self->f, r, n));
	ASSERT_EQ(n, flight_land(&self->f, n)) {
		for (i = 0; i < n; i++)
			if (!r[i].done)
				TH_LOG("request %u of %u never completed", i, n);
	}
}

static long long fly_one(struct __test_metadata *_metadata, FIXTURE_DATA(async) *self,
			 struct flight_request r)
{
	fly(_metadata, self, &r, 1);
	return r.result;
}

static void there_and_back(struct __test_metadata *_metadata, FIXTURE_DATA(async) *self,
			   size_t at, size_t len, uint64_t addr)
{
	const size_t around = 64;
	uint8_t *buf = self->buf + at;
	uint64_t seed = random_next(&self->random);

	pattern_fill(buf, len, addr, seed);
	ASSERT_EQ(len, fly_one(_metadata, self, to_card(self, at, len, addr))) {
		TH_LOG("writing %zu from byte %zu to 0x%llx", len, at, addr + 0ull);
	}
	memset(buf - around, POISON, len + 2 * around);
	ASSERT_EQ(len, fly_one(_metadata, self, from_card(self, at, len, addr))) {
		TH_LOG("reading %zu to byte %zu from 0x%llx", len, at, addr + 0ull);
	}
	EXPECT_TRUE(pattern_is(buf, len, addr, seed));
	EXPECT_TRUE(bytes_are(buf - around, around, POISON));
	EXPECT_TRUE(bytes_are(buf + len, around, POISON));
}

TEST_F(async, small_sizes_at_odd_places)
{
	const uint32_t grain = self->card.grain, align = self->card.align;
	const size_t sizes[] = {
		grain, 7 * grain, 64, 512, PAGE - grain, PAGE, PAGE + grain, 3 * PAGE,
		16 * KIB - grain, 16 * KIB, 16 * KIB + grain, 64 * KIB,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (sizes[i] + 3 * align > self->most)
			break;
		there_and_back(_metadata, self, PAGE, sizes[i], self->home);
		there_and_back(_metadata, self, 3 * PAGE - 5 * align, sizes[i],
			       self->home + 3 * align);
	}
}

/* In one request, in several, in more than is pinned at a time. */
TEST_F(async, large_sizes)
{
	const uint32_t grain = self->card.grain;
	const size_t sizes[] = {
		MIB - grain, MIB, MIB + grain, 3 * MIB + 5 * grain, 8 * MIB - PAGE, 8 * MIB,
		8 * MIB + grain, 9 * MIB, 17 * MIB,
	};
	unsigned int i;

	if (!card_has(&self->card, HOME + 17 * MIB))
		SKIP(return, TOO_SMALL);
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		there_and_back(_metadata, self, PAGE + 2 * self->card.align, sizes[i], HOME);
}

/* Data in many pieces, which begin and end where they like. */
TEST_F(async, vectors)
{
	const uint32_t unit = self->card.align > self->card.grain ? self->card.align :
								    self->card.grain;
	struct iovec iov[32];
	const size_t longest = self->most / ARRAY_SIZE(iov) < 40000 ?
			       self->most / ARRAY_SIZE(iov) : 40000;
	struct flight_request r;
	uint8_t *flat = memory(4 * MIB);
	size_t len, at, sum;
	unsigned int i, k;
	uint64_t seed;

	for (k = 0; k < 8; k++) {
		seed = random_next(&self->random);
		for (i = 0, sum = 0, at = 0; i < ARRAY_SIZE(iov); i++) {
			len = i % 8 == 5 ? 0 : random_size(&self->random, longest) / unit * unit;
			iov[i] = (struct iovec) { self->buf + at, len };
			pattern_fill(iov[i].iov_base, len, self->home + sum, seed);
			sum += len;
			at += len + (1 + random_below(&self->random, 5000)) * unit;
		}
		r = to_card(self, 0, 0, self->home);
		r.iov = iov;
		r.pieces = ARRAY_SIZE(iov);
		ASSERT_EQ(sum, fly_one(_metadata, self, r));
		memset(self->buf, POISON, at);
		r = from_card(self, 0, 0, self->home);
		r.iov = iov;
		r.pieces = ARRAY_SIZE(iov);
		ASSERT_EQ(sum, fly_one(_metadata, self, r));
		for (i = 0, sum = 0; i < ARRAY_SIZE(iov); i++) {
			memcpy(flat + sum, iov[i].iov_base, iov[i].iov_len);
			memset(iov[i].iov_base, POISON, iov[i].iov_len);
			sum += iov[i].iov_len;
		}
		EXPECT_TRUE(pattern_is(flat, sum, self->home, seed));
		/* and nothing between the pieces has been touched */
		EXPECT_TRUE(bytes_are(self->buf, at, POISON));
	}
	munmap(flat, 4 * MIB);
}

/* The address is the offset of the request; the file's position is nobody's. */
TEST_F(async, the_offset_is_the_address)
{
	const size_t gap = self->most < MIB ? self->most / 16 : 32 * KIB, len = gap / 4;
	struct flight_request r[16];
	unsigned int i;

	ASSERT_EQ(gap, lseek(self->in, gap, SEEK_SET));
	for (i = 0; i < 16; i++) {
		r[i] = to_card(self, i * len, len, self->home + i * 7 % 16 * gap);
		pattern_fill(r[i].buf, len, r[i].addr, self->seed);
	}
	fly(_metadata, self, r, 16);
	EXPECT_EQ(gap, lseek(self->in, 0, SEEK_CUR));
	memset(self->buf, POISON, 16 * len);
	for (i = 0; i < 16; i++) {
		EXPECT_EQ(len, r[i].result);
		r[i] = from_card(self, i * len, len, self->home + i * gap);
	}
	fly(_metadata, self, r, 16);
	EXPECT_EQ(0, lseek(self->out, 0, SEEK_CUR));
	for (i = 0; i < 16; i++) {
		EXPECT_EQ(len, r[i].result);
		EXPECT_TRUE(pattern_is(r[i].buf, len, r[i].addr, self->seed));
	}
}

/*
 * io_uring: the offset -1 means the position. Whether that moves on, if the
 * request did not complete at once, is a matter of io_uring alone.
 */
TEST_F(async, the_position_of_the_file)
{
	const size_t piece = PAGE / 4;

	if (variant->method == FLIGHT_AIO)
		SKIP(return, "libaio has no such thing");
	pattern_fill(self->buf, 3 * piece, self->home, self->seed);
	ASSERT_EQ(self->home, lseek(self->in, self->home, SEEK_SET));
	ASSERT_EQ(piece, fly_one(_metadata, self, to_card(self, 0, piece, -1)));
	ASSERT_EQ(self->home + piece, lseek(self->in, self->home + piece, SEEK_SET));
	ASSERT_EQ(2 * piece, fly_one(_metadata, self, to_card(self, piece, 2 * piece, -1)));
	ASSERT_EQ(self->home, lseek(self->out, self->home, SEEK_SET));
	memset(self->buf, POISON, 3 * piece);
	ASSERT_EQ(3 * piece, fly_one(_metadata, self, from_card(self, 0, 3 * piece, -1)));
	EXPECT_TRUE(pattern_is(self->buf, 3 * piece, self->home, self->seed));
}

TEST_F(async, at_the_aperture)
{
	const size_t sizes[] = { PAGE, 256 * KIB, 3 * MIB };
	const uint64_t end = HOME + 5 * PAGE;
	size_t len, part = 2 * PAGE;
	unsigned int i;

	if (!card_has(&self->card, end + 3 * MIB))
		SKIP(return, TOO_SMALL);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		len = sizes[i];
		pattern_fill(self->buf, len, end - part, self->seed);
		ASSERT_EQ(len, fly_one(_metadata, self, to_card(self, 0, len, end - part)));
		ASSERT_EQ(0, set_aperture(&self->card, end));
		memset(self->buf, POISON, len);
		if (len > part) {
			EXPECT_EQ(part, fly_one(_metadata, self,
						from_card(self, 0, len, end - part)));
			EXPECT_TRUE(pattern_is(self->buf, part, end - part, self->seed));
			EXPECT_TRUE(bytes_are(self->buf + part, len - part, POISON));
			EXPECT_EQ(part, fly_one(_metadata, self,
						to_card(self, 0, len, end - part)));
		}
		EXPECT_EQ(0, fly_one(_metadata, self, from_card(self, 0, len, end)));
		EXPECT_EQ(-ENOSPC, fly_one(_metadata, self, to_card(self, 0, len, end)));
		ASSERT_EQ(0, set_aperture(&self->card, 0));
	}
}

/* Across the end of the card's memory: EIO, or what had moved; others go on. */
TEST_F(async, errors_hit_those_that_caused_them)
{
	const size_t slot = 96 * KIB;
	uint64_t beyond = card_memory(&self->card);
	struct flight_request r[40];
	bool bad[ARRAY_SIZE(r)];
	unsigned int i, dir;
	size_t len;

	if (!card_has(&self->card, HOME + ARRAY_SIZE(r) * slot))
		SKIP(return, TOO_SMALL);
	ASSERT_NE(0, beyond);
	for (dir = 0; dir < 2; dir++) {
		for (i = 0; i < ARRAY_SIZE(r); i++) {
			len = random_size(&self->random, slot);
			len += -len % self->card.grain;
			bad[i] = i == 0 || i == 6 || i == 7 || i == ARRAY_SIZE(r) - 1;
			r[i] = dir == EXDMA_DIR_H2C ?
			       to_card(self, i * slot, len, HOME + i * slot) :
			       from_card(self, i * slot, r[i].len, HOME + i * slot);
			if (dir == EXDMA_DIR_H2C)
				pattern_fill(r[i].buf, len, r[i].addr, self->seed);
			else
				memset(r[i].buf, POISON, slot);
			if (bad[i])
				r[i].addr += beyond;
		}
		fly(_metadata, self, r, ARRAY_SIZE(r));
		for (i = 0; i < ARRAY_SIZE(r); i++) {
			EXPECT_EQ(bad[i] ? -EIO : (long long)r[i].len, r[i].result) {
				TH_LOG("direction %u, request %u", dir, i);
			}
			if (dir == EXDMA_DIR_H2C)
				continue;
			EXPECT_TRUE(bad[i] ? bytes_are(r[i].buf, slot, POISON) :
					     pattern_is(r[i].buf, r[i].len, r[i].addr, self->seed));
		}
	}
}

/* The last request of a call fails: the call returns the bytes moved before it. */
TEST_F(async, an_error_after_some_bytes)
{
	const size_t request = MIB, len = 2 * request;
	uint64_t end = card_memory(&self->card);
	struct flight_request r;
	int dir;

	if (len > self->most || end < len)
		SKIP(return, TOO_SMALL);
	for (dir = 0; dir < 2; dir++) {
		memset(self->buf, POISON, len);
		r = dir == EXDMA_DIR_H2C ? to_card(self, 0, len, end - request) :
					   from_card(self, 0, len, end - request);
		EXPECT_EQ(request, fly_one(_metadata, self, r)) TH_LOG("direction %d", dir);
		if (dir == EXDMA_DIR_C2H)
			EXPECT_TRUE(bytes_are(self->buf + request, len - request, POISON));
	}
}

/* Where nothing is: EFAULT, from the middle on a short count. */
TEST_F(async, memory_that_is_not_there)
{
	const size_t half = self->most / 4 < 4 * PAGE ? self->most / 4 : 4 * PAGE;
	struct flight_request r;
	uint8_t *map;
	int dir;

	if (variant->method == FLIGHT_FIXED || variant->method == FLIGHT_FIXED_IOPOLL)
		SKIP(return, "registered memory is there");
	map = memory(8 * PAGE);
	ASSERT_EQ(0, munmap(map + 4 * PAGE, 4 * PAGE));
	for (dir = 0; dir < 2; dir++) {
		r = dir == EXDMA_DIR_H2C ? to_card(self, 0, half, self->home) :
					   from_card(self, 0, half, self->home);
		r.buf = map + 4 * PAGE;
		EXPECT_EQ(-EFAULT, fly_one(_metadata, self, r));
		r.len = PAGE / 2;
		EXPECT_EQ(-EFAULT, fly_one(_metadata, self, r));
		r.len = 2 * half;
		r.buf = map + 4 * PAGE - half;
		EXPECT_EQ(half, fly_one(_metadata, self, r));
	}
	munmap(map, 4 * PAGE);
}

/* Fresh memory, whose pages are made while the request is. */
TEST_F(async, memory_never_touched)
{
	const size_t sizes[] = { PAGE, 64 * KIB, 5 * MIB };
	struct flight_request r;
	unsigned int i;
	uint8_t *map;

	if (variant->method == FLIGHT_FIXED || variant->method == FLIGHT_FIXED_IOPOLL)
		SKIP(return, "registered memory has been touched");
	for (i = 0; i < ARRAY_SIZE(sizes) && sizes[i] <= self->most; i++) {
		pattern_fill(self->buf, sizes[i], self->home, self->seed + i);
		ASSERT_EQ(sizes[i], fly_one(_metadata, self, to_card(self, 0, sizes[i], self->home)));
		map = memory(sizes[i]);
		r = from_card(self, 0, sizes[i], self->home);
		r.buf = map;
		EXPECT_EQ(sizes[i], fly_one(_metadata, self, r));
		EXPECT_TRUE(pattern_is(map, sizes[i], self->home, self->seed + i));
		munmap(map, sizes[i]);
		map = memory(sizes[i]);
		r = to_card(self, 0, sizes[i], self->home);
		r.buf = map;
		EXPECT_EQ(sizes[i], fly_one(_metadata, self, r));
		EXPECT_EQ(sizes[i], fly_one(_metadata, self, from_card(self, 0, sizes[i], self->home)));
		EXPECT_TRUE(bytes_are(self->buf, sizes[i], 0));
		munmap(map, sizes[i]);
	}
}

/*
 * The engine stands still while requests are submitted: a submission that
 * waited for any of them would not come back before the driver has reset it.
 */
TEST_F(async, submission_does_not_wait)
{
	const size_t sizes[] = { 512, 64 * KIB, MIB, 3 * MIB, 8 * MIB };
	struct flight_request r[8];
	long long timeouts;
	unsigned int i, k, n;
	int dir, ch;

	if (!self->lab)
		SKIP(return, "this card has no lab block");
	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_HELD));
	for (dir = 0; dir < 2; dir++) {
		for (i = 0; i < ARRAY_SIZE(sizes); i++) {
			/* as many as may be in flight, all data together */
			n = sizes[i] < MIB ? 8 : sizes[i] < 3 * MIB ? 6 : sizes[i] < 8 * MIB ? 2 : 1;
			timeouts = channel_stat(&self->card, dir, 0, "timeouts");
			for (k = 0; k < n; k++) {
				r[k] = dir == EXDMA_DIR_H2C ?
				       to_card(self, k * sizes[i], sizes[i], HOME + k * sizes[i]) :
				       from_card(self, k * sizes[i], sizes[i], HOME + k * sizes[i]);
				if (dir == EXDMA_DIR_H2C)
					pattern_fill(r[k].buf, r[k].len, r[k].addr,
						     self->seed + i);
			}
			if (dir == EXDMA_DIR_C2H) {
				int way = variant->way;
				int in = open_in(&self->card, way);

				pattern_fill(self->buf, n * sizes[i], HOME, self->seed + i);
				ASSERT_EQ(n * sizes[i], write_through(in, self->buf,
								      n * sizes[i], HOME));
				memset(self->buf, POISON, n * sizes[i]);
				close(in);
			}
			for (ch = 0; ch < self->card.channels[dir]; ch++)
				lab_hold(self->lab, dir, ch);
			ASSERT_EQ(n, flight_launch(&self->f, r, n));
			ASSERT_TRUE(lab_wait_held(self->lab, dir, 0));
			EXPECT_EQ(0, flight_land(&self->f, 0));
			EXPECT_EQ(timeouts, channel_stat(&self->card, dir, 0, "timeouts"));
			for (ch = 0; ch < self->card.channels[dir]; ch++)
				lab_let_go(self->lab, dir, ch);
			ASSERT_EQ(n, flight_land(&self->f, n));
			for (k = 0; k < n; k++) {
				EXPECT_EQ(sizes[i], r[k].result);
				if (dir == EXDMA_DIR_C2H)
					EXPECT_TRUE(pattern_is(r[k].buf, r[k].len, r[k].addr,
							       self->seed + i));
			}
		}
	}
}

/* --- many, from several threads, each with a queue of its own --- */

#define CROWD	4
#define DEPTH	256
#define SLOT	(12 * KIB)

struct crowd {
	pthread_t thread;
	const struct card *card;
	enum flight_method method;
	int way;
	uint64_t base, seed;
	const char *wrong;
	long long result;
};

/* Each slot is written, read back and compared, again and again, all at once. */
static const char *fly_slots(struct crowd *c, struct flight *f, int in, int out, uint8_t *buf)
{
	static const unsigned int rounds = 4;
	struct flight_request *r = calloc(DEPTH, sizeof(*r));
	struct random random = { c->seed };
	unsigned int landed = 0, left = DEPTH * 2 * rounds, i, passes[DEPTH] = { };
	size_t len;

	for (i = 0; i < DEPTH; i++) {
		len = random_size(&random, SLOT);
		len += -len % c->card->grain;
		r[i] = (struct flight_request) {
			.fd = in, .write = true, .buf = buf + i * SLOT, .len = len,
			.addr = c->base + i * SLOT,
		};
		pattern_fill(r[i].buf, len, r[i].addr, c->seed);
	}
	if (flight_launch(f, r, DEPTH) != DEPTH)
		return "submission";
	while (left) {
		landed = flight_land(f, 1);
		if (!landed)
			return "never completed";
		left -= landed;
		for (i = 0; i < DEPTH; i++) {
			if (!r[i].done || passes[i] == 2 * rounds)
				continue;
			c->result = r[i].result;
			if (r[i].result != (long long)r[i].len)
				return r[i].write ? "writing" : "reading";
			if (!r[i].write && !pattern_is(r[i].buf, r[i].len, r[i].addr,
						       c->seed + passes[i] / 2))
				return "data";
			if (++passes[i] == 2 * rounds)
				continue;
			r[i].write = !r[i].write;
			r[i].fd = r[i].write ? in : out;
			if (r[i].write)
				pattern_fill(r[i].buf, r[i].len, r[i].addr,
					     c->seed + passes[i] / 2);
			else
				memset(r[i].buf, POISON, r[i].len);
			if (flight_launch(f, &r[i], 1) != 1)
				return "submission";
		}
	}
	free(r);
	return NULL;
}

static void *crowd(void *arg)
{
	struct crowd *c = arg;
	int flags = flight_open_flags(c->method);
	int in = node_open(c->card, EXDMA_DIR_H2C, c->way, O_WRONLY | flags);
	int out = node_open(c->card, EXDMA_DIR_C2H, c->way, O_RDONLY | flags);
	uint8_t *buf = memory(DEPTH * SLOT);
	struct flight f;

	c->wrong = "setup";
	if (!flight_open(&f, c->method, DEPTH) && !flight_buffer(&f, buf, DEPTH * SLOT)) {
		c->wrong = fly_slots(c, &f, in, out, buf);
		flight_close(&f);
	}
	munmap(buf, DEPTH * SLOT);
	close(in);
	close(out);
	return NULL;
}

TEST_F(async, many_from_several_threads)
{
	struct crowd c[CROWD];
	int i, dir, way;

	if (!card_has(&self->card, HOME + CROWD * 8 * MIB))
		SKIP(return, TOO_SMALL);
	for (i = 0; i < CROWD; i++) {
		c[i] = (struct crowd) {
			.card = &self->card, .method = variant->method, .way = variant->way,
			.base = HOME + i * 8 * MIB, .seed = random_next(&self->random),
		};
		ASSERT_EQ(0, pthread_create(&c[i].thread, NULL, crowd, &c[i]));
	}
	for (i = 0; i < CROWD; i++) {
		pthread_join(c[i].thread, NULL);
		EXPECT_EQ(NULL, c[i].wrong) {
			TH_LOG("thread %d: %s: %lld", i, c[i].wrong, c[i].result);
		}
	}
	/* nothing is left behind */
	for (dir = 0; dir < 2; dir++)
		for (way = 1; way < ways(&self->card, dir); way++)
			EXPECT_TRUE(channel_stat_becomes(&self->card, dir, way - 1,
							 "pinned_bytes", 0));
}

TEST_HARNESS_MAIN
