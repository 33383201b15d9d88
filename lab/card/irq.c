// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interrupt block (see irq.h for the rule and the locking).
 */
#include "irq.h"
#include "util.h"
#include "xdma-regs.h"

#define USER_BITS	BITS(15, 0)
#define USER_SHIFT	IRQ_CHANNELS

_Static_assert(FAULT_PLACES >= IRQ_SOURCES, "each source has its faults");

void irq_init(struct irq *irq, struct pciconf *pci, struct books *books, struct faults *faults,
	      unsigned int channels, irq_sink sink, void *ctx)
{
	memset(irq, 0, sizeof(*irq));
	irq->pci = pci;
	irq->books = books;
	irq->faults = faults;
	irq->chan_bits = BITS(channels - 1, 0);
	irq->sink = sink;
	irq->sink_ctx = ctx;
}

/* One word for all sources: channels in 7:0, user lines above. */
static uint32_t requests(const struct irq *irq)
{
	return (irq->chan_lines & irq->chan_enable) |
	       (irq->user_lines & irq->user_enable) << USER_SHIFT;
}

static bool intx_level(const struct irq *irq)
{
	return pciconf_irq_kind(irq->pci) == IRQ_INTX &&
	       (requests(irq) & ~irq->swallowed & ~irqlate_lines(&irq->late));
}

static void intx_update(struct irq *irq)
{
	bool asked = intx_level(irq), high = asked || irq->intx_again;

	pciconf_set_intx_level(irq->pci, high);
	if (!high || irq->intx_masked || pciconf_intx_disabled(irq->pci))
		return;
	irq->intx_masked = irq->sink(irq->sink_ctx, IRQ_INTX, 0);
	if (!irq->intx_masked)
		return;
	books_interrupt(irq->books, IRQ_INTX, 0);
	if (!asked)
		irq->intx_again--;
}

static void send_message(struct irq *irq, enum irq_kind kind, unsigned int vector)
{
	bool heard;

	/* MSI: the device may only change the bits that it was granted */
	if (kind == IRQ_MSI)
		vector &= pciconf_msi_vectors(irq->pci) - 1;
	heard = irq->sink(irq->sink_ctx, kind, vector);
	if (heard)
		books_interrupt(irq->books, kind, vector);
	else if (kind == IRQ_MSIX)
		irq->msix_pending |= BIT(vector);
}

/* Send, whether a line asks for it or not. */
static void send_any(struct irq *irq, enum irq_kind kind, unsigned int vector)
{
	if (kind == IRQ_INTX) {
		irq->intx_again++;
		intx_update(irq);
	} else if (kind != IRQ_NONE) {
		send_message(irq, kind, vector);
	}
}

static unsigned int vector_of(const struct irq *irq, unsigned int source)
{
	return source < USER_SHIFT ? irq->chan_vector[source] :
	       irq->user_vector[source - USER_SHIFT];
}

/* --- faults -------------------------------------------------------------- */

/* True when a fault eats this message. */
static bool lost(struct irq *irq, unsigned int source)
{
	if (!fault_strikes(irq->faults, FAULT_LOSE, source, NULL))
		return false;
	irq->swallowed |= BIT(source);
	return true;
}

/* True when a fault holds this message back; with INTx: the line. */
static bool held_back(struct irq *irq, enum irq_kind kind, unsigned int source)
{
	struct irqlate_message m = {
		.why = LATE_HELD, .kind = kind, .source = source,
		.vector = vector_of(irq, source),
	};
	uint32_t us;

	if (kind == IRQ_NONE || irq->late.count == IRQLATE_MAX ||
	    !fault_strikes(irq->faults, FAULT_DELAY, source, &us))
		return false;
	m.due = now_ns() + us * 1000ull;
	irqlate_put(&irq->late, &m);
	return true;
}

/* What was just sent, again? */
static void repeat(struct irq *irq, enum irq_kind kind, unsigned int source)
{
	struct irqlate_message m = {
		.why = LATE_AGAIN, .kind = kind, .source = source,
		.vector = vector_of(irq, source),
	};
	uint32_t us;

	if (kind == IRQ_NONE || !fault_strikes(irq->faults, FAULT_DUPLICATE, source, &us))
		return;
	m.due = us ? now_ns() + us * 1000ull : 0;
	if (!us || !irqlate_put(&irq->late, &m))
		send_any(irq, kind, m.vector);
}

