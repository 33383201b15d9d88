// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the virtual card does wrong on command: interrupts that do not come,
 * engines that hang or stand still. A lost interrupt costs milliseconds; a hang
 * ends in time, with an errno that says so, and leaves the rest of the card
 * alone as far as the card itself lets it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "card.h"
#include "pattern.h"

#define HOME		(13 * MIB)
#define ROOM		(4 * MIB)
#define TIMEOUT_MS	300
#define TIMEOUT		"/sys/module/exdma/parameters/timeout_ms"
/* An engine gets a second to stop; the rest is for a slow machine. */
#define IN_TIME_NS	((TIMEOUT_MS + 5000) * NS_PER_MS)
#define MILLISECONDS_NS	(500 * NS_PER_MS)

/* XDMA, SGDMA common block: bits stop the descriptor fetch of engines. */
#define HALT_SET	0x6014
#define HALT_CLEAR	0x6018

FIXTURE(faults) {
	struct card card;
	uint64_t seed;
	uint8_t *buf;
	lab_t lab;
};

FIXTURE_SETUP(faults)
{
	char text[16];

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->buf = memory(ROOM);
	ASSERT_NE(NULL, self->buf);
	self->lab = lab_map(&self->card);
	if (!self->lab)
		SKIP(return, "this card has no lab block");
	/* a shorter timeout, for the tests that wait for it */
	snprintf(text, sizeof(text), "%d", TIMEOUT_MS);
	ASSERT_EQ(0, put_text(TIMEOUT, text));
}

