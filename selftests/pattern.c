// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data that knows where it belongs; see pattern.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "pattern.h"

#define FACTOR	0x9fb21c651e98df25ull	/* odd: has an inverse modulo 2^64 */

/* Makes seeds that are neighbours strangers. */
static uint64_t stir(uint64_t seed)
{
	return random_next(&(struct random) { seed });
}

static uint64_t word_at(uint64_t addr, uint64_t seed)
{
	uint64_t x = (addr / 8) ^ seed;

	x ^= x >> 32;
	x *= FACTOR;
	return x ^ x >> 32;
}

/* The address that a word of the pattern belongs to. */
static uint64_t address_of(uint64_t word, uint64_t seed)
{
	uint64_t inverse = FACTOR;
	int i;

	for (i = 0; i < 5; i++)		/* Newton: doubles the right bits */
		inverse *= 2 - FACTOR * inverse;
	word ^= word >> 32;
	word *= inverse;
	word ^= word >> 32;
	return (word ^ seed) * 8;
}

static uint8_t byte_at(uint64_t addr, uint64_t seed)
{
	return word_at(addr, seed) >> addr % 8 * 8;
}

void pattern_fill(void *buf, size_t len, uint64_t addr, uint64_t seed)
{
	uint8_t *p = buf;
	uint64_t word;

	seed = stir(seed);
	for (; len && addr % 8; len--, addr++)
		*p++ = byte_at(addr, seed);
	for (; len >= 8; len -= 8, addr += 8, p += 8) {
		word = word_at(addr, seed);
		memcpy(p, &word, 8);
	}
	for (; len; len--, addr++)
		*p++ = byte_at(addr, seed);
}

/* Looks for a whole word of the pattern near a byte that is wrong. */
static void explain(const uint8_t *p, size_t len, size_t at, uint64_t addr,
		    uint64_t seed)
{
	uint64_t word, home;
	size_t i;

	printf("# byte %zu of %zu, card address 0x%" PRIx64 ": is 0x%02x, should be 0x%02x\n",
	       at, len, addr + at, p[at], byte_at(addr + at, seed));
	for (i = at; i + 8 <= len && i < at + 16; i++) {
		memcpy(&word, p + i, 8);
		home = address_of(word, seed);
		if (home < 1ull << 48) {
			printf("# byte %zu begins what belongs to card address 0x%" PRIx64 "\n",
			       i, home);
			return;
		}
	}
}

bool pattern_is(const void *buf, size_t len, uint64_t addr, uint64_t seed)
{
	const uint8_t *p = buf;
	uint64_t word;
	size_t i = 0;

	seed = stir(seed);
	while (i < len) {
		if (!((addr + i) % 8) && len - i >= 8) {
			memcpy(&word, p + i, 8);
			if (word == word_at(addr + i, seed)) {
				i += 8;
				continue;
			}
		}
		if (p[i] != byte_at(addr + i, seed)) {
			explain(p, len, i, addr, seed);
			return false;
		}
		i++;
	}
	return true;
}

bool bytes_are(const void *buf, size_t len, uint8_t value)
{
	const uint8_t *p = buf;
	size_t i;

	if (!len || (*p == value && !memcmp(p, p + 1, len - 1)))
		return true;
	for (i = 0; p[i] == value; i++)
		;
	printf("# byte %zu of %zu is 0x%02x, should be 0x%02x\n", i, len, p[i], value);
	return false;
}

uint64_t random_next(struct random *r)
{
	uint64_t x = r->state += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

uint64_t random_below(struct random *r, uint64_t bound)
{
	return random_next(r) % bound;
}

size_t random_size(struct random *r, size_t max)
{
	int bits = 64 - __builtin_clzl(max);
	size_t size = random_next(r) >> (63 - random_below(r, bits));

	return size % max + 1;
}

uint64_t random_seed(void)
{
	const char *text = getenv("EXDMA_SEED");
	uint64_t seed = 0;

	if (text)
		seed = strtoull(text, NULL, 0);
	else if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = 1;
	printf("# seed 0x%" PRIx64 " (EXDMA_SEED)\n", seed);
	return seed;
}

/* A number from the environment, at least 1. */
static unsigned long number_of(const char *name)
{
	const char *text = getenv(name);
	unsigned long n = text ? strtoul(text, NULL, 10) : 1;

	return n ? n : 1;
}

unsigned int test_share(void)
{
	return number_of("EXDMA_SHARE");
}

unsigned long test_amount(unsigned long usual)
{
	unsigned long n = usual * number_of("EXDMA_TIMES") / test_share();

	return n ? n : 1;
}
