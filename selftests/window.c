// SPDX-License-Identifier: GPL-2.0-only
/*
 * Windows: the BARs as files. Every boundary of every window by read, write and
 * mmap; which accesses the card sees.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"

#define PAGE		4096ul
#define WORD		4ul

/* Registers of the DMA BAR that mean no harm */
#define IRQ_ID		0x2000
#define CONFIG_ID	0x3000
#define CONFIG_SIZES	0x3040	/* two words, bits 2:0 can be written */

/* --- boundaries, of each window -------------------------------------------- */

FIXTURE(bounds) {
	struct card card;
	uint8_t *buf;
	uint64_t bytes;
	int fd;
};

FIXTURE_VARIANT(bounds) {
	const char *part;
	bool memory;		/* keeps what is written anywhere */
	bool privileged;
};

FIXTURE_VARIANT_ADD(bounds, user) { .part = "user" };
FIXTURE_VARIANT_ADD(bounds, bypass) { .part = "bypass", .memory = true };
FIXTURE_VARIANT_ADD(bounds, control) { .part = "control", .privileged = true };

FIXTURE_SETUP(bounds)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->bytes = part_number(&self->card, variant->part, "bytes");
	if (self->bytes == (uint64_t)-1)
		SKIP(return, "this card has no such BAR: --card ...,bypass=1M");
	self->buf = memory(32 * PAGE);
	ASSERT_NE(NULL, self->buf);
	self->fd = part_open(&self->card, variant->part, O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(bounds)
{
}

/* As the manual says: what a call must return, or -errno. */
static ssize_t expected(uint64_t bytes, uint64_t offset, uint64_t count, bool writes)
{
	if ((int64_t)offset < 0 || offset + count > LLONG_MAX)
		return -EINVAL;
	if ((offset | count) % WORD)
		return -EINVAL;
	if (offset >= bytes)
		return writes ? -ENOSPC : 0;
	return count < bytes - offset ? count : bytes - offset;
}

TEST_F(bounds, calls)
{
	const uint64_t end = self->bytes;
	const uint64_t offsets[] = {
		0, 1, 2, 3, 4, 6, 0x1000, end - 260, end - 256, end - 8, end - 5, end - 4,
		end - 2, end - 1, end, end + 1, end + 4, 2 * end, (1ull << 31) - 4,
		1ull << 31, (1ull << 32) - 4, 1ull << 32, (1ull << 32) + 4,
		(1ull << 32) + end - 4, (1ull << 62), LLONG_MAX - 7, LLONG_MAX - 3,
		LLONG_MAX, 1ull << 63, ULLONG_MAX - 3, ULLONG_MAX,
	};
	const uint64_t counts[] = { 1, 2, 3, 4, 5, 6, 8, 252, 256, 260, 264, 4096, 4098 };
	unsigned int i, k;
	ssize_t want, got;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		for (k = 0; k < ARRAY_SIZE(counts); k++) {
			want = expected(end, offsets[i], counts[k], false);
			memset(self->buf, POISON, 2 * PAGE);
			errno = 0;
			got = result(pread(self->fd, self->buf, counts[k], offsets[i]));
			EXPECT_EQ(want, got) {
				TH_LOG("read of %llu at 0x%llx", counts[k] + 0ull,
				       offsets[i] + 0ull);
			}
			if (got < 0)
				got = 0;
			EXPECT_TRUE(bytes_are(self->buf + got, 2 * PAGE - got, POISON));

			want = expected(end, offsets[i], counts[k], true);
			if (want > 0 && !variant->memory)
				continue;
			got = result(pwrite(self->fd, self->buf, counts[k], offsets[i]));
			EXPECT_EQ(want, got) {
				TH_LOG("write of %llu at 0x%llx", counts[k] + 0ull,
				       offsets[i] + 0ull);
			}
		}
		/* nothing asked for, nothing done */
		if ((int64_t)offsets[i] >= 0)
			EXPECT_EQ(0, pread(self->fd, self->buf, 0, offsets[i]));
	}
}

