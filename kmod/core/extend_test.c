// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - unit tests of a memory-mapped channel whose runs are extended: the
 * engine never comes to an end while there is something to do
 */
#include "engine_test.h"

#define LARGE	(600 * SZ_1K)	/* two of them are more than a run may be */

/* Requests up to this slot are through; an engine that has no more waits. */
static void move_to(struct engine *engine, u32 done)
{
	engine->done = done;
	engine->on = done < engine->count;
	interrupt(engine);
}

/* It always has two, however large; the handler gives it the next. */
static void handler_feeds_the_engine(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[5];
	u32 i;

	for (i = 0; i < 4; i++)
		req[i] = submit(engine, engine_request(engine, 1, LARGE));
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	KUNIT_EXPECT_EQ(test, engine->count, 2);
	move_to(engine, 1);
	EXPECT_DONE(test, req[0], 0, LARGE);
	KUNIT_EXPECT_EQ(test, engine->count, 3);
	move_to(engine, 2);
	KUNIT_EXPECT_EQ(test, engine->count, 4);
	move_to(engine, 4);
	for (i = 1; i < 4; i++)
		EXPECT_DONE(test, req[i], 0, LARGE);
	engine_expect_idle(engine);

	/* It waits behind the last: no need to stop it. */
	req[4] = submit(engine, engine_request(engine, 2, SZ_4K));
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	KUNIT_EXPECT_EQ(test, engine->flags, EXDMA_RUN_ON);
	KUNIT_EXPECT_EQ(test, engine->first, 4);
	move_to(engine, 2);
	EXPECT_DONE(test, req[4], 0, 2 * SZ_4K);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.runs, 2);
	KUNIT_EXPECT_EQ(test, engine->stops, 0);
	engine_expect_idle(engine);
}

/* What it has and has not finished is no more than a run. */
static void engine_has_so_many(struct kunit *test)
{
	struct engine *engine = test->priv;
	u32 i;

	for (i = 0; i < 70; i++)
		submit(engine, engine_request(engine, 1, 64));
	KUNIT_EXPECT_EQ(test, engine->count, 64);
	move_to(engine, 3);
	KUNIT_EXPECT_EQ(test, engine->count, 67);
	move_to(engine, 66);
	KUNIT_EXPECT_EQ(test, engine->count, 70);
	move_to(engine, 70);
	engine_expect_idle(engine);

	/* Bytes: a MiB. */
	for (i = 0; i < 5; i++)
		submit(engine, engine_request(engine, 1, 300 * SZ_1K));
	KUNIT_EXPECT_EQ(test, engine->count, 3);
	move_to(engine, 1);
	KUNIT_EXPECT_EQ(test, engine->count, 4);
	move_to(engine, 3);
	KUNIT_EXPECT_EQ(test, engine->count, 5);
	move_to(engine, 5);
	engine_expect_idle(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.starts[EXDMA_START_IRQ], 0);
}

/* Two that share an interrupt, one whose interrupt comes later, one in pieces. */
static void interrupts_are_news_or_not(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[4];
	u32 i;

	for (i = 0; i < 4; i++)
		req[i] = submit(engine, engine_request(engine, 2, SZ_4K));
	move_to(engine, 4);
	EXPECT_DONE(test, req[0], 0, 2 * SZ_4K);
	EXPECT_DONE(test, req[1], 0, 2 * SZ_4K);
	interrupt(engine);
	engine->done = 6;
	KUNIT_EXPECT_FALSE(test, exdma_channel_poll(engine->ch));
	EXPECT_DONE(test, req[2], 0, 2 * SZ_4K);
	interrupt(engine);
	move_to(engine, 7);
	KUNIT_EXPECT_FALSE(test, is_done(req[3]));
	move_to(engine, 8);
	EXPECT_DONE(test, req[3], 0, 2 * SZ_4K);
	interrupt(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.spurious_interrupts, 0);
	KUNIT_EXPECT_EQ(test, engine->ch->owed, 0);
	engine_expect_idle(engine);
}

/* A request at an address that stays. */
static struct exdma_request *submit_fixed(struct engine *engine)
{
	struct exdma_request *req = engine_request(engine, 1, LARGE);

