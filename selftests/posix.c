// SPDX-License-Identifier: GPL-2.0-only
/*
 * A node is a file: position, directions, descriptors that are shared, counts
 * and offsets at the limits of their types, poll.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "pattern.h"

#define ROOM	(4 * MIB)
#define PIECE	1024ul

FIXTURE(posix) {
	struct card card;
	uint64_t seed;
	uint64_t home;		/* card address that the tests begin at */
	uint8_t *buf;
	int in, out;		/* the channels h2c0 and c2h0 */
	int both;		/* the card's node */
};

FIXTURE_SETUP(posix)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->home = self->card.memory ? 0 : 5 * MIB;
	self->buf = memory(ROOM);
	ASSERT_NE(NULL, self->buf);
	self->in = open_in(&self->card, 1);
	self->out = open_out(&self->card, 1);
	self->both = node_open(&self->card, 0, CARD_NODE, O_RDWR);
	ASSERT_LE(0, self->in);
	ASSERT_LE(0, self->out);
	ASSERT_LE(0, self->both);
}

FIXTURE_TEARDOWN(posix)
{
	close(self->in);
	close(self->out);
	close(self->both);
	munmap(self->buf, ROOM);
}

#define EXPECT_FAIL(error, call) do {		\
	errno = 0;				\
	EXPECT_EQ(-1, (call));			\
	EXPECT_EQ(error, errno);		\
} while (0)

TEST_F(posix, nodes_are_private_character_devices)
{
	const struct card *card = &self->card;
	char path[64], name[32], number[32];
	struct stat st;
	int dir, way;

	for (dir = 0; dir < 2; dir++) {
		for (way = dir; way < ways(card, dir); way++) {
			node_name(name, sizeof(name), card, dir, way);
			snprintf(path, sizeof(path), "/dev/%s", name);
			ASSERT_EQ(0, stat(path, &st)) TH_LOG("%s", path);
			EXPECT_TRUE(S_ISCHR(st.st_mode));
			EXPECT_EQ(0600, st.st_mode & 07777) TH_LOG("%s", path);
			EXPECT_EQ(0, st.st_uid);
			ASSERT_TRUE(node_text(card, dir, way, "dev", number, sizeof(number)));
			snprintf(path, sizeof(path), "%u:%u", major(st.st_rdev),
				 minor(st.st_rdev));
			EXPECT_STREQ(path, number);
		}
	}
}

TEST_F(posix, read_and_write_move_the_position)
{
	int fd = self->both;

	pattern_fill(self->buf, 2 * PIECE, self->home, self->seed);
	EXPECT_EQ(0, lseek(fd, 0, SEEK_CUR));
	ASSERT_EQ(self->home, lseek(fd, self->home, SEEK_SET));
	ASSERT_EQ(PIECE, write(fd, self->buf, PIECE));
	EXPECT_EQ(self->home + PIECE, lseek(fd, 0, SEEK_CUR));
	ASSERT_EQ(PIECE, write(fd, self->buf + PIECE, PIECE));
	EXPECT_EQ(self->home + 2 * PIECE, lseek(fd, 0, SEEK_CUR));
	EXPECT_EQ(self->home, lseek(fd, -2 * (off_t)PIECE, SEEK_CUR));
	memset(self->buf, POISON, 2 * PIECE);
	ASSERT_EQ(PIECE, read(fd, self->buf, PIECE));
	ASSERT_EQ(PIECE, read(fd, self->buf + PIECE, PIECE));
	EXPECT_EQ(self->home + 2 * PIECE, lseek(fd, 0, SEEK_CUR));
	EXPECT_TRUE(pattern_is(self->buf, 2 * PIECE, self->home, self->seed));
}

TEST_F(posix, pread_and_pwrite_leave_the_position)
{
	ASSERT_EQ(self->home, lseek(self->both, self->home, SEEK_SET));
	ASSERT_EQ(PIECE, pwrite(self->both, self->buf, PIECE, self->home + PIECE));
	ASSERT_EQ(PIECE, pread(self->both, self->buf, PIECE, self->home + 2 * PIECE));
	EXPECT_EQ(self->home, lseek(self->both, 0, SEEK_CUR));
}

