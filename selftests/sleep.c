// SPDX-License-Identifier: GPL-2.0-only
/*
 * The machine sleeps while everybody is at work: nobody notices but by the
 * clock, and by the card's count of resets.
 *
 * Prints rows of the table in docs/reliability.md, as trouble.c does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "card.h"
#include "control.h"
#include "flight.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"
#include "traffic.h"

#define THREADS		6
#define LEN		(300 * KIB)
#define HOME		(64 * MIB)
#define PIECE		(256 * KIB)
#define PIECES		24

CARD_NEEDS(GIB);

FIXTURE(sleep) {
	struct card card;
	struct traffic traffic;
	uint64_t seed;
	int control;		/* to the host, or -1 */
};

FIXTURE_SETUP(sleep)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->control = control_open();
}

FIXTURE_TEARDOWN_PARENT(sleep)
{
	put_text("/sys/power/pm_test", "none");
	lab_let_go_all(&self->card);
}

/* Runs that the driver had to save, of all channels. */
static long long troubles(const struct card *card)
{
	long long sum = 0;
	int dir, i;

	for (dir = 0; dir < 2; dir++)
		for (i = 0; i < card->channels[dir]; i++)
			sum += channel_stat(card, dir, i, "timeouts") +
			       channel_stat(card, dir, i, "errors");
	return sum;
}

static bool kernel_is_at_least(int major, int minor)
{
	struct utsname u;
	int a, b;

	return !uname(&u) && sscanf(u.release, "%d.%d", &a, &b) == 2 &&
	       (a > major || (a == major && b >= minor));
}

/*
 * Asynchronous writes that are under way when it falls asleep. (Synchronous
 * callers are sent back to where they came from before any device is.)
 */
struct sleepers {
	struct flight flight;
	struct flight_request r[PIECES];
	uint8_t *buf;
	uint64_t seed;
	int in, out;
};

static void lie_down(struct __test_metadata *_metadata, struct sleepers *s)
{
	int i;

	pattern_fill(s->buf, PIECES * PIECE, HOME, ++s->seed);
	for (i = 0; i < PIECES; i++)
		s->r[i] = (struct flight_request) {
			.fd = s->in, .write = true, .buf = s->buf + i * PIECE, .len = PIECE,
			.addr = HOME + i * PIECE,
		};
	ASSERT_EQ(PIECES, flight_launch(&s->flight, s->r, PIECES));
}

static void get_up(struct __test_metadata *_metadata, struct sleepers *s)
{
	int i;

	ASSERT_EQ(PIECES, flight_land(&s->flight, PIECES));
	for (i = 0; i < PIECES; i++)
		EXPECT_EQ(PIECE, s->r[i].result);
	memset(s->buf, POISON, PIECES * PIECE);
	ASSERT_EQ(PIECES * PIECE, read_through(s->out, s->buf, PIECES * PIECE, HOME));
	EXPECT_TRUE(pattern_is(s->buf, PIECES * PIECE, HOME, s->seed));
}

