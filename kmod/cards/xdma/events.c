// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma_xdma - user interrupts: usr_irq_req of the IP
 *
 * PG195, "User Interrupts" and the IRQ-Block pages: the user's logic holds a
 * line until software has serviced it. The block raises an interrupt when the
 * line rises while it is enabled, and when it is enabled while the line is high.
 */
#include <linux/pci.h>

#include "xdma.h"

/**
 * xdma_count_users - how many lines has this IP?
 * @xc: the card; without interrupt vectors yet.
 *
 * The IP has 1 to 16, and no register says how many. The bits of the enable
 * register that belong to no line keep nothing, so it is asked which bits
 * stick. A line that is high would interrupt in that moment. That nobody hears
 * it: no message leaves a function that is no bus master and has neither MSI
 * nor MSI-X enabled; the pin is disabled. In the end all is masked.
 *
 * Return: 0 to 16.
 */
u32 xdma_count_users(struct xdma_card *xc)
{
	void __iomem *enable = xc->bar + XDMA_IRQ + XDMA_IRQ_USER;
	u32 bits;

	pci_clear_master(xc->pdev);
	pci_intx(xc->pdev, 0);
	writel(XDMA_IRQ_ALL_USERS, enable);
	bits = readl(enable);
	writel(0, enable);
	readl(enable);		/* it is there before the pin is enabled */
	pci_intx(xc->pdev, 1);
	if (bits == XDMA_GONE)
		return 0;
	/* Lines are numbered without holes. */
	return min_t(u32, ffz(bits), XDMA_MAX_USERS);
}

static void user_unmask(struct exdma_event *ev)
{
	struct xdma_user *user = exdma_event_priv(ev);
	struct xdma_card *xc = user->xc;

	/* First this: the interrupt may come at once. */
	set_bit(user->index, &xc->users_on);
	writel(BIT(user->index), xc->bar + XDMA_IRQ + XDMA_IRQ_USER_W1S);
}

static void user_mask(struct exdma_event *ev)
{
	struct xdma_user *user = exdma_event_priv(ev);
	struct xdma_card *xc = user->xc;

	writel(BIT(user->index), xc->bar + XDMA_IRQ + XDMA_IRQ_USER_W1C);
	clear_bit(user->index, &xc->users_on);
}

static bool user_asserted(struct exdma_event *ev)
{
	struct xdma_user *user = exdma_event_priv(ev);

	return readl(user->xc->bar + XDMA_IRQ + XDMA_IRQ_USER_PENDING) & BIT(user->index);
}

static const struct exdma_event_ops user_ops = {
	.unmask = user_unmask,
	.mask = user_mask,
	.asserted = user_asserted,
};

int xdma_add_events(struct xdma_card *xc)
{
	struct exdma_event_desc desc = { .ops = &user_ops };
	struct exdma_event *ev;
	u32 i;

	for (i = 0; i < xc->user_irqs; i++) {
		xc->users[i].xc = xc;
		xc->users[i].index = i;
		desc.index = i;
		desc.priv = &xc->users[i];
		desc.level = i >= xc->own_vectors;
		ev = exdma_event_add(xc->card, &desc);
		if (IS_ERR(ev))
			return PTR_ERR(ev);
		xc->users[i].ev = ev;
	}
	return 0;
}

/**
 * xdma_users_interrupt - serve the lines that share a vector
 * @xc: the card.
 * @asked: set if there was one.
 *
 * Each is masked by the core when it was counted, so they get fewer.
 *
 * Context: hard interrupt.
 * Return: IRQ_WAKE_THREAD if there is something to tell, IRQ_HANDLED if there
 * was a line, IRQ_NONE if not.
 */
irqreturn_t xdma_users_interrupt(struct xdma_card *xc, bool *asked)
{
	irqreturn_t ret = IRQ_NONE;
	u32 requests, i;

	if (!(READ_ONCE(xc->users_on) >> xc->own_vectors))
		return IRQ_NONE;
	requests = readl(xc->bar + XDMA_IRQ + XDMA_IRQ_USER_REQ);
	if (requests == XDMA_GONE)
		return IRQ_NONE;
	for (i = xc->own_vectors; i < xc->user_irqs; i++) {
		if (!(requests & BIT(i)))
			continue;
		*asked = true;
		ret = max(ret, exdma_event_raise(xc->users[i].ev));
	}
	return ret;
}

/*
 * The vector of the lines that have none of their own. Once more, until none is
 * left: a line that rises meanwhile may not send another message.
 */
static irqreturn_t users_shared_interrupt(int irq, void *data)
{
	struct xdma_card *xc = exdma_card_priv(data);
	irqreturn_t ret = IRQ_HANDLED;
	bool asked = true;
	u32 round;

	for (round = 0; asked && round <= xc->user_irqs; round++) {
		asked = false;
		ret = max(ret, xdma_users_interrupt(xc, &asked));
	}
	return ret;
}

/* MSI-X: behind the vectors of the channels. */
int xdma_request_event_irqs(struct xdma_card *xc)
{
	u32 i;
	int err;

	for (i = 0; i < xc->own_vectors; i++) {
		xc->user_vectors[i] = xc->irqs + i;
		err = exdma_event_request_irq(xc->users[i].ev,
					      pci_irq_vector(xc->pdev, xc->irqs + i));
		if (err)
			return err;
	}
	if (i == xc->user_irqs)
		return 0;
	for (; i < xc->user_irqs; i++)
		xc->user_vectors[i] = xc->irqs + xc->own_vectors;
	return exdma_card_request_event_irq(xc->card,
					    pci_irq_vector(xc->pdev, xc->irqs + xc->own_vectors),
					    users_shared_interrupt);
}
