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
#include <sys/socket.h>
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
	unsigned int i;

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
	unsigned int i;

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

static void test_pipelined_maps(void)
{
	uint8_t msg[48], hdr[16];
	struct fixture f;
	unsigned int i;
	int fd;

	CHECK(up(&f, ""));
	fd = memfd_create("more", MFD_CLOEXEC);
	CHECK_EQ(ftruncate(fd, 64 << 12), 0);
	/* all requests before the first reply, each with its descriptor or none */
	for (i = 0; i < 64; i++) {
		memset(msg, 0, sizeof(msg));
		put_le16(msg, (uint16_t)(1000 + i));
		put_le16(msg + 2, 2);
		put_le32(msg + 4, 48);
		put_le32(msg + 16, 32);
		put_le32(msg + 20, 3);
		put_le64(msg + 24, i % 4 == 3 ? 0 : i << 12);
		put_le64(msg + 32, (1ull << 40) + (i << 12));
		put_le64(msg + 40, 4096);
		CHECK(client_send(&f.c, msg, sizeof(msg), &fd, i % 4 != 3));
	}
	for (i = 0; i < 64; i++) {
		CHECK_EQ(recv(f.c.fd, hdr, 16, 0), 16);
		CHECK_EQ(get_le16(hdr), 1000 + i);
		CHECK_EQ(get_le32(hdr + 8), 1);
	}
	/* what has a descriptor is there, what has none is an error */
	for (i = 0; i < 8; i++) {
		put_desc(&f, 0x1000, 3, 4096, (1ull << 40) + (i << 12), 0);
		start(&f, 0, 0x1000);
		CHECK_EQ(wait_event(f.event[0], HANG_MS), 1);
		CHECK_EQ(client_read(&f.c, DMA, 0x44, 4), i % 4 == 3 ? ST_READ_UR : 6);
	}
	/* DMA stops working when the range goes, whatever the shape of the unmap */
	CHECK_EQ(client_dma_unmap(&f.c, 0x10000000000, 0x100000000), 24);
	put_desc(&f, 0x1000, 3, 4096, 1ull << 40, 0);
	start(&f, 0, 0x1000);
	CHECK_EQ(wait_event(f.event[0], HANG_MS), 1);
	CHECK_EQ(client_read(&f.c, DMA, 0x44, 4), ST_READ_UR);
	close(fd);
	CHECK_EQ(down(&f), 0);
}

/* The client shrinks memory that it shared: zeros, no crash. */
static void test_truncated_memory(void)
{
	struct fixture f;
	int fd;

	CHECK(up(&f, ""));
	fd = memfd_create("short", MFD_CLOEXEC);
	CHECK_EQ(ftruncate(fd, 1 << 20), 0);
	CHECK_EQ(client_dma_map(&f.c, 1ull << 40, 1 << 20, 3, fd, 0), 0);
	CHECK_EQ(ftruncate(fd, 4096), 0);
	put_desc(&f, 0x1000, 3, 1 << 20, 1ull << 40, 0);
	start(&f, 0, 0x1000);
	CHECK_EQ(wait_event(f.event[0], HANG_MS), 1);
	CHECK_EQ(client_read(&f.c, USER, LAB_ID, 4), LAB_ID_VALUE);
	close(fd);
	CHECK_EQ(down(&f), 0);
}

static void test_intx(void)
{
	struct fixture f;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	CHECK(up(&f, "irq=all"));
	client_write(&f.c, CONFIG, 0x62, 2, 0);
	CHECK_EQ(client_set_irq(&f.c, 0x21, 2, 0, 0, NULL, 0), 0);
	client_write(&f.c, CONFIG, 4, 2, 0x0006);
	CHECK_EQ(client_set_irq(&f.c, 0x24, 0, 0, 1, &fd, 1), 0);
	put_desc(&f, 0x1000, 3, 64, 0x100000, 0);
	start(&f, 0, 0x1000);
	CHECK_EQ(wait_event(fd, HANG_MS), 1);
	CHECK_EQ(client_set_irq(&f.c, 0x11, 0, 0, 1, NULL, 0), 0);
	CHECK_EQ(wait_event(fd, HANG_MS), 1);	/* still asserted */
	CHECK_EQ(client_read(&f.c, DMA, 0x44, 4), 6);
	CHECK_EQ(client_set_irq(&f.c, 0x11, 0, 0, 1, NULL, 0), 0);
	client_read(&f.c, DMA, 0x40, 4);	/* whatever is sent was sent by now */
	CHECK_EQ(wait_event(fd, 0), 0);
	close(fd);
	CHECK_EQ(down(&f), 0);
}

