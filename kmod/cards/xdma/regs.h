/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma_xdma - registers and descriptors of the XDMA IP
 *
 * AMD product guide PG195, "DMA/Bridge Subsystem for PCI Express", DMA mode.
 * All registers are 32 bits wide, little-endian, at offsets of the DMA BAR:
 * target in bits 15:12, channel in 11:8, register in 7:0.
 */
#ifndef EXDMA_XDMA_REGS_H
#define EXDMA_XDMA_REGS_H

#include <linux/bits.h>
#include <linux/types.h>

#define XDMA_BAR_BYTES		0x10000
#define XDMA_BAR_MIN_BYTES	0x8000	/* what some integrators cut it to */
#define XDMA_MAX_CHANNELS	4	/* of each direction */
#define XDMA_MAX_USERS		16	/* interrupt lines of the user's logic */

/* Targets */
#define XDMA_H2C(ch)		(0x0000 + (ch) * 0x100)
#define XDMA_C2H(ch)		(0x1000 + (ch) * 0x100)
#define XDMA_IRQ		0x2000
#define XDMA_CONFIG		0x3000
#define XDMA_H2C_SGDMA(ch)	(0x4000 + (ch) * 0x100)
#define XDMA_C2H_SGDMA(ch)	(0x5000 + (ch) * 0x100)
#define XDMA_SGDMA_COMMON	0x6000

/* Identifier, offset 0 of each block */
#define XDMA_ID			0x00
#define XDMA_ID_BLOCK		GENMASK(31, 16)
#define XDMA_ID_STREAM		BIT(15)
#define XDMA_ID_CHANNEL		GENMASK(11, 8)
#define XDMA_BLOCK_H2C		0x1fc0
#define XDMA_BLOCK_C2H		0x1fc1
#define XDMA_BLOCK_IRQ		0x1fc2
#define XDMA_BLOCK_CONFIG	0x1fc3

/* Channel: H2C/C2H-Channel-* pages */
#define XDMA_CONTROL		0x04
#define XDMA_CONTROL_W1C	0x0c
#define XDMA_STATUS		0x40
#define XDMA_STATUS_RC		0x44	/* the same; reading clears it */
#define XDMA_COUNT		0x48	/* descriptors completed since Run rose */
#define XDMA_ALIGNMENTS		0x4c
#define XDMA_WRITEBACK_LO	0x88
#define XDMA_WRITEBACK_HI	0x8c
#define XDMA_IRQ_MASK		0x90

#define XDMA_PERF		0xc0	/* performance monitor control */
#define XDMA_PERF_CYCLES_LO	0xc4
#define XDMA_PERF_CYCLES_HI	0xc8
#define XDMA_PERF_BEATS_LO	0xcc
#define XDMA_PERF_BEATS_HI	0xd0

/* Not bit 0, with which the counters cover one run, the last */
#define XDMA_PERF_CLEAR		BIT(1)
#define XDMA_PERF_RUN		BIT(2)
#define XDMA_PERF_HI_COUNT	GENMASK(9, 0)
#define XDMA_PERF_HI_FULL	BIT(16)

#define XDMA_CONFIG_WIDTH	0x18	/* Config-Block: datapath, 64 bit << n */
#define XDMA_CONFIG_WIDTH_LOG	GENMASK(2, 0)

#define XDMA_CTRL_RUN		BIT(0)
#define XDMA_CTRL_NON_INC	BIT(25)
#define XDMA_CTRL_WRITEBACK	BIT(26)

/* Status; the same bits of Control enable it, of the mask let it interrupt */
#define XDMA_ST_BUSY		BIT(0)
#define XDMA_ST_STOPPED		BIT(1)
#define XDMA_ST_COMPLETED	BIT(2)
#define XDMA_ST_ALIGN		BIT(3)
#define XDMA_ST_MAGIC		BIT(4)
#define XDMA_ST_LENGTH		BIT(5)
#define XDMA_ST_READ_ERR	GENMASK(13, 9)
/* H2C; reserved in PG195 for C2H, where the in-tree driver sets it, too */
#define XDMA_ST_WRITE_ERR	GENMASK(18, 14)
#define XDMA_ST_DESC_ERR	GENMASK(23, 19)
#define XDMA_ST_ERRORS		(XDMA_ST_ALIGN | XDMA_ST_MAGIC | XDMA_ST_LENGTH | \
				 XDMA_ST_READ_ERR | XDMA_ST_WRITE_ERR | \
				 XDMA_ST_DESC_ERR)

