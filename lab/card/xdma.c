// SPDX-License-Identifier: GPL-2.0-only
/*
 * The register file as the bus sees it: what each register stores and what a
 * write to it sets off. Which registers there are is in regs.c; what an engine
 * does with them in engine.c; the interrupt block in irq.c.
 *
 * Locking: xdma_read() and xdma_write() run under x->lock.
 */
#include "mover.h"
#include "xdma.h"

/* --- one channel --------------------------------------------------------- */

static uint32_t perf_high(uint64_t value)
{
	return value > PERF_MAX ? PERF_SATURATED | 0x3ff : (uint32_t)(value >> 32);
}

static uint32_t perf_low(uint64_t value)
{
	return value > PERF_MAX ? ~0u : (uint32_t)value;
}

static uint32_t channel_read(struct engine *e, uint32_t byte)
{
	uint32_t value;

	switch (byte) {
	case CH_ID:
		return ID_SUBSYSTEM | ID_TARGET(e->dir == XDMA_H2C ? T_H2C : T_C2H) |
		       (e->stream ? ID_STREAM : 0) | ID_CHANNEL(e->channel) | ID_VERSION;
	case CH_CONTROL:
	case CH_CONTROL_W1S:
	case CH_CONTROL_W1C:
		return e->control;
	case CH_STATUS:
		return e->status | (engine_busy(e) ? ST_BUSY : 0);
	case CH_STATUS_RC:
		value = e->status | (engine_busy(e) ? ST_BUSY : 0);
		e->status = 0;
		engine_line(e);
		return value;
	case CH_COUNT:
		return e->completed;
	case CH_ALIGNMENTS:
		return e->x->setup.alignments;
	case CH_WB_LO:
		return (uint32_t)e->wb_addr;
	case CH_WB_HI:
		return (uint32_t)(e->wb_addr >> 32);
	case CH_MASK:
	case CH_MASK_W1S:
	case CH_MASK_W1C:
		return e->mask;
	case CH_PERF_CONTROL:
		return e->perf_control;
	case CH_PERF_CYCLES_LO:
		return perf_low(engine_perf_cycles(e));
	case CH_PERF_CYCLES_HI:
		return perf_high(engine_perf_cycles(e));
	case CH_PERF_DATA_LO:
		return perf_low(e->perf_beats);
	case CH_PERF_DATA_HI:
		return perf_high(e->perf_beats);
	default:
		return 0;
	}
}

static void set_control(struct engine *e, uint32_t value)
{
	uint32_t before = e->control;

	e->control = value & CTRL_BITS;
	if ((before & CTRL_RUN) && !(e->control & CTRL_RUN)) {
		e->credits = 0;
		engine_kick(e);
	}
	if (!(before & CTRL_RUN) && (e->control & CTRL_RUN))
		engine_run_rises(e);
}

static void set_mask(struct engine *e, uint32_t value)
{
	e->mask = value & ST_LOGGED;
	engine_line(e);
}

static void set_perf_control(struct engine *e, uint32_t value)
{
	engine_perf_arm(e, value & PERF_RUN);
	e->perf_control = value & (PERF_AUTO_STOP | PERF_RUN);
	if (value & PERF_CLEAR) {
		e->perf_ns = 0;
		e->perf_beats = 0;
	}
}

static void channel_write(struct engine *e, uint32_t byte, uint32_t value)
{
	switch (byte) {
	case CH_CONTROL:
		set_control(e, value);
		break;
	case CH_CONTROL_W1S:
		set_control(e, e->control | value);
		break;
	case CH_CONTROL_W1C:
		set_control(e, e->control & ~value);
		break;
	case CH_STATUS:
		e->status &= ~value;
		engine_line(e);
		break;
	case CH_WB_LO:
		e->wb_addr = (e->wb_addr & ~0xffffffffull) | value;
		break;
	case CH_WB_HI:
		e->wb_addr = (e->wb_addr & 0xffffffffull) | (uint64_t)value << 32;
		break;
	case CH_MASK:
		set_mask(e, value);
		break;
	case CH_MASK_W1S:
		set_mask(e, e->mask | value);
		break;
	case CH_MASK_W1C:
		set_mask(e, e->mask & ~value);
		break;
	case CH_PERF_CONTROL:
		set_perf_control(e, value);
		break;
	default:
		break;
	}
}

