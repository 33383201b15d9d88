// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is serialized and what is not, row by row of docs/concurrency.md. An
 * engine is held while the requests are made; what must not have been started
 * then is seen from the card: its count of runs, after another transfer has
 * gone all the way through the queue that it would have been in.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card.h"
#include "flight.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"
#include "tracefs.h"

#define HOME	(1024 * MIB)
#define ASIDE	(1200 * MIB)	/* for transfers that only pass by */
#define ROOM	(16 * MIB)
#define PAGE	4096ul

CARD_NEEDS(GIB);

FIXTURE(order) {
	struct card card;
	uint64_t seed;
	struct random random;
	uint8_t *buf;
	lab_t lab;
	struct flight f;
	int fd;			/* the card's node, both directions */
};

FIXTURE_SETUP(order)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->random.state = self->seed;
	self->buf = memory(ROOM);
	ASSERT_NE(NULL, self->buf);
	memset(self->buf, POISON, ROOM);
	ASSERT_EQ(0, flight_open(&self->f, FLIGHT_AIO, 256));
	self->fd = node_open(&self->card, 0, CARD_NODE, O_RDWR);
	ASSERT_LE(0, self->fd);
	self->lab = lab_map(&self->card);
	if (!self->lab)
		SKIP(return, "this card has no lab block");
	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_HELD));
}

FIXTURE_TEARDOWN_PARENT(order)
{
	param_put("timeout_ms", TIMEOUT_DEFAULT);
	param_put("dispatch", "parallel");
	trace_stop();
	lab_let_go_all(&self->card);
}

static struct flight_request request(FIXTURE_DATA(order) *self, int fd, int dir, size_t at,
				     size_t len, uint64_t addr)
{
	return (struct flight_request) {
		.fd = fd, .write = dir == EXDMA_DIR_H2C, .buf = self->buf + at, .len = len,
		.addr = addr,
	};
}

static int set_dispatch(int fd, uint32_t dispatch)
{
	struct exdma_options options = {
		.size = sizeof(options), .dispatch = dispatch, .completion_cpu = EXDMA_CPU_ANY,
	};

	return ioctl(fd, EXDMA_IOC_SET_OPTIONS, &options);
}

static void hold(FIXTURE_DATA(order) *self, int dir)
{
	lab_hold(self->lab, dir, 0);
}

static void let_go(FIXTURE_DATA(order) *self, int dir)
{
	lab_let_go(self->lab, dir, 0);
}

#define ASSERT_HELD(dir) ASSERT_TRUE(lab_wait_held(self->lab, dir, 0))

/*
 * One transfer on the last channel of a direction, by a file of its own: what
 * had been submitted there before has then been started, too.
 */
static void pass_by(struct __test_metadata *_metadata, FIXTURE_DATA(order) *self, int dir)
{
	int last = self->card.channels[dir];
	int fd = node_open(&self->card, dir, last,
			   dir == EXDMA_DIR_H2C ? O_WRONLY : O_RDONLY);
	uint8_t *buf = memory(PAGE);

	ASSERT_EQ(PAGE, dir == EXDMA_DIR_H2C ? pwrite(fd, buf, PAGE, ASIDE) :
					       pread(fd, buf, PAGE, ASIDE));
	munmap(buf, PAGE);
	close(fd);
}

static bool two_channels(const struct card *card)
{
	return card->channels[EXDMA_DIR_H2C] > 1 && card->channels[EXDMA_DIR_C2H] > 1;
}

/* Submits, which must not wait. */
static void launch(struct __test_metadata *_metadata, FIXTURE_DATA(order) *self,
		   struct flight_request *r)
{
	ASSERT_EQ(1, flight_launch(&self->f, r, 1));
}

static void land(struct __test_metadata *_metadata, FIXTURE_DATA(order) *self, unsigned int n)
{
	ASSERT_EQ(n, flight_land(&self->f, n));
}

/* --- nothing waits for anything --- */

TEST_F(order, parallel_is_the_default)
{
	struct flight_request a = request(self, self->fd, EXDMA_DIR_H2C, 0, PAGE, HOME);
	struct exdma_options options = { .size = sizeof(options) };
	int other = node_open(&self->card, 0, CARD_NODE, O_RDWR);

	if (!two_channels(&self->card))
		SKIP(return, "needs two channels of each direction");
	ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_GET_OPTIONS, &options));
	EXPECT_EQ(EXDMA_DISPATCH_PARALLEL, options.dispatch);
	EXPECT_EQ(EXDMA_CPU_ANY, options.completion_cpu);
	hold(self, EXDMA_DIR_H2C);
	launch(_metadata, self, &a);
	ASSERT_HELD(EXDMA_DIR_H2C);
	/* the same file, another one, the other direction */
	EXPECT_EQ(PAGE, pwrite(self->fd, self->buf, PAGE, HOME + PAGE));
	EXPECT_EQ(PAGE, pwrite(other, self->buf, PAGE, HOME + PAGE));
	EXPECT_EQ(PAGE, pread(self->fd, self->buf + PAGE, PAGE, HOME));
	EXPECT_EQ(0, flight_land(&self->f, 0));
	EXPECT_TRUE(lab_is_held(self->lab, EXDMA_DIR_H2C, 0));
	let_go(self, EXDMA_DIR_H2C);
	land(_metadata, self, 1);
	EXPECT_EQ(PAGE, a.result);
	close(other);
}

