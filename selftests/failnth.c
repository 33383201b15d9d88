// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that runs out: each allocation on the way of a call fails once, the
 * first, the second, and so on until none is left. Each time the call says so,
 * or does without; nothing hangs, the data is right, and the next call works.
 * Needs a kernel with CONFIG_FAULT_INJECTION (the lab's debug kernel), which
 * also sees what leaks.
 *
 * Documentation/fault-injection/fault-injection.rst: /proc/.../fail-nth.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "card.h"
#include "flight.h"
#include "harness.h"
#include "pattern.h"
#include "traffic.h"

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define FAULTS		"/sys/kernel/debug/"
#define CORE		"exdma"
#define DRIVER		"exdma_xdma"
#define OTHER_DRIVER	"exdma_edu"
#define MOST		20000		/* more allocations than any call makes */

/*
 * The kernel's own function that does not stand it: it forgets that it could not
 * make a file of an interrupt in /proc, and warns when it is to take that away.
 */
#define LEFT_ALONE	"register_irq_proc"

/* What a call may say when there is no memory; ENOENT is what a path may. */
static const int no_memory[] = { ENOMEM, EFAULT, EAGAIN, ENOSPC, ENOENT };

FIXTURE(failnth) {
	struct card card;
	uint64_t seed;
	struct random random;
	int nth;		/* the file */
	unsigned int failed;	/* how often a failure was injected */
};

/* Where a function of the kernel's begins and the next one does. */
static bool function_range(const char *name, uint64_t *start, uint64_t *end)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	unsigned long long address;
	char line[512], symbol[256];
	bool found = false;

	*end = UINT64_MAX;
	for (int pass = 0; file && pass < 2; pass++) {
		rewind(file);
		while (fgets(line, sizeof(line), file)) {
			if (sscanf(line, "%llx %*c %255s", &address, symbol) != 2)
				continue;
			if (!pass && !strcmp(symbol, name)) {
				*start = address;
				found = true;
			} else if (pass && address > *start && address < *end) {
				*end = address;
			}
		}
	}
	if (file)
		fclose(file);
	return found && *end != UINT64_MAX;
}

/*
 * Filters failures by the call trace. "reject": no allocation below the function at this
 * range fails. "require": only allocations below it fail.
 */
static void filter(struct __test_metadata *_metadata, const char *how, uint64_t start, uint64_t end)
{
	static const char * const faults[] = { "failslab", "fail_page_alloc" };
	const struct {
		const char *file;
		uint64_t value;
	} range[] = { { "start", start }, { "end", end } };
	char path[128], text[32];

	for (unsigned int i = 0; i < 2 * ARRAY_SIZE(range); i++) {
		snprintf(path, sizeof(path), FAULTS "%s/%s-%s", faults[i / 2], how, range[i % 2].file);
		snprintf(text, sizeof(text), "%#llx", (unsigned long long)range[i % 2].value);
		ASSERT_EQ(0, put_text(path, text));
	}
}

FIXTURE_SETUP(failnth)
{
	uint64_t start, end;

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->nth = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (self->nth < 0)
		SKIP(return, "this kernel cannot fail allocations");
	/* also those that may sleep, and single pages */
	ASSERT_EQ(0, put_text(FAULTS "failslab/ignore-gfp-wait", "N"));
	ASSERT_EQ(0, put_text(FAULTS "fail_page_alloc/ignore-gfp-wait", "N"));
	ASSERT_EQ(0, put_text(FAULTS "fail_page_alloc/min-order", "0"));
	/* the failures are ours: their back traces would be thousands of lines */
	ASSERT_EQ(0, put_text(FAULTS "failslab/verbose", "0"));
	ASSERT_EQ(0, put_text(FAULTS "fail_page_alloc/verbose", "0"));
	put_text(FAULTS "fail_usercopy/verbose", "0");
	ASSERT_TRUE(function_range(LEFT_ALONE, &start, &end));
	filter(_metadata, "reject", start, end);
	filter(_metadata, "require", 0, UINT64_MAX);
	self->seed = random_seed();
	self->random.state = self->seed;
}

FIXTURE_TEARDOWN_PARENT(failnth)
{
	if (system("modprobe -a " DRIVER " " OTHER_DRIVER))
		ksft_print_msg("the drivers cannot be loaded\n");
	card_bind(&self->card);
}

/* Between these two, the @n-th allocation of this thread fails. */
static void arm(FIXTURE_DATA(failnth) *self, unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(self->nth, text, len, 0) != len)
		abort();
}