/* Back to a sound card, also when the test has died. */
static void heal(struct card *card)
{
	char path[96];

	card_unbind(card);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", card->bdf);
	if (put_text(path, "1"))
		ksft_print_msg("%s cannot be reset\n", card->bdf);
	if (card_bind(card) || !card_at(card, card->bdf))
		ksft_print_msg("%s does not come back\n", card->bdf);
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

FIXTURE_TEARDOWN_PARENT(faults)
{
	lab_t lab;

	put_text(TIMEOUT, "5000");
	if (card_first(&self->card)) {
		lab = lab_map(&self->card);
		if (lab)
			lab_fault(lab, 0, LAB_FAULT_CLEAR_ALL, 0);
	}
}

TEST_F(faults, lost_interrupts_cost_milliseconds)
{
	const struct card *card = &self->card;
	long long lost, timeouts;
	uint64_t begin, worst = 0;
	int dir, i, k;

	for (dir = 0; dir < 2; dir++) {
		for (i = 0; i < card->channels[dir]; i++) {
			lost = channel_stat(card, dir, i, "lost_interrupts");
			timeouts = channel_stat(card, dir, i, "timeouts");
			for (k = 0; k < 5; k++) {
				lab_fault(self->lab, lab_engine(dir, i), LAB_FAULT_LOSE, 1);
				begin = now_ns();
				ASSERT_TRUE(works(self, dir, i));
				if (now_ns() - begin > worst)
					worst = now_ns() - begin;
			}
			EXPECT_EQ(lost + 5, channel_stat(card, dir, i, "lost_interrupts"));
			EXPECT_EQ(timeouts, channel_stat(card, dir, i, "timeouts"));
		}
	}
	EXPECT_GT(MILLISECONDS_NS, worst) TH_LOG("%llu ms", worst / NS_PER_MS + 0ull);
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
	EXPECT_EQ(12, lost);
}

/* One call that will meet the fault. */
struct victim {
	pthread_t thread;
	int fd, dir;
	uint8_t *buf;
	size_t len;
	ssize_t ret;
	int err;
	uint64_t took;
	volatile bool done;
};

static void *meet_fault(void *arg)
{
	struct victim *v = arg;
	uint64_t begin = now_ns();

	errno = 0;
	v->ret = v->dir == EXDMA_DIR_H2C ? pwrite(v->fd, v->buf, v->len, HOME) :
					   pread(v->fd, v->buf, v->len, HOME);
	v->err = errno;
	v->took = now_ns() - begin;
	v->done = true;
	return NULL;
}

static void send_victim(struct __test_metadata *_metadata, FIXTURE_DATA(faults) *self,
			struct victim *v, int dir, size_t len)
{
	*v = (struct victim) {
		.fd = dir == EXDMA_DIR_H2C ? open_in(&self->card, 1) : open_out(&self->card, 1),
		.dir = dir, .len = len, .buf = memory(len),
	};
	ASSERT_LE(0, v->fd);
	memset(v->buf, POISON, len);
	ASSERT_EQ(0, pthread_create(&v->thread, NULL, meet_fault, v));
}

/*
 * An engine that hangs and does not even stop: the caller gets ETIMEDOUT or,
 * as such a card has to be cut off, ENODEV; so do the others, or nothing at
 * all. No call takes for ever, and nothing is written afterwards.
 */
TEST_F(faults, an_engine_hangs_for_good)
{
	const struct card *card = &self->card;
	struct user others[3];
	struct victim v;
	uint8_t *heir;
	unsigned int i;
	int dir;

	for (dir = 0; dir < 2; dir++) {
		const int last_in = card->channels[EXDMA_DIR_H2C];
		const int last_out = card->channels[EXDMA_DIR_C2H];

		if (last_in < 2 || last_out < 2)
			SKIP(return, "needs two channels of each direction");
		for (i = 0; i < ARRAY_SIZE(others); i++)
			start(_metadata, self, &others[i], last_in, last_out, 0);
		lab_fault(self->lab, lab_engine(dir, 0), LAB_FAULT_HANG_AFTER, 3);
		send_victim(_metadata, self, &v, dir, ROOM);
		pthread_join(v.thread, NULL);
		EXPECT_GT(IN_TIME_NS, v.took);
		if (v.ret < 0)
			EXPECT_TRUE(v.err == ETIMEDOUT || v.err == ENODEV) TH_LOG("%d", v.err);
		EXPECT_GT((ssize_t)ROOM, v.ret);
		EXPECT_LT(0, channel_stat(card, dir, 0, "timeouts"));

		/* the memory goes, others get it: it stays theirs */
		munmap(v.buf, ROOM);
		heir = memory(4 * ROOM);
		memset(heir, POISON, 4 * ROOM);
		v.buf = memory(4096);
		errno = 0;
		EXPECT_EQ(-1, dir == EXDMA_DIR_H2C ? pwrite(v.fd, v.buf, 4096, HOME) :
						     pread(v.fd, v.buf, 4096, HOME));
		EXPECT_TRUE(errno == ETIMEDOUT || errno == ENODEV) TH_LOG("%d", errno);
		for (i = 0; i < ARRAY_SIZE(others); i++) {
			stop(&others[i]);
			EXPECT_TRUE(!others[i].err || others[i].err == ENODEV) {
				TH_LOG("errno %d", others[i].err);
			}
			EXPECT_FALSE(others[i].mixed_up);
			EXPECT_LT(0, others[i].rounds);
		}
		close(v.fd);
		heal(&self->card);
		EXPECT_TRUE(works(self, dir, 0));
		EXPECT_TRUE(bytes_are(heir, 4 * ROOM, POISON));
		munmap(heir, 4 * ROOM);
	}
}

/*
 * An engine that hangs, and goes on when it is told to stop: whether the call
 * is saved or not, it tells the truth; the other channels notice nothing.
 */
TEST_F(faults, an_engine_hangs_and_comes_back)
{
	const struct card *card = &self->card;
	long long timeouts;
	struct user others[3];
	struct victim v;
	unsigned int i;
	int dir, round;

	if (card->channels[EXDMA_DIR_H2C] < 2 || card->channels[EXDMA_DIR_C2H] < 2)
		SKIP(return, "needs two channels of each direction");
	for (i = 0; i < ARRAY_SIZE(others); i++)
		start(_metadata, self, &others[i], card->channels[EXDMA_DIR_H2C],
		      card->channels[EXDMA_DIR_C2H], 20);
	for (round = 0; round < 4; round++) {
		dir = round % 2;
		timeouts = channel_stat(card, dir, 0, "timeouts");
		lab_fault(self->lab, lab_engine(dir, 0), LAB_FAULT_HANG_AFTER, round * 5);
		send_victim(_metadata, self, &v, dir, ROOM);
		while (!v.done && channel_stat(card, dir, 0, "timeouts") == timeouts)
			sched_yield();
		lab_fault(self->lab, lab_engine(dir, 0), LAB_FAULT_UNHANG, 0);
		pthread_join(v.thread, NULL);
		EXPECT_EQ(timeouts + 1, channel_stat(card, dir, 0, "timeouts"));
		EXPECT_GT(IN_TIME_NS, v.took);
		EXPECT_TRUE(v.ret > 0 || (v.ret == -1 && v.err == ETIMEDOUT)) {
			TH_LOG("%zd, errno %d", v.ret, v.err);
		}
		close(v.fd);
		munmap(v.buf, ROOM);
		EXPECT_TRUE(works(self, dir, 0));
	}
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		stop(&others[i]);
		EXPECT_EQ(0, others[i].err);
		EXPECT_FALSE(others[i].mixed_up);
	}
}

