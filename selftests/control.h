/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The host of the virtual machine, who can be asked to do things to it; what,
 * says lab/vm/README.md.
 */
#ifndef SELFTESTS_CONTROL_H
#define SELFTESTS_CONTROL_H

#include <stdbool.h>

/* Return: a descriptor, or -1 if there is no host that could be asked. */
int control_open(void);

/* Asks, and waits until it is done. Return: false if it was not; says why. */
bool control_ask(int control, const char *request);

#endif /* SELFTESTS_CONTROL_H */
