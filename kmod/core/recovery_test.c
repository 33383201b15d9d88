// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - unit tests of a channel in trouble: errors, watchdog, reset,
 * removal
 */
#include "engine_test.h"

/* Two requests of two segments: the first one runs. */
static void submit_two(struct engine *engine, struct exdma_request *req[2])
{
	u32 i;

	for (i = 0; i < 2; i++)
		req[i] = submit(engine, engine_request(engine, 2, 64));
}

/* The watchdog finds that nothing has moved for too long. */
static void time_out(struct engine *engine)
{
	pass_time(engine, 6000);
	watch(engine);
	KUNIT_EXPECT_EQ(engine->test, engine->ch->state, EXDMA_CH_LIVE);
	watch(engine);
	KUNIT_EXPECT_EQ(engine->test, engine->ch->state, EXDMA_CH_FROZEN);
}

static void error_in_the_middle(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[3], *later;
	bool told;

	for (told = false; ; told = true) {
		engine->tells = told;
		submit(engine, engine_request(engine, 1, SZ_4K));
		req[0] = submit(engine, engine_request(engine, 2, SZ_4K));
		req[1] = submit(engine, engine_request(engine, 2, SZ_4K));
		req[2] = submit(engine, engine_request(engine, 2, SZ_4K));
		finish_run(engine);

		engine->starts = 0;
		break_run(engine, 3, -EIO);
		interrupt(engine);
		EXPECT_DONE(test, req[0], 0, 2 * SZ_4K);
		KUNIT_EXPECT_FALSE(test, is_done(req[1]));
		KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_FROZEN);
		/* It is taken, and waits. */
		later = submit(engine, engine_request(engine, 1, SZ_4K));
		KUNIT_EXPECT_EQ(test, engine->starts, 0);

		recover(engine);
		KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
		EXPECT_DONE(test, req[1], -EIO, SZ_4K);
		KUNIT_EXPECT_FALSE(test, is_done(req[2]));
		KUNIT_EXPECT_EQ(test, engine->starts, 1);
		KUNIT_EXPECT_EQ(test, engine->count, 3);
		finish_run(engine);
		EXPECT_DONE(test, req[2], 0, 2 * SZ_4K);
		EXPECT_DONE(test, later, 0, SZ_4K);
		engine_expect_idle(engine);
		if (told)
			break;
	}
	KUNIT_EXPECT_EQ(test, engine->stops, 2);
	KUNIT_EXPECT_EQ(test, engine->reports, 2);
	KUNIT_EXPECT_EQ(test, engine->resets, 0);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.errors, 2);
}

static void watchdog_rests(struct kunit *test)
{
	struct engine *engine = test->priv;

	submit(engine, engine_request(engine, 1, 64));
	KUNIT_EXPECT_TRUE(test, engine->ch->watched);
	watch(engine);
	watch(engine);
	KUNIT_EXPECT_TRUE(test, engine->ch->watched);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	finish_run(engine);
	watch(engine);
	KUNIT_EXPECT_FALSE(test, engine->ch->watched);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.lost_interrupts, 0);
	submit(engine, engine_request(engine, 1, 64));
	KUNIT_EXPECT_TRUE(test, engine->ch->watched);
	finish_run(engine);
}

static void lost_interrupt(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	req[0] = submit(engine, engine_request(engine, 2, 64));
	req[1] = submit(engine, engine_async_request(engine, 2, 64));
	engine->done = 2;
	engine->on = false;
	watch(engine);
	/* It may be under way. */
	KUNIT_EXPECT_FALSE(test, is_done(req[0]));
	watch(engine);
	EXPECT_DONE(test, req[0], 0, 128);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.lost_interrupts, 1);
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.starts[EXDMA_START_THREAD], 1);
	/* It was only late: no alarm, nothing is asked. */
	engine->error = -EIO;
	interrupt(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.spurious_interrupts, 0);
	engine->error = 0;
	finish_run(engine);
	exdma_channel_bottom_half(engine->ch);
	KUNIT_EXPECT_EQ(test, engine->completed, 1);
	engine_expect_idle(engine);
}

/* The same, but the interrupt was this run's own, and told of an error. */
static void doubtful_interrupt(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	req[0] = submit(engine, engine_request(engine, 1, 64));
	req[1] = submit(engine, engine_request(engine, 2, 64));
	engine->done = 1;
	engine->on = false;
	watch(engine);
	watch(engine);
	EXPECT_DONE(test, req[0], 0, 64);
	break_run(engine, 1, -EIO);
	interrupt(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_FROZEN);
	recover(engine);
	EXPECT_DONE(test, req[1], -EIO, 64);
	engine_expect_idle(engine);
}

/* Slow is not dead. */
static void slow_engine(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];
	u32 i;

	submit(engine, engine_request(engine, 1, 64));
	req[0] = submit(engine, engine_request(engine, 4, 64));
	req[1] = submit(engine, engine_request(engine, 4, 64));
	finish_run(engine);
	for (i = 1; i < 8; i++) {
		pass_time(engine, 4000);
		engine->done = i;
		watch(engine);
		KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
		KUNIT_EXPECT_EQ(test, is_done(req[0]), i >= 4);
	}
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.timeouts, 0);
	engine_expect_idle(engine);
}

