// SPDX-License-Identifier: GPL-2.0-only
/*
 * The protocol on bytes: a fake device behind it, no socket. Each message in
 * its right form, and then shortened, lengthened and twisted.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../util.h"
#include "../vfu.h"
#include "tap.h"

#define CMD		0x00u
#define NO_REPLY	0x10u

/* --- a device that remembers what was asked of it ------------------------ */

static struct {
	unsigned int reads, writes, maps, unmaps, sets, detaches, unmasks, triggers, resets;
	unsigned int region, vector;
	enum vfu_irq irq;
	uint64_t off, start, size, last, file_off;
	uint32_t prot;
	size_t len;
	uint8_t data[64];
	bool had_fd;
	int err;
} dev;

static uint64_t dev_region_size(void *ctx, unsigned int region)
{
	(void)ctx;
	return region == 7 ? 4096 : region == 0 ? 65536 : 0;
}

static bool dev_read(void *ctx, unsigned int region, uint64_t off, void *buf, size_t len)
{
	(void)ctx;
	dev.reads++;
	dev.region = region;
	dev.off = off;
	dev.len = len;
	if (region != 0 && region != 7)
		return false;
	memset(buf, 0x5a, len);
	return true;
}

static bool dev_write(void *ctx, unsigned int region, uint64_t off, const void *buf, size_t len)
{
	(void)ctx;
	dev.writes++;
	dev.region = region;
	dev.off = off;
	dev.len = len;
	memcpy(dev.data, buf, len < sizeof(dev.data) ? len : sizeof(dev.data));
	return region == 0 || region == 7;
}

static unsigned int dev_irq_count(void *ctx, enum vfu_irq irq)
{
	static const unsigned int counts[] = { 1, 32, 32, 1, 1 };

	(void)ctx;
	return counts[irq];
}

static void dev_irq_set(void *ctx, enum vfu_irq irq, unsigned int vector, int fd)
{
	(void)ctx;
	dev.irq = irq;
	dev.vector = vector;
	if (fd >= 0)
		dev.sets++;
	else
		dev.detaches++;
	if (fd >= 0)
		close(fd);
}

static void dev_irq_unmask(void *ctx, enum vfu_irq irq)
{
	(void)ctx;
	dev.unmasks++;
	dev.irq = irq;
}

static void dev_irq_trigger(void *ctx, enum vfu_irq irq, unsigned int vector)
{
	(void)ctx;
	dev.triggers++;
	dev.irq = irq;
	dev.vector = vector;
}

static int dev_dma_map(void *ctx, uint64_t start, uint64_t size, uint32_t prot,
		       int fd, uint64_t offset)
{
	(void)ctx;
	dev.maps++;
	dev.start = start;
	dev.size = size;
	dev.prot = prot;
	dev.had_fd = fd >= 0;
	dev.file_off = offset;
	return dev.err;
}

static int dev_dma_unmap(void *ctx, uint64_t start, uint64_t last)
{
	(void)ctx;
	dev.unmaps++;
	dev.start = start;
	dev.last = last;
	return 0;
}

static void dev_reset(void *ctx)
{
	(void)ctx;
	dev.resets++;
}

static const struct vfu_ops ops = {
	.region_size = dev_region_size,
	.region_read = dev_read,
	.region_write = dev_write,
	.irq_count = dev_irq_count,
	.irq_set = dev_irq_set,
	.irq_unmask = dev_irq_unmask,
	.irq_trigger = dev_irq_trigger,
	.dma_map = dev_dma_map,
	.dma_unmap = dev_dma_unmap,
	.reset = dev_reset,
};

/* --- a session and its last reply ---------------------------------------- */

static struct vfu_session session;
static uint8_t reply[VFU_MAX_MESSAGE];
static size_t reply_len;
static unsigned int replies;

static bool keep_reply(void *ctx, const void *buf, size_t len)
{
	(void)ctx;
	memcpy(reply, buf, len);
	reply_len = len;
	replies++;
	return true;
}

static bool feed(const void *buf, size_t len, const int *fds, unsigned int nfds)
{
	size_t room;
	uint8_t *to = vfu_room(&session, &room);

	if (len > room)
		abort();
	memcpy(to, buf, len);
	return vfu_received(&session, len, fds, nfds);
}

