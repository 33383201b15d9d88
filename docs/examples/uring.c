// SPDX-License-Identifier: GPL-2.0-only
/*
 * uring.c - a file to card memory and back with io_uring, 32 transfers in flight
 *
 *	cc -O2 -Wall uring.c -o uring -luring
 *	./uring /dev/exdma0 0x1000 FILE
 *
 * The buffers are registered: their pages are pinned once, not for each transfer.
 * Each of them carries one piece of the file at a time. A transfer that comes back
 * short is continued where it ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH	32
#define PIECE	((size_t)64 << 10)

/* One buffer, and which part of the file is in it. */
struct slot {
	char *memory;
	size_t offset;		/* in the file */
	size_t bytes;
	size_t done;		/* of these */
};

struct copy {
	struct io_uring ring;
	struct slot slots[DEPTH];
	int card;
	unsigned long long address;
	const char *file;
	size_t size;
	bool to_card;
	size_t next;		/* where in the file the next piece begins */
	unsigned int flying;
};

static int fail(const char *what, int err)
{
	fprintf(stderr, "uring: %s: %s\n", what, strerror(err));
	return -1;
}

/* The rest of what is in a slot; DEPTH entries are enough for all slots. */
static void submit(struct copy *copy, unsigned int index)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&copy->ring);
	struct slot *slot = &copy->slots[index];
	unsigned long long address = copy->address + slot->offset + slot->done;
	char *memory = slot->memory + slot->done;
	unsigned int left = slot->bytes - slot->done;

	if (copy->to_card)
		io_uring_prep_write_fixed(sqe, copy->card, memory, left, address, index);
	else
		io_uring_prep_read_fixed(sqe, copy->card, memory, left, address, index);
	io_uring_sqe_set_data(sqe, slot);
	copy->flying++;
}

/* The next piece of the file, if there is one. */
static void begin(struct copy *copy, unsigned int index)
{
	struct slot *slot = &copy->slots[index];
	size_t left = copy->size - copy->next;

	if (!left)
		return;
	slot->offset = copy->next;
	slot->bytes = left < PIECE ? left : PIECE;
	slot->done = 0;
	copy->next += slot->bytes;
	if (copy->to_card)
		memcpy(slot->memory, copy->file + slot->offset, slot->bytes);
	else
		memset(slot->memory, 0, slot->bytes);
	submit(copy, index);
}

/* A transfer has ended with @res, bytes or -errno. */
static int end(struct copy *copy, struct slot *slot, int res)
{
	unsigned int index = slot - copy->slots;

	copy->flying--;
	if (res < 0 && res != -EINTR && res != -EAGAIN)
		return fail(copy->to_card ? "write" : "read", -res);
	if (!res)
		return fail("the card's memory ends here", ENOSPC);
	if (res > 0)
		slot->done += res;
	if (slot->done < slot->bytes) {
		submit(copy, index);
		return 0;
	}
	if (!copy->to_card && memcmp(slot->memory, copy->file + slot->offset, slot->bytes)) {
		fprintf(stderr, "uring: something else came back from %#llx on\n",
			copy->address + slot->offset);
		return -1;
	}
	begin(copy, index);
	return 0;
}

/* All of the file, one way. What is in flight is waited for, also after an error. */
static int move(struct copy *copy, bool to_card)
{
	struct io_uring_cqe *cqe;
	struct slot *slot;
	int err = 0, res;

	copy->to_card = to_card;
	copy->next = 0;
	for (unsigned int i = 0; i < DEPTH; i++)
		begin(copy, i);
	while (copy->flying) {
		res = io_uring_submit_and_wait(&copy->ring, 1);
		if (res < 0 && res != -EINTR)
			return fail("io_uring_submit_and_wait", -res);
		while (!io_uring_peek_cqe(&copy->ring, &cqe)) {
			slot = io_uring_cqe_get_data(cqe);
			res = cqe->res;
			io_uring_cqe_seen(&copy->ring, cqe);
			if (err)
				copy->flying--;
			else
				err = end(copy, slot, res);
		}
	}
	return err;
}

static int make_buffers(struct copy *copy)
{
	struct iovec vecs[DEPTH];
	char *memory;
	int err;

	memory = mmap(NULL, DEPTH * PIECE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return fail("mmap", errno);
	for (unsigned int i = 0; i < DEPTH; i++) {
		copy->slots[i].memory = memory + i * PIECE;
		vecs[i].iov_base = copy->slots[i].memory;
		vecs[i].iov_len = PIECE;
	}
	err = io_uring_register_buffers(&copy->ring, vecs, DEPTH);
	return err ? fail("registering 2 MiB of buffers (ulimit -l)", -err) : 0;
}

static int map_file(struct copy *copy, const char *name)
{
	int fd = open(name, O_RDONLY);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		return fail(name, errno);
	if (!S_ISREG(st.st_mode) || !st.st_size) {
		fprintf(stderr, "uring: %s: not a file, or empty\n", name);
		return -1;
	}
	copy->size = st.st_size;
	copy->file = mmap(NULL, copy->size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (copy->file == MAP_FAILED)
		return fail(name, errno);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	static struct copy copy;
	char *rest;
	int err;

	if (argc != 4) {
		fprintf(stderr, "usage: uring NODE ADDRESS FILE\n");
		return 2;
	}
	copy.address = strtoull(argv[2], &rest, 0);
	if (rest == argv[2] || *rest) {
		fprintf(stderr, "uring: %s is no address\n", argv[2]);
		return 2;
	}
	if (map_file(&copy, argv[3]))
		return 1;
	copy.card = open(argv[1], O_RDWR);
	if (copy.card < 0) {
		fail(argv[1], errno);
		return 1;
	}
	err = io_uring_queue_init(DEPTH, &copy.ring, 0);
	if (err) {
		fail("io_uring_queue_init", -err);
		return 1;
	}
	if (make_buffers(&copy) || move(&copy, true) || move(&copy, false))
		return 1;
	printf("%zu bytes went to %#llx and came back the same\n", copy.size, copy.address);
	return 0;
}
