// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma_xdma - one engine: descriptors, start, progress, stop
 *
 * A run costs five posted writes at most and no read. Progress comes from the
 * poll-mode writeback word, which the engine writes to host memory although
 * interrupts are on; the sticky status bits clear themselves when Run rises,
 * so that the next interrupt needs no acknowledgment where vectors are not
 * shared.
 *
 * With descriptor credits a run has no end: to start it costs three writes more,
 * what is added to it one. Each interrupt costs a read then, since nothing else
 * clears the bit that asked for it without losing the next one.
 *
 * Locking: the core calls all but xdma_stop(), xdma_report() and those of the
 * performance counters with the channel's lock held.
 */
#include <linux/bitfield.h>
#include <linux/iopoll.h>
#include <linux/log2.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "xdma.h"

/* How long an engine may take for the descriptor that it is at. */
#define STOP_TIMEOUT_US		1000000
#define STOP_POLL_US		50
/* The results of a stream lie behind the writeback word, in their own lines. */
#define RESULTS_OFFSET		64

static bool writeback = true;
module_param(writeback, bool, 0444);
MODULE_PARM_DESC(writeback,
		 "Learn from memory how far an engine is (default Y); N: read its registers, if a core does not write back as it should");

static unsigned int max_block = XDMA_BLOCK_DESCS;
module_param(max_block, uint, 0444);
MODULE_PARM_DESC(max_block,
		 "Descriptors that an engine is told to fetch at once: 1, 2, 4, ... 64 (default), if a core cannot take more");

static bool credits;
module_param(credits, bool, 0644);
MODULE_PARM_DESC(credits,
		 "Give engines their descriptors as credits, so that they never stop between runs; not for streams to the card; looked at when a card is bound (default N: not tried on a real card yet)");

static u32 xdma_credit_bit(const struct xdma_channel *xch)
{
	return xch->to_card ? XDMA_CREDITS_H2C(xch->index) : XDMA_CREDITS_C2H(xch->index);
}

/* Can it be made to wait for credits? One that cannot would run round the ring. */
static bool xdma_takes_credits(const struct xdma_channel *xch)
{
	u32 bit = xdma_credit_bit(xch), on;

	writel(bit, xch->common + XDMA_CREDITS_ON_W1S);
	on = readl(xch->common + XDMA_CREDITS_ON);
	writel(bit, xch->common + XDMA_CREDITS_ON_W1C);
	return on != XDMA_GONE && on & bit;
}

/* Descriptors in a block that begins with this slot, but one. */
static u32 block_left(const struct xdma_channel *xch, u32 slot)
{
	return xch->block - 1 - slot % xch->block;
}

/*
 * A slot is written as if the run went on for ever: Next leads to the slot
 * behind it, nxt_adj counts down to the end of its block of 64 (PG195,
 * "Descriptor format"). Where the run ends, if it does, is known when it starts.
 */
static void xdma_write_desc(struct exdma_channel *ch, u32 slot, dma_addr_t host,
			    u64 card, u32 len, u32 flags)
{
	struct xdma_channel *xch = exdma_channel_priv(ch);
	u32 next = (slot + 1) % XDMA_SLOTS;
	dma_addr_t next_dma = xch->dma + next * sizeof(struct xdma_desc);
	struct xdma_desc *desc = &xch->desc[slot];
	u32 control = XDMA_DESC_MAGIC;
	u64 src, dst;

	if (xch->results) {
		WRITE_ONCE(xch->results[slot].control, 0);
		card = xch->results_dma + slot * sizeof(struct xdma_result);
	}
	src = xch->to_card ? host : card;
	dst = xch->to_card ? card : host;
	if (flags & EXDMA_SEG_LAST)
		control |= XDMA_DESC_COMPLETED;
	if (flags & EXDMA_SEG_EOP)
		control |= XDMA_DESC_EOP;
	xch->control[slot] = control;
	control |= FIELD_PREP(XDMA_DESC_NXT_ADJ, block_left(xch, next));

	desc->control = cpu_to_le32(control);
	desc->bytes = cpu_to_le32(len);
	desc->src_lo = cpu_to_le32(lower_32_bits(src));
	desc->src_hi = cpu_to_le32(upper_32_bits(src));
	desc->dst_lo = cpu_to_le32(lower_32_bits(dst));
	desc->dst_hi = cpu_to_le32(upper_32_bits(dst));
	desc->next_lo = cpu_to_le32(lower_32_bits(next_dma));
	desc->next_hi = cpu_to_le32(upper_32_bits(next_dma));
}

