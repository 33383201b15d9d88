// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - one channel: pending -> staged -> running -> finished
 *
 * Who runs here at the same time: any number of submitters and cancellers in
 * process context, the hard interrupt handler, the bottom half, the watchdog
 * and the recovery. One raw spinlock per channel, always taken with
 * interrupts off, guards every list and index they share. Were it ever taken
 * with interrupts on, the handler could interrupt its holder on the same CPU
 * and spin for ever; one such place would break it for all.
 *
 * Channels that share an engine share the lock: so "the engine is free" is a
 * statement about lists that one lock guards, a run is started for one of them
 * only, and no lock is taken inside another. An engine is free when none of them
 * has a run that is on, or that stopped with a fault and has not been cleared up:
 * the recovery stops engines, and must not stop somebody else's run.
 *
 * What each transition needs:
 *
 *	submit		-> pending; of a stream perhaps -> behind, see packet.c
 *	stage		pending -> staged: room in the ring
 *	launch		staged -> running: the engine is idle, or can be told of more
 *	reap		running -> finished, or woken: the engine is past it
 *
 * and what keeps it moving:
 *
 *	1. Something is staged on a live channel => the engine is not free, or a
 *	   bottom half is due, or a caller in the middle of a batch has promised
 *	   exdma_channel_unhold(). All that stages launches, and all that frees
 *	   the engine launches, for all that share it, or calls for the bottom
 *	   half, before the lock is let go.
 *	2. Something is pending and there is room => a bottom half is due. All
 *	   that makes room sees to it.
 *	3. A run is on, or a batch is held back => the watchdog is armed. It
 *	   finds a run that ended without an interrupt, an engine that does not
 *	   move, and a batch whose caller does not get on.
 *
 * Who moves the requests along, from where, is in interrupt.c. Whatever goes wrong
 * with a run freezes the channel and is left to the recovery, see recovery.c.
 */
#include <linux/bug.h>
#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>

#include "card.h"
#include "channel.h"
#include "receive.h"
#include "trace.h"

/* Most requests that one run takes: bounds the work of one interrupt. */
#define RUN_REQUESTS	64
/* Slots that are written in one go with interrupts off, at least. */
#define STAGE_SLOTS	EXDMA_REQUEST_SLOTS
/*
 * An engine that could be given more waits for a caller in the middle of a batch only
 * until it has this many requests or bytes, or somebody else's request: so the batch
 * costs few starts and interrupts, and the engine next to no time.
 */
#define HOLD_REQUESTS	8
#define HOLD_BYTES	0x10000

static unsigned int run_kib = 1024;
module_param(run_kib, uint, 0644);
MODULE_PARM_DESC(run_kib,
		 "KiB that are started in one go if several requests wait (default 1024); one request is never split");

/* Whoever chooses a channel looks at it without the lock. */
static void channel_count(struct exdma_channel *ch, s64 bytes) __must_hold(ch->lock)
{
	lockdep_assert_held(ch->lock);

	WRITE_ONCE(ch->queued, ch->queued + bytes);
}

/* Takes @req, which is on no list any more, out of the channel's hands. */
void exdma_channel_retire(struct exdma_channel *ch, struct exdma_request *req,
			  int status, u32 moved) __must_hold(ch->lock)
{
	lockdep_assert_held(ch->lock);

	req->status = status;
	req->moved = moved;
	req->state = EXDMA_REQ_IDLE;
	ch->stats.requests++;
	ch->stats.packets += req->eop && !status;
	ch->stats.bytes += moved;
	ch->depth--;
	channel_count(ch, -(s64)req->bytes);
	trace_exdma_done(ch, req);
	if (req->complete)
		list_add_tail(&req->node, &ch->finished);
	else
		complete(&req->done);	/* may be freed by now */
}

/* Gives the slots before the oldest request with descriptors back. */
void exdma_channel_trim(struct exdma_channel *ch) __must_hold(ch->lock)
{
	const struct exdma_request *oldest;

	lockdep_assert_held(ch->lock);

	oldest = list_first_entry_or_null(&ch->running, struct exdma_request, node) ?:
		 list_first_entry_or_null(&ch->staged, struct exdma_request, node);
	exdma_ring_release(&ch->ring, oldest ? oldest->first : ch->ring.head);
}

