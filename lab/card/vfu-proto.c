// SPDX-License-Identifier: GPL-2.0-only
/*
 * vfio-user messages: taking them apart, checking them, answering. Every
 * length and count comes from the peer and is checked before it is used. One
 * reply is one buffer handed to send() once, as the client wants it, and never
 * longer than the client's buffer for it.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "log.h"
#include "util.h"
#include "vfu.h"

enum {
	CMD_VERSION = 1,
	CMD_DMA_MAP = 2,
	CMD_DMA_UNMAP = 3,
	CMD_GET_INFO = 4,
	CMD_GET_REGION_INFO = 5,
	CMD_GET_IRQ_INFO = 7,
	CMD_SET_IRQS = 8,
	CMD_REGION_READ = 9,
	CMD_REGION_WRITE = 10,
	CMD_RESET = 13,
};

#define HDR_SIZE		16u
#define HDR_TYPE		0xfu
#define HDR_REPLY		0x1u
#define HDR_NO_REPLY		0x10u
#define HDR_ERROR		0x20u

#define INFO_RESET		0x1u
#define INFO_PCI		0x2u
#define REGION_RW		0x3u
#define IRQ_EVENTFD		0x1u
#define IRQ_MASKABLE		0x2u
#define IRQ_AUTOMASKED		0x4u

#define SET_DATA_NONE		0x1u
#define SET_DATA_BOOL		0x2u
#define SET_DATA_EVENTFD	0x4u
#define SET_DATA		0x7u
#define SET_MASK		0x8u
#define SET_UNMASK		0x10u
#define SET_TRIGGER		0x20u
#define SET_ACTION		0x38u

#define UNMAP_ALL		0x2u

static const char our_version[] =
	"{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":65536}}";

/* One message under way: its parts, and the reply that grows behind out[]. */
struct message {
	struct vfu_session *s;
	uint16_t command;
	uint32_t flags;
	const uint8_t *data;	/* payload */
	size_t len;
	int *fds;
	unsigned int nfds;
	uint8_t *reply;		/* payload of the reply */
	size_t reply_len;
};

/* --- commands: 0 or the errno of the error reply -------------------------- */

static int do_version(struct message *m)
{
	if (m->len < 4)
		return EINVAL;
	if (get_le16(m->data) != 0)
		return EPROTONOSUPPORT;
	/* whatever the client can take is more than we ever send */
	if (m->len > 4 && m->data[m->len - 1])
		return EINVAL;
	m->s->agreed = true;
	put_le16(m->reply, 0);
	put_le16(m->reply + 2, 0);
	memcpy(m->reply + 4, our_version, sizeof(our_version));
	m->reply_len = 4 + sizeof(our_version);
	return 0;
}

static int do_dma_map(struct message *m)
{
	uint32_t flags;

	if (m->len != 32 || get_le32(m->data) < 32 || m->nfds > 1)
		return EINVAL;
	flags = get_le32(m->data + 4);
	if (flags & ~3u)
		return EINVAL;
	return -m->s->ops->dma_map(m->s->ctx, get_le64(m->data + 16),
				   get_le64(m->data + 24), flags,
				   m->nfds ? m->fds[0] : -1, get_le64(m->data + 8));
}

static int do_dma_unmap(struct message *m)
{
	uint64_t start, size;
	uint32_t flags;
	int err;

	if (m->len != 24 || get_le32(m->data) < 24)
		return EINVAL;
	flags = get_le32(m->data + 4);
	start = get_le64(m->data + 8);
	size = get_le64(m->data + 16);
	if (flags & ~UNMAP_ALL)
		return EINVAL;
	if (flags & UNMAP_ALL) {
		if (start || size)
			return EINVAL;
		err = m->s->ops->dma_unmap(m->s->ctx, 0, UINT64_MAX);
	} else {
		/* a range may end at 2^64 */
		if (!size || start + (size - 1) < start)
			return EINVAL;
		err = m->s->ops->dma_unmap(m->s->ctx, start, start + (size - 1));
	}
	if (err)
		return -err;
	memcpy(m->reply, m->data, 24);
	m->reply_len = 24;
	return 0;
}

static int do_get_info(struct message *m)
{
	if (m->len != 16 || get_le32(m->data) < 16)
		return EINVAL;
	put_le32(m->reply, 16);
	put_le32(m->reply + 4, INFO_RESET | INFO_PCI);
	put_le32(m->reply + 8, VFU_NUM_REGIONS);
	put_le32(m->reply + 12, VFU_NUM_IRQS);
	m->reply_len = 16;
	return 0;
}

