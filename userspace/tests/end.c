// SPDX-License-Identifier: GPL-2.0-only
/*
 * end.c - tests of tool/end.c: calls that fall short
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "end.h"
#include "test.h"

static unsigned int calls;

/* three bytes at a time, and an interruption before each */
static ssize_t stutter_read(int fd, void *buf, size_t len, off_t at)
{
	if (calls++ % 2 == 0) {
		errno = EINTR;
		return -1;
	}
	if (len <= 3)
		return HOOK_PASS;
	return at < 0 ? __real_read(fd, buf, 3) : __real_pread64(fd, buf, 3, at);
}

static ssize_t stutter_write(int fd, const void *buf, size_t len, off_t at)
{
	if (calls++ % 2 == 0) {
		errno = EINTR;
		return -1;
	}
	if (len <= 3)
		return HOOK_PASS;
	return at < 0 ? __real_write(fd, buf, 3) : __real_pwrite64(fd, buf, 3, at);
}

static void short_counts(void)
{
	struct end end = { .origin = ORIGIN_CARD, .base = 100 };
	char buf[32] = "";
	int error;

	end.fd = test_file();
	calls = 0;
	hook_write = stutter_write;
	CHECK(end_write(&end, "twenty bytes of text", 20, 5, &error) == 20);
	CHECK(!error);
	CHECK(calls > 10);
	hook_write = NULL;
	CHECK(lseek(end.fd, 0, SEEK_END) == 125);

	calls = 0;
	hook_read = stutter_read;
	CHECK(end_read(&end, buf, 20, 5, &error) == 20);
	CHECK(!error);
	CHECK(calls > 10);
	CHECK(!strcmp(buf, "twenty bytes of text"));

	/* the end of the data is no error */
	CHECK(end_read(&end, buf, 32, 15, &error) == 10);
	CHECK(!error);
	CHECK(end_read(&end, buf, 32, 100, &error) == 0);
	CHECK(!error);
	close(end.fd);
}

static ssize_t fail_read(int fd, void *buf, size_t len, off_t at)
{
	(void)fd;
	if (at >= 108) {
		errno = EIO;
		return -1;
	}
	memset(buf, 'x', len);
	return at + (off_t)len > 108 ? 108 - at : (ssize_t)len;
}

static ssize_t fail_write(int fd, const void *buf, size_t len, off_t at)
{
	(void)fd;
	(void)buf;
	if (at >= 108) {
		errno = ETIMEDOUT;
		return -1;
	}
	return at + (off_t)len > 108 ? 108 - at : (ssize_t)len;
}

static ssize_t no_write(int fd, const void *buf, size_t len, off_t at)
{
	(void)fd;
	(void)buf;
	(void)len;
	(void)at;
	return 0;
}

static void errors(void)
{
	struct end end = { .origin = ORIGIN_CARD, .base = 100, .fd = -1 };
	char buf[32] = "";
	int error;

	hook_read = fail_read;
	hook_write = fail_write;
	CHECK(end_read(&end, buf, 32, 0, &error) == 8 && error == EIO);
	CHECK(end_read(&end, buf, 8, 0, &error) == 8 && error == 0);
	CHECK(end_read(&end, buf, 8, 8, &error) == 0 && error == EIO);
	CHECK(end_write(&end, buf, 32, 0, &error) == 8 && error == ETIMEDOUT);
	hook_write = no_write;
	CHECK(end_write(&end, buf, 32, 0, &error) == 0 && error == ENOSPC);
	hook_read = NULL;
	CHECK(end_read(&end, buf, 32, 0, &error) == 0 && error == EBADF);
}

struct feeder {
	int fd;
	unsigned int would_block;
};

static struct feeder feeder;

/* the first call finds nothing; only then is there something to find */
static ssize_t starving_read(int fd, void *buf, size_t len, off_t at)
{
	(void)fd;
	(void)buf;
	(void)len;
	(void)at;
	if (feeder.would_block++ == 0) {
		if (write(feeder.fd, "data", 4) != 4)
			return 0;
		close(feeder.fd);
		errno = EAGAIN;
		return -1;
	}
	return HOOK_PASS;
}

static void nonblocking(void)
{
	struct end end = { .origin = ORIGIN_FILE };
	char buf[32];
	int fds[2];
	int error;

	NEED(!pipe2(fds, O_NONBLOCK));
	end.fd = fds[0];
	feeder = (struct feeder) { .fd = fds[1] };
	hook_read = starving_read;
	CHECK(end_read(&end, buf, sizeof(buf), 0, &error) == 4 && !error);
	CHECK(feeder.would_block >= 2);
	close(fds[0]);
}

static void *drain(void *context)
{
	static char buf[65536];
	int *fd = context;
	size_t total = 0;
	ssize_t n;

	while ((n = read(*fd, buf, sizeof(buf))) > 0)
		total += n;
	return (void *)total;
}

static void full_pipe(void)
{
	static const char data[1 << 20];
	struct end end = { .origin = ORIGIN_FILE };
	pthread_t thread;
	void *total;
	int fds[2];
	int error;

	/* non-blocking and far too small: the rest must wait, not fail */
	NEED(!pipe(fds));
	NEED(!fcntl(fds[1], F_SETFL, O_NONBLOCK));
	end.fd = fds[1];
	NEED(!pthread_create(&thread, NULL, drain, &fds[0]));
	CHECK(end_write(&end, data, sizeof(data), 0, &error) == sizeof(data));
	CHECK(!error);
	close(fds[1]);
	pthread_join(thread, &total);
	CHECK((size_t)total == sizeof(data));
	close(fds[0]);
}

const struct test_case tests_end[] = {
	{ "short counts and interruptions are made good", short_counts },
	{ "an error comes with what was moved before", errors },
	{ "a source that would block is waited for", nonblocking },
	{ "a sink that would block is waited for", full_pipe },
	{ NULL, NULL },
};
