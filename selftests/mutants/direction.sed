# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/buffer.c
# Memory is unmapped as if the device had only read it: what it wrote to a
# bounce buffer stays there.
/^static void buffer_unmap/,/^}/s/dma_unmap_sgtable(\(.*\), [^,]*, 0)/dma_unmap_sgtable(\1, DMA_TO_DEVICE, 0)/
