// SPDX-License-Identifier: GPL-2.0-only
/*
 * place.c - "file", "-", "0:0x1000", "exdma0_h2c1:4M+64K": where data is
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/exdma.h>

#include "place.h"
#include "units.h"

/* how many characters at the front of text are of this kind */
static size_t count(const char *text, int (*kind)(int c))
{
	size_t n = 0;

	while (kind((unsigned char)text[n]))
		n++;
	return n;
}

/* [0000:]01:00.0 */
static bool is_pci_address(const char *text)
{
	size_t n = count(text, isxdigit);

	if (n >= 4 && n <= 8 && text[n] == ':') {
		text += n + 1;
		n = count(text, isxdigit);
	}
	if (n != 2 || text[2] != ':')
		return false;
	text += 3;
	return count(text, isxdigit) == 2 && text[2] == '.' &&
	       text[3] >= '0' && text[3] <= '7' && !text[4];
}

/* a channel's number fits three digits by far */
static bool take_channel(const char *text, struct place *place)
{
	size_t digits;

	if (!strncmp(text, "_h2c", 4))
		place->direction = EXDMA_DIR_H2C;
	else if (!strncmp(text, "_c2h", 4))
		place->direction = EXDMA_DIR_C2H;
	else
		return false;
	text += 4;
	digits = count(text, isdigit);
	if (digits < 1 || digits > 3 || text[digits])
		return false;
	place->channel = atoi(text);
	return true;
}

/* the part before the colon: 0, exdma0, exdma0_h2c1, 0000:01:00.0 */
static bool is_card_name(const char *name, struct place *place)
{
	size_t digits = count(name, isdigit);

	snprintf(place->card, sizeof(place->card), "%s", name);
	if ((digits && !name[digits]) || is_pci_address(name))
		return true;
	if (strncmp(name, "exdma", 5))
		return false;
	digits = count(name + 5, isdigit);
	if (!digits)
		return false;
	if (!name[5 + digits])
		return true;
	if (!take_channel(name + 5 + digits, place))
		return false;
	place->card[5 + digits] = '\0';
	return true;
}

/* "0x1000" or "0x1000+16M" */
static int parse_range(const char *text, struct place *place)
{
	const char *plus = strchr(text, '+');
	char address[64];
	size_t len;

	len = plus ? (size_t)(plus - text) : strlen(text);
	if (len >= sizeof(address))
		return -1;
	memcpy(address, text, len);
	address[len] = '\0';
	if (parse_size(address, &place->address))
		return -1;
	return plus ? parse_size(plus + 1, &place->length) : 0;
}

int place_parse(const char *text, struct place *place)
{
	const char *colon = strrchr(text, ':');
	char name[sizeof(place->card)];
	size_t len;

	*place = (struct place) {
		.text = text,
		.direction = -1,
		.channel = -1,
		.length = LENGTH_UNKNOWN,
	};
	if (!colon || strchr(text, '/'))
		return 0;
	len = colon - text;
	if (len >= sizeof(name))
		return 0;
	memcpy(name, text, len);
	name[len] = '\0';
	if (!is_card_name(name, place)) {
		place->direction = -1;
		place->channel = -1;
		return 0;
	}
	place->is_card = true;
	return parse_range(colon + 1, place);
}
