// SPDX-License-Identifier: GPL-2.0-only
/*
 * Those who do not want to wait: RWF_NOWAIT and O_NONBLOCK give EAGAIN where
 * others wait, for room, for memory, for a channel that is being recovered; and
 * poll tells the truth about it beforehand.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "card.h"
#include "flight.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"

#define HOME	(200 * MIB)
#define ROOM	(32 * MIB)
#define PAGE	4096ul
#define N	4096		/* more than there is room for, of the smallest */

CARD_NEEDS(GIB);

FIXTURE(nowait) {
	struct card card;
	uint64_t seed;
	uint8_t *buf;
	lab_t lab;
	int fd;			/* of channel 0 in the direction of the variant */
	int dir;
	struct flight f;
	struct flight_request *r;
	unsigned int taken;	/* of them, in flight */
};

FIXTURE_VARIANT(nowait) {
	int dir;
};

FIXTURE_VARIANT_ADD(nowait, h2c) { .dir = EXDMA_DIR_H2C };
FIXTURE_VARIANT_ADD(nowait, c2h) { .dir = EXDMA_DIR_C2H };

FIXTURE_SETUP(nowait)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->dir = variant->dir;
	self->buf = memory(ROOM);
	ASSERT_NE(NULL, self->buf);
	memset(self->buf, POISON, ROOM);
	self->fd = node_open(&self->card, self->dir, 1,
			     self->dir == EXDMA_DIR_H2C ? O_WRONLY : O_RDONLY);
	ASSERT_LE(0, self->fd);
	self->r = calloc(N, sizeof(*self->r));
	ASSERT_EQ(0, flight_open(&self->f, FLIGHT_AIO, N));
	self->lab = lab_map(&self->card);
	if (!self->lab)
		SKIP(return, "this card has no lab block");
	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_HELD));
}

FIXTURE_TEARDOWN_PARENT(nowait)
{
	param_put("timeout_ms", TIMEOUT_DEFAULT);
	param_put("max_inflight_kib", "16384");
	lab_let_go_all(&self->card);
}

/* One synchronous call. Return: bytes or -errno. */
static ssize_t call(int fd, int dir, void *buf, size_t len, int flags)
{
	struct iovec iov = { buf, len };
	ssize_t n = dir == EXDMA_DIR_H2C ? pwritev2(fd, &iov, 1, HOME, flags) :
					   preadv2(fd, &iov, 1, HOME, flags);

	return n < 0 ? -errno : n;
}

static bool becomes_ready(int fd, int dir)
{
	struct pollfd p = { .fd = fd, .events = dir == EXDMA_DIR_H2C ? POLLOUT : POLLIN };

	return poll_for(&p, 1, PATIENCE_BEATS) == 1 && p.revents == p.events;
}

static bool is_ready(int fd, int dir)
{
	struct pollfd p = { .fd = fd, .events = dir == EXDMA_DIR_H2C ? POLLOUT : POLLIN };

	return poll(&p, 1, 0) == 1 && p.revents == p.events;
}

/*
 * A request that is not to wait, of which nothing will be heard while the engine
 * is held. Return: was it taken?
 */
static bool take(struct __test_metadata *_metadata, FIXTURE_DATA(nowait) *self, size_t len)
{
	struct flight_request *r = &self->r[self->taken];

	*r = (struct flight_request) {
		.fd = self->fd, .write = self->dir == EXDMA_DIR_H2C, .flags = RWF_NOWAIT,
		.buf = self->buf + self->taken * PAGE % (ROOM - len), .len = len, .addr = HOME,
	};
	ASSERT_EQ(1, flight_launch(&self->f, r, 1));
	if (flight_land(&self->f, 0)) {
		EXPECT_EQ(-EAGAIN, r->result) TH_LOG("request %u", self->taken);
		return false;
	}
	self->taken++;
	return true;
}

