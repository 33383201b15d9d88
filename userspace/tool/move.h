/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * move.h - one copy from place to place, with everything around it
 */
#ifndef EXDMA_TOOL_MOVE_H
#define EXDMA_TOOL_MOVE_H

#include "options.h"
#include "place.h"

/**
 * struct move - what the user asked for
 * @command: name of the command, for usage messages
 * @from: the source; its length is used if it has one
 * @to: the sink; its length is used if the source has none
 * @verify: read back and compare what goes to a card
 * @progress: draw progress on a terminal
 */
struct move {
	const char *command;
	struct place from;
	struct place to;
	bool verify;
	bool progress;
};

/**
 * move_run() - find cards, check ranges, open both ends, move, report
 * @roots: where to look for cards
 * @move: what to do; an empty card name stands for the only card
 *
 * A file to be written is created only when everything else is known to be
 * right.
 *
 * Return: an enum status.
 */
int move_run(const struct exdma_roots *roots, const struct move *move);

#endif /* EXDMA_TOOL_MOVE_H */
