/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is behind the AXI streams of one channel number: a FIFO from H2C to C2H,
 * a sink, a generator and a checker of packets. Knows bytes and packets,
 * nothing of registers, descriptors or engines.
 *
 * Data travels in pieces. A piece never holds bytes of two packets. The engine
 * asks how much could travel (stream_room(), stream_ready()), which changes
 * nothing; says that it does (stream_give(), stream_take()); works on the bytes
 * without the lock (stream_check(), stream_make()); and hands in what came from
 * the host (stream_put()). What was on its way when the stream was cleared is
 * dropped.
 *
 * Locking: the caller holds the card's lock, except where a function says so.
 * One engine gives and one takes; whoever changes something for the other one
 * wakes it under the same lock that it looked under, so that none sleeps on.
 */
#ifndef CARD_STREAM_H
#define CARD_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where H2C data goes; numbers as in lab-regs.h. */
enum stream_sink { SINK_LOOP, SINK_DROP, SINK_CHECK, SINK_STALL, STREAM_SINKS };

/* Where C2H data comes from. */
enum stream_source { SOURCE_LOOP, SOURCE_GENERATE, SOURCE_SILENT, STREAM_SOURCES };

/* Which packets: what they are made of and compared with. */
struct stream_packets {
	uint32_t seed, min, max;
};

/* One end of a row of such packets: where it is. */
struct stream_place {
	struct stream_packets packets;	/* those of this row */
	uint32_t number;		/* packet */
	uint32_t len;			/* its bytes */
	uint64_t at;			/* bytes of it that went by */
};

struct stream_fifo {
	uint8_t *data;		/* NULL: there is none */
	uint8_t *tail;		/* for each byte: does a packet end with it? */
	size_t size, start, fill;
};

struct stream {
	enum stream_sink sink;
	enum stream_source source;
	struct stream_packets packets;	/* for the next row */
	uint32_t count;			/* packets of the next row to generate */

	struct stream_fifo fifo;
	uint32_t tails;			/* packets that H2C ended */
	uint32_t round;			/* raised when the stream is cleared */

	struct {
		struct stream_place place;
		uint32_t left;		/* packets, the one on its way included; 0: off */
		bool again;		/* begin anew after it */
		uint32_t sent;
	} gen;

	struct {
		struct stream_place place;
		bool wrong;		/* the packet that is coming in */
		uint32_t packets, errors;
		uint32_t round;		/* raised when it begins anew */
	} check;
};

#define STREAM_FOREVER	UINT32_MAX
#define STREAM_MAX_FIFO	(1ull << 30)
#define STREAM_MAX_LEN	(1u << 31)	/* of a packet that is generated or checked */

/* Some bytes of one packet on their way, and what is to be done with them. */
struct stream_piece {
	uint32_t len;
	bool eop;			/* the packet ends with it */
	enum stream_sink sink;		/* H2C */
	bool generate;			/* C2H */
	struct stream_place place;	/* of its first byte: generated or checked */
	uint32_t round, check_round;
	bool wrong;
};

/**
 * stream_init() - make a stream
 * @s: what to set up
 * @fifo: bytes of the FIFO; 0: there is no C2H side, what is looped is dropped
 *
 * Return: 0 or -ENOMEM.
 */
int stream_init(struct stream *s, size_t fifo);
void stream_fini(struct stream *s);

/* As after power-on. */
void stream_reset(struct stream *s);

/* FIFO empty, nothing generated, the checker at its beginning; modes and settings stay. */
void stream_clear(struct stream *s);

/* --- H2C ----------------------------------------------------------------- */

/**
 * stream_room() - how much of H2C's data could go now
 * @s: the stream
 * @want: bytes at most
 *
 * Return: bytes; 0 when nobody takes anything before something changes.
 */
uint32_t stream_room(const struct stream *s, uint32_t want);

/**
 * stream_give() - a piece begins its way from the host
 * @s: the stream
 * @len: bytes, at most stream_room()
 * @eop: the packet ends with it
 * @p: filled in
 */
void stream_give(const struct stream *s, uint32_t len, bool eop, struct stream_piece *p);

/* Look at the bytes of a given piece. Locking: none. */
void stream_check(struct stream_piece *p, const uint8_t *bytes);

/* The given piece has arrived. */
void stream_put(struct stream *s, const struct stream_piece *p, const uint8_t *bytes);

/* --- C2H ----------------------------------------------------------------- */

/**
 * stream_ready() - how much there is for C2H now
 * @s: the stream
 * @want: bytes at most
 * @eop: set when a packet ends with them
 *
 * Return: bytes of one packet; 0 when there are none before something changes.
 */
uint32_t stream_ready(const struct stream *s, uint32_t want, bool *eop);

/**
 * stream_take() - take a piece out of the stream
 * @s: the stream
 * @want: bytes at most
 * @p: filled in; as long as stream_ready() says
 * @bytes: room for it; complete only after stream_make()
 */
void stream_take(struct stream *s, uint32_t want, struct stream_piece *p, uint8_t *bytes);

/* Make the bytes of a taken piece, if it is to be generated. Locking: none. */
void stream_make(const struct stream_piece *p, uint8_t *bytes);

/* --- generator and checker ----------------------------------------------- */

/* Generate s->count packets of s->packets from number 0 on, after the one on its way. */
void stream_start(struct stream *s);

/* No more packets after the one on its way. */
void stream_stop(struct stream *s);

/* The next byte is the first of packet 0 of s->packets; nothing counted yet. */
void stream_check_anew(struct stream *s);

#endif
