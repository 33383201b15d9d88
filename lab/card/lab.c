// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lab block (see lab.h): how a test inside the guest commands the card and
 * reads its books over the bus.
 */
#include "lab.h"

_Static_assert(LAB_STRUCK_DIE - LAB_STRUCK_HANG == FAULT_DIE && FAULT_DIE + 1 == FAULT_KINDS &&
	       LAB_STRUCK_SLOW - LAB_STRUCK_HANG == FAULT_SLOW, "one order, two names");
_Static_assert(LAB_H2C_LOOP == (int)SINK_LOOP && LAB_H2C_SINK == (int)SINK_DROP &&
	       LAB_H2C_CHECK == (int)SINK_CHECK && LAB_H2C_STALL == (int)SINK_STALL &&
	       LAB_C2H_LOOP == (int)SOURCE_LOOP && LAB_C2H_GENERATE == (int)SOURCE_GENERATE &&
	       LAB_C2H_SILENT == (int)SOURCE_SILENT, "one number, two names");
_Static_assert(LAB_GEN_FOREVER == STREAM_FOREVER, "one number, two names");
_Static_assert(LAB_FAULT_ALWAYS == FAULT_ALWAYS, "one number, two names");

void lab_init(struct lab *lab, struct xdma *x, struct irq *irq, struct books *books,
	      const struct lab_ops *ops, void *ctx)
{
	memset(lab, 0, sizeof(*lab));
	lab->xdma = x;
	lab->irq = irq;
	lab->books = books;
	lab->ops = ops;
	lab->ops_ctx = ctx;
}

void lab_reset(struct lab *lab)
{
	lab_init(lab, lab->xdma, lab->irq, lab->books, lab->ops, lab->ops_ctx);
}

/* --- faults -------------------------------------------------------------- */

static struct engine *target_engine(struct lab *lab, uint32_t target)
{
	if (target >= XDMA_ENGINES || !xdma_engine_there(lab->xdma, target))
		return NULL;
	return &lab->xdma->engine[target];
}

/* Interrupt source of a fault target; IRQ_SOURCES when there is none. */
static unsigned int target_source(struct lab *lab, uint32_t target)
{
	struct engine *e = target_engine(lab, target);

	if (e)
		return e->irq;
	if (target >= LAB_FAULT_USER(0) && target < LAB_FAULT_USER(IRQ_USERS))
		return IRQ_CHANNELS + target - LAB_FAULT_USER(0);
	return IRQ_SOURCES;
}

void lab_clear_faults(struct lab *lab)
{
	unsigned int i;

	faults_disarm_all(lab->xdma->faults);
	irq_flush_late(lab->irq);
	for (i = 0; i < XDMA_ENGINES; i++) {
		struct engine *e = target_engine(lab, i);

		if (!e)
			continue;
		engine_unhang(e);
		engine_set_rate(e, lab->xdma->setup.rate);
	}
}

/* The next @n of something. */
static void arm_next(struct lab *lab, enum fault_kind kind, unsigned int place, uint32_t n,
		     uint32_t value)
{
	if (n)
		fault_arm(lab->xdma->faults, kind, place, n, value);
	else
		fault_disarm(lab->xdma->faults, kind, place);
}

static bool engine_fault(struct lab *lab, struct engine *e, uint32_t command, uint32_t n,
			 uint32_t value)
{
	struct faults *f = lab->xdma->faults;

	switch (command) {
	case LAB_FAULT_HANG:
		n = 0;
		/* fall through */
	case LAB_FAULT_HANG_AFTER:
		if (!n && engine_busy(e) && !e->starved)
			engine_hang(e);
		else
			fault_arm(f, FAULT_HANG, e->id, n, 0);
		return true;
	case LAB_FAULT_UNHANG:
		fault_disarm(f, FAULT_HANG, e->id);
		engine_unhang(e);
		return true;
	case LAB_FAULT_ERROR:
		value &= engine_error_bits(e->dir);
		if (value)
			fault_arm(f, FAULT_ERROR, e->id, n, value);
		else
			fault_disarm(f, FAULT_ERROR, e->id);
		return true;
	case LAB_FAULT_STALE:
		arm_next(lab, FAULT_STALE, e->id, n, 0);
		return true;
	case LAB_FAULT_CORRUPT:
		arm_next(lab, FAULT_CORRUPT, e->id, n, value);
		return true;
	case LAB_FAULT_SLOW:
		engine_set_rate(e, value ? value : lab->xdma->setup.rate);
		return true;
	default:
		return false;
	}
}

