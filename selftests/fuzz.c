// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that make no sense: random system calls with random arguments on all
 * nodes, from several threads, while others open and close them. What is asked
 * is that the kernel does not mind, that every answer is one that is
 * documented, and that the card works afterwards.
 *
 * On a card with streams the calls go to its channels all the same; they lead to
 * a sink, and come from a generator, so that nobody waits for ever.
 *
 * The same calls each time: EXDMA_SEED gives others. EXDMA_TIMES multiplies
 * their number, for long runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"
#include "traffic.h"

#define HOME		(64 * MIB)
#define THREADS		4
#define FILES		12
#define SPECIAL		4	/* of these, windows and events */
#define CALLS		6000
#define ROOM		(64 * KIB)
#define SEED		"0x5eed0fca11ed"

CARD_NEEDS(GIB);

FIXTURE(fuzz) {
	struct card card;
	struct random random;
	unsigned long calls;
	bool stream;
};

FIXTURE_SETUP(fuzz)
{
	lab_t lab;
	int i;

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->stream = card_streams(&self->card);
	if (self->stream) {
		lab = lab_map(&self->card);
		ASSERT_NE(NULL, lab);
		for (i = 0; i < 4; i++) {
			lab[LAB_STREAM_SEL / 4] = i;
			lab[LAB_STREAM_MODE / 4] = LAB_STREAM(LAB_H2C_SINK, LAB_C2H_GENERATE);
			lab[LAB_GEN_CMD / 4] = LAB_GEN_START;
		}
	}
	setenv("EXDMA_SEED", SEED, 0);
	self->random.state = random_seed();
	self->calls = test_amount(CALLS);
}

FIXTURE_TEARDOWN(fuzz)
{
}

/* One thread and what it has. */
struct fuzzer {
	pthread_t thread;
	const struct card *card;
	struct random random;
	unsigned long calls;
	bool stream;
	int fd[FILES];
	uint8_t *room;		/* ROOM of it is there, as much behind it is not */
	uint8_t *read_only;
	const char *wrong;	/* the call whose answer nobody has promised */
	int err;
};

/* errno values that the documents know, of any call here. */
static bool documented(int err)
{
	static const int known[] = {
		EINVAL, EFAULT, EAGAIN, EINTR, EIO, ENOSPC, E2BIG, ENOTTY, EBADF, ENODEV,
		EOPNOTSUPP, ESPIPE, ENXIO, EACCES, EOVERFLOW, EFBIG, ENOMEM, EBUSY, EPERM,
		EMSGSIZE, ETIMEDOUT,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (err == known[i])
			return true;
	return false;
}

static uint64_t any(struct fuzzer *f, uint64_t below)
{
	return random_below(&f->random, below);
}

/* A pointer: into memory, across its end, to nothing, to the kernel, odd. */
static void *any_pointer(struct fuzzer *f)
{
	switch (any(f, 10)) {
	case 0: return NULL;
	case 1: return f->room + ROOM - any(f, 64);
	case 2: return (void *)random_next(&f->random);
	case 3: return (void *)(0xffff888000000000ull + any(f, 1ull << 40));
	case 4: return f->read_only + any(f, 128);
	case 5: return f->room + any(f, ROOM);
	default: return f->room + any(f, ROOM / 64) * 64;
	}
}

static size_t any_length(struct fuzzer *f)
{
	switch (any(f, 8)) {
	case 0: return 0;
	case 1: return random_next(&f->random);
	case 2: return (1ull << any(f, 64)) - any(f, 2);
	case 3: return any(f, 300);
	default: return random_size(&f->random, ROOM / 64) * 64;
	}
}

static off_t any_offset(struct fuzzer *f)
{
	switch (any(f, 8)) {
	case 0: return random_next(&f->random);
	case 1: return (1ull << any(f, 64)) - any(f, 2);
	case 2: return -(off_t)any(f, 1000);
	case 3: return any(f, 1000);
	default: return HOME + any(f, 1 << 20) * 64;
	}
}

static void any_iovec(struct fuzzer *f, struct iovec *iov, int n)
{
	while (n--)
		iov[n] = (struct iovec) { any_pointer(f), any_length(f) };
}

static int any_file(struct fuzzer *f)
{
	return f->fd[any(f, FILES)];
}

/* Random bytes, and now and then a size that could be right. */
static void *any_struct(struct fuzzer *f)
{
	uint32_t *words = (uint32_t *)f->room;
	unsigned int i;

	for (i = 0; i < 64; i++)
		words[i] = any(f, 3) ? 0 : random_next(&f->random);
	if (any(f, 4))
		words[0] = any(f, 200);
	return any(f, 4) ? (void *)words : any_pointer(f);
}

/*
 * A window is only read here: the registers of the virtual card's logic would do
 * what is written. Events are never waited for.
 */
static int open_special(struct fuzzer *f)
{
	static const char * const parts[] = { "user", "event0", "event1", "bypass", "control" };
	const char *part = parts[any(f, ARRAY_SIZE(parts))];
	bool event = part[0] == 'e';
	char path[64];

	snprintf(path, sizeof(path), "/dev/exdma%d_%s", f->card->number, part);
	return open(path, event ? O_RDWR | O_NONBLOCK : O_RDONLY);
}

static void reopen(struct fuzzer *f, int which)
{
	static const int flags[] = { 0, O_NONBLOCK, O_DIRECT, O_DSYNC, O_APPEND, O_CLOEXEC };
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR };
	int dir = any(f, 2);

	if (f->fd[which] >= 0)
		close(f->fd[which]);
	if (which < SPECIAL)
		f->fd[which] = open_special(f);
	else
		f->fd[which] = node_open(f->card, dir, any(f, ways(f->card, dir)),
					 modes[any(f, 3)] | flags[any(f, ARRAY_SIZE(flags))] |
					 (f->stream ? O_NONBLOCK : 0));
}

