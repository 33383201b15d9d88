// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the virtual card does wrong on command: interrupts that do not come,
 * engines that hang or stand still. A lost interrupt costs milliseconds. A hang
 * is ended in time, by stopping the engine or by a reset of the card, and what
 * ran is run again: the program does not notice. If it hangs again, ETIMEDOUT.
 * The other channels go on in any case, and so does this one.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"

#define HOME		(13 * MIB)
#define ROOM		(4 * MIB)
#define PAGE		4096ul
#define PIECE		1024ul
#define TIMEOUT_MS	300
#define HEALTHY_MS	60000
#define MILLISECONDS_BEATS	40

/* XDMA, SGDMA common block: bits stop the descriptor fetch of engines. */
#define HALT_SET	0x6014
#define HALT_CLEAR	0x6018

CARD_NEEDS(GIB);

FIXTURE(faults) {
	struct card card;
	uint64_t seed;
	uint8_t *buf;
	lab_t lab;
	char copybreak[16], copybreak_iommu[16];
};

FIXTURE_SETUP(faults)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	ASSERT_TRUE(param_get("copybreak", self->copybreak, 16));
	ASSERT_TRUE(param_get("copybreak_iommu", self->copybreak_iommu, 16));
	self->seed = random_seed();
	self->buf = memory(ROOM);
	ASSERT_NE(NULL, self->buf);
	self->lab = lab_map(&self->card);
	if (!self->lab)
		SKIP(return, "this card has no lab block");
	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_HELD));
}

/*
 * A short timeout, from when an engine hangs until the driver has noticed. What it did
 * before, what is run again afterwards, and all others, have the time that a slow
 * machine takes.
 */
static void hurry(struct __test_metadata *_metadata, bool on)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", TIMEOUT_MS);
	ASSERT_EQ(0, param_put("timeout_ms", on ? text : TIMEOUT_HELD));
}

static bool works(FIXTURE_DATA(faults) *self, int dir, int channel)
{
	const size_t len = 50000 / 64 * 64;
	int in = open_in(&self->card, dir == EXDMA_DIR_H2C ? channel + 1 : 1);
	int out = open_out(&self->card, dir == EXDMA_DIR_C2H ? channel + 1 : 1);
	bool right;

	pattern_fill(self->buf, len, HOME, ++self->seed);
	right = pwrite(in, self->buf, len, HOME) == (ssize_t)len;
	memset(self->buf, POISON, len);
	right = right && pread(out, self->buf, len, HOME) == (ssize_t)len &&
		pattern_is(self->buf, len, HOME, self->seed);
	close(in);
	close(out);
	return right;
}

/* A sound card for the next one, also when the test has died. */
FIXTURE_TEARDOWN_PARENT(faults)
{
	char path[96];
	lab_t lab;

	param_put("copybreak", self->copybreak);
	param_put("copybreak_iommu", self->copybreak_iommu);
	param_put("timeout_ms", TIMEOUT_DEFAULT);
	if (!card_at(&self->card, self->card.bdf)) {
		/* before the hang ends: the engine would go on where it was */
		snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset",
			 self->card.bdf);
		put_text(path, "1");
		card_bind(&self->card);
	}
	lab = lab_map(&self->card);
	if (lab)
		lab_fault(lab, 0, LAB_FAULT_CLEAR_ALL, 0);
}

/* Has every channel an interrupt of its own? */
static bool own_vectors(const struct card *card)
{
	char kind[16];

	return node_text(card, 0, CARD_NODE, "interrupts", kind, sizeof(kind)) &&
	       !strcmp(kind, "msix");
}

/*
 * Loses five. Return: how many the driver has found; @worst: what one of them cost at most,
 * in beats.
 */
static long long lose(struct __test_metadata *_metadata, FIXTURE_DATA(faults) *self, int dir,
		      int channel, uint64_t *worst)
{
	const struct card *card = &self->card;
	long long lost = channel_stat(card, dir, channel, "lost_interrupts");
	uint64_t begin, took;
	int k;

	for (*worst = 0, k = 0; k < 5; k++) {
		lab_fault(self->lab, lab_engine(dir, channel), LAB_FAULT_LOSE, 1);
		begin = beats();
		EXPECT_TRUE(works(self, dir, channel));
		took = beats() - begin;
		if (took > *worst)
			*worst = took;
	}
	return channel_stat(card, dir, channel, "lost_interrupts") - lost;
}

