// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - unit tests of a channel, with an engine that obeys
 *
 * The engine moves when a test says so and raises no interrupt by itself: the
 * tests call the handler, the bottom half, the watchdog and the recovery, one
 * after the other, so that each case is the same every time. The works are
 * disabled; nothing runs beside a test.
 */
#include <kunit/device.h>
#include <kunit/test.h>
#include <linux/dma-mapping.h>
#include <linux/jiffies.h>

#include "card.h"
#include "channel.h"

#define SLOTS		1024
#define MAX_RUN		512
#define CARD_BASE	0x100000ull
#define HOST_BASE	0x70000000ull

struct slot {
	dma_addr_t host;
	u64 card;
	u32 len;
	u32 flags;
};

/* The engine, and what it was told. */
struct engine {
	struct kunit *test;
	struct device *dev;
	struct exdma_card *card;
	struct exdma_channel *ch;

	struct slot slots[SLOTS];
	u32 starts;
	u32 first;
	u32 count;
	bool on;
	u32 done;		/* slots of the run that it has moved */
	int error;		/* what an inspection says */
	bool tells;		/* the writeback carries the error, too */

	int stop_result;
	u32 stops;
	u32 reports;
	int reset_result;
	u32 resets;
	int isolate_result;
	u32 isolates;

	/* It is called with a raw lock held: what is wrong is told later. */
	const char *wrong;

	u32 completed;		/* asynchronous requests */
	struct exdma_request *last;
};

static void engine_write_desc(struct exdma_channel *ch, u32 slot, dma_addr_t host,
			      u64 card, u32 len, u32 flags)
{
	struct engine *engine = exdma_channel_priv(ch);

	if (slot >= SLOTS) {
		engine->wrong = "a descriptor beyond the ring";
		return;
	}
	engine->slots[slot] = (struct slot){ host, card, len, flags };
}

static void engine_start(struct exdma_channel *ch, u32 first, u32 count)
{
	struct engine *engine = exdma_channel_priv(ch);

	if (engine->on)
		engine->wrong = "started while it ran";
	else if (!count || count > MAX_RUN)
		engine->wrong = "a run of a size that it does not take";
	else if (!(engine->slots[(first + count - 1) % SLOTS].flags & EXDMA_SEG_LAST))
		engine->wrong = "a run that ends within a request";
	engine->starts++;
	engine->first = first;
	engine->count = count;
	engine->done = 0;
	engine->error = 0;
	engine->on = true;
}

static int engine_progress(struct exdma_channel *ch, u32 *done)
{
	struct engine *engine = exdma_channel_priv(ch);

	*done = engine->done;
	return engine->tells ? engine->error : 0;
}

static int engine_inspect(struct exdma_channel *ch, u32 *done)
{
	struct engine *engine = exdma_channel_priv(ch);

	*done = engine->done;
	return engine->error;
}

static int engine_stop(struct exdma_channel *ch)
{
	struct engine *engine = exdma_channel_priv(ch);

	engine->stops++;
	if (!engine->stop_result)
		engine->on = false;
	return engine->stop_result;
}

static void engine_report(struct exdma_channel *ch)
{
	struct engine *engine = exdma_channel_priv(ch);

	engine->reports++;
}

static const struct exdma_channel_ops engine_ops = {
	.write_desc = engine_write_desc,
	.start = engine_start,
	.progress = engine_progress,
	.inspect = engine_inspect,
	.stop = engine_stop,
	.report = engine_report,
};

static int engine_reset(struct exdma_card *card)
{
	struct engine *engine = exdma_card_priv(card);

	engine->resets++;
	engine->on = false;
	return engine->reset_result;
}

static int engine_isolate(struct exdma_card *card)
{
	struct engine *engine = exdma_card_priv(card);

	engine->isolates++;
	return engine->isolate_result;
}

static const struct exdma_card_ops card_ops = {
	.reset = engine_reset,
	.isolate = engine_isolate,
};

