// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - how much memory a channel keeps pinned
 *
 * Counts bytes; knows neither pages nor requests. Whoever wants to pin takes
 * room first, and waits where others have it all.
 */
#include <linux/atomic.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>

#include "card.h"
#include "channel.h"

static unsigned int max_inflight_kib = 16384;
module_param(max_inflight_kib, uint, 0644);
MODULE_PARM_DESC(max_inflight_kib,
		 "KiB of memory that one channel keeps pinned at most (at least 1028, default 16384)");

/* What a request takes of the room at most. */
static u32 room_of_request(const struct exdma_channel *ch)
{
	return ch->card->desc.bounce ? EXDMA_BOUNCE_BYTES : EXDMA_REQUEST_SLOTS * PAGE_SIZE;
}

/**
 * exdma_channel_max_inflight - bytes that one channel keeps pinned at most
 * @ch: the channel; if all its data is copied, its slots are the room.
 *
 * Return: bytes of whole pages, enough for one request at least.
 */
u64 exdma_channel_max_inflight(const struct exdma_channel *ch)
{
	if (ch->card->desc.bounce)
		return EXDMA_BOUNCE_ALL;
	return clamp_t(u64, (u64)READ_ONCE(max_inflight_kib) << 10,
		       EXDMA_REQUEST_SLOTS * PAGE_SIZE, LONG_MAX / 2);
}

/*
 * Takes @bytes if no more than @max are taken then, or if all that is taken is
 * held by calls that wait for their turn, perhaps for ours: also if the bound
 * was lowered since.
 */
static bool room_take(struct exdma_channel *ch, u32 bytes, long max, bool spare)
{
	long now = atomic_long_read(&ch->pinned);
	long top;

	do {
		if (now + bytes > max && (spare || now > atomic_long_read(&ch->spare)))
			return false;
	} while (!atomic_long_try_cmpxchg(&ch->pinned, &now, now + bytes));

	now += bytes;
	top = atomic_long_read(&ch->pinned_max);
	while (now > top && !atomic_long_try_cmpxchg(&ch->pinned_max, &top, now))
		;
	return true;
}

/**
 * exdma_channel_try_room - account for memory that is going to be pinned
 * @ch: the channel.
 * @bytes: whole pages, no more than exdma_channel_max_inflight().
 *
 * Return: false if that would exceed the bound, or others wait for room; nothing
 * was taken then.
 */
bool exdma_channel_try_room(struct exdma_channel *ch, u32 bytes)
{
	return !mutex_is_locked(&ch->line) &&
	       room_take(ch, bytes, exdma_channel_max_inflight(ch), false);
}

/**
 * exdma_channel_try_spare_room - the same for a call whose turn it is not yet
 * @ch: the channel.
 * @bytes: whole pages.
 *
 * Those that wait leave half of the room, and one request of any size, to those
 * they wait for: these need room to get on. When the turn comes,
 * exdma_channel_use_spare_room() says so.
 *
 * Return: false if that would exceed the bound; nothing was taken then.
 */
bool exdma_channel_try_spare_room(struct exdma_channel *ch, u32 bytes)
{
	u64 max = exdma_channel_max_inflight(ch);

	if (mutex_is_locked(&ch->line) ||
	    !room_take(ch, bytes, min(max / 2, max - room_of_request(ch)), true))
		return false;
	atomic_long_add(bytes, &ch->spare);
	return true;
}

/**
 * exdma_channel_use_spare_room - its turn has come
 * @ch: the channel.
 * @bytes: as taken by exdma_channel_try_spare_room().
 */
void exdma_channel_use_spare_room(struct exdma_channel *ch, u32 bytes)
{
	atomic_long_sub(bytes, &ch->spare);
}

/**
 * exdma_channel_take_room - the same, waiting until there is room
 * @ch: the channel.
 * @bytes: whole pages, no more than exdma_channel_max_inflight().
 *
 * First come, first served: while somebody waits, nobody overtakes. The caller
 * must hold no room of this channel, or two of them could wait for each other.
 *
 * Context: may sleep.
 * Return: 0, -ERESTARTSYS if a signal came first, -ENODEV if the card went.
 */
int exdma_channel_take_room(struct exdma_channel *ch, u32 bytes)
{
	bool got = false;
	int err;

	if (exdma_channel_try_room(ch, bytes))
		return 0;
	if (mutex_lock_interruptible(&ch->line))
		return -ERESTARTSYS;
	err = wait_event_interruptible(ch->room,
				       (got = room_take(ch, bytes,
							exdma_channel_max_inflight(ch),
							false)) ||
				       exdma_card_is_gone(ch->card));
	mutex_unlock(&ch->line);
	exdma_card_changed(ch->card);
	if (err || got)
		return err;
	return -ENODEV;
}

/**
 * exdma_channel_force_room - take room whether there is any or not
 * @ch: the channel.
 * @bytes: whole pages.
 */
void exdma_channel_force_room(struct exdma_channel *ch, u32 bytes)
{
	room_take(ch, bytes, LONG_MAX, false);
}

/**
 * exdma_channel_give_room - the memory is not pinned any more
 * @ch: the channel.
 * @bytes: as taken.
 */
void exdma_channel_give_room(struct exdma_channel *ch, u32 bytes)
{
	atomic_long_sub(bytes, &ch->pinned);
	if (wq_has_sleeper(&ch->room))
		wake_up(&ch->room);
	exdma_card_changed(ch->card);
}

/**
 * exdma_channel_ready - could a call that may not wait be taken now?
 * @ch: the channel.
 *
 * Return: true if there is room for a request of any size and the channel is
 * not in recovery. Changes are told by &exdma_card.change.
 */
bool exdma_channel_ready(struct exdma_channel *ch)
{
	return READ_ONCE(ch->state) == EXDMA_CH_LIVE &&
	       !mutex_is_locked(&ch->line) &&
	       atomic_long_read(&ch->pinned) + room_of_request(ch) <=
		       exdma_channel_max_inflight(ch);
}
