// SPDX-License-Identifier: GPL-2.0-only
/* A card on the bench (see model.h). */
#include <stdlib.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "model.h"
#include "tap.h"

static bool sink(void *ctx, enum irq_kind kind, unsigned int vector)
{
	struct bench *b = ctx;

	if (b->deaf)
		return false;
	b->kind = (int)kind;
	b->irqs[vector]++;
	return true;
}

static void set_up_driver(struct bench *b)
{
	cfg_wr(b, 0x04, 2, 0x0106);
	cfg_wr(b, 0x62, 2, 0x801f);
	wr(b, 0x20a0, 0x03020100);
	wr(b, 0x20a4, 0x07060504);
	wr(b, 0x2080, 0x0b0a0908);
	wr(b, 0x2014, ~0u);
}

static void unmask_channels(struct bench *b)
{
	unsigned int i;

	for (i = 0; i < b->card.config.xdma.h2c; i++)
		wr(b, 0x0090 + 0x100 * i, 0x00f83e7e);
	for (i = 0; i < b->card.config.xdma.c2h; i++)
		wr(b, 0x1090 + 0x100 * i, 0x00f83e7e);
}

bool bench_up(struct bench *b, const char *spec, bool threads)
{
	struct card_config config;
	char error[200];

	if (b->up)
		bench_down(b);
	memset(b, 0, sizeof(*b));
	if (!spec_parse(spec, &config, error, sizeof(error))) {
		printf("# %s\n", error);
		tap_failed = true;
		return false;
	}
	config.xdma.threads = threads;
	b->ram_fd = memfd_create("ram", MFD_CLOEXEC);
	if (b->ram_fd < 0 || ftruncate(b->ram_fd, BENCH_RAM))
		abort();
	b->ram = mmap(NULL, BENCH_RAM, PROT_READ | PROT_WRITE, MAP_SHARED, b->ram_fd, 0);
	if (b->ram == MAP_FAILED || card_init(&b->card, &config, sink, b, NULL, NULL))
		abort();
	b->up = true;
	while (b->card.bar[b->dma] != BAR_DMA)
		b->dma++;
	if (guestmem_map(&b->card.host, 0, BENCH_RAM, 3, b->ram_fd, 0))
		abort();
	set_up_driver(b);
	unmask_channels(b);
	return true;
}

void bench_down(struct bench *b)
{
	card_fini(&b->card);
	b->up = false;
	munmap(b->ram, BENCH_RAM);
	close(b->ram_fd);
}

uint32_t rd(struct bench *b, uint32_t off)
{
	uint32_t value = 0xdeadbeef;

	card_bar_read(&b->card, b->dma, off, &value, 4);
	return value;
}

void wr(struct bench *b, uint32_t off, uint32_t value)
{
	card_bar_write(&b->card, b->dma, off, &value, 4);
}

uint32_t user_rd(struct bench *b, uint32_t off)
{
	uint32_t value = 0xdeadbeef;

	card_bar_read(&b->card, 0, off, &value, 4);
	return value;
}

void user_wr(struct bench *b, uint32_t off, uint32_t value)
{
	card_bar_write(&b->card, 0, off, &value, 4);
}

uint64_t cfg_rd(struct bench *b, uint32_t off, unsigned int len)
{
	uint64_t value = 0;

	card_config_read(&b->card, off, &value, len);
	return value;
}

void cfg_wr(struct bench *b, uint32_t off, unsigned int len, uint64_t value)
{
	card_config_write(&b->card, off, &value, len);
}

void flr(struct bench *b)
{
	cfg_wr(b, 0x78, 2, 0x8000);
}

void fault(struct bench *b, uint32_t target, uint32_t command, uint32_t n, uint32_t value)
{
	user_wr(b, LAB_FAULT_TARGET, target);
	user_wr(b, LAB_FAULT_COUNT, n);
	user_wr(b, LAB_FAULT_VALUE, value);
	user_wr(b, LAB_FAULT_CMD, command);
}

uint64_t book(struct bench *b, uint32_t engine, uint32_t counter)
{
	uint32_t low;

	user_wr(b, LAB_BOOKS_SEL, LAB_SEL(engine, counter));
	low = user_rd(b, LAB_BOOKS_LO);
	return low | (uint64_t)user_rd(b, LAB_BOOKS_HI) << 32;
}

uint64_t violations(struct bench *b, enum violation kind)
{
	uint64_t n = 0;
	unsigned int e;

	pthread_mutex_lock(&b->card.books.lock);
	for (e = 0; e <= BOOKS_ENGINES; e++)
		n += b->card.books.violations[e][kind].count;
	pthread_mutex_unlock(&b->card.books.lock);
	return n;
}

uint64_t all_violations(struct bench *b)
{
	return counted(&b->card.books.violation_count);
}

void put_desc(struct bench *b, uint64_t at, struct descriptor d)
{
	uint8_t *p = b->ram + at;

	put_le32(p, 0xad4b0000u | (d.adjacent << 8) | d.control);
	put_le32(p + 4, d.len);
	put_le64(p + 8, d.src);
	put_le64(p + 16, d.dst);
	put_le64(p + 24, d.next);
}

static uint32_t extra(uint64_t at, uint32_t remaining)
{
	uint32_t to_page = (4096 - at % 4096) / 32;

	if (!remaining)
		return 0;
	if (to_page > 64)
		to_page = 64;
	return (remaining < to_page ? remaining : to_page) - 1;
}

uint32_t put_chain(struct bench *b, uint64_t at, uint32_t n, uint32_t len,
		   uint64_t src, uint64_t dst, bool all)
{
	uint32_t i, left = 0, first = extra(at, n);

	for (i = 0; i < n; i++) {
		uint64_t here = at + 32 * i;
		bool last = i == n - 1;
		struct descriptor d = {
			.control = last ? 3 : all ? 2 : 0,
			.len = len, .src = src + (uint64_t)i * len, .dst = dst + (uint64_t)i * len,
			.next = last ? 0 : here + 32,
		};

		if (!left)
			left = extra(here, n - i) + 1;
		left--;
		d.adjacent = left ? left - 1 : extra(here + 32, n - i - 1);
		put_desc(b, here, d);
	}
	return first;
}

void start(struct bench *b, uint32_t channel, uint64_t desc, uint32_t adjacent,
	   uint32_t control)
{
	wr(b, channel + 0x0c, 1);
	wr(b, channel + 0x4080, (uint32_t)desc);
	wr(b, channel + 0x4084, (uint32_t)(desc >> 32));
	wr(b, channel + 0x4088, adjacent);
	wr(b, channel + 0x04, control);
}

void bench_run(struct bench *b)
{
	if (!xdma_poll(&b->card.xdma, 1000000)) {
		printf("# an engine does not come to rest\n");
		tap_failed = true;
	}
}

bool wait_idle(struct bench *b, uint32_t channel)
{
	uint64_t end = now_ns() + HANG_NS;

	while (rd(b, channel + 0x40) & ST_BUSY) {
		if (now_ns() > end)
			return false;
		sched_yield();
	}
	return true;
}

bool wait_irq(struct bench *b, unsigned int vector, unsigned int count)
{
	uint64_t end = now_ns() + HANG_NS;

	while (b->irqs[vector] < count) {
		if (now_ns() > end)
			return false;
		sched_yield();
	}
	return b->irqs[vector] == count;
}

void fill(uint8_t *p, size_t len, uint32_t seed)
{
	size_t i;

	for (i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (uint8_t)(seed >> 24);
	}
}
