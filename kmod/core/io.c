// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - one user call: which way it goes, and what its end does
 *
 * Nothing is serialized between calls but what their file asks for, see order.c.
 * One whose caller waits is moved by sync.c, one that goes on without by async.c,
 * or by offload.c, which has a worker wait for it.
 */
#include <linux/aio.h>
#include <linux/file.h>
#include <linux/sched.h>

#include "alias.h"
#include "buffer.h"
#include "card.h"
#include "io.h"
#include "mark.h"

/**
 * exdma_io_has - does the file lead to a channel of this direction?
 * @client: the file.
 * @dir: direction.
 *
 * The card's own node leads to its memory, which streams do not know.
 */
bool exdma_io_has(const struct exdma_client *client, enum exdma_dir dir)
{
	if (client->ch)
		return client->ch->desc.dir == dir;
	return client->card->channel_count[dir] && !client->card->by_index[dir][0]->desc.stream;
}

/**
 * exdma_io_channel - the channel for the next piece of a call
 * @client: the file.
 * @dir: direction; there is a channel for it.
 *
 * Return: the file's, or that with the least to do among those that are not in
 * recovery or short of room, or among all.
 */
struct exdma_channel *exdma_io_channel(const struct exdma_client *client,
				       enum exdma_dir dir)
{
	const struct exdma_card *card = client->card;
	bool ready, best_ready = false;
	struct exdma_channel *ch, *best = NULL;
	u32 i;

	if (client->ch)
		return client->ch;
	if (card->channel_count[dir] == 1)
		return card->by_index[dir][0];
	for (i = 0; i < card->channel_count[dir]; i++) {
		ch = card->by_index[dir][i];
		ready = exdma_channel_ready(ch);
		if (!best || ready > best_ready ||
		    (ready == best_ready &&
		     exdma_channel_load(ch) < exdma_channel_load(best))) {
			best = ch;
			best_ready = ready;
		}
	}
	return best;
}

/**
 * exdma_io_prepare - what a request has from its file and its place in the call
 * @client: the file.
 * @req: the request.
 * @card_addr: card address of its first byte.
 * @fixed: that of all bytes of the call.
 */
void exdma_io_prepare(const struct exdma_client *client, struct exdma_request *req,
		      u64 card_addr, bool fixed)
{
	req->card_addr = card_addr;
	req->timeout_ms = READ_ONCE(client->timeout_ms);
	req->client = client;
	req->fixed = fixed;
	req->once = fixed || (client->ch && client->ch->desc.stream);
}

/**
 * exdma_io_piece - make a request a piece of a packet, if it goes to a stream
 * @client: the file.
 * @req: the request.
 * @packet: tells the pieces of this packet from others; does not change while
 *	there are any.
 * @more: it is not the last.
 */
void exdma_io_piece(const struct exdma_client *client, struct exdma_request *req,
		    const void *packet, bool more)
{
	if (!client->ch || !client->ch->desc.stream)
		return;
	if (!req->timeout_ms && READ_ONCE(client->hurried))
		req->timeout_ms = exdma_timeout_default();
	req->packet = packet;
	req->more = more;
	req->eop = !more && READ_ONCE(client->how) != EXDMA_RECEIVE_BYTES;
}

/**
 * exdma_io_end - an asynchronous call is over
 * @client: the file; it may be closed, and gone, when this returns.
 * @iocb: the call, whose owner is told; NULL: it knows nothing of it, and somebody
 *	else keeps the file open.
 * @ret: bytes or -errno, for the owner.
 * @leave: its turn is over, too.
 *
 * Context: may sleep; calls others whose turn has come.
 */
void exdma_io_end(struct exdma_client *client, struct kiocb *iocb, ssize_t ret, bool leave)
{
	struct file *kept = NULL;

	if (iocb && leave && exdma_order_is_watched(&client->order)) {
		kept = get_file(iocb->ki_filp);
		iocb->ki_complete(iocb, ret);
		iocb = NULL;
	}
	if (leave)
		exdma_order_leave(&client->order);
	exdma_card_changed(client->card);
	if (iocb)
		iocb->ki_complete(iocb, ret);
	if (kept)
		fput(kept);
}

