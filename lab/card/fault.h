/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is to go wrong: which faults are armed, for what, and how often each
 * struck. Knows nothing of what a fault does: the rooms where it happens
 * (engine.c, irq.c, card.c) ask here whether now is the time; the lab block
 * (lab.c) arms.
 *
 * A fault belongs to a place: the number of an engine as in the books (hang,
 * error, stale, corrupt), an interrupt source (lose, delay, duplicate), or 0
 * for the card (gone, refuse, die). What is not armed for a time to come has
 * only a count here (invent), or no state but its effect (slow: engine->rate).
 *
 * Locking: the caller holds the card's lock throughout.
 */
#ifndef CARD_FAULT_H
#define CARD_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "books.h"

#define FAULT_PLACES	24u		/* as many as interrupt sources */
#define FAULT_CARD	0u		/* the place of what is the whole card's */
#define FAULT_ALWAYS	UINT32_MAX	/* a count that never ends */

struct fault {
	bool armed;
	uint32_t left;		/* strikes, or descriptors until it does */
	uint32_t value;
};

/* Faults of the whole card; may be called by an engine's thread. */
struct fault_ops {
	void (*gone)(void *ctx, uint32_t ms);	/* gives up the lock while it waits */
	void (*die)(void *ctx);
};

struct faults {
	struct books *books;
	const struct fault_ops *ops;
	void *ctx;
	struct fault at[FAULT_KINDS][FAULT_PLACES];
};

void faults_init(struct faults *f, struct books *books, const struct fault_ops *ops, void *ctx);
void faults_disarm_all(struct faults *f);

void fault_arm(struct faults *f, enum fault_kind kind, unsigned int place, uint32_t n,
	       uint32_t value);
void fault_disarm(struct faults *f, enum fault_kind kind, unsigned int place);
bool fault_armed(const struct faults *f, enum fault_kind kind, unsigned int place);

/**
 * fault_strikes() - one of the next so many comes by
 * @f: the faults
 * @kind: which
 * @place: whose
 * @value: its value, if it strikes; may be NULL
 *
 * Return: true when it strikes; that is counted then.
 */
bool fault_strikes(struct faults *f, enum fault_kind kind, unsigned int place, uint32_t *value);

/**
 * fault_due() - a descriptor begins
 *
 * As fault_strikes(), for what strikes once, after so many descriptors.
 */
bool fault_due(struct faults *f, enum fault_kind kind, unsigned int place, uint32_t *value);

/* Count a fault that was not armed here. */
void fault_struck(struct faults *f, enum fault_kind kind);

/**
 * fault_card_due() - a descriptor of any engine begins: gone, or dead?
 *
 * Return: true when the card is gone now: its engines were reset.
 * Locking: gives up the lock when it strikes.
 */
bool fault_card_due(struct faults *f);

/* The same at once for one of the two, which is armed. */
void fault_card_now(struct faults *f, enum fault_kind kind);

#endif
