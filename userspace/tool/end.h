/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * end.h - one end of a transfer: a file, a pipe, or card memory
 *
 * Knows descriptors and how calls fall short; nothing of buffers, threads or
 * the command line.
 */
#ifndef EXDMA_TOOL_END_H
#define EXDMA_TOOL_END_H

#include <exdma/exdma.h>

#include "report.h"

/**
 * struct end - an open file or node
 * @name: for messages
 * @fd: the descriptor
 * @origin: ORIGIN_CARD is read and written at addresses, ORIGIN_FILE in
 *	    sequence, so that it may as well be a pipe
 * @base: where the transfer begins: a card address, or 0
 * @keep: do not close @fd: it is stdin or stdout
 * @stop: a descriptor that becomes readable when reading this file is to end,
 *	  whether data comes or not; 0 for none
 */
struct end {
	const char *name;
	int fd;
	enum origin origin;
	uint64_t base;
	bool keep;
	int stop;
};

/**
 * end_open_card() - open the node for one direction
 * @end: filled in
 * @card: a card
 * @direction: EXDMA_DIR_H2C or EXDMA_DIR_C2H
 * @channel: number of a channel that exists, or ANY_CHANNEL
 * @address: where the transfer begins
 *
 * Return: STATUS_OK, or STATUS_FAILED after saying why.
 */
int end_open_card(struct end *end, const struct exdma_card *card,
		  unsigned int direction, int channel, uint64_t address);

/**
 * end_open_source() - open a file to read from; "-" is stdin
 * @end: filled in
 * @path: the file
 * @size: receives its size if it is a regular file, else LENGTH_UNKNOWN
 *
 * Return: STATUS_OK, or STATUS_FAILED after saying why.
 */
int end_open_source(struct end *end, const char *path, uint64_t *size);

/**
 * end_open_sink() - create or truncate a file to write to; "-" is stdout
 *
 * Return: STATUS_OK, or STATUS_FAILED after saying why.
 */
int end_open_sink(struct end *end, const char *path);

/**
 * end_close() - close; a late error of a file that was written counts
 *
 * Return: STATUS_OK, or STATUS_FAILED after saying why.
 */
int end_close(struct end *end);

/**
 * end_read() - read until @length bytes came, or no more come
 * @end: where from
 * @buf: where to
 * @length: bytes wanted
 * @offset: distance from @base, for a card; files go on where they are
 * @error: receives an errno; 0 with fewer bytes means the end of the data
 *
 * Short counts, interruptions and non-blocking descriptors are dealt with.
 * With @stop set it may end with ECANCELED.
 *
 * Return: bytes that came.
 */
size_t end_read(const struct end *end, void *buf, size_t length,
		uint64_t offset, int *error);

/**
 * end_write() - write until @length bytes went, or no more go
 *
 * As end_read(); a count of zero from the system is taken for ENOSPC, so that
 * fewer bytes always come with an error.
 *
 * Return: bytes that went.
 */
size_t end_write(const struct end *end, const void *buf, size_t length,
		 uint64_t offset, int *error);

#endif /* EXDMA_TOOL_END_H */
