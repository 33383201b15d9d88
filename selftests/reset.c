// SPDX-License-Identifier: GPL-2.0-only
/*
 * Resets that somebody asks for, by ioctl and by sysfs, and the timeout that an
 * open file may have of its own.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"
#include "traffic.h"

#define HOME		(64 * MIB)
#define LEN		(300 * KIB)
#define RESETS		20

CARD_NEEDS(GIB);

FIXTURE(reset) {
	struct card card;
	struct traffic traffic;
	uint64_t seed;
	int fd;
};

FIXTURE_SETUP(reset)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->fd = node_open(&self->card, 0, CARD_NODE, O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN_PARENT(reset)
{
	param_put("timeout_ms", TIMEOUT_DEFAULT);
	lab_let_go_all(&self->card);
}

static uint64_t resets(struct __test_metadata *_metadata, FIXTURE_DATA(reset) *self)
{
	struct exdma_card_info info = { .size = sizeof(info) };

	ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_CARD_INFO, &info));
	EXPECT_EQ(node_number(&self->card, 0, CARD_NODE, "resets"), info.resets);
	return info.resets;
}

static void judge(struct __test_metadata *_metadata, FIXTURE_DATA(reset) *self)
{
	static const int none[] = { 0 };
	struct traffic_sum sum;
	char text[256];

	traffic_stop(&self->traffic, &sum);
	traffic_say(&sum, text, sizeof(text));
	TH_LOG("%s; longest %llu ms", text, sum.longest_ns / NS_PER_MS + 0ull);
	EXPECT_EQ(0, sum.wrong);
	EXPECT_EQ(0, sum.some);
	EXPECT_EQ(0, traffic_other_errors(&sum, none));
	EXPECT_LT(0, sum.verified);
}

/* All calls go on as if nothing had been, and the program can tell that it was. */
TEST_F(reset, by_a_program_under_load)
{
	uint64_t before = resets(_metadata, self);
	int i;

	ASSERT_TRUE(traffic_start(&self->traffic, &self->card, 6, self->seed));
	for (i = 0; i < RESETS; i++) {
		traffic_wait_any(&self->traffic, 3);
		ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_RESET));
		EXPECT_EQ(before + i + 1, resets(_metadata, self));
	}
	traffic_wait(&self->traffic, 2);
	judge(_metadata, self);
}

/* The log names the program that has asked, if there was a reset. */
TEST_F(reset, says_by_whom)
{
	int log = kernel_log();
	char text[64];

	ASSERT_LE(0, log);
	snprintf(text, sizeof(text), "reset by %s[%d]", program_invocation_short_name, getpid());
	ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_RESET));
	EXPECT_TRUE(kernel_says(log, text)) TH_LOG("not \"%s\"", text);
	ASSERT_EQ(0, card_unbind(&self->card));
	EXPECT_EQ(-1, ioctl(self->fd, EXDMA_IOC_RESET));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_FALSE(kernel_says(log, "reset by"));
	close(log);
	/* an open file keeps the card's number from the next one */
	close(self->fd);
	ASSERT_EQ(0, card_bind(&self->card));
}

TEST_F(reset, by_sysfs_is_counted)
{
	uint64_t before = resets(_metadata, self);
	char path[96];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", self->card.bdf);
	ASSERT_EQ(0, put_text(path, "1"));
	EXPECT_EQ(before + 1, resets(_metadata, self));
}

/* From several sides at once, while the card works. */
static void *reset_often(void *arg)
{
	int *fd = arg, i;

	for (i = 0; i < RESETS / 2; i++)
		if (ioctl(*fd, EXDMA_IOC_RESET))
			return (void *)(intptr_t)errno;
	return NULL;
}