/**
 * exdma_io_advance - the call has moved so much: its file position, too
 * @iocb: the call.
 * @moved: bytes.
 */
void exdma_io_advance(struct kiocb *iocb, size_t moved)
{
	const struct exdma_client *client = iocb->ki_filp->private_data;
	EXDMA_DECLARE_PHASE(COMPLETE);

	if (!exdma_call_is_fixed(iocb) && !exdma_alias_has(client->alias, EXDMA_ALIAS_KEEP_POS))
		iocb->ki_pos += moved;
}

/**
 * exdma_io_hurry - who uses this file is going to end
 * @client: the file.
 *
 * Context: any but hard interrupt.
 */
void exdma_io_hurry(struct exdma_client *client)
{
	/* What is submitted from now on sees it, what was before is found. */
	if (client->ch && client->ch->desc.stream && !xchg(&client->hurried, true))
		exdma_channel_hurry(client->ch, client);
}

#ifdef IOCB_AIO_RW
/* exit_aio() waits for all calls; or somebody wants this one to end. */
static int io_cancel(struct kiocb *iocb)
{
	exdma_io_hurry(iocb->ki_filp->private_data);
	return -EINPROGRESS;	/* it ends as any other */
}
#endif

/* An asynchronous call: see that it does not outlive its program for long. */
static void io_watch_exit(struct exdma_client *client, struct kiocb *iocb)
{
	if (!client->ch || !client->ch->desc.stream)
		return;
	WRITE_ONCE(client->user, task_tgid_nr(current));
#ifdef IOCB_AIO_RW
	if (iocb->ki_flags & IOCB_AIO_RW)
		kiocb_set_cancel_fn(iocb, io_cancel);
#endif
}

/* A call that must not wait for anything but its own transfer. */
static bool io_nowait(struct kiocb *iocb)
{
	return iocb->ki_flags & IOCB_NOWAIT ||
	       (is_sync_kiocb(iocb) && iocb->ki_filp->f_flags & O_NONBLOCK);
}

/* A call that is done when this returns. */
static ssize_t io_here(struct exdma_client *client, enum exdma_dir dir,
		       struct kiocb *iocb, struct iov_iter *iter, bool alone,
		       bool nowait, bool *entered)
{
	ssize_t ret;

	if (nowait && (!*entered || !exdma_channel_ready(exdma_io_channel(client, dir))))
		return -EAGAIN;
	if (!*entered) {
		ret = exdma_order_wait(&client->order, alone);
		if (ret)
			return ret;
		*entered = true;
	}
	ret = exdma_io_bounce(client, dir, iocb, iter, nowait);
	if (ret == -EAGAIN)
		ret = exdma_io_sync(client, dir, iocb, iter, nowait, NULL);
	return ret;
}

/*
 * A call that goes on after this. One with a place among others to keep is not
 * refused, whatever it lacks: those behind it would overtake it.
 */
static ssize_t io_there(struct exdma_client *client, enum exdma_dir dir,
			struct kiocb *iocb, struct iov_iter *iter, bool alone,
			bool nowait, bool *entered)
{
	bool ordered = alone || !*entered;
	ssize_t ret;

	io_watch_exit(client, iocb);
	ret = exdma_io_async(client, dir, iocb, iter, alone, nowait, entered);
	if (ret == -ENOMEM || (ret == -EAGAIN && ordered))
		ret = exdma_io_offload(client, dir, iocb, iter, alone, nowait, entered);
	if (ret == -ENOMEM && nowait && !ordered)
		ret = -EAGAIN;
	return ret;
}

/*
 * A packet that is not queued at once, but piece by piece: those submitted after
 * it must not overtake it.
 */
static bool io_is_long_packet(const struct exdma_client *client, const struct iov_iter *iter)
{
	return client->ch && client->ch->desc.stream &&
	       iov_iter_count(iter) >= exdma_channel_max_inflight(client->ch) / 4;
}

