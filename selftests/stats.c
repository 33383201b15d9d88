// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the driver tells about itself: counters in sysfs that add up, with each
 * other and with the books of the card; tracepoints in their order. And what
 * they count that is seen nowhere else: pinned memory, copied requests, runs
 * that nobody's interrupt ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "card.h"
#include "flight.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"
#include "tracefs.h"

#define HOME	(1600 * MIB)
#define ROOM	(24 * MIB)
#define PAGE	4096ul
#define LARGEST	8192		/* that is ever copied */

CARD_NEEDS(GIB);

FIXTURE(stats) {
	struct card card;
	uint64_t seed;
	struct random random;
	uint8_t *buf;
	lab_t lab;
	struct flight f;
	char copybreak[16], copybreak_iommu[16], spin[16];
};

FIXTURE_SETUP(stats)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->random.state = self->seed;
	self->buf = memory(ROOM);
	ASSERT_NE(NULL, self->buf);
	memset(self->buf, POISON, ROOM);
	ASSERT_TRUE(param_get("copybreak", self->copybreak, 16));
	ASSERT_TRUE(param_get("copybreak_iommu", self->copybreak_iommu, 16));
	ASSERT_TRUE(param_get("spin_us", self->spin, 16));
	ASSERT_EQ(0, flight_open(&self->f, FLIGHT_AIO, 256));
	self->lab = lab_map(&self->card);
	if (!self->lab)
		SKIP(return, "this card has no lab block");
	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_HELD));
}

FIXTURE_TEARDOWN_PARENT(stats)
{
	param_put("timeout_ms", TIMEOUT_DEFAULT);
	param_put("max_inflight_kib", "16384");
	param_put("copybreak", self->copybreak);
	param_put("copybreak_iommu", self->copybreak_iommu);
	param_put("spin_us", self->spin);
	trace_stop();
	lab_let_go_all(&self->card);
}

/* The threshold, whether there is an IOMMU or not. */
static void set_copybreak(struct __test_metadata *_metadata, unsigned int bytes)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", bytes);
	ASSERT_EQ(0, param_put("copybreak", text));
	ASSERT_EQ(0, param_put("copybreak_iommu", text));
}

/* All counters at 0, but for what binding itself does. */
static void begin_anew(struct __test_metadata *_metadata, FIXTURE_DATA(stats) *self)
{
	char bdf[16];

	strcpy(bdf, self->card.bdf);
	ASSERT_EQ(0, card_unbind(&self->card));
	ASSERT_EQ(0, card_bind(&self->card));
	ASSERT_TRUE(card_at(&self->card, bdf));
}

static struct flight_request to_card(FIXTURE_DATA(stats) *self, int fd, size_t at, size_t len)
{
	return (struct flight_request) {
		.fd = fd, .write = true, .buf = self->buf + at, .len = len, .addr = HOME + at,
	};
}

TEST_F(stats, all_of_them)
{
	static const char *const names[] = {
		"bytes", "requests", "runs", "interrupts", "spurious_interrupts",
		"lost_interrupts", "errors", "timeouts", "busy_ns", "starts_irq",
		"starts_submit", "starts_thread", "copybreak", "polled", "depth_max", "pinned_bytes",
		"pinned_bytes_max",
	};
	long long value, most;
	unsigned int i;
	int dir, ch;

	begin_anew(_metadata, self);
	for (dir = 0; dir < 2; dir++)
		for (ch = 0; ch < self->card.channels[dir]; ch++)
			for (i = 0; i < ARRAY_SIZE(names); i++) {
				value = channel_stat(&self->card, dir, ch, names[i]);
				/* a message may have waited for somebody to listen */
				most = strstr(names[i], "interrupts") ? 1 : 0;
				EXPECT_TRUE(value >= 0 && value <= most) {
					TH_LOG("%s: %lld", names[i], value);
				}
			}
}

struct sums {
	long long requests, bytes, runs, starts, errors, copied, interrupts, lost;
	uint64_t card_runs, card_bytes;
};

static struct sums sum(FIXTURE_DATA(stats) *self, int dir)
{
	const struct card *card = &self->card;

