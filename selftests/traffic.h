/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Verified traffic: threads that write to a card and read back, each in memory
 * of its own, and keep account of how their calls ended, while a test does
 * something to the card. Knows nothing of the test framework.
 */
#ifndef SELFTESTS_TRAFFIC_H
#define SELFTESTS_TRAFFIC_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "card.h"
#include "pattern.h"

#define TRAFFIC_THREADS	16
#define TRAFFIC_ERRNOS	256
#define TRAFFIC_ROOM	(256 * KIB)	/* of card memory, for each thread */
#define TRAFFIC_AT	(256 * MIB)	/* where that begins */

/**
 * struct traffic_sum - how calls ended
 * @calls: all of them
 * @bytes: that were moved
 * @whole: calls that moved all they were asked to
 * @some: that moved a part
 * @errors: that failed, by errno; 0 is for calls that moved nothing and say so
 * @verified: rounds whose data came back as it was
 * @wrong: that did not
 * @longest_ns: the longest call, for people
 * @longest_beats: the same, for tests
 */
struct traffic_sum {
	uint64_t calls, bytes, whole, some;
	uint64_t errors[TRAFFIC_ERRNOS];
	uint64_t verified, wrong;
	uint64_t longest_ns, longest_beats;
};

struct traffic_thread {
	struct traffic *all;
	pthread_t thread;
	int in, out;		/* ways */
	int fd_in, fd_out;
	uint64_t addr;
	struct random random;
	struct traffic_sum sum;
};

struct traffic {
	const struct card *card;
	int threads;
	volatile bool stop;
	struct traffic_thread thread[TRAFFIC_THREADS];
};

/**
 * traffic_start() - let threads go
 * @t: zeroed
 * @card: on which one
 * @threads: up to TRAFFIC_THREADS; over all ways in and out in turn, the card's
 *	own nodes among them
 * @seed: of the data
 *
 * What fails is tried again until it succeeds or the card is gone (ENODEV), so
 * an error of the card is not the end of the traffic.
 *
 * Return: false if a node could not be opened, or there are no threads.
 */
bool traffic_start(struct traffic *t, const struct card *card, int threads, uint64_t seed);

/* The same on one channel in each direction, by their numbers from 0. */
bool traffic_start_on(struct traffic *t, const struct card *card, int threads,
		      int h2c, int c2h, uint64_t seed);

/* Until each thread has verified @rounds more, or has ended. */
void traffic_wait(struct traffic *t, uint64_t rounds);

/* Until at least one has. */
void traffic_wait_any(struct traffic *t, uint64_t rounds);

/* Until each thread has ended by itself: the card is gone. */
void traffic_wait_end(struct traffic *t);

/* Rounds that have been verified up to now. */
uint64_t traffic_verified(const struct traffic *t);

/* Ends it, and adds up. */
void traffic_stop(struct traffic *t, struct traffic_sum *sum);

/* What came of it, as a text: "812 calls whole, 3 short, 1 EIO". */
void traffic_say(const struct traffic_sum *sum, char *text, size_t size);

/* A call that began then, and is over. */
void traffic_took(struct traffic_sum *sum, uint64_t begin_ns, uint64_t begin_beats);

/* Adds one sum to another. */
void traffic_add(struct traffic_sum *all, const struct traffic_sum *one);

/* A row of the table in docs/reliability.md: what struck how often, and the rest. */
void traffic_row(const struct traffic_sum *sum, const char *fault, uint64_t times);

/* A transfer of @len bytes there and back on the first channels: is it right? */
bool card_works(const struct card *card, size_t len, uint64_t seed);

/* Calls that failed with anything but these, 0 at the end. */
uint64_t traffic_other_errors(const struct traffic_sum *sum, const int *allowed);

#endif /* SELFTESTS_TRAFFIC_H */
