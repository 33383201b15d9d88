// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs inside a guest, as root, with no driver on the card: probes and drives
 * it the way AMD's driver does, from user space through sysfs, with pages of
 * its own as DMA memory. Shows that the card works behind a real bus, and what
 * the accesses cost. Needs a guest without IOMMU translation.
 *
 * usage: guest-probe [PCI-ADDRESS]   (default: the first 10ee: function)
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../lab-regs.h"
#include "../util.h"

#define PAGE		4096u
#define PAGES		4u	/* descriptors, writeback, source, destination */
#define ROUNDS		1000u

static volatile uint32_t *user, *dma;
static char device[300];
static uint8_t *page[PAGES];
static uint64_t phys[PAGES];

#define DIE(...)						\
	do {							\
		fprintf(stderr, "guest-probe: " __VA_ARGS__);	\
		fputc('\n', stderr);				\
		exit(1);					\
	} while (0)

static uint32_t rd(uint32_t off)
{
	return dma[off / 4];
}

static void wr(uint32_t off, uint32_t value)
{
	dma[off / 4] = value;
}

static void expect(const char *what, uint32_t got, uint32_t want)
{
	if (got != want)
		DIE("%s is 0x%08x, not 0x%08x", what, got, want);
}

static void find_device(void)
{
	const char *base = "/sys/bus/pci/devices";
	struct dirent *e;
	char path[300], id[16];
	DIR *dir = opendir(base);
	FILE *f;

	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%.200s/vendor", base, e->d_name);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fgets(id, sizeof(id), f) && !strncmp(id, "0x10ee", 6))
			snprintf(device, sizeof(device), "%s/%.200s", base, e->d_name);
		fclose(f);
		if (*device)
			break;
	}
	if (dir)
		closedir(dir);
	if (!*device)
		DIE("no 10ee: device");
}

static volatile uint32_t *map_bar(unsigned int index)
{
	char path[330];
	void *p;
	int fd;

	snprintf(path, sizeof(path), "%s/resource%u", device, index);
	fd = open(path, O_RDWR | O_SYNC);
	if (fd < 0)
		DIE("%s: cannot open", path);
	p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		DIE("%s: cannot map", path);
	close(fd);
	return p;
}

static void enable_device(void)
{
	uint16_t command = 0x0406;	/* memory, bus master, no INTx */
	char path[330];
	int fd;

	snprintf(path, sizeof(path), "%s/enable", device);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "1", 1) != 1)
		DIE("%s: cannot write", path);
	close(fd);
	snprintf(path, sizeof(path), "%s/config", device);
	fd = open(path, O_RDWR);
	if (fd < 0 || pwrite(fd, &command, 2, 4) != 2)
		DIE("%s: cannot write", path);
	close(fd);
}

/* Locked pages and where the kernel put them. */
static void get_pages(void)
{
	uint64_t entry;
	unsigned int i;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	for (i = 0; i < PAGES; i++) {
		page[i] = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
		if (page[i] == MAP_FAILED)
			DIE("no memory");
		memset(page[i], 0, PAGE);
		if (pread(fd, &entry, 8, (off_t)((uintptr_t)page[i] / PAGE * 8)) != 8 ||
		    !(entry >> 63) || !(entry & ((1ull << 55) - 1)))
			DIE("cannot tell physical addresses");
		phys[i] = (entry & ((1ull << 55) - 1)) * PAGE;
	}
	close(fd);
}

