// SPDX-License-Identifier: GPL-2.0-only
/*
 * A card that goes while everybody is at work: by the host's hand (see
 * lab/vm/README.md), or by itself. Every call returns, nobody waits for what
 * does not come, and the next card works.
 *
 * Prints rows of the table in docs/reliability.md, as trouble.c does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "card.h"
#include "control.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"
#include "traffic.h"

#define THREADS		6
#define LEN		(300 * KIB)
#define APPEARS_BEATS	(3 * PATIENCE_BEATS)	/* as long as the host waits for an unplugging */

CARD_NEEDS(GIB);

FIXTURE(unplug) {
	struct card card;
	struct traffic_sum sum;
	uint64_t seed;
	int control;		/* to the host, or -1 */
	char remove[96];
};

FIXTURE_SETUP(unplug)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->control = control_open();
	snprintf(self->remove, sizeof(self->remove), "/sys/bus/pci/devices/%s/remove",
		 self->card.bdf);
}

FIXTURE_TEARDOWN(unplug)
{
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
	struct patience p = patience(APPEARS_BEATS);
	struct card new;

	do {
		if (rescan && access(self->remove, F_OK))
			put_text("/sys/bus/pci/rescan", "1");
		if (card_at(&new, self->card.bdf) &&
		    !memcmp(new.channels, self->card.channels, sizeof(new.channels)) &&
		    is_whole(&new)) {
			self->card = new;
			return true;
		}
		/* who looks all the time keeps the kernel from it */
		let_pass_ns(10 * NS_PER_MS);
	} while (patient(&p));
	return false;
}

static void judge(struct __test_metadata *_metadata, FIXTURE_DATA(unplug) *self,
		  const char *fault, unsigned int times, const int *allowed)
{
	const struct traffic_sum *sum = &self->sum;

	traffic_row(sum, fault, times);
	EXPECT_EQ(0, sum->wrong);
	EXPECT_GT(SOON_BEATS, sum->longest_beats);
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
	int number = self->card.number, log = kernel_log();

	p.fd = node_open(&self->card, 0, CARD_NODE, O_RDWR);
	p.events = 0;
	ASSERT_LE(0, p.fd);
	ASSERT_LE(0, log);
	ASSERT_TRUE(traffic_start(&t, &self->card, THREADS, ++self->seed));
	traffic_wait_any(&t, 1 + self->seed % 4);
	ASSERT_TRUE(take(self));
	EXPECT_EQ(1, poll_for(&p, 1, PATIENCE_BEATS));
	EXPECT_EQ(POLLHUP | POLLERR, p.revents);
	/* each of them comes to its end by itself */
	traffic_wait_end(&t);
	traffic_stop(&t, &sum);
	EXPECT_EQ(THREADS, sum.errors[ENODEV]);
	traffic_add(&self->sum, &sum);
	errno = 0;
	EXPECT_EQ(-1, lseek(p.fd, 0, SEEK_SET));
	EXPECT_EQ(ENODEV, errno);
	/* a card that is gone cannot write: its memory was freed */
	EXPECT_FALSE(kernel_says(log, "never freed"));
	close(log);
	/* the new one comes while the old file is still open */
	ASSERT_TRUE(bring(self)) TH_LOG("no card came");
	EXPECT_NE(number, self->card.number);
	close(p.fd);
	EXPECT_TRUE(card_works(&self->card, LEN, ++self->seed));
}

static bool unplug(FIXTURE_DATA(unplug) *self)
{
	return control_ask(self->control, "unplug 0");
}

static bool plug(FIXTURE_DATA(unplug) *self)
{
	return control_ask(self->control, "plug 0") && appears(self, false);
}

TEST_F_TIMEOUT(unplug, by_the_host, 3600)
{
	static const int allowed[] = { ENODEV, 0 };
	const unsigned int times = test_amount(100);
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
	gone = poll_for(&p, 1, PATIENCE_BEATS) == 1;
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
	const unsigned int times = test_amount(10);
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

TEST_HARNESS_MAIN
