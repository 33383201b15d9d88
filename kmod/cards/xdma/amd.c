// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma_xdma - compat=xdma: nodes for programs that were written for AMD's driver
 *
 * docs/moving-from-xdma.md says what is as there, what is not, and why. Nothing
 * here knows a register: an ioctl is asked of a file, which may outlive the card.
 */
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>

#include "amd.h"
#include "xdma.h"

#define NAME_BYTES	32

static bool compat;

static const char * const compat_names[] = { "off", "xdma" };

static int compat_set(const char *text, const struct kernel_param *param)
{
	int which = sysfs_match_string(compat_names, text);

	if (which < 0)
		return which;
	compat = which;
	return 0;
}

static int compat_get(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%s\n", compat_names[compat]);
}

static const struct kernel_param_ops compat_ops = {
	.set = compat_set,
	.get = compat_get,
};

module_param_cb(compat, &compat_ops, NULL, 0444);
MODULE_PARM_DESC(compat,
		 "xdma: also make the nodes that AMD's driver makes, for programs written for it; off (default)");

/**
 * struct amd_channel - what is said of a channel without asking it
 * @align: bytes, that addresses are to be multiples of.
 * @to_card: H2C.
 */
struct amd_channel {
	u32 align;
	bool to_card;
};

/*
 * There, START also makes transfers of its own, to and from card address 0, and
 * the counters measure those. Here they measure what programs transfer.
 */
static long perf_start(struct exdma_client *client, void __user *arg)
{
	struct amd_perf perf;

	if (copy_from_user(&perf, arg, sizeof(perf)))
		return -EFAULT;
	return perf.version == AMD_PERF_V1 ? exdma_client_perf_start(client) : -EINVAL;
}

static long perf_reply(const struct exdma_perf *counters, void __user *arg)
{
	struct amd_perf perf = {
		.version = AMD_PERF_V1,
		.cycles = counters->cycles,
		.beats = counters->beats,
	};

	return copy_to_user(arg, &perf, sizeof(perf)) ? -EFAULT : 0;
}

static long perf_stop(struct exdma_client *client, void __user *arg)
{
	struct exdma_perf counters;
	int err;

	err = exdma_client_perf_stop(client, &counters);
	if (err)
		return err;
	return counters.counting ? perf_reply(&counters, arg) : -EINVAL;
}

static long perf_get(struct exdma_client *client, void __user *arg)
{
	struct exdma_perf counters;
	int err;

	err = exdma_client_perf_get(client, &counters);
	if (err)
		return err;
	return counters.counting ? perf_reply(&counters, arg) : -EPROTO;
}

static long addrmode_set(struct exdma_client *client, void __user *arg)
{
	int fixed;

	if (get_user(fixed, (int __user *)arg))
		return -EFAULT;
	return exdma_client_set_fixed(client, fixed);
}

/* One time around after the other. Moves some, or fails. */
static ssize_t aperture_move(struct exdma_client *client, const struct amd_aperture *io)
{
	unsigned long done = 0;
	u32 at, len;
	ssize_t ret;

	while (done < io->len) {
		at = done % io->aperture;
		len = min_t(unsigned long, io->len - done, io->aperture - at);
		ret = exdma_client_move(client, (void __user *)(io->buffer + done), len,
					io->card_addr + at);
		if (ret < 0)
			return done ?: ret;
		done += ret;
		if (ret < len || (done < io->len && signal_pending(current)))
			break;
	}
	return done;
}

static long aperture(struct exdma_client *client, void __user *arg)
{
	struct amd_aperture io;
	ssize_t ret;

	if (copy_from_user(&io, arg, sizeof(io)))
		return -EFAULT;
	if (!io.aperture || io.len > MAX_RW_COUNT || io.buffer + io.len < io.buffer ||
	    io.card_addr + io.aperture < io.card_addr)
		return -EINVAL;
	ret = aperture_move(client, &io);
	if (ret == -ERESTARTSYS)
		return ret;
	io.error = min_t(ssize_t, ret, 0);
	if (ret >= 0)
		io.done = ret;
	return copy_to_user(arg, &io, sizeof(io)) ? -EFAULT : io.error;
}

