# SPDX-License-Identifier: GPL-2.0-only
# bash completion for exdma(1)
#
# Commands and options are asked of the tool itself, so that they are those of
# the version that is installed.

_exdma_commands()
{
	exdma --help 2>/dev/null |
		sed -n '/^Commands:/,/^$/s/^  \([a-z]\{1,\}\) .*/\1/p'
}

_exdma_options()
{
	exdma "$1" --help 2>/dev/null |
		sed -n 's/^  ...\{0,1\} *\(--[a-z-]\{1,\}\).*/\1/p'
}

_exdma_cards()
{
	local card
	for card in /sys/class/exdma/exdma*; do
		card=${card##*/exdma}
		[[ $card =~ ^[0-9]+$ ]] && echo "$card"
	done
}

_exdma_events()
{
	local event
	for event in /sys/class/exdma/exdma*_event*; do
		[[ -e $event ]] && echo "${event##*/}"
	done
}

_exdma()
{
	local current=${COMP_WORDS[COMP_CWORD]}
	local previous=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]}
	local words=

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		words="$(_exdma_commands) --help --version"
	elif [[ $command == help ]]; then
		words=$(_exdma_commands)
	elif [[ $previous == -c || $previous == --card || $command == info && $current != -* ]]; then
		words=$(_exdma_cards)
	elif [[ $previous == -d || $previous == --direction ]]; then
		words="h2c c2h both"
	elif [[ $previous == -p || $previous == --pattern ]]; then
		words="address walking random"
	elif [[ $current == -* ]]; then
		words=$(_exdma_options "$command")
	elif [[ $command == watch && " ${COMP_WORDS[*]:2:COMP_CWORD-2} " == *" events "* ]]; then
		words=$(_exdma_events)
	elif [[ $command == watch ]]; then
		words=events
	elif [[ $command == trace && $previous == -- ]]; then
		mapfile -t COMPREPLY < <(compgen -c -- "$current" | sort -u)
		return
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -o default -F _exdma exdma
