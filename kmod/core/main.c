// SPDX-License-Identifier: GPL-2.0-only
/*
 * exdma core - the module: what all cards share
 */
#include <linux/module.h>
#include <linux/workqueue.h>

#include "batch.h"
#include "buffer.h"
#include "channel.h"
#include "io.h"
#include "node.h"
#include "window.h"

/*
 * For watchdogs and recovery. Not bound to a CPU, so that a busy one does not
 * keep a lost interrupt waiting.
 */
struct workqueue_struct *exdma_wq;
/* For completions on a CPU of the program's choice, and for launch=work. */
struct workqueue_struct *exdma_cpu_wq;

static int __init exdma_init(void)
{
	int err = -ENOMEM;

	exdma_wq = alloc_workqueue("exdma", WQ_UNBOUND | WQ_HIGHPRI | WQ_MEM_RECLAIM, 0);
	if (!exdma_wq)
		return err;
	exdma_cpu_wq = alloc_workqueue("exdma_cpu", WQ_PERCPU | WQ_MEM_RECLAIM, 0);
	if (!exdma_cpu_wq)
		goto destroy_wq;
	err = exdma_buffers_init();
	if (err)
		goto destroy_cpu_wq;
	err = exdma_async_init();
	if (err)
		goto exit_buffers;
	err = exdma_offload_init();
	if (err)
		goto exit_async;
	err = exdma_batch_init();
	if (err)
		goto exit_offload;
	err = exdma_windows_init();
	if (err)
		goto exit_batch;
	err = exdma_nodes_init();
	if (err)
		goto exit_windows;
	return 0;

exit_windows:
	exdma_windows_exit();
exit_batch:
	exdma_batch_exit();
exit_offload:
	exdma_offload_exit();
exit_async:
	exdma_async_exit();
exit_buffers:
	exdma_buffers_exit();
destroy_cpu_wq:
	destroy_workqueue(exdma_cpu_wq);
destroy_wq:
	destroy_workqueue(exdma_wq);
	return err;
}

static void __exit exdma_exit(void)
{
	exdma_nodes_exit();
	exdma_windows_exit();
	exdma_offload_exit();
	destroy_workqueue(exdma_cpu_wq);
	destroy_workqueue(exdma_wq);
	exdma_batch_exit();
	exdma_async_exit();
	exdma_buffers_exit();
}

module_init(exdma_init);
module_exit(exdma_exit);

MODULE_DESCRIPTION("exdma: queues, interrupts, nodes and lifetime for PCIe DMA cards");
MODULE_AUTHOR("The exdma developers");
MODULE_LICENSE("GPL");
MODULE_VERSION(EXDMA_VERSION);
