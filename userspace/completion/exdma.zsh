#compdef exdma
# SPDX-License-Identifier: GPL-2.0-only
# zsh completion for exdma(1)
#
# Commands and options are asked of the tool itself, so that they are those of
# the version that is installed.

local command=$words[2] before=$words[CURRENT-1] line
local -a found

# "word:what it is", one for each line of a help text that has an option
_exdma_options()
{
	exdma $1 --help 2>/dev/null |
		sed -nE 's/^  (-.,|   ) (--[a-z-]+)( [A-Z]+)? *(.*)/\2:\4/p'
}

# behind "--" is another command, which has its own completion
integer dashes=${words[(i)--]}
if [[ $command == trace ]] && (( dashes < CURRENT )); then
	shift $dashes words
	(( CURRENT -= dashes ))
	_normal
	return
fi

if (( CURRENT == 2 )); then
	found=(${(f)"$(exdma --help 2>/dev/null |
		sed -nE '/^Commands:/,/^$/s/^  ([a-z]+) +(.*)/\1:\2/p')"})
	_describe -t commands 'exdma command' found
elif [[ $words[CURRENT] == -* ]]; then
	found=(${(f)"$(_exdma_options $command)"})
	_describe -t options 'option' found
elif [[ $before == (-c|--card) || $command == info ]]; then
	for line in /sys/class/exdma/exdma<->(N:t); do
		found+=(${line#exdma})
	done
	_values 'card' $found
elif [[ $before == (-d|--direction) ]]; then
	_values 'direction' h2c c2h both
elif [[ $before == (-p|--pattern) && $command == test ]]; then
	_values 'pattern' address walking random
elif [[ $command == watch && ${words[(i)events]} -lt $CURRENT ]]; then
	found=(/sys/class/exdma/exdma*_event*(N:t))
	_values 'event' $found
elif [[ $command == watch ]]; then
	_values 'what' events
else
	_files
fi
