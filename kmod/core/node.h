/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - the /dev nodes
 */
#ifndef EXDMA_CORE_NODE_H
#define EXDMA_CORE_NODE_H

#include <linux/cdev.h>
#include <linux/device.h>

struct exdma_card;
struct exdma_channel;

/* Cards at the same time. */
#define EXDMA_MAX_CARDS		64

/**
 * struct exdma_node - one /dev node and its directory in sysfs
 * @dev: holds the memory, and with it the card's, until the last file is
 *	closed.
 * @cdev: the character device.
 * @card: whose node it is.
 * @ch: the channel behind it; NULL for the node of the card's memory.
 */
struct exdma_node {
	struct device dev;
	struct cdev cdev;
	struct exdma_card *card;
	struct exdma_channel *ch;
};

struct exdma_node *exdma_node_create(struct exdma_card *card,
				     struct exdma_channel *ch);
void exdma_node_remove(struct exdma_node *node);
int exdma_nodes_init(void);
void exdma_nodes_exit(void);

/* sysfs.c */
extern const struct attribute_group *exdma_card_groups[];
extern const struct attribute_group *exdma_channel_groups[];

/* stats.c */
extern const struct attribute_group exdma_stats_group;

static inline struct exdma_node *exdma_node_from_dev(struct device *dev)
{
	return container_of(dev, struct exdma_node, dev);
}

#endif /* EXDMA_CORE_NODE_H */
