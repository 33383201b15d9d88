/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.h - two samples of all channels, for people and for programs
 */
#ifndef EXDMA_TOOL_TABLE_H
#define EXDMA_TOOL_TABLE_H

#include <stdio.h>

#include "sample.h"

/**
 * struct table - what is to be shown
 * @before: the earlier sample
 * @after: the later one, whose channels are shown
 * @interval: nanoseconds that were to be between them
 * @fill: with the column of the cards' own counters
 */
struct table {
	struct sample before;
	struct sample after;
	uint64_t interval;
	bool fill;
};

/** table_print() - a line of sums, a heading, and a line for each channel. */
void table_print(FILE *out, const struct table *table);

/** table_print_json() - one object in one line. */
void table_print_json(FILE *out, const struct table *table);

#endif /* EXDMA_TOOL_TABLE_H */
