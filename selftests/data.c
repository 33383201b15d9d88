// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is written comes back, all of it, there and nowhere else: sizes from one
 * byte to 64 MiB, any alignment of memory and card, every node, one buffer or a
 * thousand. Where an engine demands alignment, offsets and lengths are rounded
 * to it.
 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "pattern.h"

#define ARENA	(72 * MIB)
#define GUARD	256ul
#define HOME	(3 * MIB)	/* card address that the tests begin at */
#define VECTORS	1024

FIXTURE(data) {
	struct card card;
	uint64_t seed;
	struct random random;
	uint64_t home, most;	/* where a trip may begin, and how long it may be */
	uint8_t *arena;
};

FIXTURE_SETUP(data)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->random.state = self->seed;
	self->arena = memory(ARENA);
	ASSERT_NE(NULL, self->arena);
	self->home = self->card.memory ? GUARD : HOME;
	self->most = self->card.memory ? self->card.memory - 2 * GUARD : UINT32_MAX;
}

FIXTURE_TEARDOWN(data)
{
	munmap(self->arena, ARENA);
}

/* One way in, one way out, and where the two buffers begin in their pages. */
struct trip {
	int in, out;
	size_t len;
	uint64_t addr;
	size_t in_offset, out_offset;
};

/* On a small card, as long and as far away as it has memory for. */
static void fit(FIXTURE_DATA(data) *self, struct trip *t)
{
	if (!self->card.memory)
		return;
	if (t->len > self->most)
		t->len = self->most;
	t->addr = self->home + (t->addr - HOME) % (self->most - t->len + 1);
}

/*
 * Writes, and reads back with the neighbours. On the card, those are a pattern
 * of another seed; in memory, poison.
 */
static void round_trip(struct __test_metadata *_metadata, FIXTURE_DATA(data) *self,
		       struct trip t)
{
	const struct card *card = &self->card;
	uint64_t old = self->seed + 1, new = random_next(&self->random);
	uint8_t *buf;
	int in, out;

	t.len += -t.len % card->grain;
	fit(self, &t);
	t.addr -= t.addr % card->align;
	t.in_offset -= t.in_offset % card->align;
	t.out_offset -= t.out_offset % card->align;
	in = open_in(card, t.in);
	ASSERT_LE(0, in);
	out = open_out(card, t.out);
	ASSERT_LE(0, out);

	buf = self->arena + t.in_offset;
	pattern_fill(buf, GUARD, t.addr - GUARD, old);
	ASSERT_EQ(GUARD, pwrite(in, buf, GUARD, t.addr - GUARD));
	pattern_fill(buf, GUARD, t.addr + t.len, old);
	ASSERT_EQ(GUARD, pwrite(in, buf, GUARD, t.addr + t.len));
	pattern_fill(buf, t.len, t.addr, new);
	EXPECT_EQ(t.len, pwrite(in, buf, t.len, t.addr));
	/* Writing does not change what is written. */
	EXPECT_TRUE(pattern_is(buf, t.len, t.addr, new));

	/* poison, then what is read: guard, data, guard; then poison */
	buf = self->arena + GUARD + t.out_offset;
	memset(buf - GUARD, POISON, t.len + 4 * GUARD);
	EXPECT_EQ(t.len + 2 * GUARD, pread(out, buf, t.len + 2 * GUARD, t.addr - GUARD));
	EXPECT_TRUE(bytes_are(buf - GUARD, GUARD, POISON));
	EXPECT_TRUE(pattern_is(buf, GUARD, t.addr - GUARD, old));
	EXPECT_TRUE(pattern_is(buf + GUARD, t.len, t.addr, new));
	EXPECT_TRUE(pattern_is(buf + GUARD + t.len, GUARD, t.addr + t.len, old));
	EXPECT_TRUE(bytes_are(buf + 2 * GUARD + t.len, GUARD, POISON));
	ASSERT_EQ(KSFT_PASS, _metadata->exit_code) {
		TH_LOG("%zu bytes to 0x%llx: in by %d at offset %zu, out by %d at %zu",
		       t.len, (unsigned long long)t.addr, t.in, t.in_offset, t.out,
		       t.out_offset);
	}
	close(in);
	close(out);
}

/* How many round trips a test takes: on a slow card some of them must do. */
static unsigned int trips(FIXTURE_DATA(data) *self, unsigned int most)
{
	return card_transfers(&self->card, 12000, 4 * most) / 4;
}

