/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests in flight: the asynchronous interfaces of the kernel behind one set
 * of calls. Knows libaio and liburing; nothing of cards and patterns.
 */
#ifndef SELFTESTS_FLIGHT_H
#define SELFTESTS_FLIGHT_H

#include <libaio.h>
#include <liburing.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum flight_method {
	FLIGHT_AIO,
	FLIGHT_URING,
	FLIGHT_FIXED,		/* registered buffers */
	FLIGHT_IOPOLL,		/* completions are polled for; files need O_DIRECT */
	FLIGHT_FIXED_IOPOLL,
};

/**
 * struct flight_request - one of them
 * @fd: which file
 * @write: to the file, or from it
 * @flags: RWF_*
 * @buf: the data; with registered buffers, within what was registered
 * @len: bytes
 * @iov: instead of @buf and @len, never a registered buffer
 * @pieces: of @iov
 * @addr: offset in the file
 * @result: what came of it, bytes or -errno, when @done
 * @done: it has completed
 * @place: how many of its flight completed before it
 */
struct flight_request {
	int fd;
	bool write;
	int flags;
	uint8_t *buf;
	size_t len;
	const struct iovec *iov;
	int pieces;
	uint64_t addr;
	long long result;
	bool done;
	unsigned int place;
};

/* A queue; not to be used by two threads at once. */
struct flight {
	enum flight_method method;
	unsigned int depth;	/* most in flight */
	unsigned int landed;	/* ever */
	io_context_t aio;
	struct io_uring ring;
};

/* What a file has to be opened with, besides its direction. */
int flight_open_flags(enum flight_method method);

/* Return: 0 or -errno. */
int flight_open(struct flight *f, enum flight_method method, unsigned int depth);
void flight_close(struct flight *f);

/* Registers memory where the method needs it. Return: 0 or -errno. */
int flight_buffer(struct flight *f, void *base, size_t len);

/**
 * flight_launch() - submit, in order, with one system call
 * @f: the queue
 * @r: the first; they lie behind each other and stay until they are done
 * @n: how many
 *
 * Return: how many were taken, or -errno.
 */
int flight_launch(struct flight *f, struct flight_request *r, unsigned int n);

/**
 * flight_land() - take what has completed
 * @f: the queue
 * @least: to wait for so many
 *
 * Return: how many have completed; fewer than @least if they do not come.
 */
unsigned int flight_land(struct flight *f, unsigned int least);

#endif /* SELFTESTS_FLIGHT_H */
