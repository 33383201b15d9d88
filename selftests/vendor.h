/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a program for AMD's driver knows of it: nodes, numbers and layouts, written
 * down here once more, as such a program has them.
 */
#ifndef SELFTESTS_VENDOR_H
#define SELFTESTS_VENDOR_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "card.h"

#define CARD_DRIVER	"exdma_xdma"	/* the one that has such nodes */
#define PARAMETER(name)	"/sys/module/" CARD_DRIVER "/parameters/" name

struct perf {
	uint32_t version, transfer_size, stopped, iterations;
	uint64_t cycles, beats, pending;
};

struct aperture {
	uint64_t addr;
	unsigned int aperture;
	unsigned long buffer, len;
	int error;
	unsigned long done;
};

struct info {
	uint32_t magic, command;
	uint16_t vendor, device, subsystem_vendor, subsystem_device;
	uint32_t engine_version, driver_version;
	uint64_t feature_id;
	uint16_t domain;
	uint8_t bus, slot, function;
};

#define PERF_START	_IOW('q', 1, struct perf *)
#define PERF_STOP	_IOW('q', 2, struct perf *)
#define PERF_GET	_IOR('q', 3, struct perf *)
#define ADDRMODE_SET	_IOW('q', 4, int)
#define ADDRMODE_GET	_IOR('q', 5, int)
#define ALIGN_GET	_IOR('q', 6, int)
#define APERTURE_R	_IOW('q', 7, struct aperture *)
#define APERTURE_W	_IOW('q', 8, struct aperture *)
#define SUBMIT_R	_IOW('q', 9, void *)
#define INFO		_IOWR('x', 1, struct info)
#define OFFLINE		_IO('x', 2)
#define ONLINE		_IO('x', 3)
#define INFO_MAGIC	0x586c0c6c

#define IOCTL(...)	result(ioctl(__VA_ARGS__))

static inline int vendor_open(const struct card *card, const char *part, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/xdma%d_%s", card->number, part);
	return open(path, flags | O_CLOEXEC);
}

#endif /* SELFTESTS_VENDOR_H */
