// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver is unbound, or the device removed, under open files and threads in
 * I/O: every call ends with ENODEV, poll says so, the node goes, and a new card
 * of another number takes its place while the old files still stand.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "pattern.h"

#define HOME	(512 * MIB)
#define ROOM	(2 * MIB)
#define USERS	12
#define ROUNDS	20

CARD_NEEDS(GIB);

FIXTURE(lifetime) {
	struct card card;
	uint64_t seed;
	uint8_t *buf;
};

FIXTURE_SETUP(lifetime)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->buf = memory(ROOM);
	ASSERT_NE(NULL, self->buf);
}

FIXTURE_TEARDOWN(lifetime)
{
}

/* One thread in I/O: on which node, how far, how it ended. */
struct user {
	pthread_t thread;
	int fd, dir;
	uint8_t *buf;
	struct random random;
	volatile unsigned int calls;
	volatile bool stop;
	int err;
};

static void *use(void *arg)
{
	struct user *u = arg;
	uint8_t *buf = memory(ROOM);
	ssize_t n;
	size_t len;

	do {
		len = random_size(&u->random, ROOM / 64) * 64;
		if (u->dir == EXDMA_DIR_H2C)
			n = pwrite(u->fd, buf, len, HOME);
		else
			n = pread(u->fd, buf, len, HOME);
		u->calls++;
	} while (n > 0 && !u->stop);
	u->err = n < 0 ? errno : 0;
	munmap(buf, ROOM);
	return NULL;
}

/* One write of two rooms. */
static void *write_across(void *arg)
{
	struct user *u = arg;
	ssize_t n = pwrite(u->fd, u->buf, 2 * ROOM, HOME);

	u->calls = n > 0 ? n : 0;
	u->err = n < 0 ? errno : 0;
	return NULL;
}

/* Threads on all nodes, each of which has come back from a call. */
static int start_users(struct __test_metadata *_metadata, FIXTURE_DATA(lifetime) *self,
		       struct user *users)
{
	const struct card *card = &self->card;
	int dir, way, n = 0, i;

	for (dir = 0; dir < 2; dir++) {
		for (way = 0; way < ways(card, dir) && n < USERS; way++, n++) {
			users[n] = (struct user) {
				.fd = node_open(card, dir, way, O_RDWR),
				.dir = dir,
				.random.state = ++self->seed,
			};
			ASSERT_LE(0, users[n].fd);
		}
	}
	for (i = 0; i < n; i++)
		ASSERT_EQ(0, pthread_create(&users[i].thread, NULL, use, &users[i]));
	for (i = 0; i < n; i++)
		while (!users[i].calls)
			sched_yield();
	return n;
}

static void join_users(struct __test_metadata *_metadata, struct user *users, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		pthread_join(users[i].thread, NULL);
		EXPECT_EQ(ENODEV, users[i].err) {
			TH_LOG("user %d, after %u calls", i, users[i].calls);
		}
	}
}

#define EXPECT_GONE(call) do {			\
	errno = 0;				\
	EXPECT_EQ(-1, (call));			\
	EXPECT_EQ(ENODEV, errno);		\
} while (0)

/* What is left of a node: a file that says ENODEV to everything. */
static void expect_gone(struct __test_metadata *_metadata, int fd, uint8_t *buf)
{
	struct exdma_card_info info = { .size = sizeof(info) };
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };

	EXPECT_GONE(pread(fd, buf, 64, HOME));
	EXPECT_GONE(pwrite(fd, buf, 64, HOME));
	EXPECT_GONE(lseek(fd, 0, SEEK_SET));
	EXPECT_GONE(ioctl(fd, EXDMA_IOC_CARD_INFO, &info));
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLHUP | POLLERR, p.revents & (POLLHUP | POLLERR));
}

static void expect_works(struct __test_metadata *_metadata, FIXTURE_DATA(lifetime) *self)
{
	int in = open_in(&self->card, 1), out = open_out(&self->card, 1);

	ASSERT_LE(0, in);
	ASSERT_LE(0, out);
	pattern_fill(self->buf, ROOM, HOME, ++self->seed);
	ASSERT_EQ(ROOM, pwrite(in, self->buf, ROOM, HOME));
	memset(self->buf, POISON, ROOM);
	ASSERT_EQ(ROOM, pread(out, self->buf, ROOM, HOME));
	ASSERT_TRUE(pattern_is(self->buf, ROOM, HOME, self->seed));
	close(in);
	close(out);
}

/* The card of the same device, whatever its number is now. */
static void rebind(struct __test_metadata *_metadata, FIXTURE_DATA(lifetime) *self)
{
	struct card new;

	ASSERT_EQ(0, card_bind(&self->card));
	ASSERT_TRUE(card_at(&new, self->card.bdf));
	self->card = new;
}

