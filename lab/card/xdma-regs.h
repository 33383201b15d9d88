/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The XDMA IP's register map and descriptor format, as PG195 has them.
 * Names and numbers only.
 */
#ifndef CARD_XDMA_REGS_H
#define CARD_XDMA_REGS_H

#include "util.h"

/* DMA BAR: offset = target[15:12] | channel[11:8] | byte[7:0] */
#define XDMA_BAR_SIZE		0x10000u
#define XDMA_TARGET(off)	(((off) >> 12) & 0xf)
#define XDMA_CHANNEL(off)	(((off) >> 8) & 0xf)
#define XDMA_BYTE(off)		((off) & 0xff)

#define T_H2C			0x0
#define T_C2H			0x1
#define T_IRQ			0x2
#define T_CONFIG		0x3
#define T_H2C_SG		0x4
#define T_C2H_SG		0x5
#define T_SG_COMMON		0x6
#define T_MSIX			0x8

/* identifier: 0x1FC, target, stream bit, channel, version */
#define ID_SUBSYSTEM		(0x1fcu << 20)
#define ID_TARGET(t)		((uint32_t)(t) << 16)
#define ID_STREAM		BIT(15)
#define ID_CHANNEL(c)		((uint32_t)(c) << 8)
#define ID_VERSION		0x06u

/* channel control and status */
#define CH_ID			0x00
#define CH_CONTROL		0x04
#define CH_CONTROL_W1S		0x08
#define CH_CONTROL_W1C		0x0c
#define CH_STATUS		0x40
#define CH_STATUS_RC		0x44
#define CH_COUNT		0x48
#define CH_ALIGNMENTS		0x4c
#define CH_WB_LO		0x88
#define CH_WB_HI		0x8c
#define CH_MASK			0x90
#define CH_MASK_W1S		0x94
#define CH_MASK_W1C		0x98
#define CH_MASK_W1C_LINUX	0x9c	/* where Linux's in-tree driver writes: nothing is there */
#define CH_PERF_CONTROL		0xc0
#define CH_PERF_CYCLES_LO	0xc4
#define CH_PERF_CYCLES_HI	0xc8
#define CH_PERF_DATA_LO		0xcc
#define CH_PERF_DATA_HI		0xd0
#define CH_PENDING_LO		0xd4
#define CH_PENDING_HI		0xd8

#define CTRL_RUN		BIT(0)
#define CTRL_FIXED		BIT(25)	/* card address does not increment */
#define CTRL_WB			BIT(26)	/* poll-mode writeback */
#define CTRL_NO_RESULT		BIT(27)	/* C2H stream: no result record */

/* status bits; the enables in Control and the mask have the same places */
#define ST_BUSY			BIT(0)
#define ST_STOPPED		BIT(1)
#define ST_COMPLETED		BIT(2)
#define ST_ALIGN		BIT(3)
#define ST_MAGIC		BIT(4)
#define ST_LENGTH		BIT(5)
#define ST_IDLE			BIT(6)
#define ST_READ_UR		BIT(9)	/* H2C: unsupported request; C2H: decode error */
#define ST_READ_SLAVE		BIT(10)	/* C2H: slave error */
#define ST_WRITE_DECODE		BIT(14)	/* H2C: decode error; C2H: see mover.h */
#define ST_WRITE_SLAVE		BIT(15)
#define ST_DESC_UR		BIT(19)
#define ST_READ			BITS(13, 9)
#define ST_WRITE		BITS(18, 14)
#define ST_DESC			BITS(23, 19)
#define ST_ERRORS		(ST_ALIGN | ST_MAGIC | ST_LENGTH | ST_READ | ST_WRITE | ST_DESC)
#define ST_LOGGED		(BITS(6, 1) | ST_READ | ST_WRITE | ST_DESC)

#define CTRL_BITS		(CTRL_RUN | ST_LOGGED | CTRL_FIXED | CTRL_WB | CTRL_NO_RESULT)

#define WB_COUNT		BITS(23, 0)
#define WB_ERROR		BIT(31)

#define PERF_AUTO_STOP		BIT(0)
#define PERF_CLEAR		BIT(1)
#define PERF_RUN		BIT(2)
#define PERF_SATURATED		BIT(16)
#define PERF_MAX		((1ull << 42) - 1)
#define PERF_NS_PER_CYCLE	4	/* a 250 MHz datapath */

/* interrupt block */
#define IRQ_USER_ENABLE		0x04
#define IRQ_USER_ENABLE_W1S	0x08
#define IRQ_USER_ENABLE_W1C	0x0c
#define IRQ_CHAN_ENABLE		0x10
#define IRQ_CHAN_ENABLE_W1S	0x14
#define IRQ_CHAN_ENABLE_W1C	0x18
#define IRQ_USER_REQUEST	0x40
#define IRQ_CHAN_REQUEST	0x44
#define IRQ_USER_PENDING	0x48
#define IRQ_CHAN_PENDING	0x4c
#define IRQ_USER_VECTORS	0x80	/* 4 registers */
#define IRQ_CHAN_VECTORS	0xa0	/* 2 registers */
#define IRQ_VECTOR_BITS		0x1f1f1f1fu

/* config block */
#define CFG_BUSDEV		0x04
#define CFG_MAX_PAYLOAD		0x08
#define CFG_MAX_READ		0x0c
#define CFG_SYSTEM_ID		0x10
#define CFG_MSI_ENABLE		0x14
#define CFG_WIDTH		0x18
#define CFG_PCIE_CONTROL	0x1c
#define CFG_USER_PAYLOAD	0x40
#define CFG_USER_READ		0x44
#define CFG_FLUSH_TIMEOUT	0x60

/* descriptor fetch */
#define SG_ADDR_LO		0x80
#define SG_ADDR_HI		0x84
#define SG_ADJACENT		0x88
#define SG_CREDITS		0x8c
#define SG_MAX_CREDITS		1023u

/* descriptor fetch, common; bits 3:0 H2C, 19:16 C2H */
#define SGC_HALT		0x10
#define SGC_HALT_W1S		0x14
#define SGC_HALT_W1C		0x18
#define SGC_CREDIT_MODE		0x20
#define SGC_CREDIT_MODE_W1S	0x24
#define SGC_CREDIT_MODE_W1C	0x28
#define SGC_BITS		0x000f000fu

#define MSIX_TABLE		0x8000
#define MSIX_PBA		0x8fe0

/* descriptors */
#define DESC_SIZE		32u
#define DESC_MAGIC		0xad4bu
#define DESC_MAX_ADJACENT	63u
#define DESC_MAX_BLOCK		(DESC_MAX_ADJACENT + 1)
#define DESC_STOP		BIT(0)
#define DESC_COMPLETED		BIT(1)
#define DESC_EOP		BIT(4)
#define DESC_LENGTH		BITS(27, 0)
#define DESC_BOUNDARY		4096u
#define DESC_ST_C2H_UNIT	64u	/* lengths on a C2H stream are multiples of it */

/* what a C2H stream descriptor got, at its source address: this word, then the length */
#define RESULT_MAGIC		0x52b40000u
#define RESULT_EOP		BIT(0)
#define RESULT_SIZE		8u

#endif
