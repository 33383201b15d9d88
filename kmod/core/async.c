// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - one asynchronous call: all pinned at once, completed from below
 *
 * The memory of the whole call is pinned and mapped while its caller is there;
 * from then on nothing needs the caller. The bottom half of the channel unmaps
 * each request as it is done, and the last of them completes the call. Calls for
 * which this cannot be had are left to offload.c.
 */
#include <linux/atomic.h>
#include <linux/file.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include <uapi/linux/exdma.h>

#include "batch.h"
#include "buffer.h"
#include "card.h"
#include "io.h"
#include "trace.h"

/**
 * struct exdma_call - an asynchronous call
 * @turn: its place among the calls of its file.
 * @client: the file; stays until @iocb is completed.
 * @ch: the channel that moves all of it.
 * @iocb: whom to tell, or NULL: nobody waits, and @file is held instead.
 * @file: the file, then.
 * @bufs: its memory, in order.
 * @left: buffers not done, and one for whoever submits them.
 * @charge: bytes taken from the channel's room.
 * @work: completes it on the CPU of the client's choice.
 */
struct exdma_call {
	struct exdma_turn turn;
	struct exdma_client *client;
	struct exdma_channel *ch;
	struct kiocb *iocb;
	struct file *file;
	struct list_head bufs;
	atomic_t left;
	u32 charge;
	struct work_struct work;
};

static struct kmem_cache *call_cache;

/* Lets go of all memory, and of the call. Nothing of it is in the channel. */
static void call_free(struct exdma_call *call)
{
	struct exdma_buffer *buf, *next;

	list_for_each_entry_safe(buf, next, &call->bufs, in_call)
		exdma_buffer_put(buf);
	if (call->charge)
		exdma_channel_give_room(call->ch, call->charge);
	kmem_cache_free(call_cache, call);
}

/* The call is over; @leave: so is its turn. From then on the file may be closed. */
static void call_finish(struct exdma_call *call, bool leave)
{
	struct exdma_client *client = call->client;
	struct kiocb *iocb = call->iocb;
	struct file *file = call->file;
	struct exdma_buffer *buf;
	ssize_t moved = 0;
	int err = 0;

	list_for_each_entry(buf, &call->bufs, in_call) {
		trace_exdma_complete(call->ch, &buf->req);
		if (err)
			continue;
		moved += buf->req.moved;
		err = buf->req.status;
	}
	/* A packet that the card has not got as it was is no packet. */
	if (err && call->ch->desc.stream)
		moved = 0;
	if (err && file)
		WRITE_ONCE(client->late, err);
	call_free(call);
	if (!file)
		exdma_io_advance(iocb, moved);
	exdma_io_end(client, iocb, moved ? moved : err, leave);
	if (file)
		fput(file);
}

static void call_finish_work(struct work_struct *work)
{
	call_finish(container_of(work, struct exdma_call, work), true);
}

/* Has the call finished on the CPU that was asked for, if we are not there. */
static bool call_send_home(struct exdma_call *call)
{
	int cpu = READ_ONCE(call->client->cpu);

	if (cpu == EXDMA_CPU_ANY || cpu == raw_smp_processor_id() || !cpu_online(cpu))
		return false;
	INIT_WORK(&call->work, call_finish_work);
	queue_work_on(cpu, exdma_cpu_wq, &call->work);
	return true;
}

/* The bottom half, with one request of the call. */
static void call_request_done(struct exdma_request *req)
{
	struct exdma_buffer *buf = container_of(req, struct exdma_buffer, req);
	struct exdma_call *call = buf->call;

	exdma_buffer_unmap(buf);
	if (atomic_dec_and_test(&call->left) && !call_send_home(call))
		call_finish(call, true);
}

/*
 * It is our turn: all requests go to the channel. Returns false if the call is
 * over; its turn has been left then if @leave says so.
 */
static bool call_start(struct exdma_call *call, bool hold, bool leave)
{
	struct exdma_buffer *buf;
	int err;

	list_for_each_entry(buf, &call->bufs, in_call) {
		exdma_io_piece(call->client, &buf->req, call,
			       !list_is_last(&buf->in_call, &call->bufs));
		err = exdma_channel_submit(call->ch, &buf->req, hold);
		if (!err)
			continue;
		buf->req.status = err;
		exdma_buffer_unmap(buf);
		atomic_dec(&call->left);	/* ours is left */
	}
	if (!atomic_dec_and_test(&call->left) || call_send_home(call))
		return true;
	call_finish(call, leave);
	return false;
}

static bool call_go(struct exdma_turn *turn)
{
	struct exdma_call *call = container_of(turn, struct exdma_call, turn);

	exdma_channel_use_spare_room(call->ch, call->charge);
	return call_start(call, false, false);
}

