/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The machine and the process that a test is in: text files of the kernel, memory,
 * threads. Knows nothing of cards.
 */
#ifndef SELFTESTS_MACHINE_H
#define SELFTESTS_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "clock.h"

#define KIB		1024ul
#define MIB		(1024ul * KIB)
#define GIB		(1024ul * MIB)

/* Return: 0 or -errno of open() or write(). */
int put_text(const char *path, const char *text);
int put_text_by(const char *path, int flags, const char *text);
bool get_text(const char *path, char *text, size_t size);

/* Memory, page-aligned, zeroed; NULL if there is none. */
void *memory(size_t bytes);

/* Waits until a thread sleeps in a system call; false if it never does. */
bool wait_in_call(pid_t thread, long call);

/* Does it sleep now, wherever that is? */
bool is_asleep(pid_t thread);

/* Does the kernel count what it executes (gcov)? Then it cannot keep a card busy. */
bool kernel_counts_lines(void);

/*
 * The kernel's log from now on: a file to be closed. kernel_says() looks at what has come
 * since, or since it was asked last.
 */
int kernel_log(void);
bool kernel_says(int log, const char *text);

/* What a system call came to, or -errno. */
long result(long ret);

/* Maps and unmaps. Return: 0 or errno. */
int map_error(int fd, size_t len, int prot, int flags, uint64_t offset);

/* Takes a capability from this thread. Return: has it gone? */
bool drop_capability(unsigned int cap);

/*
 * An access to a mapping behind which there may be nothing any more, for any number of
 * threads. Return: 0, or the signal it came to.
 */
int touch(const volatile uint32_t *word, uint32_t *value);

#endif /* SELFTESTS_MACHINE_H */
