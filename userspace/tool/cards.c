// SPDX-License-Identifier: GPL-2.0-only
/*
 * cards.c - which card did the user mean, and may this range be moved?
 *
 * Asks the library and talks to the user; opens nothing.
 */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "cards.h"
#include "report.h"
#include "units.h"

int cards_load(const struct exdma_roots *roots, struct exdma_cards **cards)
{
	const char *sysfs = roots->sysfs ? roots->sysfs : "/sys";

	*cards = exdma_cards_new(roots);
	if (!*cards && errno == ENOENT) {
		report("no card: %s/class/exdma does not exist, so the driver is not loaded",
		       sysfs);
		report("load it with \"sudo modprobe exdma_xdma\"; if that finds no module, install it first (dkms status exdma)");
		return STATUS_FAILED;
	}
	if (!*cards)
		return report_error(ORIGIN_FILE, errno,
				    "cannot list %s/class/exdma", sysfs);
	if (exdma_cards_count(*cards) == 0) {
		report("no card: the driver is loaded, but no card is bound to it");
		report("is the card driver there (sudo modprobe exdma_xdma), is the card on the bus (lspci -nn), has another driver taken it (lspci -k)?");
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

int cards_choose(const struct exdma_cards *cards, const char *name,
		 const struct exdma_card **card)
{
	if (name) {
		*card = exdma_cards_find(cards, name);
		if (*card)
			return STATUS_OK;
		report("no card \"%s\": \"exdma list\" shows those that are there",
		       name);
		return STATUS_FAILED;
	}
	if (exdma_cards_count(cards) > 1) {
		report("there are %zu cards: say which one with --card (\"exdma list\" shows them)",
		       exdma_cards_count(cards));
		return STATUS_USAGE;
	}
	*card = exdma_cards_at(cards, 0);
	return STATUS_OK;
}

/* does this channel take part when the user asked for @channel? */
static bool takes_part(const struct exdma_channel *candidate,
		       unsigned int direction, int channel)
{
	if (exdma_channel_direction(candidate) != direction)
		return false;
	if (channel == ANY_CHANNEL)
		return !exdma_channel_is_stream(candidate);
	return exdma_channel_number(candidate) == (unsigned int)channel;
}

unsigned int cards_alignment(const struct exdma_card *card,
			     unsigned int direction, int channel,
			     unsigned int *granularity)
{
	const struct exdma_channel *candidate;
	unsigned int alignment = 1;

	*granularity = 1;
	for (size_t i = 0; (candidate = exdma_card_channel_at(card, i)); i++) {
		if (!takes_part(candidate, direction, channel))
			continue;
		if (exdma_channel_alignment(candidate) > alignment)
			alignment = exdma_channel_alignment(candidate);
		if (exdma_channel_granularity(candidate) > *granularity)
			*granularity = exdma_channel_granularity(candidate);
	}
	return alignment;
}

/* is there a channel that can do it? */
static int check_channel(const struct exdma_card *card, unsigned int direction,
			 int channel)
{
	const char *name = exdma_card_name(card);
	const char *way = direction_name(direction);
	const struct exdma_channel *candidate;

	for (size_t i = 0; (candidate = exdma_card_channel_at(card, i)); i++) {
		if (!takes_part(candidate, direction, channel))
			continue;
		if (!exdma_channel_is_stream(candidate))
			return STATUS_OK;
		report("%s is a stream: it has no addresses, so this command cannot use it",
		       exdma_channel_name(candidate));
		return STATUS_FAILED;
	}
	if (channel == ANY_CHANNEL)
		report("%s has no memory-mapped %s channel", name, way);
	else
		report("%s has no channel %s%d: \"exdma list\" shows its nodes",
		       name, way, channel);
	return STATUS_FAILED;
}

/* the narrowest address of the channels that take part; 64 if unknown */
static unsigned int address_bits(const struct exdma_card *card,
				 unsigned int direction, int channel)
{
	const struct exdma_channel *candidate;
	unsigned int narrowest = 64;

	for (size_t i = 0; (candidate = exdma_card_channel_at(card, i)); i++) {
		unsigned int bits = exdma_channel_address_bits(candidate);

		if (takes_part(candidate, direction, channel) && bits &&
		    bits < narrowest)
			narrowest = bits;
	}
	return narrowest;
}

int cards_check_range(const struct exdma_card *card, unsigned int direction,
		      int channel, uint64_t address, uint64_t length)
{
	const char *name = exdma_card_name(card);
	bool known = length != UINT64_MAX;
	unsigned int granularity;
	unsigned int alignment;
	unsigned int bits;
	char text[UNIT_TEXT];
	uint64_t limit;

	if (check_channel(card, direction, channel))
		return STATUS_FAILED;

	alignment = cards_alignment(card, direction, channel, &granularity);
	if (address % alignment) {
		report("%s: address 0x%" PRIx64 " is not a multiple of %u bytes, which this card asks for",
		       name, address, alignment);
		return STATUS_FAILED;
	}
	if (known && length % granularity) {
		report("%s: length %" PRIu64 " is not a multiple of %u bytes, which this card asks for",
		       name, length, granularity);
		return STATUS_FAILED;
	}

	limit = exdma_card_aperture(card);
	bits = address_bits(card, direction, channel);
	if (bits < 63 && (!limit || limit > 1ull << bits))
		limit = 1ull << bits;
	if (!limit || limit > ADDRESS_MAX)
		limit = ADDRESS_MAX;
	if (address > limit || (known && length > limit - address)) {
		report("%s: this goes past the end of the card's memory, which is at 0x%" PRIx64 " (%s)",
		       name, limit, format_size(text, limit));
		return STATUS_FAILED;
	}
	return STATUS_OK;
}

int cards_warn_overwrite(const char *command, const struct exdma_card *card,
			 uint64_t address, uint64_t length, bool yes)
{
	char text[UNIT_TEXT];

	if (yes)
		return STATUS_OK;
	report("this overwrites the memory of %s from 0x%" PRIx64 " to 0x%" PRIx64 " (%s)",
	       exdma_card_name(card), address, address + length - 1,
	       format_size(text, length));
	if (!isatty(STDIN_FILENO))
		return STATUS_OK;
	report("if that is what you want: exdma %s --yes", command);
	return STATUS_USAGE;
}
