// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma_xdma - cards with the AMD/Xilinx XDMA PCIe IP: probe, interrupts, remove
 *
 * Facts: PG195; which BAR holds the registers is told by the identifiers of
 * the IRQ and the config block, nothing else of any BAR is touched here.
 */
#include <linux/bitfield.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "compat.h"
#include "xdma.h"

static int dma_bar = -1;
module_param(dma_bar, int, 0444);
MODULE_PARM_DESC(dma_bar, "BAR with the DMA registers, 0 to 5 (default -1: find it)");

static unsigned int event_vectors = XDMA_MAX_USERS;
module_param(event_vectors, uint, 0444);
MODULE_PARM_DESC(event_vectors,
		 "Most MSI-X vectors for user interrupts, 1 to 16; if there are more lines, the last vector is shared (default 16)");

/* In the order of preference; the last stands for all of them. */
static const struct {
	const char *name;
	enum exdma_irq_mode mode;
	unsigned int flag;
} irq_kinds[] = {
	{ "msix", EXDMA_IRQ_MODE_MSIX, PCI_IRQ_MSIX },
	{ "msi", EXDMA_IRQ_MODE_MSI, PCI_IRQ_MSI },
	{ "intx", EXDMA_IRQ_MODE_INTX, PCI_IRQ_INTX },
	{ "auto" },
};

#define IRQ_AUTO	(ARRAY_SIZE(irq_kinds) - 1)

static unsigned int irq_kind = IRQ_AUTO;

static int interrupts_set(const char *text, const struct kernel_param *param)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(irq_kinds); i++) {
		if (!sysfs_streq(text, irq_kinds[i].name))
			continue;
		irq_kind = i;
		return 0;
	}
	return -EINVAL;
}

static int interrupts_get(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%s\n", irq_kinds[irq_kind].name);
}

static const struct kernel_param_ops interrupts_ops = {
	.set = interrupts_set,
	.get = interrupts_get,
};

module_param_cb(interrupts, &interrupts_ops, NULL, 0444);
MODULE_PARM_DESC(interrupts,
		 "Kind of interrupt: msix, msi or intx and no other; auto (default): the best that there is");

static u32 block_of(void __iomem *block)
{
	return FIELD_GET(XDMA_ID_BLOCK, readl(block + XDMA_ID));
}

static bool is_dma_bar(struct pci_dev *pdev, int bar)
{
	void __iomem *map;
	bool is;

	if (!(pci_resource_flags(pdev, bar) & IORESOURCE_MEM) ||
	    pci_resource_len(pdev, bar) < XDMA_BAR_MIN_BYTES)
		return false;
	map = pci_iomap(pdev, bar, XDMA_BAR_BYTES);
	if (!map)
		return false;
	/* The second read only if the first fits: it may be somebody else's. */
	is = block_of(map + XDMA_IRQ) == XDMA_BLOCK_IRQ &&
	     block_of(map + XDMA_CONFIG) == XDMA_BLOCK_CONFIG;
	pci_iounmap(pdev, map);
	return is;
}

/*
 * The IP puts the BARs in the order user, DMA, bypass; user and bypass may be
 * missing. So if there are several that may be it, the second one comes
 * first: reading the user BAR may have side effects. A BAR of the exact size
 * is preferred to one that is only large enough.
 */
static int find_dma_bar(struct pci_dev *pdev)
{
	int exact[PCI_STD_NUM_BARS], large[PCI_STD_NUM_BARS];
	int n_exact = 0, n_large = 0, bar, i;
	resource_size_t len;

	if (dma_bar >= 0)
		return dma_bar < PCI_STD_NUM_BARS && is_dma_bar(pdev, dma_bar) ?
		       dma_bar : -ENODEV;
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		len = pci_resource_len(pdev, bar);
		if (!(pci_resource_flags(pdev, bar) & IORESOURCE_MEM) ||
		    len < XDMA_BAR_MIN_BYTES)
			continue;
		if (len == XDMA_BAR_BYTES)
			exact[n_exact++] = bar;
		else
			large[n_large++] = bar;
	}
	if (n_exact > 1)
		swap(exact[0], exact[1]);
	for (i = 0; i < n_exact; i++)
		if (is_dma_bar(pdev, exact[i]))
			return exact[i];
	if (n_large > 1)
		swap(large[0], large[1]);
	for (i = 0; i < n_large; i++)
		if (is_dma_bar(pdev, large[i]))
			return large[i];
	return -ENODEV;
}

