// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of the card's memory: what the card itself says beyond it, and what
 * an aperture makes of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "pattern.h"

#define ROOM	(8 * MIB)
#define END	(32 * MIB)	/* of the apertures set here */
#define PIECE	4096ul
#define FAR	(LLONG_MAX - PIECE + 1)

CARD_NEEDS(GIB);

FIXTURE(bounds) {
	struct card card;
	uint64_t seed;
	uint8_t *buf;
	int in, out, both;
};

FIXTURE_SETUP(bounds)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->buf = memory(ROOM);
	ASSERT_NE(NULL, self->buf);
	self->in = open_in(&self->card, 1);
	self->out = open_out(&self->card, 1);
	self->both = node_open(&self->card, 0, CARD_NODE, O_RDWR);
	ASSERT_LE(0, self->in);
	ASSERT_LE(0, self->out);
	ASSERT_LE(0, self->both);
}

/* Also when the test has died: the next one finds the card without bounds. */
FIXTURE_TEARDOWN_PARENT(bounds)
{
	struct card card;

	if (card_first(&card))
		set_aperture(&card, 0);
}

#define EXPECT_FAIL(error, call) do {		\
	errno = 0;				\
	EXPECT_EQ(-1, (call));			\
	EXPECT_EQ(error, errno);		\
} while (0)

TEST_F(bounds, beyond_an_unbounded_card)
{
	uint64_t end = card_memory(&self->card);

	ASSERT_NE(0, end);
	EXPECT_EQ(0, node_number(&self->card, 0, CARD_NODE, "aperture"));
	EXPECT_FAIL(EIO, pwrite(self->in, self->buf, PIECE, end));
	EXPECT_FAIL(EIO, pread(self->out, self->buf, PIECE, end));
	EXPECT_FAIL(EIO, pwrite(self->both, self->buf, PIECE, end + GIB));
	EXPECT_FAIL(EIO, pread(self->both, self->buf, PIECE, end + GIB));
	/* The channel works on at once, up to the last byte. */
	pattern_fill(self->buf, PIECE, end - PIECE, self->seed);
	ASSERT_EQ(PIECE, pwrite(self->in, self->buf, PIECE, end - PIECE));
	memset(self->buf, POISON, PIECE);
	ASSERT_EQ(PIECE, pread(self->out, self->buf, PIECE, end - PIECE));
	EXPECT_TRUE(pattern_is(self->buf, PIECE, end - PIECE, self->seed));
}

/* A count that comes back has moved; the call after it gets the error. */
TEST_F(bounds, across_the_end_of_an_unbounded_card)
{
	uint64_t end = card_memory(&self->card), start = end - 5 * MIB;
	size_t n;

	ASSERT_NE(0, end);
	pattern_fill(self->buf, ROOM, start, self->seed);
	n = pwrite(self->in, self->buf, ROOM, start);
	ASSERT_LT(0, (ssize_t)n);
	ASSERT_GE(5 * MIB, n);
	memset(self->buf, POISON, ROOM);
	ASSERT_EQ(n, read_through(self->out, self->buf, n, start));
	EXPECT_TRUE(pattern_is(self->buf, n, start, self->seed));

	n = pread(self->out, self->buf, ROOM, start);
	ASSERT_LT(0, (ssize_t)n);
	ASSERT_GE(5 * MIB, n);

	/* Cut to pieces of a page, all of the memory can be had. */
	pattern_fill(self->buf, 2 * PIECE, end - PIECE, self->seed);
	ASSERT_EQ(PIECE, pwrite(self->in, self->buf, PIECE, end - PIECE));
	EXPECT_EQ(-1, pwrite(self->in, self->buf, self->card.grain, end));
	EXPECT_EQ(EIO, errno);
}

TEST_F(bounds, an_aperture_bounds_writes)
{
	ASSERT_EQ(0, set_aperture(&self->card, END));
	EXPECT_EQ(END, node_number(&self->card, 0, CARD_NODE, "aperture"));

	EXPECT_FAIL(ENOSPC, pwrite(self->in, self->buf, PIECE, END));
	EXPECT_FAIL(ENOSPC, pwrite(self->in, self->buf, self->card.grain, END + GIB));
	EXPECT_FAIL(ENOSPC, pwrite(self->in, self->buf, self->card.grain, FAR));
	EXPECT_EQ(PIECE, pwrite(self->in, self->buf, PIECE, END - PIECE));
	EXPECT_EQ(PIECE, pwrite(self->in, self->buf, 2 * PIECE, END - PIECE));
	EXPECT_EQ(3 * MIB, pwrite(self->in, self->buf, ROOM, END - 3 * MIB));
	EXPECT_EQ(0, pwrite(self->in, self->buf, 0, END));
}

TEST_F(bounds, an_aperture_bounds_reads)
{
	ASSERT_EQ(0, set_aperture(&self->card, END));

	EXPECT_EQ(0, pread(self->out, self->buf, PIECE, END));
	EXPECT_EQ(0, pread(self->out, self->buf, self->card.grain, END + GIB));
	EXPECT_EQ(0, pread(self->out, self->buf, self->card.grain, FAR));
	EXPECT_EQ(PIECE, pread(self->out, self->buf, 2 * PIECE, END - PIECE));
	memset(self->buf, POISON, ROOM);
	EXPECT_EQ(3 * MIB, pread(self->out, self->buf, ROOM, END - 3 * MIB));
	EXPECT_TRUE(bytes_are(self->buf + 3 * MIB, ROOM - 3 * MIB, POISON));
}

