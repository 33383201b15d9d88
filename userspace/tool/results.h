/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * results.h - what was measured: rows of a table, or JSON
 */
#ifndef EXDMA_TOOL_RESULTS_H
#define EXDMA_TOOL_RESULTS_H

#include <exdma/exdma.h>

#include "bench.h"
#include "json.h"

/**
 * struct result - one row
 * @direction: EXDMA_DIR_H2C or EXDMA_DIR_C2H
 * @threads: how many at once
 * @size: bytes of one operation
 * @rate: bytes per second
 * @p50, @p99: latency in seconds that half, 99 of 100 did not exceed
 */
struct result {
	unsigned int direction;
	unsigned int threads;
	uint64_t size;
	double rate;
	double p50, p99;
};

/**
 * struct results - all of them
 * @row: kept for who wants to see all at once
 * @rows: how many
 */
struct results {
	struct result *row;
	size_t rows;

	struct json json;
	bool as_json;
};

/** results_begin() - print what comes before the first, on stdout. */
void results_begin(struct results *results, const struct exdma_card *card,
		   bool as_json);

/**
 * results_add() - print a measurement, and keep it
 *
 * Return: 0, or -1 for want of memory, after it was printed.
 */
int results_add(struct results *results, const struct bench *bench);

/** results_end() - print what comes after the last. */
void results_end(struct results *results);

void results_free(struct results *results);

#endif /* EXDMA_TOOL_RESULTS_H */
