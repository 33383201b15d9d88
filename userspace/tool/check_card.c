// SPDX-License-Identifier: GPL-2.0-only
/*
 * check_card.c - doctor: has each card got from the system what it could have?
 *
 * Facts about registers: PCI Express Base Specification, PCI Express capability
 * structure. Beyond the first 64 bytes only root may read configuration space.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "files.h"

#define CONFIG_BYTES	256
#define CAP_POINTER	0x34
#define CAP_MSIX	0x11
#define CAP_EXPRESS	0x10
#define DEVCAP		4	/* offsets in the PCI Express capability */
#define DEVCTL		8
#define LEAST_MRRS	512u

struct config {
	unsigned char byte[CONFIG_BYTES];
	size_t bytes;
};

static unsigned int word_at(const struct config *config, unsigned int at)
{
	return config->byte[at] | config->byte[at + 1] << 8;
}

/* offset of a capability, or 0 */
static unsigned int find_cap(const struct config *config, unsigned int id)
{
	unsigned int at, steps = 0;

	if (config->bytes < CONFIG_BYTES)
		return 0;
	at = config->byte[CAP_POINTER] & ~3u;
	while (at >= 0x40 && at <= CONFIG_BYTES - 16 && steps++ < 48) {
		if (config->byte[at] == id)
			return at;
		at = config->byte[at + 1] & ~3u;
	}
	return 0;
}

static void load_config(struct config *config, const struct exdma_card *card,
			const char *which)
{
	config->bytes = file_bytes(config->byte, CONFIG_BYTES,
				   "%s/device/%sconfig",
				   exdma_card_sysfs(card), which);
}

/* the lesser of what card and slot can do; 0 if neither tells */
static double lesser(double card, double slot)
{
	if (card <= 0 || slot <= 0)
		return card > slot ? card : slot;
	return card < slot ? card : slot;
}

static double attribute(const struct exdma_card *card, const char *name)
{
	char text[64];

	return exdma_card_attribute(card, name, text, sizeof(text)) ?
		       0 : strtod(text, NULL);
}

static void check_link(struct doctor *doctor, const struct exdma_card *card)
{
	double speed = attribute(card, "device/current_link_speed");
	double width = attribute(card, "device/current_link_width");
	double own_speed = attribute(card, "device/max_link_speed");
	double own_width = attribute(card, "device/max_link_width");
	/* what the card is plugged into, which is the device above it */
	double slot_speed = attribute(card, "device/../max_link_speed");
	double slot_width = attribute(card, "device/../max_link_width");
	const char *name = exdma_card_name(card);

	if (speed <= 0 || width <= 0) {
		doctor_found(doctor, LEVEL_OK, "link", name,
			     "says nothing of a PCI Express link");
		return;
	}
	if (speed < lesser(own_speed, slot_speed) ||
	    width < lesser(own_width, slot_width)) {
		doctor_found(doctor, LEVEL_WARNING, "link-degraded", name,
			     "the link runs at %g GT/s x%g, though card and slot can do %g GT/s x%g",
			     speed, width, lesser(own_speed, slot_speed),
			     lesser(own_width, slot_width));
		doctor_advise(doctor, "seat the card anew, try another slot or riser; \"lspci -vv -s %s\" shows both ends",
			      exdma_card_bus_id(card));
	} else if (speed < own_speed || width < own_width) {
		doctor_found(doctor, LEVEL_WARNING, "link-slot", name,
			     "the link runs at %g GT/s x%g, which is what the slot can do; the card could do %g GT/s x%g",
			     speed, width, own_speed, own_width);
		doctor_advise(doctor, "put the card into another slot, if it is to be faster");
	} else {
		doctor_found(doctor, LEVEL_OK, "link", name,
			     "%g GT/s x%g, all that the card can do", speed,
			     width);
	}
}

/* bytes: 128 << code, of Max_Payload_Size and Max_Read_Request_Size */
static unsigned int size_of(unsigned int code)
{
	return 128u << (code & 7);
}

