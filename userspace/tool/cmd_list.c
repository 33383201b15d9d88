// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_list.c - exdma list: which cards are there?
 */
#include <stdio.h>
#include <string.h>

#include "cards.h"
#include "commands.h"
#include "describe.h"
#include "json.h"
#include "report.h"
#include "units.h"

static int take(void *context, int key, const char *argument)
{
	bool *json = context;

	(void)key;
	(void)argument;
	*json = true;
	return 0;
}

static void print_json(const struct exdma_cards *cards)
{
	const struct exdma_channel *channel;
	const struct exdma_card *card;
	struct json json;

	json_begin(&json, stdout);
	json_array(&json, "cards");
	for (size_t i = 0; cards && (card = exdma_cards_at(cards, i)); i++) {
		json_object(&json, NULL);
		json_number(&json, "number", exdma_card_number(card));
		json_string(&json, "pci", exdma_card_bus_id(card));
		json_string(&json, "driver", exdma_card_driver(card));
		json_number(&json, "h2c_channels",
			    describe_channels(card, EXDMA_DIR_H2C));
		json_number(&json, "c2h_channels",
			    describe_channels(card, EXDMA_DIR_C2H));
		if (exdma_card_aperture(card))
			json_number(&json, "aperture",
				    exdma_card_aperture(card));
		else
			json_null(&json, "aperture");
		json_array(&json, "nodes");
		json_string(&json, NULL, exdma_card_node(card));
		for (size_t k = 0; (channel = exdma_card_channel_at(card, k));
		     k++)
			json_string(&json, NULL, exdma_channel_node(channel));
		json_array_end(&json);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_end(&json);
}

static const char *or_dash(const char *text)
{
	return *text ? text : "-";
}

/* exdma0 and exdma0_h2c0-3: a run of channels in a few characters */
static void print_nodes(const struct exdma_card *card, unsigned int direction)
{
	const struct exdma_channel *channel, *next;

	for (size_t i = 0; (channel = exdma_card_channel_at(card, i)); i++) {
		unsigned int last = exdma_channel_number(channel);

		if (exdma_channel_direction(channel) != direction)
			continue;
		printf(" %s", exdma_channel_name(channel));
		while ((next = exdma_card_channel_at(card, i + 1)) &&
		       exdma_channel_direction(next) == direction &&
		       exdma_channel_number(next) == last + 1) {
			last++;
			i++;
		}
		if (last != exdma_channel_number(channel))
			printf("-%u", last);
	}
}

static void print_table(const struct exdma_cards *cards)
{
	const struct exdma_card *card;
	char channels[32];
	char memory[UNIT_TEXT];

	printf("%-4s  %-12s  %-11s  %-14s  %-10s  %s\n", "CARD", "PCI",
	       "DRIVER", "CHANNELS", "MEMORY", "NODES IN /dev");
	for (size_t i = 0; (card = exdma_cards_at(cards, i)); i++) {
		snprintf(channels, sizeof(channels), "%u h2c, %u c2h",
			 describe_channels(card, EXDMA_DIR_H2C),
			 describe_channels(card, EXDMA_DIR_C2H));
		if (exdma_card_aperture(card))
			format_size(memory, exdma_card_aperture(card));
		else
			snprintf(memory, sizeof(memory), "unbounded");
		printf("%-4u  %-12s  %-11s  %-14s  %-10s  %s",
		       exdma_card_number(card),
		       or_dash(exdma_card_bus_id(card)),
		       or_dash(exdma_card_driver(card)), channels, memory,
		       exdma_card_name(card));
		print_nodes(card, EXDMA_DIR_H2C);
		print_nodes(card, EXDMA_DIR_C2H);
		putchar('\n');
	}
}

static int run_list(const struct command *command,
		    const struct exdma_roots *roots, int argc, char **argv)
{
	struct exdma_cards *cards;
	bool json = false;
	int first, status;

	first = options_parse(command, argc, argv, take, &json);
	if (first < 0)
		return options_status(first);
	if (first < argc)
		return report_usage(command->name,
				    "list takes no operands: \"exdma info %s\" tells more of one card",
				    argv[first]);

	status = cards_load(roots, &cards);
	if (json)
		print_json(cards);
	else if (!status)
		print_table(cards);
	exdma_cards_free(cards);
	return status;
}

static const struct option_text options[] = {
	OPTION_JSON_TEXT,
	{ 0 },
};

const struct command command_list = {
	.name = "list",
	.operands = "",
	.summary = "list the cards",
	.about = "Lists the cards that the driver runs: number, PCI address, driver, channels,\n"
		 "size of the memory, and nodes. Status 1 if there is none.",
	.options = options,
	.run = run_list,
};
