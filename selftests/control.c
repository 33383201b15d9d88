// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control.h"

int control_open(void)
{
	return open("/dev/lab-control", O_RDWR | O_CLOEXEC);
}

bool control_ask(int control, const char *request)
{
	char line[256], tag[24];
	ssize_t n;

	snprintf(tag, sizeof(tag), "@%d ", getpid());
	dprintf(control, "%s%s\n", tag, request);
	do {
		n = read(control, line, sizeof(line) - 1);
		if (n <= 0)
			return false;
		line[n] = 0;
	} while (strncmp(line, tag, strlen(tag)));
	if (!strncmp(line + strlen(tag), "ok", 2))
		return true;
	printf("# %s", line);
	return false;
}
