// SPDX-License-Identifier: GPL-2.0-only
/*
 * The card as a vfio-user device: the wiring between the protocol (vfu.h), the
 * card (card.h) and eventfds (irqfd.h), which know nothing of each other.
 */
#include "device.h"
#include "log.h"

/* --- interrupts ---------------------------------------------------------- */

static bool signal_vector(void *ctx, enum irq_kind kind, unsigned int vector)
{
	struct device *d = ctx;

	return irqfd_signal(&d->irqfd, kind, vector);
}

static enum irq_kind irq_kind(enum vfu_irq irq)
{
	switch (irq) {
	case VFU_INTX:
		return IRQ_INTX;
	case VFU_MSI:
		return IRQ_MSI;
	case VFU_MSIX:
		return IRQ_MSIX;
	default:
		return IRQ_NONE;
	}
}

static unsigned int op_irq_count(void *ctx, enum vfu_irq irq)
{
	struct device *d = ctx;
	const struct card_config *c = &d->card.config;

	switch (irq) {
	case VFU_INTX:
		return c->intx ? 1 : 0;
	case VFU_MSI:
		return c->msi ? 32 : 0;
	case VFU_MSIX:
		return c->msix ? PCI_MSIX_VECTORS : 0;
	default:
		return 1;
	}
}

static void op_irq_set(void *ctx, enum vfu_irq irq, unsigned int vector, int fd)
{
	struct device *d = ctx;

	if (irq == VFU_ERR || irq == VFU_REQ) {
		irqfd_set_other(&d->irqfd, irq == VFU_REQ, fd);
		return;
	}
	irqfd_set(&d->irqfd, irq_kind(irq), vector, fd);
	if (fd >= 0)
		card_irq_attached(&d->card, irq_kind(irq), vector);
}

static void op_irq_unmask(void *ctx, enum vfu_irq irq)
{
	struct device *d = ctx;

	if (irq == VFU_INTX)
		card_intx_unmask(&d->card);
}

static void op_irq_trigger(void *ctx, enum vfu_irq irq, unsigned int vector)
{
	struct device *d = ctx;

	/* never the error interrupt: it stops the virtual machine */
	irqfd_signal(&d->irqfd, irq_kind(irq), vector);
}

/* --- regions and memory --------------------------------------------------- */

static uint64_t op_region_size(void *ctx, unsigned int region)
{
	struct device *d = ctx;

	if (region == VFU_CONFIG_REGION)
		return PCI_CONFIG_SIZE;
	return region < PCI_NUM_BARS ? d->card.pci.setup.bar[region].size : 0;
}

static bool op_region_read(void *ctx, unsigned int region, uint64_t off, void *buf, size_t len)
{
	struct device *d = ctx;

	if (region == VFU_CONFIG_REGION)
		return card_config_read(&d->card, off, buf, len);
	return card_bar_read(&d->card, region, off, buf, len);
}

static bool op_region_write(void *ctx, unsigned int region, uint64_t off,
			    const void *buf, size_t len)
{
	struct device *d = ctx;

	if (region == VFU_CONFIG_REGION)
		return card_config_write(&d->card, off, buf, len);
	return card_bar_write(&d->card, region, off, buf, len);
}

static int op_dma_map(void *ctx, uint64_t start, uint64_t size, uint32_t prot,
		      int fd, uint64_t offset)
{
	struct device *d = ctx;

	return guestmem_map(&d->card.host, start, size, prot, fd, offset);
}

static int op_dma_unmap(void *ctx, uint64_t start, uint64_t last)
{
	struct device *d = ctx;

	return guestmem_unmap(&d->card.host, start, last);
}

static void op_reset(void *ctx)
{
	struct device *d = ctx;

	log_line("reset");
	card_reset(&d->card);
}

static void op_connected(void *ctx)
{
	(void)ctx;
	log_line("client connected");
}

static void op_disconnected(void *ctx)
{
	struct device *d = ctx;

	log_line("client disconnected");
	card_disconnect(&d->card);
	irqfd_clear(&d->irqfd);
	if (d->lab_ops)
		d->lab_ops->write_books(d->lab_ctx);
}

const struct vfu_ops device_vfu_ops = {
	.region_size = op_region_size,
	.region_read = op_region_read,
	.region_write = op_region_write,
	.irq_count = op_irq_count,
	.irq_set = op_irq_set,
	.irq_unmask = op_irq_unmask,
	.irq_trigger = op_irq_trigger,
	.dma_map = op_dma_map,
	.dma_unmap = op_dma_unmap,
	.reset = op_reset,
	.connected = op_connected,
	.disconnected = op_disconnected,
};

/* --- life ---------------------------------------------------------------- */

int device_init(struct device *d, const struct card_config *config,
		const struct lab_ops *lab_ops, void *lab_ctx)
{
	int err;

	d->lab_ops = lab_ops;
	d->lab_ctx = lab_ctx;
	irqfd_init(&d->irqfd);
	err = card_init(&d->card, config, signal_vector, d, lab_ops, lab_ctx);
	if (err)
		irqfd_fini(&d->irqfd);
	return err;
}

void device_fini(struct device *d)
{
	card_fini(&d->card);
	irqfd_fini(&d->irqfd);
}