/* Return: how many allocations there may be until one fails; 0 if one has. */
static unsigned int left_over(FIXTURE_DATA(failnth) *self)
{
	char text[16] = "";

	if (pread(self->nth, text, sizeof(text) - 1, 0) <= 0)
		return MOST;
	return strtoul(text, NULL, 10);
}

/*
 * Return: did one fail? Copies to and from user memory are among what fails, so
 * what was left over may strike here.
 */
static bool disarm(FIXTURE_DATA(failnth) *self)
{
	bool failed = !left_over(self);

	while (pwrite(self->nth, "0", 1, 0) != 1)
		;
	self->failed += failed;
	return failed;
}

static bool is_no_memory(int err)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(no_memory); i++)
		if (err == no_memory[i])
			return true;
	return false;
}

/* A file of the direction, opened while all is well. */
static int open_for(const struct card *card, bool write)
{
	return write ? open_in(card, 1) : open_out(card, 1);
}

/* How far it is to the next allocation that fails: one in EXDMA_SHARE is tried. */
static unsigned int stride(FIXTURE_DATA(failnth) *self)
{
	return 1 + random_below(&self->random, 2 * test_share() - 1);
}

/* One after the other, until a call gets through without meeting a failure. */
#define FOR_EACH_ALLOCATION(n, met) \
	for (unsigned int n = 1, met = 1; met && n < MOST; n += stride(self))

TEST_F_TIMEOUT(failnth, opening, 600)
{
	char name[64];
	int fd;

	node_name(name, sizeof(name), &self->card, EXDMA_DIR_H2C, 1);
	FOR_EACH_ALLOCATION(n, met) {
		arm(self, n);
		fd = open(name, O_WRONLY);
		met = disarm(self);
		if (fd < 0) {
			EXPECT_TRUE(is_no_memory(errno)) TH_LOG("%u: errno %d", n, errno);
			continue;
		}
		close(fd);
	}
	EXPECT_LT(0, self->failed);
}

/* Synchronous calls of a size, fresh memory each time. */
static void transfer(struct __test_metadata *_metadata, FIXTURE_DATA(failnth) *self,
		     bool write, size_t len)
{
	int in = open_in(&self->card, 1), fd = open_for(&self->card, write);
	uint8_t *buf, *all = memory(len);
	ssize_t ret;
	int err;

	self->failed = 0;
	pattern_fill(all, len, TRAFFIC_AT, ++self->seed);
	ASSERT_EQ(len, write_through(in, all, len, TRAFFIC_AT));
	FOR_EACH_ALLOCATION(n, met) {
		buf = memory(len);
		if (write)
			memcpy(buf, all, len);
		else
			memset(buf, POISON, len);
		arm(self, n);
		ret = write ? pwrite(fd, buf, len, TRAFFIC_AT) : pread(fd, buf, len, TRAFFIC_AT);
		err = errno;
		met = disarm(self);
		if (ret < 0) {
			EXPECT_TRUE(met && is_no_memory(err)) TH_LOG("%u: errno %d", n, err);
		} else if (!write) {
			EXPECT_TRUE(pattern_is(buf, ret, TRAFFIC_AT, self->seed));
			EXPECT_TRUE(bytes_are(buf + ret, len - ret, POISON));
		}
		if (ret != (ssize_t)len)
			EXPECT_TRUE(met);
		munmap(buf, len);
	}
	EXPECT_LT(0, self->failed);
	TH_LOG("%s of %zu bytes: %u failures", write ? "write" : "read", len, self->failed);
	close(in);
	close(fd);
	munmap(all, len);
	ASSERT_TRUE(card_works(&self->card, len, ++self->seed));
}

TEST_F_TIMEOUT(failnth, small_calls, 600)
{
	if (!card_has(&self->card, GIB))
		SKIP(return, TOO_SMALL);
	transfer(_metadata, self, true, 4096);
	transfer(_metadata, self, false, 4096);
}

TEST_F_TIMEOUT(failnth, calls_of_one_request, 600)
{
	if (!card_has(&self->card, GIB))
		SKIP(return, TOO_SMALL);
	transfer(_metadata, self, true, 200 * KIB);
	transfer(_metadata, self, false, 200 * KIB);
}

TEST_F_TIMEOUT(failnth, calls_of_many_requests, 600)
{
	if (!card_has(&self->card, GIB))
		SKIP(return, TOO_SMALL);
	transfer(_metadata, self, true, 5 * MIB);
	transfer(_metadata, self, false, 5 * MIB);
}

/* Asynchronous: refused, or taken and then completed, with or without success. */
static void fly(struct __test_metadata *_metadata, FIXTURE_DATA(failnth) *self,
		enum flight_method method, size_t len)
{
	int fd = node_open(&self->card, EXDMA_DIR_C2H, 1, O_RDONLY | flight_open_flags(method));
	struct flight_request r;
	uint8_t *buf = memory(len);
	struct flight f;
	int n_taken;

