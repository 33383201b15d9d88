/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every room of the card may use: time, bits, little-endian bytes.
 * Knows nothing of any of them.
 */
#ifndef CARD_UTIL_H
#define CARD_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BIT(n)			(1u << (n))
#define BITS(high, low)		((0xffffffffu >> (31 - (high))) & (0xffffffffu << (low)))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define NSEC_PER_SEC		1000000000ull

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Monotonic time in nanoseconds: the only clock of the model (clock.c). */
uint64_t now_ns(void);

/* Sleep until that clock shows @ns. For callers without anything to wait for. */
void sleep_until(uint64_t ns);

/*
 * The bus is little-endian and so is every host this program is built for;
 * the copies below only take care of alignment.
 */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little-endian hosts only");

static inline uint16_t get_le16(const void *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t get_le32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t get_le64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void put_le16(void *p, uint16_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void put_le32(void *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void put_le64(void *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

#endif
