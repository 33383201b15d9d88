/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - the performance counters that some cards have in each channel
 */
#ifndef EXDMA_CORE_PERF_H
#define EXDMA_CORE_PERF_H

#include "channel.h"

static inline bool exdma_channel_has_perf(const struct exdma_channel *ch)
{
	return ch->desc.ops->perf_read;
}

int exdma_perf_start(struct exdma_channel *ch, const struct exdma_client *owner);
int exdma_perf_stop(struct exdma_channel *ch, struct exdma_perf *perf);
void exdma_perf_leave(struct exdma_channel *ch, const struct exdma_client *owner);
int exdma_perf_get(struct exdma_channel *ch, struct exdma_perf *perf);

#endif /* EXDMA_CORE_PERF_H */
