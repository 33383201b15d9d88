/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * describe.h - all that can be known of a card, gathered for printing
 */
#ifndef EXDMA_TOOL_DESCRIBE_H
#define EXDMA_TOOL_DESCRIBE_H

#include <exdma/exdma.h>

#define LINE_MAX_TEXT	64

/**
 * struct description - facts from sysfs and from the card's own ioctl
 *
 * Texts are empty and numbers 0 when a fact is not known.
 */
struct description {
	char vendor[LINE_MAX_TEXT];		/* "0x10ee" */
	char device[LINE_MAX_TEXT];
	char subsystem_vendor[LINE_MAX_TEXT];
	char subsystem_device[LINE_MAX_TEXT];
	char link_speed[LINE_MAX_TEXT];		/* "8.0 GT/s PCIe" */
	char link_width[LINE_MAX_TEXT];		/* "4" */
	char max_link_speed[LINE_MAX_TEXT];
	char max_link_width[LINE_MAX_TEXT];
	char numa_node[LINE_MAX_TEXT];		/* "-1" for none */
	char driver_version[LINE_MAX_TEXT];
	char core_version[LINE_MAX_TEXT];
	uint64_t max_inflight;
};

/** describe_card() - gather; nothing of it can fail. */
void describe_card(const struct exdma_roots *roots,
		   const struct exdma_card *card,
		   struct description *description);

/** describe_segment() - longest piece of one descriptor; 0 if unknown. */
unsigned int describe_segment(const struct exdma_channel *channel);

/** describe_channels() - how many channels of a direction there are. */
unsigned int describe_channels(const struct exdma_card *card,
			       unsigned int direction);

#endif /* EXDMA_TOOL_DESCRIBE_H */
