# SPDX-License-Identifier: GPL-2.0-only
# kmod/cards/xdma/reset.c
# Transfers go on before the card has been set up again.
/^static int xdma_resume/,/^}/s/exdma_card_thaw(xc->card, xdma_bring_up(xc), true);/exdma_card_thaw(xc->card, 0, true);\
\txdma_bring_up(xc);/
