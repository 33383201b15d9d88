// SPDX-License-Identifier: GPL-2.0-only
/*
 * units.c - sizes, addresses, counts, times and directions as people write them
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <linux/exdma.h>

#include "units.h"

#define NSEC_PER_USEC	1000ull
#define NSEC_PER_MSEC	1000000ull
#define TIME_MAX	(86400 * NSEC_PER_SEC)

static int fail(int error)
{
	errno = error;
	return -1;
}

/* digits at the front of text; *rest points behind them */
static int leading_number(const char *text, uint64_t *value, const char **rest)
{
	int base = 10;
	char *end;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	/* strtoull would also take blanks, signs and a second 0x */
	if (base == 16 ? !isxdigit((unsigned char)*text) :
			 !isdigit((unsigned char)*text))
		return fail(EINVAL);
	if (base == 16 && text[0] == '0' && (text[1] | 0x20) == 'x')
		return fail(EINVAL);
	errno = 0;
	*value = strtoull(text, &end, base);
	if (errno)
		return fail(ERANGE);
	*rest = end;
	return 0;
}

int parse_size(const char *text, uint64_t *value)
{
	static const char suffixes[] = "kmgt";
	unsigned int shift = 0;
	const char *rest;
	const char *found;
	uint64_t number;

	if (leading_number(text, &number, &rest))
		return -1;
	if (*rest) {
		found = strchr(suffixes, tolower((unsigned char)*rest));
		if (!found || !*found)
			return fail(EINVAL);
		shift = 10 * (found - suffixes + 1);
		rest++;
		if (*rest && strcmp(rest, "iB"))
			return fail(EINVAL);
	}
	if (number > ADDRESS_MAX >> shift)
		return fail(ERANGE);
	*value = number << shift;
	return 0;
}

int parse_u64(const char *text, uint64_t *value)
{
	const char *rest;
	uint64_t number;

	if (leading_number(text, &number, &rest))
		return -1;
	if (*rest)
		return fail(EINVAL);
	*value = number;
	return 0;
}

int parse_count(const char *text, unsigned int min, unsigned int max,
		unsigned int *value)
{
	uint64_t number;

	if (parse_u64(text, &number))
		return -1;
	if (number < min || number > max)
		return fail(ERANGE);
	*value = number;
	return 0;
}

int parse_time(const char *text, uint64_t *nsec)
{
	uint64_t unit = NSEC_PER_SEC;
	double number;
	char *end;

	/* no signs, blanks, "inf" or "0x1p3" */
	if (!isdigit((unsigned char)text[0]) || tolower(text[1]) == 'x')
		return fail(EINVAL);
	number = strtod(text, &end);
	if (!strcmp(end, "ms"))
		unit = NSEC_PER_MSEC;
	else if (!strcmp(end, "us"))
		unit = NSEC_PER_USEC;
	else if (*end && strcmp(end, "s"))
		return fail(EINVAL);
	if (number * unit > TIME_MAX)
		return fail(ERANGE);
	*nsec = number * unit;
	return 0;
}

char *format_size(char *text, uint64_t bytes)
{
	static const char *const unit[] = {
		"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"
	};
	unsigned int i = 0;

	while (i < 6 && bytes >> (10 * (i + 1)))
		i++;
	if (bytes & ((1ull << (10 * i)) - 1))
		snprintf(text, UNIT_TEXT, "%.1f %s",
			 (double)bytes / (1ull << (10 * i)), unit[i]);
	else
		snprintf(text, UNIT_TEXT, "%" PRIu64 " %s", bytes >> (10 * i),
			 unit[i]);
	return text;
}

char *format_rate(char *text, uint64_t bytes, uint64_t nsec)
{
	static const char *const unit[] = { "B/s", "kB/s", "MB/s", "GB/s" };
	unsigned int i = 0;
	double rate;

	if (!nsec) {
		snprintf(text, UNIT_TEXT, "-");
		return text;
	}
	rate = (double)bytes * NSEC_PER_SEC / nsec;
	while (i < 3 && rate >= 1000) {
		rate /= 1000;
		i++;
	}
	snprintf(text, UNIT_TEXT, rate < 100 && i ? "%.1f %s" : "%.0f %s",
		 rate, unit[i]);
	return text;
}

char *format_seconds(char *text, double seconds)
{
	if (seconds < 0.9995e-3)
		snprintf(text, TIME_TEXT, "%.3g us", seconds * 1e6);
	else if (seconds < 0.9995)
		snprintf(text, TIME_TEXT, "%.3g ms", seconds * 1e3);
	else
		snprintf(text, TIME_TEXT, "%.3f s", seconds);
	return text;
}

const char *direction_name(unsigned int direction)
{
	return direction == EXDMA_DIR_H2C ? "h2c" : "c2h";
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}
