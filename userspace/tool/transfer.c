// SPDX-License-Identifier: GPL-2.0-only
/*
 * transfer.c - move bytes from one end to another, both kept busy
 *
 * SLOTS buffers go round between two threads. The reader fills the slot at
 * @filled, the writer empties the one at @emptied; filled - emptied of them
 * are full. Two counters, the reader's verdict and @stop are guarded by @lock;
 * a buffer belongs to the reader while it is empty and to the writer while it
 * is full, so that its bytes need no lock.
 *
 * The reader may wait for a pipe for ever when the writer gives up: an eventfd
 * ends its wait.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "place.h"
#include "transfer.h"

#define SLOTS	3

struct slot {
	unsigned char *data;
	size_t length;
};

struct pipeline {
	struct transfer *transfer;
	struct end source;	/* transfer->from, with the eventfd in it */
	unsigned char *compare;
	struct slot slot[SLOTS];

	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned long filled;
	unsigned long emptied;
	bool finished;		/* the reader will fill no more */
	bool stop;		/* the writer will empty no more */
	int read_error;
};

void *transfer_buffer(size_t size)
{
	void *memory;

	memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return NULL;
	/* fewer descriptors; a kernel without huge pages says no, and may */
	madvise(memory, size, MADV_HUGEPAGE);
	return memory;
}

/* reader: wait for an empty slot; NULL when the writer gave up */
static struct slot *wait_empty(struct pipeline *pipe)
{
	struct slot *slot = NULL;

	pthread_mutex_lock(&pipe->lock);
	while (!pipe->stop && pipe->filled - pipe->emptied == SLOTS)
		pthread_cond_wait(&pipe->changed, &pipe->lock);
	if (!pipe->stop)
		slot = &pipe->slot[pipe->filled % SLOTS];
	pthread_mutex_unlock(&pipe->lock);
	return slot;
}

/* reader: hand a slot over, and say whether it was the last */
static void put_full(struct pipeline *pipe, const struct slot *slot, bool last,
		     int error)
{
	pthread_mutex_lock(&pipe->lock);
	if (slot->length)
		pipe->filled++;
	pipe->finished = last;
	pipe->read_error = error;
	pthread_cond_broadcast(&pipe->changed);
	pthread_mutex_unlock(&pipe->lock);
}

/* writer: wait for a full slot; NULL when there will be none */
static struct slot *wait_full(struct pipeline *pipe)
{
	struct slot *slot = NULL;

	pthread_mutex_lock(&pipe->lock);
	while (pipe->filled == pipe->emptied && !pipe->finished)
		pthread_cond_wait(&pipe->changed, &pipe->lock);
	if (pipe->filled != pipe->emptied)
		slot = &pipe->slot[pipe->emptied % SLOTS];
	pthread_mutex_unlock(&pipe->lock);
	return slot;
}

static void put_empty(struct pipeline *pipe)
{
	pthread_mutex_lock(&pipe->lock);
	pipe->emptied++;
	pthread_cond_broadcast(&pipe->changed);
	pthread_mutex_unlock(&pipe->lock);
}

static void *reader(void *context)
{
	struct pipeline *pipe = context;
	const struct transfer *transfer = pipe->transfer;
	uint64_t offset = 0;
	bool last = false;

	while (!last) {
		struct slot *slot = wait_empty(pipe);
		size_t want = TRANSFER_PIECE;
		int error;

		if (!slot)
			break;
		if (want > transfer->length - offset)
			want = transfer->length - offset;

		slot->length = end_read(&pipe->source, slot->data, want,
					offset, &error);
		offset += slot->length;
		last = slot->length < want || offset == transfer->length;
		put_full(pipe, slot, last, error);
	}
	return NULL;
}

static void fault(struct transfer *transfer, enum transfer_fault what,
		  int error, uint64_t at)
{
	transfer->fault = what;
	transfer->error = error;
	transfer->at = at;
}

/* read a piece back and compare it with what was written */
static void compare_piece(struct pipeline *pipe, const struct slot *slot)
{
	struct transfer *transfer = pipe->transfer;
	size_t got, i;
	int error;

	got = end_read(transfer->back, pipe->compare, slot->length,
		       transfer->done, &error);
	if (memcmp(pipe->compare, slot->data, got)) {
		for (i = 0; pipe->compare[i] == slot->data[i]; i++)
			;
		fault(transfer, TRANSFER_DIFFERS, 0, transfer->done + i);
		transfer->expected = slot->data[i];
		transfer->found = pipe->compare[i];
	} else if (got < slot->length) {
		fault(transfer, TRANSFER_READ_BACK, error ? error : ENOSPC,
		      transfer->done + got);
	}
}

static void writer(struct pipeline *pipe)
{
	struct transfer *transfer = pipe->transfer;
	struct slot *slot;
	size_t moved;
	int error;

	while (!transfer->fault && (slot = wait_full(pipe))) {
		moved = end_write(transfer->to, slot->data, slot->length,
				  transfer->done, &error);
		if (error)
			fault(transfer, TRANSFER_WRITE, error,
			      transfer->done + moved);
		else if (transfer->back)
			compare_piece(pipe, slot);
		transfer->done += moved;
		put_empty(pipe);
		if (transfer->tick)
			transfer->tick(transfer->context, transfer->done);
	}
}

/* the reader is gone: was it content? */
static void judge_source(struct pipeline *pipe)
{
	struct transfer *transfer = pipe->transfer;

	if (transfer->fault)
		return;
	if (pipe->read_error)
		fault(transfer, TRANSFER_READ, pipe->read_error,
		      transfer->done);
	else if (transfer->length != LENGTH_UNKNOWN &&
		 transfer->done < transfer->length)
		fault(transfer, TRANSFER_ENDED, 0, transfer->done);
}

static int run_threads(struct pipeline *pipe)
{
	pthread_t thread;
	int error;

	error = pthread_create(&thread, NULL, reader, pipe);
	if (error)
		return error;
	writer(pipe);
	pthread_mutex_lock(&pipe->lock);
	pipe->stop = true;
	pthread_cond_broadcast(&pipe->changed);
	pthread_mutex_unlock(&pipe->lock);
	eventfd_write(pipe->source.stop, 1);
	pthread_join(thread, NULL);
	return 0;
}

static int run(struct pipeline *pipe)
{
	size_t size = (SLOTS + 1) * (size_t)TRANSFER_PIECE;
	unsigned char *memory;
	int error;

	memory = transfer_buffer(size);
	if (!memory)
		return errno;
	for (unsigned int i = 0; i < SLOTS; i++)
		pipe->slot[i].data = memory + i * (size_t)TRANSFER_PIECE;
	pipe->compare = memory + SLOTS * (size_t)TRANSFER_PIECE;
	error = run_threads(pipe);
	munmap(memory, size);
	return error;
}

enum transfer_fault transfer_run(struct transfer *transfer)
{
	struct pipeline pipe = {
		.transfer = transfer,
		.source = *transfer->from,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.changed = PTHREAD_COND_INITIALIZER,
	};
	int error;

	transfer->done = 0;
	transfer->fault = TRANSFER_OK;
	pipe.source.stop = eventfd(0, EFD_CLOEXEC);
	if (pipe.source.stop < 0) {
		fault(transfer, TRANSFER_RESOURCES, errno, 0);
		return transfer->fault;
	}
	error = run(&pipe);
	if (error)
		fault(transfer, TRANSFER_RESOURCES, error, 0);
	judge_source(&pipe);
	close(pipe.source.stop);
	return transfer->fault;
}
