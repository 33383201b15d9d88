// SPDX-License-Identifier: GPL-2.0-only
/*
 * json.c - write JSON to a stream
 *
 * Bytes outside ASCII are written as \u00XX: valid whatever encoding sysfs or
 * a file name came in.
 */
#include <assert.h>
#include <inttypes.h>
#include <math.h>

#include "json.h"

static void quote(struct json *json, const char *text)
{
	fputc('"', json->out);
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			fprintf(json->out, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			fprintf(json->out, "\\u%04x", c);
		else
			fputc(c, json->out);
	}
	fputc('"', json->out);
}

static void new_line(struct json *json)
{
	if (!json->one_line)
		fprintf(json->out, "\n%*s", 2 * json->depth, "");
}

/* comma, line and key that come before a value */
static void before(struct json *json, const char *key)
{
	bool *filled = &json->filled[json->depth - 1];

	if (*filled)
		fputs(json->one_line ? ", " : ",", json->out);
	*filled = true;
	new_line(json);
	if (key) {
		quote(json, key);
		fputs(": ", json->out);
	}
}

static void descend(struct json *json, char bracket)
{
	assert(json->depth < JSON_DEPTH);
	fputc(bracket, json->out);
	json->filled[json->depth++] = false;
}

static void ascend(struct json *json, char bracket)
{
	bool filled;

	assert(json->depth > 0);
	filled = json->filled[--json->depth];
	if (filled)
		new_line(json);
	fputc(bracket, json->out);
}

void json_begin(struct json *json, FILE *out)
{
	json->out = out;
	json->depth = 0;
	json->one_line = false;
	descend(json, '{');
}

void json_begin_line(struct json *json, FILE *out)
{
	json_begin(json, out);
	json->one_line = true;
}

void json_end(struct json *json)
{
	ascend(json, '}');
	fputc('\n', json->out);
	assert(json->depth == 0);
}

void json_object(struct json *json, const char *key)
{
	before(json, key);
	descend(json, '{');
}

void json_object_end(struct json *json)
{
	ascend(json, '}');
}

void json_array(struct json *json, const char *key)
{
	before(json, key);
	descend(json, '[');
}

void json_array_end(struct json *json)
{
	ascend(json, ']');
}

void json_string(struct json *json, const char *key, const char *value)
{
	if (!value || !*value) {
		json_null(json, key);
		return;
	}
	before(json, key);
	quote(json, value);
}

void json_number(struct json *json, const char *key, uint64_t value)
{
	before(json, key);
	fprintf(json->out, "%" PRIu64, value);
}

void json_real(struct json *json, const char *key, double value)
{
	if (!isfinite(value)) {
		json_null(json, key);
		return;
	}
	before(json, key);
	fprintf(json->out, "%.3f", value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	before(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_null(struct json *json, const char *key)
{
	before(json, key);
	fputs("null", json->out);
}
