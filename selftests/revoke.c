// SPDX-License-Identifier: GPL-2.0-only
/*
 * What becomes of windows and their mappings when the card is reset, unbound or
 * removed, and of those who are at one of them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"

#define PAGE		4096ul
#define RESETS		10
#define TRIES		10

FIXTURE(revoke) {
	struct card card;
	volatile uint32_t *map;
	int fd;
};

FIXTURE_SETUP(revoke)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->fd = part_open(&self->card, "user", O_RDWR);
	if (self->fd < 0)
		SKIP(return, "this card has no user BAR");
	self->map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->map);
	if (self->map[LAB_ID / 4] != LAB_ID_VALUE)
		SKIP(return, "this card has no lab block");
}

/* Whatever a test leaves, the next one finds the card bound, by its old name. */
FIXTURE_TEARDOWN_PARENT(revoke)
{
	struct card now;

	if (!card_at(&now, self->card.bdf)) {
		put_text("/sys/bus/pci/rescan", "1");
		card_bind(&self->card);
	} else if (now.number != self->card.number) {
		/* nobody has a file of the old one any more */
		card_unbind(&self->card);
		card_bind(&self->card);
	}
}

/* Somebody who looks at the card again and again, in one of three ways. */
enum way { BY_MAP, BY_READ, BY_NOWAIT };

struct looker {
	pthread_t thread;
	enum way way;
	int fd;
	volatile uint32_t *map;
	volatile bool stop;
	volatile unsigned int looks;
	unsigned int wrong, refused;
	volatile uint64_t longest_ns;
	volatile pid_t tid;
	int end;		/* signal or errno */
};

static void *look(void *arg)
{
	struct looker *l = arg;
	uint64_t begin, took;
	uint32_t id;

	l->tid = gettid();
	while (!l->stop && !l->end) {
		struct iovec iov = { &id, 4 };

		id = LAB_ID_VALUE;
		begin = now_ns();
		if (l->way == BY_MAP) {
			id = 0;
			l->end = touch(&l->map[LAB_ID / 4], &id);
		} else if (preadv2(l->fd, &iov, 1, LAB_ID,
				   l->way == BY_NOWAIT ? RWF_NOWAIT : 0) != 4) {
			id = LAB_ID_VALUE;
			if (l->way == BY_NOWAIT && errno == EAGAIN)
				l->refused++;
			else
				l->end = errno;
		}
		took = now_ns() - begin;
		if (took > l->longest_ns)
			l->longest_ns = took;
		if (!l->end && id != LAB_ID_VALUE)
			l->wrong++;
		l->looks++;
	}
	return NULL;
}

static void start_lookers(struct __test_metadata *_metadata, FIXTURE_DATA(revoke) *self,
			  struct looker *l, int n)
{
	int i;

	for (i = 0; i < n; i++) {
		l[i] = (struct looker) { .way = i % 3, .fd = self->fd, .map = self->map };
		ASSERT_EQ(0, pthread_create(&l[i].thread, NULL, look, &l[i]));
	}
	for (i = 0; i < n; i++)
		while (!l[i].looks)
			sched_yield();
}

static void join_lookers(struct looker *l, int n, bool stop)
{
	int i;

	for (i = 0; i < n; i++)
		l[i].stop = stop;
	for (i = 0; i < n; i++)
		pthread_join(l[i].thread, NULL);
}

/*
 * Has it waited for a reset? The kernel gives the function 100 ms (PCI Express, 6.6.2),
 * a slow machine more.
 */
static bool has_waited(const struct looker *l)
{
	return lasted_at_least(l->longest_ns, 50 * NS_PER_MS);
}

/* Nobody reaches the card while it is reset: they wait, and find it again. */
TEST_F(revoke, reset)
{
	struct looker l[3];
	unsigned int before;
	int i, k;

	start_lookers(_metadata, self, l, 3);
	/* in none of which a machine that stands still may let them look */
	for (i = 0; i < 3 || (i < TRIES && !(has_waited(&l[BY_MAP]) && has_waited(&l[BY_READ]) &&
					     l[BY_NOWAIT].refused)); i++) {
		ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_RESET));
		for (k = 0; k < 3; k++) {
			before = l[k].looks;
			while (l[k].looks < before + 2 && !l[k].end)
				sched_yield();
		}
	}
	join_lookers(l, 3, true);
	for (k = 0; k < 3; k++) {
		EXPECT_EQ(0, l[k].wrong);
		EXPECT_EQ(0, l[k].end);
	}
	EXPECT_TRUE(has_waited(&l[BY_MAP]));
	EXPECT_TRUE(has_waited(&l[BY_READ]));
	EXPECT_LT(0, l[BY_NOWAIT].refused);
}

