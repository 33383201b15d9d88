// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - when a run goes wrong: watchdog, recovery, reset, removal
 *
 * A fault freezes its channel: nothing is started on it, new requests wait.
 * The recovery then stops the engine for certain, in process context, before
 * it gives any request back. No request leaves the running list, but as far
 * as the engine is past it, while the device could still touch its memory.
 *
 * Four motions use that: a fault of one channel (recover, then thaw), a reset
 * of the card (freeze all, reset, thaw all), a lost interrupt (the watchdog
 * reaps in the handler's place), and the end of the card (gate, halt, fail).
 */
#include <linux/jiffies.h>
#include <linux/moduleparam.h>

#include "card.h"
#include "channel.h"
#include "mark.h"

/* How often an engine may stand still at a request before that fails. */
#define TRIES		2
/* Requests that are ended with interrupts off in one go. */
#define GATE_BATCH	64
/* How often the watchdog looks at a run; a lost interrupt costs two of these. */
#define WATCH_MS	10
/* How long nothing may move before the watchdog asks the device itself. */
#define INSPECT_MS	1000

static unsigned int timeout_ms = 5000;
module_param(timeout_ms, uint, 0644);
MODULE_PARM_DESC(timeout_ms,
		 "Milliseconds without progress before a transfer fails with ETIMEDOUT, unless its file says otherwise (10 to 3600000, default 5000)");

/* Brings milliseconds into the range of timeouts. */
unsigned int exdma_timeout_clamp(unsigned int ms)
{
	return clamp(ms, 10u, 3600000u);
}

/* Milliseconds: what the parameter says. */
unsigned int exdma_timeout_default(void)
{
	return exdma_timeout_clamp(READ_ONCE(timeout_ms));
}

/*
 * How long the engine may stand still at what it is at, in jiffies. A stream
 * stands still whenever nobody sends to it or takes from it.
 */
static unsigned long channel_limit(struct exdma_channel *ch) __must_hold(ch->lock)
{
	const struct exdma_request *head;
	unsigned int ms;

	lockdep_assert_held(ch->lock);

	head = list_first_entry_or_null(&ch->running, struct exdma_request, node);
	ms = head ? head->timeout_ms : 0;
	if (!ms && ch->desc.stream)
		return MAX_JIFFY_OFFSET;
	return msecs_to_jiffies(ms ? exdma_timeout_clamp(ms) : exdma_timeout_default());
}

/* Arms the watchdog; its work is queued once and queues itself while needed. */
void exdma_channel_watch_soon(struct exdma_channel *ch)
{
	queue_delayed_work(exdma_wq, &ch->watchdog, msecs_to_jiffies(WATCH_MS));
}

/* exdma_channel_ready() looks at it without the lock. */
static void channel_set_state(struct exdma_channel *ch, enum exdma_channel_state state)
	__must_hold(ch->lock)
{
	lockdep_assert_held(ch->lock);

	WRITE_ONCE(ch->state, state);
}

/*
 * The run has gone wrong: nothing is started until the recovery is through. @err is
 * -EIO, -ETIMEDOUT or -ENODEV; or -EAGAIN: there is none, but the engine waits
 * where nothing comes, and has to be stopped first.
 */
void exdma_channel_fault(struct exdma_channel *ch, int err)
	__must_hold(ch->lock)
{
	lockdep_assert_held(ch->lock);

	channel_set_state(ch, EXDMA_CH_FROZEN);
	ch->fault = err;
	ch->fault_count = ch->run_done;
	if (err == -ETIMEDOUT)
		ch->stats.timeouts++;
	else if (err == -EIO)
		ch->stats.errors++;
	queue_work(exdma_wq, &ch->recovery);
}

/* Puts all that has descriptors back to pending, in order; the ring is empty. */
static void channel_unstage(struct exdma_channel *ch) __must_hold(ch->lock)
{
	struct exdma_request *req;

	lockdep_assert_held(ch->lock);

	list_splice_tail_init(&ch->staged, &ch->running);
	list_for_each_entry(req, &ch->running, node)
		req->state = EXDMA_REQ_PENDING;
	list_splice_init(&ch->running, &ch->pending);
	exdma_channel_run_over(ch);
	exdma_channel_trim(ch);
}

/* Bytes of the oldest running request that were moved before the fault. */
static u32 channel_head_moved(struct exdma_channel *ch, struct exdma_request *head)
	__must_hold(ch->lock)
{
	u32 before = head->run_end - head->slots;
	struct scatterlist *sg;
	u32 moved = 0, i;

	lockdep_assert_held(ch->lock);

	if (ch->run_done > before)
		for_each_sg(head->sg, sg, ch->run_done - before, i)
			moved += sg_dma_len(sg);
	return moved;
}

/*
 * Is the request that the engine stopped at done with? At once if the engine
 * has reported an error there, otherwise when it has had its tries; one that the
 * card must not see twice, in any case.
 */
static bool channel_blames(struct exdma_channel *ch, struct exdma_request *head)
	__must_hold(ch->lock)
{
	lockdep_assert_held(ch->lock);

	if (head->once)
		return true;
	if (!ch->fault)
		return false;
	/* If it moved after all, it was perhaps not the head's error. */
	return ++head->tries == TRIES ||
	       (ch->fault == -EIO && ch->run_done == ch->fault_count);
}

/*
 * The engine of a frozen channel is idle: what ran is pending again, to be run
 * from its first byte. Memory-mapped transfers are idempotent, and nobody has
 * been told about it yet. Of a stream, and at a fixed address, the engine has
 * begun with the first of them only. After a reset (@reset) the card does not know
 * the beginning of a packet either that no request runs of now.
 */
static void channel_go_on(struct exdma_channel *ch, bool reset) __must_hold(ch->lock)
{
	struct exdma_request *head;
	const void *torn = NULL;

	lockdep_assert_held(ch->lock);

	head = list_first_entry_or_null(&ch->running, struct exdma_request, node);
	if (head && channel_blames(ch, head)) {
		if (head->more)
			torn = head->packet;
		list_del(&head->node);
		exdma_channel_retire(ch, head, ch->fault == -ETIMEDOUT ? -ETIMEDOUT : -EIO,
				     ch->desc.stream ? 0 : channel_head_moved(ch, head));
		ch->begun = NULL;
	} else if (reset) {
		torn = ch->begun;
		ch->begun = NULL;
	}
	channel_unstage(ch);
	if (reset && !head && exdma_channel_receives(ch))
		exdma_packet_lose(ch);
	if (torn)
		exdma_packet_tear(ch, torn);
	ch->fault = 0;
	ch->owed = 0;
	ch->waits = false;
	channel_set_state(ch, EXDMA_CH_LIVE);
}

/**
 * exdma_channel_freeze - start nothing until exdma_channel_thaw()
 * @ch: the channel. Requests are still taken; they wait. A run that is on is
 *	not stopped by this.
 *
 * Context: may sleep. Locking: takes the channel's lock.
 */
void exdma_channel_freeze(struct exdma_channel *ch)
{
	unsigned long flags;

	raw_spin_lock_irqsave(ch->lock, flags);
	ch->held = true;
	if (ch->state == EXDMA_CH_LIVE) {
		channel_set_state(ch, EXDMA_CH_FROZEN);
		ch->fault = 0;
	}
	raw_spin_unlock_irqrestore(ch->lock, flags);
	/* From here on no recovery goes on by itself: it sees @held. */
	cancel_work_sync(&ch->recovery);
}

/**
 * exdma_channel_settle - before a reset: what is through must not be run again
 * @ch: the channel, after exdma_channel_freeze().
 * @stopped: the engine is idle, and can tell; else what it has told is all.
 *
 * Context: may sleep. Locking: takes the channel's lock.
 */
void exdma_channel_settle(struct exdma_channel *ch, bool stopped)
{
	unsigned long flags;

	raw_spin_lock_irqsave(ch->lock, flags);
	if (ch->state == EXDMA_CH_FROZEN)
		exdma_channel_reap(ch, stopped ? ch->desc.ops->inspect : ch->desc.ops->progress,
				   EXDMA_STARTERS);
	raw_spin_unlock_irqrestore(ch->lock, flags);
}

/**
 * exdma_channel_thaw - the engine is idle and initialised: go on
 * @ch: the channel, after exdma_channel_freeze().
 *
 * Context: may sleep. Locking: takes the channel's lock.
 */
void exdma_channel_thaw(struct exdma_channel *ch)
{
	unsigned long flags;

	raw_spin_lock_irqsave(ch->lock, flags);
	ch->held = false;
	if (ch->state == EXDMA_CH_FROZEN)
		channel_go_on(ch, true);
	raw_spin_unlock_irqrestore(ch->lock, flags);

	exdma_channel_bottom_half(ch);
	exdma_card_changed(ch->card);
}

/**
 * exdma_channel_faulty - is the channel frozen for a fault of its own?
 * @ch: the channel. That its engine waits to be stopped is none.
 *
 * Context: any but hard interrupt. Locking: takes the channel's lock.
 */
bool exdma_channel_faulty(struct exdma_channel *ch)
{
	unsigned long flags;
	bool faulty;

	raw_spin_lock_irqsave(ch->lock, flags);
	faulty = ch->state == EXDMA_CH_FROZEN && ch->fault && ch->fault != -EAGAIN;
	raw_spin_unlock_irqrestore(ch->lock, flags);
	return faulty;
}

/*
 * The recovery: the engine reported an error, does not move, or is gone. Stop
 * it for certain, then go on; if it will not stop, the card is reset.
 */
void exdma_channel_recover(struct work_struct *work)
{
	struct exdma_channel *ch = container_of(work, struct exdma_channel, recovery);
	struct device *dev = exdma_card_parent(ch->card);
	unsigned long flags;
	int stop, fault;

	raw_spin_lock_irqsave(ch->lock, flags);
	fault = ch->state == EXDMA_CH_FROZEN && !ch->held ? ch->fault : 0;
	raw_spin_unlock_irqrestore(ch->lock, flags);
	if (!fault)
		return;

	stop = ch->desc.ops->stop(ch);
	if (stop == -ENODEV) {
		dev_err(dev, "the device does not answer any more\n");
		exdma_card_lost(ch->card);
		return;
	}
	if (stop || fault != -EAGAIN)
		dev_err_ratelimited(dev, "%s: %s\n", ch->name,
				    fault == -EIO ? "a transfer failed" :
						    "the engine stands still");
	if (fault != -EAGAIN && ch->desc.ops->report)
		ch->desc.ops->report(ch);
	if (stop) {
		raw_spin_lock_irqsave(ch->lock, flags);
		if (ch->fault == -EAGAIN)
			ch->fault = -ETIMEDOUT;
		raw_spin_unlock_irqrestore(ch->lock, flags);
		exdma_card_stuck(ch->card);
		return;
	}

	raw_spin_lock_irqsave(ch->lock, flags);
	if (ch->state == EXDMA_CH_FROZEN && !ch->held) {
		/* The engine is idle, so this count is final. */
		exdma_channel_reap(ch, ch->desc.ops->inspect, EXDMA_STARTERS);
		channel_go_on(ch, false);
	}
	raw_spin_unlock_irqrestore(ch->lock, flags);

	exdma_channel_bottom_half(ch);
	exdma_card_changed(ch->card);
}

/*
 * Was it so at an earlier look, too, and has the engine not moved since? Then it is
 * not that this machine has stood still, and the engine with it, or its interrupt.
 */
static bool channel_seen_before(struct exdma_channel *ch, struct exdma_sight *sight)
	__must_hold(ch->lock)
{
	bool before = sight->run == ch->run_number && sight->done == ch->run_done;

	lockdep_assert_held(ch->lock);

	sight->run = ch->run_number;
	sight->done = ch->run_done;
	return before;
}

/*
 * The request of an interrupt that was lost is still there. Where no start of a run
 * takes it back, no further one would come.
 */
static void channel_ack_lost(struct exdma_channel *ch) __must_hold(ch->lock)
{
	lockdep_assert_held(ch->lock);

	if (ch->desc.needs_ack && !exdma_channel_interrupts_once(ch))
		ch->desc.ops->ack(ch);
}

/* So many slots of the run are done, or more, when the next interrupt comes. */
static u32 channel_next_news(const struct exdma_channel *ch) __must_hold(ch->lock)
{
	lockdep_assert_held(ch->lock);

	if (exdma_channel_interrupts_once(ch))
		return ch->run_count;
	return list_first_entry(&ch->running, struct exdma_request, node)->run_end;
}

/* Is it time to ask the device itself? A stream may stand still for hours. */
static bool channel_asks(struct exdma_channel *ch, unsigned long limit)
	__must_hold(ch->lock)
{
	unsigned long asks = min(msecs_to_jiffies(INSPECT_MS), limit / 2);
	unsigned long still = jiffies - ch->progress_at;

	lockdep_assert_held(ch->lock);

	if (still < asks)
		return false;
	if (ch->desc.stream && still < limit && jiffies - ch->asked_at < asks)
		return false;
	ch->asked_at = jiffies;
	return true;
}

/*
 * Was the engine idle when it was asked just now, and when it was asked before,
 * though there is something to do? Somebody has cleared its Run bit, perhaps.
 */
static bool channel_has_stopped(struct exdma_channel *ch) __must_hold(ch->lock)
{
	lockdep_assert_held(ch->lock);

	if (ch->desc.ops->idle && ch->desc.ops->idle(ch))
		return channel_seen_before(ch, &ch->idle);
	ch->idle.run = ch->run_number - 1;
	return false;
}

/*
 * The watchdog looks at a running engine every WATCH_MS. A run that is through
 * at two looks, its interrupt still not here, has lost its interrupt; so has a
 * packet from the card, or a part of a run that is extended. A run that is in doubt
 * at two looks may have stopped early. A run that has had its time at two looks stands
 * still. A stream is given no time by the clock: what tells of one that has stopped is
 * that the engine is idle.
 */
void exdma_channel_watch(struct work_struct *work)
{
	struct exdma_channel *ch = container_of(to_delayed_work(work),
						struct exdma_channel, watchdog);
	const struct exdma_channel_ops *ops = ch->desc.ops;
	EXDMA_DECLARE_PHASE(WATCHDOG);
	unsigned long flags, limit;
	bool wake, doubt, news, asks;
	u32 done = 0;
	int err = 0;

	raw_spin_lock_irqsave(ch->lock, flags);
	if (ch->state == EXDMA_CH_LIVE && !ch->run_count) {
		ch->batch = false;	/* held back for too long */
		exdma_spoil();
		exdma_channel_launch(ch, EXDMA_START_THREAD);
	}
	if (ch->state != EXDMA_CH_LIVE || !ch->run_count) {
		ch->watched = false;
		raw_spin_unlock_irqrestore(ch->lock, flags);
		return;
	}
	limit = channel_limit(ch);
	doubt = ch->doubt_run == ch->run_number && ch->doubt_seen == ch->run_number;
	ch->doubt_seen = ch->doubt_run;
	news = !ops->progress(ch, &done) && done >= channel_next_news(ch);
	asks = !news && channel_asks(ch, limit);
	if (news || asks || doubt)
		exdma_spoil();
	if (news) {
		if (channel_seen_before(ch, &ch->late)) {
			ch->stats.lost_interrupts++;
			channel_ack_lost(ch);
			err = exdma_channel_reap(ch, ops->progress, EXDMA_START_THREAD);
			if (err > 0)
				exdma_channel_owe(ch);
		}
	} else if (asks || doubt) {
		/* Retires what is done, and tells a slow run from a dead one. */
		ch->doubt_run = ch->run_number - 1;
		channel_ack_lost(ch);
		err = exdma_channel_reap(ch, ops->inspect, EXDMA_START_THREAD);
		if (err > 0)
			exdma_channel_owe(ch);
		if (!err && jiffies - ch->progress_at >= limit) {
			if (channel_seen_before(ch, &ch->over))
				err = -ETIMEDOUT;
		} else if (!err && asks && channel_has_stopped(ch)) {
			err = ch->desc.stream ? -EIO : -ETIMEDOUT;
		}
	}
	if (err < 0)
		exdma_channel_fault(ch, err);
	wake = exdma_channel_wants_thread(ch);
	exdma_channel_watch_soon(ch);
	raw_spin_unlock_irqrestore(ch->lock, flags);

	if (wake)
		exdma_channel_bottom_half(ch);
}

/**
 * exdma_channel_gate - take no request any more, end those not started
 * @ch: the channel.
 *
 * Context: may sleep. Locking: takes the channel's lock.
 */
void exdma_channel_gate(struct exdma_channel *ch)
{
	struct exdma_request *req, *next;
	unsigned long flags;
	bool more;
	u32 n;

	do {
		n = 0;
		raw_spin_lock_irqsave(ch->lock, flags);
		channel_set_state(ch, EXDMA_CH_DEAD);
		list_splice_init(&ch->staged, &ch->pending);
		list_splice_tail_init(&ch->behind, &ch->pending);
		list_for_each_entry_safe(req, next, &ch->pending, node) {
			if (n++ == GATE_BATCH)
				break;
			list_del(&req->node);
			exdma_channel_retire(ch, req, -ENODEV, 0);
		}
		exdma_channel_trim(ch);
		more = !list_empty(&ch->pending);
		raw_spin_unlock_irqrestore(ch->lock, flags);
	} while (more);

	wake_up_all(&ch->room);
	exdma_channel_bottom_half(ch);
}

/**
 * exdma_channel_halt - make the engine of a gated channel let go of memory
 * @ch: the channel, after exdma_channel_gate().
 *
 * Context: may sleep, up to a second or so.
 * Return: true if the engine is idle for certain; false if it may still run,
 * and also if the device does not answer: that alone does not keep it from
 * writing.
 */
bool exdma_channel_halt(struct exdma_channel *ch)
{
	unsigned long flags;
	int stop = 0;
	bool on;

	cancel_work_sync(&ch->recovery);
	cancel_delayed_work_sync(&ch->watchdog);

	raw_spin_lock_irqsave(ch->lock, flags);
	/* One whose runs can be extended waits for more when it is through. */
	on = ch->run_count || ch->desc.extends;
	raw_spin_unlock_irqrestore(ch->lock, flags);
	if (on)
		stop = ch->desc.ops->stop(ch);
	return !stop;
}

/**
 * exdma_channel_fail - end what was running on a gated channel
 * @ch: the channel, after exdma_channel_halt().
 * @quarantine: the device may still touch the memory of what was running.
 *
 * Context: may sleep. Locking: takes the channel's lock.
 */
void exdma_channel_fail(struct exdma_channel *ch, bool quarantine)
{
	struct exdma_request *req, *next;
	unsigned long flags;

	raw_spin_lock_irqsave(ch->lock, flags);
	/* The engine may have been through before it was stopped. */
	exdma_channel_reap(ch, ch->desc.ops->progress, EXDMA_STARTERS);
	list_for_each_entry_safe(req, next, &ch->running, node) {
		list_del(&req->node);
		req->quarantined = quarantine;
		exdma_channel_retire(ch, req, -ENODEV, 0);
	}
	exdma_channel_run_over(ch);
	exdma_channel_trim(ch);
	raw_spin_unlock_irqrestore(ch->lock, flags);

	exdma_channel_bottom_half(ch);
}

