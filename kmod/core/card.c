// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - the life of a card
 *
 * Who may still hold it: the card driver, from exdma_card_alloc() to
 * exdma_card_put(); each node, until the last file on it is closed; and each
 * request, through the gate, as long as its memory is mapped for the device.
 * The last two outlive the binding of the driver in different ways: files
 * keep only memory, requests keep exdma_card_unregister() waiting.
 */
#include <linux/dma-mapping.h>
#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "alias.h"
#include "buffer.h"
#include "card.h"
#include "channel.h"
#include "compat.h"
#include "event.h"
#include "power.h"
#include "receive.h"
#include "window.h"

static DEFINE_IDA(card_numbers);

/* Programs let go of the registers: they are going away. */
static void card_hold(struct exdma_card *card)
{
	exdma_windows_hold(card);
	exdma_events_hold(card);
}

static void card_gate_drained(struct percpu_ref *gate)
{
	struct exdma_card *card = container_of(gate, struct exdma_card, gate);

	complete(&card->drained);
}

static void card_free(struct kref *refs)
{
	struct exdma_card *card = container_of(refs, struct exdma_card, refs);
	struct exdma_channel *ch, *next;

	list_for_each_entry_safe(ch, next, &card->channels, siblings)
		exdma_channel_destroy(ch);
	exdma_windows_free(card);
	exdma_events_free(card);
	exdma_aliases_free(card);
	percpu_ref_exit(&card->gate);
	mutex_destroy(&card->lifecycle);
	mutex_destroy(&card->power);
	ida_free(&card_numbers, card->number);
	kfree(card);
}

struct exdma_card *exdma_card_get(struct exdma_card *card)
{
	kref_get(&card->refs);
	return card;
}

/**
 * exdma_card_put - the card driver is done with the card
 * @card: the card; unregistered, or never registered.
 *
 * Context: may sleep.
 */
void exdma_card_put(struct exdma_card *card)
{
	kref_put(&card->refs, card_free);
}
EXPORT_SYMBOL_EXDMA(exdma_card_put);

/*
 * Ends all transfers of the card, for good: nothing new comes in, what waits
 * gets -ENODEV, and what runs too once the device has let go of its memory.
 * Whether the device still answers does not matter.
 */
static void card_shut(struct exdma_card *card)
{
	struct exdma_channel *ch;
	bool loose = false;

	lockdep_assert_held(&card->lifecycle);

	if (card->gone)
		return;
	WRITE_ONCE(card->gone, true);
	percpu_ref_kill(&card->gate);
	card_hold(card);
	list_for_each_entry(ch, &card->channels, siblings)
		exdma_channel_gate(ch);
	list_for_each_entry(ch, &card->channels, siblings)
		if (!exdma_channel_halt(ch))
			loose = true;
	card->quarantined = loose && card->desc.ops->isolate(card);
	if (card->quarantined)
		dev_crit(card->parent,
			 "the device cannot be stopped: what it was given is never freed\n");
	list_for_each_entry(ch, &card->channels, siblings)
		exdma_channel_fail(ch, card->quarantined);
	/* Nothing is in the device's hands: do not wait for their owners. */
	list_for_each_entry(ch, &card->channels, siblings)
		exdma_buffers_reclaim(ch);
	list_for_each_entry(ch, &card->channels, siblings)
		if (ch->receive)
			exdma_receive_wake(ch->receive);
	exdma_card_changed(card);
	exdma_events_wake(card);
}

static void card_loss(struct work_struct *work)
{
	struct exdma_card *card = container_of(work, struct exdma_card, loss);

	mutex_lock(&card->lifecycle);
	card_shut(card);
	mutex_unlock(&card->lifecycle);
}

/**
 * exdma_card_lost - the device is gone or cannot be brought to reason
 * @card: the card.
 *
 * All its requests end with -ENODEV soon, also between exdma_card_freeze() and
 * exdma_card_thaw(); the nodes stay until the card driver is unbound.
 *
 * Context: any.
 */
void exdma_card_lost(struct exdma_card *card)
{
	queue_work(exdma_wq, &card->loss);
}
EXPORT_SYMBOL_EXDMA(exdma_card_lost);

/* The device is as it was after probe: what ran is run again. */
static void card_go_on(struct exdma_card *card, bool reset)
{
	struct exdma_channel *ch;

	lockdep_assert_held(&card->lifecycle);

	WRITE_ONCE(card->resets, card->resets + reset);
	exdma_windows_release(card);
	exdma_events_release(card);
	list_for_each_entry(ch, &card->channels, siblings)
		exdma_channel_thaw(ch);
}

