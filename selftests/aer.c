// SPDX-License-Identifier: GPL-2.0-only
/*
 * Errors on the way to the card, as PCI Express reports them (AER), while
 * everybody is at work. The kernel's aer_inject makes the registers of card and
 * root port read as if there had been one; all that follows is the kernel's own
 * recovery, with a real reset of the bus where that belongs to it.
 *
 * Prints rows of the table in docs/reliability.md, as trouble.c does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"
#include "traffic.h"

#define THREADS		6
#define LEN		(300 * KIB)
/* The driver waits for the end of a recovery for a minute, the kernel for a card, too. */
#define GONE_MS		70000

/* Bits of the status registers, as in <linux/pci_regs.h>. */
#define COR_RECEIVER		0x00000001
#define UNCOR_DATA_LINK		0x00000010	/* fatal */
#define UNCOR_TIMEOUT		0x00004000	/* not fatal: completion timeout */
#define UNCOR_MALFORMED		0x00040000	/* fatal: malformed TLP */
#define UNCOR_UNSUPPORTED	0x00100000	/* not fatal: unsupported request */

static const int none[] = { 0 };

/* What /dev/aer_inject takes; the kernel has no header of it for programs. */
struct injection {
	uint8_t bus, dev, fn;
	uint32_t uncor_status, cor_status;
	uint32_t header_log[4];
	uint32_t domain;
};

CARD_NEEDS(GIB);

FIXTURE(aer) {
	struct card card;
	struct traffic traffic;
	struct injection where;
	uint64_t seed;
	int inject;
};

FIXTURE_SETUP(aer)
{
	unsigned int domain, bus, dev, fn;

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	if (access("/dev/aer_inject", F_OK) && system("modprobe -q aer_inject"))
		SKIP(return, "this kernel has no aer_inject");
	self->inject = open("/dev/aer_inject", O_WRONLY | O_CLOEXEC);
	ASSERT_LE(0, self->inject);
	ASSERT_EQ(4, sscanf(self->card.bdf, "%x:%x:%x.%x", &domain, &bus, &dev, &fn));
	self->where = (struct injection) {
		.domain = domain, .bus = bus, .dev = dev, .fn = fn,
	};
}

FIXTURE_TEARDOWN_PARENT(aer)
{
	lab_let_go_all(&self->card);
}

/* Return: 0, or -errno; EPROTONOSUPPORT: device or port has no AER. */
static int inject(FIXTURE_DATA(aer) *self, uint32_t cor, uint32_t uncor)
{
	struct injection error = self->where;

	error.cor_status = cor;
	error.uncor_status = uncor;
	return write(self->inject, &error, sizeof(error)) < 0 ? -errno : 0;
}

/* How many of a kind the kernel has taken note of; -1 if it takes none. */
static long long noted(const FIXTURE_DATA(aer) *self, const char *kind)
{
	char path[96], line[96];
	long long total = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/aer_dev_%s", self->card.bdf, kind);
	file = fopen(path, "re");
	if (!file)
		return -1;
	while (fgets(line, sizeof(line), file))
		sscanf(line, "TOTAL_ERR_%*s %lld", &total);
	fclose(file);
	return total;
}

static long long resets(const FIXTURE_DATA(aer) *self)
{
	return node_number(&self->card, 0, CARD_NODE, "resets");
}

static bool noted_by(const FIXTURE_DATA(aer) *self, const char *kind, long long n)
{
	struct patience p = patience(PATIENCE_BEATS);

	while (noted(self, kind) < n && patient(&p))
		;
	return noted(self, kind) == n;
}

/*
 * Waits until the interrupt threads of the kernel's AER service are idle. They count an
 * error, and tell the driver, before they clear its status bit: an error that is injected
 * in between is cleared with the first one, and is never handled.
 * (Reading the status bit instead would disturb it: during each read of the configuration
 * space aer_inject bypasses its own registers, and a write that clears one of them is lost.)
 */
