// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - unit tests of a buffer: which pages become one entry
 */
#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/uio.h>

#include "buffer.h"
#include "engine_test.h"

#define ORDER	2	/* four contiguous pages */
#define LONGEST	(2 * PAGE_SIZE)

/* A part of the n-th of these pages. */
struct part {
	u32 n, offset, len;
};

/* These parts of pages become @entries entries; the first entry has @len bytes. */
static void expect_entries(struct kunit *test, const struct part *parts, u32 count, u32 entries,
			   u32 len)
{
	struct engine *engine = test->priv;
	struct page *pages = alloc_pages(GFP_KERNEL, ORDER);
	struct exdma_buffer *buf;
	struct bio_vec bvec[4];
	struct iov_iter iter;
	u32 i, bytes = 0;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	for (i = 0; i < count; i++) {
		bvec_set_page(&bvec[i], pages + parts[i].n, parts[i].len, parts[i].offset);
		bytes += parts[i].len;
	}
	iov_iter_bvec(&iter, ITER_SOURCE, bvec, count, bytes);
	buf = exdma_buffer_get(engine->ch, &iter, 0, GFP_KERNEL);
	if (IS_ERR(buf)) {
		KUNIT_FAIL(test, "no buffer: %ld", PTR_ERR(buf));
	} else {
		KUNIT_EXPECT_EQ(test, buf->req.bytes, bytes);
		KUNIT_EXPECT_EQ(test, buf->sgt.orig_nents, entries);
		KUNIT_EXPECT_EQ(test, buf->sg[0].length, len);
		KUNIT_EXPECT_EQ(test, buf->pages, count);
		exdma_buffer_put(buf);
	}
	__free_pages(pages, ORDER);
}

static void whole_neighbours(struct kunit *test)
{
	const struct part parts[] = {
		{ 0, 512, PAGE_SIZE - 512 }, { 1, 0, PAGE_SIZE }, { 2, 0, 100 },
	};

	expect_entries(test, parts, 3, 1, 2 * PAGE_SIZE - 512 + 100);
}

/* There is a gap between the two parts. */
static void second_begins_later(struct kunit *test)
{
	const struct part parts[] = { { 0, 0, PAGE_SIZE }, { 1, 512, 1024 } };

	expect_entries(test, parts, 2, 2, PAGE_SIZE);
}

static void first_ends_earlier(struct kunit *test)
{
	const struct part parts[] = { { 0, 0, PAGE_SIZE - 512 }, { 1, 0, PAGE_SIZE } };

	expect_entries(test, parts, 2, 2, PAGE_SIZE - 512);
}

static void in_another_order(struct kunit *test)
{
	const struct part parts[] = { { 1, 0, PAGE_SIZE }, { 0, 0, PAGE_SIZE } };

	expect_entries(test, parts, 2, 2, PAGE_SIZE);
}

static void not_next_to_each_other(struct kunit *test)
{
	const struct part parts[] = { { 0, 0, PAGE_SIZE }, { 2, 0, PAGE_SIZE } };

	expect_entries(test, parts, 2, 2, PAGE_SIZE);
}

/* No entry is longer than what the engine moves with one descriptor. */
static void longest_entry(struct kunit *test)
{
	const struct part parts[] = {
		{ 0, 0, PAGE_SIZE }, { 1, 0, PAGE_SIZE }, { 2, 0, PAGE_SIZE }, { 3, 0, 100 },
	};

	expect_entries(test, parts, 4, 2, LONGEST);
}

static int setup(struct kunit *test)
{
	struct engine *engine;
	int err = engine_setup(test);

	if (err)
		return err;
	engine = test->priv;
	/* the card is not registered, which computes it */
	engine->card->max_segment = LONGEST;
	return 0;
}

static struct kunit_case cases[] = {
	KUNIT_CASE(whole_neighbours),
	KUNIT_CASE(second_begins_later),
	KUNIT_CASE(first_ends_earlier),
	KUNIT_CASE(in_another_order),
	KUNIT_CASE(not_next_to_each_other),
	KUNIT_CASE(longest_entry),
	{ }
};

static struct kunit_suite suite = {
	.name = "exdma-buffer",
	.init = setup,
	.exit = engine_teardown,
	.test_cases = cases,
};

kunit_test_suite(suite);
