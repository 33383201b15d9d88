// SPDX-License-Identifier: GPL-2.0-only
/*
 * All kinds of user memory: read-only, not there, there in part, shared,
 * mapped from a file, huge, never touched, copied on write, taken away while in
 * use.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"

#define HOME	(7 * MIB)
#define PAGE	4096ul
#define HUGE	(2 * MIB)
/* Documentation/admin-guide/mm/pagemap.rst */
#define PAGEMAP_PFN	((1ull << 55) - 1)
#define KPF_DIRTY	(1ll << 4)
#ifndef __aligned
#define __aligned(bytes) __attribute__((__aligned__(bytes)))
#endif

CARD_NEEDS(GIB);

FIXTURE(memory) {
	struct card card;
	uint64_t seed;
	uint8_t *buf;		/* 2 MiB, and behind it 1 MiB that is not there */
	int in, out;
};

FIXTURE_SETUP(memory)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->buf = memory(3 * MIB);
	ASSERT_NE(NULL, self->buf);
	ASSERT_EQ(0, munmap(self->buf + 2 * MIB, MIB));
	self->in = open_in(&self->card, 1);
	self->out = open_out(&self->card, 1);
	ASSERT_LE(0, self->in);
	ASSERT_LE(0, self->out);
}

FIXTURE_TEARDOWN(memory)
{
	close(self->in);
	close(self->out);
}

#define EXPECT_FAIL(error, call) do {		\
	errno = 0;				\
	EXPECT_EQ(-1, (call));			\
	EXPECT_EQ(error, errno);		\
} while (0)

/* Does the card hold the pattern? Read into memory of the plainest kind. */
static bool card_holds(FIXTURE_DATA(memory) *self, size_t len, uint64_t addr,
		       uint64_t seed)
{
	uint8_t *plain = memory(len);
	bool right;

	memset(plain, POISON, len);
	right = read_through(self->out, plain, len, addr) == len &&
		pattern_is(plain, len, addr, seed);
	munmap(plain, len);
	return right;
}

/* To the card and back through this memory, whatever it is. */
static void through(struct __test_metadata *_metadata, FIXTURE_DATA(memory) *self,
		    uint8_t *buf, size_t len)
{
	uint64_t seed = self->seed + len, other = seed + 1;
	uint8_t *plain;

	pattern_fill(buf, len, HOME, seed);
	ASSERT_EQ(len, pwrite(self->in, buf, len, HOME));
	ASSERT_TRUE(card_holds(self, len, HOME, seed));
	plain = memory(len);
	pattern_fill(plain, len, HOME, other);
	ASSERT_EQ(len, pwrite(self->in, plain, len, HOME));
	munmap(plain, len);
	ASSERT_EQ(len, pread(self->out, buf, len, HOME));
	ASSERT_TRUE(pattern_is(buf, len, HOME, other));
}

TEST_F(memory, read_only_to_the_card)
{
	pattern_fill(self->buf, MIB, HOME, self->seed);
	ASSERT_EQ(0, mprotect(self->buf, MIB, PROT_READ));
	EXPECT_EQ(MIB, pwrite(self->in, self->buf, MIB, HOME));
	EXPECT_TRUE(card_holds(self, MIB, HOME, self->seed));
}

TEST_F(memory, read_only_from_the_card)
{
	pattern_fill(self->buf, MIB, HOME, self->seed);
	ASSERT_EQ(0, mprotect(self->buf, MIB, PROT_READ));
	EXPECT_FAIL(EFAULT, pread(self->out, self->buf, MIB, HOME));
	EXPECT_FAIL(EFAULT, pread(self->out, self->buf + 3 * self->card.align,
				  self->card.grain, HOME));
	EXPECT_TRUE(pattern_is(self->buf, MIB, HOME, self->seed));
}

/* Constants of the program itself: read-only, mapped from its file. */
TEST_F(memory, constants)
{
	static const char text[256] __aligned(256) = "constant data lies in the program's own text";

	ASSERT_EQ(sizeof(text), pwrite(self->in, text, sizeof(text), HOME));
	ASSERT_EQ(sizeof(text), pread(self->out, self->buf, sizeof(text), HOME));
	EXPECT_STREQ(text, (char *)self->buf);
	EXPECT_FAIL(EFAULT, pread(self->out, (char *)text, sizeof(text), HOME));
}

