// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma_edu - QEMU's educational device: one engine, one transfer at a time
 *
 * A card as simple as they come: no descriptors, no writeback, one engine for
 * both directions, 28 bits of host address, one interrupt. The lock that both
 * channels share guards all that only their operations touch. To be read beside
 * docs/drive-your-own-card.md.
 */
#include <linux/dma-mapping.h>
#include <linux/dmi.h>
#include <linux/iopoll.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "compat.h"
#include "exdma.h"
#include "regs.h"

#define STOP_US	1000000	/* a transfer takes 100 ms */
#define SLOTS	64

/* One direction, and what the engine is told for each slot. */
struct edu_channel {
	struct edu_card *edu;
	struct exdma_channel *ch;
	struct edu_slot { u32 source, destination, bytes, command; } slots[SLOTS];
};

struct edu_card {
	struct pci_dev *pdev;
	struct exdma_card *card;
	void __iomem *regs;
	struct edu_channel channels[EXDMA_DIRS];
};

static void edu_write_desc(struct exdma_channel *ch, u32 slot, dma_addr_t host,
			   u64 card, u32 len, u32 flags)
{
	struct edu_channel *ech = exdma_channel_priv(ch);

	card += EDU_MEMORY;
	if (ech == &ech->edu->channels[EXDMA_H2C])
		ech->slots[slot] = (struct edu_slot){ host, card, len, EDU_DMA_TO_CARD };
	else
		ech->slots[slot] = (struct edu_slot){ card, host, len, EDU_DMA_TO_HOST };
}

static void edu_start(struct exdma_channel *ch, u32 first, u32 count, u32 flags)
{
	struct edu_channel *ech = exdma_channel_priv(ch);
	const struct edu_slot *slot = &ech->slots[first];
	void __iomem *regs = ech->edu->regs;

	writel(slot->source, regs + EDU_DMA_SRC);
	writel(slot->destination, regs + EDU_DMA_DST);
	writel(slot->bytes, regs + EDU_DMA_COUNT);
	/* writel() orders what the memory holds before it. */
	writel(slot->command, regs + EDU_DMA_COMMAND);
}

/*
 * Only this register tells: interrupts can be raised by programs, too. When it
 * has been read, all that the engine has written is in memory.
 */
static int edu_progress(struct exdma_channel *ch, u32 *done)
{
	struct edu_channel *ech = exdma_channel_priv(ch);
	u32 command = readl(ech->edu->regs + EDU_DMA_COMMAND);

	if (command == EDU_GONE)
		return -ENODEV;
	*done = !(command & EDU_DMA_RUN);
	return 0;
}

/* The engine cannot be told to stop; but it takes no longer than its transfer. */
static int edu_stop(struct exdma_channel *ch)
{
	struct edu_channel *ech = exdma_channel_priv(ch);
	u32 command;
	int err = readl_poll_timeout(ech->edu->regs + EDU_DMA_COMMAND, command,
				     command == EDU_GONE || !(command & EDU_DMA_RUN),
				     STOP_US / 1000, STOP_US);

	return command == EDU_GONE ? -ENODEV : err;
}

static const struct exdma_channel_ops edu_channel_ops = {
	.write_desc = edu_write_desc,
	.start = edu_start,
	.progress = edu_progress,
	.inspect = edu_progress,
	.stop = edu_stop,
};

/* Not a PCI Express device: without this bit its requests go nowhere. */
static int edu_isolate(struct exdma_card *card)
{
	struct edu_card *edu = exdma_card_priv(card);

	pci_clear_master(edu->pdev);
	return 0;
}

static const struct exdma_card_ops edu_card_ops = { .isolate = edu_isolate };

/* The card's one interrupt, by message or not: it is taken back either way. */
static irqreturn_t edu_interrupt(int irq, void *data)
{
	struct edu_card *edu = exdma_card_priv(data);
	u32 why = readl(edu->regs + EDU_IRQ_STATUS);

	if (!why || why == EDU_GONE)
		return IRQ_NONE;
	writel(why, edu->regs + EDU_IRQ_ACK);
	if (!(why & EDU_IRQ_DMA))
		return IRQ_HANDLED;
	return exdma_channel_interrupt(edu->channels[EXDMA_H2C].ch);
}

/* At probe, and whenever somebody else had the device: is it there, and idle? */
static int edu_bring_up(struct edu_card *edu)
{
	bool is = (readl(edu->regs + EDU_ID) & EDU_ID_MASK) == EDU_ID_IS;
	int err = is ? edu_stop(edu->channels[EXDMA_H2C].ch) : -ENODEV;

	if (err)
		return err;
	writel(EDU_GONE, edu->regs + EDU_IRQ_ACK);
	pci_set_master(edu->pdev);
	return 0;
}

