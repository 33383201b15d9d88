# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/interrupt.c
# The handler takes what is done and does not start the next run. The bottom half
# and the watchdog do it for him: nothing hangs, it is only late.
/^irqreturn_t exdma_channel_interrupt/,/^}/s/ops->progress, next)/ops->progress, EXDMA_STARTERS)/
