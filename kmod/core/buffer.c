// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - the memory of one request: pin, merge, map, and back
 *
 * Knows user memory and the DMA API; knows nothing of queues. A buffer is made
 * from the next piece of an iterator, mapped, moved by the channel, unmapped
 * and put. Its pages are let go only after it was unmapped, and it is unmapped
 * only after the channel gave it back.
 */
#include <linux/dma-mapping.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "buffer.h"
#include "card.h"
#include "compat.h"

/* Two sizes of buffer: most calls are small, and the big table is 8 KiB. */
#define SMALL_ENTS	17
#define LARGE_ENTS	EXDMA_REQUEST_SLOTS
/* Pages that are pinned in one go: their pointers live on the stack. */
#define PIN_BATCH	32

static unsigned int copybreak = 4096;
module_param(copybreak, uint, 0644);
MODULE_PARM_DESC(copybreak,
		 "Bytes up to which a transfer is copied through a mapped slot instead of mapped itself (0 to 8192)");

static unsigned int copybreak_iommu = 8192;
module_param(copybreak_iommu, uint, 0644);
MODULE_PARM_DESC(copybreak_iommu, "The same for cards behind an IOMMU that translates");

static struct kmem_cache *small_cache, *large_cache;

static enum dma_data_direction buffer_dir(const struct exdma_buffer *buf)
{
	return buf->ch->desc.dir == EXDMA_H2C ? DMA_TO_DEVICE : DMA_FROM_DEVICE;
}

/**
 * exdma_buffer_foreign - is this memory whose pages cannot be had?
 * @iter: where the data is.
 *
 * Return: false if its pages can be handed to a device.
 */
bool exdma_buffer_foreign(const struct iov_iter *iter)
{
	return !user_backed_iter(iter) && !iov_iter_is_bvec(iter) &&
	       !iov_iter_is_kvec(iter);
}

/*
 * Pieces of a packet begin and end at steps of the datapath. One piece of memory
 * that begins so is cut at pages only; of several, their lengths count, too.
 */
static bool buffer_misfits(const struct exdma_channel *ch, const struct iov_iter *iter)
{
	unsigned long at;

	if (!ch->desc.stream)
		return false;
	at = iter_is_ubuf(iter) ? (unsigned long)iter->ubuf + iter->iov_offset :
				  iov_iter_alignment(iter);
	return at & (ch->desc.beat - 1);
}

/**
 * exdma_buffer_copies - must the data of this iterator be copied?
 * @ch: the channel.
 * @iter: where the data is.
 *
 * Return: false if its pages can be handed to the device.
 */
bool exdma_buffer_copies(const struct exdma_channel *ch, const struct iov_iter *iter)
{
	return exdma_buffer_foreign(iter) || buffer_misfits(ch, iter);
}

/* Most pages of a buffer: each may take a slot, and a request is not split. */
static u32 buffer_most(const struct exdma_channel *ch)
{
	return min(ch->desc.max_run_slots, LARGE_ENTS);
}

/* What the next buffer in a slot has of an iterator. */
static size_t buffer_piece(const struct exdma_channel *ch, const struct iov_iter *iter)
{
	return min3(iov_iter_count(iter), (size_t)EXDMA_BOUNCE_BYTES,
		    (size_t)ch->card->max_segment);
}

/**
 * exdma_buffer_charge - the room that the next buffer takes
 * @ch: the channel.
 * @iter: where the data is.
 *
 * Return: bytes of whole pages: a single byte keeps a page pinned, or a slot.
 */
u32 exdma_buffer_charge(const struct exdma_channel *ch, const struct iov_iter *iter)
{
	u32 most = buffer_most(ch), pages;

	if (ch->card->desc.bounce)
		return EXDMA_BOUNCE_BYTES;
	pages = exdma_buffer_copies(ch, iter) ?
		min_t(size_t, PFN_UP(iov_iter_count(iter)), most) :
		iov_iter_npages(iter, most);
	return pages << PAGE_SHIFT;
}

/**
 * exdma_buffer_charge_all - the room that all of an iterator takes
 * @ch: the channel.
 * @iter: where the data is.
 *
 * Return: bytes, as exdma_buffer_charge(), of all its buffers together.
 */
