// SPDX-License-Identifier: GPL-2.0-only
/*
 * record.c - have the kernel record the tracepoints of the driver
 *
 * Facts: Documentation/trace/ftrace.rst. The directory of an instance comes with
 * all its files, and rmdir takes them all away.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "record.h"
#include "report.h"

#define PREFIX	"exdma-trace-"

/* named by the process that made it: if that is no more, nobody needs it */
static int visit_instance(void *context, const char *name)
{
	const struct record *record = context;
	char path[512];
	char *end;
	long pid;

	if (strncmp(name, PREFIX, strlen(PREFIX)))
		return 0;
	pid = strtol(name + strlen(PREFIX), &end, 10);
	if (*end || pid <= 0 || !kill(pid, 0) || errno != ESRCH)
		return 0;
	snprintf(path, sizeof(path), "%s/instances/%s", record->tracefs, name);
	rmdir(path);
	return 0;
}

static int put(const struct record *record, const char *file, const char *text)
{
	if (!file_put(text, "%s/%s", record->instance, file))
		return STATUS_OK;
	return report_error(ORIGIN_FILE, errno, "cannot write %s/%s",
			    record->instance, file);
}

/* where it is mounted, or mounted now */
static int find_tracefs(struct record *record, const char *sysfs)
{
	snprintf(record->tracefs, sizeof(record->tracefs), "%s/kernel/tracing",
		 sysfs);
	if (!file_exists("%s/instances", record->tracefs))
		mount("tracefs", record->tracefs, "tracefs", 0, NULL);
	if (file_exists("%s/instances", record->tracefs))
		return STATUS_OK;
	report("cannot record: %s is not there, or not for you", record->tracefs);
	report(geteuid() ? "recording needs root: use sudo" :
			   "is the kernel built with tracing? Else: mount -t tracefs nodev /sys/kernel/tracing");
	return STATUS_FAILED;
}

int record_begin(struct record *record, const struct exdma_roots *roots,
		 unsigned int kib)
{
	char text[16];

	memset(record, 0, sizeof(*record));
	if (find_tracefs(record, roots->sysfs ? roots->sysfs : "/sys"))
		return STATUS_FAILED;
	file_each(visit_instance, record, "%s/instances", record->tracefs);
	if (!file_exists("%s/events/exdma", record->tracefs)) {
		report("cannot record: the driver is not loaded (sudo modprobe exdma_xdma), or was built without tracepoints");
		return STATUS_FAILED;
	}
	snprintf(record->instance, sizeof(record->instance),
		 "%s/instances/" PREFIX "%d", record->tracefs, getpid());
	if (mkdir(record->instance, 0700)) {
		report_error(ORIGIN_FILE, errno, "cannot make %s",
			     record->instance);
		record->instance[0] = '\0';
		return STATUS_FAILED;
	}
	snprintf(text, sizeof(text), "%u", kib);
	/* one clock for all CPUs, so that their events are in order */
	if (put(record, "trace_clock", "mono") ||
	    put(record, "buffer_size_kb", text) ||
	    put(record, "events/exdma/enable", "1"))
		return STATUS_FAILED;
	return STATUS_OK;
}

FILE *record_stop(struct record *record)
{
	char path[384];
	FILE *file;

	if (put(record, "tracing_on", "0"))
		return NULL;
	snprintf(path, sizeof(path), "%s/trace", record->instance);
	file = fopen(path, "re");
	if (!file)
		report_error(ORIGIN_FILE, errno, "cannot read %s", path);
	return file;
}

void record_end(struct record *record)
{
	if (!*record->instance)
		return;
	file_put("0", "%s/events/enable", record->instance);
	if (rmdir(record->instance))
		report_error(ORIGIN_FILE, errno, "cannot remove %s",
			     record->instance);
	record->instance[0] = '\0';
}