/*
 * Ends the run behind its last slot: Stop there, and nxt_adj of the slots of
 * the last block, and of the one that leads to it, counts to there. 65 words
 * at most.
 */
static void xdma_end_run(struct xdma_channel *xch, u32 first, u32 count)
{
	u32 last = first + count - 1;
	u32 block = max(first, last - last % xch->block);
	u32 i, slot;

	for (i = block > first ? block - 1 : block; i < last; i++) {
		slot = i % XDMA_SLOTS;
		xch->desc[slot].control =
			cpu_to_le32(xch->control[slot] |
				    FIELD_PREP(XDMA_DESC_NXT_ADJ, last - i - 1));
	}
	slot = last % XDMA_SLOTS;
	xch->desc[slot].control = cpu_to_le32(xch->control[slot] | XDMA_DESC_STOP);
}

static void xdma_extend(struct exdma_channel *ch, u32 count)
{
	struct xdma_channel *xch = exdma_channel_priv(ch);

	/* Never more than max_run_slots: far from the 1023 that the register can hold. */
	xch->run_slots += count;
	/* writel() orders the descriptors before their credits. */
	writel(count, xch->sgdma + XDMA_CREDITS);
}

static void xdma_start(struct exdma_channel *ch, u32 first, u32 count, u32 flags)
{
	struct xdma_channel *xch = exdma_channel_priv(ch);
	dma_addr_t addr = xch->dma + first * sizeof(struct xdma_desc);
	u32 adj = min(block_left(xch, first), count - 1);
	u32 ctrl = xch->ctrl | XDMA_CTRL_RUN;

	xch->status = 0;
	if (flags & EXDMA_RUN_ON) {
		xch->base += xch->run_slots;
		xch->first = first;
		xch->run_slots = 0;
		xdma_extend(ch, count);
		return;
	}
	if (flags & EXDMA_RUN_FIXED)
		ctrl |= XDMA_CTRL_NON_INC;

	if (xch->credits)
		adj = block_left(xch, first);
	else
		xdma_end_run(xch, first, count);
	WRITE_ONCE(*xch->writeback, 0);
	xch->first = first;
	xch->base = 0;
	xch->run_slots = count;

	/* Run stays set after a Stop descriptor; only its rise starts. */
	writel(XDMA_CTRL_RUN, xch->regs + XDMA_CONTROL_W1C);
	/* None may be left, and without them the chain would have no end. */
	if (xch->credits) {
		writel(xdma_credit_bit(xch), xch->common + XDMA_CREDITS_ON_W1C);
		writel(xdma_credit_bit(xch), xch->common + XDMA_CREDITS_ON_W1S);
	}
	writel(lower_32_bits(addr), xch->sgdma + XDMA_FIRST_LO);
	if (xch->hi != upper_32_bits(addr)) {
		xch->hi = upper_32_bits(addr);
		writel(xch->hi, xch->sgdma + XDMA_FIRST_HI);
	}
	if (xch->adj != adj) {
		xch->adj = adj;
		writel(adj, xch->sgdma + XDMA_FIRST_ADJ);
	}
	if (xch->credits)
		writel(count, xch->sgdma + XDMA_CREDITS);
	xch->waits = xch->credits;
	/* writel() orders the descriptors and the zeroed word before Run. */
	writel(ctrl, xch->regs + XDMA_CONTROL);
}

static bool xdma_has_result(const struct xdma_channel *xch, u32 slot)
{
	u32 control = le32_to_cpu(READ_ONCE(xch->results[slot % XDMA_SLOTS].control));

	return FIELD_GET(XDMA_RESULT_MAGIC, control) == XDMA_RESULT_IS_ONE;
}

/* Of so many descriptors of a run the engine has told all: a result may come late. */
static u32 xdma_told(const struct xdma_channel *xch, u32 count)
{
	while (xch->results && count && !xdma_has_result(xch, xch->first + count - 1))
		count--;
	return count;
}

/*
 * The count is read first: if the engine is idle after that, it was final. A
 * busy engine may have something to write still, at the least the writeback of
 * its last descriptor, so it is not reported as through; without writeback it
 * has nothing more to write once it says that it has stopped.
 */
