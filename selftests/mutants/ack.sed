# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/recovery.c
# The watchdog does not take the request of an interrupt back that was lost: of an
# engine that is never started again, no further one comes.
/^static void channel_ack_lost(/,/^}/s/^\tif (ch->desc.needs_ack /\tif (0 \&\& ch->desc.needs_ack /
