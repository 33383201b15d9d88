// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - unit tests of the ring
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/cache.h>
#include <linux/dma-mapping.h>

#include "ring.h"

#define SLOTS	8

struct ring_fixture {
	struct device *dev;
	struct exdma_ring ring;
};

static int ring_setup(struct kunit *test)
{
	struct ring_fixture *fixture;

	fixture = kunit_kzalloc(test, sizeof(*fixture), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fixture);
	fixture->dev = kunit_device_register(test, "exdma_ring_test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fixture->dev);
	KUNIT_ASSERT_EQ(test, dma_coerce_mask_and_coherent(fixture->dev, DMA_BIT_MASK(64)), 0);
	KUNIT_ASSERT_EQ(test, exdma_ring_alloc(&fixture->ring, fixture->dev, SLOTS, 32, 12), 0);
	test->priv = fixture;
	return 0;
}

static void ring_teardown(struct kunit *test)
{
	struct ring_fixture *fixture = test->priv;

	if (fixture)
		exdma_ring_free(&fixture->ring, fixture->dev);
}

static struct exdma_ring *the_ring(struct kunit *test)
{
	struct ring_fixture *fixture = test->priv;

	return &fixture->ring;
}

static void ring_memory(struct kunit *test)
{
	struct exdma_ring *ring = the_ring(test);
	const u8 *status = ring->status;
	size_t i;

	KUNIT_EXPECT_EQ(test, ring->bytes, SLOTS * 32);
	KUNIT_EXPECT_NOT_NULL(test, ring->cpu);
	/* What the device writes shares no cache line with anything else. */
	KUNIT_EXPECT_EQ(test, ring->status_bytes, SMP_CACHE_BYTES);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((uintptr_t)status, SMP_CACHE_BYTES));
	for (i = 0; i < ring->status_bytes; i++)
		KUNIT_EXPECT_EQ(test, status[i], 0);
}

static void ring_odd_sizes(struct kunit *test)
{
	struct ring_fixture *fixture = test->priv;
	struct exdma_ring other = { };

	KUNIT_EXPECT_EQ(test, exdma_ring_alloc(&other, fixture->dev, 12, 32, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, exdma_ring_alloc(&other, fixture->dev, 0, 32, 0), -EINVAL);
	KUNIT_EXPECT_NULL(test, other.cpu);

	KUNIT_ASSERT_EQ(test, exdma_ring_alloc(&other, fixture->dev, 1, 32, 0), 0);
	KUNIT_EXPECT_NULL(test, other.status);
	exdma_ring_free(&other, fixture->dev);
	KUNIT_EXPECT_NULL(test, other.cpu);
	exdma_ring_free(&other, fixture->dev);
}

static void ring_exact_fit(struct kunit *test)
{
	struct exdma_ring *ring = the_ring(test);

	KUNIT_EXPECT_EQ(test, exdma_ring_room(ring), SLOTS);
	KUNIT_EXPECT_EQ(test, exdma_ring_reserve(ring, SLOTS - 1), 0);
	KUNIT_EXPECT_EQ(test, exdma_ring_room(ring), 1);
	KUNIT_EXPECT_EQ(test, exdma_ring_reserve(ring, 1), SLOTS - 1);
	KUNIT_EXPECT_EQ(test, exdma_ring_room(ring), 0);
	exdma_ring_release(ring, 3);
	KUNIT_EXPECT_EQ(test, exdma_ring_room(ring), 3);
	exdma_ring_release(ring, 3);
	KUNIT_EXPECT_EQ(test, exdma_ring_room(ring), 3);
	exdma_ring_release(ring, ring->head);
	KUNIT_EXPECT_EQ(test, exdma_ring_room(ring), SLOTS);
}

/* Every way to fill up and drain, at every place of the ring. */
static void ring_goes_round(struct kunit *test)
{
	struct exdma_ring *ring = the_ring(test);
	u32 count, at = 0;

	for (count = 1; count <= SLOTS; count++) {
		u32 turn;

		for (turn = 0; turn < SLOTS; turn++) {
			KUNIT_EXPECT_EQ(test, exdma_ring_reserve(ring, count), at);
			KUNIT_EXPECT_EQ(test, exdma_ring_slot(ring, at), at % SLOTS);
			KUNIT_EXPECT_EQ(test, exdma_ring_room(ring), SLOTS - count);
			at += count;
			exdma_ring_release(ring, at);
		}
	}
}

/* The counts pass 2^32; what is in use does not notice. */
static void ring_counts_wrap(struct kunit *test)
{
	struct exdma_ring *ring = the_ring(test);
	u32 first;

	ring->head = U32_MAX - 2;
	ring->tail = U32_MAX - 2;
	first = exdma_ring_reserve(ring, 5);
	KUNIT_EXPECT_EQ(test, first, U32_MAX - 2);
	KUNIT_EXPECT_EQ(test, ring->head, 2);
	KUNIT_EXPECT_EQ(test, exdma_ring_room(ring), SLOTS - 5);
	KUNIT_EXPECT_EQ(test, exdma_ring_slot(ring, first), SLOTS - 3);
	KUNIT_EXPECT_EQ(test, exdma_ring_slot(ring, first + 4), 1);
	exdma_ring_release(ring, U32_MAX);
	KUNIT_EXPECT_EQ(test, exdma_ring_room(ring), SLOTS - 3);
	exdma_ring_release(ring, 0);
	KUNIT_EXPECT_EQ(test, exdma_ring_room(ring), SLOTS - 2);
	exdma_ring_release(ring, 2);
	KUNIT_EXPECT_EQ(test, exdma_ring_room(ring), SLOTS);
}

static struct kunit_case ring_cases[] = {
	KUNIT_CASE(ring_memory),
	KUNIT_CASE(ring_odd_sizes),
	KUNIT_CASE(ring_exact_fit),
	KUNIT_CASE(ring_goes_round),
	KUNIT_CASE(ring_counts_wrap),
	{ }
};

static struct kunit_suite ring_suite = {
	.name = "exdma-ring",
	.init = ring_setup,
	.exit = ring_teardown,
	.test_cases = ring_cases,
};

kunit_test_suite(ring_suite);
