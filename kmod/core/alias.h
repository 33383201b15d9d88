/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - more nodes for what has one
 */
#ifndef EXDMA_CORE_ALIAS_H
#define EXDMA_CORE_ALIAS_H

#include <linux/fs.h>
#include <linux/list.h>

#include "exdma.h"

/* Of one card */
#define EXDMA_MAX_ALIASES	128

struct exdma_node;

/**
 * struct exdma_alias - one more node
 * @siblings: on the card's list.
 * @card: whose it is.
 * @desc: what the card driver said; @desc.data is here.
 * @fops: what can be done with it.
 * @ch: the channel behind it, or NULL.
 * @part: the window or event behind it, or NULL.
 * @node: its /dev node, between registration and removal.
 * @name: of it.
 * @data: for the card driver.
 */
struct exdma_alias {
	struct list_head siblings;
	struct exdma_card *card;
	struct exdma_alias_desc desc;
	const struct file_operations *fops;
	struct exdma_channel *ch;
	void *part;
	struct exdma_node *node;
	char name[32];
	u8 data[] __aligned(8);
};

int exdma_alias_create_node(struct exdma_alias *alias);
long exdma_alias_ioctl(const struct exdma_alias *alias, struct exdma_client *client,
		       unsigned int cmd, void __user *arg);
void exdma_aliases_free(struct exdma_card *card);

/* Has the node, which may be no alias at all, this property? */
static inline bool exdma_alias_has(const struct exdma_alias *alias, u32 flag)
{
	return alias && alias->desc.flags & flag;
}

#endif /* EXDMA_CORE_ALIAS_H */
