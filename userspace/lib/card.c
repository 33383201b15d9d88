// SPDX-License-Identifier: GPL-2.0-only
/*
 * card.c - questions to a card and a channel that were found
 *
 * Knows the snapshot of card.h, the statistics files and the two ioctls;
 * nothing of how a card is found.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "card.h"
#include "sysfs.h"

size_t exdma_cards_count(const struct exdma_cards *cards)
{
	return cards->count;
}

const struct exdma_card *exdma_cards_at(const struct exdma_cards *cards,
					size_t index)
{
	return index < cards->count ? &cards->card[index] : NULL;
}

/* "0", "exdma0", "/dev/exdma0", "0000:01:00.0", "01:00.0" */
static bool is_called(const struct exdma_card *card, const char *name)
{
	const char *short_id = strchr(card->bus_id, ':');
	char number[16];

	snprintf(number, sizeof(number), "%u", card->number);
	return !strcmp(name, number) || !strcmp(name, card->name) ||
	       !strcmp(name, card->node) ||
	       (card->bus_id[0] && !strcasecmp(name, card->bus_id)) ||
	       (short_id && !strncmp(card->bus_id, "0000:", 5) &&
		!strcasecmp(name, short_id + 1));
}

const struct exdma_card *exdma_cards_find(const struct exdma_cards *cards,
					  const char *name)
{
	for (size_t i = 0; i < cards->count; i++)
		if (is_called(&cards->card[i], name))
			return &cards->card[i];
	errno = ENOENT;
	return NULL;
}

unsigned int exdma_card_number(const struct exdma_card *card)
{
	return card->number;
}

const char *exdma_card_name(const struct exdma_card *card)
{
	return card->name;
}

const char *exdma_card_node(const struct exdma_card *card)
{
	return card->node;
}

const char *exdma_card_sysfs(const struct exdma_card *card)
{
	return card->sysfs;
}

const char *exdma_card_bus_id(const struct exdma_card *card)
{
	return card->bus_id;
}

const char *exdma_card_driver(const struct exdma_card *card)
{
	return card->driver;
}

const char *exdma_card_interrupts(const struct exdma_card *card)
{
	return card->interrupts;
}

uint64_t exdma_card_aperture(const struct exdma_card *card)
{
	return card->aperture;
}

int exdma_card_attribute(const struct exdma_card *card, const char *name,
			 char *value, size_t size)
{
	return sysfs_string(card->sysfs, name, value, size);
}

int exdma_card_open(const struct exdma_card *card, int flags)
{
	return open(card->node, flags | O_CLOEXEC);
}

size_t exdma_card_channel_count(const struct exdma_card *card)
{
	return card->channel_count;
}

const struct exdma_channel *
exdma_card_channel_at(const struct exdma_card *card, size_t index)
{
	return index < card->channel_count ? &card->channels[index] : NULL;
}

const struct exdma_channel *exdma_card_channel(const struct exdma_card *card,
					       unsigned int direction,
					       unsigned int number)
{
	for (size_t i = 0; i < card->channel_count; i++)
		if (card->channels[i].direction == direction &&
		    card->channels[i].number == number)
			return &card->channels[i];
	errno = ENOENT;
	return NULL;
}

const char *exdma_channel_name(const struct exdma_channel *channel)
{
	return channel->name;
}

const char *exdma_channel_node(const struct exdma_channel *channel)
{
	return channel->node;
}

unsigned int exdma_channel_direction(const struct exdma_channel *channel)
{
	return channel->direction;
}

unsigned int exdma_channel_number(const struct exdma_channel *channel)
{
	return channel->number;
}

bool exdma_channel_is_stream(const struct exdma_channel *channel)
{
	return channel->stream;
}

unsigned int exdma_channel_alignment(const struct exdma_channel *channel)
{
	return channel->alignment;
}

unsigned int exdma_channel_granularity(const struct exdma_channel *channel)
{
	return channel->granularity;
}

unsigned int exdma_channel_address_bits(const struct exdma_channel *channel)
{
	return channel->address_bits;
}

int exdma_channel_statistic(const struct exdma_channel *channel,
			    const char *name, uint64_t *value)
{
	char attribute[NAME_MAX + sizeof("statistics/")];
	int len;

	len = snprintf(attribute, sizeof(attribute), "statistics/%s", name);
	if (len < 0 || (size_t)len >= sizeof(attribute)) {
		errno = ENOENT;
		return -1;
	}
	return sysfs_number(channel->sysfs, attribute, value);
}

static int no_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int exdma_channel_statistics(const struct exdma_channel *channel,
			     int (*visit)(void *context, const char *name,
					  uint64_t value),
			     void *context)
{
	struct dirent **entry;
	uint64_t value;
	int ret = 0;
	char *dir;
	int count;

	if (asprintf(&dir, "%s/statistics", channel->sysfs) < 0)
		return -1;
	count = scandir(dir, &entry, no_dots, alphasort);
	free(dir);
	if (count < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		if (!ret && !exdma_channel_statistic(channel, entry[i]->d_name,
						     &value))
			ret = visit(context, entry[i]->d_name, value);
		free(entry[i]);
	}
	free(entry);
	return ret;
}

int exdma_channel_open(const struct exdma_channel *channel, int flags)
{
	int mode = channel->direction == EXDMA_DIR_H2C ? O_WRONLY : O_RDONLY;

	return open(channel->node, (flags & ~O_ACCMODE) | mode | O_CLOEXEC);
}

int exdma_get_card_info(int fd, struct exdma_card_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	if (ioctl(fd, EXDMA_IOC_CARD_INFO, info))
		return -1;
	info->driver[sizeof(info->driver) - 1] = '\0';
	info->bus_id[sizeof(info->bus_id) - 1] = '\0';
	return 0;
}

int exdma_get_channel_info(int fd, struct exdma_channel_info *info)
{
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	return ioctl(fd, EXDMA_IOC_CHANNEL_INFO, info) ? -1 : 0;
}
