/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupts on their way: messages that a fault holds back, repeats or makes
 * up, in the order of their time; and the thread that waits for that time.
 * Knows nothing of lines and enables, nor how a message is sent.
 *
 * Locking: the caller holds the card's lock throughout, except where it says
 * otherwise.
 */
#ifndef CARD_IRQLATE_H
#define CARD_IRQLATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "pciconf.h"

#define IRQLATE_MAX	64u

enum irqlate_why { LATE_HELD, LATE_AGAIN, LATE_INVENTED };

struct irqlate_message {
	uint64_t due;			/* on the clock of now_ns() */
	enum irqlate_why why;
	enum irq_kind kind;
	unsigned int source, vector;
	uint32_t more;			/* so many follow ... */
	uint64_t period_ns;		/* ... one each */
};

struct irqlate {
	struct irqlate_message queue[IRQLATE_MAX];	/* sorted by due */
	unsigned int count;

	pthread_mutex_t *lock;		/* NULL: no thread, the owner sends */
	pthread_cond_t wake;
	pthread_t thread;
	bool quit;
	uint64_t (*send)(void *ctx);	/* what is due; returns when the next is, or 0 */
	void *ctx;
};

/* Start and stop the thread. Return: 0 or -errno. Locking: without @lock. */
int irqlate_start(struct irqlate *l, pthread_mutex_t *lock, uint64_t (*send)(void *ctx),
		  void *ctx);
void irqlate_stop(struct irqlate *l);

/* Return: false when the queue is full. */
bool irqlate_put(struct irqlate *l, const struct irqlate_message *m);

/* Take the first out, if it is due at @now. */
bool irqlate_take(struct irqlate *l, uint64_t now, struct irqlate_message *m);

/* When the first is due; 0 for never. */
uint64_t irqlate_next(const struct irqlate *l);

/* Forget all but those of @kind; IRQ_NONE: all. */
void irqlate_keep(struct irqlate *l, enum irq_kind kind);

/* Forget held assertions of lines that are not in @lines (INTx). */
void irqlate_keep_lines(struct irqlate *l, uint32_t lines);

/* Lines with a held assertion (INTx). */
uint32_t irqlate_lines(const struct irqlate *l);

/* Has this source anything on its way? */
bool irqlate_has(const struct irqlate *l, unsigned int source);

#endif
