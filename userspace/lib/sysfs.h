/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sysfs.h - read one attribute, one number, one link
 *
 * Knows files of one line and nothing of cards. Inside the library only.
 */
#ifndef EXDMA_LIB_SYSFS_H
#define EXDMA_LIB_SYSFS_H

#include <stddef.h>
#include <stdint.h>

/**
 * sysfs_string() - read the first line of @dir/@name
 * @dir: a directory
 * @name: an attribute below it
 * @value: receives the line without its newline, NUL-terminated
 * @size: bytes at @value, at least 1
 *
 * Return: 0, or -1 with errno of open(2) or read(2); EOVERFLOW if the line
 * does not fit.
 */
int sysfs_string(const char *dir, const char *name, char *value, size_t size);

/**
 * sysfs_number() - read @dir/@name as an unsigned number, decimal or 0x hex
 *
 * Return: 0, or -1 with errno as sysfs_string(); EINVAL if it is no number.
 */
int sysfs_number(const char *dir, const char *name, uint64_t *value);

/**
 * sysfs_link() - last component of what the link @dir/@name points to
 *
 * Return: 0, or -1 with errno of readlink(2); EOVERFLOW if it does not fit.
 */
int sysfs_link(const char *dir, const char *name, char *value, size_t size);

#endif /* EXDMA_LIB_SYSFS_H */
