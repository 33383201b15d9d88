/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * units.h - sizes, addresses, counts, times and directions as people write them
 *
 * Pure functions on text and numbers.
 */
#ifndef EXDMA_TOOL_UNITS_H
#define EXDMA_TOOL_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* Positions are off_t in the kernel: what cannot be one is out of range. */
#define ADDRESS_MAX	((uint64_t)INT64_MAX)

#define NSEC_PER_SEC	1000000000ull

/**
 * parse_size() - "4096", "0x1000", "4K", "4KiB", "0x10M"
 * @text: the whole of it must be a number
 * @value: receives bytes, up to ADDRESS_MAX
 *
 * Suffixes K M G T, small or capital, are powers of 1024. A leading zero does
 * not make a number octal.
 *
 * Return: 0, or -1 with EINVAL (no such number) or ERANGE (too large).
 */
int parse_size(const char *text, uint64_t *value);

/**
 * parse_count() - a plain decimal number from @min to @max
 *
 * Return: 0, or -1 with EINVAL or ERANGE.
 */
int parse_count(const char *text, unsigned int min, unsigned int max,
		unsigned int *value);

/**
 * parse_u64() - any 64-bit number, decimal or 0x hex, without a suffix
 *
 * Return: 0, or -1 with EINVAL or ERANGE.
 */
int parse_u64(const char *text, uint64_t *value);

/**
 * parse_time() - "2", "0.5", "2s", "100ms", "50us"
 * @text: the whole of it must be a time
 * @nsec: receives nanoseconds; at most one day
 *
 * Return: 0, or -1 with EINVAL or ERANGE.
 */
int parse_time(const char *text, uint64_t *nsec);

/* enough for what format_size() and format_rate() write */
#define UNIT_TEXT	32

/**
 * format_size() - "0 B", "1000 B", "64 KiB", "1.5 GiB"
 * @text: UNIT_TEXT bytes
 * @bytes: any number
 *
 * Return: @text.
 */
char *format_size(char *text, uint64_t bytes);

/**
 * format_rate() - "812 MB/s": powers of 1000, as links are sold
 * @text: UNIT_TEXT bytes
 * @bytes: how much
 * @nsec: in what time
 *
 * Return: @text; "-" when no time has passed.
 */
char *format_rate(char *text, uint64_t bytes, uint64_t nsec);

/** format_seconds() - "12.3 us" and the like, in @text. */
#define TIME_TEXT	24
char *format_seconds(char *text, double seconds);

/** direction_name() - "h2c" or "c2h", of EXDMA_DIR_H2C or EXDMA_DIR_C2H. */
const char *direction_name(unsigned int direction);

/** now_ns() - CLOCK_MONOTONIC in nanoseconds. */
uint64_t now_ns(void);

#endif /* EXDMA_TOOL_UNITS_H */
