/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma_xdma - what AMD's driver for the IP ("xdma") promises to programs
 *
 * Numbers and layouts as programs for it have them compiled in, natural
 * alignment; for programs of the same word size as the kernel, as there.
 */
#ifndef EXDMA_XDMA_AMD_H
#define EXDMA_XDMA_AMD_H

#include <linux/build_bug.h>
#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * Channels. The number of those that take a struct was made from the size of a
 * pointer to it.
 */
#define AMD_PERF_START		_IOW('q', 1, void *)
#define AMD_PERF_STOP		_IOW('q', 2, void *)
#define AMD_PERF_GET		_IOR('q', 3, void *)
#define AMD_ADDRMODE_SET	_IOW('q', 4, int)
#define AMD_ADDRMODE_GET	_IOR('q', 5, int)
#define AMD_ALIGN_GET		_IOR('q', 6, int)
#define AMD_APERTURE_R		_IOW('q', 7, void *)
#define AMD_APERTURE_W		_IOW('q', 8, void *)

#define AMD_PERF_V1		1

/**
 * struct amd_perf - a measurement
 * @version: AMD_PERF_V1.
 * @transfer_size: bytes of the transfers that START makes there; none here.
 * @stopped: never set.
 * @iterations: how many of these transfers there were.
 * @cycles: of the datapath's clock.
 * @beats: of these, with data.
 * @pending: of a counter that PG195 does not know.
 */
struct amd_perf {
	u32 version;
	u32 transfer_size;
	u32 stopped;
	u32 iterations;
	u64 cycles;
	u64 beats;
	u64 pending;
};

static_assert(sizeof(struct amd_perf) == 40);

/**
 * struct amd_aperture - a transfer that goes round and round in a piece of memory
 * @card_addr: where the piece begins.
 * @aperture: how long it is.
 * @buffer: user memory.
 * @len: bytes to move.
 * @error: out: 0 or -errno.
 * @done: out: bytes moved, if there was no error.
 */
struct amd_aperture {
	u64 card_addr;
	unsigned int aperture;
	unsigned long buffer;
	unsigned long len;
	int error;
	unsigned long done;
};

#ifdef CONFIG_64BIT
static_assert(sizeof(struct amd_aperture) == 48);
#endif

/* The control and the user window */
#define AMD_INFO		_IOWR('x', 1, struct amd_info)
#define AMD_OFFLINE		_IO('x', 2)
#define AMD_ONLINE		_IO('x', 3)

#define AMD_INFO_MAGIC		0x586c0c6c

/**
 * struct amd_info - what card this is
 * @magic: in: AMD_INFO_MAGIC; out: 0.
 * @command: in: nobody looks at it; out: 0.
 * @engine_version: 0, also there.
 * @driver_version: of AMD's driver; 0.
 * @feature_id: of one vendor's cards; 0.
 * @domain: PCI address.
 */
struct amd_info {
	u32 magic;
	u32 command;
	u16 vendor;
	u16 device;
	u16 subsystem_vendor;
	u16 subsystem_device;
	u32 engine_version;
	u32 driver_version;
	u64 feature_id;
	u16 domain;
	u8 bus;
	u8 slot;
	u8 function;
	u8 unused[3];
};

static_assert(sizeof(struct amd_info) == 40);

#endif /* EXDMA_XDMA_AMD_H */
