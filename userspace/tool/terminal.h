/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * terminal.h - a screen of one's own on the terminal, and the way back
 *
 * Plain ANSI sequences. Who has begun must end: the terminal is left with
 * neither cursor nor echo otherwise.
 */
#ifndef EXDMA_TOOL_TERMINAL_H
#define EXDMA_TOOL_TERMINAL_H

#include <stdbool.h>
#include <termios.h>

/**
 * struct terminal - standard output, and the keys on standard input
 * @drawing: the screen is ours
 * @keys: standard input is a terminal, too, and sends keys as they come
 * @before: how standard input was
 */
struct terminal {
	bool drawing;
	bool keys;
	struct termios before;
};

/** terminal_begin() - take the screen; only if standard output is a terminal. */
void terminal_begin(struct terminal *terminal);

/** terminal_end() - give it back as it was; may be called at any time. */
void terminal_end(struct terminal *terminal);

/** terminal_size() - columns and rows as they are now. */
void terminal_size(unsigned int *columns, unsigned int *rows);

/**
 * terminal_draw() - show a text from the upper left corner on
 * @text: lines; what does not fit on the screen is cut off
 */
void terminal_draw(const char *text);

#endif /* EXDMA_TOOL_TERMINAL_H */