static bool interrupt_fault(struct lab *lab, unsigned int source, uint32_t command, uint32_t n,
			    uint32_t value)
{
	switch (command) {
	case LAB_FAULT_LOSE:
		arm_next(lab, FAULT_LOSE, source, n, 0);
		return true;
	case LAB_FAULT_DELAY:
		arm_next(lab, FAULT_DELAY, source, n, value);
		return true;
	case LAB_FAULT_DUPLICATE:
		arm_next(lab, FAULT_DUPLICATE, source, n, value);
		return true;
	case LAB_FAULT_INVENT:
		irq_invent(lab->irq, source, n, value * 1000ull);
		return true;
	default:
		return false;
	}
}

static bool card_fault(struct lab *lab, uint32_t command, uint32_t n, uint32_t value)
{
	enum fault_kind kind = command == LAB_FAULT_GONE ? FAULT_GONE : FAULT_DIE;
	unsigned int i;

	switch (command) {
	case LAB_FAULT_GONE:
	case LAB_FAULT_DIE:
		fault_arm(lab->xdma->faults, kind, FAULT_CARD, n, value);
		if (!n)
			fault_card_now(lab->xdma->faults, kind);
		return true;
	case LAB_FAULT_REFUSE:
		arm_next(lab, FAULT_REFUSE, FAULT_CARD, n, 0);
		return true;
	case LAB_FAULT_SLOW:
		for (i = 0; i < XDMA_ENGINES; i++)
			if (target_engine(lab, i))
				engine_fault(lab, target_engine(lab, i), command, n, value);
		return true;
	default:
		return false;
	}
}

bool lab_fault(struct lab *lab, uint32_t target, uint32_t command, uint32_t n, uint32_t value)
{
	struct engine *e = target_engine(lab, target);
	unsigned int source = target_source(lab, target);

	if (command == LAB_FAULT_CLEAR_ALL) {
		lab_clear_faults(lab);
		return true;
	}
	if (target == LAB_ENGINE_CARD)
		return card_fault(lab, command, n, value);
	return (e && engine_fault(lab, e, command, n, value)) ||
	       (source < IRQ_SOURCES && interrupt_fault(lab, source, command, n, value));
}

static bool slow(const struct engine *e)
{
	return e->rate != e->x->setup.rate;
}

static uint32_t card_state(struct lab *lab)
{
	static const struct { enum fault_kind kind; uint32_t bit; } bits[] = {
		{ FAULT_GONE, LAB_FAULT_IS_GONE },
		{ FAULT_REFUSE, LAB_FAULT_IS_REFUSE },
		{ FAULT_DIE, LAB_FAULT_IS_DIE },
	};
	uint32_t state = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bits); i++)
		if (fault_armed(lab->xdma->faults, bits[i].kind, FAULT_CARD))
			state |= bits[i].bit;
	for (i = 0; i < XDMA_ENGINES; i++)
		if (target_engine(lab, i) && slow(target_engine(lab, i)))
			state |= LAB_FAULT_IS_SLOW;
	return state;
}

static uint32_t engine_state(struct lab *lab, const struct engine *e)
{
	static const struct { enum fault_kind kind; uint32_t bit; } bits[] = {
		{ FAULT_HANG, LAB_FAULT_IS_ARMED },
		{ FAULT_ERROR, LAB_FAULT_IS_ERROR },
		{ FAULT_STALE, LAB_FAULT_IS_STALE },
		{ FAULT_CORRUPT, LAB_FAULT_IS_CORRUPT },
	};
	uint32_t state = (e->hung ? LAB_FAULT_IS_HUNG : 0) | (slow(e) ? LAB_FAULT_IS_SLOW : 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bits); i++)
		if (fault_armed(lab->xdma->faults, bits[i].kind, e->id))
			state |= bits[i].bit;
	return state;
}

static uint32_t interrupt_state(struct lab *lab, unsigned int source)
{
	static const struct { enum fault_kind kind; uint32_t bit; } bits[] = {
		{ FAULT_LOSE, LAB_FAULT_IS_LOSING },
		{ FAULT_DELAY, LAB_FAULT_IS_DELAY },
		{ FAULT_DUPLICATE, LAB_FAULT_IS_DUPLICATE },
	};
	uint32_t state = irqlate_has(&lab->irq->late, source) ? LAB_FAULT_IS_LATE : 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bits); i++)
		if (fault_armed(lab->xdma->faults, bits[i].kind, source))
			state |= bits[i].bit;
	return state;
}