static bool handled(void)
{
	struct patience p = patience(PATIENCE_BEATS);
	bool threads = false, waiting;
	char path[64], text[64];
	glob_t all;
	size_t i;
	int pid;

	if (glob("/proc/[0-9]*/comm", 0, NULL, &all))
		return false;
	for (i = 0; i < all.gl_pathc; i++) {
		if (!get_text(all.gl_pathv[i], text, sizeof(text)) || !strstr(text, "aerdrv") ||
		    sscanf(all.gl_pathv[i], "/proc/%d", &pid) != 1)
			continue;
		threads = true;
		/* "0" while it runs, and the function that it sleeps in elsewhere */
		snprintf(path, sizeof(path), "/proc/%d/wchan", pid);
		do
			waiting = get_text(path, text, sizeof(text)) && !strcmp(text, "irq_thread");
		while (!waiting && patient(&p));
		if (!waiting)
			break;
	}
	globfree(&all);
	return threads && waiting;
}

static bool recovered(const FIXTURE_DATA(aer) *self, long long n)
{
	struct patience p = patience(PATIENCE_BEATS);

	while (resets(self) < n && patient(&p))
		;
	return resets(self) == n;
}

/*
 * One error after the other of the kinds in @status, each with calls under way.
 * @recovers: the driver is asked, and what ran is run again.
 */
static void strew(struct __test_metadata *_metadata, FIXTURE_DATA(aer) *self,
		  const char *kind, const uint32_t *status, unsigned int kinds, bool recovers,
		  const char *fault)
{
	const unsigned int times = test_amount(20);
	long long before = noted(self, kind), first = resets(self);
	lab_t lab = lab_map(&self->card);
	struct traffic_sum sum;
	unsigned int i;
	uint32_t bit;

	if (before < 0)
		SKIP(return, "no AER on this device");
	/* so slow that there is always something under way */
	if (lab)
		lab_fault_value(lab, LAB_ENGINE_CARD, LAB_FAULT_SLOW, 0, 16 << 20);
	ASSERT_TRUE(traffic_start(&self->traffic, &self->card, THREADS, ++self->seed));
	for (i = 0; i < times; i++) {
		traffic_wait_any(&self->traffic, 1);
		bit = status[i % kinds];
		ASSERT_EQ(0, inject(self, recovers ? 0 : bit, recovers ? bit : 0));
		ASSERT_TRUE(recovers ? recovered(self, first + i + 1) :
				       noted_by(self, kind, before + i + 1));
		ASSERT_TRUE(handled());
	}
	traffic_wait(&self->traffic, 2);
	traffic_stop(&self->traffic, &sum);
	traffic_row(&sum, fault, times);
	EXPECT_EQ(first + (recovers ? times : 0), resets(self));
	EXPECT_EQ(0, sum.wrong);
	EXPECT_EQ(0, sum.some);
	EXPECT_EQ(0, traffic_other_errors(&sum, none));
	EXPECT_GT(SOON_BEATS, sum.longest_beats);
	EXPECT_LT(0, sum.verified);
	EXPECT_TRUE(card_works(&self->card, LEN, ++self->seed));
}

/* The hardware has mended it; nobody has to do anything. */
TEST_F_TIMEOUT(aer, correctable, 3600)
{
	static const uint32_t status[] = { COR_RECEIVER };

	strew(_metadata, self, "correctable", status, ARRAY_SIZE(status), false,
	      "a correctable PCI Express error");
}

/* A packet is lost, the link is well: error_detected, mmio_enabled, resume. */
TEST_F_TIMEOUT(aer, not_fatal, 3600)
{
	static const uint32_t status[] = { UNCOR_TIMEOUT, UNCOR_UNSUPPORTED };

	strew(_metadata, self, "nonfatal", status, ARRAY_SIZE(status), true,
	      "a PCI Express error that is not fatal");
}

/* The link is not to be trusted: error_detected, a reset of the bus, slot_reset, resume. */
TEST_F_TIMEOUT(aer, fatal, 3600)
{
	static const uint32_t status[] = { UNCOR_DATA_LINK, UNCOR_MALFORMED };

	strew(_metadata, self, "fatal", status, ARRAY_SIZE(status), true,
	      "a fatal PCI Express error: the bus is reset");
}