/* Writes the descriptors of one request. */
static void channel_fill(struct exdma_channel *ch, struct exdma_request *req)
	__must_hold(ch->lock)
{
	u32 last = EXDMA_SEG_LAST | (req->eop ? EXDMA_SEG_EOP : 0);
	u64 card_addr = req->card_addr;
	struct scatterlist *sg;
	u32 i;

	lockdep_assert_held(ch->lock);

	req->first = exdma_ring_reserve(&ch->ring, req->slots);
	for_each_sg(req->sg, sg, req->slots, i) {
		ch->desc.ops->write_desc(ch, exdma_ring_slot(&ch->ring, req->first + i),
					 sg_dma_address(sg), card_addr, sg_dma_len(sg),
					 i == req->slots - 1 ? last : 0);
		if (!req->fixed)
			card_addr += sg_dma_len(sg);
	}
	trace_exdma_stage(ch, req);
}

/*
 * pending -> staged while there is room. Returns true if it stopped because
 * interrupts had been off for long enough: then more is to be done.
 */
bool exdma_channel_stage(struct exdma_channel *ch) __must_hold(ch->lock)
{
	struct exdma_request *req, *next;
	u32 written = 0;

	lockdep_assert_held(ch->lock);

	if (ch->state != EXDMA_CH_LIVE)
		return false;
	list_for_each_entry_safe(req, next, &ch->pending, node) {
		if (req->slots > exdma_ring_room(&ch->ring))
			return false;
		if (written >= STAGE_SLOTS)
			return true;
		channel_fill(ch, req);
		written += req->slots;
		req->state = EXDMA_REQ_STAGED;
		list_move_tail(&req->node, &ch->staged);
	}
	return false;
}

/* How long the run that is on has been. The clocks of two CPUs may differ a little. */
static u64 channel_run_ns(const struct exdma_channel *ch) __must_hold(ch->lock)
{
	s64 ns = local_clock() - ch->run_began;

	lockdep_assert_held(ch->lock);

	return ch->run_count && ns > 0 ? ns : 0;
}

/* No run is on any more. */
void exdma_channel_run_over(struct exdma_channel *ch) __must_hold(ch->lock)
{
	lockdep_assert_held(ch->lock);

	ch->stats.busy_ns += channel_run_ns(ch);
	ch->run_count = 0;
	ch->run_requests = 0;
	ch->run_bytes = 0;
}

/* Arms the watchdog, if it is not. */
static void channel_watch(struct exdma_channel *ch) __must_hold(ch->lock)
{
	lockdep_assert_held(ch->lock);

	if (ch->watched)
		return;
	ch->watched = true;
	exdma_channel_watch_soon(ch);
}

/*
 * Is all that is staged the beginning of a batch, whose caller is about to add
 * to it? Then the engine waits a little; see HOLD_REQUESTS.
 */
static bool channel_holds(const struct exdma_channel *ch) __must_hold(ch->lock)
{
	const struct exdma_request *req;
	u32 requests = 0, bytes = 0;

	lockdep_assert_held(ch->lock);

	if (!ch->batch)
		return false;
	list_for_each_entry(req, &ch->staged, node) {
		bytes += req->bytes;
		if (!req->held || ++requests == HOLD_REQUESTS || bytes >= HOLD_BYTES)
			return false;
	}
	return requests;
}

/* May nothing be started on the engine, for this channel's sake or a partner's? */
static bool channel_is_busy(const struct exdma_channel *ch) __must_hold(ch->lock)
{
	const struct exdma_channel *partner;

	lockdep_assert_held(ch->lock);

	if (ch->run_count)
		return true;
	list_for_each_entry(partner, &ch->partners, partners)
		if (partner->run_count || partner->fault)
			return true;
	return false;
}

/*
 * Can @req be a part of the run that is on? They lie behind each other in the ring;
 * a request that was cancelled leaves a gap, and the run ends before it. The bounds
 * are for what the engine has and has not finished, of which there are two, if it
 * extends: it is at one, and need not wait for the next. What waits for packets from
 * the card is taken all at once: there is a bounded number of it, and it may be
 * long until the run ends.
 */
static bool channel_fits(const struct exdma_channel *ch, const struct exdma_request *req)
	__must_hold(ch->lock)
{
	size_t limit = (size_t)READ_ONCE(run_kib) << 10;
	u32 slots = ch->run_count + req->slots;

	lockdep_assert_held(ch->lock);

	if (req->first != ch->run_next || req->fixed != ch->run_fixed ||
	    slots - ch->run_done > ch->desc.max_run_slots || slots > EXDMA_RUN_SLOTS)
		return false;
	return exdma_channel_receives(ch) || ch->run_requests < (ch->desc.extends ? 2 : 1) ||
	       (ch->run_requests < RUN_REQUESTS && ch->run_bytes + req->bytes <= limit);
}