u64 exdma_buffer_charge_all(const struct exdma_channel *ch, const struct iov_iter *iter)
{
	u32 piece = min(EXDMA_BOUNCE_BYTES, ch->card->max_segment);

	if (ch->card->desc.bounce)
		return (u64)DIV_ROUND_UP(iov_iter_count(iter), piece) * EXDMA_BOUNCE_BYTES;
	return (u64)iov_iter_npages(iter, INT_MAX) << PAGE_SHIFT;
}

/*
 * Appends contiguous memory that begins @offset into @page. Neighbours are
 * merged where both sides fill their page: so no page is in two entries or
 * twice in one, and each was pinned as often as it is listed.
 */
static bool buffer_add(struct exdma_buffer *buf, struct page *page, u32 offset,
		       u32 len, u32 max_segment)
{
	struct scatterlist *last = NULL, *sg;

	/* As many pages as entries: that is what was taken of the room. */
	if (buf->pages == min(buf->max_ents, buf->ch->desc.max_run_slots))
		return false;
	if (buf->sgt.orig_nents)
		last = &buf->sg[buf->sgt.orig_nents - 1];
	if (last && !offset && !offset_in_page(last->offset + last->length) &&
	    sg_page(last) + ((last->offset + last->length) >> PAGE_SHIFT) == page &&
	    last->length + len <= max_segment) {
		last->length += len;
	} else {
		/* Entries are cleared as they are used: most are not. */
		sg = &buf->sg[buf->sgt.orig_nents++];
		memset(sg, 0, sizeof(*sg));
		sg_set_page(sg, page, len, offset);
	}
	buf->pages++;
	buf->req.bytes += len;
	return true;
}

/* Lets go of the pages from the one at @from on, which are in no entry. */
static void buffer_drop(const struct exdma_buffer *buf, struct page **pages,
			unsigned int from, unsigned int to)
{
	if (buf->kind == EXDMA_BUF_PINNED && from < to)
		unpin_user_pages(pages + from, to - from);
}

/* Takes the next pages of @iter as they are. Returns bytes or -errno. */
static ssize_t buffer_extract(struct exdma_buffer *buf, struct iov_iter *iter,
			      size_t max)
{
	u32 max_segment = buf->ch->card->max_segment;
	struct page *pages[PIN_BATCH];
	unsigned int i, n;
	size_t offset, len;
	ssize_t got;

	got = exdma_extract_pages(iter, pages, max, PIN_BATCH, &offset);
	if (got <= 0)
		return got ?: -EFAULT;
	n = DIV_ROUND_UP(offset + got, PAGE_SIZE);
	for (i = 0, max = got; i < n; i++) {
		len = min(max, PAGE_SIZE - offset);
		if (!buffer_add(buf, pages[i], offset, len, max_segment))
			break;
		max -= len;
		offset = 0;
	}
	buffer_drop(buf, pages, i, n);
	iov_iter_revert(iter, max);
	return got - max ?: -ENOSPC;
}

/* Takes pages of our own, filled from @iter if the data goes to the card. */
static ssize_t buffer_own(struct exdma_buffer *buf, struct iov_iter *iter,
			  size_t max)
{
	size_t len = min(max, PAGE_SIZE), got;
	struct page *page;

	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!page)
		return -ENOMEM;
	if (buf->ch->desc.dir == EXDMA_H2C) {
		got = copy_page_from_iter(page, 0, len, iter);
		/* All or nothing: a piece of a packet must not end anywhere. */
		if (got < len) {
			iov_iter_revert(iter, got);
			__free_page(page);
			return -EFAULT;
		}
	}
	if (!buffer_add(buf, page, 0, len, PAGE_SIZE)) {
		if (buf->ch->desc.dir == EXDMA_H2C)
			iov_iter_revert(iter, len);
		__free_page(page);
		return -ENOSPC;
	}
	return len;
}

static struct exdma_buffer *buffer_alloc(struct exdma_channel *ch, bool small, gfp_t gfp)
{
	struct exdma_buffer *buf;

