/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - one user call
 */
#ifndef EXDMA_CORE_IO_H
#define EXDMA_CORE_IO_H

#include <linux/fs.h>
#include <linux/uio.h>

struct exdma_channel;

ssize_t exdma_io(struct exdma_channel *ch, struct kiocb *iocb,
		 struct iov_iter *iter);

#endif /* EXDMA_CORE_IO_H */