/* A reset by sysfs comes by another way into the driver. */
TEST_F(revoke, reset_by_sysfs)
{
	struct looker l[3];
	char path[96];
	int i;

	start_lookers(_metadata, self, l, 3);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", self->card.bdf);
	for (i = 0; !i || (i < TRIES && !(has_waited(&l[BY_MAP]) && has_waited(&l[BY_READ]))); i++)
		ASSERT_EQ(0, put_text(path, "1"));
	join_lookers(l, 3, true);
	EXPECT_EQ(0, l[BY_MAP].wrong + l[BY_READ].wrong + l[BY_NOWAIT].wrong);
	EXPECT_EQ(0, l[BY_MAP].end + l[BY_READ].end + l[BY_NOWAIT].end);
	EXPECT_TRUE(has_waited(&l[BY_MAP]));
	EXPECT_TRUE(has_waited(&l[BY_READ]));
}

/* While one thread waits for the card, the others have their address space. */
static void *reset_once(void *arg)
{
	return (void *)(intptr_t)ioctl(*(int *)arg, EXDMA_IOC_RESET);
}

TEST_F(revoke, memory_during_a_reset)
{
	unsigned int looks = 0, maps = 0, most = 0;
	pthread_t resetter;
	struct looker l;
	void *p, *ret;
	int i;

	start_lookers(_metadata, self, &l, 1);
	for (i = 0; i < 5 || (i < TRIES && most <= 10); i++) {
		ASSERT_EQ(0, pthread_create(&resetter, NULL, reset_once, &self->fd));
		while (pthread_tryjoin_np(resetter, &ret) == EBUSY) {
			p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			munmap(p, PAGE);
			/* many changes of it, during one access that waits */
			if (l.looks != looks || !is_asleep(l.tid))
				maps = 0;
			looks = l.looks;
			if (++maps > most)
				most = maps;
		}
		EXPECT_EQ(NULL, ret);
	}
	join_lookers(&l, 1, true);
	EXPECT_TRUE(has_waited(&l));
	EXPECT_LT(10, most);
}

/* A program that waits for the card can be killed. */
TEST_F(revoke, killed_while_it_waits)
{
	pthread_t resetter;
	int status, i;
	uint32_t id;
	pid_t pid;
	void *ret;

	for (i = 0; i < 5; i++) {
		pid = fork();
		if (!pid)
			for (;;)
				touch(&self->map[LAB_ID / 4], &id);
		ASSERT_EQ(0, pthread_create(&resetter, NULL, reset_once, &self->fd));
		let_pass_ns(10 * i * NS_PER_MS);
		kill(pid, SIGKILL);
		EXPECT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		pthread_join(resetter, &ret);
		EXPECT_EQ(NULL, ret);
	}
}

#define EXPECT_GONE(call) do {			\
	errno = 0;				\
	EXPECT_EQ(-1, (call));			\
	EXPECT_EQ(ENODEV, errno);		\
} while (0)

/* What is left of a window. */
static void expect_gone(struct __test_metadata *_metadata, int fd, volatile uint32_t *map)
{
	struct exdma_card_info info = { .size = sizeof(info) };
	struct pollfd p = { .fd = fd };
	uint32_t word = 0;

	EXPECT_EQ(SIGBUS, touch(map, &word));
	EXPECT_EQ(SIGBUS, touch(map + PAGE / 4, &word));
	EXPECT_GONE(pread(fd, &word, 4, LAB_ID));
	EXPECT_GONE(pwrite(fd, &word, 4, LAB_SCRATCH));
	EXPECT_GONE(lseek(fd, 0, SEEK_SET));
	EXPECT_GONE(ioctl(fd, EXDMA_IOC_CARD_INFO, &info));
	EXPECT_GONE(ioctl(fd, EXDMA_IOC_RESET));
	EXPECT_EQ(ENODEV, map_error(fd, PAGE, PROT_READ, MAP_SHARED, 0));
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLHUP | POLLERR, p.revents);
}

static void bind_again(struct __test_metadata *_metadata, FIXTURE_DATA(revoke) *self)
{
	struct card new;
	uint32_t id;
	int fd;

	ASSERT_EQ(0, card_bind(&self->card));
	ASSERT_TRUE(card_at(&new, self->card.bdf));
	fd = part_open(&new, "user", O_RDWR);
	ASSERT_LE(0, fd);
	EXPECT_EQ(4, pread(fd, &id, 4, LAB_ID));
	EXPECT_EQ(LAB_ID_VALUE, id);
	close(fd);
}

