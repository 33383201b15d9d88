// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - packets from the card: a ring of buffers that always wait
 *
 * A stream does not ask whether somebody reads. So from the first open on, the
 * engine has buffers of ours to write to: each is a request of the channel like
 * any other, which is done when a packet ends or the buffer is full, and goes to
 * the end of the queue again when it has been read. With all buffers full the
 * engine has nothing to do and the card has to hold its data back: nothing is
 * lost, whoever reads or does not.
 *
 * Who runs here at the same time: bottom halves, which hand over what is done,
 * perhaps not in order; readers, of which one at a time takes from the front;
 * pollers. @lock guards what they share; @reading is the readers' turn, and all
 * that only the front of the queue needs.
 */
#include <linux/dma-mapping.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uio.h>
#include <linux/wait.h>

#include "card.h"
#include "channel.h"
#include "compat.h"
#include "mark.h"
#include "power.h"
#include "receive.h"

static unsigned int stream_buffers = 256;
module_param(stream_buffers, uint, 0644);
MODULE_PARM_DESC(stream_buffers,
		 "Buffers of each stream from the card, from its first open on (4 to 512, default 256)");

static unsigned int stream_buffer_kib = 16;
module_param(stream_buffer_kib, uint, 0644);
MODULE_PARM_DESC(stream_buffer_kib,
		 "KiB of each of them, a power of two; a packet takes one at least (4 to 1024, default 16)");

/**
 * struct exdma_receive_buffer - one of the buffers
 * @req: with the channel, or on a list here by its node.
 * @sg: its one segment.
 * @rx: whose it is.
 * @page: the memory.
 */
struct exdma_receive_buffer {
	struct exdma_request req;
	struct scatterlist sg;
	struct exdma_receive *rx;
	struct page *page;
};

/**
 * struct exdma_receive - the packets of one channel
 * @ch: the channel.
 * @reading: held by the one reader whose turn it is; taken before @lock.
 * @bufs: the buffers; set once, under @reading.
 * @count: how many.
 * @size: bytes of each.
 * @offset: what has been read of the first of @filled; under @reading.
 * @lock: guards the rest; process context only; a leaf.
 * @early: done, but one before them is not here yet; by number.
 * @filled: done, in the order of the stream.
 * @next: number of the request that comes behind these.
 * @n_filled: how many these are.
 * @ends: packets that end there.
 * @bytes: not read yet.
 * @wait: readers.
 */
struct exdma_receive {
	struct exdma_channel *ch;
	struct mutex reading;	/* see above */
	struct exdma_receive_buffer *bufs;
	u32 count;
	u32 size;
	u32 offset;

	spinlock_t lock;	/* see above */
	struct list_head early;
	struct list_head filled;
	u64 next;
	u32 n_filled;
	u32 ends;
	size_t bytes;
	wait_queue_head_t wait;
};

static struct device *receive_device(const struct exdma_receive *rx)
{
	return exdma_card_parent(rx->ch->card);
}

/* A packet that was torn ends there, too. */
static bool receive_ends(const struct exdma_request *req)
{
	return req->eop || req->status;
}

static void receive_sort_in(struct exdma_receive *rx, struct exdma_request *req)
{
	struct exdma_request *before;

	lockdep_assert_held(&rx->lock);

	list_for_each_entry_reverse(before, &rx->early, node)
		if (before->id < req->id)
			break;
	list_add(&req->node, &before->node);
}

/* The bottom half, with a buffer that is full or has the end of a packet. */
static void receive_done(struct exdma_request *req)
{
	struct exdma_receive_buffer *buf = container_of(req, struct exdma_receive_buffer, req);
	struct exdma_receive *rx = buf->rx;
	struct exdma_request *first;

	if (!req->quarantined && req->moved)
		dma_sync_single_for_cpu(receive_device(rx), sg_dma_address(&buf->sg),
					req->moved, DMA_FROM_DEVICE);
	spin_lock(&rx->lock);
	receive_sort_in(rx, req);
	while ((first = list_first_entry_or_null(&rx->early, struct exdma_request, node)) &&
	       first->id == rx->next) {
		list_move_tail(&first->node, &rx->filled);
		rx->next++;
		rx->n_filled++;
		rx->bytes += first->moved;
		rx->ends += receive_ends(first);
	}
	spin_unlock(&rx->lock);
	if (wq_has_sleeper(&rx->wait))
		wake_up(&rx->wait);
	exdma_card_changed(rx->ch->card);
}

static struct exdma_receive_buffer *receive_front(struct exdma_receive *rx)
{
	struct exdma_request *req;

	lockdep_assert_held(&rx->reading);

