// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's root file system: the host's, read-only by 9p, under a writable
 * overlay in memory, and in it what else the host exports. Needs nothing but
 * the modules in the initramfs. Knows nothing of devices or commands.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

#define P9 "trans=virtio,version=9p2000.L,msize=512000,"

/* Load what mkinitramfs put here, in its order. */
static void load_modules(void)
{
	char name[256], path[300];
	FILE *order;
	int fd;

	order = fopen("/modules/order", "re");
	if (!order)
		fail("no list of modules");
	while (fscanf(order, "%255s", name) == 1) {
		snprintf(path, sizeof(path), "/modules/%s.ko", name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) &&
			       errno != EEXIST))
			fail("cannot load %s: %m", name);
		close(fd);
	}
	fclose(order);
}

static void must_mount(const char *source, const char *target, const char *type,
		       unsigned long flags, const char *options)
{
	if (mount(source, target, type, flags, options))
		fail("cannot mount %s on %s: %m", source, target);
}

/* Make a directory and what is missing above it. */
static void make_dirs(const char *path)
{
	char part[PATH_MAX];
	char *slash;

	snprintf(part, sizeof(part), "%s", path);
	for (slash = part + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(part, 0755);
		*slash = '/';
	}
	mkdir(part, 0755);
}

/* Make the tree at /new our root, with the file systems we have moved in. */
static void change_root(void)
{
	static const char * const moved[] = { "/proc", "/sys", "/dev" };
	char target[32];
	size_t i;

	for (i = 0; i < sizeof(moved) / sizeof(*moved); i++) {
		snprintf(target, sizeof(target), "/new%s", moved[i]);
		must_mount(moved[i], target, NULL, MS_MOVE, NULL);
	}
	if (chdir("/new"))
		fail("no new root: %m");
	must_mount(".", "/", NULL, MS_MOVE, NULL);
	if (chroot(".") || chdir("/"))
		fail("cannot enter the new root: %m");
}

/* What a system is expected to have. */
static void mount_usual(void)
{
	static const char * const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
	};
	size_t i;

	mkdir("/dev/pts", 0755);
	mkdir("/dev/shm", 0755);
	must_mount("devpts", "/dev/pts", "devpts", 0, "mode=620,ptmxmode=666");
	must_mount("shm", "/dev/shm", "tmpfs", 0, "mode=1777");
	must_mount("tmp", "/tmp", "tmpfs", 0, "mode=1777");
	must_mount("run", "/run", "tmpfs", 0, "mode=755");
	must_mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	must_mount("tracefs", "/sys/kernel/tracing", "tracefs", 0, NULL);
	for (i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (symlink(links[i][0], links[i][1]) && errno != EEXIST)
			fail("cannot make %s: %m", links[i][1]);
}

static void mount_export(const char *tag, const char *path, const char *options)
{
	char all[128];

	make_dirs(path);
	snprintf(all, sizeof(all), P9 "%s", options);
	must_mount(tag, path, "9p", strstr(options, "loose") ? MS_RDONLY : 0, all);
}

/* Each line: TAG, "ro" or "rw", PATH. */
static void mount_exports(void)
{
	char tag[64], mode[8], path[PATH_MAX];
	FILE *list;

	mount_export("exdma-run", RUN_DIR, "cache=none");
	list = fopen(RUN_DIR "/mounts", "re");
	if (!list)
		fail("the host left no list of mounts");
	while (fscanf(list, "%63s %7s %4095[^\n]", tag, mode, path) == 3)
		mount_export(tag, path,
			     strcmp(mode, "rw") ? "cache=loose" : "cache=mmap");
	fclose(list);
}

static void name_host(void)
{
	static const char name[] = "exdma-vm";
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd;

	if (sethostname(name, strlen(name)))
		fail("sethostname: %m");
	/* any socket will do, and a kernel of our own has no IP */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		fail("no loopback interface: %m");
	close(fd);
}

/**
 * make_root() - go from the initramfs to the guest's own root file system
 *
 * Powers the machine off when that fails: there would be nowhere to report to.
 */
void make_root(void)
{
	load_modules();
	must_mount("exdma-root", "/lower", "9p", MS_RDONLY, P9 "cache=loose");
	must_mount("ram", "/ram", "tmpfs", 0, "mode=755,size=75%");
	mkdir("/ram/upper", 0755);
	mkdir("/ram/work", 0755);
	must_mount("root", "/new", "overlay", 0,
		   "lowerdir=/lower,upperdir=/ram/upper,workdir=/ram/work");
	change_root();
	mount_usual();
	mount_exports();
	name_host();
}
