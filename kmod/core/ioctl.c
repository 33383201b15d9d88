// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - ioctls: what the structs of uapi/linux/exdma.h say, and back
 *
 * Nothing of it moves data. Rules that every call keeps are told there.
 */
#include <linux/bitops.h>
#include <linux/cpumask.h>
#include <linux/fs.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <uapi/linux/exdma.h>

#include "alias.h"
#include "card.h"
#include "channel.h"
#include "io.h"
#include "node.h"
#include "receive.h"

/* The size that an ioctl's struct begins with, at least @least; or -errno. */
static int ioctl_size(void __user *arg, u32 least)
{
	u32 size;

	if (get_user(size, (u32 __user *)arg))
		return -EFAULT;
	if (size < least)
		return -EINVAL;
	if (size > PAGE_SIZE)
		return -E2BIG;
	return size;
}

/**
 * exdma_ioctl_fetch - take the caller's struct, and tell it the size of ours
 * @arg: where it is.
 * @struct_in: where to put it.
 * @known: size of ours.
 * @least: size of it when it was new.
 *
 * Context: may sleep.
 * Return: 0, -EFAULT, -EINVAL, -E2BIG.
 */
int exdma_ioctl_fetch(void __user *arg, void *struct_in, u32 known, u32 least)
{
	int size = ioctl_size(arg, least);

	if (size < 0)
		return size;
	return copy_struct_from_user(struct_in, known, arg, size) ?:
	       put_user(known, (u32 __user *)arg);
}

/* Checks the caller's struct, and copies out as much of ours as it knows. */
static int ioctl_reply(void __user *arg, void *reply, u32 known, u32 least)
{
	int size = ioctl_size(arg, least);
	int err;

	if (size < 0)
		return size;
	if (size > known) {
		err = check_zeroed_user(arg + known, size - known);
		if (err <= 0)
			return err ?: -E2BIG;
	}
	*(u32 *)reply = known;
	return copy_to_user(arg, reply, min_t(u32, size, known)) ? -EFAULT : 0;
}

static int ioctl_card_info(struct exdma_card *card, void __user *arg)
{
	static const u32 modes[] = {
		[EXDMA_IRQ_MODE_MSIX] = EXDMA_IRQ_MSIX,
		[EXDMA_IRQ_MODE_MSI] = EXDMA_IRQ_MSI,
		[EXDMA_IRQ_MODE_INTX] = EXDMA_IRQ_INTX,
	};
	const struct exdma_channel *ch = list_first_entry(&card->channels, struct exdma_channel,
							  siblings);
	struct exdma_card_info info = {
		.number = card->number,
		.h2c_channels = card->channel_count[EXDMA_H2C],
		.c2h_channels = card->channel_count[EXDMA_C2H],
		.irq_mode = modes[card->desc.irq_mode],
		.aperture = READ_ONCE(card->aperture),
		.max_inflight = exdma_channel_max_inflight(ch),
		.resets = READ_ONCE(card->resets),
	};

	if (info.aperture)
		info.flags |= EXDMA_CARD_HAS_APERTURE;
	strscpy(info.driver, card->driver, sizeof(info.driver));
	strscpy(info.bus_id, card->bus_id, sizeof(info.bus_id));
	return ioctl_reply(arg, &info, sizeof(info),
			  offsetofend(struct exdma_card_info, bus_id));
}

static int ioctl_channel_info(const struct exdma_channel *ch, void __user *arg)
{
	struct exdma_channel_info info = {
		.direction = ch->desc.dir == EXDMA_H2C ? EXDMA_DIR_H2C : EXDMA_DIR_C2H,
		.channel = ch->desc.index,
		.alignment = ch->desc.alignment,
		.granularity = ch->desc.granularity,
		.address_bits = ch->desc.address_bits,
		.max_segment = ch->desc.max_segment,
		.beat = ch->desc.beat,
	};

	if (ch->desc.stream)
		info.flags |= EXDMA_CHANNEL_STREAM;
	if (exdma_channel_receives(ch))
		info.buffered = exdma_receive_room(ch->receive);
	return ioctl_reply(arg, &info, sizeof(info),
			  offsetofend(struct exdma_channel_info, max_segment));
}

/* What the struct was when it was new. */
#define OPTIONS_LEAST	offsetofend(struct exdma_options, completion_cpu)

#define OPTION_FLAGS	(EXDMA_OPTION_FIXED | EXDMA_OPTION_WHOLE | EXDMA_OPTION_BYTES)

static const u32 flags_of_how[] = {
	[EXDMA_RECEIVE_PACKETS] = 0,
	[EXDMA_RECEIVE_WHOLE] = EXDMA_OPTION_WHOLE,
	[EXDMA_RECEIVE_BYTES] = EXDMA_OPTION_BYTES,
};

