#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# commands.sh TOOL: what the commands do, with plain files in place of cards
#
# shellcheck disable=SC2016

set -u
tool=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
# shellcheck source=userspace/tests/tap.sh
. "$here/tap.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
"$here/fake-root" "$work/root" || exit 1
export EXDMA_SYSFS=$work/root/sys EXDMA_DEV=$work/root/dev
exdma() { "$tool" "$@" </dev/null; }
dev=$EXDMA_DEV

json() # the checker reads what the command before wrote
{
	python3 -m json.tool >/dev/null
}

head -c 20000003 /dev/urandom >data

# ---- list and info ----

list=$(exdma list)
check "list shows both cards" \
	test "$(grep -Ec '^[01] +0000:0[12]:00.0 +exdma_xdma +2 h2c, 2 c2h +(unbounded|1 MiB)' <<<"$list")" = 2
check "list shows runs of nodes" grep -q 'exdma0 exdma0_h2c0-1 exdma0_c2h0-1$' <<<"$list"
info=$(exdma info 0)
check "info shows the link" grep -q '5.0 GT/s PCIe x4, though the card can do 8.0 GT/s PCIe x8' <<<"$info"
check "info shows statistics" grep -q 'bytes  *18446744073709551615' <<<"$info"
check "info shows versions" grep -q 'exdma_xdma 0.1.0, core 0.1.0' <<<"$info"
check "info of one card leaves out the other" test "$(grep -c '^exdma' <<<"$info")" = 1
check "info without a card shows all" test "$(exdma info | grep -c '^exdma')" = 2
check "info takes a PCI address" test "$(exdma info 02:00.0 | head -n 1)" = exdma1
fails "info of no card" 1 'no card "7"' exdma info 7

# ---- no cards ----

mkdir -p "$work/empty/class/exdma"
fails "no module" 1 'modprobe exdma_xdma' env EXDMA_SYSFS="$work/none" "$tool" list
fails "no card" 1 'lspci' env EXDMA_SYSFS="$work/empty" "$tool" list
fails "reading without a card" 1 'not loaded' env EXDMA_SYSFS="$work/none" "$tool" read 0 1 out

# ---- JSON ----

if command -v python3 >/dev/null; then
	for command in "list" "info" "info 1" "bench -c 0 -N 3 -w 0 -s 4K,1M -t 1,2"; do
		# shellcheck disable=SC2086
		exdma $command --json 2>/dev/null | json
		check "$command --json is valid" test "${PIPESTATUS[*]}" = "0 0"
	done
	EXDMA_SYSFS=$work/empty "$tool" list --json 2>/dev/null | json
	check "list --json without a card is valid" test "${PIPESTATUS[*]}" = "1 0"
	check "JSON says what is there" test "$(exdma list --json | python3 -c '
import json, sys
for card in json.load(sys.stdin)["cards"]:
    print(card["number"], card["pci"], card["aperture"], len(card["nodes"]))
')" = "0 0000:01:00.0 None 5
1 0000:02:00.0 1048576 5"
	check "bench counts operations" test "$(exdma bench -c 0 -N 7 -w 0 -s 4K,1M -t 1,3 --json 2>/dev/null | python3 -c '
import json, sys
for r in json.load(sys.stdin)["results"]:
    print(r["direction"], r["size"], r["threads"], r["operations"], r["bytes"] == r["size"] * r["operations"])
')" = "h2c 4096 1 7 True
h2c 1048576 1 7 True
h2c 4096 3 21 True
h2c 1048576 3 21 True
c2h 4096 1 7 True
c2h 1048576 1 7 True
c2h 4096 3 21 True
c2h 1048576 3 21 True"
	truncate -s 8K "$dev/exdma1_c2h0"
	exdma bench -c 1 -n 0 -d c2h -w 0 -N 9 -s 4K --json 2>/dev/null >bench.json
	check "bench that fails has status 1" test $? = 1
	check "bench that fails writes valid JSON" python3 -m json.tool bench.json
	truncate -s 1M "$dev/exdma1_c2h0"
else
	skip "JSON" "no python3"
fi

# ---- write, read, copy ----

