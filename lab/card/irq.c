// SPDX-License-Identifier: GPL-2.0-only
/*
 * The interrupt block (see irq.h for the rule and the locking).
 */
#include "irq.h"
#include "util.h"
#include "xdma-regs.h"

#define USER_BITS	BITS(15, 0)
#define USER_SHIFT	IRQ_CHANNELS

void irq_init(struct irq *irq, struct pciconf *pci, struct books *books,
	      unsigned int channels, irq_sink sink, void *ctx)
{
	memset(irq, 0, sizeof(*irq));
	irq->pci = pci;
	irq->books = books;
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
	       (requests(irq) & ~irq->swallowed);
}

static void intx_update(struct irq *irq)
{
	bool high = intx_level(irq);

	pciconf_set_intx_level(irq->pci, high);
	if (!high || irq->intx_masked || pciconf_intx_disabled(irq->pci))
		return;
	irq->intx_masked = irq->sink(irq->sink_ctx, IRQ_INTX, 0);
	if (irq->intx_masked)
		books_interrupt(irq->books, IRQ_INTX, 0);
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

/* True when a fault eats this message. */
static bool lost(struct irq *irq, unsigned int source)
{
	if (!irq->lose[source])
		return false;
	irq->lose[source]--;
	irq->swallowed |= BIT(source);
	count(&irq->books->lost, 1);
	return true;
}

/* Send what the change since @before calls for. */
static void send_edges(struct irq *irq, uint32_t before)
{
	enum irq_kind kind = pciconf_irq_kind(irq->pci);
	uint32_t now = requests(irq), rising = now & ~before;
	unsigned int i;

	irq->swallowed &= now;
	for (i = 0; rising; i++, rising >>= 1) {
		if (!(rising & 1) || lost(irq, i))
			continue;
		if (i >= USER_SHIFT)
			irq->user_acks++;
		if (kind == IRQ_MSIX || kind == IRQ_MSI)
			send_message(irq, kind, i < USER_SHIFT ? irq->chan_vector[i] :
				     irq->user_vector[i - USER_SHIFT]);
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
	if (pciconf_irq_kind(irq->pci) != IRQ_MSIX)
		irq->msix_pending = 0;
	intx_update(irq);
}

void irq_lose(struct irq *irq, unsigned int source, uint32_t n)
{
	irq->lose[source] = n;
}
