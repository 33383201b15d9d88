/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The books: everything that the card counts, the list of strict-mode
 * violations, and the JSON file they are written to. Knows the shape of the
 * card (engines, a register BAR, vectors) but nothing of how it works.
 *
 * Locking: counters are relaxed atomics, added to by whoever does the thing
 * and read at any time; a snapshot is therefore not one instant, but each
 * number in it is right. The violation table has its own mutex, a leaf, as has
 * the file writer.
 */
#ifndef CARD_BOOKS_H
#define CARD_BOOKS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pciconf.h"

#define BOOKS_ENGINES		8u	/* 0-3 h2c, 4-7 c2h */
#define BOOKS_CARD		BOOKS_ENGINES	/* a violation of no engine */
#define BOOKS_REGISTERS		(0x10000u / 4)

enum violation {
	V_ADJACENCY,	/* countdown inside a block is wrong */
	V_BOUNDARY,	/* a block crosses 4 KiB */
	V_STOP,		/* Stop on a descriptor that is not the last of its block */
	V_RESERVED,	/* reserved bits set */
	V_MISALIGNED,	/* address or length */
	V_LENGTH,	/* length 0, or one that a stream cannot have */
	V_UNMAPPED,	/* host memory that the device may not touch */
	V_CHANGED,	/* a descriptor changed while its run was on */
	V_BUSY,		/* started while busy */
	V_ACCESS,	/* register access not aligned or not 32 bits wide */
	V_REGISTER,	/* write to a register that is not there or read-only */
	V_KINDS
};

/* Faults that the card was told to have (fault.h), in the order of lab-regs.h. */
enum fault_kind {
	FAULT_HANG, FAULT_ERROR, FAULT_LOSE, FAULT_DELAY, FAULT_DUPLICATE, FAULT_INVENT,
	FAULT_GONE, FAULT_STALE, FAULT_CORRUPT, FAULT_REFUSE, FAULT_SLOW, FAULT_DIE,
	FAULT_KINDS
};

struct books_engine {
	atomic_uint_fast64_t busy_ns, idle_ns, runs, descriptors, bytes, errors;
	/* 0 when not in that phase; times of now_ns() */
	atomic_uint_fast64_t busy_since, idle_since;
};

struct books_violation {
	uint64_t count;
	char first[160];
};

struct books {
	bool strict;
	bool engine_there[BOOKS_ENGINES];
	/* name of the register at a byte offset; fills buf */
	void (*register_name)(void *ctx, uint32_t offset, char *buf, size_t len);
	void *ctx;

	struct books_engine engine[BOOKS_ENGINES];
	atomic_uint_fast64_t reads, writes;
	atomic_uint_fast64_t reg_reads[BOOKS_REGISTERS], reg_writes[BOOKS_REGISTERS];
	atomic_uint_fast64_t vectors[PCI_MSIX_VECTORS];
	atomic_uint_fast64_t interrupts, violation_count;
	atomic_uint_fast64_t struck[FAULT_KINDS];	/* how often each fault did */
	atomic_int kind;

	pthread_mutex_t lock;	/* the violation table */
	struct books_violation violations[BOOKS_ENGINES + 1][V_KINDS];
};

void books_init(struct books *b, bool strict);
void books_fini(struct books *b);

/* Forget all counts and violations; phases that are on go on from now. */
void books_zero(struct books *b);

const char *books_engine_name(unsigned int engine);

/**
 * books_violation() - note a breach of the rules
 * @b: the books; nothing happens unless strict mode is on
 * @engine: whose, or BOOKS_CARD
 * @kind: which rule
 * @fmt: what exactly; kept for the first one of each kind and engine
 */
void books_violation(struct books *b, unsigned int engine, enum violation kind,
		     const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* An engine became busy, or idle, at time @now. */
void books_busy(struct books *b, unsigned int engine, uint64_t now);
void books_idle(struct books *b, unsigned int engine, uint64_t now);

/* Busy time including the phase that is on. */
uint64_t books_busy_ns(struct books *b, unsigned int engine);

void books_register(struct books *b, uint32_t offset, bool write);
void books_interrupt(struct books *b, enum irq_kind kind, unsigned int vector);

/**
 * books_json() - the books as text
 * @b: the books
 * @len: set to the length
 *
 * Return: malloc()ed text, or NULL without memory.
 */
char *books_json(struct books *b, size_t *len);

static inline void count(atomic_uint_fast64_t *c, uint64_t n)
{
	atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

static inline uint64_t counted(atomic_uint_fast64_t *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

#endif
