/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * transfer.h - move bytes from one end to another, both kept busy
 *
 * A second thread reads the source into a few large page-aligned buffers while
 * the caller's thread writes the ones that are full. Knows ends, buffers and
 * threads; prints nothing.
 */
#ifndef EXDMA_TOOL_TRANSFER_H
#define EXDMA_TOOL_TRANSFER_H

#include "end.h"

/* Bytes moved by one call: long runs for the engine, short for the user. */
#define TRANSFER_PIECE	(8u << 20)

enum transfer_fault {
	TRANSFER_OK,
	TRANSFER_RESOURCES,	/* no memory, no thread */
	TRANSFER_READ,		/* the source failed */
	TRANSFER_ENDED,		/* the source ended before @length bytes */
	TRANSFER_WRITE,		/* the sink failed */
	TRANSFER_READ_BACK,	/* the sink could not be read back */
	TRANSFER_DIFFERS,	/* the sink holds something else */
};

/**
 * struct transfer - what to move, and how it went
 * @from: the source
 * @to: the sink
 * @back: the same memory as @to, open for reading: each piece is read back
 *	  and compared right after it was written; NULL for no comparison
 * @length: bytes, or LENGTH_UNKNOWN for all that the source has
 * @tick: called after each piece with the bytes moved so far; may be NULL
 * @context: handed to @tick
 * @done: bytes that reached the sink
 * @fault: what went wrong
 * @error: errno for READ, WRITE, READ_BACK and RESOURCES
 * @at: offset of the first byte that was not moved, or is wrong
 * @expected: the byte that was written there, with DIFFERS
 * @found: the byte that came back
 */
struct transfer {
	const struct end *from;
	const struct end *to;
	const struct end *back;
	uint64_t length;
	void (*tick)(void *context, uint64_t done);
	void *context;

	uint64_t done;
	enum transfer_fault fault;
	int error;
	uint64_t at;
	unsigned char expected;
	unsigned char found;
};

/**
 * transfer_run() - move it all, or up to the first fault
 *
 * What the source gave before it failed still reaches the sink.
 *
 * Return: @fault.
 */
enum transfer_fault transfer_run(struct transfer *transfer);

/**
 * transfer_buffer() - page-aligned memory, in huge pages where there are any
 * @size: bytes
 *
 * Return: zeroed memory for munmap(2), or NULL with errno.
 */
void *transfer_buffer(size_t size);

#endif /* EXDMA_TOOL_TRANSFER_H */