/* --- one channel: started in the order of submission --- */

/* Small ones are copied, large ones pinned: it is one queue all the same. */
TEST_F(order, one_channel_of_all_sizes)
{
	static const size_t sizes[] = { 64, 512, 4096, 16384, 65536, 262144, MIB };
	struct flight_request r[28];
	uint8_t *model = memory(MIB);
	int fd = open_in(&self->card, 1), out = open_out(&self->card, 1);
	unsigned int i, round;

	for (round = 0; round < 4; round++) {
		memset(model, POISON, MIB);
		ASSERT_EQ(MIB, pwrite(fd, model, MIB, HOME));
		for (i = 0; i < ARRAY_SIZE(r); i++) {
			size_t len = sizes[(round ? random_next(&self->random) : i) %
					   (i % 7 ? 5 : ARRAY_SIZE(sizes))];

			r[i] = request(self, fd, EXDMA_DIR_H2C, i * 128 * KIB, len, HOME);
			if (len > 128 * KIB)	/* they may overlap: nothing is written there */
				r[i].buf = self->buf + ROOM - 2 * MIB + len;
			memset(r[i].buf, i + 1, len);
		}
		for (i = 0; i < ARRAY_SIZE(r); i++)
			memcpy(model, r[i].buf, r[i].len);
		hold(self, EXDMA_DIR_H2C);
		for (i = 0; i < ARRAY_SIZE(r); i++)
			launch(_metadata, self, &r[i]);
		ASSERT_HELD(EXDMA_DIR_H2C);
		let_go(self, EXDMA_DIR_H2C);
		land(_metadata, self, ARRAY_SIZE(r));
		ASSERT_EQ(MIB, pread(out, self->buf, MIB, HOME));
		EXPECT_EQ(0, memcmp(model, self->buf, MIB));
	}
	close(fd);
	close(out);
}

/* --- sequential --- */

TEST_F(order, sequential_across_channels)
{
	struct flight_request a = request(self, self->fd, EXDMA_DIR_H2C, 0, PAGE, HOME);
	struct flight_request b = request(self, self->fd, EXDMA_DIR_H2C, PAGE, PAGE, HOME);
	uint64_t runs = lab_runs(self->lab, &self->card, EXDMA_DIR_H2C);

	if (!two_channels(&self->card))
		SKIP(return, "needs two channels of each direction");
	ASSERT_EQ(0, set_dispatch(self->fd, EXDMA_DISPATCH_SEQUENTIAL));
	pattern_fill(a.buf, PAGE, HOME, self->seed);
	pattern_fill(b.buf, PAGE, HOME, self->seed + 1);
	hold(self, EXDMA_DIR_H2C);
	launch(_metadata, self, &a);
	ASSERT_HELD(EXDMA_DIR_H2C);
	launch(_metadata, self, &b);
	pass_by(_metadata, self, EXDMA_DIR_H2C);
	/* the one that is held, the one that passed by, and no other */
	EXPECT_EQ(runs + 2, lab_runs(self->lab, &self->card, EXDMA_DIR_H2C));
	EXPECT_EQ(0, flight_land(&self->f, 0));
	let_go(self, EXDMA_DIR_H2C);
	land(_metadata, self, 2);
	EXPECT_EQ(PAGE, a.result);
	EXPECT_EQ(PAGE, b.result);
	EXPECT_EQ(0, a.place);
	EXPECT_EQ(1, b.place);
	EXPECT_EQ(PAGE, pread(self->fd, self->buf, PAGE, HOME));
	EXPECT_TRUE(pattern_is(self->buf, PAGE, HOME, self->seed + 1));
}

/*
 * A read behind a write, which have no engine in common, gets what was written.
 * By whom: the same file; a copy of its descriptor; a child.
 */