/* All of it in one call, and a call that asks for more than there is. */
TEST_F(bounds, calls_that_are_long)
{
	size_t len = self->bytes < 32 * PAGE ? self->bytes : 32 * PAGE;
	uint64_t off = self->bytes - len;
	volatile size_t most = SIZE_MAX;	/* not for the compiler to see */

	EXPECT_EQ(len, pread(self->fd, self->buf, len, off));
	/* longer than what the kernel takes in one call: cut by it */
	EXPECT_EQ(8, pread(self->fd, self->buf, INT_MAX & ~3, self->bytes - 8));
	errno = 0;
	EXPECT_EQ(-1, pread(self->fd, self->buf, most, 0));
	EXPECT_TRUE(errno == EINVAL || errno == EFAULT);
	EXPECT_EQ(-1, pread(self->fd, self->buf, most / 2, 4));
	EXPECT_TRUE(errno == EINVAL || errno == EFAULT);
}

TEST_F(bounds, position)
{
	const off_t end = self->bytes;

	EXPECT_EQ(end, lseek(self->fd, 0, SEEK_END));
	EXPECT_EQ(0, read(self->fd, self->buf, 8));
	EXPECT_EQ(end - 8, lseek(self->fd, -8, SEEK_CUR));
	EXPECT_EQ(4, read(self->fd, self->buf, 4));
	EXPECT_EQ(end - 4, lseek(self->fd, 0, SEEK_CUR));
	/* across the end: short, and then there */
	EXPECT_EQ(4, read(self->fd, self->buf, 16));
	EXPECT_EQ(end, lseek(self->fd, 0, SEEK_CUR));
	errno = 0;
	EXPECT_EQ(-1, write(self->fd, self->buf, 4));
	EXPECT_EQ(ENOSPC, errno);
	EXPECT_EQ(-1, lseek(self->fd, -1, SEEK_SET));
	EXPECT_EQ(EINVAL, errno);
	/* a refused call does not move it */
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_SET));
	EXPECT_EQ(-1, read(self->fd, self->buf, 6));
	EXPECT_EQ(0, lseek(self->fd, 0, SEEK_CUR));
}

TEST_F(bounds, mappings)
{
	const uint64_t end = self->bytes;
	const struct { uint64_t len, offset; } maps[] = {
		/* these fit */
		{ PAGE, 0 }, { end, 0 }, { PAGE, end - PAGE }, { end - PAGE, PAGE }, { 1, 0 },
		{ 1, end - PAGE },
		/* these do not */
		{ end + 1, 0 }, { end + PAGE, 0 }, { end, PAGE }, { PAGE + 1, end - PAGE },
		{ 2 * PAGE, end - PAGE }, { PAGE, end }, { 1, end }, { PAGE, end + PAGE },
		{ PAGE, 1ull << 32 }, { end, 1ull << 32 }, { PAGE, (1ull << 32) - PAGE },
		{ PAGE, 1ull << 44 }, { PAGE, 1ull << 62 }, { PAGE, (1ull << 63) - PAGE },
		{ PAGE, 1ull << 63 }, { 2 * PAGE, (1ull << 63) - PAGE },
		{ PAGE, -PAGE }, { 2 * PAGE, -PAGE }, { end, -PAGE }, { end + PAGE, -PAGE },
		{ PAGE, -end }, { 2 * end, -end }, { 1ull << 40, 0 }, { 1ull << 46, 0 },
		{ SIZE_MAX, 0 }, { SIZE_MAX - PAGE, 2 * PAGE }, { 1ull << 63, 0 },
	};
	const unsigned int fit = 6;
	volatile uint32_t *p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(maps); i++) {
		p = mmap(NULL, maps[i].len, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd,
			 maps[i].offset);
		EXPECT_EQ(i < fit, (void *)p != MAP_FAILED) {
			TH_LOG("0x%llx bytes at 0x%llx", maps[i].len + 0ull,
			       maps[i].offset + 0ull);
		}
		if ((void *)p == MAP_FAILED) {
			EXPECT_TRUE(errno == EINVAL || errno == EOVERFLOW || errno == ENOMEM);
			continue;
		}
		/* its first and last word are those of the file */
		(void)p[0];
		EXPECT_EQ(4, pread(self->fd, self->buf, 4,
				   maps[i].offset + ((maps[i].len - 1) & ~3ull)));
		EXPECT_EQ(*(uint32_t *)self->buf, p[(maps[i].len - 1) / 4]);
		munmap((void *)p, maps[i].len);
	}
	/* and cannot be made longer */
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->fd, end - PAGE);
	ASSERT_NE(MAP_FAILED, (void *)p);
	EXPECT_EQ(MAP_FAILED, mremap((void *)p, PAGE, 2 * PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(MAP_FAILED, mremap((void *)p, 0, PAGE, MREMAP_MAYMOVE));
	(void)p[0];
}

TEST_F(bounds, mappings_and_modes)
{
	int ro = part_open(&self->card, variant->part, O_RDONLY);
	int wo = part_open(&self->card, variant->part, O_WRONLY);
	const int both = PROT_READ | PROT_WRITE;
	void *p;

	EXPECT_EQ(EINVAL, map_error(self->fd, PAGE, both, MAP_PRIVATE, 0));
	EXPECT_EQ(EINVAL, map_error(self->fd, PAGE, PROT_READ, MAP_PRIVATE, 0));
	EXPECT_EQ(EINVAL, map_error(ro, PAGE, both, MAP_PRIVATE, 0));
	EXPECT_EQ(EACCES, map_error(ro, PAGE, both, MAP_SHARED, 0));
	EXPECT_EQ(EACCES, map_error(ro, PAGE, PROT_WRITE, MAP_SHARED, 0));
	EXPECT_EQ(EACCES, map_error(wo, PAGE, PROT_READ, MAP_SHARED, 0));
	EXPECT_EQ(EACCES, map_error(wo, PAGE, PROT_WRITE, MAP_SHARED, 0));
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);
	ASSERT_NE(MAP_FAILED, p);
	EXPECT_EQ(-1, mprotect(p, PAGE, both));
	EXPECT_EQ(EACCES, errno);
	(void)*(volatile uint32_t *)p;
	errno = 0;
	EXPECT_EQ(-1, pwrite(ro, self->buf, 4, 0));
	EXPECT_EQ(EBADF, errno);
	EXPECT_EQ(-1, pread(wo, self->buf, 4, 0));
	EXPECT_EQ(EBADF, errno);
}

