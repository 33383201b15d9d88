/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - slots that are mapped for good, for transfers that are copied
 */
#ifndef EXDMA_CORE_BOUNCE_H
#define EXDMA_CORE_BOUNCE_H

#include <linux/atomic.h>
#include <linux/types.h>

struct device;

/* Bytes of a slot: the longest transfer that can be copied. */
#define EXDMA_BOUNCE_BYTES	8192u
/* Slots of a channel: a bit each in @free. */
#define EXDMA_BOUNCE_SLOTS	64
#define EXDMA_BOUNCE_ALL	(EXDMA_BOUNCE_SLOTS * EXDMA_BOUNCE_BYTES)

/**
 * struct exdma_bounce - the slots of one channel
 * @cpu: coherent memory; NULL if there was none to be had.
 * @dma: bus address of it.
 * @free: a bit is set for each slot that is free. No lock: taken and given
 *	back by compare and exchange.
 */
struct exdma_bounce {
	void *cpu;
	dma_addr_t dma;
	atomic64_t free;
};

bool exdma_bounce_alloc(struct exdma_bounce *bounce, struct device *dev);
void exdma_bounce_free(struct exdma_bounce *bounce, struct device *dev);
int exdma_bounce_get(struct exdma_bounce *bounce);
void exdma_bounce_put(struct exdma_bounce *bounce, int slot);

static inline void *exdma_bounce_cpu(const struct exdma_bounce *bounce, int slot)
{
	return bounce->cpu + slot * EXDMA_BOUNCE_BYTES;
}

static inline dma_addr_t exdma_bounce_dma(const struct exdma_bounce *bounce, int slot)
{
	return bounce->dma + slot * EXDMA_BOUNCE_BYTES;
}

#endif /* EXDMA_CORE_BOUNCE_H */
