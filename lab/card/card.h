/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The whole card, without any transport: configuration space, BARs, guest
 * memory, interrupts out. Tests and the fuzzer drive it directly; vfio-user
 * does so through main.c.
 *
 * Locking: each function takes the card's lock (or guest memory's) itself and
 * may be called from any thread, but bus accesses of one requester come from
 * one thread, in order. No function waits for longer than one bounded copy of
 * an engine. Order of locks: card->lock, then irq sink's, guest memory's, or
 * the books' (all leaves).
 */
#ifndef CARD_CARD_H
#define CARD_CARD_H

#include "lab.h"

#define CARD_MAX_FAULTS	16u

enum card_bar { BAR_NONE, BAR_USER, BAR_DMA, BAR_BYPASS };

struct card_fault {
	uint32_t target, command, n, value;	/* as lab_fault() takes them */
};

struct card_config {
	struct xdma_setup xdma;
	uint16_t vendor, device;
	uint64_t mem_size, user_size, bypass_size;
	bool bars_64;
	bool msix, msi, intx;
	bool strict;
	bool d3_reset;
	struct card_fault fault[CARD_MAX_FAULTS];
	unsigned int faults;
};

struct card {
	struct card_config config;
	pthread_mutex_t lock;
	struct pciconf pci;
	struct guestmem host;
	struct cardmem axi;
	struct irq irq;
	struct xdma xdma;
	struct lab lab;
	struct books books;
	struct faults faults;
	bool gone;			/* pulled out, until gone_until (0: for ever) */
	uint64_t gone_until;
	enum card_bar bar[PCI_NUM_BARS];
};

/**
 * card_init() - build a card
 * @card: zeroed or garbage, is filled in
 * @config: what spec_parse() made, or a test
 * @sink: where interrupts go; called with the card's lock held
 * @sink_ctx: its argument
 * @lab_ops: how the lab block writes the books' file and ends the process, or NULL
 * @lab_ctx: its argument
 *
 * Return: 0 or -errno.
 */
int card_init(struct card *card, const struct card_config *config,
	      irq_sink sink, void *sink_ctx,
	      const struct lab_ops *lab_ops, void *lab_ctx);
void card_fini(struct card *card);

/**
 * card_bar_read() - the bus reads from a BAR
 * @card: the card
 * @index: BAR 0 .. 5
 * @off: offset in the BAR
 * @buf: where to
 * @len: bytes; a register takes aligned words, other accesses are made up of them
 *
 * Return: false when it does not lie in a BAR; then nothing was done.
 */
bool card_bar_read(struct card *card, unsigned int index, uint64_t off, void *buf, size_t len);
bool card_bar_write(struct card *card, unsigned int index, uint64_t off,
		    const void *buf, size_t len);

/* Configuration space; false when outside. A write may carry out an FLR. */
bool card_config_read(struct card *card, uint64_t off, void *buf, size_t len);
bool card_config_write(struct card *card, uint64_t off, const void *buf, size_t len);

/* Bus reset: as after power-on. Memory contents, mappings and books stay. */
void card_reset(struct card *card);

/* The client is gone: be there, reset, forget its memory, put faults back as configured. */
void card_disconnect(struct card *card);

/* Interrupt plumbing: see irq_attached() and irq_intx_unmask(). */
void card_irq_attached(struct card *card, enum irq_kind kind, unsigned int vector);
void card_intx_unmask(struct card *card);

#endif