TEST_F(faults, lost_interrupts_cost_milliseconds)
{
	const struct card *card = &self->card;
	long long found, timeouts, requests, each;
	int dir, i, rounds;
	uint64_t worst;

	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_DEFAULT));
	for (dir = 0; dir < 2; dir++) {
		for (i = 0; i < card->channels[dir]; i++) {
			requests = channel_stat(card, dir, i, "requests");
			ASSERT_TRUE(works(self, dir, i));
			each = channel_stat(card, dir, i, "requests") - requests;
			timeouts = channel_stat(card, dir, i, "timeouts");
			rounds = 0;
			do {
				found = lose(_metadata, self, dir, i, &worst);
				/*
				 * Where vectors are shared, another channel's may come
				 * to the rescue.
				 */
				if (own_vectors(card))
					EXPECT_LE(5, found);
				/*
				 * One that was only late counts, too. If there are many, or
				 * the host has stood still, once more.
				 */
			} while (++rounds < 5 && (found > 8 || worst >= MILLISECONDS_BEATS));
			EXPECT_GE(8, found);
			EXPECT_GT(MILLISECONDS_BEATS, worst);
			EXPECT_EQ(timeouts, channel_stat(card, dir, i, "timeouts"));
			/* nor is any completed twice, by whoever found it */
			EXPECT_LT(0, each);
			requests += (1 + 5 * rounds) * each;
			EXPECT_EQ(requests, channel_stat(card, dir, i, "requests"));
		}
	}
}

/* A caller that does as many verified transfers as it can. */
struct user {
	pthread_t thread;
	const struct card *card;
	int in, out;		/* ways */
	uint64_t base, seed;
	volatile bool stop;
	volatile unsigned int rounds;
	unsigned int at_least;
	int err;		/* of the call that failed */
	bool mixed_up;
};

static void *use(void *arg)
{
	const size_t len = 40000 / 64 * 64;
	struct user *u = arg;
	int in = open_in(u->card, u->in), out = open_out(u->card, u->out);
	uint8_t *buf = memory(len);

	/* also while others are in a hurry */
	if (node_set_timeout(in, HEALTHY_MS) || node_set_timeout(out, HEALTHY_MS))
		u->err = EPROTO;
	for (; !u->err && !u->mixed_up && (!u->stop || u->rounds < u->at_least); u->rounds++) {
		pattern_fill(buf, len, u->base, u->seed + u->rounds);
		if (pwrite(in, buf, len, u->base) != (ssize_t)len) {
			u->err = errno;
			break;
		}
		memset(buf, POISON, len);
		if (pread(out, buf, len, u->base) != (ssize_t)len)
			u->err = errno;
		else
			u->mixed_up = !pattern_is(buf, len, u->base, u->seed + u->rounds);
	}
	munmap(buf, len);
	close(in);
	close(out);
	return NULL;
}

static void start(struct __test_metadata *_metadata, FIXTURE_DATA(faults) *self,
		  struct user *u, int in, int out, unsigned int at_least)
{
	static unsigned int place;

	*u = (struct user) {
		.card = &self->card, .in = in, .out = out, .at_least = at_least,
		.seed = random_next(&(struct random) { ++self->seed }),
		.base = 2 * HOME + place++ % 16 * ROOM,
	};
	ASSERT_EQ(0, pthread_create(&u->thread, NULL, use, u));
}

static void stop(struct user *u)
{
	u->stop = true;
	pthread_join(u->thread, NULL);
}

/* Several callers behind one channel whose interrupts vanish now and then. */
TEST_F(faults, lost_interrupts_with_a_queue)
{
	const struct card *card = &self->card;
	long long lost = channel_stat(card, EXDMA_DIR_H2C, 0, "lost_interrupts");
	uint64_t swallowed = 0;
	struct user users[6];
	unsigned int i, k;

	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_DEFAULT));
	swallowed = lab_count(self->lab, LAB_ENGINE_CARD, LAB_CARD_LOST);
	for (i = 0; i < ARRAY_SIZE(users); i++)
		start(_metadata, self, &users[i], 1, 1, 20);
	for (k = 0; k < 8; k++) {
		lab_fault(self->lab, LAB_ENGINE_H2C(0), LAB_FAULT_LOSE, 1 + k % 2);
		while (self->lab[LAB_FAULT_STATE / 4] & LAB_FAULT_IS_LOSING &&
		       users[0].rounds < 1000)
			sched_yield();
	}
	for (i = 0; i < ARRAY_SIZE(users); i++) {
		stop(&users[i]);
		EXPECT_EQ(0, users[i].err);
		EXPECT_FALSE(users[i].mixed_up);
	}
	swallowed = lab_count(self->lab, LAB_ENGINE_CARD, LAB_CARD_LOST) - swallowed;
	lost = channel_stat(card, EXDMA_DIR_H2C, 0, "lost_interrupts") - lost;
	EXPECT_EQ(12, swallowed);
	/* who shares an interrupt is found by those of the others, too */
	if (own_vectors(card))
		EXPECT_LE(12, lost);
}

