// SPDX-License-Identifier: GPL-2.0-only
/*
 * PCI configuration space of an endpoint with PM, MSI, MSI-X, PCI Express and
 * AER capabilities, at the offsets where the XDMA IP has them. The client
 * answers many reads from its own copy (BARs, MSI, MSI-X) but forwards every
 * write, so the interrupt enables seen here are true. Error bits are never set,
 * so the registers that a driver clears them in simply read as 0.
 */
#include "pciconf.h"
#include "util.h"

#define PCI_COMMAND		0x04
#define  PCI_COMMAND_MASTER	BIT(2)
#define  PCI_COMMAND_INTX_OFF	BIT(10)
#define PCI_STATUS		0x06
#define  PCI_STATUS_INTX	BIT(3)
#define PCI_CLASS		0x08
#define PCI_BAR0		0x10
#define PCI_SUBSYSTEM		0x2c
#define PCI_CAP_POINTER		0x34
#define PCI_IRQ_LINE		0x3c
#define PCI_IRQ_PIN		0x3d

#define CAP_PM			0x40
#define  PM_CSR			(CAP_PM + 4)
#define  PM_NO_SOFT_RESET	BIT(3)
#define CAP_MSI			0x48
#define  MSI_CTRL		(CAP_MSI + 2)
#define CAP_MSIX		0x60
#define  MSIX_CTRL		(CAP_MSIX + 2)
#define CAP_EXP			0x70
#define  EXP_DEVCAP		(CAP_EXP + 0x04)
#define  EXP_DEVCTL		(CAP_EXP + 0x08)
#define  EXP_LNKCAP		(CAP_EXP + 0x0c)
#define  EXP_LNKCTL		(CAP_EXP + 0x10)
#define  EXP_LNKSTA		(CAP_EXP + 0x12)
#define  EXP_DEVCAP2		(CAP_EXP + 0x24)
#define  EXP_DEVCTL2		(CAP_EXP + 0x28)
#define  EXP_LNKCAP2		(CAP_EXP + 0x2c)
#define  EXP_LNKCTL2		(CAP_EXP + 0x30)

/* Advanced Error Reporting, in extended configuration space */
#define CAP_AER			0x100
#define  AER_UNCOR_MASK		(CAP_AER + 0x08)
#define  AER_UNCOR_SEVERITY	(CAP_AER + 0x0c)
#define  AER_COR_MASK		(CAP_AER + 0x14)

#define MSIX_ENABLE		BIT(15)
#define MSI_ENABLE		BIT(0)
#define MSI_LOG2_MAX		5
#define DEVCTL_FLR		BIT(15)
#define CLASS_MEMORY_OTHER	0x058000u

/* Add a capability at the end of the list. */
static void add_cap(struct pciconf *pc, uint8_t **next, uint8_t off, uint8_t id)
{
	**next = off;
	pc->space[off] = id;
	*next = &pc->space[off + 1];
}

static void init_bars(struct pciconf *pc)
{
	unsigned int i;

	for (i = 0; i < PCI_NUM_BARS; i++) {
		const struct pci_bar *bar = &pc->setup.bar[i];
		uint8_t *reg = &pc->space[PCI_BAR0 + 4 * i];

		/* only the type bits: the client keeps and sizes the addresses */
		if (bar->size)
			put_le32(reg, (bar->is_64 ? BIT(2) : 0) | (bar->prefetch ? BIT(3) : 0));
	}
}

static void init_exp(struct pciconf *pc)
{
	put_le16(&pc->space[CAP_EXP + 2], 0x0002);	/* v2, endpoint */
	/* 512-byte payload, extended tags, role-based errors, FLR */
	put_le32(&pc->space[EXP_DEVCAP], 0x2 | BIT(5) | BIT(15) | BIT(28));
	put_le16(&pc->space[EXP_DEVCTL], 0x2810);	/* 512-byte reads, no snoop */
	put_le16(&pc->writable[EXP_DEVCTL], 0x7fff);
	put_le32(&pc->space[EXP_LNKCAP], 0x3 | 16 << 4);	/* 8 GT/s x16 */
	put_le16(&pc->space[EXP_LNKSTA], 0x3 | 16 << 4);
	put_le16(&pc->writable[EXP_LNKCTL], 0x0fdb);
	put_le32(&pc->space[EXP_DEVCAP2], 0x1f);	/* completion timeouts */
	put_le16(&pc->writable[EXP_DEVCTL2], 0x001f);
	put_le32(&pc->space[EXP_LNKCAP2], 0xe);		/* 2.5, 5, 8 GT/s */
	put_le16(&pc->space[EXP_LNKCTL2], 0x3);
	put_le16(&pc->writable[EXP_LNKCTL2], 0x1fff);
}

/* Masks and severities are as the base specification has them after a reset. */
static void init_aer(struct pciconf *pc)
{
	put_le32(&pc->space[CAP_AER], 0x0001 | 2 << 16);	/* version 2, the last one */
	put_le32(&pc->writable[AER_UNCOR_MASK], 0x005ff030);
	put_le32(&pc->space[AER_UNCOR_SEVERITY], 0x00462030);
	put_le32(&pc->writable[AER_UNCOR_SEVERITY], 0x005ff030);
	put_le32(&pc->space[AER_COR_MASK], 0x00002000);		/* advisory non-fatal */
	put_le32(&pc->writable[AER_COR_MASK], 0x000031c1);
}

