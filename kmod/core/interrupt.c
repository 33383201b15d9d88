// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - who moves a channel along: the hard interrupt handler, the bottom
 * half, and callers that poll
 *
 * All of them reap what the engine has finished and start what is staged, by the
 * same functions of channel.c. The handler does it first, and no more than that: it
 * never allocates, maps, sleeps, or asks the device unless something is wrong.
 *
 * A caller that polls may find a run through before its interrupt comes. The
 * interrupt is *owed* then, so that it is not taken for that of the next run; unless
 * interrupts come as things get done, when one more or less means nothing.
 */
#include <linux/interrupt.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "card.h"
#include "channel.h"
#include "mark.h"
#include "trace.h"

/* Requests that the bottom half takes over in one go. */
#define BATCH		64
/*
 * Interrupts of a channel that can be under way at once: one served, one kept for when
 * that is over, one on its way. More of them become one.
 */
#define MAX_OWED	3

/* Who starts the next run when one has ended; by the parameter launch. */
enum launch_mode {
	LAUNCH_IRQ,		/* the hard interrupt handler */
	LAUNCH_THREAD,		/* the interrupt's thread */
	LAUNCH_WORK,		/* a workqueue */
};

static const char * const launch_names[] = {
	[LAUNCH_IRQ] = "irq",
	[LAUNCH_THREAD] = "thread",
	[LAUNCH_WORK] = "work",
};

static int launch_mode = LAUNCH_IRQ;

static int launch_set(const char *text, const struct kernel_param *param)
{
	int mode = sysfs_match_string(launch_names, text);

	if (mode < 0)
		return mode;
	WRITE_ONCE(launch_mode, mode);
	return 0;
}

static int launch_get(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%s\n", launch_names[READ_ONCE(launch_mode)]);
}

static const struct kernel_param_ops launch_ops = {
	.set = launch_set,
	.get = launch_get,
};

module_param_cb(launch, &launch_ops, NULL, 0644);
MODULE_PARM_DESC(launch,
		 "Where the next run is started: irq (default), thread or work; the last two are there to be compared with");

/**
 * exdma_channel_kick - have the bottom half run soon
 * @ch: the channel; its interrupt is there as long as it is not dead, or the
 *	caller is in the card's gate.
 *
 * Context: any.
 */
void exdma_channel_kick(struct exdma_channel *ch)
{
	if (READ_ONCE(launch_mode) == LAUNCH_WORK)
		queue_work(exdma_cpu_wq, &ch->work);
	else
		irq_wake_thread(ch->irq, ch->irq_id);
}

/* A run was found through by other means; its interrupt is still to come. */
void exdma_channel_owe(struct exdma_channel *ch) __must_hold(ch->lock)
{
	lockdep_assert_held(ch->lock);

	if (ch->owed < MAX_OWED && exdma_channel_interrupts_once(ch))
		ch->owed++;
}

/* Was an interrupt of the engine still to come? This one is it. */
static bool channel_pay(struct exdma_channel *ch) __must_hold(ch->lock)
{
	struct exdma_channel *partner;

	lockdep_assert_held(ch->lock);

	if (ch->owed) {
		ch->owed--;
		return true;
	}
	list_for_each_entry(partner, &ch->partners, partners) {
		if (partner->owed) {
			partner->owed--;
			return true;
		}
	}
	return false;
}

/*
 * An interrupt, and the run is not through. It may belong to an earlier run;
 * else the engine has stopped early, and the device is asked. If one is taken
 * for the other, the watchdog finds out. Where there is more than one for a run,
 * the device told of errors in ->progress; whether what it told of is only not
 * here yet (@news: something is), the watchdog finds out, too.
 */
static int channel_early(struct exdma_channel *ch, enum exdma_starter next, bool news)
	__must_hold(ch->lock)
{
	int err;

	lockdep_assert_held(ch->lock);

	if (!exdma_channel_interrupts_once(ch)) {
		if (!news && !exdma_channel_receives(ch))
			ch->doubt_run = ch->run_number;
		return 0;
	}
	if (channel_pay(ch)) {
		ch->doubt_run = ch->run_number;
		return 0;
	}
	err = exdma_channel_reap(ch, ch->desc.ops->inspect, next);
	if (!err)
		ch->stats.spurious_interrupts++;
	return err;
}

/* Whose run is the engine at? If it is idle, let it be @ch's. */
static struct exdma_channel *channel_of_run(struct exdma_channel *ch)
	__must_hold(ch->lock)
{
	struct exdma_channel *partner;

	lockdep_assert_held(ch->lock);

	if (ch->run_count)
		return ch;
	list_for_each_entry(partner, &ch->partners, partners)
		if (partner->run_count)
			return partner;
	return ch;
}

/**
 * exdma_channel_interrupt - the hard interrupt handler of one channel
 * @ch: the channel whose engine asked for it, or may have; any of those that
 *	share that engine.
 *
 * Takes what the engine finished off the running list and starts what is
 * staged. Where there is one interrupt for a run, it means that this is through or
 * has stopped; if the writeback does not say so, the device is asked.
 *
 * Context: hard interrupt.
 * Return: IRQ_WAKE_THREAD if the bottom half has work, else IRQ_HANDLED.
 */