/* What the kernel must know of such memory: not to be dumped, extended, pinned. */
TEST_F(bounds, mapping_flags)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	static const char * const flags[] = { " io", " pf", " de", " dd", " sh" };
	char line[256], begin[32], name[64];
	bool here = false, found = false;
	unsigned int i;
	FILE *maps = fopen("/proc/self/smaps", "r");

	ASSERT_NE(MAP_FAILED, p);
	ASSERT_NE(NULL, maps);
	snprintf(begin, sizeof(begin), "%lx-", (unsigned long)p);
	snprintf(name, sizeof(name), "_%s\n", variant->part);
	while (!found && fgets(line, sizeof(line), maps)) {
		if (!strncmp(line, begin, strlen(begin))) {
			here = true;
			EXPECT_NE(NULL, strstr(line, name)) TH_LOG("%s", line);
		}
		found = here && !strncmp(line, "VmFlags:", 8);
	}
	fclose(maps);
	if (!found)
		SKIP(return, "no VmFlags in smaps");
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		EXPECT_NE(NULL, strstr(line, flags[i])) TH_LOG("%u: %s", i, line);
}

/* The whole thread's effective set, without one of them. */
TEST_F(bounds, without_the_capability)
{
	int fd;

	ASSERT_TRUE(drop_capability(CAP_SYS_RAWIO));
	errno = 0;
	fd = part_open(&self->card, variant->part, O_RDONLY);
	if (variant->privileged) {
		EXPECT_EQ(-1, fd);
		EXPECT_EQ(EPERM, errno);
	} else {
		EXPECT_LE(0, fd);
	}
}

TEST_F(bounds, of_the_card)
{
	struct exdma_card_info info = { .size = sizeof(info) };
	struct exdma_channel_info channel = { .size = sizeof(channel) };
	struct pollfd p = { .fd = self->fd, .events = POLLIN | POLLOUT };

	ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_CARD_INFO, &info));
	EXPECT_EQ(self->card.number, (int)info.number);
	EXPECT_EQ(0, strcmp(self->card.bdf, info.bus_id));
	errno = 0;
	EXPECT_EQ(-1, ioctl(self->fd, EXDMA_IOC_CHANNEL_INFO, &channel));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(self->fd, EXDMA_IOC_BARRIER));
	EXPECT_EQ(ENOTTY, errno);
	EXPECT_EQ(-1, ioctl(self->fd, EXDMA_IOC_CARD_INFO, NULL));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLIN | POLLOUT, p.revents);
	EXPECT_EQ(-1, ioctl(part_open(&self->card, variant->part, O_RDONLY),
			    EXDMA_IOC_RESET));
	EXPECT_EQ(EBADF, errno);
}

/* --- what the card sees ------------------------------------------------------ */

FIXTURE(access) {
	struct card card;
	lab_t lab;		/* not through the driver, with LAB_RAM */
	uint32_t *buf, *edge;	/* @edge: two and a half words of memory */
	int user, control;
};

