// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every fault that the virtual card can be made to have, many times over, while
 * verified traffic goes on: no wrong byte, no call that hangs, no error that
 * the fault does not deserve. That it struck is told by the card's own books.
 *
 * Each test prints a row of the table in docs/reliability.md, which begins
 * with "table". EXDMA_TIMES multiplies the numbers, for long runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"
#include "traffic.h"

#define THREADS		6
#define DIRS		2
/*
 * Milliseconds. What is run again after a hang must have moved by then, or it counts as a
 * second hang of the same request, which is its end: not too short for a slow host.
 */
#define TIMEOUT		"1000"

static const int no_errors[] = { 0 };

CARD_NEEDS(GIB);

FIXTURE(trouble) {
	struct card card;
	struct traffic traffic;
	struct traffic_sum sum;
	struct random random;
	lab_t lab;
};

FIXTURE_SETUP(trouble)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->lab = lab_map(&self->card);
	if (!self->lab)
		SKIP(return, "this card has no lab block");
	self->random.state = random_seed();
}

FIXTURE_TEARDOWN_PARENT(trouble)
{
	param_put("timeout_ms", TIMEOUT_DEFAULT);
	lab_let_go_all(&self->card);
}

static uint64_t struck(FIXTURE_DATA(trouble) *self, uint32_t counter)
{
	return lab_count(self->lab, LAB_ENGINE_CARD, counter);
}

static uint32_t any_engine(FIXTURE_DATA(trouble) *self)
{
	int dir = random_below(&self->random, DIRS);

	return lab_engine(dir, random_below(&self->random, self->card.channels[dir]));
}

static void begin(struct __test_metadata *_metadata, FIXTURE_DATA(trouble) *self)
{
	ASSERT_TRUE(traffic_start(&self->traffic, &self->card, THREADS,
				  random_next(&self->random)));
	traffic_wait(&self->traffic, 1);
}

/*
 * Until a fault has struck so often. Traffic that comes to an end all the same
 * is what the caller judges.
 */
static void wait_struck(FIXTURE_DATA(trouble) *self, uint32_t counter, uint64_t until)
{
	while (struck(self, counter) < until && !self->traffic.stop)
		traffic_wait_any(&self->traffic, 1);
}

/* Afterwards all is well; what there was on the way is in the table. */
static void end_within(struct __test_metadata *_metadata, FIXTURE_DATA(trouble) *self,
		       const char *fault, uint64_t times, const int *allowed, uint64_t longest)
{
	struct traffic_sum *sum = &self->sum;

	lab_fault(self->lab, 0, LAB_FAULT_CLEAR_ALL, 0);
	traffic_wait(&self->traffic, 2);
	traffic_stop(&self->traffic, sum);
	traffic_row(sum, fault, times);
	EXPECT_EQ(0, sum->wrong);
	EXPECT_GT(longest, sum->longest_beats);
	EXPECT_EQ(0, traffic_other_errors(sum, allowed));
	if (!*allowed)
		EXPECT_EQ(0, sum->some);
	EXPECT_LT(0, sum->verified);
}

static void end(struct __test_metadata *_metadata, FIXTURE_DATA(trouble) *self,
		const char *fault, uint64_t times, const int *allowed)
{
	end_within(_metadata, self, fault, times, allowed, SOON_BEATS);
}

/* Is there an engine that hangs, or is to? */
static bool hangs(FIXTURE_DATA(trouble) *self)
{
	uint32_t state = 0;
	int dir, i;

	for (dir = 0; dir < DIRS; dir++)
		for (i = 0; i < self->card.channels[dir]; i++)
			state |= lab_state(self->lab, lab_engine(dir, i));
	return state & (LAB_FAULT_IS_HUNG | LAB_FAULT_IS_ARMED);
}

/*
 * Some engines at a time hang for good, and only a reset heals them: what ran
 * is run again. Never twice at the same request, which would be its end.
 */
TEST_F_TIMEOUT(trouble, engines_hang, 3600)
{
	const uint64_t want = test_amount(200);
	uint64_t before = struck(self, LAB_STRUCK_HANG), now;
	const struct card *card = &self->card;
	int dir, i;

	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT));
	begin(_metadata, self);
	for (now = before; now < before + want; now = struck(self, LAB_STRUCK_HANG)) {
		for (dir = 0; dir < DIRS; dir++)
			for (i = 0; i < card->channels[dir]; i++)
				if (random_below(&self->random, 8))
					lab_fault(self->lab, lab_engine(dir, i),
						  LAB_FAULT_HANG_AFTER,
						  random_below(&self->random, 40));
		while (hangs(self))
			traffic_wait_any(&self->traffic, 1);
		traffic_wait(&self->traffic, 1);
	}
	end(_metadata, self, "an engine hangs until the function is reset",
	    now - before, no_errors);
}

