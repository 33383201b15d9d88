// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - one call that is waited for: kept moving, added up
 *
 * A call is cut into requests of at most EXDMA_REQUEST_BYTES. While one moves,
 * the next are being pinned and queued behind it, up to WINDOW for each channel:
 * so the engines are busy from end to end, and only a few MiB are pinned at a
 * time. A small call is copied through a slot instead, and waits for its only
 * request awake if that is likely to be quicker.
 */
#include <linux/cpumask.h>
#include <linux/moduleparam.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>

#include "buffer.h"
#include "card.h"
#include "io.h"
#include "mark.h"
#include "trace.h"

/* Requests that one synchronous call keeps in flight on each channel, */
#define WINDOW		4
/* and on all of them together. */
#define MAX_WINDOW	16
/* How long a call asks for a mapping before it fails with ENOMEM. */
#define MAP_TIMEOUT	(5 * HZ)

static unsigned int spin_us = 200;
module_param(spin_us, uint, 0644);
MODULE_PARM_DESC(spin_us,
		 "Microseconds that a small synchronous call spins for its end if that is likely to come by then (0: never; default 200)");

/* A call whose caller wants to spin. */
static bool io_polled(struct kiocb *iocb)
{
	return is_sync_kiocb(iocb) && iocb->ki_flags & IOCB_HIPRI;
}

/**
 * struct exdma_io - one synchronous call
 * @client: its file.
 * @dir: direction.
 * @fixed: see exdma_call_is_fixed().
 * @nowait: the first buffer must not wait for anything.
 * @polled: see io_spin().
 * @owner: on whose behalf a worker does this, or NULL: the caller's.
 * @iter: where the data is; advances as buffers are made.
 * @card_addr: card address of the next buffer.
 * @window: most buffers in flight.
 * @bufs: those in flight, a ring.
 * @hand: stream: the last buffer made, not submitted yet: whether its packet ends
 *	with it is known when the next is made, or cannot be.
 * @made: buffers ever made.
 * @reaped: buffers ever given back; the oldest in flight is @bufs[@reaped].
 * @moved: bytes that reached their goal, without a gap, from the start on.
 * @failed: it was the transfer.
 * @withdrawn: its packet has been taken back before it began.
 * @err: the first thing that went wrong, or 0; no buffer is made after it.
 */
struct exdma_io {
	struct exdma_client *client;
	enum exdma_dir dir;
	bool fixed;
	bool nowait;
	bool polled;
	const struct task_struct *owner;
	struct iov_iter *iter;
	u64 card_addr;
	u32 window;
	struct exdma_buffer *bufs[MAX_WINDOW];
	struct exdma_buffer *hand;
	u32 made;
	u32 reaped;
	ssize_t moved;
	bool failed;
	bool withdrawn;
	int err;
};

/* Buffers that the channel has. */
static u32 io_flying(const struct exdma_io *io)
{
	return io->made - io->reaped - !!io->hand;
}

/*
 * Room for the next buffer. With buffers in flight we must not wait for it; and
 * not with one in hand, which stands in the way of all others on the channel:
 * then it is taken, there is only one such call.
 */
static int io_room(struct exdma_io *io, struct exdma_channel *ch, u32 bytes)
{
	if (io->made == io->reaped && !io->nowait)
		return exdma_channel_take_room(ch, bytes);
	if (exdma_channel_try_room(ch, bytes))
		return 0;
	if (!io->hand || io_flying(io))
		return -EAGAIN;
	exdma_channel_force_room(ch, bytes);
	return 0;
}

/*
 * Maps a buffer. Mappings may be scarce (swiotlb), and nobody tells when there
 * are some again: with buffers in flight, their end is waited for; without,
 * others have them all, and we ask again for a while.
 */
static int io_map(const struct exdma_io *io, struct exdma_buffer *buf)
{
	unsigned long until = jiffies + MAP_TIMEOUT;
	int err;

	for (;;) {
		err = exdma_buffer_map(buf);
		if (err != -ENOMEM || io_flying(io) || io->nowait ||
		    time_after(jiffies, until))
			return err;
		if (io->hand ? fatal_signal_pending(current) : signal_pending(current))
			return -ERESTARTSYS;
		schedule_timeout_killable(1);
	}
}

/* What is in hand goes to the channel; @more of its packet follows. */
static void io_play(struct exdma_io *io, bool more)
{
	struct exdma_buffer *buf = io->hand;
	int err;

	if (!buf)
		return;
	io->hand = NULL;
	exdma_io_piece(io->client, &buf->req, io, more);
	err = io->withdrawn ? -EINTR : exdma_channel_submit(buf->ch, &buf->req, false);
	if (!err)
		return;
	buf->req.status = err;
	complete(&buf->req.done);
}

