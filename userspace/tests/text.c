// SPDX-License-Identifier: GPL-2.0-only
/*
 * text.c - tests of tool/json.c, tool/progress.c and tool/histogram.c
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "histogram.h"
#include "json.h"
#include "place.h"
#include "progress.h"
#include "test.h"
#include "units.h"

static void json_document(void)
{
	struct json json;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	NEED(out);
	json_begin(&json, out);
	json_string(&json, "s", "a\"b\\c\n\x01\xe9");
	json_number(&json, "n", UINT64_MAX);
	json_bool(&json, "b", true);
	json_array(&json, "a");
	json_array_end(&json);
	json_object(&json, "o");
	json_string(&json, "empty", "");
	json_array(&json, "list");
	json_number(&json, NULL, 1);
	json_null(&json, NULL);
	json_array_end(&json);
	json_object_end(&json);
	json_real(&json, "r", 0.5);
	json_real(&json, "inf", INFINITY);
	json_real(&json, "nan", NAN);
	json_end(&json);
	fclose(out);
	CHECK(!strcmp(text,
		      "{\n"
		      "  \"s\": \"a\\\"b\\\\c\\u000a\\u0001\\u00e9\",\n"
		      "  \"n\": 18446744073709551615,\n"
		      "  \"b\": true,\n"
		      "  \"a\": [],\n"
		      "  \"o\": {\n"
		      "    \"empty\": null,\n"
		      "    \"list\": [\n"
		      "      1,\n"
		      "      null\n"
		      "    ]\n"
		      "  },\n"
		      "  \"r\": 0.500,\n"
		      "  \"inf\": null,\n"
		      "  \"nan\": null\n"
		      "}\n"));
	free(text);
}

static void json_line(void)
{
	struct json json;
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	NEED(out);
	json_begin_line(&json, out);
	json_number(&json, "n", 1);
	json_array(&json, "a");
	json_number(&json, NULL, 2);
	json_number(&json, NULL, 3);
	json_array_end(&json);
	json_end(&json);
	fclose(out);
	CHECK(!strcmp(text, "{\"n\": 1, \"a\": [2, 3]}\n"));
	free(text);
}

static void progress_lines(void)
{
	struct progress progress = { .label = "read", .total = 100 << 20 };
	char text[201];

	progress_line(text, 79, &progress, 50 << 20, 2 * NSEC_PER_SEC);
	CHECK(strstr(text, "read  [####"));
	CHECK(strstr(text, "....]  50%  50 MiB  26.2 MB/s  0:02 left"));
	progress_line(text, 79, &progress, 100 << 20, NSEC_PER_SEC);
	CHECK(strstr(text, "#] 100%  100 MiB  105 MB/s"));
	CHECK(!strstr(text, "left"));
	CHECK(!strchr(text, '.'));

	progress.total = LENGTH_UNKNOWN;
	progress_line(text, 79, &progress, 3 << 20, NSEC_PER_SEC);
	CHECK(!strcmp(text, "read  3 MiB  3.1 MB/s"));

	progress.total = 0;
	progress_line(text, 79, &progress, 0, 0);
	CHECK(strstr(text, "100%"));
}

static void progress_widths(void)
{
	struct progress progress = { .label = "read", .total = 1000 };
	char text[202];

	for (unsigned int width = 1; width <= 200; width++) {
		for (uint64_t done = 0; done <= 1000; done += 100) {
			memset(text, '?', sizeof(text));
			progress_line(text, width, &progress, done,
				      NSEC_PER_SEC);
			CHECK(strlen(text) <= width);
			CHECK(text[width + 1] == '?');
		}
	}
}

static void percentiles(void)
{
	struct histogram *histogram = calloc(2, sizeof(*histogram));
	struct histogram *other = histogram + 1;

	NEED(histogram);
	CHECK(histogram_percentile(histogram, 50) == 0);
	for (uint64_t i = 1; i <= 50; i++)
		histogram_add(histogram, i);
	CHECK(histogram_percentile(histogram, 50) == 25);
	CHECK(histogram_percentile(histogram, 100) == 50);
	CHECK(histogram_percentile(histogram, 0.1) == 1);

	/* large numbers: within 1/64, and never above the largest */
	for (uint64_t i = 1; i <= 1000; i++)
		histogram_add(other, i * 1000000);
	CHECK(histogram_percentile(other, 50) >= 500000000);
	CHECK(histogram_percentile(other, 50) <= 500000000 / 64 * 65);
	CHECK(histogram_percentile(other, 99) >= 990000000);
	CHECK(histogram_percentile(other, 99) <= 990000000 / 64 * 65);
	CHECK(histogram_percentile(other, 100) == 1000000000);

	histogram_merge(histogram, other);
	CHECK(histogram->count == 1050);
	CHECK(histogram->max == 1000000000);
	CHECK(histogram_percentile(histogram, 1) == 11);
	free(histogram);
}

static void extremes(void)
{
	struct histogram *histogram = calloc(1, sizeof(*histogram));

	NEED(histogram);
	for (unsigned int bit = 0; bit < 64; bit++) {
		memset(histogram, 0, sizeof(*histogram));
		histogram_add(histogram, 1ull << bit);
		histogram_add(histogram, (1ull << bit) | ((1ull << bit) - 1));
		CHECK(histogram_percentile(histogram, 100) ==
		      histogram->max);
		CHECK(histogram_percentile(histogram, 50) >= 1ull << bit);
	}
	histogram_add(histogram, 0);
	CHECK(histogram_percentile(histogram, 1) == 0);
	free(histogram);
}

const struct test_case tests_text[] = {
	{ "JSON is written as RFC 8259 has it", json_document },
	{ "JSON in one line", json_line },
	{ "the progress line says how far it is", progress_lines },
	{ "the progress line fits every terminal", progress_widths },
	{ "percentiles are right", percentiles },
	{ "the histogram takes every 64-bit number", extremes },
	{ NULL, NULL },
};
