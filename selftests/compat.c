// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs for AMD's driver, on a driver loaded with compat=xdma: they find its
 * nodes, move data the way its tools do, and ask what they ask.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"
#include "vendor.h"

#define PAGE		4096ul
#define HOME		(160 * MIB)
#define ROOM		(4 * MIB)
#define LINE		3

static bool is_on(void)
{
	char text[16] = "";

	return get_text(PARAMETER("compat"), text, sizeof(text)) && !strcmp(text, "xdma");
}

/* --- data ------------------------------------------------------------------- */

FIXTURE(mm) {
	struct card card;
	uint64_t seed;
	uint32_t beat;
	int in, out;		/* as AMD's tools open them */
	int own_in, own_out;
	uint8_t *buf, *back;
};

FIXTURE_SETUP(mm)
{
	struct exdma_channel_info info = { .size = sizeof(info) };

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	if (!is_on())
		SKIP(return, "the driver was not loaded with compat=xdma");
	if (card_streams(&self->card))
		SKIP(return, "this card has streams");
	self->seed = random_seed();
	self->in = vendor_open(&self->card, "h2c_0", O_RDWR);
	self->out = vendor_open(&self->card, "c2h_0", O_RDWR | O_NONBLOCK);
	self->own_in = open_in(&self->card, 1);
	self->own_out = open_out(&self->card, 1);
	ASSERT_LE(0, self->in);
	ASSERT_LE(0, self->out);
	ASSERT_LE(0, self->own_in);
	ASSERT_LE(0, self->own_out);
	ASSERT_EQ(0, ioctl(self->own_in, EXDMA_IOC_CHANNEL_INFO, &info));
	self->beat = info.beat;
	self->buf = memory(ROOM + PAGE);
	self->back = memory(ROOM + PAGE);
	ASSERT_NE(NULL, self->buf);
	ASSERT_NE(NULL, self->back);
}

FIXTURE_TEARDOWN(mm)
{
}

/* In pieces, each with a seek before it unless it goes to 0. */
static bool tool_moves(int fd, bool write_it, uint8_t *buf, size_t size, size_t piece,
		       off_t base)
{
	size_t done, len;
	ssize_t ret;

	for (done = 0; done < size; done += len) {
		len = size - done < piece ? size - done : piece;
		if (base + done &&
		    lseek(fd, base + done, SEEK_SET) != (off_t)(base + done))
			return false;
		ret = write_it ? write(fd, buf + done, len) : read(fd, buf + done, len);
		if (ret != (ssize_t)len)
			return false;
	}
	return true;
}

TEST_F(mm, as_the_tools_move_data)
{
	static const size_t sizes[] = { 32, PAGE, 100000, MIB, ROOM };
	const size_t offsets[] = { 0, self->card.align, 512, PAGE - self->card.align };
	size_t size;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (k = 0; k < ARRAY_SIZE(offsets); k++) {
			size = sizes[i] - sizes[i] % self->card.grain;
			pattern_fill(self->buf + offsets[k], size, HOME, ++self->seed);
			ASSERT_TRUE(tool_moves(self->in, true, self->buf + offsets[k], size,
					       300 * KIB, HOME));
			memset(self->back, POISON, ROOM + PAGE);
			ASSERT_TRUE(tool_moves(self->out, false, self->back + offsets[k], size,
					       300 * KIB, HOME));
			ASSERT_TRUE(pattern_is(self->back + offsets[k], size, HOME, self->seed));
			/* and so it is by our own node */
			memset(self->back, POISON, size);
			ASSERT_EQ(size, read_through(self->own_out, self->back, size, HOME));
			ASSERT_TRUE(pattern_is(self->back, size, HOME, self->seed));
		}
	}
}

