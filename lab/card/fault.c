// SPDX-License-Identifier: GPL-2.0-only
/* Faults: what is armed, what struck (see fault.h). */
#include "fault.h"
#include "util.h"

void faults_init(struct faults *f, struct books *books, const struct fault_ops *ops, void *ctx)
{
	memset(f, 0, sizeof(*f));
	f->books = books;
	f->ops = ops;
	f->ctx = ctx;
}

void faults_disarm_all(struct faults *f)
{
	memset(f->at, 0, sizeof(f->at));
}

void fault_arm(struct faults *f, enum fault_kind kind, unsigned int place, uint32_t n,
	       uint32_t value)
{
	f->at[kind][place] = (struct fault){ .armed = true, .left = n, .value = value };
}

void fault_disarm(struct faults *f, enum fault_kind kind, unsigned int place)
{
	f->at[kind][place].armed = false;
}

bool fault_armed(const struct faults *f, enum fault_kind kind, unsigned int place)
{
	return f->at[kind][place].armed;
}

void fault_struck(struct faults *f, enum fault_kind kind)
{
	count(&f->books->struck[kind], 1);
}

bool fault_strikes(struct faults *f, enum fault_kind kind, unsigned int place, uint32_t *value)
{
	struct fault *a = &f->at[kind][place];

	if (!a->armed)
		return false;
	if (a->left != FAULT_ALWAYS)
		a->left--;
	a->armed = a->left;
	if (value)
		*value = a->value;
	fault_struck(f, kind);
	return true;
}

bool fault_due(struct faults *f, enum fault_kind kind, unsigned int place, uint32_t *value)
{
	struct fault *a = &f->at[kind][place];

	if (!a->armed)
		return false;
	if (a->left) {
		a->left--;
		return false;
	}
	a->armed = false;
	if (value)
		*value = a->value;
	fault_struck(f, kind);
	return true;
}

bool fault_card_due(struct faults *f)
{
	uint32_t ms;

	if (fault_due(f, FAULT_DIE, FAULT_CARD, NULL))
		f->ops->die(f->ctx);
	if (!fault_due(f, FAULT_GONE, FAULT_CARD, &ms))
		return false;
	f->ops->gone(f->ctx, ms);
	return true;
}

void fault_card_now(struct faults *f, enum fault_kind kind)
{
	uint32_t value;

	f->at[kind][FAULT_CARD].left = 0;
	if (!fault_due(f, kind, FAULT_CARD, &value))
		return;
	if (kind == FAULT_GONE)
		f->ops->gone(f->ctx, value);
	else
		f->ops->die(f->ctx);
}