static void read_behind_write(struct __test_metadata *_metadata, FIXTURE_DATA(order) *self,
			      int writer, int reader, uint64_t seed)
{
	struct flight_request a = request(self, writer, EXDMA_DIR_H2C, 0, 8 * PAGE, HOME);
	struct flight_request b = request(self, reader, EXDMA_DIR_C2H, 64 * PAGE, 8 * PAGE, HOME);
	uint64_t runs = lab_runs(self->lab, &self->card, EXDMA_DIR_C2H);

	pattern_fill(a.buf, a.len, HOME, seed);
	memset(b.buf, POISON, b.len);
	hold(self, EXDMA_DIR_H2C);
	launch(_metadata, self, &a);
	ASSERT_HELD(EXDMA_DIR_H2C);
	launch(_metadata, self, &b);
	pass_by(_metadata, self, EXDMA_DIR_C2H);
	EXPECT_EQ(runs + 1, lab_runs(self->lab, &self->card, EXDMA_DIR_C2H));
	EXPECT_TRUE(bytes_are(b.buf, b.len, POISON));
	let_go(self, EXDMA_DIR_H2C);
	land(_metadata, self, 2);
	EXPECT_EQ(a.len, a.result);
	EXPECT_EQ(b.len, b.result);
	EXPECT_TRUE(pattern_is(b.buf, b.len, HOME, seed));
}

TEST_F(order, sequential_read_behind_write)
{
	int copy = dup(self->fd), status;
	pid_t pid;

	/* set by a child: it is the open file that has it */
	pid = fork();
	if (!pid)
		_exit(!!set_dispatch(self->fd, EXDMA_DISPATCH_SEQUENTIAL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	read_behind_write(_metadata, self, self->fd, self->fd, self->seed);
	read_behind_write(_metadata, self, self->fd, copy, self->seed + 1);
	read_behind_write(_metadata, self, copy, self->fd, self->seed + 2);
	close(copy);
}

/* The same, of files that have it from the module parameter. */
TEST_F(order, sequential_by_parameter)
{
	struct exdma_options options = { .size = sizeof(options) };
	char text[32];
	int fd;

	ASSERT_EQ(0, param_put("dispatch", "sequential"));
	fd = node_open(&self->card, 0, CARD_NODE, O_RDWR);
	EXPECT_EQ(-EINVAL, param_put("dispatch", "serial"));
	EXPECT_EQ(-EINVAL, param_put("dispatch", "\n"));
	ASSERT_TRUE(param_get("dispatch", text, sizeof(text)));
	EXPECT_STREQ("sequential", text);
	ASSERT_EQ(0, param_put("dispatch", "parallel"));
	ASSERT_EQ(0, ioctl(fd, EXDMA_IOC_GET_OPTIONS, &options));
	EXPECT_EQ(EXDMA_DISPATCH_SEQUENTIAL, options.dispatch);
	read_behind_write(_metadata, self, fd, fd, self->seed);
	/* files that were open before are what they were */
	ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_GET_OPTIONS, &options));
	EXPECT_EQ(EXDMA_DISPATCH_PARALLEL, options.dispatch);
	close(fd);
}

/* It binds the requests of one file, and nobody else's. */
TEST_F(order, sequential_is_of_one_file)
{
	struct flight_request a = request(self, self->fd, EXDMA_DIR_H2C, 0, PAGE, HOME);
	int other = node_open(&self->card, 0, CARD_NODE, O_RDWR);

	ASSERT_EQ(0, set_dispatch(self->fd, EXDMA_DISPATCH_SEQUENTIAL));
	ASSERT_EQ(0, set_dispatch(other, EXDMA_DISPATCH_SEQUENTIAL));
	hold(self, EXDMA_DIR_H2C);
	launch(_metadata, self, &a);
	ASSERT_HELD(EXDMA_DIR_H2C);
	EXPECT_EQ(PAGE, pread(other, self->buf + PAGE, PAGE, HOME));
	EXPECT_TRUE(lab_is_held(self->lab, EXDMA_DIR_H2C, 0));
	let_go(self, EXDMA_DIR_H2C);
	land(_metadata, self, 1);
	close(other);
}

/*
 * Of a sequential file alone at work, submitted by several threads in any way,
 * no request starts before the one before is done. An error does not stop the
 * others.
 */
#define TEAM	4
#define EACH	40

struct member {
	pthread_t thread;
	int fd, i;
	uint64_t bad;
	const char *wrong;
};

static void *member(void *arg)
{
	struct member *m = arg;
	uint64_t home = HOME + m->i * MIB;
	struct random random = { home };
	uint8_t *buf = memory(MIB);
	struct flight_request r;
	struct flight f;
	long long right;
	int k;

	if (flight_open(&f, m->i % 2 ? FLIGHT_AIO : FLIGHT_URING, 8))
		m->wrong = "setup";
	for (k = 0; k < EACH && !m->wrong; k++) {
		r = (struct flight_request) {
			.fd = m->fd, .write = k % 3, .buf = buf, .addr = home,
			.len = random_size(&random, 256) * 1024,
		};
		right = r.len;
		if (k % 16 == 7) {
			r.addr += m->bad;
			right = -EIO;
		}
		if (k % 4 == 1) {
			if (r.write)
				r.result = pwrite(m->fd, buf, r.len, r.addr);
			else
				r.result = pread(m->fd, buf, r.len, r.addr);
			if (r.result < 0)
				r.result = -errno;
		} else if (flight_launch(&f, &r, 1) != 1 || flight_land(&f, 1) != 1) {
			m->wrong = "never completed";
		}
		if (!m->wrong && r.result != right)
			m->wrong = "result";
	}
	flight_close(&f);
	munmap(buf, MIB);
	return NULL;
}