static size_t message(uint8_t *m, uint16_t id, uint16_t command, uint32_t flags,
		      const void *data, size_t len)
{
	put_le16(m, id);
	put_le16(m + 2, command);
	put_le32(m + 4, (uint32_t)(16 + len));
	put_le32(m + 8, flags);
	put_le32(m + 12, 0);
	if (len)
		memcpy(m + 16, data, len);
	return 16 + len;
}

/* Send a command; 0 or the errno of the reply; -1 when the session ended. */
static int call_fds(uint16_t command, const void *data, size_t len,
		    const int *fds, unsigned int nfds)
{
	static uint16_t id;
	uint8_t m[8192];

	reply_len = 0;
	if (!feed(m, message(m, ++id, command, CMD, data, len), fds, nfds))
		return -1;
	if (reply_len < 16 || get_le32(reply + 4) != reply_len || get_le16(reply) != id ||
	    get_le16(reply + 2) != command)
		return -2;
	if (get_le32(reply + 8) == 1)
		return get_le32(reply + 12) == 0 ? 0 : -3;
	return get_le32(reply + 8) == 0x21 && reply_len == 16 ? (int)get_le32(reply + 12) : -4;
}

static int call(uint16_t command, const void *data, size_t len)
{
	return call_fds(command, data, len, NULL, 0);
}

static void fresh(bool agreed)
{
	vfu_session_fini(&session);
	vfu_session_init(&session, &ops, NULL, keep_reply, NULL);
	memset(&dev, 0, sizeof(dev));
	replies = 0;
	session.agreed = agreed;
}

static bool closed(int fd)
{
	return fcntl(fd, F_GETFD) < 0 && errno == EBADF;
}

/* --- tests --------------------------------------------------------------- */

static void test_version(void)
{
	fresh(false);
	/* nothing goes before the version */
	CHECK_EQ(call(13, "", 0), EINVAL);
	CHECK_EQ(dev.resets, 0);
	CHECK_EQ(call(1, "\0\0\0", 3), EINVAL);
	CHECK_EQ(call(1, "\1\0\0\0{}", 7), EPROTONOSUPPORT);
	CHECK_EQ(call(1, "\0\0\0\0{}", 6), EINVAL);	/* no NUL at the end */
	CHECK_EQ(call(13, "", 0), EINVAL);
	CHECK_EQ(call(1, "\0\0\0\0{}", 7), 0);
	CHECK_EQ(get_le32(reply + 16), 0);
	CHECK_EQ(reply[reply_len - 1], 0);
	CHECK_EQ(strlen((char *)reply + 20), reply_len - 21);
	CHECK(reply_len <= 214);
	CHECK_EQ(call(13, "", 0), 0);
	CHECK_EQ(dev.resets, 1);
	/* a client may send no JSON, and a minor version of its own */
	fresh(false);
	CHECK_EQ(call(1, "\0\0\5\0", 4), 0);
	CHECK_EQ(get_le32(reply + 16), 0);
}

static void test_info(void)
{
	uint8_t d[64] = { 16 };

	fresh(true);
	CHECK_EQ(call(4, d, 16), 0);
	CHECK_EQ(reply_len, 32);
	CHECK_EQ(get_le32(reply + 20), 3);
	CHECK_EQ(get_le32(reply + 24), 9);
	CHECK_EQ(get_le32(reply + 28), 5);
	CHECK_EQ(call(4, d, 15), EINVAL);
	d[0] = 15;
	CHECK_EQ(call(4, d, 16), EINVAL);
	/* regions */
	memset(d, 0, sizeof(d));
	d[0] = 32;
	CHECK_EQ(call(5, d, 32), 0);
	CHECK_EQ(reply_len, 48);
	CHECK_EQ(get_le32(reply + 16), 32);
	CHECK_EQ(get_le32(reply + 20), 3);
	CHECK_EQ(get_le64(reply + 32), 65536);
	d[8] = 1;
	CHECK_EQ(call(5, d, 32), 0);
	CHECK_EQ(get_le32(reply + 20), 0);
	CHECK_EQ(get_le64(reply + 32), 0);
	d[8] = 9;
	CHECK_EQ(call(5, d, 32), EINVAL);
	d[11] = 0x80;
	CHECK_EQ(call(5, d, 32), EINVAL);
	d[8] = 0;
	d[11] = 0;
	CHECK_EQ(call(5, d, 31), EINVAL);
	d[0] = 31;
	CHECK_EQ(call(5, d, 32), EINVAL);
	/* interrupts: MSI-X must be eventfd only */
	memset(d, 0, sizeof(d));
	d[0] = 16;
	d[8] = 2;
	CHECK_EQ(call(7, d, 16), 0);
	CHECK_EQ(get_le32(reply + 20), 1);
	CHECK_EQ(get_le32(reply + 28), 32);
	d[8] = 0;
	CHECK_EQ(call(7, d, 16), 0);
	CHECK_EQ(get_le32(reply + 20), 7);
	d[8] = 5;
	CHECK_EQ(call(7, d, 16), EINVAL);
	CHECK_EQ(call(7, d, 12), EINVAL);
}

