// SPDX-License-Identifier: GPL-2.0-only
/*
 * Events: the interrupts of a card's own logic, raised by the lab block. Each is
 * counted, once, for every open file, whatever kind of interrupt the card has.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"

#define LINES		16
#define LINE		3	/* the one that most tests use */
#define MANY		20000
#define LIMIT_DEFAULT	"50000"

FIXTURE(event) {
	struct card card;
	lab_t lab;
	bool level;		/* no vector of its own */
	int fd;
	uint32_t acks;
	char part[16];
};

FIXTURE_SETUP(event)
{
	char kind[16], vectors[16] = "", path[96];

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->lab = lab_map(&self->card);
	if (!self->lab)
		SKIP(return, "this card has no lab block");
	ASSERT_TRUE(node_text(&self->card, 0, CARD_NODE, "interrupts", kind, sizeof(kind)));
	snprintf(path, sizeof(path), "/sys/module/%s/parameters/event_vectors",
		 self->card.driver);
	get_text(path, vectors, sizeof(vectors));
	self->level = strcmp(kind, "msix") || atoi(vectors) <= LINE;
	self->lab[LAB_USER_IRQ_CLEAR / 4] = 0xffff;
	snprintf(self->part, sizeof(self->part), "event%d", LINE);
	self->fd = part_open(&self->card, self->part, O_RDWR);
	ASSERT_LE(0, self->fd);
	self->acks = self->lab[LAB_USER_IRQ_ACKS / 4];
}

/* Whatever a test leaves, the next one finds the card bound, by its old name. */
FIXTURE_TEARDOWN_PARENT(event)
{
	struct card now;

	param_put("event_limit", LIMIT_DEFAULT);
	if (!card_at(&now, self->card.bdf)) {
		card_bind(&self->card);
	} else if (now.number != self->card.number) {
		card_unbind(&self->card);
		card_bind(&self->card);
	}
}

static void raise_lines(FIXTURE_DATA(event) *self, uint32_t lines)
{
	self->lab[LAB_USER_IRQ / 4] = lines;
}

/* As a program services its logic; the card has carried it out on return. */
static void lower_lines(FIXTURE_DATA(event) *self, uint32_t lines)
{
	self->lab[LAB_USER_IRQ_CLEAR / 4] = lines;
	lab_sync(self->lab);
}

/* Interrupts that the card has asked for since the test began. */
static uint32_t acks(FIXTURE_DATA(event) *self)
{
	return self->lab[LAB_USER_IRQ_ACKS / 4] - self->acks;
}

/* What read() says: how many, or -errno. */
static long long take(int fd)
{
	uint32_t n;
	ssize_t got = read(fd, &n, sizeof(n));

	if (got != sizeof(n))
		return got < 0 ? -errno : -EPROTO;
	return n;
}

/* What poll() says: now, and after a wait for anything. */
static short polled(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) < 0 ? -1 : p.revents;
}

static short waited_for(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll_for(&p, 1, PATIENCE_BEATS) < 0 ? -1 : p.revents;
}

static bool nonblocking(int fd, bool on)
{
	return !fcntl(fd, F_SETFL, on ? O_NONBLOCK : 0);
}

/* Waits until the driver has counted so many. */
static bool counted(FIXTURE_DATA(event) *self, long long events)
{
	struct patience p = patience(PATIENCE_BEATS);

	while (part_number(&self->card, self->part, "events") < events)
		if (!patient(&p))
			return part_number(&self->card, self->part, "events") >= events;
	return true;
}

static long long events(FIXTURE_DATA(event) *self)
{
	return part_number(&self->card, self->part, "events");
}

/* One after the other, each of which the driver has counted, and seen the end of. */
static void have_events(struct __test_metadata *_metadata, FIXTURE_DATA(event) *self, int n)
{
	long long before = events(self);
	int i;

	for (i = 0; i < n; i++) {
		raise_lines(self, 1u << LINE);
		ASSERT_TRUE(counted(self, before + i + 1));
		lower_lines(self, 1u << LINE);
		polled(self->fd);
	}
}

TEST_F(event, nodes)
{
	char name[16];
	int i, fd;

	for (i = 0; i <= LINES; i++) {
		snprintf(name, sizeof(name), "event%d", i);
		fd = part_open(&self->card, name, O_RDWR);
		EXPECT_EQ(i < LINES, fd >= 0);
		EXPECT_EQ(i < LINES ? 0 : -1, part_number(&self->card, name, "masked"));
	}
}

