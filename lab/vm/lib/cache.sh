# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154
# Directories that are made once and used by many. Each is built under another
# name and renamed when complete, so what has the final name is whole; a lock
# file beside it says that somebody uses it.

# cached DIR KEEP FUNCTION [ARGUMENT]...: make sure that DIR is there, and
# stays while this script runs. If it is missing, FUNCTION is called with the
# directory to fill and the arguments. Of the directories with the same name up
# to the last "-", the KEEP most recently used ones are kept.
cached() {
	local dir=$1 keep=$2
	local fd

	shift 2
	mkdir -p "${dir%/*}"
	exec {fd}>"$dir.lock"
	flock --shared "$fd"
	if [ -d "$dir" ]; then
		touch "$dir"
		return
	fi
	(
		flock --nonblock 8 || {
			step 'waiting for another run that is making this'
			flock 8
		}
		[ ! -d "$dir" ] || exit 0
		remove_tree "$dir.part"
		"$1" "$dir.part" "${@:2}"
		mv "$dir.part" "$dir"
		prune "${dir%-*}" "$keep"
	) 8>"${dir%-*}.making"
}

# prune PREFIX KEEP
prune() {
	local old fd

	find "${1%/*}" -mindepth 1 -maxdepth 1 -type d \
		-name "${1##*/}-*" ! -name '*.part' -printf '%T@ %p\n' |
		sort -rn | tail -n "+$(($2 + 1))" | cut -d ' ' -f 2- |
		while IFS= read -r old; do
			exec {fd}>"$old.lock"
			if flock --exclusive --nonblock "$fd"; then
				remove_tree "$old"
				rm -f "$old.lock"
			fi
			exec {fd}>&-
		done
}

# A tree of the lab's own making; never across a mount.
remove_tree() {
	[ ! -e "$1" ] || rm -rf --one-file-system "$1"
}
