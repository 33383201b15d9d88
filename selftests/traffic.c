// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "traffic.h"

void traffic_took(struct traffic_sum *sum, uint64_t begin_ns, uint64_t begin_beats)
{
	uint64_t took = now_ns() - begin_ns, beats_passed = beats() - begin_beats;

	if (took > sum->longest_ns)
		sum->longest_ns = took;
	if (beats_passed > sum->longest_beats)
		sum->longest_beats = beats_passed;
}

/* One call, in the books. Return: has it moved all? */
static bool one_call(struct traffic_sum *sum, int fd, bool write, void *buf, size_t len,
		     uint64_t addr)
{
	uint64_t begin_beats = beats(), begin = now_ns();
	ssize_t n;

	errno = 0;
	n = write ? pwrite(fd, buf, len, addr) : pread(fd, buf, len, addr);
	traffic_took(sum, begin, begin_beats);
	sum->calls++;
	if (n == (ssize_t)len)
		sum->whole++;
	else if (n > 0)
		sum->some++;
	else
		sum->errors[n < 0 && errno < TRAFFIC_ERRNOS ? errno : 0]++;
	sum->bytes += n > 0 ? n : 0;
	return n == (ssize_t)len;
}

static bool over(const struct traffic_thread *me)
{
	return me->all->stop || me->sum.errors[ENODEV];
}

static void *go(void *arg)
{
	struct traffic_thread *me = arg;
	int in = me->fd_in, out = me->fd_out;
	uint8_t *buf = memory(TRAFFIC_ROOM);
	uint64_t seed;
	size_t len;

	while (!over(me)) {
		seed = random_next(&me->random);
		len = (random_size(&me->random, TRAFFIC_ROOM / 64)) * 64;
		pattern_fill(buf, len, me->addr, seed);
		while (!over(me) && !one_call(&me->sum, in, true, buf, len, me->addr))
			;
		memset(buf, POISON, len);
		while (!over(me) && !one_call(&me->sum, out, false, buf, len, me->addr))
			;
		if (over(me))
			break;
		if (pattern_is(buf, len, me->addr, seed))
			__atomic_add_fetch(&me->sum.verified, 1, __ATOMIC_RELAXED);
		else
			me->sum.wrong++;
	}
	munmap(buf, TRAFFIC_ROOM);
	close(in);
	close(out);
	return NULL;
}

static bool let_go(struct traffic *t, int threads)
{
	for (t->threads = 0; t->threads < threads; t->threads++) {
		struct traffic_thread *me = &t->thread[t->threads];

		me->all = t;
		me->fd_in = open_in(t->card, me->in);
		me->fd_out = open_out(t->card, me->out);
		if (me->fd_in < 0 || me->fd_out < 0)
			return false;
		if (pthread_create(&me->thread, NULL, go, me))
			return false;
	}
	return true;
}

bool traffic_start(struct traffic *t, const struct card *card, int threads, uint64_t seed)
{
	int i;

	t->card = card;
	for (i = 0; i < threads; i++)
		t->thread[i] = (struct traffic_thread) {
			.in = i % ways(card, EXDMA_DIR_H2C),
			.out = i % ways(card, EXDMA_DIR_C2H),
			.addr = TRAFFIC_AT + i * TRAFFIC_ROOM,
			.random.state = seed + i,
		};
	return let_go(t, threads);
}

bool traffic_start_on(struct traffic *t, const struct card *card, int threads,
		      int h2c, int c2h, uint64_t seed)
{
	int i;

	t->card = card;
	for (i = 0; i < threads; i++)
		t->thread[i] = (struct traffic_thread) {
			.in = h2c + 1,
			.out = c2h + 1,
			.addr = TRAFFIC_AT + i * TRAFFIC_ROOM,
			.random.state = seed + i,
		};
	return let_go(t, threads);
}

static uint64_t verified(const struct traffic_thread *me)
{
	return __atomic_load_n(&me->sum.verified, __ATOMIC_RELAXED);
}

static bool has_ended(const struct traffic_thread *me)
{
	return __atomic_load_n(&me->sum.errors[ENODEV], __ATOMIC_RELAXED) ||
	       __atomic_load_n(&me->sum.wrong, __ATOMIC_RELAXED);
}