TEST_F(mm, the_position_stays)
{
	static const size_t sizes[] = { 64, PAGE, 3 * MIB };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(HOME, lseek(self->in, HOME, SEEK_SET));
		ASSERT_EQ(HOME, lseek(self->out, HOME, SEEK_SET));
		memset(self->buf, 1, sizes[i]);
		ASSERT_EQ(sizes[i], write(self->in, self->buf, sizes[i]));
		EXPECT_EQ(HOME, lseek(self->in, 0, SEEK_CUR));
		/* a second one overwrites the first */
		pattern_fill(self->buf, sizes[i], HOME, ++self->seed);
		ASSERT_EQ(sizes[i], write(self->in, self->buf, sizes[i]));
		EXPECT_EQ(HOME, lseek(self->in, 0, SEEK_CUR));
		ASSERT_EQ(sizes[i], read(self->out, self->back, sizes[i]));
		EXPECT_TRUE(pattern_is(self->back, sizes[i], HOME, self->seed));
		memset(self->back, 0, sizes[i]);
		ASSERT_EQ(sizes[i], read(self->out, self->back, sizes[i]));
		EXPECT_TRUE(pattern_is(self->back, sizes[i], HOME, self->seed));
		EXPECT_EQ(HOME, lseek(self->out, 0, SEEK_CUR));
		/* with an address of their own, neither */
		ASSERT_EQ(sizes[i], pwrite(self->in, self->buf, sizes[i], HOME + ROOM));
		ASSERT_EQ(sizes[i], pread(self->out, self->back, sizes[i], HOME + ROOM));
		EXPECT_EQ(0, memcmp(self->buf, self->back, sizes[i]));
		EXPECT_EQ(HOME, lseek(self->in, 0, SEEK_CUR));
		EXPECT_EQ(HOME, lseek(self->out, 0, SEEK_CUR));
	}
	/* that of our own nodes moves on at the same time */
	ASSERT_EQ(HOME, lseek(self->own_in, HOME, SEEK_SET));
	ASSERT_EQ(PAGE, write(self->own_in, self->buf, PAGE));
	EXPECT_EQ(HOME + PAGE, lseek(self->own_in, 0, SEEK_CUR));
}

/* What open() says of waiting means nothing; the directions are as there. */
TEST_F(mm, opened)
{
	EXPECT_EQ(0, fcntl(self->out, F_GETFL) & O_NONBLOCK);
	EXPECT_EQ(-EINVAL, result(read(self->in, self->buf, 64)));
	EXPECT_EQ(-EINVAL, result(write(self->out, self->buf, 64)));
}

TEST_F(mm, address_mode)
{
	struct exdma_options options = { .size = sizeof(options) };
	int other = vendor_open(&self->card, "h2c_0", O_RDWR), mode = -1, one = 1, none = 0;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, IOCTL(self->in, ADDRMODE_GET, &mode));
	EXPECT_EQ(0, mode);
	EXPECT_EQ(-EFAULT, IOCTL(self->in, ADDRMODE_SET, NULL));
	EXPECT_EQ(-EFAULT, IOCTL(self->in, ADDRMODE_GET, NULL));
	memset(self->buf, POISON, PAGE);
	ASSERT_EQ(PAGE, pwrite(self->in, self->buf, PAGE, HOME));

	ASSERT_EQ(0, IOCTL(self->in, ADDRMODE_SET, &one));
	ASSERT_EQ(0, IOCTL(self->in, ADDRMODE_GET, &mode));
	EXPECT_EQ(1, mode);
	/* it is our own option, of this file */
	ASSERT_EQ(0, IOCTL(self->in, EXDMA_IOC_GET_OPTIONS, &options));
	EXPECT_EQ(EXDMA_OPTION_FIXED, options.flags);
	ASSERT_EQ(0, IOCTL(other, ADDRMODE_GET, &mode));
	EXPECT_EQ(0, mode);
	pattern_fill(self->buf, PAGE, HOME, self->seed);
	ASSERT_EQ(PAGE, pwrite(self->in, self->buf, PAGE, HOME));
	ASSERT_EQ(PAGE, pread(self->out, self->back, PAGE, HOME));
	EXPECT_EQ(0, memcmp(self->back, self->buf + PAGE - self->beat, self->beat));
	EXPECT_TRUE(bytes_are(self->back + self->beat, PAGE - self->beat, POISON));

	ASSERT_EQ(0, IOCTL(self->in, ADDRMODE_SET, &none));
	ASSERT_EQ(PAGE, pwrite(self->in, self->buf, PAGE, HOME));
	ASSERT_EQ(PAGE, pread(self->out, self->back, PAGE, HOME));
	EXPECT_TRUE(pattern_is(self->back, PAGE, HOME, self->seed));
}

