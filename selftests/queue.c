// SPDX-License-Identifier: GPL-2.0-only
/*
 * N requests are queued and nothing more is submitted: all N complete, also
 * with an error in the middle, which is reported for the one request that
 * caused it. Queued by libaio and io_uring, through the bare system calls, and
 * by threads that issue one call each.
 */
#include <errno.h>
#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"

#define N	96
#define SLOT	(64 * KIB)	/* of each request, in memory and on the card */
#define HOME	(128 * MIB)

/* One request, however it is submitted. */
struct request {
	uint64_t addr;
	uint8_t *buf;
	size_t len;
	long long result;
	bool done;
};

CARD_NEEDS(GIB);

FIXTURE(queue) {
	struct card card;
	uint64_t seed;
	struct random random;
	uint64_t beyond;	/* card address behind the memory */
	uint8_t *arena;
	struct request r[N];
};

/* How a batch is submitted, and waited for. */
enum method { AIO, URING, THREADS };

FIXTURE_VARIANT(queue) {
	enum method method;
	bool card_node;
};

FIXTURE_VARIANT_ADD(queue, aio) { .method = AIO };
FIXTURE_VARIANT_ADD(queue, aio_card_node) { .method = AIO, .card_node = true };
FIXTURE_VARIANT_ADD(queue, uring) { .method = URING };
FIXTURE_VARIANT_ADD(queue, threads) { .method = THREADS };

FIXTURE_SETUP(queue)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->random.state = self->seed;
	self->beyond = card_memory(&self->card);
	ASSERT_NE(0, self->beyond);
	self->arena = memory(N * SLOT);
	ASSERT_NE(NULL, self->arena);
}

FIXTURE_TEARDOWN(queue)
{
	munmap(self->arena, N * SLOT);
}

/* --- libaio --- */

/*
 * @hold: the lab block of a card that is to start no sooner than all are queued,
 * or NULL.
 */
static bool aio_batch(int fd, int dir, struct request *r, int n, lab_t hold)
{
	struct iocb cb[N], *list[N];
	struct io_event events[N];
	aio_context_t context = 0;
	int i, got;

	if (syscall(SYS_io_setup, n, &context))
		return false;
	for (i = 0; i < n; i++) {
		cb[i] = (struct iocb) {
			.aio_data = i,
			.aio_lio_opcode = dir == EXDMA_DIR_H2C ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD,
			.aio_fildes = fd,
			.aio_buf = (uintptr_t)r[i].buf,
			.aio_nbytes = r[i].len,
			.aio_offset = r[i].addr,
		};
		list[i] = &cb[i];
	}
	if (hold)
		lab_fault(hold, lab_engine(dir, 0), LAB_FAULT_HANG, 0);
	got = syscall(SYS_io_submit, context, n, list);
	if (hold)
		lab_fault(hold, lab_engine(dir, 0), LAB_FAULT_UNHANG, 0);
	if (got != n)
		return false;
	got = getevents_for(context, n, events, PATIENCE_BEATS);
	for (i = 0; i < got; i++) {
		r[events[i].data].result = events[i].res;
		r[events[i].data].done = true;
	}
	syscall(SYS_io_destroy, context);
	return got == n;
}

/* --- io_uring --- */

struct ring {
	int fd;
	uint8_t *sq, *cq;
	struct io_uring_sqe *sqe;
	struct io_uring_params p;
};

static bool uring_open(struct ring *ring, unsigned int entries)
{
	const struct io_uring_params *p = &ring->p;

	memset(ring, 0, sizeof(*ring));
	ring->fd = syscall(SYS_io_uring_setup, entries, &ring->p);
	if (ring->fd < 0)
		return false;
	ring->sq = mmap(NULL, p->sq_off.array + p->sq_entries * 4, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQ_RING);
	ring->cq = mmap(NULL, p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe),
			PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd,
			IORING_OFF_CQ_RING);
	ring->sqe = mmap(NULL, p->sq_entries * sizeof(*ring->sqe), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, ring->fd, IORING_OFF_SQES);
	return ring->sq != MAP_FAILED && ring->cq != MAP_FAILED && ring->sqe != MAP_FAILED;
}

