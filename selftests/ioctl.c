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

#include "card.h"
#include "harness.h"
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
	size_t size, least;	/* now, and when it was new */
	bool channel_only;
};

FIXTURE_VARIANT_ADD(ioctl, card_info) {
	.request = EXDMA_IOC_CARD_INFO, .size = sizeof(struct exdma_card_info),
	.least = offsetof(struct exdma_card_info, resets),
};
FIXTURE_VARIANT_ADD(ioctl, channel_info) {
	.request = EXDMA_IOC_CHANNEL_INFO, .size = sizeof(struct exdma_channel_info),
	.least = offsetof(struct exdma_channel_info, beat), .channel_only = true,
};

FIXTURE_VARIANT_ADD(ioctl, get_options) {
	.request = EXDMA_IOC_GET_OPTIONS, .size = sizeof(struct exdma_options),
	.least = offsetof(struct exdma_options, timeout_ms),
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
	const uint32_t sizes[] = { 0, 1, 4, 8, variant->least - 8, variant->least - 1 };
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

/* An older program gets what it knows, and hears that there is more. */
TEST_F(ioctl, size_of_an_older_program)
{
	uint32_t size, said;
	uint8_t *arg;

	for (size = variant->least; size < variant->size; size++) {
		arg = with_size(self, 0, size);
		ASSERT_EQ(0, ioctl(self->channel, variant->request, arg));
		memcpy(&said, arg, sizeof(said));
		EXPECT_EQ(variant->size, said);
		EXPECT_NE(POISON, arg[size - 1]);
		EXPECT_TRUE(bytes_are(arg + size, PAGE - size, POISON));
	}
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

	for (nr = 5; nr < 256; nr++)
		unknown(_metadata, self, fd,
			_IOWR(EXDMA_IOC_MAGIC, nr, struct exdma_card_info));
	for (dir = 0; dir < 3; dir++)
		for (nr = 0; nr < 4; nr++)
			unknown(_metadata, self, fd, _IOC(dir, EXDMA_IOC_MAGIC, nr, 64));
	for (dir = 1; dir < 4; dir++)
		for (nr = 4; nr < 6; nr++)
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
		request = _IOC(random_below(&r, 4), EXDMA_IOC_MAGIC, random_below(&r, 6),
			       random_below(&r, 1 << 14));
		arg = random_below(&r, 8) ? self->page : (void *)random_next(&r);
		errno = 0;
		ret = ioctl(fd[i % 2], request, arg);
		ASSERT_TRUE(!ret || (ret == -1 && (errno == EFAULT || errno == EINVAL ||
						   errno == E2BIG || errno == ENOTTY ||
						   errno == EBADF))) {
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
			EXPECT_EQ(card->memory ? EXDMA_CARD_HAS_APERTURE : 0, info.flags);
			EXPECT_EQ(card->number, info.number);
			EXPECT_EQ(card->channels[EXDMA_DIR_H2C], info.h2c_channels);
			EXPECT_EQ(card->channels[EXDMA_DIR_C2H], info.c2h_channels);
			ASSERT_GT(ARRAY_SIZE(irqs), info.irq_mode);
			ASSERT_TRUE(node_text(card, 0, CARD_NODE, "interrupts", text,
					      sizeof(text)));
			EXPECT_STREQ(text, irqs[info.irq_mode]);
			EXPECT_EQ(card->memory, info.aperture);
			ASSERT_TRUE(get_text("/sys/module/exdma/parameters/max_inflight_kib",
					     text, sizeof(text)));
			/* a card that reaches little memory has less */
			if (!card->memory)
				EXPECT_EQ(atoll(text) * KIB, info.max_inflight);
			EXPECT_GE(atoll(text) * KIB, info.max_inflight);
			EXPECT_LT(0, info.max_inflight);
			EXPECT_STREQ(card->driver, info.driver);
			EXPECT_STREQ(card->bdf, info.bus_id);
			close(fd);
		}
	}
}