TEST_F(mm, alignment)
{
	int align = -1;

	ASSERT_EQ(0, IOCTL(self->in, ALIGN_GET, &align));
	EXPECT_EQ(node_number(&self->card, EXDMA_DIR_H2C, 1, "address_alignment"), align);
	ASSERT_EQ(0, IOCTL(self->out, ALIGN_GET, &align));
	EXPECT_EQ(node_number(&self->card, EXDMA_DIR_C2H, 1, "address_alignment"), align);
	EXPECT_EQ(-EFAULT, IOCTL(self->in, ALIGN_GET, NULL));
}

TEST_F(mm, aperture)
{
	const size_t len = 4 * 16 * KIB + PAGE;
	struct aperture io = {
		.addr = HOME, .aperture = 16 * KIB, .buffer = (unsigned long)self->buf, .len = len,
		.error = 1, .done = 1,
	};
	int only = vendor_open(&self->card, "h2c_0", O_RDONLY);
	size_t at;

	memset(self->buf, POISON, ROOM);
	ASSERT_EQ(32 * KIB, pwrite(self->own_in, self->buf, 32 * KIB, HOME));
	pattern_fill(self->buf, len, 0, self->seed);
	ASSERT_EQ(0, IOCTL(self->in, APERTURE_W, &io));
	EXPECT_EQ(len, io.done);
	EXPECT_EQ(0, io.error);
	/* the last that went to each place */
	ASSERT_EQ(32 * KIB, pread(self->own_out, self->back, 32 * KIB, HOME));
	EXPECT_EQ(0, memcmp(self->back, self->buf + 64 * KIB, PAGE));
	EXPECT_EQ(0, memcmp(self->back + PAGE, self->buf + 48 * KIB + PAGE, 12 * KIB));
	EXPECT_TRUE(bytes_are(self->back + 16 * KIB, 16 * KIB, POISON));

	io.buffer = (unsigned long)(self->buf);
	io.done = 0;
	memcpy(self->back + MIB, self->back, 16 * KIB);
	ASSERT_EQ(0, IOCTL(self->out, APERTURE_R, &io));
	EXPECT_EQ(len, io.done);
	for (at = 0; at < len; at += PAGE)
		EXPECT_EQ(0, memcmp(self->buf + at, self->back + MIB + at % (16 * KIB), PAGE));

	EXPECT_EQ(-EINVAL, IOCTL(self->out, APERTURE_W, &io));
	EXPECT_EQ(-EINVAL, IOCTL(self->in, APERTURE_R, &io));
	ASSERT_LE(0, only);
	EXPECT_EQ(-EBADF, IOCTL(only, APERTURE_W, &io));
	EXPECT_EQ(-EBADF, io.error);
	EXPECT_EQ(-EFAULT, IOCTL(self->in, APERTURE_W, NULL));
	io.buffer = 0;
	EXPECT_EQ(-EFAULT, IOCTL(self->in, APERTURE_W, &io));
	EXPECT_EQ(-EFAULT, io.error);
	io.aperture = 0;
	EXPECT_EQ(-EINVAL, IOCTL(self->in, APERTURE_W, &io));
	io.aperture = PAGE;
	io.addr = -PAGE;
	EXPECT_EQ(-EINVAL, IOCTL(self->in, APERTURE_W, &io));
	io.addr = 0;
	io.len = -1;
	EXPECT_EQ(-EINVAL, IOCTL(self->in, APERTURE_W, &io));
}

TEST_F(mm, ioctls_of_others)
{
	struct exdma_card_info info = { .size = sizeof(info) };

	EXPECT_EQ(-ENOTTY, IOCTL(self->in, SUBMIT_R, &info));
	EXPECT_EQ(-ENOTTY, IOCTL(self->in, INFO, &info));
	EXPECT_EQ(-ENOTTY, IOCTL(self->in, _IO('q', 99), 0));
	EXPECT_EQ(0, IOCTL(self->in, EXDMA_IOC_CARD_INFO, &info));
	EXPECT_EQ(self->card.number, (int)info.number);
	/* nor do our own nodes know theirs */
	EXPECT_EQ(-ENOTTY, IOCTL(self->own_in, ALIGN_GET, &info));
}