/* One call that will meet the fault. */
struct victim {
	pthread_t thread;
	int fd, dir;
	uint8_t *buf;
	struct iovec iov[2];	/* its data, in one piece or two */
	int pieces;
	uint64_t seed;
	size_t len;
	ssize_t ret;
	int err;
	uint64_t took, beats;	/* nanoseconds, and the same in beats */
	volatile bool done;
};

static void *meet_fault(void *arg)
{
	struct victim *v = arg;
	uint64_t begin_beats = beats(), begin = now_ns();

	errno = 0;
	v->ret = v->dir == EXDMA_DIR_H2C ? pwritev(v->fd, v->iov, v->pieces, HOME) :
					   preadv(v->fd, v->iov, v->pieces, HOME);
	v->err = errno;
	v->took = now_ns() - begin;
	v->beats = beats() - begin_beats;
	v->done = true;
	return NULL;
}

/* It moves a new pattern, from the card or to it, where there was another. */
static void send_victim(struct __test_metadata *_metadata, FIXTURE_DATA(faults) *self,
			struct victim *v, int dir, size_t len, bool apart)
{
	int in = open_in(&self->card, self->card.channels[EXDMA_DIR_H2C]);

	*v = (struct victim) {
		.fd = dir == EXDMA_DIR_H2C ? open_in(&self->card, 1) : open_out(&self->card, 1),
		.dir = dir, .len = len, .buf = memory(len),
		.seed = random_next(&(struct random) { ++self->seed }),
	};
	ASSERT_LE(0, v->fd);
	if (apart) {		/* two descriptors, even with an IOMMU: no whole pages */
		ASSERT_EQ(0, param_put("copybreak", "0"));
		ASSERT_EQ(0, param_put("copybreak_iommu", "0"));
		v->iov[0] = (struct iovec) { v->buf, PIECE };
		v->iov[1] = (struct iovec) { v->buf + 2 * PAGE, PIECE };
		v->pieces = 2;
	}
	pattern_fill(v->buf, len, HOME, v->seed - (dir == EXDMA_DIR_H2C));
	ASSERT_EQ(len, write_through(in, v->buf, len, HOME));
	if (dir == EXDMA_DIR_H2C)
		pattern_fill(v->buf, len, HOME, v->seed);
	else
		memset(v->buf, POISON, len);
	close(in);
	if (!v->pieces) {
		v->iov[0] = (struct iovec) { v->buf, len };
		v->pieces = 1;
	}
	ASSERT_EQ(0, pthread_create(&v->thread, NULL, meet_fault, v));
}

/* Until the engine hangs: what happens then has not happened yet. */
static void wait_for_hang(FIXTURE_DATA(faults) *self, int dir)
{
	self->lab[LAB_FAULT_TARGET / 4] = lab_engine(dir, 0);
	while (!(self->lab[LAB_FAULT_STATE / 4] & LAB_FAULT_IS_HUNG))
		sched_yield();
}

static void end_victim(struct victim *v)
{
	pthread_join(v->thread, NULL);
	close(v->fd);
	munmap(v->buf, v->len);
}

/* So often, if this program is late. */
#define ROUNDS	5

/*
 * A short timeout until the watchdog has counted another one of this channel. Return:
 * false if this program was late: the card was reset before the timeout was long again,
 * so what is run again has a short one. On a slow machine that may be too short for it,
 * and nothing follows from how it ends.
 */
