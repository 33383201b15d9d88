// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs.c - read one attribute, one number, one link
 *
 * Knows files of one line and nothing of cards.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sysfs.h"

/* dir/name in path[PATH_MAX]; -1 with ENAMETOOLONG */
static int join(char *path, const char *dir, const char *name)
{
	int len = snprintf(path, PATH_MAX, "%s/%s", dir, name);

	if (len < 0 || len >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	return 0;
}

/* read until the buffer is full or the file ends; -1 and errno */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, buf + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += n;
	}
	return done;
}

int sysfs_string(const char *dir, const char *name, char *value, size_t size)
{
	char path[PATH_MAX];
	size_t line;
	ssize_t len;
	int saved;
	int fd;

	if (join(path, dir, name))
		return -1;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	len = read_all(fd, value, size);
	saved = errno;
	close(fd);
	if (len < 0) {
		errno = saved;
		return -1;
	}

	for (line = 0; line < (size_t)len && value[line] != '\n'; line++)
		;
	if (line == size) {
		errno = EOVERFLOW;
		return -1;
	}
	value[line] = '\0';
	return 0;
}

int sysfs_number(const char *dir, const char *name, uint64_t *value)
{
	unsigned long long number;
	char text[32];
	char *end;

	if (sysfs_string(dir, name, text, sizeof(text)))
		return -1;
	errno = 0;
	number = strtoull(text, &end, 0);
	if (end == text || *end || errno || strchr(text, '-')) {
		errno = EINVAL;
		return -1;
	}
	*value = number;
	return 0;
}

int sysfs_link(const char *dir, const char *name, char *value, size_t size)
{
	char path[PATH_MAX];
	char target[PATH_MAX];
	const char *last;
	ssize_t len;

	if (join(path, dir, name))
		return -1;
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return -1;
	target[len] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) >= size) {
		errno = EOVERFLOW;
		return -1;
	}
	memcpy(value, last, strlen(last) + 1);
	return 0;
}
