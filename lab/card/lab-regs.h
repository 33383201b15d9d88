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

#include <stdint.h>

#define LAB_ID			0x000	/* RO: LAB_ID_VALUE */
#define LAB_ID_VALUE		0x4c414258u
#define LAB_VERSION		0x004	/* RO: major << 16 | minor; minor grows with the block */
#define LAB_VERSION_VALUE	0x00010002u	/* 1.1: faults from 6 on; 1.2: streams */
#define LAB_SCRATCH		0x008	/* RW: keeps what is written; 0 after reset */
#define LAB_CONFIG		0x00c	/* RO: 3:0 H2C channels, 7:4 C2H channels, 8 strict mode, 9 streams */
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
/* how often each fault struck; since 1.1 */
#define LAB_STRUCK_HANG		5	/* an engine hung */
#define LAB_STRUCK_ERROR	6	/* an engine stopped with a made-up error */
#define LAB_STRUCK_LOSE		7	/* as LAB_CARD_LOST */
#define LAB_STRUCK_DELAY	8	/* interrupts held back */
#define LAB_STRUCK_DUPLICATE	9	/* interrupts sent twice */
#define LAB_STRUCK_INVENT	10	/* interrupts sent for nothing */
#define LAB_STRUCK_GONE		11	/* the card went away */
#define LAB_STRUCK_STALE	12	/* writebacks left out */
#define LAB_STRUCK_CORRUPT	13	/* writebacks with a wrong word */
#define LAB_STRUCK_REFUSE	14	/* function resets that healed nothing */
#define LAB_STRUCK_SLOW		15	/* runs at a changed rate */
#define LAB_STRUCK_DIE		16	/* in the file, at the end */

/*
 * Faults. Set target, count and value, then write the command; what a command
 * does not use it does not look at. A target that a command cannot have, or
 * that is not there, makes it do nothing: LAB_FAULT_STATE tells.
 *
 * "The next COUNT" of something: each that it strikes counts down, 0 disarms,
 * LAB_FAULT_ALWAYS never ends. "After COUNT more descriptors": that many are
 * carried out (by the target; of the card: by all engines together), the next
 * one is not begun; 0 is the next one. Faults that were armed but have not
 * struck survive a reset of any kind; a new client finds those of SPEC.
 *
 * A hang lasts until it is let go or the function is reset (FLR, bus reset).
 * Clearing Run does not end it: the engine stays busy. That is also the fault
 * "busy never falls after Run was cleared".
 */
#define LAB_FAULT_TARGET	0x040	/* RW: LAB_ENGINE_*, or LAB_FAULT_USER() */
#define LAB_FAULT_COUNT		0x044	/* RW */
#define LAB_FAULT_VALUE		0x050	/* RW; since 1.1 */
#define LAB_FAULT_CMD		0x048	/* WO */
#define LAB_FAULT_USER(n)	(0x10 + (n))
#define LAB_FAULT_ALWAYS	0xffffffffu

/* target: an engine */
#define LAB_FAULT_HANG		1	/* at once; at its next work if it has none */
#define LAB_FAULT_HANG_AFTER	2	/* after COUNT more descriptors */
#define LAB_FAULT_UNHANG	3	/* go on where it hung; disarm */
/*
 * After COUNT more descriptors stop with the error bits VALUE of the Status
 * register, as for an error of its own: logged where Control has the enable,
 * told by interrupt and writeback. Bits that the direction does not have are
 * dropped; none left: disarms.
 */
#define LAB_FAULT_ERROR		6
#define LAB_FAULT_STALE		11	/* the next COUNT writebacks are not written */
#define LAB_FAULT_CORRUPT	12	/* the next COUNT writebacks are VALUE */
/* an engine or the card (all of them) */
#define LAB_FAULT_SLOW		14	/* VALUE bytes per second from now on; 0: as in SPEC */

/* target: an engine or a user line */
#define LAB_FAULT_LOSE		4	/* lose the next COUNT interrupts */
#define LAB_FAULT_DELAY		7	/* the next COUNT go out VALUE us later */
/*
 * Sent again VALUE us later; invented: the first at once, then one each VALUE
 * us. With 0 they follow at once, and who listens may see them as one.
 * A reset, or switching that kind of interrupt off, ends what is on its way.
 */
#define LAB_FAULT_DUPLICATE	8	/* the next COUNT are sent twice */
#define LAB_FAULT_INVENT	9	/* COUNT interrupts (at most 65536) for nothing */

/* target: the card */
/*
 * After COUNT more descriptors of any engine, 0: at once, the card is gone for
 * VALUE ms (0: until the client is gone): all ones from BARs and configuration
 * space, writes without effect, no DMA, no interrupts. Then it is there again
 * as after power-on: registers and configuration space reset, bus master off,
 * hung engines healed. Its memory keeps what it had.
 */
#define LAB_FAULT_GONE		10
#define LAB_FAULT_REFUSE	13	/* the next COUNT FLRs leave hung engines hung */
#define LAB_FAULT_DIE		15	/* after COUNT descriptors (0: at once) the process exits */

#define LAB_FAULT_CLEAR_ALL	5	/* everything here, all targets; what was held back goes out */

