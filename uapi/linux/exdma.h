/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * exdma - the ioctl interface of the /dev/exdma* nodes
 *
 * Rules that every call keeps:
 *
 *  - Each structure begins with @size, which the caller sets to the sizeof()
 *    it was compiled with. A newer kernel fills only what fits; an older
 *    kernel accepts a longer structure if its unknown tail is zero, and
 *    answers E2BIG if it is not. @size comes back as the number of bytes the
 *    kernel knows.
 *  - Reserved fields and unknown flags must be zero: EINVAL otherwise.
 *  - A size below the first published one is EINVAL; memory that is not there
 *    is EFAULT; a number that is not listed here is ENOTTY.
 *  - A card that has been removed answers ENODEV.
 *
 * Data does not move through ioctls: read and write do that, at a file
 * position which is the card's address in bytes.
 */
#ifndef _UAPI_LINUX_EXDMA_H
#define _UAPI_LINUX_EXDMA_H

#include <linux/ioctl.h>
#include <linux/types.h>

/** EXDMA_IOC_MAGIC - ioctl type byte; the numbers 0x00 to 0x1f are ours. */
#define EXDMA_IOC_MAGIC			0xDA

/*
 * Nodes that move no data:
 *
 * /dev/exdmaN_user, _bypass, _control are windows onto a card's BARs. The file
 * position is an offset in bytes; read and write move whole 32-bit words in the
 * host's byte order, upwards, one bus access each: EINVAL if position or count
 * is not a multiple of 4. At or after the end read returns 0 and write ENOSPC.
 * mmap (MAP_SHARED only) gives the same memory. While the card is reset all of
 * them wait, or give EAGAIN; a mapping of a card that is gone gives SIGBUS.
 * _control needs CAP_SYS_RAWIO (EPERM) and a kernel that is not locked down.
 *
 * /dev/exdmaN_eventK, K from 0 to 31 (XDMA: to 15), are interrupts of the card's own
 * logic. read of 4 bytes or more waits for an event and returns 4 bytes, a __u32: how
 * many there were since this open file was opened or last read; EINVAL for fewer.
 * write of a __u32 masks (0) or unmasks (1) the line, for everybody: EINVAL for all
 * else. See docs/windows-and-events.md.
 */

/* struct exdma_card_info.flags */
#define EXDMA_CARD_HAS_APERTURE		0x1 /* @aperture bounds transfers */

/* struct exdma_card_info.irq_mode */
#define EXDMA_IRQ_MSIX			0
#define EXDMA_IRQ_MSI			1
#define EXDMA_IRQ_INTX			2

/**
 * struct exdma_card_info - what one card is
 * @size: in: sizeof the caller's structure; out: bytes known to the kernel.
 * @flags: EXDMA_CARD_HAS_APERTURE.
 * @number: the N of /dev/exdmaN.
 * @h2c_channels: host-to-card channels, 0 to 32.
 * @c2h_channels: card-to-host channels, 0 to 32.
 * @irq_mode: EXDMA_IRQ_MSIX, EXDMA_IRQ_MSI or EXDMA_IRQ_INTX.
 * @aperture: bytes of card memory, valid with EXDMA_CARD_HAS_APERTURE, else 0.
 * @max_inflight: bytes that one channel keeps pinned at most.
 * @driver: name of the card driver, NUL-terminated.
 * @bus_id: PCI address, as in 0000:01:00.0, NUL-terminated.
 * @resets: how often the card was reset, or without power, since its driver was
 *	bound. What its memory held before may be gone.
 */
struct exdma_card_info {
	__u32 size;
	__u32 flags;
	__u32 number;
	__u32 h2c_channels;
	__u32 c2h_channels;
	__u32 irq_mode;
	__u64 aperture;
	__u64 max_inflight;
	char driver[32];
	char bus_id[32];
	__u64 resets;
};

/* struct exdma_channel_info.direction */
#define EXDMA_DIR_H2C			0
#define EXDMA_DIR_C2H			1