	spin_lock(&rx->lock);
	req = list_first_entry_or_null(&rx->filled, struct exdma_request, node);
	spin_unlock(&rx->lock);
	/* Only we take it off. */
	return req ? container_of(req, struct exdma_receive_buffer, req) : NULL;
}

/* The engine gets it again, unless it is gone: then it stays where it is. */
static void receive_give(struct exdma_receive *rx, struct exdma_receive_buffer *buf)
{
	struct exdma_card *card = rx->ch->card;
	EXDMA_DECLARE_PHASE(SUBMIT);

	if (!exdma_card_enter(card))
		return;
	dma_sync_single_for_device(receive_device(rx), sg_dma_address(&buf->sg), rx->size,
				   DMA_FROM_DEVICE);
	buf->req.eop = false;
	exdma_channel_submit(rx->ch, &buf->req, false);
	exdma_card_exit(card);
}

/* The first buffer has been read, or is not wanted. */
static void receive_drop(struct exdma_receive *rx, struct exdma_receive_buffer *buf)
{
	lockdep_assert_held(&rx->reading);

	spin_lock(&rx->lock);
	list_del(&buf->req.node);
	rx->n_filled--;
	rx->bytes -= buf->req.moved - rx->offset;
	rx->ends -= receive_ends(&buf->req);
	spin_unlock(&rx->lock);
	WRITE_ONCE(rx->offset, 0);
	receive_give(rx, buf);
}

/* Bytes of the first packet that are here; @whole: all of them. */
static size_t receive_packet(const struct exdma_receive *rx, bool *whole)
{
	const struct exdma_request *req;
	size_t bytes = 0;

	lockdep_assert_held(&rx->lock);

	*whole = false;
	list_for_each_entry(req, &rx->filled, node) {
		bytes += req->moved;
		*whole = receive_ends(req);
		if (*whole)
			break;
	}
	/* @offset belongs to the reader; pollers may be wrong by what it takes. */
	return bytes - min_t(size_t, bytes, READ_ONCE(rx->offset));
}

/*
 * Can a read of @want bytes begin? When all that it will take is here, so that
 * nothing divides a packet, or when no more fits into the buffers. Returns 1 or 0,
 * or -EMSGSIZE for a packet that has to be taken whole and is longer.
 */
static int receive_can(struct exdma_receive *rx, enum exdma_receive_how how, size_t want)
{
	bool whole, full;
	size_t bytes;
	u32 count;
	int can;

	spin_lock(&rx->lock);
	/* The buffers may just be made. */
	count = READ_ONCE(rx->count);
	full = count && rx->n_filled == count;
	if (how == EXDMA_RECEIVE_BYTES)
		can = rx->bytes || rx->ends || full;
	else
		can = rx->ends || rx->bytes >= want || full;
	if (how == EXDMA_RECEIVE_WHOLE) {
		bytes = receive_packet(rx, &whole);
		can = bytes > want || (full && !whole) ? -EMSGSIZE : whole;
	}
	spin_unlock(&rx->lock);
	return can;
}

static int receive_wait(struct exdma_receive *rx, enum exdma_receive_how how, size_t want,
			bool nowait)
{
	struct exdma_card *card = rx->ch->card;
	int can = 0;

	lockdep_assert_held(&rx->reading);

	if (nowait)
		can = receive_can(rx, how, want) ?: -EAGAIN;
	else if (wait_event_interruptible(rx->wait,
					  receive_can(rx, how, want) ||
					  exdma_card_is_gone(card)))
		can = -ERESTARTSYS;
	else	/* it stays so: only we take packets */
		can = receive_can(rx, how, want);
	if (exdma_card_is_gone(card))
		return -ENODEV;
	return min(can, 0);
}

/* The rest of a packet that is longer than all buffers: only death divides it. */
static int receive_more(struct exdma_receive *rx)
{
	struct exdma_card *card = rx->ch->card;

	lockdep_assert_held(&rx->reading);

	if (wait_event_killable(rx->wait, receive_can(rx, EXDMA_RECEIVE_BYTES, 1) ||
				exdma_card_is_gone(card)))
		return -ERESTARTSYS;
	return exdma_card_is_gone(card) ? -ENODEV : 0;
}

/* Reads from the first buffer. Returns 1 when the read ends here, 0, or -errno. */
static int receive_copy(struct exdma_receive *rx, struct exdma_receive_buffer *buf,
			struct iov_iter *iter, enum exdma_receive_how how, ssize_t *done)
{
	size_t left = buf->req.moved - rx->offset;
	size_t want = min(left, iov_iter_count(iter)), got;
	bool ends = receive_ends(&buf->req);
	EXDMA_DECLARE_PHASE(COMPLETE);
	int err = buf->req.status;

	lockdep_assert_held(&rx->reading);