	req->fixed = true;
	return submit(engine, req);
}

/* The engine is not where the next request is, or in another mode: it is stopped. */
static void expect_stop(struct engine *engine, struct exdma_request *req)
{
	struct exdma_channel *ch = engine->ch;
	struct kunit *test = engine->test;

	KUNIT_EXPECT_EQ(test, ch->state, EXDMA_CH_FROZEN);
	KUNIT_EXPECT_FALSE(test, is_done(req));
	recover(engine);
	KUNIT_EXPECT_EQ(test, ch->state, EXDMA_CH_LIVE);
	KUNIT_EXPECT_EQ(test, engine->stops, 1);
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	KUNIT_EXPECT_EQ(test, engine->reports, 0);
	KUNIT_EXPECT_EQ(test, ch->stats.errors, 0);
	KUNIT_EXPECT_EQ(test, req->tries, 0);
	move_to(engine, 1);
	EXPECT_DONE(test, req, 0, LARGE);
	engine_expect_idle(engine);
}

static void a_gap(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[4];
	u32 i;

	for (i = 0; i < 4; i++)
		req[i] = submit(engine, engine_request(engine, 1, LARGE));
	KUNIT_EXPECT_FALSE(test, exdma_channel_cancel(engine->ch, req[1]));
	KUNIT_EXPECT_TRUE(test, exdma_channel_cancel(engine->ch, req[2]));
	move_to(engine, 1);
	KUNIT_EXPECT_EQ(test, engine->count, 2);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	move_to(engine, 2);
	EXPECT_DONE(test, req[1], 0, LARGE);
	expect_stop(engine, req[3]);
}

static void another_mode(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	req[0] = submit(engine, engine_request(engine, 1, LARGE));
	req[1] = submit_fixed(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 1);
	KUNIT_EXPECT_EQ(test, engine->flags, 0);
	move_to(engine, 1);
	EXPECT_DONE(test, req[0], 0, LARGE);
	expect_stop(engine, req[1]);
	KUNIT_EXPECT_EQ(test, engine->flags, EXDMA_RUN_FIXED);

	/* In the same mode it goes on. */
	req[1] = submit_fixed(engine);
	KUNIT_EXPECT_EQ(test, engine->flags, EXDMA_RUN_FIXED | EXDMA_RUN_ON);
	move_to(engine, 1);
	EXPECT_DONE(test, req[1], 0, LARGE);
}

/* It would not stop: the card is reset, and the engine waits nowhere. */
static void a_gap_and_no_stop(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req;

	req = submit(engine, engine_request(engine, 1, LARGE));
	move_to(engine, 1);
	EXPECT_DONE(test, req, 0, LARGE);
	req = submit_fixed(engine);
	engine->stop_result = -ETIMEDOUT;
	recover(engine);
	KUNIT_EXPECT_TRUE(test, exdma_channel_faulty(engine->ch));
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	KUNIT_EXPECT_EQ(test, exdma_card_reset(engine->card), 0);
	KUNIT_EXPECT_EQ(test, engine->resets, 1);
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	KUNIT_EXPECT_EQ(test, engine->flags, EXDMA_RUN_FIXED);
	move_to(engine, 1);
	EXPECT_DONE(test, req, 0, LARGE);
	engine_expect_idle(engine);
}

/* One of two is through and nobody tells: the other runs on. */
static void lost_interrupt(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[3];
	u32 i;

	for (i = 0; i < 3; i++)
		req[i] = submit(engine, engine_request(engine, 2, LARGE));
	/* No interrupt is due in the middle of a request. */
	engine->done = 1;
	watch(engine);
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.lost_interrupts, 0);
	engine->done = 2;
	watch(engine);
	KUNIT_EXPECT_FALSE(test, is_done(req[0]));
	KUNIT_EXPECT_EQ(test, engine->acks, 0);
	watch(engine);
	EXPECT_DONE(test, req[0], 0, 2 * LARGE);
	/* As long as it asks for the one that was lost, there is no other. */
	KUNIT_EXPECT_EQ(test, engine->acks, 1);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.lost_interrupts, 1);
	KUNIT_EXPECT_EQ(test, engine->count, 6);
	/* Late it comes after all. */
	interrupt(engine);
	KUNIT_EXPECT_FALSE(test, is_done(req[1]));
	move_to(engine, 6);
	EXPECT_DONE(test, req[1], 0, 2 * LARGE);
	EXPECT_DONE(test, req[2], 0, 2 * LARGE);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.spurious_interrupts, 0);
	engine_expect_idle(engine);
}

