# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/io.c
# A synchronous call is treated as an asynchronous one, and its caller is told
# -EIOCBQUEUED.
/^ssize_t exdma_io(/,/^}/s/is_sync_kiocb(iocb) || //
