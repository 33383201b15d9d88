/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * progress.h - one line on stderr that shows how far it is
 *
 * Silent when stderr is no terminal.
 */
#ifndef EXDMA_TOOL_PROGRESS_H
#define EXDMA_TOOL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct progress - a line being drawn
 * @shown: there is a terminal and the user did not say no
 * @label: what is going on
 * @total: bytes, or LENGTH_UNKNOWN
 * @start: when it began, now_ns()
 * @drawn: when the line was last drawn, 0 if not yet
 */
struct progress {
	bool shown;
	const char *label;
	uint64_t total;
	uint64_t start;
	uint64_t drawn;
};

/** progress_begin() - @wanted is false with --no-progress. */
void progress_begin(struct progress *progress, const char *label,
		    uint64_t total, bool wanted);

/** progress_tick() - draw, but not too often; fits as struct transfer.tick. */
void progress_tick(void *progress, uint64_t done);

/** progress_end() - draw for the last time and leave the line. */
void progress_end(struct progress *progress, uint64_t done);

/**
 * progress_line() - the text of the line, without control characters
 * @text: receives it, cut to @width characters and NUL-terminated
 * @width: columns of the terminal; @text has one byte more
 * @progress: what is going on
 * @done: bytes so far
 * @elapsed: nanoseconds so far
 */
void progress_line(char *text, unsigned int width,
		   const struct progress *progress, uint64_t done,
		   uint64_t elapsed);

#endif /* EXDMA_TOOL_PROGRESS_H */
