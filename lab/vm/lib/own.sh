# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# Kernels of the lab's own making: what Debian does not ship, because it is
# built to find faults. kernels.d has the recipe; here is when it runs and where
# the result lies. Knows nothing of booting.

# own_kernels: their names, one per line.
own_kernels() {
	local file

	for file in "$vm_dir"/kernels.d/*.config; do
		file=${file##*/}
		[ "$file" = common.config ] || printf '%s\n' "${file%.config}"
	done
}

# use_own_kernel NAME: set $own_kernel to the directory that holds it, and build it
# when it is missing. Needs $root. Another recipe, compiler or kernel source makes
# another kernel; another root file system alone does not.
use_own_kernel() {
	own_kernel=$cache/kernels/$1-$({
		hash_of "$vm_dir/kernels.d" build common.config "$1.config"
		head -n 5 "$root/usr/src/exdma-ksrc/Makefile"
		package_versions gcc
	} | sha256sum | cut -c1-16)
	cached "$own_kernel" 1 build_own_kernel "$1"
}

# In a subshell: the work needs a jail of its own, gone when the run's is made.
build_own_kernel() (
	log=$cache/kernels/$2.log
	mkdir -p "$1/work"
	make_scratch
	# shellcheck disable=SC2119
	make_jail
	bind_checkout
	mkdir -p "$jail/exdma/kernel"
	mount --bind "$1" "$jail/exdma/kernel"
	: >"$log"
	if ! in_jail "$vm_dir/kernels.d/build" "$2" /exdma/kernel/work \
		/exdma/kernel 2>&1 |
		build_progress "$log" "making the kernel \"$2\" (once; some minutes)"; then
		tail -n 40 "$log" >&2
		die "the kernel \"$2\" could not be made (whole log: $log)"
	fi
	rm -f "$log"
	remove_tree "$1/work"
	step "kernel \"$2\" ready: $(du -sm "$1" | cut -f 1) MB in $own_kernel"
)
