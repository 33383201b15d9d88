/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - descriptor slots in coherent memory
 *
 * Knows indexes and memory; knows neither requests nor engines. Not locked:
 * all but alloc and free are called with the lock of the ring's channel held.
 *
 * @head and @tail count slots since the ring was made and wrap at 2^32; the
 * slot number is the count modulo the size. head - tail slots are in use.
 */
#ifndef EXDMA_CORE_RING_H
#define EXDMA_CORE_RING_H

#include <linux/types.h>

struct device;

struct exdma_ring {
	void *cpu;
	dma_addr_t dma;
	size_t bytes;
	void *status;
	dma_addr_t status_dma;
	size_t status_bytes;
	u32 slots;
	u32 head;
	u32 tail;
};

int exdma_ring_alloc(struct exdma_ring *ring, struct device *dev, u32 slots,
		     u32 desc_bytes, u32 status_bytes);
void exdma_ring_free(struct exdma_ring *ring, struct device *dev);
u32 exdma_ring_room(const struct exdma_ring *ring);
u32 exdma_ring_reserve(struct exdma_ring *ring, u32 count);
void exdma_ring_release(struct exdma_ring *ring, u32 tail);

/* Slot number of a count. */
static inline u32 exdma_ring_slot(const struct exdma_ring *ring, u32 count)
{
	return count & (ring->slots - 1);
}

#endif /* EXDMA_CORE_RING_H */
