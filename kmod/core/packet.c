// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - packets to the card that take several requests
 *
 * An engine knows no packets: what is started between two pieces of one would
 * become a part of it. So a packet that has begun is finished first. Whoever
 * comes in between waits on a list of its own, which nobody sleeps for: the
 * one that submits the last piece lets them go on.
 */
#include "channel.h"

static void packet_go(struct exdma_channel *ch, struct exdma_request *req)
	__must_hold(ch->lock)
{
	list_move_tail(&req->node, &ch->pending);
	ch->packet = req->more ? req->packet : NULL;
}

/* Those behind, in order, as far as no packet that is not all here stops them. */
static void packet_admit(struct exdma_channel *ch) __must_hold(ch->lock)
{
	struct exdma_request *req, *next;
	bool again;

	lockdep_assert_held(ch->lock);

	do {
		again = false;
		list_for_each_entry_safe(req, next, &ch->behind, node) {
			if (ch->packet && ch->packet != req->packet)
				continue;
			packet_go(ch, req);
			/* The end of a packet: there may be some before this one. */
			again = !ch->packet;
			if (again)
				break;
		}
	} while (again);
}

/**
 * exdma_packet_queue - a request for a stream: pending, or behind others
 * @ch: the channel, not dead.
 * @req: the request, on no list.
 *
 * Return: 0, or -EIO: it belongs to a packet that was torn, and to its owner
 * still.
 */
int exdma_packet_queue(struct exdma_channel *ch, struct exdma_request *req)
	__must_hold(ch->lock)
{
	int err = 0;

	lockdep_assert_held(ch->lock);

	INIT_LIST_HEAD(&req->node);
	if (req->packet && ch->torn == req->packet) {
		err = -EIO;
		if (!req->more) {
			ch->torn = NULL;
			ch->packet = NULL;
		}
	} else if (ch->packet && ch->packet != req->packet) {
		list_add_tail(&req->node, &ch->behind);
	} else {
		packet_go(ch, req);
	}
	if (!ch->packet)
		packet_admit(ch);
	return err;
}

/**
 * exdma_packet_tear - a packet has failed: the card gets nothing more of it
 * @ch: the channel; nothing runs or is staged.
 * @packet: whose next piece is the first that is pending, or not here yet.
 */
void exdma_packet_tear(struct exdma_channel *ch, const void *packet)
	__must_hold(ch->lock)
{
	struct exdma_request *req, *next;
	bool more;

	lockdep_assert_held(ch->lock);

	list_for_each_entry_safe(req, next, &ch->pending, node) {
		if (req->packet != packet)
			break;
		more = req->more;
		list_del(&req->node);
		exdma_channel_retire(ch, req, -EIO, 0);
		if (!more)
			return;
	}
	ch->torn = packet;
}

/**
 * exdma_packet_lose - a packet from the card was lost, and no buffer runs
 * @ch: the channel, whose engine is idle. The next buffer in the order of the
 *	stream tells its reader, now or when there is one.
 */
void exdma_packet_lose(struct exdma_channel *ch) __must_hold(ch->lock)
{
	struct exdma_request *req;

	lockdep_assert_held(ch->lock);

	req = list_first_entry_or_null(&ch->pending, struct exdma_request, node);
	/* Who has never waited for a packet has lost none. */
	ch->lost = !req && ch->next_id;
	if (!req)
		return;
	list_del(&req->node);
	exdma_channel_retire(ch, req, -EIO, 0);
	exdma_channel_kick(ch);
}

static bool packet_is_on(const struct list_head *list, const void *packet)
{
	const struct exdma_request *req;

	list_for_each_entry(req, list, node)
		if (req->packet == packet)
			return true;
	return false;
}

static void packet_take_off(struct exdma_channel *ch, struct list_head *list,
			    const void *packet) __must_hold(ch->lock)
{
	struct exdma_request *req, *next;

	list_for_each_entry_safe(req, next, list, node) {
		if (req->packet != packet)
			continue;
		list_del(&req->node);
		exdma_channel_retire(ch, req, -EINTR, 0);
	}
}

/**
 * exdma_packet_withdraw - take back a packet that has not begun
 * @ch: the channel of a stream.
 * @packet: of a caller that waits for it, and submits nothing more of it then.
 *
 * Context: any but hard interrupt. Locking: takes the channel's lock.
 * Return: true: all its requests are done, with -EINTR; false: it has begun.
 */
bool exdma_packet_withdraw(struct exdma_channel *ch, const void *packet)
{
	unsigned long flags;
	bool begun;

	raw_spin_lock_irqsave(ch->lock, flags);
	begun = ch->begun == packet || packet_is_on(&ch->running, packet);
	if (!begun) {
		packet_take_off(ch, &ch->staged, packet);
		packet_take_off(ch, &ch->pending, packet);
		packet_take_off(ch, &ch->behind, packet);
		if (ch->packet == packet) {
			ch->packet = NULL;
			packet_admit(ch);
		}
		exdma_channel_trim(ch);
		/* Its slots, and its place, are what others wait for. */
		if (ch->state != EXDMA_CH_DEAD)
			exdma_channel_kick(ch);
	}
	raw_spin_unlock_irqrestore(ch->lock, flags);
	return !begun;
}

static bool packet_hurry(struct list_head *list, const void *client)
{
	unsigned int ms = exdma_timeout_default();
	struct exdma_request *req;
	bool found = false;

	list_for_each_entry(req, list, node) {
		if (req->client == client && !req->timeout_ms) {
			req->timeout_ms = ms;
			found = true;
		}
	}
	return found;
}

/**
 * exdma_channel_hurry - a client goes away: its packets have only so long now
 * @ch: the channel of a stream.
 * @client: as in &exdma_request.client.
 *
 * A card may take its time for a packet; who has been killed cannot. What the
 * card does not take within the module's timeout ends as if the engine hung.
 *
 * Context: any but hard interrupt. Locking: takes the channel's lock.
 */
void exdma_channel_hurry(struct exdma_channel *ch, const void *client)
{
	unsigned long flags;

	raw_spin_lock_irqsave(ch->lock, flags);
	if (packet_hurry(&ch->running, client))
		ch->progress_at = jiffies;
	packet_hurry(&ch->staged, client);
	packet_hurry(&ch->pending, client);
	packet_hurry(&ch->behind, client);
	raw_spin_unlock_irqrestore(ch->lock, flags);
}