TEST_F(reset, by_several_at_once)
{
	uint64_t before = resets(_metadata, self);
	pthread_t thread[3];
	void *err;
	int i;

	ASSERT_TRUE(traffic_start(&self->traffic, &self->card, 4, self->seed));
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&thread[i], NULL, reset_often, &self->fd));
	for (i = 0; i < 3; i++) {
		pthread_join(thread[i], &err);
		EXPECT_EQ(NULL, err);
	}
	EXPECT_EQ(before + 3 * (RESETS / 2), resets(_metadata, self));
	traffic_wait(&self->traffic, 2);
	judge(_metadata, self);
}

TEST_F(reset, needs_a_file_that_may_write)
{
	uint64_t before = resets(_metadata, self);
	int fd = node_open(&self->card, 0, CARD_NODE, O_RDONLY);

	errno = 0;
	EXPECT_EQ(-1, ioctl(fd, EXDMA_IOC_RESET));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(before, resets(_metadata, self));
	close(fd);
}

struct call {
	pthread_t thread;
	int fd;
	uint8_t *buf;
	ssize_t ret;
	uint64_t took, beats;	/* nanoseconds, and the same in beats */
};

/* In two pieces that share a page: never in one descriptor, not even with an IOMMU. */
static void *call_write(void *arg)
{
	struct call *call = arg;
	struct iovec iov[] = {
		{ call->buf, LEN / 2 + 64 },
		{ call->buf + LEN / 2 + 64, LEN - (LEN / 2 + 64) },
	};
	uint64_t begin_beats = beats(), begin = now_ns();

	call->ret = pwritev(call->fd, iov, 2, HOME);
	call->took = now_ns() - begin;
	call->beats = beats() - begin_beats;
	return NULL;
}

static bool arrived(FIXTURE_DATA(reset) *self)
{
	uint8_t *back = memory(LEN);
	int fd = open_out(&self->card, 1);
	bool right;

	right = pread(fd, back, LEN, HOME) == LEN &&
		pattern_is(back, LEN, HOME, self->seed);
	close(fd);
	return right;
}

/* A program that knows better than to wait for the watchdog. */
TEST_F(reset, of_an_engine_that_hangs)
{
	struct call call = { .fd = open_in(&self->card, 1), .buf = memory(LEN) };
	lab_t lab = lab_map(&self->card);

	if (!lab)
		SKIP(return, "this card has no lab block");
	ASSERT_EQ(0, param_put("timeout_ms", "60000"));
	pattern_fill(call.buf, LEN, HOME, self->seed);
	lab_hold(lab, EXDMA_DIR_H2C, 0);
	ASSERT_EQ(0, pthread_create(&call.thread, NULL, call_write, &call));
	ASSERT_TRUE(lab_wait_held(lab, EXDMA_DIR_H2C, 0));
	ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_RESET));
	pthread_join(call.thread, NULL);
	EXPECT_EQ(LEN, call.ret);
	EXPECT_TRUE(arrived(self));
	close(call.fd);
}

/*
 * Somebody clears its Run bit in the middle of a run: no error, no interrupt. It
 * is found long before the timeout, and what ran is run again.
 */
TEST_F(reset, not_for_an_engine_that_stops_without_a_word)
{
	struct call call = { .fd = open_in(&self->card, 1), .buf = memory(LEN) };
	long long timeouts = channel_stat(&self->card, EXDMA_DIR_H2C, 0, "timeouts");
	long long runs = channel_stat(&self->card, EXDMA_DIR_H2C, 0, "runs");
	int control = part_open(&self->card, "control", O_RDWR);
	uint64_t before = resets(_metadata, self);
	lab_t lab = lab_map(&self->card);
	const uint32_t run = 1;

	if (!lab)
		SKIP(return, "this card has no lab block");
	ASSERT_LE(0, control);
	ASSERT_EQ(0, param_put("timeout_ms", "60000"));
	/* the whole would take seconds */
	lab_fault_value(lab, lab_engine(EXDMA_DIR_H2C, 0), LAB_FAULT_SLOW, 0, 64 << 10);
	pattern_fill(call.buf, LEN, HOME, self->seed);
	ASSERT_EQ(0, pthread_create(&call.thread, NULL, call_write, &call));
	ASSERT_TRUE(channel_stat_reaches(&self->card, EXDMA_DIR_H2C, 0, "runs", runs + 1));
	/* Control, W1C, of the first channel; then full speed for what comes */
	ASSERT_EQ(sizeof(run), pwrite(control, &run, sizeof(run), 0x0c));
	lab_fault_value(lab, lab_engine(EXDMA_DIR_H2C, 0), LAB_FAULT_SLOW, 0, 0);
	pthread_join(call.thread, NULL);
	EXPECT_EQ(LEN, call.ret);
	EXPECT_GT(PATIENCE_BEATS, call.beats);
	EXPECT_EQ(timeouts + 1, channel_stat(&self->card, EXDMA_DIR_H2C, 0, "timeouts"));
	EXPECT_EQ(before, resets(_metadata, self));
	EXPECT_TRUE(arrived(self));
	close(control);
	close(call.fd);
}