/* Can the file have these flags? */
static bool ioctl_flags_fit(const struct exdma_client *client, u32 flags)
{
	const struct exdma_channel *ch = client->ch;

	if (flags & ~OPTION_FLAGS || hweight32(flags) > 1)
		return false;
	if (flags & EXDMA_OPTION_FIXED)
		return ch && exdma_channel_can_fix(ch);
	if (flags & EXDMA_OPTION_WHOLE)
		return ch && exdma_channel_receives(ch);
	return !flags || (ch && ch->desc.stream);
}

static int ioctl_get_options(struct exdma_client *client, void __user *arg)
{
	struct exdma_options options = {
		.flags = flags_of_how[READ_ONCE(client->how)] |
			 (READ_ONCE(client->fixed) ? EXDMA_OPTION_FIXED : 0),
		.dispatch = exdma_order_is_sequential(&client->order) ?
			    EXDMA_DISPATCH_SEQUENTIAL : EXDMA_DISPATCH_PARALLEL,
		.completion_cpu = READ_ONCE(client->cpu),
		.timeout_ms = READ_ONCE(client->timeout_ms),
	};

	return ioctl_reply(arg, &options, sizeof(options), OPTIONS_LEAST);
}

static int ioctl_set_options(struct exdma_client *client, void __user *arg)
{
	struct exdma_options options;
	int cpu, err;

	err = exdma_ioctl_fetch(arg, &options, sizeof(options), OPTIONS_LEAST);
	if (err)
		return err;
	cpu = options.completion_cpu;
	if (!ioctl_flags_fit(client, options.flags) || options.reserved ||
	    options.dispatch > EXDMA_DISPATCH_SEQUENTIAL)
		return -EINVAL;
	if (options.timeout_ms && options.timeout_ms != exdma_timeout_clamp(options.timeout_ms))
		return -EINVAL;
	if (cpu != EXDMA_CPU_ANY && (cpu < 0 || cpu >= nr_cpu_ids || !cpu_online(cpu)))
		return -EINVAL;
	exdma_order_set_sequential(&client->order,
				   options.dispatch == EXDMA_DISPATCH_SEQUENTIAL);
	WRITE_ONCE(client->fixed, options.flags & EXDMA_OPTION_FIXED);
	WRITE_ONCE(client->how, options.flags & EXDMA_OPTION_BYTES ? EXDMA_RECEIVE_BYTES :
				options.flags & EXDMA_OPTION_WHOLE ? EXDMA_RECEIVE_WHOLE :
								     EXDMA_RECEIVE_PACKETS);
	WRITE_ONCE(client->cpu, cpu);
	WRITE_ONCE(client->timeout_ms, options.timeout_ms);
	return 0;
}

/**
 * exdma_card_ioctl - what can be asked of the card behind any node
 * @card: the card.
 * @file: the open file.
 * @cmd: what is asked.
 * @arg: its argument.
 *
 * Context: may sleep.
 * Return: as the call in question; -ENOTTY if it is not one of these.
 */
long exdma_card_ioctl(struct exdma_card *card, struct file *file, unsigned int cmd,
		      void __user *arg)
{
	if (cmd == EXDMA_IOC_RESET)
		return file->f_mode & FMODE_WRITE ? exdma_card_reset(card) : -EBADF;
	if (exdma_ioctl_is(cmd, EXDMA_IOC_CARD_INFO))
		return ioctl_card_info(card, arg);
	return -ENOTTY;
}

/**
 * exdma_node_ioctl - an ioctl on a node of the card's memory or a channel
 * @file: the open file.
 * @cmd: what is asked.
 * @arg: its argument.
 *
 * Context: may sleep.
 * Return: as uapi/linux/exdma.h says.
 */
long exdma_node_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct exdma_client *client = file->private_data;
	void __user *user = (void __user *)arg;
	long ret;

	if (exdma_card_is_gone(client->card))
		return -ENODEV;
	ret = exdma_alias_ioctl(client->alias, client, cmd, user);
	if (ret != -ENOIOCTLCMD)
		return ret;
	if (cmd == EXDMA_IOC_BARRIER) {
		exdma_order_barrier(&client->order);
		return 0;
	}
	if (!exdma_ioctl_takes_struct(cmd))
		return exdma_card_ioctl(client->card, file, cmd, user);
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(EXDMA_IOC_CHANNEL_INFO):
		return client->ch ? ioctl_channel_info(client->ch, user) : -ENOTTY;
	case _IOC_NR(EXDMA_IOC_GET_OPTIONS):
		return ioctl_get_options(client, user);
	case _IOC_NR(EXDMA_IOC_SET_OPTIONS):
		return ioctl_set_options(client, user);
	default:
		return exdma_card_ioctl(client->card, file, cmd, user);
	}
}
