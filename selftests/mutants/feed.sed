# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/channel.c
# An engine that can be told of more is told of nothing before it is through.
/^void exdma_channel_launch(/,/^}/s/bool extend = ch->run_count && ch->desc.extends;/bool extend = false;/
