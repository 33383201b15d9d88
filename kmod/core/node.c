// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - the /dev nodes and their file operations
 *
 * Each operation checks what the user said and calls the room that does it. A
 * node outlives its device for as long as a file is open on it; then the
 * operations answer -ENODEV.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <uapi/linux/exdma.h>

#include "alias.h"
#include "card.h"
#include "channel.h"
#include "compat.h"
#include "io.h"
#include "mark.h"
#include "node.h"
#include "perf.h"
#include "power.h"
#include "window.h"

/* Of one card: its memory, channels, windows, events, and aliases of those. */
#define CARD_MINORS	(1 + EXDMA_DIRS * EXDMA_MAX_CHANNELS + EXDMA_MAX_WINDOWS + \
			 EXDMA_MAX_EVENTS + EXDMA_MAX_ALIASES)
#define MINORS		(EXDMA_MAX_CARDS * CARD_MINORS)

static dev_t first_devt;

static struct class exdma_class = {
	.name = "exdma",
};

static bool sequential;

static const char * const dispatch_names[] = {
	[EXDMA_DISPATCH_PARALLEL] = "parallel",
	[EXDMA_DISPATCH_SEQUENTIAL] = "sequential",
};

static int dispatch_set(const char *text, const struct kernel_param *param)
{
	int dispatch = sysfs_match_string(dispatch_names, text);

	if (dispatch < 0)
		return dispatch;
	WRITE_ONCE(sequential, dispatch == EXDMA_DISPATCH_SEQUENTIAL);
	return 0;
}

static int dispatch_get(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%s\n", dispatch_names[READ_ONCE(sequential)]);
}

static const struct kernel_param_ops dispatch_ops = {
	.set = dispatch_set,
	.get = dispatch_get,
};

module_param_cb(dispatch, &dispatch_ops, NULL, 0644);
MODULE_PARM_DESC(dispatch,
		 "How the requests of files opened from now on are started: parallel (default) or sequential");

static int node_open(struct inode *inode, struct file *file)
{
	struct exdma_node *node = exdma_node_from_inode(inode);
	struct exdma_client *client;
	int err;

	if (exdma_card_is_gone(node->card))
		return -ENODEV;
	client = kzalloc_obj(*client);
	if (!client)
		return -ENOMEM;
	err = exdma_power_get(node->card);
	if (err)
		goto free_client;
	client->card = node->card;
	client->ch = node->ch;
	client->file = file;
	client->alias = node->alias;
	if (exdma_alias_has(node->alias, EXDMA_ALIAS_PLAIN_OPEN))
		file->f_flags &= ~(O_NONBLOCK | O_TRUNC);
	client->cpu = EXDMA_CPU_ANY;
	exdma_order_init(&client->order, READ_ONCE(sequential));
	if (client->ch && exdma_channel_receives(client->ch)) {
		err = exdma_receive_start(client->ch->receive, file->f_flags & O_TRUNC,
					  file->f_flags & O_NONBLOCK);
		if (err)
			goto put_power;
	}
	file->private_data = client;
	if (client->ch && client->ch->desc.stream &&
	    !exdma_alias_has(node->alias, EXDMA_ALIAS_KEEP_POS))
		stream_open(inode, file);
	file->f_mode |= FMODE_NOWAIT | FMODE_CAN_ODIRECT;
	return 0;

put_power:
	exdma_power_put(node->card);
free_client:
	kfree(client);
	return err;
}

/* The last descriptor of a program that ends: what it has begun must end, too. */
static int node_flush(struct file *file, fl_owner_t id)
{
	struct exdma_client *client = file->private_data;

	if (current->flags & PF_EXITING && READ_ONCE(client->user) == task_tgid_nr(current))
		exdma_io_hurry(client);
	return 0;
}

static int node_close(struct inode *inode, struct file *file)
{
	struct exdma_client *client = file->private_data;

	if (client->ch)
		exdma_perf_leave(client->ch, client);
	exdma_power_put(client->card);
	kfree(client);
	return 0;
}

/*
 * Cuts @iter to what lies within the card's memory. Returns bytes left, which
 * may be 0 at the end, or -errno.
 */
