/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - packets from the card
 */
#ifndef EXDMA_CORE_RECEIVE_H
#define EXDMA_CORE_RECEIVE_H

#include <linux/types.h>

struct exdma_channel;
struct exdma_receive;
struct iov_iter;

/* How a file wants its packets. */
enum exdma_receive_how {
	EXDMA_RECEIVE_PACKETS,	/* a read ends where a packet does */
	EXDMA_RECEIVE_WHOLE,	/* the same, and takes no part of one */
	EXDMA_RECEIVE_BYTES,	/* packets mean nothing */
};

struct exdma_receive *exdma_receive_create(struct exdma_channel *ch);
void exdma_receive_destroy(struct exdma_receive *rx);
int exdma_receive_start(struct exdma_receive *rx, bool discard, bool nowait);
void exdma_receive_unmap(struct exdma_receive *rx);
ssize_t exdma_receive_read(struct exdma_receive *rx, struct iov_iter *iter,
			   enum exdma_receive_how how, bool nowait);
bool exdma_receive_ready(struct exdma_receive *rx, enum exdma_receive_how how);
size_t exdma_receive_room(const struct exdma_receive *rx);
void exdma_receive_wake(struct exdma_receive *rx);

#endif /* EXDMA_CORE_RECEIVE_H */
