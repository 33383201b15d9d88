// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptor credits (credits=Y): an engine that never stops between requests, and
 * what makes it stop all the same. The card is bound with them for these tests.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card.h"
#include "flight.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"

#define CREDITS	"/sys/module/exdma_xdma/parameters/credits"
#define HOME	(800 * MIB)
#define ELSEWHERE (900 * MIB)
#define PIECE	(64 * KIB)
#define LARGE	(300 * KIB)	/* the engine is told of three at once */
#define DEPTH	8

CARD_NEEDS(GIB);

FIXTURE(credits) {
	struct card card;
	char before[8];
	uint64_t seed;
	uint8_t *buf;
	lab_t lab;
};

FIXTURE_SETUP(credits)
{
	char bdf[sizeof(self->card.bdf)];

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	if (!get_text(CREDITS, self->before, sizeof(self->before)) ||
	    strcmp(self->card.driver, "exdma_xdma"))
		SKIP(return, "this card knows no credits");
	strcpy(bdf, self->card.bdf);
	ASSERT_EQ(0, put_text(CREDITS, "Y"));
	ASSERT_EQ(0, card_unbind(&self->card));
	ASSERT_EQ(0, card_bind(&self->card));
	ASSERT_TRUE(card_at(&self->card, bdf));
	self->lab = lab_map(&self->card);
	if (!self->lab)
		SKIP(return, "this card has no lab block");
	/* seen by those who are killed, too */
	self->buf = mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	ASSERT_NE(MAP_FAILED, self->buf);
	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_HELD));
}

FIXTURE_TEARDOWN_PARENT(credits)
{
	param_put("timeout_ms", TIMEOUT_DEFAULT);
	lab_let_go_all(&self->card);
	if (!self->before[0])
		return;
	put_text(CREDITS, self->before);
	card_unbind(&self->card);
	card_bind(&self->card);
}

/*
 * DEPTH requests in flight all the time, on a link that takes 8 ms for each, until
 * @requests are through: how much of the time was the engine at work, in percent, by the
 * card's books? Negative: an error.
 */
static double busy(FIXTURE_DATA(credits) *self, int dir, unsigned int requests)
{
	uint32_t engine = lab_engine(dir, 0);
	int fd = dir == EXDMA_DIR_H2C ? open_in(&self->card, 1) : open_out(&self->card, 1);
	struct flight_request r[DEPTH];
	unsigned int landed = 0, got;
	uint64_t at_work, idle;
	struct flight f;
	int i;

	if (fd < 0 || flight_open(&f, FLIGHT_AIO, DEPTH))
		return -1;
	lab_fault_value(self->lab, engine, LAB_FAULT_SLOW, 0, 8 * MIB);
	for (i = 0; i < DEPTH; i++)
		r[i] = (struct flight_request) {
			.fd = fd, .write = dir == EXDMA_DIR_H2C, .buf = self->buf + i * PIECE,
			.len = PIECE, .addr = HOME + i * PIECE,
		};
	if (flight_launch(&f, r, DEPTH) != DEPTH || !flight_land(&f, 1))
		return -2;
	at_work = lab_count(self->lab, engine, LAB_BUSY_NS);
	idle = lab_count(self->lab, engine, LAB_IDLE_NS);
	do {
		for (i = 0; i < DEPTH; i++)
			if (r[i].done && (r[i].result != PIECE || flight_launch(&f, &r[i], 1) != 1))
				return -3;
		got = flight_land(&f, 1);
		landed += got;
	} while (got && landed < requests);
	at_work = lab_count(self->lab, engine, LAB_BUSY_NS) - at_work;
	idle = lab_count(self->lab, engine, LAB_IDLE_NS) - idle;
	flight_close(&f);	/* waits for those in flight */
	close(fd);
	lab_fault_value(self->lab, engine, LAB_FAULT_SLOW, 0, 0);
	return 100.0 * at_work / (at_work + idle);
}

TEST_F_TIMEOUT(credits, the_engine_never_stops, 240)
{
	double best;
	int dir, i;

	if (kernel_counts_lines())
		SKIP(return, "a kernel that counts lines cannot keep up with the engine");
	for (dir = 0; dir < 2; dir++) {
		/* the host may have had others to care for */
		for (best = 0, i = 0; i < 25 && best >= 0 && best < 99.5; i++) {
			double share = busy(self, dir, 250);

			best = share < 0 || share > best ? share : best;
		}
		TH_LOG("%s: busy %.2f %% of the time", dir ? "C2H" : "H2C", best);
		EXPECT_LE(99.5, best);
		EXPECT_EQ(0, channel_stat(&self->card, dir, 0, "spurious_interrupts"));
		EXPECT_EQ(0, channel_stat(&self->card, dir, 0, "errors"));
	}
}

