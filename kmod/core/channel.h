/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - one engine and the requests that wait for it
 *
 * Knows lists, the ring and time; knows nothing of user memory. What a request
 * moves is a list of mapped segments, whose owner gets it back when it is
 * done.
 */
#ifndef EXDMA_CORE_CHANNEL_H
#define EXDMA_CORE_CHANNEL_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "bounce.h"
#include "compat.h"
#include "exdma.h"
#include "ring.h"

/* Where a request is. Changes under the channel's lock only. */
enum exdma_request_state {
	EXDMA_REQ_IDLE,		/* with its owner, on no list */
	EXDMA_REQ_PENDING,	/* queued, without descriptors */
	EXDMA_REQ_STAGED,	/* descriptors written, not started */
	EXDMA_REQ_RUNNING,	/* the engine may touch its memory */
};

/**
 * struct exdma_request - one bounded transfer of one channel
 * @node: on one of the channel's lists, or on a batch of the bottom half.
 * @sg: mapped segments.
 * @slots: how many, 1 to EXDMA_REQUEST_SLOTS and to &exdma_channel_desc.max_run_slots;
 *	one descriptor each.
 * @card_addr: card address of the first byte.
 * @bytes: all segments together, 1 to EXDMA_REQUEST_BYTES.
 * @complete: called by the bottom half, in process context, when the request
 *	is done; NULL if the owner waits for @done instead. The request belongs
 *	to its owner again from then on.
 * @done: completed, from the hard interrupt handler as a rule, if @complete
 *	is NULL.
 * @status: valid when done: 0, or -errno if not everything was moved.
 * @moved: valid when done: bytes from the start on that were moved.
 * @quarantined: valid when done: the device may still touch the memory; it
 *	must stay mapped and pinned for ever.
 * @bounced: its memory is a slot of the channel, for the statistics.
 * @held: more follows at once; it may wait for that.
 * @timeout_ms: how long the engine may stand still at it; 0: the module's, or
 *	for ever if it is a stream's.
 * @once: it is not run again when a run is torn: the card would see it twice.
 * @fixed: the card's address does not advance.
 * @more: more of its packet follows.
 * @eop: H2C stream: the packet ends with it; C2H stream, valid when done: so it did.
 * @packet: tells the requests of one packet from others, if there are several.
 * @client: on whose behalf, see exdma_channel_hurry().
 * @id: counts the requests of the channel; given when it is submitted.
 * @state: see &enum exdma_request_state.
 * @tries: how often the engine stood still at it.
 * @first: ring count of its first descriptor; staged and running.
 * @run_end: slots of the run up to and with its last; running.
 */
struct exdma_request {
	struct list_head node;
	struct scatterlist *sg;
	u32 slots;
	u32 bytes;
	u64 card_addr;
	void (*complete)(struct exdma_request *req);
	struct completion done;
	int status;
	u32 moved;
	bool quarantined;
	bool bounced;
	bool held;
	bool once;
	bool fixed;
	bool more;
	bool eop;
	u32 timeout_ms;
	const void *packet;
	const void *client;
	u64 id;
	enum exdma_request_state state;
	u32 tries;
	u32 first;
	u32 run_end;
};

enum exdma_channel_state {
	EXDMA_CH_LIVE,		/* takes requests and runs them */
	EXDMA_CH_FROZEN,	/* takes requests; the recovery owns the engine */
	EXDMA_CH_DEAD,		/* for good: answers -ENODEV */
};

/* Who started a run. */
enum exdma_starter {
	EXDMA_START_IRQ,	/* the hard interrupt handler */
	EXDMA_START_SUBMIT,	/* a caller that submitted or polled */
	EXDMA_START_THREAD,	/* the bottom half, or the watchdog */
	EXDMA_STARTERS
};

struct exdma_channel_stats {
	u64 bytes;
	u64 requests;
	u64 packets;
	u64 runs;
	u64 starts[EXDMA_STARTERS];
	u64 copybreak;
	u64 polled;
	u64 depth_max;
	u64 interrupts;
	u64 spurious_interrupts;
	u64 lost_interrupts;
	u64 errors;
	u64 timeouts;
	u64 busy_ns;
};

