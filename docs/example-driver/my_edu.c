// SPDX-License-Identifier: GPL-2.0-only
/*
 * my_edu - the smallest card driver, to be copied and filled in
 *
 * It has one engine move data to and from the memory of QEMU's edu device.
 * "YOURS" marks what comes from the datasheet of your card; the rest stays as it
 * is. What an operation must do, and what it may not, is said in exdma.h.
 *
 * Left out, and in exdma's own driver of this device: interrupts by pin, windows
 * to registers, system sleep, resets by others.
 */
#include <linux/dma-mapping.h>
#include <linux/iopoll.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "exdma.h"

static_assert(EXDMA_INTERFACE == 1, "my_edu is written for interface 1 of exdma");

/* YOURS: the registers, and what the engine can do (QEMU: docs/specs/edu). */
#define REG_IRQ_ACK	0x64
#define IRQ_DMA		BIT(8)
#define REG_SOURCE	0x80
#define REG_DESTINATION	0x88
#define REG_BYTES	0x90
#define REG_COMMAND	0x98
#define COMMAND_RUN	BIT(0)		/* clear again when it is through */
#define COMMAND_TO_HOST	BIT(1)
#define COMMAND_IRQ	BIT(2)
#define MEMORY		0x40000		/* where the engine has the card's memory */
#define MEMORY_BYTES	4095		/* 4096; QEMU before 9.0 dies of the last */
#define HOST_BITS	28		/* of an address in the host */
#define STOP_US		1000000		/* a transfer takes a tenth of it */

/*
 * YOURS: what a descriptor looks like. The core makes a ring of them that the
 * card can read, see exdma_channel_ring(). This one does not: my_start() tells it.
 */
struct my_desc {
	u32 source, destination, bytes, command;
};

struct my_card {
	struct pci_dev *pdev;
	void __iomem *regs;
	struct exdma_card *card;
	struct exdma_channel *channels[EXDMA_DIRS];
};

/* YOURS: describe one piece of a transfer, which is started later. */
static void my_write_desc(struct exdma_channel *ch, u32 slot, dma_addr_t host,
			  u64 card, u32 len, u32 flags)
{
	struct my_card *my = exdma_channel_priv(ch);
	bool to_card = ch == my->channels[EXDMA_H2C];
	dma_addr_t dma;		/* where the card finds the ring */
	struct my_desc *desc = exdma_channel_ring(ch, &dma) + slot * sizeof(*desc);

	desc->source = to_card ? host : MEMORY + card;
	desc->destination = to_card ? MEMORY + card : host;
	desc->bytes = len;
	desc->command = COMMAND_RUN | COMMAND_IRQ | (to_card ? 0 : COMMAND_TO_HOST);
}

/* YOURS: start it. A card that reads the ring is told first and count. */
static void my_start(struct exdma_channel *ch, u32 first, u32 count, u32 flags)
{
	struct my_card *my = exdma_channel_priv(ch);
	dma_addr_t dma;
	struct my_desc *desc = exdma_channel_ring(ch, &dma) + first * sizeof(*desc);

	writel(desc->source, my->regs + REG_SOURCE);
	writel(desc->destination, my->regs + REG_DESTINATION);
	writel(desc->bytes, my->regs + REG_BYTES);
	writel(desc->command, my->regs + REG_COMMAND);
}

/* YOURS: how many are through? Better without reading the bus, if the card can. */
static int my_progress(struct exdma_channel *ch, u32 *done)
{
	struct my_card *my = exdma_channel_priv(ch);
	u32 command = readl(my->regs + REG_COMMAND);

	*done = !(command & COMMAND_RUN);
	return PCI_POSSIBLE_ERROR(command) ? -ENODEV : 0;
}

/* YOURS: stop it. 0 only if the engine does not touch host memory any more. */
static int my_stop(struct exdma_channel *ch)
{
	u32 done;
	int gone, err = read_poll_timeout(my_progress, gone, gone || done, STOP_US / 1000,
					  STOP_US, false, ch, &done);

	return gone ?: err;
}