static int edu_add_channels(struct edu_card *edu)
{
	struct exdma_channel_desc desc = {
		.ops = &edu_channel_ops,
		.slots = SLOTS,
		.max_run_slots = 1,
		.max_segment = EDU_MEMORY_BYTES,
		.alignment = 1, .granularity = 1,
		.address_bits = ilog2(EDU_MEMORY_BYTES),
	};
	struct edu_channel *ech;

	for (desc.dir = 0; desc.dir < EXDMA_DIRS; desc.dir++) {
		ech = &edu->channels[desc.dir];
		ech->edu = edu;
		desc.priv = ech;
		ech->ch = exdma_channel_add(edu->card, &desc);
		if (IS_ERR(ech->ch))
			return PTR_ERR(ech->ch);
		desc.shares = ech->ch;
	}
	return 0;
}

static void edu_end_card(struct edu_card *edu)
{
	exdma_card_unregister(edu->card);
	pci_clear_master(edu->pdev);
	exdma_card_put(edu->card);
}

/*
 * QEMU before 9.0 ends itself at a transfer that includes the last byte. Its
 * version is that of its machine at least, which the firmware tells, mostly.
 */
static u64 edu_memory_bytes(void)
{
	const char *machine = dmi_get_system_info(DMI_PRODUCT_VERSION);
	const char *version = machine ? strrchr(machine, '-') : NULL;
	unsigned int major;

	if (version && sscanf(version, "-%u.", &major) == 1 && major >= 9)
		return EDU_MEMORY_BYTES;
	return EDU_MEMORY_BYTES - 1;
}

static int edu_make_card(struct edu_card *edu)
{
	struct pci_dev *pdev = edu->pdev;
	struct exdma_card_desc desc = {
		.driver = KBUILD_MODNAME,
		.ops = &edu_card_ops, .priv = edu,
		.irq_mode = pdev->msi_enabled ? EXDMA_IRQ_MODE_MSI : EXDMA_IRQ_MODE_INTX,
		.aperture = edu_memory_bytes(),
		.bounce = dma_addressing_limited(&pdev->dev),
	};
	struct exdma_window_desc window = {
		.name = "user", .regs = edu->regs,
		.start = pci_resource_start(pdev, EDU_BAR), .bytes = EDU_USER_BYTES,
	};
	int err;

	edu->card = exdma_card_alloc(&pdev->dev, &desc);
	if (IS_ERR(edu->card))
		return PTR_ERR(edu->card);
	err = edu_add_channels(edu) ?:
	      PTR_ERR_OR_ZERO(exdma_window_add(edu->card, &window));
	if (!err)
		err = exdma_card_request_irq(edu->card, pci_irq_vector(pdev, 0), edu_interrupt,
					     pdev->msi_enabled ? 0 : IRQF_SHARED);
	if (!err)
		err = edu_bring_up(edu) ?: exdma_card_register(edu->card);
	if (err)
		edu_end_card(edu);
	return err;
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu_card *edu;
	int err;

	edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	if (!edu)
		return -ENOMEM;
	edu->pdev = pdev;
	pci_set_drvdata(pdev, edu);
	err = pcim_enable_device(pdev);
	if (!err)
		err = pcim_iomap_regions(pdev, BIT(EDU_BAR), KBUILD_MODNAME);
	if (!err)
		err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(EDU_DMA_BITS));
	if (err)
		return err;
	edu->regs = pcim_iomap_table(pdev)[EDU_BAR];	/* as long as the binding */
	err = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI | PCI_IRQ_INTX);
	if (err < 0)
		return err;
	err = edu_make_card(edu);
	if (err)
		pci_free_irq_vectors(pdev);
	return err;
}

static void edu_remove(struct pci_dev *pdev)
{
	edu_end_card(pci_get_drvdata(pdev));
	pci_free_irq_vectors(pdev);
}

/* Somebody else takes the power of the device, or resets it. */
static void edu_freeze(struct pci_dev *pdev)
{
	exdma_card_freeze(((struct edu_card *)pci_get_drvdata(pdev))->card);
}

static void edu_thaw(struct pci_dev *pdev)
{
	struct edu_card *edu = pci_get_drvdata(pdev);

	exdma_card_thaw(edu->card, edu_bring_up(edu), true);
}

static const struct pci_error_handlers edu_error_handlers = {
	.reset_prepare = edu_freeze, .reset_done = edu_thaw,
};

static int edu_suspend(struct device *dev)
{
	edu_freeze(to_pci_dev(dev));
	return 0;
}

static int edu_resume(struct device *dev)
{
	edu_thaw(to_pci_dev(dev));
	return 0;
}

static DEFINE_SIMPLE_DEV_PM_OPS(edu_pm_ops, edu_suspend, edu_resume);

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name = KBUILD_MODNAME,
	.id_table = edu_ids,
	.probe = edu_probe,
	.remove = edu_remove,
	.err_handler = &edu_error_handlers,
	.driver.pm = pm_sleep_ptr(&edu_pm_ops),
};
module_pci_driver(edu_driver);

MODULE_DESCRIPTION("exdma card driver for QEMU's educational device");
MODULE_AUTHOR("The exdma developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(EXDMA_VERSION);
EXDMA_IMPORT_NS();