static int channel_setup(struct kunit *test)
{
	struct exdma_channel_desc channel = {
		.dir = EXDMA_H2C,
		.ops = &engine_ops,
		.desc_bytes = 32,
		.slots = SLOTS,
		.max_run_slots = MAX_RUN,
		.max_segment = SZ_1M,
		.alignment = 1,
		.granularity = 1,
		.address_bits = 64,
	};
	struct exdma_card_desc card = {
		.driver = "exdma_test",
		.ops = &card_ops,
		.irq_mode = EXDMA_IRQ_MODE_MSIX,
	};
	struct engine *engine;

	engine = kunit_kzalloc(test, sizeof(*engine), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, engine);
	engine->test = test;
	engine->dev = kunit_device_register(test, "exdma_channel_test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, engine->dev);
	KUNIT_ASSERT_EQ(test, dma_coerce_mask_and_coherent(engine->dev, DMA_BIT_MASK(64)), 0);
	card.priv = engine;
	channel.priv = engine;
	engine->card = exdma_card_alloc(engine->dev, &card);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, engine->card);
	test->priv = engine;
	engine->ch = exdma_channel_add(engine->card, &channel);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, engine->ch);
	disable_delayed_work_sync(&engine->ch->watchdog);
	disable_work_sync(&engine->ch->recovery);
	disable_work_sync(&engine->card->loss);
	disable_work_sync(&engine->card->repair);
	return 0;
}

static void channel_teardown(struct kunit *test)
{
	struct engine *engine = test->priv;

	if (!engine)
		return;
	KUNIT_EXPECT_STREQ(test, engine->wrong ?: "nothing", "nothing");
	engine->stop_result = 0;
	exdma_card_unregister(engine->card);
	exdma_card_put(engine->card);
}

static void count_completion(struct exdma_request *req)
{
	struct engine *engine = (struct engine *)(uintptr_t)req->card_addr;

	engine->completed++;
	engine->last = req;
}

/* A request of so many segments, of that length each; synchronous. */
static struct exdma_request *request_of(struct engine *engine, u32 slots, u32 len)
{
	struct kunit *test = engine->test;
	struct exdma_request *req;
	struct scatterlist *sg;
	u32 i;

	req = kunit_kzalloc(test, sizeof(*req), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, req);
	req->sg = kunit_kcalloc(test, slots, sizeof(*sg), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, req->sg);
	sg_init_table(req->sg, slots);
	for_each_sg(req->sg, sg, slots, i) {
		sg_dma_address(sg) = HOST_BASE + (u64)i * SZ_1M;
		sg_dma_len(sg) = len;
	}
	req->slots = slots;
	req->bytes = slots * len;
	req->card_addr = CARD_BASE;
	init_completion(&req->done);
	return req;
}

/* The same, completed by the bottom half; its card address leads back here. */
static struct exdma_request *async_of(struct engine *engine, u32 slots, u32 len)
{
	struct exdma_request *req = request_of(engine, slots, len);

	req->card_addr = (uintptr_t)engine;
	req->complete = count_completion;
	return req;
}

static struct exdma_request *submit(struct engine *engine, struct exdma_request *req)
{
	KUNIT_ASSERT_EQ(engine->test, exdma_channel_submit(engine->ch, req, false), 0);
	return req;
}

/* The interrupt, as the kernel calls its handler. */
static irqreturn_t interrupt(struct engine *engine)
{
	unsigned long flags;
	irqreturn_t result;

	local_irq_save(flags);
	result = exdma_channel_interrupt(engine->ch);
	local_irq_restore(flags);
	return result;
}

/* The engine runs through, and says so. */
static irqreturn_t finish_run(struct engine *engine)
{
	KUNIT_EXPECT_TRUE(engine->test, engine->on);
	engine->done = engine->count;
	engine->on = false;
	return interrupt(engine);
}

/* The engine stops at a slot of its run. */
static void break_run(struct engine *engine, u32 done, int error)
{
	engine->done = done;
	engine->error = error;
	engine->on = false;
}