/* --- performance counters ----------------------------------------------------- */

static long long counter(const struct card *card, const char *attr)
{
	char name[32];

	snprintf(name, sizeof(name), "perf/%s", attr);
	return node_number(card, EXDMA_DIR_H2C, 1, name);
}

static void move(struct __test_metadata *_metadata, FIXTURE_DATA(mm) *self, size_t bytes)
{
	ASSERT_EQ(bytes, pwrite(self->own_in, self->buf, bytes, HOME));
	/* the run has ended, too */
	ASSERT_TRUE(channel_stat_becomes(&self->card, EXDMA_DIR_H2C, 0, "pinned_bytes", 0));
}

TEST_F(mm, performance)
{
	struct perf perf = { .version = 1, .transfer_size = 4096 }, wrong = { .version = 2 };
	int other = vendor_open(&self->card, "h2c_0", O_RDWR);

	EXPECT_EQ(-EPROTO, IOCTL(self->in, PERF_GET, &perf));
	EXPECT_EQ(-EINVAL, IOCTL(self->in, PERF_STOP, &perf));
	EXPECT_EQ(-EINVAL, IOCTL(self->in, PERF_START, &wrong));
	EXPECT_EQ(-EFAULT, IOCTL(self->in, PERF_START, NULL));
	EXPECT_EQ(0, counter(&self->card, "enable"));

	ASSERT_EQ(0, IOCTL(self->in, PERF_START, &perf));
	EXPECT_EQ(1, counter(&self->card, "enable"));
	EXPECT_EQ(-EBUSY, IOCTL(self->in, PERF_START, &perf));
	EXPECT_EQ(-EBUSY, IOCTL(other, PERF_START, &perf));
	memset(&perf, POISON, sizeof(perf));
	ASSERT_EQ(0, IOCTL(self->in, PERF_GET, &perf));
	EXPECT_EQ(0, perf.beats);
	move(_metadata, self, MIB);
	ASSERT_EQ(0, IOCTL(self->in, PERF_GET, &perf));
	EXPECT_EQ(1, perf.version);
	EXPECT_EQ(MIB / self->beat, perf.beats);
	EXPECT_LT(0, perf.cycles);
	EXPECT_EQ(0, perf.pending);
	EXPECT_EQ(perf.beats, counter(&self->card, "beats"));
	move(_metadata, self, MIB);
	EXPECT_EQ(-EFAULT, IOCTL(self->in, PERF_GET, NULL));
	ASSERT_EQ(0, IOCTL(other, PERF_STOP, &perf));
	EXPECT_EQ(2 * MIB / self->beat, perf.beats);
	EXPECT_EQ(0, counter(&self->card, "enable"));

	/* stopped is stopped */
	EXPECT_EQ(-EPROTO, IOCTL(self->in, PERF_GET, &perf));
	move(_metadata, self, MIB);
	EXPECT_EQ(2 * MIB / self->beat, counter(&self->card, "beats"));
}

TEST_F(mm, performance_ends_with_the_file)
{
	int fd = vendor_open(&self->card, "h2c_0", O_RDWR);
	struct perf perf = { .version = 1 };

	ASSERT_EQ(0, IOCTL(fd, PERF_START, &perf));
	EXPECT_EQ(1, counter(&self->card, "enable"));
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(0, counter(&self->card, "enable"));
	/* whoever had a measurement that somebody else has ended has none */
	fd = vendor_open(&self->card, "h2c_0", O_RDWR);
	ASSERT_EQ(0, IOCTL(fd, PERF_START, &perf));
	ASSERT_EQ(0, IOCTL(self->in, PERF_STOP, &perf));
	ASSERT_EQ(0, IOCTL(self->in, PERF_START, &perf));
	ASSERT_EQ(0, close(fd));
	EXPECT_EQ(1, counter(&self->card, "enable"));
	ASSERT_EQ(0, IOCTL(self->in, PERF_STOP, &perf));
}

