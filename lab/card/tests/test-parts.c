// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rooms that stand alone: guest memory, card memory, specifications, the
 * books' text and file, eventfds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../bookfile.h"
#include "../irqfd.h"
#include "model.h"
#include "tap.h"

/* --- guest memory -------------------------------------------------------- */

static struct guestmem gm;

static int make_file(size_t size)
{
	int fd = memfd_create("part", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)size))
		abort();
	return fd;
}

static void poke(int fd, off_t at, uint8_t value)
{
	if (pwrite(fd, &value, 1, at) != 1)
		abort();
}

static bool readable(uint64_t addr)
{
	uint8_t byte;

	return guestmem_read(&gm, addr, &byte, 1) == 1;
}

static void test_guestmem_maps(void)
{
	int fd = make_file(1 << 20);
	uint8_t buf[4096];

	guestmem_init(&gm);
	CHECK_EQ(guestmem_map(&gm, 0x10000, 0x4000, 3, fd, 0x8000), 0);
	CHECK(!readable(0x10000));		/* bus master is off */
	guestmem_set_master(&gm, true);
	poke(fd, 0x8000, 11);
	poke(fd, 0xbfff, 22);
	CHECK_EQ(guestmem_read(&gm, 0x10000, buf, 1), 1);
	CHECK_EQ(buf[0], 11);
	CHECK_EQ(guestmem_read(&gm, 0x13fff, buf, 1), 1);
	CHECK_EQ(buf[0], 22);
	CHECK(!readable(0xffff) && !readable(0x14000));
	/* a short read across the end */
	CHECK_EQ(guestmem_read(&gm, 0x13ff0, buf, 32), 16);
	/* overlaps of all kinds */
	CHECK_EQ(guestmem_map(&gm, 0x13fff, 1, 3, fd, 0), (unsigned long long)-EEXIST);
	CHECK_EQ(guestmem_map(&gm, 0xffff, 2, 3, fd, 0), (unsigned long long)-EEXIST);
	CHECK_EQ(guestmem_map(&gm, 0, 0x100000, 3, -1, 0), (unsigned long long)-EEXIST);
	/* neighbours are not overlaps, and copies run across them */
	CHECK_EQ(guestmem_map(&gm, 0x14000, 0x1000, 3, fd, 0x20000), 0);
	CHECK_EQ(guestmem_map(&gm, 0xf000, 0x1000, 1, fd, 0), 0);
	CHECK_EQ(guestmem_read(&gm, 0x13ff0, buf, 32), 32);
	CHECK_EQ(guestmem_write(&gm, 0xfff0, buf, 32), 0);	/* read-only */
	CHECK_EQ(guestmem_write(&gm, 0x14ff0, buf, 32), 16);
	/* one mapping of the file serves all */
	CHECK_EQ(gm.count, 3);
	/* bad sizes and places */
	CHECK_EQ(guestmem_map(&gm, 0x80000, 0, 3, fd, 0), (unsigned long long)-EINVAL);
	CHECK_EQ(guestmem_map(&gm, ~0ull, 2, 3, fd, 0), (unsigned long long)-EINVAL);
	CHECK_EQ(guestmem_map(&gm, 0x80000, 4096, 3, fd, 1 << 20), (unsigned long long)-EINVAL);
	CHECK_EQ(guestmem_map(&gm, 0x80000, 4096, 3, fd, ~0ull - 100), (unsigned long long)-EINVAL);
	CHECK_EQ(guestmem_map(&gm, 0x80000, 4096, 8, fd, 0), (unsigned long long)-EINVAL);
	CHECK_EQ(gm.count, 3);
	/* the last byte of the address space */
	CHECK_EQ(guestmem_map(&gm, ~0ull - 4095, 4096, 3, fd, 0), 0);
	CHECK(readable(~0ull));
	CHECK_EQ(guestmem_read(&gm, ~0ull - 15, buf, 4096), 16);
	/* what is mapped at 0 does not follow */
	CHECK_EQ(guestmem_map(&gm, 0, 4096, 3, fd, 0), 0);
	CHECK_EQ(guestmem_read(&gm, ~0ull - 15, buf, 4096), 16);
	CHECK_EQ(guestmem_write(&gm, ~0ull - 15, buf, 4096), 16);
	guestmem_fini(&gm);
	close(fd);
}

