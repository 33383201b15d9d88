/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - tracepoints: the way of a request
 *
 *	submit		queued on its channel
 *	stage		its descriptors are written
 *	start		a run of one or more requests was started
 *	irq		an interrupt of the channel arrived
 *	done		the channel is through with the request
 *	complete	its memory is unmapped, its owner has it back
 *
 * A request is known by its card, direction, channel and number. Each event
 * but complete is emitted under the lock of the channel, so their order is the
 * order in which things happened.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM exdma

#if !defined(EXDMA_CORE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define EXDMA_CORE_TRACE_H

#include <linux/tracepoint.h>

#include "card.h"
#include "channel.h"

#define EXDMA_TRACE_DIR(dir)						\
	__print_symbolic(dir, { EXDMA_H2C, "h2c" }, { EXDMA_C2H, "c2h" })

DECLARE_EVENT_CLASS(exdma_request,
	TP_PROTO(const struct exdma_channel *ch, const struct exdma_request *req),
	TP_ARGS(ch, req),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u64, card_addr)
		__field(u32, card)
		__field(u32, dir)
		__field(u32, channel)
		__field(u32, bytes)
		__field(u32, slots)
		__field(u32, moved)
		__field(int, status)
	),
	TP_fast_assign(
		__entry->id = req->id;
		__entry->card_addr = req->card_addr;
		__entry->card = ch->card->number;
		__entry->dir = ch->desc.dir;
		__entry->channel = ch->desc.index;
		__entry->bytes = req->bytes;
		__entry->slots = req->slots;
		__entry->moved = req->moved;
		__entry->status = req->status;
	),
	TP_printk("card=%u dir=%s channel=%u id=%llu card_addr=%#llx bytes=%u slots=%u moved=%u status=%d",
		  __entry->card, EXDMA_TRACE_DIR(__entry->dir), __entry->channel,
		  __entry->id, __entry->card_addr, __entry->bytes, __entry->slots,
		  __entry->moved, __entry->status)
);

DEFINE_EVENT(exdma_request, exdma_submit,
	     TP_PROTO(const struct exdma_channel *ch, const struct exdma_request *req),
	     TP_ARGS(ch, req));
DEFINE_EVENT(exdma_request, exdma_stage,
	     TP_PROTO(const struct exdma_channel *ch, const struct exdma_request *req),
	     TP_ARGS(ch, req));
DEFINE_EVENT(exdma_request, exdma_done,
	     TP_PROTO(const struct exdma_channel *ch, const struct exdma_request *req),
	     TP_ARGS(ch, req));
DEFINE_EVENT(exdma_request, exdma_complete,
	     TP_PROTO(const struct exdma_channel *ch, const struct exdma_request *req),
	     TP_ARGS(ch, req));

TRACE_EVENT(exdma_start,
	TP_PROTO(const struct exdma_channel *ch, u32 requests, u32 slots, size_t bytes, u32 by),
	TP_ARGS(ch, requests, slots, bytes, by),
	TP_STRUCT__entry(
		__field(u64, bytes)
		__field(u32, card)
		__field(u32, dir)
		__field(u32, channel)
		__field(u32, run)
		__field(u32, requests)
		__field(u32, slots)
		__field(u32, by)
	),
	TP_fast_assign(
		__entry->bytes = bytes;
		__entry->card = ch->card->number;
		__entry->dir = ch->desc.dir;
		__entry->channel = ch->desc.index;
		__entry->run = ch->run_number;
		__entry->requests = requests;
		__entry->slots = slots;
		__entry->by = by;
	),
	TP_printk("card=%u dir=%s channel=%u run=%u requests=%u slots=%u bytes=%llu by=%s",
		  __entry->card, EXDMA_TRACE_DIR(__entry->dir), __entry->channel,
		  __entry->run, __entry->requests, __entry->slots, __entry->bytes,
		  __print_symbolic(__entry->by, { EXDMA_START_IRQ, "irq" },
				   { EXDMA_START_SUBMIT, "submit" },
				   { EXDMA_START_THREAD, "thread" }))
);

TRACE_EVENT(exdma_irq,
	TP_PROTO(const struct exdma_channel *ch),
	TP_ARGS(ch),
	TP_STRUCT__entry(
		__field(u32, card)
		__field(u32, dir)
		__field(u32, channel)
		__field(u32, run)
	),
	TP_fast_assign(
		__entry->card = ch->card->number;
		__entry->dir = ch->desc.dir;
		__entry->channel = ch->desc.index;
		__entry->run = ch->run_number;
	),
	TP_printk("card=%u dir=%s channel=%u run=%u", __entry->card,
		  EXDMA_TRACE_DIR(__entry->dir), __entry->channel, __entry->run)
);

#endif /* EXDMA_CORE_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