/* One call. Return: its name if it failed, with errno set; else NULL. */
static const char *call(struct fuzzer *f)
{
	/* all but the reset */
	static const unsigned int numbers[] = { 0, 1, 2, 3, 4, 6, 0x10, 0x11 };
	struct iovec iov[4];
	struct pollfd p;
	int pipes[2], n;
	long ret = 0;

	errno = 0;
	switch (any(f, 14)) {
	case 0:
		ret = pread(any_file(f), any_pointer(f), any_length(f), any_offset(f));
		return ret < 0 ? "pread" : NULL;
	case 1:
		ret = pwrite(any_file(f), any_pointer(f), any_length(f), any_offset(f));
		return ret < 0 ? "pwrite" : NULL;
	case 2:
		n = any(f, ARRAY_SIZE(iov) + 1);
		any_iovec(f, iov, n);
		ret = preadv2(any_file(f), iov, n, any_offset(f), 1 << any(f, 8));
		return ret < 0 ? "preadv2" : NULL;
	case 3:
		n = any(f, ARRAY_SIZE(iov) + 1);
		any_iovec(f, iov, n);
		ret = pwritev2(any_file(f), iov, n, any_offset(f), 1 << any(f, 8));
		return ret < 0 ? "pwritev2" : NULL;
	case 4:
		ret = ioctl(any_file(f), _IOC(any(f, 4), EXDMA_IOC_MAGIC,
					      numbers[any(f, ARRAY_SIZE(numbers))],
					      any(f, 256)), any_struct(f));
		return ret < 0 ? "ioctl" : NULL;
	case 5:
		ret = ioctl(any_file(f), random_next(&f->random), any_struct(f));
		return ret < 0 ? "ioctl" : NULL;
	case 6:
		ret = lseek(any_file(f), any_offset(f), any(f, 7));
		return ret < 0 ? "lseek" : NULL;
	case 7:
		ret = read(any_file(f), any_pointer(f), any_length(f));
		return ret < 0 ? "read" : NULL;
	case 8:
		p = (struct pollfd) { any_file(f), random_next(&f->random), 0 };
		ret = poll(&p, 1, 0);
		return ret < 0 ? "poll" : NULL;
	case 9:
		ret = (long)mmap(NULL, 1 + any(f, 1 << 20), 1 << any(f, 3), 1 + any(f, 2),
				 any_file(f), any(f, 1 << 20) << 12);
		return ret == -1 ? "mmap" : NULL;
	case 10:
		ret = fsync(any_file(f));
		return ret < 0 ? "fsync" : NULL;
	case 11:
		if (pipe2(pipes, O_NONBLOCK))
			return NULL;
		ret = splice(any_file(f), NULL, pipes[1], NULL, any(f, 1 << 18), any(f, 8));
		n = errno;
		close(pipes[0]);
		close(pipes[1]);
		errno = n;
		return ret < 0 ? "splice" : NULL;
	case 12:
		ret = fcntl(f->fd[SPECIAL + any(f, FILES - SPECIAL)], F_SETFL,
			    f->stream || any(f, 2) ? O_NONBLOCK : 0);
		return ret < 0 ? "fcntl" : NULL;
	default:
		reopen(f, any(f, FILES));
		return NULL;
	}
}