static uint32_t sg_read(struct engine *e, uint32_t byte)
{
	switch (byte) {
	case 0:
		return ID_SUBSYSTEM | ID_TARGET(e->dir == XDMA_H2C ? T_H2C_SG : T_C2H_SG) |
		       (e->stream ? ID_STREAM : 0) | ID_CHANNEL(e->channel) | ID_VERSION;
	case SG_ADDR_LO:
		return (uint32_t)e->first;
	case SG_ADDR_HI:
		return (uint32_t)(e->first >> 32);
	case SG_ADJACENT:
		return e->first_adjacent;
	case SG_CREDITS:
		return e->credits;
	default:
		return 0;
	}
}

static void sg_write(struct engine *e, uint32_t byte, uint32_t value)
{
	switch (byte) {
	case SG_ADDR_LO:
		e->first = (e->first & ~0xffffffffull) | value;
		break;
	case SG_ADDR_HI:
		e->first = (e->first & 0xffffffffull) | (uint64_t)value << 32;
		break;
	case SG_ADJACENT:
		e->first_adjacent = value & DESC_MAX_ADJACENT;
		break;
	case SG_CREDITS:
		/* adds; only counts in credit mode, and before Run as well */
		if (e->x->credit_mode & engine_sg_bit(e))
			e->credits = (uint32_t)min_u64(e->credits + (value & SG_MAX_CREDITS),
						       SG_MAX_CREDITS);
		engine_kick(e);
		break;
	default:
		break;
	}
}

/* --- blocks for all channels --------------------------------------------- */

static uint32_t sg_common_read(struct xdma *x, uint32_t byte)
{
	switch (byte) {
	case 0:
		return ID_SUBSYSTEM | ID_TARGET(T_SG_COMMON) | ID_VERSION;
	case SGC_HALT:
	case SGC_HALT_W1S:
	case SGC_HALT_W1C:
		return x->halt;
	case SGC_CREDIT_MODE:
	case SGC_CREDIT_MODE_W1S:
	case SGC_CREDIT_MODE_W1C:
		return x->credit_mode;
	default:
		return 0;
	}
}

/* Bits of the channels that are there. */
static uint32_t sg_bits(const struct xdma *x)
{
	return BITS(x->setup.h2c - 1, 0) | BITS(x->setup.c2h - 1, 0) << 16;
}

static void sg_common_write(struct xdma *x, uint32_t byte, uint32_t value)
{
	uint32_t there = sg_bits(x);
	unsigned int i;

	switch (byte) {
	case SGC_HALT:
		x->halt = value & there;
		break;
	case SGC_HALT_W1S:
		x->halt |= value & there;
		break;
	case SGC_HALT_W1C:
		x->halt &= ~value;
		break;
	case SGC_CREDIT_MODE:
		x->credit_mode = x->setup.no_credits ? 0 : value & there;
		break;
	case SGC_CREDIT_MODE_W1S:
		x->credit_mode |= x->setup.no_credits ? 0 : value & there;
		break;
	case SGC_CREDIT_MODE_W1C:
		x->credit_mode &= ~value;
		break;
	default:
		return;
	}
	for (i = 0; i < XDMA_ENGINES; i++) {
		struct engine *e = &x->engine[i];

		if (!xdma_engine_there(x, i))
			continue;
		if (!(x->credit_mode & engine_sg_bit(e)))
			e->credits = 0;
		engine_kick(e);
	}
}

static uint32_t config_read(struct xdma *x, uint32_t byte)
{
	enum irq_kind kind = pciconf_irq_kind(x->pci);
	unsigned int width;

	switch (byte) {
	case 0:
		return ID_SUBSYSTEM | ID_TARGET(T_CONFIG) | ID_VERSION;
	case CFG_MAX_PAYLOAD:
		return pciconf_max_payload(x->pci);
	case CFG_MAX_READ:
		return pciconf_max_read(x->pci);
	case CFG_SYSTEM_ID:
		return 0xff01;
	case CFG_MSI_ENABLE:
		return kind == IRQ_MSIX ? BIT(1) : kind == IRQ_MSI ? BIT(0) : 0;
	case CFG_WIDTH:
		for (width = 0; 64u << width < x->setup.width_bits; width++)
			;
		return width;
	case CFG_PCIE_CONTROL:
		return x->pcie_control;
	case CFG_USER_PAYLOAD:
		return x->user_payload | x->user_payload << 4;
	case CFG_USER_READ:
		return x->user_read | x->user_read << 4;
	case CFG_FLUSH_TIMEOUT:
		return x->flush_timeout;
	default:
		return 0;	/* BusDev, too: vfio-user does not tell it */
	}
}

