/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vfio-user, the server's side: messages to calls of a device, and replies.
 * Knows the protocol and nothing of the device behind struct vfu_ops.
 *
 * vfu-proto.c is the protocol on bytes, without any socket, so that it can be
 * tested and fuzzed; vfu-server.c is the socket around it.
 *
 * Threads: one session is used by one thread. The operations must not block
 * for long: the client gives up on an answer after 5 s, and holds its virtual
 * CPUs meanwhile.
 */
#ifndef CARD_VFU_H
#define CARD_VFU_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VFU_MAX_DATA		65536u	/* most bytes of one region access */
#define VFU_MAX_MESSAGE		(VFU_MAX_DATA + 64u)
#define VFU_MAX_FDS		16u
#define VFU_CONFIG_REGION	7u
#define VFU_NUM_REGIONS		9u

enum vfu_irq { VFU_INTX, VFU_MSI, VFU_MSIX, VFU_ERR, VFU_REQ, VFU_NUM_IRQS };

struct vfu_ops {
	/* bytes of a region, 0 when it is not there */
	uint64_t (*region_size)(void *ctx, unsigned int region);
	/* false: no such place */
	bool (*region_read)(void *ctx, unsigned int region, uint64_t off, void *buf, size_t len);
	bool (*region_write)(void *ctx, unsigned int region, uint64_t off,
			     const void *buf, size_t len);
	/* vectors of an interrupt kind */
	unsigned int (*irq_count)(void *ctx, enum vfu_irq irq);
	/* listen on @fd from now on (taken over); -1: nobody listens */
	void (*irq_set)(void *ctx, enum vfu_irq irq, unsigned int vector, int fd);
	void (*irq_unmask)(void *ctx, enum vfu_irq irq);
	/* loop-back: raise it as if the device had */
	void (*irq_trigger)(void *ctx, enum vfu_irq irq, unsigned int vector);
	/* 0 or -errno; @fd is -1 or stays the caller's; @prot: 1 read, 2 write */
	int (*dma_map)(void *ctx, uint64_t start, uint64_t size, uint32_t prot,
		       int fd, uint64_t offset);
	/* on return nothing accesses start .. last any more */
	int (*dma_unmap)(void *ctx, uint64_t start, uint64_t last);
	void (*reset)(void *ctx);
	void (*connected)(void *ctx);
	void (*disconnected)(void *ctx);
};

struct vfu_session {
	const struct vfu_ops *ops;
	void *ctx;
	/* send one whole message; false when the peer is gone */
	bool (*send)(void *ctx, const void *buf, size_t len);
	void *send_ctx;

	bool agreed;			/* VERSION was exchanged */
	size_t have;			/* bytes in in[] */
	int fds[VFU_MAX_FDS];		/* came with the first message in in[] */
	unsigned int nfds;
	uint8_t in[VFU_MAX_MESSAGE];
	uint8_t out[VFU_MAX_MESSAGE];
};

void vfu_session_init(struct vfu_session *s, const struct vfu_ops *ops, void *ctx,
		      bool (*send)(void *ctx, const void *buf, size_t len), void *send_ctx);
void vfu_session_fini(struct vfu_session *s);

/**
 * vfu_room() - where the next received bytes go
 * @s: the session
 * @room: set to how many may be put there; never 0
 */
uint8_t *vfu_room(struct vfu_session *s, size_t *room);

/**
 * vfu_received() - bytes have been put there
 * @s: the session
 * @len: how many
 * @fds: descriptors that came with them; taken over
 * @nfds: how many of these
 *
 * Carries out and answers every message that is complete. A bad message gets
 * an error reply; what cannot be a message ends the session.
 *
 * Return: false when the connection must be closed.
 */
bool vfu_received(struct vfu_session *s, size_t len, const int *fds, unsigned int nfds);

struct vfu_server {
	const struct vfu_ops *ops;
	void *ctx;
	char path[108];
	int listen_fd;
	pthread_mutex_t lock;	/* conn_fd, stopping */
	int conn_fd;		/* -1: no client */
	bool stopping;
	pthread_t thread;	/* of the one session */
	bool thread_there;
	struct vfu_session session;
};

/**
 * vfu_server_open() - listen on a socket
 * @srv: filled in
 * @path: of the socket; a stale one is replaced
 * @ops: the device
 * @ctx: its argument
 *
 * Return: 0 or -errno; -EADDRINUSE when somebody listens there,
 * -ENAMETOOLONG.
 */
int vfu_server_open(struct vfu_server *srv, const char *path,
		    const struct vfu_ops *ops, void *ctx);

/* Serve one client after another until vfu_server_stop(). */
void vfu_server_run(struct vfu_server *srv);

/* End vfu_server_run(). Context: any thread. */
void vfu_server_stop(struct vfu_server *srv);

void vfu_server_close(struct vfu_server *srv);

#endif
