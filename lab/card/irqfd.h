/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Eventfds by interrupt kind and vector: what the client listens on. Knows
 * nothing of devices.
 *
 * Locking: a mutex inside, a leaf; held over the (never blocking) write, so
 * that a descriptor cannot be closed under it.
 */
#ifndef CARD_IRQFD_H
#define CARD_IRQFD_H

#include <pthread.h>
#include <stdbool.h>

#include "pciconf.h"

struct irqfd {
	pthread_mutex_t lock;
	int intx, msi[32], msix[PCI_MSIX_VECTORS];
	int err, req;	/* kept for the client, never signalled */
};

void irqfd_init(struct irqfd *t);
void irqfd_fini(struct irqfd *t);

/* Take over @fd for a vector, or detach with -1. The old one is closed. */
void irqfd_set(struct irqfd *t, enum irq_kind kind, unsigned int vector, int fd);

/* The two that are only kept: error (0) and request (1). */
void irqfd_set_other(struct irqfd *t, unsigned int which, int fd);

/* Close all. */
void irqfd_clear(struct irqfd *t);

/* Signal; false when nobody listens. */
bool irqfd_signal(struct irqfd *t, enum irq_kind kind, unsigned int vector);

#endif