static int do_get_region_info(struct message *m)
{
	uint32_t index;
	uint64_t size;

	if (m->len < 32 || get_le32(m->data) < 32)
		return EINVAL;
	index = get_le32(m->data + 8);
	if (index >= VFU_NUM_REGIONS)
		return EINVAL;
	size = m->s->ops->region_size(m->s->ctx, index);
	memset(m->reply, 0, 32);
	put_le32(m->reply, 32);
	/* never mmap-able: that would make every register write synchronous */
	put_le32(m->reply + 4, size ? REGION_RW : 0);
	put_le32(m->reply + 8, index);
	put_le64(m->reply + 16, size);
	m->reply_len = 32;
	return 0;
}

static int do_get_irq_info(struct message *m)
{
	uint32_t index, n, flags = 0;

	if (m->len != 16 || get_le32(m->data) < 16)
		return EINVAL;
	index = get_le32(m->data + 8);
	if (index >= VFU_NUM_IRQS)
		return EINVAL;
	n = m->s->ops->irq_count(m->s->ctx, index);
	if (n)
		flags = IRQ_EVENTFD | (index == VFU_INTX ? IRQ_MASKABLE | IRQ_AUTOMASKED : 0);
	put_le32(m->reply, 16);
	put_le32(m->reply + 4, flags);
	put_le32(m->reply + 8, index);
	put_le32(m->reply + 12, n);
	m->reply_len = 16;
	return 0;
}

/* Listen, or stop listening, on vectors start .. start + count - 1. */
static int set_eventfds(struct message *m, uint32_t index, uint32_t start, uint32_t n)
{
	uint32_t i;

	if (m->nfds && m->nfds != n)
		return EINVAL;
	for (i = 0; i < n; i++) {
		m->s->ops->irq_set(m->s->ctx, index, start + i, m->nfds ? m->fds[i] : -1);
		if (m->nfds)
			m->fds[i] = -1;
	}
	return 0;
}

static int do_set_irqs(struct message *m)
{
	const struct vfu_ops *ops = m->s->ops;
	uint32_t flags, index, start, n, all, i;

	if (m->len < 20 || get_le32(m->data) < 20)
		return EINVAL;
	flags = get_le32(m->data + 4);
	index = get_le32(m->data + 8);
	start = get_le32(m->data + 12);
	n = get_le32(m->data + 16);
	if (index >= VFU_NUM_IRQS || (flags & ~(SET_DATA | SET_ACTION)))
		return EINVAL;
	all = ops->irq_count(m->s->ctx, index);
	if (start > all || n > all - start)
		return EINVAL;

	switch (flags & SET_DATA) {
	case SET_DATA_NONE:
		break;
	case SET_DATA_BOOL:
		if (m->len < 20 + (size_t)n)
			return EINVAL;
		break;
	case SET_DATA_EVENTFD:
		/* eventfds for mask and unmask: only the kernel's VFIO has those */
		return (flags & SET_ACTION) == SET_TRIGGER ?
		       set_eventfds(m, index, start, n) : EINVAL;
	default:
		return EINVAL;
	}

	switch (flags & SET_ACTION) {
	case SET_TRIGGER:
		if (!n && (flags & SET_DATA) == SET_DATA_NONE) {
			for (i = 0; i < all; i++)
				ops->irq_set(m->s->ctx, index, i, -1);
			return 0;
		}
		for (i = 0; i < n; i++)
			if ((flags & SET_DATA) == SET_DATA_NONE || m->data[20 + i])
				ops->irq_trigger(m->s->ctx, index, start + i);
		return 0;
	case SET_UNMASK:
		if (n && ((flags & SET_DATA) == SET_DATA_NONE || m->data[20]))
			ops->irq_unmask(m->s->ctx, index);
		return 0;
	case SET_MASK:
		return 0;	/* the client drops what it does not want */
	default:
		return EINVAL;
	}
}

static int do_region_read(struct message *m)
{
	uint32_t region, n;

	if (m->len != 16)
		return EINVAL;
	region = get_le32(m->data + 8);
	n = get_le32(m->data + 12);
	if (!n || n > VFU_MAX_DATA ||
	    !m->s->ops->region_read(m->s->ctx, region, get_le64(m->data), m->reply + 16, n))
		return EINVAL;
	memcpy(m->reply, m->data, 16);
	m->reply_len = 16 + (size_t)n;
	return 0;
}

static int do_region_write(struct message *m)
{
	uint32_t region, n;

	if (m->len < 16)
		return EINVAL;
	region = get_le32(m->data + 8);
	n = get_le32(m->data + 12);
	if (!n || n != m->len - 16 ||
	    !m->s->ops->region_write(m->s->ctx, region, get_le64(m->data), m->data + 16, n))
		return EINVAL;
	memcpy(m->reply, m->data, 16);
	m->reply_len = 16;
	return 0;
}

static int do_reset(struct message *m)
{
	if (m->len)
		return EINVAL;
	m->s->ops->reset(m->s->ctx);
	return 0;
}

