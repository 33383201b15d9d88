// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - more nodes for what has one, by other names and with other manners
 *
 * An alias has the file operations of the thing behind it, which ask for its
 * properties where they matter. This file knows who may have one, and how its
 * card driver is asked about an ioctl: the file may outlive the driver, so the
 * driver's module is kept while it is being asked, and found only while its card
 * is there.
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "alias.h"
#include "card.h"
#include "channel.h"
#include "compat.h"
#include "event.h"
#include "io.h"
#include "node.h"
#include "perf.h"
#include "window.h"

static int alias_add(struct exdma_card *card, const struct exdma_alias_desc *desc,
		     const struct file_operations *fops, struct exdma_channel *ch, void *part)
{
	struct exdma_alias *alias;

	if (strlen(desc->name) >= sizeof(alias->name))
		return -EINVAL;
	if (card->alias_count == EXDMA_MAX_ALIASES)
		return -ENOSPC;
	alias = kzalloc(struct_size(alias, data, desc->data_bytes), GFP_KERNEL);
	if (!alias)
		return -ENOMEM;
	alias->card = card;
	alias->desc = *desc;
	alias->fops = fops;
	alias->ch = ch;
	alias->part = part;
	strscpy(alias->name, desc->name, sizeof(alias->name));
	memcpy(alias->data, desc->data, desc->data_bytes);
	alias->desc.name = alias->name;
	alias->desc.data = alias->data;
	list_add_tail(&alias->siblings, &card->aliases);
	card->alias_count++;
	return 0;
}

/**
 * exdma_channel_add_alias - give a channel another node
 * @ch: the channel of a card that is not registered yet.
 * @desc: what the node is; copied.
 *
 * Context: may sleep.
 * Return: 0; -EINVAL for a name that is too long, -ENOSPC for too many, -ENOMEM.
 */
int exdma_channel_add_alias(struct exdma_channel *ch, const struct exdma_alias_desc *desc)
{
	return alias_add(ch->card, desc, &exdma_node_fops, ch, NULL);
}
EXPORT_SYMBOL_EXDMA(exdma_channel_add_alias);

/**
 * exdma_window_add_alias - the same for a window
 * @win: the window of a card that is not registered yet.
 * @desc: what the node is; copied.
 *
 * Context: may sleep.
 * Return: as exdma_channel_add_alias().
 */
int exdma_window_add_alias(struct exdma_window *win, const struct exdma_alias_desc *desc)
{
	return alias_add(win->card, desc, &exdma_window_fops, NULL, win);
}
EXPORT_SYMBOL_EXDMA(exdma_window_add_alias);

/**
 * exdma_event_add_alias - the same for an event
 * @ev: the event of a card that is not registered yet.
 * @desc: what the node is; copied.
 *
 * Context: may sleep.
 * Return: as exdma_channel_add_alias().
 */
int exdma_event_add_alias(struct exdma_event *ev, const struct exdma_alias_desc *desc)
{
	return alias_add(ev->card, desc, &exdma_event_fops, NULL, ev);
}
EXPORT_SYMBOL_EXDMA(exdma_event_add_alias);

/* Makes the node. Return: 0 or -errno. */
int exdma_alias_create_node(struct exdma_alias *alias)
{
	struct exdma_node *node = exdma_node_create_alias(alias);

	if (IS_ERR(node))
		return PTR_ERR(node);
	alias->node = node;
	return 0;
}

/* The card is freed: nobody has a file any more. */
void exdma_aliases_free(struct exdma_card *card)
{
	struct exdma_alias *alias, *next;

	list_for_each_entry_safe(alias, next, &card->aliases, siblings)
		kfree(alias);
}

/**
 * exdma_alias_ioctl - ask the card driver about a call
 * @alias: what the file was opened by, or NULL.
 * @client: the open file of a channel, or NULL.
 * @cmd: what is asked.
 * @arg: its argument.
 *
 * While the gate is held the card is registered, so the module is there. The
 * call itself may wait for user memory, which must not keep the card: only the
 * module.
 *
 * Context: may sleep.
 * Return: as the driver says; -ENOIOCTLCMD if it has nothing to say, -ENODEV.
 */
