/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small test harness: TAP lines on stdout. A test is a function; CHECK()
 * ends it at the first thing that is wrong and says where.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct test {
	const char *name;
	void (*run)(void);
};

extern bool tap_failed;
extern const char *tap_skip;

#define TEST(f) { #f, f }

#define FAIL(...)								\
	do {									\
		tap_failed = true;						\
		printf("# %s:%d: ", __FILE__, __LINE__);			\
		printf(__VA_ARGS__);						\
		putchar('\n');							\
		return;								\
	} while (0)

#define CHECK(cond)								\
	do {									\
		if (!(cond))							\
			FAIL("%s", #cond);					\
	} while (0)

/* Numbers are compared as 64-bit and printed in hexadecimal. */
#define CHECK_EQ(a, b)								\
	do {									\
		unsigned long long a_ = (unsigned long long)(a);		\
		unsigned long long b_ = (unsigned long long)(b);		\
		if (a_ != b_)							\
			FAIL("%s is 0x%llx, not 0x%llx", #a, a_, b_);		\
	} while (0)

/* After a helper that may have failed. */
#define CHECK_OK()								\
	do {									\
		if (tap_failed)							\
			FAIL("in the helper above");				\
	} while (0)

/* Run all; print the plan. Return: exit status. */
int tap_main(const struct test *tests, size_t n, int argc, char **argv);

#endif
