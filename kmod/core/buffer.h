/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - the memory of one request
 */
#ifndef EXDMA_CORE_BUFFER_H
#define EXDMA_CORE_BUFFER_H

#include <linux/kernel.h>
#include <linux/scatterlist.h>
#include <linux/uio.h>

#include "channel.h"

struct exdma_call;

/* How a buffer came by its pages. */
enum exdma_buffer_kind {
	EXDMA_BUF_PINNED,	/* user memory, pinned */
	EXDMA_BUF_LENT,		/* kernel memory that the caller keeps */
	EXDMA_BUF_COPY,		/* our own pages; data is copied */
	EXDMA_BUF_SLOT,		/* a slot of the channel; data is copied */
};

/**
 * struct exdma_buffer - a request and the memory it moves
 * @req: what the channel sees of it; its segments are those of @sgt.
 * @ch: the channel it is for.
 * @kind: see &enum exdma_buffer_kind.
 * @mapped: on the channel's list while mapped; whoever takes it off unmaps.
 * @reclaimed: completed if that was not the owner.
 * @charge: bytes taken from the channel's room.
 * @slot: which slot it has.
 * @call: the asynchronous call it is a part of, or NULL.
 * @in_call: on the list of that.
 * @sgt: its pages; mapped between exdma_buffer_map() and _unmap().
 * @pages: how many it has.
 * @max_ents: entries that @sg has room for, and the most pages.
 * @sg: the entries.
 */
struct exdma_buffer {
	struct exdma_request req;
	struct exdma_channel *ch;
	enum exdma_buffer_kind kind;
	struct list_head mapped;
	struct completion reclaimed;
	u32 charge;
	int slot;
	struct exdma_call *call;
	struct list_head in_call;
	struct sg_table sgt;
	u32 pages;
	u32 max_ents;
	struct scatterlist sg[];
};

/* Is its memory ours, so that data is copied? */
static inline bool exdma_buffer_is_copy(const struct exdma_buffer *buf)
{
	return buf->kind == EXDMA_BUF_COPY || buf->kind == EXDMA_BUF_SLOT;
}

bool exdma_buffer_foreign(const struct iov_iter *iter);
bool exdma_buffer_copies(const struct exdma_channel *ch, const struct iov_iter *iter);
u32 exdma_buffer_charge(const struct exdma_channel *ch, const struct iov_iter *iter);
u64 exdma_buffer_charge_all(const struct exdma_channel *ch, const struct iov_iter *iter);
bool exdma_buffer_fault_in(const struct exdma_channel *ch, const struct iov_iter *iter);
struct exdma_buffer *exdma_buffer_get(struct exdma_channel *ch,
				      struct iov_iter *iter, u32 charge, gfp_t gfp);
struct exdma_buffer *exdma_buffer_get_copy(struct exdma_channel *ch, struct iov_iter *iter,
					   gfp_t gfp);
bool exdma_buffer_bounces(const struct exdma_channel *ch, const struct iov_iter *iter);
struct exdma_buffer *exdma_buffer_get_slot(struct exdma_channel *ch,
					   struct iov_iter *iter, gfp_t gfp);
int exdma_buffer_map(struct exdma_buffer *buf);
void exdma_buffer_unmap(struct exdma_buffer *buf);
size_t exdma_buffer_copy_out(struct exdma_buffer *buf, size_t bytes,
			     struct iov_iter *iter);
size_t exdma_buffer_copy_slot(struct exdma_buffer *buf, size_t bytes,
			      struct iov_iter *iter);
void exdma_buffers_reclaim(struct exdma_channel *ch);
void exdma_buffer_put(struct exdma_buffer *buf);

int exdma_buffers_init(void);
void exdma_buffers_exit(void);

#endif /* EXDMA_CORE_BUFFER_H */
