# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/buffer.c
# Nobody tells the kernel that the card has written to a page.
/bool dirty = /s/buf->ch->desc.dir == EXDMA_C2H/false/
