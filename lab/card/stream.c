// SPDX-License-Identifier: GPL-2.0-only
/* What is behind the streams (see stream.h). */
#include <errno.h>
#include <stdlib.h>

#include "lab-regs.h"
#include "stream.h"
#include "util.h"

/* --- packets of the pattern ---------------------------------------------- */

static void place_packet(struct stream_place *p, uint32_t number)
{
	p->number = number;
	p->len = lab_packet_len(p->packets.seed, number, p->packets.min, p->packets.max);
	p->at = 0;
}

static void place_begin(struct stream_place *p, const struct stream_packets *packets)
{
	p->packets = *packets;
	place_packet(p, 0);
}

/* Bytes of the pattern, @len of them from @at on; all lie in the packet. */
static void pattern(const struct stream_place *p, uint64_t at, uint8_t *bytes, uint32_t len)
{
	uint32_t index = (uint32_t)(at / 4), skip = at % 4, n;

	for (; len; len -= n, bytes += n, skip = 0) {
		uint32_t word = lab_packet_word(p->packets.seed, p->number, index++);

		n = (uint32_t)min_u64(4 - skip, len);
		word >>= 8 * skip;
		if (n == 4)
			put_le32(bytes, word);
		else
			memcpy(bytes, &word, n);
	}
}

/* --- the FIFO ------------------------------------------------------------ */

/* Bytes from place @at of the FIFO (0: the oldest) that lie in one piece; at most @len. */
static size_t fifo_piece(const struct stream_fifo *f, size_t at, size_t len, size_t *offset)
{
	*offset = (f->start + at) % f->size;
	return (size_t)min_u64(len, f->size - *offset);
}

static void fifo_put(struct stream_fifo *f, const uint8_t *bytes, size_t len, bool eop)
{
	size_t n, offset;

	for (; len; len -= n, bytes += n) {
		n = fifo_piece(f, f->fill, len, &offset);
		memcpy(f->data + offset, bytes, n);
		memset(f->tail + offset, 0, n);
		if (eop && n == len)
			f->tail[offset + n - 1] = 1;
		f->fill += n;
	}
}

/* Bytes up to the first end of a packet; at most @want and what there is. */
static size_t fifo_ready(const struct stream_fifo *f, size_t want, bool *eop)
{
	size_t at, n, offset, len = (size_t)min_u64(want, f->fill);
	const uint8_t *end;

	for (at = 0; at < len; at += n) {
		n = fifo_piece(f, at, len - at, &offset);
		end = memchr(f->tail + offset, 1, n);
		if (end) {
			*eop = true;
			return at + (size_t)(end - (f->tail + offset)) + 1;
		}
	}
	*eop = false;
	return len;
}

static void fifo_take(struct stream_fifo *f, uint8_t *bytes, size_t len)
{
	size_t n, offset;

	for (; len; len -= n, bytes += n) {
		n = fifo_piece(f, 0, len, &offset);
		memcpy(bytes, f->data + offset, n);
		f->start = (f->start + n) % f->size;
		f->fill -= n;
	}
}

/* --- life ---------------------------------------------------------------- */

int stream_init(struct stream *s, size_t fifo)
{
	memset(s, 0, sizeof(*s));
	if (fifo) {
		s->fifo.size = fifo;
		s->fifo.data = calloc(2, fifo);
		if (!s->fifo.data)
			return -ENOMEM;
		s->fifo.tail = s->fifo.data + fifo;
	}
	stream_reset(s);
	return 0;
}

void stream_fini(struct stream *s)
{
	free(s->fifo.data);
	s->fifo.data = NULL;
}

void stream_clear(struct stream *s)
{
	s->round++;
	s->fifo.start = 0;
	s->fifo.fill = 0;
	s->gen.left = 0;
	s->gen.again = false;
	s->gen.place.at = 0;
	stream_check_anew(s);
}

void stream_reset(struct stream *s)
{
	s->sink = SINK_LOOP;
	s->source = SOURCE_LOOP;
	s->packets = (struct stream_packets){ .min = 1, .max = 4096 };
	s->count = STREAM_FOREVER;
	s->tails = 0;
	s->gen.sent = 0;
	stream_clear(s);
}

