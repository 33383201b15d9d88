// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lab block (see lab.h): how a test inside the guest commands the card and
 * reads its books over the bus.
 */
#include "lab.h"

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

	for (i = 0; i < XDMA_ENGINES; i++)
		if (target_engine(lab, i))
			engine_unhang(&lab->xdma->engine[i]);
	for (i = 0; i < IRQ_SOURCES; i++)
		irq_lose(lab->irq, i, 0);
}

bool lab_fault(struct lab *lab, uint32_t target, uint32_t command, uint32_t n)
{
	struct engine *e = target_engine(lab, target);
	unsigned int source = target_source(lab, target);

	switch (command) {
	case LAB_FAULT_HANG:
	case LAB_FAULT_HANG_AFTER:
		if (e)
			engine_hang(e, command == LAB_FAULT_HANG ? 0 : n);
		return e;
	case LAB_FAULT_UNHANG:
		if (e)
			engine_unhang(e);
		return e;
	case LAB_FAULT_LOSE:
		if (source < IRQ_SOURCES)
			irq_lose(lab->irq, source, n);
		return source < IRQ_SOURCES;
	case LAB_FAULT_CLEAR_ALL:
		lab_clear_faults(lab);
		return true;
	default:
		return false;
	}
}

static uint32_t fault_state(struct lab *lab)
{
	struct engine *e = target_engine(lab, lab->fault_target);
	unsigned int source = target_source(lab, lab->fault_target);
	uint32_t state = 0;

	if (e && e->hung)
		state |= LAB_FAULT_IS_HUNG;
	if (e && e->hang_armed)
		state |= LAB_FAULT_IS_ARMED;
	if (source < IRQ_SOURCES && lab->irq->lose[source])
		state |= LAB_FAULT_IS_LOSING;
	return state;
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
			return counted(&b->lost);
		default:
			return 0;
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
		return s->h2c | s->c2h << 4 | (lab->books->strict ? BIT(8) : 0);
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
	case LAB_FAULT_STATE:
		return fault_state(lab);
	default:
		return 0;
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
	case LAB_FAULT_CMD:
		lab_fault(lab, lab->fault_target, value, lab->fault_count);
		break;
	default:
		break;
	}
}