/* Holds the engine, and takes whatever there is room for. */
static void fill(struct __test_metadata *_metadata, FIXTURE_DATA(nowait) *self)
{
	size_t len;

	lab_hold(self->lab, self->dir, 0);
	for (len = MIB; len >= 64; len /= 4) {
		while (take(_metadata, self, len))
			ASSERT_GT(N - 1, self->taken) TH_LOG("there is no end of room");
		if (len == MIB)
			ASSERT_TRUE(lab_wait_held(self->lab, self->dir, 0));
	}
}

/* Lets the engine go, and sees all through that was taken. */
static void drain(struct __test_metadata *_metadata, FIXTURE_DATA(nowait) *self)
{
	unsigned int i;

	lab_let_go(self->lab, self->dir, 0);
	ASSERT_EQ(self->taken, flight_land(&self->f, self->taken));
	for (i = 0; i < self->taken; i++)
		EXPECT_EQ(self->r[i].len, self->r[i].result);
	self->taken = 0;
}

/* Nobody in the way: what may not wait is done as any other, to its end. */
TEST_F(nowait, with_room_it_is_done)
{
	const size_t sizes[] = { 64, PAGE, 64 * KIB, MIB, 5 * MIB };
	const struct card *card = &self->card;
	int in, out;
	unsigned int i;

	in = node_open(card, EXDMA_DIR_H2C, 1, O_WRONLY | O_NONBLOCK);
	out = node_open(card, EXDMA_DIR_C2H, 1, O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, in);
	ASSERT_LE(0, out);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		pattern_fill(self->buf, sizes[i], HOME, self->seed + i);
		ASSERT_TRUE(is_ready(in, EXDMA_DIR_H2C));
		ASSERT_EQ(sizes[i], pwrite(in, self->buf, sizes[i], HOME));
		memset(self->buf, POISON, sizes[i]);
		ASSERT_TRUE(is_ready(out, EXDMA_DIR_C2H));
		ASSERT_EQ(sizes[i], pread(out, self->buf, sizes[i], HOME));
		EXPECT_TRUE(pattern_is(self->buf, sizes[i], HOME, self->seed + i));
		/* the flag of a call says the same as that of the file */
		EXPECT_EQ(sizes[i], call(self->fd, self->dir, self->buf, sizes[i], RWF_NOWAIT));
	}
	close(in);
	close(out);
}

/*
 * At every moment: if poll says ready, a call of any size is begun; if it does
 * not, one as large as a request can be gets EAGAIN.
 */
TEST_F(nowait, poll_tells_the_truth_while_the_room_goes)
{
	unsigned int on = 0, off = 0;
	bool ready, taken = true;

	/* less of it, in smaller steps */
	ASSERT_EQ(0, param_put("max_inflight_kib", "2100"));
	lab_hold(self->lab, self->dir, 0);
	ASSERT_TRUE(take(_metadata, self, 64 * KIB));
	ASSERT_TRUE(lab_wait_held(self->lab, self->dir, 0));
	while (taken) {
		ASSERT_GT(N - 1, self->taken) TH_LOG("there is no end of room");
		ready = is_ready(self->fd, self->dir);
		*(ready ? &on : &off) += 1;
		if (!ready)
			EXPECT_EQ(-EAGAIN, call(self->fd, self->dir, self->buf + PAGE / 2, MIB,
						RWF_NOWAIT));
		taken = take(_metadata, self, 32 * KIB);
		EXPECT_TRUE(taken || !ready) TH_LOG("with %u taken", self->taken);
	}
	EXPECT_LT(0, on);
	EXPECT_LT(0, off);
	EXPECT_FALSE(is_ready(self->fd, self->dir));
	drain(_metadata, self);
	EXPECT_TRUE(is_ready(self->fd, self->dir));
}

