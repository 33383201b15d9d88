// SPDX-License-Identifier: GPL-2.0-only
/*
 * results.c - what was measured: rows of a table, or JSON
 */
#include <stdlib.h>
#include <string.h>

#include "results.h"
#include "units.h"

void results_begin(struct results *results, const struct exdma_card *card,
		   bool as_json)
{
	*results = (struct results){ .as_json = as_json };
	if (as_json) {
		json_begin(&results->json, stdout);
		json_string(&results->json, "card", exdma_card_name(card));
		json_string(&results->json, "pci", exdma_card_bus_id(card));
		json_array(&results->json, "results");
	} else {
		printf("%-14s %-4s %9s %7s %11s %9s %10s %10s %10s\n", "NODE",
		       "DIR", "SIZE", "THREADS", "RATE", "OPS/S", "P50 us",
		       "P99 us", "MAX us");
	}
}

void results_end(struct results *results)
{
	if (!results->as_json)
		return;
	json_array_end(&results->json);
	json_end(&results->json);
}

void results_free(struct results *results)
{
	free(results->row);
}

static const char *node(const struct bench *bench)
{
	const char *name = strrchr(bench->end->name, '/');

	return name ? name + 1 : bench->end->name;
}

static void print_row(const struct bench *bench, const struct result *result)
{
	const struct histogram *latency = &bench->latency;
	char size[UNIT_TEXT], rate[UNIT_TEXT];

	printf("%-14s %-4s %9s %7u %11s %9.0f %10.1f %10.1f %10.1f\n",
	       node(bench), direction_name(bench->direction), format_size(size, bench->size),
	       bench->threads,
	       format_rate(rate, latency->count * bench->size, bench->elapsed),
	       result->rate / bench->size, result->p50 * 1e6,
	       result->p99 * 1e6, latency->max / 1e3);
	fflush(stdout);
}

static void write_object(struct json *json, const struct bench *bench,
			 const struct result *result)
{
	const struct histogram *latency = &bench->latency;

	json_object(json, NULL);
	json_string(json, "node", node(bench));
	json_string(json, "direction", direction_name(bench->direction));
	json_number(json, "size", bench->size);
	json_number(json, "threads", bench->threads);
	json_number(json, "operations", latency->count);
	json_number(json, "bytes", latency->count * bench->size);
	json_real(json, "seconds", (double)bench->elapsed / NSEC_PER_SEC);
	json_real(json, "bytes_per_second", result->rate);
	json_real(json, "operations_per_second", result->rate / bench->size);
	json_object(json, "latency_us");
	json_real(json, "p50", result->p50 * 1e6);
	json_real(json, "p99", result->p99 * 1e6);
	json_real(json, "max", latency->max / 1e3);
	json_object_end(json);
	json_object_end(json);
}

int results_add(struct results *results, const struct bench *bench)
{
	const struct histogram *latency = &bench->latency;
	const struct result result = {
		.direction = bench->direction,
		.threads = bench->threads,
		.size = bench->size,
		.rate = (double)latency->count * bench->size * NSEC_PER_SEC /
			bench->elapsed,
		.p50 = histogram_percentile(latency, 50) / 1e9,
		.p99 = histogram_percentile(latency, 99) / 1e9,
	};
	struct result *row;

	if (results->as_json)
		write_object(&results->json, bench, &result);
	else
		print_row(bench, &result);
	row = reallocarray(results->row, results->rows + 1, sizeof(*row));
	if (!row)
		return -1;
	row[results->rows++] = result;
	results->row = row;
	return 0;
}