/* As AMD's driver does before it offers anything. */
static void probe(unsigned int h2c, unsigned int c2h)
{
	unsigned int i;

	expect("irq identifier", rd(0x2000) >> 16, 0x1fc2);
	expect("config identifier", rd(0x3000) >> 16, 0x1fc3);
	if (user[0x2000 / 4] >> 16 == 0x1fc2)
		DIE("the user BAR looks like the DMA BAR");
	wr(0x2018, ~0u);
	wr(0x200c, ~0u);
	for (i = 0; i < h2c + c2h; i++) {
		uint32_t base = i < h2c ? i << 8 : 0x1000 | (i - h2c) << 8;

		expect("identifier", rd(base), 0x1fc00006 | (i < h2c ? 0 : 0x10000) |
		       (base & 0xf00));
		wr(base + 0x0c, 0x02000000);
		if (!rd(base + 0x4c))
			DIE("no alignments");
		wr(base + 0x88, (uint32_t)(phys[1] + 64 * i));
		wr(base + 0x8c, (uint32_t)((phys[1] + 64 * i) >> 32));
		wr(base + 0x90, 0x00f83e18);
	}
	expect("no channel", rd(h2c << 8), 0);
	for (i = 0; i < 4; i++)
		wr(0x2080 + 4 * i, 0);
	wr(0x20a0, 0);
	wr(0x20a4, 0);
	wr(0x2014, ~0u);
	expect("channel enable", rd(0x2010), (1u << (h2c + c2h)) - 1);
	wr(0x2008, 0x1ffff);
	expect("user enable", rd(0x2004), 0xffff);
}

/* One descriptor in poll mode; as AMD's driver starts and stops it. */
static void transfer(uint32_t base, unsigned int wb_slot, uint64_t src, uint64_t dst, uint32_t len)
{
	volatile uint32_t *wb = (volatile uint32_t *)(void *)(page[1] + 64 * wb_slot);
	uint64_t end = now_ns() + 5 * NSEC_PER_SEC;
	uint8_t *d = page[0];

	put_le32(d, 0xad4b0003);
	put_le32(d + 4, len);
	put_le64(d + 8, src);
	put_le64(d + 16, dst);
	put_le64(d + 24, 0);
	__atomic_store_n(wb, 0, __ATOMIC_RELEASE);
	wr(base + 0x4080, (uint32_t)phys[0]);
	wr(base + 0x4084, (uint32_t)(phys[0] >> 32));
	wr(base + 0x4088, 0);
	wr(base + 0x04, 0x04f83e19);
	while (__atomic_load_n(wb, __ATOMIC_ACQUIRE) != 1)
		if (now_ns() > end)
			DIE("writeback is 0x%x, status 0x%x", *wb, rd(base + 0x40));
	wr(base + 0x04, 0x04f83e18);
}

int main(int argc, char **argv)
{
	uint64_t t, reads, writes, card = 0x12345678;
	unsigned int i, j, h2c, c2h;
	uint32_t config;

	if (argc > 1)
		snprintf(device, sizeof(device), "/sys/bus/pci/devices/%s", argv[1]);
	else
		find_device();
	enable_device();
	user = map_bar(0);
	dma = map_bar(1);
	get_pages();
	expect("lab block", user[LAB_ID / 4], LAB_ID_VALUE);
	config = user[LAB_CONFIG / 4];
	h2c = config & 0xf;
	c2h = config >> 4 & 0xf;
	probe(h2c, c2h);

	t = now_ns();
	for (i = 0; i < ROUNDS; i++)
		rd(0x2000);
	reads = now_ns() - t;
	t = now_ns();
	for (i = 0; i < ROUNDS; i++)
		wr(0x9c, 0);
	writes = now_ns() - t;
	rd(0x2000);
	printf("%u+%u channels; read %llu ns, posted write %llu ns\n", h2c, c2h,
	       (unsigned long long)reads / ROUNDS, (unsigned long long)writes / ROUNDS);

	t = now_ns();
	for (i = 0; i < ROUNDS; i++) {
		uint32_t len = 1 + i * 4 % PAGE;
		unsigned int ch = i % h2c, ch2 = i % c2h;

		for (j = 0; j < len; j++)
			page[2][j] = (uint8_t)(i + j * 7 + j / 256);
		memset(page[3], 0, PAGE);
		transfer(ch << 8, ch, phys[2], card + i, len);
		transfer(0x1000 | ch2 << 8, h2c + ch2, card + i, phys[3], len);
		if (memcmp(page[2], page[3], len))
			DIE("round %u: data differ", i);
	}
	t = now_ns() - t;
	printf("%u round trips, %llu us each\n", ROUNDS, (unsigned long long)t / ROUNDS / 1000);

	user[LAB_BOOKS_SEL / 4] = LAB_SEL(LAB_ENGINE_CARD, LAB_CARD_VIOLATIONS);
	expect("violations", user[LAB_BOOKS_LO / 4], 0);
	puts("guest-probe: all good");
	return 0;
}
