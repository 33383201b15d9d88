# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# The root file systems that the recipe (lab/vm/rootfs) makes: where they are, and
# how they are made. Another recipe makes other ones.
#
# There are two. The small one has what the demo needs: QEMU, one kernel, a compiler.
# The whole one is made of a copy of the small one; it adds the other kernels and all
# that the checks need. With EXDMA_ROOT=small the small one is enough, unless the
# whole one is there anyway.

# Set $root to the root file system of this checkout's recipe, making it first
# when it is missing.
use_rootfs() {
	case ${EXDMA_ROOT:=whole} in
	small | whole) ;;
	*) die 2 "EXDMA_ROOT: small or whole, not $EXDMA_ROOT" ;;
	esac
	root=$cache/root-$(hash_of "$vm_dir" rootfs)
	if [ "$EXDMA_ROOT" = whole ] || [ -d "$root" ]; then
		cached "$root" 2 build_rootfs
	else
		use_small_root
	fi
}

use_small_root() {
	root=$cache/small-$(hash_of "$vm_dir" rootfs/exclude rootfs/install rootfs/packages.small)
	cached "$root" 2 build_small_root
}

# package_versions PACKAGE...: a line for each that is installed in $root. What is made
# with these packages need not be made again because the root file system is another.
package_versions() {
	awk -v wanted=" $* " '
		/^Package: / { name = $2 }
		/^Version: / && index(wanted, " " name " ") { print name, $2 }
	' "$root/var/lib/dpkg/status"
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

build_small_root() {
	step "making the root file system for the demo (once; a minute or two)"
	make_debian "$1" trixie "$cache/setup.log" \
		"trixie trixie-backports bookworm" \
		--include=eatmydata,debian-archive-keyring \
		--aptopt='APT::Default-Release "trixie-backports"' \
		--dpkgopt="$vm_dir/rootfs/exclude" \
		--customize-hook="$vm_dir/rootfs/install \"\$1\" small"
	step "root file system ready: $(du -sm "$1" | cut -f 1) MB in ${1%.part}"
}

# In a subshell: $root is another one here, and what is mounted goes with it.
build_rootfs() (
	log=$cache/setup.log
	use_small_root
	step "making the whole root file system (once; two minutes or so)"
	cp -a --reflink=auto "$root" "$1"
	: >"$log"
	if ! unshare --mount --propagation private bash -c '
		mount --rbind /proc "$1/proc" && mount --rbind /dev "$1/dev" &&
			exec "$2" "$1" whole' bash "$1" "$vm_dir/rootfs/install" 2>&1 |
		build_progress "$log" "a copy of the small one is the beginning"; then
		tail -n 40 "$log" >&2
		die "the root file system could not be made (whole log: $log)"
	fi
	rm -f "$log"
	step "root file system ready: $(du -sm "$1" | cut -f 1) MB in ${1%.part}"
)

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

	: >"$log"
	if ! mmdebstrap --verbose --mode=root --variant=apt --components=main \
		--aptopt='Acquire::Languages "none"' "${options[@]}" \
		--dpkgopt=force-unsafe-io "${@:5}" \
		"$suite" "$dir" "${archives[@]}" 2>&1 |
		build_progress "$log" "downloading and unpacking the base system"; then
		tail -n 40 "$log" >&2
		die "the root file system could not be made (whole log: $log)"
	fi
	rm -f "$log"
}

# build_progress LOG TEXT: say TEXT and then the steps in what is read, which goes to
# LOG, and every ten seconds how far the step is: packages or compiled files, which
# apt, dpkg and make name one by one.
build_progress() {
	local line part='' status=0 what=$2 total='' count=0 kind=''

	step "$what"

	while [ "$status" = 0 ] || [ "$status" -gt 128 ]; do
		status=0
		IFS= read -r -t 5 line || status=$?
		part+=$line
		if [ "$status" = 0 ]; then
			printf '%s\n' "$part" >>"$1"
			case $part in
			'exdma-step '*)
				what=${part#exdma-step } count=0 kind=
				step "$what"
				;;
			*' newly installed, '*)
				total=${part%% newly*}
				total="of ${total##* } packages " count=0
				;;
			Get:*) count downloaded ;;
			'Unpacking '*) count unpacked ;;
			'Setting up '*) count configured ;;
			'  CC '* | '  AS '*) total='files ' && count compiled ;;
			esac
			part=
		fi
		[ $((SECONDS - step_said)) -lt 10 ] ||
			step "$what${kind:+: $count $total$kind} ..."
	done
}

# count KIND: one more of these
count() {
	[ "$kind" = "$1" ] || { kind=$1 count=0; }
	count=$((count + 1))
}
