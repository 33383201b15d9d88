/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PCI configuration space: what is read-only, what a write changes, and the
 * few facts that the rest of the card derives from it. Knows nothing of what
 * is behind the BARs, and nothing of threads: the caller serializes.
 */
#ifndef CARD_PCICONF_H
#define CARD_PCICONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_CONFIG_SIZE		4096u
#define PCI_NUM_BARS		6u
#define PCI_MSIX_VECTORS	32u

enum irq_kind { IRQ_NONE, IRQ_INTX, IRQ_MSI, IRQ_MSIX };

struct pci_bar {
	uint64_t size;		/* 0: not there; else a power of two */
	bool is_64, prefetch;
};

struct pciconf_setup {
	uint16_t vendor, device;
	struct pci_bar bar[PCI_NUM_BARS];
	bool msix, msi, intx;
	bool d3_reset;		/* leaving D3hot resets the function */
	unsigned int msix_bar;
	uint32_t msix_table, msix_pba;
};

struct pciconf {
	struct pciconf_setup setup;
	uint8_t space[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE];	/* bits that a write stores */
};

void pciconf_init(struct pciconf *pc, const struct pciconf_setup *setup);

/* Back to the values after power-on. */
void pciconf_reset(struct pciconf *pc);

/* Any length and offset inside the space; the caller has checked it. */
void pciconf_read(const struct pciconf *pc, uint32_t off, void *buf, size_t len);

enum pciconf_reset { PCICONF_NO_RESET, PCICONF_FLR, PCICONF_D3_RESET };

/**
 * pciconf_write() - a configuration write
 *
 * Return: the reset that it asked for, which the caller carries out (it ends in
 * pciconf_reset()).
 */
enum pciconf_reset pciconf_write(struct pciconf *pc, uint32_t off, const void *buf, size_t len);

bool pciconf_bus_master(const struct pciconf *pc);
bool pciconf_powered(const struct pciconf *pc);
bool pciconf_intx_disabled(const struct pciconf *pc);
void pciconf_set_intx_level(struct pciconf *pc, bool high);

/* The kind of interrupt that is switched on: MSI-X before MSI before INTx. */
enum irq_kind pciconf_irq_kind(const struct pciconf *pc);
unsigned int pciconf_msi_vectors(const struct pciconf *pc);

/* Encoded sizes as in Device Control: 0 = 128 bytes, 1 = 256 ... */
unsigned int pciconf_max_payload(const struct pciconf *pc);
unsigned int pciconf_max_read(const struct pciconf *pc);

#endif
