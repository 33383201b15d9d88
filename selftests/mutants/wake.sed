# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/event.c
# An event is counted, and those who sleep are not told.
/^void exdma_event_deliver/,/^}/s/wake_up_all(&ev->wait)/cpu_relax()/