TEST_F(memory, not_there_at_all)
{
	void *const nowhere[] = {
		NULL, (void *)8, (void *)PAGE, self->buf + 2 * MIB, (void *)0x7ffffffff000,
		(void *)0xffff888000000000, (void *)-PAGE, (void *)-1,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++) {
		if ((uintptr_t)nowhere[i] % self->card.align)
			continue;
		EXPECT_FAIL(EFAULT, pwrite(self->in, nowhere[i], PAGE, HOME));
		EXPECT_FAIL(EFAULT, pread(self->out, nowhere[i], PAGE, HOME));
	}
	ASSERT_EQ(0, mprotect(self->buf, MIB, PROT_NONE));
	EXPECT_FAIL(EFAULT, pwrite(self->in, self->buf, PAGE, HOME));
	EXPECT_FAIL(EFAULT, pread(self->out, self->buf, PAGE, HOME));
}

/* Memory that ends within the buffer: a short count, up to the end and right. */
TEST_F(memory, not_there_from_the_middle_on)
{
	static const size_t there[] = {
		1, 100, PAGE, PAGE + 1, 16 * PAGE, 300000, MIB, MIB + 1, 2 * MIB,
	};
	uint8_t *start;
	unsigned int i;
	size_t len;
	ssize_t n;

	for (i = 0; i < ARRAY_SIZE(there); i++) {
		len = there[i] + (-there[i] & (self->card.grain - 1));
		start = self->buf + 2 * MIB - len;

		pattern_fill(start, len, HOME, self->seed + i);
		n = pwrite(self->in, start, len + MIB, HOME);
		EXPECT_LT(0, n);
		EXPECT_GE(len, n);
		/* What is there goes through, whatever number of calls it takes. */
		EXPECT_EQ(len, write_through(self->in, start, len + MIB, HOME));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_TRUE(card_holds(self, len, HOME, self->seed + i));

		memset(start, POISON, len);
		n = pread(self->out, start, len + MIB, HOME);
		EXPECT_LT(0, n);
		EXPECT_GE(len, n);
		EXPECT_EQ(len, read_through(self->out, start, len + MIB, HOME));
		EXPECT_EQ(EFAULT, errno);
		EXPECT_TRUE(pattern_is(start, len, HOME, self->seed + i));
	}
}

/* The same of vectors; the last byte that is written stays the last. */
TEST_F(memory, a_bad_vector_among_good_ones)
{
	struct iovec iov[] = {
		{ self->buf, 3 * PAGE }, { self->buf + MIB, PAGE },
		{ (void *)PAGE, PAGE }, { self->buf + MIB + PAGE, PAGE },
	};
	size_t first;
	ssize_t n;

	pattern_fill(self->buf, 4 * PAGE, HOME, self->seed);
	memcpy(self->buf + MIB, self->buf + 3 * PAGE, PAGE);
	n = pwritev(self->in, iov, 4, HOME);
	ASSERT_LT(0, n);
	ASSERT_GE(4 * PAGE, n);
	EXPECT_TRUE(card_holds(self, n, HOME, self->seed));

	ASSERT_EQ(4 * PAGE, pwritev(self->in, iov, 2, HOME));
	memset(self->buf, POISON, 2 * MIB);
	n = preadv(self->out, iov, 4, HOME);
	ASSERT_LT(0, n);
	ASSERT_GE(4 * PAGE, n);
	first = (size_t)n < 3 * PAGE ? (size_t)n : 3 * PAGE;
	EXPECT_TRUE(pattern_is(self->buf, first, HOME, self->seed));
	EXPECT_TRUE(bytes_are(self->buf + MIB + PAGE, PAGE, POISON));
	EXPECT_FAIL(EFAULT, pwritev(self->in, iov + 2, 2, HOME));
	EXPECT_FAIL(EFAULT, preadv(self->out, iov + 2, 2, HOME));
}

/* Device memory cannot be pinned; a few bytes of it could be copied. */
TEST_F(memory, a_bar_is_not_memory)
{
	lab_t lab = lab_map(&self->card);

	if (!lab)
		SKIP(return, "this card has no lab block to map");
	EXPECT_FAIL(EFAULT, pwrite(self->in, (void *)lab, 4 * PAGE, HOME));
	EXPECT_FAIL(EFAULT, pread(self->out, (void *)lab, 4 * PAGE, HOME));
}

