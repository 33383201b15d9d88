// SPDX-License-Identifier: GPL-2.0-only
/*
 * transfer.c - tests of tool/transfer.c: two threads, one stream of bytes
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "pattern.h"
#include "place.h"
#include "test.h"
#include "transfer.h"

static const struct pattern stuff = { PATTERN_RANDOM, 99 };

#define BASE	4096

/* a file with length bytes of stuff at base */
static int make(uint64_t base, uint64_t length)
{
	unsigned char *buf = malloc(length + 1);
	int fd = test_file();

	if (!buf)
		abort();
	pattern_fill(&stuff, 0, buf, length);
	if (pwrite(fd, buf, length, base) != (ssize_t)length)
		abort();
	free(buf);
	return fd;
}

/* does fd hold length bytes of stuff at base, and nothing behind? */
static bool holds(int fd, uint64_t base, uint64_t length)
{
	unsigned char *buf = malloc(length + 1);
	bool good;

	if (!buf)
		abort();
	good = pread(fd, buf, length + 1, base) == (ssize_t)length &&
	       pattern_check(&stuff, 0, buf, length) == length;
	free(buf);
	return good;
}

static struct end file_end(int fd)
{
	return (struct end) { .name = "file", .fd = fd, .origin = ORIGIN_FILE };
}

static struct end card_end(int fd)
{
	return (struct end) {
		.name = "card", .fd = fd, .origin = ORIGIN_CARD, .base = BASE,
	};
}

static uint64_t ticks, last_tick;

static void tick(void *context, uint64_t done)
{
	CHECK(context == &ticks);
	CHECK(done > last_tick);
	last_tick = done;
	ticks++;
}

static void lengths(void)
{
	static const uint64_t length[] = {
		0, 1, TRANSFER_PIECE - 1, TRANSFER_PIECE, TRANSFER_PIECE + 1,
		5ull * TRANSFER_PIECE + 4097,
	};

	for (size_t i = 0; i < sizeof(length) / sizeof(length[0]); i++) {
		struct end from = file_end(make(0, length[i]));
		struct end to = card_end(test_file());
		struct end back = file_end(test_file());
		struct transfer transfer = {
			.from = &from, .to = &to, .back = &to,
			.length = LENGTH_UNKNOWN,
			.tick = tick, .context = &ticks,
		};

		ticks = 0;
		last_tick = 0;
		lseek(from.fd, 0, SEEK_SET);
		CHECK(transfer_run(&transfer) == TRANSFER_OK);
		CHECK(transfer.done == length[i]);
		CHECK(holds(to.fd, BASE, length[i]));
		CHECK(ticks == (length[i] + TRANSFER_PIECE - 1) /
				       TRANSFER_PIECE);
		CHECK(last_tick == length[i]);

		/* and back, with the length known */
		transfer = (struct transfer) {
			.from = &to, .to = &back, .length = length[i],
		};
		CHECK(transfer_run(&transfer) == TRANSFER_OK);
		CHECK(holds(back.fd, 0, length[i]));
		close(from.fd);
		close(to.fd);
		close(back.fd);
	}
}

static void part(void)
{
	struct end from = card_end(make(BASE, 3 * TRANSFER_PIECE));
	struct end to = file_end(test_file());
	struct transfer transfer = {
		.from = &from, .to = &to, .length = TRANSFER_PIECE + 77,
	};

	CHECK(transfer_run(&transfer) == TRANSFER_OK);
	CHECK(transfer.done == TRANSFER_PIECE + 77);
	CHECK(holds(to.fd, 0, TRANSFER_PIECE + 77));
	close(from.fd);
	close(to.fd);
}

static void ends_early(void)
{
	struct end from = card_end(make(BASE, TRANSFER_PIECE + 5));
	struct end to = file_end(test_file());
	struct transfer transfer = {
		.from = &from, .to = &to, .length = 2 * TRANSFER_PIECE,
	};

	CHECK(transfer_run(&transfer) == TRANSFER_ENDED);
	CHECK(transfer.done == TRANSFER_PIECE + 5);
	CHECK(transfer.at == TRANSFER_PIECE + 5);
	CHECK(holds(to.fd, 0, TRANSFER_PIECE + 5));
	close(from.fd);
	close(to.fd);
}

#define BAD_BYTE	(TRANSFER_PIECE + 1000)

static ssize_t bad_read(int fd, void *buf, size_t len, off_t at)
{
	if (at < 0)
		return HOOK_PASS;
	if (at >= BASE + BAD_BYTE) {
		errno = EIO;
		return -1;
	}
	if (at + len <= BASE + BAD_BYTE)
		return HOOK_PASS;
	return __real_pread64(fd, buf, BASE + BAD_BYTE - at, at);
}

static ssize_t bad_write(int fd, const void *buf, size_t len, off_t at)
{
	if (at < 0)
		return HOOK_PASS;
	if (at >= BASE + BAD_BYTE) {
		errno = ENODEV;
		return -1;
	}
	if (at + len <= BASE + BAD_BYTE)
		return HOOK_PASS;
	return __real_pwrite64(fd, buf, BASE + BAD_BYTE - at, at);
}

