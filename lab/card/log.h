/* SPDX-License-Identifier: GPL-2.0-only */
/* The log file of --log. Without one, nothing is written anywhere. */
#ifndef CARD_LOG_H
#define CARD_LOG_H

/**
 * log_open() - append log lines to a file from now on
 * @path: the file; created when missing
 *
 * Return: 0, or -errno when it cannot be opened.
 */
int log_open(const char *path);

/**
 * log_line() - write one line with a time stamp
 * @fmt: printf format, without newline
 *
 * Context: any thread; one write() per line. Never call it for each posted
 * write: the reader behind a burst of them has a deadline.
 */
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