	return (struct sums) {
		.requests = channel_stat(card, dir, 0, "requests"),
		.bytes = channel_stat(card, dir, 0, "bytes"),
		.runs = channel_stat(card, dir, 0, "runs"),
		.starts = channel_stat(card, dir, 0, "starts_irq") +
			  channel_stat(card, dir, 0, "starts_submit") +
			  channel_stat(card, dir, 0, "starts_thread"),
		.errors = channel_stat(card, dir, 0, "errors"),
		.copied = channel_stat(card, dir, 0, "copybreak"),
		.interrupts = channel_stat(card, dir, 0, "interrupts"),
		.lost = channel_stat(card, dir, 0, "lost_interrupts"),
		.card_runs = lab_count(self->lab, lab_engine(dir, 0), LAB_RUNS),
		.card_bytes = lab_count(self->lab, lab_engine(dir, 0), LAB_BYTES),
	};
}

/* Requests of one page each, large ones, an error; by all kinds of calls. */
TEST_F(stats, counters_add_up)
{
	uint64_t beyond = card_memory(&self->card);
	const struct card *card = &self->card;
	struct flight_request r[64];
	struct sums before, now;
	int dir, fd, i;
	char kind[16];

	set_copybreak(_metadata, 1024);
	for (dir = 0; dir < 2; dir++) {
		fd = dir == EXDMA_DIR_H2C ? open_in(card, 1) : open_out(card, 1);
		before = sum(self, dir);
		for (i = 0; i < 64; i++) {
			r[i] = to_card(self, fd, i * 64 * KIB, i % 4 ? PAGE : 512);
			r[i].write = dir == EXDMA_DIR_H2C;
		}
		ASSERT_EQ(64, flight_launch(&self->f, r, 64));
		ASSERT_EQ(64, flight_land(&self->f, 64));
		for (i = 0; i < 10; i++)
			ASSERT_EQ(PAGE, dir == EXDMA_DIR_H2C ? pwrite(fd, self->buf, PAGE, HOME) :
							       pread(fd, self->buf, PAGE, HOME));
		/* 8 MiB from the beginning of a page: 8 requests */
		ASSERT_EQ(8 * MIB, dir == EXDMA_DIR_H2C ? pwrite(fd, self->buf, 8 * MIB, HOME) :
							  pread(fd, self->buf, 8 * MIB, HOME));
		now = sum(self, dir);
		EXPECT_EQ(64 + 10 + 8, now.requests - before.requests);
		EXPECT_EQ(16 * 512 + 48 * PAGE + 10 * PAGE + 8 * MIB, now.bytes - before.bytes);
		/* nobody is there to copy on what comes from the card later */
		EXPECT_EQ(dir == EXDMA_DIR_H2C ? 16 : 0, now.copied - before.copied);
		EXPECT_EQ(now.runs - before.runs, now.starts - before.starts);
		EXPECT_EQ(now.card_runs - before.card_runs, now.runs - before.runs);
		EXPECT_EQ(now.card_bytes - before.card_bytes, now.bytes - before.bytes);
		EXPECT_EQ(before.errors, now.errors);
		if (node_text(card, 0, CARD_NODE, "interrupts", kind, sizeof(kind)) &&
		    !strcmp(kind, "msix"))
			EXPECT_GE(now.runs - before.runs, now.interrupts - before.interrupts);

		before = now;
		EXPECT_EQ(-1, dir == EXDMA_DIR_H2C ? pwrite(fd, self->buf, PAGE, beyond) :
						     pread(fd, self->buf, PAGE, beyond));
		EXPECT_EQ(EIO, errno);
		now = sum(self, dir);
		EXPECT_EQ(1, now.requests - before.requests);
		EXPECT_EQ(1, now.errors - before.errors);
		EXPECT_EQ(0, now.bytes - before.bytes);
		EXPECT_EQ(now.runs - before.runs, now.starts - before.starts);
		close(fd);
	}
}

/*
 * Not a moment less than the card says, and not more than there was. By interrupts:
 * who spins sees the end in memory, while the card still has to note it.
 */
