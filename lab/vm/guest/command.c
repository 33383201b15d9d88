// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command: started as the host wishes, its output passed to the host's
 * ports, its status returned. Knows nothing of how the machine came up.
 *
 * Output goes through pipes although the ports are devices of their own: a
 * program may open /dev/stdout again, which a port does not allow.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

/* How long leftovers of the command may still hold its output, in ms. */
#define GRACE_MS 2000

struct relay {
	int from;
	int to;
};

static char *read_file(const char *path, size_t *size)
{
	size_t used = 0, room = 65536;
	char *text = malloc(room + 1);
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || !text)
		fail("cannot read %s: %m", path);
	while ((n = read(fd, text + used, room - used)) > 0) {
		used += n;
		if (used == room)
			text = realloc(text, (room *= 2) + 1);
		if (!text)
			fail("no memory");
	}
	close(fd);
	text[used] = 0;
	*size = used;
	return text;
}

/**
 * read_words() - a file of words, each ended by a NUL byte, as a vector
 * @path: the file; powers the machine off when it is not there
 *
 * Return: the words and a NULL; lives as long as the machine.
 */
char **read_words(const char *path)
{
	size_t size, i, count = 0;
	char *text = read_file(path, &size);
	char **words, *word;

	for (i = 0; i < size; i++)
		count += !text[i];
	words = calloc(count + 1, sizeof(*words));
	if (!words)
		fail("no memory");
	for (i = 0, word = text; i < count; i++, word += strlen(word) + 1)
		words[i] = word;
	return words;
}

/*
 * Find the virtio-serial port of this name: its node goes to @path. False if
 * the host offers none.
 */
static bool find_port(const char *wanted, char *path, size_t size)
{
	char name[64];
	bool found = false;
	glob_t ports;
	FILE *file;
	size_t i;

	if (glob("/sys/class/virtio-ports/*/name", 0, NULL, &ports))
		return false;
	for (i = 0; i < ports.gl_pathc && !found; i++) {
		file = fopen(ports.gl_pathv[i], "re");
		if (!file)
			continue;
		if (fscanf(file, "%63s", name) == 1 && !strcmp(name, wanted)) {
			*strrchr(ports.gl_pathv[i], '/') = 0;
			snprintf(path, size, "/dev/%s",
				 strrchr(ports.gl_pathv[i], '/') + 1);
			found = true;
		}
		fclose(file);
	}
	globfree(&ports);
	return found;
}

/* The port as a descriptor for output, or -1. */
static int open_port(const char *name)
{
	char path[64];
	int fd;

	if (!find_port(name, path, sizeof(path)))
		return -1;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fail("cannot open %s: %m", path);
	return fd;
}

/* In the child: become the command. */
static void become(int in, int out, int err, bool terminal)
{
	char **argv = read_words(RUN_DIR "/command");
	char **env = read_words(RUN_DIR "/environment");
	char **where = read_words(RUN_DIR "/directory");
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (terminal)
		ioctl(in, TIOCSCTTY, 0);
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	environ = env;
	if (chdir(where[0])) {
		dprintf(2, "%s: %s\n", where[0], strerror(errno));
		_exit(STATUS_NO_COMMAND);
	}
	execvp(argv[0], argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

static long long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static void pass_on(struct relay *relay)
{
	char buffer[65536];
	ssize_t done = 0, n, part;

	n = read(relay->from, buffer, sizeof(buffer));
	if (n <= 0) {
		close(relay->from);
		relay->from = -1;
		return;
	}
	while (done < n) {
		part = write(relay->to, buffer + done, n - done);
		if (part < 0)
			fail("cannot pass on output: %m");
		done += part;
	}
}

/* Reap children; true when the command was among them. */
static bool reap(pid_t command, int *status)
{
	bool found = false;
	int how;
	pid_t pid;

	while ((pid = waitpid(-1, &how, WNOHANG)) > 0) {
		if (pid != command)
			continue;
		found = true;
		*status = WIFEXITED(how) ? WEXITSTATUS(how) :
					   128 + WTERMSIG(how);
	}
	return found;
}

static void on_child(int signal)
{
	(void)signal;	/* ppoll returns, which is all it is for */
}

/*
 * Pass output on and reap, until the command has ended and its output is at
 * the end, or has had its time when something left behind holds it open.
 */
static int supervise(pid_t command, struct relay *relays, int count)
{
	struct sigaction action = { .sa_handler = on_child };
	struct pollfd polls[2];
	struct timespec wait, *timeout = NULL;
	long long deadline = 0, left;
	bool ended = false;
	int status = 0, i, open;
	sigset_t mask;

	sigaction(SIGCHLD, &action, NULL);
	sigemptyset(&mask);	/* SIGCHLD is let in only while we wait */
	for (;;) {
		if (reap(command, &status)) {
			ended = true;
			deadline = now_ms() + GRACE_MS;
		}
		open = 0;
		for (i = 0; i < count; i++) {
			polls[i] = (struct pollfd){ relays[i].from, POLLIN, 0 };
			open += relays[i].from >= 0;
		}
		if (ended && !open)
			return status;
		if (ended) {
			left = deadline - now_ms();
			if (left <= 0)
				return status;
			wait = (struct timespec){ left / 1000, left % 1000 * 1000000 };
			timeout = &wait;
		}
		if (ppoll(polls, count, timeout, &mask) <= 0)
			continue;
		for (i = 0; i < count; i++)
			if (polls[i].revents)
				pass_on(&relays[i]);
	}
}

static pid_t spawn(int in, int out, int err, bool terminal)
{
	sigset_t mask;
	pid_t pid;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	pid = fork();
	if (pid == 0)
		become(in, out, err, terminal);
	if (pid < 0)
		fail("cannot start the command: %m");
	return pid;
}

/* The terminal is as large as the host's. */
static void set_size(int fd)
{
	char **words = read_words(RUN_DIR "/terminal");
	struct winsize size = { 0 };

	if (words[0] && sscanf(words[0], "%hu %hu", &size.ws_row, &size.ws_col) == 2)
		ioctl(fd, TIOCSWINSZ, &size);
}

static int run_on_terminal(void)
{
	int fd = open("/dev/hvc0", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		fail("no terminal: %m");
	set_size(fd);
	return supervise(spawn(fd, fd, fd, true), NULL, 0);
}

/**
 * run_command() - run what the host asked for and wait for its end
 *
 * With a port for standard output the command gets pipes (standard error goes
 * the same way if it has no port of its own) and an empty standard input;
 * without one it gets the terminal.
 *
 * Return: its exit status, 128 and the signal's number if one ended it, 126 or
 * 127 if it could not be started, as a shell says it.
 */
int run_command(void)
{
	struct relay relays[2] = { { -1, open_port("exdma.stdout") },
				   { -1, open_port("exdma.stderr") } };
	int ends[2][2], null, count, i;
	char control[64];
	pid_t pid;

	if (find_port("exdma.control", control, sizeof(control)) &&
	    symlink(control, "/dev/lab-control"))
		fail("cannot make /dev/lab-control: %m");
	if (relays[0].to < 0)
		return run_on_terminal();
	count = relays[1].to < 0 ? 1 : 2;
	for (i = 0; i < count; i++) {
		if (pipe2(ends[i], O_CLOEXEC))
			fail("no pipe: %m");
		relays[i].from = ends[i][0];
	}
	null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	pid = spawn(null, ends[0][1], ends[count - 1][1], false);
	close(null);
	for (i = 0; i < count; i++)
		close(ends[i][1]);
	return supervise(pid, relays, count);
}