TEST_F(event, one)
{
	EXPECT_EQ(0, polled(self->fd));
	raise_lines(self, 1u << LINE);
	EXPECT_EQ(1, take(self->fd));
	ASSERT_TRUE(nonblocking(self->fd, true));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	lower_lines(self, 1u << LINE);
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_EQ(1, acks(self));
}

TEST_F(event, several)
{
	have_events(_metadata, self, 5);
	EXPECT_EQ(5, take(self->fd));
	EXPECT_EQ(5, acks(self));
	EXPECT_EQ(0, polled(self->fd));
}

/* What is raised for one line is nothing to another. */
TEST_F(event, of_another_line)
{
	int other = part_open(&self->card, "event0", O_RDWR | O_NONBLOCK);

	ASSERT_LE(0, other);
	have_events(_metadata, self, 1);
	EXPECT_EQ(-EAGAIN, take(other));
	EXPECT_EQ(1, take(self->fd));
}

TEST_F(event, each_file_its_own)
{
	int early = part_open(&self->card, self->part, O_RDONLY | O_NONBLOCK), late;

	have_events(_metadata, self, 2);
	EXPECT_EQ(2, take(self->fd));
	late = part_open(&self->card, self->part, O_RDONLY | O_NONBLOCK);
	ASSERT_LE(0, late);
	EXPECT_EQ(-EAGAIN, take(late));
	EXPECT_EQ(0, polled(late));
	EXPECT_EQ(POLLIN, polled(early));
	have_events(_metadata, self, 1);
	EXPECT_EQ(3, take(early));
	EXPECT_EQ(1, take(late));
	EXPECT_EQ(1, take(self->fd));
	/* the line stays on while one of them is there */
	close(early);
	close(late);
	have_events(_metadata, self, 1);
	EXPECT_EQ(1, take(self->fd));
}

/* Everybody who waits is told. */
struct waiter {
	pthread_t thread;
	int fd;
	volatile pid_t tid;
	long long got;
};

static void *wait_by_read(void *arg)
{
	struct waiter *w = arg;

	w->tid = gettid();
	w->got = take(w->fd);
	return NULL;
}

static void *wait_by_poll(void *arg)
{
	struct waiter *w = arg;

	w->tid = gettid();
	w->got = waited_for(w->fd);
	return NULL;
}

static void start_waiter(struct __test_metadata *_metadata, struct waiter *w, int fd,
			 void *(*how)(void *arg))
{
	*w = (struct waiter) { .fd = fd };
	ASSERT_EQ(0, pthread_create(&w->thread, NULL, how, w));
	while (!w->tid)
		sched_yield();
	ASSERT_TRUE(wait_in_call(w->tid, how == wait_by_read ? SYS_read : SYS_poll));
}

TEST_F(event, wakes_all_that_wait)
{
	struct waiter w[6];
	int i;

	for (i = 0; i < 6; i++)
		start_waiter(_metadata, &w[i], part_open(&self->card, self->part, O_RDONLY),
			     i % 2 ? wait_by_poll : wait_by_read);
	raise_lines(self, 1u << LINE);
	for (i = 0; i < 6; i++) {
		pthread_join(w[i].thread, NULL);
		EXPECT_EQ(i % 2 ? POLLIN : 1, w[i].got);
	}
}

/* Two threads that read one file: one event is for one of them. */
TEST_F(event, one_for_one_of_two)
{
	struct waiter w[2];
	int i;

	for (i = 0; i < 2; i++)
		start_waiter(_metadata, &w[i], self->fd, wait_by_read);
	have_events(_metadata, self, 1);
	/* until one of them has it, else he might have two */
	while (polled(self->fd))
		sched_yield();
	have_events(_metadata, self, 1);
	for (i = 0; i < 2; i++)
		pthread_join(w[i].thread, NULL);
	EXPECT_EQ(1, w[0].got);
	EXPECT_EQ(1, w[1].got);
}