	buf = kmem_cache_alloc(small ? small_cache : large_cache, gfp);
	if (!buf)
		return NULL;
	memset(buf, 0, sizeof(*buf));
	buf->ch = ch;
	buf->max_ents = small ? SMALL_ENTS : LARGE_ENTS;
	INIT_LIST_HEAD(&buf->mapped);
	init_completion(&buf->reclaimed);
	buf->sgt.sgl = buf->sg;
	return buf;
}

/*
 * A buffer in a slot, with @bytes of @iter; but with @least if the memory ends
 * there. It is mapped already, and inside the card's gate until it is unmapped,
 * so nothing on the way may depend on what a program does: user memory that is
 * not there is not waited for.
 */
static struct exdma_buffer *buffer_in_slot(struct exdma_channel *ch, struct iov_iter *iter,
					   size_t bytes, size_t least, gfp_t gfp)
{
	struct exdma_buffer *buf;
	int err = -ENOMEM;
	size_t got;

	if (!exdma_card_enter(ch->card))
		return ERR_PTR(-ENODEV);
	buf = buffer_alloc(ch, true, gfp);
	if (!buf)
		goto exit_card;
	buf->kind = EXDMA_BUF_SLOT;
	buf->slot = exdma_bounce_get(&ch->bounce);
	if (buf->slot < 0)
		goto free_buf;
	if (ch->desc.dir == EXDMA_H2C) {
		pagefault_disable();
		got = copy_from_iter(exdma_bounce_cpu(&ch->bounce, buf->slot), bytes, iter);
		pagefault_enable();
		if (got < bytes) {
			bytes = got < least ? 0 : round_down(got, least);
			iov_iter_revert(iter, got - bytes);
		}
		err = -EFAULT;
		if (!bytes)
			goto put_slot;
	}
	sg_init_table(buf->sg, 1);
	sg_dma_address(buf->sg) = exdma_bounce_dma(&ch->bounce, buf->slot);
	sg_dma_len(buf->sg) = bytes;
	buf->req.sg = buf->sg;
	buf->req.slots = 1;
	buf->req.bytes = bytes;
	buf->req.bounced = true;
	return buf;

put_slot:
	exdma_bounce_put(&ch->bounce, buf->slot);
free_buf:
	kmem_cache_free(small_cache, buf);
exit_card:
	exdma_card_exit(ch->card);
	return ERR_PTR(err);
}

static struct exdma_buffer *buffer_get(struct exdma_channel *ch, struct iov_iter *iter,
				       u32 charge, bool copies, gfp_t gfp)
{
	size_t want = min_t(size_t, iov_iter_count(iter), EXDMA_REQUEST_BYTES);
	bool small = want <= (SMALL_ENTS - 1) * PAGE_SIZE &&
		     (copies || iov_iter_npages(iter, SMALL_ENTS + 1) <= SMALL_ENTS);
	struct exdma_buffer *buf;
	ssize_t got = 0;

	buf = buffer_alloc(ch, small, gfp);
	if (!buf)
		return ERR_PTR(-ENOMEM);
	buf->kind = copies ? EXDMA_BUF_COPY :
		    exdma_iter_pins(iter) ? EXDMA_BUF_PINNED : EXDMA_BUF_LENT;
	buf->charge = charge;

	while (buf->req.bytes < want) {
		got = copies ? buffer_own(buf, iter, want - buf->req.bytes) :
			       buffer_extract(buf, iter, want - buf->req.bytes);
		if (got < 0)
			break;
	}
	if (!buf->req.bytes) {
		buf->charge = 0;
		exdma_buffer_put(buf);
		return ERR_PTR(got);
	}
	sg_mark_end(&buf->sg[buf->sgt.orig_nents - 1]);
	return buf;
}

