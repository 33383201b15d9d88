// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - the /dev nodes and their file operations
 *
 * Each operation checks what the user said and calls the room that does it. A
 * node outlives its device for as long as a file is open on it; then the
 * operations answer -ENODEV.
 */
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uaccess.h>

#include <uapi/linux/exdma.h>

#include "card.h"
#include "channel.h"
#include "compat.h"
#include "io.h"
#include "node.h"

/* One for the memory of each card, one for each channel. */
#define MINORS	(EXDMA_MAX_CARDS * (1 + EXDMA_DIRS * EXDMA_MAX_CHANNELS))

static dev_t first_devt;
static DEFINE_IDA(minors);

static struct class exdma_class = {
	.name = "exdma",
};

static int node_open(struct inode *inode, struct file *file)
{
	struct exdma_node *node = container_of(inode->i_cdev, struct exdma_node, cdev);

	if (exdma_card_is_gone(node->card))
		return -ENODEV;
	file->private_data = node;
	return 0;
}

/* The channel of the card with the least to do. */
static struct exdma_channel *card_pick_channel(struct exdma_card *card,
					       enum exdma_dir dir)
{
	struct exdma_channel *ch, *best = NULL;
	long load, least = LONG_MAX;
	u32 i;

	for (i = 0; i < card->channel_count[dir]; i++) {
		ch = card->by_index[dir][i];
		load = atomic_long_read(&ch->inflight);
		if (load < least) {
			least = load;
			best = ch;
		}
	}
	return best;
}

/*
 * Cuts @iter to what lies within the card's memory. Returns bytes left, which
 * may be 0 at the end, or -errno.
 */
static ssize_t node_bound(const struct exdma_channel *ch, struct kiocb *iocb,
			  struct iov_iter *iter)
{
	u64 end = READ_ONCE(ch->card->aperture) ?: LLONG_MAX;
	/* Descriptors begin and end where pages and iovecs do. */
	u32 unit = max(ch->desc.alignment, ch->desc.granularity);
	u64 pos = iocb->ki_pos, left;

	if ((pos | iov_iter_alignment(iter)) & (unit - 1))
		return -EINVAL;
	if (ch->desc.address_bits < 63)
		end = min(end, 1ull << ch->desc.address_bits);
	left = pos < end ? round_down(end - pos, unit) : 0;
	if (!left)
		return ch->desc.dir == EXDMA_H2C ? -ENOSPC : 0;
	iov_iter_truncate(iter, left);
	return iov_iter_count(iter);
}

static ssize_t node_io(struct kiocb *iocb, struct iov_iter *iter, enum exdma_dir dir)
{
	struct exdma_node *node = iocb->ki_filp->private_data;
	struct exdma_channel *ch = node->ch ?: card_pick_channel(node->card, dir);
	ssize_t left;

	if (exdma_card_is_gone(node->card))
		return -ENODEV;
	if (!ch || ch->desc.dir != dir)
		return -EINVAL;
	if (!iov_iter_count(iter))
		return 0;
	left = node_bound(ch, iocb, iter);
	if (left <= 0)
		return left;
	return exdma_io(ch, iocb, iter);
}

static ssize_t node_read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	return node_io(iocb, iter, EXDMA_C2H);
}

static ssize_t node_write_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	return node_io(iocb, iter, EXDMA_H2C);
}

static loff_t node_llseek(struct file *file, loff_t offset, int whence)
{
	struct exdma_node *node = file->private_data;
	u64 aperture = READ_ONCE(node->card->aperture);

	if (exdma_card_is_gone(node->card))
		return -ENODEV;
	if (!aperture)
		return no_seek_end_llseek(file, offset, whence);
	return fixed_size_llseek(file, offset, whence, aperture);
}

static __poll_t node_poll(struct file *file, struct poll_table_struct *wait)
{
	struct exdma_node *node = file->private_data;
	__poll_t can = 0;

	poll_wait(file, &node->card->gone_wait, wait);
	if (exdma_card_is_gone(node->card))
		return EPOLLHUP | EPOLLERR;
	if (!node->ch || node->ch->desc.dir == EXDMA_C2H)
		can |= EPOLLIN | EPOLLRDNORM;
	if (!node->ch || node->ch->desc.dir == EXDMA_H2C)
		can |= EPOLLOUT | EPOLLWRNORM;
	return can;
}

/*
 * Answers an ioctl whose struct begins with its size: checks the caller's, and
 * copies out as much of ours as the caller knows.
 */
static int node_reply(void __user *arg, void *reply, u32 known, u32 least)
{
	u32 size;
	int err;

	if (get_user(size, (u32 __user *)arg))
		return -EFAULT;
	if (size < least)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	if (size > known) {
		err = check_zeroed_user(arg + known, size - known);
		if (err <= 0)
			return err ?: -E2BIG;
	}
	*(u32 *)reply = known;
	return copy_to_user(arg, reply, min(size, known)) ? -EFAULT : 0;
}