static ssize_t node_bound(const struct exdma_card *card, enum exdma_dir dir,
			  struct kiocb *iocb, struct iov_iter *iter)
{
	u64 end = READ_ONCE(card->aperture) ?: LLONG_MAX;
	const struct exdma_client *client = iocb->ki_filp->private_data;
	u64 pos = iocb->ki_pos, left;
	u32 unit = card->unit[dir];

	if (client->ch && client->ch->desc.stream) {
		unit = client->ch->desc.granularity;
		/* What does not end a packet fills the datapath. */
		if (READ_ONCE(client->how) == EXDMA_RECEIVE_BYTES)
			unit = max(unit, client->ch->desc.beat);
		return iov_iter_count(iter) & (unit - 1) ? -EINVAL : iov_iter_count(iter);
	}
	if (exdma_call_is_fixed(iocb))
		unit = max(unit, client->ch->desc.beat);
	if ((pos | iov_iter_alignment(iter)) & (unit - 1))
		return -EINVAL;
	if (card->address_bits[dir] < 63)
		end = min(end, 1ull << card->address_bits[dir]);
	left = pos < end ? round_down(end - pos, unit) : 0;
	if (!left)
		return dir == EXDMA_H2C ? -ENOSPC : 0;
	if (!exdma_call_is_fixed(iocb))
		iov_iter_truncate(iter, left);
	return iov_iter_count(iter);
}

static ssize_t node_io(struct kiocb *iocb, struct iov_iter *iter, enum exdma_dir dir)
{
	struct exdma_client *client = iocb->ki_filp->private_data;
	ssize_t left;

	if (exdma_card_is_gone(client->card))
		return -ENODEV;
	if (!exdma_io_has(client, dir))
		return -EINVAL;
	if (!iov_iter_count(iter))
		return 0;
	exdma_call_begin(iocb, client);
	left = node_bound(client->card, dir, iocb, iter);
	if (left <= 0)
		return left;
	return exdma_io(client, dir, iocb, iter);
}

static ssize_t node_receive(struct kiocb *iocb, struct iov_iter *iter)
{
	struct exdma_client *client = iocb->ki_filp->private_data;

	if (exdma_card_is_gone(client->card))
		return -ENODEV;
	if (!iov_iter_count(iter))
		return 0;
	return exdma_receive_read(client->ch->receive, iter, READ_ONCE(client->how),
				  exdma_call_nowait(iocb));
}

static ssize_t node_read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	struct exdma_client *client = iocb->ki_filp->private_data;
	EXDMA_DECLARE_PHASE(SUBMIT);

	if (client->ch && exdma_channel_receives(client->ch))
		return node_receive(iocb, iter);
	return node_io(iocb, iter, EXDMA_C2H);
}

static ssize_t node_write_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	EXDMA_DECLARE_PHASE(SUBMIT);

	return node_io(iocb, iter, EXDMA_H2C);
}

static int node_iopoll(struct kiocb *iocb, struct io_comp_batch *batch,
		       unsigned int flags)
{
	return exdma_io_poll(iocb->ki_filp->private_data);
}

/* All calls made before it have completed when it returns. */
static int node_fsync(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct exdma_client *client = file->private_data;
	int err;

	err = exdma_order_wait(&client->order, true);
	if (!err)
		exdma_order_leave(&client->order);
	exdma_card_changed(client->card);
	if (err)
		return err;
	return exdma_card_is_gone(client->card) ? -ENODEV : exdma_io_late(client);
}

static loff_t node_llseek(struct file *file, loff_t offset, int whence)
{
	struct exdma_client *client = file->private_data;
	u64 aperture = READ_ONCE(client->card->aperture);

	if (exdma_card_is_gone(client->card))
		return -ENODEV;
	if (!aperture)
		return no_seek_end_llseek(file, offset, whence);
	return fixed_size_llseek(file, offset, whence, aperture);
}

