/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - events: interrupts of a card's own logic, for programs
 */
#ifndef EXDMA_CORE_EVENT_H
#define EXDMA_CORE_EVENT_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "exdma.h"

struct exdma_node;

/**
 * struct exdma_event - one interrupt line of the card's logic
 * @card: whose it is.
 * @siblings: on the card's list.
 * @desc: what the card driver said.
 * @node: its /dev node, between registration and removal.
 * @name: as in the node's name, for /proc/interrupts.
 * @irq: its own interrupt, or 0.
 * @lock: guards everything down to @news, against other CPUs and against the
 *	hard interrupt handler: always taken with interrupts off. A leaf lock:
 *	under it only the card driver's operations are called and works queued.
 * @count: events since the card was bound.
 * @throttled: how often the line was shut off because they came too fast.
 * @files: that are open.
 * @masked: a program has masked the line.
 * @waiting: the line is a level that was counted and has not been seen low
 *	since.
 * @choked: too many events in this slice of time.
 * @held: the registers are not there: while the card is reset, and for good
 *	when it is gone.
 * @on: what the device was told last: may the line interrupt?
 * @slice_start: nanoseconds; when the slice began.
 * @slice_count: events in it.
 * @look_ms: how long until the line is looked at again, while @waiting.
 * @news: events that nobody has been told of.
 * @later: ends @choked and @waiting.
 * @listeners_lock: guards @listeners and what their eventfds were told; process
 *	context and interrupt threads. @lock may be taken under it.
 * @listeners: all open files, &exdma_listener.node.
 * @wait: readers and pollers: for events, and for the end of the card. The only
 *	queue of theirs: libaio polls no file that has two.
 */
struct exdma_event {
	struct exdma_card *card;
	struct list_head siblings;
	struct exdma_event_desc desc;
	struct exdma_node *node;
	char name[32];
	unsigned int irq;

	raw_spinlock_t lock;

	u64 count __guarded_by(&lock);
	u64 throttled __guarded_by(&lock);
	u32 files __guarded_by(&lock);
	bool masked __guarded_by(&lock);
	bool waiting __guarded_by(&lock);
	bool choked __guarded_by(&lock);
	bool held __guarded_by(&lock);
	bool on __guarded_by(&lock);
	u64 slice_start __guarded_by(&lock);
	u32 slice_count __guarded_by(&lock);
	u32 look_ms __guarded_by(&lock);
	bool news __guarded_by(&lock);

	struct delayed_work later;
	struct mutex listeners_lock;	/* see above */
	struct list_head listeners;
	wait_queue_head_t wait;
};

/**
 * struct exdma_event_state - what sysfs shows of one
 * @count: events.
 * @throttled: times that it was shut off.
 * @masked: a program has masked it.
 */
struct exdma_event_state {
	u64 count;
	u64 throttled;
	bool masked;
};

int exdma_event_create_node(struct exdma_event *ev);
void exdma_event_deliver(struct exdma_event *ev);
void exdma_event_get_state(struct exdma_event *ev, struct exdma_event_state *state);
void exdma_events_hold(struct exdma_card *card);
void exdma_events_release(struct exdma_card *card);
void exdma_events_wake(struct exdma_card *card);
void exdma_events_free(struct exdma_card *card);

#endif /* EXDMA_CORE_EVENT_H */
