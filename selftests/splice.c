// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data that comes and goes without a user buffer: splice through a pipe,
 * sendfile from a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "pattern.h"

#define HOME	(9 * MIB)
#define ROOM	(4 * MIB)
#define PIPE	65536ul		/* what a pipe holds */

CARD_NEEDS(GIB);

FIXTURE(splice) {
	struct card card;
	uint64_t seed;
	uint8_t *buf;
	int in, out;
	int pipe[2];
	int file;
};

FIXTURE_SETUP(splice)
{
	char name[] = "/tmp/exdma-splice-XXXXXX";

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->buf = memory(ROOM);
	ASSERT_NE(NULL, self->buf);
	self->in = open_in(&self->card, CARD_NODE);
	self->out = open_out(&self->card, CARD_NODE);
	ASSERT_LE(0, self->in);
	ASSERT_LE(0, self->out);
	ASSERT_EQ(0, pipe(self->pipe));
	self->file = mkstemp(name);
	ASSERT_LE(0, self->file);
	unlink(name);
}

FIXTURE_TEARDOWN(splice)
{
	close(self->in);
	close(self->out);
	close(self->pipe[0]);
	close(self->pipe[1]);
	close(self->file);
}

static bool card_holds(FIXTURE_DATA(splice) *self, size_t len, uint64_t seed)
{
	memset(self->buf, POISON, len);
	return read_through(self->out, self->buf, len, HOME) == len &&
	       pattern_is(self->buf, len, HOME, seed);
}

/* Moves all of it from one to the other by splice(); returns what went. */
static size_t splice_all(int from, loff_t *from_at, int to, loff_t *to_at, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = splice(from, from_at, to, to_at, len - done, 0);
		if (n <= 0)
			break;
		done += n;
	}
	return done;
}

TEST_F(splice, pipe_to_card)
{
	const size_t sizes[] = { 1, 100, 4095, 4096, 4097, 20000, PIPE };
	loff_t at, moved;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (sizes[i] % self->card.grain)
			continue;
		pattern_fill(self->buf, sizes[i], HOME, self->seed + i);
		ASSERT_EQ(sizes[i], write(self->pipe[1], self->buf, sizes[i]));
		at = HOME;
		ASSERT_EQ(sizes[i], splice_all(self->pipe[0], NULL, self->in, &at, sizes[i]));
		moved = at - HOME;
		EXPECT_EQ(sizes[i], moved);
		EXPECT_TRUE(card_holds(self, sizes[i], self->seed + i));
	}
	/* an explicit offset leaves the position alone; none moves it */
	EXPECT_EQ(0, lseek(self->in, 0, SEEK_CUR));
	ASSERT_EQ(HOME, lseek(self->in, HOME, SEEK_SET));
	ASSERT_EQ(4096, write(self->pipe[1], self->buf, 4096));
	ASSERT_EQ(4096, splice_all(self->pipe[0], NULL, self->in, NULL, 4096));
	EXPECT_EQ(HOME + 4096, lseek(self->in, 0, SEEK_CUR));
}

TEST_F(splice, card_to_pipe)
{
	const size_t sizes[] = { 1, 100, 4095, 4096, 4097, 20000, PIPE };
	unsigned int i;
	size_t done;
	loff_t at;
	ssize_t n;

	pattern_fill(self->buf, PIPE, HOME, self->seed);
	ASSERT_EQ(PIPE, write_through(self->in, self->buf, PIPE, HOME));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		if (sizes[i] % self->card.grain)
			continue;
		memset(self->buf, POISON, PIPE + 64);
		for (at = HOME, done = 0; done < sizes[i]; done += n) {
			n = splice(self->out, &at, self->pipe[1], NULL, sizes[i] - done, 0);
			ASSERT_LT(0, n) TH_LOG("errno %d", errno);
			ASSERT_EQ(n, read(self->pipe[0], self->buf + done, n));
		}
		EXPECT_EQ(HOME + sizes[i], at);
		EXPECT_TRUE(pattern_is(self->buf, sizes[i], HOME, self->seed));
		EXPECT_TRUE(bytes_are(self->buf + sizes[i], 64, POISON));
	}
}

/* Pages given to a pipe by vmsplice() arrive as they are. */
TEST_F(splice, user_pages_by_way_of_a_pipe)
{
	struct iovec iov = { self->buf, PIPE };
	loff_t at = HOME;

	pattern_fill(self->buf, PIPE, HOME, self->seed);
	ASSERT_EQ(PIPE, vmsplice(self->pipe[1], &iov, 1, 0));
	ASSERT_EQ(PIPE, splice_all(self->pipe[0], NULL, self->in, &at, PIPE));
	EXPECT_TRUE(card_holds(self, PIPE, self->seed));
}

TEST_F(splice, sendfile_to_the_card)
{
	size_t done = 0, len = ROOM - 3 * self->card.grain;
	off_t at = 0;
	ssize_t n;

	pattern_fill(self->buf, len, HOME, self->seed);
	ASSERT_EQ(len, write_through(self->file, self->buf, len, 0));
	ASSERT_EQ(HOME, lseek(self->in, HOME, SEEK_SET));
	while (done < len) {
		n = sendfile(self->in, self->file, &at, len - done);
		ASSERT_LT(0, n) TH_LOG("errno %d after %zu", errno, done);
		done += n;
	}
	EXPECT_EQ(HOME + len, lseek(self->in, 0, SEEK_CUR));
	EXPECT_TRUE(card_holds(self, len, self->seed));
}

TEST_F(splice, card_to_file)
{
	loff_t from = HOME, to = 0;
	size_t done;
	ssize_t n;

	pattern_fill(self->buf, MIB, HOME, self->seed);
	ASSERT_EQ(MIB, write_through(self->in, self->buf, MIB, HOME));
	for (done = 0; done < MIB; done += n) {
		n = splice(self->out, &from, self->pipe[1], NULL, MIB - done, 0);
		ASSERT_LT(0, n) TH_LOG("errno %d after %zu", errno, done);
		ASSERT_EQ(n, splice_all(self->pipe[0], NULL, self->file, &to, n));
	}
	memset(self->buf, POISON, MIB);
	ASSERT_EQ(MIB, pread(self->file, self->buf, MIB, 0));
	EXPECT_TRUE(pattern_is(self->buf, MIB, HOME, self->seed));
}

/* Beyond the memory: the error of the card, and no stale page in the pipe. */
TEST_F(splice, errors)
{
	uint64_t beyond = card_memory(&self->card);
	loff_t at = beyond;
	int left;

	ASSERT_NE(0, beyond);
	EXPECT_EQ(-1, splice(self->out, &at, self->pipe[1], NULL, 4096, 0));
	EXPECT_EQ(EIO, errno);
	EXPECT_EQ(beyond, at);
	ASSERT_EQ(0, fcntl(self->pipe[0], F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(self->pipe[0], &left, 1));
	EXPECT_EQ(EAGAIN, errno);

	ASSERT_EQ(4096, write(self->pipe[1], self->buf, 4096));
	EXPECT_EQ(-1, splice(self->pipe[0], NULL, self->in, &at, 4096, 0));
	EXPECT_EQ(EIO, errno);
}

TEST_HARNESS_MAIN