/* A call that fails moves neither the position nor a byte. */
TEST_F(posix, a_failed_call_leaves_the_position)
{
	void *volatile nowhere = (void *)4096;	/* not for the compiler to judge */

	ASSERT_EQ(self->home, lseek(self->both, self->home, SEEK_SET));
	EXPECT_FAIL(EFAULT, write(self->both, nowhere, PIECE));
	EXPECT_FAIL(EFAULT, read(self->both, nowhere, PIECE));
	EXPECT_EQ(self->home, lseek(self->both, 0, SEEK_CUR));
}

TEST_F(posix, seeking)
{
	EXPECT_FAIL(EINVAL, lseek(self->both, -1, SEEK_SET));
	EXPECT_FAIL(EINVAL, lseek(self->both, 0, 99));
	ASSERT_EQ(PIECE, lseek(self->both, PIECE, SEEK_SET));
	EXPECT_FAIL(EINVAL, lseek(self->both, -2 * (off_t)PIECE, SEEK_CUR));
	EXPECT_EQ(PIECE, lseek(self->both, 0, SEEK_CUR));
	/* unbounded: there is no end to seek from; see bounds.c */
	if (self->card.memory) {
		EXPECT_EQ(self->card.memory, lseek(self->both, 0, SEEK_END));
		return;
	}
	EXPECT_FAIL(EINVAL, lseek(self->both, 0, SEEK_END));
}

TEST_F(posix, nothing_to_move)
{
	EXPECT_EQ(0, write(self->in, self->buf, 0));
	EXPECT_EQ(0, read(self->out, self->buf, 0));
	EXPECT_EQ(0, pwrite(self->both, NULL, 0, self->home));
	EXPECT_EQ(0, pread(self->both, NULL, 0, self->home));
	EXPECT_EQ(0, pwrite(self->both, self->buf, 0, LLONG_MAX));
	EXPECT_EQ(0, lseek(self->in, 0, SEEK_CUR));
}

TEST_F(posix, wrong_direction)
{
	const struct card *card = &self->card;
	int h2c = node_open(card, EXDMA_DIR_H2C, 1, O_RDWR);
	int c2h = node_open(card, EXDMA_DIR_C2H, 1, O_RDWR);

	ASSERT_LE(0, h2c);
	ASSERT_LE(0, c2h);
	EXPECT_FAIL(EINVAL, read(h2c, self->buf, PIECE));
	EXPECT_FAIL(EINVAL, write(c2h, self->buf, PIECE));
	EXPECT_EQ(PIECE, write(h2c, self->buf, PIECE));
	EXPECT_EQ(PIECE, read(c2h, self->buf, PIECE));
	close(h2c);
	close(c2h);
}

TEST_F(posix, open_modes)
{
	int reader = node_open(&self->card, 0, CARD_NODE, O_RDONLY);
	int writer = node_open(&self->card, 0, CARD_NODE, O_WRONLY);

	EXPECT_FAIL(EBADF, write(reader, self->buf, PIECE));
	EXPECT_FAIL(EBADF, read(writer, self->buf, PIECE));
	EXPECT_EQ(PIECE, read(reader, self->buf, PIECE));
	EXPECT_EQ(PIECE, write(writer, self->buf, PIECE));
	EXPECT_FAIL(EBADF, write(self->out, self->buf, PIECE));
	EXPECT_FAIL(EBADF, read(self->in, self->buf, PIECE));
	close(reader);
	close(writer);
	/* What shells and dd add for ">" is harmless. */
	writer = node_open(&self->card, 0, CARD_NODE, O_WRONLY | O_CREAT | O_TRUNC);
	EXPECT_EQ(PIECE, write(writer, self->buf, PIECE));
	close(writer);
}

