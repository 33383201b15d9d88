// SPDX-License-Identifier: GPL-2.0-only
/*
 * signals.c - signals that end a command, as something to poll for
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "signals.h"

/* what was blocked before; there is one such mask in a process */
static sigset_t before;

static void add(sigset_t *set, int signal)
{
	struct sigaction action;

	/* a blocked signal would come although it is ignored */
	if (!sigaction(signal, NULL, &action) && action.sa_handler != SIG_IGN)
		sigaddset(set, signal);
}

int signals_open(bool screen)
{
	sigset_t set;

	sigemptyset(&set);
	add(&set, SIGINT);
	add(&set, SIGTERM);
	add(&set, SIGHUP);
	add(&set, SIGQUIT);
	if (screen) {
		sigaddset(&set, SIGWINCH);
		add(&set, SIGTSTP);
	}
	if (sigprocmask(SIG_BLOCK, &set, &before))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int signals_take(int fd)
{
	struct signalfd_siginfo info;

	return read(fd, &info, sizeof(info)) == sizeof(info) ?
		       (int)info.ssi_signo : 0;
}

int signals_write(int fd, int to, const char *text, size_t size)
{
	struct pollfd fds[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = to, .events = POLLOUT },
	};
	ssize_t done;

	while (size) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return -1;
		if (!fds[1].revents && fds[0].revents)
			return 0;
		if (!fds[1].revents)
			continue;
		/* a pipe that is ready takes so much without a wait */
		done = write(to, text, size < PIPE_BUF ? size : PIPE_BUF);
		if (done < 0 && errno != EINTR && errno != EAGAIN)
			return -1;
		if (done > 0) {
			text += done;
			size -= done;
		}
	}
	return 0;
}

void signals_close(int fd)
{
	if (fd < 0)
		return;
	close(fd);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void signals_restore(void)
{
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void signals_die(int number)
{
	sigset_t set;

	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
	_exit(128 + number);
}
