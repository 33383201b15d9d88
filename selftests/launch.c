// SPDX-License-Identifier: GPL-2.0-only
/*
 * launch=irq|thread|work: who starts the next run. In each of them all that was
 * queued completes with nothing further submitted, whatever goes wrong on the
 * way, and it may be changed at any moment.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "card.h"
#include "flight.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"
#include "tracefs.h"

#define HOME	(300 * MIB)
#define SLOT	(16 * KIB)
#define N	96

CARD_NEEDS(GIB);

FIXTURE(launch) {
	struct card card;
	uint64_t seed, beyond;
	struct random random;
	uint8_t *buf;
	lab_t lab;
	struct flight f;
	struct flight_request r[N];
	int in, out;
};

FIXTURE_VARIANT(launch) {
	const char *mode;
};

FIXTURE_VARIANT_ADD(launch, irq) { .mode = "irq" };
FIXTURE_VARIANT_ADD(launch, thread) { .mode = "thread" };
FIXTURE_VARIANT_ADD(launch, work) { .mode = "work" };

FIXTURE_SETUP(launch)
{
	char text[16];

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->random.state = self->seed;
	self->beyond = card_memory(&self->card);
	self->buf = memory(N * SLOT);
	ASSERT_NE(NULL, self->buf);
	self->in = open_in(&self->card, 1);
	self->out = open_out(&self->card, 1);
	ASSERT_LE(0, self->in);
	ASSERT_LE(0, self->out);
	ASSERT_EQ(0, flight_open(&self->f, FLIGHT_AIO, N));
	ASSERT_EQ(0, param_put("launch", variant->mode));
	ASSERT_TRUE(param_get("launch", text, sizeof(text)));
	ASSERT_STREQ(variant->mode, text);
	self->lab = lab_map(&self->card);
	if (!self->lab)
		SKIP(return, "this card has no lab block");
	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_HELD));
}

FIXTURE_TEARDOWN_PARENT(launch)
{
	trace_stop();
	param_put("launch", "irq");
	param_put("run_kib", "1024");
	param_put("timeout_ms", TIMEOUT_DEFAULT);
	lab_let_go_all(&self->card);
}

/* Who started the runs of a channel. */
struct starts {
	long long irq, submit, thread, runs;
};

static struct starts starts(const struct card *card, int dir)
{
	return (struct starts) {
		channel_stat(card, dir, 0, "starts_irq"),
		channel_stat(card, dir, 0, "starts_submit"),
		channel_stat(card, dir, 0, "starts_thread"),
		channel_stat(card, dir, 0, "runs"),
	};
}

/*
 * N requests in their own places are queued behind an engine that is held, and
 * then left to themselves. What becomes of them is judged.
 */
static void queue_and_leave(struct __test_metadata *_metadata, FIXTURE_DATA(launch) *self,
			    int dir, const bool *bad)
{
	struct flight_request *r = self->r;
	int i;

	for (i = 0; i < N; i++) {
		r[i] = (struct flight_request) {
			.fd = dir == EXDMA_DIR_H2C ? self->in : self->out,
			.write = dir == EXDMA_DIR_H2C, .buf = self->buf + i * SLOT,
			.len = i % 3 ? SLOT : 2048, .addr = HOME + i * SLOT,
		};
		if (dir == EXDMA_DIR_H2C)
			pattern_fill(r[i].buf, r[i].len, r[i].addr, self->seed);
		else
			memset(r[i].buf, POISON, r[i].len);
		if (bad[i])
			r[i].addr += self->beyond;
	}
	lab_hold(self->lab, dir, 0);
	ASSERT_EQ(N, flight_launch(&self->f, r, N));
	ASSERT_TRUE(lab_wait_held(self->lab, dir, 0));
	lab_let_go(self->lab, dir, 0);
	ASSERT_EQ(N, flight_land(&self->f, N)) {
		for (i = 0; i < N; i++)
			if (!r[i].done)
				TH_LOG("request %d of %d never completed", i, N);
	}
	for (i = 0; i < N; i++) {
		EXPECT_EQ(bad[i] ? -EIO : (long long)r[i].len, r[i].result) {
			TH_LOG("request %d", i);
		}
		if (dir == EXDMA_DIR_C2H && !bad[i])
			EXPECT_TRUE(pattern_is(r[i].buf, r[i].len, r[i].addr, self->seed));
	}
}

