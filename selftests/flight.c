// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests in flight; see flight.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "flight.h"

static bool is_polled(const struct flight *f)
{
	return f->method == FLIGHT_IOPOLL || f->method == FLIGHT_FIXED_IOPOLL;
}

static bool is_fixed(const struct flight *f)
{
	return f->method == FLIGHT_FIXED || f->method == FLIGHT_FIXED_IOPOLL;
}

int flight_open_flags(enum flight_method method)
{
	return method == FLIGHT_IOPOLL || method == FLIGHT_FIXED_IOPOLL ? O_DIRECT : 0;
}

int flight_open(struct flight *f, enum flight_method method, unsigned int depth)
{
	memset(f, 0, sizeof(*f));
	f->method = method;
	f->depth = depth;
	if (method == FLIGHT_AIO)
		return io_setup(depth, &f->aio);
	return io_uring_queue_init(depth, &f->ring, is_polled(f) ? IORING_SETUP_IOPOLL : 0);
}

void flight_close(struct flight *f)
{
	if (f->method == FLIGHT_AIO)
		io_destroy(f->aio);
	else
		io_uring_queue_exit(&f->ring);
}

int flight_buffer(struct flight *f, void *base, size_t len)
{
	struct iovec iov = { base, len };

	return is_fixed(f) ? io_uring_register_buffers(&f->ring, &iov, 1) : 0;
}

static int launch_aio(struct flight *f, struct flight_request *r, unsigned int n)
{
	struct iocb *cbs = calloc(n, sizeof(*cbs)), **list = calloc(n, sizeof(*list));
	unsigned int i;
	int ret;

	for (i = 0; i < n; i++, r++) {
		if (r->iov && r->write)
			io_prep_pwritev(&cbs[i], r->fd, r->iov, r->pieces, r->addr);
		else if (r->iov)
			io_prep_preadv(&cbs[i], r->fd, r->iov, r->pieces, r->addr);
		else if (r->write)
			io_prep_pwrite(&cbs[i], r->fd, r->buf, r->len, r->addr);
		else
			io_prep_pread(&cbs[i], r->fd, r->buf, r->len, r->addr);
		cbs[i].aio_rw_flags = r->flags;
		cbs[i].data = r;
		list[i] = &cbs[i];
	}
	ret = io_submit(f->aio, n, list);
	free(list);
	free(cbs);
	return ret;
}

static int launch_uring(struct flight *f, struct flight_request *r, unsigned int n)
{
	struct io_uring_sqe *sqe;
	unsigned int i;

	for (i = 0; i < n; i++, r++) {
		sqe = io_uring_get_sqe(&f->ring);
		if (!sqe)
			return -EAGAIN;
		if (r->iov && r->write)
			io_uring_prep_writev2(sqe, r->fd, r->iov, r->pieces, r->addr, r->flags);
		else if (r->iov)
			io_uring_prep_readv2(sqe, r->fd, r->iov, r->pieces, r->addr, r->flags);
		else if (is_fixed(f) && r->write)
			io_uring_prep_write_fixed(sqe, r->fd, r->buf, r->len, r->addr, 0);
		else if (is_fixed(f))
			io_uring_prep_read_fixed(sqe, r->fd, r->buf, r->len, r->addr, 0);
		else if (r->write)
			io_uring_prep_write(sqe, r->fd, r->buf, r->len, r->addr);
		else
			io_uring_prep_read(sqe, r->fd, r->buf, r->len, r->addr);
		sqe->rw_flags = r->flags;
		io_uring_sqe_set_data(sqe, r);
	}
	return io_uring_submit(&f->ring);
}

int flight_launch(struct flight *f, struct flight_request *r, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		r[i].done = false;
	return f->method == FLIGHT_AIO ? launch_aio(f, r, n) : launch_uring(f, r, n);
}

static void landed(struct flight *f, struct flight_request *r, long long result)
{
	r->result = result;
	r->place = f->landed++;
	r->done = true;
}

/* One look, which may wait for as long as @limit. */
static unsigned int land_aio(struct flight *f, struct timespec *limit)
{
	struct io_event events[64];
	int got, i;

	got = io_getevents(f->aio, limit->tv_sec || limit->tv_nsec, 64, events, limit);
	for (i = 0; i < got; i++)
		landed(f, events[i].data, (long)events[i].res);
	return got > 0 ? got : 0;
}

static unsigned int land_uring(struct flight *f, const struct timespec *limit)
{
	struct __kernel_timespec wait = { limit->tv_sec, limit->tv_nsec };
	struct io_uring_cqe *cqe;
	unsigned int head, got = 0;

	if (is_polled(f))
		io_uring_enter(f->ring.ring_fd, 0, 0, IORING_ENTER_GETEVENTS, NULL);
	else if (wait.tv_sec || wait.tv_nsec)
		io_uring_wait_cqe_timeout(&f->ring, &cqe, &wait);
	else
		io_uring_get_events(&f->ring);
	io_uring_for_each_cqe(&f->ring, head, cqe) {
		landed(f, io_uring_cqe_get_data(cqe), cqe->res);
		got++;
	}
	io_uring_cq_advance(&f->ring, got);
	return got;
}

static uint64_t milliseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

unsigned int flight_land(struct flight *f, unsigned int least, unsigned int timeout_ms)
{
	uint64_t now = milliseconds(), end = now + timeout_ms, left;
	struct timespec limit;
	unsigned int got = 0;

	do {
		left = got < least && end > now ? end - now : 0;
		limit.tv_sec = left / 1000;
		limit.tv_nsec = left % 1000 * 1000000;
		got += f->method == FLIGHT_AIO ? land_aio(f, &limit) : land_uring(f, &limit);
		now = milliseconds();
	} while (got < least && now < end);
	return got;
}
