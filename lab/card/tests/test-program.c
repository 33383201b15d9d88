// SPDX-License-Identifier: GPL-2.0-only
/*
 * The whole program over a real socket: start-up as QEMU does it, transfers
 * with interrupts, resets, bad messages, disconnect and reconnect, signals.
 * The program under test is the first argument (or $CARD).
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lab-regs.h"
#include "../xdma-regs.h"
#include "client.h"
#include "tap.h"

#define RAM	(16u << 20)
#define USER	0
#define DMA	1
#define CONFIG	7

static const char *card_binary;

struct fixture {
	struct program prog;
	struct client c;
	int event[4];
};

static bool up(struct fixture *f, const char *spec)
{
	unsigned i;

	memset(f, 0, sizeof(*f));
	if (!program_start(&f->prog, card_binary, spec))
		return false;
	if (!client_connect(&f->c, f->prog.socket) || !client_start(&f->c, RAM)) {
		printf("# start-up sequence failed\n");
		return false;
	}
	/* the driver: bus master, MSI-X on, one vector after the other */
	client_write(&f->c, CONFIG, 4, 2, 0x0106);
	client_write(&f->c, CONFIG, 0x62, 2, 0xc01f);
	if (client_set_irq(&f->c, 0x24, 2, 0, 1, NULL, 0))
		return false;
	client_write(&f->c, CONFIG, 0x62, 2, 0x801f);
	for (i = 0; i < 4; i++) {
		f->event[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		if (client_set_irq(&f->c, 0x24, 2, i, 1, &f->event[i], 1))
			return false;
	}
	/* vectors in order, mask and enable everything */
	client_post(&f->c, DMA, 0x20a0, 0x03020100);
	client_post(&f->c, DMA, 0x2014, ~0u);
	client_post(&f->c, DMA, 0x0090, 0x00f83e1e);
	client_post(&f->c, DMA, 0x1090, 0x00f83e1e);
	return true;
}

static void close_client(struct fixture *f)
{
	unsigned i;

	client_close(&f->c);
	for (i = 0; i < 4; i++)
		if (f->event[i] > 0)
			close(f->event[i]);
}

/* Return: the program's exit status. */
static int down(struct fixture *f)
{
	close_client(f);
	return program_stop(&f->prog);
}

/* One descriptor at @at in RAM. */
static void put_desc(struct fixture *f, uint64_t at, uint32_t control, uint32_t len,
		     uint64_t src, uint64_t dst)
{
	uint8_t *d = f->c.ram + at;

	memset(d, 0, 32);
	put_le32(d, 0xad4b0000u | control);
	put_le32(d + 4, len);
	put_le64(d + 8, src);
	put_le64(d + 16, dst);
}

static void start(struct fixture *f, uint32_t channel, uint64_t desc)
{
	client_post(&f->c, DMA, channel + 0x0c, 1);
	client_post(&f->c, DMA, channel + 0x4080, (uint32_t)desc);
	client_post(&f->c, DMA, channel + 0x4084, 0);
	client_post(&f->c, DMA, channel + 0x4088, 0);
	client_post(&f->c, DMA, channel + 0x04, 0x00f83e1f);
}

static void test_round_trip(void)
{
	struct fixture f;
	unsigned i;

	CHECK(up(&f, "h2c=1,c2h=1"));
	for (i = 0; i < 8192; i++)
		f.c.ram[0x100000 + i] = (uint8_t)(i * 7 + i / 256);
	put_desc(&f, 0x1000, 3, 8192, 0x100000, 0x12345678);
	put_desc(&f, 0x2000, 3, 8192, 0x12345678, 0x200000);
	start(&f, 0x0000, 0x1000);
	CHECK_EQ(wait_event(f.event[0], 2000), 1);
	CHECK_EQ(client_read(&f.c, DMA, 0x48, 4), 1);
	CHECK_EQ(client_read(&f.c, DMA, 0x44, 4), 0x6);
	CHECK_EQ(client_read(&f.c, DMA, 0x40, 4), 0);
	start(&f, 0x1000, 0x2000);
	CHECK_EQ(wait_event(f.event[1], 2000), 1);
	CHECK(!memcmp(f.c.ram + 0x100000, f.c.ram + 0x200000, 8192));
	CHECK_EQ(client_read(&f.c, USER, LAB_ID, 4), LAB_ID_VALUE);
	client_post(&f.c, USER, LAB_BOOKS_SEL, LAB_SEL(LAB_ENGINE_CARD, LAB_CARD_VIOLATIONS));
	CHECK_EQ(client_read(&f.c, USER, LAB_BOOKS_LO, 4), 0);
	CHECK_EQ(down(&f), 0);
}

static const struct test tests[] = {
	TEST(test_round_trip),
};

int main(int argc, char **argv)
{
	card_binary = getenv("CARD");
	if (!card_binary) {
		fprintf(stderr, "set CARD to the program under test\n");
		return 2;
	}
	return tap_main(tests, sizeof(tests) / sizeof(tests[0]), argc, argv);
}