/* struct exdma_channel_info.flags */
#define EXDMA_CHANNEL_STREAM		0x1 /* packets, no addresses */

/**
 * struct exdma_channel_info - what one channel is
 * @size: in: sizeof the caller's structure; out: bytes known to the kernel.
 * @flags: EXDMA_CHANNEL_STREAM.
 * @direction: EXDMA_DIR_H2C or EXDMA_DIR_C2H.
 * @channel: the C of /dev/exdmaN_h2cC, 0 to 31.
 * @alignment: bytes; buffers and card addresses must be multiples of it.
 * @granularity: bytes; lengths must be multiples of it.
 * @address_bits: width of a card address, 1 to 64.
 * @max_segment: bytes, the longest piece that one descriptor moves.
 * @beat: bytes of one step of the card's datapath, 0 if unknown; what
 *	EXDMA_OPTION_FIXED has to be aligned to.
 * @reserved: 0.
 * @buffered: bytes that a stream from the card holds until they are read; 0 for
 *	other channels, and before the first open.
 */
struct exdma_channel_info {
	__u32 size;
	__u32 flags;
	__u32 direction;
	__u32 channel;
	__u32 alignment;
	__u32 granularity;
	__u32 address_bits;
	__u32 max_segment;
	__u32 beat;
	__u32 reserved;
	__u64 buffered;
};

/* struct exdma_options.flags; one of them at most */
#define EXDMA_OPTION_FIXED		0x1 /* the card's address does not advance */
#define EXDMA_OPTION_WHOLE		0x2 /* a read takes no part of a packet */
#define EXDMA_OPTION_BYTES		0x4 /* a stream of bytes: packets mean nothing */

/* struct exdma_options.dispatch */
#define EXDMA_DISPATCH_PARALLEL		0
#define EXDMA_DISPATCH_SEQUENTIAL	1

/* struct exdma_options.completion_cpu */
#define EXDMA_CPU_ANY			(-1)

/**
 * struct exdma_options - how the requests of one open file are treated
 *
 * They belong to the open file: descriptors made by dup() or fork() share
 * them. A change holds for calls made after it.
 *
 * @size: in: sizeof the caller's structure; out: bytes known to the kernel.
 * @flags: EXDMA_OPTION_FIXED: all data goes to, or comes from, one card address,
 *	as a FIFO wants it; for memory-mapped channels. Memory, length and card
 *	address are multiples of &struct exdma_channel_info.beat. The file
 *	position does not move. A transfer that an error or a reset has torn is
 *	not run again: EIO.
 *	EXDMA_OPTION_WHOLE: a packet that is longer than the read is left where it
 *	is, EMSGSIZE; for streams from the card. Without it, the next read gets
 *	the rest.
 *	EXDMA_OPTION_BYTES: a read returns what is there, of one packet or of
 *	several; a write does not end a packet. For streams.
 * @dispatch: EXDMA_DISPATCH_PARALLEL: nothing waits for anything.
 *	EXDMA_DISPATCH_SEQUENTIAL: a request starts only when all requests made
 *	before it on this open file have completed, whatever their channels. A
 *	new file has what the module parameter dispatch= says.
 * @completion_cpu: the CPU on which asynchronous requests are completed, or
 *	EXDMA_CPU_ANY: where the interrupt of the channel goes, which is also
 *	what happens while that CPU is offline.
 * @timeout_ms: milliseconds, 10 to 3600000: how long the engine may stand still
 *	at a request of this file before it is stopped and, once, run again; 0:
 *	as long as the module parameter timeout_ms says; a stream to the card for
 *	ever, or so long after the program was killed.
 * @reserved: 0.
 */
struct exdma_options {
	__u32 size;
	__u32 flags;
	__u32 dispatch;
	__s32 completion_cpu;
	__u32 timeout_ms;
	__u32 reserved;
};

/**
 * struct exdma_eventfd - where an open file of an event sends its events
 * @size: in: sizeof the caller's structure; out: bytes known to the kernel.
 * @flags: reserved, 0.
 * @fd: of an eventfd, or -1 for none any more.
 * @reserved: 0.
 */