TEST_F(numbers, the_aperture_is_told)
{
	int fd = open_out(&self->card, CARD_NODE);
	struct exdma_card_info info = { .size = sizeof(info) };
	const uint64_t memory = self->card.memory, less = memory ? memory / 2 : 123 * MIB;

	ASSERT_EQ(0, set_aperture(&self->card, less));
	EXPECT_EQ(0, ioctl(fd, EXDMA_IOC_CARD_INFO, &info));
	ASSERT_EQ(0, set_aperture(&self->card, 0));
	EXPECT_EQ(EXDMA_CARD_HAS_APERTURE, info.flags);
	EXPECT_EQ(less, info.aperture);
	EXPECT_EQ(0, ioctl(fd, EXDMA_IOC_CARD_INFO, &info));
	EXPECT_EQ(memory ? EXDMA_CARD_HAS_APERTURE : 0, info.flags);
	EXPECT_EQ(memory, info.aperture);
	/* what the card has said is believed */
	if (memory)
		EXPECT_EQ(-ERANGE, set_aperture(&self->card, memory + 1));
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

/* --- options --- */

FIXTURE(options) {
	struct card card;
	uint8_t *page;		/* followed by one that is not there */
	struct exdma_options *set;
	int fd;
};

FIXTURE_SETUP(options)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->page = memory(2 * PAGE);
	ASSERT_NE(NULL, self->page);
	ASSERT_EQ(0, munmap(self->page + PAGE, PAGE));
	self->set = (struct exdma_options *)self->page;
	self->fd = node_open(&self->card, 0, CARD_NODE, O_RDWR);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(options)
{
	close(self->fd);
}

static void get(struct __test_metadata *_metadata, FIXTURE_DATA(options) *self,
		struct exdma_options *options)
{
	memset(options, POISON, sizeof(*options));
	options->size = sizeof(*options);
	ASSERT_EQ(0, ioctl(self->fd, EXDMA_IOC_GET_OPTIONS, options));
	EXPECT_EQ(sizeof(*options), options->size);
	EXPECT_EQ(0, options->flags);
}

/* What is asked for is set, and nothing else is. */
static void accepted(struct __test_metadata *_metadata, FIXTURE_DATA(options) *self,
		     uint32_t dispatch, int32_t cpu)
{
	struct exdma_options now;

	*self->set = (struct exdma_options) {
		.size = sizeof(*self->set), .dispatch = dispatch, .completion_cpu = cpu,
	};
	EXPECT_EQ(0, ioctl(self->fd, EXDMA_IOC_SET_OPTIONS, self->set)) {
		TH_LOG("dispatch %u, CPU %d: errno %d", dispatch, cpu, errno);
	}
	get(_metadata, self, &now);
	EXPECT_EQ(dispatch, now.dispatch);
	EXPECT_EQ(cpu, now.completion_cpu);
}

/* It is refused, and all is what it was. */
static void not_accepted(struct __test_metadata *_metadata, FIXTURE_DATA(options) *self,
			 void *arg, int error)
{
	struct exdma_options before, after;

	get(_metadata, self, &before);
	errno = 0;
	EXPECT_EQ(-1, ioctl(self->fd, EXDMA_IOC_SET_OPTIONS, arg));
	EXPECT_EQ(error, errno);
	get(_metadata, self, &after);
	EXPECT_EQ(0, memcmp(&before, &after, sizeof(before)));
}

static const struct exdma_options good = {
	.size = sizeof(good), .dispatch = EXDMA_DISPATCH_PARALLEL,
	.completion_cpu = EXDMA_CPU_ANY,
};

TEST_F(options, what_they_may_be)
{
	accepted(_metadata, self, EXDMA_DISPATCH_SEQUENTIAL, EXDMA_CPU_ANY);
	accepted(_metadata, self, EXDMA_DISPATCH_SEQUENTIAL, 0);
	accepted(_metadata, self, EXDMA_DISPATCH_PARALLEL, 0);
	accepted(_metadata, self, EXDMA_DISPATCH_PARALLEL, EXDMA_CPU_ANY);
}

TEST_F(options, what_they_may_not_be)
{
	static const uint32_t dispatches[] = { 2, 3, 255, 0x80000000, 0xffffffff };
	static const int32_t cpus[] = { -2, -128, 1 << 20, 0x7fffffff, -0x7fffffff - 1 };
	unsigned int i;

	accepted(_metadata, self, EXDMA_DISPATCH_SEQUENTIAL, 0);
	for (i = 0; i < ARRAY_SIZE(dispatches); i++) {
		*self->set = good;
		self->set->dispatch = dispatches[i];
		not_accepted(_metadata, self, self->set, EINVAL);
	}
	for (i = 0; i < ARRAY_SIZE(cpus); i++) {
		*self->set = good;
		self->set->completion_cpu = cpus[i];
		not_accepted(_metadata, self, self->set, EINVAL);
	}
	for (i = 0; i < 32; i++) {
		*self->set = good;
		self->set->flags = 1u << i;
		not_accepted(_metadata, self, self->set, EINVAL);
	}
	/* a CPU that could be, and is not */
	*self->set = good;
	self->set->completion_cpu = sysconf(_SC_NPROCESSORS_CONF);
	not_accepted(_metadata, self, self->set, EINVAL);
}

TEST_F(options, timeouts)
{
	static const uint32_t may[] = { 10, 11, 5000, 3600000, 0 };
	static const uint32_t may_not[] = { 1, 9, 3600001, 0x80000000, 0xffffffff };
	struct exdma_options now;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(may); i++) {
		*self->set = good;
		self->set->timeout_ms = may[i];
		EXPECT_EQ(0, ioctl(self->fd, EXDMA_IOC_SET_OPTIONS, self->set));
		get(_metadata, self, &now);
		EXPECT_EQ(may[i], now.timeout_ms);
	}
	for (i = 0; i < ARRAY_SIZE(may_not); i++) {
		*self->set = good;
		self->set->timeout_ms = may_not[i];
		not_accepted(_metadata, self, self->set, EINVAL);
	}
	*self->set = good;
	self->set->reserved = 1;
	not_accepted(_metadata, self, self->set, EINVAL);
}

