/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - who needs the card awake
 */
#ifndef EXDMA_CORE_POWER_H
#define EXDMA_CORE_POWER_H

struct exdma_card;

int exdma_power_get(struct exdma_card *card);
void exdma_power_put(struct exdma_card *card);
void exdma_power_end(struct exdma_card *card);

#endif /* EXDMA_CORE_POWER_H */