irqreturn_t exdma_channel_interrupt(struct exdma_channel *ch)
{
	const struct exdma_channel_ops *ops = ch->desc.ops;
	int mode = READ_ONCE(launch_mode);
	enum exdma_starter next = mode == LAUNCH_IRQ ? EXDMA_START_IRQ : EXDMA_STARTERS;
	raw_spinlock_t *lock = ch->lock;
	EXDMA_DECLARE_PHASE(HARD);
	bool wake;
	u32 done;
	int err;

	/* The plain form: here, and only here, interrupts are off already. */
	raw_spin_lock(lock);
	ch = channel_of_run(ch);
	ch->stats.interrupts++;
	trace_exdma_irq(ch);
	if (ch->desc.needs_ack)
		ops->ack(ch);
	if (ch->state == EXDMA_CH_LIVE && ch->run_count) {
		done = ch->run_done;
		err = exdma_channel_reap(ch, ops->progress, next);
		if (!err)
			err = channel_early(ch, next, ch->run_done != done);
		if (err < 0)
			exdma_channel_fault(ch, err);
	} else if (!channel_pay(ch) && exdma_channel_interrupts_once(ch)) {
		ch->stats.spurious_interrupts++;
	}
	wake = exdma_channel_wants_thread(ch);
	raw_spin_unlock(lock);

	if (!wake)
		return IRQ_HANDLED;
	if (mode != LAUNCH_WORK)
		return IRQ_WAKE_THREAD;
	queue_work(exdma_cpu_wq, &ch->work);
	return IRQ_HANDLED;
}
EXPORT_SYMBOL_EXDMA(exdma_channel_interrupt);

/**
 * exdma_channel_owed - an interrupt came and no channel asks for it
 * @ch: one of the channels that may have asked.
 *
 * Context: hard interrupt.
 * Return: IRQ_HANDLED if it may have been this one, whose run was found through
 * before; IRQ_NONE if not.
 */
irqreturn_t exdma_channel_owed(struct exdma_channel *ch)
{
	bool owed;

	raw_spin_lock(ch->lock);
	owed = channel_pay(ch);
	raw_spin_unlock(ch->lock);
	return owed ? IRQ_HANDLED : IRQ_NONE;
}
EXPORT_SYMBOL_EXDMA(exdma_channel_owed);

/**
 * exdma_channel_poll - do what the next interrupt would, if it can be done now
 * @ch: the channel.
 *
 * For callers that rather spin than sleep. The same reaping as in the handler,
 * which finds nothing left to do then.
 *
 * Context: any but hard interrupt. Locking: takes the channel's lock, if
 * nobody has it.
 * Return: true if the bottom half has work; the caller sees to it.
 */
bool exdma_channel_poll(struct exdma_channel *ch)
{
	unsigned long flags;
	bool wake;
	int err;

	if (!raw_spin_trylock_irqsave(ch->lock, flags))
		return false;
	if (ch->state == EXDMA_CH_LIVE && ch->run_count) {
		err = exdma_channel_reap(ch, ch->desc.ops->progress, EXDMA_START_SUBMIT);
		if (err < 0) {
			exdma_channel_fault(ch, err);
		} else if (err) {
			exdma_channel_owe(ch);
			ch->stats.polled++;
		}
	}
	wake = exdma_channel_wants_thread(ch);
	raw_spin_unlock_irqrestore(ch->lock, flags);
	return wake;
}

/**
 * exdma_channel_bottom_half - complete what is finished, stage what is pending
 * @ch: the channel.
 *
 * In bounded batches, and it looks again before it leaves. Any number of them
 * may run at once: each completes what it has taken.
 *
 * Context: may sleep. Locking: takes and drops the channel's lock.
 */
void exdma_channel_bottom_half(struct exdma_channel *ch)
{
	struct exdma_request *req, *next;
	EXDMA_DECLARE_PHASE(BOTTOM);
	unsigned long flags;
	LIST_HEAD(batch);
	bool more;
	u32 n;

	do {
		n = 0;
		raw_spin_lock_irqsave(ch->lock, flags);
		list_for_each_entry_safe(req, next, &ch->finished, node) {
			if (n++ == BATCH)
				break;
			list_move_tail(&req->node, &batch);
		}
		more = exdma_channel_stage(ch);
		exdma_channel_launch_next(ch, EXDMA_START_THREAD);
		more |= !list_empty(&ch->finished);
		raw_spin_unlock_irqrestore(ch->lock, flags);

		list_for_each_entry_safe(req, next, &batch, node) {
			EXDMA_DECLARE_PHASE(COMPLETE);

			list_del(&req->node);
			req->complete(req);
		}
		cond_resched();
	} while (more);
}

/* The bottom half, from a workqueue. */
void exdma_channel_work(struct work_struct *work)
{
	exdma_channel_bottom_half(container_of(work, struct exdma_channel, work));
}