static void config_write(struct xdma *x, uint32_t byte, uint32_t value)
{
	switch (byte) {
	case CFG_PCIE_CONTROL:
		x->pcie_control = value & BIT(0);
		break;
	case CFG_USER_PAYLOAD:
		x->user_payload = value & BITS(2, 0);
		break;
	case CFG_USER_READ:
		x->user_read = value & BITS(2, 0);
		break;
	case CFG_FLUSH_TIMEOUT:
		x->flush_timeout = value & BITS(4, 0);
		break;
	default:
		break;
	}
}

/*
 * The MSI-X table only remembers: the client keeps the real one and never
 * forwards a write, so the mask bits here say nothing.
 */
static uint32_t msix_read(struct xdma *x, uint32_t offset)
{
	uint32_t i = (offset - MSIX_TABLE) / 4;

	if (offset == MSIX_PBA)
		return x->irq->msix_pending;
	return i < ARRAY_SIZE(x->msix_table) ? x->msix_table[i] : 0;
}

static void msix_write(struct xdma *x, uint32_t offset, uint32_t value)
{
	uint32_t i = (offset - MSIX_TABLE) / 4;

	if (i < ARRAY_SIZE(x->msix_table))
		x->msix_table[i] = value;
}

/* --- the bus ------------------------------------------------------------- */

uint32_t xdma_read(struct xdma *x, uint32_t offset)
{
	struct engine *e;

	books_register(x->books, offset, false);
	if (XDMA_TARGET(offset) == T_MSIX)
		return msix_read(x, offset);
	if (!regs_known(x, offset))
		return 0;
	switch (XDMA_TARGET(offset)) {
	case T_H2C:
	case T_C2H:
		e = regs_engine(x, offset);
		return channel_read(e, XDMA_BYTE(offset));
	case T_IRQ:
		return irq_read(x->irq, XDMA_BYTE(offset));
	case T_CONFIG:
		return config_read(x, XDMA_BYTE(offset));
	case T_H2C_SG:
	case T_C2H_SG:
		e = regs_engine(x, offset);
		return sg_read(e, XDMA_BYTE(offset));
	case T_SG_COMMON:
		return sg_common_read(x, XDMA_BYTE(offset));
	default:
		return 0;
	}
}

void xdma_write(struct xdma *x, uint32_t offset, uint32_t value)
{
	struct engine *e;

	books_register(x->books, offset, true);
	if (XDMA_TARGET(offset) == T_MSIX) {
		msix_write(x, offset, value);
		return;
	}
	regs_check_write(x, offset, value);
	if (!regs_known(x, offset))
		return;
	switch (XDMA_TARGET(offset)) {
	case T_H2C:
	case T_C2H:
		e = regs_engine(x, offset);
		channel_write(e, XDMA_BYTE(offset), value);
		break;
	case T_IRQ:
		irq_write(x->irq, XDMA_BYTE(offset), value);
		break;
	case T_CONFIG:
		config_write(x, XDMA_BYTE(offset), value);
		break;
	case T_H2C_SG:
	case T_C2H_SG:
		e = regs_engine(x, offset);
		sg_write(e, XDMA_BYTE(offset), value);
		break;
	case T_SG_COMMON:
		sg_common_write(x, XDMA_BYTE(offset), value);
		break;
	default:
		break;
	}
}

/* --- engines ------------------------------------------------------------- */

bool xdma_engine_there(const struct xdma *x, unsigned int id)
{
	return id < XDMA_MAX_CHANNELS ? id < x->setup.h2c :
	       id - XDMA_MAX_CHANNELS < x->setup.c2h;
}

static void reset_common(struct xdma *x)
{
	unsigned int i;

	x->halt = 0;
	x->credit_mode = 0;
	x->pcie_control = 1;
	x->user_payload = 5;
	x->user_read = 5;
	x->flush_timeout = 0;
	memset(x->msix_table, 0, sizeof(x->msix_table));
	for (i = 3; i < ARRAY_SIZE(x->msix_table); i += 4)
		x->msix_table[i] = ~0u;
}

void xdma_reset(struct xdma *x, bool heal)
{
	unsigned int i;

	for (i = 0; i < XDMA_ENGINES; i++)
		if (xdma_engine_there(x, i))
			engine_reset(&x->engine[i], heal);
	for (i = 0; i < XDMA_ENGINES; i++)
		while (x->engine[i].touching)
			pthread_cond_wait(&x->parked, x->lock);
	for (i = 0; i < XDMA_MAX_CHANNELS; i++)
		stream_reset(&x->stream[i]);
	reset_common(x);
}