TEST_F(stats, busy_while_a_run_is_on)
{
	const int engine = lab_engine(EXDMA_DIR_H2C, 0);
	const long long a_while = 20 * NS_PER_MS;
	uint64_t begin, card_busy, took;
	struct flight_request r;
	long long busy;
	int fd, i;

	begin_anew(_metadata, self);
	ASSERT_EQ(0, param_put("spin_us", "0"));
	fd = open_in(&self->card, 1);
	begin = now_ns();
	card_busy = lab_count(self->lab, engine, LAB_BUSY_NS);
	lab_hold(self->lab, EXDMA_DIR_H2C, 0);
	r = to_card(self, fd, 0, PAGE);
	ASSERT_EQ(1, flight_launch(&self->f, &r, 1));
	ASSERT_TRUE(lab_wait_held(self->lab, EXDMA_DIR_H2C, 0));
	EXPECT_TRUE(channel_stat_reaches(&self->card, EXDMA_DIR_H2C, 0, "busy_ns", a_while));
	lab_let_go(self->lab, EXDMA_DIR_H2C, 0);
	ASSERT_EQ(1, flight_land(&self->f, 1));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(PAGE, pwrite(fd, self->buf, PAGE, HOME));
	busy = channel_stat(&self->card, EXDMA_DIR_H2C, 0, "busy_ns");
	EXPECT_LE(lab_count(self->lab, engine, LAB_BUSY_NS) - card_busy, busy);
	took = now_ns() - begin;
	EXPECT_GE(took, busy);
	EXPECT_EQ(busy, channel_stat(&self->card, EXDMA_DIR_H2C, 0, "busy_ns"));
	EXPECT_EQ(0, channel_stat(&self->card, EXDMA_DIR_C2H, 0, "busy_ns"));
	close(fd);
}

TEST_F(stats, depth_is_the_high_water_mark)
{
	static const int depths[] = { 1, 20, 50, 10, 200 };
	struct flight_request r[200];
	int fd, i, most = 0;
	unsigned int k;

	begin_anew(_metadata, self);
	fd = open_in(&self->card, 1);
	for (k = 0; k < ARRAY_SIZE(depths); k++) {
		lab_hold(self->lab, EXDMA_DIR_H2C, 0);
		for (i = 0; i < depths[k]; i++) {
			r[i] = to_card(self, fd, i * 8 * KIB, i % 2 ? 512 : PAGE);
			ASSERT_EQ(1, flight_launch(&self->f, &r[i], 1));
		}
		ASSERT_TRUE(lab_wait_held(self->lab, EXDMA_DIR_H2C, 0));
		most = depths[k] > most ? depths[k] : most;
		EXPECT_EQ(most, channel_stat(&self->card, EXDMA_DIR_H2C, 0, "depth_max"));
		lab_let_go(self->lab, EXDMA_DIR_H2C, 0);
		ASSERT_EQ(depths[k], flight_land(&self->f, depths[k]));
		EXPECT_EQ(most, channel_stat(&self->card, EXDMA_DIR_H2C, 0, "depth_max"));
	}
	EXPECT_EQ(0, channel_stat(&self->card, EXDMA_DIR_C2H, 0, "depth_max"));
	close(fd);
}

/* --- pinned memory --- */

TEST_F(stats, pinned_is_what_is_in_flight)
{
	struct flight_request r[4];
	int fd, i;

	begin_anew(_metadata, self);
	fd = open_in(&self->card, 1);
	lab_hold(self->lab, EXDMA_DIR_H2C, 0);
	for (i = 0; i < 4; i++) {
		r[i] = to_card(self, fd, i * 2 * MIB, MIB);
		ASSERT_EQ(1, flight_launch(&self->f, &r[i], 1));
		EXPECT_EQ((i + 1) * MIB,
			  channel_stat(&self->card, EXDMA_DIR_H2C, 0, "pinned_bytes"));
	}
	ASSERT_TRUE(lab_wait_held(self->lab, EXDMA_DIR_H2C, 0));
	lab_let_go(self->lab, EXDMA_DIR_H2C, 0);
	ASSERT_EQ(4, flight_land(&self->f, 4));
	EXPECT_TRUE(channel_stat_becomes(&self->card, EXDMA_DIR_H2C, 0, "pinned_bytes", 0));
	EXPECT_EQ(4 * MIB, channel_stat(&self->card, EXDMA_DIR_H2C, 0, "pinned_bytes_max"));
	close(fd);
}

struct writer {
	pthread_t thread;
	const struct card *card;
	int i;
	ssize_t result;
	volatile bool done;
};

static void *writer(void *arg)
{
	struct writer *w = arg;
	int fd = open_in(w->card, w->i % 2);	/* by its channel, or the card's node */
	uint8_t *buf = memory(16 * MIB);

	memset(buf, 1, 16 * MIB);
	w->result = pwrite(fd, buf, 16 * MIB, HOME + w->i * 16 * MIB);
	munmap(buf, 16 * MIB);
	close(fd);
	w->done = true;
	return NULL;
}

