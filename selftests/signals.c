// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals at random moments of transfers: a call returns what it moved, or
 * EINTR if that is nothing and the handler wants no restart; never anything
 * else, never a wrong byte, and the channel works on at once.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "pattern.h"

#define HOME	(256 * MIB)
#define ROOM	(16 * MIB)
#define ROUNDS	5
#define MOST_ROUNDS	30
#define THREADS	4
#define SHORTEST_NS	50000ull

/* The storm: a timer that sets itself anew in its handler. */
static struct {
	timer_t timer;
	struct random random;
	uint64_t longest_ns;
	volatile sig_atomic_t count;
	volatile sig_atomic_t on;
} storm;

static void storm_next(void)
{
	signal_timer_set(storm.timer,
			 SHORTEST_NS + random_below(&storm.random, storm.longest_ns));
}

static void on_signal(int number)
{
	(void)number;
	storm.count++;
	if (storm.on)
		storm_next();
}

static bool storm_begin(int flags, uint64_t longest_ns, uint64_t seed)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = flags };

	storm.random.state = seed;
	storm.longest_ns = longest_ns;
	if (sigaction(SIGALRM, &action, NULL) || sigaction(SIGUSR1, &action, NULL) ||
	    !signal_timer_open(&storm.timer, SIGALRM))
		return false;
	storm.on = 1;
	storm_next();
	return true;
}

static void storm_end(void)
{
	storm.on = 0;
	signal_timer_close(storm.timer);
}

CARD_NEEDS(GIB);

FIXTURE(signals) {
	struct card card;
	uint64_t seed;
	uint8_t *buf;
	int in, out;
	uint64_t plain_ns;	/* what a transfer of ROOM takes undisturbed */
};

FIXTURE_VARIANT(signals) {
	int flags;
};

FIXTURE_VARIANT_ADD(signals, restart) { .flags = SA_RESTART };
FIXTURE_VARIANT_ADD(signals, no_restart) { .flags = 0 };

FIXTURE_SETUP(signals)
{
	uint64_t begin, took;
	int i;

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->buf = memory(ROOM);
	ASSERT_NE(NULL, self->buf);
	self->in = open_in(&self->card, 1);
	self->out = open_out(&self->card, 1);
	ASSERT_LE(0, self->in);
	ASSERT_LE(0, self->out);
	pattern_fill(self->buf, ROOM, HOME, self->seed);
	/* the better of two: the machine may have stood still */
	for (i = 0; i < 2; i++) {
		begin = now_ns();
		ASSERT_EQ(ROOM, pwrite(self->in, self->buf, ROOM, HOME));
		took = now_ns() - begin;
		if (!i || took < self->plain_ns)
			self->plain_ns = took;
	}
}

FIXTURE_TEARDOWN(signals)
{
	close(self->in);
	close(self->out);
}

/* How calls ended that were disturbed. */
struct ends {
	int full, some, none;
	int other;		/* an errno that is not documented */
};

/*
 * Is another round needed? As many as planned, and more until a call has been
 * hit: how fast the machine is may change from one moment to the next. A long
 * call that cannot be interrupted is a defect, too.
 */
static bool again(int round, const struct ends *ends)
{
	return round < ROUNDS || (round < MOST_ROUNDS && !ends->some && !ends->none);
}

/* The longest calm: shorter and shorter if no signal hits. */
static uint64_t calm(uint64_t plain_ns, int round)
{
	return (plain_ns / 4 >> round / ROUNDS) + 1;
}

/* Moves all of it, counting how the calls end. */
static size_t endure(int fd, bool write, uint8_t *buf, size_t len, uint64_t addr,
		     struct ends *ends)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		if (write)
			n = pwrite(fd, buf + done, len - done, addr + done);
		else
			n = pread(fd, buf + done, len - done, addr + done);
		if (n < 0 && errno == EINTR) {
			ends->none++;
			continue;
		}
		if (n <= 0 || n > (ssize_t)(len - done)) {
			ends->other = n < 0 ? errno : -1;
			break;
		}
		if (n == (ssize_t)(len - done))
			ends->full++;
		else
			ends->some++;
		done += n;
	}
	return done;
}

static void judge(struct __test_metadata *_metadata, const struct ends *ends, int flags)
{
	TH_LOG("%d signals: %d calls whole, %d short, %d EINTR", (int)storm.count,
	       ends->full, ends->some, ends->none);
	EXPECT_EQ(0, ends->other) TH_LOG("a call ended with errno %d", ends->other);
	if (flags & SA_RESTART)
		EXPECT_EQ(0, ends->none);
	EXPECT_LT(0, storm.count);
}

TEST_F(signals, during_writes)
{
	struct ends ends = { };
	int round;

	for (round = 0; again(round, &ends); round++) {
		pattern_fill(self->buf, ROOM, HOME, self->seed + round);
		ASSERT_TRUE(storm_begin(variant->flags, calm(self->plain_ns, round),
					self->seed + round));
		EXPECT_EQ(ROOM, endure(self->in, true, self->buf, ROOM, HOME, &ends));
		storm_end();
		/* at once, and all of it */
		memset(self->buf, POISON, ROOM);
		ASSERT_EQ(ROOM, pread(self->out, self->buf, ROOM, HOME));
		ASSERT_TRUE(pattern_is(self->buf, ROOM, HOME, self->seed + round));
	}
	judge(_metadata, &ends, variant->flags);
	EXPECT_LT(0, ends.some + ends.none);
}

