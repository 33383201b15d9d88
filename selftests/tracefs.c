// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracepoints by way of tracefs; see tracefs.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "card.h"
#include "tracefs.h"

#define TRACEFS		"/sys/kernel/tracing"
#define INSTANCE	TRACEFS "/instances/exdma-selftest/"

bool trace_has(const char *event)
{
	char path[128];

	if (access(TRACEFS "/events", F_OK))
		mount("tracefs", TRACEFS, "tracefs", 0, NULL);
	snprintf(path, sizeof(path), TRACEFS "/events/exdma/%s/format", event);
	return !access(path, R_OK);
}

int trace_start(void)
{
	if (mkdir(INSTANCE, 0700) && errno != EEXIST)
		return -errno;
	/* A clock that only counts: the order is that of all CPUs together. */
	return put_text(INSTANCE "trace_clock", "counter") ?:
	       put_text(INSTANCE "buffer_size_kb", "4096") ?:
	       put_text(INSTANCE "events/exdma/enable", "1");
}

bool trace_function(const char *name)
{
	char text[96];

	snprintf(text, sizeof(text), "p:exdma_selftest/%s %s", name, name);
	return !put_text_by(TRACEFS "/kprobe_events", O_APPEND, text) &&
	       !put_text(INSTANCE "events/exdma_selftest/enable", "1");
}

void trace_clear(void)
{
	/* by truncating it */
	close(open(INSTANCE "trace", O_WRONLY | O_TRUNC | O_CLOEXEC));
}

static bool parse(const char *line, struct trace_event *event)
{
	const char *at = line;

	/* TASK-PID [CPU] FLAGS TIME: NAME: FIELDS */
	while ((at = strstr(at, " [")) && (at[2] < '0' || at[2] > '9'))
		at++;
	if (at && sscanf(line, " %31[^[]", event->task) != 1)
		return false;
	return at && *line != '#' &&
	       sscanf(at, " [%d] %*s %*[^:]: %31[^:]: %223[^\n]", &event->cpu, event->name,
		      event->text) == 3;
}

int trace_read(struct trace_event *events, int max)
{
	FILE *file = fopen(INSTANCE "trace", "r");
	char line[512];
	int n = 0;

	while (file && n < max && fgets(line, sizeof(line), file))
		n += parse(line, &events[n]);
	if (file)
		fclose(file);
	return n;
}

void trace_stop(void)
{
	put_text(INSTANCE "events/enable", "0");
	rmdir(INSTANCE);
	put_text_by(TRACEFS "/kprobe_events", O_APPEND, "-:exdma_selftest/");
}

static const char *find(const struct trace_event *event, const char *key)
{
	size_t len = strlen(key);
	const char *at = event->text;

	while (strncmp(at, key, len) || at[len] != '=') {
		at = strchr(at, ' ');
		if (!at)
			return NULL;
		at++;
	}
	return at + len + 1;
}

long long trace_number(const struct trace_event *event, const char *key)
{
	const char *at = find(event, key);

	return at ? strtoll(at, NULL, 0) : -1;
}

bool trace_says(const struct trace_event *event, const char *key, const char *value)
{
	const char *at = find(event, key);

	return at && strcspn(at, " ") == strlen(value) && !strncmp(at, value, strlen(value));
}