struct call {
	pthread_t thread;
	int fd, err;
	uint8_t *buf;
	ssize_t ret;
};

static void *call_write(void *arg)
{
	struct call *call = arg;

	call->ret = pwrite(call->fd, call->buf, LEN, TRAFFIC_AT);
	call->err = errno;
	return NULL;
}

static void start(struct __test_metadata *_metadata, struct call *call, const struct card *card)
{
	call->fd = open_in(card, 1);
	call->buf = memory(LEN);
	ASSERT_LE(0, call->fd);
	ASSERT_EQ(0, pthread_create(&call->thread, NULL, call_write, call));
}

static void expect_lost(struct __test_metadata *_metadata, struct call *call)
{
	pthread_join(call->thread, NULL);
	EXPECT_EQ(-1, call->ret);
	EXPECT_EQ(ENODEV, call->err);
	close(call->fd);
}

/* Is the driver in the middle of something that takes the registers away? */
static bool becomes_held(int window)
{
	struct patience p = patience(PATIENCE_BEATS);
	uint32_t word;

	do {
		errno = 0;
		if (pread(window, &word, sizeof(word), 0) < 0)
			return errno == EAGAIN;
	} while (patient(&p));
	return false;
}

/*
 * The reset of the bus does not bring it back. What was under way, and what came
 * while the kernel tried, ends, though older kernels do not say that they have
 * given up. The driver waits for an engine that stands still before it agrees to
 * the reset: that is the moment at which the card goes.
 */
TEST_F_TIMEOUT(aer, fatal_and_it_stays_away, 600)
{
	struct pollfd p = { .fd = node_open(&self->card, 0, CARD_NODE, O_RDWR) };
	int window = part_open(&self->card, "user", O_RDWR | O_NONBLOCK);
	lab_t lab = lab_map(&self->card);
	struct call first, second;
	struct patience wait;
	uint64_t begin;
	struct card new;
	char path[96];

	if (!lab)
		SKIP(return, "this card has no lab block");
	if (noted(self, "fatal") < 0)
		SKIP(return, "no AER on this device");
	ASSERT_LE(0, p.fd);
	ASSERT_LE(0, window);
	lab_hold(lab, EXDMA_DIR_H2C, 0);
	start(_metadata, &first, &self->card);
	ASSERT_TRUE(lab_wait_held(lab, EXDMA_DIR_H2C, 0));
	begin = now_ns();
	ASSERT_EQ(0, inject(self, 0, UNCOR_DATA_LINK));
	ASSERT_TRUE(becomes_held(window));
	lab_fault_value(lab, LAB_ENGINE_CARD, LAB_FAULT_GONE, 0, GONE_MS);
	munmap((void *)lab, 4096);
	start(_metadata, &second, &self->card);
	EXPECT_EQ(1, poll_for(&p, 1, VERY_LONG_BEATS));
	EXPECT_EQ(POLLHUP | POLLERR, p.revents);
	expect_lost(_metadata, &first);
	expect_lost(_metadata, &second);
	TH_LOG("given up after %llu ms", (now_ns() - begin) / NS_PER_MS + 0ull);
	close(window);
	close(p.fd);

	/* for whoever comes next: when the card is there again */
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/remove", self->card.bdf);
	ASSERT_EQ(0, put_text(path, "1"));
	wait = patience(VERY_LONG_BEATS);
	do {
		/* nothing tells, but looking */
		let_pass_ns(100 * NS_PER_MS);
		ASSERT_EQ(0, put_text("/sys/bus/pci/rescan", "1"));
	} while (!card_at(&new, self->card.bdf) && patient(&wait));
	ASSERT_TRUE(card_at(&new, self->card.bdf));
	self->card = new;
	EXPECT_TRUE(card_works(&self->card, LEN, ++self->seed));
}

TEST_HARNESS_MAIN
