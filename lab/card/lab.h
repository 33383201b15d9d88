/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lab block behind the user BAR (registers: lab-regs.h). Knows the IP, its
 * streams, the interrupt block and the books; writing the books' file is a callback.
 *
 * Locking: the caller holds the card's lock throughout.
 */
#ifndef CARD_LAB_H
#define CARD_LAB_H

#include "lab-regs.h"
#include "xdma.h"

/*
 * Write the file now (the snapshot); say whether one is still being written;
 * end the process, with the file written.
 */
struct lab_ops {
	void (*write_books)(void *ctx);
	bool (*books_pending)(void *ctx);
	void (*die)(void *ctx);
};

struct lab {
	struct xdma *xdma;
	struct irq *irq;
	struct books *books;
	const struct lab_ops *ops;	/* may be NULL */
	void *ops_ctx;

	uint32_t scratch, counter_hi;
	uint32_t sel, books_hi;
	uint32_t fault_target, fault_count, fault_value;
	uint32_t stream_sel;
	uint32_t ram[LAB_RAM_SIZE / 4];
};

void lab_init(struct lab *lab, struct xdma *x, struct irq *irq, struct books *books,
	      const struct lab_ops *ops, void *ctx);
void lab_reset(struct lab *lab);

/* One aligned word of the user BAR; any offset. */
uint32_t lab_read(struct lab *lab, uint64_t offset);
void lab_write(struct lab *lab, uint64_t offset, uint32_t value);

/* Take back all faults, armed or struck, except that a card that is gone stays so. */
void lab_clear_faults(struct lab *lab);

/**
 * lab_fault() - do a fault command
 * @lab: the block
 * @target: LAB_ENGINE_H2C(n), LAB_ENGINE_C2H(n), LAB_FAULT_USER(n) or LAB_ENGINE_CARD
 * @command: LAB_FAULT_*
 * @n: its count
 * @value: its value
 *
 * Return: false when there is no such command, or none for this target.
 */
bool lab_fault(struct lab *lab, uint32_t target, uint32_t command, uint32_t n,
	       uint32_t value);

#endif