static bool times_out(struct __test_metadata *_metadata, FIXTURE_DATA(faults) *self,
		      const struct victim *v, long long before)
{
	long long resets = node_number(&self->card, 0, CARD_NODE, "resets");

	hurry(_metadata, true);
	while (!v->done && channel_stat(&self->card, v->dir, 0, "timeouts") == before)
		sched_yield();
	hurry(_metadata, false);
	if (node_number(&self->card, 0, CARD_NODE, "resets") == resets)
		return true;
	TH_LOG("late: the card was reset at once");
	return false;
}

/*
 * A call whose engine hangs after so many descriptors, up to its timeout. Return: how
 * many timeouts there were before.
 */
static long long meet_hang(struct __test_metadata *_metadata, FIXTURE_DATA(faults) *self,
			   struct victim *v, int dir, uint32_t after)
{
	long long timeouts;
	int rounds;

	for (rounds = 0; rounds < ROUNDS; rounds++) {
		timeouts = channel_stat(&self->card, dir, 0, "timeouts");
		lab_fault(self->lab, lab_engine(dir, 0), LAB_FAULT_HANG_AFTER, after);
		send_victim(_metadata, self, v, dir, ROOM, false);
		wait_for_hang(self, dir);
		if (times_out(_metadata, self, v, timeouts))
			return timeouts;
		end_victim(v);
	}
	ASSERT_GT(ROUNDS, rounds);
	return 0;
}

/* Callers on the last channels of the card, while the first ones are ill. */
#define OTHERS	3

static void start_others(struct __test_metadata *_metadata, FIXTURE_DATA(faults) *self,
			 struct user *others)
{
	int i;

	for (i = 0; i < OTHERS; i++)
		start(_metadata, self, &others[i], self->card.channels[EXDMA_DIR_H2C],
		      self->card.channels[EXDMA_DIR_C2H], 20);
}

static void judge_others(struct __test_metadata *_metadata, struct user *others)
{
	int i;

	for (i = 0; i < OTHERS; i++) {
		stop(&others[i]);
		EXPECT_EQ(0, others[i].err);
		EXPECT_FALSE(others[i].mixed_up);
	}
}

static bool one_channel_only(const struct card *card)
{
	return card->channels[EXDMA_DIR_H2C] < 2 || card->channels[EXDMA_DIR_C2H] < 2;
}

/* Did all of a victim's data arrive? */
static bool arrived(FIXTURE_DATA(faults) *self, const struct victim *v)
{
	uint8_t *back = v->buf;
	int out;

	if (v->dir == EXDMA_DIR_H2C) {
		back = self->buf;
		out = open_out(&self->card, CARD_NODE);
		if (read_through(out, back, v->len, HOME) != v->len)
			return false;
		close(out);
	}
	return pattern_is(back, v->len, HOME, v->seed);
}

/* An engine hangs and does not even stop: the card is reset, all is run again. */
TEST_F(faults, an_engine_hangs_until_reset)
{
	struct user others[OTHERS];
	long long timeouts;
	struct victim v;
	int dir;

	if (one_channel_only(&self->card))
		SKIP(return, "needs two channels of each direction");
	start_others(_metadata, self, others);
	for (dir = 0; dir < 2; dir++) {
		/* at once in one direction, in the middle in the other */
		timeouts = meet_hang(_metadata, self, &v, dir, 2 * dir);
		pthread_join(v.thread, NULL);
		EXPECT_EQ(ROOM, v.ret) TH_LOG("errno %d", v.err);
		EXPECT_TRUE(arrived(self, &v));
		EXPECT_GT(IN_TIME_BEATS, v.beats);
		EXPECT_LE(timeouts + 1, channel_stat(&self->card, dir, 0, "timeouts"));
		close(v.fd);
		munmap(v.buf, ROOM);
		EXPECT_TRUE(works(self, dir, 0));
	}
	judge_others(_metadata, others);
}

/*
 * It hangs again after the reset, at the same request: no third time. The caller
 * gets what was moved, in time, and its memory is free for others, who keep it.
 */
