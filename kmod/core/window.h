/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - windows: the registers of a card for programs
 */
#ifndef EXDMA_CORE_WINDOW_H
#define EXDMA_CORE_WINDOW_H

#include <linux/list.h>

#include "exdma.h"

/* Windows of one card. */
#define EXDMA_MAX_WINDOWS	8

struct exdma_node;

/**
 * struct exdma_window - a part of the bus that programs may read and write
 * @card: whose it is.
 * @siblings: on the card's list.
 * @desc: what the card driver said.
 * @node: its /dev node, between registration and removal.
 * @name: as in the node's name.
 */
struct exdma_window {
	struct exdma_card *card;
	struct list_head siblings;
	struct exdma_window_desc desc;
	struct exdma_node *node;
	char name[32];
};

int exdma_window_create_node(struct exdma_window *win);
void exdma_windows_hold(struct exdma_card *card);
void exdma_windows_release(struct exdma_card *card);
int exdma_registers_enter(struct exdma_card *card, bool nowait);
void exdma_registers_exit(struct exdma_card *card);
void exdma_windows_free(struct exdma_card *card);
int exdma_windows_init(void);
void exdma_windows_exit(void);

#endif /* EXDMA_CORE_WINDOW_H */