static void send_late(struct irq *irq, const struct irqlate_message *m)
{
	if (m->why == LATE_HELD && m->source >= USER_SHIFT)
		irq->user_acks++;
	if (m->why == LATE_INVENTED)
		fault_struck(irq->faults, FAULT_INVENT);
	if (m->why == LATE_HELD && m->kind == IRQ_INTX)
		intx_update(irq);	/* the line counts again */
	else
		send_any(irq, m->kind, m->vector);
}

uint64_t irq_send_late(struct irq *irq)
{
	uint64_t now = irqlate_next(&irq->late) ? now_ns() : 0;
	struct irqlate_message m, next;

	while (irqlate_take(&irq->late, now, &m)) {
		if (m.more) {
			next = m;
			next.more--;
			next.due += m.period_ns;
			irqlate_put(&irq->late, &next);
		}
		send_late(irq, &m);
	}
	return irqlate_next(&irq->late);
}

void irq_flush_late(struct irq *irq)
{
	struct irqlate_message m;

	irq->intx_again = 0;
	while (irqlate_take(&irq->late, UINT64_MAX, &m))
		if (m.why == LATE_HELD)
			send_late(irq, &m);
}

void irq_invent(struct irq *irq, unsigned int source, uint32_t n, uint64_t period_ns)
{
	struct irqlate_message m = {
		.why = LATE_INVENTED, .kind = pciconf_irq_kind(irq->pci), .source = source,
		.vector = vector_of(irq, source), .period_ns = period_ns,
	};
	uint32_t left = (uint32_t)min_u64(n, IRQ_MAX_INVENTED);

	if (m.kind == IRQ_NONE)
		return;
	for (; left; left--) {
		send_late(irq, &m);
		if (!period_ns || left == 1)
			continue;
		m.due = now_ns() + period_ns;
		m.more = left - 2;
		if (irqlate_put(&irq->late, &m))
			break;
	}
}

static uint64_t send_late_cb(void *ctx)
{
	return irq_send_late(ctx);
}

int irq_start(struct irq *irq, pthread_mutex_t *lock)
{
	return irqlate_start(&irq->late, lock, send_late_cb, irq);
}

void irq_stop(struct irq *irq)
{
	irqlate_stop(&irq->late);
}

/* --- lines --------------------------------------------------------------- */

/* Send what the change since @before calls for. */
static void send_edges(struct irq *irq, uint32_t before)
{
	enum irq_kind kind = pciconf_irq_kind(irq->pci);
	uint32_t now = requests(irq), rising = now & ~before;
	unsigned int i;

	irq->swallowed &= now;
	irqlate_keep_lines(&irq->late, now);
	for (i = 0; rising; i++, rising >>= 1) {
		if (!(rising & 1) || lost(irq, i) || held_back(irq, kind, i))
			continue;
		if (i >= USER_SHIFT)
			irq->user_acks++;
		if (kind == IRQ_MSIX || kind == IRQ_MSI)
			send_message(irq, kind, vector_of(irq, i));
		repeat(irq, kind, i);
	}
	intx_update(irq);
}

void irq_reset(struct irq *irq)
{
	irq->user_enable = 0;
	irq->chan_enable = 0;
	irq->user_lines = 0;
	irq->chan_lines = 0;
	memset(irq->user_vector, 0, sizeof(irq->user_vector));
	memset(irq->chan_vector, 0, sizeof(irq->chan_vector));
	irq->msix_pending = 0;
	irq->user_acks = 0;
	irq->swallowed = 0;
	irq->intx_again = 0;
	irqlate_keep(&irq->late, IRQ_NONE);
	/* intx_masked stays, the client still owes the unmask; so do armed faults */
	intx_update(irq);
}

static uint32_t vectors_read(const uint8_t *v)
{
	return v[0] | (uint32_t)v[1] << 8 | (uint32_t)v[2] << 16 | (uint32_t)v[3] << 24;
}

static void vectors_write(uint8_t *v, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		v[i] = (value >> (8 * i)) & 0x1f;
}

