/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The card's own memory, as its AXI bus reaches it: addresses 0 .. size - 1,
 * all zero at first, allocated where it is written. Knows nothing of engines.
 *
 * Locking: none needed. A block is published by one atomic pointer and lives
 * until the end; two engines that write the same byte race as they would on
 * the card.
 */
#ifndef CARD_CARDMEM_H
#define CARD_CARDMEM_H

#include <stddef.h>
#include <stdint.h>

#define CARDMEM_BLOCK		(2ull << 20)
#define CARDMEM_MAX_SIZE	(64ull << 40)

struct cardmem {
	uint64_t size;
	size_t blocks;
	_Atomic(uint8_t *) *dir;
};

/**
 * cardmem_init() - make an empty memory
 * @cm: what to set up
 * @size: bytes, at most CARDMEM_MAX_SIZE; costs address space only
 *
 * Return: 0 or -ENOMEM.
 */
int cardmem_init(struct cardmem *cm, uint64_t size);
void cardmem_fini(struct cardmem *cm);

/**
 * cardmem_peek() - look at memory without allocating
 * @cm: the memory
 * @addr: card address
 * @len: bytes wanted; set to the bytes that lie in one piece from @addr on
 * @p: set to the bytes, or to NULL where nothing was ever written (zeros)
 *
 * Return: 0, or -EFAULT when @addr is beyond the memory (AXI decode error).
 */
int cardmem_peek(struct cardmem *cm, uint64_t addr, size_t *len, const uint8_t **p);

/**
 * cardmem_touch() - get memory to write to
 *
 * As cardmem_peek(), but allocates. Return: also -ENOMEM (AXI slave error).
 */
int cardmem_touch(struct cardmem *cm, uint64_t addr, size_t *len, uint8_t **p);

/* Copy @len bytes; return 0 or the first error above. For small accesses. */
int cardmem_read(struct cardmem *cm, uint64_t addr, void *buf, size_t len);
int cardmem_write(struct cardmem *cm, uint64_t addr, const void *buf, size_t len);

#endif