TEST_F(event, calls)
{
	uint32_t words[4] = { 7, 7, 7, 7 }, n = 7;
	struct iovec halves[] = { { &n, 2 }, { (char *)&n + 2, 2 } };
	struct exdma_card_info info = { .size = sizeof(info) };
	int ro = part_open(&self->card, self->part, O_RDONLY), i;

	ASSERT_TRUE(nonblocking(self->fd, true));
	for (i = 1; i < 4; i++) {
		EXPECT_EQ(-1, read(self->fd, words, i));
		EXPECT_EQ(EINVAL, errno);
	}
	have_events(_metadata, self, 2);
	for (i = 1; i < 4; i++) {
		EXPECT_EQ(-1, read(self->fd, words, i));
		EXPECT_EQ(EINVAL, errno);
	}
	/* what could not be delivered is not lost */
	EXPECT_EQ(-1, read(self->fd, (void *)4096, 4));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(4, read(self->fd, words, sizeof(words)));
	EXPECT_EQ(2, words[0]);
	EXPECT_EQ(7, words[1]);
	have_events(_metadata, self, 1);
	EXPECT_EQ(4, readv(self->fd, halves, 2));
	EXPECT_EQ(1, n);
	EXPECT_EQ(-1, preadv2(self->fd, halves, 2, -1, RWF_NOWAIT));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(-1, pread(self->fd, words, 4, 0));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(-1, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(ESPIPE, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, 4096, PROT_READ, MAP_SHARED, self->fd, 0));
	EXPECT_EQ(ENODEV, errno);

	for (i = 1; i < 9; i++) {
		words[0] = 1;
		words[1] = 0;
		errno = 0;
		EXPECT_EQ(i == 4 ? 4 : -1, write(self->fd, words, i));
		EXPECT_EQ(i == 4 ? 0 : EINVAL, errno);
	}
	words[0] = 2;
	EXPECT_EQ(-1, write(self->fd, words, 4));
	EXPECT_EQ(EINVAL, errno);
	words[0] = -1;
	EXPECT_EQ(-1, write(self->fd, words, 4));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->fd, (void *)4096, 4));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, write(ro, words, 4));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(0, part_number(&self->card, self->part, "masked"));

	ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_CARD_INFO, &info));
	EXPECT_EQ(self->card.number, (int)info.number);
	EXPECT_EQ(-1, ioctl(ro, EXDMA_IOC_RESET));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, ioctl(self->fd, EXDMA_IOC_BARRIER));
	EXPECT_EQ(ENOTTY, errno);
}

static void on_signal(int signal)
{
	(void)signal;
}

TEST_F(event, a_signal)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct waiter w;

	sigaction(SIGUSR1, &action, NULL);
	start_waiter(_metadata, &w, self->fd, wait_by_read);
	pthread_kill(w.thread, SIGUSR1);
	pthread_join(w.thread, NULL);
	EXPECT_EQ(-EINTR, w.got);
	have_events(_metadata, self, 1);
	EXPECT_EQ(1, take(self->fd));
}

static void mask(struct __test_metadata *_metadata, int fd, uint32_t on)
{
	ASSERT_EQ(4, write(fd, &on, 4));
}

/* Masked means that the card does not even ask. */
TEST_F(event, masked)
{
	ASSERT_TRUE(nonblocking(self->fd, true));
	mask(_metadata, self->fd, 0);
	EXPECT_EQ(1, part_number(&self->card, self->part, "masked"));
	raise_lines(self, 1u << LINE);
	EXPECT_EQ(0, acks(self));
	lower_lines(self, 1u << LINE);
	raise_lines(self, 1u << LINE);
	EXPECT_EQ(0, acks(self));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	/* it is told when that ends, if it is still high */
	mask(_metadata, self->fd, 1);
	EXPECT_EQ(0, part_number(&self->card, self->part, "masked"));
	EXPECT_EQ(POLLIN, waited_for(self->fd));
	EXPECT_EQ(1, take(self->fd));
	lower_lines(self, 1u << LINE);
	polled(self->fd);
	have_events(_metadata, self, 1);
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(2, acks(self));
	/* who comes anew finds it unmasked */
	mask(_metadata, self->fd, 0);
	close(self->fd);
	self->fd = part_open(&self->card, self->part, O_RDWR);
	EXPECT_EQ(0, part_number(&self->card, self->part, "masked"));
	have_events(_metadata, self, 1);
	EXPECT_EQ(1, take(self->fd));
}

TEST_F(event, with_nobody_there)
{
	long long before = events(self);

	close(self->fd);
	raise_lines(self, 1u << LINE);
	EXPECT_EQ(0, acks(self));
	EXPECT_EQ(before, events(self));
	/* it is still high: that is an event for who comes */
	self->fd = part_open(&self->card, self->part, O_RDWR);
	EXPECT_EQ(1, take(self->fd));
	EXPECT_EQ(before + 1, events(self));
}

