# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/recovery.c
# The watchdog completes the request whose interrupt it missed, and then it and
# the others again.
/^void exdma_channel_watch(/,/^}/s/^\t\t\tch->stats.lost_interrupts++;/&\
\t\t\texdma_channel_retire(ch, list_first_entry(\&ch->running, struct exdma_request, node), 0, 0);/
