// SPDX-License-Identifier: GPL-2.0-only
/*
 * The socket around the protocol: listen, accept, receive, send.
 *
 * Threads: vfu_server_run() accepts; a session has a thread of its own that
 * receives, carries out and answers in order. There is one session at a time.
 * A second client is turned away at once (it would wait 5 s otherwise), unless
 * the first has just gone: then the next waits until that session is cleaned up.
 *
 * Locking: srv->lock guards conn_fd and stopping, so that vfu_server_stop() can
 * wake both threads by shutting their sockets down, and never one that has been
 * closed and is somebody else's by now.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "util.h"
#include "vfu.h"

static bool send_all(void *ctx, const void *buf, size_t len)
{
	int fd = *(int *)ctx;
	ssize_t n;

	while (len) {
		n = send(fd, buf, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		buf = (const uint8_t *)buf + n;
		len -= (size_t)n;
	}
	return true;
}

/* Take the descriptors out of a control buffer; false when some were lost. */
static bool get_fds(struct msghdr *mh, int *fds, unsigned int *nfds)
{
	struct cmsghdr *c;

	*nfds = 0;
	for (c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		/* the buffer has room for VFU_MAX_FDS in all */
		memcpy(fds + *nfds, CMSG_DATA(c), n * sizeof(int));
		*nfds += (unsigned int)n;
	}
	return !(mh->msg_flags & MSG_CTRUNC);
}

/* Receive once; false when the session is over. */
static bool receive(struct vfu_session *s, int fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(VFU_MAX_FDS * sizeof(int))];
	} control;
	struct iovec iov;
	struct msghdr mh = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf, .msg_controllen = sizeof(control.buf),
	};
	int fds[VFU_MAX_FDS];
	unsigned int nfds, i;
	bool whole;
	ssize_t n;

	iov.iov_base = vfu_room(s, &iov.iov_len);
	n = recvmsg(fd, &mh, MSG_CMSG_CLOEXEC);
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0)
		return false;
	whole = get_fds(&mh, fds, &nfds);
	if (n == 0 || !whole) {
		for (i = 0; i < nfds; i++)
			close(fds[i]);
		return false;
	}
	return vfu_received(s, (size_t)n, fds, nfds);
}

static void *session_thread(void *arg)
{
	struct vfu_server *srv = arg;
	int fd = srv->conn_fd;

	prctl(PR_SET_NAME, "vfio-user");
	vfu_session_init(&srv->session, srv->ops, srv->ctx, send_all, &fd);
	srv->ops->connected(srv->ctx);
	while (receive(&srv->session, fd))
		;
	vfu_session_fini(&srv->session);
	srv->ops->disconnected(srv->ctx);
	pthread_mutex_lock(&srv->lock);
	srv->conn_fd = -1;
	pthread_mutex_unlock(&srv->lock);
	close(fd);
	return NULL;
}

/* Has the present client, if any, closed its end? */
static bool client_gone(struct vfu_server *srv)
{
	struct pollfd p = { .events = POLLIN | POLLRDHUP };
	bool gone;

	pthread_mutex_lock(&srv->lock);
	p.fd = srv->conn_fd;
	gone = p.fd < 0 || (poll(&p, 1, 0) == 1 &&
			    (p.revents & (POLLHUP | POLLRDHUP | POLLERR)));
	pthread_mutex_unlock(&srv->lock);
	return gone;
}

static void join_session(struct vfu_server *srv)
{
	if (srv->thread_there)
		pthread_join(srv->thread, NULL);
	srv->thread_there = false;
}

static void start_session(struct vfu_server *srv, int fd)
{
	bool stopping;

	pthread_mutex_lock(&srv->lock);
	stopping = srv->stopping;
	if (!stopping)
		srv->conn_fd = fd;
	pthread_mutex_unlock(&srv->lock);
	if (!stopping && pthread_create(&srv->thread, NULL, session_thread, srv) == 0) {
		srv->thread_there = true;
		return;
	}
	pthread_mutex_lock(&srv->lock);
	srv->conn_fd = -1;
	pthread_mutex_unlock(&srv->lock);
	close(fd);
}

void vfu_server_run(struct vfu_server *srv)
{
	for (;;) {
		int fd = accept4(srv->listen_fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0) {
			bool stopping;

			pthread_mutex_lock(&srv->lock);
			stopping = srv->stopping;
			pthread_mutex_unlock(&srv->lock);
			if (stopping)
				break;
			if (errno == EINTR || errno == ECONNABORTED)
				continue;
			log_line("accept: %s", strerror(errno));
			break;
		}
		if (!client_gone(srv)) {
			log_line("a second client was turned away");
			close(fd);
			continue;
		}
		join_session(srv);
		start_session(srv, fd);
	}
	join_session(srv);
}

void vfu_server_stop(struct vfu_server *srv)
{
	pthread_mutex_lock(&srv->lock);
	srv->stopping = true;
	shutdown(srv->listen_fd, SHUT_RDWR);
	if (srv->conn_fd >= 0)
		shutdown(srv->conn_fd, SHUT_RDWR);
	pthread_mutex_unlock(&srv->lock);
}

/* A socket file that nobody listens on is left over from a crash. */
static bool stale(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool refused;

	if (fd < 0)
		return false;
	refused = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0 &&
		  errno == ECONNREFUSED;
	close(fd);
	return refused;
}

int vfu_server_open(struct vfu_server *srv, const char *path,
		    const struct vfu_ops *ops, void *ctx)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int err;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	memcpy(srv->path, path, strlen(path) + 1);
	srv->ops = ops;
	srv->ctx = ctx;
	srv->conn_fd = -1;
	srv->stopping = false;
	srv->thread_there = false;
	srv->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (srv->listen_fd < 0)
		return -errno;
	err = bind(srv->listen_fd, (struct sockaddr *)&addr, sizeof(addr));
	if (err && errno == EADDRINUSE && stale(&addr)) {
		unlink(path);
		err = bind(srv->listen_fd, (struct sockaddr *)&addr, sizeof(addr));
	}
	if (err || listen(srv->listen_fd, 8)) {
		err = -errno;
		close(srv->listen_fd);
		return err;
	}
	pthread_mutex_init(&srv->lock, NULL);
	return 0;
}

void vfu_server_close(struct vfu_server *srv)
{
	close(srv->listen_fd);
	unlink(srv->path);
	pthread_mutex_destroy(&srv->lock);
}
