// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - events: interrupts of a card's own logic, for programs
 *
 * A line of the card interrupts; the hard handler counts it, and decides
 * whether the line may interrupt again. The interrupt's thread tells those who
 * wait. Each open file remembers what it has been told, so each sees every
 * event. This file knows files, counting and time; the card driver knows how a
 * line is masked and looked at.
 *
 * May the line interrupt? That follows from five facts, in one place,
 * event_update(): somebody has the file open; no program masks it; it does not
 * wait to be low; it is not choked; the registers are there. Who changes one of
 * them calls it, under the lock.
 *
 * A line with a vector of its own is counted by its messages: one for each
 * time that it rises. A line that shares one is a level that the handler finds
 * high, by asking the device; it is masked when it was counted, until it was
 * seen low. That is looked at when a program comes back to read or to poll, and
 * now and then by a work. So what nobody services is one event and no storm.
 *
 * Under the raw lock, in hard interrupt context, nothing sleeps, also not on
 * PREEMPT_RT: waking and eventfds are for the thread.
 */
#include <linux/eventfd.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/moduleparam.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include <uapi/linux/exdma.h>

#include "alias.h"
#include "card.h"
#include "channel.h"
#include "event.h"
#include "mark.h"
#include "node.h"
#include "power.h"

/* Events are limited by slices of this length. */
#define SLICE_MS	10
#define SLICES		(MSEC_PER_SEC / SLICE_MS)
/* How soon a line that was high is looked at again, at first and at most. */
#define LOOK_MS		1
#define LOOK_MAX_MS	128

static unsigned int event_limit = 50000;
module_param(event_limit, uint, 0644);
MODULE_PARM_DESC(event_limit,
		 "Most events of one line in a second, in multiples of 100; beyond that it is masked for up to 10 ms at a time (default 50000, 0: no limit)");

/**
 * struct exdma_listener - an open file
 * @ev: the event.
 * @node: on the event's list.
 * @seen: events up to this one have been read; guarded by the event's lock.
 * @eventfd: is told of each event, or NULL; guarded by the event's
 *	listeners_lock.
 * @told: events up to this one it has been told; the same.
 * @one: how many there were is not told.
 */
struct exdma_listener {
	struct exdma_event *ev;
	struct list_head node;
	u64 seen;
	struct eventfd_ctx *eventfd;
	u64 told;
	bool one;
};

/* Tells the device what follows from the facts. */
static void event_update(struct exdma_event *ev) __must_hold(&ev->lock)
{
	bool on = ev->files && !ev->masked && !ev->waiting && !ev->choked && !ev->held;

	lockdep_assert_held(&ev->lock);

	if (on == ev->on)
		return;
	ev->on = on;
	if (on)
		ev->desc.ops->unmask(ev);
	else
		ev->desc.ops->mask(ev);
}

/* Nanoseconds until the slice is over, or 0. */
static u64 event_slice_left(const struct exdma_event *ev) __must_hold(&ev->lock)
{
	u64 past = ktime_get_ns() - ev->slice_start;

	lockdep_assert_held(&ev->lock);

	return past < SLICE_MS * NSEC_PER_MSEC ? SLICE_MS * NSEC_PER_MSEC - past : 0;
}

/* One more event: is that too many? */
static bool event_exceeds(struct exdma_event *ev) __must_hold(&ev->lock)
{
	u32 limit = READ_ONCE(event_limit);

	lockdep_assert_held(&ev->lock);

	if (!event_slice_left(ev)) {
		ev->slice_start = ktime_get_ns();
		ev->slice_count = 0;
	}
	ev->slice_count++;
	return limit && ev->slice_count > max(limit / SLICES, 1u);
}

/* What waits for a time to come is done then. */
static void event_arm(struct exdma_event *ev) __must_hold(&ev->lock)
{
	u64 ms = U64_MAX;

	lockdep_assert_held(&ev->lock);

	if (ev->choked)
		ms = event_slice_left(ev) / NSEC_PER_MSEC + 1;
	if (ev->waiting)
		ms = min(ms, (u64)ev->look_ms);
	if (ms != U64_MAX)
		mod_delayed_work(exdma_wq, &ev->later, msecs_to_jiffies(ms));
}

/* A level that was counted: is it low now? Reads the bus. */
static void event_look(struct exdma_event *ev) __must_hold(&ev->lock)
{
	lockdep_assert_held(&ev->lock);

	if (!ev->waiting || ev->held || ev->desc.ops->asserted(ev))
		return;
	ev->waiting = false;
	event_update(ev);
}