check "write" exdma write -c 0 0x123 data
check "write went to the address" cmp -n 20000003 -i 0x123:0 "$dev/exdma0" data
check "read" exdma read -c 0 0x123 20000003 out
check "read gives the same" cmp data out
check "write --verify" exdma write -c 0 -n 1 --verify 64M data
check "write from stdin" bash -c '"$0" write -c 0 1M - <data' "$tool"
check "write from a pipe" bash -c 'cat data | "$0" write -c 0 7 -' "$tool"
check "read to stdout" bash -c '"$0" read -c 0 7 20000003 - | cmp - data' "$tool"
check "copy from stdin with a length" bash -c '"$0" copy - 0:128M+5M </dev/urandom' "$tool"
check "copy to a file" exdma copy 01:00.0:7+20000003 out2
check "copy gives the same" cmp data out2
check "copy by channel" exdma copy --verify data exdma0_h2c1:256M
check "copy back by channel" exdma copy exdma0_c2h1:256M+20000003 out3
check "copy by channel gives the same" cmp data out3
check "copy from card to card" exdma copy 0:7+102400 1:0x40000
check "copy from card to card gives the same" cmp -n 102400 -i 0x40000:0 "$dev/exdma1" data
check "copy within a card" exdma copy 0:7+1M 0:512M
check "copy within a card gives the same" cmp -n 1M -i 512M:0 "$dev/exdma0" data
check "write --length" exdma write -c 0 --length 4K 0 data
check "write --length writes no more" cmp -n 8K -i 0:0 "$dev/exdma0" <(head -c 4K data; head -c 8K "$dev/exdma0" | tail -c 4K)
check "a shorter read" exdma read -c 0 0 4K out
check "a shorter read leaves nothing of what was there" cmp out <(head -c 4K data)
check "copy an empty file" exdma copy /dev/null 0:0
check "an empty read makes an empty file" bash -c '"$0" read -c 0 0 0 none && test -f none -a ! -s none' "$tool"
truncate -s 1M "$dev/exdma1"
check "copy all that a bounded card has" exdma copy 1:0x10000 rest
check "it is what is left" test "$(stat -c %s rest)" = $((0xf0000))
cp data 0:1
check "a file that looks like a place" exdma copy ./0:1 0:0
check "success is silent" test -z "$(exdma write -c 0 0 data 2>&1)"

# ---- what cannot be done ----

truncate -s 2M 2M
fails "several cards" 2 'say which' exdma read 0 1 out
fails "no such card" 1 'no card "9"' exdma read -c 9 0 1 out
fails "no such channel" 1 'no channel c2h5' exdma read -c 0 -n 5 0 1 out
fails "a stream" 1 'is a stream' exdma read -c 1 -n 1 0 1 out
fails "misaligned address" 1 'not a multiple of 64' exdma write -c 1 32 /dev/null
fails "misaligned length" 1 'not a multiple of 64' exdma write -c 1 -l 3 0 data
fails "past the aperture" 1 'past the end' exdma read -c 1 1M 1 out
fails "a file larger than the aperture" 1 'past the end' exdma write -c 1 0 2M
fails "no such file" 1 'No such file' exdma write -c 0 0 nothing
fails "a directory" 1 'Is a directory' exdma write -c 0 0 .
fails "a file that is too short" 1 '20000003 of 33554432' exdma write -c 0 -l 32M 0 data
fails "memory that ends" 1 'ended' exdma read -c 0 1T 1 out
printf '%64s' '' | tr ' ' A >letters
fails "verification fails" 3 'exdma1_c2h0 at 0x12340: wrote 0x41, read back 0x00' \
	exdma copy --verify letters exdma1_h2c0:0x12340
rm "$dev/exdma0_h2c1"
fails "no node" 1 'cannot open .*exdma0_h2c1: No such file' exdma write -c 0 -n 1 0 data
ln -s exdma0 "$dev/exdma0_h2c1"

echo keep >kept
exdma read -c 9 0 1 kept 2>/dev/null
exdma read -c 1 1M 1 kept 2>/dev/null
exdma copy exdma0_h2c0:0+1 kept 2>/dev/null
check "a failure before the start leaves the file alone" grep -q keep kept

fails "neither is a card" 2 'neither' exdma copy data other
fails "reading what can only be written" 2 'cannot be read' exdma copy exdma0_h2c0:0+1 out
fails "writing what can only be read" 2 'cannot be written' exdma copy data exdma0_c2h0:0
fails "overlap" 2 'overlap' exdma copy 0:0+1M 0:0xfffff
fails "two lengths" 2 'different lengths' exdma copy 0:0+1 1:0+2
fails "no length" 2 'how much' exdma copy 0:0 out
fails "verify of a file" 2 'needs a card' exdma copy --verify 0:0+1 out
fails "a wrong place" 2 'as in 0:0x1000' exdma copy data 0:zero
fails "a wrong address" 2 'no address' exdma write zero data
fails "a huge address" 2 'too large' exdma write 8388608T data
fails "a wrong length" 2 'no length' exdma read 0 many out
fails "a wrong channel" 2 'no channel' exdma read -n 32 0 1 out
fails "too few operands" 2 'needs an address' exdma write 0
fails "no command" 2 'what is to be done' exdma
fails "an unknown command" 2 'no command "frob"' exdma frob
fails "an unknown option" 2 'no option "--frob"' exdma --frob
fails "help on an unknown command" 2 'no command' exdma help frob

