/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets through the streams of a card on the bench: sent by H2C, received by
 * C2H, and looked at. Each channel number has a quarter of memory for itself.
 */
#ifndef TESTS_FLOW_H
#define TESTS_FLOW_H

#include "model.h"

#define H2C		0x0000u
#define C2H		0x1000u
#define GOOD		(ST_STOPPED | ST_COMPLETED)
#define FLOW_MAX_DESCS	0x2000u
#define FLOW_SENT_MAX	0x2f0000u
#define FLOW_GOT_MAX	0x400000u
#define FLOW_UNTOUCHED	0xee

struct flow {
	struct bench *b;
	unsigned int channel;
	uint32_t seed;			/* of the next data */
	uint64_t h2c_descs, c2h_descs, results, sent, got;	/* in guest memory */
};

void flow_init(struct flow *f, struct bench *b, unsigned int channel);

/* A register of the lab block that is the stream's. */
uint32_t flow_rd(struct flow *f, uint32_t reg);
void flow_wr(struct flow *f, uint32_t reg, uint32_t value);
void flow_mode(struct flow *f, uint32_t h2c, uint32_t c2h);

/* Set up the generator and the checker; start neither. */
void flow_packets(struct flow *f, uint32_t seed, uint32_t min, uint32_t max, uint32_t count);

/* Offset of a channel's registers. */
uint32_t flow_base(const struct flow *f, uint32_t dir);

/**
 * flow_send() - start H2C with packets of new bytes
 * @f: the flow
 * @lens: their lengths
 * @n: how many
 * @piece: bytes of each descriptor but the last of a packet; 0: one for each packet
 *
 * Return: descriptors.
 */
uint32_t flow_send(struct flow *f, const uint32_t *lens, uint32_t n, uint32_t piece);

/* The same with bytes that are in memory already, at f->sent. */
uint32_t flow_send_again(struct flow *f, const uint32_t *lens, uint32_t n, uint32_t piece);

/* Start C2H with @n descriptors of @size bytes each; Control has @more bits set. */
void flow_receive(struct flow *f, uint32_t n, uint32_t size, uint32_t more);

/* The result record of a descriptor. */
uint64_t flow_result(const struct flow *f, uint32_t desc);
#define RESULT(len, eop) ((uint64_t)(len) << 32 | 0x52b40000u | (eop))

/**
 * flow_got() - did it come as it was sent?
 * @f: the flow
 * @lens: lengths of packets that were sent one after the other from f->sent on
 * @n: how many of them must have come
 * @size: of the descriptors that received them
 *
 * Looks at data, records, and what must not have been touched. Return:
 * descriptors used, 0 when something is wrong (and says what).
 */
uint32_t flow_got(const struct flow *f, const uint32_t *lens, uint32_t n, uint32_t size);

/* Put packet @number of the pattern at @p. Return: its length. */
uint32_t flow_pattern(uint8_t *p, uint32_t seed, uint32_t number, uint32_t min, uint32_t max);

#endif