/* What lies behind the aperture is not touched by a write across its end. */
TEST_F(bounds, behind_the_aperture_nothing_changes)
{
	pattern_fill(self->buf, PIECE, END, self->seed);
	ASSERT_EQ(PIECE, pwrite(self->in, self->buf, PIECE, END));
	ASSERT_EQ(0, set_aperture(&self->card, END));
	memset(self->buf, POISON, ROOM);
	EXPECT_EQ(PIECE, pwrite(self->in, self->buf, 2 * PIECE, END - PIECE));
	EXPECT_FAIL(ENOSPC, pwrite(self->both, self->buf, PIECE, END));
	ASSERT_EQ(0, set_aperture(&self->card, 0));
	ASSERT_EQ(PIECE, pread(self->out, self->buf, PIECE, END));
	EXPECT_TRUE(pattern_is(self->buf, PIECE, END, self->seed));
}

TEST_F(bounds, reading_to_the_end)
{
	size_t all = 0;
	ssize_t n;

	ASSERT_EQ(0, set_aperture(&self->card, END));
	ASSERT_EQ(END - 3 * MIB - 5 * self->card.align,
		  lseek(self->both, END - 3 * MIB - 5 * self->card.align, SEEK_SET));
	while ((n = read(self->both, self->buf, MIB)) > 0)
		all += n;
	EXPECT_EQ(0, n);
	EXPECT_EQ(3 * MIB + 5 * self->card.align, all);
	EXPECT_EQ(END, lseek(self->both, 0, SEEK_CUR));
}

TEST_F(bounds, seeking_from_the_end)
{
	EXPECT_FAIL(EINVAL, lseek(self->both, 0, SEEK_END));
	ASSERT_EQ(0, set_aperture(&self->card, END));
	EXPECT_EQ(END, lseek(self->both, 0, SEEK_END));
	EXPECT_EQ(END - 5, lseek(self->both, -5, SEEK_END));
	EXPECT_EQ(END, lseek(self->in, 0, SEEK_END));
	EXPECT_EQ(END, lseek(self->out, 0, SEEK_END));
	EXPECT_FAIL(EINVAL, lseek(self->both, -(off_t)END - 1, SEEK_END));
	EXPECT_EQ(END - 5, lseek(self->both, 0, SEEK_CUR));
	ASSERT_EQ(0, set_aperture(&self->card, 0));
	EXPECT_FAIL(EINVAL, lseek(self->both, 0, SEEK_END));
}

/* One that is no multiple of anything. */
TEST_F(bounds, an_odd_aperture)
{
	const uint64_t odd = END + 4097, whole = odd - odd % self->card.grain;

	ASSERT_EQ(0, set_aperture(&self->card, odd));
	EXPECT_EQ(whole - END, pread(self->out, self->buf, ROOM, END));
	EXPECT_EQ(whole - END, pwrite(self->in, self->buf, ROOM, END));
	EXPECT_EQ(odd, lseek(self->both, 0, SEEK_END));
}

/* An aperture larger than the memory: the card has the last word. */
TEST_F(bounds, an_aperture_beyond_the_memory)
{
	uint64_t end = card_memory(&self->card);

	ASSERT_NE(0, end);
	ASSERT_EQ(0, set_aperture(&self->card, 2 * end));
	EXPECT_FAIL(EIO, pwrite(self->in, self->buf, PIECE, end));
	EXPECT_FAIL(EIO, pread(self->out, self->buf, PIECE, end));
	EXPECT_EQ(0, pread(self->out, self->buf, PIECE, 2 * end));
}

TEST_F(bounds, what_an_aperture_may_be)
{
	static const char *const bad[] = {
		"", "\n", "x", "-1", "12q", "0x", "9223372036854775808",
		"18446744073709551616", "1 2",
	};
	char path[64];
	unsigned int i;

	snprintf(path, sizeof(path), "/sys/class/exdma/exdma%d/aperture",
		 self->card.number);
	ASSERT_EQ(0, put_text(path, "0x10000\n"));
	EXPECT_EQ(0x10000, node_number(&self->card, 0, CARD_NODE, "aperture"));
	for (i = 1; i < ARRAY_SIZE(bad); i++) {
		EXPECT_GT(0, put_text(path, bad[i])) TH_LOG("accepts \"%s\"", bad[i]);
		EXPECT_EQ(0x10000, node_number(&self->card, 0, CARD_NODE, "aperture"));
	}
	EXPECT_EQ(0, put_text(path, "9223372036854775807"));
	EXPECT_EQ(LLONG_MAX, node_number(&self->card, 0, CARD_NODE, "aperture"));
	EXPECT_EQ(LLONG_MAX, lseek(self->both, 0, SEEK_END));
}

TEST_HARNESS_MAIN