/* An open file whose owner is less patient than the module; others are not. */
TEST_F(reset, a_file_has_its_own_timeout)
{
	struct call call = { .fd = open_in(&self->card, 1), .buf = memory(LEN) };
	lab_t lab = lab_map(&self->card);
	long long timeouts;

	if (!lab)
		SKIP(return, "this card has no lab block");
	ASSERT_EQ(0, param_put("timeout_ms", "3600000"));
	ASSERT_EQ(0, node_set_timeout(call.fd, 1000));
	timeouts = channel_stat(&self->card, EXDMA_DIR_H2C, 0, "timeouts");
	pattern_fill(call.buf, LEN, HOME, self->seed);
	/* it ends with the reset of the card */
	lab_hold(lab, EXDMA_DIR_H2C, 0);
	ASSERT_EQ(0, pthread_create(&call.thread, NULL, call_write, &call));
	pthread_join(call.thread, NULL);
	EXPECT_EQ(LEN, call.ret);
	/* some ticks less: it is counted in jiffies, which may be late when it begins */
	EXPECT_TRUE(lasted_at_least(call.took, 980 * NS_PER_MS));
	EXPECT_GT(IN_TIME_BEATS, call.beats);
	EXPECT_LE(timeouts + 1, channel_stat(&self->card, EXDMA_DIR_H2C, 0, "timeouts"));
	EXPECT_TRUE(arrived(self));
	close(call.fd);
}

/* And one that is more patient: nothing is stopped while it waits. */
TEST_F(reset, a_file_may_wait_longer)
{
	struct call call = { .fd = open_in(&self->card, 1), .buf = memory(LEN) };
	lab_t lab = lab_map(&self->card);
	long long timeouts;

	if (!lab)
		SKIP(return, "this card has no lab block");
	ASSERT_EQ(0, param_put("timeout_ms", "100"));
	ASSERT_EQ(0, node_set_timeout(call.fd, 3600000));
	timeouts = channel_stat(&self->card, EXDMA_DIR_H2C, 0, "timeouts");
	pattern_fill(call.buf, LEN, HOME, self->seed);
	lab_hold(lab, EXDMA_DIR_H2C, 0);
	ASSERT_EQ(0, pthread_create(&call.thread, NULL, call_write, &call));
	ASSERT_TRUE(lab_wait_held(lab, EXDMA_DIR_H2C, 0));
	let_pass_ns(600 * NS_PER_MS);	/* six times what others would have got */
	EXPECT_TRUE(lab_is_held(lab, EXDMA_DIR_H2C, 0));
	EXPECT_EQ(timeouts, channel_stat(&self->card, EXDMA_DIR_H2C, 0, "timeouts"));
	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_DEFAULT));
	lab_let_go(lab, EXDMA_DIR_H2C, 0);
	pthread_join(call.thread, NULL);
	EXPECT_EQ(LEN, call.ret);
	EXPECT_TRUE(arrived(self));
	close(call.fd);
}

TEST_HARNESS_MAIN
