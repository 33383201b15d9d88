// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - run all unit tests and say what came of them, in TAP
 *
 * Also has the hooks on read and write, which the linker puts in the place of
 * the system's with --wrap.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test.h"

static bool failed;

void test_failed(const char *file, int line, const char *what)
{
	printf("# %s:%d: %s\n", file, line, what);
	failed = true;
}

int test_file(void)
{
	FILE *file = tmpfile();
	int fd;

	if (!file)
		abort();
	fd = dup(fileno(file));
	fclose(file);
	return fd;
}

unsigned int test_count(const char *text, const char *what)
{
	unsigned int count = 0;

	for (; (text = strstr(text, what)); text += strlen(what))
		count++;
	return count;
}

void test_silence(bool on)
{
	static int saved = -1;
	int null;

	fflush(stderr);
	if (on) {
		null = open("/dev/null", O_WRONLY);
		saved = dup(STDERR_FILENO);
		dup2(null, STDERR_FILENO);
		close(null);
	} else {
		dup2(saved, STDERR_FILENO);
		close(saved);
	}
}

ssize_t (*hook_read)(int fd, void *buf, size_t len, off_t at);
ssize_t (*hook_write)(int fd, const void *buf, size_t len, off_t at);

ssize_t __wrap_read(int fd, void *buf, size_t len);
ssize_t __wrap_write(int fd, const void *buf, size_t len);
ssize_t __wrap_pread64(int fd, void *buf, size_t len, off_t at);
ssize_t __wrap_pwrite64(int fd, const void *buf, size_t len, off_t at);

ssize_t __wrap_read(int fd, void *buf, size_t len)
{
	ssize_t ret = hook_read ? hook_read(fd, buf, len, -1) : HOOK_PASS;

	return ret == HOOK_PASS ? __real_read(fd, buf, len) : ret;
}

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	ssize_t ret = hook_write ? hook_write(fd, buf, len, -1) : HOOK_PASS;

	return ret == HOOK_PASS ? __real_write(fd, buf, len) : ret;
}

ssize_t __wrap_pread64(int fd, void *buf, size_t len, off_t at)
{
	ssize_t ret = hook_read ? hook_read(fd, buf, len, at) : HOOK_PASS;

	return ret == HOOK_PASS ? __real_pread64(fd, buf, len, at) : ret;
}

ssize_t __wrap_pwrite64(int fd, const void *buf, size_t len, off_t at)
{
	ssize_t ret = hook_write ? hook_write(fd, buf, len, at) : HOOK_PASS;

	return ret == HOOK_PASS ? __real_pwrite64(fd, buf, len, at) : ret;
}

int main(void)
{
	static const struct test_case *const suites[] = {
		tests_units, tests_place, tests_text, tests_options,
		tests_pattern, tests_library, tests_end, tests_transfer,
		tests_bench, tests_plot, tests_sample, tests_timeline,
	};
	unsigned int number = 0;
	bool all_good = true;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		const struct test_case *test;

		for (test = suites[i]; test->name; test++) {
			failed = false;
			hook_read = NULL;
			hook_write = NULL;
			test->run();
			printf("%sok %u - %s\n", failed ? "not " : "",
			       ++number, test->name);
			all_good &= !failed;
		}
	}
	printf("1..%u\n", number);
	return all_good ? 0 : 1;
}
