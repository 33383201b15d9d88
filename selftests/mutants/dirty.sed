# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/buffer.c
# Pages that the card has written to are not marked dirty.
/bool dirty = /s/buf->ch->desc.dir == EXDMA_C2H/false/