/*
 * The next buffer. If it has to be copied, its memory is made to be there first,
 * as often as it takes, but only with nothing in flight: what is in flight is in
 * the card's gate, and there nobody waits for user memory.
 */
static struct exdma_buffer *io_get(struct exdma_io *io, struct exdma_channel *ch, u32 charge)
{
	bool faults = ch->card->desc.bounce && !io_flying(io) && !io->iter->nofault;
	struct exdma_buffer *buf;

	do {
		if (faults && !exdma_buffer_fault_in(ch, io->iter))
			return ERR_PTR(-EFAULT);
		buf = exdma_buffer_get(ch, io->iter, charge, exdma_io_gfp(io->nowait));
	} while (faults && buf == ERR_PTR(-EFAULT));
	if (buf == ERR_PTR(-EFAULT) && ch->card->desc.bounce && io_flying(io))
		return ERR_PTR(-EAGAIN);
	return buf;
}

/*
 * Makes, maps and submits the next buffer. -EAGAIN: try again when one of
 * those in flight is done.
 */
static int io_submit_next(struct exdma_io *io)
{
	struct exdma_channel *ch = exdma_io_channel(io->client, io->dir);
	u32 charge = exdma_buffer_charge(ch, io->iter);
	struct exdma_buffer *buf;
	int err;

	err = io_room(io, ch, charge);
	if (err)
		return err;
	buf = io_get(io, ch, charge);
	if (IS_ERR(buf)) {
		exdma_channel_give_room(ch, charge);
		err = PTR_ERR(buf);
		if ((err == -ENOMEM && io->nowait) || (err == -EFAULT && io->iter->nofault))
			err = -EAGAIN;
		return err;
	}
	err = io_map(io, buf);
	if (err)
		goto put;

	exdma_io_prepare(io->client, &buf->req, io->card_addr, io->fixed);
	init_completion(&buf->req.done);
	if (ch->desc.stream) {
		io_play(io, true);
		io->hand = buf;
	} else {
		err = exdma_channel_submit(ch, &buf->req, false);
		if (err)
			goto unmap;
	}
	if (!buf->req.fixed)
		io->card_addr += buf->req.bytes;
	io->bufs[io->made++ % MAX_WINDOW] = buf;
	/* It has begun; what is left may take its time. */
	io->nowait = false;
	io->iter->nofault = false;
	return 0;

unmap:
	exdma_buffer_unmap(buf);
put:
	if (err == -ENOMEM && (io_flying(io) || io->nowait)) {
		if (!exdma_buffer_is_copy(buf) || io->dir == EXDMA_H2C)
			iov_iter_revert(io->iter, buf->req.bytes);
		err = -EAGAIN;
	}
	exdma_buffer_put(buf);
	return err;
}

/* The oldest buffer is done: adds it up and gives it back. */
static void io_reap_oldest(struct exdma_io *io)
{
	struct exdma_buffer *buf = io->bufs[io->reaped++ % MAX_WINDOW];
	size_t moved = buf->req.moved;
	EXDMA_DECLARE_PHASE(COMPLETE);

	trace_exdma_complete(buf->ch, &buf->req);
	if (io->dir == EXDMA_C2H && !io->err && exdma_buffer_is_copy(buf))
		moved = exdma_buffer_copy_out(buf, moved, io->iter);
	else
		exdma_buffer_unmap(buf);
	if (!io->err) {
		io->moved += moved;
		io->err = buf->req.status;
		io->failed = io->err;
		if (!io->err && moved < buf->req.bytes)
			io->err = -EFAULT;
	}
	exdma_buffer_put(buf);
}

/*
 * A signal: take back what has not been started, the newest first, so that
 * what is left is the beginning. What runs is waited for.
 */
static void io_take_back(struct exdma_io *io)
{
	struct exdma_buffer *buf;

	while (io->made != io->reaped) {
		buf = io->bufs[(io->made - 1) % MAX_WINDOW];
		if (!exdma_channel_cancel(buf->ch, &buf->req))
			break;
		io->made--;
		exdma_buffer_unmap(buf);
		exdma_buffer_put(buf);
	}
}

/*
 * Waits for a request that cannot be taken back. The watchdog ends what the
 * engine does not; but a stream may take its time as long as nobody minds.
 */
