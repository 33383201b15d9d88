// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench.c - run one measurement
 *
 * Every thread warms up, says that it is ready, and waits for the start; the
 * clock starts when the last one is ready. @lock guards the counts, the start
 * and the first error; @over tells the others without it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"
#include "transfer.h"
#include "units.h"

struct start {
	struct bench *bench;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned int ready;
	bool go;
	uint64_t began;
	atomic_bool over;
};

struct runner {
	struct start *start;
	pthread_t thread;
	unsigned char *buffer;
	uint64_t slot;		/* the next operation's place in the range */
	uint64_t ended;
	struct histogram latency;
};

static void stop_all(struct start *start, int error, uint64_t at)
{
	pthread_mutex_lock(&start->lock);
	if (!start->bench->error) {
		start->bench->error = error;
		start->bench->failed_at = at;
	}
	atomic_store(&start->over, true);
	pthread_mutex_unlock(&start->lock);
}

/* one operation; false if it failed */
static bool operate(struct runner *runner)
{
	struct bench *bench = runner->start->bench;
	uint64_t offset = runner->slot * bench->size;
	size_t moved;
	int error;

	if (bench->direction == EXDMA_DIR_H2C)
		moved = end_write(bench->end, runner->buffer, bench->size,
				  offset, &error);
	else
		moved = end_read(bench->end, runner->buffer, bench->size,
				 offset, &error);
	if (moved < bench->size) {
		stop_all(runner->start, error ? error : ENOSPC,
			 bench->end->base + offset + moved);
		return false;
	}
	runner->slot++;
	if (runner->slot == bench->span / bench->size)
		runner->slot = 0;
	return true;
}

static void warm_up(struct runner *runner)
{
	uint64_t deadline = now_ns() + runner->start->bench->warmup;

	if (!runner->start->bench->warmup)
		return;
	while (!atomic_load(&runner->start->over) && operate(runner) &&
	       now_ns() < deadline)
		;
}

static uint64_t wait_for_start(struct start *start)
{
	uint64_t began;

	pthread_mutex_lock(&start->lock);
	start->ready++;
	pthread_cond_broadcast(&start->changed);
	while (!start->go)
		pthread_cond_wait(&start->changed, &start->lock);
	began = start->began;
	pthread_mutex_unlock(&start->lock);
	return began;
}

static void *run(void *context)
{
	struct runner *runner = context;
	struct start *start = runner->start;
	struct bench *bench = start->bench;
	uint64_t began, before, after;

	warm_up(runner);
	began = wait_for_start(start);
	before = began;
	while (!atomic_load(&start->over) && operate(runner)) {
		after = now_ns();
		histogram_add(&runner->latency, after - before);
		runner->ended = after;
		before = after;
		if (bench->count ? runner->latency.count >= bench->count :
				   after - began >= bench->time)
			break;
	}
	return NULL;
}

static void release(struct start *start, unsigned int threads)
{
	pthread_mutex_lock(&start->lock);
	while (start->ready < threads)
		pthread_cond_wait(&start->changed, &start->lock);
	start->began = now_ns();
	start->go = true;
	pthread_cond_broadcast(&start->changed);
	pthread_mutex_unlock(&start->lock);
}

static int prepare(struct runner *runner, struct start *start,
		   unsigned int index)
{
	struct bench *bench = start->bench;
	uint64_t slots = bench->span / bench->size;

	runner->start = start;
	/* threads begin at different places, spread over the range */
	runner->slot = slots * index / bench->threads;
	runner->buffer = transfer_buffer(bench->size);
	if (!runner->buffer)
		return errno;
	/* the pages are to be there before the first operation */
	memset(runner->buffer, index + 1, bench->size);
	return 0;
}

/* as many threads as asked for, or the number that came up and *error */
static unsigned int launch(struct start *start, struct runner *runner,
			   int *error)
{
	unsigned int threads = start->bench->threads;
	unsigned int running = 0;

	*error = 0;
	for (unsigned int i = 0; !*error && i < threads; i++)
		*error = prepare(&runner[i], start, i);
	while (!*error && running < threads) {
		*error = pthread_create(&runner[running].thread, NULL, run,
					&runner[running]);
		if (!*error)
			running++;
	}
	return running;
}

static void collect(struct bench *bench, const struct runner *runner,
		    uint64_t began)
{
	histogram_merge(&bench->latency, &runner->latency);
	if (runner->ended > began && runner->ended - began > bench->elapsed)
		bench->elapsed = runner->ended - began;
}

int bench_run(struct bench *bench)
{
	struct start start = {
		.bench = bench,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};
	struct runner *runner;
	unsigned int running;
	int error;

	bench->error = 0;
	bench->elapsed = 0;
	memset(&bench->latency, 0, sizeof(bench->latency));
	runner = calloc(bench->threads, sizeof(*runner));
	if (!runner) {
		stop_all(&start, ENOMEM, UINT64_MAX);
		return STATUS_FAILED;
	}
	running = launch(&start, runner, &error);
	if (error)
		stop_all(&start, error, UINT64_MAX);

	release(&start, running);
	for (unsigned int i = 0; i < running; i++) {
		pthread_join(runner[i].thread, NULL);
		collect(bench, &runner[i], start.began);
	}
	for (unsigned int i = 0; i < bench->threads; i++)
		if (runner[i].buffer)
			munmap(runner[i].buffer, bench->size);
	free(runner);
	return bench->error ? STATUS_FAILED : STATUS_OK;
}
