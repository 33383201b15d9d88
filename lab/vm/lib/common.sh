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

# One line of progress, with the time since the command began that the user typed:
# who calls another script passes on when that was, in EXDMA_BEGAN (seconds since
# 1970).
step() {
	step_said=$SECONDS
	[ -n "${EXDMA_QUIET:-}" ] ||
		printf '[%4d s] %s\n' $((EPOCHSECONDS - EXDMA_BEGAN)) "$*" >&2
}
: "${EXDMA_BEGAN:=$EPOCHSECONDS}"
export EXDMA_BEGAN
step_said=0

# tell_progress TEXT COUNTER COMMAND...: say TEXT, run COMMAND, and while it runs say
# TEXT every ten seconds, with what the command COUNTER prints ("3 of 7 files").
tell_progress() {
	local text=$1 counter=$2 fd status=0
	shift 2

	step "$text"
	# it ends when nothing can come out of the pipe any more
	exec {fd}> >(
		while read -r -t 10 || [ $? -gt 128 ]; do
			step "$text: $("$counter" || :)"
		done
	)
	"$@" {fd}>&- || status=$?
	exec {fd}>&-
	wait "$!" || :
	return "$status"
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