static void test_guestmem_unmap(void)
{
	int fd = make_file(1 << 20);
	uint8_t byte;
	unsigned int i;

	guestmem_init(&gm);
	guestmem_set_master(&gm, true);
	for (i = 0; i < 64; i++)
		CHECK_EQ(guestmem_map(&gm, 0x100000 + i * 0x2000, 0x1000, 3, fd, i * 0x1000), 0);
	/* QEMU at reboot: huge ranges, never mapped as such */
	CHECK_EQ(guestmem_unmap(&gm, 0, 0x7fffffff), 0);
	CHECK_EQ(gm.count, 0);
	CHECK_EQ(guestmem_unmap(&gm, 0xfef00000, ~0ull), 0);
	CHECK_EQ(guestmem_unmap(&gm, 0, ~0ull), 0);
	/* trimming: front, back, the middle */
	CHECK_EQ(guestmem_map(&gm, 0x10000, 0x10000, 3, fd, 0), 0);
	for (i = 0; i < 16; i++)
		poke(fd, i * 0x1000, (uint8_t)(i + 1));
	CHECK_EQ(guestmem_unmap(&gm, 0x8000, 0x11fff), 0);
	CHECK(!readable(0x11fff) && readable(0x12000));
	CHECK_EQ(guestmem_read(&gm, 0x12000, &byte, 1), 1);
	CHECK_EQ(byte, 3);
	CHECK_EQ(guestmem_unmap(&gm, 0x1e000, 0x30000), 0);
	CHECK(readable(0x1dfff) && !readable(0x1e000));
	CHECK_EQ(guestmem_unmap(&gm, 0x15000, 0x15fff), 0);
	CHECK(readable(0x14fff) && !readable(0x15000) && readable(0x16000));
	CHECK_EQ(guestmem_read(&gm, 0x16000, &byte, 1), 1);
	CHECK_EQ(byte, 7);
	CHECK_EQ(gm.count, 2);
	/* unmapping in between touches nothing */
	CHECK_EQ(guestmem_unmap(&gm, 0x15000, 0x15fff), 0);
	CHECK_EQ(gm.count, 2);
	guestmem_fini(&gm);
	close(fd);
}

static void test_guestmem_files(void)
{
	char path[] = "/tmp/exdma-part-XXXXXX";
	int fd = mkstemp(path), ro;
	uint8_t byte = 9;

	CHECK(fd >= 0);
	CHECK_EQ(ftruncate(fd, 8192), 0);
	ro = open(path, O_RDONLY | O_CLOEXEC);
	unlink(path);
	guestmem_init(&gm);
	guestmem_set_master(&gm, true);
	/* a descriptor that cannot write is good for reading only */
	CHECK(guestmem_map(&gm, 0, 4096, 3, ro, 0) < 0);
	CHECK_EQ(guestmem_map(&gm, 0, 4096, 1, ro, 0), 0);
	CHECK(readable(0));
	/* the same file, writable now, and then larger */
	CHECK_EQ(guestmem_map(&gm, 0x1000, 4096, 3, fd, 0), 0);
	CHECK_EQ(guestmem_write(&gm, 0x1000, &byte, 1), 1);
	byte = 0;
	CHECK_EQ(guestmem_read(&gm, 0, &byte, 1), 1);
	CHECK_EQ(byte, 9);
	CHECK_EQ(guestmem_map(&gm, 0x2000, 4096, 3, fd, 8192), (unsigned long long)-EINVAL);
	CHECK_EQ(ftruncate(fd, 16384), 0);
	CHECK_EQ(guestmem_map(&gm, 0x2000, 4096, 3, fd, 8192), 0);
	CHECK_EQ(guestmem_write(&gm, 0x2000, &byte, 1), 1);
	/* no file at all: known, but nothing there */
	CHECK_EQ(guestmem_map(&gm, 0x8000, 4096, 3, -1, 0), 0);
	CHECK(!readable(0x8000));
	/* what is no file */
	close(ro);
	ro = eventfd(0, EFD_CLOEXEC);
	CHECK(guestmem_map(&gm, 0x9000, 4096, 3, ro, 0) < 0);
	CHECK(guestmem_map(&gm, 0x9000, 4096, 3, 9999, 0) < 0);
	guestmem_clear(&gm);
	CHECK(!readable(0));
	guestmem_fini(&gm);
	close(ro);
	close(fd);
}