/* A line that nobody services is one event, and costs nothing. */
TEST_F(event, not_serviced)
{
	uint64_t interrupts = lab_count(self->lab, LAB_ENGINE_CARD, LAB_CARD_INTERRUPTS);
	int i;

	ASSERT_TRUE(nonblocking(self->fd, true));
	raise_lines(self, 1u << LINE);
	EXPECT_EQ(POLLIN, waited_for(self->fd));
	EXPECT_EQ(1, take(self->fd));
	for (i = 0; i < 20; i++)
		EXPECT_EQ(-EAGAIN, take(self->fd));
	let_pass_ns(300 * NS_PER_MS);
	EXPECT_EQ(0, polled(self->fd));
	EXPECT_GE(interrupts + 2, lab_count(self->lab, LAB_ENGINE_CARD, LAB_CARD_INTERRUPTS));
	EXPECT_EQ(1, acks(self));
	/* "I have serviced it", but it is high: with a level that is another one */
	mask(_metadata, self->fd, 1);
	if (self->level) {
		EXPECT_EQ(POLLIN, waited_for(self->fd));
		EXPECT_EQ(1, take(self->fd));
	}
	EXPECT_EQ(-EAGAIN, take(self->fd));
	lower_lines(self, 1u << LINE);
	polled(self->fd);
	have_events(_metadata, self, 1);
	EXPECT_EQ(1, take(self->fd));
}

/* Nobody comes back to look: the driver does, by and by. */
TEST_F(event, seen_low_by_itself)
{
	struct patience p = patience(PATIENCE_BEATS);
	long long before = events(self);

	raise_lines(self, 1u << LINE);
	ASSERT_TRUE(counted(self, before + 1));
	lower_lines(self, 1u << LINE);
	while (events(self) == before + 1 && patient(&p)) {
		raise_lines(self, 1u << LINE);
		let_pass_ns(NS_PER_MS);
		lower_lines(self, 1u << LINE);
		let_pass_ns(NS_PER_MS);
	}
	EXPECT_LT(before + 1, events(self));
}

/* --- eventfd ------------------------------------------------------------------- */

static int set_eventfd(int fd, int eventfd)
{
	struct exdma_eventfd e = { .size = sizeof(e), .fd = eventfd };

	return ioctl(fd, EXDMA_IOC_SET_EVENTFD, &e) ? -errno : 0;
}

static long long eventfd_sum(int fd, long long want)
{
	struct patience p = patience(PATIENCE_BEATS);
	uint64_t n, sum = 0;

	do {
		if (read(fd, &n, sizeof(n)) == sizeof(n))
			sum += n;
	} while (sum < (uint64_t)want && patient(&p));
	return sum;
}

TEST_F(event, eventfd)
{
	int e = eventfd(0, EFD_NONBLOCK), other = eventfd(0, EFD_NONBLOCK);
	int fd = part_open(&self->card, self->part, O_RDONLY);

	ASSERT_EQ(0, set_eventfd(self->fd, e));
	ASSERT_EQ(0, set_eventfd(fd, other));
	raise_lines(self, 1u << LINE);
	EXPECT_EQ(POLLIN, waited_for(e));
	EXPECT_EQ(1, eventfd_sum(e, 1));
	lower_lines(self, 1u << LINE);
	polled(self->fd);
	have_events(_metadata, self, 7);
	EXPECT_EQ(7, eventfd_sum(e, 7));
	EXPECT_EQ(8, eventfd_sum(other, 8));
	/* beside that, the file counts as ever */
	EXPECT_EQ(8, take(self->fd));

	/* another one in its place; none in its place */
	ASSERT_EQ(0, set_eventfd(self->fd, other));
	ASSERT_EQ(0, set_eventfd(fd, -1));
	have_events(_metadata, self, 2);
	EXPECT_EQ(2, eventfd_sum(other, 2));
	ASSERT_EQ(0, set_eventfd(self->fd, -1));
	ASSERT_EQ(0, set_eventfd(self->fd, -1));
	have_events(_metadata, self, 2);
	EXPECT_EQ(4, take(self->fd));
	EXPECT_EQ(0, polled(e));
	EXPECT_EQ(0, polled(other));
	/* its number may be closed, and the file */
	ASSERT_EQ(0, set_eventfd(self->fd, e));
	close(e);
	have_events(_metadata, self, 1);
	EXPECT_EQ(1, take(self->fd));
}

