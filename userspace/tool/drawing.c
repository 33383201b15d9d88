// SPDX-License-Identifier: GPL-2.0-only
/*
 * drawing.c - a timeline as a picture
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "drawing.h"
#include "svg.h"
#include "units.h"

#define WIDTH		1200
#define LEFT		110
#define RIGHT		20
#define PLOT		(WIDTH - LEFT - RIGHT)
#define TOP		76
#define OVERVIEW_ROW	44
#define OVERVIEW_BAR	24
#define BETWEEN		56
#define RUN_BAR		16
#define REQUEST_ROW	7
#define REQUEST_BAR	5
#define REQUEST_ROWS	16
#define LANE_GAP	22
#define ZOOM_RUNS	12
#define TICKS		8
#define LEAST_WIDTH	0.4	/* what is thinner is not seen */

static const char style[] =
	"text{font:11px sans-serif;fill:#333}\n"
	".title{font-size:16px;font-weight:bold}\n"
	".name{font-weight:bold}\n"
	".gap-text{fill:#a40000;font-size:9px;text-anchor:middle}\n"
	".tick{text-anchor:middle;fill:#777}\n"
	".paper{fill:#fff}\n"
	".ground{fill:#f3f3f3}\n"
	".busy{fill:#4e79a7}\n"
	".gap{fill:#e15759}\n"
	".wait{fill:#bab0ac}\n"
	".move{fill:#76b7b2}\n"
	".finish{fill:#f1ce63}\n"
	".grid{stroke:#ddd}\n"
	".zoom{fill:none;stroke:#e15759}\n"
	".load{fill:#4e79a7;stroke:none}\n";

/* a stretch of time, and where it is on the paper */
struct axis {
	double start;
	double length;
	double top;
	double bottom;
};

static double place(const struct axis *axis, double time)
{
	double at = (time - axis->start) / axis->length;

	return LEFT + PLOT * fmin(fmax(at, 0), 1);
}

/* labels count from the start of the trace, in the unit of the ticks */
static void draw_axis(FILE *out, const struct axis *axis)
{
	double step = svg_step(axis->length, TICKS);
	double unit = step < 1e-3 ? 1e6 : step < 1 ? 1e3 : 1;
	const char *name = step < 1e-3 ? "us" : step < 1 ? "ms" : "s";

	for (double time = ceil(axis->start / step) * step;
	     time <= axis->start + axis->length; time += step) {
		double x = place(axis, time);

		svg_line(out, "grid", x, axis->top, x, axis->bottom);
		svg_text(out, "tick", x, axis->bottom + 14, "%.6g %s",
			 time * unit, name);
	}
}

/* ---- the whole: how busy, column by column ---- */

static void add_busy(double *busy, const struct axis *axis,
		     const struct run *run)
{
	double column = axis->length / PLOT;
	size_t first = fmin((run->start - axis->start) / column, PLOT - 1);
	size_t last = fmin((run->end - axis->start) / column, PLOT - 1);

	for (size_t i = first; i <= last; i++) {
		double from = fmax(run->start, axis->start + i * column);
		double to = fmin(run->end, axis->start + (i + 1) * column);

		busy[i] += fmax(to - from, 0) / column;
	}
}

static int draw_load(FILE *out, const struct axis *axis,
		     const struct lane *lane, double y)
{
	double *busy = calloc(PLOT, sizeof(*busy));
	struct idle idle;
	char name[LANE_NAME], p50[TIME_TEXT], p99[TIME_TEXT], max[TIME_TEXT];

	if (!busy || timeline_idle(lane, &idle)) {
		free(busy);
		return -1;
	}
	for (size_t i = 0; i < lane->runs; i++)
		add_busy(busy, axis, &lane->run[i]);
	svg_text(out, "name", 8, y + 16, "%s", lane_name(name, lane));
	svg_rect(out, "ground", LEFT, y, PLOT, OVERVIEW_BAR, NULL);
	svg_path_begin(out, "load");
	svg_path_to(out, LEFT, y + OVERVIEW_BAR);
	for (size_t i = 0; i < PLOT; i++) {
		double height = OVERVIEW_BAR * fmin(busy[i], 1);

		svg_path_to(out, LEFT + i, y + OVERVIEW_BAR - height);
		svg_path_to(out, LEFT + i + 1, y + OVERVIEW_BAR - height);
	}
	svg_path_to(out, LEFT + PLOT, y + OVERVIEW_BAR);
	svg_path_end(out);
	svg_text(out, "text", LEFT, y + OVERVIEW_BAR + 12,
		 "%zu runs, %zu requests; busy %.1f%% from the first run to the last; gaps between runs: median %s, 99%% %s, longest %s",
		 lane->runs, lane->requests,
		 idle.span > 0 ? 100 * idle.busy / idle.span : 0,
		 format_seconds(p50, idle.p50), format_seconds(p99, idle.p99),
		 format_seconds(max, idle.max));
	free(busy);
	return 0;
}

