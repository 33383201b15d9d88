// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - unit tests of the order of calls
 */
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>

#include "order.h"

#define PATIENCE	500	/* looks, 20 ms each */

/* A call in a thread of its own, and the asynchronous one before it. */
struct caller {
	struct exdma_order order;
	struct exdma_turn before;
	struct task_struct *task;
	int err;
	bool done;
	bool interrupted;	/* while its turn had come, but it did not know */
};

static int call(void *data)
{
	struct caller *c = data;

	allow_signal(SIGUSR1);
	c->err = exdma_order_wait(&c->order, false);
	flush_signals(current);
	WRITE_ONCE(c->done, true);
	while (!kthread_should_stop())
		msleep_interruptible(20);
	return 0;
}

/* The turn of both has come, and the thread is not woken before this returns. */
static bool interrupt_the_next(struct exdma_turn *turn)
{
	struct caller *c = container_of(turn, struct caller, before);
	u32 i;

	send_sig(SIGUSR1, c->task, 1);
	for (i = 0; i < PATIENCE && !c->interrupted; i++) {
		msleep(20);
		c->interrupted = READ_ONCE(c->done) ||
				 READ_ONCE(c->task->__state) == TASK_UNINTERRUPTIBLE;
	}
	return true;
}

static bool waits(struct caller *c, u32 count)
{
	u32 i, n = 0;

	for (i = 0; i < PATIENCE && n != count; i++) {
		msleep(20);
		spin_lock(&c->order.lock);
		n = list_count_nodes(&c->order.waiting);
		spin_unlock(&c->order.lock);
	}
	return n == count;
}

/* A signal as late as it can be: the call has its turn, and takes it. */
static void interrupted_as_its_turn_comes(struct kunit *test)
{
	struct caller *c = kunit_kzalloc(test, sizeof(*c), GFP_KERNEL);
	u32 i;

	KUNIT_ASSERT_NOT_NULL(test, c);
	exdma_order_init(&c->order, false);
	c->before.go = interrupt_the_next;
	KUNIT_ASSERT_TRUE(test, exdma_order_try_enter(&c->order, true));
	KUNIT_ASSERT_FALSE(test, exdma_order_enter(&c->order, &c->before, false));
	c->task = kthread_run(call, c, "exdma_order_test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, c->task);
	KUNIT_EXPECT_TRUE(test, waits(c, 2));

	exdma_order_leave(&c->order);
	KUNIT_EXPECT_TRUE(test, c->interrupted);
	for (i = 0; i < PATIENCE && !READ_ONCE(c->done); i++)
		msleep(20);
	KUNIT_EXPECT_TRUE(test, c->done);
	kthread_stop(c->task);
	KUNIT_EXPECT_EQ(test, c->err, 0);
	KUNIT_EXPECT_EQ(test, c->order.running, 2);
	exdma_order_leave(&c->order);
	exdma_order_leave(&c->order);
	KUNIT_EXPECT_TRUE(test, exdma_order_try_enter(&c->order, true));
}

static struct kunit_case order_cases[] = {
	KUNIT_CASE(interrupted_as_its_turn_comes),
	{ }
};

static struct kunit_suite order_suite = {
	.name = "exdma-order",
	.test_cases = order_cases,
};

kunit_test_suite(order_suite);