TEST_F(faults, an_engine_hangs_again)
{
	struct user others[OTHERS];
	long long timeouts;
	uint64_t hangs;
	struct victim v;
	uint8_t *heir;
	const int dir = EXDMA_DIR_C2H;
	int rounds = 0;
	bool in_time;

	if (one_channel_only(&self->card))
		SKIP(return, "needs two channels of each direction");
	start_others(_metadata, self, others);
	do {
		timeouts = channel_stat(&self->card, dir, 0, "timeouts");
		hangs = lab_count(self->lab, LAB_ENGINE_CARD, LAB_STRUCK_HANG);
		lab_fault(self->lab, lab_engine(dir, 0), LAB_FAULT_HANG, 0);
		send_victim(_metadata, self, &v, dir, 3 * PAGE, true);
		/* again at the second descriptor: what is armed survives the reset */
		wait_for_hang(self, dir);
		lab_fault(self->lab, lab_engine(dir, 0), LAB_FAULT_HANG_AFTER, 1);
		in_time = times_out(_metadata, self, &v, timeouts);
		while (!v.done &&
		       lab_count(self->lab, LAB_ENGINE_CARD, LAB_STRUCK_HANG) < hangs + 2)
			sched_yield();
		hurry(_metadata, true);
		end_victim(&v);
		hurry(_metadata, false);
		/* what has not struck */
		lab_fault(self->lab, lab_engine(dir, 0), LAB_FAULT_UNHANG, 0);
	} while (!in_time && ++rounds < ROUNDS);
	EXPECT_TRUE(in_time);
	EXPECT_EQ(PIECE, v.ret) TH_LOG("errno %d", v.err);
	EXPECT_GT(IN_TIME_BEATS, v.beats);
	EXPECT_LE(timeouts + 2, channel_stat(&self->card, dir, 0, "timeouts"));
	heir = memory(2 * ROOM);
	memset(heir, POISON, 2 * ROOM);
	EXPECT_TRUE(works(self, dir, 0));
	EXPECT_TRUE(bytes_are(heir, 2 * ROOM, POISON));
	munmap(heir, 2 * ROOM);
	judge_others(_metadata, others);
}

/*
 * An engine hangs, and goes on when it is told to stop: nobody is harmed, not
 * even by a reset.
 */
TEST_F(faults, an_engine_hangs_and_comes_back)
{
	struct user others[OTHERS];
	long long timeouts;
	struct victim v;
	int dir, round;

	if (one_channel_only(&self->card))
		SKIP(return, "needs two channels of each direction");
	start_others(_metadata, self, others);
	for (round = 0; round < 4; round++) {
		dir = round % 2;
		timeouts = meet_hang(_metadata, self, &v, dir, round);
		lab_fault(self->lab, lab_engine(dir, 0), LAB_FAULT_UNHANG, 0);
		pthread_join(v.thread, NULL);
		EXPECT_LE(timeouts + 1, channel_stat(&self->card, dir, 0, "timeouts"));
		EXPECT_GT(IN_TIME_BEATS, v.beats);
		EXPECT_EQ(ROOM, v.ret) TH_LOG("errno %d", v.err);
		EXPECT_TRUE(arrived(self, &v));
		close(v.fd);
		munmap(v.buf, ROOM);
		EXPECT_TRUE(works(self, dir, 0));
	}
	judge_others(_metadata, others);
}

/* A short stop, not as long as the timeout: nothing comes of it. */
TEST_F(faults, an_engine_is_slow)
{
	long long timeouts;
	struct victim v;
	int dir;

	if (one_channel_only(&self->card))
		SKIP(return, "needs two channels of each direction");
	for (dir = 0; dir < 2; dir++) {
		timeouts = channel_stat(&self->card, dir, 0, "timeouts");
		lab_fault(self->lab, lab_engine(dir, 0), LAB_FAULT_HANG, 0);
		send_victim(_metadata, self, &v, dir, ROOM, false);
		let_pass_ns(700 * NS_PER_MS);
		EXPECT_FALSE(v.done);
		lab_fault(self->lab, lab_engine(dir, 0), LAB_FAULT_UNHANG, 0);
		pthread_join(v.thread, NULL);
		EXPECT_EQ(ROOM, v.ret) TH_LOG("errno %d", v.err);
		EXPECT_TRUE(arrived(self, &v));
		EXPECT_EQ(timeouts, channel_stat(&self->card, dir, 0, "timeouts"));
		close(v.fd);
		munmap(v.buf, ROOM);
		EXPECT_TRUE(works(self, dir, 0));
	}
}