static void test_reconnect(void)
{
	struct fixture f;
	struct client c;
	unsigned int i;

	CHECK(up(&f, ""));
	put_desc(&f, 0x1000, 3, 64, 0x100000, 0);
	/* a second client is turned away, the first does not notice */
	CHECK(client_connect(&c, f.prog.socket));
	CHECK(client_closed(&c));
	client_close(&c);
	start(&f, 0, 0x1000);
	CHECK_EQ(wait_event(f.event[0], HANG_MS), 1);
	/* one after the other, leaving in the middle of things */
	for (i = 0; i < 20; i++) {
		put_desc(&f, 0x1000, 0, 1 << 20, 0x100000, 0);
		put_le64(f.c.ram + 0x1000 + 24, 0x1000);
		start(&f, 0, 0x1000);		/* an endless run */
		if (i % 2)
			client_send(&f.c, "\1\0\11\0\40\0\0", 7, NULL, 0);
		client_close(&f.c);
		CHECK(client_connect(&f.c, f.prog.socket));
		CHECK(client_start(&f.c, RAM));
		CHECK_EQ(client_read(&f.c, DMA, 0x40, 4), 0);
		client_write(&f.c, CONFIG, 4, 2, 6);
	}
	CHECK_EQ(down(&f), 0);
}

static void test_bad_peers(void)
{
	static const struct {
		const char *what;
		uint8_t bytes[24];
		size_t len;
	} bad[] = {
		{ "size 0", { 1, 0, 13, 0, 0 }, 16 },
		{ "size 15", { 1, 0, 13, 0, 15 }, 16 },
		{ "size 4 GiB", { 1, 0, 13, 0, 255, 255, 255, 255 }, 16 },
		{ "size 1 MiB", { 1, 0, 10, 0, 0, 0, 16, 0 }, 16 },
		{ "a reply", { 1, 0, 13, 0, 16, 0, 0, 0, 1 }, 16 },
		{ "all ones", { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
				255, 255, 255, 255 }, 16 },
	};
	struct fixture f;
	struct client c;
	uint8_t junk[4096];
	unsigned int i;

	CHECK(up(&f, ""));
	close_client(&f);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK(client_connect(&c, f.prog.socket));
		CHECK(client_send(&c, bad[i].bytes, bad[i].len, NULL, 0));
		if (!client_closed(&c))
			FAIL("%s: the connection stays open", bad[i].what);
		client_close(&c);
	}
	for (i = 0; i < 200; i++) {
		unsigned int j;

		CHECK(client_connect(&c, f.prog.socket));
		for (j = 0; j < sizeof(junk); j++)
			junk[j] = (uint8_t)(rand() >> 8);
		client_send(&c, junk, (size_t)(rand() % (int)sizeof(junk)), NULL, 0);
		client_close(&c);
	}
	/* too many descriptors, and one where none belongs */
	CHECK(client_connect(&c, f.prog.socket));
	{
		int fds[17];

		for (i = 0; i < 17; i++)
			fds[i] = c.fd;
		CHECK(client_send(&c, bad[0].bytes, 1, fds, 17));
		CHECK(client_closed(&c));
	}
	client_close(&c);
	/* after all that it serves a good one */
	CHECK(client_connect(&f.c, f.prog.socket));
	CHECK(client_start(&f.c, RAM));
	CHECK_EQ(client_read(&f.c, DMA, 0x2000, 4), 0x1fc20006);
	client_close(&f.c);
	CHECK_EQ(program_stop(&f.prog), 0);
}

/* --- books and signals --------------------------------------------------- */

static bool books_have(struct fixture *f, const char *what)
{
	static char text[1 << 16];
	FILE *file = fopen(f->prog.books, "r");
	size_t n;

	if (!file)
		return false;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = '\0';
	return strstr(text, what);
}

