// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests in flight; see flight.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
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

/* One look, or one wait for at least one. */
static unsigned int land_aio(struct flight *f, bool wait)
{
	struct timespec at_once = { 0 };
	struct io_event events[64];
	int got, i;

	got = io_getevents(f->aio, wait, 64, events, wait ? NULL : &at_once);
	for (i = 0; i < got; i++)
		landed(f, events[i].data, (long)events[i].res);
	return got > 0 ? got : 0;
}

static unsigned int land_uring(struct flight *f, bool wait)
{
	struct io_uring_cqe *cqe;
	unsigned int head, got = 0;

	if (is_polled(f))
		io_uring_enter(f->ring.ring_fd, 0, 0, IORING_ENTER_GETEVENTS, NULL);
	else if (wait)
		io_uring_wait_cqe(&f->ring, &cqe);
	else
		io_uring_get_events(&f->ring);
	io_uring_for_each_cqe(&f->ring, head, cqe) {
		landed(f, io_uring_cqe_get_data(cqe), cqe->res);
		got++;
	}
	io_uring_cq_advance(&f->ring, got);
	return got;
}

static unsigned int land(struct flight *f, bool wait)
{
	return f->method == FLIGHT_AIO ? land_aio(f, wait) : land_uring(f, wait);
}

unsigned int flight_land(struct flight *f, unsigned int least)
{
	struct patience p;
	unsigned int got = land(f, false);

	if (got >= least)
		return got;
	p = patience(PATIENCE_BEATS);
	patience_wakes(&p);
	do {
		got += land(f, true);
	} while (got < least && patient(&p));
	patience_ends(&p);
	return got;
}