TEST_F(data, small_sizes_at_odd_places)
{
	static const size_t sizes[] = {
		1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100,
		127, 128, 129, 255, 256, 257, 511, 513, 1000, 1023, 1025, 2047,
		2049, 4095, 4096, 4097, 8191, 8192, 8193,
	};
	static const size_t offsets[] = { 0, 1, 2, 3, 7, 8, 63, 64, 2049, 4093, 4095 };
	const unsigned int all = ARRAY_SIZE(sizes) * ARRAY_SIZE(offsets);
	const unsigned int n = trips(self, all);
	struct random *r = &self->random;
	unsigned int i, k;

	for (i = 0; i < n; i++) {
		k = n == all ? i : random_below(r, all);
		round_trip(_metadata, self, (struct trip) {
			.len = sizes[k / ARRAY_SIZE(offsets)],
			.addr = HOME + offsets[k % ARRAY_SIZE(offsets)],
			.in_offset = offsets[random_below(r, ARRAY_SIZE(offsets))],
			.out_offset = offsets[random_below(r, ARRAY_SIZE(offsets))],
		});
	}
}

/* Around pages, around the pieces that a call is cut into, around 4 GiB - 1. */
TEST_F(data, sizes_around_boundaries)
{
	static const size_t around[] = {
		16 * KIB, 64 * KIB, MIB - 4096, MIB, MIB + 4096, 2 * MIB, 4 * MIB,
	};
	unsigned int i;
	int by;

	if (!card_has(&self->card, HOME + 5 * MIB))
		SKIP(return, TOO_SMALL);
	for (i = 0; i < ARRAY_SIZE(around); i++) {
		for (by = -1; by <= 1; by++) {
			round_trip(_metadata, self, (struct trip) {
				.len = around[i] + by, .addr = HOME,
			});
			round_trip(_metadata, self, (struct trip) {
				.len = around[i] + by, .addr = HOME + 4095,
				.in_offset = 1, .out_offset = 4095,
			});
		}
	}
}

TEST_F(data, every_way_in_and_out)
{
	static const size_t sizes[] = { 7, 4096, 300001 };
	unsigned int in, out, i;

	for (in = 0; in < (unsigned int)ways(&self->card, EXDMA_DIR_H2C); in++)
		for (out = 0; out < (unsigned int)ways(&self->card, EXDMA_DIR_C2H); out++)
			for (i = 0; i < ARRAY_SIZE(sizes); i++)
				round_trip(_metadata, self, (struct trip) {
					.in = in, .out = out, .len = sizes[i],
					.addr = HOME + 17 * (in + out),
					.in_offset = 5, .out_offset = 11,
				});
}

TEST_F(data, at_random)
{
	struct random *r = &self->random;
	int n = trips(self, 120), i;

	for (i = 0; i < n; i++)
		round_trip(_metadata, self, (struct trip) {
			.in = random_below(r, ways(&self->card, EXDMA_DIR_H2C)),
			.out = random_below(r, ways(&self->card, EXDMA_DIR_C2H)),
			.len = random_size(r, MIB),
			.addr = HOME + random_below(r, GIB),
			.in_offset = random_below(r, 8192),
			.out_offset = random_below(r, 8192),
		});
}

TEST_F(data, sixty_four_mib_in_one_call)
{
	if (!card_has(&self->card, HOME + 65 * MIB))
		SKIP(return, TOO_SMALL);
	round_trip(_metadata, self, (struct trip) {
		.len = 64 * MIB, .addr = HOME + 12345,
		.in_offset = 4001, .out_offset = 77,
	});
}

/* The last bytes of the card's memory, and those on both sides of 2^31. */
TEST_F(data, high_addresses)
{
	uint64_t memory = card_memory(&self->card), bit;

	ASSERT_NE(0, memory);
	if (memory <= 1ull << 24)
		SKIP(return, TOO_SMALL);
	for (bit = 24; 1ull << bit < memory; bit++)
		round_trip(_metadata, self, (struct trip) {
			.len = 9001, .addr = (1ull << bit) - 4501, .in_offset = 13,
		});
	round_trip(_metadata, self, (struct trip) {
		.len = 5000, .addr = memory - 5000 - GUARD, .out_offset = 3,
	});
}

/* Cuts @len bytes into vectors of odd sizes with gaps; returns how many. */
static int cut(struct random *r, const struct card *card, uint8_t *buf, size_t len,
	       struct iovec *iov)
{
	size_t done, piece;
	int n = 0;

	for (done = 0; done < len && n < VECTORS - 1; n++) {
		/* now and then an empty one, or a long one */
		piece = random_below(r, 10) ? random_size(r, 3000) : 0;
		if (!random_below(r, 50))
			piece = random_size(r, 100000);
		piece -= piece % card->grain;
		if (piece > len - done)
			piece = len - done;
		buf += random_below(r, 200) / card->align * card->align;
		iov[n] = (struct iovec) { buf, piece };
		buf += piece;
		buf += -(uintptr_t)buf % card->align;
		done += piece;
	}
	iov[n++] = (struct iovec) { buf, len - done };
	return n;
}

