// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma_xdma - a card that is set up, reset, cut off, put to sleep: all that
 * takes its registers away and gives them back
 */
#include <linux/delay.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>

#include "xdma.h"

/* How often a card is reset until its engines are idle. */
#define MAX_RESETS	4
/* How long an engine may take to be idle when nobody has started it. */
#define IDLE_TIMEOUT_US	100000
/* How long the kernel's recovery from a PCI Express error may take. */
#define RECOVERY_SECS	60
/* How long nobody has it open until it is suspended, where that is allowed. */
#define AUTOSUSPEND_MS	2000

/* Four vectors of five bits in a word, one in each byte. */
static void write_vectors(void __iomem *regs, const u8 *vectors, u32 count)
{
	u32 word, i, k;

	for (i = 0; i < count; i += 4) {
		for (word = 0, k = i; k < min(i + 4, count); k++)
			word |= vectors[k] << (k - i) * 8;
		writel(word, regs + i);
	}
}

/* No engine runs and none raises an interrupt; also after an unclean past. */
void xdma_quiesce(struct xdma_card *xc)
{
	writel(XDMA_IRQ_ALL_CHANNELS, xc->bar + XDMA_IRQ + XDMA_IRQ_CHANNEL_W1C);
	writel(XDMA_IRQ_ALL_USERS, xc->bar + XDMA_IRQ + XDMA_IRQ_USER_W1C);
}

/* What a reset of the function takes away, and what probe sets up. */
static int init_hw(struct xdma_card *xc)
{
	u32 i;
	int err;

	xdma_quiesce(xc);
	/* An engine that somebody left running must not write any more. */
	for (i = 0; i < xc->irqs; i++) {
		err = xdma_channel_stop(xc->by_irq[i], IDLE_TIMEOUT_US);
		if (err)
			return err;
		xdma_channel_init_hw(xc->by_irq[i]);
	}
	return 0;
}

static void enable_interrupts(struct xdma_card *xc)
{
	write_vectors(xc->bar + XDMA_IRQ + XDMA_IRQ_VECTORS, xc->vectors, xc->irqs);
	write_vectors(xc->bar + XDMA_IRQ + XDMA_IRQ_USER_VECTORS, xc->user_vectors,
		      xc->user_irqs);
	/* User lines are enabled by the core, when somebody listens. */
	writel(BIT(xc->irqs) - 1, xc->bar + XDMA_IRQ + XDMA_IRQ_CHANNEL_W1S);
}

/* Resets the function and gives its configuration back, MSI-X included. */
static int reset_function(struct xdma_card *xc)
{
	int err;

	pci_save_state(xc->pdev);
	pci_clear_master(xc->pdev);
	err = pcie_reset_flr(xc->pdev, PCI_RESET_DO_RESET);
	pci_restore_state(xc->pdev);
	return err;
}

/*
 * At probe, and after a reset by anybody: ready for transfers. Somebody may
 * have left it with an engine that does not stop, and one reset may not be
 * enough.
 */
int xdma_bring_up(struct xdma_card *xc)
{
	int resets, err;

	for (resets = 0; ; resets++) {
		err = init_hw(xc);
		if (err != -ETIMEDOUT || resets == MAX_RESETS)
			break;
		msleep(resets * 50);
		err = reset_function(xc);
		if (err)
			break;
	}
	if (err)
		return err;
	pci_set_master(xc->pdev);
	enable_interrupts(xc);
	return 0;
}

static int xdma_reset(struct exdma_card *card)
{
	struct xdma_card *xc = exdma_card_priv(card);

	return reset_function(xc) ?: xdma_bring_up(xc);
}

/*
 * Without Bus Master Enable a function may not issue memory requests (PCI
 * Express base specification, command register): when its outstanding ones
 * are through, or it was reset, host memory is safe.
 */
static int xdma_isolate(struct exdma_card *card)
{
	struct xdma_card *xc = exdma_card_priv(card);

	if (!pci_device_is_present(xc->pdev))
		return 0;
	pci_clear_master(xc->pdev);
	if (pci_wait_for_pending_transaction(xc->pdev))
		return 0;
	return pcie_reset_flr(xc->pdev, PCI_RESET_DO_RESET);
}

const struct exdma_card_ops xdma_card_ops = {
	.reset = xdma_reset,
	.isolate = xdma_isolate,
};

/* Somebody else resets the function: sysfs, error recovery. */
static void xdma_reset_prepare(struct pci_dev *pdev)
{
	struct xdma_card *xc = pci_get_drvdata(pdev);

	exdma_card_freeze(xc->card);
}

static void xdma_reset_done(struct pci_dev *pdev)
{
	struct xdma_card *xc = pci_get_drvdata(pdev);

	exdma_card_thaw(xc->card, xdma_bring_up(xc), true);
}