static void io_wait_end(struct exdma_client *client, struct exdma_channel *ch,
			struct exdma_request *req)
{
	if (ch->desc.stream) {
		if (!wait_for_completion_killable(&req->done))
			return;
		exdma_io_hurry(client);
	}
	wait_for_completion(&req->done);
}

/*
 * Spins until the request is done. @polled: the caller has asked for that
 * (RWF_HIPRI), however long it takes. Otherwise only if it is likely to be worth
 * it: the request is alone on its channel, and those before it took no longer than
 * spin_us. More than twice as long as they did is not spent on it. Returns false:
 * sleep.
 */
static bool io_spin(struct exdma_channel *ch, struct exdma_request *req, bool polled)
{
	u64 limit = READ_ONCE(spin_us) * 1000ull, quick = READ_ONCE(ch->quick_ns);
	u64 until = U64_MAX;

	if (num_online_cpus() == 1)
		return false;
	if (!polled) {
		if (quick > limit || exdma_channel_load(ch) > req->bytes)
			return false;
		until = local_clock() + min(limit, 2 * quick ?: limit);
	}
	do {
		if (exdma_channel_poll(ch))
			exdma_channel_kick(ch);
		if (try_wait_for_completion(&req->done))
			return true;
		if (signal_pending(current) || (need_resched() && !polled))
			return false;
		cond_resched();
		cpu_relax();
	} while (local_clock() < until);
	return false;
}

/*
 * Waits for the oldest buffer. On a signal, only for as long as it must; a
 * packet that has begun is not cut for anything but a deadly one.
 */
static void io_wait_oldest(struct exdma_io *io, int *interrupted)
{
	struct exdma_buffer *buf = io->bufs[io->reaped % MAX_WINDOW];

	if (buf->ch->desc.stream && io->made > 1) {
		if (!*interrupted)
			*interrupted = wait_for_completion_killable(&buf->req.done);
		if (!*interrupted)
			return;
		if (!io->withdrawn)
			io->withdrawn = exdma_packet_withdraw(buf->ch, io);
	} else if (!*interrupted) {
		if (io->polled && io_spin(buf->ch, &buf->req, true))
			return;
		*interrupted = wait_for_completion_interruptible(&buf->req.done);
		if (!*interrupted)
			return;
		io_take_back(io);
		if (io->made == io->reaped)
			return;
	}
	io_wait_end(io->client, buf->ch, &buf->req);
}

/*
 * With an engine that is faster than we are, no wait ever notices a signal. A
 * call that has begun goes no further then; one that has not, begins.
 */
static bool io_signalled(const struct exdma_io *io)
{
	if (io->owner)
		return READ_ONCE(io->owner->signal->flags) & SIGNAL_GROUP_EXIT;
	if (io->hand)
		return fatal_signal_pending(current);
	return signal_pending(current) && (io->moved || io->made != io->reaped);
}

static u32 io_window(const struct exdma_client *client, enum exdma_dir dir,
		     const struct iov_iter *iter)
{
	/* What is copied out moves the iterator only then. */
	if (dir == EXDMA_C2H && (client->card->desc.bounce || exdma_buffer_foreign(iter)))
		return 1;
	if (client->ch)
		return WINDOW;
	return min_t(u32, WINDOW * client->card->channel_count[dir], MAX_WINDOW);
}

/**
 * exdma_io_sync - move all of a call, piece by piece
 * @client: the file; it is the call's turn.
 * @dir: direction.
 * @iocb: the call; its position moves on.
 * @iter: the memory; advanced.
 * @nowait: the first piece waits for nothing but its transfer.
 * @owner: on whose behalf a worker does this, or NULL: the caller's.
 *
 * Context: may sleep.
 * Return: as exdma_io().
 */