/* The registers of the card behind the driver's back, if the kernel allows it. */
static volatile uint32_t *dma_registers(const struct card *card)
{
	char path[96];
	void *regs;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource1", card->bdf);
	fd = open(path, O_RDWR | O_CLOEXEC);
	regs = mmap(NULL, 0x10000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return regs == MAP_FAILED ? NULL : regs;
}

/*
 * An engine that stands still but stops when it is told to: ETIMEDOUT for each
 * that waits, in time; afterwards the channel works.
 */
TEST_F(faults, an_engine_stands_still)
{
	volatile uint32_t *dma = dma_registers(&self->card);
	struct user others[OTHERS];
	long long timeouts;
	struct victim v[2];
	int dir, i;

	if (!dma)
		SKIP(return, "needs the kernel argument iomem=relaxed");
	if (one_channel_only(&self->card))
		SKIP(return, "needs two channels of each direction");
	start_others(_metadata, self, others);
	for (dir = 0; dir < 2; dir++) {
		timeouts = channel_stat(&self->card, dir, 0, "timeouts");
		dma[HALT_SET / 4] = 1u << (dir == EXDMA_DIR_H2C ? 0 : 16);
		lab_sync(self->lab);
		send_victim(_metadata, self, &v[0], dir, 4096, false);
		send_victim(_metadata, self, &v[1], dir, 8192, false);
		hurry(_metadata, true);
		for (i = 0; i < 2; i++) {
			pthread_join(v[i].thread, NULL);
			EXPECT_EQ(-1, v[i].ret);
			EXPECT_EQ(ETIMEDOUT, v[i].err);
			/* some ticks less: jiffies may be late when it begins */
			EXPECT_TRUE(lasted_at_least(v[i].took, (TIMEOUT_MS - 20) * NS_PER_MS));
			EXPECT_GT(2 * IN_TIME_BEATS, v[i].beats);
			if (dir == EXDMA_DIR_C2H)
				EXPECT_TRUE(bytes_are(v[i].buf, v[i].len, POISON));
			close(v[i].fd);
		}
		hurry(_metadata, false);
		EXPECT_LE(timeouts + 2, channel_stat(&self->card, dir, 0, "timeouts"));
		dma[HALT_CLEAR / 4] = 1u << (dir == EXDMA_DIR_H2C ? 0 : 16);
		lab_sync(self->lab);
		EXPECT_TRUE(works(self, dir, 0));
	}
	judge_others(_metadata, others);
}

/* Killed while the engine hangs: the process ends when the engine is stopped. */
TEST_F(faults, killed_while_an_engine_hangs)
{
	int fd = open_in(&self->card, 1), status;
	uint64_t begin;
	pid_t pid;

	if (one_channel_only(&self->card))
		SKIP(return, "needs two channels of each direction");
	lab_fault(self->lab, LAB_ENGINE_H2C(0), LAB_FAULT_HANG, 0);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		pwrite(fd, self->buf, ROOM, HOME);
		_exit(0);
	}
	wait_for_hang(self, EXDMA_DIR_H2C);
	hurry(_metadata, true);
	begin = beats();
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_GT(IN_TIME_BEATS, beats() - begin);
	hurry(_metadata, false);
	EXPECT_TRUE(WIFSIGNALED(status));
	close(fd);
	EXPECT_TRUE(works(self, EXDMA_DIR_H2C, 0));
}

/* Unbound while an engine hangs: ENODEV, in time, and a card that works. */
TEST_F(faults, unbound_while_an_engine_hangs)
{
	struct card new;
	struct victim v;
	int log = kernel_log(), dir;

	if (one_channel_only(&self->card))
		SKIP(return, "needs two channels of each direction");
	ASSERT_LE(0, log);
	for (dir = 0; dir < 2; dir++) {
		ASSERT_EQ(0, param_put("timeout_ms", "60000"));
		lab_fault(self->lab, lab_engine(dir, 0), LAB_FAULT_HANG, 0);
		send_victim(_metadata, self, &v, dir, ROOM, false);
		wait_for_hang(self, dir);
		ASSERT_EQ(0, card_unbind(&self->card));
		end_victim(&v);
		EXPECT_EQ(-1, v.ret);
		EXPECT_EQ(ENODEV, v.err);
		EXPECT_GT(IN_TIME_BEATS, v.beats);
		/* it was cut off from the bus, and its memory freed */
		EXPECT_FALSE(kernel_says(log, "never freed"));
		ASSERT_EQ(0, card_bind(&self->card));
		ASSERT_TRUE(card_at(&new, self->card.bdf));
		self->card = new;
		EXPECT_TRUE(works(self, dir, 0));
	}
	close(log);
}

TEST_HARNESS_MAIN