/*
 * staged -> running: as many requests as fit, behind the run that is on, if there
 * is one.
 *
 * Returns the number of requests; @slots and @bytes: of all of them.
 */
static u32 channel_take_staged(struct exdma_channel *ch, u32 *slots, size_t *bytes)
	__must_hold(ch->lock)
{
	struct exdma_request *req, *next;
	const void *client = NULL;
	u32 requests = 0;

	lockdep_assert_held(ch->lock);

	*slots = 0;
	*bytes = 0;
	list_for_each_entry_safe(req, next, &ch->staged, node) {
		if (!ch->run_count) {
			ch->run_next = req->first;
			ch->run_fixed = req->fixed;
		}
		if (!requests)
			client = req->client;
		if (!channel_fits(ch, req))
			break;
		/* Nobody's packet is in the hands of an engine that is at another's. */
		if (ch->desc.stream && req->client != client)
			break;
		requests++;
		*bytes += req->bytes;
		*slots += req->slots;
		ch->run_requests++;
		ch->run_bytes += req->bytes;
		ch->run_next += req->slots;
		ch->run_count += req->slots;
		req->run_end = ch->run_count;
		req->state = EXDMA_REQ_RUNNING;
		list_move_tail(&req->node, &ch->running);
	}
	return requests;
}

/* An engine that waits behind its last run takes only what follows there, likewise. */
static bool channel_follows(struct exdma_channel *ch) __must_hold(ch->lock)
{
	const struct exdma_request *req;

	lockdep_assert_held(ch->lock);

	req = list_first_entry(&ch->staged, struct exdma_request, node);
	return !ch->waits || ch->run_count ||
	       (req->first == ch->run_next && req->fixed == ch->run_fixed);
}

/*
 * Starts what is staged, if the engine is free, or lets the run that is on go on
 * with it, if the engine can do that.
 */
void exdma_channel_launch(struct exdma_channel *ch, enum exdma_starter by)
	__must_hold(ch->lock)
{
	bool extend = ch->run_count && ch->desc.extends;
	const struct exdma_request *first;
	u32 slots, requests, flags = 0;
	size_t bytes;

	lockdep_assert_held(ch->lock);

	if (ch->state != EXDMA_CH_LIVE || list_empty(&ch->staged) ||
	    (!extend && channel_is_busy(ch)))
		return;
	if (channel_holds(ch)) {
		channel_watch(ch);
		return;
	}
	if (!channel_follows(ch)) {
		/* Stopping it may take a while: not here. */
		exdma_channel_fault(ch, -EAGAIN);
		return;
	}
	if (!ch->run_count)
		ch->run_done = 0;
	requests = channel_take_staged(ch, &slots, &bytes);
	if (!requests)
		return;

	first = list_first_entry(&ch->running, struct exdma_request, node);
	ch->run_number += !extend;
	trace_exdma_start(ch, requests, slots, bytes, by);
	if (extend) {
		ch->desc.ops->extend(ch, slots);
		return;
	}
	ch->progress_at = jiffies;
	ch->run_began = local_clock();
	ch->stats.runs++;
	ch->stats.starts[by]++;
	if (ch->run_fixed)
		flags |= EXDMA_RUN_FIXED;
	if (ch->waits)
		flags |= EXDMA_RUN_ON;
	ch->waits = ch->desc.extends;
	ch->desc.ops->start(ch, exdma_ring_slot(&ch->ring, first->first), slots, flags);
	channel_watch(ch);
}

/* The engine is free, perhaps: it is the turn of the partners, then of @ch again. */
void exdma_channel_launch_next(struct exdma_channel *ch, enum exdma_starter by)
	__must_hold(ch->lock)
{
	struct exdma_channel *partner;

	lockdep_assert_held(ch->lock);

	list_for_each_entry(partner, &ch->partners, partners)
		exdma_channel_launch(partner, by);
	exdma_channel_launch(ch, by);
}