/* what was read before the error is not lost */
static void read_error(void)
{
	struct end from = card_end(make(BASE, 3 * TRANSFER_PIECE));
	struct end to = file_end(test_file());
	struct transfer transfer = {
		.from = &from, .to = &to, .length = 3 * TRANSFER_PIECE,
	};

	hook_read = bad_read;
	CHECK(transfer_run(&transfer) == TRANSFER_READ);
	hook_read = NULL;
	CHECK(transfer.error == EIO);
	CHECK(transfer.at == BAD_BYTE);
	CHECK(transfer.done == BAD_BYTE);
	CHECK(holds(to.fd, 0, BAD_BYTE));
	close(from.fd);
	close(to.fd);
}

static void write_error(void)
{
	struct end from = file_end(make(0, 6 * TRANSFER_PIECE));
	struct end to = card_end(test_file());
	struct transfer transfer = {
		.from = &from, .to = &to, .length = LENGTH_UNKNOWN,
	};

	lseek(from.fd, 0, SEEK_SET);
	hook_write = bad_write;
	CHECK(transfer_run(&transfer) == TRANSFER_WRITE);
	CHECK(transfer.error == ENODEV);
	CHECK(transfer.at == BAD_BYTE);
	CHECK(transfer.done == BAD_BYTE);
	CHECK(holds(to.fd, BASE, BAD_BYTE));
	close(from.fd);
	close(to.fd);
}

static void *feed(void *context)
{
	static unsigned char buf[TRANSFER_PIECE];
	int fd = *(int *)context;
	size_t done = 0;

	while (done < sizeof(buf)) {
		ssize_t n = write(fd, buf + done, sizeof(buf) - done);

		if (n <= 0)
			break;
		done += n;
	}
	return NULL;
}

static ssize_t refuse_write(int fd, const void *buf, size_t len, off_t at)
{
	(void)fd;
	(void)buf;
	(void)len;
	if (at < 0)
		return HOOK_PASS;
	errno = EIO;
	return -1;
}

/* the sink fails while the source is a pipe that says nothing, and stays open */
static void silent_source(void)
{
	struct end from, to = card_end(test_file());
	struct transfer transfer = {
		.from = &from, .to = &to, .length = LENGTH_UNKNOWN,
	};
	pthread_t thread;
	int fds[2];

	NEED(!pipe(fds));
	from = file_end(fds[0]);
	hook_write = refuse_write;
	NEED(!pthread_create(&thread, NULL, feed, &fds[1]));
	CHECK(transfer_run(&transfer) == TRANSFER_WRITE);
	CHECK(transfer.error == EIO);
	pthread_join(thread, NULL);
	close(fds[0]);
	close(fds[1]);
	close(to.fd);
}

/* memory that forgets one bit */
static ssize_t forget(int fd, void *buf, size_t len, off_t at)
{
	ssize_t n;

	if (at < 0)
		return HOOK_PASS;
	n = __real_pread64(fd, buf, len, at);
	if (at <= BASE + BAD_BYTE && at + n > BASE + BAD_BYTE)
		((unsigned char *)buf)[BASE + BAD_BYTE - at] ^= 0x10;
	return n;
}

static void difference(void)
{
	struct end from = file_end(make(0, 3 * TRANSFER_PIECE));
	struct end to = card_end(test_file());
	struct transfer transfer = {
		.from = &from, .to = &to, .back = &to,
		.length = LENGTH_UNKNOWN,
	};

	lseek(from.fd, 0, SEEK_SET);
	hook_read = forget;
	CHECK(transfer_run(&transfer) == TRANSFER_DIFFERS);
	CHECK(transfer.at == BAD_BYTE);
	CHECK(transfer.expected == pattern_byte(&stuff, BAD_BYTE));
	CHECK(transfer.found == (transfer.expected ^ 0x10));
	close(from.fd);
	close(to.fd);
}

static void read_back_error(void)
{
	struct end from = file_end(make(0, 2 * TRANSFER_PIECE));
	struct end to = card_end(test_file());
	struct end back = card_end(make(BASE, TRANSFER_PIECE + 10));
	struct transfer transfer = {
		.from = &from, .to = &to, .back = &to,
		.length = LENGTH_UNKNOWN,
	};

	lseek(from.fd, 0, SEEK_SET);
	hook_read = bad_read;
	CHECK(transfer_run(&transfer) == TRANSFER_READ_BACK);
	CHECK(transfer.error == EIO);
	CHECK(transfer.at == BAD_BYTE);

	/* memory that ends too soon is no success either */
	hook_read = NULL;
	lseek(from.fd, 0, SEEK_SET);
	transfer.back = &back;
	CHECK(transfer_run(&transfer) == TRANSFER_READ_BACK);
	CHECK(transfer.at == TRANSFER_PIECE + 10);
	close(from.fd);
	close(to.fd);
	close(back.fd);
}

const struct test_case tests_transfer[] = {
	{ "all lengths arrive whole", lengths },
	{ "a part is moved and no more", part },
	{ "a source that ends early is told of", ends_early },
	{ "a source that fails: the rest arrives", read_error },
	{ "a sink that fails stops the transfer", write_error },
	{ "a failed sink does not wait for a silent source", silent_source },
	{ "a byte that came back different is found", difference },
	{ "memory that cannot be read back is told of", read_back_error },
	{ NULL, NULL },
};
