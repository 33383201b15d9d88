// SPDX-License-Identifier: GPL-2.0-only
/*
 * A card that goes while everybody is at work, and one that is put to sleep:
 * by the host's hand (see lab/vm/README.md), by itself, by the kernel. Every
 * call returns, nobody waits for what does not come, and the next card works.
 *
 * Prints rows of the table in docs/reliability.md, as trouble.c does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <kselftest_harness.h>

#include "card.h"
#include "pattern.h"
#include "traffic.h"

#define CONTROL		"/dev/lab-control"
#define THREADS		6
#define HOME		(64 * MIB)
#define LEN		(300 * KIB)
#define HANG_NS		(5 * NS_PER_SEC)
#define APPEARS_NS	(20 * NS_PER_SEC)

FIXTURE(unplug) {
	struct card card;
	struct traffic_sum sum;
	uint64_t seed;
	unsigned int times;
	int control;		/* to the host, or -1 */
	char remove[96];
};

FIXTURE_SETUP(unplug)
{
	const char *times = getenv("EXDMA_TIMES");

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->times = times ? strtoul(times, NULL, 10) : 1;
	self->control = open(CONTROL, O_RDWR | O_CLOEXEC);
	snprintf(self->remove, sizeof(self->remove), "/sys/bus/pci/devices/%s/remove",
		 self->card.bdf);
}

FIXTURE_TEARDOWN_PARENT(unplug)
{
	put_text("/sys/power/pm_test", "none");
}

/* Asks the host, and waits until it is done. */
static bool ask(FIXTURE_DATA(unplug) *self, const char *request)
{
	char line[256], tag[24];
	ssize_t n;

	snprintf(tag, sizeof(tag), "@%d ", getpid());
	dprintf(self->control, "%s%s\n", tag, request);
	do {
		n = read(self->control, line, sizeof(line) - 1);
		if (n <= 0)
			return false;
		line[n] = 0;
	} while (strncmp(line, tag, strlen(tag)));
	if (!strncmp(line + strlen(tag), "ok", 2))
		return true;
	printf("# %s", line);
	return false;
}

/* Is every node of it there? */
static bool is_whole(const struct card *card)
{
	bool whole = true;
	int dir, way, fd;

	for (dir = 0; dir < 2; dir++) {
		for (way = 0; way < ways(card, dir); way++) {
			fd = node_open(card, dir, way, O_RDWR);
			whole = whole && fd >= 0;
			close(fd);
		}
	}
	return whole;
}

/* Until the card of the same slot is there again; looking for it, if need be. */
static bool appears(FIXTURE_DATA(unplug) *self, bool rescan)
{
	uint64_t end = now_ns() + APPEARS_NS;
	struct card new;

	while (now_ns() < end) {
		if (rescan && access(self->remove, F_OK))
			put_text("/sys/bus/pci/rescan", "1");
		if (card_at(&new, self->card.bdf) &&
		    !memcmp(new.channels, self->card.channels, sizeof(new.channels)) &&
		    is_whole(&new)) {
			self->card = new;
			return true;
		}
		sched_yield();
	}
	return false;
}

static void expect_works(struct __test_metadata *_metadata, FIXTURE_DATA(unplug) *self)
{
	int in = open_in(&self->card, 1), out = open_out(&self->card, 1);
	uint8_t *buf = memory(LEN);

	pattern_fill(buf, LEN, HOME, ++self->seed);
	ASSERT_EQ(LEN, pwrite(in, buf, LEN, HOME)) TH_LOG("errno %d", errno);
	memset(buf, POISON, LEN);
	ASSERT_EQ(LEN, pread(out, buf, LEN, HOME)) TH_LOG("errno %d", errno);
	ASSERT_TRUE(pattern_is(buf, LEN, HOME, self->seed));
	munmap(buf, LEN);
	close(in);
	close(out);
}

static void add(struct traffic_sum *all, const struct traffic_sum *one)
{
	int k;

	all->whole += one->whole;
	all->some += one->some;
	all->verified += one->verified;
	all->wrong += one->wrong;
	for (k = 0; k < TRAFFIC_ERRNOS; k++)
		all->errors[k] += one->errors[k];
	if (one->longest_ns > all->longest_ns)
		all->longest_ns = one->longest_ns;
}