TEST_F(order, sequential_with_many_callers)
{
	struct trace_event *e = calloc(8192, sizeof(*e));
	int starts = 0, done = 0, overlaps = 0, n, i;
	uint64_t bad = card_memory(&self->card);
	struct member m[TEAM];

	if (!trace_has("exdma_start"))
		SKIP(return, "no tracepoints");
	ASSERT_EQ(0, set_dispatch(self->fd, EXDMA_DISPATCH_SEQUENTIAL));
	ASSERT_EQ(0, trace_start());
	for (i = 0; i < TEAM; i++) {
		m[i] = (struct member) { .fd = self->fd, .i = i, .bad = bad };
		ASSERT_EQ(0, pthread_create(&m[i].thread, NULL, member, &m[i]));
	}
	for (i = 0; i < TEAM; i++) {
		pthread_join(m[i].thread, NULL);
		EXPECT_EQ(NULL, m[i].wrong) TH_LOG("thread %d: %s", i, m[i].wrong);
	}
	n = trace_read(e, 8192);
	trace_stop();
	for (i = 0; i < n; i++) {
		if (!strcmp(e[i].name, "exdma_start")) {
			/* what failed is not run again: one start for each */
			overlaps += starts++ != done;
			EXPECT_EQ(1, trace_number(&e[i], "requests"));
		} else if (!strcmp(e[i].name, "exdma_done")) {
			done++;
		}
	}
	EXPECT_EQ(TEAM * EACH, done);
	EXPECT_EQ(TEAM * EACH, starts);
	EXPECT_EQ(0, overlaps);
	free(e);
}

/* --- barriers --- */

enum barrier { BY_IOCTL, BY_FLAG };

/*
 * A, then a barrier B, then C, each in its own direction, so that engines make
 * no order: B waits for A, C for B. And D, behind them, does not wait for C.
 */
static void barrier(struct __test_metadata *_metadata, FIXTURE_DATA(order) *self,
		    enum barrier how)
{
	struct flight_request a = request(self, self->fd, EXDMA_DIR_H2C, 0, PAGE, HOME);
	struct flight_request b = request(self, self->fd, EXDMA_DIR_C2H, PAGE, PAGE, HOME);
	struct flight_request c = request(self, self->fd, EXDMA_DIR_H2C, 2 * PAGE, PAGE, HOME);
	uint64_t in = lab_runs(self->lab, &self->card, EXDMA_DIR_H2C);
	uint64_t out = lab_runs(self->lab, &self->card, EXDMA_DIR_C2H);
	int ch;

	if (!two_channels(&self->card))
		SKIP(return, "needs two channels of each direction");
	pattern_fill(a.buf, PAGE, HOME, self->seed);
	pattern_fill(c.buf, PAGE, HOME, self->seed + 1);
	hold(self, EXDMA_DIR_H2C);
	hold(self, EXDMA_DIR_C2H);
	launch(_metadata, self, &a);
	ASSERT_HELD(EXDMA_DIR_H2C);
	if (how == BY_FLAG)
		b.flags = RWF_DSYNC;
	if (how == BY_IOCTL)
		ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_BARRIER));
	launch(_metadata, self, &b);
	launch(_metadata, self, &c);
	pass_by(_metadata, self, EXDMA_DIR_H2C);
	pass_by(_metadata, self, EXDMA_DIR_C2H);
	/* nor has anything been held that should not have been started */
	EXPECT_FALSE(lab_is_held(self->lab, EXDMA_DIR_C2H, 0));
	EXPECT_EQ(out + 1, lab_runs(self->lab, &self->card, EXDMA_DIR_C2H));

	let_go(self, EXDMA_DIR_H2C);
	ASSERT_HELD(EXDMA_DIR_C2H);
	EXPECT_EQ(1, flight_land(&self->f, 1));
	EXPECT_TRUE(a.done);
	pass_by(_metadata, self, EXDMA_DIR_H2C);
	/* A and what passed by twice */
	EXPECT_EQ(in + 3, lab_runs(self->lab, &self->card, EXDMA_DIR_H2C));
	/* C will be held, on whichever channel it is, and not keep D waiting */
	for (ch = 0; ch < self->card.channels[EXDMA_DIR_H2C]; ch++)
		lab_hold(self->lab, EXDMA_DIR_H2C, ch);
	let_go(self, EXDMA_DIR_C2H);
	EXPECT_EQ(1, flight_land(&self->f, 1));
	EXPECT_TRUE(b.done);
	EXPECT_TRUE(pattern_is(b.buf, PAGE, HOME, self->seed));
	EXPECT_EQ(PAGE, pread(self->fd, self->buf + 3 * PAGE, PAGE, HOME));
	EXPECT_EQ(0, flight_land(&self->f, 0));
	for (ch = 0; ch < self->card.channels[EXDMA_DIR_H2C]; ch++)
		lab_let_go(self->lab, EXDMA_DIR_H2C, ch);
	land(_metadata, self, 1);
	EXPECT_EQ(PAGE, c.result);
}