#define LAB_FAULT_STATE		0x04c	/* RO: what the target has */
#define LAB_FAULT_IS_HUNG	0x0001u
#define LAB_FAULT_IS_ARMED	0x0002u	/* a hang */
#define LAB_FAULT_IS_LOSING	0x0004u
#define LAB_FAULT_IS_ERROR	0x0008u
#define LAB_FAULT_IS_DELAY	0x0010u
#define LAB_FAULT_IS_DUPLICATE	0x0020u
#define LAB_FAULT_IS_LATE	0x0040u	/* messages are on their way: held back, second, invented */
#define LAB_FAULT_IS_STALE	0x0080u
#define LAB_FAULT_IS_CORRUPT	0x0100u
#define LAB_FAULT_IS_SLOW	0x0200u	/* of the card: any engine */
#define LAB_FAULT_IS_GONE	0x0400u	/* armed; once it struck nobody can read this */
#define LAB_FAULT_IS_REFUSE	0x0800u
#define LAB_FAULT_IS_DIE	0x1000u

/*
 * Streams, since 1.2, of a card with stream=on; on others all this reads as 0
 * and ignores writes. SEL chooses a channel number, H2C and C2H together; the
 * other registers are that channel's. What is behind its streams:
 *
 * H2C side: LOOP, into C2H of the same number through a FIFO, packet for
 * packet, and held up while the FIFO is full (SINK if there is no such C2H);
 * SINK takes all and forgets it; CHECK takes all and compares it with the
 * pattern below; STALL takes nothing.
 * C2H side: LOOP, what H2C put into the FIFO; GENERATE, packets of the
 * pattern; SILENT, nothing ever.
 *
 * MODE has effect on the next piece of data, also in the middle of a packet.
 * MIN, MAX and SEED are looked at when the generator (START) and the checker
 * (CHECK) begin with packet 0, not later. A reset of any kind of the card puts
 * all of it back: LOOP, FIFO empty, nothing generated, all counters 0.
 */
#define LAB_STREAM_SEL		0x060	/* RW: 0-3; 0 after reset */
#define LAB_STREAM_MODE		0x064	/* RW: LAB_STREAM(h2c, c2h) */
#define LAB_STREAM(h2c, c2h)	((h2c) | (c2h) << 4)
#define LAB_H2C_LOOP		0
#define LAB_H2C_SINK		1
#define LAB_H2C_CHECK		2
#define LAB_H2C_STALL		3
#define LAB_C2H_LOOP		0
#define LAB_C2H_GENERATE	1
#define LAB_C2H_SILENT		2
/* lengths of packets in bytes, both included; MAX less than MIN counts as MIN */
#define LAB_GEN_MIN		0x068	/* RW: 1 .. 2^31, others are clipped; 1 after reset */
#define LAB_GEN_MAX		0x06c	/* RW: as MIN; 4096 after reset */
#define LAB_GEN_COUNT		0x070	/* RW: packets; LAB_GEN_FOREVER after reset */
#define LAB_GEN_FOREVER		0xffffffffu
#define LAB_GEN_SEED		0x074	/* RW: of the generator and the checker */
#define LAB_GEN_CMD		0x078	/* WO */
#define LAB_GEN_START		1	/* COUNT packets from number 0 on; SENT is 0 */
#define LAB_GEN_STOP		2	/* after the packet that is on its way */
#define LAB_GEN_CHECK		3	/* the next byte is the first of packet 0; counters 0 */
#define LAB_GEN_CLEAR		4	/* FIFO empty, generator off, checker as after CHECK */
#define LAB_GEN_SENT		0x07c	/* RO: packets that the generator gave out whole */
#define LAB_CHECK_PACKETS	0x080	/* RO: packets that came to the checker */
#define LAB_CHECK_ERRORS	0x084	/* RO: those with a wrong length or content */
#define LAB_STREAM_WAITING	0x088	/* RO: bytes in the FIFO now */
#define LAB_STREAM_TAILS	0x08c	/* RO: packets that H2C ended (EOP), in any mode */

/*
 * START in the middle of a packet begins when that one is out; CLEAR first for
 * a clean start (what was on its way then has no end). A checker that missed
 * or got a packet too many finds all later ones wrong.
 */

/* --- the pattern: pure functions, 32-bit arithmetic ---------------------- */

static inline uint32_t lab_mix(uint32_t x)
{
	x ^= x >> 16;
	x *= 0x7feb352du;
	x ^= x >> 15;
	x *= 0x846ca68bu;
	return x ^ x >> 16;
}

static inline uint32_t lab_packet_key(uint32_t seed, uint32_t number)
{
	return lab_mix(seed ^ lab_mix(number + 0x9e3779b9u));
}

/* Bytes of packet @number; from @min to @max, both included, at least 1. */
static inline uint32_t lab_packet_len(uint32_t seed, uint32_t number, uint32_t min, uint32_t max)
{
	if (!min)
		min = 1;
	if (max <= min)
		return min;
	return min + lab_mix(~lab_packet_key(seed, number)) % (max - min + 1);
}

/*
 * Bytes 4 * @index to 4 * @index + 3 of packet @number, as a little-endian
 * word; a packet that ends within it has its low bytes. No word comes twice in
 * a packet.
 */
static inline uint32_t lab_packet_word(uint32_t seed, uint32_t number, uint32_t index)
{
	uint32_t x = lab_packet_key(seed, number) + index * 0x9e3779b1u;

	x ^= x >> 15;
	x *= 0x85ebca6bu;
	return x ^ x >> 13;
}

/* Plain memory for window tests, if the BAR is at least 8 KiB. */
#define LAB_RAM			0x1000
#define LAB_RAM_SIZE		0x1000

#endif