TEST_F(launch, all_complete)
{
	const bool by_irq = !strcmp(variant->mode, "irq");
	static const bool none[N];
	struct starts before, now;
	long long late;
	int dir;

	/* no two large requests in one run */
	ASSERT_EQ(0, param_put("run_kib", "4"));
	for (dir = 0; dir < 2; dir++) {
		late = channel_stat(&self->card, dir, 0, "lost_interrupts");
		before = starts(&self->card, dir);
		queue_and_leave(_metadata, self, dir, none);
		now = starts(&self->card, dir);
		late = channel_stat(&self->card, dir, 0, "lost_interrupts") - late;
		now.irq -= before.irq;
		now.submit -= before.submit;
		now.thread -= before.thread;
		now.runs -= before.runs;
		TH_LOG("of %lld runs, %lld by interrupts, %lld by callers, %lld by threads",
		       now.runs, now.irq, now.submit, now.thread);
		EXPECT_EQ(now.runs, now.irq + now.submit + now.thread);
		EXPECT_LE(N / 3, now.runs);
		/* most of them were there when the one before ended, and told so */
		if (by_irq) {
			EXPECT_LT(now.runs / 2, now.irq + late);
			EXPECT_LT(0, now.irq);
		} else {
			EXPECT_EQ(0, now.irq);
			EXPECT_LT(now.runs / 2, now.thread);
		}
	}
}

TEST_F(launch, an_error_in_the_middle)
{
	static const bool middle[N] = { [N / 2] = true };
	static const bool edges[N] = { [0] = true, [1] = true, [N - 1] = true };
	int dir;

	for (dir = 0; dir < 2; dir++) {
		queue_and_leave(_metadata, self, EXDMA_DIR_H2C, middle);
		queue_and_leave(_metadata, self, dir, middle);
		queue_and_leave(_metadata, self, EXDMA_DIR_H2C, edges);
		queue_and_leave(_metadata, self, dir, edges);
	}
}

TEST_F(launch, lost_interrupts)
{
	static const bool none[N];
	int dir, i;

	ASSERT_EQ(0, param_put("run_kib", "64"));
	for (dir = 0; dir < 2; dir++) {
		for (i = 0; i < 3; i++) {
			lab_fault(self->lab, lab_engine(dir, 0), LAB_FAULT_LOSE, 2);
			queue_and_leave(_metadata, self, dir, none);
		}
		lab_fault(self->lab, lab_engine(dir, 0), LAB_FAULT_LOSE, 0);
	}
}

TEST_F(launch, synchronous_calls)
{
	size_t len;
	int i;

	for (i = 0; i < 40; i++) {
		len = random_size(&self->random, MIB / 64) * 64;
		pattern_fill(self->buf, len, HOME, self->seed + i);
		ASSERT_EQ(len, pwrite(self->in, self->buf, len, HOME));
		memset(self->buf, POISON, len);
		ASSERT_EQ(len, pread(self->out, self->buf, len, HOME));
		ASSERT_TRUE(pattern_is(self->buf, len, HOME, self->seed + i));
	}
}

TEST_F(launch, what_it_may_be)
{
	static const char *const wrong[] = { "\n", "IRQ", "irqs", "ir", "0", "threads", " irq" };
	char text[16];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		EXPECT_EQ(-EINVAL, param_put("launch", wrong[i])) TH_LOG("\"%s\"", wrong[i]);
		ASSERT_TRUE(param_get("launch", text, sizeof(text)));
		EXPECT_STREQ(variant->mode, text);
	}
	/* as echo writes it */
	EXPECT_EQ(0, param_put("launch", "work\n"));
	ASSERT_TRUE(param_get("launch", text, sizeof(text)));
	EXPECT_STREQ("work", text);
}

/* --- a bottom half that no interrupt asks for --- */

#define PART	2048		/* in a page of its own: one descriptor */
#define MOST	768		/* in one call; the ring has 1024 descriptors */

