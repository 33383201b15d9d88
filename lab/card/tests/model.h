/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A card on the bench: the model without any socket, some guest memory, a
 * counter for each interrupt vector, and a driver's usual motions.
 */
#ifndef TESTS_MODEL_H
#define TESTS_MODEL_H

#include "../card.h"
#include "../spec.h"

#define BENCH_RAM	(32u << 20)
#define CTRL_START	0x00f83e1fu	/* as AMD's driver in interrupt mode */
#define CTRL_POLL	0x04f83e19u	/* and in poll mode */

struct bench {
	struct card card;
	int ram_fd;
	uint8_t *ram;
	unsigned int dma;			/* BAR index */
	bool up;			/* a failed test leaves it so: cleaned up by the next */
	bool deaf;			/* nobody listens to interrupts */
	_Atomic unsigned int irqs[32];
	_Atomic int kind;
};

/*
 * Build a card from a specification. With @threads its engines run by
 * themselves; without, bench_run() steps them. RAM is mapped at 0, the bus
 * master is on, MSI-X is on, channel vectors are in order, everything is
 * unmasked and enabled. Return: false with the test marked as failed.
 */
bool bench_up(struct bench *b, const char *spec, bool threads);
void bench_down(struct bench *b);

uint32_t rd(struct bench *b, uint32_t off);
void wr(struct bench *b, uint32_t off, uint32_t value);
uint32_t user_rd(struct bench *b, uint32_t off);
void user_wr(struct bench *b, uint32_t off, uint32_t value);
uint64_t cfg_rd(struct bench *b, uint32_t off, unsigned int len);
void cfg_wr(struct bench *b, uint32_t off, unsigned int len, uint64_t value);

/* A reset of the function, by its config space. */
void flr(struct bench *b);

/* A command to the LAB block: LAB_FAULT_*. */
void fault(struct bench *b, uint32_t target, uint32_t command, uint32_t n, uint32_t value);

/* A counter of the books, through the lab block. */
uint64_t book(struct bench *b, uint32_t engine, uint32_t counter);

/* Violations of one kind, all engines. */
uint64_t violations(struct bench *b, enum violation kind);
uint64_t all_violations(struct bench *b);

struct descriptor {
	uint32_t control, adjacent, len;
	uint64_t src, dst, next;
};

void put_desc(struct bench *b, uint64_t at, struct descriptor d);

/* A plain one: Stop and Completed, 64 bytes from host 0x2000 to card 0. */
static inline struct descriptor one(void)
{
	return (struct descriptor){ .control = 3, .len = 64, .src = 0x2000, .dst = 0 };
}

/*
 * A chain as a good driver lays it out: @n descriptors at @at, one after the
 * other, blocks cut at 4 KiB and 64, countdown inside, Stop and Completed on
 * the last (Completed on all if @all). Each moves @len bytes from src/dst
 * onwards. Return: adjacency of the first block.
 */
uint32_t put_chain(struct bench *b, uint64_t at, uint32_t n, uint32_t len,
		   uint64_t src, uint64_t dst, bool all);

/* Write the start registers of a channel (base 0x0000, 0x1000 ...). */
void start(struct bench *b, uint32_t channel, uint64_t desc, uint32_t adjacent,
	   uint32_t control);

/*
 * For what must come, however slow the machine is: nothing is measured by it. Tests
 * that are about time have a clock of their own (test-pace, test-faults).
 */
#define HANG_NS		(60 * NSEC_PER_SEC)

/* Step until nothing moves (cards without threads). */
void bench_run(struct bench *b);

/* Wait until a channel is not busy, at most HANG_NS (cards with threads). */
bool wait_idle(struct bench *b, uint32_t channel);

/* Wait for a vector's count, as long. */
bool wait_irq(struct bench *b, unsigned int vector, unsigned int count);

void fill(uint8_t *p, size_t len, uint32_t seed);

#endif
