// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data paths. AXI-MM: straight copies between guest memory and card memory,
 * through whichever pieces the two are in. AXI-ST: between guest memory and a
 * stream. Know nothing of registers or runs.
 */
#include <errno.h>

#include "mover.h"

/* --- AXI-MM -------------------------------------------------------------- */

/* Copy up to @len bytes that are in one piece on the card's side. */
static uint32_t move_piece(struct engine *e, uint64_t host, uint64_t card,
			   size_t len, uint32_t *done)
{
	struct xdma *x = e->x;
	const uint8_t *from;
	size_t want = len;
	uint8_t *to;
	int err;

	*done = 0;
	if (e->dir == XDMA_H2C) {
		/* a read that fails must not allocate card memory first */
		if (!guestmem_read(x->host, host, NULL, 1))
			return ST_READ_UR;
		err = cardmem_touch(x->axi, card, &len, &to);
		if (err)
			return err == -ENOMEM ? ST_WRITE_SLAVE : ST_WRITE_DECODE;
		*done = (uint32_t)guestmem_read(x->host, host, to, len);
		return *done == len ? 0 : ST_READ_UR;
	}
	err = cardmem_peek(x->axi, card, &want, &from);
	if (err)
		return ST_READ_UR;	/* C2H: the decode error */
	*done = (uint32_t)guestmem_write(x->host, host, from, want);
	return *done == want ? 0 : ST_WRITE_DECODE;
}

/* Locking: none. */
static uint32_t copy(struct engine *e, const struct xdma_desc *d, struct move *m, bool fixed)
{
	uint64_t host = e->dir == XDMA_H2C ? d->src : d->dst;
	uint64_t card = e->dir == XDMA_H2C ? d->dst : d->src;
	uint32_t beat = e->x->setup.width_bits / 8, n, err;

	for (m->done = 0; m->done < m->len; m->done += n) {
		uint64_t at = fixed ? card : card + m->from + m->done;
		uint64_t there = host + m->from + m->done;
		size_t want = m->len - m->done;

		/* at a fixed address each beat goes to the same place */
		if (fixed && want > beat)
			want = beat;
		/* addresses wrap at 2^64 on neither bus */
		if (at < card)
			return e->dir == XDMA_H2C ? ST_WRITE_DECODE : ST_READ_UR;
		if (there < host)
			return e->dir == XDMA_H2C ? ST_READ_UR : ST_WRITE_DECODE;
		err = move_piece(e, there, at, want, &n);
		if (err) {
			m->done += n;
			return err;
		}
	}
	return 0;
}

/* Card memory is always ready. */
static bool mm_ready(struct engine *e, const struct xdma_desc *d, struct move *m)
{
	(void)e;
	m->end = m->from + m->len == d->len;
	return true;
}

static bool mm_move(struct engine *e, const struct xdma_desc *d, struct move *m)
{
	bool fixed = e->control & CTRL_FIXED;
	uint32_t generation = engine_leave(e);

	m->err = copy(e, d, m, fixed);
	return engine_return(e, generation);
}

const struct mover mover_mm = {
	.ready = mm_ready,
	.move = mm_move,
};

/* --- AXI-ST -------------------------------------------------------------- */

/* An address does not wrap: what would lie beyond 2^64 is not there. */
static uint32_t reachable(uint64_t addr, const struct move *m)
{
	return addr + m->from < addr ? 0 : m->len;
}

static bool h2c_ready(struct engine *e, const struct xdma_desc *d, struct move *m)
{
	uint32_t room = stream_room(e->stream, m->len);
	bool ready = room || !m->len;

	m->len = room;
	m->end = m->from + m->len == d->len;
	return ready;
}

static bool h2c_move(struct engine *e, const struct xdma_desc *d, struct move *m)
{
	struct stream_piece piece;
	uint32_t generation;

	stream_give(e->stream, m->len, m->end && m->len && (d->control & DESC_EOP), &piece);
	generation = engine_leave(e);
	m->done = (uint32_t)guestmem_read(e->x->host, d->src + m->from, e->bytes,
					  reachable(d->src, m));
	memset(e->bytes + m->done, 0, m->len - m->done);
	stream_check(&piece, e->bytes);
	if (!engine_return(e, generation))
		return false;
	m->err = m->done < m->len ? ST_READ_UR : 0;
	/* an error that stops the engine stops it before this piece */
	if (m->err & e->control)
		return true;
	stream_put(e->stream, &piece, e->bytes);
	if (e->peer)
		engine_kick(e->peer);
	return true;
}

static bool c2h_ready(struct engine *e, const struct xdma_desc *d, struct move *m)
{
	uint32_t there = stream_ready(e->stream, m->len, &m->eop);
	bool ready = there || !m->len;

	m->len = there;
	m->end = m->eop || m->from + m->len == d->len;
	return ready;
}

static bool c2h_move(struct engine *e, const struct xdma_desc *d, struct move *m)
{
	struct stream_piece piece;
	uint32_t generation;

	stream_take(e->stream, m->len, &piece, e->bytes);
	if (e->peer)
		engine_kick(e->peer);
	generation = engine_leave(e);
	stream_make(&piece, e->bytes);
	m->done = (uint32_t)guestmem_write(e->x->host, d->dst + m->from, e->bytes,
					   reachable(d->dst, m));
	m->err = m->done < m->len ? ST_WRITE_DECODE : 0;
	return engine_return(e, generation);
}

/* The result record: how much there is in this descriptor's memory, and of what. */
static void c2h_finish(struct engine *e, const struct xdma_desc *d)
{
	uint64_t record = RESULT_MAGIC | (e->eop ? RESULT_EOP : 0) | (uint64_t)e->moved << 32;

	if (e->control & CTRL_NO_RESULT)
		return;
	if (!guestmem_store64(e->x->host, d->src, record))
		books_violation(e->x->books, e->id, V_UNMAPPED,
				"descriptor 0x%llx: result to 0x%llx",
				(unsigned long long)d->addr, (unsigned long long)d->src);
}

const struct mover mover_st_h2c = {
	.ready = h2c_ready,
	.move = h2c_move,
};

const struct mover mover_st_c2h = {
	.ready = c2h_ready,
	.move = c2h_move,
	.finish = c2h_finish,
};
