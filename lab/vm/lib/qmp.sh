# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# QEMU's monitor (QMP), spoken over a pair of named pipes, which needs nothing
# but bash. One line is one message. Knows nothing of cards.

# qmp_open PATH: QEMU's ends are PATH.in and PATH.out. Does not wait for QEMU:
# what is written now, it reads when it starts.
qmp_open() {
	exec {qmp_in}<>"$1.in" {qmp_out}<>"$1.out"
	qmp_ready=
	qmp_events=()
}

# qmp COMMAND [ARGUMENTS]: have QEMU do it; the arguments are the inside of a
# JSON object. $qmp_answer is what it said; if it refused, the status is 1 and
# $qmp_answer the reason.
qmp() {
	if [ -z "$qmp_ready" ]; then
		qmp_ready=yes
		qmp qmp_capabilities || return
	fi
	qmp_send "$1" "${2:-}"
	qmp_receive
}

qmp_send() {
	printf '{"execute":"%s","arguments":{%s}}\n' "$1" "${2:-}" >&"$qmp_in"
}

qmp_receive() {
	while read -r -t 30 -u "$qmp_out" qmp_answer; do
		case $qmp_answer in
		'{"return"'*) return 0 ;;
		'{"error"'*)
			qmp_answer=${qmp_answer#*'"desc": "'}
			qmp_answer=${qmp_answer%%'"}'*}
			return 1
			;;
		*'"event": '*) qmp_events+=("$qmp_answer") ;;
		esac
	done
	qmp_answer='QEMU does not answer'
	return 1
}

# qmp_await SECONDS EVENT TEXT: wait until QEMU has reported EVENT with TEXT (any, if
# empty) in it since the last qmp_forget.
qmp_await() {
	local deadline=$((SECONDS + $1)) line

	for line in "${qmp_events[@]}"; do
		[[ $line != *"\"event\": \"$2\""*"$3"* ]] || return 0
	done
	while [ "$SECONDS" -le "$deadline" ]; do
		read -r -t 1 -u "$qmp_out" line || continue
		qmp_events+=("$line")
		[[ $line != *"\"event\": \"$2\""*"$3"* ]] || return 0
	done
	return 1
}

qmp_forget() {
	qmp_events=()
}

# qmp_wake: end the guest's sleep (S3). QEMU's own system_wakeup resets the chipset and
# starts the firmware, which does not tell the chipset again where the ACPI registers
# are; a kernel that comes back finds none: no power off, no hot-plug, no second sleep.
# So the reset is made while the machine is stopped, and before it goes on the chipset
# is told, and the firmware by the byte in the CMOS that it is to resume.
qmp_wake() {
	qmp stop && qmp set-action '"reboot":"reset"' || return
	qmp_forget
	qmp system_reset || return
	qmp_await 30 RESET '' || {
		qmp_answer='QEMU does not reset the machine'
		return 1
	}
	qmp set-action '"reboot":"shutdown"' &&
		qmp_console 'o /b 0x70 0x0f' && qmp_console 'o /b 0x71 0xfe' &&
		qmp_select 0x40 '/w 0xcfc 0x601' && qmp_select 0x44 '/b 0xcfc 0x80' &&
		qmp cont
}

# The register at $1 of the LPC bridge (00:1f.0).
qmp_select() {
	qmp_console "o /w 0xcf8 $((0x8000f800 | $1))" && qmp_console "o $2"
}

qmp_console() {
	qmp human-monitor-command "\"command-line\":\"$1\""
}