/* --- H2C ----------------------------------------------------------------- */

uint32_t stream_room(const struct stream *s, uint32_t want)
{
	if (s->sink == SINK_STALL)
		return 0;
	if (s->sink == SINK_LOOP && s->fifo.data)
		return (uint32_t)min_u64(want, s->fifo.size - s->fifo.fill);
	return want;
}

void stream_give(const struct stream *s, uint32_t len, bool eop, struct stream_piece *p)
{
	*p = (struct stream_piece){
		.len = len, .eop = eop, .sink = s->sink, .place = s->check.place,
		.round = s->round, .check_round = s->check.round,
	};
}

void stream_check(struct stream_piece *p, const uint8_t *bytes)
{
	const struct stream_place *place = &p->place;
	uint64_t at = place->at, end = at + p->len;
	uint8_t right[1024];
	uint32_t n;

	if (p->sink != SINK_CHECK)
		return;
	p->wrong = end > place->len || (p->eop && end < place->len);
	for (; !p->wrong && at < end; at += n, bytes += n) {
		n = (uint32_t)min_u64(end - at, sizeof(right));
		pattern(place, at, right, n);
		p->wrong = memcmp(right, bytes, n);
	}
}

static void checked(struct stream *s, const struct stream_piece *p)
{
	s->check.place.at += p->len;
	s->check.wrong |= p->wrong;
	if (!p->eop)
		return;
	s->check.packets++;
	s->check.errors += s->check.wrong;
	s->check.wrong = false;
	place_packet(&s->check.place, s->check.place.number + 1);
}

void stream_put(struct stream *s, const struct stream_piece *p, const uint8_t *bytes)
{
	if (p->round != s->round)
		return;
	s->tails += p->eop;
	if (p->sink == SINK_LOOP && s->fifo.data)
		fifo_put(&s->fifo, bytes, p->len, p->eop);
	else if (p->sink == SINK_CHECK && p->check_round == s->check.round)
		checked(s, p);
}

/* --- C2H ----------------------------------------------------------------- */

uint32_t stream_ready(const struct stream *s, uint32_t want, bool *eop)
{
	const struct stream_place *place = &s->gen.place;
	uint64_t rest;

	*eop = false;
	switch (s->source) {
	case SOURCE_LOOP:
		return (uint32_t)fifo_ready(&s->fifo, want, eop);
	case SOURCE_GENERATE:
		if (!s->gen.left)
			return 0;
		rest = place->len - place->at;
		*eop = want >= rest;
		return (uint32_t)min_u64(want, rest);
	default:
		return 0;
	}
}

static void generated(struct stream *s, uint32_t len)
{
	struct stream_place *place = &s->gen.place;

	place->at += len;
	if (place->at < place->len)
		return;
	s->gen.sent++;
	if (s->gen.left != STREAM_FOREVER)
		s->gen.left--;
	place_packet(place, place->number + 1);
	if (s->gen.again)
		stream_start(s);
}

void stream_take(struct stream *s, uint32_t want, struct stream_piece *p, uint8_t *bytes)
{
	*p = (struct stream_piece){
		.generate = s->source == SOURCE_GENERATE, .place = s->gen.place,
	};
	p->len = stream_ready(s, want, &p->eop);
	if (!p->len)
		return;
	if (p->generate)
		generated(s, p->len);
	else
		fifo_take(&s->fifo, bytes, p->len);
}

void stream_make(const struct stream_piece *p, uint8_t *bytes)
{
	if (p->generate)
		pattern(&p->place, p->place.at, bytes, p->len);
}

/* --- generator and checker ----------------------------------------------- */

void stream_start(struct stream *s)
{
	s->gen.again = s->gen.place.at > 0;
	if (s->gen.again)
		return;
	place_begin(&s->gen.place, &s->packets);
	s->gen.left = s->count;
	s->gen.sent = 0;
}

void stream_stop(struct stream *s)
{
	s->gen.again = false;
	s->gen.left = s->gen.place.at > 0;
}

void stream_check_anew(struct stream *s)
{
	place_begin(&s->check.place, &s->packets);
	s->check.wrong = false;
	s->check.packets = 0;
	s->check.errors = 0;
	s->check.round++;
}
