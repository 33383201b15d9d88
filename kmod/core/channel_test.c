// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - unit tests of a channel: queue, runs, completion
 */
#include <linux/delay.h>

#include "engine_test.h"

static void one_request(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req = submit(engine, engine_request(engine, 3, SZ_4K));
	u32 i;

	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	KUNIT_EXPECT_EQ(test, engine->first, 0);
	KUNIT_EXPECT_EQ(test, engine->count, 3);
	for (i = 0; i < 3; i++) {
		KUNIT_EXPECT_EQ(test, engine->slots[i].host, HOST_BASE + i * SZ_1M);
		KUNIT_EXPECT_EQ(test, engine->slots[i].card, CARD_BASE + i * SZ_4K);
		KUNIT_EXPECT_EQ(test, engine->slots[i].len, SZ_4K);
		KUNIT_EXPECT_EQ(test, engine->slots[i].flags, i == 2 ? EXDMA_SEG_LAST : 0);
	}
	KUNIT_EXPECT_FALSE(test, is_done(req));
	/* Its owner waits itself: no need for the bottom half. */
	KUNIT_EXPECT_EQ(test, finish_run(engine), IRQ_HANDLED);
	EXPECT_DONE(test, req, 0, 3 * SZ_4K);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.requests, 1);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.bytes, 3 * SZ_4K);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.starts[EXDMA_START_SUBMIT], 1);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.spurious_interrupts, 0);
	engine_expect_idle(engine);
}

/* Three are staged, nobody submits any more: the handler starts them, in order. */
static void handler_starts_the_next(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[4];
	u32 i;

	for (i = 0; i < 4; i++)
		req[i] = submit(engine, engine_request(engine, i + 1, SZ_4K));
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	KUNIT_EXPECT_EQ(test, finish_run(engine), IRQ_HANDLED);
	EXPECT_DONE(test, req[0], 0, SZ_4K);
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	KUNIT_EXPECT_EQ(test, engine->first, 1);
	KUNIT_EXPECT_EQ(test, engine->count, 2 + 3 + 4);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.starts[EXDMA_START_IRQ], 1);
	finish_run(engine);
	for (i = 1; i < 4; i++)
		EXPECT_DONE(test, req[i], 0, (i + 1) * SZ_4K);
	engine_expect_idle(engine);
}

static void spurious_interrupts(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req;

	KUNIT_EXPECT_EQ(test, interrupt(engine), IRQ_HANDLED);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.spurious_interrupts, 1);
	req = submit(engine, engine_request(engine, 1, 64));
	KUNIT_EXPECT_EQ(test, interrupt(engine), IRQ_HANDLED);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.spurious_interrupts, 2);
	KUNIT_EXPECT_FALSE(test, is_done(req));
	finish_run(engine);
	EXPECT_DONE(test, req, 0, 64);
}

static void completion_in_pieces(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[4];
	u32 i;

	submit(engine, engine_request(engine, 1, SZ_4K));
	for (i = 0; i < 4; i++)
		req[i] = submit(engine, engine_request(engine, 2, SZ_4K));
	finish_run(engine);
	KUNIT_ASSERT_EQ(test, engine->count, 8);

	engine->done = 1;
	interrupt(engine);
	KUNIT_EXPECT_FALSE(test, is_done(req[0]));
	engine->done = 2;
	interrupt(engine);
	EXPECT_DONE(test, req[0], 0, 2 * SZ_4K);
	KUNIT_EXPECT_FALSE(test, is_done(req[1]));
	KUNIT_EXPECT_EQ(test, exdma_ring_room(&engine->ch->ring), SLOTS - 6);
	engine->done = 7;
	interrupt(engine);
	EXPECT_DONE(test, req[1], 0, 2 * SZ_4K);
	EXPECT_DONE(test, req[2], 0, 2 * SZ_4K);
	KUNIT_EXPECT_FALSE(test, is_done(req[3]));
	/* The engine runs on all the while. */
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	finish_run(engine);
	EXPECT_DONE(test, req[3], 0, 2 * SZ_4K);
	engine_expect_idle(engine);
}

/* A count that goes back, and one beyond the run. */
static void senseless_counts(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	submit(engine, engine_request(engine, 1, 64));
	req[0] = submit(engine, engine_request(engine, 1, 64));
	req[1] = submit(engine, engine_request(engine, 2, 64));
	finish_run(engine);
	engine->done = 2;
	interrupt(engine);
	EXPECT_DONE(test, req[0], 0, 64);
	engine->done = 1;
	interrupt(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->run_done, 2);
	engine->done = 4;
	interrupt(engine);
	KUNIT_EXPECT_FALSE(test, is_done(req[1]));
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_FROZEN);
	KUNIT_EXPECT_EQ(test, engine->ch->fault, -EIO);
	engine->done = 2;
	recover(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
}