/* Channels of a direction are numbered without holes. */
static u32 count_channels(struct xdma_card *xc, enum exdma_dir dir)
{
	u32 block = dir == EXDMA_H2C ? XDMA_BLOCK_H2C : XDMA_BLOCK_C2H;
	u32 i, id;

	for (i = 0; i < XDMA_MAX_CHANNELS; i++) {
		id = readl(xc->bar + (dir == EXDMA_H2C ? XDMA_H2C(i) : XDMA_C2H(i)) + XDMA_ID);
		if (FIELD_GET(XDMA_ID_BLOCK, id) != block ||
		    FIELD_GET(XDMA_ID_CHANNEL, id) != i)
			break;
	}
	return i;
}

/*
 * Interrupts that several channels share: the card says whose they are. Asked
 * again until nobody is left: a request that rises in between may not raise
 * another message.
 */
static irqreturn_t xdma_shared_interrupt(int irq, void *data)
{
	struct xdma_card *xc = exdma_card_priv(data);
	irqreturn_t ret = IRQ_NONE;
	u32 requests, round, i;
	bool asked;

	for (round = 0; round <= xc->irqs; round++) {
		asked = false;
		ret = max(ret, xdma_users_interrupt(xc, &asked));
		requests = readl(xc->bar + XDMA_IRQ + XDMA_IRQ_CHANNEL_REQ);
		if (requests == XDMA_GONE || (!requests && !asked))
			break;
		for (i = 0; i < xc->irqs; i++)
			if (requests & BIT(i))
				ret = max(ret, exdma_channel_interrupt(xc->by_irq[i]->ch));
	}
	/* A caller that polls may have been quicker than its interrupt. */
	for (i = 0; i < xc->irqs && ret == IRQ_NONE; i++)
		ret = exdma_channel_owed(xc->by_irq[i]->ch);
	/*
	 * A message is ours whatever the card says now: one handler may have
	 * served the requests of several, or a line was masked meanwhile.
	 */
	return ret == IRQ_NONE && xc->pdev->msi_enabled ? IRQ_HANDLED : ret;
}

/*
 * MSI-X: a vector for each channel and user line; or for each channel and some
 * lines, the rest of which share one. Otherwise one for all.
 */
static int alloc_kind(struct xdma_card *xc, u32 channels, unsigned int flag)
{
	u32 users = min(xc->user_irqs, clamp(event_vectors, 1u, (u32)XDMA_MAX_USERS));
	int got;

	if (flag != PCI_IRQ_MSIX)
		return pci_alloc_irq_vectors(xc->pdev, 1, 1, flag);
	got = pci_alloc_irq_vectors(xc->pdev, channels + !!users, channels + users, flag);
	if (got < 0)
		return got;
	xc->own_vectors = got - channels;
	if (xc->own_vectors < xc->user_irqs)
		xc->own_vectors--;	/* the last is shared */
	return got;
}

/* The kind that was asked for, or the best that card and host have in common. */
static int alloc_vectors(struct xdma_card *xc, u32 channels, enum exdma_irq_mode *mode)
{
	int got = -ENODEV;
	unsigned int i;

	for (i = 0; i < IRQ_AUTO && got < 0; i++) {
		if (irq_kind != IRQ_AUTO && irq_kind != i)
			continue;
		*mode = irq_kinds[i].mode;
		got = alloc_kind(xc, channels, irq_kinds[i].flag);
	}
	if (got < 0)
		dev_err(&xc->pdev->dev, "no interrupt to be had, with interrupts=%s (%d)\n",
			irq_kinds[irq_kind].name, got);
	return got < 0 ? got : 0;
}

