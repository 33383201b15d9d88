// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each ioctl with every size that a caller may say, at every edge of memory:
 * what is answered, and that nothing is written where nothing may be. What is
 * answered is what sysfs says.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"

#include "card.h"
#include "pattern.h"

#define PAGE	4096ul

FIXTURE(ioctl) {
	struct card card;
	uint8_t *page;		/* followed by one that is not there */
	int card_node, channel;
};

/* The calls by number and size of their structure. */

FIXTURE_VARIANT(ioctl) {
	unsigned long request;
	size_t size;
	bool channel_only;
};

FIXTURE_VARIANT_ADD(ioctl, card_info) {
	.request = EXDMA_IOC_CARD_INFO, .size = sizeof(struct exdma_card_info),
};
FIXTURE_VARIANT_ADD(ioctl, channel_info) {
	.request = EXDMA_IOC_CHANNEL_INFO, .size = sizeof(struct exdma_channel_info),
	.channel_only = true,
};

FIXTURE_SETUP(ioctl)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->page = memory(2 * PAGE);
	ASSERT_NE(NULL, self->page);
	ASSERT_EQ(0, munmap(self->page + PAGE, PAGE));
	self->card_node = node_open(&self->card, 0, CARD_NODE, O_RDONLY);
	self->channel = open_in(&self->card, 1);
	ASSERT_LE(0, self->card_node);
	ASSERT_LE(0, self->channel);
}

FIXTURE_TEARDOWN(ioctl)
{
	close(self->card_node);
	close(self->channel);
}

/* Poison, with the size of a structure at its beginning. */
static uint8_t *with_size(FIXTURE_DATA(ioctl) *self, size_t offset, uint32_t size)
{
	memset(self->page, POISON, PAGE);
	memcpy(self->page + offset, &size, sizeof(size));
	return self->page + offset;
}

/* Calls it; expects the error, and that no byte has changed. */
static void refused(struct __test_metadata *_metadata, FIXTURE_DATA(ioctl) *self, int fd,
		    unsigned long request, void *arg, int error)
{
	uint8_t before[PAGE];

	memcpy(before, self->page, PAGE);
	errno = 0;
	EXPECT_EQ(-1, ioctl(fd, request, arg));
	EXPECT_EQ(error, errno) TH_LOG("request 0x%lx", request);
	EXPECT_EQ(0, memcmp(before, self->page, PAGE));
}

TEST_F(ioctl, size_too_short)
{
	const uint32_t sizes[] = { 0, 1, 4, 8, variant->size - 8, variant->size - 1 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		refused(_metadata, self, self->channel, variant->request,
			with_size(self, 0, sizes[i]), EINVAL);
}

TEST_F(ioctl, size_exact)
{
	uint8_t *arg = with_size(self, 64, variant->size);
	uint32_t size;

	ASSERT_EQ(0, ioctl(self->channel, variant->request, arg));
	memcpy(&size, arg, sizeof(size));
	EXPECT_EQ(variant->size, size);
	/* all of the structure, and nothing else, is written */
	EXPECT_TRUE(bytes_are(self->page, 64, POISON));
	EXPECT_TRUE(bytes_are(arg + variant->size, 64, POISON));
	EXPECT_NE(POISON, arg[variant->size - 1]);
}

/* A newer program: fine as long as it asks for nothing that is unknown. */
TEST_F(ioctl, size_too_long_with_a_zero_tail)
{
	const uint32_t sizes[] = { variant->size + 1, variant->size + 8, 512, PAGE };
	uint32_t size;
	unsigned int i;
	uint8_t *arg;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		arg = with_size(self, 0, sizes[i]);
		memset(arg + variant->size, 0, sizes[i] - variant->size);
		EXPECT_EQ(0, ioctl(self->channel, variant->request, arg)) {
			TH_LOG("size %u: errno %d", sizes[i], errno);
		}
		memcpy(&size, arg, sizeof(size));
		EXPECT_EQ(variant->size, size);
		EXPECT_TRUE(bytes_are(arg + variant->size, sizes[i] - variant->size, 0));
		EXPECT_TRUE(bytes_are(arg + sizes[i], PAGE - sizes[i], POISON));
	}
}

TEST_F(ioctl, size_too_long_with_something_in_the_tail)
{
	const uint32_t at[] = { variant->size, variant->size + 1, 300, 511 };
	unsigned int i;
	uint8_t *arg;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		arg = with_size(self, 0, 512);
		memset(arg + variant->size, 0, 512 - variant->size);
		arg[at[i]] = 1;
		refused(_metadata, self, self->channel, variant->request, arg, E2BIG);
	}
}

TEST_F(ioctl, size_absurd)
{
	const uint32_t sizes[] = { PAGE + 1, 65536, 0x7fffffff, 0x80000000, 0xffffffff };
	unsigned int i;
	uint8_t *arg;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		arg = with_size(self, 0, sizes[i]);
		memset(arg + 4, 0, PAGE - 4);
		refused(_metadata, self, self->channel, variant->request, arg, E2BIG);
	}
}

