// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - callers that submit several calls at once
 *
 * libaio and io_uring put a block-layer plug around a batch of three or more
 * calls, whatever the files are. Its end is where an engine that was left idle
 * for the batch is started. The plug also ends when its task goes to sleep.
 */
#include <linux/blkdev.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "batch.h"
#include "card.h"
#include "channel.h"
#include "mark.h"

#ifdef CONFIG_BLOCK

static struct kmem_cache *batch_cache;

/* The end of the plug, which is not on its list any more. */
static void batch_end(struct blk_plug_cb *cb, bool from_schedule)
{
	struct exdma_channel *ch = cb->data;
	EXDMA_DECLARE_PHASE(SUBMIT);

	exdma_channel_unhold(ch);
	exdma_card_put(ch->card);
	kmem_cache_free(batch_cache, cb);
	module_put(THIS_MODULE);
}

/**
 * exdma_batch_join - are we in a batch?
 * @ch: the channel that is submitted to.
 *
 * blk_check_plugged() would do the same with an allocation from the general
 * caches for each batch.
 *
 * Context: process. Keeps the card's memory and the module until the end of the
 * batch: the file may be closed by then.
 * Return: true if exdma_channel_unhold() is going to be called at the end of it.
 */
bool exdma_batch_join(struct exdma_channel *ch)
{
	struct blk_plug *plug = current->plug;
	struct blk_plug_cb *cb;

	if (!plug)
		return false;
	list_for_each_entry(cb, &plug->cb_list, list)
		if (cb->callback == batch_end && cb->data == ch)
			return true;
	cb = kmem_cache_alloc(batch_cache, GFP_NOWAIT | __GFP_NOWARN);
	if (!cb)
		return false;
	__module_get(THIS_MODULE);
	exdma_card_get(ch->card);
	cb->callback = batch_end;
	cb->data = ch;
	list_add_tail(&cb->list, &plug->cb_list);
	return true;
}

int exdma_batch_init(void)
{
	batch_cache = KMEM_CACHE(blk_plug_cb, 0);
	return batch_cache ? 0 : -ENOMEM;
}

void exdma_batch_exit(void)
{
	/* batch_end() may have its last instructions before it. */
	synchronize_rcu_tasks();
	kmem_cache_destroy(batch_cache);
}

#else /* !CONFIG_BLOCK */

bool exdma_batch_join(struct exdma_channel *ch)
{
	return false;
}

int exdma_batch_init(void)
{
	return 0;
}

void exdma_batch_exit(void)
{
}

#endif