static uint32_t fault_state(struct lab *lab)
{
	struct engine *e = target_engine(lab, lab->fault_target);
	unsigned int source = target_source(lab, lab->fault_target);

	if (lab->fault_target == LAB_ENGINE_CARD)
		return card_state(lab);
	return (e ? engine_state(lab, e) : 0) |
	       (source < IRQ_SOURCES ? interrupt_state(lab, source) : 0);
}

/* --- books --------------------------------------------------------------- */

static uint64_t selected(struct lab *lab)
{
	uint32_t engine = (lab->sel >> 8) & 0xff, counter = lab->sel & 0xff;
	struct books *b = lab->books;
	struct books_engine *e;

	if (engine == LAB_ENGINE_CARD) {
		switch (counter) {
		case LAB_CARD_READS:
			return counted(&b->reads);
		case LAB_CARD_WRITES:
			return counted(&b->writes);
		case LAB_CARD_INTERRUPTS:
			return counted(&b->interrupts);
		case LAB_CARD_VIOLATIONS:
			return counted(&b->violation_count);
		case LAB_CARD_LOST:
			return counted(&b->struck[FAULT_LOSE]);
		default:
			counter -= LAB_STRUCK_HANG;
			return counter < FAULT_KINDS ? counted(&b->struck[counter]) : 0;
		}
	}
	if (engine >= BOOKS_ENGINES)
		return 0;
	e = &b->engine[engine];
	switch (counter) {
	case LAB_BUSY_NS:
		return books_busy_ns(b, engine);
	case LAB_IDLE_NS:
		return counted(&e->idle_ns);
	case LAB_RUNS:
		return counted(&e->runs);
	case LAB_DESCRIPTORS:
		return counted(&e->descriptors);
	case LAB_BYTES:
		return counted(&e->bytes);
	case LAB_ERRORS:
		return counted(&e->errors);
	default:
		return 0;
	}
}

static void books_command(struct lab *lab, uint32_t value)
{
	if ((value == LAB_BOOKS_WRITE || value == LAB_BOOKS_WRITE_ZERO) && lab->ops)
		lab->ops->write_books(lab->ops_ctx);
	if (value == LAB_BOOKS_ZERO || value == LAB_BOOKS_WRITE_ZERO)
		books_zero(lab->books);
}

/* --- streams ------------------------------------------------------------- */

static uint32_t stream_read(struct lab *lab, uint64_t offset)
{
	const struct stream *s = xdma_stream(lab->xdma, lab->stream_sel);

	if (!s)
		return 0;
	switch (offset) {
	case LAB_STREAM_MODE:
		return LAB_STREAM((uint32_t)s->sink, (uint32_t)s->source);
	case LAB_GEN_MIN:
		return s->packets.min;
	case LAB_GEN_MAX:
		return s->packets.max;
	case LAB_GEN_COUNT:
		return s->count;
	case LAB_GEN_SEED:
		return s->packets.seed;
	case LAB_GEN_SENT:
		return s->gen.sent;
	case LAB_CHECK_PACKETS:
		return s->check.packets;
	case LAB_CHECK_ERRORS:
		return s->check.errors;
	case LAB_STREAM_WAITING:
		return (uint32_t)s->fifo.fill;
	case LAB_STREAM_TAILS:
		return s->tails;
	default:
		return 0;
	}
}

/* A mode that is not there changes nothing. */
static void set_stream_mode(struct stream *s, uint32_t value)
{
	uint32_t sink = value & 0xf, source = value >> 4;

	if (sink >= STREAM_SINKS || source >= STREAM_SOURCES)
		return;
	s->sink = (enum stream_sink)sink;
	s->source = (enum stream_source)source;
}

static void stream_command(struct stream *s, uint32_t command)
{
	switch (command) {
	case LAB_GEN_START:
		stream_start(s);
		break;
	case LAB_GEN_STOP:
		stream_stop(s);
		break;
	case LAB_GEN_CHECK:
		stream_check_anew(s);
		break;
	case LAB_GEN_CLEAR:
		stream_clear(s);
		break;
	default:
		break;
	}
}

