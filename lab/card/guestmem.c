// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest memory: address ranges and mapped files (see guestmem.h for the
 * locking). The client shares its memory by file descriptors; a file is
 * recognised by device and inode number and mapped once as a whole, because
 * one kernel mapping per 4 KiB IOMMU entry would soon reach the kernel's limit.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "guestmem.h"
#include "util.h"

struct guestmem_file {
	struct guestmem_file *next;
	dev_t dev;
	ino_t ino;
	uint8_t *base;
	uint64_t size;
	bool writable;
};

void guestmem_init(struct guestmem *gm)
{
	pthread_rwlockattr_t attr;

	memset(gm, 0, sizeof(*gm));
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&gm->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
}

void guestmem_clear(struct guestmem *gm)
{
	struct guestmem_file *f;

	pthread_rwlock_wrlock(&gm->lock);
	gm->count = 0;
	while ((f = gm->files)) {
		gm->files = f->next;
		munmap(f->base, f->size);
		free(f);
	}
	pthread_rwlock_unlock(&gm->lock);
}

void guestmem_fini(struct guestmem *gm)
{
	guestmem_clear(gm);
	free(gm->ranges);
	pthread_rwlock_destroy(&gm->lock);
}

void guestmem_set_master(struct guestmem *gm, bool on)
{
	pthread_rwlock_wrlock(&gm->lock);
	gm->master = on;
	pthread_rwlock_unlock(&gm->lock);
}

