# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# Kernels: which one is meant, and the two files that boot it (an ELF kernel
# and an initramfs), cached. Knows nothing of QEMU and nothing of our modules.

# Modules without which there is no root file system and no output.
boot_modules='virtio_pci virtio_console 9pnet_virtio 9p overlay'

# find_kernel NAME|PATH: set $release (of the kernel), $kernel_image (a bzImage),
# $kernel_layers (what to lay over $root to have its modules there),
# $kernel_memory (how much the guest needs, as a rule) and $kernel_append (what
# it has to be told). KCSAN does not watch unless it is told to.
find_kernel() {
	local path

	kernel_layers=()
	kernel_memory=1G
	kernel_append=
	release=$(sed -n -e "s/^${1//[^a-z0-9.-]/}\t//p" "$root/etc/exdma-kernels")
	if [ -n "$release" ]; then
		kernel_image=$root/boot/vmlinuz-$release
		return
	fi
	if own_kernels | grep -x -e "$1" >/dev/null; then
		use_own_kernel "$1"
		find_kernel_in "$own_kernel"
		kernel_memory=2G
		[ "$1" != kcsan ] || kernel_append=' kcsan.early_enable=1'
		return
	fi
	[ -e "$1" ] || usage_error "no such kernel: $1 (names: $({
		cut -f 1 "$root/etc/exdma-kernels"
		own_kernels
	} | xargs), or a path)"
	path=$(realpath "$1")
	if [ -d "$path" ]; then
		find_kernel_in "$path"
	else
		kernel_image=$path
		release=$(image_release "$path")
		[ -n "$release" ] || usage_error "$1: not a bzImage"
	fi
}

# find_kernel_in DIR: the same for a directory to be laid over the root.
find_kernel_in() {
	local modules

	modules=$(echo "$1"/usr/lib/modules/*)
	[ -d "$modules" ] && [ ! -e "$1/lib" ] ||
		usage_error "$1: must hold exactly one usr/lib/modules/RELEASE, and no lib"
	release=${modules##*/}
	kernel_layers=("$1")
	for kernel_image in "$1/boot/vmlinuz-$release" "$modules/vmlinuz"; do
		[ ! -f "$kernel_image" ] || return 0
	done
	usage_error "$1: no boot/vmlinuz-$release"
}

# The release that a bzImage says it is: a string whose place, less 512, is at
# 0x20e (the boot protocol).
image_release() {
	local at

	[ "$(dd if="$1" bs=1 skip=514 count=4 status=none)" = HdrS ] || return 0
	at=$(od -An -v -t u2 -j 0x20e -N 2 "$1")
	dd if="$1" bs=1 skip=$((at + 512)) count=256 status=none |
		tr '\0' '\n' | sed -n -e '1s/ .*//p'
}

# make_boot_files: set $vmlinux and $initramfs. Needs $jail.
make_boot_files() {
	local dir

	dir=$cache/boot/$release-$({
		printf '%s\n' "$boot_modules" "$(stat -L -c '%s %Y' "$kernel_image")"
		hash_of "$vm_dir" guest
		package_versions busybox-static kmod
	} | sha256sum | cut -c1-16)
	vmlinux=$dir/vmlinux
	initramfs=$dir/initramfs
	cached "$dir" 2 build_boot_files
}

build_boot_files() {
	step "preparing to boot $release"
	mkdir "$1"
	cp "$kernel_image" "$jail/tmp/bzImage"
	in_jail "$vm_dir/guest/extract" /tmp/bzImage \
		>"$1/vmlinux" || die "cannot unpack the kernel $release"
	in_jail env release="$release" modules="$boot_modules" \
		"$vm_dir/guest/mkinitramfs" >"$1/initramfs" ||
		die "cannot make an initramfs for $release"
}