/* The file is replaced some time after the signal. */
static bool books_come(struct fixture *f, const char *what)
{
	int watch = watch_dir(f->prog.dir);
	bool there;

	do {
		there = books_have(f, what);
	} while (!there && watch_wait(watch));
	close(watch);
	return there;
}

static void test_books(void)
{
	struct fixture f;
	int status;

	CHECK(up(&f, ""));
	put_desc(&f, 0x1000, 3, 4096, 0x100000, 0);
	start(&f, 0, 0x1000);
	CHECK_EQ(wait_event(f.event[0], HANG_MS), 1);
	CHECK(!books_have(&f, "\"runs\": 1,"));
	kill(f.prog.pid, SIGUSR1);
	CHECK(books_come(&f, "\"runs\": 1, \"descriptors\": 1, \"bytes\": 4096"));
	CHECK(books_have(&f, "{\"vector\": 0, \"count\": 1}"));
	CHECK(books_have(&f, "\"violation_count\": 0"));
	/* by command: when it reads 0 the file is there */
	start(&f, 0, 0x1000);
	CHECK_EQ(wait_event(f.event[0], HANG_MS), 1);
	client_post(&f.c, USER, LAB_BOOKS_CMD, LAB_BOOKS_WRITE_ZERO);
	while (client_read(&f.c, USER, LAB_BOOKS_CMD, 4))
		;
	CHECK(books_have(&f, "\"runs\": 2,"));
	client_post(&f.c, USER, LAB_BOOKS_SEL, LAB_SEL(LAB_ENGINE_H2C(0), LAB_RUNS));
	CHECK_EQ(client_read(&f.c, USER, LAB_BOOKS_LO, 4), 0);
	/* a violation, and the file at disconnect */
	client_write(&f.c, DMA, 0x7ffc, 4, 1);
	close_client(&f);
	CHECK(books_come(&f, "\"kind\": \"register\", \"engine\": \"card\", \"count\": 1"));
	/* at exit, too: the status is 0 and the socket is gone */
	unlink(f.prog.books);
	kill(f.prog.pid, SIGTERM);
	CHECK_EQ(waitpid(f.prog.pid, &status, 0), f.prog.pid);
	CHECK_EQ(status, 0);
	CHECK(books_have(&f, "\"violation_count\": 1"));
	CHECK(access(f.prog.socket, F_OK) != 0);
	unlink(f.prog.books);
	unlink(f.prog.log);
	rmdir(f.prog.dir);
}

static void fault(struct fixture *f, uint32_t target, uint32_t command, uint32_t n, uint32_t value)
{
	client_post(&f->c, USER, LAB_FAULT_TARGET, target);
	client_post(&f->c, USER, LAB_FAULT_COUNT, n);
	client_post(&f->c, USER, LAB_FAULT_VALUE, value);
	client_post(&f->c, USER, LAB_FAULT_CMD, command);
}

/* The process ends: with status 0, with its books, without a word to the client. */
static void wait_for_death(struct fixture *f)
{
	int status;

	CHECK_EQ(waitpid(f->prog.pid, &status, 0), f->prog.pid);
	CHECK_EQ(status, 0);
	CHECK(client_closed(&f->c));
	CHECK(books_have(f, "\"die\": 1"));
	close_client(f);
	unlink(f->prog.socket);
	unlink(f->prog.books);
	unlink(f->prog.log);
	rmdir(f->prog.dir);
}

static void test_die(void)
{
	struct fixture f;

	CHECK(up(&f, ""));
	fault(&f, LAB_ENGINE_CARD, LAB_FAULT_DIE, 0, 0);
	wait_for_death(&f);
	CHECK_OK();
	/* by SPEC, in an engine's thread */
	CHECK(up(&f, "fault=die:card:1"));
	put_desc(&f, 0x1000, 3, 4096, 0x100000, 0);
	start(&f, 0, 0x1000);
	CHECK_EQ(wait_event(f.event[0], HANG_MS), 1);
	start(&f, 0, 0x1000);
	wait_for_death(&f);
}