static void watch(struct engine *engine)
{
	exdma_channel_watch(&engine->ch->watchdog.work);
}

static void recover(struct engine *engine)
{
	exdma_channel_recover(&engine->ch->recovery);
}

/* Let it be that long since something moved. */
static void pass_time(struct engine *engine, unsigned int ms)
{
	engine->ch->progress_at -= msecs_to_jiffies(ms);
}

static bool is_done(struct exdma_request *req)
{
	return completion_done(&req->done);
}

#define EXPECT_DONE(test, req, how, bytes_moved)			\
do {									\
	struct exdma_request *r_ = req;					\
									\
	KUNIT_EXPECT_TRUE(test, is_done(r_));				\
	KUNIT_EXPECT_EQ(test, r_->status, how);				\
	KUNIT_EXPECT_EQ(test, r_->moved, bytes_moved);			\
	KUNIT_EXPECT_EQ(test, r_->state, EXDMA_REQ_IDLE);		\
} while (0)

/* Nothing is left anywhere, and every slot is free. */
static void expect_idle(struct engine *engine)
{
	struct exdma_channel *ch = engine->ch;
	struct kunit *test = engine->test;

	KUNIT_EXPECT_TRUE(test, list_empty(&ch->pending));
	KUNIT_EXPECT_TRUE(test, list_empty(&ch->staged));
	KUNIT_EXPECT_TRUE(test, list_empty(&ch->running));
	KUNIT_EXPECT_TRUE(test, list_empty(&ch->finished));
	KUNIT_EXPECT_EQ(test, ch->run_count, 0);
	KUNIT_EXPECT_EQ(test, ch->depth, 0);
	KUNIT_EXPECT_EQ(test, ch->queued, 0);
	KUNIT_EXPECT_EQ(test, exdma_ring_room(&ch->ring), SLOTS);
}

static void one_request(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req = submit(engine, request_of(engine, 3, SZ_4K));
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
	expect_idle(engine);
}

/* Three are staged, nobody submits any more: the handler starts them, in order. */
static void handler_starts_the_next(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[4];
	u32 i;

	for (i = 0; i < 4; i++)
		req[i] = submit(engine, request_of(engine, i + 1, SZ_4K));
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
	expect_idle(engine);
}

static void spurious_interrupts(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req;

	KUNIT_EXPECT_EQ(test, interrupt(engine), IRQ_HANDLED);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.spurious_interrupts, 1);
	req = submit(engine, request_of(engine, 1, 64));
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

	submit(engine, request_of(engine, 1, SZ_4K));
	for (i = 0; i < 4; i++)
		req[i] = submit(engine, request_of(engine, 2, SZ_4K));
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
	expect_idle(engine);
}

/* A count that goes back, and one beyond the run. */
static void senseless_counts(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	submit(engine, request_of(engine, 1, 64));
	req[0] = submit(engine, request_of(engine, 1, 64));
	req[1] = submit(engine, request_of(engine, 2, 64));
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

	submit(engine, request_of(engine, 1, 64));
	for (i = 0; i < 70; i++)
		submit(engine, request_of(engine, 1, 64));
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 64);
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 6);
	finish_run(engine);
	expect_idle(engine);
}

static void run_has_so_many_bytes(struct kunit *test)
{
	struct engine *engine = test->priv;
	u32 i;

	submit(engine, request_of(engine, 1, 64));
	for (i = 0; i < 6; i++)
		submit(engine, request_of(engine, 1, SZ_256K));
	submit(engine, request_of(engine, 1, SZ_1M));
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 4);
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 2);
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 1);
	finish_run(engine);
	expect_idle(engine);
}

