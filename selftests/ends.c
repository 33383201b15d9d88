// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ends of asynchronous requests that are not their completion: the process
 * is killed, exits or becomes another program, the queue is taken down, the
 * request is cancelled. It is soon over, the channel works on at once, and
 * memory that has another owner by then is not written to.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card.h"
#include "flight.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"

#define HOME	(1400 * MIB)
#define SOURCE	(1500 * MIB)	/* what the doomed read */
#define ROOM	(8 * MIB)
#define PIECE	(128 * KIB)
#define PIECES	(ROOM / PIECE)

CARD_NEEDS(GIB);

FIXTURE(ends) {
	struct card card;
	uint64_t seed;
	struct random random;
	uint8_t *buf;
	uint8_t *shared;	/* with the doomed, half of their memory */
	lab_t lab;
	int pipe[2];
};

FIXTURE_VARIANT(ends) {
	enum flight_method method;
};

FIXTURE_VARIANT_ADD(ends, aio) { .method = FLIGHT_AIO };
FIXTURE_VARIANT_ADD(ends, uring) { .method = FLIGHT_URING };
FIXTURE_VARIANT_ADD(ends, fixed) { .method = FLIGHT_FIXED };
FIXTURE_VARIANT_ADD(ends, iopoll) { .method = FLIGHT_IOPOLL };

FIXTURE_SETUP(ends)
{
	int in;

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->random.state = self->seed;
	self->buf = memory(ROOM);
	self->shared = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	ASSERT_NE(NULL, self->buf);
	ASSERT_NE(MAP_FAILED, self->shared);
	ASSERT_EQ(0, pipe(self->pipe));
	self->lab = lab_map(&self->card);
	if (!self->lab)
		SKIP(return, "this card has no lab block");
	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_HELD));
	/* something that is neither zero nor poison */
	memset(self->buf, 0x3c, ROOM);
	in = open_in(&self->card, 1);
	ASSERT_EQ(ROOM, write_through(in, self->buf, ROOM, SOURCE));
	close(in);
}

FIXTURE_TEARDOWN_PARENT(ends)
{
	param_put("timeout_ms", TIMEOUT_DEFAULT);
	lab_let_go_all(&self->card);
}

/* Reads into half of @shared and as much memory of its own, all at once. */
static bool start_reads(FIXTURE_DATA(ends) *self, enum flight_method method, struct flight *f)
{
	static struct flight_request r[PIECES];
	int fd = node_open(&self->card, EXDMA_DIR_C2H, 1, O_RDONLY | flight_open_flags(method));
	uint8_t *map = method == FLIGHT_FIXED ? self->shared : memory(ROOM);
	unsigned int i;

	if (fd < 0 || flight_open(f, method, PIECES) || flight_buffer(f, self->shared, ROOM))
		return false;
	for (i = 0; i < PIECES; i++)
		r[i] = (struct flight_request) {
			.fd = fd, .buf = (i % 2 ? self->shared : map) + i * PIECE,
			.len = PIECE, .addr = SOURCE + i * PIECE,
		};
	return flight_launch(f, r, PIECES) == PIECES;
}

/* Afterwards: the channel does its work, and what is somebody else's stays. */
static void all_is_well(struct __test_metadata *_metadata, FIXTURE_DATA(ends) *self,
			const FIXTURE_VARIANT(ends) *variant)
{
	uint8_t *heir = memory(4 * ROOM);
	struct flight_request r[8];
	struct flight f;
	int in, out, i;

	memset(heir, POISON, 4 * ROOM);
	/* a ring may go on for a while when its process is gone */
	ASSERT_TRUE(channel_stat_becomes(&self->card, EXDMA_DIR_C2H, 0, "pinned_bytes", 0));
	memset(self->shared, POISON, ROOM);

	in = open_in(&self->card, 1);
	out = node_open(&self->card, EXDMA_DIR_C2H, 1,
			O_RDONLY | flight_open_flags(variant->method));
	pattern_fill(self->buf, ROOM, HOME, ++self->seed);
	ASSERT_EQ(ROOM, write_through(in, self->buf, ROOM, HOME));
	memset(self->buf, 0, ROOM);
	ASSERT_EQ(0, flight_open(&f, variant->method, 8));
	ASSERT_EQ(0, flight_buffer(&f, self->buf, ROOM));
	for (i = 0; i < 8; i++)
		r[i] = (struct flight_request) {
			.fd = out, .buf = self->buf + i * MIB, .len = MIB, .addr = HOME + i * MIB,
		};
	ASSERT_EQ(8, flight_launch(&f, r, 8));
	ASSERT_EQ(8, flight_land(&f, 8));
	for (i = 0; i < 8; i++)
		EXPECT_EQ(MIB, r[i].result);
	EXPECT_TRUE(pattern_is(self->buf, ROOM, HOME, self->seed));
	flight_close(&f);
	EXPECT_TRUE(bytes_are(self->shared, ROOM, POISON));
	EXPECT_TRUE(bytes_are(heir, 4 * ROOM, POISON));
	munmap(heir, 4 * ROOM);
	close(in);
	close(out);
}

