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
#include <linux/sched/signal.h>

#include "card.h"
#include "channel.h"

static unsigned int max_inflight_kib = 16384;
module_param(max_inflight_kib, uint, 0644);
MODULE_PARM_DESC(max_inflight_kib,
		 "KiB of memory that one channel keeps pinned at most (at least 1028, default 16384)");

/**
 * exdma_channel_max_inflight - bytes that one channel keeps pinned at most
 *
 * Return: bytes of whole pages, enough for one request at least.
 */
u64 exdma_channel_max_inflight(void)
{
	return clamp_t(u64, (u64)READ_ONCE(max_inflight_kib) << 10,
		       EXDMA_REQUEST_SLOTS * PAGE_SIZE, LONG_MAX / 2);
}

/* Takes @bytes if no more than @max are taken then. */
static bool room_take(struct exdma_channel *ch, u32 bytes, long max)
{
	long now = atomic_long_read(&ch->pinned);
	long top;

	do {
		if (now + bytes > max)
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
 * Return: false if that would exceed the bound; nothing was taken then.
 */
bool exdma_channel_try_room(struct exdma_channel *ch, u32 bytes)
{
	return room_take(ch, bytes, exdma_channel_max_inflight());
}

/**
 * exdma_channel_try_spare_room - the same for a call whose turn it is not yet
 * @ch: the channel.
 * @bytes: whole pages.
 *
 * Those that wait leave half of the room, and one request of any size, to those
 * they wait for: these need room to get on.
 *
 * Return: false if that would exceed the bound; nothing was taken then.
 */
bool exdma_channel_try_spare_room(struct exdma_channel *ch, u32 bytes)
{
	u64 max = exdma_channel_max_inflight();

	return room_take(ch, bytes, min(max / 2, max - EXDMA_REQUEST_SLOTS * PAGE_SIZE));
}

/**
 * exdma_channel_take_room - the same, waiting until there is room
 * @ch: the channel.
 * @bytes: whole pages, no more than exdma_channel_max_inflight().
 *
 * The caller must hold no room of this channel, or two of them could wait for
 * each other.
 *
 * Context: may sleep.
 * Return: 0, -ERESTARTSYS if a signal came first, -ENODEV if the card went.
 */
int exdma_channel_take_room(struct exdma_channel *ch, u32 bytes)
{
	bool got = false;
	int err;

	err = wait_event_interruptible(ch->room,
				       (got = exdma_channel_try_room(ch, bytes)) ||
				       exdma_card_is_gone(ch->card));
	if (err || got)
		return err;
	return -ENODEV;
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
}

/**
 * exdma_channel_ready - could a call that may not wait be taken now?
 * @ch: the channel.
 *
 * Return: true if there is room for a request of any size and the channel is
 * not in recovery. Whoever waits for it waits on &exdma_channel.room.
 */
bool exdma_channel_ready(struct exdma_channel *ch)
{
	return data_race(READ_ONCE(ch->state)) == EXDMA_CH_LIVE &&
	       atomic_long_read(&ch->pinned) + EXDMA_REQUEST_SLOTS * PAGE_SIZE <=
		       exdma_channel_max_inflight();
}