/* A reset takes the counters away; it does not lie about them. */
TEST_F(mm, performance_ends_with_a_reset)
{
	struct perf perf = { .version = 1 };

	ASSERT_EQ(0, IOCTL(self->in, PERF_START, &perf));
	ASSERT_EQ(0, IOCTL(self->own_in, EXDMA_IOC_RESET));
	EXPECT_EQ(-EPROTO, IOCTL(self->in, PERF_GET, &perf));
	EXPECT_EQ(0, counter(&self->card, "enable"));
	ASSERT_EQ(0, IOCTL(self->in, PERF_START, &perf));
	ASSERT_EQ(0, IOCTL(self->in, PERF_STOP, &perf));
}

TEST_F(mm, performance_in_sysfs)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/class/exdma/exdma%d_h2c0/perf/enable",
		 self->card.number);
	EXPECT_EQ(-EINVAL, put_text(path, "x"));
	ASSERT_EQ(0, put_text(path, "1"));
	EXPECT_EQ(0, counter(&self->card, "beats"));
	move(_metadata, self, MIB);
	EXPECT_EQ(MIB / self->beat, counter(&self->card, "beats"));
	EXPECT_LT(0, counter(&self->card, "cycles"));
	EXPECT_EQ(0, counter(&self->card, "overflow"));
	/* anew, from the beginning */
	ASSERT_EQ(0, put_text(path, "1"));
	EXPECT_EQ(0, counter(&self->card, "beats"));
	ASSERT_EQ(0, put_text(path, "0"));
	move(_metadata, self, MIB);
	EXPECT_EQ(0, counter(&self->card, "beats"));
}

/* --- streams -------------------------------------------------------------------- */

FIXTURE(packets) {
	struct card card;
	uint64_t seed;
	int in, out;
	uint8_t *buf, *back;
};

FIXTURE_SETUP(packets)
{
	lab_t lab;

	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	if (!is_on())
		SKIP(return, "the driver was not loaded with compat=xdma");
	if (!card_streams(&self->card))
		SKIP(return, "this card has no streams");
	lab = lab_map(&self->card);
	ASSERT_NE(NULL, lab);
	lab[LAB_STREAM_SEL / 4] = 0;
	lab[LAB_STREAM_MODE / 4] = LAB_STREAM(LAB_H2C_LOOP, LAB_C2H_LOOP);
	lab_sync(lab);
	/* what others have left there */
	close(node_open(&self->card, EXDMA_DIR_C2H, 1, O_RDONLY | O_TRUNC));
	self->seed = random_seed();
	self->in = vendor_open(&self->card, "h2c_0", O_RDWR);
	ASSERT_LE(0, self->in);
	self->buf = memory(ROOM);
	self->back = memory(ROOM);
}

FIXTURE_TEARDOWN(packets)
{
}

TEST_F(packets, there_and_back)
{
	static const size_t sizes[] = { 64, 1000, PAGE, 60 * KIB };
	unsigned int i, k;
	int out;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (k = 0; k < 2; k++) {
			pattern_fill(self->buf, sizes[i], 0, ++self->seed);
			ASSERT_EQ(sizes[i], write(self->in, self->buf, sizes[i]));
			/* O_TRUNC throws nothing away there */
			out = vendor_open(&self->card, "c2h_0",
					  k ? O_RDWR : O_RDWR | O_TRUNC | O_NONBLOCK);
			ASSERT_LE(0, out);
			ASSERT_EQ(sizes[i], read(out, self->back, ROOM));
			ASSERT_TRUE(pattern_is(self->back, sizes[i], 0, self->seed));
			close(out);
		}
	}
}

/* There is a position, and nobody cares. */
TEST_F(packets, have_a_position)
{
	int out = vendor_open(&self->card, "c2h_0", O_RDWR), own = open_in(&self->card, 1);

	ASSERT_LE(0, out);
	ASSERT_LE(0, own);
	EXPECT_EQ(-ESPIPE, result(lseek(own, 4096, SEEK_SET)));
	pattern_fill(self->buf, PAGE, 0, self->seed);
	EXPECT_EQ(12345, lseek(self->in, 12345, SEEK_SET));
	EXPECT_EQ(0x1000, lseek(out, 0x1000, SEEK_SET));
	ASSERT_EQ(PAGE, write(self->in, self->buf, PAGE));
	ASSERT_EQ(PAGE, read(out, self->back, ROOM));
	EXPECT_TRUE(pattern_is(self->back, PAGE, 0, self->seed));
	ASSERT_EQ(PAGE, pwrite(self->in, self->buf, PAGE, 7));
	ASSERT_EQ(PAGE, pread(out, self->back, ROOM, 3));
	EXPECT_EQ(12345, lseek(self->in, 0, SEEK_CUR));
	EXPECT_EQ(0x1000, lseek(out, 0, SEEK_CUR));
}