static bool one_page(FIXTURE_DATA(credits) *self, int dir, int fd)
{
	return (dir == EXDMA_DIR_H2C ? pwrite(fd, self->buf, 4096, HOME) :
				       pread(fd, self->buf, 4096, HOME)) == 4096;
}

/* One write gives the engine a request; one read is what its interrupt costs. */
TEST_F(credits, bus_accesses)
{
	const int n = 100;
	uint64_t writes, reads, interrupts, late;
	int dir, fd, i, tries;

	for (dir = 0; dir < 2; dir++) {
		fd = dir == EXDMA_DIR_H2C ? open_in(&self->card, 1) : open_out(&self->card, 1);
		tries = 0;
		do {
			/* the first one starts the engine */
			ASSERT_TRUE(one_page(self, dir, fd));
			writes = lab_count(self->lab, LAB_ENGINE_CARD, LAB_CARD_WRITES);
			reads = lab_count(self->lab, LAB_ENGINE_CARD, LAB_CARD_READS);
			interrupts = channel_stat(&self->card, dir, 0, "interrupts");
			late = channel_stat(&self->card, dir, 0, "lost_interrupts");
			for (i = 0; i < n; i++)
				ASSERT_TRUE(one_page(self, dir, fd));
			writes = lab_count(self->lab, LAB_ENGINE_CARD, LAB_CARD_WRITES) - writes;
			reads = lab_count(self->lab, LAB_ENGINE_CARD, LAB_CARD_READS) - reads;
			interrupts = channel_stat(&self->card, dir, 0, "interrupts") - interrupts;
			late = channel_stat(&self->card, dir, 0, "lost_interrupts") - late;
			TH_LOG("%d requests: %d writes, %d reads, %d interrupts, %d too late", n,
			       (int)writes, (int)reads, (int)interrupts, (int)late);
			/* the host may have stood still, but not each time */
		} while (late && ++tries < 5);
		EXPECT_EQ(0, late);
		EXPECT_EQ(n, writes);
		/* that of the first may still have been on its way; shared ones cost more */
		EXPECT_GE(3 * n + 3, interrupts);
		EXPECT_GE(3 * n + 3, reads);
		close(fd);
	}
}

/*
 * What waits behind the engine is killed, so that what follows is not where the
 * engine waits: the rest is moved all the same, in time, and nothing fails.
 */
TEST_F(credits, gaps)
{
	enum { N = 8 };
	pid_t child[N];
	int fd, i, status, round;
	uint64_t begin;

	fd = open_in(&self->card, 1);
	pattern_fill(self->buf, N * LARGE, HOME, self->seed);
	ASSERT_EQ(N * LARGE, write_through(fd, self->buf, N * LARGE, HOME));
	close(fd);
	for (round = 0; round < 3; round++) {
		memset(self->buf, POISON, N * LARGE);
		lab_hold(self->lab, EXDMA_DIR_C2H, 0);
		for (i = 0; i < N; i++) {
			child[i] = fork();
			if (!child[i]) {
				fd = open_out(&self->card, 1);
				_exit(pread(fd, self->buf + i * LARGE, LARGE,
					    HOME + i * LARGE) != LARGE);
			}
			/* one after the other */
			ASSERT_TRUE(channel_stat_reaches(&self->card, EXDMA_DIR_C2H, 0,
							 "pinned_bytes", (i + 1) * LARGE));
		}
		ASSERT_TRUE(lab_wait_held(self->lab, EXDMA_DIR_C2H, 0));
		for (i = 4; i < N; i += 2) {
			kill(child[i], SIGKILL);
			/* it need not wait for the engine */
			ASSERT_EQ(child[i], waitpid(child[i], &status, 0));
			EXPECT_TRUE(WIFSIGNALED(status));
		}
		EXPECT_TRUE(lab_is_held(self->lab, EXDMA_DIR_C2H, 0));
		begin = beats();
		lab_let_go(self->lab, EXDMA_DIR_C2H, 0);
		for (i = 0; i < N; i++) {
			if (i >= 4 && i % 2 == 0) {
				EXPECT_TRUE(bytes_are(self->buf + i * LARGE, LARGE, POISON));
				continue;
			}
			ASSERT_EQ(child[i], waitpid(child[i], &status, 0));
			EXPECT_EQ(0, status);
			EXPECT_TRUE(pattern_is(self->buf + i * LARGE, LARGE, HOME + i * LARGE,
					       self->seed));
		}
		EXPECT_GT(SOON_BEATS, beats() - begin);
	}
	EXPECT_EQ(0, channel_stat(&self->card, EXDMA_DIR_C2H, 0, "errors"));
	EXPECT_EQ(0, channel_stat(&self->card, EXDMA_DIR_C2H, 0, "timeouts"));
}