static void uring_push(struct ring *ring, int fd, int dir, const struct request *r, int i)
{
	uint32_t *tail = (void *)(ring->sq + ring->p.sq_off.tail);
	uint32_t *array = (void *)(ring->sq + ring->p.sq_off.array);
	uint32_t slot = *tail % ring->p.sq_entries;

	ring->sqe[slot] = (struct io_uring_sqe) {
		.opcode = dir == EXDMA_DIR_H2C ? IORING_OP_WRITE : IORING_OP_READ,
		.fd = fd,
		.addr = (uintptr_t)r->buf,
		.len = r->len,
		.off = r->addr,
		.user_data = i,
	};
	array[slot] = slot;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
}

/* Takes what has completed; returns how many. */
static int uring_pop(struct ring *ring, struct request *r)
{
	uint32_t *head = (void *)(ring->cq + ring->p.cq_off.head);
	uint32_t *tail = (void *)(ring->cq + ring->p.cq_off.tail);
	struct io_uring_cqe *cqes = (void *)(ring->cq + ring->p.cq_off.cqes);
	const struct io_uring_cqe *cqe;
	int got = 0;

	for (; *head != __atomic_load_n(tail, __ATOMIC_ACQUIRE); got++) {
		cqe = &cqes[*head % ring->p.cq_entries];
		r[cqe->user_data].result = cqe->res;
		r[cqe->user_data].done = true;
		__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	}
	return got;
}

static bool uring_batch(int fd, int dir, struct request *r, int n)
{
	struct pollfd poll_ring;
	struct ring ring;
	int i, got = 0;

	if (!uring_open(&ring, N))
		return false;
	for (i = 0; i < n; i++)
		uring_push(&ring, fd, dir, &r[i], i);
	if (syscall(SYS_io_uring_enter, ring.fd, n, 0, 0, NULL, 0) != n)
		return false;
	poll_ring = (struct pollfd) { .fd = ring.fd, .events = POLLIN };
	while (got < n && poll_for(&poll_ring, 1, PATIENCE_BEATS) == 1)
		got += uring_pop(&ring, r);
	close(ring.fd);
	return got == n;
}

/* --- threads --- */

struct caller {
	pthread_t thread;
	pthread_barrier_t *gate;
	struct request *r;
	int fd, dir;
};

static void *call(void *arg)
{
	struct caller *c = arg;
	struct request *r = c->r;

	pthread_barrier_wait(c->gate);
	if (c->dir == EXDMA_DIR_H2C)
		r->result = pwrite(c->fd, r->buf, r->len, r->addr);
	else
		r->result = pread(c->fd, r->buf, r->len, r->addr);
	if (r->result < 0)
		r->result = -errno;
	r->done = true;
	return NULL;
}

static bool thread_batch(int fd, int dir, struct request *r, int n)
{
	pthread_barrier_t gate;
	struct caller c[N];
	int i;

	pthread_barrier_init(&gate, NULL, n);
	for (i = 0; i < n; i++) {
		c[i] = (struct caller) { .gate = &gate, .r = &r[i], .fd = fd, .dir = dir };
		if (pthread_create(&c[i].thread, NULL, call, &c[i]))
			abort();
	}
	for (i = 0; i < n; i++)
		pthread_join(c[i].thread, NULL);
	return true;
}

/* --- the tests --- */

static bool batch(enum method method, int fd, int dir, struct request *r, int n)
{
	int i;

	for (i = 0; i < n; i++)
		r[i].done = false;
	switch (method) {
	case AIO:
		return aio_batch(fd, dir, r, n, NULL);
	case URING:
		return uring_batch(fd, dir, r, n);
	case THREADS:
		return thread_batch(fd, dir, r, n);
	}
	return false;
}

/* N requests of mixed sizes, each with a place of its own. */
static void prepare(FIXTURE_DATA(queue) *self)
{
	const struct card *card = &self->card;
	struct request *r;
	int i;

	for (i = 0; i < N; i++) {
		r = &self->r[i];
		r->len = random_size(&self->random, SLOT - 4096);
		r->len += -r->len % card->grain;
		r->buf = self->arena + i * SLOT +
			 random_below(&self->random, 4096) / card->align * card->align;
		r->addr = HOME + i * SLOT;
		pattern_fill(r->buf, r->len, r->addr, self->seed);
	}
}

