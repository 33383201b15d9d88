// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of registers: which there are, what they are called, and which
 * accesses strict mode objects to. What they do is in xdma.c and irq.c.
 */
#include <stdio.h>

#include "xdma.h"

/*
 * Which registers there are: for their names in the books, and for the checks.
 * @bits are those that software may write; others are reserved. W1S and W1C
 * registers take any value: drivers write all ones to them.
 */
enum access { RO, RW, SET_CLEAR };

struct reg {
	uint8_t byte;
	uint8_t access;
	uint32_t bits;
	const char *name;
};

static const struct reg channel_regs[] = {
	{ CH_ID, RO, 0, "identifier" },
	/* PG195 has no write errors on C2H, but Linux's driver enables them */
	{ CH_CONTROL, RW, CTRL_BITS, "control" },
	{ CH_CONTROL_W1S, SET_CLEAR, 0, "control_w1s" },
	{ CH_CONTROL_W1C, SET_CLEAR, 0, "control_w1c" },
	{ CH_STATUS, SET_CLEAR, 0, "status" },
	{ CH_STATUS_RC, RO, 0, "status_rc" },
	{ CH_COUNT, RO, 0, "completed" },
	{ CH_ALIGNMENTS, RO, 0, "alignments" },
	{ CH_WB_LO, RW, ~0u, "writeback_lo" },
	{ CH_WB_HI, RW, ~0u, "writeback_hi" },
	{ CH_MASK, RW, ST_LOGGED, "mask" },
	{ CH_MASK_W1S, SET_CLEAR, 0, "mask_w1s" },
	{ CH_MASK_W1C, SET_CLEAR, 0, "mask_w1c" },
	{ CH_MASK_W1C_LINUX, SET_CLEAR, 0, "mask_w1c_linux" },
	{ CH_PERF_CONTROL, RW, BITS(2, 0), "perf_control" },
	{ CH_PERF_CYCLES_LO, RO, 0, "perf_cycles_lo" },
	{ CH_PERF_CYCLES_HI, RO, 0, "perf_cycles_hi" },
	{ CH_PERF_DATA_LO, RO, 0, "perf_data_lo" },
	{ CH_PERF_DATA_HI, RO, 0, "perf_data_hi" },
	{ CH_PENDING_LO, RO, 0, "pending_lo" },
	{ CH_PENDING_HI, RO, 0, "pending_hi" },
	{ 0, 0, 0, NULL }
};

static const struct reg irq_regs[] = {
	{ 0, RO, 0, "identifier" },
	/* AMD's driver sets one bit too many in the user enable */
	{ IRQ_USER_ENABLE, RW, ~0u, "user_enable" },
	{ IRQ_USER_ENABLE_W1S, SET_CLEAR, 0, "user_enable_w1s" },
	{ IRQ_USER_ENABLE_W1C, SET_CLEAR, 0, "user_enable_w1c" },
	{ IRQ_CHAN_ENABLE, RW, BITS(7, 0), "channel_enable" },
	{ IRQ_CHAN_ENABLE_W1S, SET_CLEAR, 0, "channel_enable_w1s" },
	{ IRQ_CHAN_ENABLE_W1C, SET_CLEAR, 0, "channel_enable_w1c" },
	{ IRQ_USER_REQUEST, RO, 0, "user_request" },
	{ IRQ_CHAN_REQUEST, RO, 0, "channel_request" },
	{ IRQ_USER_PENDING, RO, 0, "user_pending" },
	{ IRQ_CHAN_PENDING, RO, 0, "channel_pending" },
	{ IRQ_USER_VECTORS + 0, RW, IRQ_VECTOR_BITS, "user_vectors_0" },
	{ IRQ_USER_VECTORS + 4, RW, IRQ_VECTOR_BITS, "user_vectors_4" },
	{ IRQ_USER_VECTORS + 8, RW, IRQ_VECTOR_BITS, "user_vectors_8" },
	{ IRQ_USER_VECTORS + 12, RW, IRQ_VECTOR_BITS, "user_vectors_12" },
	{ IRQ_CHAN_VECTORS + 0, RW, IRQ_VECTOR_BITS, "channel_vectors_0" },
	{ IRQ_CHAN_VECTORS + 4, RW, IRQ_VECTOR_BITS, "channel_vectors_4" },
	{ 0, 0, 0, NULL }
};

static const struct reg config_regs[] = {
	{ 0, RO, 0, "identifier" },
	{ CFG_BUSDEV, RO, 0, "busdev" },
	{ CFG_MAX_PAYLOAD, RO, 0, "max_payload" },
	{ CFG_MAX_READ, RO, 0, "max_read" },
	{ CFG_SYSTEM_ID, RO, 0, "system_id" },
	{ CFG_MSI_ENABLE, RO, 0, "msi_enable" },
	{ CFG_WIDTH, RO, 0, "width" },
	{ CFG_PCIE_CONTROL, RW, BIT(0), "pcie_control" },
	{ CFG_USER_PAYLOAD, RW, BITS(2, 0) | BITS(6, 4), "user_max_payload" },
	{ CFG_USER_READ, RW, BITS(2, 0) | BITS(6, 4), "user_max_read" },
	{ CFG_FLUSH_TIMEOUT, RW, BITS(4, 0), "flush_timeout" },
	{ 0, 0, 0, NULL }
};

