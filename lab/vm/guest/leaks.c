// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a debug kernel says about leaks only when it is asked, after the
 * command: the driver lets go of its devices and is unloaded, which makes the
 * DMA debugging look for what is still mapped, then memory is searched for
 * what nothing points to any more. Findings go to the kernel's log. On other
 * kernels nothing happens here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

#define KMEMLEAK "/sys/kernel/debug/kmemleak"
#define DMA_DEBUG "/sys/kernel/debug/dma-api"

/* The search passes over what was allocated later than this before it. */
#define MIN_AGE_S 5
/* Most lines of findings: they go over a serial line. */
#define FINDINGS 200

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		note("cannot write to %s: %m", path);
	close(fd);
}

/* What the command left behind, and udev, could hold the driver or its memory. */
static void end_processes(void)
{
	kill(-1, SIGKILL);
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

static void unbind_cards(void)
{
	char path[512];
	glob_t devices;
	size_t i;

	if (glob("/sys/bus/pci/drivers/exdma*/0000:*", 0, NULL, &devices))
		return;
	for (i = 0; i < devices.gl_pathc; i++) {
		char *device = strrchr(devices.gl_pathv[i], '/');

		*device++ = 0;
		snprintf(path, sizeof(path), "%s/unbind", devices.gl_pathv[i]);
		put(path, device);
	}
	globfree(&devices);
}

/* Those that use others go first, in whatever order that takes. */
static void unload_modules(void)
{
	char line[512], name[64];
	bool again;
	FILE *list;

	do {
		again = false;
		list = fopen("/proc/modules", "re");
		if (!list)
			return;
		while (!again && fgets(line, sizeof(line), list))
			again = sscanf(line, "%63s", name) == 1 &&
				!strncmp(name, "exdma", 5) &&
				!syscall(SYS_delete_module, name, O_NONBLOCK);
		fclose(list);
	} while (again);
}

/*
 * In a process of its own: on its kernel stack remain pointers to what it dealt
 * with, and to the search any pointer is a sign of life.
 */
static void let_go(void)
{
	pid_t pid = fork();

	if (!pid) {
		unbind_cards();
		unload_modules();
		_exit(0);
	}
	if (pid < 0)
		note("cannot start a process: %m");
	while (wait(NULL) > 0 || errno == EINTR)
		;
}

/* Show the findings: the kernel's own line only counts them. */
static void show_findings(void)
{
	char line[512];
	int lines = 0;
	FILE *list;

	list = fopen(KMEMLEAK, "re");
	if (!list)
		return;
	while (lines++ < FINDINGS && fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = 0;
		note("%s", line);
	}
	fclose(list);
}

/*
 * An object counts as lost if it did not change between two searches and is
 * of some age at the second.
 */
static void search_memory(void)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += MIN_AGE_S + 1;
	put(KMEMLEAK, "scan");
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
		;
	put(KMEMLEAK, "scan");
	show_findings();
}

/**
 * find_leaks() - make a debug kernel say what has leaked; ends all processes
 */
void find_leaks(void)
{
	bool dma = !access(DMA_DEBUG, F_OK);
	bool memory = !access(KMEMLEAK, F_OK);

	if (!dma && !memory)
		return;
	note("looking for leaks");
	end_processes();
	let_go();
	if (memory)
		search_memory();
	note("looked for leaks");
}
