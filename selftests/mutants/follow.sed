# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/channel.c
# An engine that waits is told to go on, whether it waits there or elsewhere.
/^static bool channel_follows(/,/^}/s/return !ch->waits ||/return true ||/