static void judge(struct __test_metadata *_metadata, FIXTURE_DATA(unplug) *self,
		  const char *fault, unsigned int times, const int *allowed)
{
	const struct traffic_sum *sum = &self->sum;
	char text[256];

	traffic_say(sum, text, sizeof(text));
	printf("# table | %s | %u | %s | %llu | %llu ms |\n", fault, times, text,
	       (unsigned long long)sum->wrong, sum->longest_ns / NS_PER_MS + 0ull);
	fflush(stdout);
	EXPECT_EQ(0, sum->wrong);
	EXPECT_GT(HANG_NS, sum->longest_ns);
	EXPECT_EQ(0, traffic_other_errors(sum, allowed));
	EXPECT_LT(0, sum->verified);
}

/*
 * Traffic, and somebody in poll(); something takes the card away; all of them
 * are told. A file that stays open keeps its number from the next card.
 */
static void go_away(struct __test_metadata *_metadata, FIXTURE_DATA(unplug) *self,
		    bool (*take)(FIXTURE_DATA(unplug) *self),
		    bool (*bring)(FIXTURE_DATA(unplug) *self))
{
	struct traffic t = { };
	struct traffic_sum sum;
	struct pollfd p;
	int number = self->card.number;

	p.fd = node_open(&self->card, 0, CARD_NODE, O_RDWR);
	p.events = 0;
	ASSERT_LE(0, p.fd);
	ASSERT_TRUE(traffic_start(&t, &self->card, THREADS, ++self->seed));
	traffic_wait_any(&t, 1 + self->seed % 4);
	ASSERT_TRUE(take(self));
	EXPECT_EQ(1, poll(&p, 1, 20000));
	EXPECT_EQ(POLLHUP | POLLERR, p.revents);
	/* each of them comes to its end by itself */
	while (traffic_wait_any(&t, 1), !t.stop) {
		int i, ended = 0;

		for (i = 0; i < THREADS; i++)
			ended += __atomic_load_n(&t.thread[i].sum.errors[ENODEV],
						 __ATOMIC_RELAXED) != 0;
		if (ended == THREADS)
			break;
	}
	traffic_stop(&t, &sum);
	EXPECT_EQ(THREADS, sum.errors[ENODEV]);
	add(&self->sum, &sum);
	errno = 0;
	EXPECT_EQ(-1, lseek(p.fd, 0, SEEK_SET));
	EXPECT_EQ(ENODEV, errno);
	/* the new one comes while the old file is still open */
	ASSERT_TRUE(bring(self)) TH_LOG("no card came");
	EXPECT_NE(number, self->card.number);
	close(p.fd);
	expect_works(_metadata, self);
}

static bool unplug(FIXTURE_DATA(unplug) *self)
{
	return ask(self, "unplug 0");
}

static bool plug(FIXTURE_DATA(unplug) *self)
{
	return ask(self, "plug 0") && appears(self, false);
}

TEST_F_TIMEOUT(unplug, by_the_host, 3600)
{
	static const int allowed[] = { ENODEV, 0 };
	const unsigned int times = 100 * self->times;
	char kind[16];
	unsigned int i;

	if (self->control < 0)
		SKIP(return, "there is no host that could be asked");
	if (!node_text(&self->card, 0, CARD_NODE, "interrupts", kind, sizeof(kind)) ||
	    !strcmp(kind, "msix"))
		SKIP(return, "QEMU aborts when a card with MSI-X is unplugged");
	for (i = 0; i < times; i++) {
		go_away(_metadata, self, unplug, plug);
		ASSERT_FALSE(_metadata->exit_code) TH_LOG("round %u", i);
	}
	judge(_metadata, self, "unplugged under load, and plugged in again", times, allowed);
}

/* In the middle of something: all ones from now on. Then somebody notices. */
static bool all_ones(FIXTURE_DATA(unplug) *self)
{
	struct pollfd p = { .fd = node_open(&self->card, 0, CARD_NODE, O_RDWR) };
	lab_t lab = lab_map(&self->card);
	bool gone;

	if (!lab || p.fd < 0)
		return false;
	lab_fault_value(lab, LAB_ENGINE_CARD, LAB_FAULT_GONE, self->seed % 50, 3000);
	munmap((void *)lab, 4096);
	gone = poll(&p, 1, 20000) == 1;
	close(p.fd);
	return gone && !put_text(self->remove, "1");
}

static bool found_again(FIXTURE_DATA(unplug) *self)
{
	return appears(self, true);
}