/* Alignments */
#define XDMA_ALIGN_ADDRESS	GENMASK(23, 16)
#define XDMA_ALIGN_LENGTH	GENMASK(15, 8)
#define XDMA_ALIGN_BITS		GENMASK(7, 0)

/* SGDMA: first descriptor */
#define XDMA_FIRST_LO		0x80
#define XDMA_FIRST_HI		0x84
#define XDMA_FIRST_ADJ		0x88
#define XDMA_CREDITS		0x8c	/* a write adds; gone when Run falls */

/* SGDMA common: with credits on, no more descriptors are fetched than were given */
#define XDMA_CREDITS_ON		0x20
#define XDMA_CREDITS_ON_W1S	0x24
#define XDMA_CREDITS_ON_W1C	0x28
#define XDMA_CREDITS_H2C(ch)	BIT(ch)
#define XDMA_CREDITS_C2H(ch)	BIT(16 + (ch))
#define XDMA_CREDITS_ALL	(GENMASK(19, 16) | GENMASK(3, 0))

/* IRQ block: IRQ-Block-* pages */
#define XDMA_IRQ_USER		0x04
#define XDMA_IRQ_USER_W1S	0x08
#define XDMA_IRQ_USER_W1C	0x0c
#define XDMA_IRQ_CHANNEL_W1S	0x14
#define XDMA_IRQ_CHANNEL_W1C	0x18
#define XDMA_IRQ_USER_REQ	0x40	/* line and enable */
#define XDMA_IRQ_CHANNEL_REQ	0x44
#define XDMA_IRQ_USER_PENDING	0x48	/* line */
#define XDMA_IRQ_USER_VECTORS	0x80	/* four lines in a word */
#define XDMA_IRQ_VECTORS	0xa0	/* four channels in a word */
#define XDMA_IRQ_ALL_CHANNELS	GENMASK(7, 0)
#define XDMA_IRQ_ALL_USERS	GENMASK(15, 0)

/* Poll-mode writeback word */
#define XDMA_WB_COUNT		GENMASK(23, 0)
#define XDMA_WB_ERROR		BIT(31)

/* What a read returns when nobody answers */
#define XDMA_GONE		(~0u)

/**
 * struct xdma_desc - descriptor, 32 bytes, 32-byte aligned
 * @control: XDMA_DESC_*.
 * @bytes: length, bits 27:0.
 * @src_lo: source address: host for H2C, card for C2H.
 * @dst_lo: destination address.
 * @next_lo: address of the next descriptor.
 */
struct xdma_desc {
	__le32 control;
	__le32 bytes;
	__le32 src_lo;
	__le32 src_hi;
	__le32 dst_lo;
	__le32 dst_hi;
	__le32 next_lo;
	__le32 next_hi;
};

#define XDMA_DESC_MAGIC		(0xad4bu << 16)
#define XDMA_DESC_STOP		BIT(0)
#define XDMA_DESC_COMPLETED	BIT(1)
#define XDMA_DESC_EOP		BIT(4)
#define XDMA_DESC_NXT_ADJ	GENMASK(13, 8)
#define XDMA_DESC_MAX_BYTES	GENMASK(27, 0)
/* The engine fetches a block of up to 64; none may cross 4 KiB. */
#define XDMA_BLOCK_DESCS	64u

/**
 * struct xdma_result - what the engine writes about a descriptor of a C2H stream
 * @control: XDMA_RESULT_*.
 * @bytes: how much it has written.
 */
struct xdma_result {
	__le32 control;
	__le32 bytes;
};

#define XDMA_RESULT_MAGIC	GENMASK(31, 16)
#define XDMA_RESULT_IS_ONE	0x52b4
#define XDMA_RESULT_EOP		BIT(0)

#endif /* EXDMA_XDMA_REGS_H */
