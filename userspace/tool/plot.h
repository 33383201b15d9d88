/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plot.h - results as a picture
 */
#ifndef EXDMA_TOOL_PLOT_H
#define EXDMA_TOOL_PLOT_H

#include <stdio.h>

#include "results.h"

/**
 * plot_write() - draw (SVG)
 * @out: where to
 * @title: what was measured
 * @results: may have no rows
 *
 * Throughput above, latency below, over the size of an operation: a line for each
 * direction and number of threads. With one size only: over the number of threads.
 *
 * Return: 0, or -1 for want of memory.
 */
int plot_write(FILE *out, const char *title, const struct results *results);

#endif /* EXDMA_TOOL_PLOT_H */
