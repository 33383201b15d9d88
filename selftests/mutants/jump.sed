# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/room.c
# A call that may not wait takes room although other calls wait for it.
/^bool exdma_channel_try_room(/,/^}/s/return !mutex_is_locked(&ch->line) &&/return/
