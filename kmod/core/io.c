// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - one user call: cut into requests, kept moving, added up
 *
 * A call is cut into requests of at most EXDMA_REQUEST_BYTES. While one moves,
 * the next are being pinned and queued behind it, up to WINDOW: so the engine
 * is busy from end to end, and only a few MiB are pinned at a time. Nothing is
 * serialized between calls.
 */
#include <linux/sched/signal.h>

#include "buffer.h"
#include "card.h"
#include "io.h"

/* Requests that one synchronous call keeps in flight. */
#define WINDOW	4
/* How long a call asks for a mapping before it fails with ENOMEM. */
#define MAP_TIMEOUT	(5 * HZ)

/**
 * struct exdma_io - one synchronous call
 * @ch: its channel.
 * @iter: where the data is; advances as buffers are made.
 * @card_addr: card address of the next buffer.
 * @window: most buffers in flight.
 * @bufs: those in flight, a ring.
 * @made: buffers ever made.
 * @reaped: buffers ever given back; the oldest in flight is @bufs[@reaped].
 * @moved: bytes that reached their goal, without a gap, from the start on.
 * @err: the first thing that went wrong, or 0; no buffer is made after it.
 */
struct exdma_io {
	struct exdma_channel *ch;
	struct iov_iter *iter;
	u64 card_addr;
	u32 window;
	struct exdma_buffer *bufs[WINDOW];
	u32 made;
	u32 reaped;
	ssize_t moved;
	int err;
};

/* Room for the next buffer. With buffers in flight we must not wait for it. */
static int io_room(struct exdma_io *io, u32 bytes)
{
	if (io->made == io->reaped)
		return exdma_channel_take_room(io->ch, bytes);
	return exdma_channel_try_room(io->ch, bytes) ? 0 : -EAGAIN;
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
		if (err != -ENOMEM || io->made != io->reaped || time_after(jiffies, until))
			return err;
		if (signal_pending(current))
			return -ERESTARTSYS;
		schedule_timeout_interruptible(1);
	}
}

/*
 * Makes, maps and submits the next buffer. -EAGAIN: try again when one of
 * those in flight is done.
 */
static int io_submit_next(struct exdma_io *io)
{
	u32 charge = exdma_buffer_charge(io->iter);
	struct exdma_buffer *buf;
	int err;

	err = io_room(io, charge);
	if (err)
		return err;
	buf = exdma_buffer_get(io->ch, io->iter, charge);
	if (IS_ERR(buf)) {
		exdma_channel_give_room(io->ch, charge);
		return PTR_ERR(buf);
	}
	err = io_map(io, buf);
	if (err)
		goto put;

	buf->req.card_addr = io->card_addr;
	init_completion(&buf->req.done);
	err = exdma_channel_submit(io->ch, &buf->req);
	if (err)
		goto unmap;
	io->card_addr += buf->req.bytes;
	io->bufs[io->made++ % WINDOW] = buf;
	return 0;

unmap:
	exdma_buffer_unmap(buf);
put:
	if (err == -ENOMEM && io->made != io->reaped) {
		iov_iter_revert(io->iter, buf->req.bytes);
		err = -EAGAIN;
	}
	exdma_buffer_put(buf);
	return err;
}

/* The oldest buffer is done: adds it up and gives it back. */
static void io_reap_oldest(struct exdma_io *io)
{
	struct exdma_buffer *buf = io->bufs[io->reaped++ % WINDOW];
	size_t moved = buf->req.moved;

	exdma_buffer_unmap(buf);
	if (!io->err) {
		if (buf->kind == EXDMA_BUF_COPY && io->ch->desc.dir == EXDMA_C2H)
			moved = exdma_buffer_copy_out(buf, moved, io->iter);
		io->moved += moved;
		io->err = buf->req.status;
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
		buf = io->bufs[(io->made - 1) % WINDOW];
		if (!exdma_channel_cancel(io->ch, &buf->req))
			break;
		io->made--;
		exdma_buffer_unmap(buf);
		exdma_buffer_put(buf);
	}
}

/* Waits for the oldest buffer. On a signal, only for as long as it must. */
static void io_wait_oldest(struct exdma_io *io, int *interrupted)
{
	struct exdma_buffer *buf = io->bufs[io->reaped % WINDOW];

	if (!*interrupted) {
		*interrupted = wait_for_completion_interruptible(&buf->req.done);
		if (!*interrupted)
			return;
		io_take_back(io);
		if (io->made == io->reaped)
			return;
	}
	/* Bounded by the watchdog: it ends what the engine does not. */
	wait_for_completion(&buf->req.done);
}