	self->failed = 0;
	ASSERT_TRUE(card_works(&self->card, len, ++self->seed));
	ASSERT_EQ(0, flight_open(&f, method, 4));
	ASSERT_EQ(0, flight_buffer(&f, buf, len));
	FOR_EACH_ALLOCATION(n, met) {
		memset(buf, POISON, len);
		r = (struct flight_request) { .fd = fd, .buf = buf, .len = len, .addr = TRAFFIC_AT };
		arm(self, n);
		n_taken = flight_launch(&f, &r, 1);
		met = disarm(self);
		if (n_taken != 1) {
			EXPECT_TRUE(met && is_no_memory(-n_taken)) TH_LOG("%u: %d", n, n_taken);
			continue;
		}
		ASSERT_EQ(1, flight_land(&f, 1));
		if (r.result < 0) {
			EXPECT_TRUE(met && is_no_memory(-r.result)) {
				TH_LOG("%u: result %lld", n, r.result);
			}
		} else {
			EXPECT_TRUE(pattern_is(buf, r.result, TRAFFIC_AT, self->seed));
		}
	}
	TH_LOG("method %d, %zu bytes: %u failures", method, len, self->failed);
	flight_close(&f);
	close(fd);
	munmap(buf, len);
	ASSERT_TRUE(card_works(&self->card, len, ++self->seed));
}

TEST_F_TIMEOUT(failnth, libaio, 600)
{
	if (!card_has(&self->card, GIB))
		SKIP(return, TOO_SMALL);
	fly(_metadata, self, FLIGHT_AIO, 4096);
	fly(_metadata, self, FLIGHT_AIO, 300 * KIB);
	EXPECT_LT(0, self->failed);
	/* by a worker */
	fly(_metadata, self, FLIGHT_AIO, 20 * MIB);
}

TEST_F_TIMEOUT(failnth, io_uring, 600)
{
	if (!card_has(&self->card, GIB))
		SKIP(return, TOO_SMALL);
	fly(_metadata, self, FLIGHT_URING, 4096);
	fly(_metadata, self, FLIGHT_URING, 300 * KIB);
	EXPECT_LT(0, self->failed);
	fly(_metadata, self, FLIGHT_URING, 20 * MIB);
	fly(_metadata, self, FLIGHT_FIXED, 300 * KIB);
}

TEST_F_TIMEOUT(failnth, ioctls, 600)
{
	static const unsigned long requests[] = {
		EXDMA_IOC_CARD_INFO, EXDMA_IOC_CHANNEL_INFO, EXDMA_IOC_GET_OPTIONS,
		EXDMA_IOC_SET_OPTIONS, EXDMA_IOC_BARRIER, EXDMA_IOC_RESET,
	};
	int fd, ret, err;
	uint8_t arg[256];
	unsigned int i;

	if (!card_has(&self->card, GIB))
		SKIP(return, TOO_SMALL);
	fd = open_in(&self->card, 1);
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		FOR_EACH_ALLOCATION(n, met) {
			memset(arg, 0, sizeof(arg));
			*(uint32_t *)arg = sizeof(arg);
			arm(self, n);
			ret = ioctl(fd, requests[i], arg);
			err = errno;
			met = disarm(self);
			if (ret)
				EXPECT_TRUE(met && is_no_memory(err)) TH_LOG("errno %d", err);
		}
	}
	close(fd);
	ASSERT_TRUE(card_works(&self->card, 300 * KIB, ++self->seed));
}

/*
 * pci_enable_device() evaluates a method of the firmware for a device that is not
 * enabled yet, and ACPICA's interpreter does not stand what happens here: it writes
 * to memory that it has given back. So the device is enabled already. Only a
 * device without a driver lets itself be told.
 */
static int card_enable(const struct card *card, bool on)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/enable", card->bdf);
	return put_text(path, on ? "1" : "0");
}

/*
 * Which of @all allocations is to fail after the @n-th. A second or two for each on such a
 * kernel: so one in eight of them, others each time, unless EXDMA_TIMES asks for more than
 * the usual. The kernel can do without many of them, but not without the first one, which
 * is always tried: so that also a short form meets a refusal.
 */
static unsigned int next_of(FIXTURE_DATA(failnth) *self, unsigned int all, unsigned int n)
{
	unsigned int step = 8 * all / test_amount(all);

	if (!step)
		step = 1;
	return n == 1 ? 2 + self->seed % step : n + step;
}

