# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/room.c
# Who may not wait takes the room that others wait for.
/^bool exdma_channel_try_room(/,/^}/s/return !mutex_is_locked(&ch->line) &&/return/
