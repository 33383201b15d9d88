/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - one user call
 */
#ifndef EXDMA_CORE_IO_H
#define EXDMA_CORE_IO_H

#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/uio.h>

#include "channel.h"
#include "exdma.h"
#include "order.h"
#include "receive.h"

/**
 * struct exdma_client - an open file, as its calls see it
 * @card: the card; stays as long as the file.
 * @ch: the channel, or NULL: all of them.
 * @file: the file itself.
 * @alias: what it was opened by, if that is not the first node of its kind.
 * @order: whose turn it is among its calls.
 * @cpu: where asynchronous calls are completed, or EXDMA_CPU_ANY.
 * @timeout_ms: see &exdma_request.timeout_ms.
 * @fixed: the card's address does not advance.
 * @how: how packets are to be read; of EXDMA_RECEIVE_BYTES are also written
 *	bytes.
 * @user: who has made asynchronous calls last.
 * @hurried: who uses it is going to end, see exdma_channel_hurry().
 * @late: what became of a packet whose writer has not waited for it.
 */
struct exdma_client {
	struct exdma_card *card;
	struct exdma_channel *ch;
	struct file *file;
	const struct exdma_alias *alias;
	struct exdma_order order;
	int cpu;
	u32 timeout_ms;
	bool fixed;
	enum exdma_receive_how how;
	pid_t user;
	bool hurried;
	int late;
};

/* How to allocate for a call that may not wait, not even for memory. */
static inline gfp_t exdma_io_gfp(bool nowait)
{
	return nowait ? GFP_NOWAIT | __GFP_NOWARN : GFP_KERNEL;
}

/* io.c */
bool exdma_io_has(const struct exdma_client *client, enum exdma_dir dir);
struct exdma_channel *exdma_io_channel(const struct exdma_client *client,
				       enum exdma_dir dir);
ssize_t exdma_io(struct exdma_client *client, enum exdma_dir dir,
		 struct kiocb *iocb, struct iov_iter *iter);
int exdma_io_late(struct exdma_client *client);
/*
 * EXDMA_OPTION_FIXED may change while a call is on its way; what held when its
 * bounds were checked holds to its end. @private of a call is its driver's.
 */
static inline void exdma_call_begin(struct kiocb *iocb, const struct exdma_client *client)
{
	iocb->private = READ_ONCE(client->fixed) ? (void *)client : NULL;
}

static inline bool exdma_call_is_fixed(const struct kiocb *iocb)
{
	return iocb->private;
}

void exdma_io_end(struct exdma_client *client, struct kiocb *iocb, ssize_t ret, bool leave);
void exdma_io_piece(const struct exdma_client *client, struct exdma_request *req,
		    const void *packet, bool more);
void exdma_io_advance(struct kiocb *iocb, size_t moved);
void exdma_io_hurry(struct exdma_client *client);
void exdma_io_prepare(const struct exdma_client *client, struct exdma_request *req,
		      u64 card_addr, bool fixed);
bool exdma_io_ready(struct exdma_client *client, enum exdma_dir dir);
int exdma_io_poll(struct exdma_client *client);

/* sync.c */
ssize_t exdma_io_sync(struct exdma_client *client, enum exdma_dir dir,
		      struct kiocb *iocb, struct iov_iter *iter, bool nowait,
		      const struct task_struct *owner);
ssize_t exdma_io_bounce(struct exdma_client *client, enum exdma_dir dir,
			struct kiocb *iocb, struct iov_iter *iter, bool nowait);

/* async.c */
ssize_t exdma_io_async(struct exdma_client *client, enum exdma_dir dir,
		       struct kiocb *iocb, struct iov_iter *iter, bool alone,
		       bool nowait, bool *entered);
ssize_t exdma_io_send(struct exdma_client *client, struct kiocb *iocb,
		      struct iov_iter *iter, bool *entered);
int exdma_async_init(void);
void exdma_async_exit(void);

/* offload.c */
ssize_t exdma_io_offload(struct exdma_client *client, enum exdma_dir dir,
			 struct kiocb *iocb, struct iov_iter *iter, bool alone,
			 bool nowait, bool *entered);
int exdma_offload_init(void);
void exdma_offload_exit(void);

#endif /* EXDMA_CORE_IO_H */
