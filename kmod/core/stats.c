// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - the counters of a channel, in its directory statistics/
 *
 * Decimal numbers, one in a file; see docs/sysfs.md. Counters begin at 0 when
 * the card is bound and never go back.
 */
#include <linux/kernel.h>
#include <linux/sysfs.h>

#include "channel.h"
#include "node.h"

/* What is counted under the channel's lock. */
#define STATS_ATTR(_name, _field)						\
static ssize_t stats_##_name##_show(struct device *dev,				\
				    struct device_attribute *attr, char *buf)	\
{										\
	struct exdma_channel_stats stats;					\
										\
	exdma_channel_get_stats(exdma_node_from_dev(dev)->ch, &stats);		\
	return sysfs_emit(buf, "%llu\n", stats._field);				\
}										\
static struct device_attribute stats_##_name =					\
	__ATTR(_name, 0444, stats_##_name##_show, NULL)

STATS_ATTR(bytes, bytes);
STATS_ATTR(requests, requests);
STATS_ATTR(packets, packets);
STATS_ATTR(runs, runs);
STATS_ATTR(busy_ns, busy_ns);
STATS_ATTR(starts_irq, starts[EXDMA_START_IRQ]);
STATS_ATTR(starts_submit, starts[EXDMA_START_SUBMIT]);
STATS_ATTR(starts_thread, starts[EXDMA_START_THREAD]);
STATS_ATTR(copybreak, copybreak);
STATS_ATTR(polled, polled);
STATS_ATTR(depth_max, depth_max);
STATS_ATTR(interrupts, interrupts);
STATS_ATTR(spurious_interrupts, spurious_interrupts);
STATS_ATTR(lost_interrupts, lost_interrupts);
STATS_ATTR(errors, errors);
STATS_ATTR(timeouts, timeouts);

/* What is counted where memory is pinned. */
static ssize_t pinned_bytes_show(struct device *dev, struct device_attribute *attr,
				 char *buf)
{
	return sysfs_emit(buf, "%ld\n",
			  atomic_long_read(&exdma_node_from_dev(dev)->ch->pinned));
}
static DEVICE_ATTR_RO(pinned_bytes);

static ssize_t pinned_bytes_max_show(struct device *dev, struct device_attribute *attr,
				     char *buf)
{
	return sysfs_emit(buf, "%ld\n",
			  atomic_long_read(&exdma_node_from_dev(dev)->ch->pinned_max));
}
static DEVICE_ATTR_RO(pinned_bytes_max);

static struct attribute *stats_attrs[] = {
	&stats_bytes.attr,
	&stats_requests.attr,
	&stats_packets.attr,
	&stats_runs.attr,
	&stats_busy_ns.attr,
	&stats_starts_irq.attr,
	&stats_starts_submit.attr,
	&stats_starts_thread.attr,
	&stats_copybreak.attr,
	&stats_polled.attr,
	&stats_depth_max.attr,
	&stats_interrupts.attr,
	&stats_spurious_interrupts.attr,
	&stats_lost_interrupts.attr,
	&stats_errors.attr,
	&stats_timeouts.attr,
	&dev_attr_pinned_bytes.attr,
	&dev_attr_pinned_bytes_max.attr,
	NULL
};

const struct attribute_group exdma_stats_group = {
	.name = "statistics",
	.attrs = stats_attrs,
};
