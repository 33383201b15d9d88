// SPDX-License-Identifier: GPL-2.0-only
/*
 * units.c - tests of tool/units.c
 */
#include <errno.h>
#include <string.h>

#include "test.h"
#include "units.h"

static bool size_is(const char *text, uint64_t expected)
{
	uint64_t value = ~expected;

	return !parse_size(text, &value) && value == expected;
}

static bool size_fails(const char *text, int error)
{
	uint64_t value = 0x1234;

	errno = 0;
	return parse_size(text, &value) == -1 && errno == error &&
	       value == 0x1234;
}

static void sizes(void)
{
	CHECK(size_is("0", 0));
	CHECK(size_is("4096", 4096));
	CHECK(size_is("0x1000", 4096));
	CHECK(size_is("0XfF", 255));
	CHECK(size_is("4K", 4096));
	CHECK(size_is("4k", 4096));
	CHECK(size_is("4KiB", 4096));
	CHECK(size_is("2M", 2 << 20));
	CHECK(size_is("3G", 3ull << 30));
	CHECK(size_is("5T", 5ull << 40));
	CHECK(size_is("0x10M", 16 << 20));
	/* a zero in front is no octal */
	CHECK(size_is("010", 10));
	CHECK(size_is("9223372036854775807", ADDRESS_MAX));
	CHECK(size_is("0x7fffffffffffffff", ADDRESS_MAX));
	CHECK(size_is("8388607T", 8388607ull << 40));
}

static void bad_sizes(void)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "-1", "+1", "x", "0x", "0xg", "0x0x1", "0x 1",
		"K", "1Q", "1KB", "1KK", "1iB", "1B", "1.5G", "1e3", "4K ",
		"0x-1", "1Kib",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!size_fails(bad[i], EINVAL))
			test_failed(__FILE__, __LINE__, bad[i]);
	CHECK(size_fails("9223372036854775808", ERANGE));
	CHECK(size_fails("0x8000000000000000", ERANGE));
	CHECK(size_fails("99999999999999999999999", ERANGE));
	CHECK(size_fails("8388608T", ERANGE));
	CHECK(size_fails("16777216T", ERANGE));
}

static void counts(void)
{
	unsigned int value;
	uint64_t wide;

	CHECK(!parse_count("7", 0, 31, &value) && value == 7);
	CHECK(!parse_count("0", 0, 31, &value) && value == 0);
	CHECK(!parse_count("31", 0, 31, &value) && value == 31);
	CHECK(parse_count("32", 0, 31, &value) && errno == ERANGE);
	CHECK(parse_count("0", 1, 31, &value) && errno == ERANGE);
	CHECK(parse_count("4294967296", 0, 31, &value) && errno == ERANGE);
	CHECK(parse_count("1K", 0, 5000, &value) && errno == EINVAL);
	CHECK(parse_count("", 0, 31, &value) && errno == EINVAL);
	CHECK(!parse_u64("0xffffffffffffffff", &wide) && wide == UINT64_MAX);
	CHECK(!parse_u64("18446744073709551615", &wide) && wide == UINT64_MAX);
	CHECK(parse_u64("18446744073709551616", &wide) && errno == ERANGE);
	CHECK(parse_u64("1 ", &wide) && errno == EINVAL);
}

static void times(void)
{
	uint64_t nsec;

	CHECK(!parse_time("2", &nsec) && nsec == 2 * NSEC_PER_SEC);
	CHECK(!parse_time("0", &nsec) && nsec == 0);
	CHECK(!parse_time("0.5", &nsec) && nsec == NSEC_PER_SEC / 2);
	CHECK(!parse_time("3s", &nsec) && nsec == 3 * NSEC_PER_SEC);
	CHECK(!parse_time("100ms", &nsec) && nsec == NSEC_PER_SEC / 10);
	CHECK(!parse_time("50us", &nsec) && nsec == NSEC_PER_SEC / 20000);
	CHECK(!parse_time("86400", &nsec) && nsec == 86400 * NSEC_PER_SEC);
	CHECK(parse_time("86401", &nsec) && errno == ERANGE);
	CHECK(parse_time("1e300", &nsec) && errno == ERANGE);
	CHECK(parse_time("-1", &nsec) && errno == EINVAL);
	CHECK(parse_time("inf", &nsec) && errno == EINVAL);
	CHECK(parse_time("nan", &nsec) && errno == EINVAL);
	CHECK(parse_time("0x10", &nsec) && errno == EINVAL);
	CHECK(parse_time("1m", &nsec) && errno == EINVAL);
	CHECK(parse_time("", &nsec) && errno == EINVAL);
}

static bool prints(uint64_t bytes, const char *expected)
{
	char text[UNIT_TEXT];

	return !strcmp(format_size(text, bytes), expected);
}

static bool runs_at(uint64_t bytes, uint64_t nsec, const char *expected)
{
	char text[UNIT_TEXT];

	return !strcmp(format_rate(text, bytes, nsec), expected);
}

static void formats(void)
{
	CHECK(prints(0, "0 B"));
	CHECK(prints(1023, "1023 B"));
	CHECK(prints(1024, "1 KiB"));
	CHECK(prints(1536, "1.5 KiB"));
	CHECK(prints(64 << 20, "64 MiB"));
	CHECK(prints(4ull << 30, "4 GiB"));
	CHECK(prints(1ull << 60, "1 EiB"));
	CHECK(prints(UINT64_MAX, "16.0 EiB"));

	CHECK(runs_at(1000, 0, "-"));
	CHECK(runs_at(0, NSEC_PER_SEC, "0 B/s"));
	CHECK(runs_at(999, NSEC_PER_SEC, "999 B/s"));
	CHECK(runs_at(1500, NSEC_PER_SEC, "1.5 kB/s"));
	CHECK(runs_at(812000000, NSEC_PER_SEC, "812 MB/s"));
	CHECK(runs_at(1 << 20, NSEC_PER_SEC / 1000, "1.0 GB/s"));
	CHECK(runs_at(UINT64_MAX, 1, "18446744073709551616 GB/s"));
}

const struct test_case tests_units[] = {
	{ "sizes and addresses are understood", sizes },
	{ "what is no size is refused", bad_sizes },
	{ "counts keep their bounds", counts },
	{ "times are understood", times },
	{ "sizes and rates are printed for people", formats },
	{ NULL, NULL },
};
