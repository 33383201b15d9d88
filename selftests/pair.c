// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two cards at once: names and data of one never are those of the other, and
 * what happens to one does not disturb the other.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"

#define HOME	(11 * MIB)
#define ROOM	(4 * MIB)

CARD_NEEDS(GIB);

FIXTURE(pair) {
	int count;
	struct card card[CARDS_MAX];
	uint64_t seed;
	uint8_t *buf;
};

FIXTURE_SETUP(pair)
{
	self->count = cards_find(self->card, CARDS_MAX);
	ASSERT_LT(0, self->count) TH_LOG("there is no exdma card");
	if (self->count < 2)
		SKIP(return, "just one card in this machine");
	self->seed = random_seed();
	self->buf = memory(ROOM);
	ASSERT_NE(NULL, self->buf);
}

FIXTURE_TEARDOWN(pair)
{
}

TEST_F(pair, names_are_independent)
{
	struct exdma_card_info info;
	int i, k, fd;

	for (i = 0; i < self->count; i++) {
		for (k = 0; k < i; k++) {
			EXPECT_NE(self->card[i].number, self->card[k].number);
			EXPECT_STRNE(self->card[i].bdf, self->card[k].bdf);
		}
		fd = open_out(&self->card[i], CARD_NODE);
		memset(&info, 0, sizeof(info));
		info.size = sizeof(info);
		ASSERT_EQ(0, ioctl(fd, EXDMA_IOC_CARD_INFO, &info));
		EXPECT_EQ(self->card[i].number, info.number);
		EXPECT_STREQ(self->card[i].bdf, info.bus_id);
		close(fd);
	}
}

/* The same addresses of both, by every way in and out. */
TEST_F(pair, data_stays_apart)
{
	const size_t len = 100000;
	const struct card *card;
	int way, i, fd;

	for (way = 0; way < ways(&self->card[0], EXDMA_DIR_H2C); way++) {
		for (i = 0; i < self->count; i++) {
			card = &self->card[i];
			fd = open_in(card, way % ways(card, EXDMA_DIR_H2C));
			pattern_fill(self->buf, len, HOME, self->seed + 16 * way + i);
			ASSERT_EQ(len, pwrite(fd, self->buf, len, HOME));
			close(fd);
		}
		for (i = self->count - 1; i >= 0; i--) {
			card = &self->card[i];
			fd = open_out(card, way % ways(card, EXDMA_DIR_C2H));
			memset(self->buf, POISON, len);
			ASSERT_EQ(len, pread(fd, self->buf, len, HOME));
			ASSERT_TRUE(pattern_is(self->buf, len, HOME,
					       self->seed + 16 * way + i));
			close(fd);
		}
	}
}

TEST_F(pair, an_aperture_belongs_to_one)
{
	int other;

	other = open_in(&self->card[1], CARD_NODE);
	ASSERT_EQ(0, set_aperture(&self->card[0], HOME));
	EXPECT_EQ(0, node_number(&self->card[1], 0, CARD_NODE, "aperture"));
	EXPECT_EQ(64, pwrite(other, self->buf, 64, HOME));
	ASSERT_EQ(0, set_aperture(&self->card[0], 0));
	close(other);
}

/* A caller on one card: writes, reads, compares until it is told to stop. */
struct user {
	pthread_t thread;
	const struct card *card;
	struct random random;
	uint64_t base;
	volatile bool stop;
	volatile unsigned int rounds;
	unsigned int at_least;
	const char *wrong;
	int err;
};

static const char *one_round(struct user *u, int in, int out, uint8_t *buf)
{
	size_t len = random_size(&u->random, ROOM / 8 / 64) * 64;
	uint64_t seed = random_next(&u->random);

	pattern_fill(buf, len, u->base, seed);
	if (pwrite(in, buf, len, u->base) != (ssize_t)len)
		return "pwrite";
	memset(buf, POISON, len);
	if (pread(out, buf, len, u->base) != (ssize_t)len)
		return "pread";
	return pattern_is(buf, len, u->base, seed) ? NULL : "data";
}

