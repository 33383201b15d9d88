/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * card.h - what the library keeps of a card and its channels
 *
 * Filled by enumerate.c, read by card.c; programs see these types by name
 * only, so that fields can be added without breaking them.
 */
#ifndef EXDMA_LIB_CARD_H
#define EXDMA_LIB_CARD_H

#include <exdma/exdma.h>

struct exdma_channel {
	char *name;
	char *node;
	char *sysfs;
	unsigned int direction;
	unsigned int number;
	bool stream;
	unsigned int alignment;
	unsigned int granularity;
	unsigned int address_bits;
};

struct exdma_card {
	char *name;
	char *node;
	char *sysfs;
	unsigned int number;
	char bus_id[32];
	char driver[32];
	char interrupts[16];
	uint64_t aperture;
	struct exdma_channel *channels;
	size_t channel_count;
};

struct exdma_cards {
	struct exdma_card *card;
	size_t count;
};

#endif /* EXDMA_LIB_CARD_H */