/* @req, on no list, has been moved. How much that is, of packets only the device knows. */
static void channel_moved(struct exdma_channel *ch, struct exdma_request *req)
	__must_hold(ch->lock)
{
	u32 bytes = req->bytes;
	int end = 0;

	lockdep_assert_held(ch->lock);

	if (exdma_channel_receives(ch)) {
		end = ch->desc.ops->received(ch, exdma_ring_slot(&ch->ring, req->first), &bytes);
		if (end >= 0 && bytes > req->bytes)
			end = -EIO;
		req->eop = end > 0;
	} else if (ch->desc.stream) {
		ch->begun = req->more ? req->packet : NULL;
	}
	exdma_channel_retire(ch, req, min(end, 0), end < 0 ? 0 : bytes);
}

/*
 * running -> finished as far as the engine has come, which @look tells:
 * ->progress or ->inspect. The one place where a run advances. When it is
 * through, or can be extended, @next starts what is staged, unless that is
 * EXDMA_STARTERS, nobody: before anything else is done, since the engine is
 * waiting.
 *
 * Returns 1 if the run is through, 0 if it is not, or what went wrong with it.
 */
int exdma_channel_reap(struct exdma_channel *ch,
		       int (*look)(struct exdma_channel *ch, u32 *done),
		       enum exdma_starter next) __must_hold(ch->lock)
{
	struct exdma_request *req, *behind;
	u32 done = ch->run_done;
	LIST_HEAD(finished);
	bool through;
	int err;

	lockdep_assert_held(ch->lock);

	if (!ch->run_count)
		return 1;
	err = look(ch, &done);
	if (done > ch->run_count)
		return err ?: -EIO;	/* no engine of sound mind says that */
	/* ->progress may know less than an ->inspect before it. */
	if (done <= ch->run_done)
		return err;

	through = done == ch->run_count;
	ch->run_done = done;
	ch->progress_at = jiffies;
	list_for_each_entry_safe(req, behind, &ch->running, node) {
		if (req->run_end > done)
			break;
		list_move_tail(&req->node, &finished);
		ch->run_requests--;
		ch->run_bytes -= req->bytes;
	}
	if (through)
		exdma_channel_run_over(ch);
	if (!err && next != EXDMA_STARTERS && (through || ch->desc.extends))
		exdma_channel_launch_next(ch, next);
	list_for_each_entry_safe(req, behind, &finished, node) {
		list_del(&req->node);
		channel_moved(ch, req);
	}
	exdma_channel_trim(ch);
	return err ?: through;
}

/* Is something staged that is not held back? */
static bool channel_waits(const struct exdma_channel *ch) __must_hold(ch->lock)
{
	return !list_empty(&ch->staged) && !channel_holds(ch);
}

/* Is there something that is left to the bottom half? */
bool exdma_channel_wants_thread(struct exdma_channel *ch)
	__must_hold(ch->lock)
{
	const struct exdma_channel *partner;

	lockdep_assert_held(ch->lock);

	if (!list_empty(&ch->finished) || !list_empty(&ch->pending))
		return true;
	if (ch->run_count)
		return ch->desc.extends && channel_waits(ch) &&
		       channel_fits(ch, list_first_entry(&ch->staged, struct exdma_request,
							 node));
	if (channel_is_busy(ch))
		return false;
	list_for_each_entry(partner, &ch->partners, partners)
		if (channel_waits(partner))
			return true;
	return channel_waits(ch);
}

/**
 * exdma_channel_submit - queue a request; start it if the engine is idle
 * @ch: the channel.
 * @req: with @sg, @slots, @bytes, @card_addr and @complete or @done set up;
 *	its memory is mapped. It belongs to the channel until it is done.
 * @hold: more follows at once, and exdma_channel_unhold() after it: the start
 *	may wait a little.
 *
 * Requests of one channel are started in the order of submission.
 *
 * Context: any but hard interrupt. Locking: takes the channel's lock.
 * Return: 0; -ENODEV, or -EIO if it belongs to a packet that was torn: then @req
 * still belongs to the caller.
 */
