# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# Kernels: which one is meant, and the two files that boot it (an ELF kernel
# and an initramfs), cached. Knows nothing of QEMU and nothing of our modules.

# Modules without which there is no root file system and no output.
boot_modules='virtio_pci virtio_console 9pnet_virtio 9p overlay'

# find_kernel NAME|PATH: set $release (of the kernel) and $kernel_layers (what
# to lay over $root to have its modules there).
find_kernel() {
	local image

	kernel_layers=()
	kernel_image=
	release=$(sed -n -e "s/^${1//[^a-z0-9.-]/}\t//p" "$root/etc/exdma-kernels")
	if [ -n "$release" ]; then
		return
	fi
	[ -e "$1" ] || usage_error "no such kernel: $1 (names: $(cut -f 1 "$root/etc/exdma-kernels" | xargs), or a path)"
	image=$(realpath "$1")
	if [ -d "$image" ]; then
		kernel_layers=("$image")
		image=$(echo "$image"/boot/vmlinuz-*)
		[ -f "$image" ] || usage_error "$1: holds not exactly one boot/vmlinuz-*"
		release=${image##*/vmlinuz-}
	else
		kernel_image=$image
		release=$(file -bL "$image" 2>/dev/null |
			sed -n -e 's/.*version \([^ ]*\) .*/\1/p')
		[ -n "$release" ] || usage_error "$1: not a bzImage"
	fi
}

# make_boot_files: set $vmlinux and $initramfs. Needs $jail.
make_boot_files() {
	local dir
	local source=${kernel_image:-$jail/boot/vmlinuz-$release}

	dir=$cache/boot/$release-$({
		printf '%s\n' "$boot_modules" "$(stat -L -c '%s %Y' "$source")"
		hash_of lab/vm/guest
		basename "$root"
	} | sha256sum | cut -c1-16)
	vmlinux=$dir/vmlinux
	initramfs=$dir/initramfs
	cached "$dir" 2 build_boot_files
}

build_boot_files() {
	step "preparing to boot $release"
	mkdir "$1"
	[ -z "$kernel_image" ] || {
		mkdir -p "$jail/boot"
		cp "$kernel_image" "$jail/boot/vmlinuz-$release"
	}
	in_jail "$vm_dir/guest/extract" "/boot/vmlinuz-$release" \
		>"$1/vmlinux" || die "cannot unpack the kernel $release"
	in_jail env release="$release" modules="$boot_modules" \
		"$vm_dir/guest/mkinitramfs" >"$1/initramfs" ||
		die "cannot make an initramfs for $release"
}
