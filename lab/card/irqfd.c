// SPDX-License-Identifier: GPL-2.0-only
/* Eventfds by interrupt kind and vector (see irqfd.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "irqfd.h"
#include "util.h"

static int *slot(struct irqfd *t, enum irq_kind kind, unsigned int vector)
{
	if (kind == IRQ_INTX && !vector)
		return &t->intx;
	if (kind == IRQ_MSI && vector < ARRAY_SIZE(t->msi))
		return &t->msi[vector];
	if (kind == IRQ_MSIX && vector < ARRAY_SIZE(t->msix))
		return &t->msix[vector];
	return NULL;
}

static void replace(int *fd, int with)
{
	if (*fd >= 0)
		close(*fd);
	*fd = with;
}

void irqfd_init(struct irqfd *t)
{
	unsigned int i;

	pthread_mutex_init(&t->lock, NULL);
	t->intx = -1;
	t->err = -1;
	t->req = -1;
	for (i = 0; i < ARRAY_SIZE(t->msi); i++)
		t->msi[i] = -1;
	for (i = 0; i < ARRAY_SIZE(t->msix); i++)
		t->msix[i] = -1;
}

void irqfd_clear(struct irqfd *t)
{
	unsigned int i;

	pthread_mutex_lock(&t->lock);
	replace(&t->intx, -1);
	replace(&t->err, -1);
	replace(&t->req, -1);
	for (i = 0; i < ARRAY_SIZE(t->msi); i++)
		replace(&t->msi[i], -1);
	for (i = 0; i < ARRAY_SIZE(t->msix); i++)
		replace(&t->msix[i], -1);
	pthread_mutex_unlock(&t->lock);
}

void irqfd_fini(struct irqfd *t)
{
	irqfd_clear(t);
	pthread_mutex_destroy(&t->lock);
}

void irqfd_set(struct irqfd *t, enum irq_kind kind, unsigned int vector, int fd)
{
	int *s = slot(t, kind, vector);

	if (!s) {
		if (fd >= 0)
			close(fd);
		return;
	}
	/* whatever the peer passed, writing to it must not block */
	if (fd >= 0)
		fcntl(fd, F_SETFL, O_NONBLOCK);
	pthread_mutex_lock(&t->lock);
	replace(s, fd);
	pthread_mutex_unlock(&t->lock);
}

void irqfd_set_other(struct irqfd *t, unsigned int which, int fd)
{
	pthread_mutex_lock(&t->lock);
	replace(which ? &t->req : &t->err, fd);
	pthread_mutex_unlock(&t->lock);
}

bool irqfd_signal(struct irqfd *t, enum irq_kind kind, unsigned int vector)
{
	int *s = slot(t, kind, vector);
	uint64_t one = 1;
	bool heard;

	if (!s)
		return false;
	pthread_mutex_lock(&t->lock);
	/* EAGAIN: the counter is full, so the client has not looked: it will */
	heard = *s >= 0 && (write(*s, &one, sizeof(one)) == sizeof(one) || errno == EAGAIN);
	pthread_mutex_unlock(&t->lock);
	return heard;
}