/* A call of many parts, in a thread. */
struct parts {
	pthread_t thread;
	int fd, count, err;
	uint8_t *buf;
	uint64_t addr;
};

static void *write_parts(void *arg)
{
	struct parts *p = arg;
	struct iovec part[MOST];
	int i;

	for (i = 0; i < p->count; i++)
		part[i] = (struct iovec) { p->buf + 2 * PART * i, PART };
	p->err = pwritev(p->fd, part, p->count, p->addr) < 0 ? errno : 0;
	return NULL;
}

/* Descriptors in events of this name, of the addresses behind @addr. */
static int described(const char *name, uint64_t addr, char *task)
{
	static struct trace_event e[256];
	int n = trace_read(e, ARRAY_SIZE(e)), i, slots = 0;

	for (i = 0; i < n; i++) {
		if (strcmp(e[i].name, name) ||
		    trace_number(&e[i], "card_addr") - addr >= MOST * PART)
			continue;
		slots += trace_number(&e[i], "slots");
		strcpy(task, e[i].task);
	}
	return slots;
}

/* The same, until there are so many. */
static bool becomes_described(const char *name, uint64_t addr, int slots, char *task)
{
	struct patience p = patience(PATIENCE_BEATS);
	int n;

	while ((n = described(name, addr, task)) < slots && patient(&p))
		;
	return n == slots;
}

/* By its number: the trace does not know the name of each task. */
static bool is_worker(const char *task)
{
	const char *dash = strrchr(task, '-');
	char path[64], name[32];

	snprintf(path, sizeof(path), "/proc/%d/comm", dash ? atoi(dash + 1) : 0);
	return get_text(path, name, sizeof(name)) && !strncmp(name, "kworker/", 8);
}

static void on_signal(int signal)
{
	(void)signal;
}

/*
 * A call waits for room in the ring, and a small one behind it. The first one is taken
 * back: the small one is prepared while the engine is still held. @task: by which task.
 */
static void take_one_back(struct __test_metadata *_metadata, FIXTURE_DATA(launch) *self,
			  char *task)
{
	struct flight_request first = {
		.fd = self->in, .write = true, .buf = self->buf, .len = SLOT, .addr = HOME,
	};
	static const int count[] = { MOST, 256, 4 };
	struct parts p[ARRAY_SIZE(count)];
	unsigned int i;

	trace_clear();
	lab_hold(self->lab, EXDMA_DIR_H2C, 0);
	ASSERT_EQ(1, flight_launch(&self->f, &first, 1));
	ASSERT_TRUE(lab_wait_held(self->lab, EXDMA_DIR_H2C, 0));
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		p[i] = (struct parts) {
			.fd = self->in, .count = count[i], .addr = HOME + (i + 1) * 2 * MIB,
			.buf = memory(2ul * PART * count[i]),
		};
		ASSERT_NE(NULL, p[i].buf);
		ASSERT_EQ(0, pthread_create(&p[i].thread, NULL, write_parts, &p[i]));
		ASSERT_TRUE(becomes_described(i ? "exdma_submit" : "exdma_stage", p[i].addr,
					      count[i], task));
	}
	for (i = 1; i < ARRAY_SIZE(p); i++)
		ASSERT_EQ(0, described("exdma_stage", p[i].addr, task));

	pthread_kill(p[1].thread, SIGUSR1);
	pthread_join(p[1].thread, NULL);
	EXPECT_EQ(EINTR, p[1].err);
	EXPECT_TRUE(becomes_described("exdma_stage", p[2].addr, count[2], task));
	EXPECT_TRUE(lab_is_held(self->lab, EXDMA_DIR_H2C, 0));
	lab_let_go(self->lab, EXDMA_DIR_H2C, 0);
	ASSERT_EQ(1, flight_land(&self->f, 1));
	for (i = 0; i < ARRAY_SIZE(p); i++) {
		if (i != 1) {
			pthread_join(p[i].thread, NULL);
			EXPECT_EQ(0, p[i].err);
		}
		munmap(p[i].buf, 2ul * PART * count[i]);
	}
}

