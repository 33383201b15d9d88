// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - an asynchronous call that somebody has to wait for
 *
 * A call too long to be pinned at once, or one for which there is no room or no
 * mapping now although its place among the others must be kept: a worker carries
 * it out piece by piece, in the address space of the program. Slow, compared
 * with async.c, and rare.
 */
#include <linux/kthread.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "card.h"
#include "io.h"

/**
 * struct exdma_offload - such a call
 * @turn: its place among the calls of its file.
 * @client: the file; stays until @iocb is completed.
 * @dir: direction.
 * @iocb: whom to tell.
 * @iter: its memory; the caller's own is gone when submission returns.
 * @segments: what @iter points to, to be freed.
 * @mm: the program's address space, or NULL.
 * @owner: the program: when it ends, the call goes no further.
 * @work: carries it out.
 */
struct exdma_offload {
	struct exdma_turn turn;
	struct exdma_client *client;
	enum exdma_dir dir;
	struct kiocb *iocb;
	struct iov_iter iter;
	const void *segments;
	struct mm_struct *mm;
	struct task_struct *owner;
	struct work_struct work;
};

/*
 * Not the queue of watchdogs and recovery: those end what is waited for here.
 * Only calls whose turn has come are queued, so none waits for one behind it.
 */
static struct workqueue_struct *offload_wq;
static struct kmem_cache *offload_cache;

static ssize_t offload_move(struct exdma_offload *off)
{
	return exdma_io_sync(off->client, off->dir, off->iocb, &off->iter, false, off->owner);
}

static void offload_free(struct exdma_offload *off)
{
	if (off->mm)
		mmdrop(off->mm);
	put_task_struct(off->owner);
	kfree(off->segments);
	kmem_cache_free(offload_cache, off);
}

static void offload_work(struct work_struct *work)
{
	struct exdma_offload *off = container_of(work, struct exdma_offload, work);
	struct exdma_client *client = off->client;
	struct mm_struct *mm = off->mm;
	struct kiocb *iocb = off->iocb;
	ssize_t ret = -EFAULT;

	if (!mm) {
		ret = offload_move(off);
	} else if (mmget_not_zero(mm)) {
		kthread_use_mm(mm);
		ret = offload_move(off);
		kthread_unuse_mm(mm);
	} else {
		mm = NULL;	/* the program has ended */
	}
	offload_free(off);
	exdma_io_end(client, iocb, ret, true);
	/* The last one out waits for all calls, in exit_aio(): also for this. */
	if (mm)
		mmput(mm);
}

static bool offload_go(struct exdma_turn *turn)
{
	queue_work(offload_wq, &container_of(turn, struct exdma_offload, turn)->work);
	return true;
}

/**
 * exdma_io_offload - have a worker carry out an asynchronous call
 * @client: the file.
 * @dir: direction.
 * @iocb: the call.
 * @iter: its memory.
 * @alone: see exdma_order_enter().
 * @nowait: not even for memory.
 * @entered: in: it is the call's turn; out: it still is, and the caller has to
 *	leave it.
 *
 * Context: may sleep, unless @nowait.
 * Return: -EIOCBQUEUED, or -ENOMEM.
 */
ssize_t exdma_io_offload(struct exdma_client *client, enum exdma_dir dir,
			 struct kiocb *iocb, struct iov_iter *iter, bool alone,
			 bool nowait, bool *entered)
{
	gfp_t gfp = exdma_io_gfp(nowait);
	struct exdma_offload *off;

	off = kmem_cache_zalloc(offload_cache, gfp);
	if (!off)
		return -ENOMEM;
	off->segments = dup_iter(&off->iter, iter, gfp);
	if (!off->segments && !iter_is_ubuf(iter)) {
		kmem_cache_free(offload_cache, off);
		return -ENOMEM;
	}
	off->turn.go = offload_go;
	off->client = client;
	off->dir = dir;
	off->iocb = iocb;
	off->owner = get_task_struct(current->group_leader);
	off->mm = current->mm;
	if (off->mm)
		mmgrab(off->mm);
	INIT_WORK(&off->work, offload_work);
	if (*entered || exdma_order_enter(&client->order, &off->turn, alone))
		offload_go(&off->turn);
	*entered = false;
	return -EIOCBQUEUED;
}

int exdma_offload_init(void)
{
	offload_cache = KMEM_CACHE(exdma_offload, 0);
	if (!offload_cache)
		return -ENOMEM;
	offload_wq = alloc_workqueue("exdma_offload", WQ_UNBOUND, 0);
	if (offload_wq)
		return 0;
	kmem_cache_destroy(offload_cache);
	return -ENOMEM;
}

void exdma_offload_exit(void)
{
	destroy_workqueue(offload_wq);
	kmem_cache_destroy(offload_cache);
}