/* A short stop, not as long as the timeout: nobody may notice. */
TEST_F(faults, an_engine_is_slow)
{
	struct victim v;
	uint64_t until;
	int dir;

	for (dir = 0; dir < 2; dir++) {
		lab_fault(self->lab, lab_engine(dir, 0), LAB_FAULT_HANG, 0);
		send_victim(_metadata, self, &v, dir, ROOM);
		until = now_ns() + TIMEOUT_MS / 3 * NS_PER_MS;
		while (now_ns() < until)
			sched_yield();
		EXPECT_FALSE(v.done);
		lab_fault(self->lab, lab_engine(dir, 0), LAB_FAULT_UNHANG, 0);
		pthread_join(v.thread, NULL);
		EXPECT_EQ(ROOM, v.ret) TH_LOG("errno %d", v.err);
		EXPECT_EQ(0, channel_stat(&self->card, dir, 0, "timeouts"));
		close(v.fd);
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
 * An engine that stands still but stops when it is told to: ETIMEDOUT, within
 * the timeout, for each that waits; afterwards the channel works.
 */
TEST_F(faults, an_engine_stands_still)
{
	volatile uint32_t *dma = dma_registers(&self->card);
	struct victim v[2];
	struct user other;
	int dir, i;

	if (!dma)
		SKIP(return, "needs the kernel argument iomem=relaxed");
	if (self->card.channels[EXDMA_DIR_H2C] < 2 || self->card.channels[EXDMA_DIR_C2H] < 2)
		SKIP(return, "needs two channels of each direction");
	start(_metadata, self, &other, 2, 2, 10);
	for (dir = 0; dir < 2; dir++) {
		dma[HALT_SET / 4] = 1u << (dir == EXDMA_DIR_H2C ? 0 : 16);
		lab_sync(self->lab);
		send_victim(_metadata, self, &v[0], dir, 4096);
		send_victim(_metadata, self, &v[1], dir, ROOM);
		for (i = 0; i < 2; i++) {
			pthread_join(v[i].thread, NULL);
			EXPECT_EQ(-1, v[i].ret);
			EXPECT_EQ(ETIMEDOUT, v[i].err);
			EXPECT_LE((TIMEOUT_MS - 20) * NS_PER_MS, v[i].took);
			EXPECT_GT(2 * IN_TIME_NS, v[i].took);
			EXPECT_TRUE(bytes_are(v[i].buf, v[i].len, POISON));
			close(v[i].fd);
		}
		EXPECT_LE(2, channel_stat(&self->card, dir, 0, "timeouts"));
		dma[HALT_CLEAR / 4] = 1u << (dir == EXDMA_DIR_H2C ? 0 : 16);
		lab_sync(self->lab);
		EXPECT_TRUE(works(self, dir, 0));
	}
	stop(&other);
	EXPECT_EQ(0, other.err);
	EXPECT_FALSE(other.mixed_up);
}

/* Killed while the engine hangs: the process ends when the engine is stopped. */
TEST_F(faults, killed_while_an_engine_hangs)
{
	uint64_t begin;
	int fd, status;
	pid_t pid;

	fd = open_in(&self->card, 1);
	lab_fault(self->lab, LAB_ENGINE_H2C(0), LAB_FAULT_HANG, 0);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		pwrite(fd, self->buf, ROOM, HOME);
		_exit(0);
	}
	/* the engine is on and hangs: it has been reached */
	self->lab[LAB_FAULT_TARGET / 4] = LAB_ENGINE_H2C(0);
	while (!(self->lab[LAB_FAULT_STATE / 4] & LAB_FAULT_IS_HUNG))
		sched_yield();
	begin = now_ns();
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_GT(IN_TIME_NS, now_ns() - begin);
	close(fd);
	heal(&self->card);
	EXPECT_TRUE(works(self, EXDMA_DIR_H2C, 0));
}

TEST_HARNESS_MAIN
