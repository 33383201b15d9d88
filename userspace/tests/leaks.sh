#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# leaks.sh TOOL: valgrind finds nothing to complain of in any command; TOOL is
# not built with sanitizers

set -u
tool=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
# shellcheck source=userspace/tests/tap.sh
. "$here/tap.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
"$here/fake-machine" "$work/m" || exit 1
export EXDMA_SYSFS=$work/m/sys EXDMA_DEV=$work/m/dev EXDMA_ROOT=$work/m
cat >recorded <<'END'
 dd-1 [000] d..1. 1.000001: exdma_submit: card=0 dir=h2c channel=0 id=0 card_addr=0 bytes=4096 slots=1 moved=0 status=0
 dd-1 [000] d..1. 1.000002: exdma_start: card=0 dir=h2c channel=0 run=1 requests=1 slots=1 bytes=4096 by=submit
 dd-1 [000] d.h1. 1.000009: exdma_done: card=0 dir=h2c channel=0 id=0 card_addr=0 bytes=4096 slots=1 moved=4096 status=0
 dd-1 [000] d..1. 1.000010: exdma_complete: card=0 dir=h2c channel=0 id=0 card_addr=0 bytes=4096 slots=1 moved=4096 status=0
END
echo ' dd-1 [000] d..1. 1.0: exdma_done: card=0 dir=h2c channel=0' >bad
truncate -s 1M "$EXDMA_DEV/exdma0"
: >"$EXDMA_DEV/exdma0_event0"

# clean STATUS ARGUMENT...: exits with STATUS, and valgrind says nothing
clean()
{
	local status=$1 got=0
	shift
	timeout 60 valgrind -q --leak-check=full --show-leak-kinds=all \
		--errors-for-leak-kinds=all --track-fds=no --log-file=said \
		"$tool" "$@" >/dev/null 2>&1 </dev/null || got=$?
	if [[ $got == "$status" && ! -s said ]]; then
		pass "exdma $*"
	else
		fail "exdma $*" "status $got, not $status; $(cat said)"
	fi
}

if command -v valgrind >/dev/null; then
	clean 0 list --json
	clean 0 info
	clean 0 copy 0:0+64K 0:128K
	clean 1 copy 0:2M+64K out
	clean 0 bench -N 2 -w 0 -s 4K -t 1,2 -d h2c -y
	clean 0 test -s 64K -n 0 --help
	clean 0 doctor --user alice
	clean 5 doctor --user bob --json
	clean 2 doctor 0
	clean 0 top --once -i 10ms
	clean 0 top --once -i 10ms --json --perf
	clean 1 top --card 9
	clean 0 trace --from recorded
	clean 1 trace --from bad
	clean 1 trace -T 10ms
	clean 1 watch events -T 10ms 0:1
	clean 1 watch events
	clean 1 reset --yes
	clean 2 frob
else
	skip "no leaks" "no valgrind"
fi

finish
