// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fuzzing the server: any bytes, in pieces of any size, with descriptors in
 * odd places, into a session with the whole card behind it. Engines are
 * stepped in between.
 *
 * Input: one byte of options, then pieces: a length byte (its top bit: with a
 * descriptor of shared memory), and that many bytes; length 0x7f stands for a
 * well-formed register write made of the next 7 bytes.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../device.h"
#include "../spec.h"

#define MEMORY	(256u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The clock of this program: a fault may make the link slower than anybody waits for. */
static uint64_t fake_time = NSEC_PER_SEC;

uint64_t now_ns(void)
{
	return fake_time += 50;
}

void sleep_until(uint64_t ns)
{
	if (ns > fake_time)
		fake_time = ns;
}

static struct device dev;
static struct vfu_session session;
static int memory_fd = -1;

/* Every byte of a reply must be initialised and ours: look at all of them. */
static bool drop(void *ctx, const void *buf, size_t len)
{
	static uint8_t copy[VFU_MAX_MESSAGE];

	(void)ctx;
	if (len > sizeof(copy))
		abort();
	memcpy(copy, buf, len);
	return true;
}

static void set_up(void)
{
	struct card_config config;
	char error[100];

	if (!spec_parse("h2c=2,c2h=2,mem=8M,bypass=64K", &config, error, sizeof(error)))
		abort();
	config.xdma.threads = false;
	if (device_init(&dev, &config, NULL, NULL))
		abort();
	memory_fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (memory_fd < 0 || ftruncate(memory_fd, MEMORY))
		abort();
}

static bool give(const void *bytes, size_t n, bool with_fd)
{
	int fd = with_fd ? dup(memory_fd) : -1;
	size_t room;
	uint8_t *to = vfu_room(&session, &room);

	memcpy(to, bytes, n < room ? n : room);
	return vfu_received(&session, n < room ? n : room, &fd, with_fd);
}

static bool give_write(const uint8_t *p)
{
	uint8_t m[36] = { 1, 0, 10, 0, 36, 0, 0, 0, 0x10 };

	put_le64(m + 16, get_le16(p) & 0xfffc);
	put_le32(m + 24, p[2] % 8);
	put_le32(m + 28, 4);
	memcpy(m + 32, p + 3, 4);
	return give(m, sizeof(m), false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool ok = true;

	if (memory_fd < 0)
		set_up();
	if (!size)
		return 0;
	vfu_session_init(&session, &device_vfu_ops, &dev, drop, NULL);
	session.agreed = *data & 1;
	if (*data & 2) {	/* as after a driver's start */
		uint8_t command[2] = { 6, 0 };

		guestmem_map(&dev.card.host, 0, MEMORY, 3, memory_fd, 0);
		card_config_write(&dev.card, 4, command, 2);
	}
	data++;
	size--;
	while (ok && size) {
		bool with_fd = *data & 0x80;
		size_t n = *data & 0x7f;

		data++;
		size--;
		if (n == 0x7f && size >= 7) {
			ok = give_write(data);
			n = 7;
		} else {
			n = min_u64(n, size);
			if (n)
				ok = give(data, n, with_fd);
		}
		data += n;
		size -= n;
		xdma_poll(&dev.card.xdma, 20);
	}
	vfu_session_fini(&session);
	device_vfu_ops.disconnected(&dev);
	return 0;
}