struct exdma_eventfd {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u32 reserved;
};

/**
 * EXDMA_IOC_CARD_INFO - describe the card behind any node.
 *
 * Return: 0, or -1 with EFAULT, EINVAL, E2BIG, ENODEV.
 */
#define EXDMA_IOC_CARD_INFO	_IOWR(EXDMA_IOC_MAGIC, 0x00, struct exdma_card_info)

/**
 * EXDMA_IOC_CHANNEL_INFO - describe the channel behind a channel node.
 *
 * Return: 0, or -1 with EFAULT, EINVAL, E2BIG, ENODEV; ENOTTY on /dev/exdmaN.
 */
#define EXDMA_IOC_CHANNEL_INFO	_IOWR(EXDMA_IOC_MAGIC, 0x01, struct exdma_channel_info)

/**
 * EXDMA_IOC_GET_OPTIONS - how requests of this open file are treated.
 *
 * Return: 0, or -1 with EFAULT, EINVAL, E2BIG, ENODEV.
 */
#define EXDMA_IOC_GET_OPTIONS	_IOWR(EXDMA_IOC_MAGIC, 0x02, struct exdma_options)

/**
 * EXDMA_IOC_SET_OPTIONS - change that; all fields are taken.
 *
 * Return: 0, or -1 with EFAULT; EINVAL for an unknown flag or dispatch, a flag
 * that is not for this node, a CPU
 * that is not online or a timeout out of range; E2BIG, ENODEV. Nothing has
 * changed then.
 */
#define EXDMA_IOC_SET_OPTIONS	_IOWR(EXDMA_IOC_MAGIC, 0x03, struct exdma_options)

/**
 * EXDMA_IOC_BARRIER - the next request of this open file is a barrier: it starts
 * when all before it have completed, and those after it start when it has.
 *
 * The same is said of a single request by RWF_DSYNC (preadv2(), pwritev2(),
 * libaio, io_uring), and of all of them by O_DSYNC. Does not wait.
 *
 * Return: 0, or -1 with ENODEV.
 */
#define EXDMA_IOC_BARRIER	_IO(EXDMA_IOC_MAGIC, 0x04)

/**
 * EXDMA_IOC_RESET - reset the card behind any node, which is open for writing.
 *
 * The engines are stopped, the function is reset (PCI Express: function level
 * reset) and set up anew. Requests of all files are kept: those that had begun
 * are run again from their first byte, and no other call notices more than the
 * time. What the reset does to the card's memory and logic is up to its design;
 * &struct exdma_card_info.resets tells other programs. Returns when the card
 * is ready again.
 *
 * Return: 0, or -1 with EBADF if the file is not open for writing; EBUSY while
 * somebody else resets the card or has suspended it; EOPNOTSUPP: this card
 * cannot be reset by itself; EINTR: killed, nothing was done; ENODEV: the card
 * is gone, also because it did not come back from this.
 */
#define EXDMA_IOC_RESET		_IO(EXDMA_IOC_MAGIC, 0x05)

/**
 * EXDMA_IOC_SET_EVENTFD - have an eventfd count the events of /dev/exdmaN_eventK
 *
 * From now on 1 is added to it for each event, beside what the open file itself
 * counts for read(). One for each open file: it takes the place of the one
 * before, which hears nothing any more when this has returned. That the card is
 * gone is not told by it, but by poll() of the node.
 *
 * Return: 0, or -1 with EFAULT; EINVAL for an unknown flag, a file that is no
 * eventfd, or a number below -1; EBADF for one that is not open; E2BIG, ENODEV;
 * ENOTTY on other nodes. Nothing has changed then.
 */
#define EXDMA_IOC_SET_EVENTFD	_IOWR(EXDMA_IOC_MAGIC, 0x10, struct exdma_eventfd)

#endif /* _UAPI_LINUX_EXDMA_H */