/* Whatever is asked of a channel, no more than the bound is pinned. */
TEST_F(stats, pinned_is_bounded)
{
	static const long bounds[] = { 16384, 4096, 1028 };
	struct writer w[6];
	long long most;
	char text[16];
	unsigned int k;
	int i, ch;

	for (k = 0; k < ARRAY_SIZE(bounds); k++) {
		snprintf(text, sizeof(text), "%ld", bounds[k]);
		ASSERT_EQ(0, param_put("max_inflight_kib", text));
		begin_anew(_metadata, self);
		for (i = 0; i < 6; i++) {
			w[i] = (struct writer) { .card = &self->card, .i = i };
			ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, writer, &w[i]));
		}
		while (!w[0].done)
			for (ch = 0; ch < self->card.channels[EXDMA_DIR_H2C]; ch++)
				EXPECT_GE(bounds[k] * KIB,
					  channel_stat(&self->card, EXDMA_DIR_H2C, ch,
						       "pinned_bytes"));
		for (i = 0; i < 6; i++) {
			pthread_join(w[i].thread, NULL);
			EXPECT_EQ(16 * MIB, w[i].result);
		}
		for (ch = 0; ch < self->card.channels[EXDMA_DIR_H2C]; ch++) {
			most = channel_stat(&self->card, EXDMA_DIR_H2C, ch, "pinned_bytes_max");
			EXPECT_GE(bounds[k] * KIB, most);
			EXPECT_TRUE(channel_stat_becomes(&self->card, EXDMA_DIR_H2C, ch,
							 "pinned_bytes", 0));
			/* and it has been made use of */
			if (!ch)
				EXPECT_LE(MIB, most);
		}
	}
}

/* --- copied requests --- */

/*
 * Writes and reads back, synchronously and not; how many were copied? From the
 * card only what somebody waits for: nobody else could copy it on.
 */
static long long copied(struct __test_metadata *_metadata, FIXTURE_DATA(stats) *self,
			size_t at, size_t len, bool async)
{
	const struct card *card = &self->card;
	int in = open_in(card, 1), out = open_out(card, 1), dir;
	uint64_t addr = HOME + at, seed = random_next(&self->random);
	uint8_t *buf = self->buf + PAGE + at;
	struct flight_request r;
	long long before;
	ssize_t n;

	before = channel_stat(card, EXDMA_DIR_H2C, 0, "copybreak") +
		 channel_stat(card, EXDMA_DIR_C2H, 0, "copybreak");
	pattern_fill(buf, len, addr, seed);
	for (dir = 0; dir < 2; dir++) {
		if (async) {
			r = (struct flight_request) {
				.fd = dir ? out : in, .write = !dir, .buf = buf, .len = len,
				.addr = addr,
			};
			ASSERT_EQ(1, flight_launch(&self->f, &r, 1));
			ASSERT_EQ(1, flight_land(&self->f, 1));
			n = r.result;
		} else {
			n = dir ? pread(out, buf, len, addr) : pwrite(in, buf, len, addr);
		}
		ASSERT_EQ(len, n);
		if (!dir)
			memset(buf - 64, POISON, len + 128);
	}
	EXPECT_TRUE(pattern_is(buf, len, addr, seed)) TH_LOG("%zu bytes at %zu", len, at);
	EXPECT_TRUE(bytes_are(buf - 64, 64, POISON));
	EXPECT_TRUE(bytes_are(buf + len, 64, POISON));
	close(in);
	close(out);
	return channel_stat(card, EXDMA_DIR_H2C, 0, "copybreak") +
	       channel_stat(card, EXDMA_DIR_C2H, 0, "copybreak") - before;
}

TEST_F(stats, copied_up_to_the_threshold)
{
	static const unsigned int thresholds[] = { 64, 1024, 4096, 5000 / 64 * 64, LARGEST };
	const uint32_t grain = self->card.grain, align = self->card.align;
	unsigned int i, async, t;
	size_t at;

	for (async = 0; async < 2; async++) {
		const int both = async ? 1 : 2;

		for (i = 0; i < ARRAY_SIZE(thresholds); i++) {
			t = thresholds[i];
			set_copybreak(_metadata, t);
			for (at = 0; at < 8 * align; at += 3 * align) {
				EXPECT_EQ(both, copied(_metadata, self, at, grain, async));
				EXPECT_EQ(both, copied(_metadata, self, at, t - grain ?: grain,
						       async));
				EXPECT_EQ(both, copied(_metadata, self, at, t, async));
				EXPECT_EQ(0, copied(_metadata, self, at, t + grain, async)) {
					TH_LOG("threshold %u", t);
				}
			}
		}
		set_copybreak(_metadata, 0);
		EXPECT_EQ(0, copied(_metadata, self, 0, grain, async));
		EXPECT_EQ(0, copied(_metadata, self, 3 * align, PAGE, async));
	}
}

