/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * place.h - "file", "-", "0:0x1000", "exdma0_h2c1:4M+64K": where data is
 *
 * Pure functions on text.
 */
#ifndef EXDMA_TOOL_PLACE_H
#define EXDMA_TOOL_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#define LENGTH_UNKNOWN	UINT64_MAX

/**
 * struct place - one side of a copy as the user wrote it
 * @text: the whole of it; a file is called by this
 * @is_card: an address on a card, not a file
 * @card: name of the card, as exdma_cards_find() takes it
 * @direction: EXDMA_DIR_* when the name is that of a channel node, else -1
 * @channel: its number, else -1
 * @address: first byte on the card
 * @length: bytes, or LENGTH_UNKNOWN
 */
struct place {
	const char *text;
	bool is_card;
	char card[32];
	int direction;
	int channel;
	uint64_t address;
	uint64_t length;
};

/**
 * place_parse() - understand one operand of copy
 * @text: the operand
 * @place: filled in
 *
 * A card is meant if the text before the last colon is a number, exdmaN, the
 * name of a channel node, or a PCI address. Anything else, and all that has a
 * slash in it, is a file.
 *
 * Return: 0, or -1 if it names a card but address or length make no sense.
 */
int place_parse(const char *text, struct place *place);

#endif /* EXDMA_TOOL_PLACE_H */