enum end { KILLED, EXITS, EXECS };

static pid_t send_doomed(FIXTURE_DATA(ends) *self, const FIXTURE_VARIANT(ends) *variant,
			 enum end end)
{
	struct flight f;
	pid_t pid = fork();

	if (pid)
		return pid;
	if (!start_reads(self, variant->method, &f))
		_exit(99);
	write(self->pipe[1], "", 1);
	if (end == EXECS)
		execl("/bin/true", "true", NULL);
	while (end == KILLED)
		pause();
	_exit(0);
}

/*
 * A random bit, for the process to get anywhere in its end. Nothing in /proc may
 * be asked where it is: while it becomes another program, the answer comes only
 * when its requests are done.
 */
static void a_moment(FIXTURE_DATA(ends) *self)
{
	let_pass_ns(random_below(&self->random, 40 * NS_PER_MS));
}

static void end_process(struct __test_metadata *_metadata, FIXTURE_DATA(ends) *self,
			const FIXTURE_VARIANT(ends) *variant, enum end end)
{
	uint64_t begin;
	int status;
	pid_t pid;
	char byte;

	lab_hold(self->lab, EXDMA_DIR_C2H, 0);
	pid = send_doomed(self, variant, end);
	ASSERT_LT(0, pid);
	ASSERT_EQ(1, read(self->pipe[0], &byte, 1));
	ASSERT_TRUE(lab_wait_held(self->lab, EXDMA_DIR_C2H, 0));
	if (end == KILLED)
		kill(pid, SIGKILL);
	else
		a_moment(self);
	EXPECT_TRUE(lab_is_held(self->lab, EXDMA_DIR_C2H, 0));
	begin = beats();
	lab_let_go(self->lab, EXDMA_DIR_C2H, 0);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_GT(SOON_BEATS, beats() - begin);
	EXPECT_EQ(end == KILLED ? SIGKILL : 0, status);
	all_is_well(_metadata, self, variant);
}

TEST_F(ends, killed)
{
	int i;

	for (i = 0; i < 3; i++)
		end_process(_metadata, self, variant, KILLED);
}

TEST_F(ends, exits)
{
	int i;

	for (i = 0; i < 3; i++)
		end_process(_metadata, self, variant, EXITS);
}

TEST_F(ends, becomes_another_program)
{
	int i;

	for (i = 0; i < 3; i++)
		end_process(_metadata, self, variant, EXECS);
}

/* Nobody lets the engine go: the driver does, by resetting the card. */
TEST_F(ends, killed_while_the_engine_hangs)
{
	uint64_t begin;
	int status;
	pid_t pid;
	char byte;

	ASSERT_EQ(0, param_put("timeout_ms", "300"));
	lab_hold(self->lab, EXDMA_DIR_C2H, 0);
	pid = send_doomed(self, variant, KILLED);
	ASSERT_EQ(1, read(self->pipe[0], &byte, 1));
	begin = beats();
	kill(pid, SIGKILL);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_GT(IN_TIME_BEATS, beats() - begin);
	EXPECT_TRUE(WIFSIGNALED(status));
	/* then the host may stand still for longer than that */
	ASSERT_TRUE(channel_stat_becomes(&self->card, EXDMA_DIR_C2H, 0, "pinned_bytes", 0));
	ASSERT_EQ(0, param_put("timeout_ms", TIMEOUT_HELD));
	all_is_well(_metadata, self, variant);
}

static void *take_down(void *arg)
{
	flight_close(arg);
	return NULL;
}

/* io_destroy(), or the close of the ring. */
TEST_F(ends, the_queue_is_taken_down)
{
	pthread_t thread;
	struct flight f;
	uint64_t begin;
	int i;

	for (i = 0; i < 5; i++) {
		lab_hold(self->lab, EXDMA_DIR_C2H, 0);
		ASSERT_TRUE(start_reads(self, variant->method, &f));
		ASSERT_TRUE(lab_wait_held(self->lab, EXDMA_DIR_C2H, 0));
		ASSERT_EQ(0, pthread_create(&thread, NULL, take_down, &f));
		if (i % 2)	/* in the middle of it, or before */
			a_moment(self);
		EXPECT_TRUE(lab_is_held(self->lab, EXDMA_DIR_C2H, 0));
		begin = beats();
		lab_let_go(self->lab, EXDMA_DIR_C2H, 0);
		pthread_join(thread, NULL);
		EXPECT_GT(SOON_BEATS, beats() - begin);
		all_is_well(_metadata, self, variant);
	}
}

