// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log: time-stamped lines appended to one file. Knows nothing of what is
 * logged. Lines are composed on the stack and written by a single write(), so
 * that threads need no lock here.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "log.h"
#include "util.h"

static int log_fd = -1;

int log_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		return -errno;
	log_fd = fd;
	return 0;
}

void log_line(const char *fmt, ...)
{
	char line[512];
	uint64_t t;
	va_list ap;
	int n, m;

	if (log_fd < 0)
		return;
	t = now_ns();
	n = snprintf(line, sizeof(line), "%6llu.%06llu ",
		     (unsigned long long)(t / NSEC_PER_SEC),
		     (unsigned long long)(t % NSEC_PER_SEC / 1000));
	va_start(ap, fmt);
	m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	va_end(ap);
	if (m < 0)
		return;
	n += m;
	if ((size_t)n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	if (write(log_fd, line, (size_t)n) < 0)
		return;	/* a full disk must not stop the card */
}
