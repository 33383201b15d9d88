// SPDX-License-Identifier: GPL-2.0-only
/*
 * output.c - files that are made for the user
 */
#include <errno.h>
#include <stdbool.h>

#include "output.h"
#include "report.h"

FILE *output_open(const char *name)
{
	FILE *out = fopen(name, "we");

	if (!out)
		report_error(ORIGIN_FILE, errno, "cannot write %s", name);
	return out;
}

int output_close(FILE *out, const char *name)
{
	bool bad = ferror(out);

	errno = 0;
	if (!fclose(out) && !bad)
		return STATUS_OK;
	return report_error(ORIGIN_FILE, errno ? errno : EIO, "cannot write %s",
			    name);
}