/* The user BAR by another way than the driver's. */
static lab_t bar_map(const struct card *card)
{
	char path[96];
	void *regs;
	int fd;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/resource0", card->bdf);
	fd = open(path, O_RDWR | O_CLOEXEC);
	regs = mmap(NULL, LAB_RAM + LAB_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (regs == MAP_FAILED)
		return NULL;
	return ((lab_t)regs)[LAB_ID / 4] == LAB_ID_VALUE ? regs : NULL;
}

FIXTURE_SETUP(access)
{
	uint8_t *page;

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->lab = bar_map(&self->card);
	self->user = part_open(&self->card, "user", O_RDWR);
	if (!self->lab || self->user < 0)
		SKIP(return, "this card has no lab block");
	self->control = part_open(&self->card, "control", O_RDWR);
	ASSERT_LE(0, self->control);
	self->buf = memory(2 * PAGE);
	page = memory(2 * PAGE);
	ASSERT_EQ(0, mprotect(page + PAGE, PAGE, PROT_NONE));
	self->edge = (uint32_t *)(page + PAGE - 10);
}

FIXTURE_TEARDOWN(access)
{
}

static uint64_t reads(FIXTURE_DATA(access) *self)
{
	return lab_count(self->lab, LAB_ENGINE_CARD, LAB_CARD_READS);
}

static uint64_t writes(FIXTURE_DATA(access) *self)
{
	return lab_count(self->lab, LAB_ENGINE_CARD, LAB_CARD_WRITES);
}

TEST_F(access, words)
{
	const unsigned int n = LAB_RAM_SIZE / 4;
	struct random random = { .state = random_seed() };
	uint32_t *back = self->buf + n;
	volatile uint32_t *map;
	unsigned int i;

	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->user, LAB_RAM);
	ASSERT_NE(MAP_FAILED, (void *)map);
	for (i = 0; i < n; i++)
		self->buf[i] = random_next(&random);
	/* by write, seen from three sides */
	ASSERT_EQ(n * 4, pwrite(self->user, self->buf, n * 4, LAB_RAM));
	ASSERT_EQ(n * 4, pread(self->user, back, n * 4, LAB_RAM));
	for (i = 0; i < n; i++) {
		ASSERT_EQ(self->buf[i], self->lab[LAB_RAM / 4 + i]) TH_LOG("word %u", i);
		ASSERT_EQ(self->buf[i], map[i]) TH_LOG("word %u", i);
		ASSERT_EQ(self->buf[i], back[i]) TH_LOG("word %u", i);
	}
	/* by the mapping, and in pieces that do not fit */
	for (i = 0; i < n; i++)
		map[i] = ~self->buf[i];
	for (i = 0; i + 65 <= n; i += 65) {
		ASSERT_EQ(65 * 4, pread(self->user, back, 65 * 4, LAB_RAM + i * 4));
		ASSERT_EQ(~self->buf[i], back[0]);
		ASSERT_EQ(~self->buf[i + 64], back[64]);
	}
}

/* A command that takes what was written before it: only upwards does it work. */
TEST_F(access, order)
{
	const uint32_t block[] = { LAB_ENGINE_H2C(0), 1000, LAB_FAULT_HANG_AFTER };
	const uint32_t clear = LAB_FAULT_CLEAR_ALL;

	ASSERT_EQ(0, lab_state(self->lab, LAB_ENGINE_H2C(0)));
	self->lab[LAB_FAULT_TARGET / 4] = LAB_ENGINE_CARD;
	lab_sync(self->lab);
	ASSERT_EQ(sizeof(block), pwrite(self->user, block, sizeof(block), LAB_FAULT_TARGET));
	EXPECT_EQ(LAB_FAULT_IS_ARMED, lab_state(self->lab, LAB_ENGINE_H2C(0)));
	ASSERT_EQ(4, pwrite(self->user, &clear, 4, LAB_FAULT_CMD));
	EXPECT_EQ(0, lab_state(self->lab, LAB_ENGINE_H2C(0)));
}

