// SPDX-License-Identifier: GPL-2.0-only
/* Interrupts on their way (see irqlate.h). */
#include <sys/prctl.h>

#include "irqlate.h"
#include "util.h"

bool irqlate_put(struct irqlate *l, const struct irqlate_message *m)
{
	unsigned int i;

	if (l->count == IRQLATE_MAX)
		return false;
	for (i = l->count++; i && l->queue[i - 1].due > m->due; i--)
		l->queue[i] = l->queue[i - 1];
	l->queue[i] = *m;
	if (l->lock)
		pthread_cond_signal(&l->wake);
	return true;
}

bool irqlate_take(struct irqlate *l, uint64_t now, struct irqlate_message *m)
{
	if (!l->count || l->queue[0].due > now)
		return false;
	*m = l->queue[0];
	l->count--;
	memmove(&l->queue[0], &l->queue[1], l->count * sizeof(l->queue[0]));
	return true;
}

uint64_t irqlate_next(const struct irqlate *l)
{
	return l->count ? l->queue[0].due : 0;
}

void irqlate_keep(struct irqlate *l, enum irq_kind kind)
{
	unsigned int i, kept = 0;

	for (i = 0; i < l->count; i++)
		if (kind != IRQ_NONE && l->queue[i].kind == kind)
			l->queue[kept++] = l->queue[i];
	l->count = kept;
}

static bool holds_line(const struct irqlate_message *m)
{
	return m->kind == IRQ_INTX && m->why == LATE_HELD;
}

void irqlate_keep_lines(struct irqlate *l, uint32_t lines)
{
	unsigned int i, kept = 0;

	for (i = 0; i < l->count; i++)
		if (!holds_line(&l->queue[i]) || (lines & BIT(l->queue[i].source)))
			l->queue[kept++] = l->queue[i];
	l->count = kept;
}

uint32_t irqlate_lines(const struct irqlate *l)
{
	uint32_t lines = 0;
	unsigned int i;

	for (i = 0; i < l->count; i++)
		if (holds_line(&l->queue[i]))
			lines |= BIT(l->queue[i].source);
	return lines;
}

bool irqlate_has(const struct irqlate *l, unsigned int source)
{
	unsigned int i;

	for (i = 0; i < l->count; i++)
		if (l->queue[i].source == source)
			return true;
	return false;
}

/* --- the thread ---------------------------------------------------------- */

static void *late_thread(void *arg)
{
	struct irqlate *l = arg;
	struct timespec ts;
	uint64_t next;

	prctl(PR_SET_NAME, "late irqs");
	prctl(PR_SET_TIMERSLACK, 1);
	pthread_mutex_lock(l->lock);
	while (!l->quit) {
		next = l->send(l->ctx);
		if (!next) {
			pthread_cond_wait(&l->wake, l->lock);
			continue;
		}
		ts.tv_sec = (time_t)(next / NSEC_PER_SEC);
		ts.tv_nsec = (long)(next % NSEC_PER_SEC);
		pthread_cond_timedwait(&l->wake, l->lock, &ts);
	}
	pthread_mutex_unlock(l->lock);
	return NULL;
}

int irqlate_start(struct irqlate *l, pthread_mutex_t *lock, uint64_t (*send)(void *ctx),
		  void *ctx)
{
	pthread_condattr_t attr;
	int err;

	l->lock = lock;
	l->send = send;
	l->ctx = ctx;
	l->quit = false;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->wake, &attr);
	pthread_condattr_destroy(&attr);
	err = pthread_create(&l->thread, NULL, late_thread, l);
	if (err) {
		pthread_cond_destroy(&l->wake);
		l->lock = NULL;
	}
	return -err;
}

void irqlate_stop(struct irqlate *l)
{
	if (!l->lock)
		return;
	pthread_mutex_lock(l->lock);
	l->quit = true;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(l->lock);
	pthread_join(l->thread, NULL);
	pthread_cond_destroy(&l->wake);
	l->lock = NULL;
}
