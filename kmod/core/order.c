// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - whose turn it is among the calls of one open file
 *
 * As a rule nobody waits: calls are parallel. A call that is alone (a barrier,
 * or any call of a sequential file) waits for all before it, and all behind it
 * wait for it: a first-come reader-writer lock, that asynchronous calls can
 * wait for too. Knows nothing of what a call does.
 *
 * A call enters, does its work, and leaves before its owner learns of its end,
 * so that the open file, and with it the order, is still there. Where one that
 * waits would then be told before it, the owner learns first, and the call keeps
 * the file open itself until it has left.
 */
#include <linux/completion.h>
#include <linux/sched/signal.h>

#include "mark.h"
#include "order.h"

/* May one more go, given those whose turn it is? */
static bool order_admits(const struct exdma_order *order, bool alone)
{
	return alone ? !order->running : !order->alone;
}

static void order_admit(struct exdma_order *order, bool alone)
{
	order->running++;
	WRITE_ONCE(order->alone, alone);
}

/* The same for one that is not in the line yet. */
static bool order_admits_new(const struct exdma_order *order, bool alone)
{
	return !order->admitting && list_empty(&order->waiting) && order_admits(order, alone);
}

/**
 * exdma_order_init - an order without calls
 * @order: the order.
 * @sequential: every call is alone.
 */
void exdma_order_init(struct exdma_order *order, bool sequential)
{
	spin_lock_init(&order->lock);
	INIT_LIST_HEAD(&order->waiting);
	order->running = 0;
	order->alone = false;
	order->admitting = false;
	order->sequential = sequential;
	order->barrier = false;
}

/**
 * exdma_order_set_sequential - from now on
 * @order: the order.
 * @sequential: every call is alone.
 */
void exdma_order_set_sequential(struct exdma_order *order, bool sequential)
{
	spin_lock(&order->lock);
	/* exdma_order_is_sequential() does without the lock. */
	WRITE_ONCE(order->sequential, sequential);
	spin_unlock(&order->lock);
}

/**
 * exdma_order_is_sequential - is every call to be alone?
 * @order: the order.
 */
bool exdma_order_is_sequential(struct exdma_order *order)
{
	return READ_ONCE(order->sequential);
}

/**
 * exdma_order_barrier - the next call will be alone
 * @order: the order.
 */
void exdma_order_barrier(struct exdma_order *order)
{
	spin_lock(&order->lock);
	order->barrier = true;
	spin_unlock(&order->lock);
}

/**
 * exdma_order_claim - is the next call to be alone? It is us.
 * @order: the order.
 * @barrier: receives whether a barrier was taken for that; if nothing comes of
 *	the call, it is put back by exdma_order_barrier().
 *
 * Return: true if the file is sequential, or a barrier was due.
 */
bool exdma_order_claim(struct exdma_order *order, bool *barrier)
{
	bool alone;

	spin_lock(&order->lock);
	*barrier = order->barrier;
	order->barrier = false;
	alone = order->sequential || *barrier;
	spin_unlock(&order->lock);
	return alone;
}

/**
 * exdma_order_is_free - would a call that may not wait be let in now?
 * @order: the order.
 */
bool exdma_order_is_free(struct exdma_order *order)
{
	bool is_free;

	spin_lock(&order->lock);
	is_free = order_admits_new(order, order->sequential || order->barrier);
	spin_unlock(&order->lock);
	return is_free;
}

/**
 * exdma_order_try_enter - if it is our turn at once
 * @order: the order.
 * @alone: wait for all before, and let all behind wait.
 *
 * Return: true: go, and exdma_order_leave() later. False: nothing has changed.
 */
bool exdma_order_try_enter(struct exdma_order *order, bool alone)
{
	bool ours;

	spin_lock(&order->lock);
	ours = order_admits_new(order, alone);
	if (ours)
		order_admit(order, alone);
	spin_unlock(&order->lock);
	return ours;
}