ssize_t exdma_io_sync(struct exdma_client *client, enum exdma_dir dir,
		      struct kiocb *iocb, struct iov_iter *iter, bool nowait,
		      const struct task_struct *owner)
{
	struct exdma_io io = {
		.client = client,
		.dir = dir,
		.fixed = exdma_call_is_fixed(iocb),
		.nowait = nowait,
		.polled = io_polled(iocb),
		.owner = owner,
		.iter = iter,
		.card_addr = iocb->ki_pos,
		.window = io_window(client, dir, iter),
	};
	int interrupted = 0, err = 0;

	/* O_NONBLOCK alone does not mean that memory must be there. */
	iter->nofault = nowait && iocb->ki_flags & IOCB_NOWAIT;
	for (;;) {
		while (!err && !io.err && !interrupted && iov_iter_count(iter) &&
		       io.made - io.reaped < io.window && !io_signalled(&io))
			err = io_submit_next(&io);
		if (err == -EAGAIN && io_flying(&io))
			err = 0;
		/* Nothing comes behind what is in hand, or it cannot be had. */
		if (err || io.err || interrupted || !iov_iter_count(iter) || io_signalled(&io))
			io_play(&io, false);
		if (io.made == io.reaped)
			break;
		io_wait_oldest(&io, &interrupted);
		if (io.made != io.reaped)
			io_reap_oldest(&io);
	}
	iter->nofault = false;
	if (!io.err)
		io.err = err ?: interrupted;
	/* The owner of what a worker has given up is not there to ask. */
	if (!io.err && !io.moved)
		io.err = -EINTR;
	/* A packet that the card has not got as it was is no packet. */
	if (io.failed && client->ch && client->ch->desc.stream)
		return io.err;
	exdma_io_advance(iocb, io.moved);
	return io.moved ?: io.err;
}

/* Waits for the only request of a call. -ERESTARTSYS: it was taken back. */
static int io_wait(struct exdma_client *client, struct exdma_channel *ch,
		   struct exdma_request *req, bool polled)
{
	u64 start = local_clock();
	u32 took;
	int err;

	if (!io_spin(ch, req, polled)) {
		err = wait_for_completion_interruptible(&req->done);
		if (err && exdma_channel_cancel(ch, req))
			return err;
		if (err)
			io_wait_end(client, ch, req);
	}
	took = min_t(u64, local_clock() - start, U32_MAX / 8);
	WRITE_ONCE(ch->quick_ns, (READ_ONCE(ch->quick_ns) * 7 + took) / 8);
	return 0;
}

/*
 * The request of a small call is done; or, if @ret is an error, was not started. The slot
 * is given back. -EAGAIN: what was read is only in the slot.
 */
static ssize_t io_bounce_end(struct exdma_buffer *buf, ssize_t ret, enum exdma_dir dir,
			     struct iov_iter *iter)
{
	EXDMA_DECLARE_PHASE(COMPLETE);
	size_t got;

	if (!ret) {
		trace_exdma_complete(buf->ch, &buf->req);
		ret = buf->req.moved;
		if (!ret)
			ret = buf->req.status;
	}
	if (ret > 0 && dir == EXDMA_C2H) {
		got = exdma_buffer_copy_slot(buf, ret, iter);
		if (got < ret) {
			iov_iter_revert(iter, got);
			ret = -EAGAIN;
		}
	}
	exdma_buffer_unmap(buf);
	exdma_buffer_put(buf);
	return ret;
}

/**
 * exdma_io_bounce - move a small call through a slot
 * @client: the file; it is the call's turn.
 * @dir: direction.
 * @iocb: the call; its position moves on.
 * @iter: the memory; advanced.
 * @nowait: wait for nothing but its transfer.
 *
 * Context: may sleep.
 * Return: as exdma_io(). -EAGAIN: it takes the long way, and nothing has happened;
 * or only to the slot, since the memory that the data goes to was taken away
 * meanwhile.
 */
ssize_t exdma_io_bounce(struct exdma_client *client, enum exdma_dir dir,
			struct kiocb *iocb, struct iov_iter *iter, bool nowait)
{
	struct exdma_channel *ch = exdma_io_channel(client, dir);
	struct exdma_buffer *buf;
	ssize_t ret;

	if (exdma_buffer_foreign(iter) || !exdma_buffer_bounces(ch, iter))
		return -EAGAIN;
	if (dir == EXDMA_C2H && !(iocb->ki_flags & IOCB_NOWAIT) &&
	    fault_in_iov_iter_writeable(iter, iov_iter_count(iter)))
		return -EAGAIN;
	buf = exdma_buffer_get_slot(ch, iter, exdma_io_gfp(nowait));
	if (!buf)
		return -EAGAIN;

	exdma_io_prepare(client, &buf->req, iocb->ki_pos, exdma_call_is_fixed(iocb));
	exdma_io_piece(client, &buf->req, NULL, false);
	init_completion(&buf->req.done);
	ret = exdma_channel_submit(ch, &buf->req, false);
	if (!ret)
		ret = io_wait(client, ch, &buf->req, io_polled(iocb));
	ret = io_bounce_end(buf, ret, dir, iter);
	if (ret > 0)
		exdma_io_advance(iocb, ret);
	return ret;
}
