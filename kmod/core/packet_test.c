// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - unit tests of streams: packets to the card that take several
 * requests, and what comes from it
 */
#include "engine_test.h"

/* A piece of a packet, one segment of 64 bytes for each slot. */
static struct exdma_request *piece(struct engine *engine, const char *packet, u32 slots,
				   bool more)
{
	struct exdma_request *req = engine_request(engine, slots, 64);

	req->once = true;
	req->packet = packet;
	req->client = packet;
	req->more = more;
	req->eop = !more;
	return req;
}

/* The slots of the ring, from the first, belong to requests of these sizes. */
static void expect_order(struct engine *engine, const u32 *sizes, u32 n)
{
	u32 slot = 0, i;

	for (i = 0; i < n; i++) {
		slot += sizes[i];
		KUNIT_EXPECT_TRUE(engine->test,
				  engine->slots[slot - 1].flags & EXDMA_SEG_LAST);
		if (sizes[i] > 1)
			KUNIT_EXPECT_FALSE(engine->test, engine->slots[slot - 2].flags);
	}
}

static void pieces_stay_together(struct kunit *test)
{
	struct engine *engine = test->priv;
	static const u32 sizes[] = { 1, 2, 3, 4, 5 };
	struct exdma_request *a[2], *b[2], *c;

	a[0] = submit(engine, piece(engine, "a", 1, true));
	b[0] = submit(engine, piece(engine, "b", 3, true));
	c = submit(engine, piece(engine, NULL, 5, false));
	b[1] = submit(engine, piece(engine, "b", 4, false));
	/* Nothing gets in between, also when the engine has nothing to do. */
	finish_run(engine);
	EXPECT_DONE(test, a[0], 0, 64);
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.packets, 0);

	a[1] = submit(engine, piece(engine, "a", 2, false));
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	finish_run(engine);
	while (engine->on)
		finish_run(engine);
	expect_order(engine, sizes, ARRAY_SIZE(sizes));
	KUNIT_EXPECT_EQ(test, engine->slots[0].flags, EXDMA_SEG_LAST);
	KUNIT_EXPECT_EQ(test, engine->slots[2].flags, EXDMA_SEG_LAST | EXDMA_SEG_EOP);
	EXPECT_DONE(test, a[1], 0, 2 * 64);
	EXPECT_DONE(test, b[0], 0, 3 * 64);
	EXPECT_DONE(test, b[1], 0, 4 * 64);
	EXPECT_DONE(test, c, 0, 5 * 64);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.packets, 3);
	engine_expect_idle(engine);
}

/* A packet that fails at its first piece: nothing more of it goes out. */
static void torn_packet(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *a[3], *b;

	a[0] = submit(engine, piece(engine, "a", 2, true));
	a[1] = submit(engine, piece(engine, "a", 2, true));
	b = submit(engine, piece(engine, NULL, 1, false));
	break_run(engine, 1, -EIO);
	interrupt(engine);
	recover(engine);
	EXPECT_DONE(test, a[0], -EIO, 0);
	EXPECT_DONE(test, a[1], -EIO, 0);
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	KUNIT_EXPECT_FALSE(test, is_done(b));

	/* Its end is not sent either; then it is the turn of others. */
	a[2] = piece(engine, "a", 2, true);
	KUNIT_EXPECT_EQ(test, exdma_channel_submit(engine->ch, a[2], false), -EIO);
	a[2]->more = false;
	KUNIT_EXPECT_EQ(test, exdma_channel_submit(engine->ch, a[2], false), -EIO);
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	finish_run(engine);
	EXPECT_DONE(test, b, 0, 64);
	engine_expect_idle(engine);
}

/* A reset: what ran is not sent again, what had not begun is sent. */
static void reset_tears_one(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *a, *b[2], *c;

	a = submit(engine, piece(engine, NULL, 1, false));
	b[0] = submit(engine, piece(engine, "b", 1, true));
	b[1] = submit(engine, piece(engine, "b", 1, false));
	c = submit(engine, piece(engine, NULL, 1, false));
	finish_run(engine);
	EXPECT_DONE(test, a, 0, 64);
	/* What is another's is in a run of its own. */
	KUNIT_EXPECT_EQ(test, engine->count, 2);
	exdma_card_freeze(engine->card);
	exdma_card_thaw(engine->card, 0, true);
	EXPECT_DONE(test, b[0], -EIO, 0);
	EXPECT_DONE(test, b[1], -EIO, 0);
	KUNIT_EXPECT_EQ(test, engine->count, 1);
	finish_run(engine);
	EXPECT_DONE(test, c, 0, 64);
	engine_expect_idle(engine);
}