static const struct reg sg_regs[] = {
	{ 0, RO, 0, "sgdma_identifier" },
	{ SG_ADDR_LO, RW, ~0u, "descriptor_lo" },
	{ SG_ADDR_HI, RW, ~0u, "descriptor_hi" },
	{ SG_ADJACENT, RW, BITS(5, 0), "adjacent" },
	{ SG_CREDITS, RW, BITS(9, 0), "credits" },
	{ 0, 0, 0, NULL }
};

static const struct reg sg_common_regs[] = {
	{ 0, RO, 0, "identifier" },
	{ SGC_HALT, RW, SGC_BITS, "halt" },
	{ SGC_HALT_W1S, SET_CLEAR, 0, "halt_w1s" },
	{ SGC_HALT_W1C, SET_CLEAR, 0, "halt_w1c" },
	{ SGC_CREDIT_MODE, RW, SGC_BITS, "credit_mode" },
	{ SGC_CREDIT_MODE_W1S, SET_CLEAR, 0, "credit_mode_w1s" },
	{ SGC_CREDIT_MODE_W1C, SET_CLEAR, 0, "credit_mode_w1c" },
	{ 0, 0, 0, NULL }
};

struct target {
	const char *name;
	const struct reg *regs;
};

static const struct target targets[16] = {
	[T_H2C] = { "h2c", channel_regs },
	[T_C2H] = { "c2h", channel_regs },
	[T_IRQ] = { "irq", irq_regs },
	[T_CONFIG] = { "config", config_regs },
	[T_H2C_SG] = { "h2c", sg_regs },
	[T_C2H_SG] = { "c2h", sg_regs },
	[T_SG_COMMON] = { "sgdma", sg_common_regs },
};

static bool per_channel(unsigned int target)
{
	return target == T_H2C || target == T_C2H || target == T_H2C_SG || target == T_C2H_SG;
}

/* The engine that an offset belongs to; NULL when that channel is not there. */
struct engine *regs_engine(struct xdma *x, uint32_t offset)
{
	bool c2h = XDMA_TARGET(offset) == T_C2H || XDMA_TARGET(offset) == T_C2H_SG;
	unsigned int channel = XDMA_CHANNEL(offset);

	if (channel >= (c2h ? x->setup.c2h : x->setup.h2c))
		return NULL;
	return &x->engine[channel + (c2h ? XDMA_MAX_CHANNELS : 0)];
}

static const struct reg *find_reg(struct xdma *x, uint32_t offset)
{
	unsigned int target = XDMA_TARGET(offset);
	const struct reg *r = targets[target].regs;

	if (!r || (per_channel(target) ? !regs_engine(x, offset) : XDMA_CHANNEL(offset)))
		return NULL;
	for (; r->name; r++)
		if (r->byte == XDMA_BYTE(offset))
			return r;
	return NULL;
}

bool regs_known(struct xdma *x, uint32_t offset)
{
	return find_reg(x, offset);
}

void xdma_register_name(struct xdma *x, uint32_t offset, char *buf, size_t len)
{
	const struct reg *r = find_reg(x, offset);
	unsigned int target = XDMA_TARGET(offset);

	if (r && per_channel(target))
		snprintf(buf, len, "%s%u.%s", targets[target].name, XDMA_CHANNEL(offset),
			 r->name);
	else if (r)
		snprintf(buf, len, "%s.%s", targets[target].name, r->name);
	else if (target == T_MSIX)
		snprintf(buf, len, "msix.0x%03x", offset & 0xfff);
	else
		snprintf(buf, len, "unknown");
}

/* Strict mode: is this a write that a driver may do? */
void regs_check_write(struct xdma *x, uint32_t offset, uint32_t value)
{
	const struct reg *r = find_reg(x, offset);
	unsigned int id = BOOKS_CARD;

	if (!x->books->strict)
		return;
	if (per_channel(XDMA_TARGET(offset)) && regs_engine(x, offset))
		id = regs_engine(x, offset)->id;
	if (!r || r->access == RO)
		books_violation(x->books, id, V_REGISTER, "0x%08x written to 0x%04x, %s",
				value, offset, r ? "read-only" : "no register");
	else if (r->access == RW && (value & ~r->bits))
		books_violation(x->books, id, V_RESERVED, "0x%08x written to 0x%04x (%s)",
				value, offset, r->name);
}
