/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * signals.h - signals that end a command, as something to poll for
 *
 * What must be put back when a command ends, it puts back itself: no handler
 * runs at any other moment.
 */
#ifndef EXDMA_TOOL_SIGNALS_H
#define EXDMA_TOOL_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * signals_open() - take SIGINT, SIGTERM, SIGHUP and SIGQUIT from now on
 * @screen: and what is of interest to who draws: SIGWINCH and SIGTSTP
 *
 * Those that are ignored, as under nohup(1), remain so.
 *
 * Return: a descriptor to poll, or -1 and errno.
 */
int signals_open(bool screen);

/** signals_take() - a signal that came, or 0 if none did. */
int signals_take(int fd);

/**
 * signals_write() - write; a signal ends the wait for who reads, who may have stopped to
 * @fd: of signals_open(); the signal is left there
 * @to: where to
 *
 * Return: 0, or -1 and errno of write(2).
 */
int signals_write(int fd, int to, const char *text, size_t size);

/** signals_close() - signals do again what they did before; fd may be -1. */
void signals_close(int fd);

/** signals_restore() - for a child, between fork() and exec(). */
void signals_restore(void);

/** signals_die() - end as the signal would have done; does not return. */
void signals_die(int signal) __attribute__((noreturn));

#endif /* EXDMA_TOOL_SIGNALS_H */