/* More than a slot holds is not copied, whatever is asked for. */
TEST_F(stats, a_threshold_that_is_too_high)
{
	if (param_put("copybreak", "1000000") || param_put("copybreak_iommu", "1000000"))
		return;		/* as good */
	EXPECT_EQ(2, copied(_metadata, self, 0, LARGEST, false));
	EXPECT_EQ(0, copied(_metadata, self, 0, LARGEST + self->card.grain, false));
	EXPECT_EQ(0, copied(_metadata, self, 0, MIB, true));
}

/* More at once than there are slots. */
TEST_F(stats, out_of_slots)
{
	int in = open_in(&self->card, 1), out = open_out(&self->card, 1), dir, i;
	struct flight_request r[250];

	set_copybreak(_metadata, 4096);
	for (dir = 0; dir < 2; dir++) {
		lab_hold(self->lab, dir, 0);
		for (i = 0; i < 250; i++) {
			r[i] = to_card(self, dir ? out : in, i * 4096, 64 + i % 60 * 64);
			r[i].write = !dir;
			if (dir)
				memset(r[i].buf, POISON, r[i].len);
			else
				pattern_fill(r[i].buf, r[i].len, r[i].addr, self->seed);
		}
		ASSERT_EQ(250, flight_launch(&self->f, r, 250));
		ASSERT_TRUE(lab_wait_held(self->lab, dir, 0));
		lab_let_go(self->lab, dir, 0);
		ASSERT_EQ(250, flight_land(&self->f, 250));
		for (i = 0; i < 250; i++) {
			EXPECT_EQ(r[i].len, r[i].result);
			if (dir)
				EXPECT_TRUE(pattern_is(r[i].buf, r[i].len, r[i].addr, self->seed));
		}
	}
	/* they have all come back */
	EXPECT_EQ(1, copied(_metadata, self, 0, 4096, true));
	EXPECT_EQ(2, copied(_metadata, self, 0, 4096, false));
	close(in);
	close(out);
}

/* What others left in the slots is not for the next one, whose read is short. */
TEST_F(stats, nothing_stale_from_a_slot)
{
	uint64_t beyond = card_memory(&self->card);
	int in = open_in(&self->card, 1), out = open_out(&self->card, 1), i, async;
	const size_t unit = self->card.grain > 64 ? self->card.grain : 64;
	struct flight_request r[1];
	ssize_t n;

	set_copybreak(_metadata, 4096);
	for (async = 0; async < 2; async++) {
		/* a secret in whichever is taken first */
		memset(self->buf, 0x77, PAGE);
		ASSERT_EQ(PAGE, pwrite(in, self->buf, PAGE, HOME));
		for (i = 0; i < 64; i++) {
			ASSERT_EQ(PAGE, pread(out, self->buf + PAGE, PAGE, HOME));
			EXPECT_TRUE(bytes_are(self->buf + PAGE, PAGE, 0x77));
		}
		for (i = 0; i < 4; i++) {
			/* nothing, a bit, most of it lies within the card's memory */
			size_t within = i * 16 * unit;

			r[0] = to_card(self, out, PAGE, PAGE);
			r[0].addr = beyond - within;
			r[0].write = false;
			memset(r[0].buf, POISON, PAGE);
			if (async) {
				ASSERT_EQ(1, flight_launch(&self->f, r, 1));
				ASSERT_EQ(1, flight_land(&self->f, 1));
				n = r[0].result;
			} else {
				n = pread(out, r[0].buf, PAGE, r[0].addr);
				n = n < 0 ? -errno : n;
			}
			/* what is not reported has not been touched, but by the card */
			EXPECT_TRUE(n == -EIO || (n > 0 && n <= (ssize_t)within)) {
				TH_LOG("%zd of %zu", n, within);
			}
			n = async ? (ssize_t)within : n < 0 ? 0 : n;
			EXPECT_TRUE(bytes_are(r[0].buf + n, PAGE - n, POISON));
		}
	}
	close(in);
	close(out);
}

