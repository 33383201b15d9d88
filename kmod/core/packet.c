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
