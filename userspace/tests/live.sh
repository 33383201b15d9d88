#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# live.sh TOOL: commands that watch: top and watch, with plain files and pipes in
# place of a card; and reset

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
class=$EXDMA_SYSFS/class/exdma

# ---- top ----

check "top --once prints a row for each channel" \
	test "$("$tool" top --once -i 10ms | grep -c '^exdma0_[hc]2[hc]0 ')" = 2
check "top --card" "$tool" top --once -i 10ms --card 01:00.0
fails "top of no card" 1 'no card "7"' "$tool" top --once -c 7
fails "top without a driver" 1 'not loaded' env EXDMA_SYSFS="$work/none" "$tool" top --once
fails "top with operands" 2 'no operands' "$tool" top 0
for bad in 0 1ms soon; do
	fails "top --interval $bad" 2 'is no interval' "$tool" top -i $bad
done

# Counters that change while it looks: the first line tells that it has begun.
put() # CHANNEL COUNTER VALUE
{
	echo "$3" >"$class/$1/statistics/$2.new"
	mv "$class/$1/statistics/$2.new" "$class/$1/statistics/$2"
}

# read_until PATTERN: samples, up to one that has it; what came is kept in lines
read_until()
{
	local end=$((SECONDS + 100))

	while [ $SECONDS -lt $end ] && read -r -t 50 line <&3; do
		echo "$line" >>lines
		grep -q "$1" <<<"$line" && return
	done
}

if command -v python3 >/dev/null; then
	mkfifo samples
	"$tool" top --json -i 20ms >samples &
	pid=$!
	exec 3<samples
	read -r line <&3
	check "each sample is one line of JSON" python3 -m json.tool <<<"$line"
	# in the order that no sample sees an end without a beginning
	put exdma0_h2c0 bytes 5000000
	put exdma0_h2c0 requests 50
	put exdma0_h2c0 interrupts 10
	put exdma0_h2c0 errors 2
	put exdma0_h2c0 starts_submit 0
	put exdma0_h2c0 busy_ns 1000000
	put exdma0_h2c0 runs 10
	read_until '"runs": 10,'
	check "what happened meanwhile adds up" test "$(python3 -c '
import json
lines = [json.loads(line) for line in open("lines")]
of = lambda name: [next(c for c in line["channels"] if c["name"] == name) for line in lines]
h2c = of("exdma0_h2c0")
add = lambda key: round(sum(c[key] * c["seconds"] for c in h2c))
# printed with three digits, so is the time
near = lambda a, b: abs(a - b) < b / 5
print(near(add("bytes_per_second"), 5000000), near(add("requests_per_second"), 50),
      near(add("runs_per_second"), 10), near(add("interrupts_per_second"), 10),
      sum(c["errors"] for c in h2c), h2c[-1]["back_to_back"], h2c[-1]["total"]["bytes"],
      any(c["bytes_per_second"] for c in of("exdma0_c2h0")),
      0 < max(c["busy"] for c in h2c) <= 1)