void traffic_wait(struct traffic *t, uint64_t rounds)
{
	uint64_t until[TRAFFIC_THREADS];
	int i;

	for (i = 0; i < t->threads; i++)
		until[i] = verified(&t->thread[i]) + rounds;
	for (i = 0; i < t->threads; i++)
		while (verified(&t->thread[i]) < until[i] && !has_ended(&t->thread[i]))
			sched_yield();
}

uint64_t traffic_verified(const struct traffic *t)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < t->threads; i++)
		sum += verified(&t->thread[i]);
	return sum;
}

void traffic_wait_any(struct traffic *t, uint64_t rounds)
{
	uint64_t until = traffic_verified(t) + rounds;
	int i, ended;

	do {
		sched_yield();
		for (ended = 0, i = 0; i < t->threads; i++)
			ended += has_ended(&t->thread[i]);
	} while (traffic_verified(t) < until && ended < t->threads);
}

void traffic_wait_end(struct traffic *t)
{
	int i;

	for (i = 0; i < t->threads; i++)
		while (!has_ended(&t->thread[i]))
			sched_yield();
}

void traffic_stop(struct traffic *t, struct traffic_sum *sum)
{
	int i;

	t->stop = true;
	memset(sum, 0, sizeof(*sum));
	for (i = 0; i < t->threads; i++) {
		pthread_join(t->thread[i].thread, NULL);
		traffic_add(sum, &t->thread[i].sum);
	}
}

void traffic_add(struct traffic_sum *all, const struct traffic_sum *one)
{
	int k;

	all->calls += one->calls;
	all->bytes += one->bytes;
	all->whole += one->whole;
	all->some += one->some;
	for (k = 0; k < TRAFFIC_ERRNOS; k++)
		all->errors[k] += one->errors[k];
	all->verified += one->verified;
	all->wrong += one->wrong;
	if (one->longest_ns > all->longest_ns)
		all->longest_ns = one->longest_ns;
	if (one->longest_beats > all->longest_beats)
		all->longest_beats = one->longest_beats;
}

void traffic_say(const struct traffic_sum *sum, char *text, size_t size)
{
	size_t at;
	int k;

	at = snprintf(text, size, "%llu calls whole", (unsigned long long)sum->whole);
	if (sum->some && at < size)
		at += snprintf(text + at, size - at, ", %llu short",
			       (unsigned long long)sum->some);
	for (k = 0; k < TRAFFIC_ERRNOS; k++)
		if (sum->errors[k] && at < size)
			at += snprintf(text + at, size - at, ", %llu %s",
				       (unsigned long long)sum->errors[k],
				       k ? strerrorname_np(k) : "nothing moved");
}

void traffic_row(const struct traffic_sum *sum, const char *fault, uint64_t times)
{
	char text[256];

	traffic_say(sum, text, sizeof(text));
	printf("# table | %s | %llu | %s | %llu | %llu ms |\n", fault, times + 0ull, text,
	       sum->wrong + 0ull, sum->longest_ns / NS_PER_MS + 0ull);
	fflush(stdout);
}

bool card_works(const struct card *card, size_t len, uint64_t seed)
{
	int in = open_in(card, 1), out = open_out(card, 1);
	uint8_t *buf = memory(len);
	bool right;

	pattern_fill(buf, len, TRAFFIC_AT, seed);
	right = pwrite(in, buf, len, TRAFFIC_AT) == (ssize_t)len;
	memset(buf, POISON, len);
	right = right && pread(out, buf, len, TRAFFIC_AT) == (ssize_t)len &&
		pattern_is(buf, len, TRAFFIC_AT, seed);
	munmap(buf, len);
	close(in);
	close(out);
	return right;
}

uint64_t traffic_other_errors(const struct traffic_sum *sum, const int *allowed)
{
	uint64_t others = 0;
	const int *a;
	int k;

	for (k = 0; k < TRAFFIC_ERRNOS; k++) {
		for (a = allowed; *a && *a != k; a++)
			;
		if (*a != k || !k)
			others += sum->errors[k];
	}
	return others;
}
