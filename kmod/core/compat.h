/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exdma core - differences between kernel versions, all of them
 *
 * The only file with LINUX_VERSION_CODE in it. The rest of the code reads as
 * if the newest kernel were the only one; each piece here gives an older
 * kernel what it lacks and says which version brought it.
 */
#ifndef EXDMA_CORE_COMPAT_H
#define EXDMA_CORE_COMPAT_H

#include <linux/bvec.h>
#include <linux/compiler.h>
#include <linux/eventfd.h>
#include <linux/highmem.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/version.h>
#include <linux/workqueue.h>

/* Clang's context analysis: 7.0. */
#ifndef __guarded_by
#define __guarded_by(...)
#endif

/* kzalloc_obj(), typed: 7.0. */
#ifndef kzalloc_obj
#define kzalloc_obj(obj)	kzalloc(sizeof(obj), GFP_KERNEL)
#endif

/* PCI_IRQ_INTX took the place of PCI_IRQ_LEGACY: 6.8. */
#ifndef PCI_IRQ_INTX
#define PCI_IRQ_INTX PCI_IRQ_LEGACY
#endif

/* Symbol namespaces became strings: 6.13. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define EXPORT_SYMBOL_EXDMA(sym)	EXPORT_SYMBOL_NS_GPL(sym, __stringify(EXDMA_NAMESPACE))
#else
#define EXPORT_SYMBOL_EXDMA(sym)	EXPORT_SYMBOL_NS_GPL(sym, EXDMA_NAMESPACE)
#endif

/* Workqueues say whether they are bound to a CPU: 6.17. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define WQ_PERCPU	0
#endif

/* vma->vm_flags became read-only: 6.3. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *vma, vm_flags_t flags)
{
	vma->vm_flags |= flags;
}
#endif

/* Faults got a lock for each mapping, beside mmap_lock: 6.6. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
static inline void release_fault_lock(struct vm_fault *vmf)
{
	mmap_read_unlock(vmf->vma->vm_mm);
}
#endif

/* eventfd_signal() lost its count, which is 1 now: 6.8. */
static inline void exdma_eventfd_add(struct eventfd_ctx *ctx, u64 n)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
	while (n--)
		eventfd_signal(ctx);
#else
	eventfd_signal(ctx, n);
#endif
}

/*
 * copy_splice_read(), a read_iter() into fresh pages, took the place of
 * generic_file_splice_read(), a read_iter() into the pipe: 6.5.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#define exdma_splice_read	copy_splice_read
#else
#define exdma_splice_read	generic_file_splice_read
#endif

/*
 * iov_iter_extract_pages(), which pins user pages and lends kernel ones: 6.3.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)

static inline bool exdma_iter_pins(struct iov_iter *iter)
{
	return iov_iter_extract_will_pin(iter);
}

static inline ssize_t exdma_extract_pages(struct iov_iter *iter,
					  struct page **pages, size_t max,
					  unsigned int max_pages, size_t *offset)
{
	return iov_iter_extract_pages(iter, &pages, max, max_pages, 0, offset);
}

#else

static inline bool exdma_iter_pins(struct iov_iter *iter)
{
	return user_backed_iter(iter);
}

/* The part of the current segment of a user or bvec iterator. */
static inline ssize_t exdma_extract_user(struct iov_iter *iter,
					 struct page **pages, size_t max,
					 unsigned int max_pages, size_t *offset)
{
	unsigned int gup = (iov_iter_rw(iter) == READ ? FOLL_WRITE : 0) |
			   (iter->nofault ? FOLL_NOFAULT : 0);
	unsigned long addr;
	size_t len;
	int got;

	if (iter_is_ubuf(iter)) {
		addr = (unsigned long)iter->ubuf + iter->iov_offset;
		len = iter->count;
	} else {
		while (iter->iov_offset == iter->iov->iov_len) {
			iter->iov++;
			iter->nr_segs--;
			iter->iov_offset = 0;
		}
		addr = (unsigned long)iter->iov->iov_base + iter->iov_offset;
		len = min(iter->count, iter->iov->iov_len - iter->iov_offset);
	}
	*offset = offset_in_page(addr);
	len = min3(len, max, max_pages * PAGE_SIZE - *offset);
	got = pin_user_pages_fast(addr & PAGE_MASK,
				  DIV_ROUND_UP(*offset + len, PAGE_SIZE), gup,
				  pages);
	if (got <= 0)
		return got ?: -EFAULT;
	len = min(len, got * PAGE_SIZE - *offset);
	iov_iter_advance(iter, len);
	return len;
}

static inline ssize_t exdma_extract_bvec(struct iov_iter *iter,
					 struct page **pages, size_t max,
					 unsigned int max_pages, size_t *offset)
{
	const struct bio_vec *bv = iter->bvec;
	size_t skip = iter->iov_offset, len, i;
	struct page *page;

	while (skip == bv->bv_len) {
		bv++;
		skip = 0;
	}
	skip += bv->bv_offset;
	page = bv->bv_page + skip / PAGE_SIZE;
	*offset = offset_in_page(skip);
	len = min3(iter->count, max,
		   (size_t)(bv->bv_offset + bv->bv_len) - skip);
	len = min(len, max_pages * PAGE_SIZE - *offset);
	for (i = 0; i < DIV_ROUND_UP(*offset + len, PAGE_SIZE); i++)
		pages[i] = page + i;
	iov_iter_advance(iter, len);
	return len;
}

static inline ssize_t exdma_extract_kvec(struct iov_iter *iter,
					 struct page **pages, size_t max,
					 unsigned int max_pages, size_t *offset)
{
	const struct kvec *kv = iter->kvec;
	size_t skip = iter->iov_offset, len, i;
	void *base;

	while (skip == kv->iov_len) {
		kv++;
		skip = 0;
	}
	base = kv->iov_base + skip;
	*offset = offset_in_page(base);
	len = min3(iter->count, max, kv->iov_len - skip);
	len = min(len, max_pages * PAGE_SIZE - *offset);
	base -= *offset;
	for (i = 0; i < DIV_ROUND_UP(*offset + len, PAGE_SIZE); i++) {
		void *at = base + i * PAGE_SIZE;

		pages[i] = is_vmalloc_addr(at) ? vmalloc_to_page(at) :
						 virt_to_page(at);
	}
	iov_iter_advance(iter, len);
	return len;
}

static inline ssize_t exdma_extract_pages(struct iov_iter *iter,
					  struct page **pages, size_t max,
					  unsigned int max_pages, size_t *offset)
{
	if (user_backed_iter(iter))
		return exdma_extract_user(iter, pages, max, max_pages, offset);
	if (iov_iter_is_bvec(iter))
		return exdma_extract_bvec(iter, pages, max, max_pages, offset);
	return exdma_extract_kvec(iter, pages, max, max_pages, offset);
}
#endif

#endif /* EXDMA_CORE_COMPAT_H */
