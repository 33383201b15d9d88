// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - the module: what all cards share
 */
#include <linux/module.h>
#include <linux/workqueue.h>

#include "buffer.h"
#include "channel.h"
#include "node.h"

/*
 * For watchdogs and recovery. Not bound to a CPU, so that a busy one does not
 * keep a lost interrupt waiting.
 */
struct workqueue_struct *exdma_wq;

static int __init exdma_init(void)
{
	int err;

	exdma_wq = alloc_workqueue("exdma", WQ_UNBOUND | WQ_HIGHPRI | WQ_MEM_RECLAIM, 0);
	if (!exdma_wq)
		return -ENOMEM;
	err = exdma_buffers_init();
	if (err)
		goto destroy_wq;
	err = exdma_nodes_init();
	if (err)
		goto exit_buffers;
	return 0;

exit_buffers:
	exdma_buffers_exit();
destroy_wq:
	destroy_workqueue(exdma_wq);
	return err;
}

static void __exit exdma_exit(void)
{
	exdma_nodes_exit();
	exdma_buffers_exit();
	destroy_workqueue(exdma_wq);
}

module_init(exdma_init);
module_exit(exdma_exit);

MODULE_DESCRIPTION("exdma: queues, interrupts, nodes and lifetime for PCIe DMA cards");
MODULE_AUTHOR("The exdma developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(EXDMA_VERSION);
