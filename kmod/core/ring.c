// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - descriptor slots in coherent memory: reserve, release
 */
#include <linux/bug.h>
#include <linux/cache.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/log2.h>

#include "ring.h"

/**
 * exdma_ring_alloc - make an empty ring
 * @ring: the ring.
 * @dev: the device that will read the descriptors.
 * @slots: a power of two.
 * @desc_bytes: bytes of one descriptor; 0: slots are counted, and need no memory.
 * @status_bytes: bytes for what the device writes, zeroed, in cache lines of
 *	their own; may be 0.
 *
 * Context: may sleep.
 * Return: 0, -EINVAL for a number of slots that is no power of two, -ENOMEM.
 */
int exdma_ring_alloc(struct exdma_ring *ring, struct device *dev, u32 slots,
		     u32 desc_bytes, u32 status_bytes)
{
	if (!is_power_of_2(slots))
		return -EINVAL;
	ring->slots = slots;
	ring->bytes = array_size(slots, desc_bytes);
	ring->head = 0;
	ring->tail = 0;
	if (ring->bytes) {
		ring->cpu = dma_alloc_coherent(dev, ring->bytes, &ring->dma, GFP_KERNEL);
		if (!ring->cpu)
			return -ENOMEM;
	}
	ring->status_bytes = ALIGN(status_bytes, SMP_CACHE_BYTES);
	if (!ring->status_bytes)
		return 0;
	ring->status = dma_alloc_coherent(dev, ring->status_bytes, &ring->status_dma,
					  GFP_KERNEL);
	if (!ring->status) {
		exdma_ring_free(ring, dev);
		return -ENOMEM;
	}
	return 0;
}

/**
 * exdma_ring_free - give the memory back
 * @ring: the ring; one without memory is left alone.
 * @dev: as in exdma_ring_alloc(); its engine has stopped.
 *
 * Context: may sleep.
 */
void exdma_ring_free(struct exdma_ring *ring, struct device *dev)
{
	if (ring->status)
		dma_free_coherent(dev, ring->status_bytes, ring->status, ring->status_dma);
	ring->status = NULL;
	if (!ring->cpu)
		return;
	dma_free_coherent(dev, ring->bytes, ring->cpu, ring->dma);
	ring->cpu = NULL;
}

/**
 * exdma_ring_room - slots that can be reserved now
 * @ring: the ring.
 *
 * Return: 0 to @ring->slots.
 */
u32 exdma_ring_room(const struct exdma_ring *ring)
{
	return ring->slots - (ring->head - ring->tail);
}

/**
 * exdma_ring_reserve - take the next slots
 * @ring: the ring, with at least @count slots of room.
 * @count: how many.
 *
 * Return: the count (see exdma_ring_slot()) of the first of them.
 */
u32 exdma_ring_reserve(struct exdma_ring *ring, u32 count)
{
	u32 first = ring->head;

	WARN_ON_ONCE(count > exdma_ring_room(ring));
	ring->head += count;
	return first;
}

/**
 * exdma_ring_release - everything before @tail is free again
 * @ring: the ring.
 * @tail: count of the oldest slot that is still in use, @ring->head if none.
 */
void exdma_ring_release(struct exdma_ring *ring, u32 tail)
{
	WARN_ON_ONCE(tail - ring->tail > ring->head - ring->tail);
	ring->tail = tail;
}