static void run_has_so_many_requests(struct kunit *test)
{
	struct engine *engine = test->priv;
	u32 i;

	submit(engine, engine_request(engine, 1, 64));
	for (i = 0; i < 70; i++)
		submit(engine, engine_request(engine, 1, 64));
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 64);
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 6);
	finish_run(engine);
	engine_expect_idle(engine);
}

static void run_has_so_many_bytes(struct kunit *test)
{
	struct engine *engine = test->priv;
	u32 i;

	submit(engine, engine_request(engine, 1, 64));
	for (i = 0; i < 6; i++)
		submit(engine, engine_request(engine, 1, SZ_256K));
	submit(engine, engine_request(engine, 1, SZ_1M));
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 4);
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 2);
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 1);
	finish_run(engine);
	engine_expect_idle(engine);
}

static void run_has_so_many_slots(struct kunit *test)
{
	struct engine *engine = test->priv;

	submit(engine, engine_request(engine, 1, 64));
	submit(engine, engine_request(engine, 256, 64));
	submit(engine, engine_request(engine, 256, 64));
	submit(engine, engine_request(engine, 1, 64));
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 512);
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 1);
	finish_run(engine);
	submit(engine, engine_request(engine, 1, 64));
	submit(engine, engine_request(engine, 256, 64));
	submit(engine, engine_request(engine, 257, 64));
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 256);
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 257);
	finish_run(engine);
	engine_expect_idle(engine);
}

static void ring_takes_what_fits(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[5];
	u32 i;

	for (i = 0; i < 5; i++)
		req[i] = submit(engine, engine_request(engine, 256, 64));
	/* Exactly four fit. */
	KUNIT_EXPECT_EQ(test, exdma_ring_room(&engine->ch->ring), 0);
	KUNIT_EXPECT_EQ(test, req[3]->state, EXDMA_REQ_STAGED);
	KUNIT_EXPECT_EQ(test, req[4]->state, EXDMA_REQ_PENDING);
	/* There is room now, and somebody has to fill it. */
	KUNIT_EXPECT_EQ(test, finish_run(engine), IRQ_WAKE_THREAD);
	KUNIT_EXPECT_EQ(test, req[4]->state, EXDMA_REQ_PENDING);
	exdma_channel_bottom_half(engine->ch);
	KUNIT_EXPECT_EQ(test, req[4]->state, EXDMA_REQ_STAGED);
	KUNIT_EXPECT_EQ(test, exdma_ring_slot(&engine->ch->ring, req[4]->first), 0);
	KUNIT_EXPECT_EQ(test, finish_run(engine), IRQ_HANDLED);
	finish_run(engine);
	for (i = 0; i < 5; i++)
		EXPECT_DONE(test, req[i], 0, 256 * 64);
	engine_expect_idle(engine);
}

/* What came later does not overtake what has no room. */
static void no_overtaking(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *large, *small;
	u32 i;

	for (i = 0; i < 4; i++)
		submit(engine, engine_request(engine, 250, 64));
	large = submit(engine, engine_request(engine, 200, 64));
	small = submit(engine, engine_request(engine, 1, 64));
	KUNIT_EXPECT_EQ(test, exdma_ring_room(&engine->ch->ring), 24);
	KUNIT_EXPECT_EQ(test, large->state, EXDMA_REQ_PENDING);
	KUNIT_EXPECT_EQ(test, small->state, EXDMA_REQ_PENDING);
	while (!is_done(small)) {
		KUNIT_ASSERT_TRUE(test, engine->on);
		if (finish_run(engine) == IRQ_WAKE_THREAD)
			exdma_channel_bottom_half(engine->ch);
	}
	EXPECT_DONE(test, large, 0, 200 * 64);
	KUNIT_EXPECT_LT(test, large->first, small->first);
	engine_expect_idle(engine);
}

/* The ring's counts pass 2^32 in the middle of it all. */
static void counts_wrap(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_ring *ring = &engine->ch->ring;
	struct exdma_request *req[3];
	u32 i;

	ring->head = U32_MAX - 3;
	ring->tail = U32_MAX - 3;
	req[0] = submit(engine, engine_request(engine, 2, 64));
	req[1] = submit(engine, engine_request(engine, 5, 64));
	req[2] = submit(engine, engine_request(engine, 1, 64));
	KUNIT_EXPECT_EQ(test, engine->first, SLOTS - 4);
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->first, SLOTS - 2);
	KUNIT_EXPECT_EQ(test, engine->count, 6);
	KUNIT_EXPECT_EQ(test, engine->slots[2].card, CARD_BASE + 4 * 64);
	KUNIT_EXPECT_EQ(test, engine->slots[2].flags, EXDMA_SEG_LAST);
	finish_run(engine);
	for (i = 0; i < 3; i++)
		EXPECT_DONE(test, req[i], 0, req[i]->bytes);
	engine_expect_idle(engine);
}

