// SPDX-License-Identifier: GPL-2.0-only
/* The harness: runs tests, or those whose name is given as argument. */
#include "tap.h"

bool tap_failed;
const char *tap_skip;

static bool wanted(const char *name, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], name))
			return true;
	return argc < 2;
}

int tap_main(const struct test *tests, size_t n, int argc, char **argv)
{
	bool bad = false;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..%zu\n", n);
	for (i = 0; i < n; i++) {
		tap_failed = false;
		tap_skip = NULL;
		if (wanted(tests[i].name, argc, argv))
			tests[i].run();
		else
			tap_skip = "not asked for";
		printf("%sok %zu - %s%s%s\n", tap_failed ? "not " : "", i + 1, tests[i].name,
		       tap_skip ? " # SKIP " : "", tap_skip ? tap_skip : "");
		bad |= tap_failed;
	}
	return bad;
}