/* The time is over, but it has passed for the engine as little as for the watchdog. */
static void machine_stood_still(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	submit_two(engine, req);
	pass_time(engine, 6000);
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	engine->done = 1;
	watch(engine);
	/* And once more: that it was so before does not count. */
	pass_time(engine, 6000);
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	finish_run(engine);
	EXPECT_DONE(test, req[0], 0, 128);
	finish_run(engine);
	EXPECT_DONE(test, req[1], 0, 128);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.timeouts, 0);
	engine_expect_idle(engine);
}

/* Run again once; then it is the request's end, and the others go on. */
static void engine_hangs(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[3];
	u32 i;

	submit(engine, engine_request(engine, 1, 64));
	for (i = 0; i < 3; i++)
		req[i] = submit(engine, engine_request(engine, 2, 64));
	finish_run(engine);

	engine->done = 2;
	pass_time(engine, 4000);
	watch(engine);
	EXPECT_DONE(test, req[0], 0, 128);
	pass_time(engine, 4000);
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	pass_time(engine, 1500);
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_FROZEN);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.timeouts, 1);
	recover(engine);
	KUNIT_EXPECT_FALSE(test, is_done(req[1]));
	/* Run again, from its first byte. */
	KUNIT_EXPECT_EQ(test, engine->count, 4);
	KUNIT_EXPECT_EQ(test, engine->slots[engine->first].card, CARD_BASE);

	engine->done = 1;
	pass_time(engine, 1500);
	watch(engine);
	time_out(engine);
	recover(engine);
	EXPECT_DONE(test, req[1], -ETIMEDOUT, 64);
	KUNIT_EXPECT_EQ(test, engine->count, 2);
	finish_run(engine);
	EXPECT_DONE(test, req[2], 0, 128);
	KUNIT_EXPECT_EQ(test, engine->stops, 2);
	KUNIT_EXPECT_EQ(test, engine->resets, 0);
	engine_expect_idle(engine);
}

/* It moves between the alarm and the stop: nobody fails. */
static void engine_wakes_up(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req;

	req = submit(engine, engine_request(engine, 2, 64));
	time_out(engine);
	engine->done = 2;
	interrupt(engine);
	KUNIT_EXPECT_FALSE(test, is_done(req));
	recover(engine);
	EXPECT_DONE(test, req, 0, 128);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	engine_expect_idle(engine);
}

static void reset_and_run_again(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	submit_two(engine, req);
	time_out(engine);
	engine->stop_result = -ETIMEDOUT;
	recover(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_FROZEN);
	KUNIT_EXPECT_FALSE(test, is_done(req[0]));
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	engine->card->repair.func(&engine->card->repair);
	KUNIT_EXPECT_EQ(test, engine->resets, 1);
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	KUNIT_EXPECT_EQ(test, engine->count, 4);
	engine->stop_result = 0;
	finish_run(engine);
	EXPECT_DONE(test, req[0], 0, 128);
	EXPECT_DONE(test, req[1], 0, 128);
	engine_expect_idle(engine);
}

static void reset_fails(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	submit_two(engine, req);
	time_out(engine);
	engine->stop_result = -ETIMEDOUT;
	recover(engine);
	engine->reset_result = -ENOTTY;
	engine->card->repair.func(&engine->card->repair);
	KUNIT_EXPECT_EQ(test, engine->isolates, 1);
	EXPECT_DONE(test, req[0], -ENODEV, 0);
	EXPECT_DONE(test, req[1], -ENODEV, 0);
	/* It was cut off: the memory is safe. */
	KUNIT_EXPECT_FALSE(test, req[0]->quarantined);
	KUNIT_EXPECT_FALSE(test, engine->card->quarantined);
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	engine_expect_idle(engine);
}

static void device_answers_no_more(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	submit_two(engine, req);
	engine->error = -ENODEV;
	interrupt(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_FROZEN);
	engine->stop_result = -ENODEV;
	engine->isolate_result = -EIO;
	recover(engine);
	KUNIT_EXPECT_FALSE(test, is_done(req[0]));
	engine->card->loss.func(&engine->card->loss);
	EXPECT_DONE(test, req[0], -ENODEV, 0);
	EXPECT_DONE(test, req[1], -ENODEV, 0);
	/* The engine may have the first one's memory for ever, not the other's. */
	KUNIT_EXPECT_TRUE(test, req[0]->quarantined);
	KUNIT_EXPECT_FALSE(test, req[1]->quarantined);
	KUNIT_EXPECT_EQ(test, exdma_channel_submit(engine->ch, req[1], false), -ENODEV);
	/* What the ring and the slots took is not lost for good in a test. */
	engine->card->quarantined = false;
}

