// SPDX-License-Identifier: GPL-2.0-only
/*
 * plot.c - results as a picture
 */
#include <math.h>
#include <stdlib.h>

#include "plot.h"
#include "svg.h"
#include "units.h"

#define WIDTH		900
#define LEFT		80
#define RIGHT		150	/* of it, the names of the lines */
#define TOP		60
#define PANEL		260
#define BETWEEN		70
#define HEIGHT		(TOP + 2 * (PANEL + BETWEEN))
#define PLOT		(WIDTH - LEFT - RIGHT)
#define TICKS		6
#define COLOURS		8
#define DOT		6

static const char style[] =
	"text{font:11px sans-serif;fill:#333}\n"
	".title{font-size:16px;font-weight:bold}\n"
	".name{font-weight:bold}\n"
	".tick{text-anchor:middle;fill:#777}\n"
	".side{text-anchor:end;fill:#777}\n"
	".paper{fill:#fff}\n"
	".grid{stroke:#ddd}\n"
	"polyline{fill:none;stroke-width:2}\n"
	".tail{stroke-dasharray:5 4;stroke-width:1}\n"
	".c0{stroke:#4e79a7}.c1{stroke:#e15759}.c2{stroke:#59a14f}.c3{stroke:#f28e2b}\n"
	".c4{stroke:#b07aa1}.c5{stroke:#76b7b2}.c6{stroke:#9c755f}.c7{stroke:#edc948}\n"
	"rect.c0,rect.c1,rect.c2,rect.c3,rect.c4,rect.c5,rect.c6,rect.c7{fill:#fff;stroke-width:2}\n";

/* What goes to the right, and where: each value that occurs has its place. */
struct scale {
	uint64_t *value;
	size_t values;
	bool by_size;
};

/* One of the two panels. */
struct panel {
	double top;
	double low, high;
	bool is_log;
	const char *name;
};