# ---- outputs that fail ----

fails "a full disk" 1 'cannot write /dev/full at byte 0: No space left' exdma read -c 0 0 1M /dev/full
fails "a full stdout" 1 'standard output' bash -c '"$0" list >/dev/full' "$tool"
fails "a closed stdout" 1 'Bad file descriptor' bash -c '"$0" list >&-' "$tool"
check "a closed stdout that is not needed" bash -c '"$0" write -c 0 0 data >&- 2>&-' "$tool"
fails "a closed stdin" 1 'Bad file descriptor' bash -c '"$0" write -c 0 0 - <&-' "$tool"
"$tool" read -c 0 7 20000003 - | head -c 10 >/dev/null
check "a reader that leaves ends the tool by SIGPIPE" test "${PIPESTATUS[0]}" = 141
(
	trap '' PIPE
	"$tool" read -c 0 7 20000003 - 2>said | head -c 10 >/dev/null
	exit "${PIPESTATUS[0]}"
)
check "with SIGPIPE ignored it fails" test $? = 1
check "with SIGPIPE ignored it says so" grep -q 'standard output.*Broken pipe' said
fails "a file size limit" 1 'File too large' bash -c 'ulimit -f 1; trap "" XFSZ; exec "$0" read -c 0 7 1M limited' "$tool"

# ---- bench and test ----

check "bench prints a row for each" test "$(exdma bench -c 0 -T 10ms -w 0 -s 4K,64K 2>/dev/null | grep -c '^exdma0  *[hc]2[hc]  ')" = 4
check "bench of reads asks for nothing" test -z "$(exdma bench -c 0 -T 10ms -w 0 -s 4K -d c2h 2>&1 >/dev/null)"
check "bench of writes warns" grep -q overwrites <<<"$(exdma bench -c 0 -N 1 -w 0 -s 4K -d h2c 2>&1 >/dev/null)"
check "bench --yes does not" test -z "$(exdma bench -c 0 -N 1 -w 0 -s 4K -d h2c -y 2>&1 >/dev/null)"
check "bench draws" exdma bench -c 0 -N 2 -w 0 -s 4K,64K -y --plot plot.svg
check "the picture is well-formed" python3 -c 'import xml.etree.ElementTree as e; e.parse("plot.svg")'
check "it has a line for each" test "$(grep -c '^<polyline' plot.svg)" = 6
fails "bench whose picture cannot be written" 1 'cannot write nowhere/plot.svg' exdma bench -c 0 -y --plot nowhere/plot.svg
fails "bench whose picture has no room" 1 'cannot write /dev/full' exdma bench -c 0 -N 1 -w 0 -s 4K -y --plot /dev/full
fails "bench with a size that is too large" 2 'larger than --span' exdma bench -c 0 -s 1M --span 64K
fails "bench with a misaligned size" 1 'not a multiple of 64' exdma bench -c 1 -d h2c -s 100
for bad in "-s 0" "-s 4K," "-t 0" "-t 1000" "-T 0" "-T soon" "-N 0" "-d up" "-n x" "-a x" "--span 0" "-w x"; do
	# shellcheck disable=SC2086
	fails "bench $bad" 2 ' is no ' exdma bench -c 0 $bad
done

check "test" exdma test -c 0 --size 3M --yes
check "test of odd pieces" exdma test -c 0 --addr 0x1001 --size 3000001 --odd --yes --seed 5
check "test writes the pattern" test "$(
	exdma test -c 0 -a 0x10 -s 16 -p address -y >/dev/null
	od -An -tx8 -j 16 -N 16 "$dev/exdma0" | tr -d ' \n'
)" = 00000000000000100000000000000018
exdma test -c 0 -s 64K -p random --seed 7 -y >/dev/null
sum=$(head -c 64K "$dev/exdma0" | sha256sum)
exdma test -c 0 -s 64K -p random --seed 7 --odd -y >/dev/null
check "a seed gives the same bytes again" test "$(head -c 64K "$dev/exdma0" | sha256sum)" = "$sum"
fails "test finds the first wrong byte" 3 'wrong byte at 0x8: expected 0x08, found 0x00' \
	exdma test -c 1 -n 0 --pattern address --yes
fails "test says how to repeat it" 3 'seed 77.*exdma1_h2c0.*exdma1_c2h0' \
	exdma test -c 1 -n 0 --pattern random --seed 77 --yes
fails "test of memory that ends" 1 'past the end' exdma test -c 1 --size 2M
for bad in "-p up" "-p address," "-s 0" "-a x" "--seed x" "-n 99"; do
	# shellcheck disable=SC2086
	fails "test $bad" 2 ' is no ' exdma test -c 0 $bad
done

finish
