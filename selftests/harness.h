/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's framework, with another limit for a test that says none: its 30
 * seconds are for real machines. Here a whole one is emulated, on a host that may
 * have as much to do with others. The limit is for what never ends.
 */
#ifndef SELFTESTS_HARNESS_H
#define SELFTESTS_HARNESS_H

#include <kselftest_harness.h>

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	120

#endif /* SELFTESTS_HARNESS_H */
