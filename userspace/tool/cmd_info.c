// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_info.c - exdma info: everything about a card
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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

static const char *way(const struct exdma_channel *channel)
{
	return direction_name(exdma_channel_direction(channel));
}

static const char *interface(const struct exdma_channel *channel)
{
	return exdma_channel_is_stream(channel) ? "stream" : "mm";
}

/* "-1" means that the machine has no such thing */
static bool has_numa_node(const struct description *about)
{
	return *about->numa_node && *about->numa_node != '-';
}

/* zero stands for "not known" */
static void json_known(struct json *json, const char *key, uint64_t value)
{
	if (value)
		json_number(json, key, value);
	else
		json_null(json, key);
}

static int json_statistic(void *context, const char *name, uint64_t value)
{
	json_number(context, name, value);
	return 0;
}

static void json_channel(struct json *json, const struct exdma_channel *channel)
{
	json_object(json, NULL);
	json_string(json, "name", exdma_channel_name(channel));
	json_string(json, "node", exdma_channel_node(channel));
	json_string(json, "direction", way(channel));
	json_number(json, "channel", exdma_channel_number(channel));
	json_string(json, "interface", interface(channel));
	json_number(json, "address_alignment",
		    exdma_channel_alignment(channel));
	json_number(json, "length_granularity",
		    exdma_channel_granularity(channel));
	json_known(json, "address_bits", exdma_channel_address_bits(channel));
	json_known(json, "max_segment", describe_segment(channel));
	json_object(json, "statistics");
	exdma_channel_statistics(channel, json_statistic, json);
	json_object_end(json);
	json_object_end(json);
}

static void json_card(struct json *json, const struct exdma_roots *roots,
		      const struct exdma_card *card)
{
	const struct exdma_channel *channel;
	struct description about;

	describe_card(roots, card, &about);
	json_object(json, NULL);
	json_number(json, "number", exdma_card_number(card));
	json_string(json, "name", exdma_card_name(card));
	json_string(json, "node", exdma_card_node(card));
	json_string(json, "pci", exdma_card_bus_id(card));
	json_string(json, "vendor", about.vendor);
	json_string(json, "device", about.device);
	json_string(json, "subsystem_vendor", about.subsystem_vendor);
	json_string(json, "subsystem_device", about.subsystem_device);
	json_string(json, "driver", exdma_card_driver(card));
	json_string(json, "driver_version", about.driver_version);
	json_string(json, "core_version", about.core_version);
	json_object(json, "link");
	json_string(json, "speed", about.link_speed);
	json_known(json, "width", strtoul(about.link_width, NULL, 10));
	json_string(json, "max_speed", about.max_link_speed);
	json_known(json, "max_width", strtoul(about.max_link_width, NULL, 10));
	json_object_end(json);
	if (has_numa_node(&about))
		json_number(json, "numa_node",
			    strtoul(about.numa_node, NULL, 10));
	else
		json_null(json, "numa_node");
	json_string(json, "interrupts", exdma_card_interrupts(card));
	json_known(json, "aperture", exdma_card_aperture(card));
	json_known(json, "max_inflight", about.max_inflight);
	json_array(json, "channels");
	for (size_t i = 0; (channel = exdma_card_channel_at(card, i)); i++)
		json_channel(json, channel);
	json_array_end(json);
	json_object_end(json);
}

static void line(const char *name, const char *text)
{
	if (*text)
		printf("  %-12s %s\n", name, text);
}

static void print_link(const struct description *about)
{
	if (!*about->link_speed)
		return;
	printf("  %-12s %s x%s", "link", about->link_speed, about->link_width);
	if (strcmp(about->link_speed, about->max_link_speed) ||
	    strcmp(about->link_width, about->max_link_width))
		printf(", though the card can do %s x%s", about->max_link_speed,
		       about->max_link_width);
	putchar('\n');
}

static void print_driver(const struct exdma_card *card,
			 const struct description *about)
{
	printf("  %-12s %s%s%s", "driver",
	       *exdma_card_driver(card) ? exdma_card_driver(card) : "unknown",
	       *about->driver_version ? " " : "", about->driver_version);
	if (*about->core_version)
		printf(", core %s", about->core_version);
	putchar('\n');
}

