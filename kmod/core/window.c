// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - windows: the registers of a card for programs
 *
 * A window is memory of the device that a card driver has mapped. Programs
 * read and write it in 32-bit words, or map it. This file knows files, user
 * memory and page tables, and nothing of what is behind a window.
 *
 * Nobody touches a window while the device is being reset, without power or
 * gone: the card is *held* then. Two kinds of users are kept out by that:
 *
 *  - read() and write() move some words at a time, under card->access for
 *    reading, and look at card->held each time;
 *  - a mapping has no pages until it is touched. The fault looks at card->held
 *    and inserts the page, both under card->access for reading.
 *
 * exdma_windows_hold() sets card->held under card->access for writing. When it
 * has the lock, all words that were on their way have been moved, and all
 * faults that did not see card->held have inserted their page; it then takes
 * the pages out of all mappings, and later faults wait. A card that is gone is
 * held for good, and whoever finds card->gone under the lock goes away.
 *
 * Order of locks: card->lifecycle, card->access; mmap_lock, card->access.
 * card->access is let go before pages are taken out (which takes locks of the
 * memory management) and before anybody waits, and user memory is never
 * touched under it. So nothing that is taken under mmap_lock leads back to it.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/poll.h>
#include <linux/pseudo_fs.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include <uapi/linux/exdma.h>

#include "alias.h"
#include "card.h"
#include "compat.h"
#include "node.h"
#include "power.h"
#include "window.h"

#define WORD	sizeof(u32)
/* Words that are moved under one hold of card->access. */
#define BATCH	64

/*
 * There may be several inodes for one device number. So that the mappings made
 * through all of them can be found, the files of a card share the address space
 * of an inode that only this mount has.
 */
static struct vfsmount *window_mount;

static int window_init_fs_context(struct fs_context *fc)
{
	return init_pseudo(fc, 0x6578646d) ? 0 : -ENOMEM;
}

/* No owner: the mount lives as long as the module, and must not keep it. */
static struct file_system_type window_fs_type = {
	.name = "exdma",
	.init_fs_context = window_init_fs_context,
	.kill_sb = kill_anon_super,
};

int exdma_windows_init(void)
{
	window_mount = kern_mount(&window_fs_type);
	return PTR_ERR_OR_ZERO(window_mount);
}

void exdma_windows_exit(void)
{
	kern_unmount(window_mount);
}

/**
 * exdma_windows_hold - keep programs off the registers
 * @card: the card.
 *
 * When it returns, nobody is reading or writing a window, and no mapping has a
 * page. Who comes later waits for exdma_windows_release(), or is refused if
 * the card is gone.
 *
 * Context: may sleep. Locking: under the card's lifecycle.
 */
void exdma_windows_hold(struct exdma_card *card)
{
	lockdep_assert_held(&card->lifecycle);

	down_write(&card->access);
	WRITE_ONCE(card->held, true);
	up_write(&card->access);
	if (card->inode)
		unmap_mapping_range(card->inode->i_mapping, 0, 0, 1);
}

/**
 * exdma_windows_release - the registers can be reached again
 * @card: the card, after exdma_windows_hold().
 *
 * Context: may sleep. Locking: under the card's lifecycle.
 */
void exdma_windows_release(struct exdma_card *card)
{
	lockdep_assert_held(&card->lifecycle);

	down_write(&card->access);
	WRITE_ONCE(card->held, false);
	up_write(&card->access);
	exdma_card_changed(card);
}

/* Is there nothing to wait for? */
static bool window_settled(const struct exdma_card *card)
{
	return !READ_ONCE(card->held) || exdma_card_is_gone(card);
}

/**
 * exdma_registers_enter - use the registers for a program
 * @card: the card.
 * @nowait: not while that would have to be waited for.
 *
 * Context: may sleep. Locking: on success card->access is taken for reading, and
 * the registers are there, until exdma_registers_exit().
 * Return: 0; -EAGAIN for @nowait, -ERESTARTSYS for a signal, -ENODEV.
 */
