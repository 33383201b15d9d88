// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - slots that are mapped for good, for transfers that are copied
 *
 * To copy a few KiB is cheaper than to pin, map, unmap and unpin their pages,
 * above all behind an IOMMU; and some devices reach no other memory. Knows
 * memory and a bit mask; what is copied where and when is the matter of buffer.c.
 */
#include <linux/bitops.h>
#include <linux/dma-mapping.h>

#include "bounce.h"

/**
 * exdma_bounce_alloc - make the slots of a channel
 * @bounce: zeroed.
 * @dev: the device that will reach them.
 *
 * Without memory there are no slots, and every transfer is mapped by itself, if
 * that can be done.
 *
 * Context: may sleep.
 * Return: are there slots?
 */
bool exdma_bounce_alloc(struct exdma_bounce *bounce, struct device *dev)
{
	BUILD_BUG_ON(EXDMA_BOUNCE_SLOTS != 64);
	bounce->cpu = dma_alloc_coherent(dev, EXDMA_BOUNCE_ALL, &bounce->dma,
					 GFP_KERNEL | __GFP_NOWARN);
	atomic64_set(&bounce->free, bounce->cpu ? -1ll : 0);
	return bounce->cpu;
}

/**
 * exdma_bounce_free - give the memory back
 * @bounce: all slots are free; one without memory is left alone.
 * @dev: as in exdma_bounce_alloc(); its engine has stopped.
 *
 * Context: may sleep.
 */
void exdma_bounce_free(struct exdma_bounce *bounce, struct device *dev)
{
	if (!bounce->cpu)
		return;
	WARN_ON_ONCE(atomic64_read(&bounce->free) != -1ll);
	dma_free_coherent(dev, EXDMA_BOUNCE_ALL, bounce->cpu, bounce->dma);
	bounce->cpu = NULL;
}

/**
 * exdma_bounce_get - take a slot
 * @bounce: the slots.
 *
 * Context: any.
 * Return: its number, or -1 if none is free.
 */
int exdma_bounce_get(struct exdma_bounce *bounce)
{
	s64 free = atomic64_read(&bounce->free);

	do {
		if (!free)
			return -1;
	} while (!atomic64_try_cmpxchg(&bounce->free, &free, free & (free - 1)));
	return __ffs64(free);
}

/**
 * exdma_bounce_put - give a slot back
 * @bounce: the slots.
 * @slot: as from exdma_bounce_get(); nobody reads or writes it any more.
 *
 * Context: any.
 */
void exdma_bounce_put(struct exdma_bounce *bounce, int slot)
{
	atomic64_or(BIT_ULL(slot), &bounce->free);
}
