// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzing the model: a little program of register accesses, descriptors,
 * mappings, resets, faults, streams and engine steps, without any protocol, on a
 * card with card memory or on one with streams. Afterwards the card must still
 * come to rest, forget everything at a reset, and do a plain transfer right.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../card.h"
#include "../spec.h"

#define MEMORY	(64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct card cards[2];
static struct card *card;		/* the one of this input */
static uint8_t *memory;
static int memory_fd = -1;
static unsigned interrupts;

struct input {
	const uint8_t *p;
	size_t left;
};

/* The clock of this program: a fault may make the link slower than anybody waits for. */
static uint64_t fake_time = NSEC_PER_SEC;

uint64_t now_ns(void)
{
	return fake_time += 50;
}

void sleep_until(uint64_t ns)
{
	if (ns > fake_time)
		fake_time = ns;
}

static uint8_t byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->p++;
}

static uint32_t word(struct input *in)
{
	uint32_t v = byte(in);

	v |= (uint32_t)byte(in) << 8;
	v |= (uint32_t)byte(in) << 16;
	return v | (uint32_t)byte(in) << 24;
}

static bool sink(void *ctx, enum irq_kind kind, unsigned int vector)
{
	(void)ctx;
	if (kind == IRQ_NONE || vector >= 32)
		abort();
	interrupts++;
	return true;
}

static void write32(unsigned int bar, uint32_t off, uint32_t v)
{
	card_bar_write(card, bar, off, &v, 4);
}

static uint32_t read32(unsigned int bar, uint32_t off)
{
	uint32_t v = 0;

	card_bar_read(card, bar, off, &v, 4);
	return v;
}

static void set_up_card(struct card *which, const char *spec)
{
	struct card_config config;
	char error[100];

	if (!spec_parse(spec, &config, error, sizeof(error)))
		abort();
	config.xdma.threads = false;
	if (card_init(which, &config, sink, NULL, NULL, NULL))
		abort();
}

static void set_up(void)
{
	memory_fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (memory_fd < 0 || ftruncate(memory_fd, MEMORY))
		abort();
	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, memory_fd, 0);
	if (memory == MAP_FAILED)
		abort();
	set_up_card(&cards[0], "h2c=3,c2h=2,mem=4M,bypass=8M,width=64");
	set_up_card(&cards[1], "h2c=3,c2h=2,mem=4M,bypass=8M,width=64,stream=on,fifo=1000");
}

/* Registers where something happens, so that the fuzzer need not find them. */
static const uint16_t places[] = {
	0x04, 0x08, 0x0c, 0x40, 0x44, 0x48, 0x88, 0x8c, 0x90, 0x94, 0x98, 0xc0, 0xc4, 0xcc,
	0x4080, 0x4084, 0x4088, 0x408c,
};

static const uint16_t common[] = {
	0x2004, 0x2008, 0x200c, 0x2010, 0x2014, 0x2018, 0x2040, 0x2080, 0x20a0, 0x20a4,
	0x3014, 0x301c, 0x3040, 0x6010, 0x6014, 0x6018, 0x6020, 0x6024, 0x6028, 0x8000, 0x8fe0,
};

/* A descriptor, mostly right. */
static void put_desc(struct input *in)
{
	uint8_t *d = memory + (byte(in) % 128) * 32, odd = byte(in);

	put_le32(d, 0xad4b0000u | (uint32_t)byte(in) << 8 | (byte(in) & 0x13));
	put_le32(d + 4, word(in) & (odd & 1 ? ~0u : 0x3fff));
	put_le64(d + 8, word(in) & (odd & 2 ? ~0u : 0xffff));
	put_le64(d + 16, word(in) & (odd & 4 ? ~0u : 0xffff));
	put_le64(d + 24, odd & 8 ? word(in) : (byte(in) % 128) * 32u);
	if (odd & 0x10)
		put_le32(d + 12, word(in));
	if (odd & 0x20)
		put_le32(d, word(in));
}

static void change_map(struct input *in)
{
	uint64_t at = (uint64_t)(byte(in) & 0x1f) << 12, len = (uint64_t)byte(in) << 10;
	uint8_t how = byte(in);

	if (how & 1)
		guestmem_unmap(&card->host, at, at + len);
	else
		guestmem_map(&card->host, at, len, how >> 1 & 3,
			     how & 8 ? -1 : memory_fd, (how & 0xf0) << 8);
}

