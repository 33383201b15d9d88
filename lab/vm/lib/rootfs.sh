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

# use_plain_root SUITE: the same for a plain Debian as somebody would have it who
# installs our packages: the base system, one kernel with headers, and, not
# installed but downloaded, what our packages need to be built and to be used.
use_plain_root() {
	root=$cache/plain-$1-$({
		hash_of "$vm_dir" plain rootfs/exclude
		hash_of "$top/userspace" debian/control
	} | sha256sum | cut -c1-16)
	cached "$root" 1 build_plain_root "$1"
}

build_rootfs() {
	step "making the root file system (once; a few minutes)"
	make_debian "$1" trixie "$cache/setup.log" \
		"trixie trixie-backports bookworm" \
		--include=eatmydata,debian-archive-keyring \
		--aptopt='APT::Default-Release "trixie-backports"' \
		--dpkgopt="$vm_dir/rootfs/exclude" \
		--customize-hook="$vm_dir/rootfs/install \"\$1\""
	step "root file system ready: $(du -sm "$1" | cut -f 1) MB in $root"
}

build_plain_root() {
	local exclude

	step "making a plain Debian $2 (once; a few minutes)"
	# of a kernel the lab needs no more here than there, of all else everything
	exclude=$(mktemp)
	grep -e /modules/ "$vm_dir/rootfs/exclude" >"$exclude"
	make_debian "$1" "$2" "$cache/plain-$2.log" "$2" \
		--include=eatmydata,debian-archive-keyring \
		--aptopt='APT::Install-Recommends "false"' \
		--dpkgopt="$exclude" --skip=cleanup/apt \
		--customize-hook="$vm_dir/plain/install \"\$1\" \"$top/userspace/debian/control\""
	rm -f "$exclude"
	step "plain Debian $2 ready: $(du -sm "$1" | cut -f 1) MB in $root"
}

# make_debian DIR SUITE LOG "SUITE..." OPTION...: a base system of SUITE with the
# archives of the suites, and what the options of mmdebstrap add.
make_debian() {
	local dir=$1 suite=$2 log=$3 archive mirror candidate keyring=''
	local -a options archives

	need mmdebstrap=mmdebstrap apt-get=apt
	[ -n "${EXDMA_VM_USERNS:-}" ] || need arch-test=arch-test
	mirror=$(find_mirror)
	mapfile -t options < <(apt_options)
	for candidate in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		[ ! -e "$candidate" ] || keyring="[signed-by=$candidate] "
	done
	for archive in $4; do
		archives+=("deb $keyring$mirror $archive main")
	done

	step "downloading and unpacking the base system"
	: >"$log"
	if ! mmdebstrap --mode=root --variant=apt --components=main \
		--aptopt='Acquire::Languages "none"' "${options[@]}" \
		--dpkgopt=force-unsafe-io "${@:5}" \
		"$suite" "$dir" "${archives[@]}" 2>&1 | build_progress "$log"; then
		tail -n 40 "$log" >&2
		die "the root file system could not be made (whole log: $log)"
	fi
	rm -f "$log"
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