TEST_F(event, eventfd_refused)
{
	struct { struct exdma_eventfd e; uint64_t more; } a;
	int e = eventfd(0, EFD_NONBLOCK), closed = eventfd(0, 0);

	close(closed);
	ASSERT_EQ(0, set_eventfd(self->fd, e));
	EXPECT_EQ(-EBADF, set_eventfd(self->fd, closed));
	EXPECT_EQ(-EINVAL, set_eventfd(self->fd, self->fd));
	EXPECT_EQ(-EINVAL, set_eventfd(self->fd, -2));
	EXPECT_EQ(-ENOTTY, set_eventfd(node_open(&self->card, 0, CARD_NODE, O_RDWR), e));
	EXPECT_EQ(-1, ioctl(self->fd, EXDMA_IOC_SET_EVENTFD, NULL));
	EXPECT_EQ(EFAULT, errno);
	memset(&a, 0, sizeof(a));
	a.e.fd = -1;
	a.e.size = sizeof(a.e) - 1;
	EXPECT_EQ(-1, ioctl(self->fd, EXDMA_IOC_SET_EVENTFD, &a));
	EXPECT_EQ(EINVAL, errno);
	a.e.size = sizeof(a);
	a.more = 1;
	EXPECT_EQ(-1, ioctl(self->fd, EXDMA_IOC_SET_EVENTFD, &a));
	EXPECT_EQ(E2BIG, errno);
	a.e.size = sizeof(a.e);
	a.e.flags = 1;
	EXPECT_EQ(-1, ioctl(self->fd, EXDMA_IOC_SET_EVENTFD, &a));
	EXPECT_EQ(EINVAL, errno);
	a.e.flags = 0;
	a.e.reserved = 1;
	EXPECT_EQ(-1, ioctl(self->fd, EXDMA_IOC_SET_EVENTFD, &a));
	EXPECT_EQ(EINVAL, errno);
	/* none of that has changed anything */
	have_events(_metadata, self, 1);
	EXPECT_EQ(1, eventfd_sum(e, 1));
}

/* --- many, fast, together --------------------------------------------------------- */

/* One by one, each of them read; none is lost and none is counted twice. */
TEST_F_TIMEOUT(event, many, 3600)
{
	const unsigned int n = test_amount(MANY);
	long long before = events(self), got;
	uint64_t begin = now_ns();
	unsigned int i;

	for (i = 0; i < n; i++) {
		raise_lines(self, 1u << LINE);
		got = take(self->fd);
		ASSERT_EQ(1, got) TH_LOG("event %u", i);
		lower_lines(self, 1u << LINE);
		if (self->level)
			polled(self->fd);
	}
	TH_LOG("%u events in %llu ms", n, (now_ns() - begin) / NS_PER_MS + 0ull);
	EXPECT_EQ(before + n, events(self));
	EXPECT_EQ(n, acks(self));
	ASSERT_TRUE(nonblocking(self->fd, true));
	EXPECT_EQ(-EAGAIN, take(self->fd));
}

TEST_F_TIMEOUT(event, two_lines, 600)
{
	int other = part_open(&self->card, "event9", O_RDWR);
	const uint32_t lines = 1u << LINE | 1u << 9;
	int i;

	for (i = 0; i < 2000; i++) {
		raise_lines(self, lines);
		ASSERT_EQ(1, take(i % 2 ? self->fd : other));
		ASSERT_EQ(1, take(i % 2 ? other : self->fd));
		lower_lines(self, lines);
		polled(self->fd);
		polled(other);
	}
	EXPECT_EQ(2 * 2000, acks(self));
	ASSERT_TRUE(nonblocking(self->fd, true) && nonblocking(other, true));
	EXPECT_EQ(-EAGAIN, take(self->fd));
	EXPECT_EQ(-EAGAIN, take(other));
}

