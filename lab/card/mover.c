// SPDX-License-Identifier: GPL-2.0-only
/*
 * The AXI-MM data path: straight copies between guest memory and card memory,
 * through whichever pieces the two are in. Knows nothing of registers or runs.
 */
#include <errno.h>

#include "mover.h"

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

static uint32_t mm_move(struct engine *e, const struct xdma_desc *d, bool fixed,
			uint32_t from, uint32_t len, uint32_t *done)
{
	uint64_t host = e->dir == XDMA_H2C ? d->src : d->dst;
	uint64_t card = e->dir == XDMA_H2C ? d->dst : d->src;
	uint32_t beat = e->x->setup.width_bits / 8, n, err;

	for (*done = 0; *done < len; *done += n) {
		uint64_t at = fixed ? card : card + from + *done;
		uint64_t there = host + from + *done;
		size_t want = len - *done;

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
			*done += n;
			return err;
		}
	}
	return 0;
}

const struct mover mover_mm = {
	.move = mm_move,
};
