#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# live.sh TOOL: commands that watch: top, with plain files in place of a card

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
	put exdma0_h2c0 runs 10
	for ((i = 0; i < 200; i++)); do
		read -r line <&3
		echo "$line" >>lines
		grep -q '"runs": 10,' <<<"$line" && break
	done
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
      any(c["bytes_per_second"] for c in of("exdma0_c2h0")))
')" = "True True True True 2 1.0 5000000 False"
	mv "$class" "$class.gone"
	for ((i = 0; i < 200; i++)); do
		read -r line <&3
		grep -q '"channels": \[\]' <<<"$line" && break
	done
	check "a card that goes is not shown any more" grep -q '"channels": \[\]' <<<"$line"
	mv "$class.gone" "$class"
	for ((i = 0; i < 200; i++)); do
		read -r line <&3
		grep -q '"seconds": null.*"bytes": 5000000' <<<"$line" && break
	done
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
	for ((i = 0; i < 200; i++)); do
		read -r line <&3
		grep -q '"fill": 0.000' <<<"$line" && break
	done
	check "--perf shows how full the datapath was" grep -q '"fill": 0.000' <<<"$line"
	kill $pid
	# until it has ended, lest it ends by SIGPIPE
	cat <&3 >/dev/null
	wait $pid
	exec 3<&-
	check "--perf turns them off again" grep -q 0 "$class/exdma0_h2c0/perf/enable"
	check "but not those that were on" grep -q 1 "$class/exdma0_c2h0/perf/enable"
	rm -r "$class"/*/perf
	fails "--perf without such counters" 1 'if it has them' "$tool" top --once --perf
else
	skip "top over time" "no python3"
fi

finish