/* A packet whose writer cannot wait, which the card may make it do for ever. */
static bool io_sends(struct exdma_client *client, struct kiocb *iocb, bool nowait)
{
	if (!client->ch || !client->ch->desc.stream || !nowait || !is_sync_kiocb(iocb) ||
	    iocb->ki_flags & IOCB_DSYNC)
		return false;
	io_watch_exit(client, iocb);
	return true;
}

/**
 * exdma_io_late - what became of packets that nobody has waited for
 * @client: the file.
 *
 * Return: 0, or -errno of one that has failed, once.
 */
int exdma_io_late(struct exdma_client *client)
{
	return READ_ONCE(client->late) ? xchg(&client->late, 0) : 0;
}

/**
 * exdma_io - move data between memory and the card
 * @client: the file.
 * @dir: direction; there is a channel for it.
 * @iocb: the call; ki_pos is the card address. Alignment and bounds have been
 *	checked.
 * @iter: the memory, at least one byte.
 *
 * An asynchronous call is queued, always; one that may not wait is refused if
 * there is no room, unless it has a place among others to keep. All other calls
 * are done when this returns.
 *
 * Context: may sleep.
 * Return: bytes moved, also if an error or a signal came after them;
 * -EIOCBQUEUED; or, if nothing moved: -EAGAIN (the call may not wait, and would
 * have to), -EFAULT, -EIO (the device reported an error), -ENODEV, -ENOMEM,
 * -ETIMEDOUT, -ERESTARTSYS (a signal came before anything was started).
 */
ssize_t exdma_io(struct exdma_client *client, enum exdma_dir dir,
		 struct kiocb *iocb, struct iov_iter *iter)
{
	bool nowait = io_nowait(iocb);
	bool sends = io_sends(client, iocb, nowait);
	bool alone, barrier, entered;
	ssize_t ret;

	if (exdma_card_is_gone(client->card))
		return -ENODEV;
	ret = exdma_io_late(client);
	if (ret)
		return ret;
	/* Somebody lives who uses it. */
	if (READ_ONCE(client->hurried))
		WRITE_ONCE(client->hurried, false);
	alone = exdma_order_claim(&client->order, &barrier) || iocb->ki_flags & IOCB_DSYNC ||
		(!sends && io_is_long_packet(client, iter));
	entered = exdma_order_try_enter(&client->order, alone);
	if (sends)
		ret = exdma_io_send(client, iocb, iter, &entered);
	else if (is_sync_kiocb(iocb) || (dir == EXDMA_C2H && exdma_buffer_foreign(iter)))
		ret = io_here(client, dir, iocb, iter, alone, nowait, &entered);
	else
		ret = io_there(client, dir, iocb, iter, alone, nowait, &entered);
	if (entered)
		exdma_order_leave(&client->order);
	if (ret == -EAGAIN && barrier)
		exdma_order_barrier(&client->order);
	if (ret != -EIOCBQUEUED)
		exdma_card_changed(client->card);
	return ret;
}

/**
 * exdma_io_ready - would a call that may not wait be taken now?
 * @client: the file.
 * @dir: direction.
 *
 * Return: true if one channel of this direction, if there is one, would.
 */
bool exdma_io_ready(struct exdma_client *client, enum exdma_dir dir)
{
	if (client->ch && exdma_channel_receives(client->ch))
		return dir == EXDMA_C2H && exdma_receive_ready(client->ch->receive, client->how);
	return exdma_io_has(client, dir) && exdma_order_is_free(&client->order) &&
	       exdma_channel_ready(exdma_io_channel(client, dir));
}

static bool io_poll_channel(struct exdma_channel *ch)
{
	if (!exdma_channel_poll(ch))
		return false;
	exdma_channel_bottom_half(ch);
	return true;
}

/**
 * exdma_io_poll - complete what is done, without waiting for an interrupt
 * @client: the file.
 *
 * Context: may sleep.
 * Return: 1 if calls were perhaps completed, whosever they are, else 0.
 */
int exdma_io_poll(struct exdma_client *client)
{
	struct exdma_channel *ch;
	int found = 0;

	if (client->ch)
		return io_poll_channel(client->ch);
	list_for_each_entry(ch, &client->card->channels, siblings)
		found |= io_poll_channel(ch);
	return found;
}
