/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory as the device sees it: a table of I/O virtual addresses, and
 * the files behind them mapped into this process. Knows nothing of messages
 * and nothing of XDMA.
 *
 * Locking: one readers-writer lock inside. An access holds the read side for
 * one bounded copy (GUESTMEM_MAX_COPY); map, unmap and the bus-master gate
 * take the write side. So when guestmem_unmap() returns, no access to the old
 * range is in flight and none will start. Writers are preferred: engines that
 * copy without a pause must not keep the message thread waiting.
 * Nothing else is locked while it is held: it is the innermost lock.
 */
#ifndef CARD_GUESTMEM_H
#define CARD_GUESTMEM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUESTMEM_READ		0x1u	/* the device may read */
#define GUESTMEM_WRITE		0x2u	/* the device may write */
#define GUESTMEM_MAX_MAPS	65535u
#define GUESTMEM_MAX_COPY	65536u

struct guestmem_range {
	uint64_t start, last;	/* inclusive: a range may end at 2^64 - 1 */
	uint8_t *base;		/* NULL: known, but there is nothing behind it */
	uint32_t prot;
};

struct guestmem_file;

struct guestmem {
	pthread_rwlock_t lock;
	struct guestmem_range *ranges;	/* sorted by start, no overlap */
	size_t count, room;
	struct guestmem_file *files;
	bool master;			/* PCI Bus Master Enable */
};

void guestmem_init(struct guestmem *gm);
void guestmem_fini(struct guestmem *gm);

/**
 * guestmem_map() - make a range of device addresses known
 * @gm: the table
 * @start: first device address
 * @size: bytes; must not be 0 nor wrap
 * @prot: GUESTMEM_READ and/or GUESTMEM_WRITE; 0 is allowed and useless
 * @fd: file behind the range, or -1 for none; stays the caller's
 * @offset: where in the file the range begins
 *
 * The whole file is mapped once, however many ranges lie in it, so that a
 * thousand small ranges do not cost a thousand kernel mappings.
 *
 * Return: 0; -EEXIST when it overlaps a known range; -EINVAL for a bad size or
 * a range outside the file; -ENOSPC when the table is full; -ENOMEM; or what
 * mmap() says.
 */
int guestmem_map(struct guestmem *gm, uint64_t start, uint64_t size,
		 uint32_t prot, int fd, uint64_t offset);

/**
 * guestmem_unmap() - forget everything between two addresses
 * @gm: the table
 * @start: first address
 * @last: last address, inclusive
 *
 * Ranges that stick out are trimmed. Forgetting what is not known is fine.
 *
 * Return: 0, or -ENOMEM when a range had to be split and could not be; then it
 * was forgotten as a whole, never kept.
 */
int guestmem_unmap(struct guestmem *gm, uint64_t start, uint64_t last);

/* Forget all ranges and all files: the client is gone. */
void guestmem_clear(struct guestmem *gm);

/* Set the gate: with @on false every access fails as unmapped. */
void guestmem_set_master(struct guestmem *gm, bool on);

/**
 * guestmem_read() - copy from guest memory
 * @gm: the table
 * @addr: device address
 * @buf: where to; NULL reads nothing but checks the range
 * @len: bytes; copied in bounded pieces with the lock let go in between
 *
 * Return: bytes copied; short when an address is not mapped, not readable, or
 * bus mastering is off.
 */
size_t guestmem_read(struct guestmem *gm, uint64_t addr, void *buf, size_t len);

/* As guestmem_read(), the other way. @buf NULL writes zeros. */
size_t guestmem_write(struct guestmem *gm, uint64_t addr, const void *buf, size_t len);

/**
 * guestmem_store32() - publish one word
 * @gm: the table
 * @addr: device address; a word that is not 4-byte aligned is written bytewise
 * @value: what to store
 *
 * A release store: whoever sees the value also sees all data that this thread
 * wrote before.
 *
 * Return: true when it was written.
 */
bool guestmem_store32(struct guestmem *gm, uint64_t addr, uint32_t value);

/* The same with 8 bytes. */
bool guestmem_store64(struct guestmem *gm, uint64_t addr, uint64_t value);

#endif