/**
 * struct exdma_sight - where an engine was when the watchdog saw something
 * @run: its @run_number.
 * @done: its @run_done.
 */
struct exdma_sight {
	u32 run;
	u32 done;
};

/**
 * struct exdma_channel - one direction of one engine
 * @card: the card it is a part of.
 * @siblings: on the card's list.
 * @partners: the channels that share its engine, in a circle without a head, by
 *	turns; constant from exdma_card_register() on. Empty: the engine is its own.
 * @desc: what the card driver said.
 * @node: its /dev node, between registration and removal.
 * @name: as in the node's name, for the log and /proc/interrupts.
 * @ring: the descriptor slots. Those in use begin at the first of the oldest
 *	request of @running, then @staged.
 *	Its indexes are guarded by @lock.
 * @lock: guards everything down to @stats, against other CPUs and against the
 *	hard interrupt handler: always taken with interrupts off. A leaf lock:
 *	under it nothing sleeps, allocates, unmaps or prints, and no other lock
 *	of ours is taken. Partners have one lock together, that of the first of
 *	them: it guards what is of the engine, too.
 * @own_lock: what @lock points to, unless an earlier channel has the engine.
 * @state: see &enum exdma_channel_state.
 * @pending: requests without descriptors, in order of submission.
 * @behind: requests that came while somebody else's packet was not all here.
 * @packet: whose packet that is, or NULL.
 * @torn: the packet that has failed and is not all here, or NULL.
 * @begun: the packet of which the card has the beginning, but not the end, or NULL.
 * @lost: the next buffer for packets is to tell of one that was lost.
 * @staged: requests with descriptors, behind those that run.
 * @running: requests of the current run, in ring order.
 * @finished: done, for the bottom half to complete.
 * @run_count: slots of the current run; 0 when none of this channel is on.
 * @run_next: ring count of the slot behind its last, also when it is through.
 * @run_done: of these, how many are known to have finished.
 * @run_number: counts the runs.
 * @run_fixed: the card's address does not advance in it.
 * @run_requests: on @running, and
 * @run_bytes: their bytes: what the engine has and has not finished.
 * @waits: the engine, which extends, is on, and waits behind its last slot if it is
 *	through: it takes only what follows there.
 * @run_began: local_clock() when the current run was started.
 * @late: where the watchdog found news before their interrupt.
 * @idle: where it found the engine idle.
 * @over: where it found that nothing had moved for too long.
 * @asked_at: jiffies when the watchdog last asked the device.
 * @owed: interrupts that are still to come, of runs found through without them.
 * @doubt_run: the run at which an owed interrupt came that may have been its
 *	own; the watchdog clears that up.
 * @doubt_seen: @doubt_run at the watchdog's last look.
 * @batch: a caller is in the middle of a batch, until exdma_channel_unhold().
 * @next_id: number of the next request.
 * @depth: requests submitted and not done.
 * @queued: bytes of these.
 * @progress_at: jiffies when the engine last moved.
 * @watched: the watchdog is armed.
 * @held: frozen from outside, until exdma_channel_thaw().
 * @fault: why the channel is frozen; 0 if it is not its own doing.
 * @fault_count: @run_done at that moment.
 * @stats: counters.
 * @recovery: ends what a stopped, hung or vanished engine left, and goes on.
 * @watchdog: looks whether the engine moves, while a run is on.
 * @work: the bottom half, if it is to be run from a workqueue.
 * @irq: interrupt whose thread is the bottom half; with @irq_id.
 * @irq_id: its cookie.
 * @pinned: bytes of all requests between exdma_channel_take_room() and
 *	exdma_channel_give_room().
 * @pinned_max: the most that this has been.
 * @spare: of @pinned, what calls hold that wait for their turn.
 * @line: those who wait for room, the first of them on @room.
 * @room: waits for @pinned to fall.
 * @bounce: slots for small transfers, or for all, see &exdma_card_desc.bounce.
 * @receive: the packets that came, if that is what it is for; else NULL.
 * @quick_ns: how long a small transfer of a lone caller takes, smoothed; a
 *	hint, not locked.
 * @perf_owner: the open file whose measurement is on, or NULL; see perf.c.
 * @mapped_lock: guards @mapped; process context only.
 * @mapped: buffers whose memory is mapped for the device, see buffer.c.
 */