/* A reset while no piece runs: the card has forgotten how the packet began. */
static void reset_between_pieces(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *a[2], *b;

	a[0] = submit(engine, piece(engine, "a", 1, true));
	finish_run(engine);
	EXPECT_DONE(test, a[0], 0, 64);
	exdma_card_freeze(engine->card);
	exdma_card_thaw(engine->card, 0, true);
	b = submit(engine, piece(engine, NULL, 1, false));
	a[1] = piece(engine, "a", 1, false);
	KUNIT_EXPECT_EQ(test, exdma_channel_submit(engine->ch, a[1], false), -EIO);
	finish_run(engine);
	EXPECT_DONE(test, b, 0, 64);
	engine_expect_idle(engine);
}

/* A packet behind one that the card does not take can be taken back. */
static void withdrawal(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *a, *b[2], *c, *d;

	a = submit(engine, piece(engine, "a", 1, false));
	b[0] = submit(engine, piece(engine, "b", 1, true));
	c = submit(engine, piece(engine, "c", 1, false));
	KUNIT_EXPECT_TRUE(test, exdma_packet_withdraw(engine->ch, "b"));
	EXPECT_DONE(test, b[0], -EINTR, 0);
	/* One that runs, or of which a piece has, cannot. */
	KUNIT_EXPECT_FALSE(test, exdma_packet_withdraw(engine->ch, "a"));
	exdma_channel_bottom_half(engine->ch);
	finish_run(engine);
	EXPECT_DONE(test, a, 0, 64);
	finish_run(engine);
	EXPECT_DONE(test, c, 0, 64);
	d = submit(engine, piece(engine, "d", 1, true));
	finish_run(engine);
	EXPECT_DONE(test, d, 0, 64);
	KUNIT_EXPECT_FALSE(test, exdma_packet_withdraw(engine->ch, "d"));
	d = submit(engine, piece(engine, "d", 1, false));
	finish_run(engine);
	EXPECT_DONE(test, d, 0, 64);
	engine_expect_idle(engine);
}

/* What was through when the reset came is not lost. */
static void reset_after_the_fact(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *a = submit(engine, piece(engine, NULL, 1, false));

	engine->done = 1;
	exdma_card_freeze(engine->card);
	exdma_card_thaw(engine->card, 0, true);
	EXPECT_DONE(test, a, 0, 64);
	engine_expect_idle(engine);
}

/* A stream may stand still, until somebody has no time any more. */
static void patience(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *a = submit(engine, piece(engine, "a", 1, false));

	pass_time(engine, 3600 * 1000);
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	exdma_channel_hurry(engine->ch, "somebody else");
	pass_time(engine, 6000);
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	exdma_channel_hurry(engine->ch, a->client);
	/* From now on, not from when it last moved. */
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	pass_time(engine, 6000);
	engine->ch->asked_at -= msecs_to_jiffies(6000);
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_FROZEN);
	recover(engine);
	EXPECT_DONE(test, a, -ETIMEDOUT, 0);
	engine_expect_idle(engine);
}

static void removal_with_some_behind(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *a, *b;

	a = submit(engine, piece(engine, "a", 1, true));
	b = submit(engine, piece(engine, "b", 1, true));
	exdma_channel_gate(engine->ch);
	EXPECT_DONE(test, b, -ENODEV, 0);
	KUNIT_EXPECT_FALSE(test, is_done(a));
	exdma_channel_halt(engine->ch);
	exdma_channel_fail(engine->ch, false);
	EXPECT_DONE(test, a, -ENODEV, 0);
	engine_expect_idle(engine);
}

static struct kunit_case packet_cases[] = {
	KUNIT_CASE(pieces_stay_together),
	KUNIT_CASE(torn_packet),
	KUNIT_CASE(reset_tears_one),
	KUNIT_CASE(reset_between_pieces),
	KUNIT_CASE(withdrawal),
	KUNIT_CASE(reset_after_the_fact),
	KUNIT_CASE(patience),
	KUNIT_CASE(removal_with_some_behind),
	{ }
};

static struct kunit_suite packet_suite = {
	.name = "exdma-packet",
	.init = engine_setup_stream,
	.exit = engine_teardown,
	.test_cases = packet_cases,
};

/* What waits for packets: one slot each. */
static struct exdma_request *buffer(struct engine *engine)
{
	struct exdma_request *req = engine_request(engine, 1, SZ_4K);

	req->once = true;
	return submit(engine, req);
}

static void come(struct engine *engine, u32 slot, u32 bytes, int result)
{
	engine->came[slot].bytes = bytes;
	engine->came[slot].result = result;
	engine->done++;
}