void pciconf_reset(struct pciconf *pc)
{
	const struct pciconf_setup *s = &pc->setup;
	uint8_t *next = &pc->space[PCI_CAP_POINTER];

	memset(pc->space, 0, sizeof(pc->space));
	memset(pc->writable, 0, sizeof(pc->writable));

	put_le16(&pc->space[0], s->vendor);
	put_le16(&pc->space[2], s->device);
	put_le16(&pc->writable[PCI_COMMAND], 0x0547);
	put_le16(&pc->space[PCI_STATUS], 0x0010);	/* there is a capability list */
	put_le32(&pc->space[PCI_CLASS], CLASS_MEMORY_OTHER << 8);
	pc->writable[0x0c] = 0xff;			/* cache line size */
	init_bars(pc);
	put_le16(&pc->space[PCI_SUBSYSTEM], s->vendor);
	put_le16(&pc->space[PCI_SUBSYSTEM + 2], 0x0007);
	pc->writable[PCI_IRQ_LINE] = 0xff;
	pc->space[PCI_IRQ_PIN] = s->intx ? 1 : 0;

	add_cap(pc, &next, CAP_PM, 0x01);
	put_le16(&pc->space[CAP_PM + 2], 0x0003);
	put_le16(&pc->space[PM_CSR], s->d3_reset ? 0 : PM_NO_SOFT_RESET);
	put_le16(&pc->writable[PM_CSR], 0x0003);
	if (s->msi) {
		add_cap(pc, &next, CAP_MSI, 0x05);
		put_le16(&pc->space[MSI_CTRL], 0x0080 | MSI_LOG2_MAX << 1);
		put_le16(&pc->writable[MSI_CTRL], 0x0071);
		memset(&pc->writable[CAP_MSI + 4], 0xff, 10);
		pc->writable[CAP_MSI + 4] = 0xfc;
	}
	if (s->msix) {
		add_cap(pc, &next, CAP_MSIX, 0x11);
		put_le16(&pc->space[MSIX_CTRL], PCI_MSIX_VECTORS - 1);
		put_le16(&pc->writable[MSIX_CTRL], 0xc000);
		put_le32(&pc->space[CAP_MSIX + 4], s->msix_table | s->msix_bar);
		put_le32(&pc->space[CAP_MSIX + 8], s->msix_pba | s->msix_bar);
	}
	add_cap(pc, &next, CAP_EXP, 0x10);
	init_exp(pc);
	init_aer(pc);
}

void pciconf_init(struct pciconf *pc, const struct pciconf_setup *setup)
{
	pc->setup = *setup;
	pciconf_reset(pc);
}

void pciconf_read(const struct pciconf *pc, uint32_t off, void *buf, size_t len)
{
	memcpy(buf, &pc->space[off], len);
}

bool pciconf_powered(const struct pciconf *pc)
{
	return !(pc->space[PM_CSR] & 0x3);
}

enum pciconf_reset pciconf_write(struct pciconf *pc, uint32_t off, const void *buf, size_t len)
{
	const uint8_t *v = buf;
	enum pciconf_reset reset = PCICONF_NO_RESET;
	bool asleep = !pciconf_powered(pc);
	size_t i;

	for (i = 0; i < len; i++) {
		uint32_t at = off + (uint32_t)i;
		uint8_t w = pc->writable[at];

		pc->space[at] = (uint8_t)((pc->space[at] & ~w) | (v[i] & w));
		/* FLR reads as 0 and is no stored bit: look at what was written */
		if (at == EXP_DEVCTL + 1 && (v[i] & (DEVCTL_FLR >> 8)))
			reset = PCICONF_FLR;
	}
	if (asleep && pciconf_powered(pc) && pc->setup.d3_reset)
		reset = PCICONF_D3_RESET;
	return reset;
}

bool pciconf_bus_master(const struct pciconf *pc)
{
	return (pc->space[PCI_COMMAND] & PCI_COMMAND_MASTER) && pciconf_powered(pc);
}

bool pciconf_intx_disabled(const struct pciconf *pc)
{
	return get_le16(&pc->space[PCI_COMMAND]) & PCI_COMMAND_INTX_OFF;
}

void pciconf_set_intx_level(struct pciconf *pc, bool high)
{
	if (high)
		pc->space[PCI_STATUS] |= PCI_STATUS_INTX;
	else
		pc->space[PCI_STATUS] &= (uint8_t)~PCI_STATUS_INTX;
}

enum irq_kind pciconf_irq_kind(const struct pciconf *pc)
{
	if (pc->setup.msix && (get_le16(&pc->space[MSIX_CTRL]) & MSIX_ENABLE))
		return IRQ_MSIX;
	if (pc->setup.msi && (get_le16(&pc->space[MSI_CTRL]) & MSI_ENABLE))
		return IRQ_MSI;
	return pc->setup.intx ? IRQ_INTX : IRQ_NONE;
}

unsigned int pciconf_msi_vectors(const struct pciconf *pc)
{
	unsigned int log2 = (get_le16(&pc->space[MSI_CTRL]) >> 4) & 0x7;

	return 1u << (log2 > MSI_LOG2_MAX ? MSI_LOG2_MAX : log2);
}

unsigned int pciconf_max_payload(const struct pciconf *pc)
{
	return (get_le16(&pc->space[EXP_DEVCTL]) >> 5) & 0x7;
}

unsigned int pciconf_max_read(const struct pciconf *pc)
{
	return (get_le16(&pc->space[EXP_DEVCTL]) >> 12) & 0x7;
}
