/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Data that knows where it belongs, and random numbers that can be had again.
 *
 * The eight bytes at card address A (a multiple of 8) are a reversible mix of A
 * and a seed: a byte in the wrong place is seen, and a word in the wrong place
 * tells where it should have gone. Nothing of nodes or cards is known here.
 */
#ifndef SELFTESTS_PATTERN_H
#define SELFTESTS_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * pattern_fill() - write what belongs to card addresses [@addr, @addr + @len)
 * @buf: at least @len bytes, any alignment
 * @len: bytes
 * @addr: card address of the first, any alignment
 * @seed: which of the many patterns
 */
void pattern_fill(void *buf, size_t len, uint64_t addr, uint64_t seed);

/**
 * pattern_is() - is it what pattern_fill() would have written?
 *
 * Prints the first difference as a TAP diagnostic.
 */
bool pattern_is(const void *buf, size_t len, uint64_t addr, uint64_t seed);

/* Are all @len bytes @value? Prints the first that is not. */
bool bytes_are(const void *buf, size_t len, uint8_t value);

/* What fills memory that is not to be touched, or to be overwritten. */
#define POISON	0xa5

/* A generator of its own for each thread: splitmix64. */
struct random {
	uint64_t state;
};

uint64_t random_next(struct random *r);

/* 0 to @bound - 1 */
uint64_t random_below(struct random *r, uint64_t bound);

/* 1 to @max, each order of magnitude as likely as the next */
size_t random_size(struct random *r, size_t max);

/**
 * random_seed() - the seed of this test, printed
 *
 * Taken from the environment, EXDMA_SEED, if it is there: to have a run again.
 */
uint64_t random_seed(void);

/**
 * test_share() - of a sweep that is long, one in how many is to be tried
 *
 * From the environment, EXDMA_SHARE: for runs that must be short. Which ones, the seed
 * decides. Return: 1 (all) if it is not there or makes no sense.
 */
unsigned int test_share(void);

/**
 * test_amount() - how many of something a test is to take
 * @usual: how many it usually takes
 *
 * EXDMA_TIMES (from the environment) times as many, for long runs; one in EXDMA_SHARE for
 * short ones. Return: at least 1.
 */
unsigned long test_amount(unsigned long usual);

#endif /* SELFTESTS_PATTERN_H */
