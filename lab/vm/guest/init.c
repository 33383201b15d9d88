// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first program in the guest: root file system, devices, the command,
 * power off. It is a C program because under emulation every process costs
 * tens of milliseconds, and each test pays for the boot.
 *
 * This file knows the order of things and how to speak and to stop.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

static void speak(const char *format, va_list args)
{
	char line[512];
	int fd, n;

	n = snprintf(line, sizeof(line), "exdma-vm: ");
	vsnprintf(line + n, sizeof(line) - n, format, args);
	fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, line, strlen(line)) < 0)
		_exit(1);	/* no log, no voice: the kernel will panic */
	close(fd);
}

/**
 * note() - say something in the kernel's log
 * @format: as for printf; without a line's end
 */
void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	speak(format, args);
	va_end(args);
}

/**
 * fail() - say why there will be no command, and power off
 * @format: as for printf; without a line's end
 */
void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	speak(format, args);
	va_end(args);
	power_off();
}

/**
 * power_off() - end the machine
 */
void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/* The host only wants to know whether a kernel runs here at all. */
static bool is_trial(void)
{
	char line[4096];
	ssize_t n;
	int fd;

	fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (n < 0)
		return false;
	line[n] = 0;
	return strstr(line, "exdma.trial");
}

static void write_status(int status)
{
	char text[16];
	int fd, n;

	n = snprintf(text, sizeof(text), "%d\n", status);
	fd = open(RUN_DIR "/status", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, n) != n)
		fail("cannot report the status %d", status);
	close(fd);
}

int main(void)
{
	int status;

	umask(022);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	if (is_trial()) {
		note("trial passed");
		power_off();
	}
	make_root();
	start_udev();
	settle_devices();
	status = run_command();
	write_status(status);
	note("the command ended with status %d", status);
	find_leaks();
	power_off();
}