TEST_F(nowait, no_room_for_anybody)
{
	long long timeouts = channel_stat(&self->card, self->dir, 0, "timeouts");
	const size_t sizes[] = { 64, PAGE, 64 * KIB, MIB, 5 * MIB };
	int other = node_open(&self->card, self->dir, 1, O_NONBLOCK |
			      (self->dir == EXDMA_DIR_H2C ? O_WRONLY : O_RDONLY));
	char text[32];
	unsigned int i;

	fill(_metadata, self);
	/* all that may be pinned is, but for what a larger request would take */
	ASSERT_TRUE(param_get("max_inflight_kib", text, sizeof(text)));
	EXPECT_LE(channel_stat(&self->card, self->dir, 0, "pinned_bytes"), atoll(text) * KIB);
	EXPECT_LT((atoll(text) - 1024) * KIB,
		  channel_stat(&self->card, self->dir, 0, "pinned_bytes"));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(-EAGAIN, call(self->fd, self->dir, self->buf, sizes[i], RWF_NOWAIT));
		EXPECT_EQ(-EAGAIN, call(other, self->dir, self->buf, sizes[i], 0));
	}
	EXPECT_FALSE(is_ready(self->fd, self->dir));
	EXPECT_FALSE(is_ready(other, self->dir));
	/* nobody has waited for the watchdog */
	EXPECT_EQ(timeouts, channel_stat(&self->card, self->dir, 0, "timeouts"));
	drain(_metadata, self);
	EXPECT_TRUE(is_ready(self->fd, self->dir));
	EXPECT_EQ(PAGE, call(other, self->dir, self->buf, PAGE, 0));
	close(other);
}

/* Who sleeps in poll, or in a call that waits, learns when there is room. */

struct sleeper {
	pthread_t thread;
	pid_t tid;
	int fd, dir;
	bool polls;
	uint8_t *buf;
	long long result;
};

static void *sleeper(void *arg)
{
	struct sleeper *s = arg;
	struct pollfd p = { .fd = s->fd, .events = s->dir == EXDMA_DIR_H2C ? POLLOUT : POLLIN };

	__atomic_store_n(&s->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	if (s->polls)
		s->result = poll_for(&p, 1, PATIENCE_BEATS);
	else if (s->dir == EXDMA_DIR_H2C)
		s->result = pwrite(s->fd, s->buf, MIB, HOME);
	else
		s->result = pread(s->fd, s->buf, MIB, HOME);
	return NULL;
}

static bool falls_asleep(struct sleeper *s, long nr)
{
	while (!__atomic_load_n(&s->tid, __ATOMIC_ACQUIRE))
		sched_yield();
	return wait_in_call(s->tid, nr);
}

TEST_F(nowait, room_wakes_those_who_wait)
{
	struct sleeper s[2] = {
		{ .fd = self->fd, .dir = self->dir, .polls = true },
		{ .fd = self->fd, .dir = self->dir, .buf = memory(MIB) },
	};
	int i;

	memset(s[1].buf, POISON, MIB);
	fill(_metadata, self);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&s[i].thread, NULL, sleeper, &s[i]));
	ASSERT_TRUE(falls_asleep(&s[0], SYS_poll));
	ASSERT_TRUE(falls_asleep(&s[1], self->dir == EXDMA_DIR_H2C ? SYS_pwrite64 : SYS_pread64));
	ASSERT_TRUE(lab_is_held(self->lab, self->dir, 0));
	drain(_metadata, self);
	for (i = 0; i < 2; i++)
		pthread_join(s[i].thread, NULL);
	EXPECT_EQ(1, s[0].result);
	EXPECT_EQ(MIB, s[1].result);
}

/*
 * A large call waits for room. A small call that may not wait would fit into the room that
 * is left, but must not take it: a stream of small calls would starve the large one.
 */
TEST_F(nowait, not_before_those_who_wait)
{
	struct sleeper s = { .fd = self->fd, .dir = self->dir, .buf = memory(MIB) };

	ASSERT_EQ(0, param_put("max_inflight_kib", "2100"));
	memset(s.buf, POISON, MIB);
	lab_hold(self->lab, self->dir, 0);
	ASSERT_TRUE(take(_metadata, self, 64 * KIB));
	ASSERT_TRUE(lab_wait_held(self->lab, self->dir, 0));
	while (channel_stat(&self->card, self->dir, 0, "pinned_bytes") < (long long)(1500 * KIB))
		ASSERT_TRUE(take(_metadata, self, 32 * KIB));
	ASSERT_EQ(0, pthread_create(&s.thread, NULL, sleeper, &s));
	ASSERT_TRUE(falls_asleep(&s, self->dir == EXDMA_DIR_H2C ? SYS_pwrite64 : SYS_pread64));
	EXPECT_FALSE(take(_metadata, self, 32 * KIB));
	drain(_metadata, self);
	pthread_join(s.thread, NULL);
	EXPECT_EQ(MIB, s.result);
	EXPECT_EQ(32 * KIB, call(self->fd, self->dir, self->buf, 32 * KIB, RWF_NOWAIT));
}