/* The structure ends with the page, and the next is not there. */
TEST_F(ioctl, at_the_end_of_memory)
{
	size_t last = PAGE - variant->size;
	uint8_t *arg;

	arg = with_size(self, last, variant->size);
	EXPECT_EQ(0, ioctl(self->channel, variant->request, arg));
	/* one byte further on, it does not fit any more */
	errno = 0;
	arg = with_size(self, last + 1, variant->size);
	EXPECT_EQ(-1, ioctl(self->channel, variant->request, arg));
	EXPECT_EQ(EFAULT, errno);
	EXPECT_TRUE(bytes_are(self->page, last + 1, POISON));
	/* nor does a size that is longer than what is there */
	arg = with_size(self, last, variant->size + 1);
	refused(_metadata, self, self->channel, variant->request, arg, EFAULT);
	/* not even the size is there */
	memset(self->page, POISON, PAGE);
	refused(_metadata, self, self->channel, variant->request, self->page + PAGE - 2,
		EFAULT);
	/* the size is, the rest is not */
	arg = with_size(self, PAGE - 4, variant->size);
	refused(_metadata, self, self->channel, variant->request, arg, EFAULT);
}

TEST_F(ioctl, no_memory_at_all)
{
	void *const nowhere[] = {
		NULL, (void *)1, self->page + PAGE, (void *)0xffff888000000000, (void *)-1,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nowhere); i++)
		refused(_metadata, self, self->channel, variant->request, nowhere[i], EFAULT);
	/* there, but not to be written */
	with_size(self, 0, variant->size);
	ASSERT_EQ(0, mprotect(self->page, PAGE, PROT_READ));
	refused(_metadata, self, self->channel, variant->request, self->page, EFAULT);
}

TEST_F(ioctl, on_which_nodes)
{
	uint8_t *arg = with_size(self, 0, variant->size);

	if (variant->channel_only)
		refused(_metadata, self, self->card_node, variant->request, arg, ENOTTY);
	else
		EXPECT_EQ(0, ioctl(self->card_node, variant->request, arg));
}

/* The size that is part of the number may be that of another version. */
TEST_F(ioctl, size_in_the_number)
{
	unsigned long nr = _IOC_NR(variant->request);
	unsigned long newer = _IOC(_IOC_READ | _IOC_WRITE, EXDMA_IOC_MAGIC, nr, 4000);

	EXPECT_EQ(0, ioctl(self->channel, newer, with_size(self, 0, variant->size)));
}

FIXTURE(numbers) {
	struct card card;
	uint8_t *page;
};

FIXTURE_SETUP(numbers)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->page = memory(PAGE);
}

FIXTURE_TEARDOWN(numbers)
{
}

static void unknown(struct __test_metadata *_metadata, FIXTURE_DATA(numbers) *self,
		    int fd, unsigned long request)
{
	memset(self->page, 0, PAGE);
	*(uint32_t *)self->page = 512;
	errno = 0;
	EXPECT_EQ(-1, ioctl(fd, request, self->page));
	EXPECT_EQ(ENOTTY, errno) TH_LOG("request 0x%lx", request);
	EXPECT_TRUE(bytes_are(self->page + 4, PAGE - 4, 0));
}

TEST_F(numbers, unknown)
{
	int fd = open_in(&self->card, 1);
	unsigned int nr, dir;

	for (nr = 2; nr < 256; nr++)
		unknown(_metadata, self, fd,
			_IOWR(EXDMA_IOC_MAGIC, nr, struct exdma_card_info));
	for (dir = 0; dir < 3; dir++)
		for (nr = 0; nr < 2; nr++)
			unknown(_metadata, self, fd, _IOC(dir, EXDMA_IOC_MAGIC, nr, 64));
	for (nr = 0; nr < 256; nr++)
		if (nr != EXDMA_IOC_MAGIC && nr != 'T' && nr != 'f' && nr != 'X')
			unknown(_metadata, self, fd,
				_IOWR(nr, 0, struct exdma_card_info));
	close(fd);
}

/* Random numbers with random arguments: nothing but what is documented. */
TEST_F(numbers, at_random)
{
	struct random r = { random_seed() };
	int fd[] = { open_in(&self->card, 1), open_out(&self->card, CARD_NODE) };
	unsigned long request;
	int i, k, ret;
	void *arg;

	for (i = 0; i < 4000; i++) {
		for (k = 0; k < 64; k++)
			((uint64_t *)self->page)[k] = random_below(&r, 3) ? 0 : random_next(&r);
		*(uint32_t *)self->page = random_below(&r, 2) ? random_below(&r, 200) :
							      random_next(&r);
		request = _IOC(random_below(&r, 4), EXDMA_IOC_MAGIC, random_below(&r, 4),
			       random_below(&r, 1 << 14));
		arg = random_below(&r, 8) ? self->page : (void *)random_next(&r);
		errno = 0;
		ret = ioctl(fd[i % 2], request, arg);
		ASSERT_TRUE(!ret || (ret == -1 && (errno == EFAULT || errno == EINVAL ||
						   errno == E2BIG || errno == ENOTTY))) {
			TH_LOG("request 0x%lx: %d, errno %d", request, ret, errno);
		}
	}
}

