/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * files.h - small files by a path that is put together
 *
 * Knows lines, numbers, links and directories; nothing of what they mean.
 */
#ifndef EXDMA_TOOL_FILES_H
#define EXDMA_TOOL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * file_exists() - is there anything at this path?
 * @format: the path, as printf(3)
 */
bool file_exists(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/**
 * file_line() - the first line of a file
 * @line: receives it without its newline; empty if there is none
 * @size: bytes at @line; what does not fit is left out
 * @format: the path, as printf(3)
 *
 * Return: is there such a file, and could it be read?
 */
bool file_line(char *line, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * file_number() - the number that a file holds, decimal or 0x
 * @value: receives it; 0 if there is none
 * @format: the path, as printf(3)
 *
 * Return: is there one?
 */
bool file_number(uint64_t *value, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * file_bytes() - the beginning of a file
 * @buf: receives it
 * @size: bytes at @buf
 * @format: the path, as printf(3)
 *
 * Return: bytes that came; 0 if there is no file, or it may not be read.
 */
size_t file_bytes(void *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * file_put() - write a text into a file that is there
 * @text: all of it, in one call
 * @format: the path, as printf(3)
 *
 * Return: 0, or -1 and errno.
 */
int file_put(const char *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * file_link() - the last component of what a link points to
 * @name: receives it; empty if there is no such link
 * @size: bytes at @name
 * @format: the path, as printf(3)
 *
 * Return: is there one?
 */
bool file_link(char *name, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * file_each() - visit the names in a directory, in alphabetical order
 * @visit: called for each but those that begin with a dot; a return other than
 *	   0 ends the walk
 * @context: handed to @visit
 * @format: the path, as printf(3)
 *
 * Return: how many were visited; -1 if the directory cannot be read.
 */
int file_each(int (*visit)(void *context, const char *name), void *context,
	      const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif /* EXDMA_TOOL_FILES_H */