/**
 * exdma_order_enter - now or later
 * @order: the order.
 * @turn: with @go set up; not touched any more once it has been called.
 * @alone: wait for all before, and let all behind wait.
 *
 * Return: true if it is our turn now, and @go will not be called.
 */
bool exdma_order_enter(struct exdma_order *order, struct exdma_turn *turn, bool alone)
{
	spin_lock(&order->lock);
	turn->alone = alone;
	turn->waits = !order_admits_new(order, alone);
	if (turn->waits)
		list_add_tail(&turn->node, &order->waiting);
	else
		order_admit(order, alone);
	alone = turn->waits;
	spin_unlock(&order->lock);
	return !alone;
}

/* Moves those whose turn has come to @admitted. */
static void order_pick(struct exdma_order *order, struct list_head *admitted)
{
	struct exdma_turn *turn, *next;

	list_for_each_entry_safe(turn, next, &order->waiting, node) {
		if (!order_admits(order, turn->alone))
			break;
		order_admit(order, turn->alone);
		turn->waits = false;
		list_move_tail(&turn->node, admitted);
	}
}

/*
 * Lets those go whose turn has come, after @left calls have left. One at a time
 * does this: what others add to the line meanwhile, it sees before it stops.
 */
static void order_advance(struct exdma_order *order, u32 left)
{
	struct exdma_turn *turn, *next;
	LIST_HEAD(admitted);

	spin_lock(&order->lock);
	for (;;) {
		order->running -= left;
		if (!order->running)
			WRITE_ONCE(order->alone, false);
		if (order->admitting)
			break;
		order_pick(order, &admitted);
		if (list_empty(&admitted))
			break;
		order->admitting = true;
		spin_unlock(&order->lock);

		left = 0;
		list_for_each_entry_safe(turn, next, &admitted, node) {
			list_del(&turn->node);
			left += !turn->go(turn);
		}

		spin_lock(&order->lock);
		order->admitting = false;
	}
	spin_unlock(&order->lock);
}

/**
 * exdma_order_is_watched - is our owner to learn of our end before others go?
 * @order: the order; we have entered it, and not left.
 *
 * Without the lock: whether we are alone does not change while we are here; a
 * call that comes to wait just now was made after we were done.
 *
 * Return: true if we are alone, or somebody waits for us.
 */
bool exdma_order_is_watched(const struct exdma_order *order)
{
	return READ_ONCE(order->alone) || !list_empty(&order->waiting);
}

/**
 * exdma_order_leave - the call is over: others may go
 * @order: the order; somebody still holds its file open.
 *
 * Context: may sleep; calls @go of others.
 */
void exdma_order_leave(struct exdma_order *order)
{
	EXDMA_DECLARE_PHASE(COMPLETE);

	order_advance(order, 1);
}

/* A caller that waits for its turn. */
struct order_waiter {
	struct exdma_turn turn;
	struct completion come;
};

static bool order_wake(struct exdma_turn *turn)
{
	complete(&container_of(turn, struct order_waiter, turn)->come);
	return true;
}

/**
 * exdma_order_wait - wait for our turn
 * @order: the order.
 * @alone: wait for all before, and let all behind wait.
 *
 * Context: may sleep.
 * Return: 0: go, and exdma_order_leave() later. -ERESTARTSYS: a signal came.
 */
int exdma_order_wait(struct exdma_order *order, bool alone)
{
	struct order_waiter self = { .turn.go = order_wake };
	int err;

	init_completion(&self.come);
	if (exdma_order_enter(order, &self.turn, alone))
		return 0;
	err = wait_for_completion_interruptible(&self.come);
	if (!err)
		return 0;

	spin_lock(&order->lock);
	if (self.turn.waits)
		list_del(&self.turn.node);
	else
		err = 0;
	spin_unlock(&order->lock);
	if (err)
		order_advance(order, 0);	/* those behind us may go */
	else
		wait_for_completion(&self.come);
	return err;
}
