# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/async.c
# An asynchronous call that moved bytes before an error returns the error.
s/exdma_io_end(client, iocb, moved ? moved : err, leave);/exdma_io_end(client, iocb, err ? err : moved, leave);/