static void *fuzz(void *arg)
{
	struct fuzzer *f = arg;
	const char *name;
	int i;

	for (i = 0; i < FILES; i++) {
		f->fd[i] = -1;
		reopen(f, i);
	}
	while (f->calls-- && !f->wrong) {
		name = call(f);
		if (name && !documented(errno)) {
			f->wrong = name;
			f->err = errno;
		}
	}
	for (i = 0; i < FILES; i++)
		close(f->fd[i]);
	return NULL;
}

/* Of a stream: a packet goes, and one comes. */
static void expect_works(struct __test_metadata *_metadata, FIXTURE_DATA(fuzz) *self)
{
	uint8_t *buf = memory(MIB);

	if (self->stream) {
		EXPECT_EQ(100 * KIB, write(open_in(&self->card, 1), buf, 100 * KIB));
		EXPECT_LT(0, read(open_out(&self->card, 1), buf, MIB));
	} else {
		EXPECT_TRUE(card_works(&self->card, 100 * KIB, random_next(&self->random)));
	}
}

TEST_F_TIMEOUT(fuzz, calls_that_make_no_sense, 3600)
{
	struct fuzzer f[THREADS] = { };
	int i;

	for (i = 0; i < THREADS; i++) {
		f[i].card = &self->card;
		f[i].stream = self->stream;
		f[i].random.state = random_next(&self->random);
		f[i].calls = self->calls;
		f[i].room = memory(2 * ROOM);
		f[i].read_only = memory(ROOM);
		ASSERT_NE(NULL, f[i].room);
		ASSERT_EQ(0, munmap(f[i].room + ROOM, ROOM));
		ASSERT_EQ(0, mprotect(f[i].read_only, ROOM, PROT_READ));
		ASSERT_EQ(0, pthread_create(&f[i].thread, NULL, fuzz, &f[i]));
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(f[i].thread, NULL);
		EXPECT_EQ(NULL, f[i].wrong) {
			TH_LOG("%s: %s", f[i].wrong, strerror(f[i].err));
		}
	}
	expect_works(_metadata, self);
}

/* Descriptors that come and go, in threads and processes, with calls on them. */
static void *come_and_go(void *arg)
{
	struct fuzzer *f = arg;
	uint8_t *buf = f->room;
	int fd, dir;

	while (f->calls--) {
		dir = any(f, 2);
		fd = node_open(f->card, dir, any(f, ways(f->card, dir)), O_RDWR | O_NONBLOCK);
		if (fd < 0) {
			f->wrong = "open";
			f->err = errno;
			break;
		}
		if (any(f, 2))
			(void)!pread(fd, buf, 4096, HOME);
		if (any(f, 2))
			(void)!pwrite(fd, buf, 4096, HOME);
		close(fd);
	}
	return NULL;
}

TEST_F_TIMEOUT(fuzz, a_storm_of_opens, 3600)
{
	struct fuzzer f[2 * THREADS] = { };
	int i;

	for (i = 0; i < 2 * THREADS; i++) {
		f[i].card = &self->card;
		f[i].random.state = random_next(&self->random);
		f[i].calls = self->calls / 20;
		f[i].room = memory(4096);
		ASSERT_EQ(0, pthread_create(&f[i].thread, NULL, come_and_go, &f[i]));
	}
	for (i = 0; i < 2 * THREADS; i++) {
		pthread_join(f[i].thread, NULL);
		EXPECT_EQ(NULL, f[i].wrong) TH_LOG("%s", strerror(f[i].err));
	}
	expect_works(_metadata, self);
}

TEST_HARNESS_MAIN
