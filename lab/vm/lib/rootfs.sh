# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# The cached root file system: is it there, is it whole, is it the one this
# recipe makes. A root is built beside the cache under another name and renamed
# when it is complete, so what has the final name is always whole.

# Set $root to the root file system of this checkout's recipe, building it
# first when it is missing. Holds a shared lock on it until the script ends.
use_rootfs() {
	local name

	name=root-$(hash_of lab/vm/rootfs lab/vm/lib/rootfs.sh)
	root=$cache/$name
	mkdir -p "$cache"
	[ -d "$root" ] || (
		flock 8
		[ -d "$root" ] || build_rootfs
		prune_rootfs "$name"
	) 8>"$cache/setup.lock"
	exec 9>"$root.lock"
	flock --shared 9
}

build_rootfs() {
	local mirror candidate keyring='' tmp=$root.part log=$cache/setup.log
	local -a options

	need mmdebstrap=mmdebstrap apt-get=apt
	[ -n "${EXDMA_VM_USERNS:-}" ] || need arch-test=arch-test
	mirror=$(find_mirror)
	mapfile -t options < <(apt_options)
	for candidate in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		[ ! -e "$candidate" ] || keyring="[signed-by=$candidate] "
	done

	step "making the root file system (once; a few minutes)"
	remove_tree "$tmp"
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
	mv "$tmp" "$root"
	rm -f "$log"
	step "root file system ready: $(du -sm "$root" | cut -f 1) MB in $root"
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

# Remove the roots of other recipes that nobody uses.
prune_rootfs() {
	local other

	for other in "$cache"/root-*.lock; do
		[ -e "$other" ] || continue
		other=${other%.lock}
		[ "$other" != "$cache/$1" ] || continue
		exec 7>"$other.lock"
		flock --exclusive --nonblock 7 || continue
		step "removing an older root file system"
		remove_tree "$other"
		rm -f "$other.lock"
	done
}

# A tree of the lab's own making; never across a mount.
remove_tree() {
	[ ! -e "$1" ] || rm -rf --one-file-system "$1"
}