static void print_memory(const struct exdma_card *card)
{
	uint64_t aperture = exdma_card_aperture(card);
	char text[UNIT_TEXT];

	if (aperture)
		printf("  %-12s %s (0x%" PRIx64 ")\n", "memory",
		       format_size(text, aperture), aperture);
	else
		printf("  %-12s unbounded: its size is not known until someone sets %s/aperture\n",
		       "memory", exdma_card_sysfs(card));
}

static int print_statistic(void *context, const char *name, uint64_t value)
{
	(void)context;
	printf("    %-20s %" PRIu64 "\n", name, value);
	return 0;
}

static void print_channel(const struct exdma_channel *channel)
{
	unsigned int segment = describe_segment(channel);
	char text[UNIT_TEXT];

	printf("\n  %s: %s, %s\n", exdma_channel_name(channel),
	       exdma_channel_direction(channel) == EXDMA_DIR_H2C ?
		       "host to card" : "card to host",
	       exdma_channel_is_stream(channel) ? "stream" : "memory-mapped");
	printf("    %-20s %s\n", "node", exdma_channel_node(channel));
	printf("    %-20s %u\n", "address alignment",
	       exdma_channel_alignment(channel));
	printf("    %-20s %u\n", "length granularity",
	       exdma_channel_granularity(channel));
	if (exdma_channel_address_bits(channel))
		printf("    %-20s %u\n", "address bits",
		       exdma_channel_address_bits(channel));
	if (segment)
		printf("    %-20s %u (%s)\n", "longest segment", segment,
		       format_size(text, segment));
	exdma_channel_statistics(channel, print_statistic, NULL);
}

static void print_card(const struct exdma_roots *roots,
		       const struct exdma_card *card)
{
	const struct exdma_channel *channel;
	struct description about;
	char text[UNIT_TEXT];

	describe_card(roots, card, &about);
	printf("%s\n", exdma_card_name(card));
	line("node", exdma_card_node(card));
	line("PCI address", exdma_card_bus_id(card));
	if (*about.vendor)
		printf("  %-12s %s:%s, subsystem %s:%s\n", "PCI ID",
		       about.vendor, about.device, about.subsystem_vendor,
		       about.subsystem_device);
	print_driver(card, &about);
	print_link(&about);
	line("interrupts", exdma_card_interrupts(card));
	if (has_numa_node(&about))
		line("NUMA node", about.numa_node);
	print_memory(card);
	if (about.max_inflight)
		printf("  %-12s %s pinned per channel at most\n", "in flight",
		       format_size(text, about.max_inflight));
	for (size_t i = 0; (channel = exdma_card_channel_at(card, i)); i++)
		print_channel(channel);
}

/* the one that was asked for, or all */
static int describe_cards(const struct exdma_roots *roots,
			  const struct exdma_cards *cards, const char *name,
			  bool as_json)
{
	const struct exdma_card *only = NULL;
	const struct exdma_card *card;
	struct json json;
	int status;

	if (name) {
		status = cards_choose(cards, name, &only);
		if (status)
			return status;
	}
	if (as_json) {
		json_begin(&json, stdout);
		json_array(&json, "cards");
	}
	for (size_t i = 0; (card = exdma_cards_at(cards, i)); i++) {
		if (only && card != only)
			continue;
		if (as_json)
			json_card(&json, roots, card);
		else
			print_card(roots, card);
		if (!as_json && !only && exdma_cards_at(cards, i + 1))
			putchar('\n');
	}
	if (as_json) {
		json_array_end(&json);
		json_end(&json);
	}
	return STATUS_OK;
}

static int run_info(const struct command *command,
		    const struct exdma_roots *roots, int argc, char **argv)
{
	struct exdma_cards *cards;
	bool json = false;
	int first, status;

	first = options_parse(command, argc, argv, take, &json);
	if (first < 0)
		return options_status(first);
	if (argc - first > 1)
		return report_usage(command->name,
				    "info takes one card, or none for all");

	status = cards_load(roots, &cards);
	if (!status)
		status = describe_cards(roots, cards,
					first < argc ? argv[first] : NULL,
					json);
	exdma_cards_free(cards);
	return status;
}

static const struct option_text options[] = {
	OPTION_JSON_TEXT,
	{ 0 },
};

const struct command command_info = {
	.name = "info",
	.operands = "[CARD]",
	.summary = "everything about a card",
	.about = "Tells everything about CARD (0, exdma0 or a PCI address), or about all cards:\n"
		 "PCI link, interrupts, memory, and each channel with its rules and statistics.",
	.options = options,
	.run = run_info,
};