static int xdma_inspect(struct exdma_channel *ch, u32 *done)
{
	struct xdma_channel *xch = exdma_channel_priv(ch);
	u32 status, count;

	count = readl(xch->regs + XDMA_COUNT);
	status = readl(xch->regs + XDMA_STATUS);
	if (count == XDMA_GONE || status == XDMA_GONE)
		return -ENODEV;
	xch->status |= status & ~XDMA_ST_BUSY;
	xch->busy = status & XDMA_ST_BUSY;
	/* Compared modulo what the writeback counts: a run is shorter than that. */
	count = (count - xch->base) & XDMA_WB_COUNT;
	xch->count = count;
	*done = count;
	if (!(xch->ctrl & XDMA_CTRL_WRITEBACK) && xch->status & XDMA_ST_STOPPED)
		status &= ~XDMA_ST_BUSY;
	/*
	 * With credits it is busy for ever. Of what it has counted the data was on its
	 * way before the answer; and each slot's result vouches for it, of a stream.
	 */
	if (xch->waits)
		status &= ~XDMA_ST_BUSY;
	/* Whether a descriptor that failed is counted is not documented. */
	if ((status & XDMA_ST_BUSY || xch->status & XDMA_ST_ERRORS) &&
	    count >= xch->run_slots)
		*done = xch->run_slots - 1;
	if (*done <= xch->run_slots)
		*done = xdma_told(xch, *done);
	return xch->status & XDMA_ST_ERRORS ? -EIO : 0;
}

/*
 * Busy it should be also while it waits for a stream. Lest there is a core that
 * sees that otherwise, it must have been told, too: Run is not set any more.
 */
static bool xdma_idle(struct exdma_channel *ch)
{
	struct xdma_channel *xch = exdma_channel_priv(ch);

	return !xch->busy && !(readl(xch->regs + XDMA_CONTROL) & XDMA_CTRL_RUN);
}

static void xdma_report(struct exdma_channel *ch)
{
	struct xdma_channel *xch = exdma_channel_priv(ch);
	u32 status = xch->status;

	dev_err_ratelimited(exdma_channel_device(ch),
			    "%s%u: stopped at descriptor %u of %u, status %#010x%s%s%s%s%s%s\n",
			    xch->to_card ? "h2c" : "c2h", xch->index, xch->count,
			    xch->run_slots, status,
			    status & XDMA_ST_ALIGN ? ": alignment mismatch" : "",
			    status & XDMA_ST_MAGIC ? ": bad descriptor magic" : "",
			    status & XDMA_ST_LENGTH ? ": invalid length" : "",
			    status & XDMA_ST_READ_ERR ? ": read error" : "",
			    status & XDMA_ST_WRITE_ERR ? ": write error" : "",
			    status & XDMA_ST_DESC_ERR ? ": descriptor fetch error" : "");
}

static int xdma_progress(struct exdma_channel *ch, u32 *done)
{
	struct xdma_channel *xch = exdma_channel_priv(ch);
	u32 wb = le32_to_cpu(READ_ONCE(*xch->writeback));
	u32 count = (wb - xch->base) & XDMA_WB_COUNT;

	/* An error, or a word that cannot be true. */
	if (unlikely(wb & ~XDMA_WB_COUNT || count > xch->run_slots ||
		     xch->status & XDMA_ST_ERRORS || !(xch->ctrl & XDMA_CTRL_WRITEBACK)))
		return xdma_inspect(ch, done);
	*done = xdma_told(xch, count);
	/* The data of C2H is read after the count that vouches for it. */
	dma_rmb();
	return 0;
}

static int xdma_received(struct exdma_channel *ch, u32 slot, u32 *bytes)
{
	struct xdma_channel *xch = exdma_channel_priv(ch);

	if (!xdma_has_result(xch, slot))
		return -EIO;
	*bytes = le32_to_cpu(xch->results[slot].bytes);
	return le32_to_cpu(xch->results[slot].control) & XDMA_RESULT_EOP;
}

/* Takes the request back; what it said is kept for xdma_inspect(). */
static void xdma_ack(struct exdma_channel *ch)
{
	struct xdma_channel *xch = exdma_channel_priv(ch);
	u32 status = readl(xch->regs + XDMA_STATUS_RC);

	if (status != XDMA_GONE)
		xch->status |= status & ~XDMA_ST_BUSY;
}

/**
 * xdma_channel_stop - clear Run and wait until the engine is idle
 * @xch: the channel.
 * @timeout_us: microseconds to wait at most.
 *
 * Context: may sleep.
 * Return: 0; -ENODEV if the device does not answer; -ETIMEDOUT.
 */