static void event_later(struct work_struct *work)
{
	struct exdma_event *ev = container_of(to_delayed_work(work), struct exdma_event, later);
	unsigned long flags;

	raw_spin_lock_irqsave(&ev->lock, flags);
	if (ev->choked && !event_slice_left(ev))
		ev->choked = false;
	event_look(ev);
	ev->look_ms = min(ev->look_ms * 2, (u32)LOOK_MAX_MS);
	event_update(ev);
	/* With nobody there, or nothing to look at, it need not be looked at. */
	if ((ev->files || ev->choked) && !ev->held)
		event_arm(ev);
	raw_spin_unlock_irqrestore(&ev->lock, flags);
}

/**
 * exdma_event_raise - the line has interrupted
 * @ev: the event. For one that shares its vector: the device says that it is
 *	high, and enabled.
 *
 * Context: hard interrupt.
 * Return: IRQ_WAKE_THREAD, or IRQ_HANDLED if there is nothing to tell.
 */
irqreturn_t exdma_event_raise(struct exdma_event *ev)
{
	irqreturn_t ret = IRQ_WAKE_THREAD;
	EXDMA_DECLARE_PHASE(HARD);
	unsigned long flags;

	raw_spin_lock_irqsave(&ev->lock, flags);
	if (ev->desc.level && !ev->on) {
		/* We think that it is off: see to it that it is. */
		ev->desc.ops->mask(ev);
		ret = IRQ_HANDLED;
		goto unlock;
	}
	ev->count++;
	WRITE_ONCE(ev->news, true);
	if (ev->desc.level) {
		ev->waiting = true;
		ev->look_ms = LOOK_MS;
	}
	if (event_exceeds(ev) && !ev->choked) {
		ev->choked = true;
		ev->throttled++;
	}
	event_update(ev);
	event_arm(ev);
unlock:
	raw_spin_unlock_irqrestore(&ev->lock, flags);
	return ret;
}
EXPORT_SYMBOL_EXDMA(exdma_event_raise);

/**
 * exdma_event_deliver - tell those who wait of what was counted
 * @ev: the event.
 *
 * Context: interrupt thread; may sleep. Locking: takes the listeners' lock.
 */
void exdma_event_deliver(struct exdma_event *ev)
{
	struct exdma_listener *l;
	EXDMA_DECLARE_PHASE(BOTTOM);
	unsigned long flags;
	u64 count;
	bool news;

	/* A thread that serves all of a card need not stop at each. */
	if (!READ_ONCE(ev->news))
		return;
	mutex_lock(&ev->listeners_lock);
	raw_spin_lock_irqsave(&ev->lock, flags);
	news = ev->news;
	WRITE_ONCE(ev->news, false);
	count = ev->count;
	raw_spin_unlock_irqrestore(&ev->lock, flags);
	if (news) {
		list_for_each_entry(l, &ev->listeners, node) {
			if (l->eventfd)
				exdma_eventfd_add(l->eventfd, count - l->told);
			l->told = count;
		}
	}
	mutex_unlock(&ev->listeners_lock);
	if (news)
		wake_up_all(&ev->wait);
}

void exdma_event_get_state(struct exdma_event *ev, struct exdma_event_state *state)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ev->lock, flags);
	state->count = ev->count;
	state->throttled = ev->throttled;
	state->masked = ev->masked;
	raw_spin_unlock_irqrestore(&ev->lock, flags);
}

/**
 * exdma_events_hold - the registers go away
 * @card: the card.
 *
 * When it returns, no line is unmasked or looked at until
 * exdma_events_release(). What is counted until then stays counted.
 *
 * Context: may sleep. Locking: takes each event's lock.
 */
void exdma_events_hold(struct exdma_card *card)
{
	struct exdma_event *ev;
	unsigned long flags;

	list_for_each_entry(ev, &card->events, siblings) {
		raw_spin_lock_irqsave(&ev->lock, flags);
		ev->held = true;
		event_update(ev);
		raw_spin_unlock_irqrestore(&ev->lock, flags);
	}
}

/**
 * exdma_events_release - the device is set up, all lines masked
 * @card: the card.
 *
 * Context: may sleep. Locking: takes each event's lock.
 */
void exdma_events_release(struct exdma_card *card)
{
	struct exdma_event *ev;
	unsigned long flags;

	if (exdma_card_is_gone(card))
		return;
	list_for_each_entry(ev, &card->events, siblings) {
		raw_spin_lock_irqsave(&ev->lock, flags);
		ev->held = false;
		event_update(ev);
		event_arm(ev);
		raw_spin_unlock_irqrestore(&ev->lock, flags);
	}
}

/* The card is gone: whoever waits sees that. */
void exdma_events_wake(struct exdma_card *card)
{
	struct exdma_event *ev;

	list_for_each_entry(ev, &card->events, siblings)
		wake_up_all(&ev->wait);
}