int exdma_registers_enter(struct exdma_card *card, bool nowait)
{
	for (;;) {
		if (!nowait)
			down_read(&card->access);
		else if (!down_read_trylock(&card->access))
			return -EAGAIN;
		if (!exdma_card_is_gone(card) && !card->held)
			return 0;
		up_read(&card->access);
		if (exdma_card_is_gone(card))
			return -ENODEV;
		if (nowait)
			return -EAGAIN;
		if (wait_event_interruptible(card->change, window_settled(card)))
			return -ERESTARTSYS;
	}
}

void exdma_registers_exit(struct exdma_card *card)
{
	up_read(&card->access);
}

/* May the program have the window? Lockdown may have come after open(). */
static int window_permit(const struct exdma_window *win)
{
	return win->desc.privileged ? security_locked_down(LOCKDOWN_PCI_ACCESS) : 0;
}

/* The file keeps its node. */
static struct exdma_window *window_of(const struct file *file)
{
	const struct exdma_node *node = file->private_data;

	return node->part;
}

static int window_open(struct inode *inode, struct file *file)
{
	struct exdma_node *node = exdma_node_from_inode(inode);
	struct exdma_window *win = node->part;
	int err;

	if (win->desc.privileged && !capable(CAP_SYS_RAWIO))
		return -EPERM;
	err = window_permit(win);
	if (err)
		return err;
	if (exdma_card_is_gone(win->card))
		return -ENODEV;
	err = exdma_power_get(win->card);
	if (err)
		return err;
	file->private_data = node;
	if (exdma_alias_has(node->alias, EXDMA_ALIAS_PLAIN_OPEN))
		file->f_flags &= ~O_NONBLOCK;
	file->f_mapping = win->card->inode->i_mapping;
	file->f_mode |= FMODE_NOWAIT;
	return 0;
}

/* Also of the last mapping: it keeps the file. */
static int window_close(struct inode *inode, struct file *file)
{
	exdma_power_put(window_of(file)->card);
	return 0;
}

/*
 * Cuts @iter to what lies within the window. Returns bytes left, which may be 0
 * at the end, or -errno. Nothing is added to the position, so nothing wraps.
 */
static ssize_t window_bound(const struct exdma_window *win, const struct kiocb *iocb,
			    struct iov_iter *iter, ssize_t at_end)
{
	const struct exdma_node *node = iocb->ki_filp->private_data;
	u64 pos = iocb->ki_pos, bytes = win->desc.bytes;

	if (!iov_iter_count(iter))
		return 0;
	if (exdma_alias_has(node->alias, EXDMA_ALIAS_ONE)) {
		if (pos % WORD || iov_iter_count(iter) < WORD)
			return -EPROTO;
		iov_iter_truncate(iter, WORD);
	}
	if ((pos | iov_iter_count(iter)) % WORD)
		return -EINVAL;
	if (pos >= bytes)
		return at_end;
	if (iov_iter_count(iter) > bytes - pos)
		iov_iter_truncate(iter, bytes - pos);
	return iov_iter_count(iter);
}

/*
 * Reads the registers only as far as there is memory for them: some change by
 * being read.
 */
static ssize_t window_read_some(struct exdma_window *win, struct kiocb *iocb,
				struct iov_iter *iter, bool nowait)
{
	size_t len = min(iov_iter_count(iter), BATCH * WORD), i;
	u32 words[BATCH];
	int err;

	len = round_down(len - fault_in_iov_iter_writeable(iter, len), WORD);
	if (!len)
		return -EFAULT;
	err = exdma_registers_enter(win->card, nowait);
	if (err)
		return err;
	for (i = 0; i < len / WORD; i++)
		words[i] = ioread32(win->desc.regs + iocb->ki_pos + i * WORD);
	exdma_registers_exit(win->card);
	return round_down(copy_to_iter(words, len, iter), WORD) ?: -EFAULT;
}