TEST_F(order, barrier_by_ioctl)
{
	barrier(_metadata, self, BY_IOCTL);
}

TEST_F(order, barrier_by_flag)
{
	barrier(_metadata, self, BY_FLAG);
}

/*
 * Two calls run; behind them wait a barrier and a fourth call. When one of the two has
 * finished, neither the barrier nor the call behind it may start.
 */
TEST_F(order, nothing_overtakes_a_barrier_that_waits)
{
	struct flight_request a = request(self, self->fd, EXDMA_DIR_H2C, 0, PAGE, HOME);
	struct flight_request b = request(self, self->fd, EXDMA_DIR_C2H, PAGE, PAGE, HOME);
	struct flight_request c = request(self, self->fd, EXDMA_DIR_H2C, 2 * PAGE, PAGE, HOME);
	struct flight_request d = request(self, self->fd, EXDMA_DIR_C2H, 3 * PAGE, PAGE, HOME);
	uint64_t in, out;

	if (!two_channels(&self->card))
		SKIP(return, "needs two channels of each direction");
	hold(self, EXDMA_DIR_H2C);
	hold(self, EXDMA_DIR_C2H);
	launch(_metadata, self, &a);
	launch(_metadata, self, &b);
	ASSERT_HELD(EXDMA_DIR_H2C);
	ASSERT_HELD(EXDMA_DIR_C2H);
	c.flags = RWF_DSYNC;
	launch(_metadata, self, &c);
	launch(_metadata, self, &d);
	in = lab_runs(self->lab, &self->card, EXDMA_DIR_H2C);
	out = lab_runs(self->lab, &self->card, EXDMA_DIR_C2H);
	let_go(self, EXDMA_DIR_C2H);
	EXPECT_EQ(1, flight_land(&self->f, 1));
	EXPECT_TRUE(b.done);
	pass_by(_metadata, self, EXDMA_DIR_H2C);
	pass_by(_metadata, self, EXDMA_DIR_C2H);
	/* only those that passed by */
	EXPECT_EQ(in + 1, lab_runs(self->lab, &self->card, EXDMA_DIR_H2C));
	EXPECT_EQ(out + 1, lab_runs(self->lab, &self->card, EXDMA_DIR_C2H));
	EXPECT_EQ(0, flight_land(&self->f, 0));
	let_go(self, EXDMA_DIR_H2C);
	land(_metadata, self, 3);
	EXPECT_EQ(PAGE, d.result);
	EXPECT_GT(d.place, c.place);
}

/* Two calls are one barrier, and it is spent when a request has been one. */
TEST_F(order, a_barrier_is_for_one_request)
{
	struct flight_request a = request(self, self->fd, EXDMA_DIR_H2C, 0, PAGE, HOME);

	ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_BARRIER));
	ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_BARRIER));
	EXPECT_EQ(PAGE, pwrite(self->fd, self->buf, PAGE, HOME));
	hold(self, EXDMA_DIR_H2C);
	launch(_metadata, self, &a);
	ASSERT_HELD(EXDMA_DIR_H2C);
	EXPECT_EQ(PAGE, pread(self->fd, self->buf, PAGE, HOME));
	EXPECT_TRUE(lab_is_held(self->lab, EXDMA_DIR_H2C, 0));
	let_go(self, EXDMA_DIR_H2C);
	land(_metadata, self, 1);
}

/* A file opened with O_DSYNC: each request is a barrier. */
TEST_F(order, barriers_by_open_flag)
{
	int fd = node_open(&self->card, 0, CARD_NODE, O_RDWR | O_DSYNC);

	ASSERT_LE(0, fd);
	read_behind_write(_metadata, self, fd, fd, self->seed);
	close(fd);
}

/* --- callers that wait --- */

struct caller {
	pthread_t thread;
	pid_t tid;
	long nr;		/* of the system call */
	int fd;
	uint8_t *buf;
	long long result;
	bool done;
};