static void call_add(struct exdma_call *call, struct exdma_buffer *buf, u64 card_addr)
{
	buf->call = call;
	/* Without a call there is a stream, which has no addresses. */
	exdma_io_prepare(call->client, &buf->req, card_addr,
			 call->iocb && exdma_call_is_fixed(call->iocb));
	buf->req.complete = call_request_done;
	list_add_tail(&buf->in_call, &call->bufs);
	atomic_inc(&call->left);
}

/*
 * Pins and maps all that is left of @iter. What cannot be reached behind the
 * first bytes makes a short call; -ENOMEM: nothing has changed.
 */
static int call_pin(struct exdma_call *call, struct iov_iter *iter, gfp_t gfp)
{
	struct iov_iter begin = *iter;
	u64 card_addr = call->iocb->ki_pos;
	struct exdma_buffer *buf, *next;
	int err = 0;

	while (iov_iter_count(iter)) {
		buf = exdma_buffer_get(call->ch, iter, 0, gfp);
		if (IS_ERR(buf)) {
			err = PTR_ERR(buf);
			break;
		}
		err = exdma_buffer_map(buf);
		if (err) {
			exdma_buffer_put(buf);
			break;
		}
		call_add(call, buf, card_addr);
		if (!buf->req.fixed)
			card_addr += buf->req.bytes;
	}
	if (!err || (err == -EFAULT && !list_empty(&call->bufs)))
		return 0;

	list_for_each_entry_safe(buf, next, &call->bufs, in_call)
		exdma_buffer_unmap(buf);
	*iter = begin;
	return err;
}

/*
 * The same for a card that reaches slots only. Memory that is not there, or not
 * any more, is for somebody who can wait for it.
 */
static int call_copy(struct exdma_call *call, struct iov_iter *iter, gfp_t gfp)
{
	struct iov_iter begin = *iter;
	u64 card_addr = call->iocb->ki_pos;
	struct exdma_buffer *buf;

	if (fault_in_iov_iter_readable(iter, iov_iter_count(iter)))
		return -ENOMEM;
	while (iov_iter_count(iter)) {
		buf = exdma_buffer_get_slot(call->ch, iter, gfp);
		if (!buf)
			goto unmap;
		call_add(call, buf, card_addr);
		if (!buf->req.fixed)
			card_addr += buf->req.bytes;
	}
	return 0;

unmap:
	list_for_each_entry(buf, &call->bufs, in_call)
		exdma_buffer_unmap(buf);
	*iter = begin;
	return -ENOMEM;
}

/* Room for the whole call. -ENOMEM: only somebody who waits can have it. */
static int call_take_room(struct exdma_call *call, u64 charge, bool nowait, bool entered)
{
	int err = 0;

	if (charge > exdma_channel_max_inflight(call->ch) / 2)
		return -ENOMEM;
	if (!entered)
		err = exdma_channel_try_spare_room(call->ch, charge) ? 0 : -ENOMEM;
	else if (nowait)
		err = exdma_channel_try_room(call->ch, charge) ? 0 : -EAGAIN;
	else
		err = exdma_channel_take_room(call->ch, charge);
	if (!err)
		call->charge = charge;
	return err;
}

/* Finds memory for the call: a slot if it is small, else the caller's own. */
static int call_fill(struct exdma_call *call, struct iov_iter *iter, bool nowait,
		     bool entered)
{
	struct exdma_channel *ch = call->ch;
	bool bounce = ch->card->desc.bounce;
	struct exdma_buffer *buf;
	int err;

	/* Who only waits must not hold slots, and who copies out needs the caller. */
	if (bounce && !entered)
		return -ENOMEM;
	if (bounce && ch->desc.dir == EXDMA_C2H)
		return nowait && !exdma_channel_ready(ch) ? -EAGAIN : -ENOMEM;
	/* A call that waits for its turn must not hold a slot. */
	if (entered && ch->desc.dir == EXDMA_H2C && exdma_buffer_bounces(ch, iter)) {
		buf = exdma_buffer_get_slot(ch, iter, exdma_io_gfp(nowait));
		if (buf) {
			call_add(call, buf, call->iocb->ki_pos);
			return 0;
		}
	}
	err = call_take_room(call, exdma_buffer_charge_all(ch, iter), nowait, entered);
	if (err)
		return err;
	return bounce ? call_copy(call, iter, exdma_io_gfp(nowait)) :
			call_pin(call, iter, exdma_io_gfp(nowait));
}