TEST_F(memory, never_touched)
{
	uint8_t *fresh = memory(MIB);

	/* Memory that was never written reads as zeros, for the card too. */
	pattern_fill(self->buf, MIB, HOME, self->seed);
	ASSERT_EQ(MIB, pwrite(self->in, self->buf, MIB, HOME));
	ASSERT_EQ(MIB, pwrite(self->in, fresh, MIB, HOME));
	ASSERT_EQ(MIB, pread(self->out, self->buf, MIB, HOME));
	EXPECT_TRUE(bytes_are(self->buf, MIB, 0));
	munmap(fresh, MIB);

	/* Reading into it does not change the zeros of all others. */
	fresh = memory(MIB);
	pattern_fill(self->buf, MIB, HOME, self->seed);
	ASSERT_EQ(MIB, pwrite(self->in, self->buf, MIB, HOME));
	ASSERT_EQ(0, fresh[0] | fresh[PAGE]);	/* maps the zero page */
	ASSERT_EQ(MIB, pread(self->out, fresh, MIB, HOME));
	EXPECT_TRUE(pattern_is(fresh, MIB, HOME, self->seed));
	munmap(fresh, MIB);
	fresh = memory(MIB);
	EXPECT_TRUE(bytes_are(fresh, MIB, 0));
	munmap(fresh, MIB);
}

TEST_F(memory, shared_and_of_files)
{
	char name[] = "/tmp/exdma-memory-XXXXXX";
	int memfd = memfd_create("exdma", MFD_CLOEXEC), file = mkstemp(name);
	uint8_t *map;

	ASSERT_LE(0, memfd);
	ASSERT_LE(0, file);
	unlink(name);
	map = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, map);
	through(_metadata, self, map + 13 * self->card.align, MIB - 64 * KIB);

	ASSERT_EQ(0, ftruncate(memfd, MIB));
	map = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	ASSERT_NE(MAP_FAILED, map);
	through(_metadata, self, map, MIB);

	/* What comes through the mapping is in the file. */
	ASSERT_EQ(0, ftruncate(file, MIB));
	map = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	ASSERT_NE(MAP_FAILED, map);
	pattern_fill(self->buf, MIB, HOME, self->seed);
	ASSERT_EQ(MIB, pwrite(self->in, self->buf, MIB, HOME));
	ASSERT_EQ(MIB, pread(self->out, map, MIB, HOME));
	memset(self->buf, POISON, MIB);
	ASSERT_EQ(MIB, pread(file, self->buf, MIB, 0));
	EXPECT_TRUE(pattern_is(self->buf, MIB, HOME, self->seed));

	/* A file's private, read-only mapping goes to the card as it is. */
	map = mmap(NULL, MIB, PROT_READ, MAP_PRIVATE, file, 0);
	ASSERT_NE(MAP_FAILED, map);
	ASSERT_EQ(MIB, pwrite(self->in, map, MIB, HOME));
	EXPECT_TRUE(card_holds(self, MIB, HOME, self->seed));
	/* Behind the end of a file there is nothing, though it is mapped. */
	ASSERT_EQ(0, ftruncate(file, 3 * PAGE));
	EXPECT_EQ(3 * PAGE, write_through(self->in, map, MIB, HOME));
	EXPECT_EQ(EFAULT, errno);
	close(file);
}

/* What the kernel says of the page at an address (/proc/kpageflags), or -1. */
static long long page_flags(const void *at)
{
	int map = open("/proc/self/pagemap", O_RDONLY), flags = open("/proc/kpageflags", O_RDONLY);
	uint64_t page, value;
	long long result = -1;

	if (pread(map, &page, sizeof(page), (uintptr_t)at / PAGE * sizeof(page)) == sizeof(page) &&
	    page & PAGEMAP_PFN &&
	    pread(flags, &value, sizeof(value), (page & PAGEMAP_PFN) * sizeof(value)) ==
	    sizeof(value))
		result = value;
	close(map);
	close(flags);
	return result;
}

/*
 * A device writes to a page without setting the dirty bit of any page table entry. So the
 * driver must mark the page dirty. A clean page can be discarded when memory is short.
 */
TEST_F(memory, pages_from_the_card_are_dirty)
{
	const size_t len = 16 * PAGE;
	uint8_t *buf = memory(len);
	size_t i;

	madvise(buf, len, MADV_NOHUGEPAGE);	/* where there are any */
	memset(buf, POISON, len);
	if (page_flags(buf) < 0)
		SKIP(return, "the kernel does not tell the flags of pages");
	for (i = 0; i < len; i += PAGE) {
		ASSERT_LE(0, page_flags(buf + i));
		ASSERT_FALSE(page_flags(buf + i) & KPF_DIRTY);
	}
	ASSERT_EQ(len, pwrite(self->in, buf, len, HOME));
	for (i = 0; i < len; i += PAGE)
		EXPECT_FALSE(page_flags(buf + i) & KPF_DIRTY) TH_LOG("sent, page %zu", i / PAGE);
	ASSERT_EQ(len, pread(self->out, buf, len, HOME));
	for (i = 0; i < len; i += PAGE)
		EXPECT_TRUE(page_flags(buf + i) & KPF_DIRTY) TH_LOG("page %zu", i / PAGE);
	munmap(buf, len);
}

