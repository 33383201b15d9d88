# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# What the guest may ask of the host while it runs, by writing a line to its
# /dev/lab-control: "kill N" kills the process of card N, as if somebody pulled
# the card out. A card that ended so has not failed.

# start_control: serve the pipe $scratch/control until the script ends.
start_control() {
	mkfifo "$scratch/control"
	# opened for both directions: the reader never sees an end
	serve_control <>"$scratch/control" &
	control_pid=$!
	at_end+=("kill $control_pid 2>/dev/null || :")
}

serve_control() {
	local verb card

	# $$ is the script, also here: end with it, even if it was killed
	while kill -0 $$ 2>/dev/null; do
		read -r -t 5 verb card || continue
		case $verb in
		kill)
			[ -n "${card_pids[card]:-}" ] || continue
			: >"$scratch/killed$card"
			kill -KILL "${card_pids[card]}" || :
			;;
		*) printf '%s: the guest asks for "%s"?\n' "$self" "$verb" >&2 ;;
		esac
	done
}