static void run_has_so_many_slots(struct kunit *test)
{
	struct engine *engine = test->priv;

	submit(engine, request_of(engine, 1, 64));
	submit(engine, request_of(engine, 256, 64));
	submit(engine, request_of(engine, 256, 64));
	submit(engine, request_of(engine, 1, 64));
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 512);
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 1);
	finish_run(engine);
	submit(engine, request_of(engine, 1, 64));
	submit(engine, request_of(engine, 256, 64));
	submit(engine, request_of(engine, 257, 64));
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 256);
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->count, 257);
	finish_run(engine);
	expect_idle(engine);
}

static void ring_takes_what_fits(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[5];
	u32 i;

	for (i = 0; i < 5; i++)
		req[i] = submit(engine, request_of(engine, 256, 64));
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
	expect_idle(engine);
}

/* What came later does not overtake what has no room. */
static void no_overtaking(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *large, *small;
	u32 i;

	for (i = 0; i < 4; i++)
		submit(engine, request_of(engine, 250, 64));
	large = submit(engine, request_of(engine, 200, 64));
	small = submit(engine, request_of(engine, 1, 64));
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
	expect_idle(engine);
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
	req[0] = submit(engine, request_of(engine, 2, 64));
	req[1] = submit(engine, request_of(engine, 5, 64));
	req[2] = submit(engine, request_of(engine, 1, 64));
	KUNIT_EXPECT_EQ(test, engine->first, SLOTS - 4);
	finish_run(engine);
	KUNIT_EXPECT_EQ(test, engine->first, SLOTS - 2);
	KUNIT_EXPECT_EQ(test, engine->count, 6);
	KUNIT_EXPECT_EQ(test, engine->slots[2].card, CARD_BASE + 4 * 64);
	KUNIT_EXPECT_EQ(test, engine->slots[2].flags, EXDMA_SEG_LAST);
	finish_run(engine);
	for (i = 0; i < 3; i++)
		EXPECT_DONE(test, req[i], 0, req[i]->bytes);
	expect_idle(engine);
}

static void bottom_half_completes(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *last = NULL;
	u32 i;

	submit(engine, request_of(engine, 1, 64));
	for (i = 0; i < 200; i++)
		last = submit(engine, async_of(engine, 1, 64));
	KUNIT_EXPECT_EQ(test, finish_run(engine), IRQ_HANDLED);
	while (engine->on)
		KUNIT_EXPECT_EQ(test, finish_run(engine), IRQ_WAKE_THREAD);
	KUNIT_EXPECT_EQ(test, engine->completed, 0);
	exdma_channel_bottom_half(engine->ch);
	KUNIT_EXPECT_EQ(test, engine->completed, 200);
	KUNIT_EXPECT_PTR_EQ(test, engine->last, last);
	KUNIT_EXPECT_EQ(test, last->status, 0);
	expect_idle(engine);
}

static void take_back_what_waits(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *running, *staged[3], *pending[2];
	u32 i;

	running = submit(engine, request_of(engine, 250, 64));
	for (i = 0; i < 3; i++)
		staged[i] = submit(engine, request_of(engine, 250, 64));
	for (i = 0; i < 2; i++)
		pending[i] = submit(engine, request_of(engine, 100, 64));

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
	expect_idle(engine);
}

static void take_back_all(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[3];
	u32 i;

	submit(engine, request_of(engine, 4, 64));
	for (i = 0; i < 3; i++)
		req[i] = submit(engine, request_of(engine, 4, 64));
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_TRUE(test, exdma_channel_cancel(engine->ch, req[i]));
	KUNIT_EXPECT_EQ(test, finish_run(engine), IRQ_HANDLED);
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	expect_idle(engine);
}

