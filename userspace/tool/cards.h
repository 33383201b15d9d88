/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cards.h - which card did the user mean, and may this range be moved?
 *
 * Says on stderr what is wrong, and with it what to do.
 */
#ifndef EXDMA_TOOL_CARDS_H
#define EXDMA_TOOL_CARDS_H

#include <exdma/exdma.h>

/* no channel asked for: the card's own node, and the driver chooses */
#define ANY_CHANNEL	(-1)

/**
 * cards_load() - list the cards; having none is a failure
 * @roots: where to look
 * @cards: receives the list; an empty one is given back too, NULL if the
 *	   class could not be read
 *
 * Return: STATUS_OK or STATUS_FAILED. exdma_cards_free() is due in both cases.
 */
int cards_load(const struct exdma_roots *roots, struct exdma_cards **cards);

/**
 * cards_choose() - the card that is called @name, or the only one
 * @cards: a list that is not empty
 * @name: what the user called it, or NULL
 * @card: receives it
 *
 * Return: STATUS_OK, STATUS_FAILED if there is no such card, STATUS_USAGE if
 * there are several and none was named.
 */
int cards_choose(const struct exdma_cards *cards, const char *name,
		 const struct exdma_card **card);

/**
 * cards_check_range() - refuse early what the driver would refuse
 * @card: a card
 * @direction: EXDMA_DIR_H2C or EXDMA_DIR_C2H
 * @channel: number of a channel, or ANY_CHANNEL
 * @address: first byte on the card
 * @length: bytes, or UINT64_MAX when not known yet
 *
 * Looks at: does the channel exist, has it addresses, alignment, granularity,
 * address bits, aperture.
 *
 * Return: STATUS_OK or STATUS_FAILED.
 */
int cards_check_range(const struct exdma_card *card, unsigned int direction,
		      int channel, uint64_t address, uint64_t length);

/**
 * cards_alignment() - what addresses and lengths have to be multiples of
 * @card: a card
 * @direction: EXDMA_DIR_H2C or EXDMA_DIR_C2H
 * @channel: number of a channel, or ANY_CHANNEL for all of this direction
 * @granularity: receives the multiple for lengths
 *
 * Return: the multiple for addresses; 1 if nothing is asked for.
 */
unsigned int cards_alignment(const struct exdma_card *card,
			     unsigned int direction, int channel,
			     unsigned int *granularity);

/**
 * cards_warn_overwrite() - the command is about to destroy card memory
 * @command: name of the command
 * @card: whose memory
 * @address: first byte
 * @length: bytes
 * @yes: the user has said --yes
 *
 * Return: STATUS_OK, or STATUS_USAGE when a person sits at stdin who has not
 * said yes.
 */
int cards_warn_overwrite(const char *command, const struct exdma_card *card,
			 uint64_t address, uint64_t length, bool yes);

#endif /* EXDMA_TOOL_CARDS_H */