/* The same, and the first resets do not help. */
TEST_F_TIMEOUT(trouble, resets_are_refused, 600)
{
	const uint64_t want = test_amount(6);
	uint64_t before = struck(self, LAB_STRUCK_REFUSE), now;

	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT));
	begin(_metadata, self);
	for (now = before; now < before + want; now = struck(self, LAB_STRUCK_REFUSE)) {
		lab_fault(self->lab, LAB_ENGINE_CARD, LAB_FAULT_REFUSE,
			  1 + random_below(&self->random, 2));
		lab_fault(self->lab, any_engine(self), LAB_FAULT_HANG_AFTER,
			  random_below(&self->random, 40));
		wait_struck(self, LAB_STRUCK_REFUSE, now + 1);
		while (lab_state(self->lab, LAB_ENGINE_CARD) & LAB_FAULT_IS_REFUSE)
			sched_yield();
		traffic_wait(&self->traffic, 1);
	}
	end(_metadata, self, "the same, and one or two resets do not heal it",
	    now - before, no_errors);
}

/* The next COUNT of something on all engines in turn, until there were enough. */
static void strew(struct __test_metadata *_metadata, FIXTURE_DATA(trouble) *self,
		  uint32_t command, uint32_t counter, uint32_t state, unsigned int at_once,
		  uint32_t value_below, uint64_t want, const char *fault)
{
	uint64_t before = struck(self, counter), now;
	uint32_t target;

	begin(_metadata, self);
	for (now = before; now < before + want; now = struck(self, counter)) {
		target = any_engine(self);
		if (!(lab_state(self->lab, target) & state))
			lab_fault_value(self->lab, target, command,
					1 + random_below(&self->random, at_once),
					value_below ? random_below(&self->random, value_below) : 0);
		traffic_wait_any(&self->traffic, 1);
	}
	end(_metadata, self, fault, now - before, no_errors);
}

TEST_F_TIMEOUT(trouble, interrupts_get_lost, 3600)
{
	strew(_metadata, self, LAB_FAULT_LOSE, LAB_STRUCK_LOSE, LAB_FAULT_IS_LOSING, 8, 0,
	      test_amount(1000), "an interrupt is lost");
}

TEST_F_TIMEOUT(trouble, interrupts_come_late, 3600)
{
	strew(_metadata, self, LAB_FAULT_DELAY, LAB_STRUCK_DELAY, LAB_FAULT_IS_DELAY, 8, 60000,
	      test_amount(500), "an interrupt comes up to 60 ms late");
}

TEST_F_TIMEOUT(trouble, interrupts_come_twice, 3600)
{
	strew(_metadata, self, LAB_FAULT_DUPLICATE, LAB_STRUCK_DUPLICATE,
	      LAB_FAULT_IS_DUPLICATE, 8, 3000, test_amount(500),
	      "an interrupt comes twice, the second up to 3 ms later");
}

TEST_F_TIMEOUT(trouble, interrupts_for_nothing, 3600)
{
	strew(_metadata, self, LAB_FAULT_INVENT, LAB_STRUCK_INVENT, LAB_FAULT_IS_LATE, 50, 500,
	      test_amount(1000), "an interrupt comes for nothing");
}

TEST_F_TIMEOUT(trouble, writebacks_are_stale, 3600)
{
	strew(_metadata, self, LAB_FAULT_STALE, LAB_STRUCK_STALE, LAB_FAULT_IS_STALE, 3, 0,
	      test_amount(300), "the count of completed descriptors is not written to memory");
}

/*
 * Words that cannot be true. One that could be is believed: to doubt it is to
 * read a register for every run.
 */
TEST_F_TIMEOUT(trouble, writebacks_are_wrong, 3600)
{
	static const uint32_t words[] = { 0xffffffff, 0x80000000, 0x00ffffff, 0x0000ffff, 0 };
	const uint64_t want = test_amount(300);
	uint64_t before = struck(self, LAB_STRUCK_CORRUPT), now;
	uint32_t target;

	begin(_metadata, self);
	for (now = before; now < before + want; now = struck(self, LAB_STRUCK_CORRUPT)) {
		target = any_engine(self);
		if (!(lab_state(self->lab, target) & LAB_FAULT_IS_CORRUPT))
			lab_fault_value(self->lab, target, LAB_FAULT_CORRUPT, 2,
					words[random_below(&self->random, ARRAY_SIZE(words))]);
		traffic_wait_any(&self->traffic, 1);
	}
	end(_metadata, self, "the count in memory is nonsense", now - before, no_errors);
}

/*
 * Did the card refuse to arm the error that it was just told to have? The card disarms
 * and counts an error that strikes under one lock. So the state is read before the count:
 * in the other order, an error that strikes between the two reads looks refused.
 */
static bool refused(FIXTURE_DATA(trouble) *self, uint32_t target, uint64_t before)
{
	return !(lab_state(self->lab, target) & LAB_FAULT_IS_ERROR) &&
	       struck(self, LAB_STRUCK_ERROR) == before;
}

/*
 * Each error bit: the one request fails, the others go on. Both directions have those of
 * alignment, magic and length, and 5 of the descriptor fetch; beside them H2C has 5 of
 * reads and 2 of writes, C2H 2 of reads and 1 of writes.
 */
