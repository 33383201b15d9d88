/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pattern.h - what byte belongs at an address
 *
 * Pure functions: a byte depends on pattern, seed and its own address alone,
 * so that any piece of memory can be filled or checked in any order.
 */
#ifndef EXDMA_TOOL_PATTERN_H
#define EXDMA_TOOL_PATTERN_H

#include <stddef.h>
#include <stdint.h>

enum pattern_kind {
	PATTERN_ADDRESS,	/* each 64-bit word holds its own address */
	PATTERN_WALKING,	/* one bit set, then one bit clear, walking */
	PATTERN_RANDOM,		/* from the seed */
	PATTERN_KINDS,
};

struct pattern {
	enum pattern_kind kind;
	uint64_t seed;
};

/** pattern_name() - "address", "walking", "random". */
const char *pattern_name(enum pattern_kind kind);

/** pattern_byte() - the byte that belongs at @address. */
unsigned char pattern_byte(const struct pattern *pattern, uint64_t address);

/**
 * pattern_fill() - write the pattern of [@address, @address + @length)
 * @pattern: a pattern
 * @address: any, not only multiples of 8
 * @buf: receives the bytes
 * @length: bytes
 */
void pattern_fill(const struct pattern *pattern, uint64_t address, void *buf,
		  size_t length);

/**
 * pattern_check() - find the first byte that does not belong there
 *
 * Return: its index in @buf, or @length if all are right.
 */
size_t pattern_check(const struct pattern *pattern, uint64_t address,
		     const void *buf, size_t length);

/**
 * pattern_random() - a number that looks random, always the same for @input
 *
 * Good enough to mix addresses and to choose test sizes; not for secrets.
 */
uint64_t pattern_random(uint64_t input);

#endif /* EXDMA_TOOL_PATTERN_H */
