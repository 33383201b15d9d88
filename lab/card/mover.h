/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The data path of an engine: how the bytes of one descriptor travel. There is
 * one for AXI-MM; an AXI-ST data path is another one of these.
 */
#ifndef CARD_MOVER_H
#define CARD_MOVER_H

#include "xdma.h"

#define MOVER_CHUNK	GUESTMEM_MAX_COPY	/* most bytes of one move() */

struct mover {
	/**
	 * @move: carry bytes [from, from + len) of a descriptor
	 *
	 * Runs without the lock: may use e's constant members, guest memory
	 * and card memory only. @fixed: the card address does not increment.
	 *
	 * Return: bytes that arrived (for the books) in *@done, and status
	 * bits of what went wrong (ST_READ_*, ST_WRITE_*), 0 if nothing did.
	 */
	uint32_t (*move)(struct engine *e, const struct xdma_desc *d, bool fixed,
			 uint32_t from, uint32_t len, uint32_t *done);
};

/*
 * AXI-MM. Errors: what the guest does not give is an unsupported request,
 * what lies beyond card memory a decode error. A C2H write to memory that is
 * not there has no answer on a real bus and no status bit in PG195; here it is
 * logged as write error bit 14, if Control bit 14 is set.
 */
extern const struct mover mover_mm;

#endif