bool xdma_poll(struct xdma *x, unsigned int steps)
{
	unsigned int i, resting = 0;
	uint64_t until;

	pthread_mutex_lock(x->lock);
	irq_send_late(x->irq);
	for (i = 0; steps && resting < XDMA_ENGINES; i = (i + 1) % XDMA_ENGINES) {
		resting++;
		if (!xdma_engine_there(x, i))
			continue;
		switch (engine_step(&x->engine[i], &until)) {
		case ENGINE_SLEEP:
			continue;
		case ENGINE_AGAIN:
			break;
		case ENGINE_WAIT:
			pthread_mutex_unlock(x->lock);
			sleep_until(until);
			pthread_mutex_lock(x->lock);
			break;
		}
		resting = 0;
		steps--;
	}
	pthread_mutex_unlock(x->lock);
	return resting == XDMA_ENGINES;
}

/* --- streams ------------------------------------------------------------- */

struct stream *xdma_stream(struct xdma *x, unsigned int channel)
{
	if (!x->setup.stream || channel >= XDMA_MAX_CHANNELS ||
	    (channel >= x->setup.h2c && channel >= x->setup.c2h))
		return NULL;
	return &x->stream[channel];
}

void xdma_stream_kick(struct xdma *x, unsigned int channel)
{
	unsigned int id;

	for (id = channel; id < XDMA_ENGINES; id += XDMA_MAX_CHANNELS)
		if (xdma_engine_there(x, id))
			engine_kick(&x->engine[id]);
}

/* --- beginning and end --------------------------------------------------- */

static void stop_engines(struct xdma *x, unsigned int started)
{
	unsigned int i;

	pthread_mutex_lock(x->lock);
	x->quit = true;
	for (i = 0; i < started; i++)
		if (xdma_engine_there(x, i))
			engine_kick(&x->engine[i]);
	pthread_mutex_unlock(x->lock);
	for (i = 0; i < started; i++)
		if (xdma_engine_there(x, i))
			engine_fini(&x->engine[i]);
	for (i = 0; i < XDMA_MAX_CHANNELS; i++)
		stream_fini(&x->stream[i]);
	pthread_cond_destroy(&x->parked);
}

/* What an engine is, and what it moves data with. */
static void set_up_engine(struct xdma *x, unsigned int id)
{
	struct engine *e = &x->engine[id];
	unsigned int other = id ^ XDMA_MAX_CHANNELS;

	x->books->engine_there[id] = true;
	e->x = x;
	e->id = id;
	e->dir = id < XDMA_MAX_CHANNELS ? XDMA_H2C : XDMA_C2H;
	e->channel = id % XDMA_MAX_CHANNELS;
	e->irq = e->channel + (e->dir == XDMA_C2H ? x->setup.h2c : 0);
	e->mover = &mover_mm;
	e->rate = x->setup.rate;
	e->stream = xdma_stream(x, e->channel);
	if (!e->stream)
		return;
	e->mover = e->dir == XDMA_H2C ? &mover_st_h2c : &mover_st_c2h;
	if (xdma_engine_there(x, other))
		e->peer = &x->engine[other];
}

/* A loop-back needs both ends. */
static int make_streams(struct xdma *x)
{
	unsigned int i, pairs = (unsigned int)min_u64(x->setup.h2c, x->setup.c2h);
	int err = 0;

	for (i = 0; !err && i < XDMA_MAX_CHANNELS; i++)
		err = stream_init(&x->stream[i], x->setup.stream && i < pairs ? x->setup.fifo : 0);
	return err;
}

int xdma_init(struct xdma *x, const struct xdma_setup *setup)
{
	unsigned int i;
	int err;

	x->setup = *setup;
	x->quit = false;
	pthread_cond_init(&x->parked, NULL);
	memset(x->engine, 0, sizeof(x->engine));
	memset(x->stream, 0, sizeof(x->stream));
	reset_common(x);
	err = make_streams(x);
	/* all of them before the first one runs: they know each other */
	for (i = 0; i < XDMA_ENGINES; i++)
		if (xdma_engine_there(x, i))
			set_up_engine(x, i);
	for (i = 0; !err && i < XDMA_ENGINES; i++) {
		if (!xdma_engine_there(x, i))
			continue;
		err = engine_init(&x->engine[i]);
		if (err)
			break;
	}
	if (err)
		stop_engines(x, i);
	return err;
}

void xdma_fini(struct xdma *x)
{
	stop_engines(x, XDMA_ENGINES);
}