static int node_card_info(struct exdma_card *card, void __user *arg)
{
	static const u32 modes[] = {
		[EXDMA_IRQ_MODE_MSIX] = EXDMA_IRQ_MSIX,
		[EXDMA_IRQ_MODE_MSI] = EXDMA_IRQ_MSI,
		[EXDMA_IRQ_MODE_INTX] = EXDMA_IRQ_INTX,
	};
	struct exdma_card_info info = {
		.number = card->number,
		.h2c_channels = card->channel_count[EXDMA_H2C],
		.c2h_channels = card->channel_count[EXDMA_C2H],
		.irq_mode = modes[card->desc.irq_mode],
		.aperture = READ_ONCE(card->aperture),
		.max_inflight = exdma_channel_max_inflight(),
	};

	if (info.aperture)
		info.flags |= EXDMA_CARD_HAS_APERTURE;
	strscpy(info.driver, card->driver, sizeof(info.driver));
	strscpy(info.bus_id, card->bus_id, sizeof(info.bus_id));
	return node_reply(arg, &info, sizeof(info), sizeof(info));
}

static int node_channel_info(const struct exdma_channel *ch, void __user *arg)
{
	struct exdma_channel_info info = {
		.direction = ch->desc.dir == EXDMA_H2C ? EXDMA_DIR_H2C : EXDMA_DIR_C2H,
		.channel = ch->desc.index,
		.alignment = ch->desc.alignment,
		.granularity = ch->desc.granularity,
		.address_bits = ch->desc.address_bits,
		.max_segment = ch->desc.max_segment,
	};

	return node_reply(arg, &info, sizeof(info), sizeof(info));
}

static long node_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct exdma_node *node = file->private_data;
	void __user *user = (void __user *)arg;

	if (exdma_card_is_gone(node->card))
		return -ENODEV;
	/* The size is in the struct: whichever the number carries will do. */
	if (_IOC_TYPE(cmd) != EXDMA_IOC_MAGIC || _IOC_DIR(cmd) != (_IOC_READ | _IOC_WRITE))
		return -ENOTTY;
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(EXDMA_IOC_CARD_INFO):
		return node_card_info(node->card, user);
	case _IOC_NR(EXDMA_IOC_CHANNEL_INFO):
		return node->ch ? node_channel_info(node->ch, user) : -ENOTTY;
	default:
		return -ENOTTY;
	}
}

static const struct file_operations node_fops = {
	.owner = THIS_MODULE,
	.open = node_open,
	.read_iter = node_read_iter,
	.write_iter = node_write_iter,
	.splice_read = exdma_splice_read,
	.splice_write = iter_file_splice_write,
	.llseek = node_llseek,
	.poll = node_poll,
	.unlocked_ioctl = node_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static void node_release(struct device *dev)
{
	struct exdma_node *node = exdma_node_from_dev(dev);

	ida_free(&minors, MINOR(dev->devt) - MINOR(first_devt));
	exdma_card_put(node->card);
	kfree(node);
}

/**
 * exdma_node_create - make a /dev node and its sysfs directory
 * @card: whose node it is.
 * @ch: the channel, or NULL for the node of the card's memory, which is made
 *	first.
 *
 * Context: may sleep.
 * Return: the node, to be removed with exdma_node_remove(), or an ERR_PTR().
 */
struct exdma_node *exdma_node_create(struct exdma_card *card,
				     struct exdma_channel *ch)
{
	struct exdma_node *node;
	int minor, err;

	node = kzalloc_obj(*node);
	if (!node)
		return ERR_PTR(-ENOMEM);
	minor = ida_alloc_max(&minors, MINORS - 1, GFP_KERNEL);
	if (minor < 0) {
		kfree(node);
		return ERR_PTR(minor);
	}

	device_initialize(&node->dev);
	node->card = exdma_card_get(card);
	node->ch = ch;
	node->dev.class = &exdma_class;
	node->dev.devt = MKDEV(MAJOR(first_devt), MINOR(first_devt) + minor);
	node->dev.parent = ch ? &card->node->dev : exdma_card_parent(card);
	node->dev.groups = ch ? exdma_channel_groups : exdma_card_groups;
	node->dev.release = node_release;
	cdev_init(&node->cdev, &node_fops);
	node->cdev.owner = THIS_MODULE;

	if (ch)
		err = dev_set_name(&node->dev, "%s", ch->name);
	else
		err = dev_set_name(&node->dev, "exdma%d", card->number);
	if (!err)
		err = cdev_device_add(&node->cdev, &node->dev);
	if (err) {
		put_device(&node->dev);
		return ERR_PTR(err);
	}
	return node;
}

/**
 * exdma_node_remove - take the node away; open files keep its memory
 * @node: the node.
 *
 * Context: may sleep.
 */
void exdma_node_remove(struct exdma_node *node)
{
	cdev_device_del(&node->cdev, &node->dev);
	put_device(&node->dev);
}

int exdma_nodes_init(void)
{
	int err;

	err = class_register(&exdma_class);
	if (err)
		return err;
	err = alloc_chrdev_region(&first_devt, 0, MINORS, "exdma");
	if (err)
		class_unregister(&exdma_class);
	return err;
}

void exdma_nodes_exit(void)
{
	unregister_chrdev_region(first_devt, MINORS);
	class_unregister(&exdma_class);
	ida_destroy(&minors);
}
