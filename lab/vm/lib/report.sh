# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# What the kernel's log says about the kernel's health.

# One pattern for each kind of report.
kernel_reports=(
	'Kernel panic'
	'BUG: '
	'Oops: '
	'WARNING: .* at '
	'WARNING: .*lock'
	'WARNING: (possible|suspicious|bad|inconsistent|held|Nested|unbalanced|refcount)'
	'kernel BUG at'
	'------------\[ cut here \]'
	'general protection fault'
	'unable to handle (kernel|page)'
	'stack segment:|double fault:|divide error:|invalid opcode:'
	'possible (circular|recursive|irq lock|deadlock)'
	'inconsistent lock state'
	'suspicious RCU usage'
	'lock held when returning'
	'sleeping function called from invalid context'
	'scheduling while atomic'
	'KASAN: |KCSAN: |KFENCE: |UBSAN: '
	'DMA-API: .*(driver|device|debug_dma|cacheline|exceeded|mapping error|leak)'
	'ODEBUG: '
	'kmemleak: [0-9]+ new suspected'
	'INFO: task .* blocked for more than'
	'rcu: INFO: .*detected'
	'soft lockup|hard LOCKUP|Hard LOCKUP'
	'refcount_t: '
	'list_(add|del) corruption'
	'irq [0-9]+: nobody cared'
	'Bad page (state|map)|Bad rss-counter'
	'sysfs: cannot create duplicate'
	'stack-protector: |corrupted stack end'
)
# What looks like one of them and is none.
harmless='Spectre|Register File|microcode|preallocated|debugging (enabled|disabled)|tracking ENOMEM'

# scan_log FILE: print what is wrong with some lines around it, and return 1,
# or return 0 when the log is clean.
scan_log() {
	local pattern first

	pattern=$(IFS='|'; printf '%s' "${kernel_reports[*]}")
	first=$(LC_ALL=C grep -a -n -E "$pattern" "$1" |
		LC_ALL=C grep -a -v -E "$harmless" | head -n 1 | cut -d : -f 1)
	[ -n "$first" ] || return 0
	printf '%s: the guest kernel reports:\n' "$self" >&2
	tail -n "+$((first > 4 ? first - 4 : 1))" "$1" | head -n 80 |
		tr -d '\r' | sed -e 's/^/    /' >&2
	return 1
}
