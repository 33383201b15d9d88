// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many callers at once: threads and processes on one channel, on all channels
 * and on the card's own node. Each has a region of its own, in which it writes,
 * reads back and compares: nothing is serialized for them, nothing is mixed up.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "pattern.h"

#define WORKERS	8
#define REGION	(2 * MIB)
#define HOME	(64 * MIB)

CARD_NEEDS(GIB);

FIXTURE(many) {
	struct card card;
	uint64_t seed;
};

FIXTURE_VARIANT(many) {
	bool channels, all;
};

FIXTURE_VARIANT_ADD(many, one_channel) { .channels = true };
FIXTURE_VARIANT_ADD(many, all_channels) { .channels = true, .all = true };
FIXTURE_VARIANT_ADD(many, card_node) { };

FIXTURE_SETUP(many)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
}

FIXTURE_TEARDOWN(many)
{
}

/* One caller: what it uses, and what went wrong or NULL. */
struct worker {
	pthread_t thread;
	const struct card *card;
	int in, out;		/* descriptors */
	uint64_t base;
	struct random random;
	size_t most;		/* longest transfer */
	int rounds;
	pthread_barrier_t *gate;
	const char *wrong;
	int err;
};

static const char *one_round(struct worker *w, uint8_t *buf)
{
	const uint32_t align = w->card->align;
	size_t len = random_size(&w->random, w->most), offset, back;
	uint64_t addr, seed = random_next(&w->random);

	len += -len % w->card->grain;
	addr = w->base + random_below(&w->random, REGION - len) / align * align;
	offset = random_below(&w->random, 4096) / align * align;
	back = random_below(&w->random, 4096) / align * align;

	pattern_fill(buf + offset, len, addr, seed);
	if (pwrite(w->in, buf + offset, len, addr) != (ssize_t)len)
		return "pwrite";
	memset(buf + back, POISON, len + 64);
	if (pread(w->out, buf + back, len, addr) != (ssize_t)len)
		return "pread";
	if (!pattern_is(buf + back, len, addr, seed))
		return "data";
	if (!bytes_are(buf + back + len, 64, POISON))
		return "bytes behind the buffer";
	return NULL;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	size_t room = w->most + 3 * 4096;
	uint8_t *buf = memory(room);
	int i;

	if (w->gate)
		pthread_barrier_wait(w->gate);
	w->wrong = buf ? NULL : "memory";
	for (i = 0; i < w->rounds && !w->wrong; i++)
		w->wrong = one_round(w, buf);
	w->err = errno;
	if (buf)
		munmap(buf, room);
	return NULL;
}

/* Which way the caller @i takes. */
static int way(const struct card *card, int dir, const FIXTURE_VARIANT(many) *variant,
	       int i)
{
	if (!variant->channels)
		return CARD_NODE;
	return 1 + (variant->all ? i % card->channels[dir] : 0);
}

static bool open_worker(struct worker *w, const struct card *card,
			const FIXTURE_VARIANT(many) *variant, uint64_t seed, int i)
{
	*w = (struct worker) {
		.card = card,
		.in = open_in(card, way(card, EXDMA_DIR_H2C, variant, i)),
		.out = open_out(card, way(card, EXDMA_DIR_C2H, variant, i)),
		.base = HOME + i * REGION,
		.random.state = seed + i,
	};
	return w->in >= 0 && w->out >= 0;
}

static void run_threads(struct __test_metadata *_metadata, struct worker *workers)
{
	pthread_barrier_t gate;
	int i;

	pthread_barrier_init(&gate, NULL, WORKERS);
	for (i = 0; i < WORKERS; i++) {
		workers[i].gate = &gate;
		ASSERT_EQ(0, pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	}
	for (i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	for (i = 0; i < WORKERS; i++)
		EXPECT_EQ(NULL, workers[i].wrong) {
			TH_LOG("thread %d: %s: errno %d", i, workers[i].wrong,
			       workers[i].err);
		}
}

TEST_F(many, threads)
{
	struct worker workers[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++) {
		ASSERT_TRUE(open_worker(&workers[i], &self->card, variant, self->seed, i));
		/* sizes of different worlds beside each other */
		workers[i].most = i % 2 ? 4000 : 300000;
		workers[i].rounds = i % 2 ? 60 : 30;
	}
	run_threads(_metadata, workers);
}

/* All through the same two descriptors. */
TEST_F(many, threads_sharing_descriptors)
{
	struct worker workers[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++) {
		ASSERT_TRUE(open_worker(&workers[i], &self->card, variant, self->seed, i));
		workers[i].most = 30000;
		workers[i].rounds = 40;
		workers[i].in = workers[0].in;
		workers[i].out = workers[0].out;
	}
	run_threads(_metadata, workers);
}

/* More in flight than a channel pins at a time, so that callers wait for room. */
TEST_F(many, threads_with_large_transfers)
{
	struct worker workers[WORKERS];
	int i;

	for (i = 0; i < WORKERS; i++) {
		ASSERT_TRUE(open_worker(&workers[i], &self->card, variant, self->seed, i));
		workers[i].most = REGION - 1;
		workers[i].rounds = 4;
	}
	run_threads(_metadata, workers);
}

TEST_F(many, processes)
{
	struct worker w;
	int i, status;
	pid_t pid;

	for (i = 0; i < WORKERS; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (pid)
			continue;
		/* descriptors of its own */
		if (!open_worker(&w, &self->card, variant, self->seed, i))
			_exit(errno);
		w.most = 20000;
		w.rounds = 30;
		work(&w);
		if (w.wrong)
			TH_LOG("process %d: %s: errno %d", i, w.wrong, w.err);
		_exit(w.wrong ? 1 : 0);
	}
	for (i = 0; i < WORKERS; i++) {
		ASSERT_LT(0, wait(&status));
		EXPECT_TRUE(WIFEXITED(status));
		EXPECT_EQ(0, WEXITSTATUS(status));
	}
}

/* Bytes and requests are counted, each once, by the channel that moved them. */
TEST_F(many, counters_add_up)
{
	const struct card *card = &self->card;
	struct worker workers[WORKERS];
	long long bytes = 0, errors = 0, requests = 0, expected = 0;
	int i, sign;

	for (i = 0; i < WORKERS; i++) {
		ASSERT_TRUE(open_worker(&workers[i], card, variant, self->seed, i));
		workers[i].most = 1;		/* grain bytes, always */
		workers[i].rounds = 25;
		expected += 25;
	}
	for (sign = -1; sign <= 1; sign += 2) {
		for (i = 0; i < card->channels[EXDMA_DIR_H2C]; i++) {
			bytes += sign * channel_stat(card, EXDMA_DIR_H2C, i, "bytes");
			requests += sign * channel_stat(card, EXDMA_DIR_H2C, i, "requests");
			errors += sign * channel_stat(card, EXDMA_DIR_H2C, i, "errors");
		}
		if (sign < 0)
			run_threads(_metadata, workers);
	}
	EXPECT_EQ(expected * card->grain, bytes);
	EXPECT_EQ(expected, requests);
	EXPECT_EQ(0, errors);
}

TEST_HARNESS_MAIN
