/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The driver's tracepoints, recorded in a trace instance of our own: nothing of
 * what else the machine traces is seen or disturbed.
 */
#ifndef SELFTESTS_TRACEFS_H
#define SELFTESTS_TRACEFS_H

#include <stdbool.h>

/**
 * struct trace_event - one that was recorded
 * @name: without its system
 * @task: who did it: TASK-PID
 * @cpu: where it happened
 * @text: its fields, key=value
 */
struct trace_event {
	char name[32];
	char task[32];
	int cpu;
	char text[224];
};

/* Is there such an event of the driver? False as well without tracefs. */
bool trace_has(const char *event);

/* Records all events of the driver from now on. Return: 0 or -errno. */
int trace_start(void);

/*
 * Records calls of a kernel function, too, as events of that name; after
 * trace_start(). False: this kernel does not offer it.
 */
bool trace_function(const char *name);

/* Forgets what was recorded up to now. */
void trace_clear(void);

/**
 * trace_read() - what was recorded, in the order in which it happened
 *
 * Recording goes on. Return: how many; @max if there may be more.
 */
int trace_read(struct trace_event *events, int max);

/* Ends it, and removes the instance; fit for a teardown. */
void trace_stop(void);

/* The number behind "key="; -1 if there is none. */
long long trace_number(const struct trace_event *event, const char *key);

/* Is there "key=value"? */
bool trace_says(const struct trace_event *event, const char *key, const char *value);

#endif /* SELFTESTS_TRACEFS_H */