static void error_in_the_middle(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[3], *later;
	bool told;

	for (told = false; ; told = true) {
		engine->tells = told;
		submit(engine, request_of(engine, 1, SZ_4K));
		req[0] = submit(engine, request_of(engine, 2, SZ_4K));
		req[1] = submit(engine, request_of(engine, 2, SZ_4K));
		req[2] = submit(engine, request_of(engine, 2, SZ_4K));
		finish_run(engine);

		engine->starts = 0;
		break_run(engine, 3, -EIO);
		interrupt(engine);
		EXPECT_DONE(test, req[0], 0, 2 * SZ_4K);
		KUNIT_EXPECT_FALSE(test, is_done(req[1]));
		KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_FROZEN);
		/* It is taken, and waits. */
		later = submit(engine, request_of(engine, 1, SZ_4K));
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
		expect_idle(engine);
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

	submit(engine, request_of(engine, 1, 64));
	KUNIT_EXPECT_TRUE(test, engine->ch->watched);
	watch(engine);
	watch(engine);
	KUNIT_EXPECT_TRUE(test, engine->ch->watched);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	finish_run(engine);
	watch(engine);
	KUNIT_EXPECT_FALSE(test, engine->ch->watched);
	KUNIT_EXPECT_EQ(test, engine->ch->stats.lost_interrupts, 0);
	submit(engine, request_of(engine, 1, 64));
	KUNIT_EXPECT_TRUE(test, engine->ch->watched);
	finish_run(engine);
}

static void lost_interrupt(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	req[0] = submit(engine, request_of(engine, 2, 64));
	req[1] = submit(engine, async_of(engine, 2, 64));
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
	expect_idle(engine);
}

/* The same, but the interrupt was this run's own, and told of an error. */
static void doubtful_interrupt(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	req[0] = submit(engine, request_of(engine, 1, 64));
	req[1] = submit(engine, request_of(engine, 2, 64));
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
	expect_idle(engine);
}

/* Slow is not dead. */
static void slow_engine(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];
	u32 i;

	submit(engine, request_of(engine, 1, 64));
	req[0] = submit(engine, request_of(engine, 4, 64));
	req[1] = submit(engine, request_of(engine, 4, 64));
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
	expect_idle(engine);
}

/* Run again once; then it is the request's end, and the others go on. */
static void engine_hangs(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[3];
	u32 i;

	submit(engine, request_of(engine, 1, 64));
	for (i = 0; i < 3; i++)
		req[i] = submit(engine, request_of(engine, 2, 64));
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
	pass_time(engine, 6000);
	watch(engine);
	recover(engine);
	EXPECT_DONE(test, req[1], -ETIMEDOUT, 64);
	KUNIT_EXPECT_EQ(test, engine->count, 2);
	finish_run(engine);
	EXPECT_DONE(test, req[2], 0, 128);
	KUNIT_EXPECT_EQ(test, engine->stops, 2);
	KUNIT_EXPECT_EQ(test, engine->resets, 0);
	expect_idle(engine);
}

/* It moves between the alarm and the stop: nobody fails. */
static void engine_wakes_up(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req;

	req = submit(engine, request_of(engine, 2, 64));
	pass_time(engine, 6000);
	watch(engine);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_FROZEN);
	engine->done = 2;
	interrupt(engine);
	KUNIT_EXPECT_FALSE(test, is_done(req));
	recover(engine);
	EXPECT_DONE(test, req, 0, 128);
	KUNIT_EXPECT_EQ(test, engine->ch->state, EXDMA_CH_LIVE);
	expect_idle(engine);
}

static void reset_and_run_again(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	req[0] = submit(engine, request_of(engine, 2, 64));
	req[1] = submit(engine, request_of(engine, 2, 64));
	pass_time(engine, 6000);
	watch(engine);
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
	expect_idle(engine);
}

static void reset_fails(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	req[0] = submit(engine, request_of(engine, 2, 64));
	req[1] = submit(engine, request_of(engine, 2, 64));
	pass_time(engine, 6000);
	watch(engine);
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
	expect_idle(engine);
}

static void device_answers_no_more(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	req[0] = submit(engine, request_of(engine, 2, 64));
	req[1] = submit(engine, request_of(engine, 2, 64));
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

	running = submit(engine, request_of(engine, 257, 64));
	staged = submit(engine, request_of(engine, 257, 64));
	submit(engine, request_of(engine, 257, 64));
	for (i = 0; i < ARRAY_SIZE(pending); i++)
		pending[i] = submit(engine, request_of(engine, 257, 64));

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
	expect_idle(engine);
}