int xdma_channel_stop(struct xdma_channel *xch, u32 timeout_us)
{
	u32 status;
	int err;

	xch->waits = false;
	writel(XDMA_CTRL_RUN, xch->regs + XDMA_CONTROL_W1C);
	err = readl_poll_timeout(xch->regs + XDMA_STATUS, status,
				 status == XDMA_GONE || !(status & XDMA_ST_BUSY),
				 STOP_POLL_US, timeout_us);
	return status == XDMA_GONE ? -ENODEV : err;
}

static int xdma_stop(struct exdma_channel *ch)
{
	return xdma_channel_stop(exdma_channel_priv(ch), STOP_TIMEOUT_US);
}

/* PG195, "Channel Performance Monitor Control" and the counters behind it. */
static void xdma_perf_count(struct exdma_channel *ch, bool on)
{
	struct xdma_channel *xch = exdma_channel_priv(ch);

	if (on)
		writel(XDMA_PERF_CLEAR, xch->regs + XDMA_PERF);
	writel(on ? XDMA_PERF_RUN : 0, xch->regs + XDMA_PERF);
}

/* Two words; the high one has not changed meanwhile. */
static int read_perf(void __iomem *lo, void __iomem *hi, u64 *count, bool *full)
{
	u32 high = readl(hi), low, before;

	do {
		if (high == XDMA_GONE)
			return -ENODEV;
		before = high;
		low = readl(lo);
		high = readl(hi);
	} while (high != before);
	*count = FIELD_GET(XDMA_PERF_HI_COUNT, high) * BIT_ULL(32) + low;
	*full = high & XDMA_PERF_HI_FULL;
	return 0;
}

static int xdma_perf_read(struct exdma_channel *ch, struct exdma_perf *perf)
{
	struct xdma_channel *xch = exdma_channel_priv(ch);
	void __iomem *regs = xch->regs;
	bool cycles_full, beats_full;
	int err;

	err = read_perf(regs + XDMA_PERF_CYCLES_LO, regs + XDMA_PERF_CYCLES_HI,
			&perf->cycles, &cycles_full) ?:
	      read_perf(regs + XDMA_PERF_BEATS_LO, regs + XDMA_PERF_BEATS_HI,
			&perf->beats, &beats_full);
	if (err)
		return err;
	perf->counting = readl(regs + XDMA_PERF) & XDMA_PERF_RUN;
	perf->overflow = cycles_full || beats_full;
	return 0;
}

static const struct exdma_channel_ops xdma_channel_ops = {
	.write_desc = xdma_write_desc,
	.start = xdma_start,
	.extend = xdma_extend,
	.progress = xdma_progress,
	.inspect = xdma_inspect,
	.idle = xdma_idle,
	.received = xdma_received,
	.ack = xdma_ack,
	.stop = xdma_stop,
	.report = xdma_report,
	.perf_count = xdma_perf_count,
	.perf_read = xdma_perf_read,
};

/**
 * xdma_channel_init_hw - bring the registers of a channel into a known state
 * @xch: the channel; its engine is idle.
 *
 * Context: any.
 */
void xdma_channel_init_hw(struct xdma_channel *xch)
{
	/* The length of a packet is not to be a multiple of anything. */
	u32 errors = xch->stream ? XDMA_ST_ERRORS & ~XDMA_ST_LENGTH : XDMA_ST_ERRORS;

	xch->ctrl = XDMA_ST_STOPPED | XDMA_ST_COMPLETED | errors;
	if (writeback)
		xch->ctrl |= XDMA_CTRL_WRITEBACK;
	xch->hi = 0;
	xch->adj = 0;

	writel(0, xch->regs + XDMA_CONTROL);
	writel(0, xch->regs + XDMA_PERF);
	writel(lower_32_bits(xch->writeback_dma), xch->regs + XDMA_WRITEBACK_LO);
	writel(upper_32_bits(xch->writeback_dma), xch->regs + XDMA_WRITEBACK_HI);
	writel(0, xch->sgdma + XDMA_FIRST_HI);
	writel(0, xch->sgdma + XDMA_FIRST_ADJ);
	writel(xdma_credit_bit(xch),
	       xch->common + (xch->credits ? XDMA_CREDITS_ON_W1S : XDMA_CREDITS_ON_W1C));
	/*
	 * One interrupt for a run: when it is through or has gone wrong. A run that
	 * has no end tells of each request, what comes from a stream of each packet.
	 */
	writel(XDMA_ST_STOPPED | (xch->credits || xch->results ? XDMA_ST_COMPLETED : 0) | errors,
	       xch->regs + XDMA_IRQ_MASK);
}

