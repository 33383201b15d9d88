// SPDX-License-Identifier: GPL-2.0-only
/*
 * report.c - how the tool fails: the words on stderr
 *
 * The only place that turns an errno of a card into advice.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

static void say(const char *format, va_list args)
{
	fputs("exdma: ", stderr);
	vfprintf(stderr, format, args);
}

void report(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	fputc('\n', stderr);
}

static const char *advice(enum origin origin, int error)
{
	if (origin == ORIGIN_FILE)
		return NULL;
	switch (error) {
	case EACCES:
	case EPERM:
		return "use sudo, or join the group exdma (sudo usermod -aG exdma $USER) and log in again";
	case ENOENT:
	case ENXIO:
		return "the card or its node is not there: see exdma list";
	case EINVAL:
		return "address and length must fit the alignment of the channel: see exdma info";
	case EIO:
		return "is there memory at this address? The kernel log (dmesg) says which error the card gave";
	case ENOSPC:
		return "the card's memory ends there: see \"memory\" in exdma info";
	case ENODEV:
		return "the card is gone: see exdma list and the kernel log (dmesg)";
	case ETIMEDOUT:
		return "the DMA engine made no progress: the kernel log (dmesg) says more";
	case EBUSY:
		return "another program holds the node, or the card is being reset: try again";
	case ENOMEM:
		return "the kernel found no memory to pin: move less at a time";
	default:
		return NULL;
	}
}

int report_error(enum origin origin, int error, const char *format, ...)
{
	const char *hint = advice(origin, error);
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	fprintf(stderr, ": %s\n", strerror(error));
	if (hint)
		report("%s", hint);
	return STATUS_FAILED;
}

int report_usage(const char *command, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	fputc('\n', stderr);
	if (command)
		report("try \"exdma %s --help\"", command);
	else
		report("try \"exdma --help\"");
	return STATUS_USAGE;
}
