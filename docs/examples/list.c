// SPDX-License-Identifier: GPL-2.0-only
/*
 * list.c - every card, its channels, and what they have counted, with libexdma
 *
 *	cc -O2 -Wall list.c -o list -lexdma
 *
 * Opens no node, so it needs no privilege.
 */
#include <stdio.h>

#include <exdma/exdma.h>

/* Called for each counter; 0: go on. */
static int print_counter(void *context, const char *name, uint64_t value)
{
	unsigned int *printed = context;

	if (value) {
		printf("      %-20s %llu\n", name, (unsigned long long)value);
		++*printed;
	}
	return 0;
}

static void print_channel(const struct exdma_channel *channel)
{
	unsigned int printed = 0;

	printf("  %s: %s, %s, addresses in steps of %u, lengths of %u\n",
	       exdma_channel_node(channel),
	       exdma_channel_direction(channel) == EXDMA_DIR_H2C ? "host to card" :
								   "card to host",
	       exdma_channel_is_stream(channel) ? "stream" : "memory",
	       exdma_channel_alignment(channel),
	       exdma_channel_granularity(channel));
	if (exdma_channel_statistics(channel, print_counter, &printed))
		perror(exdma_channel_name(channel));
	else if (!printed)
		printf("      nothing was transferred yet\n");
}

static void print_card(const struct exdma_card *card)
{
	char speed[64];

	if (exdma_card_attribute(card, "device/current_link_speed", speed, sizeof(speed)))
		snprintf(speed, sizeof(speed), "unknown link");
	printf("%s: %s, driver %s, %s, %s\n", exdma_card_node(card), exdma_card_bus_id(card),
	       exdma_card_driver(card), exdma_card_interrupts(card), speed);
	if (exdma_card_aperture(card))
		printf("  %llu bytes of memory\n",
		       (unsigned long long)exdma_card_aperture(card));
	for (size_t i = 0; i < exdma_card_channel_count(card); i++)
		print_channel(exdma_card_channel_at(card, i));
}

int main(void)
{
	struct exdma_cards *cards = exdma_cards_new(NULL);

	if (!cards) {
		perror("list: is the module exdma loaded?");
		return 1;
	}
	if (!exdma_cards_count(cards))
		fprintf(stderr, "list: there is no card\n");
	for (size_t i = 0; i < exdma_cards_count(cards); i++)
		print_card(exdma_cards_at(cards, i));
	exdma_cards_free(cards);
	return 0;
}