static int event_open(struct inode *inode, struct file *file)
{
	struct exdma_node *node = exdma_node_from_inode(inode);
	struct exdma_event *ev = node->part;
	struct exdma_listener *l;
	unsigned long flags;
	int err;

	if (exdma_card_is_gone(ev->card))
		return -ENODEV;
	l = kzalloc_obj(*l);
	if (!l)
		return -ENOMEM;
	err = exdma_power_get(ev->card);
	if (err) {
		kfree(l);
		return err;
	}
	l->ev = ev;
	l->one = exdma_alias_has(node->alias, EXDMA_ALIAS_ONE);
	mutex_lock(&ev->listeners_lock);
	raw_spin_lock_irqsave(&ev->lock, flags);
	l->seen = ev->count;
	l->told = ev->count;
	if (!ev->files++) {
		/* What those before have left is not for those who come. */
		ev->masked = false;
		ev->waiting = false;
	}
	event_update(ev);
	raw_spin_unlock_irqrestore(&ev->lock, flags);
	list_add_tail(&l->node, &ev->listeners);
	mutex_unlock(&ev->listeners_lock);
	file->private_data = l;
	file->f_mode |= FMODE_NOWAIT;
	if (exdma_alias_has(node->alias, EXDMA_ALIAS_PLAIN_OPEN))
		file->f_flags &= ~O_NONBLOCK;
	return exdma_alias_has(node->alias, EXDMA_ALIAS_KEEP_POS) ? 0 : stream_open(inode, file);
}

static int event_close(struct inode *inode, struct file *file)
{
	struct exdma_listener *l = file->private_data;
	struct exdma_event *ev = l->ev;
	unsigned long flags;

	mutex_lock(&ev->listeners_lock);
	list_del(&l->node);
	raw_spin_lock_irqsave(&ev->lock, flags);
	ev->files--;
	event_update(ev);
	raw_spin_unlock_irqrestore(&ev->lock, flags);
	mutex_unlock(&ev->listeners_lock);
	if (l->eventfd)
		eventfd_ctx_put(l->eventfd);
	exdma_power_put(ev->card);
	kfree(l);
	return 0;
}

/* What a file has not read yet; @take: it has now. */
static u64 event_unread(struct exdma_listener *l, bool take)
{
	struct exdma_event *ev = l->ev;
	unsigned long flags;
	u64 n;

	raw_spin_lock_irqsave(&ev->lock, flags);
	n = min(ev->count - l->seen, (u64)U32_MAX);
	if (take)
		l->seen += n;
	raw_spin_unlock_irqrestore(&ev->lock, flags);
	return n;
}

static void event_give_back(struct exdma_listener *l, u32 n)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&l->ev->lock, flags);
	l->seen -= n;
	raw_spin_unlock_irqrestore(&l->ev->lock, flags);
}

/* A program comes back: it may have serviced what it was told. */
static void event_revisit(struct exdma_event *ev)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ev->lock, flags);
	event_look(ev);
	raw_spin_unlock_irqrestore(&ev->lock, flags);
}

/* Copies the number of unread events, @n, to the reader. Returns bytes or -EFAULT. */
static ssize_t event_tell(struct exdma_listener *l, u32 n, struct iov_iter *iter)
{
	EXDMA_DECLARE_PHASE(COMPLETE);
	u32 say = l->one ? 1 : n;

	if (copy_to_iter(&say, sizeof(say), iter) != sizeof(say)) {
		event_give_back(l, n);
		return -EFAULT;
	}
	return sizeof(say);
}

static ssize_t event_read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	struct exdma_listener *l = iocb->ki_filp->private_data;
	struct exdma_event *ev = l->ev;
	EXDMA_DECLARE_PHASE(SUBMIT);
	u32 n;
	int err;

	if (exdma_card_is_gone(ev->card))
		return -ENODEV;
	if (l->one && iov_iter_count(iter) != sizeof(n))
		return -EPROTO;
	if (iov_iter_count(iter) < sizeof(n))
		return -EINVAL;
	event_revisit(ev);
	n = event_unread(l, true);
	if (!n) {
		if (exdma_call_nowait(iocb))
			return -EAGAIN;
		err = wait_event_interruptible(ev->wait, (n = event_unread(l, true)) ||
					       exdma_card_is_gone(ev->card));
		if (err)
			return err;
		if (!n)
			return -ENODEV;
	}
	return event_tell(l, n, iter);
}

/*
 * Unmasking says that the line was serviced, too: if it is still high, or high
 * again, that is an event.
 */
static ssize_t event_write_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	struct exdma_listener *l = iocb->ki_filp->private_data;
	struct exdma_event *ev = l->ev;
	unsigned long flags;
	u32 on;

	if (exdma_card_is_gone(ev->card))
		return -ENODEV;
	if (iov_iter_count(iter) != sizeof(on))
		return -EINVAL;
	if (copy_from_iter(&on, sizeof(on), iter) != sizeof(on))
		return -EFAULT;
	if (on > 1)
		return -EINVAL;
	raw_spin_lock_irqsave(&ev->lock, flags);
	ev->masked = !on;
	if (on)
		ev->waiting = false;
	event_update(ev);
	raw_spin_unlock_irqrestore(&ev->lock, flags);
	return sizeof(on);
}