static void *call(void *arg)
{
	struct caller *c = arg;
	long ret;

	__atomic_store_n(&c->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	if (c->nr == SYS_fsync || c->nr == SYS_fdatasync)
		ret = syscall(c->nr, c->fd);
	else
		ret = syscall(c->nr, c->fd, c->buf, PAGE, HOME);
	c->result = ret < 0 ? -errno : ret;
	__atomic_store_n(&c->done, true, __ATOMIC_RELEASE);
	return NULL;
}

static void start_call(struct __test_metadata *_metadata, struct caller *c, long nr, int fd,
		       uint8_t *buf)
{
	*c = (struct caller) { .nr = nr, .fd = fd, .buf = buf };
	ASSERT_EQ(0, pthread_create(&c->thread, NULL, call, c));
	while (!__atomic_load_n(&c->tid, __ATOMIC_ACQUIRE))
		sched_yield();
	ASSERT_TRUE(wait_in_call(c->tid, nr)) TH_LOG("call %ld does not wait", nr);
}

TEST_F(order, synchronous_calls_wait_for_their_turn)
{
	struct flight_request a = request(self, self->fd, EXDMA_DIR_H2C, 0, PAGE, HOME);
	uint64_t runs = lab_runs(self->lab, &self->card, EXDMA_DIR_C2H);
	struct caller c;

	ASSERT_EQ(0, set_dispatch(self->fd, EXDMA_DISPATCH_SEQUENTIAL));
	pattern_fill(a.buf, PAGE, HOME, self->seed);
	hold(self, EXDMA_DIR_H2C);
	launch(_metadata, self, &a);
	ASSERT_HELD(EXDMA_DIR_H2C);
	start_call(_metadata, &c, SYS_pread64, self->fd, self->buf + PAGE);
	pass_by(_metadata, self, EXDMA_DIR_C2H);
	EXPECT_EQ(runs + 1, lab_runs(self->lab, &self->card, EXDMA_DIR_C2H));
	EXPECT_FALSE(c.done);
	let_go(self, EXDMA_DIR_H2C);
	pthread_join(c.thread, NULL);
	EXPECT_EQ(PAGE, c.result);
	EXPECT_TRUE(pattern_is(self->buf + PAGE, PAGE, HOME, self->seed));
	land(_metadata, self, 1);
}

static void nothing(int signal)
{
	(void)signal;
}

/* One who waits for his turn is interrupted: those behind him are not. */
TEST_F(order, a_signal_before_the_turn)
{
	struct flight_request a = request(self, self->fd, EXDMA_DIR_H2C, 0, PAGE, HOME);
	struct flight_request b = request(self, self->fd, EXDMA_DIR_C2H, PAGE, PAGE, HOME);
	struct sigaction action = { .sa_handler = nothing };
	struct caller c;

	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	ASSERT_EQ(0, set_dispatch(self->fd, EXDMA_DISPATCH_SEQUENTIAL));
	hold(self, EXDMA_DIR_H2C);
	launch(_metadata, self, &a);
	ASSERT_HELD(EXDMA_DIR_H2C);
	start_call(_metadata, &c, SYS_pread64, self->fd, self->buf + 2 * PAGE);
	launch(_metadata, self, &b);
	pthread_kill(c.thread, SIGUSR1);
	pthread_join(c.thread, NULL);
	EXPECT_EQ(-EINTR, c.result);
	EXPECT_TRUE(bytes_are(self->buf + 2 * PAGE, PAGE, POISON));
	EXPECT_TRUE(lab_is_held(self->lab, EXDMA_DIR_H2C, 0));
	let_go(self, EXDMA_DIR_H2C);
	land(_metadata, self, 2);
	EXPECT_EQ(PAGE, a.result);
	EXPECT_EQ(PAGE, b.result);
}

TEST_F(order, fsync_waits_for_what_was_before)
{
	struct flight_request a = request(self, self->fd, EXDMA_DIR_H2C, 0, MIB, HOME);
	int other = node_open(&self->card, 0, CARD_NODE, O_RDWR);
	struct caller c;
	int i;

	/* nothing to wait for */
	EXPECT_EQ(0, fsync(self->fd));
	for (i = 0; i < 2; i++) {
		hold(self, EXDMA_DIR_H2C);
		launch(_metadata, self, &a);
		ASSERT_HELD(EXDMA_DIR_H2C);
		start_call(_metadata, &c, i ? SYS_fdatasync : SYS_fsync, self->fd, NULL);
		/* other files have nothing to do with it */
		EXPECT_EQ(PAGE, pread(other, self->buf + MIB, PAGE, HOME));
		EXPECT_EQ(0, fsync(other));
		EXPECT_FALSE(c.done);
		let_go(self, EXDMA_DIR_H2C);
		pthread_join(c.thread, NULL);
		EXPECT_EQ(0, c.result);
		land(_metadata, self, 1);
		EXPECT_EQ(MIB, a.result);
	}
	close(other);
}

/* --- where a completion runs --- */

/* What libaio gives to the driver to be called at the end of a request. */
#define COMPLETES	"aio_complete_rw"

static void cpus_of_one_batch(struct __test_metadata *_metadata, FIXTURE_DATA(order) *self,
			      int fd, unsigned int *completed, unsigned int *interrupted)
{
	struct trace_event *e = calloc(1024, sizeof(*e));
	struct flight_request r[16];
	int n, i;

	memset(completed, 0, 64 * sizeof(*completed));
	memset(interrupted, 0, 64 * sizeof(*interrupted));
	for (i = 0; i < 16; i++)
		r[i] = request(self, fd, EXDMA_DIR_H2C, i * MIB / 4, i % 2 ? 512 : 64 * KIB,
			       HOME + i * MIB);
	trace_clear();
	hold(self, EXDMA_DIR_H2C);
	for (i = 0; i < 16; i++)
		launch(_metadata, self, &r[i]);
	ASSERT_HELD(EXDMA_DIR_H2C);
	let_go(self, EXDMA_DIR_H2C);
	land(_metadata, self, 16);
	for (i = 0; i < 16; i++)
		EXPECT_EQ(r[i].len, r[i].result);
	n = trace_read(e, 1024);
	for (i = 0; i < n; i++) {
		if (!strcmp(e[i].name, COMPLETES))
			completed[e[i].cpu % 64]++;
		else if (!strcmp(e[i].name, "exdma_irq"))
			interrupted[e[i].cpu % 64]++;
	}
	free(e);
}

/* An interrupt that is too late is the watchdog's, wherever that runs: then once more. */
static void cpus_of_completions(struct __test_metadata *_metadata, FIXTURE_DATA(order) *self,
				int fd, unsigned int *completed, unsigned int *interrupted)
{
	long long late;
	int tries = 0;

	do {
		late = card_stat(&self->card, "lost_interrupts");
		cpus_of_one_batch(_metadata, self, fd, completed, interrupted);
	} while (card_stat(&self->card, "lost_interrupts") != late && ++tries < 10);
}

/* The Linux interrupt of a channel; -1 if it has none of its own. */
static int irq_of(const struct card *card, int dir, int channel)
{
	FILE *file = fopen("/proc/interrupts", "r");
	char name[32], line[512], *end;
	int irq = -1;

	node_name(name, sizeof(name), card, dir, channel + 1);
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		end = strrchr(line, ' ');
		if (end && !strcmp(end + 1, name))
			irq = atoi(line);
	}
	if (file)
		fclose(file);
	return irq;
}