uint32_t irq_read(struct irq *irq, uint32_t byte)
{
	switch (byte) {
	case 0:
		return ID_SUBSYSTEM | ID_TARGET(T_IRQ) | ID_VERSION;
	case IRQ_USER_ENABLE:
	case IRQ_USER_ENABLE_W1S:
	case IRQ_USER_ENABLE_W1C:
		return irq->user_enable;
	case IRQ_CHAN_ENABLE:
	case IRQ_CHAN_ENABLE_W1S:
	case IRQ_CHAN_ENABLE_W1C:
		return irq->chan_enable;
	case IRQ_USER_REQUEST:
		return irq->user_lines & irq->user_enable;
	case IRQ_CHAN_REQUEST:
		return irq->chan_lines & irq->chan_enable;
	case IRQ_USER_PENDING:
		return irq->user_lines;
	case IRQ_CHAN_PENDING:
		return irq->chan_lines;
	case IRQ_USER_VECTORS:
	case IRQ_USER_VECTORS + 4:
	case IRQ_USER_VECTORS + 8:
	case IRQ_USER_VECTORS + 12:
		return vectors_read(&irq->user_vector[byte - IRQ_USER_VECTORS]);
	case IRQ_CHAN_VECTORS:
	case IRQ_CHAN_VECTORS + 4:
		return vectors_read(&irq->chan_vector[byte - IRQ_CHAN_VECTORS]);
	default:
		return 0;
	}
}

void irq_write(struct irq *irq, uint32_t byte, uint32_t value)
{
	uint32_t before = requests(irq);

	switch (byte) {
	case IRQ_USER_ENABLE:
		irq->user_enable = value & USER_BITS;
		break;
	case IRQ_USER_ENABLE_W1S:
		irq->user_enable |= value & USER_BITS;
		break;
	case IRQ_USER_ENABLE_W1C:
		irq->user_enable &= ~value;
		break;
	case IRQ_CHAN_ENABLE:
		irq->chan_enable = value & irq->chan_bits;
		break;
	case IRQ_CHAN_ENABLE_W1S:
		irq->chan_enable |= value & irq->chan_bits;
		break;
	case IRQ_CHAN_ENABLE_W1C:
		irq->chan_enable &= ~value;
		break;
	case IRQ_USER_VECTORS:
	case IRQ_USER_VECTORS + 4:
	case IRQ_USER_VECTORS + 8:
	case IRQ_USER_VECTORS + 12:
		vectors_write(&irq->user_vector[byte - IRQ_USER_VECTORS], value);
		break;
	case IRQ_CHAN_VECTORS:
	case IRQ_CHAN_VECTORS + 4:
		vectors_write(&irq->chan_vector[byte - IRQ_CHAN_VECTORS], value);
		break;
	default:
		return;
	}
	send_edges(irq, before);
}

void irq_set_channel(struct irq *irq, unsigned int channel, bool high)
{
	uint32_t before = requests(irq);

	if (high)
		irq->chan_lines |= BIT(channel);
	else
		irq->chan_lines &= ~BIT(channel);
	send_edges(irq, before);
}

void irq_set_user(struct irq *irq, uint32_t lines)
{
	uint32_t before = requests(irq);

	irq->user_lines = lines & USER_BITS;
	send_edges(irq, before);
}

void irq_attached(struct irq *irq, enum irq_kind kind, unsigned int vector)
{
	if (kind == IRQ_INTX) {
		irq->intx_masked = false;
		intx_update(irq);
	} else if (kind == IRQ_MSIX && vector < PCI_MSIX_VECTORS &&
		   (irq->msix_pending & BIT(vector))) {
		irq->msix_pending &= ~BIT(vector);
		send_message(irq, kind, vector);
	}
}

void irq_intx_unmask(struct irq *irq)
{
	irq->intx_masked = false;
	intx_update(irq);
}

void irq_config_changed(struct irq *irq)
{
	enum irq_kind kind = pciconf_irq_kind(irq->pci);

	if (kind != IRQ_MSIX)
		irq->msix_pending = 0;
	if (kind != IRQ_INTX || pciconf_intx_disabled(irq->pci))
		irq->intx_again = 0;
	irqlate_keep(&irq->late, kind);
	intx_update(irq);
}
