// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine and the process that a test is in; see machine.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "machine.h"

bool get_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return false;
	got = read(fd, text, size - 1);
	close(fd);
	if (got < 0)
		return false;
	text[got] = 0;
	text[strcspn(text, "\n")] = 0;
	return true;
}

int put_text(const char *path, const char *text)
{
	return put_text_by(path, 0, text);
}

int put_text_by(const char *path, int flags, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

void *memory(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

bool wait_in_call(pid_t thread, long call)
{
	struct patience p = patience(PATIENCE_BEATS);
	char path[64], text[256];
	long nr;

	/* of a thread that runs it says just that */
	snprintf(path, sizeof(path), "/proc/%d/syscall", thread);
	do {
		if (get_text(path, text, sizeof(text)) && sscanf(text, "%ld", &nr) == 1 &&
		    nr == call)
			return true;
	} while (patient(&p));
	return false;
}

bool is_asleep(pid_t thread)
{
	char path[64], text[512], state;

	snprintf(path, sizeof(path), "/proc/%d/stat", thread);
	return get_text(path, text, sizeof(text)) &&
	       sscanf(text, "%*d (%*[^)]) %c", &state) == 1 && (state == 'S' || state == 'D');
}

int kernel_log(void)
{
	int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (log >= 0)
		lseek(log, 0, SEEK_END);
	return log;
}

bool kernel_says(int log, const char *text)
{
	char record[8192];
	bool found = false;
	ssize_t len;

	/* EPIPE: older ones were overwritten meanwhile */
	while ((len = read(log, record, sizeof(record) - 1)) > 0 || (len < 0 && errno == EPIPE)) {
		record[len > 0 ? len : 0] = 0;
		found = found || strstr(record, text);
	}
	return found;
}

bool kernel_counts_lines(void)
{
	return !access("/sys/kernel/debug/gcov", F_OK);
}

int map_error(int fd, size_t len, int prot, int flags, uint64_t offset)
{
	void *p = mmap(NULL, len, prot, flags, fd, offset);

	if (p == MAP_FAILED)
		return errno;
	munmap(p, len);
	return 0;
}

long result(long ret)
{
	return ret < 0 ? -errno : ret;
}

bool drop_capability(unsigned int cap)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return false;
	data[cap / 32].effective &= ~(1u << cap % 32);
	return !syscall(SYS_capset, &head, data);
}

static __thread sigjmp_buf fault_return;

static void on_fault(int signal)
{
	siglongjmp(fault_return, signal);
}

int touch(const volatile uint32_t *word, uint32_t *value)
{
	struct sigaction catch = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };
	int signal;

	sigaction(SIGBUS, &catch, NULL);
	sigaction(SIGSEGV, &catch, NULL);
	signal = sigsetjmp(fault_return, 0);
	if (!signal)
		*value = *word;
	return signal;
}