TEST_F(numbers, card_info_is_what_sysfs_says)
{
	const struct card *card = &self->card;
	static const char *const irqs[] = { "msix", "msi", "intx" };
	struct exdma_card_info info;
	char text[64];
	int dir, way, fd;

	for (dir = 0; dir < 2; dir++) {
		for (way = 0; way < ways(card, dir); way++) {
			fd = dir == EXDMA_DIR_H2C ? open_in(card, way) : open_out(card, way);
			memset(&info, POISON, sizeof(info));
			info.size = sizeof(info);
			ASSERT_EQ(0, ioctl(fd, EXDMA_IOC_CARD_INFO, &info));
			EXPECT_EQ(sizeof(info), info.size);
			EXPECT_EQ(0, info.flags);
			EXPECT_EQ(card->number, info.number);
			EXPECT_EQ(card->channels[EXDMA_DIR_H2C], info.h2c_channels);
			EXPECT_EQ(card->channels[EXDMA_DIR_C2H], info.c2h_channels);
			ASSERT_GT(ARRAY_SIZE(irqs), info.irq_mode);
			ASSERT_TRUE(node_text(card, 0, CARD_NODE, "interrupts", text,
					      sizeof(text)));
			EXPECT_STREQ(text, irqs[info.irq_mode]);
			EXPECT_EQ(0, info.aperture);
			ASSERT_TRUE(get_text("/sys/module/exdma/parameters/max_inflight_kib",
					     text, sizeof(text)));
			EXPECT_EQ(atoll(text) * KIB, info.max_inflight);
			EXPECT_STREQ(CARD_DRIVER, info.driver);
			EXPECT_STREQ(card->bdf, info.bus_id);
			close(fd);
		}
	}
}

TEST_F(numbers, the_aperture_is_told)
{
	int fd = open_out(&self->card, CARD_NODE);
	struct exdma_card_info info = { .size = sizeof(info) };

	ASSERT_EQ(0, set_aperture(&self->card, 123 * MIB));
	EXPECT_EQ(0, ioctl(fd, EXDMA_IOC_CARD_INFO, &info));
	ASSERT_EQ(0, set_aperture(&self->card, 0));
	EXPECT_EQ(EXDMA_CARD_HAS_APERTURE, info.flags);
	EXPECT_EQ(123 * MIB, info.aperture);
	EXPECT_EQ(0, ioctl(fd, EXDMA_IOC_CARD_INFO, &info));
	EXPECT_EQ(0, info.flags);
	EXPECT_EQ(0, info.aperture);
	close(fd);
}

TEST_F(numbers, channel_info_is_what_sysfs_says)
{
	const struct card *card = &self->card;
	struct exdma_channel_info info;
	char text[16];
	int dir, way, fd;

	for (dir = 0; dir < 2; dir++) {
		for (way = 1; way < ways(card, dir); way++) {
			fd = dir == EXDMA_DIR_H2C ? open_in(card, way) : open_out(card, way);
			memset(&info, POISON, sizeof(info));
			info.size = sizeof(info);
			ASSERT_EQ(0, ioctl(fd, EXDMA_IOC_CHANNEL_INFO, &info));
			EXPECT_EQ(sizeof(info), info.size);
			EXPECT_EQ(dir, info.direction);
			ASSERT_TRUE(node_text(card, dir, way, "direction", text, sizeof(text)));
			EXPECT_STREQ(dir == EXDMA_DIR_H2C ? "h2c" : "c2h", text);
			EXPECT_EQ(way - 1, info.channel);
			EXPECT_EQ(way - 1, node_number(card, dir, way, "channel"));
			ASSERT_TRUE(node_text(card, dir, way, "interface", text, sizeof(text)));
			EXPECT_STREQ(info.flags & EXDMA_CHANNEL_STREAM ? "stream" : "mm", text);
			EXPECT_EQ(0, info.flags & ~EXDMA_CHANNEL_STREAM);
			EXPECT_EQ(info.alignment,
				  node_number(card, dir, way, "address_alignment"));
			EXPECT_EQ(info.granularity,
				  node_number(card, dir, way, "length_granularity"));
			EXPECT_EQ(info.address_bits,
				  node_number(card, dir, way, "address_bits"));
			EXPECT_LE(PAGE, info.max_segment);
			close(fd);
		}
	}
}

TEST_HARNESS_MAIN