/*
 * The reset hits all channels: what ran on any of them is run again. A card
 * that has no reset (-ENOTTY) goes on without, if its engines did stop.
 */
static int card_do_reset(struct exdma_card *card)
{
	struct exdma_channel *ch;
	bool stopped = true, idle;
	int err;

	lockdep_assert_held(&card->lifecycle);

	card_hold(card);
	/* All of them first: where two share an engine, it is to become idle. */
	list_for_each_entry(ch, &card->channels, siblings)
		exdma_channel_freeze(ch);
	list_for_each_entry(ch, &card->channels, siblings) {
		/* What stops by itself need not be torn from a transfer. */
		idle = !exdma_channel_faulty(ch) && !ch->desc.ops->stop(ch);
		exdma_channel_settle(ch, idle);
		stopped &= idle;
	}
	err = card->desc.ops->reset ? card->desc.ops->reset(card) : -ENOTTY;
	if (err && (err != -ENOTTY || !stopped)) {
		dev_err(card->parent, "the device did not come back from a reset (%d)\n", err);
		card_shut(card);
		return err;
	}
	card_go_on(card, !err);
	return err;
}

static void card_repair(struct work_struct *work)
{
	struct exdma_card *card = container_of(work, struct exdma_card, repair);
	struct exdma_channel *ch;
	bool faulty = false;

	mutex_lock(&card->lifecycle);
	/* Two engines may have asked for the one reset that served both. */
	list_for_each_entry(ch, &card->channels, siblings)
		faulty |= exdma_channel_faulty(ch);
	if (faulty && !card->gone && !card->frozen && !card_do_reset(card))
		dev_warn(card->parent,
			 "reset, because an engine would not stop; its transfers are run again\n");
	mutex_unlock(&card->lifecycle);
}

/**
 * exdma_card_reset - reset the card because a program asks for it
 * @card: the card.
 *
 * Context: may sleep.
 * Return: 0, or as EXDMA_IOC_RESET.
 */
int exdma_card_reset(struct exdma_card *card)
{
	int err;

	if (mutex_lock_killable(&card->lifecycle))
		return -EINTR;
	if (card->gone)
		err = -ENODEV;
	else if (card->frozen)
		err = -EBUSY;
	else
		err = card_do_reset(card);
	if (!err)
		dev_info(card->parent, "reset by %s[%d]\n", current->comm, task_pid_nr(current));
	mutex_unlock(&card->lifecycle);
	if (err == -ENOTTY)
		return -EOPNOTSUPP;
	return err && err != -EBUSY ? -ENODEV : err;
}

/**
 * exdma_card_stuck - an engine will not let go of memory: reset the card
 * @card: the card; the channel in question is frozen.
 *
 * Context: any.
 */
void exdma_card_stuck(struct exdma_card *card)
{
	queue_work(exdma_wq, &card->repair);
}

/**
 * exdma_card_freeze - somebody is going to reset or power down the device
 * @card: the card.
 *
 * Stops its engines. Requests are still taken; they wait for
 * exdma_card_thaw(), which must follow.
 *
 * Context: may sleep.
 */
void exdma_card_freeze(struct exdma_card *card)
{
	struct exdma_channel *ch;

	mutex_lock(&card->lifecycle);
	card->frozen = true;
	card_hold(card);
	list_for_each_entry(ch, &card->channels, siblings)
		exdma_channel_freeze(ch);
	if (!card->gone)
		list_for_each_entry(ch, &card->channels, siblings)
			exdma_channel_settle(ch, !ch->desc.ops->stop(ch));
	mutex_unlock(&card->lifecycle);
}
EXPORT_SYMBOL_EXDMA(exdma_card_freeze);

/**
 * exdma_card_thaw - the device is back: run again what was running
 * @card: the card, after exdma_card_freeze().
 * @err: 0 if the device is as it was after probe; else it is given up.
 * @reset: it was reset, or without power; what was in it may be gone.
 *
 * Context: may sleep.
 */
void exdma_card_thaw(struct exdma_card *card, int err, bool reset)
{
	mutex_lock(&card->lifecycle);
	card->frozen = false;
	if (err)
		card_shut(card);
	else
		card_go_on(card, reset);
	mutex_unlock(&card->lifecycle);
}
EXPORT_SYMBOL_EXDMA(exdma_card_thaw);

/**
 * exdma_card_alloc - a new card
 * @parent: the PCI device; its DMA mask is set.
 * @desc: what the card is; copied.
 *
 * Context: may sleep.
 * Return: the card, to be given back with exdma_card_put(), or an ERR_PTR():
 * -ENOMEM, -ENOSPC if there are too many cards.
 */
