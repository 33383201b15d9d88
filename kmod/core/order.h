/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - whose turn it is among the calls of one open file
 */
#ifndef EXDMA_CORE_ORDER_H
#define EXDMA_CORE_ORDER_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct exdma_turn;

/**
 * struct exdma_turn - one call's place in the order
 * @node: on &exdma_order.waiting, or on a list of those that may go now.
 * @alone: waits for all before it, and all behind it wait for it.
 * @waits: it is on &exdma_order.waiting; under the lock.
 * @go: its turn has come; process context. False: it is over already.
 */
struct exdma_turn {
	struct list_head node;
	bool alone;
	bool waits;
	bool (*go)(struct exdma_turn *turn);
};

/**
 * struct exdma_order - the calls of one open file
 * @lock: guards the rest; process context only; a leaf.
 * @running: calls whose turn it is.
 * @alone: it is the turn of one that is alone.
 * @admitting: somebody is letting those go whose turn has come; they are not to
 *	be overtaken.
 * @sequential: every call is to be alone.
 * @barrier: the next call is to be alone.
 * @waiting: those whose turn it is not yet, in order.
 */
struct exdma_order {
	spinlock_t lock;	/* see above */
	u32 running;
	bool alone;
	bool admitting;
	bool sequential;
	bool barrier;
	struct list_head waiting;
};

void exdma_order_init(struct exdma_order *order, bool sequential);
void exdma_order_set_sequential(struct exdma_order *order, bool sequential);
bool exdma_order_is_sequential(struct exdma_order *order);
void exdma_order_barrier(struct exdma_order *order);
bool exdma_order_claim(struct exdma_order *order, bool *barrier);
bool exdma_order_is_free(struct exdma_order *order);

bool exdma_order_try_enter(struct exdma_order *order, bool alone);
bool exdma_order_enter(struct exdma_order *order, struct exdma_turn *turn, bool alone);
int exdma_order_wait(struct exdma_order *order, bool alone);
bool exdma_order_is_watched(const struct exdma_order *order);
void exdma_order_leave(struct exdma_order *order);

#endif /* EXDMA_CORE_ORDER_H */
