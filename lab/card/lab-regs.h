/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lab block: what the virtual card has behind its user BAR. For the card
 * and for test programs in the guest, which mmap() the BAR (resource0 in
 * sysfs). Aligned 32-bit accesses only; everything not named here reads as 0
 * and ignores writes.
 *
 * A posted write is carried out before any later read of the same card
 * returns: read something (LAB_ID) to be sure that a command took effect.
 */
#ifndef LAB_REGS_H
#define LAB_REGS_H

#define LAB_ID			0x000	/* RO: LAB_ID_VALUE */
#define LAB_ID_VALUE		0x4c414258u
#define LAB_VERSION		0x004	/* RO: major << 16 | minor; minor grows with the block */
#define LAB_VERSION_VALUE	0x00010000u
#define LAB_SCRATCH		0x008	/* RW: keeps what is written; 0 after reset */
#define LAB_CONFIG		0x00c	/* RO: 3:0 H2C channels, 7:4 C2H channels, 8 strict mode */
#define LAB_COUNTER_LO		0x010	/* RO: free-running nanoseconds; reading latches HI */
#define LAB_COUNTER_HI		0x014	/* RO */

/* The 16 user interrupt lines. A line stays high until it is cleared. */
#define LAB_USER_IRQ		0x020	/* R: the lines; W: raise those with a 1 */
#define LAB_USER_IRQ_CLEAR	0x024	/* W: lower those with a 1 */
#define LAB_USER_IRQ_ACKS	0x028	/* RO: messages sent for user lines since reset */

/*
 * The books. WRITE makes the card write its JSON file (if it was given one):
 * the state at the moment of the command; LAB_BOOKS_CMD reads as 0 once the
 * file is there. ZERO takes effect at once.
 */
#define LAB_BOOKS_CMD		0x030
#define LAB_BOOKS_WRITE		1
#define LAB_BOOKS_ZERO		2
#define LAB_BOOKS_WRITE_ZERO	3	/* write what is there, then zero */
#define LAB_BOOKS_SEL		0x034	/* RW: which counter LO and HI show */
#define LAB_BOOKS_LO		0x038	/* RO: reading latches HI */
#define LAB_BOOKS_HI		0x03c	/* RO */

/* LAB_BOOKS_SEL: a counter of one engine, or of the card */
#define LAB_SEL(engine, counter) ((engine) << 8 | (counter))
#define LAB_ENGINE_H2C(channel)	(channel)
#define LAB_ENGINE_C2H(channel)	(4 + (channel))
#define LAB_ENGINE_CARD		0xff
#define LAB_BUSY_NS		0	/* with the run that is on */
#define LAB_IDLE_NS		1	/* between runs */
#define LAB_RUNS		2
#define LAB_DESCRIPTORS		3
#define LAB_BYTES		4
#define LAB_ERRORS		5
#define LAB_CARD_READS		0	/* of the DMA BAR */
#define LAB_CARD_WRITES		1
#define LAB_CARD_INTERRUPTS	2
#define LAB_CARD_VIOLATIONS	3	/* of strict mode */
#define LAB_CARD_LOST		4	/* interrupts lost by a fault */

/*
 * Faults. Set target and count, then write the command. A hang lasts until it
 * is cleared or the function is reset (FLR); software clearing Run does not
 * end it. Faults that were armed but have not struck survive a reset.
 */
#define LAB_FAULT_TARGET	0x040	/* RW: LAB_ENGINE_*; for LOSE also 0x10 + user irq */
#define LAB_FAULT_COUNT		0x044	/* RW */
#define LAB_FAULT_CMD		0x048	/* WO */
#define LAB_FAULT_HANG		1	/* at once; the next run if none is on */
#define LAB_FAULT_HANG_AFTER	2	/* after COUNT more descriptors */
#define LAB_FAULT_UNHANG	3	/* go on where it hung; disarm */
#define LAB_FAULT_LOSE		4	/* lose the next COUNT interrupts; 0 disarms */
#define LAB_FAULT_CLEAR_ALL	5	/* everything above, all targets */
#define LAB_FAULT_STATE		0x04c	/* RO, of the target: bit 0 hung, 1 hang armed, 2 losing */
#define LAB_FAULT_IS_HUNG	0x1u
#define LAB_FAULT_IS_ARMED	0x2u
#define LAB_FAULT_IS_LOSING	0x4u
#define LAB_FAULT_USER(n)	(0x10 + (n))

/* Plain memory for window tests, if the BAR is at least 8 KiB. */
#define LAB_RAM			0x1000
#define LAB_RAM_SIZE		0x1000

#endif
