// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - the performance counters that some cards have in each channel
 *
 * They are the card's: the core keeps nothing of them, and each look at them
 * reads the bus. While the card is reset or has no power nobody does, and
 * afterwards they are off.
 *
 * Locking: perf_lock, under card->access, guards whose measurement it is, and
 * makes a look and what follows from it one step. It is held for some accesses
 * to registers; few use these counters, so there is one for all.
 */
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/sysfs.h>

#include "card.h"
#include "channel.h"
#include "node.h"
#include "perf.h"
#include "power.h"
#include "window.h"

static DEFINE_MUTEX(perf_lock);

static int perf_enter(struct exdma_channel *ch)
{
	int err;

	/* Who comes by sysfs has no file. */
	err = exdma_power_get(ch->card);
	if (err)
		return err;
	/* Whose operations may be gone, too. */
	err = exdma_registers_enter(ch->card, false);
	if (err)
		goto put_power;
	if (!exdma_channel_has_perf(ch)) {
		err = -EOPNOTSUPP;
		goto exit_registers;
	}
	mutex_lock(&perf_lock);
	return 0;

exit_registers:
	exdma_registers_exit(ch->card);
put_power:
	exdma_power_put(ch->card);
	return err;
}

static void perf_exit(struct exdma_channel *ch)
{
	mutex_unlock(&perf_lock);
	exdma_registers_exit(ch->card);
	exdma_power_put(ch->card);
}

/**
 * exdma_perf_start - set the counters of a channel to 0 and let them count
 * @ch: the channel.
 * @owner: the open file with which the measurement ends, see exdma_perf_leave();
 *	NULL: it does not, and takes the place of one that is on.
 *
 * Context: may sleep.
 * Return: 0; -EBUSY for an @owner, if they count already; -EOPNOTSUPP if there
 * are none; -ERESTARTSYS, -ENODEV.
 */
int exdma_perf_start(struct exdma_channel *ch, const struct exdma_client *owner)
{
	struct exdma_perf perf;
	int err;

	err = perf_enter(ch);
	if (err)
		return err;
	err = ch->desc.ops->perf_read(ch, &perf);
	if (!err && perf.counting && owner)
		err = -EBUSY;
	if (!err) {
		WRITE_ONCE(ch->perf_owner, owner);
		ch->desc.ops->perf_count(ch, true);
	}
	perf_exit(ch);
	return err;
}

/**
 * exdma_perf_stop - stop the counters of a channel where they are
 * @ch: the channel.
 * @perf: what they said then; @perf->counting is as it was before.
 *
 * Context: may sleep.
 * Return: 0, -EOPNOTSUPP, -ERESTARTSYS, -ENODEV.
 */
int exdma_perf_stop(struct exdma_channel *ch, struct exdma_perf *perf)
{
	struct exdma_perf before;
	int err;

	err = perf_enter(ch);
	if (err)
		return err;
	err = ch->desc.ops->perf_read(ch, &before);
	if (!err) {
		WRITE_ONCE(ch->perf_owner, NULL);
		ch->desc.ops->perf_count(ch, false);
		err = ch->desc.ops->perf_read(ch, perf);
		perf->counting = before.counting;
	}
	perf_exit(ch);
	return err;
}

/**
 * exdma_perf_leave - an open file is closed: its measurement ends
 * @ch: its channel.
 * @owner: the file.
 *
 * While the registers are not there the counters lose what they have anyway.
 *
 * Context: may sleep.
 */
void exdma_perf_leave(struct exdma_channel *ch, const struct exdma_client *owner)
{
	int err;

	/* Only the file itself makes itself the owner. */
	if (READ_ONCE(ch->perf_owner) != owner)
		return;
	err = exdma_registers_enter(ch->card, false);
	mutex_lock(&perf_lock);
	if (ch->perf_owner == owner) {
		WRITE_ONCE(ch->perf_owner, NULL);
		if (!err)
			ch->desc.ops->perf_count(ch, false);
	}
	mutex_unlock(&perf_lock);
	if (!err)
		exdma_registers_exit(ch->card);
}

/**
 * exdma_perf_get - look at the counters of a channel
 * @ch: the channel.
 * @perf: what they say.
 *
 * Context: may sleep.
 * Return: 0, -EOPNOTSUPP, -ERESTARTSYS, -ENODEV.
 */
int exdma_perf_get(struct exdma_channel *ch, struct exdma_perf *perf)
{
	int err;

	err = perf_enter(ch);
	if (err)
		return err;
	err = ch->desc.ops->perf_read(ch, perf);
	perf_exit(ch);
	return err;
}

static ssize_t enable_store(struct device *dev, struct device_attribute *attr,
			    const char *buf, size_t count)
{
	struct exdma_channel *ch = exdma_node_from_dev(dev)->ch;
	struct exdma_perf perf;
	bool on;
	int err;

	err = kstrtobool(buf, &on);
	if (err)
		return err;
	err = on ? exdma_perf_start(ch, NULL) : exdma_perf_stop(ch, &perf);
	return err ?: count;
}

#define PERF_SHOW(_name, _field)						\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr,	\
			    char *buf)						\
{										\
	struct exdma_perf perf;							\
	int err;								\
										\
	err = exdma_perf_get(exdma_node_from_dev(dev)->ch, &perf);		\
	return err ?: sysfs_emit(buf, "%llu\n", (u64)perf._field);		\
}

PERF_SHOW(enable, counting);
PERF_SHOW(cycles, cycles);
PERF_SHOW(beats, beats);
PERF_SHOW(overflow, overflow);

/* Each look costs bus reads: not for everybody. */
static DEVICE_ATTR_ADMIN_RW(enable);
static DEVICE_ATTR_ADMIN_RO(cycles);
static DEVICE_ATTR_ADMIN_RO(beats);
static DEVICE_ATTR_ADMIN_RO(overflow);

static struct attribute *perf_attrs[] = {
	&dev_attr_enable.attr,
	&dev_attr_cycles.attr,
	&dev_attr_beats.attr,
	&dev_attr_overflow.attr,
	NULL
};

const struct attribute_group exdma_perf_group = {
	.name = "perf",
	.attrs = perf_attrs,
};