static int dispatch(struct message *m)
{
	if (!m->s->agreed && m->command != CMD_VERSION)
		return EINVAL;
	switch (m->command) {
	case CMD_VERSION:
		return do_version(m);
	case CMD_DMA_MAP:
		return do_dma_map(m);
	case CMD_DMA_UNMAP:
		return do_dma_unmap(m);
	case CMD_GET_INFO:
		return do_get_info(m);
	case CMD_GET_REGION_INFO:
		return do_get_region_info(m);
	case CMD_GET_IRQ_INFO:
		return do_get_irq_info(m);
	case CMD_SET_IRQS:
		return do_set_irqs(m);
	case CMD_REGION_READ:
		return do_region_read(m);
	case CMD_REGION_WRITE:
		return do_region_write(m);
	case CMD_RESET:
		return do_reset(m);
	default:
		return ENOSYS;
	}
}

/* --- framing ------------------------------------------------------------- */

static void close_fds(int *fds, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* One complete message. Return: false when the session is over. */
static bool handle(struct vfu_session *s, const uint8_t *msg, uint32_t size,
		   int *fds, unsigned int nfds)
{
	struct message m = {
		.s = s,
		.command = get_le16(msg + 2),
		.flags = get_le32(msg + 8),
		.data = msg + HDR_SIZE,
		.len = size - HDR_SIZE,
		.fds = fds,
		.nfds = nfds,
		.reply = s->out + HDR_SIZE,
	};
	uint32_t flags = HDR_REPLY;
	int err;

	/* we never ask, so there is nothing that the peer could answer */
	if ((m.flags & HDR_TYPE) != 0)
		return false;
	err = m.flags & ~(HDR_TYPE | HDR_NO_REPLY) ? EINVAL : dispatch(&m);
	close_fds(fds, nfds);
	if (err)
		log_line("vfio-user: command %u, %u bytes: error %d", m.command, size, err);
	if (m.flags & HDR_NO_REPLY)
		return true;
	if (err) {
		flags |= HDR_ERROR;
		m.reply_len = 0;
	}
	memcpy(s->out, msg, 4);		/* id and command */
	put_le32(s->out + 4, (uint32_t)(HDR_SIZE + m.reply_len));
	put_le32(s->out + 8, flags);
	put_le32(s->out + 12, (uint32_t)err);
	return s->send(s->send_ctx, s->out, HDR_SIZE + m.reply_len);
}

void vfu_session_init(struct vfu_session *s, const struct vfu_ops *ops, void *ctx,
		      bool (*send)(void *ctx, const void *buf, size_t len), void *send_ctx)
{
	s->ops = ops;
	s->ctx = ctx;
	s->send = send;
	s->send_ctx = send_ctx;
	s->agreed = false;
	s->have = 0;
	s->nfds = 0;
}

void vfu_session_fini(struct vfu_session *s)
{
	close_fds(s->fds, s->nfds);
	s->nfds = 0;
}

uint8_t *vfu_room(struct vfu_session *s, size_t *room)
{
	*room = sizeof(s->in) - s->have;
	return s->in + s->have;
}

/* Descriptors of the message that is now first; too many end the session. */
static bool keep_fds(struct vfu_session *s, const int *fds, unsigned int nfds)
{
	bool fit = s->nfds + nfds <= VFU_MAX_FDS;
	unsigned int i;

	for (i = 0; i < nfds; i++) {
		if (fit)
			s->fds[s->nfds++] = fds[i];
		else
			close(fds[i]);
	}
	return fit;
}

/*
 * Several messages may come in one piece. Descriptors travel with the first
 * byte of their message, and the kernel ends a piece behind the write that
 * carried some: so they belong to the last message that begins in the piece.
 */
bool vfu_received(struct vfu_session *s, size_t len, const int *fds, unsigned int nfds)
{
	int now[VFU_MAX_FDS];
	size_t at = 0;
	bool ok = true;

	s->have += len;
	while (ok && s->have - at >= HDR_SIZE) {
		uint32_t size = get_le32(s->in + at + 4);
		unsigned int n;

		if (size < HDR_SIZE || size > sizeof(s->in)) {
			ok = false;
			break;
		}
		if (s->have - at < size)
			break;
		if (at + size == s->have) {
			ok = keep_fds(s, fds, nfds);
			nfds = 0;
		}
		n = s->nfds;
		memcpy(now, s->fds, n * sizeof(now[0]));
		s->nfds = 0;
		if (ok)
			ok = handle(s, s->in + at, size, now, n);
		else
			close_fds(now, n);
		at += size;
	}
	if (nfds && !keep_fds(s, fds, nfds))
		ok = false;
	s->have -= at;
	memmove(s->in, s->in + at, s->have);
	return ok;
}