struct exdma_channel {
	struct exdma_card *card;
	struct list_head siblings;
	struct list_head partners;
	struct exdma_channel_desc desc;
	struct exdma_node *node;
	char name[32];
	struct exdma_ring ring;

	raw_spinlock_t *lock;
	raw_spinlock_t own_lock;	/* see above */
	/* &*lock: checkpatch takes (lock) alone for a list of parameters */
	enum exdma_channel_state state __guarded_by(&*lock);
	struct list_head pending __guarded_by(&*lock);
	struct list_head behind __guarded_by(&*lock);
	const void *packet __guarded_by(&*lock);
	const void *torn __guarded_by(&*lock);
	const void *begun __guarded_by(&*lock);
	bool lost __guarded_by(&*lock);
	struct list_head staged __guarded_by(&*lock);
	struct list_head running __guarded_by(&*lock);
	struct list_head finished __guarded_by(&*lock);
	u32 run_count __guarded_by(&*lock);
	u32 run_next __guarded_by(&*lock);
	u32 run_done __guarded_by(&*lock);
	u32 run_number __guarded_by(&*lock);
	bool run_fixed __guarded_by(&*lock);
	u32 run_requests __guarded_by(&*lock);
	size_t run_bytes __guarded_by(&*lock);
	bool waits __guarded_by(&*lock);
	u64 run_began __guarded_by(&*lock);
	struct exdma_sight late __guarded_by(&*lock);
	struct exdma_sight idle __guarded_by(&*lock);
	struct exdma_sight over __guarded_by(&*lock);
	unsigned long asked_at __guarded_by(&*lock);
	u32 owed __guarded_by(&*lock);
	u32 doubt_run __guarded_by(&*lock);
	u32 doubt_seen __guarded_by(&*lock);
	bool batch __guarded_by(&*lock);
	u64 next_id __guarded_by(&*lock);
	u32 depth __guarded_by(&*lock);
	u64 queued __guarded_by(&*lock);
	unsigned long progress_at __guarded_by(&*lock);
	bool watched __guarded_by(&*lock);
	bool held __guarded_by(&*lock);
	u32 fault_count __guarded_by(&*lock);
	int fault __guarded_by(&*lock);
	struct exdma_channel_stats stats __guarded_by(&*lock);

	struct work_struct recovery;
	struct delayed_work watchdog;
	struct work_struct work;
	unsigned int irq;
	void *irq_id;

	atomic_long_t pinned;
	atomic_long_t pinned_max;
	atomic_long_t spare;
	struct mutex line;	/* see above */
	wait_queue_head_t room;
	struct exdma_bounce bounce;
	struct exdma_receive *receive;
	u32 quick_ns;
	const struct exdma_client *perf_owner;

	spinlock_t mapped_lock;	/* see above */
	struct list_head mapped;
};

struct exdma_channel *exdma_channel_create(struct exdma_card *card,
					   const struct exdma_channel_desc *desc);
void exdma_channel_destroy(struct exdma_channel *ch);
void exdma_channel_release_memory(struct exdma_channel *ch);
int exdma_channel_submit(struct exdma_channel *ch, struct exdma_request *req, bool hold);
void exdma_channel_unhold(struct exdma_channel *ch);
bool exdma_channel_cancel(struct exdma_channel *ch, struct exdma_request *req);
void exdma_channel_bottom_half(struct exdma_channel *ch);
void exdma_channel_kick(struct exdma_channel *ch);
bool exdma_channel_poll(struct exdma_channel *ch);
void exdma_channel_get_stats(struct exdma_channel *ch,
			     struct exdma_channel_stats *stats);

/* Does it take packets from the card, as they come? */
static inline bool exdma_channel_receives(const struct exdma_channel *ch)
{
	return ch->desc.stream && ch->desc.dir == EXDMA_C2H;
}

