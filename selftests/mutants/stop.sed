# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/card.c
# At the end of a card, requests are ended, and their memory given back, before
# their engines have stopped.
/^static void card_shut/,/^}/s/^\t\texdma_channel_gate(ch);/\t\t{ exdma_channel_gate(ch); exdma_channel_fail(ch, false); }/