TEST_F(packets, ioctls)
{
	struct perf perf = { .version = 1 };
	int mode = -1, one = 1;

	ASSERT_EQ(0, IOCTL(self->in, ADDRMODE_GET, &mode));
	EXPECT_EQ(0, mode);
	EXPECT_EQ(-EINVAL, IOCTL(self->in, ADDRMODE_SET, &one));
	ASSERT_EQ(0, IOCTL(self->in, ALIGN_GET, &mode));
	EXPECT_LT(0, mode);
	ASSERT_EQ(0, IOCTL(self->in, PERF_START, &perf));
	ASSERT_EQ(64, write(self->in, self->buf, 64));
	ASSERT_EQ(0, IOCTL(self->in, PERF_STOP, &perf));
	EXPECT_LT(0, perf.beats);
}

/* --- registers, events, the card's end ------------------------------------------- */

FIXTURE(regs) {
	struct card card;
	lab_t lab;
	int control, user;
};

FIXTURE_SETUP(regs)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	if (!is_on())
		SKIP(return, "the driver was not loaded with compat=xdma");
	self->lab = lab_map(&self->card);
	if (!self->lab)
		SKIP(return, "this card has no lab block");
	self->lab[LAB_USER_IRQ_CLEAR / 4] = 0xffff;
	self->control = vendor_open(&self->card, "control", O_RDWR | O_SYNC);
	self->user = vendor_open(&self->card, "user", O_RDWR | O_SYNC);
	ASSERT_LE(0, self->control);
	ASSERT_LE(0, self->user);
}

/* Whatever a test leaves, the next one finds the card bound. */
FIXTURE_TEARDOWN_PARENT(regs)
{
	struct card now;

	if (!card_at(&now, self->card.bdf))
		card_bind(&self->card);
}

/* The page with the word, and the word in it. */
static uint32_t mapped_word(struct __test_metadata *_metadata, int fd, off_t target)
{
	size_t offset = target % PAGE;
	volatile uint32_t *map;
	uint32_t word;

	map = mmap(NULL, offset + 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, target - offset);
	ASSERT_NE(MAP_FAILED, (void *)map);
	word = map[offset / 4];
	munmap((void *)map, offset + 4);
	return word;
}

TEST_F(regs, mapped)
{
	EXPECT_EQ(0x1fc2, mapped_word(_metadata, self->control, 0x2000) >> 16);
	EXPECT_EQ(0x1fc3, mapped_word(_metadata, self->control, 0x3000) >> 16);
	EXPECT_EQ(0x1fc0, mapped_word(_metadata, self->control, 0x0000) >> 16);
	EXPECT_EQ(0x1fc1, mapped_word(_metadata, self->control, 0x1000) >> 16);
	EXPECT_EQ(LAB_ID_VALUE, mapped_word(_metadata, self->user, LAB_ID));
	/* to the byte */
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->control,
				   part_number(&self->card, "control", "bytes")));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(regs, word_by_word)
{
	const off_t end = part_number(&self->card, "control", "bytes");
	uint32_t words[4], i;

	/* the position of these moves on, there, too */
	memset(words, POISON, sizeof(words));
	ASSERT_EQ(0x2000, lseek(self->control, 0x2000, SEEK_SET));
	ASSERT_EQ(4, read(self->control, words, sizeof(words)));
	EXPECT_EQ(0x1fc2, words[0] >> 16);
	EXPECT_TRUE(bytes_are(words + 1, 12, POISON));
	EXPECT_EQ(0x2004, lseek(self->control, 0, SEEK_CUR));
	ASSERT_EQ(4, pread(self->control, words, 4, 0x3000));
	EXPECT_EQ(0x1fc3, words[0] >> 16);

	for (i = 0; i < 3; i++) {
		words[0] = 0x12340000 + i;
		words[1] = 0x56780000;
		ASSERT_EQ(4, pwrite(self->user, words, 5 + i, LAB_SCRATCH));
		EXPECT_EQ(words[0], self->lab[LAB_SCRATCH / 4]);
	}
	EXPECT_EQ(0, self->lab[LAB_SCRATCH / 4 + 1] & 0x56780000);

	EXPECT_EQ(-EPROTO, result(pread(self->control, words, 4, 0x2001)));
	EXPECT_EQ(-EPROTO, result(pread(self->control, words, 4, 0x2002)));
	EXPECT_EQ(-EPROTO, result(pread(self->control, words, 3, 0x2000)));
	EXPECT_EQ(-EPROTO, result(pwrite(self->user, words, 4, LAB_SCRATCH + 2)));
	EXPECT_EQ(-EPROTO, result(pwrite(self->user, words, 2, LAB_SCRATCH)));
	EXPECT_EQ(4, pread(self->control, words, 16, end - 4));
	EXPECT_EQ(0, pread(self->control, words, 4, end));
	EXPECT_EQ(-ENOSPC, result(pwrite(self->control, words, 4, end)));
}

