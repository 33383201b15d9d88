/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - the /dev nodes
 */
#ifndef EXDMA_CORE_NODE_H
#define EXDMA_CORE_NODE_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>

#include <uapi/linux/exdma.h>

struct exdma_alias;
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
 * @part: the window or event behind it, for nodes of those.
 * @alias: what makes it different from the first node of the same thing, or NULL.
 */
struct exdma_node {
	struct device dev;
	struct cdev cdev;
	struct exdma_card *card;
	struct exdma_channel *ch;
	void *part;
	const struct exdma_alias *alias;
};

struct exdma_node *exdma_node_create(struct exdma_card *card,
				     struct exdma_channel *ch);
struct exdma_node *exdma_node_create_part(struct exdma_card *card, const char *name,
					  const struct file_operations *fops,
					  const struct attribute_group **groups,
					  void *part);
struct exdma_node *exdma_node_create_alias(const struct exdma_alias *alias);
void exdma_node_remove(struct exdma_node *node);
int exdma_nodes_init(void);
void exdma_nodes_exit(void);

/* ioctl.c */
long exdma_node_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
long exdma_card_ioctl(struct exdma_card *card, struct file *file, unsigned int cmd,
		      void __user *arg);
int exdma_ioctl_fetch(void __user *arg, void *struct_in, u32 known, u32 least);

/* What can be done with a channel, a window, an event */
extern const struct file_operations exdma_node_fops;
extern const struct file_operations exdma_window_fops;
extern const struct file_operations exdma_event_fops;

/* sysfs.c */
extern const struct attribute_group *exdma_card_groups[];
extern const struct attribute_group *exdma_channel_groups[];
extern const struct attribute_group *exdma_channel_perf_groups[];
extern const struct attribute_group *exdma_window_groups[];
extern const struct attribute_group *exdma_event_groups[];

/* stats.c */
extern const struct attribute_group exdma_stats_group;

/* perf.c */
extern const struct attribute_group exdma_perf_group;

static inline struct exdma_node *exdma_node_from_dev(struct device *dev)
{
	return container_of(dev, struct exdma_node, dev);
}

/* The size is in the struct: whichever the number carries will do. */
static inline bool exdma_ioctl_takes_struct(unsigned int cmd)
{
	return _IOC_TYPE(cmd) == EXDMA_IOC_MAGIC && _IOC_DIR(cmd) == (_IOC_READ | _IOC_WRITE);
}

static inline bool exdma_ioctl_is(unsigned int cmd, unsigned int which)
{
	return exdma_ioctl_takes_struct(cmd) && _IOC_NR(cmd) == _IOC_NR(which);
}

/* A call that may not wait: it says so itself, or its file does. */
static inline bool exdma_call_nowait(const struct kiocb *iocb)
{
	return iocb->ki_flags & IOCB_NOWAIT || iocb->ki_filp->f_flags & O_NONBLOCK;
}

static inline struct exdma_node *exdma_node_from_inode(struct inode *inode)
{
	return container_of(inode->i_cdev, struct exdma_node, cdev);
}

#endif /* EXDMA_CORE_NODE_H */