struct exdma_card *exdma_card_alloc(struct device *parent,
				    const struct exdma_card_desc *desc)
{
	struct exdma_card *card;
	int err;

	card = kzalloc_obj(*card);
	if (!card)
		return ERR_PTR(-ENOMEM);
	card->number = ida_alloc_max(&card_numbers, EXDMA_MAX_CARDS - 1, GFP_KERNEL);
	if (card->number < 0) {
		err = card->number;
		goto free_card;
	}
	err = percpu_ref_init(&card->gate, card_gate_drained, 0, GFP_KERNEL);
	if (err)
		goto free_number;

	kref_init(&card->refs);
	INIT_LIST_HEAD(&card->channels);
	card->parent = parent;
	card->desc = *desc;
	card->aperture = desc->aperture;
	strscpy(card->driver, desc->driver, sizeof(card->driver));
	strscpy(card->bus_id, dev_name(parent), sizeof(card->bus_id));
	init_completion(&card->drained);
	mutex_init(&card->lifecycle);
	mutex_init(&card->power);
	init_rwsem(&card->access);
	INIT_LIST_HEAD(&card->windows);
	INIT_LIST_HEAD(&card->events);
	INIT_LIST_HEAD(&card->aliases);
	init_waitqueue_head(&card->change);
	INIT_WORK(&card->loss, card_loss);
	INIT_WORK(&card->repair, card_repair);
	return card;

free_number:
	ida_free(&card_numbers, card->number);
free_card:
	kfree(card);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_EXDMA(exdma_card_alloc);

/**
 * exdma_channel_add - give a card another channel
 * @card: the card, not registered yet.
 * @desc: what the channel is; copied. Indexes of one direction come in order.
 *
 * Context: may sleep.
 * Return: the channel, which lives as long as the card, or an ERR_PTR():
 * -EINVAL for a description out of range, -ENOMEM.
 */
struct exdma_channel *exdma_channel_add(struct exdma_card *card,
					const struct exdma_channel_desc *desc)
{
	u32 *count = &card->channel_count[desc->dir];
	struct exdma_channel *ch;

	if (desc->index != *count || *count == EXDMA_MAX_CHANNELS ||
	    (*count && card->by_index[desc->dir][0]->desc.stream != desc->stream))
		return ERR_PTR(-EINVAL);
	ch = exdma_channel_create(card, desc);
	if (IS_ERR(ch))
		return ch;
	list_add_tail(&ch->siblings, &card->channels);
	card->by_index[desc->dir][(*count)++] = ch;
	return ch;
}
EXPORT_SYMBOL_EXDMA(exdma_channel_add);

/* What every channel, and the DMA API, can take. */
static void card_set_limits(struct exdma_card *card)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(card->parent);
	size_t max = dma_max_mapping_size(card->parent);
	const struct exdma_channel_desc *desc;
	struct exdma_channel *ch;

	card->address_bits[EXDMA_H2C] = 64;
	card->address_bits[EXDMA_C2H] = 64;
	list_for_each_entry(ch, &card->channels, siblings) {
		desc = &ch->desc;
		max = min_t(size_t, max, desc->max_segment);
		/* Descriptors begin and end where pages and iovecs do. */
		card->unit[desc->dir] = max3(card->unit[desc->dir], desc->alignment,
					     desc->granularity);
		card->address_bits[desc->dir] = min(card->address_bits[desc->dir],
						    desc->address_bits);
	}
	card->max_segment = min_t(size_t, max, UINT_MAX) & PAGE_MASK;
	card->translated = domain && domain->type != IOMMU_DOMAIN_IDENTITY;
	dma_set_max_seg_size(card->parent, card->max_segment);
}

/**
 * exdma_card_register - make the nodes; from now on there are transfers
 * @card: the card, with its channels added and interrupts requested.
 *
 * Context: may sleep.
 * Return: 0 or -errno; then the card driver goes on with
 * exdma_card_unregister() all the same.
 */