/* Writes all, with some of them beyond the memory, and reads the others back. */
static void write_and_verify(struct __test_metadata *_metadata, FIXTURE_DATA(queue) *self,
			     const FIXTURE_VARIANT(queue) *variant, const bool *bad)
{
	int way = variant->card_node ? CARD_NODE : 1, i;
	int in = open_in(&self->card, way), out = open_out(&self->card, way);
	struct ring probe;

	ASSERT_LE(0, in);
	ASSERT_LE(0, out);
	if (variant->method == URING && !uring_open(&probe, 1))
		SKIP(return, "no io_uring here: errno %d", errno);

	prepare(self);
	for (i = 0; i < N; i++)
		if (bad[i])
			self->r[i].addr += self->beyond;
	ASSERT_TRUE(batch(variant->method, in, EXDMA_DIR_H2C, self->r, N)) {
		for (i = 0; i < N; i++)
			if (!self->r[i].done)
				TH_LOG("request %d of %d never completed", i, N);
	}
	for (i = 0; i < N; i++) {
		EXPECT_EQ(bad[i] ? -EIO : (long long)self->r[i].len, self->r[i].result) {
			TH_LOG("writing, request %d", i);
		}
		memset(self->r[i].buf, POISON, self->r[i].len);
	}

	ASSERT_TRUE(batch(variant->method, out, EXDMA_DIR_C2H, self->r, N));
	for (i = 0; i < N; i++) {
		EXPECT_EQ(bad[i] ? -EIO : (long long)self->r[i].len, self->r[i].result) {
			TH_LOG("reading, request %d", i);
		}
		if (!bad[i])
			EXPECT_TRUE(pattern_is(self->r[i].buf, self->r[i].len,
					       self->r[i].addr, self->seed));
	}
}

TEST_F(queue, all_complete)
{
	static const bool none[N];

	write_and_verify(_metadata, self, variant, none);
}

TEST_F(queue, an_error_in_the_middle_hits_one)
{
	static const bool middle[N] = { [N / 2] = true };

	write_and_verify(_metadata, self, variant, middle);
}

TEST_F(queue, errors_first_last_and_adjacent)
{
	static const bool bad[N] = {
		[0] = true, [7] = true, [8] = true, [9] = true, [N - 1] = true,
	};

	write_and_verify(_metadata, self, variant, bad);
}

FIXTURE(order) {
	struct card card;
	uint64_t seed, beyond;
	uint8_t *arena;
	struct request r[N];
};

FIXTURE_SETUP(order)
{
	const unsigned int pages = N * SLOT / 4096;
	unsigned int i;

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->beyond = card_memory(&self->card);
	ASSERT_NE(0, self->beyond);
	self->arena = memory(N * SLOT);
	ASSERT_NE(NULL, self->arena);
	/* pages that do not lie together: not touched in their order */
	madvise(self->arena, N * SLOT, MADV_NOHUGEPAGE);
	for (i = 0; i < pages; i++)
		self->arena[i * 7919 % pages * 4096] = 1;
}

FIXTURE_TEARDOWN(order)
{
}

/*
 * Asynchronous requests of one channel start in the order of submission, and
 * one engine does one after the other: of many writes to one place the last
 * stays. Also if one of them fails while others wait for room in the ring: all
 * their descriptors together, one for each page of scattered memory, are more
 * than it holds.
 */
TEST_F(order, the_last_write_stays)
{
	int in = open_in(&self->card, 1), out = open_out(&self->card, 1), bad, i;
	lab_t lab = lab_map(&self->card);

	for (bad = 5; bad < N; bad += 40) {
		for (i = 0; i < N; i++) {
			self->r[i] = (struct request) {
				.addr = i == bad ? self->beyond : HOME,
				.buf = self->arena + i * SLOT, .len = SLOT,
			};
			pattern_fill(self->r[i].buf, SLOT, HOME, self->seed + i);
		}
		ASSERT_TRUE(aio_batch(in, EXDMA_DIR_H2C, self->r, N, lab));
		for (i = 0; i < N; i++)
			EXPECT_EQ(i == bad ? -EIO : (long long)SLOT, self->r[i].result);
		memset(self->arena, POISON, SLOT);
		ASSERT_EQ(SLOT, pread(out, self->arena, SLOT, HOME));
		EXPECT_TRUE(pattern_is(self->arena, SLOT, HOME, self->seed + N - 1));
	}
}

TEST_HARNESS_MAIN
