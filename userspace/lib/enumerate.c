// SPDX-License-Identifier: GPL-2.0-only
/*
 * enumerate.c - from the directory /sys/class/exdma to a list of cards
 *
 * Cards and channels stand side by side in the class and are told apart by
 * their names alone: exdmaN, exdmaN_h2cC, exdmaN_c2hC. Names that fit none of
 * these are left for newer programs.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "card.h"
#include "sysfs.h"

#define MAX_NUMBER	1000000u

/* decimal digits at *text; moves *text behind them; -1 if there are none */
static int take_number(const char **text, unsigned int *number)
{
	unsigned int value = 0;
	const char *p = *text;

	if (!isdigit((unsigned char)*p))
		return -1;
	while (isdigit((unsigned char)*p)) {
		value = value * 10 + (*p++ - '0');
		if (value > MAX_NUMBER)
			return -1;
	}
	*text = p;
	*number = value;
	return 0;
}

struct parsed_name {
	unsigned int card;
	bool is_channel;
	unsigned int direction;
	unsigned int channel;
};

static int parse_name(const char *name, struct parsed_name *parsed)
{
	if (strncmp(name, "exdma", 5))
		return -1;
	name += 5;
	if (take_number(&name, &parsed->card))
		return -1;
	parsed->is_channel = *name != '\0';
	if (!parsed->is_channel)
		return 0;

	if (!strncmp(name, "_h2c", 4))
		parsed->direction = EXDMA_DIR_H2C;
	else if (!strncmp(name, "_c2h", 4))
		parsed->direction = EXDMA_DIR_C2H;
	else
		return -1;
	name += 4;
	if (take_number(&name, &parsed->channel))
		return -1;
	return *name ? -1 : 0;
}

static char *join(const char *dir, const char *name)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

static unsigned int number_or(const char *dir, const char *name,
			      unsigned int otherwise)
{
	uint64_t value;

	if (sysfs_number(dir, name, &value) || value > UINT32_MAX)
		return otherwise;
	return value;
}

static unsigned int at_least_one(unsigned int value)
{
	return value ? value : 1;
}

static void free_channel(struct exdma_channel *channel)
{
	free(channel->name);
	free(channel->node);
	free(channel->sysfs);
}

static void free_card(struct exdma_card *card)
{
	for (size_t i = 0; i < card->channel_count; i++)
		free_channel(&card->channels[i]);
	free(card->channels);
	free(card->name);
	free(card->node);
	free(card->sysfs);
}

/* the array with room for one more element, zeroed; NULL with ENOMEM */
static void *grow(void *array, size_t count, size_t size)
{
	char *bigger = reallocarray(array, count + 1, size);

	if (bigger)
		memset(bigger + count * size, 0, size);
	return bigger;
}

static int add_card(struct exdma_cards *cards, const char *class_dir,
		    const char *dev, const char *name, unsigned int number)
{
	struct exdma_card *card;

	card = grow(cards->card, cards->count, sizeof(*card));
	if (!card)
		return -1;
	cards->card = card;
	card += cards->count++;
	card->number = number;
	card->name = strdup(name);
	card->node = join(dev, name);
	card->sysfs = join(class_dir, name);
	if (!card->name || !card->node || !card->sysfs)
		return -1;

	/* what cannot be read stays empty: an older driver, or it just left */
	if (sysfs_link(card->sysfs, "device", card->bus_id,
		       sizeof(card->bus_id)))
		card->bus_id[0] = '\0';
	if (sysfs_link(card->sysfs, "device/driver", card->driver,
		       sizeof(card->driver)))
		card->driver[0] = '\0';
	if (sysfs_string(card->sysfs, "interrupts", card->interrupts,
			 sizeof(card->interrupts)))
		card->interrupts[0] = '\0';
	if (sysfs_number(card->sysfs, "aperture", &card->aperture))
		card->aperture = 0;
	return 0;
}