static __poll_t event_poll(struct file *file, struct poll_table_struct *wait)
{
	struct exdma_listener *l = file->private_data;
	__poll_t can = EPOLLOUT | EPOLLWRNORM;

	poll_wait(file, &l->ev->wait, wait);
	if (exdma_card_is_gone(l->ev->card))
		return EPOLLHUP | EPOLLERR;
	event_revisit(l->ev);
	if (event_unread(l, false))
		can |= EPOLLIN | EPOLLRDNORM;
	return can;
}

static int event_set_eventfd(struct exdma_listener *l, void __user *arg)
{
	struct exdma_event *ev = l->ev;
	struct eventfd_ctx *ctx = NULL;
	struct exdma_eventfd request;
	unsigned long flags;
	int err;

	err = exdma_ioctl_fetch(arg, &request, sizeof(request), sizeof(request));
	if (err)
		return err;
	if (request.flags || request.reserved || request.fd < -1)
		return -EINVAL;
	if (request.fd != -1) {
		ctx = eventfd_ctx_fdget(request.fd);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}
	mutex_lock(&ev->listeners_lock);
	swap(l->eventfd, ctx);
	raw_spin_lock_irqsave(&ev->lock, flags);
	l->told = ev->count;
	raw_spin_unlock_irqrestore(&ev->lock, flags);
	mutex_unlock(&ev->listeners_lock);
	if (ctx)
		eventfd_ctx_put(ctx);
	return 0;
}

static long event_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct exdma_listener *l = file->private_data;
	void __user *user = (void __user *)arg;

	if (exdma_card_is_gone(l->ev->card))
		return -ENODEV;
	if (exdma_ioctl_is(cmd, EXDMA_IOC_SET_EVENTFD))
		return event_set_eventfd(l, user);
	return exdma_card_ioctl(l->ev->card, file, cmd, user);
}

const struct file_operations exdma_event_fops = {
	.owner = THIS_MODULE,
	.open = event_open,
	.release = event_close,
	.read_iter = event_read_iter,
	.write_iter = event_write_iter,
	.poll = event_poll,
	.unlocked_ioctl = event_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/**
 * exdma_event_add - give programs an interrupt line of the card's logic
 * @card: the card, not registered yet.
 * @desc: what the event is; copied. Indexes come in order.
 *
 * Makes /dev/exdmaN_eventK at registration. The line is masked now.
 *
 * Context: may sleep.
 * Return: the event, which lives as long as the card, or an ERR_PTR():
 * -EINVAL for an index out of range, -ENOMEM.
 */
struct exdma_event *exdma_event_add(struct exdma_card *card,
				    const struct exdma_event_desc *desc)
{
	struct exdma_event *ev;

	if (desc->index != card->event_count || desc->index >= EXDMA_MAX_EVENTS)
		return ERR_PTR(-EINVAL);
	ev = kzalloc_obj(*ev);
	if (!ev)
		return ERR_PTR(-ENOMEM);
	ev->card = card;
	ev->desc = *desc;
	snprintf(ev->name, sizeof(ev->name), "exdma%d_event%u", card->number, desc->index);
	raw_spin_lock_init(&ev->lock);
	INIT_DELAYED_WORK(&ev->later, event_later);
	mutex_init(&ev->listeners_lock);
	INIT_LIST_HEAD(&ev->listeners);
	init_waitqueue_head(&ev->wait);
	list_add_tail(&ev->siblings, &card->events);
	card->event_count++;
	return ev;
}
EXPORT_SYMBOL_EXDMA(exdma_event_add);

/**
 * exdma_event_priv - what the card driver keeps of an event
 * @ev: the event.
 *
 * Context: any.
 * Return: &exdma_event_desc.priv.
 */
void *exdma_event_priv(const struct exdma_event *ev)
{
	return ev->desc.priv;
}
EXPORT_SYMBOL_EXDMA(exdma_event_priv);

/* Makes the node. Return: 0 or -errno. */
int exdma_event_create_node(struct exdma_event *ev)
{
	struct exdma_node *node;

	node = exdma_node_create_part(ev->card, ev->name, &exdma_event_fops,
				      exdma_event_groups, ev);
	if (IS_ERR(node))
		return PTR_ERR(node);
	ev->node = node;
	return 0;
}

/* The card is freed: nobody has a file any more, and no interrupt comes. */
void exdma_events_free(struct exdma_card *card)
{
	struct exdma_event *ev, *next;

	list_for_each_entry_safe(ev, next, &card->events, siblings) {
		mutex_destroy(&ev->listeners_lock);
		kfree(ev);
	}
}