TEST_F(data, vectors)
{
	const struct card *card = &self->card;
	struct random *r = &self->random;
	uint8_t *area = self->arena, *end = area + 16 * MIB, *p;
	struct iovec *iov = memory(VECTORS * sizeof(*iov));
	uint64_t addr, seed, place;
	int in, out, n, i, round;
	size_t len;

	for (round = 0; round < 24; round++) {
		in = open_in(card, round % ways(card, EXDMA_DIR_H2C));
		out = open_out(card, round % ways(card, EXDMA_DIR_C2H));
		ASSERT_LE(0, in);
		ASSERT_LE(0, out);
		len = random_size(r, self->most < 2 * MIB ? self->most : 2 * MIB);
		len += -len % card->grain;
		addr = self->home + random_below(r, self->most - len + 1) % 65536 /
		       card->align * card->align;
		seed = random_next(r);

		n = cut(r, card, area, len, iov);
		for (i = 0, place = addr; i < n; place += iov[i++].iov_len)
			pattern_fill(iov[i].iov_base, iov[i].iov_len, place, seed);
		ASSERT_EQ(len, pwritev(in, iov, n, addr));

		memset(area, POISON, end - area);
		n = cut(r, card, area, len, iov);
		ASSERT_EQ(len, preadv(out, iov, n, addr));
		for (i = 0, p = area, place = addr; i < n; i++) {
			EXPECT_TRUE(bytes_are(p, (uint8_t *)iov[i].iov_base - p, POISON));
			EXPECT_TRUE(pattern_is(iov[i].iov_base, iov[i].iov_len, place, seed));
			place += iov[i].iov_len;
			p = iov[i].iov_base + iov[i].iov_len;
		}
		EXPECT_TRUE(bytes_are(p, GUARD, POISON));
		ASSERT_EQ(KSFT_PASS, _metadata->exit_code) {
			TH_LOG("round %d: %zu bytes in %d vectors", round, len, n);
		}
		close(in);
		close(out);
	}
}

/* readv() and writev() move the position by the sum of the vectors. */
TEST_F(data, vectors_and_position)
{
	uint8_t *a = self->arena, *b = a + 8192 + self->card.align;
	const size_t grain = self->card.grain;
	struct iovec iov[] = { { a, 33 * grain }, { b, 7 * grain } };
	int in = open_in(&self->card, 1), out = open_out(&self->card, 1);
	const uint64_t home = self->home;

	pattern_fill(a, 33 * grain, home, self->seed);
	pattern_fill(b, 7 * grain, home + 33 * grain, self->seed);
	ASSERT_EQ(home, lseek(in, home, SEEK_SET));
	ASSERT_EQ(40 * grain, writev(in, iov, 2));
	EXPECT_EQ(home + 40 * grain, lseek(in, 0, SEEK_CUR));

	memset(a, POISON, 16384);
	ASSERT_EQ(home, lseek(out, home, SEEK_SET));
	ASSERT_EQ(40 * grain, readv(out, iov, 2));
	EXPECT_EQ(home + 40 * grain, lseek(out, 0, SEEK_CUR));
	EXPECT_TRUE(pattern_is(a, 33 * grain, home, self->seed));
	EXPECT_TRUE(pattern_is(b, 7 * grain, home + 33 * grain, self->seed));
	EXPECT_TRUE(bytes_are(b + 7 * grain, GUARD, POISON));
}

/* Many overwrites of parts of one region: the last writer of a byte wins. */
TEST_F(data, overwrites)
{
	const struct card *card = &self->card;
	struct random *r = &self->random;
	const size_t room = self->most < 256 * KIB ? self->most : 256 * KIB;
	uint8_t *truth = self->arena, *buf = truth + room, *back = buf + 2 * room;
	int in = open_in(card, CARD_NODE), out = open_out(card, CARD_NODE), i;
	int n = card_transfers(card, 12000, 150);
	size_t len, at;

	pattern_fill(truth, room, 0, self->seed);
	ASSERT_EQ(room, pwrite(in, truth, room, self->home));
	for (i = 0; i < n; i++) {
		len = random_size(r, room < 20000 ? room / 2 : 20000);
		len += -len % card->grain;
		at = random_below(r, room - len) / card->align * card->align;
		pattern_fill(truth + at, len, at, self->seed + i);
		memcpy(buf, truth + at, len);
		ASSERT_EQ(len, pwrite(in, buf, len, self->home + at));
	}
	ASSERT_EQ(room, pread(out, back, room, self->home));
	for (at = 0; at < room && back[at] == truth[at]; at++)
		;
	EXPECT_EQ(room, at) TH_LOG("byte %zu differs", at);
}

TEST_HARNESS_MAIN