TEST_F(regs, bypass)
{
	uint32_t word = 0x600dcafe, back = 0;
	int fd = vendor_open(&self->card, "bypass", O_RDWR);

	if (part_number(&self->card, "bypass", "bytes") < 0) {
		EXPECT_EQ(-1, fd);
		SKIP(return, "this card has no such BAR: --card ...,bypass=1M");
	}
	ASSERT_LE(0, fd);
	ASSERT_EQ(4, pwrite(fd, &word, 4, 0x1000));
	EXPECT_EQ(word, mapped_word(_metadata, fd, 0x1000));
	ASSERT_EQ(4, pread(fd, &back, 4, 0x1000));
	EXPECT_EQ(word, back);
	EXPECT_EQ(-ENOTTY, IOCTL(fd, INFO, &word));
}

TEST_F(regs, info)
{
	unsigned int domain, bus, slot, function, i;
	const int fds[] = { self->control, self->user };
	struct info info;

	ASSERT_EQ(4, sscanf(self->card.bdf, "%x:%x:%x.%x", &domain, &bus, &slot, &function));
	for (i = 0; i < 2; i++) {
		memset(&info, POISON, sizeof(info));
		info.magic = INFO_MAGIC;
		ASSERT_EQ(0, IOCTL(fds[i], INFO, &info));
		EXPECT_EQ(0x10ee, info.vendor);
		EXPECT_EQ(domain, info.domain);
		EXPECT_EQ(bus, info.bus);
		EXPECT_EQ(slot, info.slot);
		EXPECT_EQ(function, info.function);
		EXPECT_EQ(0, info.feature_id);
		info.magic = 1;
		EXPECT_EQ(-ENOTTY, IOCTL(fds[i], INFO, &info));
		EXPECT_EQ(-EFAULT, IOCTL(fds[i], INFO, NULL));
		EXPECT_EQ(-EOPNOTSUPP, IOCTL(fds[i], OFFLINE));
		EXPECT_EQ(-EOPNOTSUPP, IOCTL(fds[i], ONLINE));
		EXPECT_EQ(-ENOTTY, IOCTL(fds[i], PERF_GET, &info));
	}
}

TEST_F(regs, only_for_those_who_may)
{
	ASSERT_TRUE(drop_capability(CAP_SYS_RAWIO));
	EXPECT_EQ(-EPERM, result(vendor_open(&self->card, "control", O_RDWR)));
	EXPECT_LE(0, vendor_open(&self->card, "user", O_RDWR));
}

static int event_open(const struct card *card, int flags)
{
	char part[16];

	snprintf(part, sizeof(part), "events_%d", LINE);
	return vendor_open(card, part, flags);
}

/* Waits until the driver has counted so many. */
static bool counted(const struct card *card, long long events)
{
	struct patience p = patience(PATIENCE_BEATS);

	while (part_number(card, "event3", "events") < events && patient(&p))
		;
	return part_number(card, "event3", "events") >= events;
}

