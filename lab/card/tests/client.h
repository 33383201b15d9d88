/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vfio-user client for tests: does what QEMU does, message by message, and
 * can also send what QEMU never would. Starts the card's program and ends it.
 */
#ifndef TESTS_CLIENT_H
#define TESTS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CLIENT_NO_REPLY 0x10u
#define HANG_MS 60000	/* for what must come, however slow the machine is */

struct client {
	int fd;
	uint16_t id;
	int ram_fd;
	uint8_t *ram;
	size_t ram_size;
};

/* The program: a running exdma-card on a socket in a fresh directory. */
struct program {
	pid_t pid;
	char dir[64], socket[96], books[96], log[96];
};

/* Return: false (and a "#" line) when it did not come up. */
bool program_start(struct program *p, const char *binary, const char *spec);

/* The same in the directory of one that was started before. */
bool program_launch(struct program *p, const char *binary, const char *spec);

/*
 * Wait for files to appear in a directory: watch first, look, then wait. The
 * wait is at most HANG_MS. Return: a descriptor to close; whether something came.
 */
int watch_dir(const char *dir);
bool watch_wait(int watch);

/* SIGTERM, wait. Return: its exit status, or -1 when it was killed. */
int program_stop(struct program *p);

bool client_connect(struct client *c, const char *path);
void client_close(struct client *c);

/**
 * client_call() - one request and its reply
 * @c: the client
 * @command: number
 * @data: payload
 * @len: its length
 * @fds: descriptors to send
 * @nfds: how many
 * @reply: where the payload of the reply goes
 * @room: how much fits
 *
 * Return: bytes of reply payload, or -errno: the peer's error reply, or
 * -EPIPE when the connection ended, or -EBADMSG when the reply is no reply to
 * this.
 */
ssize_t client_call(struct client *c, uint16_t command, const void *data, size_t len,
		    const int *fds, unsigned int nfds, void *reply, size_t room);

/* Send raw bytes, with descriptors. */
bool client_send(struct client *c, const void *buf, size_t len, const int *fds, unsigned int nfds);

/* Has the server closed the connection? Waits up to HANG_MS. */
bool client_closed(struct client *c);

/* VERSION, RAM of @ram_size bytes mapped at 0, the queries QEMU makes, RESET. */
bool client_start(struct client *c, size_t ram_size);

int client_dma_map(struct client *c, uint64_t addr, uint64_t size, uint32_t prot,
		   int fd, uint64_t offset);
int client_dma_unmap(struct client *c, uint64_t addr, uint64_t size);
int client_set_irq(struct client *c, uint32_t flags, uint32_t index, uint32_t start,
		   uint32_t count, const int *fds, unsigned int nfds);

uint64_t client_read(struct client *c, uint32_t region, uint64_t off, unsigned int len);
void client_write(struct client *c, uint32_t region, uint64_t off, unsigned int len, uint64_t v);
/* As QEMU writes to memory BARs: no answer. */
void client_post(struct client *c, uint32_t region, uint64_t off, uint32_t v);

/* Wait for an eventfd. Return: its count, 0 after @ms milliseconds. */
uint64_t wait_event(int fd, int ms);

#endif