/* ---- a part of it: runs, gaps, requests ---- */

static void draw_span(FILE *out, const struct axis *axis, const char *class,
		      double from, double to, double y, double height,
		      const char *tip)
{
	double x = place(axis, from);

	if (from == TIME_UNKNOWN || to == TIME_UNKNOWN || to <= from ||
	    to <= axis->start || from >= axis->start + axis->length)
		return;
	svg_rect(out, class, x, y, fmax(place(axis, to) - x, LEAST_WIDTH),
		 height, tip);
}

static void draw_runs(FILE *out, const struct axis *axis,
		      const struct lane *lane, double y)
{
	const struct run *before = NULL, *run;
	char tip[128], span[TIME_TEXT];
	double drawn = -1;

	svg_rect(out, "ground", LEFT, y, PLOT, RUN_BAR, NULL);
	for (size_t i = 0; i < lane->runs; i++, before = run) {
		double x;

		run = &lane->run[i];
		x = place(axis, run->end);
		if (run->end < axis->start || x < drawn + LEAST_WIDTH)
			continue;
		if (before && before->end > axis->start + axis->length)
			break;
		drawn = x;
		snprintf(tip, sizeof(tip), "run %u: %u requests, %" PRIu64 " bytes, %s",
			 run->number, run->requests, run->bytes,
			 format_seconds(span, run->end - run->start));
		draw_span(out, axis, "busy", run->start, run->end, y, RUN_BAR,
			  tip);
		if (!before)
			continue;
		format_seconds(span, run->start - before->end);
		snprintf(tip, sizeof(tip), "gap: %s", span);
		draw_span(out, axis, "gap", before->end, run->start, y, RUN_BAR,
			  tip);
		if (run->start > before->end && run->start > axis->start &&
		    place(axis, run->start) - place(axis, before->end) > 32)
			svg_text(out, "gap-text",
				 (place(axis, run->start) +
				  place(axis, before->end)) / 2,
				 y - 3, "%s", span);
	}
}

/* the first row that is free from then on; REQUEST_ROWS if none is */
static unsigned int free_row(const double *until, double from)
{
	unsigned int row = 0;

	while (row < REQUEST_ROWS && until[row] > from)
		row++;
	return row;
}

/* Return: the rows that are needed; without @out nothing is drawn. */
static unsigned int draw_requests(FILE *out, const struct axis *axis,
				  const struct lane *lane, double y)
{
	double until[REQUEST_ROWS] = { 0 };
	unsigned int hidden = 0, rows = 0;
	char tip[128], span[TIME_TEXT];

	for (size_t i = 0; i < lane->requests; i++) {
		const struct request *request = &lane->request[i];
		unsigned int row;
		double at;

		if (request->submit == TIME_UNKNOWN ||
		    request->complete == TIME_UNKNOWN ||
		    request->complete < axis->start ||
		    request->submit > axis->start + axis->length)
			continue;
		row = free_row(until, place(axis, request->submit));
		if (row == REQUEST_ROWS) {
			hidden++;
			continue;
		}
		until[row] = place(axis, request->complete) + 1;
		rows = row + 1 > rows ? row + 1 : rows;
		if (!out)
			continue;
		at = y + row * REQUEST_ROW;
		snprintf(tip, sizeof(tip), "request %" PRIu64 ": %" PRIu64 " bytes at 0x%" PRIx64 ", %s, status %d",
			 request->id, request->bytes, request->address,
			 format_seconds(span, request->complete -
						      request->submit),
			 request->status);
		draw_span(out, axis, "wait", request->submit, request->start,
			  at, REQUEST_BAR, tip);
		draw_span(out, axis, "move", request->start, request->done, at,
			  REQUEST_BAR, tip);
		draw_span(out, axis, "finish", request->done, request->complete,
			  at, REQUEST_BAR, tip);
	}
	if (hidden && out)
		svg_text(out, "text", 8, y + 12, "%u requests more", hidden);
	return rows;
}

