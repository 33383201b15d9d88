// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma_xdma - the BARs as windows for programs
 *
 * PG195, "Target Bridge": the IP puts its BARs in the order user (AXI-Lite
 * master), DMA, bypass (AXI-MM master); user and bypass may be missing, and
 * each may have 32 or 64 bits. So once the DMA BAR is known, what comes before
 * it is the user BAR, and what comes after it the bypass BAR. Nothing here
 * touches what is in them.
 */
#include <linux/pci.h>

#include "xdma.h"

static bool is_memory_bar(struct pci_dev *pdev, int bar)
{
	return (pci_resource_flags(pdev, bar) & IORESOURCE_MEM) && pci_resource_len(pdev, bar);
}

/* Claims and maps one; NULL if there is none, or an ERR_PTR(). */
static void __iomem *map_window(struct pci_dev *pdev, int bar)
{
	void __iomem *map;
	int err;

	if (bar < 0)
		return NULL;
	err = pci_request_region(pdev, bar, KBUILD_MODNAME);
	if (err)
		return IOMEM_ERR_PTR(err);
	map = pci_iomap(pdev, bar, 0);
	if (!map) {
		pci_release_region(pdev, bar);
		return IOMEM_ERR_PTR(-ENOMEM);
	}
	return map;
}

static void unmap_window(struct pci_dev *pdev, void __iomem *map, int bar)
{
	if (!map)
		return;
	pci_iounmap(pdev, map);
	pci_release_region(pdev, bar);
}

/**
 * xdma_map_windows - find and claim what is beside the DMA BAR
 * @xc: the card; its DMA BAR is known.
 *
 * Return: 0, also if there is none; -EBUSY if somebody else has one of them,
 * -ENOMEM.
 */
int xdma_map_windows(struct xdma_card *xc)
{
	void __iomem *map;
	int bar;

	xc->user_index = -1;
	xc->bypass_index = -1;
	for (bar = 0; bar < PCI_STD_NUM_BARS; bar++) {
		if (!is_memory_bar(xc->pdev, bar) || bar == xc->bar_index)
			continue;
		if (bar > xc->bar_index)
			xc->bypass_index = bar;		/* the last of them */
		else if (xc->user_index < 0)
			xc->user_index = bar;		/* the first of them */
	}
	map = map_window(xc->pdev, xc->user_index);
	if (IS_ERR(map))
		return PTR_ERR(map);
	xc->user = map;
	map = map_window(xc->pdev, xc->bypass_index);
	if (IS_ERR(map)) {
		unmap_window(xc->pdev, xc->user, xc->user_index);
		return PTR_ERR(map);
	}
	xc->bypass = map;
	return 0;
}

/* Nobody uses them any more: after exdma_card_unregister(). */
void xdma_unmap_windows(struct xdma_card *xc)
{
	unmap_window(xc->pdev, xc->bypass, xc->bypass_index);
	unmap_window(xc->pdev, xc->user, xc->user_index);
}

static int add_window(struct xdma_card *xc, const char *name, int bar, void __iomem *regs,
		      bool privileged, struct exdma_window **win)
{
	struct exdma_window_desc desc = {
		.name = name,
		.regs = regs,
		.privileged = privileged,
	};

	if (!regs)
		return 0;
	desc.start = pci_resource_start(xc->pdev, bar);
	desc.bytes = pci_resource_len(xc->pdev, bar);
	*win = exdma_window_add(xc->card, &desc);
	return PTR_ERR_OR_ZERO(*win);
}

/*
 * The DMA BAR is for those who may do anything: whoever writes descriptor
 * addresses into it reads and writes all memory that the device can reach.
 */
int xdma_add_windows(struct xdma_card *xc)
{
	return add_window(xc, "user", xc->user_index, xc->user, false,
			  &xc->user_window) ?:
	       add_window(xc, "bypass", xc->bypass_index, xc->bypass, false,
			  &xc->bypass_window) ?:
	       add_window(xc, "control", xc->bar_index, xc->bar, true,
			  &xc->control_window);
}