static void test_guestmem_store(void)
{
	int fd = make_file(8192);
	uint32_t v;

	guestmem_init(&gm);
	guestmem_set_master(&gm, true);
	CHECK_EQ(guestmem_map(&gm, 0, 4096, 3, fd, 0), 0);
	CHECK_EQ(guestmem_map(&gm, 0x2000, 4096, 1, fd, 0), 0);
	CHECK(guestmem_store32(&gm, 4092, 0x11223344));
	CHECK_EQ(guestmem_read(&gm, 4092, &v, 4), 4);
	CHECK_EQ(v, 0x11223344);
	CHECK(guestmem_store32(&gm, 5, 0x55667788));
	CHECK_EQ(guestmem_read(&gm, 5, &v, 4), 4);
	CHECK_EQ(v, 0x55667788);
	CHECK(!guestmem_store32(&gm, 4094, 1));
	CHECK(!guestmem_store32(&gm, 4096, 1));
	CHECK(!guestmem_store32(&gm, 0x2000, 1));
	CHECK(!guestmem_store32(&gm, ~0ull - 3, 1));
	guestmem_fini(&gm);
	close(fd);
}

static void test_guestmem_limit(void)
{
	uint64_t i;

	guestmem_init(&gm);
	for (i = 0; i < GUESTMEM_MAX_MAPS; i++)
		CHECK_EQ(guestmem_map(&gm, i * 8192, 4096, 3, -1, 0), 0);
	CHECK_EQ(guestmem_map(&gm, i * 8192, 4096, 3, -1, 0), (unsigned long long)-ENOSPC);
	CHECK_EQ(guestmem_unmap(&gm, 0, ~0ull), 0);
	CHECK_EQ(gm.count, 0);
	guestmem_fini(&gm);
}

/* --- card memory --------------------------------------------------------- */

/* Data arrive where they should: selftests/data. Here, the largest memory and its end. */
static void test_cardmem_huge(void)
{
	struct cardmem cm;
	uint32_t v = 0x600dcafe;
	uint64_t at;

	CHECK_EQ(cardmem_init(&cm, CARDMEM_MAX_SIZE), 0);
	for (at = 1; at < CARDMEM_MAX_SIZE - 8; at = at * 3 + 5)
		CHECK_EQ(cardmem_write(&cm, at, &v, 4), 0);
	CHECK_EQ(cardmem_write(&cm, CARDMEM_MAX_SIZE - 4, &v, 4), 0);
	v = 0;
	CHECK_EQ(cardmem_read(&cm, CARDMEM_MAX_SIZE - 4, &v, 4), 0);
	CHECK_EQ(v, 0x600dcafe);
	CHECK_EQ(cardmem_write(&cm, CARDMEM_MAX_SIZE - 3, &v, 4), (unsigned long long)-EFAULT);
	CHECK_EQ(cardmem_read(&cm, ~0ull, &v, 4), (unsigned long long)-EFAULT);
	cardmem_fini(&cm);
	CHECK(cardmem_init(&cm, CARDMEM_MAX_SIZE + 1) < 0);
	CHECK(cardmem_init(&cm, 0) < 0);
}

/* --- specifications ------------------------------------------------------ */

/* One fault of a specification, by the lab block's numbers. */
#define CHECK_SPEC(text, target_, command_, n_, value_)				\
	do {									\
		CHECK(spec_parse("fault=" text, &c, e, sizeof(e)));		\
		CHECK_EQ(c.faults, 1);						\
		CHECK_EQ(c.fault[0].target, target_);				\
		CHECK_EQ(c.fault[0].command, command_);				\
		CHECK_EQ(c.fault[0].n, n_);					\
		CHECK_EQ(c.fault[0].value, value_);				\
	} while (0)

