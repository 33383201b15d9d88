# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# The root file system that the recipe (lab/vm/rootfs) makes: where it is, and
# how it is made. Another recipe makes another one.

# Set $root to the root file system of this checkout's recipe, making it first
# when it is missing.
use_rootfs() {
	root=$cache/root-$(hash_of "$vm_dir" rootfs)
	cached "$root" 1 build_rootfs
}

build_rootfs() {
	local tmp=$1 log=$cache/setup.log mirror candidate keyring=''
	local -a options

	need mmdebstrap=mmdebstrap apt-get=apt
	[ -n "${EXDMA_VM_USERNS:-}" ] || need arch-test=arch-test
	mirror=$(find_mirror)
	mapfile -t options < <(apt_options)
	for candidate in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		[ ! -e "$candidate" ] || keyring="[signed-by=$candidate] "
	done

	step "making the root file system (once; a few minutes)"
	step "downloading and unpacking the base system"
	: >"$log"
	if ! mmdebstrap --mode=root --variant=apt --components=main \
		--include=eatmydata,debian-archive-keyring \
		--aptopt='APT::Default-Release "trixie-backports"' \
		--aptopt='Acquire::Languages "none"' \
		"${options[@]}" \
		--dpkgopt="$vm_dir/rootfs/exclude" \
		--dpkgopt=force-unsafe-io \
		--customize-hook="$vm_dir/rootfs/install \"\$1\"" \
		trixie "$tmp" \
		"deb $keyring$mirror trixie main" \
		"deb $keyring$mirror trixie-backports main" \
		"deb $keyring$mirror bookworm main" 2>&1 | build_progress "$log"; then
		tail -n 40 "$log" >&2
		die "the root file system could not be made (whole log: $log)"
	fi
	rm -f "$log"
	step "root file system ready: $(du -sm "$tmp" | cut -f 1) MB in $root"
}

# Keep the log, show the steps in it.
build_progress() {
	local line

	while IFS= read -r line; do
		printf '%s\n' "$line" >>"$1"
		case $line in
		'exdma-step '*) step "${line#exdma-step }" ;;
		esac
	done
}
