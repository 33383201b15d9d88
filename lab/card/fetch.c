// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors: taking one apart, and the rules that strict mode checks. The
 * engine itself is lenient as the IP is: of a block it uses only the last
 * descriptor's next pointer and adjacency. What is checked here never changes
 * what the engine does.
 */
#include "xdma.h"

void desc_parse(struct xdma_desc *d)
{
	uint32_t head = get_le32(d->raw);

	d->magic = (uint16_t)(head >> 16);
	d->next_adjacent = (head >> 8) & DESC_MAX_ADJACENT;
	d->control = head & 0xff;
	d->len = get_le32(d->raw + 4) & DESC_LENGTH;
	d->src = get_le64(d->raw + 8);
	d->dst = get_le64(d->raw + 16);
	d->next = get_le64(d->raw + 24);
}

/* A whole block, before its first descriptor is fetched. */
void fetch_check_block(struct engine *e, uint64_t addr, uint32_t count)
{
	struct books *b = e->x->books;

	if (addr % DESC_SIZE)
		books_violation(b, e->id, V_MISALIGNED, "block at 0x%llx is not on 32 bytes",
				(unsigned long long)addr);
	if (addr % DESC_BOUNDARY + count * DESC_SIZE > DESC_BOUNDARY)
		books_violation(b, e->id, V_BOUNDARY,
				"block of %u at 0x%llx crosses a 4 KiB boundary",
				count, (unsigned long long)addr);
}

static void check_alignment(struct engine *e, const struct xdma_desc *d)
{
	uint32_t addr_align = (e->x->setup.alignments >> 16) & 0xff;
	uint32_t len_align = (e->x->setup.alignments >> 8) & 0xff;
	uint64_t src = d->src, dst = d->dst;
	struct books *b = e->x->books;

	if (e->stream) {
		/* it has no address, so none that could be aligned or fixed */
		if (e->dir == XDMA_H2C)
			dst = 0;
		else
			src = 0;
	} else if (e->control & CTRL_FIXED) {
		addr_align = e->x->setup.width_bits / 8;
		len_align = addr_align;
	}
	if (addr_align > 1 && (src % addr_align || dst % addr_align))
		books_violation(b, e->id, V_MISALIGNED,
				"descriptor 0x%llx: source 0x%llx, destination 0x%llx, alignment %u",
				(unsigned long long)d->addr, (unsigned long long)d->src,
				(unsigned long long)d->dst, addr_align);
	if (len_align > 1 && d->len % len_align)
		books_violation(b, e->id, V_MISALIGNED,
				"descriptor 0x%llx: length %u, granularity %u",
				(unsigned long long)d->addr, d->len, len_align);
}

/* What holds for streams only. */
static void check_stream(struct engine *e, const struct xdma_desc *d)
{
	uint32_t unit = e->dir == XDMA_C2H ? DESC_ST_C2H_UNIT : e->x->setup.width_bits / 8;
	struct books *b = e->x->books;

	/* only the last piece of an H2C packet may have any length */
	if (d->len % unit && (e->dir == XDMA_C2H || !(d->control & DESC_EOP)))
		books_violation(b, e->id, V_LENGTH,
				"descriptor 0x%llx: length %u is not a multiple of %u",
				(unsigned long long)d->addr, d->len, unit);
	if (e->dir == XDMA_C2H && !(e->control & CTRL_NO_RESULT) && d->src % RESULT_SIZE)
		books_violation(b, e->id, V_MISALIGNED,
				"descriptor 0x%llx: result address 0x%llx",
				(unsigned long long)d->addr, (unsigned long long)d->src);
}

/* One descriptor, when the engine comes to it. */
void fetch_check_desc(struct engine *e, const struct xdma_desc *d)
{
	unsigned long long at = d->addr;
	struct books *b = e->x->books;
	uint32_t head = get_le32(d->raw);

	if (!b->strict)
		return;
	if ((head & (BITS(15, 14) | BITS(7, 5) | BITS(3, 2))) ||
	    (get_le32(d->raw + 4) & ~DESC_LENGTH))
		books_violation(b, e->id, V_RESERVED,
				"descriptor 0x%llx: control 0x%08x, length 0x%08x",
				at, head, get_le32(d->raw + 4));
	if (!d->len)
		books_violation(b, e->id, V_LENGTH, "descriptor 0x%llx: length 0", at);
	if (d->extra && (d->control & DESC_STOP))
		books_violation(b, e->id, V_STOP,
				"descriptor 0x%llx has Stop and %u more in its block",
				at, d->extra);
	if (d->extra && d->next_adjacent != d->extra - 1)
		books_violation(b, e->id, V_ADJACENCY,
				"descriptor 0x%llx: %u more in its block, but nxt_adj %u instead of %u",
				at, d->extra, d->next_adjacent, d->extra - 1);
	check_alignment(e, d);
	if (e->stream)
		check_stream(e, d);
}

/*
 * When a descriptor's data has moved, before that is reported: does it still
 * read as it was fetched? Locking: called without x->lock, reads guest memory.
 */
enum desc_now fetch_compare(struct engine *e, const struct xdma_desc *d)
{
	uint8_t again[DESC_SIZE];

	if (guestmem_read(e->x->host, d->addr, again, DESC_SIZE) != DESC_SIZE)
		return DESC_GONE;
	return memcmp(again, d->raw, DESC_SIZE) ? DESC_CHANGED : DESC_SAME;
}

/* The verdict of fetch_compare(), once it is clear that the run still counts. */
void fetch_check_unchanged(struct engine *e, const struct xdma_desc *d, enum desc_now now)
{
	unsigned long long at = d->addr;

	if (now == DESC_GONE)
		books_violation(e->x->books, e->id, V_UNMAPPED,
				"descriptor 0x%llx went away while its run was on", at);
	else if (now == DESC_CHANGED)
		books_violation(e->x->books, e->id, V_CHANGED,
				"descriptor 0x%llx changed while its run was on", at);
}
