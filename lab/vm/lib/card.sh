# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# The virtual cards of one run: built, started before QEMU, ended after it, and
# judged by their exit status and their books. What a card is, its program
# knows; here it is a process with a socket.

card_program=$top/build/card/exdma-card
card_pids=()
card_in_jail=

# Build what is stale: the card, and the tool that is on the guest's PATH. The
# tool is built where it will run; the card with this machine's compiler if
# there is one.
build_programs() {
	local log=$scratch/make.log

	(
		flock 8
		if [ ${#cards[@]} -gt 0 ]; then
			if command -v cc >/dev/null && command -v make >/dev/null; then
				make -s -C "$top/lab/card"
			else
				in_jail make -s -C "$top/lab/card"
			fi
		fi
		[ -z "$driver" ] || [ ! -e "$top/userspace/Makefile" ] ||
			in_jail make -s -C "$top/userspace"
	) 8>"$cache/make.lock" >"$log" 2>&1 && return
	sed -e 's/^/    /' "$log" >&2
	die 'the lab could not build its programs'
}

# The instruction counter, where it will run.
build_counter() {
	(
		flock 8
		in_jail make -s -C "$top/lab/count"
	) 8>"$cache/make.lock" >"$scratch/make.log" 2>&1 && return
	sed -e 's/^/    /' "$scratch/make.log" >&2
	die 'the lab could not build its instruction counter'
}

# start_cards: one process per element of $cards, listening on
# $scratch/cardN.sock, its books in $scratch/run (which the guest sees too).
# None of them outlives us, however we end.
start_cards() {
	local i dir=$scratch

	[ ${#cards[@]} -gt 0 ] || return 0
	if ! "$card_program" --help >/dev/null 2>&1; then
		card_in_jail=yes
		dir=/exdma/run
	fi
	at_end+=(kill_cards)
	for i in "${!cards[@]}"; do
		setpriv --pdeathsig TERM ${card_in_jail:+chroot "$jail"} \
			"$card_program" \
			--socket-path="$dir/card$i.sock" --spec="${cards[i]}" \
			--books="$dir/run/books$i.json" --log="$dir/card$i.log" \
			</dev/null >/dev/null 2>"$scratch/card$i.err" &
		card_pids[i]=$!
	done
	for i in "${!cards[@]}"; do
		await_socket "$i"
	done
}

# Wait until card N listens. The kernel's list of sockets tells: a connection
# made only to try would be the one client the card has.
await_socket() {
	local socket=$scratch/card$1.sock

	[ -z "$card_in_jail" ] || socket=/exdma/run/card$1.sock
	while ! awk -v path="$socket" \
		'$4 == "00010000" && $8 == path { found = 1 } END { exit !found }' \
		/proc/net/unix; do
		if ! kill -0 "${card_pids[$1]}" 2>/dev/null; then
			sed -e 's/^/    /' "$scratch/card$1.err" >&2
			die 2 "--card ${cards[$1]}: the card did not start"
		fi
		sleep 0.01
	done
}

# card_has_msix N: whether its specification offers MSI-X; the last word on
# "irq" counts, and there is MSI-X without one.
card_has_msix() {
	local word irq=all

	for word in ${cards[$1]//,/ }; do
		case $word in irq=*) irq=${word#irq=} ;; esac
	done
	case $irq in msi | intx) return 1 ;; esac
}

# stop_cards: have the books written, and note how each card ended.
stop_cards() {
	local i status

	for i in "${!card_pids[@]}"; do
		kill -TERM "${card_pids[i]}" 2>/dev/null || :
	done
	for i in "${!card_pids[@]}"; do
		timeout 10 tail -s 0.02 --pid="${card_pids[i]}" -f /dev/null ||
			kill -KILL "${card_pids[i]}" 2>/dev/null || :
		status=0
		wait "${card_pids[i]}" 2>/dev/null || status=$?
		card_status[i]=$status
	done
	card_pids=()
}
card_status=()

kill_cards() {
	[ ${#card_pids[@]} -eq 0 ] || kill -KILL "${card_pids[@]}" 2>/dev/null || :
}

# judge_cards: hand out the books; 1 if a card failed or saw violations.
judge_cards() {
	local i file count bad=0

	for i in "${!card_status[@]}"; do
		file=$scratch/run/books$i.json
		[ ! -e "$scratch/killed$i" ] || continue
		if [ "${card_status[i]}" != 0 ]; then
			printf '%s: card %s ended with status %s:\n' \
				"$self" "$i" "${card_status[i]}" >&2
			tail -n 40 "$scratch/card$i.err" | sed -e 's/^/    /' >&2
			bad=1
		fi
		if [ ! -s "$file" ]; then
			printf '%s: card %s left no books\n' "$self" "$i" >&2
			bad=1
			continue
		fi
		[ -z "$books" ] || cp "$file" "$books$([ "$i" = 0 ] || echo ".$i")"
		count=$(sed -n -e 's/.*"violation_count": *\([0-9]*\).*/\1/p' "$file")
		if [ "${count:-0}" != 0 ]; then
			printf '%s: card %s saw %s violations of its rules:\n' \
				"$self" "$i" "$count" >&2
			violations "$file" >&2
			[ -n "$allow_violations" ] || bad=1
		fi
	done
	return "$bad"
}

# The list of violations in a file of books, one per line.
violations() {
	tr -d '\n' <"$1" |
		sed -n -e 's/.*"violations": *\[\([^]]*\)\].*/\1/p' |
		sed -e 's/} *, */}\n/g' | sed -e 's/^ */    /'
	echo
}