static void *use(void *arg)
{
	struct user *u = arg;
	int in = open_in(u->card, CARD_NODE), out = open_out(u->card, CARD_NODE);
	uint8_t *buf = memory(ROOM);

	while (!u->wrong && (!u->stop || u->rounds < u->at_least)) {
		u->wrong = one_round(u, in, out, buf);
		u->err = errno;
		u->rounds++;
	}
	close(in);
	close(out);
	munmap(buf, ROOM);
	return NULL;
}

static void start(struct __test_metadata *_metadata, struct user *u,
		  const struct card *card, uint64_t seed, unsigned int at_least)
{
	*u = (struct user) {
		.card = card, .random.state = seed, .at_least = at_least,
		.base = HOME + seed % 8 * ROOM,
	};
	ASSERT_EQ(0, pthread_create(&u->thread, NULL, use, u));
}

static void stop(struct user *u)
{
	u->stop = true;
	pthread_join(u->thread, NULL);
}

TEST_F(pair, both_at_work)
{
	struct user users[6];
	unsigned int i;

	/* callers of both cards work on the same addresses */
	for (i = 0; i < ARRAY_SIZE(users); i++)
		start(_metadata, &users[i], &self->card[i % 2], (self->seed & ~7ull) + i / 2, 40);
	for (i = 0; i < ARRAY_SIZE(users); i++) {
		stop(&users[i]);
		EXPECT_EQ(NULL, users[i].wrong) {
			TH_LOG("card %d: %s: errno %d", i % 2, users[i].wrong, users[i].err);
		}
	}
}

TEST_F(pair, one_is_unbound_the_other_works_on)
{
	unsigned int before;
	struct user u;
	int i;

	start(_metadata, &u, &self->card[0], self->seed, 0);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, card_unbind(&self->card[1]));
		/* it goes on without the other, and with it again */
		for (before = u.rounds; u.rounds < before + 2 && !u.wrong;)
			sched_yield();
		ASSERT_EQ(0, card_bind(&self->card[1]));
		for (before = u.rounds; u.rounds < before + 2 && !u.wrong;)
			sched_yield();
	}
	stop(&u);
	EXPECT_EQ(NULL, u.wrong) TH_LOG("%s: errno %d", u.wrong, u.err);
	ASSERT_TRUE(card_at(&self->card[1], self->card[1].bdf));
	start(_metadata, &u, &self->card[1], self->seed, 3);
	stop(&u);
	EXPECT_EQ(NULL, u.wrong) TH_LOG("%s: errno %d", u.wrong, u.err);
}

/* An engine of one hangs until that card is reset; the other one goes on. */
TEST_F(pair, one_is_reset_the_other_works_on)
{
	long long runs = channel_stat(&self->card[1], EXDMA_DIR_H2C, 0, "timeouts");
	struct user u;
	lab_t lab;
	int fd;

	lab = lab_map(&self->card[1]);
	if (!lab)
		SKIP(return, "the second card has no lab block");
	start(_metadata, &u, &self->card[0], self->seed, 5);
	fd = open_in(&self->card[1], 1);
	/* of this file alone: the others have all the time they need */
	ASSERT_EQ(0, node_set_timeout(fd, 1000));
	lab_fault(lab, LAB_ENGINE_H2C(0), LAB_FAULT_HANG, 0);
	EXPECT_EQ(4096, pwrite(fd, self->buf, 4096, HOME)) TH_LOG("errno %d", errno);
	EXPECT_LT(runs, channel_stat(&self->card[1], EXDMA_DIR_H2C, 0, "timeouts"));
	close(fd);
	stop(&u);
	EXPECT_EQ(NULL, u.wrong) TH_LOG("%s: errno %d", u.wrong, u.err);
	start(_metadata, &u, &self->card[1], self->seed, 3);
	stop(&u);
	EXPECT_EQ(NULL, u.wrong) TH_LOG("%s: errno %d", u.wrong, u.err);
}

TEST_HARNESS_MAIN