/* A line that goes mad: it is kept down, all else goes on, and then it works. */
TEST_F(event, storm)
{
	const long long limit = 200;
	long long before = events(self), throttled, got;
	uint64_t begin = now_ns(), took, most;
	struct patience long_enough = patience(SOON_BEATS / 2);
	uint8_t *buf = memory(64 * KIB);
	int card = node_open(&self->card, 0, CARD_NODE, O_RDWR), i;
	unsigned int transfers = 0;

	throttled = part_number(&self->card, self->part, "throttled");
	ASSERT_EQ(0, param_put("event_limit", "200"));
	do {
		for (i = 0; i < 50; i++) {
			raise_lines(self, 1u << LINE);
			lower_lines(self, 1u << LINE);
			polled(self->fd);
		}
		ASSERT_EQ(64 * KIB, pread(card, buf, 64 * KIB, 0));
		transfers++;
	} while (patient(&long_enough));
	took = now_ns() - begin;
	got = events(self) - before;
	TH_LOG("%lld of %u events in %llu ms, %u transfers", got, transfers * 50,
	       took / NS_PER_MS + 0ull, transfers);
	/*
	 * What is allowed in a slice of 10 ms, and the one that was too many. The driver
	 * has its slices by the same clock: a slow machine has more of them in the time
	 * that it took.
	 */
	most = (took / (10 * NS_PER_MS) + 2) * (limit / 100 + 1);
	EXPECT_GE(most, (uint64_t)got);
	EXPECT_LT(0, got);
	EXPECT_LT(throttled, part_number(&self->card, self->part, "throttled"));

	/* by and by it is let through again */
	ASSERT_EQ(0, param_put("event_limit", "0"));
	throttled = part_number(&self->card, self->part, "throttled");
	ASSERT_TRUE(nonblocking(self->fd, true));
	raise_lines(self, 1u << LINE);
	EXPECT_EQ(POLLIN, waited_for(self->fd));
	lower_lines(self, 1u << LINE);
	/* and without a limit, nothing is held back */
	for (i = 0; i < 500; i++) {
		raise_lines(self, 1u << LINE);
		lower_lines(self, 1u << LINE);
		polled(self->fd);
	}
	EXPECT_EQ(throttled, part_number(&self->card, self->part, "throttled"));
}

/* A file that is closed while its line is kept down: the next one hears of it. */
TEST_F(event, closed_in_a_storm)
{
	long long throttled;
	int round, i;

	ASSERT_EQ(0, param_put("event_limit", "100"));
	for (round = 0; round < 20; round++) {
		throttled = part_number(&self->card, self->part, "throttled");
		for (i = 0; i < 1000; i++) {
			raise_lines(self, 1u << LINE);
			lower_lines(self, 1u << LINE);
			polled(self->fd);
			if (part_number(&self->card, self->part, "throttled") != throttled)
				break;
		}
		close(self->fd);
		/* beyond the slice, and what looks after it */
		let_pass_ns((15 + round) * NS_PER_MS);
		self->fd = part_open(&self->card, self->part, O_RDWR);
		ASSERT_LE(0, self->fd);
		raise_lines(self, 1u << LINE);
		EXPECT_EQ(POLLIN, waited_for(self->fd)) TH_LOG("round %d", round);
		lower_lines(self, 1u << LINE);
	}
}

/* --- a card that is reset, unbound ------------------------------------------------- */

/* The lines are down after it, and enabled as before. */
TEST_F(event, reset)
{
	struct waiter w;
	int masked = part_open(&self->card, "event5", O_RDWR | O_NONBLOCK), i;

	mask(_metadata, masked, 0);
	for (i = 0; i < 3; i++) {
		have_events(_metadata, self, 1);
		start_waiter(_metadata, &w, part_open(&self->card, self->part, O_RDONLY),
			     wait_by_read);
		ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_RESET));
		raise_lines(self, 1u << LINE | 1u << 5);
		pthread_join(w.thread, NULL);
		EXPECT_EQ(1, w.got);
		lower_lines(self, 1u << LINE | 1u << 5);
		polled(self->fd);
		/* what was counted before is still there */
		EXPECT_EQ(2, take(self->fd));
		EXPECT_EQ(-EAGAIN, take(masked));
		close(w.fd);
	}
	mask(_metadata, masked, 1);
	raise_lines(self, 1u << 5);
	EXPECT_EQ(POLLIN, waited_for(masked));
}

/* A line that was not serviced when the reset came does not stay mute. */
TEST_F(event, reset_before_it_was_serviced)
{
	raise_lines(self, 1u << LINE);
	EXPECT_EQ(1, take(self->fd));
	ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_RESET));
	polled(self->fd);
	have_events(_metadata, self, 2);
	EXPECT_EQ(2, take(self->fd));
}

#define EXPECT_GONE(call) do {			\
	errno = 0;				\
	EXPECT_EQ(-1, (call));			\
	EXPECT_EQ(ENODEV, errno);		\
} while (0)

