// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor.c - run all checks, keep what they found
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "files.h"

/* In the order in which things must be right for the next to be. */
static void (*const checks[])(struct doctor *doctor) = {
	check_modules,
	check_dkms,
	check_devices,
	check_rivals,
	check_cards,
	check_access,
	check_counters,
};

void doctor_found(struct doctor *doctor, enum level level, const char *id,
		  const char *subject, const char *format, ...)
{
	struct finding *more;
	va_list args;
	int len;

	more = reallocarray(doctor->finding, doctor->count + 1, sizeof(*more));
	if (!more) {
		doctor->no_memory = true;
		return;
	}
	doctor->finding = more;
	more += doctor->count++;
	*more = (struct finding) {
		.level = level,
		.id = id,
		.subject = strdup(subject),
	};
	va_start(args, format);
	len = vasprintf(&more->text, format, args);
	va_end(args);
	if (len < 0)
		more->text = NULL;
	if (!more->subject || !more->text)
		doctor->no_memory = true;
}

void doctor_advise(struct doctor *doctor, const char *format, ...)
{
	struct finding *last;
	char *line, *both;
	va_list args;
	int len;

	if (doctor->no_memory)
		return;
	last = &doctor->finding[doctor->count - 1];
	va_start(args, format);
	len = vasprintf(&line, format, args);
	va_end(args);
	if (len < 0) {
		doctor->no_memory = true;
		return;
	}
	if (!last->advice) {
		last->advice = line;
		return;
	}
	len = asprintf(&both, "%s\n%s", last->advice, line);
	free(line);
	if (len < 0) {
		doctor->no_memory = true;
		return;
	}
	free(last->advice);
	last->advice = both;
}

size_t doctor_count(const struct doctor *doctor, enum level level)
{
	size_t count = 0;

	for (size_t i = 0; i < doctor->count; i++)
		count += doctor->finding[i].level == level;
	return count;
}

int doctor_run(struct doctor *doctor)
{
	doctor->sysfs = doctor->roots->sysfs ? doctor->roots->sysfs : "/sys";
	doctor->dev = doctor->roots->dev ? doctor->roots->dev : "/dev";
	if (!file_exists("%s/bus/pci/devices", doctor->sysfs) ||
	    uname(&doctor->kernel))
		return -1;
	doctor->cards = exdma_cards_new(doctor->roots);
	if (!doctor->cards && errno != ENOENT)
		return -1;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](doctor);
	if (doctor->no_memory)
		errno = ENOMEM;
	return doctor->no_memory ? -1 : 0;
}

void doctor_free(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->count; i++) {
		free(doctor->finding[i].subject);
		free(doctor->finding[i].text);
		free(doctor->finding[i].advice);
	}
	free(doctor->finding);
	exdma_cards_free(doctor->cards);
}
