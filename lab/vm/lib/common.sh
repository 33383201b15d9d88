# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# What every lab script knows: where things are, how to speak, how to stop.
# Knows nothing of mounts, kernels or QEMU.

set -euo pipefail

lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
vm_dir=$(dirname "$lib")
top=$(cd "$vm_dir/../.." && pwd -P)
cache=${EXDMA_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/exdma}/vm
self=$(basename "$0")

# One line of progress, with the time since the script began.
step() {
	[ -n "${EXDMA_QUIET:-}" ] || printf 'vm: [%3d s] %s\n' "$SECONDS" "$*" >&2
}

# die [STATUS] TEXT: one clear line, then the end.
die() {
	local status=1
	if [[ ${2:-} ]] && [[ $1 =~ ^[0-9]+$ ]]; then
		status=$1
		shift
	fi
	printf '%s: %s\n' "$self" "$*" >&2
	exit "$status"
}

usage_error() {
	die 2 "$* (see $self --help)"
}

# The comment at the head of a script is its --help.
help_text() {
	sed -n -e '1,/^# SPDX/d' -e '/^#/!q' -e 's/^# \{0,1\}//p' "$0"
}

# hash_of DIR PATH...: one hash over names and contents of the files and trees
# in DIR.
hash_of() {
	(
		cd "$1"
		find "${@:2}" -type f -print0 | LC_ALL=C sort -z |
			xargs -0 sha256sum
	) | sha256sum | cut -c1-16
}
