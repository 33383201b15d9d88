/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * commands.h - the words behind "exdma"; one file each
 */
#ifndef EXDMA_TOOL_COMMANDS_H
#define EXDMA_TOOL_COMMANDS_H

#include "options.h"

extern const struct command command_list;
extern const struct command command_info;
extern const struct command command_read;
extern const struct command command_write;
extern const struct command command_copy;
extern const struct command command_bench;
extern const struct command command_test;
extern const struct command command_doctor;
extern const struct command command_top;
extern const struct command command_trace;
extern const struct command command_watch;
extern const struct command command_reset;

#endif /* EXDMA_TOOL_COMMANDS_H */