')" = "True True True True 2 1.0 5000000 False True"
	mv "$class" "$class.gone"
	read_until '"channels": \[\]'
	check "a card that goes is not shown any more" grep -q '"channels": \[\]' <<<"$line"
	mv "$class.gone" "$class"
	read_until '"seconds": null.*"bytes": 5000000'
	check "nor has it rates when it comes back" grep -q '"seconds": null.*"bytes": 5000000' <<<"$line"
	kill $pid
	wait $pid
	check "SIGTERM ends it by the signal" test $? = 143
	exec 3<&-

	# the card's own counters: on as long as somebody looks
	rm samples
	mkfifo samples
	echo 1 >"$class/exdma0_c2h0/perf/enable"
	"$tool" top --json --perf -i 20ms >samples &
	pid=$!
	exec 3<samples
	read -r line <&3
	check "--perf turns counters on" grep -q 1 "$class/exdma0_h2c0/perf/enable"
	echo 100 >"$class/exdma0_h2c0/perf/cycles"
	read_until '"fill": 0.000'
	check "--perf shows how full the datapath was" grep -q '"fill": 0.000' <<<"$line"
	kill $pid
	# until it has ended, lest it ends by SIGPIPE
	cat <&3 >/dev/null
	wait $pid
	exec 3<&-
	check "--perf turns them off again" grep -q 0 "$class/exdma0_h2c0/perf/enable"
	check "but not those that were on" grep -q 1 "$class/exdma0_c2h0/perf/enable"
	rm -r "$class"/*/perf

	# who reads has stopped to: a pipe that is full
	check "SIGTERM ends it though nobody reads" python3 - "$tool" <<-'END'
		import array, fcntl, os, signal, subprocess, sys, termios, time
		reader, writer = os.pipe()
		fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
		top = subprocess.Popen([sys.argv[1], "top", "--json", "-i", "10ms"], stdout=writer)
		level, same = array.array("i", [0]), 0
		while same < 20 and top.poll() is None:    # no more comes: it waits for room
		    before = level[0]
		    fcntl.ioctl(reader, termios.FIONREAD, level)
		    same = same + 1 if level[0] == before > 0 else 0
		    time.sleep(0.02)
		top.terminate()
		try:
		    status = top.wait(timeout=50)
		except subprocess.TimeoutExpired:
		    top.kill()
		    sys.exit("it does not")
		sys.exit(status != -signal.SIGTERM)
	END
	fails "--perf without such counters" 1 'if it has them' "$tool" top --once --perf
else
	skip "top over time" "no python3"
fi

# ---- watch: a pipe gives what an event node would ----

rm "$EXDMA_DEV"/exdma0_event*
for line in 0 1 10; do
	mkdir -p "$class/exdma0_event$line"
	mkfifo "$EXDMA_DEV/exdma0_event$line"
done
exec 4<>"$EXDMA_DEV/exdma0_event0" 5<>"$EXDMA_DEV/exdma0_event10"
printf '\3\0\0\0' >&4
check "watch prints what comes" test "$("$tool" watch events -N 3 | sed 's/^[-0-9]*T[0-9:]*\.[0-9]\{6\}[-+][0-9]\{4\} //')" = "exdma0_event0 3 total 3"
printf '\1\0\0\0\2\0\0\0' >&4
printf '\1\0\0\0' >&5
check "of all lines, until they are enough" test "$("$tool" watch events --count 4 | cut -d ' ' -f 2- | sort | paste -sd ,)" = "exdma0_event0 1 total 1,exdma0_event0 2 total 3,exdma0_event10 1 total 1"
printf '\1\0\0\0' >&4
printf '\1\0\0\0' >&5
check "or of one" grep -q ' exdma0_event10 1 total 1$' <("$tool" watch events 0:10 --count 1)
check "the other has kept its own" grep -q ' exdma0_event0 1 total 1$' <("$tool" watch events exdma0_event0 -N 1)
if command -v python3 >/dev/null; then
	printf '\7\0\0\0' >&5
	check "watch --json" test "$("$tool" watch events --json -N 1 -c 0 | python3 -c '
import json, sys
for line in sys.stdin:
    said = json.loads(line)
    print(said["node"], said["card"], said["line"], said["events"], said["total"])
')" = "exdma0_event10 0 10 7 7"
else
	skip "watch --json" "no python3"
fi
"$tool" watch events -N 1 -T 20ms
check "fewer than wanted is status 1" test $? = 1
check "a time without a count is none" "$tool" watch events --time 20ms
# a file that has ended, as if the card were gone
rm "$EXDMA_DEV/exdma0_event1"
: >"$EXDMA_DEV/exdma0_event1"
fails "a node that ends" 1 'cannot read exdma0_event1:' "$tool" watch events 0:1
printf '\2\0\0\0' >&5
said=$("$tool" watch events -N 2 2>/dev/null)
check "leaves the others, and status 1" test "$? ${said#* }" = "1 exdma0_event10 2 total 2"
exec 4>&- 5>&-
fails "watch of no event" 2 'is no event' "$tool" watch events exdma0_h2c0
fails "watch of a name with more behind it" 2 'is no event' "$tool" watch events exdma0_event1x
fails "watch of what is not there" 1 'cannot open .*exdma0_event77: No such' "$tool" watch events 0:77
fails "watch of nothing" 2 'what is to be watched' "$tool" watch
fails "watch of something else" 2 'what is to be watched' "$tool" watch channels
fails "watch of a card, and of an event" 2 'name either' "$tool" watch events -c 0 0:1
rm -r "$class"/*_event*
fails "watch without events" 1 'no event nodes' "$tool" watch events
for bad in "-N 0" "-N x" "-T 0" "-T x"; do
	# shellcheck disable=SC2086
	fails "watch $bad" 2 ' is no ' "$tool" watch $bad events
done

# ---- reset, up to where it takes a card ----

fails "reset of a plain file" 1 'cannot reset exdma0: Inappropriate ioctl' "$tool" reset --yes
fails "reset of no card" 1 'no card "7"' "$tool" reset -c 7
fails "reset with operands" 2 'no operands' "$tool" reset 0
rm "$EXDMA_DEV/exdma0"
fails "reset without a node" 1 'cannot open .*exdma0: No such' "$tool" reset

finish