/* Killed at any moment of a busy life. */
TEST_F(ends, killed_at_work)
{
	struct flight_request r[32];
	struct flight f;
	int fd, i, round, status;
	long long before;
	uint64_t begin;
	pid_t pid;

	for (round = 0; round < 5; round++) {
		before = channel_stat(&self->card, EXDMA_DIR_C2H, 0, "requests");
		pid = fork();
		if (!pid) {
			fd = node_open(&self->card, EXDMA_DIR_C2H, 1,
				       O_RDONLY | flight_open_flags(variant->method));
			if (flight_open(&f, variant->method, 32) ||
			    flight_buffer(&f, self->shared, ROOM))
				_exit(99);
			for (i = 0; i < 32; i++)
				r[i] = (struct flight_request) {
					.fd = fd, .buf = self->shared + i * PIECE,
					.len = i % 4 ? 2048 : PIECE, .addr = SOURCE,
				};
			flight_launch(&f, r, 32);
			while (flight_land(&f, 1))
				for (i = 0; i < 32; i++)
					if (r[i].done)
						flight_launch(&f, &r[i], 1);
			_exit(98);
		}
		ASSERT_TRUE(channel_stat_reaches(&self->card, EXDMA_DIR_C2H, 0, "requests",
						 before + 100));
		let_pass_ns(random_below(&self->random, 20 * NS_PER_MS));
		begin = beats();
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_GT(SOON_BEATS, beats() - begin);
		EXPECT_TRUE(WIFSIGNALED(status)) TH_LOG("status 0x%x", status);
		all_is_well(_metadata, self, variant);
	}
}

/*
 * io_uring's cancel: one that waits for room is taken back at once, one that
 * the engine may have is completed as ever.
 */
TEST_F(ends, cancelled)
{
	struct flight_request r[24], cancel[2] = { };
	struct io_uring_sqe *sqe;
	int fd = open_out(&self->card, 1), i, late = 0;
	uint8_t *map;
	struct flight f;

	if (variant->method != FLIGHT_URING)
		SKIP(return, "only io_uring cancels");
	map = memory(ARRAY_SIZE(r) * MIB);
	memset(map, 0, ARRAY_SIZE(r) * MIB);
	ASSERT_EQ(0, flight_open(&f, FLIGHT_URING, 32));
	lab_hold(self->lab, EXDMA_DIR_C2H, 0);
	/* 24 MiB where 16 may be in flight */
	for (i = 0; i < (int)ARRAY_SIZE(r); i++)
		r[i] = (struct flight_request) {
			.fd = fd, .buf = map + i * MIB, .len = MIB, .addr = SOURCE,
		};
	ASSERT_EQ(ARRAY_SIZE(r), flight_launch(&f, r, ARRAY_SIZE(r)));
	ASSERT_TRUE(lab_wait_held(self->lab, EXDMA_DIR_C2H, 0));

	for (i = 0; i < 2; i++) {
		sqe = io_uring_get_sqe(&f.ring);
		io_uring_prep_cancel(sqe, &r[i ? ARRAY_SIZE(r) - 1 : 0], 0);
		io_uring_sqe_set_data(sqe, &cancel[i]);
	}
	ASSERT_EQ(2, io_uring_submit(&f.ring));
	ASSERT_EQ(3, flight_land(&f, 3));
	EXPECT_TRUE(lab_is_held(self->lab, EXDMA_DIR_C2H, 0));
	EXPECT_TRUE(cancel[0].done);
	EXPECT_TRUE(cancel[0].result == -ENOENT || cancel[0].result == -EALREADY) {
		TH_LOG("cancelling the first: %lld", cancel[0].result);
	}
	EXPECT_TRUE(cancel[1].done);
	EXPECT_TRUE(cancel[1].result == 0 || cancel[1].result == -EALREADY) {
		TH_LOG("cancelling the last: %lld", cancel[1].result);
	}
	EXPECT_TRUE(r[ARRAY_SIZE(r) - 1].done);
	EXPECT_TRUE(r[ARRAY_SIZE(r) - 1].result == -ECANCELED ||
		    r[ARRAY_SIZE(r) - 1].result == -EINTR) {
		TH_LOG("the last: %lld", r[ARRAY_SIZE(r) - 1].result);
	}
	lab_let_go(self->lab, EXDMA_DIR_C2H, 0);
	ASSERT_EQ(ARRAY_SIZE(r) - 1, flight_land(&f, ARRAY_SIZE(r) - 1));
	for (i = 0; i < (int)ARRAY_SIZE(r) - 1; i++) {
		EXPECT_EQ(MIB, r[i].result);
		late += !bytes_are(r[i].buf, MIB, 0x3c);
	}
	EXPECT_EQ(0, late);
	EXPECT_TRUE(bytes_are(r[i].buf, MIB, 0));
	flight_close(&f);
	all_is_well(_metadata, self, variant);
	munmap(map, ARRAY_SIZE(r) * MIB);
	close(fd);
}

TEST_HARNESS_MAIN