int exdma_channel_submit(struct exdma_channel *ch, struct exdma_request *req, bool hold)
{
	unsigned long flags;
	int err = 0;
	bool more;

	raw_spin_lock_irqsave(ch->lock, flags);
	if (ch->state == EXDMA_CH_DEAD) {
		raw_spin_unlock_irqrestore(ch->lock, flags);
		return -ENODEV;
	}
	if (ch->desc.stream)
		err = exdma_packet_queue(ch, req);
	else
		list_add_tail(&req->node, &ch->pending);
	if (err)
		goto go_on;
	req->id = ch->next_id++;
	req->held = hold;
	ch->batch |= hold;
	req->state = EXDMA_REQ_PENDING;
	channel_count(ch, req->bytes);
	ch->depth++;
	ch->stats.depth_max = max_t(u64, ch->stats.depth_max, ch->depth);
	ch->stats.copybreak += req->bounced;
	trace_exdma_submit(ch, req);
	if (ch->lost)
		exdma_packet_lose(ch);
go_on:
	/* Those behind a packet that is over now are pending, too. */
	more = exdma_channel_stage(ch);
	exdma_channel_launch(ch, EXDMA_START_SUBMIT);
	/* Under the lock: once the channel is dead, its interrupt may go. */
	if (more)
		exdma_channel_kick(ch);
	raw_spin_unlock_irqrestore(ch->lock, flags);
	return err;
}

/**
 * exdma_channel_unhold - the batch is over: start what waits for its end
 * @ch: the channel.
 *
 * Context: any but hard interrupt. Locking: takes the channel's lock.
 */
void exdma_channel_unhold(struct exdma_channel *ch)
{
	unsigned long flags;

	raw_spin_lock_irqsave(ch->lock, flags);
	ch->batch = false;	/* that of another caller begins anew with its next request */
	exdma_channel_launch(ch, EXDMA_START_SUBMIT);
	raw_spin_unlock_irqrestore(ch->lock, flags);
}

/**
 * exdma_channel_cancel - take a request back if it has not been started
 * @ch: the channel.
 * @req: a request that was submitted and not freed; its owner waits for @done.
 *
 * What runs is never abandoned: the engine has its address.
 *
 * Context: any but hard interrupt. Locking: takes the channel's lock.
 * Return: true if @req is the caller's again and will not be completed; false
 * if it runs or is done: then wait for it.
 */
bool exdma_channel_cancel(struct exdma_channel *ch, struct exdma_request *req)
{
	bool waits;
	unsigned long flags;

	raw_spin_lock_irqsave(ch->lock, flags);
	waits = req->state == EXDMA_REQ_PENDING || req->state == EXDMA_REQ_STAGED;
	if (waits) {
		list_del(&req->node);
		req->state = EXDMA_REQ_IDLE;
		ch->depth--;
		channel_count(ch, -(s64)req->bytes);
		/* One behind it may find room in the ring now. */
		exdma_channel_trim(ch);
		if (ch->state != EXDMA_CH_DEAD)
			exdma_channel_kick(ch);
	}
	raw_spin_unlock_irqrestore(ch->lock, flags);
	return waits;
}

/**
 * exdma_channel_get_stats - a consistent copy of the counters
 * @ch: the channel.
 * @stats: receives the copy.
 *
 * Context: any but hard interrupt. Locking: takes the channel's lock.
 */
void exdma_channel_get_stats(struct exdma_channel *ch,
			     struct exdma_channel_stats *stats)
{
	unsigned long flags;

	raw_spin_lock_irqsave(ch->lock, flags);
	*stats = ch->stats;
	stats->busy_ns += channel_run_ns(ch);
	raw_spin_unlock_irqrestore(ch->lock, flags);
}

/**
 * exdma_channel_create - a live, idle channel
 * @card: the card it is a part of.
 * @desc: what the card driver says; copied.
 *
 * Context: may sleep.
 * Return: the channel, or an ERR_PTR(): -EINVAL for a description out of the
 * documented ranges, -ENOMEM.
 */