/* io_uring, told to wait, does: but not in its submission. */
TEST_F(nowait, io_uring_waits_for_room_by_itself)
{
	struct flight_request r[4];
	struct flight ring;
	int i;

	ASSERT_EQ(0, flight_open(&ring, FLIGHT_URING, 8));
	fill(_metadata, self);
	for (i = 0; i < 4; i++)
		r[i] = (struct flight_request) {
			.fd = self->fd, .write = self->dir == EXDMA_DIR_H2C,
			.buf = self->buf + i * MIB, .len = MIB, .addr = HOME + i * MIB,
		};
	r[3].flags = RWF_NOWAIT;
	ASSERT_EQ(4, flight_launch(&ring, r, 4));
	ASSERT_TRUE(lab_is_held(self->lab, self->dir, 0));
	EXPECT_EQ(1, flight_land(&ring, 1));
	EXPECT_TRUE(r[3].done);
	EXPECT_EQ(-EAGAIN, r[3].result);
	EXPECT_TRUE(lab_is_held(self->lab, self->dir, 0));
	drain(_metadata, self);
	ASSERT_EQ(3, flight_land(&ring, 3));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(MIB, r[i].result);
	flight_close(&ring);
}

/* The card's own node is ready as long as one of its channels is. */
TEST_F(nowait, another_channel_has_room)
{
	int node = node_open(&self->card, self->dir, CARD_NODE, O_RDWR);

	if (self->card.channels[self->dir] < 2)
		SKIP(return, "needs two channels of this direction");
	fill(_metadata, self);
	EXPECT_FALSE(is_ready(self->fd, self->dir));
	EXPECT_TRUE(is_ready(node, self->dir));
	EXPECT_EQ(MIB, call(node, self->dir, self->buf, MIB, RWF_NOWAIT));
	EXPECT_TRUE(lab_is_held(self->lab, self->dir, 0));
	drain(_metadata, self);
	close(node);
}

/* Memory that would have to be faulted in first. */
TEST_F(nowait, memory_that_is_not_there_yet)
{
	const size_t sizes[] = { 64, PAGE, 64 * KIB, MIB };
	struct flight_request r;
	unsigned int i;
	uint8_t *map;
	ssize_t n;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		map = memory(sizes[i]);
		madvise(map, sizes[i], MADV_NOHUGEPAGE);
		EXPECT_EQ(-EAGAIN, call(self->fd, self->dir, map, sizes[i], RWF_NOWAIT)) {
			TH_LOG("size %zu", sizes[i]);
		}
		r = (struct flight_request) {
			.fd = self->fd, .write = self->dir == EXDMA_DIR_H2C,
			.flags = RWF_NOWAIT, .buf = map, .len = sizes[i], .addr = HOME,
		};
		ASSERT_EQ(1, flight_launch(&self->f, &r, 1));
		ASSERT_EQ(1, flight_land(&self->f, 1));
		/* pages are made at submission, as block devices do it */
		EXPECT_TRUE(r.result == -EAGAIN || r.result == (long long)sizes[i]) {
			TH_LOG("size %zu: %lld", sizes[i], r.result);
		}
		memset(map, 1, sizes[i]);
		EXPECT_EQ(sizes[i], call(self->fd, self->dir, map, sizes[i], RWF_NOWAIT));
		munmap(map, sizes[i]);
	}
	/* what is there goes, what is not has to wait, or is waited for */
	map = memory(16 * PAGE);
	madvise(map, 16 * PAGE, MADV_NOHUGEPAGE);
	memset(map, 1, 5 * PAGE);
	n = call(self->fd, self->dir, map, 16 * PAGE, RWF_NOWAIT);
	EXPECT_TRUE(n == 5 * PAGE || n == 16 * PAGE) TH_LOG("%zd", n);
	munmap(map, 16 * PAGE);
}

