// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sparse card memory: a directory of 2 MiB blocks, each allocated at its first
 * write. The directory of the largest size is 256 MiB of address space that
 * costs memory only where it is used.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "cardmem.h"
#include "util.h"

static void *map_zeros(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

int cardmem_init(struct cardmem *cm, uint64_t size)
{
	if (!size || size > CARDMEM_MAX_SIZE)
		return -EINVAL;
	cm->size = size;
	cm->blocks = (size_t)((size + CARDMEM_BLOCK - 1) / CARDMEM_BLOCK);
	cm->dir = map_zeros(cm->blocks * sizeof(cm->dir[0]));
	return cm->dir ? 0 : -ENOMEM;
}

void cardmem_fini(struct cardmem *cm)
{
	uint8_t *block;
	size_t i;

	for (i = 0; i < cm->blocks; i++) {
		block = atomic_load_explicit(&cm->dir[i], memory_order_relaxed);
		if (block)
			munmap(block, CARDMEM_BLOCK);
	}
	munmap((void *)cm->dir, cm->blocks * sizeof(cm->dir[0]));
	cm->dir = NULL;
}

/* Clip to the block and to the end of memory. */
static int clip(const struct cardmem *cm, uint64_t addr, size_t *len)
{
	if (addr >= cm->size)
		return -EFAULT;
	*len = min_u64(*len, CARDMEM_BLOCK - addr % CARDMEM_BLOCK);
	*len = min_u64(*len, cm->size - addr);
	return 0;
}

int cardmem_peek(struct cardmem *cm, uint64_t addr, size_t *len, const uint8_t **p)
{
	int err = clip(cm, addr, len);
	uint8_t *block;

	if (err)
		return err;
	block = atomic_load_explicit(&cm->dir[addr / CARDMEM_BLOCK], memory_order_acquire);
	*p = block ? block + addr % CARDMEM_BLOCK : NULL;
	return 0;
}

int cardmem_touch(struct cardmem *cm, uint64_t addr, size_t *len, uint8_t **p)
{
	_Atomic(uint8_t *) *slot;
	uint8_t *block, *fresh;
	int err = clip(cm, addr, len);

	if (err)
		return err;
	slot = &cm->dir[addr / CARDMEM_BLOCK];
	block = atomic_load_explicit(slot, memory_order_acquire);
	if (!block) {
		fresh = map_zeros(CARDMEM_BLOCK);
		if (!fresh)
			return -ENOMEM;
		if (atomic_compare_exchange_strong_explicit(slot, &block, fresh,
							    memory_order_acq_rel,
							    memory_order_acquire))
			block = fresh;
		else
			munmap(fresh, CARDMEM_BLOCK);
	}
	*p = block + addr % CARDMEM_BLOCK;
	return 0;
}

int cardmem_read(struct cardmem *cm, uint64_t addr, void *buf, size_t len)
{
	const uint8_t *p;
	size_t n;
	int err;

	for (; len; len -= n, addr += n, buf = (uint8_t *)buf + n) {
		n = len;
		err = cardmem_peek(cm, addr, &n, &p);
		if (err)
			return err;
		if (p)
			memcpy(buf, p, n);
		else
			memset(buf, 0, n);
	}
	return 0;
}

int cardmem_write(struct cardmem *cm, uint64_t addr, const void *buf, size_t len)
{
	uint8_t *p;
	size_t n;
	int err;

	for (; len; len -= n, addr += n, buf = (const uint8_t *)buf + n) {
		n = len;
		err = cardmem_touch(cm, addr, &n, &p);
		if (err)
			return err;
		memcpy(p, buf, n);
	}
	return 0;
}