static const struct exdma_channel_ops my_channel_ops = {
	.write_desc = my_write_desc,
	.start = my_start,
	.progress = my_progress,
	.inspect = my_progress,		/* YOURS: if the card can tell errors */
	.stop = my_stop,
};

/* The last resort. YOURS: .reset beside it, if the card has one. */
static int my_isolate(struct exdma_card *card)
{
	struct my_card *my = exdma_card_priv(card);

	pci_clear_master(my->pdev);
	return 0;
}

static const struct exdma_card_ops my_card_ops = { .isolate = my_isolate };

/* YOURS: take the interrupt back, and tell the channel whose it was. */
static irqreturn_t my_interrupt(int irq, void *data)
{
	struct my_card *my = exdma_card_priv(data);

	writel(IRQ_DMA, my->regs + REG_IRQ_ACK);
	return exdma_channel_interrupt(my->channels[EXDMA_H2C]);
}

/* YOURS: the channels. Here two, which share one engine. */
static int my_add_channels(struct my_card *my)
{
	struct exdma_channel_desc desc = {
		.ops = &my_channel_ops, .priv = my,
		.desc_bytes = sizeof(struct my_desc), .slots = 64, .max_run_slots = 1,
		.max_segment = PAGE_SIZE, .alignment = 1, .granularity = 1,
		.address_bits = 12,
	};

	for (desc.dir = 0; desc.dir < EXDMA_DIRS; desc.dir++) {
		desc.shares = exdma_channel_add(my->card, &desc);
		if (IS_ERR(desc.shares))
			return PTR_ERR(desc.shares);
		my->channels[desc.dir] = desc.shares;
	}
	return 0;
}

static void my_remove(struct pci_dev *pdev)
{
	struct my_card *my = pci_get_drvdata(pdev);

	exdma_card_unregister(my->card);	/* every transfer has ended */
	pci_clear_master(pdev);
	exdma_card_put(my->card);
	pci_free_irq_vectors(pdev);
}

static int my_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct my_card *my = devm_kzalloc(&pdev->dev, sizeof(*my), GFP_KERNEL);
	struct exdma_card_desc desc = {
		.driver = KBUILD_MODNAME, .ops = &my_card_ops, .priv = my,
		.irq_mode = EXDMA_IRQ_MODE_MSI, .aperture = MEMORY_BYTES,
	};
	int err;

	if (!my)
		return -ENOMEM;
	my->pdev = pdev;
	pci_set_drvdata(pdev, my);
	err = pcim_enable_device(pdev) ?:
	      pcim_iomap_regions(pdev, BIT(0), KBUILD_MODNAME) ?:
	      dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(HOST_BITS));
	if (err)
		return err;
	my->regs = pcim_iomap_table(pdev)[0];
	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (err < 0)
		return err;

	desc.bounce = dma_addressing_limited(&pdev->dev);
	my->card = exdma_card_alloc(&pdev->dev, &desc);
	if (IS_ERR(my->card)) {
		pci_free_irq_vectors(pdev);
		return PTR_ERR(my->card);
	}
	err = my_add_channels(my) ?:
	      exdma_card_request_irq(my->card, pci_irq_vector(pdev, 0), my_interrupt, 0) ?:
	      my_stop(my->channels[EXDMA_H2C]);		/* whoever had it before */
	if (!err) {
		pci_set_master(pdev);
		err = exdma_card_register(my->card);	/* from now on: transfers */
	}
	if (err)
		my_remove(pdev);
	return err;
}

static const struct pci_device_id my_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },		/* YOURS */
	{ }
};
MODULE_DEVICE_TABLE(pci, my_ids);

static struct pci_driver my_driver = {
	.name = KBUILD_MODNAME,
	.id_table = my_ids,
	.probe = my_probe,
	.remove = my_remove,
};
module_pci_driver(my_driver);

MODULE_DESCRIPTION("exdma card driver: a template");
MODULE_LICENSE("GPL");
EXDMA_IMPORT_NS();