TEST_F_TIMEOUT(unplug, pulled_out, 3600)
{
	static const int allowed[] = { ENODEV, EIO, 0 };
	const unsigned int times = 10 * self->times;
	lab_t lab = lab_map(&self->card);
	unsigned int i;

	if (!lab)
		SKIP(return, "this card has no lab block");
	munmap((void *)lab, 4096);
	for (i = 0; i < times; i++) {
		go_away(_metadata, self, all_ones, found_again);
		ASSERT_FALSE(_metadata->exit_code) TH_LOG("round %u", i);
	}
	judge(_metadata, self, "pulled out under load: all ones, no interrupt, no DMA; removed, and found again",
	      times, allowed);
}

static bool kernel_is_at_least(int major, int minor)
{
	struct utsname u;
	int a, b;

	return !uname(&u) && sscanf(u.release, "%d.%d", &a, &b) == 2 &&
	       (a > major || (a == major && b >= minor));
}

static void sleep_often(struct __test_metadata *_metadata, FIXTURE_DATA(unplug) *self,
			unsigned int times, const char *fault)
{
	static const int none[] = { 0 };
	struct traffic t = { };
	struct traffic_sum sum;
	long long resets = node_number(&self->card, 0, CARD_NODE, "resets");
	unsigned int i;

	ASSERT_TRUE(traffic_start(&t, &self->card, THREADS, ++self->seed));
	for (i = 0; i < times; i++) {
		traffic_wait_any(&t, 2);
		if (!put_text("/sys/power/state", "mem"))
			continue;
		/* it woke before it slept */
		EXPECT_EQ(EBUSY, errno);
	}
	traffic_wait(&t, 2);
	traffic_stop(&t, &sum);
	add(&self->sum, &sum);
	EXPECT_EQ(resets + times, node_number(&self->card, 0, CARD_NODE, "resets"));
	judge(_metadata, self, fault, times, none);
	expect_works(_metadata, self);
}

TEST_F_TIMEOUT(unplug, suspended, 3600)
{
	if (!kernel_is_at_least(6, 12))
		SKIP(return, "this kernel's virtio loses the root file system in a suspend");
	if (put_text("/sys/power/pm_test", "devices"))
		SKIP(return, "this kernel has no pm_test");
	put_text("/sys/module/suspend/parameters/pm_test_delay", "0");
	sleep_often(_metadata, self, 10 * self->times,
		    "suspended and resumed with calls under way");
}

TEST_F_TIMEOUT(unplug, asleep_without_power, 3600)
{
	static const int none[] = { 0 };
	struct traffic t = { };
	struct traffic_sum sum;
	char modes[64];
	unsigned int i, times = 5 * self->times;

	if (self->control < 0 || !get_text("/sys/power/mem_sleep", modes, sizeof(modes)) ||
	    !strstr(modes, "deep"))
		SKIP(return, "needs lab/vm/run --suspend");
	ASSERT_EQ(0, put_text("/sys/power/mem_sleep", "deep"));
	ASSERT_TRUE(traffic_start(&t, &self->card, THREADS, ++self->seed));
	for (i = 0; i < times; i++) {
		traffic_wait_any(&t, 2);
		ASSERT_TRUE(ask(self, "wake 1"));
		ASSERT_EQ(0, put_text("/sys/power/state", "mem"));
	}
	traffic_wait(&t, 2);
	traffic_stop(&t, &sum);
	/* asleep is not slow */
	sum.longest_ns = 0;
	add(&self->sum, &sum);
	judge(_metadata, self, "asleep without power (S3) with calls under way", times, none);
	expect_works(_metadata, self);
}

/* The process that is the second card is killed. It does not come back. */
TEST_F_TIMEOUT(unplug, killed, 120)
{
	static const int allowed[] = { ENODEV, EIO, 0 };
	struct card cards[CARDS_MAX];
	struct traffic t = { };
	struct pollfd p;

	if (self->control < 0)
		SKIP(return, "there is no host that could be asked");
	if (cards_find(cards, CARDS_MAX) < 2)
		SKIP(return, "needs a second card");
	p.fd = node_open(&cards[1], 0, CARD_NODE, O_RDWR);
	p.events = 0;
	ASSERT_TRUE(traffic_start(&t, &cards[1], THREADS, ++self->seed));
	traffic_wait(&t, 1);
	ASSERT_TRUE(ask(self, "kill 1"));
	EXPECT_EQ(1, poll(&p, 1, 20000));
	EXPECT_EQ(POLLHUP | POLLERR, p.revents);
	traffic_wait(&t, 1);
	traffic_stop(&t, &self->sum);
	judge(_metadata, self, "the card's process is killed", 1, allowed);
	close(p.fd);
	ASSERT_EQ(0, card_unbind(&cards[1]));
	expect_works(_metadata, self);
}

TEST_HARNESS_MAIN
