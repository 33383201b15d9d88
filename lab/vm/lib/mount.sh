# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# The root file system as a place to run programs in: a throw-away writable
# view of it, in this process's own mount namespace. Knows nothing of VMs.

# make_scratch: set $scratch to a new directory that is removed at the end of
# the script. Its path is kept short: sockets go there.
make_scratch() {
	scratch=$(mktemp -d "${TMPDIR:-/tmp}/exdma-vm.XXXXXX")
	[ ${#scratch} -lt 80 ] || {
		rmdir "$scratch"
		scratch=$(mktemp -d /tmp/exdma-vm.XXXXXX)
	}
	trap end_of_script EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

# Commands to run at the end, last one first.
at_end=()
end_of_script() {
	local i

	for ((i = ${#at_end[@]} - 1; i >= 0; i--)); do
		eval "${at_end[i]}"
	done
	drop_jail
	rm -rf --one-file-system "$scratch"
}

overlay_options() {
	# trusted.* attributes need the real root
	[ -z "${EXDMA_VM_USERNS:-}" ] || printf ',userxattr'
}

# make_jail [LAYER...]: set $jail to a writable view of $root, with the layers
# (directories) laid over it, the first one on top. What is written there is
# in $scratch/ram/upper, in memory, and vanishes at the end.
make_jail() {
	local lower='' layer

	jail=$scratch/jail
	for layer in "$@" "$root"; do
		lower+=${lower:+:}$layer
	done
	grep -qw overlay /proc/filesystems ||
		modprobe overlay 2>/dev/null || :
	mkdir -p "$scratch/ram" "$jail"
	mount -t tmpfs -o mode=755 exdma-vm "$scratch/ram"
	mkdir "$scratch/ram/upper" "$scratch/ram/work"
	mount -t overlay -o "lowerdir=$lower,upperdir=$scratch/ram/upper,workdir=$scratch/ram/work$(overlay_options)" \
		exdma-vm "$jail" 2>/dev/null ||
		die "this kernel would not mount an overlay file system, which the lab needs"
	mount --rbind /proc "$jail/proc"
	mount --rbind /dev "$jail/dev"
	mount -t tmpfs -o mode=1777 exdma-vm "$jail/tmp"
	mount -t tmpfs -o mode=755 exdma-vm "$jail/run"
}

# drop_jail: what was written there is lost; then there may be another one.
drop_jail() {
	umount -l "$scratch/jail" 2>/dev/null || :
	umount -l "$scratch/ram" 2>/dev/null || :
}

# bind_in PATH [ro]: show PATH inside the jail under its own name.
bind_in() {
	mkdir -p "$jail$1"
	mount --bind "$1" "$jail$1"
	[ "${2:-}" != ro ] || mount -o remount,bind,ro "$jail$1"
}

# The checkout at its own path: read-only, except for its build directory.
bind_checkout() {
	mkdir -p "$top/build"
	bind_in "$top" ro
	bind_in "$top/build"
}

# in_jail COMMAND...: run it in the jail, in the caller's directory if the
# jail shows that, otherwise at the top of the checkout.
in_jail() {
	local cwd

	cwd=$(work_dir)
	# shellcheck disable=SC2016 # for the shell in the jail
	chroot "$jail" /usr/bin/env -i \
		PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" \
		"${jail_env[@]}" \
		/bin/sh -c 'cd "$0" && exec "$@"' "$cwd" "$@"
}
jail_env=()

# The caller's directory if it is in the checkout, otherwise the checkout.
work_dir() {
	local here

	here=$(pwd -P)
	case $here/ in
	"$top"/*) printf '%s\n' "$here" ;;
	*) printf '%s\n' "$top" ;;
	esac
}