TEST_F(memory, transparent_huge_pages)
{
	uint8_t *area = memory(4 * HUGE), *aligned;

	aligned = area + (-(uintptr_t)area & (HUGE - 1));
	/* A kernel without them says EINVAL: then these are small pages. */
	if (madvise(aligned, 2 * HUGE, MADV_HUGEPAGE))
		ASSERT_EQ(EINVAL, errno);
	memset(aligned, 1, 2 * HUGE);
	through(_metadata, self, aligned, 2 * HUGE);
	through(_metadata, self, aligned + 77 * self->card.align, 2 * HUGE - 64 * KIB);
	munmap(area, 4 * HUGE);
}

TEST_F(memory, huge_tlb_pages)
{
	static const char path[] = "/proc/sys/vm/nr_hugepages";
	char before[32];
	uint8_t *map;

	if (!get_text(path, before, sizeof(before)) || put_text(path, "4"))
		SKIP(return, "no %s", path);
	map = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0);
	if (map == MAP_FAILED) {
		put_text(path, before);
		SKIP(return, "no huge pages to be had: errno %d", errno);
	}
	through(_metadata, self, map, 2 * HUGE);
	through(_metadata, self, map + 77 * self->card.align, 2 * HUGE - 64 * KIB);
	munmap(map, 2 * HUGE);
	put_text(path, before);
}

TEST_F(memory, the_stack)
{
	uint8_t here[10000] __aligned(4096);

	through(_metadata, self, here, 8192);
}

/* The same page many times in one call. */
TEST_F(memory, one_page_many_times)
{
	struct iovec iov[300];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(iov); i++)
		iov[i] = (struct iovec) { self->buf, PAGE };
	pattern_fill(self->buf, PAGE, 0, self->seed);
	ASSERT_EQ(300 * PAGE, pwritev(self->in, iov, 300, HOME));
	for (i = 0; i < ARRAY_SIZE(iov); i += 7) {
		memset(self->buf, POISON, PAGE);
		ASSERT_EQ(PAGE, pread(self->out, self->buf, PAGE, HOME + i * PAGE));
		ASSERT_TRUE(pattern_is(self->buf, PAGE, 0, self->seed)) TH_LOG("copy %u", i);
	}
	ASSERT_EQ(300 * PAGE, preadv(self->out, iov, 300, HOME));
	EXPECT_TRUE(pattern_is(self->buf, PAGE, 0, self->seed));
}

/* A child shares pages with its parent until one of them writes. */
TEST_F(memory, copied_on_write)
{
	int status, i;
	pid_t pid;

	for (i = 0; i < 5; i++) {
		pattern_fill(self->buf, MIB, HOME, self->seed);
		ASSERT_EQ(MIB, pwrite(self->in, self->buf, MIB, HOME));
		memset(self->buf, POISON, MIB);
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			if (pread(self->out, self->buf, MIB, HOME) != MIB)
				_exit(1);
			_exit(!pattern_is(self->buf, MIB, HOME, self->seed));
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_EQ(0, status);
		/* what the card gave the child is the child's alone */
		EXPECT_TRUE(bytes_are(self->buf, MIB, POISON));
	}
}

/* The memory is unmapped by another thread while the card works on it. */
struct victim {
	int in, out;
	uint8_t *buf;
	volatile bool begun;
	ssize_t wrote, got;
	int err;
};

static void *use(void *arg)
{
	struct victim *v = arg;

	v->begun = true;
	v->wrote = pwrite(v->in, v->buf, 8 * MIB, HOME);
	v->err = v->wrote < 0 ? errno : 0;
	v->got = pread(v->out, v->buf, 8 * MIB, HOME);
	if (v->got < 0)
		v->err = errno;
	return NULL;
}

TEST_F(memory, taken_away_while_in_use)
{
	struct random random = { self->seed };
	struct victim v = { .in = self->in, .out = self->out };
	pthread_t thread;
	int i;

	for (i = 0; i < 12; i++) {
		v.buf = memory(8 * MIB);
		memset(v.buf, i, 8 * MIB);
		v.begun = false;
		v.err = 0;
		ASSERT_EQ(0, pthread_create(&thread, NULL, use, &v));
		while (!v.begun)
			;
		/* at a random moment of the transfer */
		let_pass_ns(random_below(&random, 60 * NS_PER_MS));
		munmap(v.buf, 8 * MIB);
		pthread_join(thread, NULL);
		EXPECT_TRUE(v.err == 0 || v.err == EFAULT) TH_LOG("errno %d", v.err);
		EXPECT_NE(0, v.wrote);
		EXPECT_NE(0, v.got);
	}
	through(_metadata, self, self->buf, MIB);
}

TEST_HARNESS_MAIN