static void removal(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *running, *staged, *pending[100];
	u32 i;

	running = submit(engine, engine_request(engine, 257, 64));
	staged = submit(engine, engine_request(engine, 257, 64));
	submit(engine, engine_request(engine, 257, 64));
	for (i = 0; i < ARRAY_SIZE(pending); i++)
		pending[i] = submit(engine, engine_request(engine, 257, 64));

	exdma_channel_gate(engine->ch);
	KUNIT_EXPECT_FALSE(test, is_done(running));
	EXPECT_DONE(test, staged, -ENODEV, 0);
	for (i = 0; i < ARRAY_SIZE(pending); i++)
		EXPECT_DONE(test, pending[i], -ENODEV, 0);
	KUNIT_EXPECT_EQ(test, exdma_channel_submit(engine->ch, staged, false), -ENODEV);
	/* Nothing is started any more, by nobody. */
	interrupt(engine);
	watch(engine);
	exdma_channel_bottom_half(engine->ch);
	KUNIT_EXPECT_EQ(test, engine->starts, 1);

	KUNIT_EXPECT_TRUE(test, exdma_channel_halt(engine->ch));
	KUNIT_EXPECT_EQ(test, engine->stops, 1);
	KUNIT_EXPECT_FALSE(test, is_done(running));
	exdma_channel_fail(engine->ch, false);
	EXPECT_DONE(test, running, -ENODEV, 0);
	engine_expect_idle(engine);
}

/* The watchdog looks every few milliseconds, but not at a channel that may be freed. */
static void no_watchdog_is_left(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_channel *ch = engine->ch;

	enable_delayed_work(&ch->watchdog);
	submit(engine, engine_request(engine, 1, 64));
	KUNIT_EXPECT_TRUE(test, delayed_work_pending(&ch->watchdog) ||
			  work_busy(&ch->watchdog.work));
	exdma_channel_gate(ch);
	exdma_channel_halt(ch);
	KUNIT_EXPECT_FALSE(test, delayed_work_pending(&ch->watchdog));
	KUNIT_EXPECT_FALSE(test, work_busy(&ch->watchdog.work));
	disable_delayed_work_sync(&ch->watchdog);
	exdma_channel_fail(ch, false);
	engine_expect_idle(engine);
}

/* It was through before it was stopped: its owner is told so. */
static void removal_after_the_fact(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req = submit(engine, engine_request(engine, 2, 64));

	exdma_channel_gate(engine->ch);
	engine->done = 2;
	exdma_channel_halt(engine->ch);
	exdma_channel_fail(engine->ch, false);
	EXPECT_DONE(test, req, 0, 128);
	engine_expect_idle(engine);
}

static void freeze_and_thaw(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[3];

	submit_two(engine, req);
	exdma_card_freeze(engine->card);
	KUNIT_EXPECT_EQ(test, engine->stops, 1);
	req[2] = submit(engine, engine_request(engine, 2, 64));
	interrupt(engine);
	exdma_channel_bottom_half(engine->ch);
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	exdma_card_thaw(engine->card, 0, true);
	/* All of it, in order, as if nothing had been. */
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	KUNIT_EXPECT_EQ(test, engine->count, 6);
	finish_run(engine);
	EXPECT_DONE(test, req[0], 0, 128);
	EXPECT_DONE(test, req[2], 0, 128);
	KUNIT_EXPECT_EQ(test, req[0]->tries, 0);
	engine_expect_idle(engine);
}

/* Neither an error nor an interrupt, and long before it is too late. */
static void engine_stops(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	submit_two(engine, req);
	pass_time(engine, 1500);
	engine->idle = true;
	watch(engine);
	/* It may have moved on since it was asked how far it was. */
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	engine->idle = false;
	watch(engine);
	engine->idle = true;
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_FROZEN);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.timeouts, 1);
	recover(engine);
	/* Run again, and nobody has noticed. */
	KUNIT_EXPECT_EQ(test, engine->resets, 0);
	finish_run(engine);
	EXPECT_DONE(test, req[0], 0, 128);
	EXPECT_DONE(test, req[1], 0, 128);
	engine_expect_idle(engine);
}

static struct kunit_case recovery_cases[] = {
	KUNIT_CASE(error_in_the_middle),
	KUNIT_CASE(watchdog_rests),
	KUNIT_CASE(lost_interrupt),
	KUNIT_CASE(doubtful_interrupt),
	KUNIT_CASE(slow_engine),
	KUNIT_CASE(machine_stood_still),
	KUNIT_CASE(engine_hangs),
	KUNIT_CASE(engine_stops),
	KUNIT_CASE(engine_wakes_up),
	KUNIT_CASE(reset_and_run_again),
	KUNIT_CASE(reset_fails),
	KUNIT_CASE(device_answers_no_more),
	KUNIT_CASE(removal),
	KUNIT_CASE(no_watchdog_is_left),
	KUNIT_CASE(removal_after_the_fact),
	KUNIT_CASE(freeze_and_thaw),
	{ }
};

static struct kunit_suite recovery_suite = {
	.name = "exdma-recovery",
	.init = engine_setup,
	.exit = engine_teardown,
	.test_cases = recovery_cases,
};

kunit_test_suite(recovery_suite);
