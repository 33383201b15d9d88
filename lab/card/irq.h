/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The interrupt block: enables, vectors, requests, and when a message goes
 * out. Knows the lines of the channels and of the user logic, nothing of why
 * they rise; hands messages to a sink and does not know what that is.
 *
 * The rule (PG195): a message is sent on each 0 -> 1 of (line & enable). So it
 * is sent when a line rises while enabled and when an enable is set while the
 * line is already high; a line that stays high sends nothing more. No edge is
 * stored: requests are compared before and after each change.
 *
 * Locking: the caller holds the card's lock throughout.
 */
#ifndef CARD_IRQ_H
#define CARD_IRQ_H

#include <stdbool.h>
#include <stdint.h>

#include "fault.h"
#include "irqlate.h"
#include "pciconf.h"

#define IRQ_CHANNELS	8u
#define IRQ_USERS	16u
#define IRQ_SOURCES	(IRQ_CHANNELS + IRQ_USERS)
#define IRQ_MAX_INVENTED	65536u

/* Deliver one message; false when nobody listens on that vector yet. */
typedef bool (*irq_sink)(void *ctx, enum irq_kind kind, unsigned int vector);

struct irq {
	struct pciconf *pci;
	struct books *books;
	struct faults *faults;
	irq_sink sink;
	void *sink_ctx;
	uint32_t chan_bits;		/* channels that are there */

	uint32_t user_enable, chan_enable;
	uint32_t user_lines, chan_lines;
	uint8_t user_vector[IRQ_USERS], chan_vector[IRQ_CHANNELS];
	uint32_t msix_pending;		/* messages that nobody listened to */
	uint32_t user_acks;		/* messages sent for user lines */

	/* INTx: a level; the client masks it at each delivery */
	bool intx_masked;

	/* faults */
	uint32_t swallowed;		/* lines whose request was lost */
	uint32_t intx_again;		/* assertions to come that no line asks for */
	struct irqlate late;		/* what goes out later */
};

void irq_init(struct irq *irq, struct pciconf *pci, struct books *books, struct faults *faults,
	      unsigned int channels, irq_sink sink, void *ctx);

/*
 * Start and stop sending late messages by themselves. Return: 0 or -errno.
 * Locking: without @lock, the card's.
 */
int irq_start(struct irq *irq, pthread_mutex_t *lock);
void irq_stop(struct irq *irq);

void irq_reset(struct irq *irq);

/* Registers at 0x2000, byte offset within the block. */
uint32_t irq_read(struct irq *irq, uint32_t byte);
void irq_write(struct irq *irq, uint32_t byte, uint32_t value);

/* A channel's line, OR of status and mask; the number is packed, H2C first. */
void irq_set_channel(struct irq *irq, unsigned int channel, bool high);

/* All user lines at once. */
void irq_set_user(struct irq *irq, uint32_t lines);

/* Something listens on this vector from now on: what was missed is sent. */
void irq_attached(struct irq *irq, enum irq_kind kind, unsigned int vector);

/* The client takes the next INTx. */
void irq_intx_unmask(struct irq *irq);

/* Configuration space changed: INTx may have been disabled or enabled. */
void irq_config_changed(struct irq *irq);

/* Send what is late by now. Return: when the next will be, 0 for never. */
uint64_t irq_send_late(struct irq *irq);

/* Send all that was held back, forget what else is to come. */
void irq_flush_late(struct irq *irq);

/**
 * irq_invent() - messages for nothing
 * @irq: the block
 * @source: whose (channels first, then user lines)
 * @n: how many; IRQ_MAX_INVENTED at most
 * @period_ns: from one to the next; 0: all at once
 */
void irq_invent(struct irq *irq, unsigned int source, uint32_t n, uint64_t period_ns);

#endif