/* In the middle of a run, one after the other, with and without an interrupt. */
static void packets_come(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[300];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(req); i++)
		req[i] = buffer(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 1);
	come(engine, 0, 100, 1);
	finish_run(engine);
	EXPECT_DONE(test, req[0], 0, 100);
	KUNIT_EXPECT_TRUE(test, req[0]->eop);
	/* All the others in one run, however many that is. */
	KUNIT_EXPECT_EQ(test, engine->count, ARRAY_SIZE(req) - 1);

	come(engine, 1, SZ_4K, 0);
	come(engine, 2, 7, 1);
	interrupt(engine);
	EXPECT_DONE(test, req[1], 0, SZ_4K);
	KUNIT_EXPECT_FALSE(test, req[1]->eop);
	EXPECT_DONE(test, req[2], 0, 7);
	KUNIT_EXPECT_TRUE(test, req[2]->eop);
	/* One that says nothing new is nothing wrong. */
	interrupt(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.spurious_interrupts, 0);

	/* An interrupt that does not come is found missing at the second look. */
	come(engine, 3, 1, 1);
	watch(engine);
	KUNIT_EXPECT_FALSE(test, is_done(req[3]));
	watch(engine);
	EXPECT_DONE(test, req[3], 0, 1);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.lost_interrupts, 1);
	/* The next is not missing for that. */
	come(engine, 4, 1, 1);
	watch(engine);
	KUNIT_EXPECT_FALSE(test, is_done(req[4]));
	interrupt(engine);
	EXPECT_DONE(test, req[4], 0, 1);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.lost_interrupts, 1);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.packets, 4);
}

/* The device may say anything. */
static void lies(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[3];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(req); i++)
		req[i] = buffer(engine);
	come(engine, 0, SZ_4K + 1, 1);
	finish_run(engine);
	EXPECT_DONE(test, req[0], -EIO, 0);
	come(engine, 1, 5, -EIO);
	come(engine, 2, SZ_4K, 0);
	finish_run(engine);
	EXPECT_DONE(test, req[1], -EIO, 0);
	EXPECT_DONE(test, req[2], 0, SZ_4K);
	engine_expect_idle(engine);
}

/* A reset tears the buffer that the engine was at; the others are there again. */
static void reset_loses_one(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[4];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(req); i++)
		req[i] = buffer(engine);
	come(engine, 0, 10, 1);
	finish_run(engine);
	come(engine, 1, 20, 1);
	exdma_card_freeze(engine->card);
	exdma_card_thaw(engine->card, 0, true);
	EXPECT_DONE(test, req[1], 0, 20);
	EXPECT_DONE(test, req[2], -EIO, 0);
	KUNIT_EXPECT_FALSE(test, is_done(req[3]));
	KUNIT_EXPECT_EQ(test, engine->count, 1);
}

/* A reset while all buffers are full: the card's next packet is not the same one. */
static void reset_without_buffers(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req = buffer(engine);

	come(engine, 0, SZ_4K, 0);
	finish_run(engine);
	EXPECT_DONE(test, req, 0, SZ_4K);
	exdma_card_freeze(engine->card);
	exdma_card_thaw(engine->card, 0, true);
	req = buffer(engine);
	EXPECT_DONE(test, req, -EIO, 0);
	req = buffer(engine);
	come(engine, 1, 8, 1);
	finish_run(engine);
	EXPECT_DONE(test, req, 0, 8);
}

static struct kunit_case receiver_cases[] = {
	KUNIT_CASE(packets_come),
	KUNIT_CASE(lies),
	KUNIT_CASE(reset_loses_one),
	KUNIT_CASE(reset_without_buffers),
	{ }
};

static struct kunit_suite receiver_suite = {
	.name = "exdma-receiver",
	.init = engine_setup_receiver,
	.exit = engine_teardown,
	.test_cases = receiver_cases,
};

/* An interrupt; an engine that has come to the end waits there. */
static void tell(struct engine *engine)
{
	engine->on = engine->done < engine->count;
	interrupt(engine);
}