static void test_region_access(void)
{
	uint8_t d[5000] = { 0 }, m[64];

	fresh(true);
	put_le64(d, 0x123);
	put_le32(d + 8, 0);
	put_le32(d + 12, 4);
	CHECK_EQ(call(9, d, 16), 0);
	CHECK_EQ(reply_len, 36);
	CHECK(!memcmp(reply + 16, d, 16));
	CHECK_EQ(get_le32(reply + 32), 0x5a5a5a5a);
	CHECK_EQ(dev.off, 0x123);
	put_le32(d + 8, 7);
	put_le32(d + 12, 4096);
	CHECK_EQ(call(9, d, 16), 0);
	CHECK_EQ(reply_len, 32 + 4096);
	put_le32(d + 12, VFU_MAX_DATA);
	CHECK_EQ(call(9, d, 16), 0);
	CHECK_EQ(reply_len, 32 + VFU_MAX_DATA);
	dev.reads = 0;
	put_le32(d + 12, VFU_MAX_DATA + 1);
	CHECK_EQ(call(9, d, 16), EINVAL);
	put_le32(d + 12, ~0u);
	CHECK_EQ(call(9, d, 16), EINVAL);
	put_le32(d + 12, 0);
	CHECK_EQ(call(9, d, 16), EINVAL);
	put_le32(d + 12, 4);
	CHECK_EQ(call(9, d, 20), EINVAL);
	CHECK_EQ(call(9, d, 12), EINVAL);
	CHECK_EQ(dev.reads, 0);
	put_le32(d + 8, 3);
	CHECK_EQ(call(9, d, 16), EINVAL);	/* what the device refuses */
	/* writes */
	put_le32(d + 8, 0);
	put_le32(d + 16, 0xcafe);
	CHECK_EQ(call(10, d, 20), 0);
	CHECK_EQ(reply_len, 32);
	CHECK_EQ(get_le32(reply + 28), 4);
	CHECK_EQ(get_le32(dev.data), 0xcafe);
	CHECK_EQ(dev.writes, 1);
	CHECK_EQ(call(10, d, 19), EINVAL);	/* count and size disagree */
	CHECK_EQ(call(10, d, 21), EINVAL);
	CHECK_EQ(call(10, d, 16), EINVAL);
	CHECK_EQ(call(10, d, 8), EINVAL);
	put_le32(d + 12, ~0u);
	CHECK_EQ(call(10, d, 20), EINVAL);
	CHECK_EQ(dev.writes, 1);
	/* posted: carried out, never answered, good or bad */
	put_le32(d + 12, 4);
	replies = 0;
	CHECK(feed(m, message(m, 1, 10, NO_REPLY, d, 20), NULL, 0));
	CHECK_EQ(dev.writes, 2);
	CHECK(feed(m, message(m, 1, 10, NO_REPLY, d, 19), NULL, 0));
	CHECK(feed(m, message(m, 1, 99, NO_REPLY, d, 19), NULL, 0));
	CHECK_EQ(replies, 0);
}