TEST_F(order, completions_on_the_cpu_of_choice)
{
	struct exdma_options options = { .size = sizeof(options) };
	unsigned int completed[64], interrupted[64];
	int fd = open_in(&self->card, 1), cpu;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "needs two CPUs");
	ASSERT_EQ(0, trace_start());
	if (!trace_function(COMPLETES))
		SKIP(return, "this kernel does not trace functions");
	for (cpu = 1; cpu >= 0; cpu--) {
		options.completion_cpu = cpu;
		ASSERT_EQ(0, ioctl(fd, EXDMA_IOC_SET_OPTIONS, &options));
		cpus_of_completions(_metadata, self, fd, completed, interrupted);
		EXPECT_EQ(16, completed[cpu]);
		EXPECT_EQ(0, completed[!cpu]);
	}
	trace_stop();
	close(fd);
}

/* Wherever a call is completed, it leaves its turn: one that waits for it comes to its own. */
TEST_F(order, turns_end_on_the_cpu_of_choice)
{
	struct exdma_options options = { .size = sizeof(options) };
	struct flight_request r[4];
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), i;

	for (i = 0; i < 4; i++) {
		/* one of them is not that of the bottom half, if there are two */
		options.completion_cpu = i / 2 % cpus;
		options.dispatch = i % 2 ? EXDMA_DISPATCH_SEQUENTIAL : EXDMA_DISPATCH_PARALLEL;
		ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_SET_OPTIONS, &options));
		r[i] = request(self, self->fd, EXDMA_DIR_H2C, 0, PAGE, HOME);
		launch(_metadata, self, &r[i]);
		land(_metadata, self, 1);
		EXPECT_EQ(PAGE, r[i].result);
	}
}