/**
 * exdma_buffer_get - a buffer with the next piece of an iterator
 * @ch: the channel that will move it; its direction says which way to pin.
 * @iter: where the data is; advanced by what the buffer holds, except for
 *	data to be copied from the card, see exdma_buffer_copy_out().
 * @charge: what exdma_buffer_charge() said of @iter, taken from the channel's
 *	room; or 0 if that is somebody else's matter.
 * @gfp: how to allocate.
 *
 * The buffer gives its room back when it is put. On an error that still belongs
 * to the caller.
 *
 * Context: may sleep; faults user memory in, unless it has to be copied for the
 * card's sake: then exdma_buffer_fault_in() comes before.
 * Return: the buffer, with at least one byte and less than asked for if the
 * memory ends, is fragmented or may not be accessed further on; or an
 * ERR_PTR(): -EFAULT, -ENODEV, -ENOMEM.
 */
struct exdma_buffer *exdma_buffer_get(struct exdma_channel *ch,
				      struct iov_iter *iter, u32 charge, gfp_t gfp)
{
	struct exdma_buffer *buf;

	if (!ch->card->desc.bounce)
		return buffer_get(ch, iter, charge, exdma_buffer_copies(ch, iter), gfp);
	buf = buffer_in_slot(ch, iter, buffer_piece(ch, iter), ch->card->unit[ch->desc.dir], gfp);
	if (!IS_ERR(buf))
		buf->charge = charge;
	return buf;
}

/**
 * exdma_buffer_get_copy - the same with data that the caller may change then
 * @ch: a channel to the card.
 * @iter: where the data is; advanced by what the buffer holds.
 * @gfp: how to allocate.
 *
 * Its room is somebody else's matter.
 *
 * Context: may sleep; faults user memory in.
 * Return: as exdma_buffer_get().
 */
struct exdma_buffer *exdma_buffer_get_copy(struct exdma_channel *ch, struct iov_iter *iter,
					   gfp_t gfp)
{
	return buffer_get(ch, iter, 0, true, gfp);
}

/**
 * exdma_buffer_fault_in - make the memory of the next buffer be there
 * @ch: the channel, all of whose data is copied.
 * @iter: where the data is.
 *
 * The caller is not in the card's gate: this may take as long as the owner of the
 * memory likes.
 *
 * Context: may sleep.
 * Return: can as much as one unit of it be accessed? Not for long, perhaps.
 */
bool exdma_buffer_fault_in(const struct exdma_channel *ch, const struct iov_iter *iter)
{
	size_t bytes = buffer_piece(ch, iter);

	bytes -= ch->desc.dir == EXDMA_H2C ? fault_in_iov_iter_readable(iter, bytes) :
					     fault_in_iov_iter_writeable(iter, bytes);
	return bytes >= ch->card->unit[ch->desc.dir];
}

/**
 * exdma_buffer_bounces - is this to be copied through a slot, without room?
 * @ch: the channel.
 * @iter: all that the call moves.
 *
 * Where all is copied, each slot is taken with the room for it.
 */
bool exdma_buffer_bounces(const struct exdma_channel *ch, const struct iov_iter *iter)
{
	u32 limit = ch->card->translated ? READ_ONCE(copybreak_iommu) : READ_ONCE(copybreak);

	return !ch->card->desc.bounce && iov_iter_count(iter) <= limit &&
	       iov_iter_count(iter) == buffer_piece(ch, iter);
}

/**
 * exdma_buffer_get_slot - a buffer with all of the next piece in one of the slots
 * @ch: the channel.
 * @iter: what exdma_buffer_bounces(), or any for which there is room; read and
 *	advanced if the data goes to the card, else left alone until
 *	exdma_buffer_copy_slot().
 * @gfp: how to allocate.
 *
 * Takes no room, and is mapped already. It is inside the card's gate until it
 * is unmapped: user memory that is not there is not waited for.
 *
 * Context: may sleep, if @gfp allows it.
 * Return: the buffer, or NULL: go the long way.
 */
struct exdma_buffer *exdma_buffer_get_slot(struct exdma_channel *ch,
					   struct iov_iter *iter, gfp_t gfp)
{
	size_t bytes = buffer_piece(ch, iter);
	struct exdma_buffer *buf = buffer_in_slot(ch, iter, bytes, bytes, gfp);

	return IS_ERR(buf) ? NULL : buf;
}

