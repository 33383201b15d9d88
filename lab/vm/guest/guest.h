/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the guest's first program share. */
#ifndef EXDMA_VM_GUEST_H
#define EXDMA_VM_GUEST_H

#include <stdbool.h>
#include <stddef.h>

/* Where the host's run directory is mounted: it leaves its wishes there. */
#define RUN_DIR "/run/exdma"

/* Status when the machine is up but the command could not be started. */
#define STATUS_NO_COMMAND 125

/* init.c */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fail(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));
void power_off(void) __attribute__((noreturn));

/* root.c */
void make_root(void);

/* devices.c */
void start_udev(void);
void settle_devices(void);

/* command.c */
char **read_words(const char *path);
int run_command(void);

/* leaks.c */
void find_leaks(void);

#endif