TEST_F(options, sizes)
{
	static const uint32_t small[] = { 0, 1, 4, 8, 12, 15 };
	static const uint32_t old[] = { 16, 17, 20, 24 };
	static const uint32_t large[] = { 25, 32, 512, PAGE };
	struct exdma_options now;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(small); i++) {
		*self->set = good;
		self->set->size = small[i];
		not_accepted(_metadata, self, self->set, EINVAL);
	}
	for (i = 0; i < ARRAY_SIZE(old); i++) {
		/* an older program; the byte behind its struct is not ours */
		memset(self->page, 0, PAGE);
		*self->set = good;
		self->set->size = old[i];
		self->set->dispatch = i % 2;
		self->page[old[i]] = 1;
		EXPECT_EQ(0, ioctl(self->fd, EXDMA_IOC_SET_OPTIONS, self->set));
		EXPECT_EQ(sizeof(good), self->set->size);
		get(_metadata, self, &now);
		EXPECT_EQ(i % 2, now.dispatch);
		EXPECT_EQ(0, now.timeout_ms);
	}
	for (i = 0; i < ARRAY_SIZE(large); i++) {
		/* a newer program that asks for nothing unknown */
		memset(self->page, 0, PAGE);
		*self->set = good;
		self->set->size = large[i];
		self->set->dispatch = i % 2;
		EXPECT_EQ(0, ioctl(self->fd, EXDMA_IOC_SET_OPTIONS, self->set));
		EXPECT_EQ(sizeof(good), self->set->size);
		get(_metadata, self, &now);
		EXPECT_EQ(i % 2, now.dispatch);
		/* and one that does */
		self->set->size = large[i];
		self->set->dispatch = !self->set->dispatch;
		self->page[large[i] - 1] = 1;
		not_accepted(_metadata, self, self->set, E2BIG);
	}
	memset(self->page, 0, PAGE);
	*self->set = good;
	self->set->size = PAGE + 1;
	not_accepted(_metadata, self, self->set, E2BIG);
	self->set->size = 0xffffffff;
	not_accepted(_metadata, self, self->set, E2BIG);
}

