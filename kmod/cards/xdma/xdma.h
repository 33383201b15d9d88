/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma_xdma - what its files share
 */
#ifndef EXDMA_XDMA_XDMA_H
#define EXDMA_XDMA_XDMA_H

#include <linux/pci.h>

#include "exdma.h"
#include "regs.h"

#define XDMA_SLOTS	1024

/**
 * struct xdma_channel - one engine of the IP
 * @ch: the core's side; its lock guards all that changes here.
 * @regs: channel registers.
 * @sgdma: its descriptor-fetch registers.
 * @common: those of all channels.
 * @desc: the ring, in coherent memory.
 * @dma: bus address of @desc.
 * @control: control word of each slot as first written, so that a start never
 *	reads what the device may own.
 * @writeback: completed count, written by the engine.
 * @writeback_dma: bus address of it.
 * @results: C2H stream: what came with each descriptor, written by the engine.
 * @results_dma: bus address of it.
 * @first: first slot of this run.
 * @base: what the engine had counted when it began: 0, unless the engine went on.
 * @ctrl: Control register while running.
 * @hi: 0x84 and
 * @adj: 0x88 as last written: they keep their value.
 * @status: sticky status bits seen during this run; reading them for an
 *	acknowledgment clears them in the register.
 * @count: completed descriptors at the last look.
 * @busy: it was busy then.
 * @run_slots: slots of this run.
 * @block: most descriptors in a block.
 * @index: number among those of its direction.
 * @align: bytes; what the IP says that addresses have to be multiples of.
 * @to_card: H2C.
 * @stream: it moves packets.
 * @credits: the engine is given descriptors one by one, and never comes to an end.
 * @waits: with credits: behind the last slot it has been given, the engine waits.
 */
struct xdma_channel {
	struct exdma_channel *ch;
	void __iomem *regs;
	void __iomem *sgdma;
	void __iomem *common;
	struct xdma_desc *desc;
	dma_addr_t dma;
	u32 control[XDMA_SLOTS];
	__le32 *writeback;
	dma_addr_t writeback_dma;
	struct xdma_result *results;
	dma_addr_t results_dma;
	u32 first;
	u32 base;
	u32 ctrl;
	u32 hi;
	u32 adj;
	u32 status;
	u32 count;
	u32 run_slots;
	u32 block;
	u32 index;
	u32 align;
	bool busy;
	bool to_card;
	bool stream;
	bool credits;
	bool waits;
};

/**
 * struct xdma_user - one interrupt line of the user's logic
 * @xc: the card.
 * @ev: the core's side.
 * @index: its bit in the registers of the IRQ block.
 */
struct xdma_user {
	struct xdma_card *xc;
	struct exdma_event *ev;
	u32 index;
};

/**
 * struct xdma_card - one card
 * @pdev: the function.
 * @card: the core's side.
 * @bar: the DMA BAR.
 * @bar_index: which it is.
 * @user: the AXI-Lite BAR, or NULL.
 * @user_index: which it is.
 * @bypass: the DMA bypass BAR, or NULL.
 * @bypass_index: which it is.
 * @user_window: the core's side of @user, or NULL;
 * @bypass_window: of @bypass, or NULL;
 * @control_window: of @bar.
 * @channel_count: by direction.
 * @by_irq: in the order of the bits of the IRQ block: all H2C, then all C2H.
 * @vectors: interrupt vector of each of them.
 * @irqs: entries of both.
 * @user_irqs: interrupt lines of the user's logic.
 * @own_vectors: how many of them, from 0 on, have a vector of their own.
 * @users: the lines.
 * @user_vectors: interrupt vector of each of them.
 * @users_on: bit n: line n is enabled; so that nobody reads the bus to hear that
 *	none is.
 * @saved: the configuration as it was after probe; NULL if there was no memory.
 * @forgotten: the kernel's error recovery has not come to an end.
 */
struct xdma_card {
	struct pci_dev *pdev;
	struct exdma_card *card;
	void __iomem *bar;
	int bar_index;
	void __iomem *user;
	int user_index;
	void __iomem *bypass;
	int bypass_index;
	struct exdma_window *user_window;
	struct exdma_window *bypass_window;
	struct exdma_window *control_window;
	u32 channel_count[EXDMA_DIRS];
	struct xdma_channel *by_irq[EXDMA_DIRS * XDMA_MAX_CHANNELS];
	u8 vectors[EXDMA_DIRS * XDMA_MAX_CHANNELS];
	u32 irqs;
	u32 user_irqs;
	u32 own_vectors;
	struct xdma_user users[XDMA_MAX_USERS];
	u8 user_vectors[XDMA_MAX_USERS];
	unsigned long users_on;
	struct pci_saved_state *saved;
	struct delayed_work forgotten;
};

struct xdma_channel *xdma_channel_create(struct xdma_card *xc, enum exdma_dir dir,
					 u32 index, bool needs_ack);
int xdma_channel_stop(struct xdma_channel *xch, u32 timeout_us);
void xdma_channel_init_hw(struct xdma_channel *xch);
bool xdma_channel_was_reset(const struct xdma_channel *xch);

/* windows.c */
int xdma_map_windows(struct xdma_card *xc);
void xdma_unmap_windows(struct xdma_card *xc);
int xdma_add_windows(struct xdma_card *xc);

/* amd.c */
int xdma_add_amd_nodes(struct xdma_card *xc);

/* events.c */
u32 xdma_count_users(struct xdma_card *xc);
int xdma_add_events(struct xdma_card *xc);
int xdma_request_event_irqs(struct xdma_card *xc);
irqreturn_t xdma_users_interrupt(struct xdma_card *xc, bool *asked);

/* reset.c */
extern const struct exdma_card_ops xdma_card_ops;
extern const struct pci_error_handlers xdma_error_handlers;
extern const struct dev_pm_ops xdma_pm_ops;

void xdma_quiesce(struct xdma_card *xc);
int xdma_bring_up(struct xdma_card *xc);
void xdma_reset_init(struct xdma_card *xc);
void xdma_reset_exit(struct xdma_card *xc);
void xdma_allow_suspend(struct xdma_card *xc);
void xdma_forbid_suspend(struct xdma_card *xc);

#endif /* EXDMA_XDMA_XDMA_H */