static void test_dma(void)
{
	uint8_t d[64] = { 0 };
	int fds[3] = { eventfd(0, 0), eventfd(0, 0), eventfd(0, 0) };

	fresh(true);
	put_le32(d, 32);
	put_le32(d + 4, 3);
	put_le64(d + 8, 0x1000);
	put_le64(d + 16, 0x200000);
	put_le64(d + 24, 0x3000);
	CHECK_EQ(call_fds(2, d, 32, fds, 1), 0);
	CHECK_EQ(reply_len, 16);
	CHECK(dev.had_fd && closed(fds[0]));
	CHECK_EQ(dev.start, 0x200000);
	CHECK_EQ(dev.size, 0x3000);
	CHECK_EQ(dev.prot, 3);
	CHECK_EQ(dev.file_off, 0x1000);
	CHECK_EQ(call(2, d, 32), 0);
	CHECK(!dev.had_fd);
	CHECK_EQ(call_fds(2, d, 32, fds + 1, 2), EINVAL);	/* two descriptors */
	CHECK(closed(fds[1]) && closed(fds[2]));
	put_le32(d + 4, 4);
	CHECK_EQ(call(2, d, 32), EINVAL);
	put_le32(d + 4, 3);
	CHECK_EQ(call(2, d, 31), EINVAL);
	CHECK_EQ(call(2, d, 40), EINVAL);
	dev.err = -EEXIST;
	CHECK_EQ(call(2, d, 32), EEXIST);
	CHECK_EQ(dev.maps, 3);
	/* unmap: to the end of the address space */
	put_le32(d, 24);
	put_le32(d + 4, 0);
	put_le64(d + 8, 0xfef00000);
	put_le64(d + 16, 0xffffffff01100000ull);
	CHECK_EQ(call(3, d, 24), 0);
	CHECK_EQ(reply_len, 40);
	CHECK_EQ(dev.last, ~0ull);
	put_le64(d + 16, 0xffffffff01100001ull);
	CHECK_EQ(call(3, d, 24), EINVAL);
	put_le64(d + 16, 0);
	CHECK_EQ(call(3, d, 24), EINVAL);
	put_le32(d + 4, 2);				/* all */
	CHECK_EQ(call(3, d, 24), EINVAL);
	put_le64(d + 8, 0);
	CHECK_EQ(call(3, d, 24), 0);
	CHECK_EQ(dev.start, 0);
	CHECK_EQ(dev.last, ~0ull);
	put_le32(d + 4, 1);				/* dirty bitmap */
	CHECK_EQ(call(3, d, 24), EINVAL);
	CHECK_EQ(call(3, d, 23), EINVAL);
	CHECK_EQ(dev.unmaps, 2);
}

static int irq_call(uint32_t flags, uint32_t index, uint32_t from, uint32_t n,
		    const int *fds, unsigned int nfds, size_t more)
{
	uint8_t d[64] = { 0 };

	put_le32(d, 20);
	put_le32(d + 4, flags);
	put_le32(d + 8, index);
	put_le32(d + 12, from);
	put_le32(d + 16, n);
	d[20] = 1;
	return call_fds(8, d, 20 + more, fds, nfds);
}