/* By turns, at an address that stays and at ones that advance. */
TEST_F(credits, fixed_and_not)
{
	enum { N = 24 };
	int in = open_in(&self->card, 1), fixed = open_in(&self->card, 1), i;
	struct flight_request r[N];
	struct flight f;

	ASSERT_EQ(0, node_set_flags(fixed, EXDMA_OPTION_FIXED));
	pattern_fill(self->buf, N * PIECE, HOME, self->seed);
	ASSERT_EQ(0, flight_open(&f, FLIGHT_AIO, N));
	for (i = 0; i < N; i++)
		r[i] = (struct flight_request) {
			.fd = i % 4 > 1 ? fixed : in, .write = true, .buf = self->buf + i * PIECE,
			.len = PIECE, .addr = i % 4 > 1 ? ELSEWHERE : HOME + i * PIECE,
		};
	lab_hold(self->lab, EXDMA_DIR_H2C, 0);
	ASSERT_EQ(N, flight_launch(&f, r, N));
	ASSERT_TRUE(lab_wait_held(self->lab, EXDMA_DIR_H2C, 0));
	lab_let_go(self->lab, EXDMA_DIR_H2C, 0);
	ASSERT_EQ(N, flight_land(&f, N));
	flight_close(&f);
	close(in);
	close(fixed);

	in = open_out(&self->card, 1);
	memset(self->buf, POISON, N * PIECE);
	ASSERT_EQ(N * PIECE, read_through(in, self->buf, N * PIECE, HOME));
	for (i = 0; i < N; i++) {
		EXPECT_EQ(PIECE, r[i].result);
		if (i % 4 <= 1)
			EXPECT_TRUE(pattern_is(self->buf + i * PIECE, PIECE, HOME + i * PIECE,
					       self->seed));
	}
	close(in);
	EXPECT_EQ(0, channel_stat(&self->card, EXDMA_DIR_H2C, 0, "errors"));
}

/*
 * An interrupt that is lost costs two looks of the watchdog, and that was it: those
 * behind it come, but for one that is so late that it is taken for lost, too.
 */
TEST_F(credits, lost_interrupts)
{
	uint32_t engine = lab_engine(EXDMA_DIR_H2C, 0);
	int fd = open_in(&self->card, 1), round, tries, i;
	long long lost, late;

	/* slow enough for its caller to sleep */
	lab_fault_value(self->lab, engine, LAB_FAULT_SLOW, 0, 32 * MIB);
	for (round = 0; round < 3; round++) {
		lost = channel_stat(&self->card, EXDMA_DIR_H2C, 0, "lost_interrupts");
		lab_fault(self->lab, engine, LAB_FAULT_LOSE, 1);
		ASSERT_EQ(PIECE, pwrite(fd, self->buf, PIECE, HOME));
		lab_fault(self->lab, engine, LAB_FAULT_LOSE, 0);
		EXPECT_LT(lost, channel_stat(&self->card, EXDMA_DIR_H2C, 0, "lost_interrupts"));
		tries = 0;
		do {
			late = channel_stat(&self->card, EXDMA_DIR_H2C, 0, "lost_interrupts");
			for (i = 0; i < 20; i++)
				ASSERT_EQ(PIECE, pwrite(fd, self->buf, PIECE, HOME));
			late = channel_stat(&self->card, EXDMA_DIR_H2C, 0, "lost_interrupts") -
			       late;
			/* that many is the host, unless it is so each time */
		} while (late >= 10 && ++tries < 5);
		EXPECT_GT(10, late);
	}
	lab_fault_value(self->lab, engine, LAB_FAULT_SLOW, 0, 0);
	close(fd);
	EXPECT_EQ(0, channel_stat(&self->card, EXDMA_DIR_H2C, 0, "timeouts"));
}

/* An error, a hang, a reset: the engine is not where it waited before. */
TEST_F(credits, recovery)
{
	int fd = open_in(&self->card, 1), i;

	for (i = 0; i < 3; i++) {
		ASSERT_EQ(PIECE, pwrite(fd, self->buf, PIECE, HOME));
		ASSERT_EQ(-1, pwrite(fd, self->buf, PIECE, HOME + card_memory(&self->card)));
		EXPECT_EQ(EIO, errno);
		ASSERT_EQ(PIECE, pwrite(fd, self->buf, PIECE, HOME));
		ASSERT_EQ(0, param_put("timeout_ms", "1000"));
		lab_hold(self->lab, EXDMA_DIR_H2C, 0);
		/* run again after the reset */
		ASSERT_EQ(PIECE, pwrite(fd, self->buf, PIECE, HOME));
		ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_HELD));
		ASSERT_EQ(PIECE, pwrite(fd, self->buf, PIECE, HOME));
		ASSERT_EQ(0, ioctl(fd, EXDMA_IOC_RESET));
		ASSERT_EQ(PIECE, pwrite(fd, self->buf, PIECE, HOME));
	}
	close(fd);
	EXPECT_EQ(3, channel_stat(&self->card, EXDMA_DIR_H2C, 0, "errors"));
}

TEST_HARNESS_MAIN