static void bottom_half_completes(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *last = NULL;
	u32 i;

	submit(engine, engine_request(engine, 1, 64));
	for (i = 0; i < 200; i++)
		last = submit(engine, engine_async_request(engine, 1, 64));
	KUNIT_EXPECT_EQ(test, finish_run(engine), IRQ_HANDLED);
	while (engine->on)
		KUNIT_EXPECT_EQ(test, finish_run(engine), IRQ_WAKE_THREAD);
	KUNIT_EXPECT_EQ(test, engine->completed, 0);
	exdma_channel_bottom_half(engine->ch);
	KUNIT_EXPECT_EQ(test, engine->completed, 200);
	KUNIT_EXPECT_PTR_EQ(test, engine->last, last);
	KUNIT_EXPECT_EQ(test, last->status, 0);
	engine_expect_idle(engine);
}

static void take_back_what_waits(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *running, *staged[3], *pending[2];
	u32 i;

	running = submit(engine, engine_request(engine, 250, 64));
	for (i = 0; i < 3; i++)
		staged[i] = submit(engine, engine_request(engine, 250, 64));
	for (i = 0; i < 2; i++)
		pending[i] = submit(engine, engine_request(engine, 100, 64));

	KUNIT_EXPECT_FALSE(test, exdma_channel_cancel(engine->ch, running));
	KUNIT_EXPECT_TRUE(test, exdma_channel_cancel(engine->ch, pending[0]));
	KUNIT_EXPECT_FALSE(test, exdma_channel_cancel(engine->ch, pending[0]));
	KUNIT_EXPECT_TRUE(test, exdma_channel_cancel(engine->ch, staged[1]));
	KUNIT_EXPECT_EQ(test, engine->ch->depth, 4);
	finish_run(engine);
	EXPECT_DONE(test, running, 0, 250 * 64);
	KUNIT_EXPECT_FALSE(test, exdma_channel_cancel(engine->ch, running));
	/* The run ends at the gap that it left. */
	KUNIT_EXPECT_EQ(test, engine->first, 250);
	KUNIT_EXPECT_EQ(test, engine->count, 250);
	exdma_channel_bottom_half(engine->ch);
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->first, 750);
	KUNIT_EXPECT_EQ(test, engine->count, 250 + 100);
	finish_run(engine);
	EXPECT_DONE(test, staged[0], 0, 250 * 64);
	EXPECT_DONE(test, staged[2], 0, 250 * 64);
	EXPECT_DONE(test, pending[1], 0, 100 * 64);
	KUNIT_EXPECT_FALSE(test, is_done(staged[1]));
	KUNIT_EXPECT_FALSE(test, is_done(pending[0]));
	engine_expect_idle(engine);
}

static void take_back_all(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[3];
	u32 i;

	submit(engine, engine_request(engine, 4, 64));
	for (i = 0; i < 3; i++)
		req[i] = submit(engine, engine_request(engine, 4, 64));
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_TRUE(test, exdma_channel_cancel(engine->ch, req[i]));
	KUNIT_EXPECT_EQ(test, finish_run(engine), IRQ_HANDLED);
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	engine_expect_idle(engine);
}

static void held_batch(struct kunit *test)
{
	struct engine *engine = test->priv;
	u32 i;

	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, exdma_channel_submit(engine->ch,
							   engine_request(engine, 1, 64), true), 0);
	KUNIT_EXPECT_EQ(test, engine->starts, 0);
	exdma_channel_unhold(engine->ch);
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	KUNIT_EXPECT_EQ(test, engine->count, 3);
	finish_run(engine);
	/* A long batch does not keep the engine waiting for its end. */
	for (i = 0; i < 30; i++)
		exdma_channel_submit(engine->ch, engine_request(engine, 1, 64), true);
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	exdma_channel_unhold(engine->ch);
	finish_run(engine);
	finish_run(engine);
	/* Nor does a large request. */
	exdma_channel_submit(engine->ch, engine_request(engine, 1, SZ_1M), true);
	KUNIT_EXPECT_EQ(test, engine->starts, 4);
	exdma_channel_unhold(engine->ch);
	finish_run(engine);
	engine_expect_idle(engine);
}

