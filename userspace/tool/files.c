// SPDX-License-Identifier: GPL-2.0-only
/*
 * files.c - small files by a path that is put together
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "files.h"
#include "units.h"

/* A path that is too long names no file. */
#define PATH_FROM(path, format)						\
	do {								\
		va_list list;						\
		int used;						\
									\
		va_start(list, format);					\
		used = vsnprintf(path, sizeof(path), format, list);	\
		va_end(list);						\
		if (used < 0 || (size_t)used >= sizeof(path))		\
			path[0] = '\0';					\
	} while (0)

static size_t read_path(const char *path, void *buf, size_t size)
{
	char *to = buf;
	size_t done = 0;
	ssize_t got;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return 0;
	do {
		got = read(fd, to + done, size - done);
		if (got > 0)
			done += got;
	} while (done < size && (got > 0 || (got < 0 && errno == EINTR)));
	close(fd);
	return done;
}

static bool line_of(const char *path, char *line, size_t size)
{
	size_t got;

	line[0] = '\0';
	if (access(path, R_OK))
		return false;
	got = read_path(path, line, size - 1);
	line[got] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return true;
}

bool file_exists(const char *format, ...)
{
	char path[PATH_MAX];

	PATH_FROM(path, format);
	return !access(path, F_OK);
}

bool file_line(char *line, size_t size, const char *format, ...)
{
	char path[PATH_MAX];

	PATH_FROM(path, format);
	return line_of(path, line, size);
}

bool file_number(uint64_t *value, const char *format, ...)
{
	char path[PATH_MAX];
	char line[32];

	*value = 0;
	PATH_FROM(path, format);
	return line_of(path, line, sizeof(line)) && !parse_u64(line, value);
}

size_t file_bytes(void *buf, size_t size, const char *format, ...)
{
	char path[PATH_MAX];

	PATH_FROM(path, format);
	return read_path(path, buf, size);
}

int file_put(const char *text, const char *format, ...)
{
	size_t len = strlen(text);
	char path[PATH_MAX];
	ssize_t put;
	int saved;
	int fd;

	PATH_FROM(path, format);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	put = write(fd, text, len);
	saved = put < 0 ? errno : EIO;
	if (close(fd) && put == (ssize_t)len)
		return -1;
	errno = saved;
	return put == (ssize_t)len ? 0 : -1;
}

bool file_link(char *name, size_t size, const char *format, ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	const char *last;
	ssize_t len;

	name[0] = '\0';
	PATH_FROM(path, format);
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return false;
	target[len] = '\0';
	last = strrchr(target, '/');
	last = last ? last + 1 : target;
	if (strlen(last) >= size)
		return false;
	memcpy(name, last, strlen(last) + 1);
	return true;
}

static int no_dots(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int file_each(int (*visit)(void *context, const char *name), void *context,
	      const char *format, ...)
{
	struct dirent **entry;
	char path[PATH_MAX];
	int count, visited = 0;
	int ended = 0;

	PATH_FROM(path, format);
	count = scandir(path, &entry, no_dots, alphasort);
	if (count < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		if (!ended) {
			ended = visit(context, entry[i]->d_name);
			visited++;
		}
		free(entry[i]);
	}
	free(entry);
	return visited;
}
