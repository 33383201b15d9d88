/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * json.h - write JSON (RFC 8259) to a stream, one value after the other
 *
 * The writer keeps commas, indentation and quoting right; the caller keeps
 * openings and closings in pairs. Inside an object every value has a key,
 * inside an array none (NULL).
 */
#ifndef EXDMA_TOOL_JSON_H
#define EXDMA_TOOL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH	8

struct json {
	FILE *out;
	unsigned int depth;
	bool filled[JSON_DEPTH];	/* has this level a value already? */
	bool one_line;
};

/** json_begin() - start a document, which is one object. */
void json_begin(struct json *json, FILE *out);
/** json_begin_line() - the same, all of it in one line: for streams of them. */
void json_begin_line(struct json *json, FILE *out);
/** json_end() - close the document's object and end the line. */
void json_end(struct json *json);

void json_object(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *key);
void json_array_end(struct json *json);

/** json_string() - NULL and "" become null: what is not known. */
void json_string(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, uint64_t value);
/** json_real() - three digits behind the point; null if not finite. */
void json_real(struct json *json, const char *key, double value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

#endif /* EXDMA_TOOL_JSON_H */