/* Does the card move what it is given? Also one that has hardly any memory. */
static bool works(FIXTURE_DATA(failnth) *self)
{
	char sent[512], got[512] = "";
	int in, out;
	bool right;

	if (card_has(&self->card, GIB))
		return card_works(&self->card, 100 * KIB, ++self->seed);
	in = open_in(&self->card, 1);
	out = open_out(&self->card, 1);
	pattern_fill(sent, sizeof(sent), 0, ++self->seed);
	right = pwrite(in, sent, sizeof(sent), 0) == sizeof(sent) &&
		pread(out, got, sizeof(got), 0) == sizeof(got) && !memcmp(sent, got, sizeof(got));
	close(in);
	close(out);
	return right;
}

/* The card is there, or it is not and nothing of it is. */
TEST_F_TIMEOUT(failnth, binding, 3600)
{
	unsigned int all, n, refused = 0;
	struct card card;
	bool met;
	int err;

	ASSERT_EQ(0, card_unbind(&self->card));
	ASSERT_EQ(0, card_enable(&self->card, true));
	arm(self, MOST);
	ASSERT_EQ(0, card_bind(&self->card));
	all = MOST - left_over(self);
	ASSERT_FALSE(disarm(self));
	ASSERT_EQ(0, card_unbind(&self->card));

	for (n = 1; n <= all; n = next_of(self, all, n)) {
		arm(self, n);
		err = card_bind(&self->card);
		met = disarm(self);
		if (err) {
			EXPECT_TRUE(met) TH_LOG("%u: %d", n, err);
			EXPECT_FALSE(card_at(&card, self->card.bdf));
			refused++;
			continue;
		}
		ASSERT_TRUE(card_at(&self->card, self->card.bdf)) TH_LOG("%u", n);
		ASSERT_TRUE(works(self)) TH_LOG("%u: errno %d", n, errno);
		ASSERT_EQ(0, card_unbind(&self->card));
	}
	TH_LOG("%u allocations, %u failures, %u refused", all, self->failed, refused);
	EXPECT_LT(0, refused);
	EXPECT_EQ(0, card_enable(&self->card, false));
	ASSERT_EQ(0, card_bind(&self->card));
	ASSERT_TRUE(card_at(&self->card, self->card.bdf));
	ASSERT_TRUE(works(self));
}

/* Where the file of a module is. */
static bool module_file(const char *name, char *path, size_t size)
{
	char command[64];
	FILE *f;
	bool found;

	snprintf(command, sizeof(command), "modinfo -n %s", name);
	f = popen(command, "r");
	found = f && fgets(path, size, f);
	if (f)
		pclose(f);
	path[strcspn(path, "\n")] = 0;
	return found;
}

/* Each allocation of the module's init function fails: it is not loaded, and leaves nothing. */
TEST_F_TIMEOUT(failnth, loading, 3600)
{
	static const char * const modules[] = { DRIVER, OTHER_DRIVER, CORE };
	unsigned int i, n, all, refused = 0;
	uint64_t start, end;
	char path[256];
	int fd, ret, err;
	bool met;

	ASSERT_TRUE(module_file(CORE, path, sizeof(path)));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(modules); i++)
		ASSERT_TRUE(!syscall(SYS_delete_module, modules[i], O_NONBLOCK) || errno == ENOENT)
			TH_LOG("%s: errno %d", modules[i], errno);
	ASSERT_TRUE(function_range("do_one_initcall", &start, &end));
	filter(_metadata, "require", start, end);
	arm(self, MOST);
	ret = syscall(SYS_finit_module, fd, "", 0);
	all = MOST - left_over(self);
	ASSERT_FALSE(disarm(self));
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, syscall(SYS_delete_module, CORE, O_NONBLOCK));
	for (n = 1; n <= all; n = next_of(self, all, n)) {
		arm(self, n);
		ret = syscall(SYS_finit_module, fd, "", 0);
		err = errno;
		met = disarm(self);
		if (ret) {
			EXPECT_TRUE(met && is_no_memory(err)) TH_LOG("%u: errno %d", n, err);
			refused++;
			continue;
		}
		ASSERT_EQ(0, syscall(SYS_delete_module, CORE, O_NONBLOCK));
	}
	TH_LOG("%u allocations, %u failures, %u refused", all, self->failed, refused);
	EXPECT_LT(0, refused);
	filter(_metadata, "require", 0, UINT64_MAX);
	close(fd);
	ASSERT_EQ(0, system("modprobe -a " DRIVER " " OTHER_DRIVER));
	ASSERT_TRUE(card_at(&self->card, self->card.bdf));
	ASSERT_TRUE(works(self));
}

TEST_HARNESS_MAIN