/* Ready is: a call that may not wait would be taken now. */
static __poll_t node_poll(struct file *file, struct poll_table_struct *wait)
{
	struct exdma_client *client = file->private_data;
	struct exdma_card *card = client->card;
	__poll_t can = 0;

	poll_wait(file, &card->change, wait);
	if (exdma_card_is_gone(card))
		return EPOLLHUP | EPOLLERR;
	if (exdma_io_ready(client, EXDMA_C2H))
		can |= EPOLLIN | EPOLLRDNORM;
	if (exdma_io_ready(client, EXDMA_H2C))
		can |= EPOLLOUT | EPOLLWRNORM;
	if (READ_ONCE(client->late))
		can |= EPOLLERR;
	return can;
}

const struct file_operations exdma_node_fops = {
	.owner = THIS_MODULE,
	.open = node_open,
	.flush = node_flush,
	.release = node_close,
	.read_iter = node_read_iter,
	.write_iter = node_write_iter,
	.iopoll = node_iopoll,
	.fsync = node_fsync,
	.splice_read = exdma_splice_read,
	.splice_write = iter_file_splice_write,
	.llseek = node_llseek,
	.poll = node_poll,
	.unlocked_ioctl = exdma_node_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static void node_release(struct device *dev)
{
	struct exdma_node *node = exdma_node_from_dev(dev);

	exdma_card_put(node->card);
	kfree(node);
}

static struct exdma_node *node_create(struct exdma_card *card, const char *name,
				      const struct file_operations *fops,
				      const struct attribute_group **groups,
				      struct exdma_channel *ch, void *part,
				      const struct exdma_alias *alias)
{
	struct exdma_node *node;
	int minor, err;

	if (card->nodes == CARD_MINORS)
		return ERR_PTR(-ENOSPC);
	node = kzalloc_obj(*node);
	if (!node)
		return ERR_PTR(-ENOMEM);
	/*
	 * A name always has the same number: who is between finding a node and
	 * opening it while its card goes and comes gets that node, or none.
	 */
	minor = card->number * CARD_MINORS + card->nodes++;

	device_initialize(&node->dev);
	node->card = exdma_card_get(card);
	node->ch = ch;
	node->part = part;
	node->alias = alias;
	node->dev.class = &exdma_class;
	node->dev.devt = MKDEV(MAJOR(first_devt), MINOR(first_devt) + minor);
	node->dev.parent = card->node ? &card->node->dev : exdma_card_parent(card);
	node->dev.groups = groups;
	node->dev.release = node_release;
	cdev_init(&node->cdev, fops);
	node->cdev.owner = THIS_MODULE;

	err = dev_set_name(&node->dev, "%s", name);
	if (!err)
		err = cdev_device_add(&node->cdev, &node->dev);
	if (err) {
		put_device(&node->dev);
		return ERR_PTR(err);
	}
	return node;
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
	const struct attribute_group **groups = exdma_card_groups;
	char name[16];

	if (ch)
		groups = exdma_channel_has_perf(ch) ? exdma_channel_perf_groups :
						      exdma_channel_groups;
	snprintf(name, sizeof(name), "exdma%d", card->number);
	return node_create(card, ch ? ch->name : name, &exdma_node_fops, groups, ch, NULL,
			   NULL);
}

/**
 * exdma_node_create_part - the same for what is no channel
 * @card: whose node it is; that of its memory is there.
 * @name: of the node.
 * @fops: what can be done with it.
 * @groups: what is in its sysfs directory.
 * @part: see &exdma_node.part; lives as long as the card.
 *
 * Context: may sleep.
 * Return: the node, to be removed with exdma_node_remove(), or an ERR_PTR().
 */
struct exdma_node *exdma_node_create_part(struct exdma_card *card, const char *name,
					  const struct file_operations *fops,
					  const struct attribute_group **groups,
					  void *part)
{
	return node_create(card, name, fops, groups, NULL, part, NULL);
}

/**
 * exdma_node_create_alias - the same for one more node of something
 * @alias: what it is; lives as long as the card, all whose first nodes are there.
 *
 * Context: may sleep.
 * Return: the node, to be removed with exdma_node_remove(), or an ERR_PTR().
 */
struct exdma_node *exdma_node_create_alias(const struct exdma_alias *alias)
{
	return node_create(alias->card, alias->name, alias->fops, NULL, alias->ch, alias->part,
			   alias);
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
}