TEST_F(signals, during_reads)
{
	struct ends ends = { };
	int round;

	for (round = 0; again(round, &ends); round++) {
		memset(self->buf, POISON, ROOM);
		ASSERT_TRUE(storm_begin(variant->flags, calm(self->plain_ns, round),
					self->seed + round));
		EXPECT_EQ(ROOM, endure(self->out, false, self->buf, ROOM, HOME, &ends));
		storm_end();
		ASSERT_TRUE(pattern_is(self->buf, ROOM, HOME, self->seed));
	}
	judge(_metadata, &ends, variant->flags);
	EXPECT_LT(0, ends.some + ends.none);
}

/* Signals as dense as the calls. */
TEST_F(signals, during_many_small_calls)
{
	const size_t len = 12032;	/* 94 times 128 */
	struct ends ends = { };
	int round;

	ASSERT_TRUE(storm_begin(variant->flags, 2 * NS_PER_MS, self->seed));
	for (round = 0; round < 400; round++) {
		pattern_fill(self->buf, len, HOME, self->seed + round);
		ASSERT_EQ(len, endure(self->in, true, self->buf, len, HOME, &ends));
		memset(self->buf, POISON, len);
		ASSERT_EQ(len, endure(self->out, false, self->buf, len, HOME, &ends));
		ASSERT_TRUE(pattern_is(self->buf, len, HOME, self->seed + round));
	}
	storm_end();
	judge(_metadata, &ends, variant->flags);
}

struct sufferer {
	pthread_t thread;
	struct ends ends;
	int in, out;
	uint64_t addr, seed;
	bool right;
	volatile bool done;
};

static void *suffer(void *arg)
{
	const size_t len = 2 * MIB - 12345 / 64 * 64;
	struct sufferer *s = arg;
	uint8_t *buf = memory(len);
	int round;

	s->right = true;
	for (round = 0; round < 12 && s->right; round++) {
		pattern_fill(buf, len, s->addr, s->seed + round);
		s->right = endure(s->in, true, buf, len, s->addr, &s->ends) == len;
		memset(buf, POISON, len);
		s->right = s->right &&
			   endure(s->out, false, buf, len, s->addr, &s->ends) == len &&
			   pattern_is(buf, len, s->addr, s->seed + round);
	}
	munmap(buf, len);
	s->done = true;
	return NULL;
}

/* Threads on one channel; one is hit, the others must not notice. */
TEST_F(signals, between_threads)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = variant->flags };
	struct random random = { self->seed };
	struct sufferer s[THREADS];
	int i, left = THREADS;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	for (i = 0; i < THREADS; i++) {
		s[i] = (struct sufferer) {
			.in = self->in, .out = self->out, .seed = self->seed + i,
			.addr = HOME + i * 2 * MIB,
		};
		ASSERT_EQ(0, pthread_create(&s[i].thread, NULL, suffer, &s[i]));
	}
	while (left) {
		let_pass_ns(random_below(&random, 4 * NS_PER_MS));
		for (left = 0, i = 0; i < THREADS; i++)
			left += !s[i].done;
		/* the last thread is spared: see whether it is hit by mistake */
		i = random_below(&random, THREADS - 1);
		if (!s[i].done)
			pthread_kill(s[i].thread, SIGUSR1);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(s[i].thread, NULL);
		EXPECT_TRUE(s[i].right) TH_LOG("thread %d", i);
		judge(_metadata, &s[i].ends, variant->flags);
	}
	EXPECT_EQ(0, s[THREADS - 1].ends.some);
	EXPECT_EQ(0, s[THREADS - 1].ends.none);
}

TEST_F(signals, blocked_signals_do_not_disturb)
{
	sigset_t all, old;
	int i;

	sigfillset(&all);
	ASSERT_EQ(0, sigprocmask(SIG_BLOCK, &all, &old));
	ASSERT_TRUE(storm_begin(variant->flags, NS_PER_MS, self->seed));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(ROOM, pwrite(self->in, self->buf, ROOM, HOME));
	storm_end();
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/*
 * Stop and continue: no handler, so nobody sees EINTR. Some stops for each call,
 * however fast the machine is.
 */
TEST_F(signals, stopped_and_continued)
{
	const uint64_t turn_ns = self->plain_ns / 4 + NS_PER_MS;
	struct ends ends = { };
	int status, i, stops = 0;
	pid_t pid;

	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		for (i = 0; i < 8; i++) {
			pattern_fill(self->buf, ROOM, HOME, self->seed + i);
			if (endure(self->in, true, self->buf, ROOM, HOME, &ends) != ROOM)
				_exit(1);
			memset(self->buf, POISON, ROOM);
			if (endure(self->out, false, self->buf, ROOM, HOME, &ends) != ROOM)
				_exit(2);
			if (!pattern_is(self->buf, ROOM, HOME, self->seed + i))
				_exit(3);
		}
		_exit(ends.none ? 4 : 0);
	}
	for (;;) {
		let_pass_ns(turn_ns + stops % 7 * turn_ns / 7);
		if (kill(pid, SIGSTOP))
			break;
		ASSERT_EQ(pid, waitpid(pid, &status, WUNTRACED));
		if (!WIFSTOPPED(status))
			break;
		stops++;
		kill(pid, SIGCONT);
	}
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_LT(0, stops);
}

TEST_HARNESS_MAIN
