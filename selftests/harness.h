/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's framework, with another limit for a test that says none: its 30
 * seconds are for real machines. Here a whole one is emulated, on a host that may
 * have as much to do with others. The limit is for what never ends. And each result
 * comes after how long its case took: "# took 1234 ms: fixture.case".
 */
#ifndef SELFTESTS_HARNESS_H
#define SELFTESTS_HARNESS_H

#include <kselftest.h>

#include "clock.h"

#define ksft_test_result_code(code, name, ...) \
	(ksft_print_msg("took %llu ms: %s\n", since_last_ms(), name), \
	 ksft_test_result_code(code, name, __VA_ARGS__))

#include <kselftest_harness.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	120

#endif /* SELFTESTS_HARNESS_H */