static struct exdma_call *call_alloc(struct exdma_client *client, enum exdma_dir dir,
				     gfp_t gfp)
{
	struct exdma_call *call = kmem_cache_zalloc(call_cache, gfp);

	if (!call)
		return NULL;
	call->turn.go = call_go;
	call->client = client;
	call->ch = exdma_io_channel(client, dir);
	atomic_set(&call->left, 1);
	INIT_LIST_HEAD(&call->bufs);
	return call;
}

/**
 * exdma_io_async - a call whose caller does not wait for it
 * @client: the file.
 * @dir: direction.
 * @iocb: the call.
 * @iter: its memory.
 * @alone: see exdma_order_enter().
 * @nowait: not even for room or memory; user pages are faulted in all the same.
 * @entered: in: it is the call's turn; out: it still is, and the caller has to
 *	leave it. If not, the call waits for its turn by itself.
 *
 * Context: may sleep.
 * Return: -EIOCBQUEUED; -ENOMEM: nothing has changed, and it takes somebody who
 * waits; -EAGAIN for @nowait; -EFAULT, -ENODEV, -ERESTARTSYS.
 */
ssize_t exdma_io_async(struct exdma_client *client, enum exdma_dir dir,
		       struct kiocb *iocb, struct iov_iter *iter, bool alone,
		       bool nowait, bool *entered)
{
	struct exdma_call *call;
	int err;

	call = call_alloc(client, dir, exdma_io_gfp(nowait));
	if (!call)
		return -ENOMEM;
	call->iocb = iocb;
	err = call_fill(call, iter, nowait, *entered);
	if (err) {
		if (call->charge && !*entered)
			exdma_channel_use_spare_room(call->ch, call->charge);
		call_free(call);
		return err;
	}
	if (*entered)
		call_start(call, exdma_batch_join(call->ch), true);
	else if (exdma_order_enter(&client->order, &call->turn, alone) && !call_go(&call->turn))
		exdma_order_leave(&client->order);
	*entered = false;
	return -EIOCBQUEUED;
}

/* Copies all of a packet. What could not be had has changed nothing but @iter. */
static int call_copy_packet(struct exdma_call *call, struct iov_iter *iter)
{
	struct exdma_buffer *buf;
	int err;

	if (exdma_buffer_bounces(call->ch, iter)) {
		buf = exdma_buffer_get_slot(call->ch, iter, GFP_KERNEL);
		if (buf) {
			call_add(call, buf, 0);
			return 0;
		}
	}
	while (iov_iter_count(iter)) {
		buf = exdma_buffer_get_copy(call->ch, iter, GFP_KERNEL);
		if (IS_ERR(buf))
			return PTR_ERR(buf);
		err = exdma_buffer_map(buf);
		if (err) {
			exdma_buffer_put(buf);
			return err;
		}
		call_add(call, buf, 0);
	}
	return 0;
}

/**
 * exdma_io_send - take a packet for the card, and do not wait for it
 * @client: a file of a stream to the card.
 * @iocb: the call, which is over when this returns.
 * @iter: the packet; copied.
 * @entered: as exdma_io_async().
 *
 * The card gets it when it takes it, also if the file has been closed by then.
 * If it does not, &exdma_client.late says so.
 *
 * Context: may sleep, for memory only.
 * Return: bytes, all of them; -EAGAIN: no room now; -EMSGSIZE: never; -EFAULT,
 * -ENODEV.
 */
ssize_t exdma_io_send(struct exdma_client *client, struct kiocb *iocb,
		      struct iov_iter *iter, bool *entered)
{
	size_t len = iov_iter_count(iter);
	struct exdma_channel *ch = client->ch;
	struct exdma_buffer *buf;
	struct exdma_call *call;
	int err;

	if (len > exdma_channel_max_inflight(ch))
		return -EMSGSIZE;
	if (!*entered || !exdma_channel_try_room(ch, PAGE_ALIGN(len)))
		return -EAGAIN;
	call = call_alloc(client, EXDMA_H2C, GFP_KERNEL);
	if (!call) {
		exdma_channel_give_room(ch, PAGE_ALIGN(len));
		return -EAGAIN;
	}
	call->charge = PAGE_ALIGN(len);
	err = call_copy_packet(call, iter);
	if (err) {
		list_for_each_entry(buf, &call->bufs, in_call)
			exdma_buffer_unmap(buf);
		call_free(call);
		return err == -ENOMEM ? -EAGAIN : err;
	}
	call->file = get_file(iocb->ki_filp);
	call_start(call, false, true);
	*entered = false;
	return len;
}

int exdma_async_init(void)
{
	call_cache = KMEM_CACHE(exdma_call, 0);
	return call_cache ? 0 : -ENOMEM;
}

void exdma_async_exit(void)
{
	kmem_cache_destroy(call_cache);
}
