// SPDX-License-Identifier: GPL-2.0-only
/*
 * progress.c - one line on stderr that shows how far it is
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "place.h"
#include "progress.h"
#include "units.h"

#define REDRAW_NS	(NSEC_PER_SEC / 10)
#define MAX_WIDTH	200
#define BAR_MIN		10
#define BAR_MAX		40

static unsigned int terminal_width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 20)
		return 79;
	return size.ws_col - 1 < MAX_WIDTH ? size.ws_col - 1 : MAX_WIDTH;
}

static void format_left(char *text, size_t size, uint64_t seconds)
{
	if (seconds >= 3600)
		snprintf(text, size, "%u:%02u:%02u",
			 (unsigned int)(seconds / 3600),
			 (unsigned int)(seconds / 60 % 60),
			 (unsigned int)(seconds % 60));
	else
		snprintf(text, size, "%u:%02u", (unsigned int)(seconds / 60),
			 (unsigned int)(seconds % 60));
}

static void draw_bar(char *bar, unsigned int width, double part)
{
	unsigned int full = part * width;

	memset(bar, '#', full);
	memset(bar + full, '.', width - full);
	bar[width] = '\0';
}

void progress_line(char *text, unsigned int width,
		   const struct progress *progress, uint64_t done,
		   uint64_t elapsed)
{
	char moved[UNIT_TEXT], rate[UNIT_TEXT], left[UNIT_TEXT];
	char bar[BAR_MAX + 1];
	unsigned int room;
	char tail[128];
	double part;
	int head;

	format_size(moved, done);
	format_rate(rate, done, elapsed);
	if (progress->total == LENGTH_UNKNOWN) {
		snprintf(text, width + 1, "%s  %s  %s", progress->label, moved,
			 rate);
		return;
	}

	part = progress->total ? (double)done / progress->total : 1;
	snprintf(tail, sizeof(tail), "%3u%%  %s  %s",
		 (unsigned int)(100 * part), moved, rate);
	if (done && done < progress->total) {
		format_left(left, sizeof(left),
			    (uint64_t)((1 - part) / part * elapsed) /
			    NSEC_PER_SEC);
		snprintf(tail + strlen(tail), sizeof(tail) - strlen(tail),
			 "  %s left", left);
	}

	head = snprintf(text, width + 1, "%s  ", progress->label);
	if (head < 0 || (unsigned int)head > width)
		return;
	room = width - head;
	text += head;
	if (room >= strlen(tail) + 4 + BAR_MIN) {
		unsigned int bar_width = room - strlen(tail) - 4;

		draw_bar(bar, bar_width < BAR_MAX ? bar_width : BAR_MAX, part);
		snprintf(text, room + 1, "[%s] %s", bar, tail);
	} else {
		snprintf(text, room + 1, "%s", tail);
	}
}

static void draw(struct progress *progress, uint64_t done, uint64_t now)
{
	char text[MAX_WIDTH + 1];

	progress_line(text, terminal_width(), progress, done,
		      now - progress->start);
	fprintf(stderr, "\r%s\033[K", text);
	fflush(stderr);
	progress->drawn = now;
}

void progress_begin(struct progress *progress, const char *label,
		    uint64_t total, bool wanted)
{
	*progress = (struct progress) {
		.shown = wanted && isatty(STDERR_FILENO),
		.label = label,
		.total = total,
		.start = now_ns(),
	};
}

void progress_tick(void *context, uint64_t done)
{
	struct progress *progress = context;
	uint64_t now;

	if (!progress->shown)
		return;
	now = now_ns();
	if (!progress->drawn || now - progress->drawn >= REDRAW_NS)
		draw(progress, done, now);
}

void progress_end(struct progress *progress, uint64_t done)
{
	if (!progress->shown)
		return;
	draw(progress, done, now_ns());
	fputc('\n', stderr);
}