/* Gone, and back for the same client: its eventfds and maps are still good. */
static void test_gone(void)
{
	struct fixture f;

	CHECK(up(&f, "fault=delay:h2c0:1:1000"));
	put_desc(&f, 0x1000, 3, 4096, 0x100000, 0);
	start(&f, 0, 0x1000);
	CHECK_EQ(wait_event(f.event[0], HANG_MS), 1);
	fault(&f, LAB_ENGINE_CARD, LAB_FAULT_GONE, 0, 100);
	/* it may be back before the first look; that it was away the books know */
	while (client_read(&f.c, CONFIG, 0, 4) != 0x903f10ee)
		;
	CHECK_EQ(client_read(&f.c, CONFIG, 4, 2), 0);
	client_write(&f.c, CONFIG, 4, 2, 0x0106);
	client_write(&f.c, CONFIG, 0x62, 2, 0x801f);
	client_post(&f.c, DMA, 0x2014, ~0u);
	client_post(&f.c, DMA, 0x0090, 0x00f83e1e);
	start(&f, 0, 0x1000);
	CHECK_EQ(wait_event(f.event[0], HANG_MS), 1);
	client_post(&f.c, USER, LAB_BOOKS_CMD, LAB_BOOKS_WRITE);
	while (client_read(&f.c, USER, LAB_BOOKS_CMD, 4))
		;
	CHECK(books_have(&f, "\"delay\": 1, \"duplicate\": 0, \"invent\": 0, \"gone\": 1,"));
	/* gone for ever is gone for this client; the program still stops when told */
	fault(&f, LAB_ENGINE_CARD, LAB_FAULT_GONE, 0, 0);
	CHECK_EQ(client_read(&f.c, USER, LAB_ID, 4), 0xffffffff);
	close_client(&f);
	CHECK(client_connect(&f.c, f.prog.socket) && client_start(&f.c, RAM));
	CHECK_EQ(client_read(&f.c, USER, LAB_ID, 4), LAB_ID_VALUE);
	client_close(&f.c);
	CHECK_EQ(program_stop(&f.prog), 0);
}

/* Run the program with these arguments; its status, and what it printed. */
static int run_card(const char *args, char *out, size_t len)
{
	char cmd[512];
	FILE *p;
	size_t n;

	snprintf(cmd, sizeof(cmd), "%s %s 2>&1", card_binary, args);
	p = popen(cmd, "r");
	if (!p)
		return -1;
	n = fread(out, 1, len - 1, p);
	out[n] = '\0';
	return WEXITSTATUS(pclose(p));
}

static void test_arguments(void)
{
	static const char *const bad[] = {
		"", "--socket-path", "--colour", "--socket-path=/tmp/x extra",
		"--socket-path=/tmp/x --spec=h2c=9", "--socket-path=/tmp/x --spec=nonsense",
	};
	char out[4096], args[200];
	struct fixture f;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (run_card(bad[i], out, sizeof(out)) != 2)
			FAIL("\"%s\": status is not 2", bad[i]);
		/* one line */
		if (!*out || strchr(out, '\n') != out + strlen(out) - 1)
			FAIL("\"%s\": said \"%s\"", bad[i], out);
	}
	CHECK_EQ(run_card("--help", out, sizeof(out)), 0);
	CHECK(strstr(out, "usage: exdma-card"));
	/* somebody listens there already */
	CHECK(up(&f, ""));
	snprintf(args, sizeof(args), "--socket-path=%s", f.prog.socket);
	CHECK_EQ(run_card(args, out, sizeof(out)), 1);
	CHECK(strstr(out, "in use"));
	CHECK_EQ(client_read(&f.c, USER, LAB_ID, 4), LAB_ID_VALUE);
	/* killed: the socket that is left over is replaced */
	kill(f.prog.pid, SIGKILL);
	waitpid(f.prog.pid, NULL, 0);
	CHECK(access(f.prog.socket, F_OK) == 0);
	close_client(&f);
	CHECK(program_launch(&f.prog, card_binary, ""));
	CHECK_EQ(program_stop(&f.prog), 0);
}

static const struct test tests[] = {
	TEST(test_pipelined_maps), TEST(test_truncated_memory), TEST(test_intx),
	TEST(test_reconnect), TEST(test_bad_peers), TEST(test_books), TEST(test_die),
	TEST(test_gone), TEST(test_arguments),
};

int main(int argc, char **argv)
{
	card_binary = getenv("CARD");
	if (!card_binary) {
		fprintf(stderr, "set CARD to the program under test\n");
		return 2;
	}
	return tap_main(tests, ARRAY_SIZE(tests), argc, argv);
}
