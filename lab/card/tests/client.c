// SPDX-License-Identifier: GPL-2.0-only
/* A vfio-user client for tests (see client.h). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../util.h"
#include "client.h"

/* --- the program --------------------------------------------------------- */

static bool can_connect(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	ok = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;
	close(fd);
	return ok;
}

int watch_dir(const char *dir)
{
	int fd = inotify_init1(IN_CLOEXEC);

	inotify_add_watch(fd, dir, IN_CREATE | IN_MOVED_TO);
	return fd;
}

bool watch_wait(int watch)
{
	struct pollfd p = { .fd = watch, .events = POLLIN };
	char events[4096];

	return poll(&p, 1, HANG_MS) == 1 && read(watch, events, sizeof(events)) > 0;
}

bool program_launch(struct program *p, const char *binary, const char *spec)
{
	char sock[128], specs[256], books[128], logs[128];
	int status, watch;
	bool up;

	snprintf(sock, sizeof(sock), "--socket-path=%s", p->socket);
	snprintf(specs, sizeof(specs), "--spec=%s", spec);
	snprintf(books, sizeof(books), "--books=%s", p->books);
	snprintf(logs, sizeof(logs), "--log=%s", p->log);
	watch = watch_dir(p->dir);
	p->pid = fork();
	if (!p->pid) {
		execl(binary, binary, sock, specs, books, logs, (char *)NULL);
		_exit(127);
	}
	while (!(up = can_connect(p->socket))) {
		if (waitpid(p->pid, &status, WNOHANG) == p->pid)
			break;
		/* the socket's file comes a moment before it listens */
		if (access(p->socket, F_OK) && !watch_wait(watch))
			break;
	}
	close(watch);
	if (!up)
		printf("# %s did not come up\n", binary);
	return up;
}

bool program_start(struct program *p, const char *binary, const char *spec)
{
	snprintf(p->dir, sizeof(p->dir), "/tmp/exdma-card-test.XXXXXX");
	if (!mkdtemp(p->dir))
		return false;
	snprintf(p->socket, sizeof(p->socket), "%s/sock", p->dir);
	snprintf(p->books, sizeof(p->books), "%s/books", p->dir);
	snprintf(p->log, sizeof(p->log), "%s/log", p->dir);
	return program_launch(p, binary, spec);
}

int program_stop(struct program *p)
{
	int status;

	kill(p->pid, SIGTERM);
	waitpid(p->pid, &status, 0);
	unlink(p->socket);
	unlink(p->books);
	unlink(p->log);
	rmdir(p->dir);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* --- messages ------------------------------------------------------------ */

bool client_connect(struct client *c, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	memset(c, 0, sizeof(*c));
	c->ram_fd = -1;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	return connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)) == 0;
}

void client_close(struct client *c)
{
	close(c->fd);
	if (c->ram_fd >= 0) {
		munmap(c->ram, c->ram_size);
		close(c->ram_fd);
	}
	c->ram_fd = -1;
}

bool client_send(struct client *c, const void *buf, size_t len, const int *fds, unsigned int nfds)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(32 * sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = (void *)(uintptr_t)buf, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cm;

	if (nfds) {
		memset(&control, 0, sizeof(control));
		mh.msg_control = control.buf;
		mh.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(cm), fds, nfds * sizeof(int));
	}
	return sendmsg(c->fd, &mh, MSG_NOSIGNAL) == (ssize_t)len;
}

static bool read_all(int fd, void *buf, size_t len)
{
	ssize_t n;

	for (; len; len -= (size_t)n, buf = (uint8_t *)buf + n) {
		n = read(fd, buf, len);
		if (n <= 0)
			return false;
	}
	return true;
}

static size_t make_message(struct client *c, uint8_t *msg, uint16_t command,
			   uint32_t flags, const void *data, size_t len)
{
	put_le16(msg, ++c->id);
	put_le16(msg + 2, command);
	put_le32(msg + 4, (uint32_t)(16 + len));
	put_le32(msg + 8, flags);
	put_le32(msg + 12, 0);
	memcpy(msg + 16, data, len);
	return 16 + len;
}