int exdma_card_register(struct exdma_card *card)
{
	struct exdma_alias *alias;
	struct exdma_window *win;
	struct exdma_channel *ch;
	struct exdma_event *ev;
	struct exdma_node *node;
	int err = 0;

	card_set_limits(card);

	mutex_lock(&card->lifecycle);
	node = exdma_node_create(card, NULL);
	if (IS_ERR(node)) {
		err = PTR_ERR(node);
		goto unlock;
	}
	card->node = node;
	list_for_each_entry(ch, &card->channels, siblings) {
		node = exdma_node_create(card, ch);
		if (IS_ERR(node)) {
			err = PTR_ERR(node);
			goto unlock;
		}
		ch->node = node;
	}
	list_for_each_entry(win, &card->windows, siblings) {
		err = exdma_window_create_node(win);
		if (err)
			goto unlock;
	}
	list_for_each_entry(ev, &card->events, siblings) {
		err = exdma_event_create_node(ev);
		if (err)
			goto unlock;
	}
	/* The last: all others have the same numbers with them and without. */
	list_for_each_entry(alias, &card->aliases, siblings) {
		err = exdma_alias_create_node(alias);
		if (err)
			goto unlock;
	}
unlock:
	mutex_unlock(&card->lifecycle);
	return err;
}
EXPORT_SYMBOL_EXDMA(exdma_card_register);

/* Nothing runs any more and no node is there to start something. */
static void card_release_device(struct exdma_card *card)
{
	struct exdma_channel *ch;
	struct exdma_event *ev;

	list_for_each_entry(ch, &card->channels, siblings)
		if (ch->irq && ch->irq_id == ch)
			free_irq(ch->irq, ch);
	list_for_each_entry(ev, &card->events, siblings)
		if (ev->irq)
			free_irq(ev->irq, ev);
	if (card->irq)
		free_irq(card->irq, card);
	if (card->event_irq)
		free_irq(card->event_irq, card);
	/* No handler is left that could queue it again. */
	list_for_each_entry(ev, &card->events, siblings)
		cancel_delayed_work_sync(&ev->later);
	list_for_each_entry(ch, &card->channels, siblings)
		cancel_work_sync(&ch->work);
	if (card->quarantined)
		return;
	list_for_each_entry(ch, &card->channels, siblings)
		exdma_channel_release_memory(ch);
}

/**
 * exdma_card_unregister - the device is going away
 * @card: the card; also one whose registration failed or never came.
 *
 * Ends all transfers, removes the nodes, frees interrupts and rings. Open
 * files stay and answer -ENODEV. Does not depend on what user programs do:
 * requests end here, not when their owners come for them.
 *
 * Context: may sleep; not from an operation of the card.
 */
void exdma_card_unregister(struct exdma_card *card)
{
	struct exdma_alias *alias;
	struct exdma_window *win;
	struct exdma_channel *ch;
	struct exdma_event *ev;

	mutex_lock(&card->lifecycle);
	card_shut(card);
	mutex_unlock(&card->lifecycle);
	cancel_work_sync(&card->loss);
	cancel_work_sync(&card->repair);
	exdma_power_end(card);

	list_for_each_entry(alias, &card->aliases, siblings)
		if (alias->node)
			exdma_node_remove(alias->node);
	list_for_each_entry(ev, &card->events, siblings)
		if (ev->node)
			exdma_node_remove(ev->node);
	list_for_each_entry(win, &card->windows, siblings)
		if (win->node)
			exdma_node_remove(win->node);
	list_for_each_entry(ch, &card->channels, siblings)
		if (ch->node)
			exdma_node_remove(ch->node);
	if (card->node)
		exdma_node_remove(card->node);

	wait_for_completion(&card->drained);
	card_release_device(card);
}
EXPORT_SYMBOL_EXDMA(exdma_card_unregister);

struct device *exdma_card_parent(const struct exdma_card *card)
{
	return card->parent;
}

/**
 * exdma_card_priv - what the card driver keeps of a card
 * @card: the card.
 *
 * Context: any.
 * Return: &exdma_card_desc.priv.
 */
void *exdma_card_priv(const struct exdma_card *card)
{
	return card->desc.priv;
}
EXPORT_SYMBOL_EXDMA(exdma_card_priv);

/**
 * exdma_card_number - which card it is
 * @card: the card.
 *
 * Context: any.
 * Return: the N of /dev/exdmaN, from exdma_card_alloc() on.
 */
int exdma_card_number(const struct exdma_card *card)
{
	return card->number;
}
EXPORT_SYMBOL_EXDMA(exdma_card_number);

/**
 * exdma_channel_device - the PCI device that a channel is a part of
 * @ch: the channel.
 *
 * Context: any.
 * Return: the @parent of exdma_card_alloc().
 */
struct device *exdma_channel_device(const struct exdma_channel *ch)
{
	return ch->card->parent;
}
EXPORT_SYMBOL_EXDMA(exdma_channel_device);

static irqreturn_t channel_hard(int irq, void *data)
{
	return exdma_channel_interrupt(data);
}