/*
 * With an engine that is faster than we are, no wait ever notices a signal. A
 * call that has begun goes no further then; one that has not, begins.
 */
static bool io_signalled(const struct exdma_io *io)
{
	return signal_pending(current) && (io->moved || io->made != io->reaped);
}

static ssize_t io_sync(struct exdma_channel *ch, struct kiocb *iocb,
		       struct iov_iter *iter)
{
	struct exdma_io io = {
		.ch = ch,
		.iter = iter,
		.card_addr = iocb->ki_pos,
		.window = exdma_buffer_copies(iter) ? 1 : WINDOW,
	};
	int interrupted = 0, err = 0;

	for (;;) {
		while (!err && !io.err && !interrupted && iov_iter_count(iter) &&
		       io.made - io.reaped < io.window && !io_signalled(&io))
			err = io_submit_next(&io);
		if (io.made == io.reaped)
			break;
		if (err == -EAGAIN)
			err = 0;
		io_wait_oldest(&io, &interrupted);
		if (io.made != io.reaped)
			io_reap_oldest(&io);
	}
	if (!io.err)
		io.err = err ?: interrupted;
	iocb->ki_pos += io.moved;
	return io.moved ?: io.err;
}

/* The bottom half has an asynchronous call's only request. */
static void io_complete(struct exdma_request *req)
{
	struct exdma_buffer *buf = container_of(req, struct exdma_buffer, req);
	struct kiocb *iocb = buf->iocb;
	ssize_t ret = req->moved;

	if (!ret)
		ret = req->status;
	else
		iocb->ki_pos += ret;
	exdma_buffer_unmap(buf);
	exdma_buffer_put(buf);
	iocb->ki_complete(iocb, ret);
}

/*
 * A call that fits into one request, and whose caller does not wait for it.
 * -ENOMEM: nothing was done.
 */
static ssize_t io_async(struct exdma_channel *ch, struct kiocb *iocb,
			struct iov_iter *iter)
{
	u32 charge = exdma_buffer_charge(iter);
	struct exdma_buffer *buf;
	int err;

	err = exdma_channel_take_room(ch, charge);
	if (err)
		return err;
	buf = exdma_buffer_get(ch, iter, charge);
	if (IS_ERR(buf)) {
		exdma_channel_give_room(ch, charge);
		return PTR_ERR(buf);
	}
	err = exdma_buffer_map(buf);
	if (err)
		goto put;
	buf->iocb = iocb;
	buf->req.card_addr = iocb->ki_pos;
	buf->req.complete = io_complete;
	err = exdma_channel_submit(ch, &buf->req);
	if (err)
		goto unmap;
	return -EIOCBQUEUED;

unmap:
	exdma_buffer_unmap(buf);
put:
	if (err == -ENOMEM)
		iov_iter_revert(iter, buf->req.bytes);
	exdma_buffer_put(buf);
	return err;
}

/**
 * exdma_io - move data between memory and the card
 * @ch: the channel; its direction is that of the transfer.
 * @iocb: the call; ki_pos is the card address. Alignment and bounds have been
 *	checked.
 * @iter: the memory, at least one byte.
 *
 * An asynchronous call that fits into one request is queued and completed by
 * the bottom half; all others are done when this returns.
 *
 * Context: may sleep.
 * Return: bytes moved, also if an error or a signal came after them;
 * -EIOCBQUEUED; or, if nothing moved: -EFAULT, -EIO (the device reported an
 * error), -ENODEV, -ENOMEM, -ETIMEDOUT, -ERESTARTSYS (a signal came before
 * anything was started).
 */
ssize_t exdma_io(struct exdma_channel *ch, struct kiocb *iocb,
		 struct iov_iter *iter)
{
	if (exdma_card_is_gone(ch->card))
		return -ENODEV;
	if (!is_sync_kiocb(iocb) && !exdma_buffer_copies(iter) &&
	    exdma_buffer_suffices(iter)) {
		ssize_t ret = io_async(ch, iocb, iter);

		if (ret != -ENOMEM)
			return ret;
		/* It takes waiting, and only that path can wait. */
	}
	return io_sync(ch, iocb, iter);
}
