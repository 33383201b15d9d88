# SPDX-License-Identifier: GPL-2.0-only
# kmod/core/interrupt.c
# The bottom half takes the channel's lock with interrupts on: the handler spins
# for ever for what its own CPU holds.
/^void exdma_channel_bottom_half/,/^}/{
	s/raw_spin_lock_irqsave(ch->lock, flags)/raw_spin_lock(ch->lock); flags = 0/
	s/raw_spin_unlock_irqrestore(ch->lock, flags)/raw_spin_unlock(ch->lock)/
}
