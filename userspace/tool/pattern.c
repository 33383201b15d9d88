// SPDX-License-Identifier: GPL-2.0-only
/*
 * pattern.c - what byte belongs at an address
 *
 * Memory is seen as little-endian 64-bit words at multiples of 8.
 */
#include <endian.h>
#include <string.h>

#include "pattern.h"

const char *pattern_name(enum pattern_kind kind)
{
	static const char *const names[PATTERN_KINDS] = {
		[PATTERN_ADDRESS] = "address",
		[PATTERN_WALKING] = "walking",
		[PATTERN_RANDOM] = "random",
	};

	return names[kind];
}

/* the finalizer of splitmix64 */
uint64_t pattern_random(uint64_t input)
{
	input += 0x9e3779b97f4a7c15ull;
	input = (input ^ (input >> 30)) * 0xbf58476d1ce4e5b9ull;
	input = (input ^ (input >> 27)) * 0x94d049bb133111ebull;
	return input ^ (input >> 31);
}

/* the word at @address, a multiple of 8, as it lies in memory */
static uint64_t word_at(const struct pattern *pattern, uint64_t address)
{
	uint64_t index = address / 8;
	uint64_t word = address;

	if (pattern->kind == PATTERN_WALKING) {
		word = 1ull << index % 64;
		if (index / 64 & 1)
			word = ~word;
	} else if (pattern->kind == PATTERN_RANDOM) {
		word = pattern_random(pattern_random(pattern->seed) ^ index);
	}
	return htole64(word);
}

unsigned char pattern_byte(const struct pattern *pattern, uint64_t address)
{
	uint64_t word = word_at(pattern, address & ~7ull);

	return ((unsigned char *)&word)[address & 7];
}

/* how many of the next bytes lie in the word of @address */
static size_t piece_of(uint64_t address, size_t length)
{
	size_t piece = 8 - (address & 7);

	return piece < length ? piece : length;
}

void pattern_fill(const struct pattern *pattern, uint64_t address, void *buf,
		  size_t length)
{
	unsigned char *to = buf;

	while (length) {
		size_t piece = piece_of(address, length);
		uint64_t word = word_at(pattern, address & ~7ull);

		memcpy(to, (unsigned char *)&word + (address & 7), piece);
		to += piece;
		address += piece;
		length -= piece;
	}
}

size_t pattern_check(const struct pattern *pattern, uint64_t address,
		     const void *buf, size_t length)
{
	const unsigned char *from = buf;
	size_t done = 0;

	while (done < length) {
		size_t piece = piece_of(address + done, length - done);
		uint64_t at = (address + done) & ~7ull;
		uint64_t word = word_at(pattern, at);

		if (memcmp(from + done,
			   (unsigned char *)&word + ((address + done) & 7),
			   piece))
			break;
		done += piece;
	}
	while (done < length &&
	       from[done] == pattern_byte(pattern, address + done))
		done++;
	return done;
}