/* ---- the paper ---- */

static void choose_zoom(const struct timeline *timeline, struct zoom *zoom)
{
	const struct lane *busiest = NULL;
	size_t first, last;

	if (zoom->start != TIME_UNKNOWN)
		return;
	*zoom = (struct zoom) { 0, timeline->last };
	for (size_t i = 0; i < timeline->lanes; i++)
		if (!busiest || timeline->lane[i].runs > busiest->runs)
			busiest = &timeline->lane[i];
	if (!busiest || !busiest->runs)
		return;
	first = busiest->runs / 2;
	first = first > ZOOM_RUNS / 2 ? first - ZOOM_RUNS / 2 : 0;
	last = first + ZOOM_RUNS < busiest->runs ? first + ZOOM_RUNS :
						   busiest->runs;
	zoom->start = busiest->run[first].start;
	zoom->length = busiest->run[last - 1].end - zoom->start;
}

static void draw_legend(FILE *out, double y)
{
	static const struct {
		const char *class;
		const char *text;
	} entry[] = {
		{ "busy", "run" },
		{ "gap", "gap between two runs" },
		{ "wait", "request waits" },
		{ "move", "moves" },
		{ "finish", "its caller gets it back" },
	};
	double x = LEFT;

	for (size_t i = 0; i < sizeof(entry) / sizeof(entry[0]); i++) {
		svg_rect(out, entry[i].class, x, y - 9, 12, 10, NULL);
		svg_text(out, "text", x + 17, y, "%s", entry[i].text);
		x += i == 1 ? 170 : 110;
	}
}

static double lane_height(const struct axis *axis, const struct lane *lane)
{
	unsigned int rows = draw_requests(NULL, axis, lane, 0);

	return RUN_BAR + 4 + (rows > 2 ? rows : 2) * REQUEST_ROW + LANE_GAP;
}

static int draw_whole(FILE *out, const struct axis *whole,
		      const struct axis *part, const struct timeline *timeline)
{
	double from = place(whole, part->start);
	double to = place(whole, part->start + part->length);

	draw_axis(out, whole);
	for (size_t i = 0; i < timeline->lanes; i++)
		if (draw_load(out, whole, &timeline->lane[i],
			      TOP + i * OVERVIEW_ROW))
			return -1;
	svg_rect(out, "zoom", from - 1, TOP - 4, fmax(to - from, 1) + 2,
		 timeline->lanes * OVERVIEW_ROW + 4, "drawn closely below");
	return 0;
}

static void draw_part(FILE *out, const struct axis *part,
		      const struct timeline *timeline)
{
	double y = part->top + 8;
	char name[LANE_NAME];

	draw_axis(out, part);
	for (size_t i = 0; i < timeline->lanes; i++) {
		const struct lane *lane = &timeline->lane[i];

		svg_text(out, "name", 8, y + 12, "%s", lane_name(name, lane));
		draw_runs(out, part, lane, y);
		draw_requests(out, part, lane, y + RUN_BAR + 4);
		y += lane_height(part, lane);
	}
}

int drawing_write(FILE *out, const struct timeline *timeline,
		  const struct zoom *wanted)
{
	struct axis whole = { .length = fmax(timeline->last, 1e-6), .top = TOP };
	struct zoom zoom = *wanted;
	char length[TIME_TEXT];
	struct axis part;

	choose_zoom(timeline, &zoom);
	whole.bottom = TOP + timeline->lanes * OVERVIEW_ROW;
	part = (struct axis) {
		.start = zoom.start,
		.length = fmax(zoom.length, 1e-7),
		.top = whole.bottom + BETWEEN,
		.bottom = whole.bottom + BETWEEN + 8,
	};
	for (size_t i = 0; i < timeline->lanes; i++)
		part.bottom += lane_height(&part, &timeline->lane[i]);
	svg_begin(out, WIDTH, part.bottom + 24, style, "exdma trace");
	svg_text(out, "title", 8, 24, "exdma trace: %s, %zu channels, %zu events",
		 format_seconds(length, timeline->last), timeline->lanes,
		 timeline->events);
	draw_legend(out, 46);
	if (timeline->lost)
		svg_text(out, "gap-text", WIDTH / 2, 62,
			 "the kernel had no room for %" PRIu64 " events: gaps may be none",
			 timeline->lost);
	if (draw_whole(out, &whole, &part, timeline))
		return -1;
	draw_part(out, &part, timeline);
	svg_end(out);
	return 0;
}