static void test_set_irqs(void)
{
	int fds[4], i;

	fresh(true);
	for (i = 0; i < 4; i++)
		fds[i] = eventfd(0, 0);
	CHECK_EQ(irq_call(0x24, 2, 0, 1, NULL, 0, 0), 0);	/* detach */
	CHECK_EQ(dev.detaches, 1);
	CHECK_EQ(irq_call(0x24, 2, 31, 1, fds, 1, 0), 0);
	CHECK_EQ(dev.sets, 1);
	CHECK_EQ(dev.vector, 31);
	CHECK_EQ(irq_call(0x24, 1, 5, 2, fds + 1, 2, 0), 0);
	CHECK_EQ(dev.sets, 3);
	CHECK_EQ(dev.vector, 6);
	CHECK_EQ(irq_call(0x24, 2, 0, 2, fds + 3, 1, 0), EINVAL);	/* one for two */
	CHECK(closed(fds[3]));
	CHECK_EQ(irq_call(0x24, 2, 31, 2, NULL, 0, 0), EINVAL);
	CHECK_EQ(irq_call(0x24, 2, 33, 0, NULL, 0, 0), EINVAL);
	CHECK_EQ(irq_call(0x24, 2, ~0u, 2, NULL, 0, 0), EINVAL);
	CHECK_EQ(irq_call(0x24, 2, 1, ~0u, NULL, 0, 0), EINVAL);
	CHECK_EQ(irq_call(0x24, 5, 0, 1, NULL, 0, 0), EINVAL);
	dev.detaches = 0;
	CHECK_EQ(irq_call(0x21, 2, 0, 0, NULL, 0, 0), 0);	/* all off */
	CHECK_EQ(dev.detaches, 32);
	CHECK_EQ(irq_call(0x11, 0, 0, 1, NULL, 0, 0), 0);	/* INTx unmask */
	CHECK_EQ(dev.unmasks, 1);
	CHECK_EQ(irq_call(0x09, 0, 0, 1, NULL, 0, 0), 0);	/* mask */
	CHECK_EQ(irq_call(0x21, 2, 3, 1, NULL, 0, 0), 0);	/* loop-back */
	CHECK_EQ(dev.triggers, 1);
	CHECK_EQ(irq_call(0x22, 2, 3, 1, NULL, 0, 1), 0);
	CHECK_EQ(dev.triggers, 2);
	CHECK_EQ(irq_call(0x22, 2, 3, 2, NULL, 0, 1), EINVAL);	/* data too short */
	CHECK_EQ(irq_call(0x12, 0, 0, 1, NULL, 0, 1), 0);
	CHECK_EQ(dev.unmasks, 2);
	CHECK_EQ(irq_call(0x12, 0, 0, 1, NULL, 0, 0), EINVAL);
	CHECK_EQ(irq_call(0x20, 2, 0, 1, NULL, 0, 0), EINVAL);	/* no data kind */
	CHECK_EQ(irq_call(0x27, 2, 0, 1, NULL, 0, 0), EINVAL);
	CHECK_EQ(irq_call(0x01, 2, 0, 1, NULL, 0, 0), EINVAL);	/* no action */
	CHECK_EQ(irq_call(0x39, 2, 0, 1, NULL, 0, 0), EINVAL);
	CHECK_EQ(irq_call(0x14, 0, 0, 1, NULL, 0, 0), EINVAL);
	CHECK_EQ(irq_call(0x40, 0, 0, 1, NULL, 0, 0), EINVAL);
	CHECK_EQ(dev.triggers, 2);
}

static void test_reset_and_unknown(void)
{
	uint16_t c;

	fresh(true);
	CHECK_EQ(call(13, "", 0), 0);
	CHECK_EQ(reply_len, 16);
	CHECK_EQ(call(13, "x", 1), EINVAL);
	CHECK_EQ(dev.resets, 1);
	for (c = 14; c < 40; c++)
		CHECK_EQ(call(c, "12345678", 8), ENOSYS);
	CHECK_EQ(call(0, "", 0), ENOSYS);
	CHECK_EQ(call(6, "", 0), ENOSYS);
	CHECK_EQ(call(11, "", 0), ENOSYS);
	CHECK_EQ(call(0xffff, "", 0), ENOSYS);
}

static void test_bad_headers(void)
{
	uint8_t m[64];
	uint32_t size;

	for (size = 0; size < 16; size++) {
		fresh(true);
		message(m, 1, 13, CMD, NULL, 0);
		put_le32(m + 4, size);
		CHECK(!feed(m, 16, NULL, 0));
	}
	fresh(true);
	message(m, 1, 13, CMD, NULL, 0);
	put_le32(m + 4, VFU_MAX_MESSAGE + 1);
	CHECK(!feed(m, 16, NULL, 0));
	fresh(true);
	put_le32(m + 4, ~0u);
	CHECK(!feed(m, 16, NULL, 0));
	fresh(true);
	/* a reply to a question that was never asked */
	CHECK(!feed(m, message(m, 1, 13, 1, NULL, 0), NULL, 0));
	fresh(true);
	/* flags that mean nothing */
	CHECK(feed(m, message(m, 1, 13, 0x40, NULL, 0), NULL, 0));
	CHECK_EQ(get_le32(reply + 8), 0x21);
	CHECK(feed(m, message(m, 1, 13, 0x80000000, NULL, 0), NULL, 0));
	CHECK_EQ(dev.resets, 0);
}

