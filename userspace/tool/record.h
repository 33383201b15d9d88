/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record.h - have the kernel record the tracepoints of the driver
 *
 * In an instance of tracefs of its own, which nobody else's tracing notices, and
 * which is gone again after record_end(). One that was left by a recorder that was
 * killed is removed by the next.
 */
#ifndef EXDMA_TOOL_RECORD_H
#define EXDMA_TOOL_RECORD_H

#include <stdio.h>

#include <exdma/exdma.h>

/**
 * struct record - a recording
 * @tracefs: where tracefs is
 * @instance: directory of the instance; empty if there is none
 */
struct record {
	char tracefs[256];
	char instance[320];
};

/**
 * record_begin() - record from now on
 * @record: filled in; record_end() is due in any case
 * @roots: where sysfs is, below which tracefs is
 * @kib: KiB of memory for each CPU; when they are full, the oldest is lost
 *
 * Return: STATUS_OK, or STATUS_FAILED after saying why.
 */
int record_begin(struct record *record, const struct exdma_roots *roots,
		 unsigned int kib);

/**
 * record_stop() - no more from now on
 *
 * Return: what was recorded, as text, to be read until it ends; NULL after saying
 * why there is none.
 */
FILE *record_stop(struct record *record);

/** record_end() - leave nothing of it in the kernel. */
void record_end(struct record *record);

#endif /* EXDMA_TOOL_RECORD_H */