/* What is submitted while a run is on is part of it; a run that is through is not. */
static void runs_grow(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[4];
	u32 i;

	for (i = 0; i < 3; i++)
		req[i] = buffer(engine);
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	KUNIT_EXPECT_EQ(test, engine->count, 3);
	come(engine, 0, 10, 1);
	come(engine, 1, 20, 1);
	tell(engine);
	EXPECT_DONE(test, req[0], 0, 10);
	EXPECT_DONE(test, req[1], 0, 20);
	req[3] = buffer(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 4);
	come(engine, 2, 30, 0);
	come(engine, 3, 40, 1);
	tell(engine);
	EXPECT_DONE(test, req[2], 0, 30);
	EXPECT_DONE(test, req[3], 0, 40);
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.runs, 1);
	engine_expect_idle(engine);

	/* It comes to the end, and nobody has looked yet. */
	req[0] = buffer(engine);
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	KUNIT_EXPECT_EQ(test, engine->first, 4);
	come(engine, 4, 50, 1);
	engine->on = false;
	req[1] = buffer(engine);
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	come(engine, 5, 60, 1);
	tell(engine);
	EXPECT_DONE(test, req[0], 0, 50);
	EXPECT_DONE(test, req[1], 0, 60);
	engine_expect_idle(engine);
}

/* The engine has as much as a run may have, and a run has its end. */
static void growth_is_bounded(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_channel *ch = engine->ch;
	u32 i;

	for (i = 0; i < MAX_RUN + 2; i++)
		buffer(engine);
	KUNIT_EXPECT_EQ(test, engine->count, MAX_RUN);
	come(engine, 0, 1, 1);
	tell(engine);
	exdma_channel_bottom_half(ch);
	KUNIT_EXPECT_EQ(test, engine->count, MAX_RUN + 1);
	for (i = 1; i < MAX_RUN + 2; i++) {
		come(engine, i, 1, 1);
		tell(engine);
		exdma_channel_bottom_half(ch);
	}
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	KUNIT_EXPECT_EQ(test, ch->stats.requests, MAX_RUN + 2);
	engine_expect_idle(engine);

	for (i = 0; i < 4; i++)
		buffer(engine);
	/* As if it were that old. */
	list_for_each_entry(engine->last, &ch->running, node)
		engine->last->run_end += EXDMA_RUN_SLOTS - 6;
	ch->run_count += EXDMA_RUN_SLOTS - 6;
	ch->run_done += EXDMA_RUN_SLOTS - 6;
	engine->first -= EXDMA_RUN_SLOTS - 6;
	engine->count = ch->run_count;
	engine->done = ch->run_done;
	for (i = 0; i < 4; i++)
		buffer(engine);
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	KUNIT_EXPECT_EQ(test, engine->count, EXDMA_RUN_SLOTS);
	for (i = 0; i < 6; i++)
		come(engine, (MAX_RUN + 2 + i) % SLOTS, 1, 1);
	tell(engine);
	KUNIT_EXPECT_EQ(test, engine->starts, 3);
	KUNIT_EXPECT_EQ(test, engine->count, 2);
	for (i = 6; i < 8; i++)
		come(engine, (MAX_RUN + 2 + i) % SLOTS, 1, 1);
	tell(engine);
	engine_expect_idle(engine);
}

/* An engine that was stopped has to be started. */
static void growth_ends_with_a_fault(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[3];

	req[0] = buffer(engine);
	req[1] = buffer(engine);
	come(engine, 0, 10, 1);
	break_run(engine, 1, -EIO);
	engine->tells = true;
	interrupt(engine);
	req[2] = buffer(engine);
	KUNIT_EXPECT_EQ(test, engine->extensions, 1);
	recover(engine);
	EXPECT_DONE(test, req[0], 0, 10);
	EXPECT_DONE(test, req[1], -EIO, 0);
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	come(engine, 2, 30, 1);
	tell(engine);
	EXPECT_DONE(test, req[2], 0, 30);
	engine_expect_idle(engine);
}

/* It is through, and still has to be told that nothing more will come. */
static void removal_while_it_waits(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req = buffer(engine);

	come(engine, 0, 10, 1);
	tell(engine);
	EXPECT_DONE(test, req, 0, 10);
	engine_expect_idle(engine);
	exdma_channel_gate(engine->ch);
	KUNIT_EXPECT_EQ(test, engine->stops, 0);
	KUNIT_EXPECT_TRUE(test, exdma_channel_halt(engine->ch));
	KUNIT_EXPECT_EQ(test, engine->stops, 1);
}

static struct kunit_case extender_cases[] = {
	KUNIT_CASE(runs_grow),
	KUNIT_CASE(growth_is_bounded),
	KUNIT_CASE(growth_ends_with_a_fault),
	KUNIT_CASE(removal_while_it_waits),
	{ }
};

static struct kunit_suite extender_suite = {
	.name = "exdma-extender",
	.init = engine_setup_extender,
	.exit = engine_teardown,
	.test_cases = extender_cases,
};

kunit_test_suites(&packet_suite, &receiver_suite, &extender_suite);
