/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perfetto.h - a timeline as a file that Perfetto and chrome://tracing open
 */
#ifndef EXDMA_TOOL_PERFETTO_H
#define EXDMA_TOOL_PERFETTO_H

#include <stdio.h>

#include "timeline.h"

/**
 * perfetto_write() - write all of it (JSON, Trace Event Format)
 *
 * A process for each card. In it a thread for each channel, with its runs and
 * the idle time between them, a counter of requests under way, and the requests
 * themselves, each with what it did: wait, move, complete.
 */
void perfetto_write(FILE *out, const struct timeline *timeline);

#endif /* EXDMA_TOOL_PERFETTO_H */
