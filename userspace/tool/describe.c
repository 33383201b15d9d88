// SPDX-License-Identifier: GPL-2.0-only
/*
 * describe.c - all that can be known of a card, gathered for printing
 *
 * The ioctls need an open node, which this user may not be allowed: what they
 * would tell is left out then.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "describe.h"

/* the core is no part of the card: its version stands beside the class */
static void core_version(const struct exdma_roots *roots, char *text,
			 size_t size)
{
	char path[PATH_MAX];
	FILE *file;

	text[0] = '\0';
	snprintf(path, sizeof(path), "%s/module/exdma/version",
		 roots->sysfs ? roots->sysfs : "/sys");
	file = fopen(path, "re");
	if (!file)
		return;
	if (!fgets(text, size, file))
		text[0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	fclose(file);
}

void describe_card(const struct exdma_roots *roots,
		   const struct exdma_card *card,
		   struct description *description)
{
	struct {
		const char *name;
		char *text;
	} facts[] = {
		{ "device/vendor", description->vendor },
		{ "device/device", description->device },
		{ "device/subsystem_vendor", description->subsystem_vendor },
		{ "device/subsystem_device", description->subsystem_device },
		{ "device/current_link_speed", description->link_speed },
		{ "device/current_link_width", description->link_width },
		{ "device/max_link_speed", description->max_link_speed },
		{ "device/max_link_width", description->max_link_width },
		{ "device/numa_node", description->numa_node },
		{ "device/driver/module/version", description->driver_version },
	};
	struct exdma_card_info info;
	int fd;

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		if (exdma_card_attribute(card, facts[i].name, facts[i].text,
					 LINE_MAX_TEXT))
			facts[i].text[0] = '\0';
	core_version(roots, description->core_version, LINE_MAX_TEXT);

	description->max_inflight = 0;
	fd = exdma_card_open(card, O_RDONLY);
	if (fd < 0)
		return;
	if (!exdma_get_card_info(fd, &info))
		description->max_inflight = info.max_inflight;
	close(fd);
}

unsigned int describe_segment(const struct exdma_channel *channel)
{
	struct exdma_channel_info info;
	unsigned int segment = 0;
	int fd;

	fd = exdma_channel_open(channel, 0);
	if (fd < 0)
		return 0;
	if (!exdma_get_channel_info(fd, &info))
		segment = info.max_segment;
	close(fd);
	return segment;
}

unsigned int describe_channels(const struct exdma_card *card,
			       unsigned int direction)
{
	const struct exdma_channel *channel;
	unsigned int count = 0;

	for (size_t i = 0; (channel = exdma_card_channel_at(card, i)); i++)
		count += exdma_channel_direction(channel) == direction;
	return count;
}