static void test_spec_good(void)
{
	struct card_config c;
	char e[200];

	CHECK(spec_parse("", &c, e, sizeof(e)));
	CHECK_EQ(c.xdma.h2c, 1);
	CHECK_EQ(c.xdma.c2h, 1);
	CHECK_EQ(c.vendor, 0x10ee);
	CHECK_EQ(c.device, 0x903f);
	CHECK_EQ(c.mem_size, 4ull << 30);
	CHECK_EQ(c.user_size, 65536);
	CHECK_EQ(c.bypass_size, 0);
	CHECK(c.msix && c.msi && c.intx && c.strict && !c.bars_64 && !c.xdma.stream);
	CHECK(!c.d3_reset);
	CHECK_EQ(c.xdma.fifo, 65536);
	CHECK_EQ(c.xdma.alignments, 0x00010140);
	CHECK_EQ(c.xdma.width_bits, 256);
	CHECK(spec_parse("h2c=4,c2h=2,id=ABCD:0001,mem=64T,user=0,bypass=256M,bars=64,irq=msi,"
			 "d3reset=on,strict=off,rate=1G,desc=500,run=2K,width=64,align=0x00404020,"
			 "fault=hang:h2c3+lose:c2h1:7,fault=lose:user15:0x10", &c, e, sizeof(e)));
	CHECK_EQ(c.xdma.h2c, 4);
	CHECK_EQ(c.xdma.c2h, 2);
	CHECK_EQ(c.vendor, 0xabcd);
	CHECK_EQ(c.device, 1);
	CHECK_EQ(c.mem_size, 64ull << 40);
	CHECK_EQ(c.user_size, 0);
	CHECK_EQ(c.bypass_size, 256 << 20);
	CHECK(c.bars_64 && !c.msix && c.msi && c.intx && !c.strict && c.d3_reset);
	CHECK_EQ(c.xdma.rate, 1 << 30);
	CHECK_EQ(c.xdma.desc_ns, 500);
	CHECK_EQ(c.xdma.run_ns, 2048);
	CHECK_EQ(c.xdma.width_bits, 64);
	CHECK_EQ(c.xdma.alignments, 0x00404020);
	CHECK_EQ(c.faults, 3);
	CHECK_EQ(c.fault[0].target, 3);
	CHECK_EQ(c.fault[0].command, LAB_FAULT_HANG_AFTER);
	CHECK_EQ(c.fault[0].n, 0);
	CHECK_EQ(c.fault[1].target, 5);
	CHECK_EQ(c.fault[1].n, 7);
	CHECK_EQ(c.fault[2].target, LAB_FAULT_USER(15));
	CHECK_EQ(c.fault[2].n, 16);
	CHECK(spec_parse("stream=on,fifo=1", &c, e, sizeof(e)));
	CHECK(c.xdma.stream);
	CHECK_EQ(c.xdma.fifo, 1);
	CHECK(spec_parse("stream=off,fifo=1G", &c, e, sizeof(e)));
	CHECK(!c.xdma.stream);
	CHECK_EQ(c.xdma.fifo, 1 << 30);
	/* the fault may come before the channels it names */
	CHECK(spec_parse("fault=hang:c2h3:1,c2h=4", &c, e, sizeof(e)));
	CHECK_EQ(c.fault[0].target, 7);
	CHECK_SPEC("error:c2h0:3:0x4200", LAB_ENGINE_C2H(0), LAB_FAULT_ERROR, 3, 0x4200);
	CHECK_SPEC("error:h2c0:0:0x10", LAB_ENGINE_H2C(0), LAB_FAULT_ERROR, 0, 0x10);
	CHECK_SPEC("stale:h2c0:2", LAB_ENGINE_H2C(0), LAB_FAULT_STALE, 2, 0);
	CHECK_SPEC("corrupt:c2h0:always:0xffffffff", LAB_ENGINE_C2H(0), LAB_FAULT_CORRUPT,
		   LAB_FAULT_ALWAYS, 0xffffffff);
	CHECK_SPEC("slow:h2c0:10M", LAB_ENGINE_H2C(0), LAB_FAULT_SLOW, 0, 10 << 20);
	CHECK_SPEC("slow:card:1", LAB_ENGINE_CARD, LAB_FAULT_SLOW, 0, 1);
	CHECK_SPEC("lose:c2h0:always", LAB_ENGINE_C2H(0), LAB_FAULT_LOSE, LAB_FAULT_ALWAYS, 0);
	CHECK_SPEC("delay:user10:1:500", LAB_FAULT_USER(10), LAB_FAULT_DELAY, 1, 500);
	CHECK_SPEC("duplicate:h2c0:4", LAB_ENGINE_H2C(0), LAB_FAULT_DUPLICATE, 4, 0);
	CHECK_SPEC("duplicate:h2c0:4:70", LAB_ENGINE_H2C(0), LAB_FAULT_DUPLICATE, 4, 70);
	CHECK_SPEC("gone:card:9", LAB_ENGINE_CARD, LAB_FAULT_GONE, 9, 0);
	CHECK_SPEC("gone:card:9:250", LAB_ENGINE_CARD, LAB_FAULT_GONE, 9, 250);
	CHECK_SPEC("refuse:card:2", LAB_ENGINE_CARD, LAB_FAULT_REFUSE, 2, 0);
	CHECK_SPEC("die:card:100", LAB_ENGINE_CARD, LAB_FAULT_DIE, 100, 0);
	CHECK(spec_parse("irq=msix", &c, e, sizeof(e)));
	CHECK(c.msix && !c.msi && !c.intx);
	CHECK(spec_parse("irq=intx", &c, e, sizeof(e)));
	CHECK(!c.msix && !c.msi && c.intx);
}