/* Index of the first range that ends at or after @addr. Locking: either side. */
static size_t range_from(const struct guestmem *gm, uint64_t addr)
{
	size_t low = 0, high = gm->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (gm->ranges[mid].last < addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Make room for @extra more ranges. Locking: write side. */
static int ranges_reserve(struct guestmem *gm, size_t extra)
{
	struct guestmem_range *bigger;
	size_t room = gm->room ? gm->room : 64;

	while (room < gm->count + extra)
		room *= 2;
	if (room == gm->room)
		return 0;
	bigger = realloc(gm->ranges, room * sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	gm->ranges = bigger;
	gm->room = room;
	return 0;
}

static void range_insert(struct guestmem *gm, size_t at, struct guestmem_range r)
{
	memmove(&gm->ranges[at + 1], &gm->ranges[at],
		(gm->count - at) * sizeof(gm->ranges[0]));
	gm->ranges[at] = r;
	gm->count++;
}

/*
 * The mapping of a whole file, made at its first use, and again when the file
 * has grown or when a writable descriptor follows a read-only one. The older
 * mapping stays: ranges point into it.
 * Locking: write side.
 */
static int file_get(struct guestmem *gm, int fd, uint64_t need, bool write,
		    struct guestmem_file **out)
{
	struct guestmem_file *f;
	bool writable = true;
	struct stat st;
	void *base;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size <= 0 || need > (uint64_t)st.st_size)
		return -EINVAL;
	for (f = gm->files; f; f = f->next)
		if (f->dev == st.st_dev && f->ino == st.st_ino &&
		    f->size >= need && (f->writable || !write))
			goto found;
	base = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (base == MAP_FAILED && !write) {
		writable = false;
		base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	}
	if (base == MAP_FAILED)
		return -errno;
	f = malloc(sizeof(*f));
	if (!f) {
		munmap(base, (size_t)st.st_size);
		return -ENOMEM;
	}
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	f->base = base;
	f->size = (uint64_t)st.st_size;
	f->writable = writable;
	f->next = gm->files;
	gm->files = f;
found:
	*out = f;
	return 0;
}

int guestmem_map(struct guestmem *gm, uint64_t start, uint64_t size,
		 uint32_t prot, int fd, uint64_t offset)
{
	struct guestmem_range r = {
		.start = start, .last = start + size - 1, .prot = prot,
	};
	struct guestmem_file *f = NULL;
	size_t at;
	int err;

	if (!size || r.last < start || (prot & ~(GUESTMEM_READ | GUESTMEM_WRITE)))
		return -EINVAL;
	if (offset + size < offset)
		return -EINVAL;
	pthread_rwlock_wrlock(&gm->lock);
	at = range_from(gm, start);
	if (at < gm->count && gm->ranges[at].start <= r.last)
		err = -EEXIST;
	else if (gm->count >= GUESTMEM_MAX_MAPS)
		err = -ENOSPC;
	else
		err = ranges_reserve(gm, 1);
	if (!err && fd >= 0) {
		err = file_get(gm, fd, offset + size, prot & GUESTMEM_WRITE, &f);
		if (!err)
			r.base = f->base + offset;
	}
	if (!err)
		range_insert(gm, at, r);
	pthread_rwlock_unlock(&gm->lock);
	return err;
}

int guestmem_unmap(struct guestmem *gm, uint64_t start, uint64_t last)
{
	struct guestmem_range *r, tail;
	size_t at, end;
	int err = 0;

	pthread_rwlock_wrlock(&gm->lock);
	at = range_from(gm, start);
	if (at < gm->count && gm->ranges[at].start < start) {
		r = &gm->ranges[at];
		tail = *r;
		r->last = start - 1;
		at++;
		if (tail.last > last) {
			if (tail.base)
				tail.base += last + 1 - tail.start;
			tail.start = last + 1;
			err = ranges_reserve(gm, 1);
			if (!err)
				range_insert(gm, at, tail);
			goto unlock;
		}
	}
	for (end = at; end < gm->count && gm->ranges[end].last <= last; end++)
		;
	memmove(&gm->ranges[at], &gm->ranges[end],
		(gm->count - end) * sizeof(gm->ranges[0]));
	gm->count -= end - at;
	if (at < gm->count && gm->ranges[at].start <= last) {
		r = &gm->ranges[at];
		if (r->base)
			r->base += last + 1 - r->start;
		r->start = last + 1;
	}
unlock:
	pthread_rwlock_unlock(&gm->lock);
	return err;
}

/*
 * Where @addr lies in this process and how many bytes from there on may be
 * touched in one go; NULL when the device may not. Locking: read side.
 */
static uint8_t *range_pointer(const struct guestmem *gm, uint64_t addr,
			      uint32_t prot, size_t *len)
{
	const struct guestmem_range *r;
	size_t at;

	if (!gm->master)
		return NULL;
	at = range_from(gm, addr);
	if (at == gm->count)
		return NULL;
	r = &gm->ranges[at];
	if (r->start > addr || !r->base || (r->prot & prot) != prot)
		return NULL;
	if (r->last - addr < *len - 1)
		*len = (size_t)(r->last - addr) + 1;
	return r->base + (addr - r->start);
}

/* Addresses do not wrap: nothing follows the last byte. */
static size_t clip(uint64_t addr, size_t len)
{
	return len && len - 1 > UINT64_MAX - addr ? (size_t)(UINT64_MAX - addr) + 1 : len;
}

size_t guestmem_read(struct guestmem *gm, uint64_t addr, void *buf, size_t len)
{
	size_t done = 0, n;
	uint8_t *p;

	len = clip(addr, len);
	while (done < len) {
		n = min_u64(len - done, GUESTMEM_MAX_COPY);
		pthread_rwlock_rdlock(&gm->lock);
		p = range_pointer(gm, addr + done, GUESTMEM_READ, &n);
		if (p && buf) {
			/* what the driver stored before its doorbell is there */
			__atomic_thread_fence(__ATOMIC_ACQUIRE);
			memcpy((uint8_t *)buf + done, p, n);
		}
		pthread_rwlock_unlock(&gm->lock);
		if (!p)
			break;
		done += n;
	}
	return done;
}

size_t guestmem_write(struct guestmem *gm, uint64_t addr, const void *buf, size_t len)
{
	size_t done = 0, n;
	uint8_t *p;

	len = clip(addr, len);
	while (done < len) {
		n = min_u64(len - done, GUESTMEM_MAX_COPY);
		pthread_rwlock_rdlock(&gm->lock);
		p = range_pointer(gm, addr + done, GUESTMEM_WRITE, &n);
		if (p && buf)
			memcpy(p, (const uint8_t *)buf + done, n);
		else if (p)
			memset(p, 0, n);
		pthread_rwlock_unlock(&gm->lock);
		if (!p)
			break;
		done += n;
	}
	return done;
}

/*
 * Store @size (4 or 8) bytes at once, if they are aligned and in one piece;
 * bytewise if not aligned.
 */
static bool store(struct guestmem *gm, uint64_t addr, uint64_t value, size_t size)
{
	size_t n = size;
	uint8_t *p;

	if (addr % size) {
		__atomic_thread_fence(__ATOMIC_RELEASE);
		return guestmem_write(gm, addr, &value, n) == n;
	}
	pthread_rwlock_rdlock(&gm->lock);
	p = range_pointer(gm, addr, GUESTMEM_WRITE, &n);
	if (!p || n != size || (uintptr_t)p % size)
		p = NULL;
	else if (size == sizeof(uint64_t))
		__atomic_store_n((uint64_t *)(void *)p, value, __ATOMIC_RELEASE);
	else
		__atomic_store_n((uint32_t *)(void *)p, (uint32_t)value, __ATOMIC_RELEASE);
	pthread_rwlock_unlock(&gm->lock);
	return p;
}

bool guestmem_store32(struct guestmem *gm, uint64_t addr, uint32_t value)
{
	return store(gm, addr, value, sizeof(value));
}

bool guestmem_store64(struct guestmem *gm, uint64_t addr, uint64_t value)
{
	return store(gm, addr, value, sizeof(value));
}