/* Off the list of mapped buffers: unmaps it and leaves the gate. */
static void buffer_unmap(struct exdma_buffer *buf)
{
	struct exdma_card *card = buf->ch->card;

	if (!buf->req.quarantined)
		dma_unmap_sgtable(exdma_card_parent(card), &buf->sgt, buffer_dir(buf), 0);
	exdma_card_exit(card);
}

/**
 * exdma_buffer_map - make the memory visible to the device
 * @buf: the buffer.
 *
 * Enters the card's gate: the device stays until the buffer is unmapped.
 *
 * Context: may sleep.
 * Return: 0; -ENODEV if the card is gone; -ENOMEM if there is no mapping to be
 * had now.
 */
int exdma_buffer_map(struct exdma_buffer *buf)
{
	struct exdma_channel *ch = buf->ch;
	struct exdma_card *card = ch->card;
	bool gone;

	if (buf->kind == EXDMA_BUF_SLOT)
		return 0;	/* it came so, and in the gate */
	if (!exdma_card_enter(card))
		return -ENODEV;
	/* A full swiotlb says -EIO, as does all else that can be wrong here. */
	if (dma_map_sgtable(exdma_card_parent(card), &buf->sgt, buffer_dir(buf), 0)) {
		exdma_card_exit(card);
		return -ENOMEM;
	}
	buf->req.sg = buf->sgt.sgl;
	buf->req.slots = buf->sgt.nents;
	spin_lock(&ch->mapped_lock);
	gone = exdma_card_is_gone(card);
	if (!gone)
		list_add_tail(&buf->mapped, &ch->mapped);
	spin_unlock(&ch->mapped_lock);
	/* Too late for exdma_buffers_reclaim(), which comes after @gone. */
	if (gone)
		buffer_unmap(buf);
	return gone ? -ENODEV : 0;
}

/**
 * exdma_buffer_unmap - the device may not touch the memory any more
 * @buf: the buffer; the channel has given it back, or never had it. A slot is
 *	somebody else's from now on.
 *
 * A buffer that the device may touch all the same stays mapped for ever.
 *
 * Context: may sleep.
 */
void exdma_buffer_unmap(struct exdma_buffer *buf)
{
	struct exdma_channel *ch = buf->ch;
	bool ours;

	if (buf->kind == EXDMA_BUF_SLOT) {
		if (!buf->req.quarantined)
			exdma_bounce_put(&ch->bounce, buf->slot);
		exdma_card_exit(ch->card);
		return;
	}
	spin_lock(&ch->mapped_lock);
	ours = !list_empty(&buf->mapped);
	list_del_init(&buf->mapped);
	spin_unlock(&ch->mapped_lock);
	if (ours)
		buffer_unmap(buf);
	else
		wait_for_completion(&buf->reclaimed);
}

/**
 * exdma_buffers_reclaim - unmap what is mapped still, in its owner's place
 * @ch: a dead channel with nothing on its lists.
 *
 * The owner of a buffer may sit in a page fault of its next one for as long as
 * it likes; the device cannot wait for that.
 *
 * Context: may sleep.
 */
void exdma_buffers_reclaim(struct exdma_channel *ch)
{
	struct exdma_buffer *buf;

	for (;;) {
		spin_lock(&ch->mapped_lock);
		buf = list_first_entry_or_null(&ch->mapped, struct exdma_buffer, mapped);
		if (buf)
			list_del_init(&buf->mapped);
		spin_unlock(&ch->mapped_lock);
		if (!buf)
			return;
		buffer_unmap(buf);
		complete(&buf->reclaimed);	/* may be freed by now */
	}
}

/**
 * exdma_buffer_copy_slot - hand on what the card wrote to a slot
 * @buf: a buffer with a slot, still mapped.
 * @bytes: how much, from the start on; what the card did not write stays here.
 * @iter: where the data goes; advanced. Memory that is not there is not waited
 *	for.
 *
 * Return: bytes copied.
 */
size_t exdma_buffer_copy_slot(struct exdma_buffer *buf, size_t bytes,
			      struct iov_iter *iter)
{
	size_t got;

