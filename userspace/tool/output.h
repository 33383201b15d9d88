/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * output.h - files that are made for the user
 *
 * What goes wrong is reported here, with the name.
 */
#ifndef EXDMA_TOOL_OUTPUT_H
#define EXDMA_TOOL_OUTPUT_H

#include <stdio.h>

/** output_open() - begin a file; NULL if that cannot be. */
FILE *output_open(const char *name);

/**
 * output_close() - all has been written
 *
 * Return: STATUS_OK, or STATUS_FAILED if not all of it is in the file.
 */
int output_close(FILE *out, const char *name);

#endif /* EXDMA_TOOL_OUTPUT_H */