static void check_payload(struct doctor *doctor, const struct exdma_card *card)
{
	const char *name = exdma_card_name(card);
	unsigned int cap, payload, possible, request;
	struct config own, slot;

	load_config(&own, card, "");
	load_config(&slot, card, "../");
	cap = find_cap(&own, CAP_EXPRESS);
	if (!cap) {
		doctor_found(doctor, LEVEL_OK, "packet-sizes", name,
			     own.bytes < CONFIG_BYTES ?
				     "MPS and MRRS can only be seen by root" :
				     "no PCI Express capability");
		return;
	}
	possible = size_of(word_at(&own, cap + DEVCAP));
	payload = size_of(word_at(&own, cap + DEVCTL) >> 5);
	request = size_of(word_at(&own, cap + DEVCTL) >> 12);
	cap = find_cap(&slot, CAP_EXPRESS);
	if (cap && size_of(word_at(&slot, cap + DEVCAP)) < possible)
		possible = size_of(word_at(&slot, cap + DEVCAP));

	if (payload < possible && cap) {
		doctor_found(doctor, LEVEL_WARNING, "mps-small", name,
			     "the maximum payload is set to %u bytes, though card and slot can do %u",
			     payload, possible);
		doctor_advise(doctor, "boot with pci=pcie_bus_perf, or look for it in the firmware's setup");
	}
	if (request < LEAST_MRRS) {
		doctor_found(doctor, LEVEL_WARNING, "mrrs-small", name,
			     "the card may read no more than %u bytes of memory at a time: host to card is slow",
			     request);
		doctor_advise(doctor, "boot with pci=pcie_bus_perf, or: sudo setpci -s %s CAP_EXP+8.w=2000:7000",
			      exdma_card_bus_id(card));
	}
	if (request >= LEAST_MRRS && (payload >= possible || !cap))
		doctor_found(doctor, LEVEL_OK, "packet-sizes", name,
			     "MPS %u, MRRS %u bytes", payload, request);
}

static int count_name(void *context, const char *name)
{
	unsigned int *count = context;

	(void)name;
	++*count;
	return 0;
}

struct counted {
	const char *prefix;
	unsigned int count;
};

static int count_prefix(void *context, const char *name)
{
	struct counted *counted = context;

	counted->count += !strncmp(name, counted->prefix,
				   strlen(counted->prefix));
	return 0;
}

static void few_vectors(struct doctor *doctor, const struct exdma_card *card,
			unsigned int vectors, unsigned int lines)
{
	uint64_t limit;

	doctor_found(doctor, LEVEL_WARNING, "few-vectors",
		     exdma_card_name(card),
		     "has %u MSI-X vectors for %u channels and events: some events share one",
		     vectors, lines);
	if (file_number(&limit, "%s/module/exdma_xdma/parameters/event_vectors",
			doctor->sysfs) && limit < 16)
		doctor_advise(doctor, "the module was loaded with event_vectors=%u; without it there are up to 16",
			      (unsigned int)limit);
	else
		doctor_advise(doctor, "the card's IP was configured with so few, or the host is short of vectors: sudo dmesg, lspci -vv -s %s",
			      exdma_card_bus_id(card));
}

static void check_interrupts(struct doctor *doctor,
			     const struct exdma_card *card)
{
	const char *kind = exdma_card_interrupts(card);
	const char *name = exdma_card_name(card);
	unsigned int vectors = 0, lines;
	struct counted events;
	struct config config;
	char prefix[64], asked[16];

	if (strcmp(kind, "msix")) {
		load_config(&config, card, "");
		if (config.bytes == CONFIG_BYTES &&
		    !find_cap(&config, CAP_MSIX)) {
			doctor_found(doctor, LEVEL_OK, "interrupts", name,
				     "%s; the card has no MSI-X", kind);
			return;
		}
		doctor_found(doctor, LEVEL_WARNING, "interrupts-shared", name,
			     "has %s instead of MSI-X: one interrupt for all channels, and the driver must ask the card whose it is",
			     kind);
		if (file_line(asked, sizeof(asked),
			      "%s/module/exdma_xdma/parameters/interrupts",
			      doctor->sysfs) && strcmp(asked, "auto"))
			doctor_advise(doctor, "the module was loaded with interrupts=%s; take that out of /etc/modprobe.d",
				      asked);
		else
			doctor_advise(doctor, "enable MSI-X in the card's IP; look that the kernel was not booted with pci=nomsi");
		return;
	}
	snprintf(prefix, sizeof(prefix), "%s_event", name);
	events = (struct counted) { .prefix = prefix };
	file_each(count_prefix, &events, "%s/class/exdma", doctor->sysfs);
	file_each(count_name, &vectors, "%s/device/msi_irqs",
		  exdma_card_sysfs(card));
	lines = exdma_card_channel_count(card) + events.count;
	if (vectors && vectors < lines)
		few_vectors(doctor, card, vectors, lines);
	else
		doctor_found(doctor, LEVEL_OK, "interrupts", name,
			     "MSI-X, %u vectors for %u channels and events",
			     vectors, lines);
}