TEST_F(order, completions_on_the_cpu_of_the_interrupt)
{
	int fd = open_in(&self->card, 1), irq = irq_of(&self->card, EXDMA_DIR_H2C, 0), cpu;
	unsigned int completed[64], interrupted[64];
	char path[64], old[32], text[8];

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "needs two CPUs");
	if (irq < 0)
		SKIP(return, "this channel shares its interrupt");
	snprintf(path, sizeof(path), "/proc/irq/%d/smp_affinity_list", irq);
	ASSERT_TRUE(get_text(path, old, sizeof(old)));
	ASSERT_EQ(0, trace_start());
	if (!trace_function(COMPLETES))
		SKIP(return, "this kernel does not trace functions");
	for (cpu = 0; cpu < 2; cpu++) {
		snprintf(text, sizeof(text), "%d", cpu);
		ASSERT_EQ(0, put_text(path, text));
		/* it moves with the next interrupt, its thread with that */
		cpus_of_completions(_metadata, self, fd, completed, interrupted);
		cpus_of_completions(_metadata, self, fd, completed, interrupted);
		EXPECT_LT(0, interrupted[cpu]);
		EXPECT_EQ(0, interrupted[!cpu]);
		EXPECT_EQ(16, completed[cpu]);
	}
	put_text(path, old);
	trace_stop();
	close(fd);
}

/* The CPU of choice goes away and comes back: requests end all the same. */
TEST_F(order, completions_without_the_cpu_of_choice)
{
	static const char online[] = "/sys/devices/system/cpu/cpu1/online";
	struct exdma_options options = { .size = sizeof(options), .completion_cpu = 1 };
	unsigned int completed[64], interrupted[64];
	int fd = open_in(&self->card, 1), err;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "needs two CPUs");
	ASSERT_EQ(0, ioctl(fd, EXDMA_IOC_SET_OPTIONS, &options));
	err = put_text(online, "0");
	if (err)
		SKIP(return, "CPU 1 cannot be taken away: %d", err);
	cpus_of_completions(_metadata, self, fd, completed, interrupted);
	errno = 0;
	EXPECT_EQ(-1, ioctl(fd, EXDMA_IOC_SET_OPTIONS, &options));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_EQ(0, put_text(online, "1"));
	cpus_of_completions(_metadata, self, fd, completed, interrupted);
	close(fd);
}

/* --- the end of the card, for those whose turn has not come --- */

TEST_F(order, unbound_before_the_turn)
{
	struct flight_request r[12];
	struct caller c[2];
	unsigned int i;
	uint64_t begin;

	ASSERT_EQ(0, set_dispatch(self->fd, EXDMA_DISPATCH_SEQUENTIAL));
	hold(self, EXDMA_DIR_H2C);
	for (i = 0; i < ARRAY_SIZE(r); i++) {
		r[i] = request(self, self->fd, i % 2 ? EXDMA_DIR_C2H : EXDMA_DIR_H2C, i * MIB,
			       i % 3 ? PAGE : MIB, HOME);
		launch(_metadata, self, &r[i]);
	}
	ASSERT_HELD(EXDMA_DIR_H2C);
	start_call(_metadata, &c[0], SYS_pread64, self->fd, self->buf + 12 * MIB);
	start_call(_metadata, &c[1], SYS_fsync, self->fd, NULL);
	begin = beats();
	ASSERT_EQ(0, card_unbind(&self->card));
	land(_metadata, self, ARRAY_SIZE(r));
	for (i = 0; i < 2; i++)
		pthread_join(c[i].thread, NULL);
	EXPECT_GT(IN_TIME_BEATS, beats() - begin);
	for (i = 0; i < ARRAY_SIZE(r); i++) {
		EXPECT_EQ(-ENODEV, r[i].result) TH_LOG("request %u", i);
	}
	EXPECT_EQ(-ENODEV, c[0].result);
	/* it waited, and all is over */
	EXPECT_TRUE(!c[1].result || c[1].result == -ENODEV);
	EXPECT_EQ(-1, ioctl(self->fd, EXDMA_IOC_BARRIER));
	EXPECT_EQ(ENODEV, errno);
}

/* A reset in the middle of them: they notice nothing. */
TEST_F(order, reset_with_turns_to_come)
{
	struct flight_request r[24];
	char path[96];
	unsigned int i, round;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", self->card.bdf);
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(0, set_dispatch(self->fd, round ? EXDMA_DISPATCH_SEQUENTIAL :
							    EXDMA_DISPATCH_PARALLEL));
		hold(self, EXDMA_DIR_H2C);
		for (i = 0; i < ARRAY_SIZE(r); i++) {
			r[i] = request(self, self->fd, i % 4 ? EXDMA_DIR_H2C : EXDMA_DIR_C2H,
				       i * 256 * KIB, i % 3 ? PAGE : 200 * KIB, HOME);
			launch(_metadata, self, &r[i]);
		}
		ASSERT_HELD(EXDMA_DIR_H2C);
		ASSERT_EQ(0, put_text(path, "1"));
		land(_metadata, self, ARRAY_SIZE(r));
		for (i = 0; i < ARRAY_SIZE(r); i++) {
			EXPECT_EQ(r[i].len, r[i].result) TH_LOG("request %u", i);
		}
	}
}

TEST_HARNESS_MAIN
