// SPDX-License-Identifier: GPL-2.0-only
/*
 * table.c - two samples of all channels, for people and for programs
 */
#include <inttypes.h>
#include <math.h>
#include <time.h>

#include "json.h"
#include "table.h"
#include "units.h"

static void clock_text(char *text, size_t size, const char *format)
{
	struct tm parts;
	time_t now;

	time(&now);
	localtime_r(&now, &parts);
	strftime(text, size, format, &parts);
}

/* ---- one sample as JSON, in one line ---- */

static void json_channel(struct json *json, const struct table *table,
			 const struct channel_sample *channel)
{
	struct rates rates;
	bool known = sample_rates(sample_find(&table->before, channel->name),
				  channel, &rates);

	json_object(json, NULL);
	json_string(json, "name", channel->name);
	json_string(json, "direction", direction_name(channel->direction));
	json_real(json, "seconds", known ? rates.seconds : NAN);
	json_real(json, "bytes_per_second", known ? rates.bytes : NAN);
	json_real(json, "requests_per_second", known ? rates.requests : NAN);
	json_real(json, "runs_per_second", known ? rates.runs : NAN);
	json_real(json, "interrupts_per_second",
		  known ? rates.interrupts : NAN);
	json_real(json, "busy", known ? rates.busy : NAN);
	json_real(json, "requests_per_run", known ? rates.per_run : NAN);
	json_real(json, "back_to_back", known ? rates.back_to_back : NAN);
	json_real(json, "fill", known ? rates.fill : NAN);
	json_number(json, "pinned_bytes", channel->counter[COUNTER_PINNED]);
	json_number(json, "depth_max", channel->counter[COUNTER_DEPTH_MAX]);
	json_number(json, "errors", rates.errors);
	json_number(json, "timeouts", rates.timeouts);
	json_number(json, "lost_interrupts", rates.lost);
	json_object(json, "total");
	json_number(json, "bytes", channel->counter[COUNTER_BYTES]);
	json_number(json, "requests", channel->counter[COUNTER_REQUESTS]);
	json_number(json, "runs", channel->counter[COUNTER_RUNS]);
	json_number(json, "interrupts", channel->counter[COUNTER_INTERRUPTS]);
	json_number(json, "errors", channel->counter[COUNTER_ERRORS]);
	json_number(json, "timeouts", channel->counter[COUNTER_TIMEOUTS]);
	json_number(json, "lost_interrupts", channel->counter[COUNTER_LOST]);
	json_object_end(json);
	json_object_end(json);
}

void table_print_json(FILE *out, const struct table *table)
{
	struct json json;
	char text[64];

	clock_text(text, sizeof(text), "%Y-%m-%dT%H:%M:%S%z");
	json_begin_line(&json, out);
	json_string(&json, "time", text);
	json_array(&json, "channels");
	for (size_t i = 0; i < table->after.count; i++)
		json_channel(&json, table, &table->after.channel[i]);
	json_array_end(&json);
	json_end(&json);
}

/* ---- one sample as a table ---- */

static void percent(char *text, size_t size, double part)
{
	if (isnan(part))
		snprintf(text, size, "-");
	else
		snprintf(text, size, "%.0f%%", 100 * part);
}

static void print_channel(FILE *out, const struct table *table,
			  const struct channel_sample *channel)
{
	char rate[UNIT_TEXT], pinned[UNIT_TEXT], busy[16], again[16], fill[16];
	uint64_t errors = channel->counter[COUNTER_ERRORS] +
			  channel->counter[COUNTER_TIMEOUTS] +
			  channel->counter[COUNTER_LOST];
	struct rates rates;

	if (!sample_rates(sample_find(&table->before, channel->name), channel,
			  &rates)) {
		fprintf(out, "%-13s bound just now\n", channel->name);
		return;
	}
	percent(busy, sizeof(busy), rates.busy);
	percent(again, sizeof(again), rates.back_to_back);
	fprintf(out, "%-13s %10s %4s %7.0f %5.1f %7.0f %4s %8s %5" PRIu64 " %6" PRIu64,
		channel->name, format_rate(rate, rates.bytes, NSEC_PER_SEC), busy,
		rates.requests, isnan(rates.per_run) ? 0 : rates.per_run,
		rates.interrupts, again,
		format_size(pinned, channel->counter[COUNTER_PINNED]),
		channel->counter[COUNTER_DEPTH_MAX], errors);
	if (table->fill) {
		percent(fill, sizeof(fill), rates.fill);
		fprintf(out, " %5s", fill);
	}
	fputc('\n', out);
}

/* both directions of all channels */
static void print_sums(FILE *out, const struct table *table)
{
	char now[32], h2c[UNIT_TEXT], c2h[UNIT_TEXT];
	double sum[2] = { 0, 0 };

	for (size_t i = 0; i < table->after.count; i++) {
		const struct channel_sample *channel = &table->after.channel[i];
		struct rates rates;

		if (sample_rates(sample_find(&table->before, channel->name),
				 channel, &rates))
			sum[channel->direction == EXDMA_DIR_C2H] += rates.bytes;
	}
	clock_text(now, sizeof(now), "%H:%M:%S");
	fprintf(out, "%s  every %.4g s  host to card %s  card to host %s\n",
		now, (double)table->interval / NSEC_PER_SEC,
		format_rate(h2c, sum[0], NSEC_PER_SEC),
		format_rate(c2h, sum[1], NSEC_PER_SEC));
}

void table_print(FILE *out, const struct table *table)
{
	print_sums(out, table);
	fprintf(out, "%-13s %10s %4s %7s %5s %7s %4s %8s %5s %6s%s\n", "CHANNEL",
		"RATE", "BUSY", "REQ/S", "/RUN", "IRQ/S", "B2B", "PINNED", "DEPTH",
		"ERRORS", table->fill ? "  FILL" : "");
	for (size_t i = 0; i < table->after.count; i++)
		print_channel(out, table, &table->after.channel[i]);
	if (!table->after.count)
		fputs("no card\n", out);
}