static void polled(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	req[0] = submit(engine, engine_request(engine, 1, 64));
	req[1] = submit(engine, engine_request(engine, 1, 64));
	KUNIT_EXPECT_FALSE(test, exdma_channel_poll(engine->ch));
	KUNIT_EXPECT_FALSE(test, is_done(req[0]));
	engine->done = 1;
	engine->on = false;
	KUNIT_EXPECT_FALSE(test, exdma_channel_poll(engine->ch));
	EXPECT_DONE(test, req[0], 0, 64);
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.polled, 1);
	/* The first run's interrupt finds nothing to do, and alarms nobody. */
	interrupt(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.spurious_interrupts, 0);
	finish_run(engine);
	EXPECT_DONE(test, req[1], 0, 64);
	engine_expect_idle(engine);
}

/* It grows while a run is on, and then only. */
static void busy_time(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_channel_stats on, off, later;

	submit(engine, engine_request(engine, 1, 64));
	usleep_range(100, 1000);
	exdma_channel_get_stats(engine->ch, &on);
	KUNIT_EXPECT_GE(test, on.busy_ns, 100 * NSEC_PER_USEC);
	finish_run(engine);
	exdma_channel_get_stats(engine->ch, &off);
	KUNIT_EXPECT_GE(test, off.busy_ns, on.busy_ns);
	usleep_range(100, 1000);
	exdma_channel_get_stats(engine->ch, &later);
	KUNIT_EXPECT_EQ(test, later.busy_ns, off.busy_ns);
}

static void senseless_channels(struct kunit *test)
{
	static const struct exdma_channel_desc good = {
		.dir = EXDMA_C2H,
		.ops = &engine_ops,
		.desc_bytes = 32,
		.slots = SLOTS,
		.max_run_slots = EXDMA_REQUEST_SLOTS,
		.max_segment = PAGE_SIZE,
		.alignment = 1,
		.granularity = 1,
		.address_bits = 64,
	};
	struct engine *engine = test->priv;
	struct exdma_channel_desc bad;

#define REFUSED(member, value)							\
do {										\
	bad = good;								\
	bad.member = value;							\
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(exdma_channel_add(engine->card,	\
								&bad)),		\
			-EINVAL);						\
} while (0)

	REFUSED(index, 1);
	REFUSED(slots, SLOTS / 2);
	REFUSED(slots, SLOTS + 1);
	REFUSED(slots, 0);
	REFUSED(max_run_slots, 0);
	REFUSED(max_segment, PAGE_SIZE - 1);
	REFUSED(alignment, 0);
	REFUSED(alignment, 3);
	REFUSED(alignment, 2 * PAGE_SIZE);
	REFUSED(granularity, 0);
	REFUSED(granularity, 24);
	REFUSED(address_bits, 0);
	REFUSED(address_bits, 65);
#undef REFUSED
	bad = good;
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(exdma_channel_add(engine->card, &bad)), 0);
	/* No ring, one slot that runs and one that is staged: the least there is. */
	bad.index = 1;
	bad.desc_bytes = 0;
	bad.max_run_slots = 1;
	bad.slots = 1;
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(exdma_channel_add(engine->card, &bad)), -EINVAL);
	bad.slots = 2;
	KUNIT_EXPECT_EQ(test, PTR_ERR_OR_ZERO(exdma_channel_add(engine->card, &bad)), 0);
}

static struct kunit_case channel_cases[] = {
	KUNIT_CASE(one_request),
	KUNIT_CASE(handler_starts_the_next),
	KUNIT_CASE(spurious_interrupts),
	KUNIT_CASE(completion_in_pieces),
	KUNIT_CASE(senseless_counts),
	KUNIT_CASE(run_has_so_many_requests),
	KUNIT_CASE(run_has_so_many_bytes),
	KUNIT_CASE(run_has_so_many_slots),
	KUNIT_CASE(ring_takes_what_fits),
	KUNIT_CASE(no_overtaking),
	KUNIT_CASE(counts_wrap),
	KUNIT_CASE(bottom_half_completes),
	KUNIT_CASE(take_back_what_waits),
	KUNIT_CASE(take_back_all),
	KUNIT_CASE(held_batch),
	KUNIT_CASE(polled),
	KUNIT_CASE(busy_time),
	KUNIT_CASE(senseless_channels),
	{ }
};

static struct kunit_suite channel_suite = {
	.name = "exdma-channel",
	.init = engine_setup,
	.exit = engine_teardown,
	.test_cases = channel_cases,
};

kunit_test_suite(channel_suite);