TEST_F(options, memory_that_is_not_there)
{
	uint8_t *end = self->page + PAGE;

	not_accepted(_metadata, self, NULL, EFAULT);
	not_accepted(_metadata, self, end, EFAULT);
	not_accepted(_metadata, self, (void *)-8, EFAULT);
	memcpy(end - sizeof(good), &good, sizeof(good));
	EXPECT_EQ(0, ioctl(self->fd, EXDMA_IOC_SET_OPTIONS, end - sizeof(good)));
	/* the size is there, the rest is not */
	memcpy(end - 8, &good, 8);
	not_accepted(_metadata, self, end - 8, EFAULT);
	memcpy(end - 15, &good, 15);
	not_accepted(_metadata, self, end - 15, EFAULT);
}

/* They are those of an open file: copies share them, others do not. */
TEST_F(options, whose_they_are)
{
	int copy = dup(self->fd), other = open_out(&self->card, 1);
	struct exdma_options options = good;

	options.dispatch = EXDMA_DISPATCH_SEQUENTIAL;
	options.completion_cpu = 0;
	ASSERT_EQ(0, ioctl(copy, EXDMA_IOC_SET_OPTIONS, &options));
	get(_metadata, self, &options);
	EXPECT_EQ(EXDMA_DISPATCH_SEQUENTIAL, options.dispatch);
	EXPECT_EQ(0, options.completion_cpu);
	options = good;
	ASSERT_EQ(0, ioctl(other, EXDMA_IOC_GET_OPTIONS, &options));
	EXPECT_EQ(EXDMA_DISPATCH_PARALLEL, options.dispatch);
	EXPECT_EQ(EXDMA_CPU_ANY, options.completion_cpu);
	close(copy);
	close(other);
}

/* A card that has been removed has neither options nor barriers. */
FIXTURE(gone) {
	struct card card;
};

FIXTURE_SETUP(gone)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
}

FIXTURE_TEARDOWN_PARENT(gone)
{
	card_bind(&self->card);
}

TEST_F(gone, every_call_says_so)
{
	static const unsigned long requests[] = {
		EXDMA_IOC_CARD_INFO, EXDMA_IOC_CHANNEL_INFO, EXDMA_IOC_GET_OPTIONS,
		EXDMA_IOC_SET_OPTIONS, EXDMA_IOC_BARRIER, EXDMA_IOC_RESET,
	};
	int fd[] = { open_in(&self->card, 1), open_out(&self->card, CARD_NODE) };
	struct exdma_card_info arg = { .size = sizeof(struct exdma_options) };
	unsigned int i, k;

	for (k = 0; k < ARRAY_SIZE(fd); k++)
		EXPECT_EQ(0, ioctl(fd[k], EXDMA_IOC_BARRIER));
	ASSERT_EQ(0, card_unbind(&self->card));
	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		for (k = 0; k < ARRAY_SIZE(fd); k++) {
			errno = 0;
			EXPECT_EQ(-1, ioctl(fd[k], requests[i], &arg));
			EXPECT_EQ(ENODEV, errno) TH_LOG("request 0x%lx", requests[i]);
		}
	}
	for (k = 0; k < ARRAY_SIZE(fd); k++)
		close(fd[k]);
}

TEST_HARNESS_MAIN
