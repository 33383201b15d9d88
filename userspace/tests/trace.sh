#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# trace.sh TOOL: what trace makes of a recording, and what it leaves behind

set -u
tool=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
# shellcheck source=userspace/tests/tap.sh
. "$here/tap.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
"$here/fake-machine" "$work/m" || exit 1
export EXDMA_SYSFS=$work/m/sys EXDMA_DEV=$work/m/dev

# Two channels, each with one run after the other of two requests, 20 us apart.
awk 'BEGIN {
	for (run = 0; run < 200; run++)
		for (c = 0; c < 2; c++) {
			t = 200.5 + run * 120e-6 + c * 7e-6
			way = c ? "c2h" : "h2c"
			for (r = 0; r < 2; r++)
				printf " dd-1 [000] d..1. %.6f: exdma_submit: card=0 dir=%s channel=0 id=%d card_addr=%#x bytes=65536 slots=1 moved=0 status=0\n", t - 30e-6 + r * 1e-6, way, 2 * run + r, run * 65536
			printf " <idle>-0 [000] d.h1. %.6f: exdma_start: card=0 dir=%s channel=0 run=%d requests=2 slots=2 bytes=131072 by=%s\n", t, way, run, run ? "irq" : "submit"
			printf " <idle>-0 [000] d.h1. %.6f: exdma_irq: card=0 dir=%s channel=0 run=%d\n", t + 100e-6, way, run
			for (r = 0; r < 2; r++)
				printf " <idle>-0 [000] d.h1. %.6f: exdma_done: card=0 dir=%s channel=0 id=%d card_addr=0 bytes=65536 slots=1 moved=65536 status=0\n", t + 101e-6, way, 2 * run + r
			for (r = 0; r < 2; r++)
				printf " dd-1 [000] ..... %.6f: exdma_complete: card=0 dir=%s channel=0 id=%d card_addr=0 bytes=65536 slots=1 moved=65536 status=0\n", t + 110e-6, way, 2 * run + r
		}
}' | sort -s -k 4,4 >recorded

table=$("$tool" trace --from recorded)
check "a recording is converted" test $? = 0
check "into a table" test "$(grep -cE '^exdma0_[hc]2[hc]0 +200 +400 +83.4% +199 +20 us +20 us +20 us$' <<<"$table")" = 2
check "a picture" test -s exdma-trace.svg
check "and a file for Perfetto" test -s exdma-trace.json
if command -v xmllint >/dev/null; then
	check "the picture is well-formed" xmllint --noout exdma-trace.svg
elif command -v python3 >/dev/null; then
	check "the picture is well-formed" python3 -c 'import xml.etree.ElementTree as e; e.parse("exdma-trace.svg")'
else
	skip "the picture is well-formed" "neither xmllint nor python3"
fi
check "the picture has runs and gaps" test "$(grep -c '^<rect class="\(busy\|gap\)".*<title>' exdma-trace.svg)" -ge 40
if command -v python3 >/dev/null; then
	check "the file for Perfetto has all of it" test "$(python3 -c '
import collections, json
events = json.load(open("exdma-trace.json"))["traceEvents"]
for event in events:
    assert event["ph"] in "MXCbe" and event["pid"] == 1 and event["tid"] in (1, 33)
    assert event["ph"] == "M" or event["ts"] >= 0
    assert event["ph"] != "X" or event["dur"] > 0
    assert event["ph"] not in "be" or event["cat"] == "request"
tracks = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
print(sorted(tracks.values()))
of = lambda tid, ph: sorted((e["ts"], e["dur"], e["name"].split()[0])
                            for e in events if e["tid"] == tid and e["ph"] == ph)
for tid in sorted(tracks):
    slices = of(tid, "X")
    # one after the other: a run, the idle time after it, the next run
    assert all(abs(a[0] + a[1] - b[0]) < 0.01 for a, b in zip(slices, slices[1:]))
    print(collections.Counter(s[2] for s in slices)["idle"],
          collections.Counter(s[2] for s in slices)["run"])
pairs = collections.Counter((e["id"], e["name"]) for e in events if e["ph"] == "b")
assert pairs == collections.Counter((e["id"], e["name"]) for e in events if e["ph"] == "e")
print(len(pairs), {name.split()[0] for _, name in pairs} == {"read", "write", "wait", "move", "complete"})
depth = [e["args"]["requests"] for e in events if e["ph"] == "C"]
print(min(depth), max(depth))
')" = "['exdma0_c2h0', 'exdma0_h2c0']
199 200
199 200
3200 True
0 4"
else
	skip "the file for Perfetto has all of it" "no python3"
fi
check "outputs go where they are wanted" "$tool" trace -f recorded -s a.svg -p b.json -z 1ms+500us
check "there they are" cmp b.json exdma-trace.json
check "a part is drawn closely" test "$(grep -c '^<rect class="busy".*<title>' a.svg)" -lt "$(grep -c '^<rect class="busy".*<title>' exdma-trace.svg)"

fails "no recording" 1 'cannot read nothing: No such' "$tool" trace -f nothing
: >empty
fails "an empty recording" 1 'nothing was recorded' "$tool" trace -f empty
echo ' dd-1 [000] d..1. 1.0: exdma_done: card=0 dir=h2c channel=0' >bad
fails "a recording that makes no sense" 1 'cannot understand line 1 of bad' "$tool" trace -f bad
fails "a picture that cannot be written" 1 'cannot write .*No space' "$tool" trace -f recorded -s /dev/full
fails "a file that cannot be made" 1 'cannot write none/x' "$tool" trace -f recorded -p none/x
fails "a command beside --from" 2 'nothing to run' "$tool" trace -f recorded -- true
for bad in "-T 0" "-T soon" "-z 1" "-z 1+0" "-z x+1" "-b 1" "-b x"; do
	# shellcheck disable=SC2086
	fails "trace $bad" 2 ' is no ' "$tool" trace $bad
done

# ---- recording, as far as plain files go: nothing may be left ----

instances=$EXDMA_SYSFS/kernel/tracing/instances
fails "no tracefs" 1 'cannot record' "$tool" trace -T 10ms
mkdir -p "$instances"
fails "no driver" 1 'the driver is not loaded' "$tool" trace -T 10ms
mkdir -p "$EXDMA_SYSFS/kernel/tracing/events/exdma"
# by somebody who was killed, by somebody who is there, and by somebody else
mkdir "$instances/exdma-trace-99999999" "$instances/exdma-trace-$$" "$instances/other"
fails "an instance that does not record" 1 'cannot write .*trace_clock' "$tool" trace -T 10ms
check "is removed, and what a dead one left, too" test "$(find "$instances" -mindepth 1 -printf '%f\n' | sort | paste -sd ,)" = "exdma-trace-$$,other"

finish
