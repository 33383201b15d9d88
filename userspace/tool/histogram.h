/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * histogram.h - percentiles of many numbers in little memory
 *
 * Numbers below 64 are kept exactly, larger ones to 1/64 of their value.
 */
#ifndef EXDMA_TOOL_HISTOGRAM_H
#define EXDMA_TOOL_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_SUB_BITS	6
#define HISTOGRAM_BUCKETS	((64 - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

/* All zero is an empty one. */
struct histogram {
	uint64_t count;
	uint64_t max;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

/** histogram_add() - count one number. */
void histogram_add(struct histogram *histogram, uint64_t value);

/** histogram_merge() - add all that @other has counted. */
void histogram_merge(struct histogram *histogram,
		     const struct histogram *other);

/**
 * histogram_percentile() - the number that @percent of all do not exceed
 * @histogram: a histogram
 * @percent: above 0 and up to 100
 *
 * Return: the number, rounded up to the end of its bucket; 0 if empty.
 */
uint64_t histogram_percentile(const struct histogram *histogram,
			      double percent);

#endif /* EXDMA_TOOL_HISTOGRAM_H */