static uint64_t abscissa(const struct scale *scale, const struct result *row)
{
	return scale->by_size ? row->size : row->threads;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int scale_init(struct scale *scale, const struct results *results)
{
	size_t values = 0;

	scale->value = calloc(results->rows + 1, sizeof(*scale->value));
	if (!scale->value)
		return -1;
	scale->by_size = false;
	for (size_t i = 1; i < results->rows; i++)
		if (results->row[i].size != results->row[0].size)
			scale->by_size = true;
	for (size_t i = 0; i < results->rows; i++)
		scale->value[i] = abscissa(scale, &results->row[i]);
	qsort(scale->value, results->rows, sizeof(*scale->value), compare);
	for (size_t i = 0; i < results->rows; i++)
		if (!i || scale->value[i] != scale->value[values - 1])
			scale->value[values++] = scale->value[i];
	scale->values = values;
	return 0;
}

/* logarithmic: sizes are powers of two, more or less; one alone is in the middle */
static double across(const struct scale *scale, uint64_t value)
{
	double first = log2(scale->value[0]);
	double span = log2(scale->value[scale->values - 1]) - first;

	return LEFT + PLOT * (span > 0 ? (log2(value) - first) / span : 0.5);
}

static double down(const struct panel *panel, double value)
{
	double part = panel->is_log ?
		log(fmax(value, panel->low) / panel->low) /
			log(panel->high / panel->low) :
		value / panel->high;

	return panel->top + PANEL * (1 - part);
}

static void draw_grid(FILE *out, const struct panel *panel, double value,
		      const char *text)
{
	double y = down(panel, value);

	svg_line(out, "grid", LEFT, y, LEFT + PLOT, y);
	svg_text(out, "side", LEFT - 8, y + 4, "%s", text);
}

static void draw_axes(FILE *out, const struct panel *panel,
		      const struct scale *scale)
{
	char text[UNIT_TEXT];

	svg_text(out, "name", LEFT, panel->top - 12, "%s", panel->name);
	for (size_t i = 0; i < scale->values; i++) {
		double x = across(scale, scale->value[i]);

		svg_line(out, "grid", x, panel->top, x, panel->top + PANEL);
		if (scale->by_size)
			format_size(text, scale->value[i]);
		else
			snprintf(text, sizeof(text), "%llu",
				 (unsigned long long)scale->value[i]);
		svg_text(out, "tick", x, panel->top + PANEL + 16, "%s", text);
	}
	svg_text(out, "tick", LEFT + PLOT / 2.0, panel->top + PANEL + 34, "%s",
		 scale->by_size ? "bytes of one operation" : "threads");
}

static void draw_rate_grid(FILE *out, const struct panel *panel)
{
	double step = svg_step(panel->high, TICKS);
	char text[UNIT_TEXT];

	for (double rate = 0; rate <= panel->high; rate += step)
		draw_grid(out, panel, rate,
			  rate ? format_rate(text, rate, NSEC_PER_SEC) : "0");
}

static void draw_latency_grid(FILE *out, const struct panel *panel)
{
	static const double in_decade[] = { 1, 2, 5 };
	char text[TIME_TEXT];

	for (double decade = 1e-9; decade <= panel->high; decade *= 10) {
		for (size_t i = 0; i < 3; i++) {
			double time = decade * in_decade[i];

			if (time < panel->low || time > panel->high)
				continue;
			draw_grid(out, panel, time, format_seconds(text, time));
		}
	}
}

static bool same_line(const struct scale *scale, const struct result *a,
		      const struct result *b)
{
	return a->direction == b->direction &&
	       (!scale->by_size || a->threads == b->threads);
}

/* Is it the first row of its line? */
static bool begins_line(const struct scale *scale,
			const struct results *results, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (same_line(scale, &results->row[i], &results->row[at]))
			return false;
	return true;
}

/* the rows of the line that @first begins, from left to right */
static void draw_line(FILE *out, const struct panel *panel,
		      const struct scale *scale, const struct results *results,
		      size_t first, const char *class, const char *dot,
		      double (*value)(const struct result *row))
{
	const struct result *begin = &results->row[first];

	svg_path_begin(out, class);
	for (size_t x = 0; x < scale->values; x++)
		for (size_t i = first; i < results->rows; i++)
			if (same_line(scale, begin, &results->row[i]) &&
			    abscissa(scale, &results->row[i]) == scale->value[x])
				svg_path_to(out, across(scale, scale->value[x]),
					    down(panel,
						 value(&results->row[i])));
	svg_path_end(out);
	for (size_t i = first; dot && i < results->rows; i++) {
		const struct result *row = &results->row[i];
		char rate[UNIT_TEXT], p50[TIME_TEXT], p99[TIME_TEXT], tip[128];

		if (!same_line(scale, begin, row))
			continue;
		snprintf(tip, sizeof(tip), "%s; half within %s, 99%% within %s",
			 format_rate(rate, row->rate, NSEC_PER_SEC),
			 format_seconds(p50, row->p50),
			 format_seconds(p99, row->p99));
		svg_rect(out, dot, across(scale, abscissa(scale, row)) - DOT / 2,
			 down(panel, value(row)) - DOT / 2, DOT, DOT, tip);
	}
}

static double rate_of(const struct result *row)
{
	return row->rate;
}

static double p50_of(const struct result *row)
{
	return row->p50;
}

static double p99_of(const struct result *row)
{
	return row->p99;
}

static void draw_lines(FILE *out, const struct panel *rate,
		       const struct panel *latency, const struct scale *scale,
		       const struct results *results)
{
	unsigned int lines = 0;

	for (size_t i = 0; i < results->rows; i++) {
		const struct result *row = &results->row[i];
		char line[16], tail[16];
		double y = TOP + 16 * lines;

		if (!begins_line(scale, results, i))
			continue;
		snprintf(line, sizeof(line), "c%u", lines % COLOURS);
		snprintf(tail, sizeof(tail), "tail c%u", lines % COLOURS);
		lines++;
		draw_line(out, rate, scale, results, i, line, line, rate_of);
		draw_line(out, latency, scale, results, i, line, line, p50_of);
		draw_line(out, latency, scale, results, i, tail, NULL, p99_of);
		svg_rect(out, line, LEFT + PLOT + 20, y - DOT, DOT, DOT, NULL);
		svg_text(out, "text", LEFT + PLOT + 34, y,
			 scale->by_size ? "%s, %u thread%s" : "%s",
			 direction_name(row->direction),
			 row->threads, row->threads == 1 ? "" : "s");
	}
}

/* from what is there, and a little more, so that nothing is on the edge */
static void fit(struct panel *rate, struct panel *latency,
		const struct results *results)
{
	double least = INFINITY, most = 0;

	rate->high = 0;
	for (size_t i = 0; i < results->rows; i++) {
		const struct result *row = &results->row[i];

		rate->high = fmax(rate->high, row->rate);
		least = fmin(least, row->p50);
		most = fmax(most, row->p99);
	}
	rate->high = rate->high > 0 ? 1.05 * rate->high : 1;
	latency->low = fmax(least, 1e-9) / 1.3;
	latency->high = fmax(most, 1e-9) * 1.3;
}

int plot_write(FILE *out, const char *title, const struct results *results)
{
	struct panel rate = { .top = TOP, .name = "throughput" };
	struct panel latency = {
		.top = TOP + PANEL + BETWEEN,
		.is_log = true,
		.name = "latency: median, and that of 99 % (dashed)",
	};
	struct scale scale;

	if (scale_init(&scale, results))
		return -1;
	svg_begin(out, WIDTH, HEIGHT, style, title);
	svg_text(out, "title", LEFT, 26, "%s", title);
	if (results->rows) {
		fit(&rate, &latency, results);
		draw_axes(out, &rate, &scale);
		draw_rate_grid(out, &rate);
		draw_axes(out, &latency, &scale);
		draw_latency_grid(out, &latency);
		draw_lines(out, &rate, &latency, &scale, results);
	} else {
		svg_text(out, "name", LEFT, TOP, "nothing was measured");
	}
	svg_end(out);
	free(scale.value);
	return 0;
}
