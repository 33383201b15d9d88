// SPDX-License-Identifier: GPL-2.0-only
/*
 * terminal.c - a screen of one's own on the terminal, and the way back
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "terminal.h"

#define OTHER_SCREEN	"\033[?1049h"
#define FIRST_SCREEN	"\033[?1049l"
#define HIDE_CURSOR	"\033[?25l"
#define SHOW_CURSOR	"\033[?25h"
#define TOP_LEFT	"\033[H"
#define CLEAR_LINE	"\033[K"
#define CLEAR_BELOW	"\033[J"

void terminal_begin(struct terminal *terminal)
{
	struct termios raw;

	if (!isatty(STDOUT_FILENO))
		return;
	terminal->drawing = true;
	terminal->keys = !tcgetattr(STDIN_FILENO, &terminal->before);
	if (terminal->keys) {
		raw = terminal->before;
		raw.c_lflag &= ~(ICANON | ECHO);
		raw.c_cc[VMIN] = 0;
		raw.c_cc[VTIME] = 0;
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	fputs(OTHER_SCREEN HIDE_CURSOR, stdout);
	fflush(stdout);
}

void terminal_end(struct terminal *terminal)
{
	if (!terminal->drawing)
		return;
	fputs(SHOW_CURSOR FIRST_SCREEN, stdout);
	fflush(stdout);
	if (terminal->keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal->before);
	terminal->drawing = false;
	terminal->keys = false;
}

void terminal_size(unsigned int *columns, unsigned int *rows)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col ||
	    !size.ws_row)
		size = (struct winsize) { .ws_col = 80, .ws_row = 24 };
	*columns = size.ws_col;
	*rows = size.ws_row;
}

void terminal_draw(const char *text)
{
	unsigned int columns, rows, row = 0;

	terminal_size(&columns, &rows);
	fputs(TOP_LEFT, stdout);
	while (*text && row < rows) {
		size_t len = strcspn(text, "\n");

		/* before the text: a full line leaves the cursor on it */
		printf("%s" CLEAR_LINE "%.*s", row ? "\n" : "",
		       (int)(len < columns ? len : columns), text);
		text += len + (text[len] == '\n');
		row++;
	}
	fputs(CLEAR_BELOW, stdout);
	fflush(stdout);
}