struct changer {
	pthread_t thread;
	volatile bool stop;
	unsigned int changes;
};

static void *changer(void *arg)
{
	static const char *const values[] = { "0", "512", "4096", "16384" };
	struct changer *c = arg;

	for (; !c->stop; c->changes++) {
		param_put("copybreak", values[c->changes % 4]);
		param_put("copybreak_iommu", values[c->changes % 4]);
		sched_yield();
	}
	return NULL;
}

TEST_F(stats, the_threshold_changes_under_load)
{
	struct changer c = { };
	int i;

	ASSERT_EQ(0, pthread_create(&c.thread, NULL, changer, &c));
	for (i = 0; i < 200; i++)
		copied(_metadata, self, i % 64 * self->card.align,
		       random_size(&self->random, 20000 / 64) * 64, i % 2);
	c.stop = true;
	pthread_join(c.thread, NULL);
	EXPECT_LT(4, c.changes);
}

/* --- polled --- */

/*
 * An interrupt that does not come: who polls does not miss it. That a machine
 * is so busy that the watchdog is first every time is not to be expected.
 */
TEST_F(stats, polled)
{
	const struct card *card = &self->card;
	long long before = channel_stat(card, EXDMA_DIR_H2C, 0, "polled");
	int fd = node_open(card, EXDMA_DIR_H2C, 1, O_WRONLY | O_DIRECT), i;
	struct flight_request r;
	struct flight ring;

	ASSERT_EQ(0, flight_open(&ring, FLIGHT_IOPOLL, 4));
	for (i = 0; i < 16; i++) {
		r = to_card(self, fd, 0, i % 2 ? 512 : 64 * KIB);
		lab_fault(self->lab, LAB_ENGINE_H2C(0), LAB_FAULT_LOSE, 1);
		ASSERT_EQ(1, flight_launch(&ring, &r, 1));
		ASSERT_EQ(1, flight_land(&ring, 1));
		EXPECT_EQ(r.len, r.result);
	}
	EXPECT_LT(before, channel_stat(card, EXDMA_DIR_H2C, 0, "polled"));
	flight_close(&ring);
	close(fd);
}

TEST_F(stats, spinning)
{
	const struct card *card = &self->card;
	int fd = open_in(card, 1), i;
	long long before;

	/* not at all */
	ASSERT_EQ(0, param_put("spin_us", "0"));
	before = channel_stat(card, EXDMA_DIR_H2C, 0, "polled");
	for (i = 0; i < 32; i++)
		ASSERT_EQ(512, pwrite(fd, self->buf, 512, HOME));
	EXPECT_EQ(before, channel_stat(card, EXDMA_DIR_H2C, 0, "polled"));
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "nobody spins on the only CPU");
	/* longer than it takes the slowest machine */
	ASSERT_EQ(0, param_put("spin_us", "100000"));
	for (i = 0; i < 16; i++) {
		lab_fault(self->lab, LAB_ENGINE_H2C(0), LAB_FAULT_LOSE, 1);
		ASSERT_EQ(512, pwrite(fd, self->buf, 512, HOME));
	}
	EXPECT_LT(before, channel_stat(card, EXDMA_DIR_H2C, 0, "polled"));
	close(fd);
}

/* However long it takes, when the call asks for it: no interrupt would end it. */
TEST_F(stats, spinning_by_request)
{
	static const size_t sizes[] = { 512, 64 * KIB, 3 * MIB };
	struct iovec iov = { .iov_base = self->buf };
	const struct card *card = &self->card;
	int fd = open_in(card, 1), i;
	long long before;

	ASSERT_EQ(0, param_put("spin_us", "0"));
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "nobody spins on the only CPU");
	for (i = 0; i < 3; i++) {
		iov.iov_len = sizes[i];
		before = channel_stat(card, EXDMA_DIR_H2C, 0, "polled");
		ASSERT_EQ(sizes[i], pwritev2(fd, &iov, 1, HOME, 0));
		EXPECT_EQ(before, channel_stat(card, EXDMA_DIR_H2C, 0, "polled"));
		for (int n = 0; n < 16; n++) {
			lab_fault(self->lab, LAB_ENGINE_H2C(0), LAB_FAULT_LOSE, 1);
			ASSERT_EQ(sizes[i], pwritev2(fd, &iov, 1, HOME, RWF_HIPRI));
		}
		EXPECT_LT(before, channel_stat(card, EXDMA_DIR_H2C, 0, "polled"));
	}
	close(fd);
}

