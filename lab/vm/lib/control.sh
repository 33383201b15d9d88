# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# What the guest may ask of the host while it runs, by writing lines to its
# /dev/lab-control (README.md has the list), and how it is done: signals for
# the cards' processes, the monitor (qmp.sh) for all that is QEMU's. Whoever
# wants an answer begins the line with a tag, @WORD, and reads "@WORD ok" or
# "@WORD error: TEXT". A line without a tag gets none, so nothing is left over
# in the port for whoever opens it next.

# How long a guest may take to let go of a card, in seconds.
unplug_limit=60

# start_control: serve the guest's requests until the script ends.
start_control() {
	mkfifo "$scratch"/{control,qmp}.{in,out}
	# opened for both directions: nobody ever sees an end, or waits for one
	serve_control <>"$scratch/control.out" >&2 &
	control_pid=$!
	at_end+=("kill $control_pid 2>/dev/null || :")
}

serve_control() {
	local words tag answers wake_at=

	exec {answers}<>"$scratch/control.in"
	qmp_open "$scratch/qmp"
	# $$ is the script, also here: end with it, even if it was killed
	while kill -0 $$ 2>/dev/null; do
		if ! read -r -t "${wake_at:+0.}5" -a words; then
			wake_if_time
			continue
		fi
		tag=
		case ${words[0]:-} in
		@*)
			tag=${words[0]}
			words=("${words[@]:1}")
			;;
		esac
		answer=ok
		request "${words[@]}"
		if [ -n "$tag" ]; then
			printf '%s %s\n' "$tag" "$answer" >&"$answers"
		elif [ "$answer" != ok ]; then
			printf '%s: the guest asks for "%s": %s\n' \
				"$self" "${words[*]}" "$answer" >&2
		fi
	done
}

# request VERB [ARGUMENT]: do it, or say why not in $answer.
request() {
	case ${1:-} in
	kill) has_card "${2:-}" && kill_card "$2" ;;
	unplug) has_card "${2:-}" && unplug_card "$2" ;;
	plug) has_card "${2:-}" && plug_card "$2" ;;
	wake) wake_later "${2:-}" ;;
	*) answer="error: no such request: ${*:-(nothing)}" ;;
	esac || :
}

has_card() {
	if [[ ! $1 =~ ^[0-9]$ ]] || [ -z "${card_pids[$1]:-}" ]; then
		answer="error: no card: ${1:-(nothing)}"
		return 1
	fi
}

kill_card() {
	: >"$scratch/killed$1"
	kill -KILL "${card_pids[$1]}" || :
}

# With the attention button: the guest's driver is told to let go, and QEMU
# says when it has.
unplug_card() {
	if card_has_msix "$1"; then
		answer="error: QEMU aborts when a card with MSI-X is unplugged; use --card ...,irq=msi or irq=intx"
		return
	fi
	qmp_forget
	if ! qmp device_del "\"id\":\"card$1\""; then
		answer="error: $qmp_answer"
	elif ! qmp_await "$unplug_limit" DEVICE_DELETED "\"device\": \"card$1\""; then
		answer="error: the guest has not let go of card $1 for $unplug_limit s"
	fi
}

# The guest finds it a moment later, as after any plugging in.
plug_card() {
	qmp device_add "$(qemu_card_arguments "$1" "/exdma/run/card$1.sock"),\"bus\":\"${card_port[$1]}\"" ||
		answer="error: $qmp_answer"
}

# The answer is due before the guest sleeps; what follows is wake_if_time.
wake_later() {
	if [[ $1 =~ ^[0-9]+$ ]]; then
		wake_at=$((SECONDS + $1))
	else
		answer="error: not a number of seconds: ${1:-(nothing)}"
	fi
}

# A guest that is not asleep yet will be: keep trying.
wake_if_time() {
	if [ -n "$wake_at" ] && [ "$SECONDS" -ge "$wake_at" ] &&
		qmp query-status && [[ $qmp_answer == *'"suspended"'* ]]; then
		wake_at=
		qmp_wake || printf '%s: cannot wake the guest: %s\n' \
			"$self" "$qmp_answer" >&2
	fi
}