/*
 * Is there one interrupt for each run, at its end? Else there is one as things get
 * done; if two of them share it, or one was seen before its own came, all is well.
 */
static inline bool exdma_channel_interrupts_once(const struct exdma_channel *ch)
{
	return !ch->desc.extends && !exdma_channel_receives(ch);
}

/* Can data go to one card address, or come from one? */
static inline bool exdma_channel_can_fix(const struct exdma_channel *ch)
{
	return !ch->desc.stream && ch->desc.beat;
}

/* Bytes that wait or move; a hint of how busy the channel is. */
static inline u64 exdma_channel_load(const struct exdma_channel *ch)
{
	return READ_ONCE(ch->queued);
}

/* room.c */
bool exdma_channel_try_room(struct exdma_channel *ch, u32 bytes);
bool exdma_channel_try_spare_room(struct exdma_channel *ch, u32 bytes);
void exdma_channel_use_spare_room(struct exdma_channel *ch, u32 bytes);
int exdma_channel_take_room(struct exdma_channel *ch, u32 bytes);
void exdma_channel_force_room(struct exdma_channel *ch, u32 bytes);
void exdma_channel_give_room(struct exdma_channel *ch, u32 bytes);
bool exdma_channel_ready(struct exdma_channel *ch);
u64 exdma_channel_max_inflight(const struct exdma_channel *ch);

/* packet.c; with the lock held, but the last */
int exdma_packet_queue(struct exdma_channel *ch, struct exdma_request *req)
	__must_hold(ch->lock);
void exdma_packet_tear(struct exdma_channel *ch, const void *packet)
	__must_hold(ch->lock);
void exdma_packet_lose(struct exdma_channel *ch) __must_hold(ch->lock);
bool exdma_packet_withdraw(struct exdma_channel *ch, const void *packet);
void exdma_channel_hurry(struct exdma_channel *ch, const void *client);

/* recovery.c */
unsigned int exdma_timeout_clamp(unsigned int ms);
unsigned int exdma_timeout_default(void);
void exdma_channel_freeze(struct exdma_channel *ch);
void exdma_channel_settle(struct exdma_channel *ch, bool stopped);
void exdma_channel_thaw(struct exdma_channel *ch);
void exdma_channel_gate(struct exdma_channel *ch);
bool exdma_channel_faulty(struct exdma_channel *ch);
bool exdma_channel_halt(struct exdma_channel *ch);
void exdma_channel_fail(struct exdma_channel *ch, bool quarantine);

/* Between channel.c, interrupt.c and recovery.c; all with the lock held, but the works. */
void exdma_channel_retire(struct exdma_channel *ch, struct exdma_request *req,
			  int status, u32 moved) __must_hold(ch->lock);
void exdma_channel_trim(struct exdma_channel *ch) __must_hold(ch->lock);
void exdma_channel_run_over(struct exdma_channel *ch) __must_hold(ch->lock);
bool exdma_channel_stage(struct exdma_channel *ch) __must_hold(ch->lock);
void exdma_channel_launch(struct exdma_channel *ch, enum exdma_starter by)
	__must_hold(ch->lock);
void exdma_channel_launch_next(struct exdma_channel *ch, enum exdma_starter by)
	__must_hold(ch->lock);
int exdma_channel_reap(struct exdma_channel *ch,
		       int (*look)(struct exdma_channel *ch, u32 *done),
		       enum exdma_starter next) __must_hold(ch->lock);
bool exdma_channel_wants_thread(struct exdma_channel *ch)
	__must_hold(ch->lock);
void exdma_channel_owe(struct exdma_channel *ch) __must_hold(ch->lock);
void exdma_channel_fault(struct exdma_channel *ch, int err)
	__must_hold(ch->lock);
void exdma_channel_watch_soon(struct exdma_channel *ch);
void exdma_channel_work(struct work_struct *work);
void exdma_channel_recover(struct work_struct *work);
void exdma_channel_watch(struct work_struct *work);

extern struct workqueue_struct *exdma_wq, *exdma_cpu_wq;

#endif /* EXDMA_CORE_CHANNEL_H */
