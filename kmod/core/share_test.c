// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - unit tests of channels that share an engine
 *
 * Both channels of the card lead to the same fake engine, which says so if it is
 * started while it runs.
 */
#include "engine_test.h"

struct pair {
	struct engine *engine;
	struct exdma_channel *first, *second;
};

/* test->priv stays the engine, for its helpers. */
static struct pair make_pair(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_channel_desc desc = engine->ch->desc;
	struct pair pair = { .engine = engine, .first = engine->ch };

	desc.dir = EXDMA_C2H;
	desc.shares = engine->ch;
	desc.desc_bytes = 0;
	pair.second = exdma_channel_add(engine->card, &desc);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, pair.second);
	disable_delayed_work_sync(&pair.second->watchdog);
	disable_work_sync(&pair.second->recovery);
	return pair;
}

static struct exdma_request *submit_to(struct exdma_channel *ch, struct engine *engine)
{
	struct exdma_request *req = engine_request(engine, 1, 64);

	KUNIT_ASSERT_EQ(engine->test, exdma_channel_submit(ch, req, false), 0);
	return req;
}

static void one_runs_at_a_time(struct kunit *test)
{
	struct pair p = make_pair(test);
	struct exdma_request *a = submit_to(p.first, p.engine);
	struct exdma_request *b = submit_to(p.second, p.engine);

	KUNIT_EXPECT_PTR_EQ(test, p.first->lock, p.second->lock);
	KUNIT_EXPECT_EQ(test, p.engine->starts, 1);
	KUNIT_EXPECT_EQ(test, b->state, EXDMA_REQ_STAGED);
	/* The handler starts what the other has staged, without the bottom half. */
	KUNIT_EXPECT_EQ(test, finish_run(p.engine), IRQ_HANDLED);
	EXPECT_DONE(test, a, 0, 64);
	KUNIT_EXPECT_EQ(test, p.engine->starts, 2);
	KUNIT_EXPECT_EQ(test, p.second->stats.starts[EXDMA_START_IRQ], 1);
	KUNIT_EXPECT_EQ(test, b->state, EXDMA_REQ_RUNNING);
	/* The interrupt is told to the first, and belongs to the second. */
	finish_run(p.engine);
	EXPECT_DONE(test, b, 0, 64);
	KUNIT_EXPECT_EQ(test, p.first->stats.interrupts, 1);
	KUNIT_EXPECT_EQ(test, p.second->stats.interrupts, 1);
	KUNIT_EXPECT_EQ(test, p.first->stats.spurious_interrupts, 0);
	engine_expect_idle(p.engine);
}

/* Neither can keep the other waiting, however much it has to do. */
static void by_turns(struct kunit *test)
{
	struct pair p = make_pair(test);
	struct exdma_request *a[4], *b[4];
	int i;

	a[0] = submit_to(p.first, p.engine);
	b[0] = submit_to(p.second, p.engine);
	for (i = 1; i < 4; i++) {
		/* more of both, while a run of the first is on */
		a[i] = submit_to(p.first, p.engine);
		finish_run(p.engine);
		EXPECT_DONE(test, a[i - 1], 0, 64);
		KUNIT_EXPECT_EQ(test, b[i - 1]->state, EXDMA_REQ_RUNNING);
		b[i] = submit_to(p.second, p.engine);
		finish_run(p.engine);
		EXPECT_DONE(test, b[i - 1], 0, 64);
		KUNIT_EXPECT_EQ(test, a[i]->state, EXDMA_REQ_RUNNING);
	}
	finish_run(p.engine);
	finish_run(p.engine);
	EXPECT_DONE(test, a[3], 0, 64);
	EXPECT_DONE(test, b[3], 0, 64);
	engine_expect_idle(p.engine);
}

/* The engine is stopped for the one that failed: the other has to wait for that. */
static void a_fault_holds_the_engine(struct kunit *test)
{
	struct pair p = make_pair(test);
	struct exdma_request *a = submit_to(p.first, p.engine);
	struct exdma_request *b = submit_to(p.second, p.engine);

	break_run(p.engine, 0, -EIO);
	interrupt(p.engine);
	KUNIT_EXPECT_EQ(test, p.first->state, EXDMA_CH_FROZEN);
	KUNIT_EXPECT_EQ(test, p.engine->starts, 1);
	exdma_channel_bottom_half(p.second);
	KUNIT_EXPECT_EQ(test, p.engine->starts, 1);
	recover(p.engine);
	KUNIT_EXPECT_EQ(test, p.engine->stops, 1);
	EXPECT_DONE(test, a, -EIO, 0);
	KUNIT_EXPECT_EQ(test, p.engine->starts, 2);
	KUNIT_EXPECT_EQ(test, b->state, EXDMA_REQ_RUNNING);
	finish_run(p.engine);
	EXPECT_DONE(test, b, 0, 64);
	engine_expect_idle(p.engine);
}

/* An interrupt that comes late, in the run of the other, is nobody's error. */
static void late_interrupt(struct kunit *test)
{
	struct pair p = make_pair(test);
	struct exdma_request *a = submit_to(p.first, p.engine);
	struct exdma_request *b = submit_to(p.second, p.engine);

	p.engine->done = p.engine->count;
	p.engine->on = false;
	watch(p.engine);
	watch(p.engine);
	EXPECT_DONE(test, a, 0, 64);
	KUNIT_EXPECT_EQ(test, p.first->stats.lost_interrupts, 1);
	KUNIT_EXPECT_EQ(test, b->state, EXDMA_REQ_RUNNING);
	interrupt(p.engine);
	KUNIT_EXPECT_EQ(test, p.second->stats.spurious_interrupts, 0);
	KUNIT_EXPECT_EQ(test, b->state, EXDMA_REQ_RUNNING);
	finish_run(p.engine);
	EXPECT_DONE(test, b, 0, 64);
	engine_expect_idle(p.engine);
}

/* A frozen channel whose run is not cleared up has the engine; thawed, it lets go. */
static void frozen_and_thawed(struct kunit *test)
{
	struct pair p = make_pair(test);
	struct exdma_request *a = submit_to(p.first, p.engine);
	struct exdma_request *b = submit_to(p.second, p.engine);

	exdma_channel_freeze(p.first);
	exdma_channel_freeze(p.second);
	p.engine->on = false;
	exdma_channel_thaw(p.second);
	KUNIT_EXPECT_EQ(test, p.engine->starts, 1);
	exdma_channel_thaw(p.first);
	KUNIT_EXPECT_EQ(test, p.engine->starts, 2);
	finish_run(p.engine);
	finish_run(p.engine);
	EXPECT_DONE(test, a, 0, 64);
	EXPECT_DONE(test, b, 0, 64);
	engine_expect_idle(p.engine);
}

/* It has no interrupt of its own: it could not be told whose it is. */
static void no_interrupt_of_its_own(struct kunit *test)
{
	struct pair p = make_pair(test);

	KUNIT_EXPECT_EQ(test, exdma_channel_request_irq(p.second, 1), -EINVAL);
}

static struct kunit_case share_cases[] = {
	KUNIT_CASE(one_runs_at_a_time),
	KUNIT_CASE(by_turns),
	KUNIT_CASE(a_fault_holds_the_engine),
	KUNIT_CASE(late_interrupt),
	KUNIT_CASE(frozen_and_thawed),
	KUNIT_CASE(no_interrupt_of_its_own),
	{ }
};

static struct kunit_suite share_suite = {
	.name = "exdma-share",
	.init = engine_setup,
	.exit = engine_teardown,
	.test_cases = share_cases,
};

kunit_test_suite(share_suite);