TEST_F(posix, copies_of_a_descriptor_share_the_position)
{
	int fd = self->both, copy = dup(fd), status;
	int other = node_open(&self->card, 0, CARD_NODE, O_RDWR);
	pid_t pid;

	pattern_fill(self->buf, 3 * PIECE, self->home, self->seed);
	ASSERT_EQ(self->home, lseek(fd, self->home, SEEK_SET));
	ASSERT_EQ(PIECE, write(copy, self->buf, PIECE));
	EXPECT_EQ(self->home + PIECE, lseek(fd, 0, SEEK_CUR));

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid)
		_exit(write(fd, self->buf + PIECE, PIECE) == PIECE ? 0 : 1);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(self->home + 2 * PIECE, lseek(fd, 0, SEEK_CUR));

	/* The copy works on when the original is closed; an own one is apart. */
	close(self->both);
	self->both = other;
	ASSERT_EQ(PIECE, write(copy, self->buf + 2 * PIECE, PIECE));
	EXPECT_EQ(0, lseek(other, 0, SEEK_CUR));
	memset(self->buf, POISON, 3 * PIECE);
	ASSERT_EQ(3 * PIECE, pread(other, self->buf, 3 * PIECE, self->home));
	EXPECT_TRUE(pattern_is(self->buf, 3 * PIECE, self->home, self->seed));
	close(copy);
}

/* The descriptor is closed by another while the call is on: it ends in peace. */
TEST_F(posix, closed_while_in_use)
{
	const ssize_t room = self->card.memory ? self->card.memory : ROOM;
	int fd, i, status;
	pid_t pid;

	for (i = 0; i < 10; i++) {
		fd = open_in(&self->card, CARD_NODE);
		pattern_fill(self->buf, room, self->home, self->seed + i);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			_exit(pwrite(fd, self->buf, room, self->home) == room ? 0 : 1);
		close(fd);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status);
	}
	memset(self->buf, POISON, room);
	ASSERT_EQ(room, pread(self->out, self->buf, room, self->home));
	EXPECT_TRUE(pattern_is(self->buf, room, self->home, self->seed + i - 1));
}

TEST_F(posix, huge_counts)
{
	/* The memory ends long before the count: what is there moves. */
	uint8_t *end = memory(3 * MIB);
	volatile size_t negative = (size_t)SSIZE_MAX + 1, all = SIZE_MAX;
	ssize_t n;

	if (!card_has(&self->card, self->home + 2 * MIB))
		SKIP(return, TOO_SMALL);
	ASSERT_NE(NULL, end);
	munmap(end + 2 * MIB, MIB);
	pattern_fill(end, 2 * MIB, self->home, self->seed);
	n = pwrite(self->in, end, 0x7ffff000, self->home);
	EXPECT_LT(0, n);
	EXPECT_GE(2 * MIB, n);
	EXPECT_EQ(2 * MIB, write_through(self->in, end, GIB, self->home));
	EXPECT_EQ(EFAULT, errno);
	memset(end, POISON, 2 * MIB);
	EXPECT_EQ(2 * MIB, read_through(self->out, end, GIB, self->home));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_TRUE(pattern_is(end, 2 * MIB, self->home, self->seed));
	munmap(end, 2 * MIB);

	/* A count that no address space can hold, one that is negative. */
	EXPECT_EQ(-1, pwrite(self->in, self->buf, SSIZE_MAX, self->home));
	EXPECT_TRUE(errno == EFAULT || errno == EINVAL);
	EXPECT_EQ(-1, pwrite(self->in, self->buf, negative, 0));
	EXPECT_TRUE(errno == EFAULT || errno == EINVAL);
	EXPECT_EQ(-1, pread(self->out, self->buf, all, 0));
	EXPECT_TRUE(errno == EFAULT || errno == EINVAL);
}

/*
 * Offsets at the end of the type: an error, never an address that has wrapped
 * around to the beginning of the card.
 */