static void test_spec_bad(void)
{
	static const char *const bad[] = {
		"h2c", "h2c=", "h2c=0", "h2c=5", "h2c=-1", "h2c=+1", "h2c= 1", "h2c=1x", "=",
		"c2h=99999999999999999999", "id=10ee", "id=10ee:", "id=10ee:903fx",
		"id=10ee903f0", "id=10eg:903f", "mem=0", "mem=65T", "mem=4GB", "mem=G",
		"mem=18446744073709551615T", "user=3K", "user=48K", "user=2K", "bypass=100",
		"user=2G", "bars=48", "irq=", "irq=msixx", "strict=1", "d3reset=yes", "rate=fast", "desc=-5",
		"width=100", "width=1024", "width=32", "align=zz", "align=", "align=1ffffffff",
		"stream=", "stream=1", "stream=On", "fifo=0", "fifo=", "fifo=1025M", "fifo=big",
		"colour=red", "fault=", "fault=hang", "fault=hang:h2c1", "fault=hang:h2c0:",
		"fault=hang:h2c0:x", "fault=lose:h2c0", "fault=hang:user1:1", "fault=burn:h2c0",
		"fault=lose:user16:1", "fault=hang:h2c0x", "fault=hang:h2c0+", "fault=+",
		"fault=hang:h2c0:1:2", "fault=hang:h2c0:always", "fault=hang:card",
		"fault=hang:h2c00000", "fault=hang:h2c", "fault=error:h2c0:1", "fault=error:h2c0",
		"fault=error:h2c0:1:0", "fault=error:h2c0:1:1", "fault=error:c2h0:0:0x8000",
		"fault=error:h2c0:1:0x180", "fault=stale:h2c0", "fault=stale:user0:1",
		"fault=corrupt:h2c0:1", "fault=corrupt:h2c0:1:4G", "fault=slow:h2c0",
		"fault=slow:card:0", "fault=slow:user0:1", "fault=lose:card:1",
		"fault=delay:h2c0:1", "fault=delay:h2c0:1:1:1", "fault=duplicate:h2c0",
		"fault=invent:h2c0:1", "fault=gone:card", "fault=gone:card:0:5",
		"fault=gone:h2c0:1", "fault=refuse:card", "fault=refuse:c2h0:1", "fault=die:card",
		"fault=die:card:0", "fault=die:card:always", "fault=:h2c0", "fault=h2c0:hang",
	};
	struct card_config c;
	char e[200];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		e[0] = '\0';
		if (spec_parse(bad[i], &c, e, sizeof(e)))
			FAIL("\"%s\" was accepted", bad[i]);
		if (!e[0] || strchr(e, '\n'))
			FAIL("\"%s\": bad message \"%s\"", bad[i], e);
	}
}

/* --- books --------------------------------------------------------------- */

/* A value of JSON; where it ends, or NULL when it is none. */
static const char *json_value(const char *s);

static const char *json_space(const char *s)
{
	return s + strspn(s, " \n\t");
}

static const char *json_text(const char *s)
{
	if (*s++ != '"')
		return NULL;
	for (; *s != '"'; s++) {
		if ((unsigned char)*s < ' ')
			return NULL;
		if (*s == '\\' && !strchr("\"\\", *++s))
			return NULL;
	}
	return s + 1;
}

