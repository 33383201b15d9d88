/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test.h - a unit test is a function; a failed CHECK marks it as failed
 */
#ifndef EXDMA_TESTS_TEST_H
#define EXDMA_TESTS_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

struct test_case {
	const char *name;
	void (*run)(void);
};

/* Each file of tests ends with one of these; a NULL name ends the array. */
extern const struct test_case tests_units[];
extern const struct test_case tests_place[];
extern const struct test_case tests_text[];
extern const struct test_case tests_options[];
extern const struct test_case tests_pattern[];
extern const struct test_case tests_library[];
extern const struct test_case tests_end[];
extern const struct test_case tests_transfer[];
extern const struct test_case tests_bench[];
extern const struct test_case tests_sample[];
extern const struct test_case tests_timeline[];
extern const struct test_case tests_plot[];

void test_failed(const char *file, int line, const char *what);

#define CHECK(condition)						\
	do {								\
		if (!(condition))					\
			test_failed(__FILE__, __LINE__, #condition);	\
	} while (0)

/* like CHECK, but the rest of the test would make no sense */
#define NEED(condition)							\
	do {								\
		if (!(condition)) {					\
			test_failed(__FILE__, __LINE__, #condition);	\
			return;						\
		}							\
	} while (0)

/** test_file() - an empty temporary file, already without a name. */
int test_file(void);

/** test_count() - how often @what is in @text. */
unsigned int test_count(const char *text, const char *what);

/** test_silence() - send stderr nowhere, or back where it was. */
void test_silence(bool on);

/*
 * Calls of the code under test that a test wants to see or to spoil. A hook
 * that returns HOOK_PASS leaves the call to the system.
 */
#define HOOK_PASS	(-2)

/* the system's, for use in hooks */
ssize_t __real_read(int fd, void *buf, size_t len);
ssize_t __real_write(int fd, const void *buf, size_t len);
ssize_t __real_pread64(int fd, void *buf, size_t len, off_t at);
ssize_t __real_pwrite64(int fd, const void *buf, size_t len, off_t at);

extern ssize_t (*hook_read)(int fd, void *buf, size_t len, off_t at);
extern ssize_t (*hook_write)(int fd, const void *buf, size_t len, off_t at);

#endif /* EXDMA_TESTS_TEST_H */
