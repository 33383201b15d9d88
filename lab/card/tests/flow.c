// SPDX-License-Identifier: GPL-2.0-only
/* Packets through the streams (see flow.h). */
#include <stdlib.h>

#include "flow.h"
#include "tap.h"

void flow_init(struct flow *f, struct bench *b, unsigned int channel)
{
	uint64_t base = (uint64_t)channel * (BENCH_RAM / 4);

	*f = (struct flow){
		.b = b, .channel = channel, .seed = 1 + channel,
		.h2c_descs = base + 0x10000, .c2h_descs = base + 0x60000,
		.results = base + 0xb0000, .sent = base + 0x100000, .got = base + 0x400000,
	};
}

uint32_t flow_rd(struct flow *f, uint32_t reg)
{
	user_wr(f->b, LAB_STREAM_SEL, f->channel);
	return user_rd(f->b, reg);
}

void flow_wr(struct flow *f, uint32_t reg, uint32_t value)
{
	user_wr(f->b, LAB_STREAM_SEL, f->channel);
	user_wr(f->b, reg, value);
}

void flow_mode(struct flow *f, uint32_t h2c, uint32_t c2h)
{
	flow_wr(f, LAB_STREAM_MODE, LAB_STREAM(h2c, c2h));
}

void flow_packets(struct flow *f, uint32_t seed, uint32_t min, uint32_t max, uint32_t count)
{
	flow_wr(f, LAB_GEN_SEED, seed);
	flow_wr(f, LAB_GEN_MIN, min);
	flow_wr(f, LAB_GEN_MAX, max);
	flow_wr(f, LAB_GEN_COUNT, count);
}

uint32_t flow_base(const struct flow *f, uint32_t dir)
{
	return dir + 0x100 * f->channel;
}

/* Fill in a descriptor of a chain that is laid out. */
static void aim(struct bench *b, uint64_t desc, uint32_t len, uint64_t src, uint64_t dst, bool eop)
{
	uint8_t *p = b->ram + desc;

	if (eop)
		p[0] |= DESC_EOP;
	put_le32(p + 4, len);
	put_le64(p + 8, src);
	put_le64(p + 16, dst);
}

uint32_t flow_send_again(struct flow *f, const uint32_t *lens, uint32_t n, uint32_t piece)
{
	uint32_t i, descs = 0, at, len;
	uint64_t src = f->sent, desc = f->h2c_descs;

	for (i = 0; i < n; i++)
		descs += piece ? (lens[i] + piece - 1) / piece : 1;
	if (descs > FLOW_MAX_DESCS)
		abort();
	at = put_chain(f->b, desc, descs, 64, 0, 0, true);
	for (i = 0; i < n; i++) {
		uint32_t left = lens[i];

		for (; left; left -= len, src += len, desc += DESC_SIZE) {
			len = piece && left > piece ? piece : left;
			aim(f->b, desc, len, src, 0xdddddddddddddddd, len == left);
		}
	}
	start(f->b, flow_base(f, H2C), f->h2c_descs, at, CTRL_START | ST_IDLE);
	return descs;
}

uint32_t flow_send(struct flow *f, const uint32_t *lens, uint32_t n, uint32_t piece)
{
	uint32_t i, sum = 0;

	for (i = 0; i < n; i++)
		sum += lens[i];
	if (sum > FLOW_SENT_MAX)
		abort();
	fill(f->b->ram + f->sent, sum, f->seed++);
	return flow_send_again(f, lens, n, piece);
}

void flow_receive(struct flow *f, uint32_t n, uint32_t size, uint32_t more)
{
	uint32_t adjacent, i;

	if (n > FLOW_MAX_DESCS || (uint64_t)n * size > FLOW_GOT_MAX)
		abort();
	adjacent = put_chain(f->b, f->c2h_descs, n, size, 0, 0, true);
	memset(f->b->ram + f->got, FLOW_UNTOUCHED, (size_t)n * size);
	memset(f->b->ram + f->results, FLOW_UNTOUCHED, n * RESULT_SIZE);
	for (i = 0; i < n; i++)
		aim(f->b, f->c2h_descs + i * DESC_SIZE, size, f->results + i * RESULT_SIZE,
		    f->got + (uint64_t)i * size, false);
	start(f->b, flow_base(f, C2H), f->c2h_descs, adjacent, CTRL_START | ST_IDLE | more);
}

uint64_t flow_result(const struct flow *f, uint32_t desc)
{
	return get_le64(f->b->ram + f->results + desc * RESULT_SIZE);
}

static bool untouched(const uint8_t *p, size_t len)
{
	while (len && *p == FLOW_UNTOUCHED)
		len--, p++;
	return !len;
}

/* One descriptor: @len bytes as at @sent. */
static bool got_piece(const struct flow *f, uint32_t desc, const uint8_t *sent, uint32_t len,
		      uint32_t size, bool eop)
{
	const uint8_t *got = f->b->ram + f->got + (uint64_t)desc * size;
	uint64_t result = flow_result(f, desc);
	const char *wrong = NULL;

	if (result != RESULT(len, eop))
		wrong = "record";
	else if (memcmp(got, sent, len))
		wrong = "data";
	else if (!untouched(got + len, size - len))
		wrong = "what is behind the data";
	if (wrong)
		printf("# descriptor %u of %u bytes: %s; record %016llx, expected %016llx\n",
		       desc, size, wrong, (unsigned long long)result,
		       (unsigned long long)RESULT(len, eop));
	return !wrong;
}

uint32_t flow_got(const struct flow *f, const uint32_t *lens, uint32_t n, uint32_t size)
{
	const uint8_t *sent = f->b->ram + f->sent;
	uint32_t i, desc = 0, len, left;

	for (i = 0; i < n; i++) {
		for (left = lens[i]; left; left -= len, sent += len, desc++) {
			len = left > size ? size : left;
			if (!got_piece(f, desc, sent, len, size, len == left)) {
				printf("# in packet %u of %u bytes\n", i, lens[i]);
				return 0;
			}
		}
	}
	return desc;
}

uint32_t flow_pattern(uint8_t *p, uint32_t seed, uint32_t number, uint32_t min, uint32_t max)
{
	uint32_t len = lab_packet_len(seed, number, min, max), i;

	for (i = 0; i < len; i++)
		p[i] = (uint8_t)(lab_packet_word(seed, number, i / 4) >> i % 4 * 8);
	return len;
}