	pagefault_disable();
	got = copy_to_iter(exdma_bounce_cpu(&buf->ch->bounce, buf->slot), bytes, iter);
	pagefault_enable();
	return got;
}

/*
 * All of a slot. What has to wait for user memory does so outside of the card's
 * gate, in memory that is not the device's.
 */
static size_t buffer_empty_slot(struct exdma_buffer *buf, size_t bytes,
				struct iov_iter *iter)
{
	size_t got = exdma_buffer_copy_slot(buf, bytes, iter);
	void *slot = exdma_bounce_cpu(&buf->ch->bounce, buf->slot);
	void *rest = NULL;

	if (got < bytes)
		rest = kmemdup(slot + got, bytes - got, GFP_KERNEL | __GFP_NOFAIL);
	exdma_buffer_unmap(buf);
	if (rest)
		got += copy_to_iter(rest, bytes - got, iter);
	kfree(rest);
	return got;
}

/**
 * exdma_buffer_copy_out - unmap a copying buffer and hand on what the card wrote
 * @buf: the buffer, mapped.
 * @bytes: how much, from the start on; what the card did not write stays here.
 * @iter: where the data goes; advanced.
 *
 * Context: may sleep.
 * Return: bytes copied; fewer than asked for if @iter is full or faults.
 */
size_t exdma_buffer_copy_out(struct exdma_buffer *buf, size_t bytes,
			     struct iov_iter *iter)
{
	struct scatterlist *sg;
	size_t all = 0, want, got;
	u32 i;

	if (buf->kind == EXDMA_BUF_SLOT)
		return buffer_empty_slot(buf, bytes, iter);
	exdma_buffer_unmap(buf);
	for_each_sg(buf->sg, sg, buf->sgt.orig_nents, i) {
		want = min_t(size_t, sg->length, bytes - all);
		if (!want)
			break;
		got = copy_to_iter(sg_virt(sg), want, iter);
		all += got;
		if (got < want)
			break;
	}
	return all;
}

/* Nobody gets these pages again, whatever their owner does with them. */
static void buffer_keep(struct scatterlist *sg)
{
	struct page *page = sg_page(sg);
	u32 i;

	for (i = 0; i < PFN_UP(sg->offset + sg->length); i++)
		if (!PageSlab(page + i))
			get_page(page + i);
}

/**
 * exdma_buffer_put - let go of the pages and free the buffer
 * @buf: the buffer, unmapped or never mapped.
 *
 * Context: may sleep.
 */
void exdma_buffer_put(struct exdma_buffer *buf)
{
	bool dirty = buf->ch->desc.dir == EXDMA_C2H;
	struct scatterlist *sg;
	u32 i;

	if (buf->charge)
		exdma_channel_give_room(buf->ch, buf->charge);
	for_each_sg(buf->sg, sg, buf->sgt.orig_nents, i) {
		if (buf->req.quarantined) {
			/* The pages are the device's for ever. */
			if (buf->kind == EXDMA_BUF_LENT)
				buffer_keep(sg);
			continue;
		}
		if (buf->kind == EXDMA_BUF_PINNED)
			unpin_user_page_range_dirty_lock(sg_page(sg),
							 PFN_UP(sg->offset + sg->length),
							 dirty);
		else if (buf->kind == EXDMA_BUF_COPY)
			__free_page(sg_page(sg));
	}
	kmem_cache_free(buf->max_ents == SMALL_ENTS ? small_cache : large_cache, buf);
}

int exdma_buffers_init(void)
{
	struct exdma_buffer *buf;

	small_cache = kmem_cache_create("exdma_small", struct_size(buf, sg, SMALL_ENTS),
					0, SLAB_HWCACHE_ALIGN, NULL);
	large_cache = kmem_cache_create("exdma_large", struct_size(buf, sg, LARGE_ENTS),
					0, SLAB_HWCACHE_ALIGN, NULL);
	if (small_cache && large_cache)
		return 0;
	exdma_buffers_exit();
	return -ENOMEM;
}

void exdma_buffers_exit(void)
{
	kmem_cache_destroy(small_cache);
	kmem_cache_destroy(large_cache);
}