	if (err) {
		receive_drop(rx, buf);
		return err;
	}
	got = copy_to_iter(page_address(buf->page) + rx->offset, want, iter);
	*done += got;
	spin_lock(&rx->lock);
	rx->bytes -= got;
	WRITE_ONCE(rx->offset, rx->offset + got);
	spin_unlock(&rx->lock);
	if (got == left)
		receive_drop(rx, buf);
	if (got < want)
		return -EFAULT;
	/* An empty packet, or the empty end of one that was read, is no end of file. */
	return got == left && ends && how != EXDMA_RECEIVE_BYTES && *done;
}

/**
 * exdma_receive_read - one packet, or a part of it
 * @rx: the stream.
 * @iter: where to, at least one byte.
 * @how: what ends a read.
 * @nowait: do not wait for packets.
 *
 * Takes up to the end of the packet. What does not fit is left for the next
 * read, or, if packets are to be taken whole, all of it. Of a packet longer than
 * all buffers together a read that does not wait takes what is there.
 *
 * Context: may sleep.
 * Return: bytes; -EAGAIN; -EMSGSIZE: the packet is longer, and still there;
 * -EIO: a packet was lost to an error or a reset, those behind it are right;
 * -EFAULT, -ERESTARTSYS: nothing has been taken; -ENODEV.
 */
ssize_t exdma_receive_read(struct exdma_receive *rx, struct iov_iter *iter,
			   enum exdma_receive_how how, bool nowait)
{
	struct exdma_receive_buffer *buf;
	ssize_t done = 0;
	int err;

	if (nowait) {
		if (!mutex_trylock(&rx->reading))
			return -EAGAIN;
	} else if (mutex_lock_interruptible(&rx->reading)) {
		return -ERESTARTSYS;
	}
	do {
		/* Also behind an empty packet, which is none. */
		err = done ? 0 : receive_wait(rx, how, iov_iter_count(iter), nowait);
		if (err)
			break;
		buf = receive_front(rx);
		if (!buf && (nowait || how == EXDMA_RECEIVE_BYTES))
			break;
		err = buf ? receive_copy(rx, buf, iter, how, &done) : receive_more(rx);
	} while (!err && iov_iter_count(iter));
	mutex_unlock(&rx->reading);
	exdma_card_changed(rx->ch->card);
	/* What was read of a packet that was torn is worth nothing. */
	if (err == -EIO || err == -ENODEV)
		return err;
	return done ?: min(err, 0);
}

/**
 * exdma_receive_ready - would a read that must not wait get something now?
 * @rx: the stream.
 * @how: what ends a read.
 */
bool exdma_receive_ready(struct exdma_receive *rx, enum exdma_receive_how how)
{
	return !mutex_is_locked(&rx->reading) && receive_can(rx, how, SIZE_MAX);
}

/**
 * exdma_receive_room - bytes that the buffers hold, 0 before the first open
 * @rx: the stream.
 */
size_t exdma_receive_room(const struct exdma_receive *rx)
{
	return (size_t)READ_ONCE(rx->count) * READ_ONCE(rx->size);
}

/**
 * exdma_receive_wake - the card is gone: readers are to look
 * @rx: the stream.
 */
void exdma_receive_wake(struct exdma_receive *rx)
{
	wake_up_all(&rx->wait);
}

static int receive_map(struct exdma_receive *rx, struct exdma_receive_buffer *buf)
{
	dma_addr_t dma;

	buf->rx = rx;
	buf->page = alloc_pages(GFP_KERNEL | __GFP_ZERO, get_order(rx->size));
	if (!buf->page)
		return -ENOMEM;
	dma = dma_map_page(receive_device(rx), buf->page, 0, rx->size, DMA_FROM_DEVICE);
	if (dma_mapping_error(receive_device(rx), dma)) {
		__free_pages(buf->page, get_order(rx->size));
		buf->page = NULL;
		return -ENOMEM;
	}
	sg_init_table(&buf->sg, 1);
	sg_dma_address(&buf->sg) = dma;
	sg_dma_len(&buf->sg) = rx->size;
	buf->req.sg = &buf->sg;
	buf->req.slots = 1;
	buf->req.bytes = rx->size;
	buf->req.once = true;
	buf->req.complete = receive_done;
	return 0;
}