TEST_F(posix, offsets_at_the_end_of_the_type)
{
	static const off_t offsets[] = {
		LLONG_MAX, LLONG_MAX - 1, LLONG_MAX - PIECE, LLONG_MAX - PIECE + 1,
		1ll << 62, LLONG_MAX - 2 * MIB,
	};
	const off_t last = offsets[ARRAY_SIZE(offsets) - 1];
	unsigned int i;

	if (self->card.memory)
		SKIP(return, "the card has an end: see bounds.c");
	pattern_fill(self->buf, 2 * PIECE, 0, self->seed);
	ASSERT_EQ(2 * PIECE, pwrite(self->in, self->buf, 2 * PIECE, 0));
	memset(self->buf, POISON, 4 * MIB);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		EXPECT_EQ(-1, pwrite(self->in, self->buf, PIECE, offsets[i]));
		EXPECT_TRUE(errno == EINVAL || errno == EIO) TH_LOG("errno %d", errno);
		EXPECT_EQ(-1, pread(self->out, self->buf, PIECE, offsets[i]));
		EXPECT_TRUE(errno == EINVAL || errno == EIO) TH_LOG("errno %d", errno);
	}
	EXPECT_EQ(-1, pwrite(self->in, self->buf, 4 * MIB, last));
	EXPECT_FAIL(EINVAL, pwrite(self->in, self->buf, PIECE, -1));
	EXPECT_FAIL(EINVAL, pread(self->out, self->buf, PIECE, LLONG_MIN));
	/* by the position, too */
	ASSERT_EQ(LLONG_MAX, lseek(self->both, LLONG_MAX, SEEK_SET));
	EXPECT_EQ(-1, write(self->both, self->buf, PIECE));
	EXPECT_EQ(-1, read(self->both, self->buf, PIECE));
	EXPECT_EQ(-1, lseek(self->both, LLONG_MAX, SEEK_CUR));
	EXPECT_EQ(LLONG_MAX, lseek(self->both, 0, SEEK_CUR));

	ASSERT_EQ(2 * PIECE, pread(self->out, self->buf, 2 * PIECE, 0));
	EXPECT_TRUE(pattern_is(self->buf, 2 * PIECE, 0, self->seed));
}

TEST_F(posix, misaligned_for_the_engine)
{
	const struct card *card = &self->card;

	if (card->align == 1 && card->grain == 1)
		SKIP(return, "the engines of this card move any byte to any place");
	if (card->grain > 1)
		EXPECT_FAIL(EINVAL, pwrite(self->in, self->buf, card->grain - 1, self->home));
	if (card->align > 1) {
		EXPECT_FAIL(EINVAL, pwrite(self->in, self->buf, PIECE, self->home + 1));
		EXPECT_FAIL(EINVAL, pwrite(self->in, self->buf + 1, PIECE, self->home));
	}
	EXPECT_EQ(PIECE, pwrite(self->in, self->buf, PIECE, self->home));
}

TEST_F(posix, poll)
{
	struct pollfd p[] = {
		{ .fd = self->both, .events = POLLIN | POLLOUT },
		{ .fd = self->in, .events = POLLIN | POLLOUT },
		{ .fd = self->out, .events = POLLIN | POLLOUT },
	};
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT };
	int ep = epoll_create1(0);

	EXPECT_EQ(3, poll(p, 3, 0));
	EXPECT_EQ(POLLIN | POLLOUT, p[0].revents);
	EXPECT_EQ(POLLOUT, p[1].revents);
	EXPECT_EQ(POLLIN, p[2].revents);

	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->out, &event));
	EXPECT_EQ(1, epoll_wait(ep, &event, 1, 0));
	EXPECT_EQ(EPOLLIN, event.events);
	close(ep);
}

TEST_F(posix, what_a_node_is_not)
{
	int zero;

	EXPECT_EQ(MAP_FAILED, mmap(NULL, PIECE, PROT_READ, MAP_SHARED, self->both, 0));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_FAIL(EINVAL, ftruncate(self->both, 0));
	EXPECT_FAIL(ENOTTY, ioctl(self->both, FIONREAD, &zero));
}

TEST_HARNESS_MAIN