TEST_F(event, unbound)
{
	struct exdma_card_info info = { .size = sizeof(info) };
	int e = eventfd(0, EFD_NONBLOCK), i, fd;
	uint32_t word = 1;
	struct waiter w[4];
	struct card new;

	ASSERT_EQ(0, set_eventfd(self->fd, e));
	for (i = 0; i < 4; i++)
		start_waiter(_metadata, &w[i], part_open(&self->card, self->part, O_RDONLY),
			     i % 2 ? wait_by_poll : wait_by_read);
	ASSERT_EQ(0, card_unbind(&self->card));
	for (i = 0; i < 4; i++) {
		pthread_join(w[i].thread, NULL);
		EXPECT_EQ(i % 2 ? POLLHUP | POLLERR : -ENODEV, w[i].got);
	}
	EXPECT_GONE(read(self->fd, &word, 4));
	EXPECT_GONE(read(self->fd, &word, 1));
	EXPECT_GONE(write(self->fd, &word, 4));
	EXPECT_GONE(ioctl(self->fd, EXDMA_IOC_CARD_INFO, &info));
	EXPECT_EQ(-ENODEV, set_eventfd(self->fd, e));
	EXPECT_EQ(POLLHUP | POLLERR, polled(self->fd));
	EXPECT_EQ(0, polled(e));

	ASSERT_EQ(0, card_bind(&self->card));
	ASSERT_TRUE(card_at(&new, self->card.bdf));
	fd = part_open(&new, self->part, O_RDWR);
	ASSERT_LE(0, fd);
	raise_lines(self, 1u << LINE);
	EXPECT_EQ(1, take(fd));
	EXPECT_EQ(POLLHUP | POLLERR, polled(self->fd));
}

/* Everybody at once: files that come and go, masks, lines, resets. */
struct user {
	pthread_t thread;
	const struct card *card;
	const char *part;
	uint64_t seed;
	volatile bool stop;
	unsigned int rounds;
	int err;
};

static void *use(void *arg)
{
	struct user *u = arg;
	struct random random = { .state = u->seed };
	struct pollfd p = { .events = POLLIN };
	uint32_t word;
	int fd, i;

	while (!u->stop && !u->err) {
		fd = part_open(u->card, u->part, O_RDWR | O_NONBLOCK);
		p.fd = fd;
		for (i = 0; i < 10 && fd >= 0; i++) {
			word = random_below(&random, 2);
			if (read(fd, &word, 4) < 0 && errno != EAGAIN)
				u->err = errno;
			poll_briefly(&p, 1);
			if (random_below(&random, 4) == 0 && write(fd, &word, 3) != -1)
				u->err = EPROTO;
			word = random_below(&random, 2);
			if (random_below(&random, 3) == 0 && write(fd, &word, 4) != 4)
				u->err = errno;
		}
		if (fd < 0)
			u->err = errno;
		close(fd);
		u->rounds++;
	}
	return NULL;
}

TEST_F_TIMEOUT(event, all_at_once, 600)
{
	static const char * const parts[] = { "event3", "event3", "event9", "event15" };
	struct random random = { .state = random_seed() };
	struct user u[4];
	int i;

	for (i = 0; i < 4; i++) {
		u[i] = (struct user) {
			.card = &self->card, .part = parts[i], .seed = random_next(&random),
		};
		ASSERT_EQ(0, pthread_create(&u[i].thread, NULL, use, &u[i]));
	}
	for (i = 0; i < (int)test_amount(2000); i++) {
		if (i % 400 == 0)
			ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_RESET));
		raise_lines(self, random_next(&random) & 0xffff);
		lower_lines(self, random_next(&random) & 0xffff);
	}
	for (i = 0; i < 4; i++)
		u[i].stop = true;
	for (i = 0; i < 4; i++) {
		pthread_join(u[i].thread, NULL);
		EXPECT_EQ(0, u[i].err) TH_LOG("errno %d", u[i].err);
		EXPECT_LT(0, u[i].rounds);
	}
	/* and it works */
	lower_lines(self, 0xffff);
	mask(_metadata, self->fd, 1);
	polled(self->fd);
	ASSERT_TRUE(nonblocking(self->fd, true));
	take(self->fd);
	have_events(_metadata, self, 3);
	EXPECT_EQ(3, take(self->fd));
}

TEST_HARNESS_MAIN
