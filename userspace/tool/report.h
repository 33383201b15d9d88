/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report.h - how the tool fails: exit status and the words on stderr
 */
#ifndef EXDMA_TOOL_REPORT_H
#define EXDMA_TOOL_REPORT_H

/* The exit status of the tool; exdma(1) documents them. */
enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1,	/* something did not work */
	STATUS_USAGE = 2,	/* the command line makes no sense */
	STATUS_WRONG = 3,	/* data came back different */
	STATUS_WARNINGS = 4,	/* of doctor: something is not as it could be */
	STATUS_ERRORS = 5,	/* of doctor: a card cannot be used */
};

/* Where an errno came from: it decides which advice helps. */
enum origin {
	ORIGIN_FILE,
	ORIGIN_CARD,
};

/**
 * report() - one line on stderr, "exdma: " before it
 * @format: as printf(3), without a newline
 */
void report(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * report_error() - what failed, why, and what to do
 * @origin: a file, or a card
 * @error: an errno
 * @format: what failed, as printf(3)
 *
 * Advice follows on a second line where there is any.
 *
 * Return: STATUS_FAILED, so that a caller can return it.
 */
int report_error(enum origin origin, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * report_usage() - the command line makes no sense
 * @command: name of the command, or NULL
 * @format: what is wrong, as printf(3)
 *
 * Return: STATUS_USAGE.
 */
int report_usage(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* EXDMA_TOOL_REPORT_H */