static irqreturn_t channel_thread(int irq, void *data)
{
	exdma_channel_bottom_half(data);
	return IRQ_HANDLED;
}

static irqreturn_t event_hard(int irq, void *data)
{
	return exdma_event_raise(data);
}

static irqreturn_t event_thread(int irq, void *data)
{
	exdma_event_deliver(data);
	return IRQ_HANDLED;
}

static irqreturn_t card_events_thread(int irq, void *data)
{
	struct exdma_card *card = data;
	struct exdma_event *ev;

	list_for_each_entry(ev, &card->events, siblings)
		exdma_event_deliver(ev);
	return IRQ_HANDLED;
}

static irqreturn_t card_thread(int irq, void *data)
{
	struct exdma_card *card = data;
	struct exdma_channel *ch;

	list_for_each_entry(ch, &card->channels, siblings)
		exdma_channel_bottom_half(ch);
	return card_events_thread(irq, data);
}

/**
 * exdma_channel_request_irq - give a channel an interrupt of its own
 * @ch: the channel.
 * @irq: Linux interrupt number; not shared, edge.
 *
 * IRQF_NO_THREAD keeps the hard handler hard under forced threading and on
 * PREEMPT_RT, which would else move it to a thread without a word
 * (irq_setup_forced_threading(), all kernels from 6.1).
 *
 * Context: may sleep.
 * Return: 0, -EINVAL if it shares its engine, or -errno of request_threaded_irq().
 */
int exdma_channel_request_irq(struct exdma_channel *ch, unsigned int irq)
{
	int err;

	if (!list_empty(&ch->partners))
		return -EINVAL;
	err = request_threaded_irq(irq, channel_hard, channel_thread, IRQF_NO_THREAD,
				   ch->name, ch);
	if (err)
		return err;
	ch->irq = irq;
	ch->irq_id = ch;
	return 0;
}
EXPORT_SYMBOL_EXDMA(exdma_channel_request_irq);

/**
 * exdma_card_request_irq - one interrupt for all channels
 * @card: the card, all channels added.
 * @irq: Linux interrupt number.
 * @handler: asks the card which channels want it, calls
 *	exdma_channel_interrupt() for each (exdma_event_raise() for each event)
 *	and returns IRQ_WAKE_THREAD if one of them did, IRQ_NONE if there was
 *	none. Its cookie is @card.
 * @flags: IRQF_SHARED for INTx, else 0.
 *
 * Context: may sleep.
 * Return: 0 or -errno of request_threaded_irq().
 */
int exdma_card_request_irq(struct exdma_card *card, unsigned int irq,
			   irq_handler_t handler, unsigned long flags)
{
	struct exdma_channel *ch;
	int err;

	err = request_threaded_irq(irq, handler, card_thread, flags | IRQF_NO_THREAD,
				   card->driver, card);
	if (err)
		return err;
	card->irq = irq;
	list_for_each_entry(ch, &card->channels, siblings) {
		ch->irq = irq;
		ch->irq_id = card;
	}
	return 0;
}
EXPORT_SYMBOL_EXDMA(exdma_card_request_irq);

/**
 * exdma_event_request_irq - give an event an interrupt of its own
 * @ev: the event.
 * @irq: Linux interrupt number; not shared, edge.
 *
 * Context: may sleep.
 * Return: 0 or -errno of request_threaded_irq().
 */
int exdma_event_request_irq(struct exdma_event *ev, unsigned int irq)
{
	int err;

	err = request_threaded_irq(irq, event_hard, event_thread, IRQF_NO_THREAD, ev->name, ev);
	if (!err)
		ev->irq = irq;
	return err;
}
EXPORT_SYMBOL_EXDMA(exdma_event_request_irq);

/**
 * exdma_card_request_event_irq - one interrupt for several events
 * @card: the card, all events added.
 * @irq: Linux interrupt number; not shared with others.
 * @handler: asks the card which events want it, calls exdma_event_raise() for
 *	each and returns IRQ_WAKE_THREAD if one of them did. Its cookie is @card.
 *
 * Context: may sleep.
 * Return: 0 or -errno of request_threaded_irq().
 */
int exdma_card_request_event_irq(struct exdma_card *card, unsigned int irq,
				 irq_handler_t handler)
{
	int err;

	err = request_threaded_irq(irq, handler, card_events_thread, IRQF_NO_THREAD,
				   card->driver, card);
	if (!err)
		card->event_irq = irq;
	return err;
}
EXPORT_SYMBOL_EXDMA(exdma_card_request_event_irq);