/* The recovery began, and nobody says any more how it ended. */
static void xdma_forgotten(struct work_struct *work)
{
	struct xdma_card *xc = container_of(to_delayed_work(work), struct xdma_card, forgotten);

	dev_err(&xc->pdev->dev, "the recovery from a PCI Express error has not ended: the card is given up\n");
	exdma_card_lost(xc->card);
}

/*
 * An error on the way to the card (Documentation/PCI/pci-error-recovery.rst).
 * Requests wait until one of slot_reset and resume says how it ended, which
 * older kernels do not if the recovery fails elsewhere.
 */
static pci_ers_result_t xdma_error_detected(struct pci_dev *pdev, pci_channel_state_t state)
{
	struct xdma_card *xc = pci_get_drvdata(pdev);

	if (state == pci_channel_io_perm_failure) {
		cancel_delayed_work_sync(&xc->forgotten);
		exdma_card_lost(xc->card);
		return PCI_ERS_RESULT_DISCONNECT;
	}
	exdma_card_freeze(xc->card);
	schedule_delayed_work(&xc->forgotten, RECOVERY_SECS * HZ);
	return state == pci_channel_io_normal ? PCI_ERS_RESULT_CAN_RECOVER :
						PCI_ERS_RESULT_NEED_RESET;
}

/* The link was never down. */
static pci_ers_result_t xdma_mmio_enabled(struct pci_dev *pdev)
{
	return PCI_ERS_RESULT_RECOVERED;
}

/* What was saved last is gone: every restore uses it up. */
static pci_ers_result_t xdma_slot_reset(struct pci_dev *pdev)
{
	struct xdma_card *xc = pci_get_drvdata(pdev);

	pci_load_saved_state(pdev, xc->saved);
	pci_restore_state(pdev);
	return pci_device_is_present(pdev) ? PCI_ERS_RESULT_RECOVERED :
					     PCI_ERS_RESULT_DISCONNECT;
}

static void xdma_error_resume(struct pci_dev *pdev)
{
	struct xdma_card *xc = pci_get_drvdata(pdev);

	cancel_delayed_work_sync(&xc->forgotten);
	exdma_card_thaw(xc->card, xdma_bring_up(xc), true);
}

const struct pci_error_handlers xdma_error_handlers = {
	.error_detected = xdma_error_detected,
	.mmio_enabled = xdma_mmio_enabled,
	.slot_reset = xdma_slot_reset,
	.resume = xdma_error_resume,
	.reset_prepare = xdma_reset_prepare,
	.reset_done = xdma_reset_done,
};

static int xdma_suspend(struct device *dev)
{
	struct xdma_card *xc = dev_get_drvdata(dev);

	exdma_card_freeze(xc->card);
	xdma_quiesce(xc);
	return 0;
}

static int xdma_resume(struct device *dev)
{
	struct xdma_card *xc = dev_get_drvdata(dev);

	exdma_card_thaw(xc->card, xdma_bring_up(xc), true);
	return 0;
}

/*
 * From D3hot some functions come back as they were, others reset (No_Soft_Reset
 * in their power management capability). A card that does not come back at all is
 * given up by this; for the kernel it is awake, so that its driver can be unbound
 * as any.
 */
static int xdma_runtime_resume(struct device *dev)
{
	struct xdma_card *xc = dev_get_drvdata(dev);
	bool reset = xdma_channel_was_reset(xc->by_irq[0]);

	exdma_card_thaw(xc->card, xdma_bring_up(xc), reset);
	return 0;
}

const struct dev_pm_ops xdma_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(xdma_suspend, xdma_resume)
	RUNTIME_PM_OPS(xdma_suspend, xdma_runtime_resume, NULL)
};

/*
 * From now on a card that nobody has open may be suspended, if power/control
 * says "auto", which it does not by itself. In D3cold it would be without power:
 * its memory would be lost, and its logic perhaps.
 */
void xdma_allow_suspend(struct xdma_card *xc)
{
	struct device *dev = &xc->pdev->dev;

	pci_d3cold_disable(xc->pdev);
	pm_runtime_set_autosuspend_delay(dev, AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);
	pm_runtime_mark_last_busy(dev);
	pm_runtime_put_autosuspend(dev);
}

/* It is awake, since its driver is about to go, and stays so. */
void xdma_forbid_suspend(struct xdma_card *xc)
{
	pm_runtime_get_noresume(&xc->pdev->dev);
	pm_runtime_dont_use_autosuspend(&xc->pdev->dev);
	pci_d3cold_enable(xc->pdev);
}

void xdma_reset_init(struct xdma_card *xc)
{
	INIT_DELAYED_WORK(&xc->forgotten, xdma_forgotten);
}

void xdma_reset_exit(struct xdma_card *xc)
{
	cancel_delayed_work_sync(&xc->forgotten);
	kfree(xc->saved);
	xc->saved = NULL;
}