static void check_iommu(struct doctor *doctor, const struct exdma_card *card)
{
	const char *name = exdma_card_name(card);
	char type[32];

	if (!file_exists("%s/device/iommu_group", exdma_card_sysfs(card))) {
		doctor_found(doctor, LEVEL_OK, "iommu", name,
			     "none: addresses are not translated, and the card could reach all memory");
		return;
	}
	file_line(type, sizeof(type), "%s/device/iommu_group/type",
		  exdma_card_sysfs(card));
	if (strcmp(type, "DMA")) {
		doctor_found(doctor, LEVEL_OK, "iommu", name, "%s",
			     !strcmp(type, "identity") ?
				     "passes addresses through" :
				     "translates, and forgets lazily");
		return;
	}
	doctor_found(doctor, LEVEL_NOTE, "iommu-strict", name,
		     "the IOMMU is strict: each transfer that is mapped pays for a flush");
	doctor_advise(doctor, "safest as it is; faster with iommu.strict=0 on the kernel's command line, fastest with iommu=pt");
}

static void check_aperture(struct doctor *doctor,
			   const struct exdma_card *card)
{
	const struct exdma_channel *channel;
	bool addresses = false;

	for (size_t i = 0; (channel = exdma_card_channel_at(card, i)); i++)
		addresses |= !exdma_channel_is_stream(channel);
	if (!addresses)
		return;
	if (exdma_card_aperture(card)) {
		doctor_found(doctor, LEVEL_OK, "aperture",
			     exdma_card_name(card), "set");
		return;
	}
	doctor_found(doctor, LEVEL_NOTE, "aperture-unset",
		     exdma_card_name(card),
		     "nobody has said how much memory the card has: what goes beyond it ends with an error of the card, EIO");
	doctor_advise(doctor, "echo BYTES | sudo tee /sys/class/exdma/%s/aperture; 70-exdma.rules shows how to do it at each boot",
		      exdma_card_name(card));
}

/* A device that has left the bus answers with all ones. */
static bool is_gone(struct doctor *doctor, const struct exdma_card *card)
{
	unsigned char id[2];

	if (file_bytes(id, sizeof(id), "%s/device/config",
		       exdma_card_sysfs(card)) != sizeof(id) ||
	    id[0] != 0xff || id[1] != 0xff)
		return false;
	doctor_found(doctor, LEVEL_ERROR, "card-gone", exdma_card_name(card),
		     "does not answer any more: it has lost power or link, or the FPGA was programmed anew");
	doctor_advise(doctor, "echo 1 | sudo tee /sys/bus/pci/devices/%s/remove; echo 1 | sudo tee /sys/bus/pci/rescan",
		      exdma_card_bus_id(card));
	doctor_advise(doctor, "if it is still not there, switch the machine off and on");
	return true;
}

void check_cards(struct doctor *doctor)
{
	const struct exdma_card *card;

	for (size_t i = 0; doctor->cards &&
			   (card = exdma_cards_at(doctor->cards, i)); i++) {
		if (is_gone(doctor, card))
			continue;
		check_link(doctor, card);
		check_payload(doctor, card);
		check_interrupts(doctor, card);
		check_iommu(doctor, card);
		check_aperture(doctor, card);
	}
}