/*
 * While an engine that hangs is stopped and the card reset, which takes about a
 * second: not ready, EAGAIN; ready and accepted afterwards.
 */
TEST_F(nowait, while_the_channel_is_recovered)
{
	struct pollfd p = { .fd = self->fd, .events = POLLIN | POLLOUT };
	bool ready, seen = false;
	long long timeouts;
	ssize_t ret;
	int tries;

	for (tries = 0; tries < 10 && !seen; tries++) {
		timeouts = channel_stat(&self->card, self->dir, 0, "timeouts");
		lab_hold(self->lab, self->dir, 0);
		ASSERT_TRUE(take(_metadata, self, 64 * KIB));
		/* not before: an engine that has not begun stops, and hangs in its next run */
		ASSERT_TRUE(lab_wait_held(self->lab, self->dir, 0));
		/* if this program is late, what is run again has that, too */
		ASSERT_EQ(0, param_put("timeout_ms", "1000"));
		ASSERT_TRUE(channel_stat_reaches(&self->card, self->dir, 0, "timeouts",
						 timeouts + 1));
		ret = call(self->fd, self->dir, self->buf, PAGE, RWF_NOWAIT);
		ready = is_ready(self->fd, self->dir);
		/* only if it hangs still was all of this before the reset */
		if (lab_is_held(self->lab, self->dir, 0)) {
			seen = true;
			EXPECT_EQ(-EAGAIN, ret);
			EXPECT_FALSE(ready);
		}
		ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_HELD));
		EXPECT_EQ(1, poll_for(&p, 1, PATIENCE_BEATS));
		EXPECT_EQ(PAGE, call(self->fd, self->dir, self->buf, PAGE, RWF_NOWAIT));
		drain(_metadata, self);
	}
	if (!seen)
		SKIP(return, "this machine is too slow to see it");
}

/* A request that would have to wait for its turn. */
TEST_F(nowait, while_it_is_not_its_turn)
{
	struct exdma_options options = {
		.size = sizeof(options), .dispatch = EXDMA_DISPATCH_SEQUENTIAL,
		.completion_cpu = EXDMA_CPU_ANY,
	};

	ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_SET_OPTIONS, &options));
	lab_hold(self->lab, self->dir, 0);
	ASSERT_TRUE(take(_metadata, self, PAGE));
	ASSERT_TRUE(lab_wait_held(self->lab, self->dir, 0));
	EXPECT_EQ(-EAGAIN, call(self->fd, self->dir, self->buf, PAGE, RWF_NOWAIT));
	EXPECT_FALSE(is_ready(self->fd, self->dir));
	/* an asynchronous one waits by itself, also for room: it keeps its place */
	while (self->taken < 2 * ROOM / MIB)
		ASSERT_TRUE(take(_metadata, self, MIB));
	EXPECT_TRUE(lab_is_held(self->lab, self->dir, 0));
	drain(_metadata, self);
	/* the turn is passed on when its owner has been told: poll() knows */
	EXPECT_TRUE(becomes_ready(self->fd, self->dir));
	EXPECT_EQ(PAGE, call(self->fd, self->dir, self->buf, PAGE, RWF_NOWAIT));

	/* the same behind a barrier */
	options.dispatch = EXDMA_DISPATCH_PARALLEL;
	ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_SET_OPTIONS, &options));
	lab_hold(self->lab, self->dir, 0);
	ASSERT_TRUE(take(_metadata, self, PAGE));
	ASSERT_TRUE(lab_wait_held(self->lab, self->dir, 0));
	EXPECT_EQ(-EAGAIN, call(self->fd, self->dir, self->buf, PAGE, RWF_NOWAIT | RWF_DSYNC));
	drain(_metadata, self);
	EXPECT_EQ(PAGE, call(self->fd, self->dir, self->buf, PAGE, RWF_NOWAIT | RWF_DSYNC));
}

TEST_HARNESS_MAIN
