/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The DMA/bridge IP: its register file and its engines. Knows registers,
 * descriptors and time; of the outside it knows guest memory, card memory, the
 * interrupt block and the books, each by its header only.
 *
 * Files: xdma.c is the register file as the bus sees it, regs.c the table of
 * registers, engine.c the state machine of one engine, fetch.c what descriptors
 * must look like, mover.c the data paths, stream.c what is behind AXI streams.
 *
 * Locking: one mutex, x->lock (the card's), guards all registers and all
 * engine state, and the streams. Register accesses hold it for their whole, short length.
 * An engine holds it for each step of its state machine and lets go of it only
 * around copies from and to guest memory (engine->touching says so); when it
 * has it again it must look whether the run was aborted meanwhile. The
 * writeback word is stored under the lock, so that whoever polls it and then
 * writes a register finds the engine idle. Order: x->lock, then the inner
 * locks of guest memory or the books (leaves). Nobody sleeps on guest memory
 * with the lock held for longer than one bounded copy takes.
 */
#ifndef CARD_XDMA_H
#define CARD_XDMA_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "books.h"
#include "cardmem.h"
#include "fault.h"
#include "guestmem.h"
#include "irq.h"
#include "pciconf.h"
#include "stream.h"
#include "xdma-regs.h"

#define XDMA_MAX_CHANNELS	4u
#define XDMA_ENGINES		(2 * XDMA_MAX_CHANNELS)

enum xdma_dir { XDMA_H2C, XDMA_C2H };

/* A descriptor as fetched, and where from. */
struct xdma_desc {
	uint8_t raw[DESC_SIZE];
	uint64_t addr;
	uint32_t extra;		/* descriptors of its block that follow it */
	uint16_t magic;
	uint8_t control, next_adjacent;
	uint32_t len;
	uint64_t src, dst, next;
};

enum engine_state {
	ENGINE_IDLE,
	ENGINE_FETCH,	/* about to fetch (the rest of) a block */
	ENGINE_BEGIN,	/* about to look at the next fetched descriptor */
	ENGINE_MOVE,	/* moving its data */
	ENGINE_DONE,	/* data moved: report */
};

/* What an engine step asks its caller to do. */
enum engine_next {
	ENGINE_AGAIN,	/* step again at once */
	ENGINE_WAIT,	/* step again at a given time, or when woken */
	ENGINE_SLEEP,	/* step again when woken */
};

struct xdma;
struct mover;

struct engine {
	struct xdma *x;
	enum xdma_dir dir;
	unsigned int channel;	/* 0-3 within the direction */
	unsigned int id;		/* 0-7, as in the books */
	unsigned int irq;		/* 0-7, packed */
	const struct mover *mover;
	struct stream *stream;		/* AXI-ST: its; AXI-MM: NULL */
	struct engine *peer;		/* at the other end of the stream, or NULL */
	uint8_t *bytes;			/* of the stream, on their way: MOVER_CHUNK */

	/* registers */
	uint32_t control, status, mask, completed;
	uint64_t wb_addr, first;
	uint32_t first_adjacent, credits;
	uint32_t perf_control;
	bool perf_armed;
	uint64_t perf_ns, perf_since, perf_beats;

	/* the run */
	enum engine_state state;
	bool restart;		/* Run rose again before the engine was idle */
	bool touching;		/* in guest memory, without the lock */
	uint32_t generation;	/* raised to abort what runs */
	uint64_t fetch_addr;
	uint32_t block_left;	/* descriptors of the block not yet fetched */
	struct xdma_desc block[DESC_MAX_BLOCK];
	uint32_t fetched, current;
	uint32_t moved;
	bool eop;		/* C2H stream: a packet ended this descriptor */
	bool desc_failed;

	/* link model: times of this run */
	uint64_t run_start, run_bytes, run_descs;
	uint64_t late_ns;	/* behind the model at the end of the last run */
	bool slept;
	uint64_t waiting;	/* for the stream: since when; 0: it is not */
	bool starved;		/* it may fetch no descriptor, and has none */
	uint64_t rate;			/* setup.rate, unless told to be slow */
	uint64_t rate_from, rate_before;	/* it changed: at which byte, the time until then */

	bool hung;		/* a fault: stands still until told otherwise */

	pthread_cond_t wake;	/* something changed for the engine */
	pthread_t thread;
};

struct xdma_setup {
	unsigned int h2c, c2h;
	uint32_t alignments;
	unsigned int width_bits;
	uint64_t rate;		/* bytes per second and engine, 0: no limit */
	uint64_t desc_ns, run_ns;
	bool stream;		/* AXI-ST instead of AXI-MM */
	bool no_credits;	/* the credit mode cannot be switched on */
	uint64_t fifo;		/* bytes between H2C and C2H of one stream */
	bool threads;		/* false: the owner calls xdma_poll() */
};

struct xdma {
	struct xdma_setup setup;
	pthread_mutex_t *lock;
	pthread_cond_t parked;	/* an engine left guest memory */
	struct guestmem *host;
	struct cardmem *axi;
	struct irq *irq;
	struct pciconf *pci;
	struct books *books;
	struct faults *faults;
	bool quit;

	struct engine engine[XDMA_ENGINES];
	struct stream stream[XDMA_MAX_CHANNELS];
	uint32_t halt, credit_mode;
	uint32_t pcie_control, user_payload, user_read, flush_timeout;
	uint32_t msix_table[4 * PCI_MSIX_VECTORS];
};

/**
 * xdma_init() - make the IP and start its engines
 * @x: with lock, host, axi, irq, pci, books and faults filled in by the caller
 * @setup: how it was configured
 *
 * Return: 0, -ENOMEM, or -errno of pthread_create().
 */
int xdma_init(struct xdma *x, const struct xdma_setup *setup);
void xdma_fini(struct xdma *x);

/**
 * xdma_reset() - abort all runs, set all registers to their reset values, empty the streams
 * @x: the IP
 * @heal: let go of hung engines; otherwise these stay hung, and busy
 *
 * Waits until no engine touches guest memory: the time of one bounded copy.
 * Locking: called with x->lock; gives it up while it waits.
 */
void xdma_reset(struct xdma *x, bool heal);

/* One aligned word of the DMA BAR. Locking: called with x->lock. */
uint32_t xdma_read(struct xdma *x, uint32_t offset);
void xdma_write(struct xdma *x, uint32_t offset, uint32_t value);

/* regs.c: the engine that an offset belongs to, NULL when that channel is not there. */
struct engine *regs_engine(struct xdma *x, uint32_t offset);
bool regs_known(struct xdma *x, uint32_t offset);
void regs_check_write(struct xdma *x, uint32_t offset, uint32_t value);

/* Name of a register for the books, such as "h2c0.control". */
void xdma_register_name(struct xdma *x, uint32_t offset, char *buf, size_t len);

/* Is the engine with this number (0-3 h2c, 4-7 c2h) configured? */
bool xdma_engine_there(const struct xdma *x, unsigned int id);

/**
 * xdma_poll() - step all engines of an IP without threads
 * @x: the IP
 * @steps: at most so many
 *
 * Sleeps where the link model says so; sends interrupts that are late by now,
 * but does not wait for them. Return: true when no engine can go on
 * before something changes, false when the steps were used up.
 */
bool xdma_poll(struct xdma *x, unsigned int steps);

/**
 * xdma_stream() - what is behind the streams of one channel number
 * @x: the IP
 * @channel: 0-3
 *
 * Return: NULL when there is nothing: AXI-MM, or no such channel.
 */
struct stream *xdma_stream(struct xdma *x, unsigned int channel);

/* It was changed from outside: its engines look again. Locking: x->lock. */
void xdma_stream_kick(struct xdma *x, unsigned int channel);

/* engine.c; all with x->lock held */
int engine_init(struct engine *e);
void engine_fini(struct engine *e);
void engine_reset(struct engine *e, bool heal);
void engine_run_rises(struct engine *e);
void engine_kick(struct engine *e);
void engine_line(struct engine *e);
enum engine_next engine_step(struct engine *e, uint64_t *until);
void engine_perf_arm(struct engine *e, bool on);
uint64_t engine_perf_cycles(const struct engine *e);
void engine_hang(struct engine *e);
void engine_unhang(struct engine *e);
void engine_set_rate(struct engine *e, uint64_t rate);
uint32_t engine_error_bits(enum xdma_dir dir);

/*
 * Give up the lock to touch guest memory, and take it again. Return: what to
 * hand to engine_return(); whether the run is still the one that was on before.
 */
uint32_t engine_leave(struct engine *e);
bool engine_return(struct engine *e, uint32_t generation);

static inline bool engine_busy(const struct engine *e)
{
	return e->state != ENGINE_IDLE;
}

/* Bit of this engine in the halt and credit-mode registers. */
static inline uint32_t engine_sg_bit(const struct engine *e)
{
	return BIT(e->channel + (e->dir == XDMA_C2H ? 16 : 0));
}

static inline const char *engine_name(const struct engine *e)
{
	return books_engine_name(e->id);
}

/* fetch.c */
void desc_parse(struct xdma_desc *d);
void fetch_check_block(struct engine *e, uint64_t addr, uint32_t count);
void fetch_check_desc(struct engine *e, const struct xdma_desc *d);

enum desc_now { DESC_SAME, DESC_CHANGED, DESC_GONE };

enum desc_now fetch_compare(struct engine *e, const struct xdma_desc *d);
void fetch_check_unchanged(struct engine *e, const struct xdma_desc *d, enum desc_now now);

#endif
