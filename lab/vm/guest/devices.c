// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices of the guest: udev runs, and what is on the PCI bus gets its driver,
 * as on any machine.
 */
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

static pid_t udevd;

static pid_t start(const char * const argv[])
{
	pid_t pid = fork();

	if (pid == 0) {
		int log = open("/dev/kmsg", O_RDWR);

		if (log >= 0) {
			dup2(log, 0);
			dup2(log, 1);
			dup2(log, 2);
		}
		execv(argv[0], (char **)argv);
		_exit(127);
	}
	if (pid < 0)
		fail("cannot start %s: %m", argv[0]);
	return pid;
}

static void finish(pid_t pid, const char *name)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		fail("%s failed", name);
}

/**
 * start_udev() - start the daemon; it goes to the background when it listens
 */
void start_udev(void)
{
	static const char * const argv[] = {
		"/usr/lib/systemd/systemd-udevd", "--daemon", NULL
	};

	udevd = start(argv);
}

/**
 * settle_devices() - announce what is on the PCI bus, wait for the drivers
 *
 * udev loads modules by alias and a driver's probe runs within the load, so
 * all cards are probed when this returns.
 */
void settle_devices(void)
{
	static const char * const argv[] = {
		"/usr/bin/udevadm", "settle", "--timeout=60", NULL
	};
	glob_t events;
	size_t i;
	int fd;

	finish(udevd, "systemd-udevd");
	if (glob("/sys/bus/pci/devices/*/uevent", 0, NULL, &events))
		return;		/* no PCI, no cards */
	for (i = 0; i < events.gl_pathc; i++) {
		fd = open(events.gl_pathv[i], O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, "add", 3) != 3)
			fail("cannot announce %s: %m", events.gl_pathv[i]);
		close(fd);
	}
	globfree(&events);
	finish(start(argv), "udevadm settle");
}
