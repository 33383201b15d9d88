# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# Who we are allowed to be. Every entry script runs in a mount namespace of its
# own, as root or as the root of a user namespace: whatever gets mounted is
# gone when the script ends, however it ends.

# need PROGRAM=PACKAGE...: install what is missing when that is allowed,
# otherwise name it.
need() {
	local pair missing=()

	for pair in "$@"; do
		command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" = 0 ] && [ -z "${EXDMA_VM_USERNS:-}" ] &&
	   [ -e /etc/debian_version ] && command -v apt-get >/dev/null; then
		step "installing on this machine: ${missing[*]}"
		if apt_install "${missing[@]}"; then
			return 0
		fi
		die "apt-get could not install: ${missing[*]}"
	fi
	die "please install these packages first: ${missing[*]}"
}

apt_install() {
	local log
	log=$(mktemp)

	export DEBIAN_FRONTEND=noninteractive
	if apt-get install -qy --no-install-recommends "$@" >"$log" 2>&1 ||
	   { apt-get update -q >>"$log" 2>&1 &&
	     apt-get install -qy --no-install-recommends "$@" >>"$log" 2>&1; }; then
		rm -f "$log"
		return 0
	fi
	tail -n 20 "$log" >&2
	rm -f "$log"
	return 1
}

# own_namespace ARGS...: start the calling script again inside its namespaces;
# returns at once when it is there already.
own_namespace() {
	[ -z "${EXDMA_VM_NS:-}" ] || return 0
	export EXDMA_VM_NS=1
	if [ "$(id -u)" = 0 ]; then
		unshare --mount true 2>/dev/null ||
			die "root here may not mount (a container without CAP_SYS_ADMIN?); the lab needs mount namespaces"
		exec unshare --mount --propagation private "$0" "$@"
	fi
	need newuidmap=uidmap
	grep -q "^$(id -un):" /etc/subuid 2>/dev/null ||
		die "not root, and $(id -un) has no line in /etc/subuid: run as root, or add one (usermod --add-subuids)"
	unshare --user --map-root-user --map-auto --mount true 2>/dev/null ||
		die "not root, and this system refuses user namespaces: run as root"
	export EXDMA_VM_USERNS=1
	exec unshare --user --map-root-user --map-auto --mount \
		--propagation private "$0" "$@"
}