/* How long it was asleep is nobody's fault: @awake says that it never was. */
static void sleep_often(struct __test_metadata *_metadata, FIXTURE_DATA(sleep) *self,
			unsigned int times, const char *fault, bool awake)
{
	static const int none[] = { 0 };
	long long resets = node_number(&self->card, 0, CARD_NODE, "resets");
	long long before = troubles(&self->card);
	lab_t lab = lab_map(&self->card);
	struct sleepers sleepers = {
		.seed = self->seed, .buf = memory(PIECES * PIECE),
		.in = open_in(&self->card, 1), .out = open_out(&self->card, 1),
	};
	struct traffic_sum sum;
	unsigned int i;

	ASSERT_EQ(0, flight_open(&sleepers.flight, FLIGHT_AIO, PIECES));
	/* so slow that there is always something under way */
	if (lab)
		lab_fault_value(lab, LAB_ENGINE_CARD, LAB_FAULT_SLOW, 0, 16 << 20);
	ASSERT_TRUE(traffic_start(&self->traffic, &self->card, THREADS, ++self->seed));
	for (i = 0; i < times; i++) {
		traffic_wait_any(&self->traffic, 2);
		if (!awake)
			ASSERT_TRUE(control_ask(self->control, "wake 1"));
		lie_down(_metadata, &sleepers);
		ASSERT_EQ(0, put_text("/sys/power/state", "mem"));
		get_up(_metadata, &sleepers);
	}
	traffic_wait(&self->traffic, 2);
	traffic_stop(&self->traffic, &sum);
	flight_close(&sleepers.flight);
	close(sleepers.in);
	close(sleepers.out);
	traffic_row(&sum, fault, times);
	EXPECT_EQ(resets + times, node_number(&self->card, 0, CARD_NODE, "resets"));
	EXPECT_EQ(before, troubles(&self->card));
	EXPECT_EQ(0, sum.wrong);
	EXPECT_EQ(0, sum.some);
	EXPECT_EQ(0, traffic_other_errors(&sum, none));
	if (awake)
		EXPECT_GT(SOON_BEATS, sum.longest_beats);
	EXPECT_TRUE(card_works(&self->card, LEN, ++self->seed));
}

/*
 * It was asleep by itself, since nobody had it open, and the kernel leaves it at
 * that. If the power was gone meanwhile, that is found by who wakes it.
 */
static void sleep_asleep(struct __test_metadata *_metadata, FIXTURE_DATA(sleep) *self, bool awake)
{
	long long resets = node_number(&self->card, 0, CARD_NODE, "resets");
	struct patience p = patience(PATIENCE_BEATS);
	char delay[96], control[96], path[96], status[16];

	snprintf(delay, sizeof(delay), "/sys/bus/pci/devices/%s/power/autosuspend_delay_ms",
		 self->card.bdf);
	snprintf(control, sizeof(control), "/sys/bus/pci/devices/%s/power/control",
		 self->card.bdf);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/power/runtime_status",
		 self->card.bdf);
	ASSERT_EQ(0, put_text(delay, "0"));
	ASSERT_EQ(0, put_text(control, "auto"));
	do {
		ASSERT_TRUE(get_text(path, status, sizeof(status)));
	} while (strcmp(status, "suspended") && patient(&p));
	EXPECT_STREQ("suspended", status);
	if (!awake)
		ASSERT_TRUE(control_ask(self->control, "wake 1"));
	ASSERT_EQ(0, put_text("/sys/power/state", "mem"));
	EXPECT_TRUE(card_works(&self->card, LEN, ++self->seed));
	EXPECT_EQ(resets + !awake, node_number(&self->card, 0, CARD_NODE, "resets"));
	EXPECT_EQ(0, put_text(control, "on"));
	EXPECT_EQ(0, put_text(delay, "2000"));
}

/* All drivers are suspended and resumed; the card keeps its registers. */
TEST_F_TIMEOUT(sleep, without_losing_power, 3600)
{
	if (!kernel_is_at_least(6, 12))
		SKIP(return, "this kernel's virtio loses the root file system in a suspend");
	if (put_text("/sys/power/pm_test", "devices"))
		SKIP(return, "this kernel has no pm_test");
	put_text("/sys/module/suspend/parameters/pm_test_delay", "0");
	sleep_often(_metadata, self, test_amount(10),
		    "suspended and resumed with calls under way", true);
	sleep_asleep(_metadata, self, true);
}

TEST_F_TIMEOUT(sleep, without_power, 3600)
{
	char modes[64];

	if (self->control < 0 || !get_text("/sys/power/mem_sleep", modes, sizeof(modes)) ||
	    !strstr(modes, "deep"))
		SKIP(return, "needs lab/vm/run --suspend");
	ASSERT_EQ(0, put_text("/sys/power/mem_sleep", "deep"));
	sleep_often(_metadata, self, test_amount(10),
		    "asleep without power (S3) with calls under way", false);
	sleep_asleep(_metadata, self, false);
}

TEST_HARNESS_MAIN