long exdma_alias_ioctl(const struct exdma_alias *alias, struct exdma_client *client,
		       unsigned int cmd, void __user *arg)
{
	bool there;
	long ret;

	if (!alias || !alias->desc.ioctl)
		return -ENOIOCTLCMD;
	if (!exdma_card_enter(alias->card))
		return -ENODEV;
	there = try_module_get(alias->desc.owner);
	exdma_card_exit(alias->card);
	if (!there)
		return -ENODEV;
	ret = alias->desc.ioctl(client, alias->data, cmd, arg);
	module_put(alias->desc.owner);
	return ret;
}

/**
 * exdma_client_set_fixed - EXDMA_OPTION_FIXED of an open file
 * @client: the file.
 * @fixed: on or off.
 *
 * Context: any.
 * Return: 0, or -EINVAL: not on this channel.
 */
int exdma_client_set_fixed(struct exdma_client *client, bool fixed)
{
	if (fixed && !exdma_channel_can_fix(client->ch))
		return -EINVAL;
	WRITE_ONCE(client->fixed, fixed);
	return 0;
}
EXPORT_SYMBOL_EXDMA(exdma_client_set_fixed);

/**
 * exdma_client_is_fixed - EXDMA_OPTION_FIXED of an open file
 * @client: the file.
 *
 * Context: any.
 * Return: whether it is on.
 */
bool exdma_client_is_fixed(const struct exdma_client *client)
{
	return READ_ONCE(client->fixed);
}
EXPORT_SYMBOL_EXDMA(exdma_client_is_fixed);

/**
 * exdma_client_move - read or write, as the channel does, at a card address
 * @client: the file.
 * @buf: user memory.
 * @len: bytes.
 * @card_addr: where.
 *
 * Context: may sleep.
 * Return: as read() or write(); -EBADF if the file is not open for it.
 */
ssize_t exdma_client_move(struct exdma_client *client, void __user *buf, size_t len,
			  u64 card_addr)
{
	bool write = client->ch->desc.dir == EXDMA_H2C;
	size_t bytes = min_t(size_t, len, MAX_RW_COUNT);
	struct file *file = client->file;
	struct iov_iter iter;
	struct kiocb iocb;

	if (!(file->f_mode & (write ? FMODE_WRITE : FMODE_READ)))
		return -EBADF;
	if (card_addr > LLONG_MAX)
		return -EINVAL;
	if (!access_ok(buf, bytes))
		return -EFAULT;
	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = card_addr;
	iov_iter_ubuf(&iter, write ? ITER_SOURCE : ITER_DEST, buf, bytes);
	return write ? file->f_op->write_iter(&iocb, &iter) : file->f_op->read_iter(&iocb, &iter);
}
EXPORT_SYMBOL_EXDMA(exdma_client_move);

/**
 * exdma_client_perf_start - let the counters of the channel count from 0
 * @client: the file; when it is closed they stop.
 *
 * Context: may sleep.
 * Return: 0; -EBUSY if they count already; as exdma_perf_start().
 */
int exdma_client_perf_start(struct exdma_client *client)
{
	return exdma_perf_start(client->ch, client);
}
EXPORT_SYMBOL_EXDMA(exdma_client_perf_start);

/**
 * exdma_client_perf_stop - stop the counters of the channel
 * @client: the file; it need not be the one that started them.
 * @perf: receives what they say.
 *
 * Context: may sleep.
 * Return: as exdma_perf_stop().
 */
int exdma_client_perf_stop(struct exdma_client *client, struct exdma_perf *perf)
{
	return exdma_perf_stop(client->ch, perf);
}
EXPORT_SYMBOL_EXDMA(exdma_client_perf_stop);

/**
 * exdma_client_perf_get - look at the counters of the channel
 * @client: the file.
 * @perf: receives what they say.
 *
 * Context: may sleep.
 * Return: as exdma_perf_get().
 */
int exdma_client_perf_get(struct exdma_client *client, struct exdma_perf *perf)
{
	return exdma_perf_get(client->ch, perf);
}
EXPORT_SYMBOL_EXDMA(exdma_client_perf_get);