static void step(struct input *in)
{
	uint8_t op = byte(in), buf[64] = { 0 };
	uint32_t channel, v;
	size_t n;

	switch (op % 15) {
	case 0:
		channel = (op / 12 % 5) << 8 | (op & 0x80 ? 0x1000 : 0);
		write32(1, channel + places[byte(in) % ARRAY_SIZE(places)], word(in));
		break;
	case 1:
		channel = (op / 12 % 5) << 8 | (op & 0x80 ? 0x1000 : 0);
		read32(1, channel + places[byte(in) % ARRAY_SIZE(places)]);
		break;
	case 2:		/* start as a driver does */
		channel = (op / 12 % 3) << 8 | (op & 0x80 ? 0x1000 : 0);
		write32(1, channel + 0x0c, 1);
		write32(1, channel + 0x4080, (byte(in) % 128) * 32u);
		write32(1, channel + 0x4084, 0);
		write32(1, channel + 0x4088, byte(in));
		write32(1, channel + 0x04, word(in) | 1);
		break;
	case 3:
		write32(1, common[byte(in) % ARRAY_SIZE(common)], word(in));
		break;
	case 4:
		put_desc(in);
		break;
	case 5:
		xdma_poll(&card->xdma, byte(in));
		break;
	case 6:
		change_map(in);
		break;
	case 7:		/* any access to any BAR */
		v = word(in);
		n = byte(in) % sizeof(buf);
		if (op & 0x80)
			card_bar_write(card, v >> 24 & 7, v & 0xffffff, buf, n);
		else
			card_bar_read(card, v >> 24 & 7, v & 0xffffff, buf, n);
		break;
	case 8:
		put_le32(buf, word(in));
		card_config_write(card, (uint64_t)byte(in), buf, 1 + op / 12 % 4);
		break;
	case 9:
		write32(0, byte(in) % 0x94, word(in));
		read32(0, byte(in) % 0x94);
		break;
	case 10:
		card_reset(card);
		break;
	case 11:
		write32(0, LAB_FAULT_TARGET, byte(in));
		write32(0, LAB_FAULT_COUNT, byte(in) % 16);
		write32(0, LAB_FAULT_VALUE, word(in));
		write32(0, LAB_FAULT_CMD, op / 14);
		read32(0, LAB_FAULT_STATE);
		break;
	case 12:
		fake_time += word(in);
		break;
	case 13:	/* what is behind a stream, mostly right */
		write32(0, LAB_STREAM_SEL, byte(in));
		write32(0, LAB_STREAM_MODE, LAB_STREAM(byte(in) % 5, byte(in) % 4));
		write32(0, LAB_GEN_MIN, byte(in));
		write32(0, LAB_GEN_MAX, byte(in) << byte(in) % 8);
		write32(0, LAB_GEN_COUNT, byte(in));
		write32(0, LAB_GEN_CMD, op / 15 % 6);
		read32(0, LAB_GEN_SENT + op / 15 % 5 * 4);
		break;
	default:
		card_irq_attached(card, op / 12 % 4, byte(in) % 40);
		card_intx_unmask(card);
		break;
	}
}

/* What no program can change. */
static void check_streams(void)
{
	unsigned int i;

	for (i = 0; i < XDMA_MAX_CHANNELS; i++) {
		const struct stream *s = &card->xdma.stream[i];

		if (s->fifo.fill > s->fifo.size || s->check.errors > s->check.packets ||
		    (s->gen.left && s->gen.place.at >= s->gen.place.len))
			abort();
	}
}

/* After a disconnect the card is as new. */
static void check_sane(void)
{
	bool stream = card->config.xdma.stream;
	uint8_t command[2] = { 6, 0 };
	unsigned int i;

	card_disconnect(card);
	for (i = 0; i < MEMORY; i++)
		memory[i] = (uint8_t)(i * 31);
	if (guestmem_map(&card->host, 0, MEMORY, 3, memory_fd, 0))
		abort();
	card_config_write(card, 4, command, 2);
	for (i = 0; i < 2; i++) {
		uint8_t *d = memory + 32 * i;

		/* a stream: four times through its FIFO, H2C still at it when C2H begins */
		put_le32(d, i || !stream ? 0xad4b0003 : 0xad4b0013);
		put_le32(d + 4, 4096);
		put_le64(d + 8, i ? 0x1238 : 0x4001);
		put_le64(d + 16, i ? 0x8003 : 0x1238);
		put_le64(d + 24, 0);
		write32(1, i ? 0x5080 : 0x4080, 32 * i);
		write32(1, i ? 0x1004 : 0x0004, 0x00fffe1f);
		if (!xdma_poll(&card->xdma, 1000))
			abort();
	}
	for (i = 0; i < 2; i++)
		if (read32(1, i ? 0x1044 : 0x0044) != 6 || read32(1, i ? 0x1048 : 0x0048) != 1)
			abort();
	if (stream && get_le64(memory + 0x1238) != (4096ull << 32 | 0x52b40001))
		abort();
	if (memcmp(memory + 0x4001, memory + 0x8003, 4096))
		abort();
	card_disconnect(card);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t command[2] = { 6, 4 }, msix[2] = { 0x1f, 0x80 }, how;

	if (memory_fd < 0)
		set_up();
	how = byte(&in);
	card = &cards[how >> 1 & 1];
	guestmem_map(&card->host, 0, MEMORY, 3, memory_fd, 0);
	card_config_write(card, 4, command, 2);
	if (how & 1)
		card_config_write(card, 0x62, msix, 2);
	while (in.left) {
		step(&in);
		xdma_poll(&card->xdma, 30);
		check_streams();
	}
	check_sane();
	return 0;
}
