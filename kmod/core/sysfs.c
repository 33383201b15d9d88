// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - what /sys/class/exdma shows
 *
 * Numbers are decimal unless said otherwise, one value in a file.
 */
#include <linux/kernel.h>
#include <linux/sysfs.h>

#include "card.h"
#include "channel.h"
#include "event.h"
#include "node.h"
#include "window.h"

static ssize_t aperture_show(struct device *dev, struct device_attribute *attr,
			     char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(exdma_node_from_dev(dev)->card->aperture));
}

/*
 * Bytes of card memory, 0 for unknown; decimal or 0x... A transfer ends there.
 * What was submitted before a change keeps the old bound. Writing 0 goes back to
 * what the card itself has told; where it has told, the bound can be made less only.
 */
static ssize_t aperture_store(struct device *dev, struct device_attribute *attr,
			      const char *buf, size_t count)
{
	struct exdma_card *card = exdma_node_from_dev(dev)->card;
	u64 own = card->desc.aperture;
	u64 bytes;
	int err;

	err = kstrtou64(buf, 0, &bytes);
	if (err)
		return err;
	if (bytes > (own ?: LLONG_MAX))
		return -ERANGE;
	WRITE_ONCE(card->aperture, bytes ?: own);
	return count;
}
static DEVICE_ATTR_RW(aperture);

static ssize_t h2c_channels_show(struct device *dev, struct device_attribute *attr,
				 char *buf)
{
	return sysfs_emit(buf, "%u\n",
			  exdma_node_from_dev(dev)->card->channel_count[EXDMA_H2C]);
}
static DEVICE_ATTR_RO(h2c_channels);

static ssize_t c2h_channels_show(struct device *dev, struct device_attribute *attr,
				 char *buf)
{
	return sysfs_emit(buf, "%u\n",
			  exdma_node_from_dev(dev)->card->channel_count[EXDMA_C2H]);
}
static DEVICE_ATTR_RO(c2h_channels);

static ssize_t interrupts_show(struct device *dev, struct device_attribute *attr,
			       char *buf)
{
	static const char * const names[] = {
		[EXDMA_IRQ_MODE_MSIX] = "msix",
		[EXDMA_IRQ_MODE_MSI] = "msi",
		[EXDMA_IRQ_MODE_INTX] = "intx",
	};

	return sysfs_emit(buf, "%s\n", names[exdma_node_from_dev(dev)->card->desc.irq_mode]);
}
static DEVICE_ATTR_RO(interrupts);

/* As in struct exdma_card_info. */
static ssize_t resets_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", READ_ONCE(exdma_node_from_dev(dev)->card->resets));
}
static DEVICE_ATTR_RO(resets);

static struct attribute *card_attrs[] = {
	&dev_attr_aperture.attr,
	&dev_attr_h2c_channels.attr,
	&dev_attr_c2h_channels.attr,
	&dev_attr_interrupts.attr,
	&dev_attr_resets.attr,
	NULL
};

static const struct attribute_group card_group = {
	.attrs = card_attrs,
};

const struct attribute_group *exdma_card_groups[] = { &card_group, NULL };

static ssize_t direction_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  exdma_node_from_dev(dev)->ch->desc.dir == EXDMA_H2C ? "h2c" : "c2h");
}
static DEVICE_ATTR_RO(direction);

/* mm: memory-mapped, it has addresses; stream: it has packets. */
static ssize_t interface_show(struct device *dev, struct device_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%s\n", exdma_node_from_dev(dev)->ch->desc.stream ? "stream" : "mm");
}
static DEVICE_ATTR_RO(interface);

#define CHANNEL_ATTR(_name, _field)						\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr,	\
			    char *buf)						\
{										\
	return sysfs_emit(buf, "%u\n", exdma_node_from_dev(dev)->ch->desc._field); \
}										\
static DEVICE_ATTR_RO(_name)

CHANNEL_ATTR(channel, index);
CHANNEL_ATTR(address_alignment, alignment);	/* bytes */
CHANNEL_ATTR(length_granularity, granularity);	/* bytes */
CHANNEL_ATTR(address_bits, address_bits);

static struct attribute *channel_attrs[] = {
	&dev_attr_direction.attr,
	&dev_attr_channel.attr,
	&dev_attr_interface.attr,
	&dev_attr_address_alignment.attr,
	&dev_attr_length_granularity.attr,
	&dev_attr_address_bits.attr,
	NULL
};

static const struct attribute_group channel_group = {
	.attrs = channel_attrs,
};

const struct attribute_group *exdma_channel_groups[] = {
	&channel_group,
	&exdma_stats_group,
	NULL
};

/* A channel with performance counters. */
const struct attribute_group *exdma_channel_perf_groups[] = {
	&channel_group,
	&exdma_stats_group,
	&exdma_perf_group,
	NULL
};

static ssize_t bytes_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct exdma_window *win = exdma_node_from_dev(dev)->part;

	return sysfs_emit(buf, "%llu\n", win->desc.bytes);
}
static DEVICE_ATTR_RO(bytes);

static struct attribute *window_attrs[] = {
	&dev_attr_bytes.attr,
	NULL
};

static const struct attribute_group window_group = {
	.attrs = window_attrs,
};

const struct attribute_group *exdma_window_groups[] = { &window_group, NULL };

#define EVENT_ATTR(_name, _field)						\
static ssize_t _name##_show(struct device *dev, struct device_attribute *attr,	\
			    char *buf)						\
{										\
	struct exdma_event_state state;						\
										\
	exdma_event_get_state(exdma_node_from_dev(dev)->part, &state);		\
	return sysfs_emit(buf, "%llu\n", (u64)state._field);			\
}										\
static DEVICE_ATTR_RO(_name)

EVENT_ATTR(events, count);
EVENT_ATTR(throttled, throttled);
EVENT_ATTR(masked, masked);

static struct attribute *event_attrs[] = {
	&dev_attr_events.attr,
	&dev_attr_throttled.attr,
	&dev_attr_masked.attr,
	NULL
};

static const struct attribute_group event_group = {
	.attrs = event_attrs,
};

const struct attribute_group *exdma_event_groups[] = { &event_group, NULL };