static int request_irqs(struct xdma_card *xc, enum exdma_irq_mode mode)
{
	u8 pin = 0;
	u32 i;
	int err;

	if (mode == EXDMA_IRQ_MODE_MSIX) {
		for (i = 0; i < xc->irqs; i++) {
			err = exdma_channel_request_irq(xc->by_irq[i]->ch,
							pci_irq_vector(xc->pdev, i));
			if (err)
				return err;
			xc->vectors[i] = i;
		}
		return xdma_request_event_irqs(xc);
	}
	err = exdma_card_request_irq(xc->card, pci_irq_vector(xc->pdev, 0),
				     xdma_shared_interrupt,
				     mode == EXDMA_IRQ_MODE_INTX ? IRQF_SHARED : 0);
	if (err)
		return err;
	if (mode == EXDMA_IRQ_MODE_INTX)
		pci_read_config_byte(xc->pdev, PCI_INTERRUPT_PIN, &pin);
	memset(xc->vectors, pin ? pin - 1 : 0, sizeof(xc->vectors));
	memset(xc->user_vectors, pin ? pin - 1 : 0, sizeof(xc->user_vectors));
	return 0;
}

static int add_channels(struct xdma_card *xc, bool needs_ack)
{
	struct xdma_channel *xch;
	u32 dir, i;

	for (dir = 0; dir < EXDMA_DIRS; dir++) {
		for (i = 0; i < xc->channel_count[dir]; i++) {
			xch = xdma_channel_create(xc, dir, i, needs_ack);
			if (IS_ERR(xch))
				return PTR_ERR(xch);
			xc->by_irq[xc->irqs++] = xch;
		}
	}
	return 0;
}

static int map_registers(struct xdma_card *xc)
{
	struct pci_dev *pdev = xc->pdev;
	int err;

	xc->bar_index = find_dma_bar(pdev);
	if (xc->bar_index < 0) {
		dev_err(&pdev->dev,
			"no BAR holds the registers of an XDMA IP: is the FPGA programmed, and the IP in DMA mode?\n");
		return xc->bar_index;
	}
	err = pci_request_region(pdev, xc->bar_index, KBUILD_MODNAME);
	if (err)
		return err;
	xc->bar = pci_iomap(pdev, xc->bar_index, 0);
	if (!xc->bar) {
		pci_release_region(pdev, xc->bar_index);
		return -ENOMEM;
	}
	return 0;
}

static void unmap_registers(struct xdma_card *xc)
{
	pci_iounmap(xc->pdev, xc->bar);
	pci_release_region(xc->pdev, xc->bar_index);
}

/* Whoever drives it next may know nothing of credits. The engines have stopped. */
static void end_credits(struct xdma_card *xc)
{
	writel(XDMA_CREDITS_ALL, xc->bar + XDMA_SGDMA_COMMON + XDMA_CREDITS_ON_W1C);
}

/* All that comes after the registers can be reached. */
static int init_card(struct xdma_card *xc)
{
	struct exdma_card_desc desc = {
		.driver = KBUILD_MODNAME,
		.ops = &xdma_card_ops,
		.priv = xc,
	};
	struct pci_dev *pdev = xc->pdev;
	int err;

	xc->channel_count[EXDMA_H2C] = count_channels(xc, EXDMA_H2C);
	xc->channel_count[EXDMA_C2H] = count_channels(xc, EXDMA_C2H);
	if (!xc->channel_count[EXDMA_H2C] && !xc->channel_count[EXDMA_C2H]) {
		dev_err(&pdev->dev, "the XDMA IP has no channel\n");
		return -ENODEV;
	}
	err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (err)
		err = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(32));
	if (err)
		return err;
	xc->user_irqs = xdma_count_users(xc);
	err = alloc_vectors(xc, xc->channel_count[EXDMA_H2C] + xc->channel_count[EXDMA_C2H],
			    &desc.irq_mode);
	if (err)
		return err;
	xc->card = exdma_card_alloc(&pdev->dev, &desc);
	if (IS_ERR(xc->card)) {
		err = PTR_ERR(xc->card);
		goto free_vectors;
	}

	err = add_channels(xc, desc.irq_mode != EXDMA_IRQ_MODE_MSIX);
	if (err)
		goto unregister;
	err = xdma_add_windows(xc);
	if (err)
		goto unregister;
	err = xdma_add_events(xc);
	if (err)
		goto unregister;
	err = xdma_add_amd_nodes(xc);
	if (err)
		goto unregister;
	xdma_quiesce(xc);
	err = request_irqs(xc, desc.irq_mode);
	if (err)
		goto unregister;
	err = xdma_bring_up(xc);
	if (err) {
		dev_err(&pdev->dev, "an engine is busy and does not stop\n");
		goto unregister;
	}
	pci_save_state(pdev);
	xc->saved = pci_store_saved_state(pdev);
	/* From now on a program may have the card reset. */
	err = exdma_card_register(xc->card);
	if (err)
		goto unregister;
	xdma_allow_suspend(xc);
	return 0;