ssize_t client_call(struct client *c, uint16_t command, const void *data, size_t len,
		    const int *fds, unsigned int nfds, void *reply, size_t room)
{
	uint8_t msg[9000], hdr[16];
	uint32_t size;

	if (!client_send(c, msg, make_message(c, msg, command, 0, data, len), fds, nfds))
		return -EPIPE;
	/* like QEMU: the header must come in one piece */
	if (recv(c->fd, hdr, sizeof(hdr), 0) != sizeof(hdr))
		return -EPIPE;
	size = get_le32(hdr + 4);
	if (get_le16(hdr) != c->id || get_le16(hdr + 2) != command || size < 16 ||
	    (get_le32(hdr + 8) & 0xf) != 1)
		return -EBADMSG;
	if (get_le32(hdr + 8) & 0x20)
		return size == 16 && get_le32(hdr + 12) ? -(ssize_t)get_le32(hdr + 12) : -EBADMSG;
	if (size - 16 > room || !read_all(c->fd, reply, size - 16))
		return -EBADMSG;
	return size - 16;
}

bool client_closed(struct client *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };
	char byte;

	return poll(&p, 1, HANG_MS) == 1 && read(c->fd, &byte, 1) <= 0;
}

int client_dma_map(struct client *c, uint64_t addr, uint64_t size, uint32_t prot,
		   int fd, uint64_t offset)
{
	uint8_t d[32], r[32];

	put_le32(d, 32);
	put_le32(d + 4, prot);
	put_le64(d + 8, offset);
	put_le64(d + 16, addr);
	put_le64(d + 24, size);
	return (int)client_call(c, 2, d, sizeof(d), &fd, fd >= 0, r, sizeof(r));
}

int client_dma_unmap(struct client *c, uint64_t addr, uint64_t size)
{
	uint8_t d[24], r[24];

	put_le32(d, 24);
	put_le32(d + 4, 0);
	put_le64(d + 8, addr);
	put_le64(d + 16, size);
	return (int)client_call(c, 3, d, sizeof(d), NULL, 0, r, sizeof(r));
}

int client_set_irq(struct client *c, uint32_t flags, uint32_t index, uint32_t start,
		   uint32_t count, const int *fds, unsigned int nfds)
{
	uint8_t d[20], r[20];

	put_le32(d, 20);
	put_le32(d + 4, flags);
	put_le32(d + 8, index);
	put_le32(d + 12, start);
	put_le32(d + 16, count);
	return (int)client_call(c, 8, d, sizeof(d), fds, nfds, r, sizeof(r));
}

uint64_t client_read(struct client *c, uint32_t region, uint64_t off, unsigned int len)
{
	uint8_t d[16], r[24] = { 0 };

	put_le64(d, off);
	put_le32(d + 8, region);
	put_le32(d + 12, len);
	if (client_call(c, 9, d, sizeof(d), NULL, 0, r, sizeof(r)) != (ssize_t)(16 + len))
		return ~0ull;
	return get_le64(r + 16);
}

static size_t make_write(uint8_t *d, uint32_t region, uint64_t off, unsigned int len, uint64_t v)
{
	put_le64(d, off);
	put_le32(d + 8, region);
	put_le32(d + 12, len);
	put_le64(d + 16, v);
	return 16 + len;
}

void client_write(struct client *c, uint32_t region, uint64_t off, unsigned int len, uint64_t v)
{
	uint8_t d[24], r[24];

	if (client_call(c, 10, d, make_write(d, region, off, len, v), NULL, 0, r, sizeof(r)) != 16)
		printf("# write to region %u, 0x%llx failed\n", region, (unsigned long long)off);
}

