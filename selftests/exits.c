// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that end in the middle of transfers: killed, by exit or exec with
 * threads in flight, with asynchronous requests outstanding. They end soon, the
 * channel works on at once, and no memory is written that has another owner by
 * then.
 */
#include <errno.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "pattern.h"

#define HOME	(320 * MIB)
#define SCRATCH	(400 * MIB)	/* what the doomed write to */
#define ROOM	(16 * MIB)
#define ROUNDS	5
#define THREADS	4

CARD_NEEDS(GIB);

FIXTURE(exits) {
	struct card card;
	uint64_t seed;
	struct random random;
	uint8_t *buf;
	int in, out;
};

/* Which nodes the doomed use. */
FIXTURE_VARIANT(exits) {
	int way;
	bool write;
};

FIXTURE_VARIANT_ADD(exits, writing) { .way = 1, .write = true };
FIXTURE_VARIANT_ADD(exits, reading) { .way = 1 };
FIXTURE_VARIANT_ADD(exits, card_node) { .way = CARD_NODE };

FIXTURE_SETUP(exits)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->random.state = self->seed;
	self->buf = memory(ROOM);
	ASSERT_NE(NULL, self->buf);
	self->in = open_in(&self->card, 1);
	self->out = open_out(&self->card, 1);
	ASSERT_LE(0, self->in);
	ASSERT_LE(0, self->out);
}

FIXTURE_TEARDOWN(exits)
{
	close(self->in);
	close(self->out);
}

static long long runs(const struct card *card, bool write)
{
	int dir = write ? EXDMA_DIR_H2C : EXDMA_DIR_C2H, i;
	long long sum = 0;

	for (i = 0; i < card->channels[dir]; i++)
		sum += channel_stat(card, dir, i, "runs");
	return sum;
}

/* Transfers for ever. */
struct doomed {
	int fd;
	bool write;
	uint8_t *buf;
};

static void *toil(void *arg)
{
	struct doomed *d = arg;

	for (;;) {
		if (d->write)
			pwrite(d->fd, d->buf, ROOM, SCRATCH);
		else
			pread(d->fd, d->buf, ROOM, SCRATCH);
	}
	return NULL;
}

static struct doomed doom(FIXTURE_DATA(exits) *self, const FIXTURE_VARIANT(exits) *variant)
{
	struct doomed d = { .write = variant->write, .buf = memory(ROOM) };

	d.fd = variant->write ? open_in(&self->card, variant->way) :
				open_out(&self->card, variant->way);
	if (d.fd < 0 || !d.buf)
		_exit(99);
	return d;
}

/* Until the card has been seen at work since @before, and a random bit longer. */
static void wait_for_work(FIXTURE_DATA(exits) *self, bool write, long long before)
{
	while (runs(&self->card, write) < before + 2)
		sched_yield();
	let_pass_ns(random_below(&self->random, 10 * NS_PER_MS));
}

static void channel_is_fine(struct __test_metadata *_metadata, FIXTURE_DATA(exits) *self)
{
	const size_t len = 300000 / 64 * 64;

	pattern_fill(self->buf, len, HOME, ++self->seed);
	ASSERT_EQ(len, pwrite(self->in, self->buf, len, HOME));
	memset(self->buf, POISON, len);
	ASSERT_EQ(len, pread(self->out, self->buf, len, HOME));
	ASSERT_TRUE(pattern_is(self->buf, len, HOME, self->seed));
}

TEST_F(exits, killed)
{
	uint64_t start;
	int round, status;
	long long before;
	struct doomed d;
	uint8_t *heir;
	pid_t pid;

	for (round = 0; round < ROUNDS; round++) {
		before = runs(&self->card, variant->write);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			d = doom(self, variant);
			toil(&d);
		}
		wait_for_work(self, variant->write, before);
		start = beats();
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_GT(SOON_BEATS, beats() - start);
		EXPECT_TRUE(WIFSIGNALED(status));
		/* its pages, as likely as not: nobody writes to them any more */
		heir = memory(2 * ROOM);
		memset(heir, POISON, 2 * ROOM);
		channel_is_fine(_metadata, self);
		ASSERT_TRUE(bytes_are(heir, 2 * ROOM, POISON));
		munmap(heir, 2 * ROOM);
	}
}

/* Starts threads that toil and leaves by exit or exec. */
static void leave(FIXTURE_DATA(exits) *self, const FIXTURE_VARIANT(exits) *variant,
		  long long before, bool by_exec)
{
	char *const command[] = { "/bin/true", NULL };
	struct doomed d[THREADS];
	pthread_t thread;
	int i;

	for (i = 0; i < THREADS; i++) {
		d[i] = doom(self, variant);
		if (pthread_create(&thread, NULL, toil, &d[i]))
			_exit(98);
	}
	wait_for_work(self, variant->write, before);
	if (by_exec)
		execv(command[0], command);
	_exit(by_exec);
}

TEST_F(exits, with_threads_in_flight)
{
	int round, status;
	long long before;
	pid_t pid;

	for (round = 0; round < ROUNDS; round++) {
		before = runs(&self->card, variant->write);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid)
			leave(self, variant, before, round % 2);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
		channel_is_fine(_metadata, self);
	}
}

/* Submits and does not wait. */
static aio_context_t submit(struct __test_metadata *_metadata, struct doomed *d, int n)
{
	struct iocb cb[64], *list[64];
	aio_context_t context = 0;
	int i;

	ASSERT_EQ(0, syscall(SYS_io_setup, n, &context));
	for (i = 0; i < n; i++) {
		cb[i] = (struct iocb) {
			.aio_lio_opcode = d->write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
			.aio_fildes = d->fd,
			.aio_buf = (uintptr_t)d->buf + i * 128 * KIB,
			.aio_nbytes = 128 * KIB,
			.aio_offset = SCRATCH + i * 128 * KIB,
		};
		list[i] = &cb[i];
	}
	ASSERT_EQ(n, syscall(SYS_io_submit, context, n, list));
	return context;
}

TEST_F(exits, with_asynchronous_requests)
{
	int round, status;
	struct doomed d;
	pid_t pid;

	for (round = 0; round < ROUNDS; round++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			d = doom(self, variant);
			submit(_metadata, &d, 64);
			if (round % 2)
				kill(getpid(), SIGKILL);
			_exit(0);
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(round % 2 ? SIGKILL : 0, status);
		channel_is_fine(_metadata, self);
	}
}

/* The descriptor is closed before the requests are through: they end well. */
TEST_F(exits, closed_with_asynchronous_requests)
{
	struct io_event events[64];
	aio_context_t context;
	struct doomed d;
	int round, i;

	for (round = 0; round < ROUNDS; round++) {
		d = doom(self, variant);
		context = submit(_metadata, &d, 64);
		close(d.fd);
		ASSERT_EQ(64, getevents_for(context, 64, events, PATIENCE_BEATS));
		for (i = 0; i < 64; i++)
			EXPECT_EQ(128 * KIB, events[i].res);
		syscall(SYS_io_destroy, context);
		munmap(d.buf, ROOM);
		channel_is_fine(_metadata, self);
	}
}

TEST_HARNESS_MAIN