static long channel_ioctl(struct exdma_client *client, const void *data, unsigned int cmd,
			  void __user *arg)
{
	const struct amd_channel *channel = data;

	switch (cmd) {
	case AMD_PERF_START:
		return perf_start(client, arg);
	case AMD_PERF_STOP:
		return perf_stop(client, arg);
	case AMD_PERF_GET:
		return perf_get(client, arg);
	case AMD_ADDRMODE_SET:
		return addrmode_set(client, arg);
	case AMD_ADDRMODE_GET:
		return put_user(exdma_client_is_fixed(client), (int __user *)arg);
	case AMD_ALIGN_GET:
		return put_user(channel->align, (int __user *)arg);
	case AMD_APERTURE_R:
		return channel->to_card ? -EINVAL : aperture(client, arg);
	case AMD_APERTURE_W:
		return channel->to_card ? aperture(client, arg) : -EINVAL;
	default:
		return -ENOIOCTLCMD;
	}
}

static long window_ioctl(struct exdma_client *none, const void *data, unsigned int cmd,
			 void __user *arg)
{
	u32 magic;

	switch (cmd) {
	case AMD_INFO:
		if (get_user(magic, (u32 __user *)arg))
			return -EFAULT;
		if (magic != AMD_INFO_MAGIC)
			return -ENOTTY;
		return copy_to_user(arg, data, sizeof(struct amd_info)) ? -EFAULT : 0;
	case AMD_OFFLINE:
	case AMD_ONLINE:
		/* A program that ends in between would leave others without a card. */
		return -EOPNOTSUPP;
	default:
		return -ENOIOCTLCMD;
	}
}

static int add_channel(struct xdma_channel *xch, int number)
{
	const struct amd_channel channel = { .align = xch->align, .to_card = xch->to_card };
	char name[NAME_BYTES];
	const struct exdma_alias_desc desc = {
		.name = name,
		.flags = EXDMA_ALIAS_KEEP_POS | EXDMA_ALIAS_PLAIN_OPEN,
		.ioctl = channel_ioctl,
		.owner = THIS_MODULE,
		.data = &channel,
		.data_bytes = sizeof(channel),
	};

	snprintf(name, sizeof(name), "xdma%d_%s_%u", number, xch->to_card ? "h2c" : "c2h",
		 xch->index);
	return exdma_channel_add_alias(xch->ch, &desc);
}

/* @info: NULL: there are no ioctls. */
static int add_window(struct exdma_window *win, int number, const char *what,
		      const struct amd_info *info)
{
	char name[NAME_BYTES];
	const struct exdma_alias_desc desc = {
		.name = name,
		.flags = EXDMA_ALIAS_ONE | EXDMA_ALIAS_PLAIN_OPEN,
		.ioctl = info ? window_ioctl : NULL,
		.owner = THIS_MODULE,
		.data = info,
		.data_bytes = info ? sizeof(*info) : 0,
	};

	if (!win)
		return 0;
	snprintf(name, sizeof(name), "xdma%d_%s", number, what);
	return exdma_window_add_alias(win, &desc);
}

static int add_event(struct xdma_user *user, int number)
{
	char name[NAME_BYTES];
	const struct exdma_alias_desc desc = {
		.name = name,
		.flags = EXDMA_ALIAS_ONE | EXDMA_ALIAS_KEEP_POS | EXDMA_ALIAS_PLAIN_OPEN,
	};

	snprintf(name, sizeof(name), "xdma%d_events_%u", number, user->index);
	return exdma_event_add_alias(user->ev, &desc);
}

/**
 * xdma_add_amd_nodes - what compat=xdma asks for
 * @xc: the card, with its channels, windows and events.
 *
 * Return: 0 or -errno.
 */
int xdma_add_amd_nodes(struct xdma_card *xc)
{
	const struct pci_dev *pdev = xc->pdev;
	const struct amd_info info = {
		.vendor = pdev->vendor,
		.device = pdev->device,
		.subsystem_vendor = pdev->subsystem_vendor,
		.subsystem_device = pdev->subsystem_device,
		.domain = pci_domain_nr(pdev->bus),
		.bus = pdev->bus->number,
		.slot = PCI_SLOT(pdev->devfn),
		.function = PCI_FUNC(pdev->devfn),
	};
	int number = exdma_card_number(xc->card), err = 0;
	u32 i;

	if (!compat)
		return 0;
	for (i = 0; i < xc->irqs && !err; i++)
		err = add_channel(xc->by_irq[i], number);
	err = err ?: add_window(xc->user_window, number, "user", &info) ?:
		     add_window(xc->bypass_window, number, "bypass", NULL) ?:
		     add_window(xc->control_window, number, "control", &info);
	for (i = 0; i < xc->user_irqs && !err; i++)
		err = add_event(&xc->users[i], number);
	return err;
}