static struct exdma_card *card_by_number(struct exdma_cards *cards,
					 unsigned int number)
{
	for (size_t i = 0; i < cards->count; i++)
		if (cards->card[i].number == number)
			return &cards->card[i];
	return NULL;
}

static int add_channel(struct exdma_card *card, const char *class_dir,
		       const char *dev, const char *name,
		       const struct parsed_name *parsed)
{
	struct exdma_channel *channel;
	char interface[16];

	channel = grow(card->channels, card->channel_count, sizeof(*channel));
	if (!channel)
		return -1;
	card->channels = channel;
	channel += card->channel_count++;
	channel->direction = parsed->direction;
	channel->number = parsed->channel;
	channel->name = strdup(name);
	channel->node = join(dev, name);
	channel->sysfs = join(class_dir, name);
	if (!channel->name || !channel->node || !channel->sysfs)
		return -1;

	channel->stream = !sysfs_string(channel->sysfs, "interface", interface,
					sizeof(interface)) &&
			  !strcmp(interface, "stream");
	channel->alignment =
		at_least_one(number_or(channel->sysfs, "address_alignment", 1));
	channel->granularity =
		at_least_one(number_or(channel->sysfs, "length_granularity", 1));
	channel->address_bits = number_or(channel->sysfs, "address_bits", 0);
	return 0;
}

static int compare_cards(const void *a, const void *b)
{
	const struct exdma_card *left = a, *right = b;

	return (left->number > right->number) - (left->number < right->number);
}

static int compare_channels(const void *a, const void *b)
{
	const struct exdma_channel *left = a, *right = b;

	if (left->direction != right->direction)
		return left->direction > right->direction ? 1 : -1;
	return (left->number > right->number) - (left->number < right->number);
}

/* one walk over the class: the cards, or the channels of known cards */
static int walk(struct exdma_cards *cards, DIR *dir, const char *class_dir,
		const char *dev, bool channels)
{
	struct parsed_name parsed;
	struct exdma_card *card;
	struct dirent *entry;

	rewinddir(dir);
	while ((errno = 0, entry = readdir(dir))) {
		if (parse_name(entry->d_name, &parsed) ||
		    parsed.is_channel != channels)
			continue;
		if (!channels) {
			if (add_card(cards, class_dir, dev, entry->d_name,
				     parsed.card))
				return -1;
			continue;
		}
		card = card_by_number(cards, parsed.card);
		if (card && add_channel(card, class_dir, dev, entry->d_name,
					&parsed))
			return -1;
	}
	return errno ? -1 : 0;
}

struct exdma_cards *exdma_cards_new(const struct exdma_roots *roots)
{
	const char *sysfs = roots && roots->sysfs ? roots->sysfs : "/sys";
	const char *dev = roots && roots->dev ? roots->dev : "/dev";
	struct exdma_cards *cards = NULL;
	char *class_dir;
	DIR *dir = NULL;
	int saved;

	class_dir = join(sysfs, "class/exdma");
	if (!class_dir)
		return NULL;
	dir = opendir(class_dir);
	if (!dir)
		goto fail;
	cards = calloc(1, sizeof(*cards));
	if (!cards || walk(cards, dir, class_dir, dev, false) ||
	    walk(cards, dir, class_dir, dev, true))
		goto fail;

	if (cards->count)
		qsort(cards->card, cards->count, sizeof(*cards->card),
		      compare_cards);
	for (size_t i = 0; i < cards->count; i++) {
		struct exdma_card *card = &cards->card[i];

		if (card->channel_count)
			qsort(card->channels, card->channel_count,
			      sizeof(*card->channels), compare_channels);
	}
	closedir(dir);
	free(class_dir);
	return cards;

fail:
	saved = errno;
	exdma_cards_free(cards);
	if (dir)
		closedir(dir);
	free(class_dir);
	errno = saved;
	return NULL;
}

void exdma_cards_free(struct exdma_cards *cards)
{
	if (!cards)
		return;
	for (size_t i = 0; i < cards->count; i++)
		free_card(&cards->card[i]);
	free(cards->card);
	free(cards);
}
