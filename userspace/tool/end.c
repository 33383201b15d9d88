// SPDX-License-Identifier: GPL-2.0-only
/*
 * end.c - one end of a transfer: a file, a pipe, or card memory
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cards.h"
#include "end.h"
#include "place.h"

int end_open_card(struct end *end, const struct exdma_card *card,
		  unsigned int direction, int channel, uint64_t address)
{
	const struct exdma_channel *node;

	*end = (struct end) { .origin = ORIGIN_CARD, .base = address };
	if (channel == ANY_CHANNEL) {
		end->name = exdma_card_node(card);
		end->fd = exdma_card_open(card, direction == EXDMA_DIR_H2C ?
						O_WRONLY : O_RDONLY);
	} else {
		node = exdma_card_channel(card, direction, channel);
		end->name = node ? exdma_channel_node(node) :
				   exdma_card_name(card);
		end->fd = node ? exdma_channel_open(node, 0) : -1;
	}
	if (end->fd < 0)
		return report_error(ORIGIN_CARD, errno, "cannot open %s",
				    end->name);
	return STATUS_OK;
}

int end_open_source(struct end *end, const char *path, uint64_t *size)
{
	struct stat st;

	*end = (struct end) { .origin = ORIGIN_FILE, .name = path };
	*size = LENGTH_UNKNOWN;
	if (!strcmp(path, "-")) {
		end->name = "standard input";
		end->fd = STDIN_FILENO;
		end->keep = true;
	} else {
		end->fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (end->fd < 0 || fstat(end->fd, &st))
		goto fail;
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		goto fail;
	}
	/* files of /proc and the like say 0 and have more */
	if (!end->keep && S_ISREG(st.st_mode) && st.st_size > 0)
		*size = st.st_size;
	posix_fadvise(end->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return STATUS_OK;

fail:
	report_error(ORIGIN_FILE, errno, "cannot read %s", end->name);
	if (end->fd >= 0 && !end->keep)
		close(end->fd);
	return STATUS_FAILED;
}

int end_open_sink(struct end *end, const char *path)
{
	*end = (struct end) { .origin = ORIGIN_FILE, .name = path };
	if (!strcmp(path, "-")) {
		end->name = "standard output";
		end->fd = STDOUT_FILENO;
		end->keep = true;
		return STATUS_OK;
	}
	end->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (end->fd < 0)
		return report_error(ORIGIN_FILE, errno, "cannot write %s",
				    path);
	return STATUS_OK;
}

int end_close(struct end *end)
{
	if (end->keep || !close(end->fd))
		return STATUS_OK;
	return report_error(end->origin, errno, "cannot finish %s", end->name);
}

/* the last call gave an error: is it worth another try? */
static bool try_again(const struct end *end, short events)
{
	struct pollfd ready = { .fd = end->fd, .events = events };

	if (errno == EINTR)
		return true;
	if (errno != EAGAIN)
		return false;
	poll(&ready, 1, -1);
	return true;
}

/* wait until a file has data, or has ended; false if nobody wants it */
static bool wait_for_data(const struct end *end)
{
	struct pollfd ready[] = {
		{ .fd = end->fd, .events = POLLIN },
		{ .fd = end->stop, .events = POLLIN },
	};

	if (end->origin == ORIGIN_CARD || !end->stop)
		return true;
	while (poll(ready, 2, -1) < 0 && errno == EINTR)
		;
	return !ready[1].revents;
}

size_t end_read(const struct end *end, void *buf, size_t length,
		uint64_t offset, int *error)
{
	size_t done = 0;
	ssize_t n;

	*error = 0;
	while (done < length) {
		char *to = (char *)buf + done;
		size_t rest = length - done;

		if (!wait_for_data(end)) {
			*error = ECANCELED;
			break;
		}
		if (end->origin == ORIGIN_CARD)
			n = pread(end->fd, to, rest, end->base + offset + done);
		else
			n = read(end->fd, to, rest);
		if (n < 0 && try_again(end, POLLIN))
			continue;
		if (n < 0)
			*error = errno;
		if (n <= 0)
			break;
		done += n;
	}
	return done;
}

size_t end_write(const struct end *end, const void *buf, size_t length,
		 uint64_t offset, int *error)
{
	size_t done = 0;
	ssize_t n;

	*error = 0;
	while (done < length) {
		const char *from = (const char *)buf + done;
		size_t rest = length - done;

		if (end->origin == ORIGIN_CARD)
			n = pwrite(end->fd, from, rest,
				   end->base + offset + done);
		else
			n = write(end->fd, from, rest);
		if (n < 0 && try_again(end, POLLOUT))
			continue;
		if (n <= 0) {
			*error = n ? errno : ENOSPC;
			break;
		}
		done += n;
	}
	return done;
}