TEST_F(regs, events)
{
	int fd = event_open(&self->card, O_RDWR), own = part_open(&self->card, "event3", O_RDWR);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint32_t line = 1u << LINE, words[2];
	long long before;
	int i;

	ASSERT_LE(0, fd);
	ASSERT_LE(0, own);
	before = part_number(&self->card, "event3", "events");
	EXPECT_EQ(0, poll(&p, 1, 0));
	for (i = 1; i <= 3; i++) {
		ASSERT_EQ(4, pwrite(self->user, &line, 4, LAB_USER_IRQ));
		ASSERT_TRUE(counted(&self->card, before + i));
		ASSERT_EQ(4, pwrite(self->user, &line, 4, LAB_USER_IRQ_CLEAR));
		lab_sync(self->lab);
		poll(&p, 1, 0);
	}
	EXPECT_EQ(1, poll(&p, 1, 0));
	EXPECT_EQ(POLLIN, p.revents);
	EXPECT_EQ(-EPROTO, result(read(fd, words, 8)));
	EXPECT_EQ(-EPROTO, result(read(fd, words, 2)));
	ASSERT_EQ(4, read(fd, words, 4));
	EXPECT_EQ(1, words[0]);
	EXPECT_EQ(0, poll(&p, 1, 0));
	/* ours has counted them, and nobody has taken them from it */
	ASSERT_EQ(4, read(own, words, 4));
	EXPECT_EQ(3, words[0]);
	EXPECT_EQ(-ENOTTY, IOCTL(fd, INFO, words));
}

struct waiter {
	pthread_t thread;
	int fd;
	volatile pid_t tid;
	uint32_t word;
	ssize_t ret;
};

static void *wait_for_event(void *arg)
{
	struct waiter *w = arg;

	w->tid = gettid();
	w->ret = result(pread(w->fd, &w->word, 4, 0));
	return NULL;
}

static void start_waiter(struct __test_metadata *_metadata, FIXTURE_DATA(regs) *self,
			 struct waiter *w)
{
	*w = (struct waiter) { .fd = event_open(&self->card, O_RDWR | O_NONBLOCK) };
	ASSERT_LE(0, w->fd);
	ASSERT_EQ(0, pthread_create(&w->thread, NULL, wait_for_event, w));
	while (!w->tid)
		sched_yield();
	ASSERT_TRUE(wait_in_call(w->tid, SYS_pread64));
}

TEST_F(regs, an_event_is_waited_for)
{
	struct waiter w;

	start_waiter(_metadata, self, &w);
	self->lab[LAB_USER_IRQ / 4] = 1u << LINE;
	pthread_join(w.thread, NULL);
	EXPECT_EQ(4, w.ret);
	EXPECT_EQ(1, w.word);
}

TEST_F(regs, unbound_with_files_open)
{
	char channel[] = "h2c_0", word[4];
	uint32_t seen;
	struct perf perf = { .version = 1 };
	struct info info = { .magic = INFO_MAGIC };
	volatile uint32_t *map;
	struct waiter w;
	int fd, mode;

	fd = vendor_open(&self->card, channel, O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, IOCTL(fd, PERF_START, &perf));
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->control, 0x2000);
	ASSERT_NE(MAP_FAILED, (void *)map);
	EXPECT_EQ(0, touch(map, &seen));
	start_waiter(_metadata, self, &w);

	ASSERT_EQ(0, card_unbind(&self->card));
	pthread_join(w.thread, NULL);
	EXPECT_EQ(-ENODEV, w.ret);
	EXPECT_EQ(SIGBUS, touch(map, &seen));
	EXPECT_EQ(-ENODEV, result(pread(self->control, word, 4, 0)));
	EXPECT_EQ(-ENODEV, IOCTL(self->control, INFO, &info));
	EXPECT_EQ(-ENODEV, result(pwrite(fd, word, 4, 0)));
	EXPECT_EQ(-ENODEV, IOCTL(fd, PERF_GET, &perf));
	EXPECT_EQ(-ENODEV, IOCTL(fd, ADDRMODE_GET, &mode));
	EXPECT_EQ(-1, vendor_open(&self->card, channel, O_RDWR));
	EXPECT_EQ(0, close(fd));
	ASSERT_EQ(0, card_bind(&self->card));
}

TEST_HARNESS_MAIN