TEST_F_TIMEOUT(trouble, engines_stop_with_errors, 3600)
{
	static const unsigned int has[DIRS] = {
		[EXDMA_DIR_H2C] = 3 + 5 + 5 + 2, [EXDMA_DIR_C2H] = 3 + 5 + 2 + 1,
	};
	static const int allowed[] = { EIO, 0 };
	const uint64_t want = test_amount(5);
	uint64_t begun = struck(self, LAB_STRUCK_ERROR), before;
	unsigned int bit, bits[DIRS] = { };
	uint32_t target;
	uint64_t k;
	int dir;

	begin(_metadata, self);
	for (dir = 0; dir < DIRS; dir++) {
		target = lab_engine(dir, random_below(&self->random, self->card.channels[dir]));
		for (bit = 3; bit < 24; bit++) {
			for (k = 0; k < want; k++) {
				before = struck(self, LAB_STRUCK_ERROR);
				lab_fault_value(self->lab, target, LAB_FAULT_ERROR,
						random_below(&self->random, 20), 1u << bit);
				if (refused(self, target, before))
					break;	/* this direction has no such bit */
				wait_struck(self, LAB_STRUCK_ERROR, before + 1);
			}
			bits[dir] += k == want;
		}
	}
	k = struck(self, LAB_STRUCK_ERROR) - begun;
	end(_metadata, self, "an engine stops with an error; each error bit in turn", k, allowed);
	for (dir = 0; dir < DIRS; dir++)
		EXPECT_EQ(has[dir], bits[dir]) TH_LOG("direction %d", dir);
	EXPECT_EQ((has[0] + has[1]) * want, k);
	/* each one was the error of exactly one call, which says so or is short */
	EXPECT_EQ(k, self->sum.some + self->sum.errors[EIO]);
}

TEST_F_TIMEOUT(trouble, the_link_is_slow, 600)
{
	uint64_t before = struck(self, LAB_STRUCK_SLOW);

	begin(_metadata, self);
	lab_fault_value(self->lab, LAB_ENGINE_CARD, LAB_FAULT_SLOW, 0, 2 << 20);
	traffic_wait(&self->traffic, 2);
	end(_metadata, self, "the link slows down to 2 MiB/s: runs",
	    struck(self, LAB_STRUCK_SLOW) - before, no_errors);
}

static volatile sig_atomic_t signals_seen;

static void on_signal(int signal)
{
	(void)signal;
	signals_seen++;
}

TEST_F_TIMEOUT(trouble, signals_at_any_moment, 3600)
{
	static const int allowed[] = { EINTR, 0 };
	struct sigaction action = { .sa_handler = on_signal };
	const unsigned int want = test_amount(10000);
	unsigned int sent;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	begin(_metadata, self);
	for (sent = 0; sent < want; sent++) {
		pthread_kill(self->traffic.thread[random_below(&self->random, THREADS)].thread,
			     SIGUSR1);
		let_pass_ns(random_below(&self->random, 2 * NS_PER_MS));
	}
	end(_metadata, self, "a signal, caught, at any moment", sent, allowed);
	EXPECT_LT(want / 4, signals_seen);	/* two at once are one */
}

/* All of it at a time. */
TEST_F_TIMEOUT(trouble, everything_at_once, 3600)
{
	static const int allowed[] = { EIO, 0 };
	static const struct {
		uint32_t command, count, value;
	} faults[] = {
		{ LAB_FAULT_HANG_AFTER, 30, 1 },
		{ LAB_FAULT_LOSE, 3, 1 },
		{ LAB_FAULT_DELAY, 3, 30000 },
		{ LAB_FAULT_DUPLICATE, 3, 3000 },
		{ LAB_FAULT_INVENT, 20, 500 },
		{ LAB_FAULT_STALE, 2, 1 },
		{ LAB_FAULT_ERROR, 30, 0 },
	};
	unsigned int i, k, engine, sent = 0;

	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT));
	begin(_metadata, self);
	for (i = 0; i < test_amount(150); i++) {
		/* a second hang would wait for the very request that is run again */
		do {
			k = random_below(&self->random, ARRAY_SIZE(faults));
			engine = any_engine(self);
		} while (faults[k].command == LAB_FAULT_HANG_AFTER &&
			 lab_state(self->lab, engine) & (LAB_FAULT_IS_HUNG | LAB_FAULT_IS_ARMED));
		lab_fault_value(self->lab, engine, faults[k].command,
				1 + random_below(&self->random, faults[k].count),
				faults[k].value ? random_below(&self->random, faults[k].value) :
						  1u << 9);
		sent++;
		traffic_wait_any(&self->traffic, 2);
	}
	/* engines that hang one after the other add up */
	end_within(_metadata, self, "seven of the above at once, on all engines", sent, allowed,
		   4 * SOON_BEATS);
}

TEST_HARNESS_MAIN