/* All buffers, or none. */
static int receive_fill(struct exdma_receive *rx)
{
	u32 count = clamp(READ_ONCE(stream_buffers), 4u, EXDMA_STREAM_SLOTS / 2);
	u32 kib = roundup_pow_of_two(clamp(READ_ONCE(stream_buffer_kib), 4u, 1024u));
	int err = 0;
	u32 i;

	/* exdma_receive_room() looks at it at any time. */
	WRITE_ONCE(rx->size, min(max_t(u32, kib << 10, PAGE_SIZE),
				 rounddown_pow_of_two(rx->ch->card->max_segment)));
	rx->bufs = kvcalloc(count, sizeof(*rx->bufs), GFP_KERNEL);
	if (!rx->bufs)
		return -ENOMEM;
	for (i = 0; i < count && !err; i++)
		err = receive_map(rx, &rx->bufs[i]);
	if (!err) {
		/* Who sees it sees the buffers: exdma_receive_start(). */
		smp_store_release(&rx->count, count);
		return 0;
	}
	for (i = 0; i < count && rx->bufs[i].page; i++) {
		dma_unmap_page(receive_device(rx), sg_dma_address(&rx->bufs[i].sg), rx->size,
			       DMA_FROM_DEVICE);
		__free_pages(rx->bufs[i].page, get_order(rx->size));
	}
	kvfree(rx->bufs);
	rx->bufs = NULL;
	return err;
}

/* Throws away all packets that are complete. */
static void receive_discard(struct exdma_receive *rx)
{
	struct exdma_receive_buffer *buf;
	bool ends;
	u32 left;

	spin_lock(&rx->lock);
	left = rx->ends;
	spin_unlock(&rx->lock);
	while (left && (buf = receive_front(rx))) {
		ends = receive_ends(&buf->req);
		receive_drop(rx, buf);
		left -= ends;
	}
}

/**
 * exdma_receive_start - somebody has opened the stream
 * @rx: the stream.
 * @discard: packets that wait are not wanted.
 * @nowait: do not wait for a reader who is at them.
 *
 * Context: may sleep.
 * Return: 0, -ENOMEM, -ENODEV, -ERESTARTSYS, or -EAGAIN for @nowait.
 */
int exdma_receive_start(struct exdma_receive *rx, bool discard, bool nowait)
{
	int err = 0;
	u32 i;

	/* A reader has its turn for as long as it waits for a packet. */
	/* Pairs with receive_fill(). */
	if (smp_load_acquire(&rx->count) && !discard)
		return 0;
	if (nowait) {
		if (!mutex_trylock(&rx->reading))
			return -EAGAIN;
	} else if (mutex_lock_interruptible(&rx->reading)) {
		return -ERESTARTSYS;
	}
	if (rx->count) {
		if (discard)
			receive_discard(rx);
	} else if (!exdma_card_enter(rx->ch->card)) {
		err = -ENODEV;
	} else {
		/* For good: the engine waits for packets, whoever closes the file. */
		err = exdma_power_get(rx->ch->card);
		if (!err) {
			err = receive_fill(rx);
			if (err)
				exdma_power_put(rx->ch->card);
		}
		exdma_card_exit(rx->ch->card);
		for (i = 0; i < rx->count; i++)
			receive_give(rx, &rx->bufs[i]);
	}
	mutex_unlock(&rx->reading);
	exdma_card_changed(rx->ch->card);
	return err;
}

/**
 * exdma_receive_unmap - the device cannot reach the buffers any more
 * @rx: the stream, of a channel that is dead and has let go of them; or NULL.
 *
 * Readers may still be at what is in them.
 *
 * Context: may sleep.
 */
void exdma_receive_unmap(struct exdma_receive *rx)
{
	struct exdma_receive_buffer *buf;
	u32 i;

	for (i = 0; rx && i < rx->count; i++) {
		buf = &rx->bufs[i];
		dma_unmap_page(receive_device(rx), sg_dma_address(&buf->sg), rx->size,
			       DMA_FROM_DEVICE);
	}
}

/**
 * exdma_receive_create - the packets of a channel; no buffers yet
 * @ch: the channel.
 *
 * Return: NULL if there is no memory.
 */
struct exdma_receive *exdma_receive_create(struct exdma_channel *ch)
{
	struct exdma_receive *rx = kzalloc_obj(*rx);

	if (!rx)
		return NULL;
	rx->ch = ch;
	mutex_init(&rx->reading);
	spin_lock_init(&rx->lock);
	INIT_LIST_HEAD(&rx->early);
	INIT_LIST_HEAD(&rx->filled);
	init_waitqueue_head(&rx->wait);
	return rx;
}

/**
 * exdma_receive_destroy - nobody can reach the channel any more
 * @rx: the stream, or NULL. What a device that could not be stopped knows of is
 *	never freed.
 */
void exdma_receive_destroy(struct exdma_receive *rx)
{
	u32 i;

	if (!rx)
		return;
	for (i = 0; i < rx->count && !rx->ch->card->quarantined; i++)
		__free_pages(rx->bufs[i].page, get_order(rx->size));
	kvfree(rx->bufs);
	kfree(rx);
}