static ssize_t window_write_some(struct exdma_window *win, struct kiocb *iocb,
				 struct iov_iter *iter, bool nowait)
{
	size_t len = min(iov_iter_count(iter), BATCH * WORD), i;
	u32 words[BATCH];
	int err;

	len = round_down(copy_from_iter(words, len, iter), WORD);
	if (!len)
		return -EFAULT;
	err = exdma_registers_enter(win->card, nowait);
	if (err)
		return err;
	for (i = 0; i < len / WORD; i++)
		iowrite32(words[i], win->desc.regs + iocb->ki_pos + i * WORD);
	exdma_registers_exit(win->card);
	return len;
}

typedef ssize_t (*window_some_t)(struct exdma_window *win, struct kiocb *iocb,
				 struct iov_iter *iter, bool nowait);

static ssize_t window_io(struct kiocb *iocb, struct iov_iter *iter, window_some_t some,
			 ssize_t at_end)
{
	struct exdma_window *win = window_of(iocb->ki_filp);
	bool nowait = exdma_call_nowait(iocb);
	ssize_t left, moved, sum = 0;
	int err;

	if (exdma_card_is_gone(win->card))
		return -ENODEV;
	err = window_permit(win);
	if (err)
		return err;
	left = window_bound(win, iocb, iter, at_end);
	if (left <= 0)
		return left;
	while (sum < left) {
		moved = some(win, iocb, iter, nowait);
		if (moved < 0)
			return sum ?: moved;
		sum += moved;
		iocb->ki_pos += moved;
		/* Memory ended there, or the program has. */
		if ((sum < left && moved < BATCH * WORD) || fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return sum;
}

static ssize_t window_read_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	return window_io(iocb, iter, window_read_some, 0);
}

static ssize_t window_write_iter(struct kiocb *iocb, struct iov_iter *iter)
{
	return window_io(iocb, iter, window_write_some, -ENOSPC);
}

/*
 * The card is held. The fault is tried again when that is over: without
 * mmap_lock meanwhile, so that the rest of the program goes on; a fault that
 * may not drop it keeps it, and the access is begun anew.
 */
static vm_fault_t window_wait(struct vm_fault *vmf, struct exdma_card *card)
{
	struct file *file;

	if (!fault_flag_allow_retry_first(vmf->flags)) {
		wait_event_killable(card->change, window_settled(card));
		return VM_FAULT_NOPAGE;
	}
	if (vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return VM_FAULT_RETRY;
	/* The file keeps the card; the mapping may go as soon as it can. */
	file = get_file(vmf->vma->vm_file);
	release_fault_lock(vmf);
	wait_event_killable(card->change, window_settled(card));
	fput(file);
	return VM_FAULT_RETRY;
}

static vm_fault_t window_fault(struct vm_fault *vmf)
{
	struct exdma_window *win = vmf->vma->vm_private_data;
	struct exdma_card *card = win->card;
	vm_fault_t ret = 0;

	down_read(&card->access);
	if (exdma_card_is_gone(card) || vmf->pgoff >= win->desc.bytes >> PAGE_SHIFT)
		ret = VM_FAULT_SIGBUS;
	else if (!card->held)
		ret = vmf_insert_pfn(vmf->vma, vmf->address,
				     PHYS_PFN(win->desc.start) + vmf->pgoff);
	up_read(&card->access);
	return ret ?: window_wait(vmf, card);
}

static const struct vm_operations_struct window_vm_ops = {
	.fault = window_fault,
};

/* Bounds in pages, compared without adding: nothing wraps. */
static int window_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct exdma_window *win = window_of(file);
	u64 pages = win->desc.bytes >> PAGE_SHIFT;
	int err;

	if (exdma_card_is_gone(win->card))
		return -ENODEV;
	err = window_permit(win);
	if (err)
		return err;
	/* A private copy of a register has no meaning. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	/* What else is in the first or last page is not ours to give. */
	if (!PAGE_ALIGNED(win->desc.start) || !PAGE_ALIGNED(win->desc.bytes))
		return -EINVAL;
	if (vma->vm_pgoff >= pages || vma_pages(vma) > pages - vma->vm_pgoff)
		return -EINVAL;
	vm_flags_set(vma, VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_ops = &window_vm_ops;
	vma->vm_private_data = win;
	return 0;
}

static loff_t window_llseek(struct file *file, loff_t offset, int whence)
{
	struct exdma_window *win = window_of(file);

	if (exdma_card_is_gone(win->card))
		return -ENODEV;
	return fixed_size_llseek(file, offset, whence, win->desc.bytes);
}

/* Ready is: a call that may not wait would be taken now. */
static __poll_t window_poll(struct file *file, struct poll_table_struct *wait)
{
	struct exdma_window *win = window_of(file);

	poll_wait(file, &win->card->change, wait);
	if (exdma_card_is_gone(win->card))
		return EPOLLHUP | EPOLLERR;
	if (!window_settled(win->card))
		return 0;
	return EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM;
}

static long window_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	const struct exdma_node *node = file->private_data;
	struct exdma_window *win = node->part;
	long ret;

	if (exdma_card_is_gone(win->card))
		return -ENODEV;
	ret = exdma_alias_ioctl(node->alias, NULL, cmd, (void __user *)arg);
	if (ret != -ENOIOCTLCMD)
		return ret;
	return exdma_card_ioctl(win->card, file, cmd, (void __user *)arg);
}

const struct file_operations exdma_window_fops = {
	.owner = THIS_MODULE,
	.open = window_open,
	.release = window_close,
	.read_iter = window_read_iter,
	.write_iter = window_write_iter,
	.mmap = window_mmap,
	.llseek = window_llseek,
	.poll = window_poll,
	.unlocked_ioctl = window_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

/**
 * exdma_window_add - give programs a part of the device's memory
 * @card: the card, not registered yet.
 * @desc: what the window is; copied.
 *
 * Makes /dev/exdmaN_NAME at registration.
 *
 * Context: may sleep.
 * Return: the window, which lives as long as the card, or an ERR_PTR(): -EINVAL
 * for a description out of range, -ENOSPC for too many, -ENOMEM.
 */
struct exdma_window *exdma_window_add(struct exdma_card *card,
				      const struct exdma_window_desc *desc)
{
	struct exdma_window *win;
	struct inode *inode;

	if (!desc->bytes || desc->bytes % WORD || desc->bytes > LLONG_MAX ||
	    desc->start % WORD || desc->start + desc->bytes - 1 < desc->start)
		return ERR_PTR(-EINVAL);
	if (card->window_count == EXDMA_MAX_WINDOWS)
		return ERR_PTR(-ENOSPC);
	if (!card->inode) {
		inode = alloc_anon_inode(window_mount->mnt_sb);
		if (IS_ERR(inode))
			return ERR_CAST(inode);
		card->inode = inode;
	}
	win = kzalloc_obj(*win);
	if (!win)
		return ERR_PTR(-ENOMEM);
	win->card = card;
	win->desc = *desc;
	snprintf(win->name, sizeof(win->name), "exdma%d_%s", card->number, desc->name);
	win->desc.name = NULL;	/* the driver's, who may go before us */
	list_add_tail(&win->siblings, &card->windows);
	card->window_count++;
	return win;
}
EXPORT_SYMBOL_EXDMA(exdma_window_add);

/* Makes the node. Return: 0 or -errno. */
int exdma_window_create_node(struct exdma_window *win)
{
	struct exdma_node *node;

	node = exdma_node_create_part(win->card, win->name, &exdma_window_fops,
				      exdma_window_groups, win);
	if (IS_ERR(node))
		return PTR_ERR(node);
	win->node = node;
	return 0;
}

/* The card is freed: nobody has a file any more. */
void exdma_windows_free(struct exdma_card *card)
{
	struct exdma_window *win, *next;

	list_for_each_entry_safe(win, next, &card->windows, siblings)
		kfree(win);
	if (card->inode)
		iput(card->inode);
}