static const char *json_list(const char *s, char end, bool keys)
{
	s = json_space(s + 1);
	if (*s == end)
		return s + 1;
	for (;;) {
		if (keys) {
			s = json_text(json_space(s));
			if (!s)
				return NULL;
			s = json_space(s);
			if (*s++ != ':')
				return NULL;
		}
		s = json_value(json_space(s));
		if (!s)
			return NULL;
		s = json_space(s);
		if (*s == end)
			return s + 1;
		if (*s++ != ',')
			return NULL;
	}
}

static const char *json_value(const char *s)
{
	if (*s == '{')
		return json_list(s, '}', true);
	if (*s == '[')
		return json_list(s, ']', false);
	if (*s == '"')
		return json_text(s);
	if (!strncmp(s, "true", 4))
		return s + 4;
	if (!strncmp(s, "false", 5))
		return s + 5;
	return strspn(s, "0123456789") ? s + strspn(s, "0123456789") : NULL;
}

static bool json_ok(const char *s)
{
	s = json_value(s);
	return s && !*json_space(s);
}

static void test_books_json(void)
{
	static struct bench b;
	size_t len;
	char *text;

	CHECK(bench_up(&b, "h2c=2", false));
	put_chain(&b, 0x1000, 2, 64, 0x2000, 0, false);
	start(&b, 0x100, 0x1000, 1, CTRL_START);
	bench_run(&b);
	books_violation(&b.card.books, 1, V_LENGTH, "a \"quote\"\\\n");
	books_violation(&b.card.books, 1, V_LENGTH, "second");
	books_violation(&b.card.books, BOOKS_CARD, V_ACCESS, "x");
	text = books_json(&b.card.books, &len);
	CHECK(text);
	CHECK_EQ(strlen(text), len);
	CHECK(json_ok(text));
	CHECK(!json_ok("{\"a\": }") && !json_ok("[1,]"));	/* the checker checks */
	CHECK(strstr(text, "\"strict\": true"));
	CHECK(strstr(text, "{\"kind\": \"length\", \"engine\": \"h2c1\", \"count\": 2, "
			   "\"first\": \"a \\\"quote\\\"\\\\ \"}"));
	CHECK(strstr(text, "{\"kind\": \"access\", \"engine\": \"card\", \"count\": 1"));
	CHECK(strstr(text, "\"violation_count\": 3"));
	CHECK(strstr(text, "{\"name\": \"h2c1\", \"busy_ns\": "));
	CHECK(strstr(text, "\"runs\": 1, \"descriptors\": 2, \"bytes\": 128, \"errors\": 0}"));
	CHECK(!strstr(text, "h2c2") && strstr(text, "{\"name\": \"c2h0\""));
	CHECK(strstr(text, "{\"offset\": \"0x0104\", \"name\": \"h2c1.control\", "
			   "\"reads\": 0, \"writes\": 1}"));
	CHECK(strstr(text, "\"name\": \"h2c1.adjacent\""));
	CHECK(!strstr(text, "\"0x0004\""));		/* not touched */
	CHECK(strstr(text, "\"kind\": \"msix\", \"total\": 1"));
	CHECK(strstr(text, "{\"vector\": 1, \"count\": 1}"));
	free(text);
	books_zero(&b.card.books);
	text = books_json(&b.card.books, &len);
	CHECK(text && json_ok(text));
	CHECK(strstr(text, "\"violations\": []") && strstr(text, "\"registers\": []"));
	CHECK(strstr(text, "\"vectors\": []"));
	CHECK(strstr(text, "\"dma_bar\": {\"reads\": 0, \"writes\": 0}"));
	free(text);
	bench_down(&b);
}