/* Through whichever name a file was opened, and in whichever process it is mapped. */
TEST_F(revoke, unbound)
{
	const char *alias = "/dev/exdma-test-alias";
	struct stat st;
	volatile uint32_t *map;
	int fd, status;
	uint32_t id;
	int pipes[2];
	pid_t pid;

	ASSERT_EQ(0, fstat(self->fd, &st));
	unlink(alias);
	ASSERT_EQ(0, mknod(alias, S_IFCHR | 0600, st.st_rdev));
	fd = open(alias, O_RDWR);
	unlink(alias);
	ASSERT_LE(0, fd);
	map = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, (void *)map);
	EXPECT_EQ(0, touch(&map[LAB_ID / 4], &id));
	EXPECT_EQ(LAB_ID_VALUE, id);
	EXPECT_EQ(0, touch(&self->map[LAB_ID / 4], &id));

	ASSERT_EQ(0, pipe(pipes));
	pid = fork();
	if (!pid) {
		touch(&map[LAB_ID / 4], &id);
		/* told when the card is gone */
		if (read(pipes[0], &id, 1) != 1)
			_exit(1);
		_exit(touch(&map[LAB_ID / 4], &id) == SIGBUS ? 0 : 2);
	}
	ASSERT_EQ(0, card_unbind(&self->card));
	expect_gone(_metadata, fd, map);
	expect_gone(_metadata, self->fd, self->map);
	ASSERT_EQ(1, write(pipes[1], "", 1));
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);

	/* the next card does not show in what is left of this one */
	bind_again(_metadata, self);
	expect_gone(_metadata, fd, map);
	expect_gone(_metadata, self->fd, self->map);
}

TEST_F(revoke, unbound_under_load)
{
	struct looker l[6];
	int k;

	start_lookers(_metadata, self, l, 6);
	ASSERT_EQ(0, card_unbind(&self->card));
	join_lookers(l, 6, false);
	for (k = 0; k < 6; k++) {
		EXPECT_EQ(0, l[k].wrong);
		EXPECT_EQ(l[k].way == BY_MAP ? SIGBUS : ENODEV, l[k].end);
	}
	expect_gone(_metadata, self->fd, self->map);
	bind_again(_metadata, self);
}

TEST_F(revoke, removed)
{
	struct looker l[3];
	char path[96];
	struct card new;
	int k;

	start_lookers(_metadata, self, l, 3);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/remove", self->card.bdf);
	ASSERT_EQ(0, put_text(path, "1"));
	join_lookers(l, 3, false);
	for (k = 0; k < 3; k++) {
		EXPECT_EQ(0, l[k].wrong);
		EXPECT_EQ(l[k].way == BY_MAP ? SIGBUS : ENODEV, l[k].end);
	}
	expect_gone(_metadata, self->fd, self->map);
	ASSERT_EQ(0, put_text("/sys/bus/pci/rescan", "1"));
	EXPECT_TRUE(card_at(&new, self->card.bdf));
}

/* Everybody at once: looks, words of one's own, new mappings, resets. */
struct writer {
	pthread_t thread;
	int fd, index;
	volatile bool stop;
	unsigned int rounds, wrong;
	int err;
};

static void *write_words(void *arg)
{
	struct writer *w = arg;
	off_t at = LAB_RAM + w->index * 64;
	uint32_t words[4], back[4];
	volatile uint32_t *map;
	int i;

	while (!w->stop && !w->err) {
		for (i = 0; i < 4; i++)
			words[i] = w->rounds * 4 + i + 1;
		map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd, 0);
		if ((void *)map == MAP_FAILED || pwrite(w->fd, words, 16, at) != 16 ||
		    pread(w->fd, back, 16, at) != 16) {
			w->err = errno ?: EIO;
			break;
		}
		/* what a reset in between has cleared is 0 */
		for (i = 0; i < 4; i++)
			if ((back[i] != words[i] && back[i]) ||
			    (map[at / 4 + i] != words[i] && map[at / 4 + i]))
				w->wrong++;
		map[at / 4] = ~0u;
		munmap((void *)map, 2 * PAGE);
		w->rounds++;
	}
	return NULL;
}

TEST_F_TIMEOUT(revoke, all_at_once, 600)
{
	struct looker l[6];
	struct writer w[3];
	int i;

	start_lookers(_metadata, self, l, 6);
	for (i = 0; i < 3; i++) {
		w[i] = (struct writer) { .fd = self->fd, .index = i };
		ASSERT_EQ(0, pthread_create(&w[i].thread, NULL, write_words, &w[i]));
	}
	for (i = 0; i < (int)test_amount(RESETS); i++)
		ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_RESET));
	join_lookers(l, 6, true);
	for (i = 0; i < 3; i++)
		w[i].stop = true;
	for (i = 0; i < 3; i++) {
		pthread_join(w[i].thread, NULL);
		EXPECT_EQ(0, w[i].wrong);
		EXPECT_EQ(0, w[i].err);
		EXPECT_LT(0, w[i].rounds);
	}
	for (i = 0; i < 6; i++) {
		EXPECT_EQ(0, l[i].wrong);
		EXPECT_EQ(0, l[i].end);
	}
}

TEST_HARNESS_MAIN
