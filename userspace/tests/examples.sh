#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# examples.sh SCRATCH: the examples are what they say, with plain files in place of
# nodes. With a card, lab/docs runs them.

set -u
scratch=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
top=$(dirname "$here")
examples=$(realpath "$top/../docs/examples")
# shellcheck source=userspace/tests/tap.sh
. "$here/tap.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export PYTHONDONTWRITEBYTECODE=1
warn=(-O2 -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings)

# says NAME STATUS PATTERN COMMAND...: exits with STATUS and says PATTERN
says()
{
	local name=$1 status=$2 pattern=$3 said got=0
	shift 3
	said=$("$@" 2>&1) || got=$?
	if [[ $got == "$status" ]] && grep -q -- "$pattern" <<<"$said" && ! grep -q Traceback <<<"$said"; then
		pass "$name"
	else
		fail "$name" "status $got, not $status; $* said: $said"
	fi
}

head -c 3000001 /dev/urandom >file
truncate -s 16M node

if command -v python3 >/dev/null; then
	says "peek.py writes and shows" 0 '^000000001001  c0 ff ee 00' \
		python3 "$examples/peek.py" node 0x1001 32 --write c0ffee
	check "at that place" test "$(od -An -tx1 -j4096 -N5 node)" = " 00 c0 ff ee 00"
	says "peek.py says where the memory ends" 1 'ends at 0x1000000' \
		python3 "$examples/peek.py" node 0xfffff8 16
	says "peek.py without a node" 1 '^peek: nowhere: No such file' \
		python3 "$examples/peek.py" nowhere 0
	says "events.py on what is no event" 1 '^events: node: ' \
		python3 "$examples/events.py" --eventfd node
	if python3 -c 'import numpy' 2>/dev/null; then
		says "numpy_memory.py" 0 'the same 3 x 1024 numbers' \
			python3 "$examples/numpy_memory.py" node --address 77 --rows 3
	else
		says "numpy_memory.py without numpy" 0 'numpy is not installed' \
			python3 "$examples/numpy_memory.py" node
	fi
	check "the number of the ioctl is that of the header" test \
		"$(sed -n '/^EVENTFD =/p; /^EXDMA_IOC/p' "$examples/events.py" |
			{ echo import struct; cat; echo 'print(EXDMA_IOC_SET_EVENTFD)'; } | python3)" = \
		"$(printf '#include <stdio.h>\n#include <linux/exdma.h>\nint main(void) { printf("%%u\\n", (unsigned int)EXDMA_IOC_SET_EVENTFD); }' |
			"$CC" -I"$top/../uapi" -o number -x c - && ./number)"
else
	skip "examples in Python" "no python3"
fi

check "list.c is clean" "$CC" "${warn[@]}" -I"$top/lib" -I"$top/../uapi" -o list \
	"$examples/list.c" "$scratch/check/product/libexdma.a"
if [[ -e /sys/class/exdma ]]; then
	check "list runs" ./list
else
	says "list without a driver" 1 'is the module exdma loaded?: No such file' ./list
fi
if echo '#include <liburing.h>' | "$CC" -E -x c - >/dev/null 2>&1; then
	check "uring.c is clean" "$CC" "${warn[@]}" -o uring "$examples/uring.c" -luring
	if ./uring node 0 file 2>&1 | grep -q '^uring: io_uring_queue_init: '; then
		skip "uring copies and compares" "this kernel has no io_uring for us"
	else
		says "uring copies and compares" 0 '^3000001 bytes went to 0x1001 ' \
			./uring node 0x1001 file
		check "what it says" cmp -n 3000001 file node 0 4097
	fi
	says "uring of an empty file" 1 'or empty' ./uring node 0 /dev/null
	says "uring at no address" 2 'no address' ./uring node 0x1z file
else
	skip "uring.c" "no liburing"
fi
finish