/* Waits in poll() for nothing but the end. */
struct poller {
	pthread_t thread;
	int fd, got;
	short revents;
	volatile bool begun;
};

static void *wait_for_end(void *arg)
{
	struct poller *p = arg;
	struct pollfd poll_one = { .fd = p->fd };

	p->begun = true;
	p->got = poll_for(&poll_one, 1, PATIENCE_BEATS);
	p->revents = poll_one.revents;
	return NULL;
}

TEST_F_TIMEOUT(lifetime, unbound_under_load, 300)
{
	const int first = self->card.number;
	struct user users[USERS];
	struct poller poller;
	char path[64];
	int round, n, i, old, both;

	for (round = 0; round < ROUNDS; round++) {
		old = self->card.number;
		both = node_open(&self->card, 0, CARD_NODE, O_RDWR);
		n = start_users(_metadata, self, users);
		poller = (struct poller) { .fd = both };
		ASSERT_EQ(0, pthread_create(&poller.thread, NULL, wait_for_end, &poller));
		while (!poller.begun)
			sched_yield();

		ASSERT_EQ(0, card_unbind(&self->card));
		join_users(_metadata, users, n);
		pthread_join(poller.thread, NULL);
		EXPECT_EQ(1, poller.got);
		EXPECT_EQ(POLLHUP | POLLERR, poller.revents);
		expect_gone(_metadata, both, self->buf);
		/* neither node nor directory are left */
		snprintf(path, sizeof(path), "/dev/exdma%d", old);
		EXPECT_EQ(-1, access(path, F_OK));
		snprintf(path, sizeof(path), "/sys/class/exdma/exdma%d", old);
		EXPECT_EQ(-1, access(path, F_OK));

		rebind(_metadata, self);
		/* a name that is still in use is not given to another */
		EXPECT_NE(old, self->card.number);
		expect_works(_metadata, self);
		expect_gone(_metadata, both, self->buf);
		for (i = 0; i < n; i++)
			close(users[i].fd);
		close(both);
		ASSERT_EQ(KSFT_PASS, _metadata->exit_code) TH_LOG("round %d", round);
	}
	/* With nothing open, the number is free again. */
	ASSERT_EQ(0, card_unbind(&self->card));
	rebind(_metadata, self);
	EXPECT_EQ(first, self->card.number);
}

TEST_F(lifetime, unbound_with_idle_files)
{
	const struct card *card = &self->card;
	int fds[USERS], dir, way, n = 0, i;

	for (dir = 0; dir < 2; dir++)
		for (way = 0; way < ways(card, dir) && n < USERS; way++)
			fds[n++] = node_open(card, dir, way, O_RDWR);
	ASSERT_EQ(0, card_unbind(card));
	for (i = 0; i < n; i++)
		expect_gone(_metadata, fds[i], self->buf);
	/* closing them while there is no card at all */
	for (i = 0; i < n; i++)
		EXPECT_EQ(0, close(fds[i]));
	rebind(_metadata, self);
	expect_works(_metadata, self);
}

/* Every asynchronous request ends, with its data or with ENODEV. */
TEST_F(lifetime, unbound_with_asynchronous_requests)
{
	long long got, len = 256 * KIB;
	struct iocb cb[48], *list[48];
	struct io_event events[48];
	aio_context_t context;
	int round, i, fd;

	for (round = 0; round < 5; round++) {
		fd = open_in(&self->card, 1);
		ASSERT_LE(0, fd);
		context = 0;
		ASSERT_EQ(0, syscall(SYS_io_setup, 48, &context));
		for (i = 0; i < 48; i++) {
			cb[i] = (struct iocb) {
				.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = fd,
				.aio_buf = (uintptr_t)self->buf, .aio_nbytes = len,
				.aio_offset = HOME,
			};
			list[i] = &cb[i];
		}
		ASSERT_EQ(48, syscall(SYS_io_submit, context, 48, list));
		ASSERT_EQ(0, card_unbind(&self->card));
		ASSERT_EQ(48, getevents_for(context, 48, events, PATIENCE_BEATS));
		for (i = 0; i < 48; i++) {
			got = events[i].res;
			EXPECT_TRUE(got == len || got == -ENODEV) TH_LOG("got %lld", got);
		}
		syscall(SYS_io_destroy, context);
		close(fd);
		rebind(_metadata, self);
		expect_works(_metadata, self);
	}
}

/* As a hot-unplug does it: the device itself goes, and is found again. */
TEST_F(lifetime, removed_and_rescanned)
{
	struct user users[USERS];
	char path[96];
	struct card new;
	int round, n, i;

	for (round = 0; round < 3; round++) {
		n = start_users(_metadata, self, users);
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/remove",
			 self->card.bdf);
		ASSERT_EQ(0, put_text(path, "1"));
		join_users(_metadata, users, n);
		ASSERT_FALSE(card_at(&new, self->card.bdf));
		for (i = 0; i < n; i++) {
			expect_gone(_metadata, users[i].fd, self->buf);
			close(users[i].fd);
		}
		ASSERT_EQ(0, put_text("/sys/bus/pci/rescan", "1"));
		ASSERT_TRUE(card_at(&new, self->card.bdf));
		self->card = new;
		expect_works(_metadata, self);
	}
}