static uint32_t packet_length(uint32_t value)
{
	return value ? (uint32_t)min_u64(value, STREAM_MAX_LEN) : 1;
}

static void stream_write(struct lab *lab, uint64_t offset, uint32_t value)
{
	struct stream *s = xdma_stream(lab->xdma, lab->stream_sel);

	if (!s)
		return;
	switch (offset) {
	case LAB_STREAM_MODE:
		set_stream_mode(s, value);
		break;
	case LAB_GEN_MIN:
		s->packets.min = packet_length(value);
		break;
	case LAB_GEN_MAX:
		s->packets.max = packet_length(value);
		break;
	case LAB_GEN_COUNT:
		s->count = value;
		break;
	case LAB_GEN_SEED:
		s->packets.seed = value;
		break;
	case LAB_GEN_CMD:
		stream_command(s, value);
		break;
	default:
		break;
	}
	xdma_stream_kick(lab->xdma, lab->stream_sel);
}

/* --- registers ----------------------------------------------------------- */

uint32_t lab_read(struct lab *lab, uint64_t offset)
{
	const struct xdma_setup *s = &lab->xdma->setup;
	uint64_t value;

	if (offset >= LAB_RAM && offset < LAB_RAM + LAB_RAM_SIZE)
		return lab->ram[(offset - LAB_RAM) / 4];
	switch (offset) {
	case LAB_ID:
		return LAB_ID_VALUE;
	case LAB_VERSION:
		return LAB_VERSION_VALUE;
	case LAB_SCRATCH:
		return lab->scratch;
	case LAB_CONFIG:
		return s->h2c | s->c2h << 4 | (lab->books->strict ? BIT(8) : 0) |
		       (s->stream ? BIT(9) : 0);
	case LAB_COUNTER_LO:
		value = now_ns();
		lab->counter_hi = (uint32_t)(value >> 32);
		return (uint32_t)value;
	case LAB_COUNTER_HI:
		return lab->counter_hi;
	case LAB_USER_IRQ:
		return lab->irq->user_lines;
	case LAB_USER_IRQ_ACKS:
		return lab->irq->user_acks;
	case LAB_BOOKS_CMD:
		return lab->ops && lab->ops->books_pending(lab->ops_ctx);
	case LAB_BOOKS_SEL:
		return lab->sel;
	case LAB_BOOKS_LO:
		value = selected(lab);
		lab->books_hi = (uint32_t)(value >> 32);
		return (uint32_t)value;
	case LAB_BOOKS_HI:
		return lab->books_hi;
	case LAB_FAULT_TARGET:
		return lab->fault_target;
	case LAB_FAULT_COUNT:
		return lab->fault_count;
	case LAB_FAULT_VALUE:
		return lab->fault_value;
	case LAB_FAULT_STATE:
		return fault_state(lab);
	case LAB_STREAM_SEL:
		return lab->stream_sel;
	default:
		return stream_read(lab, offset);
	}
}

void lab_write(struct lab *lab, uint64_t offset, uint32_t value)
{
	if (offset >= LAB_RAM && offset < LAB_RAM + LAB_RAM_SIZE) {
		lab->ram[(offset - LAB_RAM) / 4] = value;
		return;
	}
	switch (offset) {
	case LAB_SCRATCH:
		lab->scratch = value;
		break;
	case LAB_USER_IRQ:
		irq_set_user(lab->irq, lab->irq->user_lines | value);
		break;
	case LAB_USER_IRQ_CLEAR:
		irq_set_user(lab->irq, lab->irq->user_lines & ~value);
		break;
	case LAB_BOOKS_CMD:
		books_command(lab, value);
		break;
	case LAB_BOOKS_SEL:
		lab->sel = value & 0xffff;
		break;
	case LAB_FAULT_TARGET:
		lab->fault_target = value;
		break;
	case LAB_FAULT_COUNT:
		lab->fault_count = value;
		break;
	case LAB_FAULT_VALUE:
		lab->fault_value = value;
		break;
	case LAB_FAULT_CMD:
		lab_fault(lab, lab->fault_target, value, lab->fault_count,
			  lab->fault_value);
		break;
	case LAB_STREAM_SEL:
		lab->stream_sel = value & 3;
		break;
	default:
		stream_write(lab, offset, value);
		break;
	}
}