/* Every right message, cut at every length: nothing but an error or silence. */
static void test_truncated(void)
{
	static const struct {
		uint16_t command;
		uint8_t len;
	} all[] = { { 1, 7 }, { 2, 32 }, { 3, 24 }, { 4, 16 }, { 5, 32 }, { 7, 16 },
		    { 8, 20 }, { 9, 16 }, { 10, 20 } };
	uint8_t m[128], d[64] = { 0 };
	size_t i, cut;

	for (i = 0; i < ARRAY_SIZE(all); i++) {
		for (cut = 0; cut < all[i].len; cut++) {
			fresh(true);
			/* the length says so, too: an error reply */
			if (all[i].command != 1)
				CHECK(call(all[i].command, d, cut) > 0);
			/* the length promises more: wait for it, answer nothing */
			fresh(true);
			message(m, 1, all[i].command, CMD, d, all[i].len);
			CHECK(feed(m, 16 + cut, NULL, 0));
			CHECK_EQ(replies, 0);
			CHECK(feed(m + 16 + cut, all[i].len - cut, NULL, 0));
			CHECK_EQ(replies, 1);
		}
	}
}

static void test_pieces(void)
{
	uint8_t m[400], d[32] = { 0 };
	size_t n = 0, i;

	/* several messages in one piece, and the same byte by byte */
	put_le32(d + 12, 4);
	for (i = 0; i < 5; i++)
		n += message(m + n, (uint16_t)i, 10, NO_REPLY, d, 20);
	n += message(m + n, 9, 13, CMD, NULL, 0);
	fresh(true);
	CHECK(feed(m, n, NULL, 0));
	CHECK_EQ(dev.writes, 5);
	CHECK_EQ(dev.resets, 1);
	CHECK_EQ(replies, 1);
	fresh(true);
	for (i = 0; i < n; i++)
		CHECK(feed(m + i, 1, NULL, 0));
	CHECK_EQ(dev.writes, 5);
	CHECK_EQ(dev.resets, 1);
	CHECK_EQ(session.have, 0);
}

static void test_fd_ownership(void)
{
	uint8_t m[400], d[32] = { 0 };
	int fds[20], i;
	size_t n;

	put_le32(d, 32);
	put_le32(d + 4, 3);
	put_le64(d + 24, 4096);
	/* two maps in one piece: the descriptor is the last one's */
	fresh(true);
	n = message(m, 1, 2, CMD, d, 32);
	n += message(m + n, 2, 2, CMD, d, 32);
	fds[0] = eventfd(0, 0);
	CHECK(feed(m, n, fds, 1));
	CHECK_EQ(dev.maps, 2);
	CHECK(dev.had_fd && closed(fds[0]));
	/* it comes with the first half */
	fresh(true);
	n = message(m, 1, 2, CMD, d, 32);
	fds[0] = eventfd(0, 0);
	CHECK(feed(m, 20, fds, 1));
	CHECK(feed(m + 20, n - 20, NULL, 0));
	CHECK(dev.had_fd && closed(fds[0]));
	/* behind a whole message that has none */
	fresh(true);
	n = message(m, 1, 13, CMD, NULL, 0);
	n += message(m + n, 2, 2, CMD, d, 32);
	fds[0] = eventfd(0, 0);
	CHECK(feed(m, 30, fds, 1));
	CHECK_EQ(dev.resets, 1);
	CHECK(!closed(fds[0]));
	CHECK(feed(m + 30, n - 30, NULL, 0));
	CHECK(dev.had_fd && closed(fds[0]));
	/* with a command that takes none: closed */
	fresh(true);
	fds[0] = eventfd(0, 0);
	CHECK_EQ(call_fds(13, "", 0, fds, 1), 0);
	CHECK(closed(fds[0]));
	/* too many, in small portions: the session ends, all are closed */
	fresh(true);
	message(m, 1, 2, CMD, d, 32);
	for (i = 0; i < 17; i++) {
		fds[i] = eventfd(0, 0);
		CHECK(feed(m + i, 1, &fds[i], 1) == (i < 16));
	}
	vfu_session_fini(&session);
	for (i = 0; i < 17; i++)
		CHECK(closed(fds[i]));
	/* the session ends in the middle of a message */
	fresh(true);
	fds[0] = eventfd(0, 0);
	CHECK(feed(m, 20, fds, 1));
	vfu_session_fini(&session);
	CHECK(closed(fds[0]));
}

static const struct test tests[] = {
	TEST(test_version), TEST(test_info), TEST(test_region_access), TEST(test_dma),
	TEST(test_set_irqs), TEST(test_reset_and_unknown), TEST(test_bad_headers),
	TEST(test_truncated), TEST(test_pieces), TEST(test_fd_ownership),
};

int main(int argc, char **argv)
{
	return tap_main(tests, ARRAY_SIZE(tests), argc, argv);
}
