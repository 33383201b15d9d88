/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench.h - run one measurement: so many threads, this size, that direction
 */
#ifndef EXDMA_TOOL_BENCH_H
#define EXDMA_TOOL_BENCH_H

#include "end.h"
#include "histogram.h"

/**
 * struct bench - one measurement
 * @end: the open node; @end->base is where the range begins
 * @direction: EXDMA_DIR_H2C or EXDMA_DIR_C2H
 * @size: bytes of one operation
 * @span: bytes of the range; operations walk through it, @size at a time
 * @threads: how many at once, each with a buffer of its own
 * @warmup: nanoseconds of operations before the clock starts
 * @time: nanoseconds to measure; not used if there is a @count
 * @count: operations of each thread, or 0
 * @elapsed: nanoseconds from the start to the end of the last operation
 * @latency: of each operation, in nanoseconds
 * @error: errno of the first operation that failed, or 0
 * @failed_at: card address where it did
 */
struct bench {
	const struct end *end;
	unsigned int direction;
	uint64_t size;
	uint64_t span;
	unsigned int threads;
	uint64_t warmup;
	uint64_t time;
	uint64_t count;

	uint64_t elapsed;
	struct histogram latency;
	int error;
	uint64_t failed_at;
};

/**
 * bench_run() - measure
 *
 * Return: STATUS_OK or STATUS_FAILED, with @error set; @failed_at is
 * UINT64_MAX if there was not enough memory, or no thread to be had.
 */
int bench_run(struct bench *bench);

#endif /* EXDMA_TOOL_BENCH_H */
