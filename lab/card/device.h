/* SPDX-License-Identifier: GPL-2.0-only */
/* The card as a vfio-user device. */
#ifndef CARD_DEVICE_H
#define CARD_DEVICE_H

#include "card.h"
#include "irqfd.h"
#include "vfu.h"

struct device {
	struct card card;
	struct irqfd irqfd;
	const struct lab_ops *lab_ops;
	void *lab_ctx;
};

/**
 * device_init() - build the card and what it needs to be a device
 * @d: filled in
 * @config: of the card
 * @lab_ops: how books are written, or NULL
 * @lab_ctx: its argument
 *
 * Return: 0 or -errno.
 */
int device_init(struct device *d, const struct card_config *config,
		const struct lab_ops *lab_ops, void *lab_ctx);
void device_fini(struct device *d);

/* For a struct vfu_session or vfu_server; the context is the device. */
extern const struct vfu_ops device_vfu_ops;

#endif