void client_post(struct client *c, uint32_t region, uint64_t off, uint32_t v)
{
	uint8_t msg[64], d[24];
	size_t n = make_write(d, region, off, 4, v);

	client_send(c, msg, make_message(c, msg, 10, CLIENT_NO_REPLY, d, n), NULL, 0);
}

/* --- the start-up sequence ----------------------------------------------- */

static bool start_version(struct client *c)
{
	static const char json[] =
		"{\"capabilities\": {\"pgsizes\": 4096, \"max_msg_fds\": 16, "
		"\"max_dma_maps\": 65535, \"max_data_xfer_size\": 1048576, "
		"\"migration\": {\"max_bitmap_size\": 268435456, \"pgsize\": 4096}, "
		"\"write_multiple\": true}}";
	uint8_t d[4 + sizeof(json)], r[214];
	ssize_t n;

	memset(d, 0, 4);
	memcpy(d + 4, json, sizeof(json));
	/* the reply must fit where the request was */
	n = client_call(c, 1, d, sizeof(d), NULL, 0, r, sizeof(d));
	return n > 4 && get_le32(r) == 0 && !r[n - 1] && strstr((char *)r + 4, "max_msg_fds");
}

static bool start_queries(struct client *c)
{
	static const uint8_t regions[] = { 0, 1, 2, 3, 4, 5, 7 };
	uint8_t d[32] = { 16 }, r[4200];
	unsigned int i;

	if (client_call(c, 4, d, 16, NULL, 0, r, 16) != 16 || get_le32(r + 4) != 3)
		return false;
	for (i = 0; i < sizeof(regions); i++) {
		memset(d, 0, sizeof(d));
		d[0] = 32;
		d[8] = regions[i];
		if (client_call(c, 5, d, 32, NULL, 0, r, 32) != 32 || r[8] != regions[i])
			return false;
	}
	for (i = 2; i <= 3; i++) {
		memset(d, 0, sizeof(d));
		d[0] = 16;
		d[8] = (uint8_t)i;
		if (client_call(c, 7, d, 16, NULL, 0, r, 16) != 16)
			return false;
	}
	memset(d, 0, sizeof(d));
	d[8] = 7;
	put_le32(d + 12, 4096);
	return client_call(c, 9, d, 16, NULL, 0, r, sizeof(r)) == 16 + 4096;
}

static bool start_reset(struct client *c)
{
	uint8_t r[16];
	unsigned int i;

	/* the ROM is sized and must not appear */
	client_write(c, 7, 0x30, 4, 0xfffff800);
	if (client_read(c, 7, 0x30, 4) != 0)
		return false;
	client_write(c, 7, 4, 2, 0);
	if (client_read(c, 7, 0x44, 2) != 0x0008)
		return false;
	if (client_call(c, 13, "", 0, NULL, 0, r, sizeof(r)) != 0)
		return false;
	for (i = 0; i < 6; i++)
		client_write(c, 7, 0x10 + 4 * i, 4, 0);
	return true;
}

bool client_start(struct client *c, size_t ram_size)
{
	if (!start_version(c))
		return false;
	c->ram_size = ram_size;
	c->ram_fd = memfd_create("ram", MFD_CLOEXEC);
	if (c->ram_fd < 0 || ftruncate(c->ram_fd, (off_t)ram_size))
		return false;
	c->ram = mmap(NULL, ram_size, PROT_READ | PROT_WRITE, MAP_SHARED, c->ram_fd, 0);
	if (c->ram == MAP_FAILED)
		return false;
	/* 0 = success, with an empty reply */
	if (client_dma_map(c, 0, ram_size, 3, c->ram_fd, 0) ||
	    client_dma_map(c, 0xfffc0000, 0x40000, 1, -1, 0))
		return false;
	return start_queries(c) && start_reset(c);
}

uint64_t wait_event(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t n = 0;

	if (poll(&p, 1, ms) != 1 || read(fd, &n, sizeof(n)) != sizeof(n))
		return 0;
	return n;
}