/* Both directions of a name, so that no register hides under another's. */
static void test_register_names(void)
{
	static struct bench b;
	char name[48];

	CHECK(bench_up(&b, "", false));
	xdma_register_name(&b.card.xdma, 0x0004, name, sizeof(name));
	CHECK(!strcmp(name, "h2c0.control"));
	xdma_register_name(&b.card.xdma, 0x1044, name, sizeof(name));
	CHECK(!strcmp(name, "c2h0.status_rc"));
	xdma_register_name(&b.card.xdma, 0x5080, name, sizeof(name));
	CHECK(!strcmp(name, "c2h0.descriptor_lo"));
	xdma_register_name(&b.card.xdma, 0x2014, name, sizeof(name));
	CHECK(!strcmp(name, "irq.channel_enable_w1s"));
	xdma_register_name(&b.card.xdma, 0x8fe0, name, sizeof(name));
	CHECK(!strcmp(name, "msix.0xfe0"));
	xdma_register_name(&b.card.xdma, 0x0104, name, sizeof(name));
	CHECK(!strcmp(name, "unknown"));
	bench_down(&b);
}

static void test_bookfile(void)
{
	char dir[] = "/tmp/exdma-part-XXXXXX", path[64], buf[16] = "";
	struct bookfile bf;
	FILE *f;
	int i;

	CHECK(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/books", dir);
	CHECK_EQ(bookfile_init(&bf, path), 0);
	for (i = 0; i < 100; i++) {
		char *text = strdup("number  ");

		text[7] = (char)('0' + i % 10);
		bookfile_put(&bf, text, 8);
	}
	bookfile_put(&bf, NULL, 0);
	bookfile_fini(&bf);			/* what was put last is there */
	f = fopen(path, "r");
	CHECK(f && fread(buf, 1, sizeof(buf), f) == 8 && !strcmp(buf, "number 9"));
	fclose(f);
	/* a directory that is not there must not matter */
	unlink(path);
	CHECK_EQ(rmdir(dir), 0);		/* no temporary file was left */
	CHECK_EQ(bookfile_init(&bf, path), 0);
	bookfile_put(&bf, strdup("x"), 1);
	bookfile_fini(&bf);
	CHECK_EQ(bookfile_init(&bf, NULL), 0);
	bookfile_put(&bf, strdup("x"), 1);
	CHECK(!bookfile_pending(&bf));
	bookfile_fini(&bf);
}

/* --- eventfds ------------------------------------------------------------ */

static void test_irqfd(void)
{
	struct irqfd t;
	uint64_t n = 0;
	int keep, pipes[2];

	irqfd_init(&t);
	CHECK(!irqfd_signal(&t, IRQ_MSIX, 5));
	keep = eventfd(0, EFD_CLOEXEC);		/* blocking: must not matter */
	irqfd_set(&t, IRQ_MSIX, 5, dup(keep));
	CHECK(irqfd_signal(&t, IRQ_MSIX, 5));
	CHECK(irqfd_signal(&t, IRQ_MSIX, 5));
	CHECK(!irqfd_signal(&t, IRQ_MSI, 5));
	CHECK_EQ(read(keep, &n, 8), 8);
	CHECK_EQ(n, 2);
	n = ~0ull - 1;
	CHECK_EQ(write(keep, &n, 8), 8);	/* full: heard all the same */
	CHECK(irqfd_signal(&t, IRQ_MSIX, 5));
	irqfd_set(&t, IRQ_MSIX, 5, -1);
	CHECK(!irqfd_signal(&t, IRQ_MSIX, 5));
	/* out of range: closed, not kept */
	irqfd_set(&t, IRQ_MSIX, 32, dup(keep));
	irqfd_set(&t, IRQ_NONE, 0, dup(keep));
	CHECK(!irqfd_signal(&t, IRQ_MSIX, 32));
	/* a pipe that nobody empties must not block the card */
	CHECK_EQ(pipe(pipes), 0);
	irqfd_set(&t, IRQ_INTX, 0, pipes[1]);
	for (n = 0; n < 20000; n++)
		irqfd_signal(&t, IRQ_INTX, 0);
	irqfd_fini(&t);
	close(pipes[0]);
	close(keep);
}

static const struct test tests[] = {
	TEST(test_guestmem_maps), TEST(test_guestmem_unmap), TEST(test_guestmem_files),
	TEST(test_guestmem_store), TEST(test_guestmem_limit), TEST(test_cardmem_huge),
	TEST(test_spec_good), TEST(test_spec_bad), TEST(test_books_json),
	TEST(test_register_names), TEST(test_bookfile), TEST(test_irqfd),
};

int main(int argc, char **argv)
{
	return tap_main(tests, ARRAY_SIZE(tests), argc, argv);
}