/* --- tracepoints --- */

/* The one event of a name; what else there is with it is an error. */
static int only(struct __test_metadata *_metadata, const struct trace_event *e, int n,
		const char *name)
{
	int at = -1, i;

	for (i = 0; i < n; i++) {
		if (strcmp(e[i].name, name))
			continue;
		if (at >= 0) {
			EXPECT_EQ(-1, at) TH_LOG("%s twice", name);
			break;
		}
		at = i;
		EXPECT_TRUE(trace_says(&e[i], "dir", "h2c"));
		EXPECT_EQ(0, trace_number(&e[i], "channel"));
	}
	EXPECT_LE(0, at) TH_LOG("no %s", name);
	return at;
}

static const char *const way[] = {
	"exdma_submit", "exdma_stage", "exdma_start", "exdma_irq", "exdma_done", "exdma_complete",
};

TEST_F(stats, the_way_of_a_request)
{
	static const size_t sizes[] = { 512, 64 * KIB, MIB };
	int fd = open_in(&self->card, 1), n, k, at, last, i, round, tries = 0;
	struct trace_event *e = calloc(256, sizeof(*e));
	struct flight_request r;
	uint64_t beyond = card_memory(&self->card);
	long long id, run, late, next_id = -1;
	bool bad;

	for (i = 0; i < (int)ARRAY_SIZE(way); i++) {
		ASSERT_TRUE(trace_has(way[i])) TH_LOG("step %d", i);
	}
	set_copybreak(_metadata, 1024);
	ASSERT_EQ(0, param_put("spin_us", "0"));
	ASSERT_EQ(0, trace_start());
	for (round = 0; round < 6; round++) {
		bad = round == 5;
		r = to_card(self, fd, 0, sizes[round % 3]);
		if (bad)
			r.addr = beyond;
		late = card_stat(&self->card, "lost_interrupts");
		trace_clear();
		if (round < 3) {
			ASSERT_EQ(1, flight_launch(&self->f, &r, 1));
			ASSERT_EQ(1, flight_land(&self->f, 1));
		} else {
			r.result = pwrite(fd, r.buf, r.len, r.addr);
			r.result = r.result < 0 ? -errno : r.result;
		}
		EXPECT_EQ(bad ? -EIO : (long long)r.len, r.result);
		n = trace_read(e, 256);
		/* An interrupt that is too late has another place on the way. */
		if (card_stat(&self->card, "lost_interrupts") != late && ++tries < 20) {
			/* it comes before that of another one */
			r = to_card(self, fd, 0, 512);
			EXPECT_EQ(r.len, pwrite(fd, r.buf, r.len, r.addr));
			next_id = -1;
			round--;
			continue;
		}
		for (k = 0, last = -1, id = -1, run = -1; k < (int)ARRAY_SIZE(way); k++) {
			at = only(_metadata, e, n, way[k]);
			if (at < 0)
				continue;
			EXPECT_LT(last, at) TH_LOG("step %d too early", k);
			last = at;
			EXPECT_EQ(self->card.number, trace_number(&e[at], "card"));
			if (!strcmp(way[k], "exdma_start") || !strcmp(way[k], "exdma_irq")) {
				if (run < 0)
					run = trace_number(&e[at], "run");
				EXPECT_LE(0, run);
				EXPECT_EQ(run, trace_number(&e[at], "run"));
				continue;
			}
			if (id < 0)
				id = trace_number(&e[at], "id");
			EXPECT_LE(0, id);
			EXPECT_EQ(id, trace_number(&e[at], "id"));
			EXPECT_EQ(r.len, trace_number(&e[at], "bytes"));
			EXPECT_EQ(r.addr, trace_number(&e[at], "card_addr"));
		}
		if (last >= 0)
			EXPECT_EQ(bad ? -EIO : 0, trace_number(&e[last], "status"));
		if (next_id >= 0)
			EXPECT_EQ(next_id, id);
		next_id = id + 1;
	}
	trace_stop();
	free(e);
	close(fd);
}

TEST_HARNESS_MAIN
