/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - a card, as the rooms of the core see it
 */
#ifndef EXDMA_CORE_CARD_H
#define EXDMA_CORE_CARD_H

#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu-refcount.h>
#include <linux/rwsem.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "exdma.h"
#include "node.h"

/**
 * struct exdma_card - one card
 * @refs: the card driver, and each node until its last file is closed.
 * @parent: the PCI device; touched only before exdma_card_unregister() is
 *	through, or by those that hold the gate.
 * @desc: what the card driver said.
 * @driver: the name it gave, for those that come later than it.
 * @number: the N of /dev/exdmaN; returned when the card is freed, so that an
 *	open file never shares it with a new card.
 * @bus_id: name of @parent, for those that come later than it.
 * @channels: all of them; constant from exdma_card_register() on.
 * @by_index: the same by direction and index, without holes.
 * @channel_count: by direction.
 * @node: /dev/exdmaN.
 * @nodes: how many nodes were ever made; each has a minor number of its own.
 * @max_segment: bytes; the longest contiguous piece that every channel and the
 *	DMA API can take.
 * @translated: an IOMMU translates its addresses, so that mapping is dear.
 * @unit: bytes, by direction; addresses and lengths that every channel takes
 *	are multiples of it.
 * @address_bits: of card addresses that every channel takes, by direction.
 * @aperture: bytes of card memory; 0 while unknown.
 * @gate: held by each request from before its memory is mapped until after it
 *	is unmapped.
 * @drained: the gate is closed and nobody holds it.
 * @lifecycle: serializes register, unregister, loss and repair.
 * @frozen: between exdma_card_freeze() and exdma_card_thaw().
 * @access: held for reading by whoever uses the registers for a program.
 * @held: nobody may do so now: the registers are not there. Changed with both
 *	@lifecycle and @access, the latter for writing.
 * @windows: all of them; constant from exdma_card_register() on.
 * @window_count: how many.
 * @events: all of them; constant from exdma_card_register() on.
 * @event_count: how many.
 * @aliases: all of them; constant from exdma_card_register() on.
 * @alias_count: how many.
 * @inode: its address space is that of all files of windows; NULL if there is
 *	no window.
 * @power: guards the next three; taken before @lifecycle.
 * @users: those of exdma_power_get().
 * @awake: they hold a reference to the power management of @parent.
 * @powerless: nobody may take one any more.
 * @resets: how often the device was set up anew.
 * @quarantined: the device could not be stopped; the memory that it was given
 *	is never freed.
 * @gone: nothing can be submitted any more, for good; set once.
 * @change: pollers; woken when they may be told something else. The only
 *	queue of theirs: libaio polls no file that has two.
 * @loss: exdma_card_lost() in process context.
 * @repair: exdma_card_stuck() in process context.
 * @irq: the interrupt of all channels together, or 0.
 * @event_irq: the interrupt of several events together, or 0.
 */
struct exdma_card {
	struct kref refs;
	struct device *parent;
	struct exdma_card_desc desc;
	char driver[32];
	int number;
	char bus_id[32];

	struct list_head channels;
	struct exdma_channel *by_index[EXDMA_DIRS][EXDMA_MAX_CHANNELS];
	u32 channel_count[EXDMA_DIRS];
	struct exdma_node *node;
	u32 nodes;
	u32 max_segment;
	bool translated;
	u32 unit[EXDMA_DIRS];
	u32 address_bits[EXDMA_DIRS];
	u64 aperture;

	struct percpu_ref gate;
	struct completion drained;
	struct mutex lifecycle;	/* see above */
	bool frozen;
	struct rw_semaphore access;
	bool held;
	struct list_head windows;
	u32 window_count;
	struct list_head events;
	u32 event_count;
	struct list_head aliases;
	u32 alias_count;
	struct inode *inode;
	struct mutex power;	/* see above */
	u32 users;
	bool awake;
	bool powerless;
	u32 resets;
	bool quarantined;
	bool gone;
	wait_queue_head_t change;
	struct work_struct loss;
	struct work_struct repair;
	unsigned int irq;
	unsigned int event_irq;
};

struct device *exdma_card_parent(const struct exdma_card *card);
void exdma_card_stuck(struct exdma_card *card);
int exdma_card_reset(struct exdma_card *card);
struct exdma_card *exdma_card_get(struct exdma_card *card);

/* Has the card gone, for good? */
static inline bool exdma_card_is_gone(const struct exdma_card *card)
{
	return READ_ONCE(card->gone);
}

/* Tells pollers that they may be told something else now. */
static inline void exdma_card_changed(struct exdma_card *card)
{
	if (wq_has_sleeper(&card->change))
		wake_up(&card->change);
}

/* Enters the gate: the device stays until exdma_card_exit(). */
static inline bool exdma_card_enter(struct exdma_card *card)
{
	return percpu_ref_tryget_live(&card->gate);
}

static inline void exdma_card_exit(struct exdma_card *card)
{
	percpu_ref_put(&card->gate);
}

#endif /* EXDMA_CORE_CARD_H */