/* Is what xdma_channel_init_hw() has written gone? */
bool xdma_channel_was_reset(const struct xdma_channel *xch)
{
	return !(readl(xch->regs + XDMA_IRQ_MASK) & XDMA_ST_STOPPED);
}

/* The register counts in bytes; 0 is said by cores that have no limits. */
static u32 xdma_units(u32 field)
{
	return roundup_pow_of_two(max(field, 1u));
}

/**
 * xdma_channel_create - one engine, found by its identifier
 * @xc: the card.
 * @dir: direction.
 * @index: 0 to XDMA_MAX_CHANNELS - 1.
 * @needs_ack: its interrupt is shared or a level.
 *
 * Context: may sleep.
 * Return: the channel, added to @xc->card and freed with the binding, or an
 * ERR_PTR().
 */
struct xdma_channel *xdma_channel_create(struct xdma_card *xc, enum exdma_dir dir,
					 u32 index, bool needs_ack)
{
	struct device *dev = &xc->pdev->dev;
	bool to_card = dir == EXDMA_H2C;
	struct xdma_channel *xch;
	struct exdma_channel_desc desc = {
		.dir = dir,
		.index = index,
		.ops = &xdma_channel_ops,
		.desc_bytes = sizeof(struct xdma_desc),
		.status_bytes = sizeof(*xch->writeback),
		.slots = XDMA_SLOTS,
		.max_run_slots = XDMA_SLOTS / 2,
		.max_segment = XDMA_DESC_MAX_BYTES & PAGE_MASK,
		.needs_ack = needs_ack,
	};
	u32 limits, width;

	xch = devm_kzalloc(dev, sizeof(*xch), GFP_KERNEL);
	if (!xch)
		return ERR_PTR(-ENOMEM);
	xch->to_card = to_card;
	xch->index = index;
	xch->block = rounddown_pow_of_two(clamp(max_block, 1u, XDMA_BLOCK_DESCS));
	xch->regs = xc->bar + (to_card ? XDMA_H2C(index) : XDMA_C2H(index));
	xch->common = xc->bar + XDMA_SGDMA_COMMON;
	xch->sgdma = xc->bar + (to_card ? XDMA_H2C_SGDMA(index) : XDMA_C2H_SGDMA(index));

	xch->stream = readl(xch->regs + XDMA_ID) & XDMA_ID_STREAM;
	desc.priv = xch;
	desc.stream = xch->stream;
	if (credits && !(xch->stream && to_card)) {
		xch->credits = xdma_takes_credits(xch);
		if (!xch->credits)
			dev_warn(dev, "%s%u has no descriptor credits\n",
				 to_card ? "h2c" : "c2h", index);
	}
	if (xch->stream && !to_card)
		desc.status_bytes = RESULTS_OFFSET + XDMA_SLOTS * sizeof(struct xdma_result);
	desc.extends = xch->credits;
	/* So that the largest request and the next are in its hands. */
	if (xch->credits)
		desc.max_run_slots = 2 * EXDMA_REQUEST_SLOTS;
	/* More than one interrupt for a run: the bit that asked for it must go. */
	desc.needs_ack |= xch->credits || (xch->stream && !to_card);

	width = readl(xc->bar + XDMA_CONFIG + XDMA_CONFIG_WIDTH);
	desc.beat = 8 << min(FIELD_GET(XDMA_CONFIG_WIDTH_LOG, width), 3);
	limits = readl(xch->regs + XDMA_ALIGNMENTS);
	xch->align = xdma_units(FIELD_GET(XDMA_ALIGN_ADDRESS, limits));
	desc.alignment = xch->align;
	if (xch->stream) {
		/* The core sees to it that each piece begins at a beat. */
		desc.beat = max(desc.beat, desc.alignment);
		desc.alignment = 1;
	}
	desc.granularity = xdma_units(FIELD_GET(XDMA_ALIGN_LENGTH, limits));
	desc.address_bits = FIELD_GET(XDMA_ALIGN_BITS, limits);
	if (!desc.address_bits || desc.address_bits > 64)
		desc.address_bits = 64;

	xch->ch = exdma_channel_add(xc->card, &desc);
	if (IS_ERR(xch->ch))
		return ERR_CAST(xch->ch);
	xch->desc = exdma_channel_ring(xch->ch, &xch->dma);
	xch->writeback = exdma_channel_status(xch->ch, &xch->writeback_dma);
	if (xch->stream && !to_card) {
		xch->results = (void *)xch->writeback + RESULTS_OFFSET;
		xch->results_dma = xch->writeback_dma + RESULTS_OFFSET;
	}
	return xch;
}
