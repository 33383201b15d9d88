/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - callers that submit several calls at once
 */
#ifndef EXDMA_CORE_BATCH_H
#define EXDMA_CORE_BATCH_H

#include <linux/types.h>

struct exdma_channel;

bool exdma_batch_join(struct exdma_channel *ch);
int exdma_batch_init(void);
void exdma_batch_exit(void);

#endif /* EXDMA_CORE_BATCH_H */
