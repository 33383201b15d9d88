// SPDX-License-Identifier: GPL-2.0-only
/*
 * plot.c - tests of tool/plot.c
 */
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "test.h"

static char *draw(struct result *row, size_t rows)
{
	struct results results = { .row = row, .rows = rows };
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	CHECK(!plot_write(out, "a <title>", &results));
	fclose(out);
	return text;
}

static struct result row(unsigned int direction, unsigned int threads,
			 uint64_t size, double rate)
{
	return (struct result){
		.direction = direction, .threads = threads, .size = size,
		.rate = rate, .p50 = 30e-6, .p99 = 3e-3,
	};
}

/* the points of the @n-th line of this class */
static void points(const char *text, const char *class, unsigned int n,
		   double *x, double *y, unsigned int expected)
{
	char begin[64];
	int used;

	snprintf(begin, sizeof(begin), "<polyline class=\"%s\" points=\"", class);
	for (; n && text; n--)
		text = strstr(text + 1, begin);
	NEED(text);
	text += strlen(begin);
	for (unsigned int i = 0; i < expected; i++) {
		NEED(sscanf(text, "%lf,%lf %n", &x[i], &y[i], &used) == 2);
		text += used;
	}
	CHECK(*text == '"');
}

static void over_sizes(void)
{
	struct result rows[] = {
		row(EXDMA_DIR_H2C, 1, 1 << 20, 200e6),
		row(EXDMA_DIR_H2C, 1, 4096, 10e6),
		row(EXDMA_DIR_H2C, 1, 65536, 100e6),
		row(EXDMA_DIR_C2H, 1, 4096, 20e6),
		row(EXDMA_DIR_C2H, 4, 4096, 50e6),
	};
	char *text = draw(rows, 5);
	double x[3], y[3], tail[3];

	/* throughput, median, tail, for each direction and number of threads */
	CHECK(test_count(text, "<polyline") == 9);
	CHECK(strstr(text, "h2c, 1 thread<") && strstr(text, "c2h, 4 threads<"));
	CHECK(strstr(text, ">64 KiB<") && strstr(text, "bytes of one operation"));
	CHECK(strstr(text, "200 MB/s"));
	CHECK(strstr(text, "a &lt;title&gt;"));
	CHECK(strstr(text, "half within 30 us, 99% within 3 ms"));

	/* in the order of the sizes, each four powers of two further; more is higher */
	points(text, "c0", 1, x, y, 3);
	CHECK(x[0] < x[1] && x[1] - x[0] > 0.99 * (x[2] - x[1]) &&
	      x[1] - x[0] < 1.01 * (x[2] - x[1]));
	CHECK(y[0] > y[1] && y[1] > y[2]);
	CHECK(y[0] - y[1] > 0.89 * (y[1] - y[2]) &&
	      y[0] - y[1] < 0.91 * (y[1] - y[2]));
	/* a longer latency is higher, too */
	points(text, "tail c0", 1, x, tail, 3);
	points(text, "c0", 2, x, y, 3);
	CHECK(tail[0] < y[0] && tail[2] < y[2]);
	free(text);
}

static void over_threads(void)
{
	struct result rows[] = {
		row(EXDMA_DIR_C2H, 1, 4096, 10e6),
		row(EXDMA_DIR_C2H, 8, 4096, 40e6),
	};
	char *text = draw(rows, 2);
	double x[2], y[2];

	CHECK(test_count(text, "<polyline") == 3);
	CHECK(strstr(text, ">threads<") && strstr(text, ">c2h<"));
	points(text, "c0", 1, x, y, 2);
	CHECK(x[0] < x[1] && y[0] > y[1]);
	free(text);
}

static void few(void)
{
	struct result one = row(EXDMA_DIR_H2C, 1, 4096, 10e6);
	struct result nothing = { .direction = EXDMA_DIR_H2C, .threads = 1, .size = 1 };
	char *text = draw(&one, 1);

	CHECK(test_count(text, "<polyline") == 3);
	CHECK(!strstr(text, "nan") && !strstr(text, "inf"));
	free(text);
	text = draw(&nothing, 1);	/* not one operation in the time */
	CHECK(strstr(text, "</svg>"));
	CHECK(!strstr(text, "nan") && !strstr(text, "inf"));
	free(text);
	text = draw(NULL, 0);
	CHECK(strstr(text, "nothing was measured") && strstr(text, "</svg>"));
	free(text);
}

/* more lines than there are colours */
static void many(void)
{
	struct result rows[32];
	char *text;

	for (unsigned int i = 0; i < 32; i++)
		rows[i] = row(EXDMA_DIR_H2C, i / 2 + 1, i % 2 ? 4096 : 8192, 1e6 * i);
	text = draw(rows, 32);
	CHECK(test_count(text, "<polyline") == 48);
	CHECK(!strstr(text, "c8"));
	free(text);
}

const struct test_case tests_plot[] = {
	{ "plot: over sizes", over_sizes },
	{ "plot: over threads", over_threads },
	{ "plot: few", few },
	{ "plot: many", many },
	{ 0 },
};