/* One fails; those that it was given behind it are run again, from the start. */
static void error_in_the_middle(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[3];
	u32 i;

	for (i = 0; i < 3; i++)
		req[i] = submit(engine, engine_request(engine, 2, SZ_4K));
	engine->tells = true;
	break_run(engine, 3, -EIO);
	interrupt(engine);
	EXPECT_DONE(test, req[0], 0, 2 * SZ_4K);
	KUNIT_EXPECT_FALSE(test, is_done(req[1]));
	recover(engine);
	EXPECT_DONE(test, req[1], -EIO, SZ_4K);
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	KUNIT_EXPECT_EQ(test, engine->flags, 0);
	KUNIT_EXPECT_EQ(test, engine->count, 2);
	move_to(engine, 2);
	EXPECT_DONE(test, req[2], 0, 2 * SZ_4K);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.errors, 1);
	engine_expect_idle(engine);
}

/* Told of something that is not there yet: the watchdog has another look. */
static void an_interrupt_without_news(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req = submit(engine, engine_request(engine, 1, SZ_4K));

	engine->behind = true;
	engine->done = 1;
	interrupt(engine);
	KUNIT_EXPECT_FALSE(test, is_done(req));
	watch(engine);
	KUNIT_EXPECT_FALSE(test, is_done(req));
	watch(engine);
	EXPECT_DONE(test, req, 0, SZ_4K);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.lost_interrupts, 0);
	engine->on = false;
	engine_expect_idle(engine);
}

/* While one waits for another mode, nobody is called who can do nothing. */
static void nobody_is_called_in_vain(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	req[0] = submit(engine, engine_request(engine, 1, LARGE));
	req[1] = submit_fixed(engine);
	KUNIT_EXPECT_EQ(test, interrupt(engine), IRQ_HANDLED);
	KUNIT_EXPECT_FALSE(test, exdma_channel_poll(engine->ch));
	move_to(engine, 1);
	recover(engine);
	move_to(engine, 1);
	EXPECT_DONE(test, req[1], 0, LARGE);
	engine_expect_idle(engine);
}

/* A reset by somebody else, while the engine is to be stopped for a gap. */
static void a_reset_in_a_gap(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req;

	submit(engine, engine_request(engine, 1, LARGE));
	move_to(engine, 1);
	req = submit_fixed(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_FROZEN);
	KUNIT_EXPECT_FALSE(test, exdma_channel_faulty(engine->ch));
	/* Its engines do stop: it can go on without. */
	engine->reset_result = -ENOTTY;
	KUNIT_EXPECT_EQ(test, exdma_card_reset(engine->card), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	move_to(engine, 1);
	EXPECT_DONE(test, req, 0, LARGE);
	engine_expect_idle(engine);
}

static struct kunit_case extend_cases[] = {
	KUNIT_CASE(handler_feeds_the_engine),
	KUNIT_CASE(engine_has_so_many),
	KUNIT_CASE(interrupts_are_news_or_not),
	KUNIT_CASE(a_gap),
	KUNIT_CASE(another_mode),
	KUNIT_CASE(a_gap_and_no_stop),
	KUNIT_CASE(a_reset_in_a_gap),
	KUNIT_CASE(nobody_is_called_in_vain),
	KUNIT_CASE(lost_interrupt),
	KUNIT_CASE(an_interrupt_without_news),
	KUNIT_CASE(error_in_the_middle),
	{ }
};

static struct kunit_suite extend_suite = {
	.name = "exdma-extend",
	.init = engine_setup_endless,
	.exit = engine_teardown,
	.test_cases = extend_cases,
};

kunit_test_suite(extend_suite);