/* As many accesses as words, and none that was not asked for. */
TEST_F(access, count)
{
	const unsigned int counts[] = { 1, 2, 3, 7, 63, 64, 65, 200 };
	volatile uint32_t *map;
	uint64_t r, w;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		r = reads(self);
		w = writes(self);
		ASSERT_EQ(counts[i] * 4, pread(self->control, self->buf, counts[i] * 4,
					       CONFIG_ID));
		EXPECT_EQ(r + counts[i], reads(self));
		EXPECT_EQ(w, writes(self));
	}
	EXPECT_EQ(0x1fc3, self->buf[0] >> 16);

	ASSERT_EQ(8, pread(self->control, self->buf, 8, CONFIG_SIZES));
	self->buf[0] &= 7;
	self->buf[1] &= 7;
	r = reads(self);
	w = writes(self);
	ASSERT_EQ(8, pwrite(self->control, self->buf, 8, CONFIG_SIZES));
	EXPECT_EQ(r, reads(self));
	EXPECT_EQ(w + 2, writes(self));

	/* a mapping reads what the program reads */
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->control, IRQ_ID);
	ASSERT_NE(MAP_FAILED, (void *)map);
	r = reads(self);
	EXPECT_EQ(0x1fc2, map[0] >> 16);
	EXPECT_EQ(r + 1, reads(self));

	/* refused or past the end: none */
	r = reads(self);
	w = writes(self);
	EXPECT_EQ(-1, pread(self->control, self->buf, 6, CONFIG_ID));
	EXPECT_EQ(-1, pread(self->control, self->buf, 4, CONFIG_ID + 2));
	EXPECT_EQ(0, pread(self->control, self->buf, 4, 0x10000));
	EXPECT_EQ(-1, pwrite(self->control, self->buf, 4, 0x10000));
	EXPECT_EQ(-1, pwrite(self->control, self->buf, 3, CONFIG_SIZES));
	EXPECT_EQ(r, reads(self));
	EXPECT_EQ(w, writes(self));
}

/* Memory that is not there: as far as it goes, and no register is read for nothing. */
TEST_F(access, memory_that_is_not_there)
{
	const uint32_t before[4] = { 1, 2, 3, 4 };
	void *ro = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t r, w;

	r = reads(self);
	errno = 0;
	EXPECT_EQ(-1, pread(self->control, (void *)PAGE, 16, CONFIG_ID));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, pread(self->control, ro, 16, CONFIG_ID));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(-1, pread(self->control, self->edge + 2, 4, CONFIG_ID));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(r, reads(self));
	EXPECT_EQ(8, pread(self->control, self->edge, 32, CONFIG_ID));
	EXPECT_EQ(r + 2, reads(self));

	w = writes(self);
	errno = 0;
	EXPECT_EQ(-1, pwrite(self->control, (void *)PAGE, 16, CONFIG_SIZES));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_EQ(w, writes(self));
	ASSERT_EQ(16, pwrite(self->user, before, 16, LAB_RAM));
	memset(self->edge, POISON, 10);
	EXPECT_EQ(8, pwrite(self->user, self->edge, 16, LAB_RAM));
	EXPECT_EQ(0xa5a5a5a5, self->lab[LAB_RAM / 4]);
	EXPECT_EQ(0xa5a5a5a5, self->lab[LAB_RAM / 4 + 1]);
	EXPECT_EQ(3, self->lab[LAB_RAM / 4 + 2]);
	EXPECT_EQ(4, self->lab[LAB_RAM / 4 + 3]);
}

/* Words that lie across the pieces of a vector, at odd addresses. */
TEST_F(access, vectors)
{
	uint8_t from[17], to[17];
	struct iovec in[] = { { from + 1, 3 }, { from + 4, 0 }, { from + 4, 6 }, { from + 10, 7 } };
	struct iovec out[] = { { to + 1, 7 }, { to + 8, 8 }, { to + 16, 1 } };
	unsigned int i;

	for (i = 0; i < sizeof(from); i++)
		from[i] = 0x10 + i;
	memset(to, POISON, sizeof(to));
	EXPECT_EQ(16, pwritev(self->user, in, 4, LAB_RAM));
	EXPECT_EQ(0x14131211, self->lab[LAB_RAM / 4]);
	EXPECT_EQ(0x201f1e1d, self->lab[LAB_RAM / 4 + 3]);
	EXPECT_EQ(16, preadv(self->user, out, 3, LAB_RAM));
	EXPECT_EQ(POISON, to[0]);
	EXPECT_EQ(0, memcmp(to + 1, from + 1, 16));
	in[3].iov_len = 6;
	errno = 0;
	EXPECT_EQ(-1, pwritev(self->user, in, 4, LAB_RAM));
	EXPECT_EQ(EINVAL, errno);
}

TEST_HARNESS_MAIN