/* The function is reset by somebody else: what ran is run again. */
TEST_F(lifetime, reset_under_load)
{
	struct user users[USERS];
	unsigned int before[USERS];
	char path[96];
	int round, n, i;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", self->card.bdf);
	n = start_users(_metadata, self, users);
	for (round = 0; round < 5; round++) {
		ASSERT_EQ(0, put_text(path, "1"));
		for (i = 0; i < n; i++)
			before[i] = users[i].calls;
		for (i = 0; i < n; i++)
			while (users[i].calls < before[i] + 2 && !users[i].err)
				sched_yield();
	}
	for (i = 0; i < n; i++) {
		users[i].stop = true;
		pthread_join(users[i].thread, NULL);
		EXPECT_EQ(0, users[i].err) TH_LOG("user %d", i);
		close(users[i].fd);
	}
	expect_works(_metadata, self);
}

/*
 * A caller that sits in a page fault, for as long as somebody else likes, with
 * requests of the same call already mapped: the driver goes without waiting
 * for him.
 */
TEST_F(lifetime, unbound_under_a_page_fault)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct user u = { };
	struct uffd_msg event;
	uint8_t *buf;
	int uffd;

	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
		SKIP(return, "no userfaultfd here: errno %d", errno);
	/* the second half is not there until we say so */
	buf = memory(2 * ROOM);
	madvise(buf, 2 * ROOM, MADV_NOHUGEPAGE);	/* where there are any */
	memset(buf, 1, ROOM);
	range.range.start = (uintptr_t)buf + ROOM;
	range.range.len = ROOM;
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_REGISTER, &range));

	u.fd = open_in(&self->card, CARD_NODE);
	u.buf = buf;
	ASSERT_EQ(0, pthread_create(&u.thread, NULL, write_across, &u));
	ASSERT_EQ(sizeof(event), read(uffd, &event, sizeof(event)));
	ASSERT_EQ(UFFD_EVENT_PAGEFAULT, event.event);

	ASSERT_EQ(0, card_unbind(&self->card));
	rebind(_metadata, self);
	expect_works(_metadata, self);

	/* lets the fault go on as if nobody had asked to hear of it */
	ASSERT_EQ(0, ioctl(uffd, UFFDIO_UNREGISTER, &range.range)) {
		TH_LOG("errno %d", errno);
	}
	pthread_join(u.thread, NULL);
	EXPECT_TRUE(u.err == ENODEV || (!u.err && u.calls <= ROOM)) {
		TH_LOG("%u bytes, errno %d", u.calls, u.err);
	}
	close(u.fd);
	close(uffd);
}

/* Nodes are opened and closed while the driver comes and goes. */
struct opener {
	pthread_t thread;
	struct card card;
	bool alone;		/* no other card can have the number */
	volatile bool stop;
	unsigned int opened, wrong;
};

static void *open_and_close(void *arg)
{
	struct opener *o = arg;
	uint8_t buf[256] __attribute__((__aligned__(256)));
	int fd, way = 0;

	while (!o->stop) {
		fd = open_out(&o->card, way++ % 2);
		if (fd < 0) {
			if (errno != ENOENT && errno != ENODEV && errno != ENXIO)
				o->wrong = errno;
			continue;
		}
		o->opened++;
		if (pread(fd, buf, sizeof(buf), HOME) < 0 && errno != ENODEV && o->alone)
			o->wrong = errno;
		close(fd);
	}
	return NULL;
}

TEST_F(lifetime, opened_while_it_comes_and_goes)
{
	struct card cards[CARDS_MAX];
	int n = cards_find(cards, CARDS_MAX), i, round;
	struct opener o[3];

	for (i = 0; i < 3; i++) {
		o[i] = (struct opener) { .card = self->card, .alone = n == 1 };
		o[i].card.number = i;	/* whichever it will have */
		ASSERT_EQ(0, pthread_create(&o[i].thread, NULL, open_and_close, &o[i]));
	}
	for (round = 0; round < ROUNDS; round++) {
		ASSERT_EQ(0, card_unbind(&self->card));
		rebind(_metadata, self);
	}
	for (i = 0; i < 3; i++)
		o[i].stop = true;
	for (i = 0; i < 3; i++) {
		pthread_join(o[i].thread, NULL);
		EXPECT_EQ(0, o[i].wrong) TH_LOG("errno %u", o[i].wrong);
	}
	EXPECT_LT(0, o[0].opened + o[1].opened + o[2].opened);
	expect_works(_metadata, self);
}

TEST_HARNESS_MAIN