struct exdma_channel *exdma_channel_create(struct exdma_card *card,
					   const struct exdma_channel_desc *desc)
{
	u32 least = 2 * min(desc->max_run_slots, EXDMA_REQUEST_SLOTS);
	struct exdma_channel *ch;
	int err;

	if (!desc->max_run_slots || desc->slots < least || !is_power_of_2(desc->slots) ||
	    (desc->stream && (card->desc.bounce || desc->slots < EXDMA_STREAM_SLOTS)) ||
	    (desc->extends &&
	     ((desc->stream && desc->dir == EXDMA_H2C) || desc->shares)) ||
	    (desc->shares && (desc->shares->card != card || desc->shares->desc.extends)) ||
	    desc->max_segment < PAGE_SIZE || !is_power_of_2(desc->alignment) ||
	    desc->alignment > PAGE_SIZE || !is_power_of_2(desc->granularity) ||
	    desc->granularity > PAGE_SIZE || !desc->address_bits ||
	    desc->address_bits > 64 || desc->beat > PAGE_SIZE ||
	    (desc->beat && !is_power_of_2(desc->beat)) || (desc->stream && !desc->beat))
		return ERR_PTR(-EINVAL);

	ch = kzalloc_obj(*ch);
	if (!ch)
		return ERR_PTR(-ENOMEM);
	err = exdma_ring_alloc(&ch->ring, exdma_card_parent(card), desc->slots,
			       desc->desc_bytes, desc->status_bytes);
	if (err) {
		kfree(ch);
		return ERR_PTR(err);
	}
	ch->card = card;
	ch->desc = *desc;
	snprintf(ch->name, sizeof(ch->name), "exdma%d_%s%u", card->number,
		 desc->dir == EXDMA_H2C ? "h2c" : "c2h", desc->index);
	raw_spin_lock_init(&ch->own_lock);
	ch->lock = desc->shares ? desc->shares->lock : &ch->own_lock;
	INIT_LIST_HEAD(&ch->partners);
	INIT_LIST_HEAD(&ch->pending);
	INIT_LIST_HEAD(&ch->behind);
	INIT_LIST_HEAD(&ch->staged);
	INIT_LIST_HEAD(&ch->running);
	INIT_LIST_HEAD(&ch->finished);
	INIT_WORK(&ch->recovery, exdma_channel_recover);
	INIT_DELAYED_WORK(&ch->watchdog, exdma_channel_watch);
	INIT_WORK(&ch->work, exdma_channel_work);
	mutex_init(&ch->line);
	init_waitqueue_head(&ch->room);
	spin_lock_init(&ch->mapped_lock);
	INIT_LIST_HEAD(&ch->mapped);
	if (exdma_channel_receives(ch)) {
		ch->receive = exdma_receive_create(ch);
		if (!ch->receive)
			goto free_ring;
	} else if (!exdma_bounce_alloc(&ch->bounce, exdma_card_parent(card)) &&
		   card->desc.bounce) {
		goto free_ring;
	}
	/* Behind all that share the engine: by turns, in the order they came. */
	if (desc->shares)
		list_add_tail(&ch->partners, &desc->shares->partners);
	return ch;

free_ring:
	exdma_ring_free(&ch->ring, exdma_card_parent(card));
	kfree(ch);
	return ERR_PTR(-ENOMEM);
}

/**
 * exdma_channel_destroy - free a channel that nobody can reach any more
 * @ch: the channel; its memory went with exdma_card_unregister().
 */
void exdma_channel_destroy(struct exdma_channel *ch)
{
	exdma_receive_destroy(ch->receive);
	kfree(ch);
}

/**
 * exdma_channel_release_memory - give back what the device could reach
 * @ch: the channel; its engine is idle and its interrupt freed.
 *
 * Context: may sleep.
 */
void exdma_channel_release_memory(struct exdma_channel *ch)
{
	exdma_receive_unmap(ch->receive);
	exdma_bounce_free(&ch->bounce, exdma_card_parent(ch->card));
	exdma_ring_free(&ch->ring, exdma_card_parent(ch->card));
}

/**
 * exdma_channel_priv - what the card driver keeps of a channel
 * @ch: the channel.
 *
 * Context: any.
 * Return: &exdma_channel_desc.priv.
 */
void *exdma_channel_priv(const struct exdma_channel *ch)
{
	return ch->desc.priv;
}
EXPORT_SYMBOL_EXDMA(exdma_channel_priv);

/**
 * exdma_channel_ring - the descriptor ring
 * @ch: the channel.
 * @dma: receives its bus address.
 *
 * Return: the first slot, coherent, valid until exdma_card_unregister()
 * returns; NULL if there is no ring.
 */
void *exdma_channel_ring(const struct exdma_channel *ch, dma_addr_t *dma)
{
	*dma = ch->ring.dma;
	return ch->ring.cpu;
}
EXPORT_SYMBOL_EXDMA(exdma_channel_ring);

/**
 * exdma_channel_status - the memory that the device writes to
 * @ch: the channel.
 * @dma: receives its bus address.
 *
 * Return: &exdma_channel_desc.status_bytes bytes, coherent, valid until
 * exdma_card_unregister() returns; NULL if there are none.
 */
void *exdma_channel_status(const struct exdma_channel *ch, dma_addr_t *dma)
{
	*dma = ch->ring.status_dma;
	return ch->ring.status;
}
EXPORT_SYMBOL_EXDMA(exdma_channel_status);
