/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - an engine for unit tests, which obeys
 *
 * The engine moves when a test says so and raises no interrupt by itself: the
 * tests call the handler, the bottom half, the watchdog and the recovery, one
 * after the other, so that each case is the same every time. The works are
 * disabled; nothing runs beside a test.
 */
#ifndef EXDMA_ENGINE_TEST_H
#define EXDMA_ENGINE_TEST_H

#include <kunit/test.h>
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
	struct {
		u32 bytes;
		int result;
	} came[SLOTS];		/* what it says of a slot that received */
	u32 starts;
	u32 extensions;
	u32 first;
	u32 count;
	u32 flags;		/* of the last start */
	bool on;
	bool waits;		/* it extends, was started and not stopped */
	u32 acks;
	u32 done;		/* slots of the run that it has moved */
	int error;		/* what an inspection says */
	bool tells;		/* the writeback carries the error, too */
	bool behind;		/* the writeback does not come */
	bool idle;		/* an inspection finds it so */

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

extern const struct exdma_channel_ops engine_ops;

/* For struct kunit_suite: test->priv is a card with one such engine. */
int engine_setup(struct kunit *test);
/* A stream to the card, and one from it. */
int engine_setup_stream(struct kunit *test);
int engine_setup_receiver(struct kunit *test);
/* The last, and its runs can grow; and one without a stream whose runs can. */
int engine_setup_extender(struct kunit *test);
int engine_setup_endless(struct kunit *test);
void engine_teardown(struct kunit *test);

/* A request of so many segments, of that length each; synchronous. */
struct exdma_request *engine_request(struct engine *engine, u32 slots, u32 len);
/* The same, completed by the bottom half, which is counted. */
struct exdma_request *engine_async_request(struct engine *engine, u32 slots, u32 len);
/* Nothing is left anywhere, and every slot is free. */
void engine_expect_idle(struct engine *engine);

static inline struct exdma_request *submit(struct engine *engine, struct exdma_request *req)
{
	KUNIT_ASSERT_EQ(engine->test, exdma_channel_submit(engine->ch, req, false), 0);
	return req;
}

/* The interrupt, as the kernel calls its handler. */
static inline irqreturn_t interrupt(struct engine *engine)
{
	unsigned long flags;
	irqreturn_t result;

	local_irq_save(flags);
	result = exdma_channel_interrupt(engine->ch);
	local_irq_restore(flags);
	return result;
}

/* The engine runs through, and says so. */
static inline irqreturn_t finish_run(struct engine *engine)
{
	KUNIT_EXPECT_TRUE(engine->test, engine->on);
	engine->done = engine->count;
	engine->on = false;
	return interrupt(engine);
}

/* The engine stops at a slot of its run. */
static inline void break_run(struct engine *engine, u32 done, int error)
{
	engine->done = done;
	engine->error = error;
	engine->on = false;
}

static inline void watch(struct engine *engine)
{
	exdma_channel_watch(&engine->ch->watchdog.work);
}

static inline void recover(struct engine *engine)
{
	exdma_channel_recover(&engine->ch->recovery);
}

/* Let it be that long since something moved. */
static inline void pass_time(struct engine *engine, unsigned int ms)
{
	engine->ch->progress_at -= msecs_to_jiffies(ms);
}

static inline bool is_done(struct exdma_request *req)
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

#endif
