/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a virtual card has for tests: its books, and its faults on command.
 */
#ifndef SELFTESTS_LAB_H
#define SELFTESTS_LAB_H

#include <lab-regs.h>

#include "card.h"

/*
 * The lab block of a virtual card; NULL if this card has none. Words at the
 * offsets of lab-regs.h.
 */
typedef volatile uint32_t *lab_t;

lab_t lab_map(const struct card *card);
uint64_t lab_count(lab_t lab, uint32_t engine, uint32_t counter);
uint32_t lab_engine(int dir, int channel);
void lab_fault(lab_t lab, uint32_t target, uint32_t command, uint32_t count);
void lab_fault_value(lab_t lab, uint32_t target, uint32_t command, uint32_t count,
		     uint32_t value);

/* What a target has of LAB_FAULT_IS_*. */
uint32_t lab_state(lab_t lab, uint32_t target);

/* Waits for what was written: the card has carried it out. */
void lab_sync(lab_t lab);

/*
 * Holding an engine: its next run gets stuck until it is let go, and nothing
 * behind it starts. lab_wait_held() waits until one is stuck, so that there is
 * something in flight that cannot end. lab_let_go_all() is for teardowns, and
 * finds a card that has been unbound.
 */
void lab_hold(lab_t lab, int dir, int channel);
void lab_let_go(lab_t lab, int dir, int channel);
bool lab_is_held(lab_t lab, int dir, int channel);
bool lab_wait_held(lab_t lab, int dir, int channel);
void lab_let_go_all(const struct card *card);

/* Runs by the books of the card, of all channels of a direction. */
uint64_t lab_runs(lab_t lab, const struct card *card, int dir);

#endif /* SELFTESTS_LAB_H */
