// SPDX-License-Identifier: GPL-2.0-only
/*
 * check_counters.c - doctor: what has gone wrong since the cards were bound?
 *
 * Counters never go back, so what they tell may be long ago and understood.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "files.h"

/* A counter that should be 0, and what it means if it is not. */
static const struct trouble {
	const char *counter;
	enum level level;
	const char *id;
	const char *text;
	const char *advice;
} troubles[] = {
	{ "errors", LEVEL_WARNING, "errors-counted",
	  "runs that the card stopped with an error",
	  "the kernel log says where: sudo dmesg | grep exdma; usually no memory at that address" },
	{ "timeouts", LEVEL_WARNING, "timeouts-counted",
	  "runs that stood still until the time was over",
	  "the logic behind the DMA engine does not answer, or timeout_ms is too short for it" },
	{ "lost_interrupts", LEVEL_WARNING, "interrupts-lost",
	  "interrupts that came too late, or not at all: the watchdog found their runs through",
	  "a machine that is virtual, or too busy, delays them; else look at /proc/interrupts, and try modprobe exdma_xdma interrupts=msi" },
	{ "spurious_interrupts", LEVEL_NOTE, "interrupts-spurious",
	  "interrupts that came for nothing", NULL },
};

static void check_channel(struct doctor *doctor,
			  const struct exdma_channel *channel)
{
	uint64_t value;

	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		const struct trouble *trouble = &troubles[i];

		if (exdma_channel_statistic(channel, trouble->counter, &value) ||
		    !value)
			continue;
		doctor_found(doctor, trouble->level, trouble->id,
			     exdma_channel_name(channel), "%" PRIu64 " %s",
			     value, trouble->text);
		if (trouble->advice)
			doctor_advise(doctor, "%s", trouble->advice);
	}
}

static int check_event(void *context, const char *name)
{
	struct doctor *doctor = context;
	uint64_t value;

	if (!strstr(name, "_event") ||
	    !file_number(&value, "%s/class/exdma/%s/throttled", doctor->sysfs,
			 name) ||
	    !value)
		return 0;
	doctor_found(doctor, LEVEL_WARNING, "event-throttled", name,
		     "the line was kept down %" PRIu64 " times, because events came too fast",
		     value);
	doctor_advise(doctor, "does the logic lower the line once it is serviced? Else raise /sys/module/exdma/parameters/event_limit");
	return 0;
}

static void check_resets(struct doctor *doctor, const struct exdma_card *card)
{
	char text[32];

	if (exdma_card_attribute(card, "resets", text, sizeof(text)) ||
	    !strcmp(text, "0"))
		return;
	doctor_found(doctor, LEVEL_NOTE, "resets", exdma_card_name(card),
		     "was reset, or without power, %s times since its driver was bound: what its memory held before may be gone",
		     text);
	doctor_advise(doctor, "the kernel log says why: sudo dmesg | grep %s",
		      exdma_card_bus_id(card));
}

void check_counters(struct doctor *doctor)
{
	const struct exdma_channel *channel;
	const struct exdma_card *card;
	size_t before = doctor->count;

	if (!doctor->cards)
		return;
	for (size_t i = 0; (card = exdma_cards_at(doctor->cards, i)); i++) {
		check_resets(doctor, card);
		for (size_t k = 0; (channel = exdma_card_channel_at(card, k)); k++)
			check_channel(doctor, channel);
	}
	file_each(check_event, doctor, "%s/class/exdma", doctor->sysfs);
	if (doctor->count == before && exdma_cards_count(doctor->cards))
		doctor_found(doctor, LEVEL_OK, "counters", "exdma",
			     "no error, time-out, lost interrupt or reset was counted");
}
