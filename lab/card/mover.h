/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The data path of an engine: how the bytes of one descriptor travel. One for
 * AXI-MM, and one for each direction of AXI-ST.
 */
#ifndef CARD_MOVER_H
#define CARD_MOVER_H

#include "xdma.h"

#define MOVER_CHUNK	GUESTMEM_MAX_COPY	/* most bytes of one move() */

/* The next bytes of a descriptor: what is asked for, and what became of it. */
struct move {
	uint32_t from, len;	/* bytes [from, from + len) */
	bool end;		/* the descriptor ends with them, full or not */
	bool eop;		/* a packet from the card ends with them */
	uint32_t done;		/* bytes that arrived, for the books */
	uint32_t err;		/* status bits of what went wrong, 0 if nothing did */
};

struct mover {
	/**
	 * @ready: how much could travel now
	 *
	 * Makes m->len smaller if not all of it can, and says whether the
	 * descriptor ends with it; changes nothing else, and may be asked
	 * again. Return: false when nothing can; then the engine is woken when
	 * that may have changed. Locking: x->lock, and it keeps it.
	 */
	bool (*ready)(struct engine *e, const struct xdma_desc *d, struct move *m);

	/**
	 * @move: carry what was ready
	 *
	 * Return: false when the run was aborted meanwhile. Locking: x->lock;
	 * gives it up while it is in guest memory (engine_leave()).
	 */
	bool (*move)(struct engine *e, const struct xdma_desc *d, struct move *m);

	/**
	 * @finish: all data of a descriptor is there: tell what it was, before
	 * anything else tells that it is done. May be NULL. Locking: x->lock.
	 */
	void (*finish)(struct engine *e, const struct xdma_desc *d);
};

/*
 * AXI-MM. Errors: what the guest does not give is an unsupported request,
 * what lies beyond card memory a decode error. A C2H write to memory that is
 * not there has no answer on a real bus and no status bit in PG195; here it is
 * logged as write error bit 14, if Control bit 14 is set.
 */
extern const struct mover mover_mm;

/*
 * AXI-ST, to and from what is behind the streams (stream.h). Errors of the
 * host's side are as above. What could not be read goes out as zeros, so that
 * packets keep their length; what could not be written is lost.
 */
extern const struct mover mover_st_h2c, mover_st_c2h;

#endif
