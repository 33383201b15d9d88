// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench.c - tests of tool/bench.c
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <exdma/exdma.h>

#include "bench.h"
#include "test.h"
#include "units.h"

#define BASE	0x10000
#define SIZE	4096
#define SPAN	(5 * SIZE + 100)	/* what is over is not used */

static atomic_uint operations;
static atomic_uint slot_used[5];
static atomic_uint astray;

static ssize_t count_operation(off_t at, size_t len)
{
	off_t slot = (at - BASE) / SIZE;

	atomic_fetch_add(&operations, 1);
	if (at < BASE || slot >= 5 || (at - BASE) % SIZE || len != SIZE)
		atomic_fetch_add(&astray, 1);
	else
		atomic_fetch_add(&slot_used[slot], 1);
	return len;
}

static ssize_t count_write(int fd, const void *buf, size_t len, off_t at)
{
	(void)fd;
	(void)buf;
	return at < 0 ? HOOK_PASS : count_operation(at, len);
}

static ssize_t count_read(int fd, void *buf, size_t len, off_t at)
{
	(void)fd;
	if (at < 0)
		return HOOK_PASS;
	memset(buf, 1, len);
	return count_operation(at, len);
}

static struct bench *make(const struct end *end, unsigned int direction)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	if (!bench)
		abort();
	bench->end = end;
	bench->direction = direction;
	bench->size = SIZE;
	bench->span = SPAN;
	bench->threads = 3;
	bench->count = 70;
	operations = 0;
	astray = 0;
	memset(slot_used, 0, sizeof(slot_used));
	return bench;
}

static const struct end end = {
	.name = "card", .fd = -1, .origin = ORIGIN_CARD, .base = BASE,
};

static void by_count(void)
{
	struct bench *bench = make(&end, EXDMA_DIR_H2C);

	hook_write = count_write;
	CHECK(bench_run(bench) == STATUS_OK);
	CHECK(operations == 210 && bench->latency.count == 210);
	CHECK(astray == 0);
	for (unsigned int i = 0; i < 5; i++)
		CHECK(slot_used[i] == 42);
	CHECK(bench->elapsed > 0);
	CHECK(bench->latency.max <= bench->elapsed);
	free(bench);
}

static void by_time(void)
{
	struct bench *bench = make(&end, EXDMA_DIR_C2H);

	bench->count = 0;
	bench->time = NSEC_PER_SEC / 50;
	bench->warmup = NSEC_PER_SEC / 100;
	hook_read = count_read;
	CHECK(bench_run(bench) == STATUS_OK);
	CHECK(astray == 0);
	CHECK(bench->elapsed >= bench->time);
	/* what was done to warm up is not counted */
	CHECK(bench->latency.count > 0 && bench->latency.count < operations);
	free(bench);
}

static ssize_t fail_at_third(int fd, void *buf, size_t len, off_t at)
{
	(void)fd;
	(void)buf;
	if (at == BASE + 2 * SIZE) {
		errno = EIO;
		return -1;
	}
	return at < 0 ? HOOK_PASS : (ssize_t)len;
}

static void failure(void)
{
	struct bench *bench = make(&end, EXDMA_DIR_C2H);

	hook_read = fail_at_third;
	CHECK(bench_run(bench) == STATUS_FAILED);
	CHECK(bench->error == EIO);
	CHECK(bench->failed_at == BASE + 2 * SIZE);

	/* in the warm-up too, and with the clock running for a day otherwise */
	bench->warmup = 86400 * NSEC_PER_SEC;
	bench->time = bench->warmup;
	bench->count = 0;
	CHECK(bench_run(bench) == STATUS_FAILED);
	CHECK(bench->error == EIO);
	free(bench);
}

static ssize_t no_more(int fd, void *buf, size_t len, off_t at)
{
	(void)fd;
	(void)buf;
	if (at < 0)
		return HOOK_PASS;
	return at >= BASE + SIZE ? 0 : (ssize_t)len;
}

static void end_of_memory(void)
{
	struct bench *bench = make(&end, EXDMA_DIR_C2H);

	bench->threads = 1;
	hook_read = no_more;
	CHECK(bench_run(bench) == STATUS_FAILED);
	CHECK(bench->error == ENOSPC);
	CHECK(bench->failed_at == BASE + SIZE);
	free(bench);
}

static void no_memory(void)
{
	struct bench *bench = make(&end, EXDMA_DIR_C2H);

	bench->size = 1ull << 60;
	bench->span = 1ull << 60;
	CHECK(bench_run(bench) == STATUS_FAILED);
	CHECK(bench->error == ENOMEM);
	CHECK(bench->failed_at == UINT64_MAX);
	free(bench);
}

const struct test_case tests_bench[] = {
	{ "operations are counted and stay in their range", by_count },
	{ "a measurement by time warms up first", by_time },
	{ "an operation that fails ends the measurement", failure },
	{ "memory that ends is an error", end_of_memory },
	{ "too little memory for buffers is told of", no_memory },
	{ NULL, NULL },
};
