// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - the engine of the unit tests
 */
#include <kunit/device.h>
#include <linux/dma-mapping.h>

#include "engine_test.h"

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

static void engine_start(struct exdma_channel *ch, u32 first, u32 count,
			 u32 flags)
{
	struct engine *engine = exdma_channel_priv(ch);
	bool on = flags & EXDMA_RUN_ON;

	if (engine->on)
		engine->wrong = "started while it ran";
	else if (on != engine->waits)
		engine->wrong = on ? "told to go on, but it is off" : "not stopped before";
	else if (on && (first != (engine->first + engine->count) % SLOTS ||
			(flags ^ engine->flags) & EXDMA_RUN_FIXED))
		engine->wrong = "told to go on where it does not wait";
	else if (!count || count > MAX_RUN)
		engine->wrong = "a run of a size that it does not take";
	else if (!(engine->slots[(first + count - 1) % SLOTS].flags & EXDMA_SEG_LAST))
		engine->wrong = "a run that ends within a request";
	engine->waits = ch->desc.extends;
	engine->starts++;
	engine->first = first;
	engine->count = count;
	engine->flags = flags;
	engine->done = 0;
	engine->error = 0;
	engine->on = true;
}

/* Also an engine that has come to the end goes on. */
static void engine_extend(struct exdma_channel *ch, u32 count)
{
	struct engine *engine = exdma_channel_priv(ch);

	if (!engine->starts)
		engine->wrong = "extended a run that is not on";
	else if (!count || engine->count + count - engine->done > MAX_RUN)
		engine->wrong = "extended by more than it takes";
	engine->extensions++;
	engine->count += count;
	engine->on = true;
}

static int engine_progress(struct exdma_channel *ch, u32 *done)
{
	struct engine *engine = exdma_channel_priv(ch);

	*done = engine->behind ? 0 : engine->done;
	return engine->tells ? engine->error : 0;
}

static int engine_inspect(struct exdma_channel *ch, u32 *done)
{
	struct engine *engine = exdma_channel_priv(ch);

	*done = engine->done;
	return engine->error;
}

static bool engine_idle(struct exdma_channel *ch)
{
	struct engine *engine = exdma_channel_priv(ch);

	return engine->idle;
}

static void engine_ack(struct exdma_channel *ch)
{
	struct engine *engine = exdma_channel_priv(ch);

	engine->acks++;
}

static int engine_stop(struct exdma_channel *ch)
{
	struct engine *engine = exdma_channel_priv(ch);

	engine->stops++;
	if (!engine->stop_result) {
		engine->on = false;
		engine->waits = false;
	}
	return engine->stop_result;
}

static int engine_received(struct exdma_channel *ch, u32 slot, u32 *bytes)
{
	struct engine *engine = exdma_channel_priv(ch);

	*bytes = engine->came[slot].bytes;
	return engine->came[slot].result;
}

static void engine_report(struct exdma_channel *ch)
{
	struct engine *engine = exdma_channel_priv(ch);

	engine->reports++;
}

const struct exdma_channel_ops engine_ops = {
	.write_desc = engine_write_desc,
	.start = engine_start,
	.extend = engine_extend,
	.progress = engine_progress,
	.inspect = engine_inspect,
	.idle = engine_idle,
	.received = engine_received,
	.ack = engine_ack,
	.stop = engine_stop,
	.report = engine_report,
};

static int engine_reset(struct exdma_card *card)
{
	struct engine *engine = exdma_card_priv(card);

	engine->resets++;
	engine->on = false;
	engine->waits = false;
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

static int engine_make(struct kunit *test, enum exdma_dir dir, bool stream, bool extends)
{
	struct exdma_channel_desc channel = {
		.dir = dir,
		.stream = stream,
		.extends = extends,
		.needs_ack = extends,
		.beat = 64,
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

int engine_setup(struct kunit *test)
{
	return engine_make(test, EXDMA_H2C, false, false);
}

int engine_setup_stream(struct kunit *test)
{
	return engine_make(test, EXDMA_H2C, true, false);
}

int engine_setup_receiver(struct kunit *test)
{
	return engine_make(test, EXDMA_C2H, true, false);
}

int engine_setup_extender(struct kunit *test)
{
	return engine_make(test, EXDMA_C2H, true, true);
}

int engine_setup_endless(struct kunit *test)
{
	return engine_make(test, EXDMA_H2C, false, true);
}

void engine_teardown(struct kunit *test)
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

struct exdma_request *engine_request(struct engine *engine, u32 slots, u32 len)
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

/* Its card address leads back here. */
struct exdma_request *engine_async_request(struct engine *engine, u32 slots, u32 len)
{
	struct exdma_request *req = engine_request(engine, slots, len);

	req->card_addr = (uintptr_t)engine;
	req->complete = count_completion;
	return req;
}

void engine_expect_idle(struct engine *engine)
{
	struct exdma_channel *ch = engine->ch;
	struct kunit *test = engine->test;

	KUNIT_EXPECT_TRUE(test, list_empty(&ch->pending));
	KUNIT_EXPECT_TRUE(test, list_empty(&ch->behind));
	KUNIT_EXPECT_TRUE(test, list_empty(&ch->staged));
	KUNIT_EXPECT_TRUE(test, list_empty(&ch->running));
	KUNIT_EXPECT_TRUE(test, list_empty(&ch->finished));
	KUNIT_EXPECT_EQ(test, ch->run_count, 0);
	KUNIT_EXPECT_EQ(test, ch->depth, 0);
	KUNIT_EXPECT_EQ(test, ch->queued, 0);
	KUNIT_EXPECT_EQ(test, exdma_ring_room(&ch->ring), SLOTS);
}
