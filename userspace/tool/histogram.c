// SPDX-License-Identifier: GPL-2.0-only
/*
 * histogram.c - percentiles of many numbers in little memory
 *
 * Each power of two is cut into 64 buckets of equal width.
 */
#include <math.h>

#include "histogram.h"

#define SUB	(1u << HISTOGRAM_SUB_BITS)

static unsigned int index_of(uint64_t value)
{
	unsigned int shift;

	if (value < SUB)
		return value;
	shift = 63 - __builtin_clzll(value) - HISTOGRAM_SUB_BITS;
	return (shift + 1) * SUB + (unsigned int)((value >> shift) - SUB);
}

static uint64_t end_of(unsigned int index)
{
	unsigned int shift;

	if (index < SUB)
		return index;
	shift = index / SUB - 1;
	/* the last bucket ends at 2^64 - 1: the sum wraps to just that */
	return ((uint64_t)(SUB + index % SUB + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t value)
{
	histogram->bucket[index_of(value)]++;
	histogram->count++;
	if (value > histogram->max)
		histogram->max = value;
}

void histogram_merge(struct histogram *histogram,
		     const struct histogram *other)
{
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		histogram->bucket[i] += other->bucket[i];
	histogram->count += other->count;
	if (other->max > histogram->max)
		histogram->max = other->max;
}

uint64_t histogram_percentile(const struct histogram *histogram,
			      double percent)
{
	uint64_t wanted = ceil(histogram->count * percent / 100);
	uint64_t seen = 0;
	uint64_t value;

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->bucket[i];
		if (seen && seen >= wanted) {
			value = end_of(i);
			return value < histogram->max ? value : histogram->max;
		}
	}
	return histogram->max;
}