unregister:
	exdma_card_unregister(xc->card);
	xdma_quiesce(xc);
	pci_clear_master(pdev);
	end_credits(xc);
	exdma_card_put(xc->card);
free_vectors:
	pci_free_irq_vectors(pdev);
	return err;
}

static int xdma_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct xdma_card *xc;
	int err;

	xc = devm_kzalloc(&pdev->dev, sizeof(*xc), GFP_KERNEL);
	if (!xc)
		return -ENOMEM;
	xc->pdev = pdev;
	xdma_reset_init(xc);
	pci_set_drvdata(pdev, xc);
	err = pci_enable_device_mem(pdev);
	if (err)
		return err;
	err = map_registers(xc);
	if (err)
		goto disable;
	err = xdma_map_windows(xc);
	if (err)
		goto unmap;
	err = init_card(xc);
	if (err)
		goto unmap_windows;
	return 0;

unmap_windows:
	xdma_reset_exit(xc);
	xdma_unmap_windows(xc);
unmap:
	unmap_registers(xc);
disable:
	pci_disable_device(pdev);
	return err;
}

static void xdma_remove(struct pci_dev *pdev)
{
	struct xdma_card *xc = pci_get_drvdata(pdev);

	/* No error handler runs any more: the device is locked. */
	xdma_reset_exit(xc);
	xdma_forbid_suspend(xc);
	exdma_card_unregister(xc->card);
	xdma_quiesce(xc);
	pci_clear_master(pdev);
	end_credits(xc);
	exdma_card_put(xc->card);
	pci_free_irq_vectors(pdev);
	xdma_unmap_windows(xc);
	unmap_registers(xc);
	pci_disable_device(pdev);
}

/* The default IDs of the IP; integrators may change them: see new_id. */
static const struct pci_device_id xdma_ids[] = {
	/* UltraScale+: 90GL, PCIe generation and lanes */
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9011) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9012) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9014) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9018) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9021) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9022) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9024) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9028) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9031) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9032) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9034) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9038) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x903f) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9041) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9042) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9044) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x9048) },
	/* UltraScale: 80GL */
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x8011) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x8012) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x8014) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x8018) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x8021) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x8022) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x8024) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x8028) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x8031) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x8032) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x8034) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x8038) },
	/* 7 series: 70GL */
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x7011) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x7012) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x7014) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x7018) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x7021) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x7022) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x7024) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x7028) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x7031) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x7032) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x7034) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x7038) },
	/* Older parts and boards that AMD's driver lists */
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x2808) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x4808) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x4828) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x4908) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x4a28) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x4b28) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x6828) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x6830) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x6928) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x6930) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x6a28) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x6a30) },
	{ PCI_DEVICE(PCI_VENDOR_ID_XILINX, 0x6d30) },
	/* Amazon EC2 F1 */
	{ PCI_DEVICE(PCI_VENDOR_ID_AMAZON, 0xf000) },
	{ PCI_DEVICE(PCI_VENDOR_ID_AMAZON, 0xf001) },
	{ }
};
MODULE_DEVICE_TABLE(pci, xdma_ids);

static struct pci_driver xdma_driver = {
	.name = KBUILD_MODNAME,
	.id_table = xdma_ids,
	.probe = xdma_probe,
	.remove = xdma_remove,
	.err_handler = &xdma_error_handlers,
	.driver.pm = pm_ptr(&xdma_pm_ops),
};
module_pci_driver(xdma_driver);

MODULE_DESCRIPTION("exdma card driver for the AMD/Xilinx XDMA PCIe IP");
MODULE_AUTHOR("The exdma developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(EXDMA_VERSION);
EXDMA_IMPORT_NS();
