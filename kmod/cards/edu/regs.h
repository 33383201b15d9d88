/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma_edu - registers of QEMU's educational device
 *
 * Facts: QEMU, docs/specs/edu.
 */
#ifndef EXDMA_EDU_REGS_H
#define EXDMA_EDU_REGS_H

#include <linux/bits.h>
#include <linux/sizes.h>

/* Registers, 32 bits wide, of BAR 0 */
#define EDU_BAR			0
#define EDU_ID			0x00
#define EDU_ID_MASK		GENMASK(7, 0)
#define EDU_ID_IS		0xed
#define EDU_IRQ_STATUS		0x24
#define EDU_IRQ_ACK		0x64
#define EDU_IRQ_DMA		BIT(8)
#define EDU_DMA_SRC		0x80	/* the four are 64 bits wide; 28 are used */
#define EDU_DMA_DST		0x88
#define EDU_DMA_COUNT		0x90
#define EDU_DMA_COMMAND		0x98
#define EDU_DMA_RUN		BIT(0)	/* clear again when the engine is through */
#define EDU_DMA_TO_CARD		(EDU_DMA_RUN | BIT(2))	/* with an interrupt */
#define EDU_DMA_TO_HOST		(EDU_DMA_TO_CARD | BIT(1))

/* Up to here there is nothing that could reach memory: for any program. */
#define EDU_USER_BYTES		0x80

/* The engine's address of its memory, which is card address 0 for us. */
#define EDU_MEMORY		0x40000
#define EDU_MEMORY_BYTES	SZ_4K
#define EDU_DMA_BITS		28

#define EDU_GONE		(~0u)	/* what a register reads as when nobody answers */

#endif /* EXDMA_EDU_REGS_H */
