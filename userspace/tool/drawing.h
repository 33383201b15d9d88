/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * drawing.h - a timeline as a picture
 */
#ifndef EXDMA_TOOL_DRAWING_H
#define EXDMA_TOOL_DRAWING_H

#include <stdio.h>

#include "timeline.h"

/**
 * struct zoom - the part that is drawn run by run
 * @start: seconds since the first event; TIME_UNKNOWN: some runs in the middle of
 *	   the busiest channel
 * @length: seconds
 */
struct zoom {
	double start;
	double length;
};

/**
 * drawing_write() - draw (SVG)
 * @out: where to
 * @timeline: that is ended
 * @zoom: what to see closely
 *
 * Above: how busy each channel was over the whole time. Below: the runs, the gaps
 * between them and the requests of a part of it. Its size does not depend on how
 * long the trace is.
 *
 * Return: 0, or -1 for want of memory.
 */
int drawing_write(FILE *out, const struct timeline *timeline,
		  const struct zoom *zoom);

#endif /* EXDMA_TOOL_DRAWING_H */