/*
 * It is prepared at once, not only at the next interrupt: by a worker if the parameter
 * says so, else by the thread of the interrupt. The watchdog is a worker that looks at
 * this channel every 10 ms: it may be earlier than the thread, but not each time.
 */
TEST_F(launch, prepared_when_another_is_taken_back)
{
	struct sigaction action = { .sa_handler = on_signal };
	bool work = !strcmp(variant->mode, "work"), worker;
	char task[32] = "";
	int tries = 0;

	if (!trace_has("exdma_stage"))
		SKIP(return, "this kernel has no tracepoints");
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, trace_start());
	do {
		take_one_back(_metadata, self, task);
		worker = is_worker(task);
	} while (worker && !work && ++tries < 20);
	EXPECT_EQ(work, worker) {
		TH_LOG("by %s", task);
	}
	trace_stop();
}

/* --- changed while it matters --- */

#define CREW	3
#define CHANGES	150

struct crew {
	pthread_t thread;
	const struct card *card;
	int i;
	volatile bool stop;
	unsigned int rounds;
	const char *wrong;
};

static const char *crew_round(struct crew *c, struct flight *f, int in, int out, uint8_t *buf)
{
	uint64_t home = HOME + c->i * 16 * MIB, seed = c->rounds * CREW + c->i;
	struct flight_request r[16];
	int i, dir;

	for (dir = 0; dir < 2; dir++) {
		for (i = 0; i < 16; i++) {
			r[i] = (struct flight_request) {
				.fd = dir ? out : in, .write = !dir, .buf = buf + i * SLOT,
				.len = (seed + i) % 4 ? 1024 : SLOT, .addr = home + i * SLOT,
			};
			if (dir)
				memset(r[i].buf, POISON, r[i].len);
			else
				pattern_fill(r[i].buf, r[i].len, r[i].addr, seed);
		}
		if (flight_launch(f, r, 16) != 16)
			return "submission";
		if (flight_land(f, 16) != 16)
			return "never completed";
		for (i = 0; i < 16; i++) {
			if (r[i].result != (long long)r[i].len)
				return "result";
			if (dir && !pattern_is(r[i].buf, r[i].len, r[i].addr, seed))
				return "data";
		}
	}
	return NULL;
}

static void *crew(void *arg)
{
	struct crew *c = arg;
	int in = open_in(c->card, 1), out = open_out(c->card, 1);
	uint8_t *buf = memory(16 * SLOT);
	struct flight f;

	c->wrong = "setup";
	if (!flight_open(&f, c->i % 2 ? FLIGHT_URING : FLIGHT_AIO, 16)) {
		do {
			c->wrong = crew_round(c, &f, in, out, buf);
			__atomic_fetch_add(&c->rounds, 1, __ATOMIC_RELEASE);
		} while (!c->wrong && !c->stop);
		flight_close(&f);
	}
	munmap(buf, 16 * SLOT);
	close(in);
	close(out);
	return NULL;
}

/* Each change meets I/O in flight: between two of them somebody gets on. */
TEST_F(launch, changed_under_load)
{
	static const char *const modes[] = { "irq", "thread", "work" };
	struct crew c[CREW];
	unsigned int rounds;
	int i, change;

	for (i = 0; i < CREW; i++) {
		c[i] = (struct crew) { .card = &self->card, .i = i };
		ASSERT_EQ(0, pthread_create(&c[i].thread, NULL, crew, &c[i]));
	}
	for (change = 0; change < CHANGES; change++) {
		ASSERT_EQ(0, param_put("launch", modes[random_below(&self->random, 3)]));
		i = change % CREW;
		rounds = __atomic_load_n(&c[i].rounds, __ATOMIC_ACQUIRE);
		while (change % 8 == 0 && !c[i].wrong &&
		       __atomic_load_n(&c[i].rounds, __ATOMIC_ACQUIRE) == rounds)
			sched_yield();
	}
	for (i = 0; i < CREW; i++) {
		c[i].stop = true;
		pthread_join(c[i].thread, NULL);
		EXPECT_EQ(NULL, c[i].wrong) TH_LOG("thread %d: %s", i, c[i].wrong);
	}
}

TEST_HARNESS_MAIN