/* It was through before it was stopped: its owner is told so. */
static void removal_after_the_fact(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req = submit(engine, request_of(engine, 2, 64));

	exdma_channel_gate(engine->ch);
	engine->done = 2;
	exdma_channel_halt(engine->ch);
	exdma_channel_fail(engine->ch, false);
	EXPECT_DONE(test, req, 0, 128);
	expect_idle(engine);
}

static void freeze_and_thaw(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[3];

	req[0] = submit(engine, request_of(engine, 2, 64));
	req[1] = submit(engine, request_of(engine, 2, 64));
	exdma_card_freeze(engine->card);
	KUNIT_EXPECT_EQ(test, engine->stops, 1);
	req[2] = submit(engine, request_of(engine, 2, 64));
	interrupt(engine);
	exdma_channel_bottom_half(engine->ch);
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	exdma_card_thaw(engine->card, 0);
	/* All of it, in order, as if nothing had been. */
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	KUNIT_EXPECT_EQ(test, engine->count, 6);
	finish_run(engine);
	EXPECT_DONE(test, req[0], 0, 128);
	EXPECT_DONE(test, req[2], 0, 128);
	KUNIT_EXPECT_EQ(test, req[0]->tries, 0);
	expect_idle(engine);
}

static void held_batch(struct kunit *test)
{
	struct engine *engine = test->priv;
	u32 i;

	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, exdma_channel_submit(engine->ch,
							   request_of(engine, 1, 64), true), 0);
	KUNIT_EXPECT_EQ(test, engine->starts, 0);
	exdma_channel_unhold(engine->ch);
	KUNIT_EXPECT_EQ(test, engine->starts, 1);
	KUNIT_EXPECT_EQ(test, engine->count, 3);
	finish_run(engine);
	/* A long batch does not keep the engine waiting for its end. */
	for (i = 0; i < 30; i++)
		exdma_channel_submit(engine->ch, request_of(engine, 1, 64), true);
	KUNIT_EXPECT_EQ(test, engine->starts, 2);
	exdma_channel_unhold(engine->ch);
	finish_run(engine);
	finish_run(engine);
	/* Nor does a large request. */
	exdma_channel_submit(engine->ch, request_of(engine, 1, SZ_1M), true);
	KUNIT_EXPECT_EQ(test, engine->starts, 4);
	exdma_channel_unhold(engine->ch);
	finish_run(engine);
	expect_idle(engine);
}

static void polled(struct kunit *test)
{
	struct engine *engine = test->priv;
	struct exdma_request *req[2];

	req[0] = submit(engine, request_of(engine, 1, 64));
	req[1] = submit(engine, request_of(engine, 1, 64));
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
	expect_idle(engine);
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
	REFUSED(max_run_slots, EXDMA_REQUEST_SLOTS - 1);
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
	KUNIT_CASE(error_in_the_middle),
	KUNIT_CASE(watchdog_rests),
	KUNIT_CASE(lost_interrupt),
	KUNIT_CASE(doubtful_interrupt),
	KUNIT_CASE(slow_engine),
	KUNIT_CASE(engine_hangs),
	KUNIT_CASE(engine_wakes_up),
	KUNIT_CASE(reset_and_run_again),
	KUNIT_CASE(reset_fails),
	KUNIT_CASE(device_answers_no_more),
	KUNIT_CASE(removal),
	KUNIT_CASE(removal_after_the_fact),
	KUNIT_CASE(freeze_and_thaw),
	KUNIT_CASE(held_batch),
	KUNIT_CASE(polled),
	KUNIT_CASE(senseless_channels),
	{ }
};

static struct kunit_suite channel_suite = {
	.name = "exdma-channel",
	.init = channel_setup,
	.exit = channel_teardown,
	.test_cases = channel_cases,
};

kunit_test_suite(channel_suite);
