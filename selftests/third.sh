#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# A card driver of another tree: docs/example-driver is built with what DKMS has
# installed of exdma, drives the edu device, and holds the core. Step by step what
# docs/drive-your-own-card.md says.
#
# Needs KSRC, an unpacked kernel source, for the TAP helpers; QEMU's edu device;
# and either compiler and headers for the kernel that runs, or what they have made of
# the example, in example-driver-RELEASE beside this file.

# shellcheck source=/dev/null
. "${KSRC:?}/tools/testing/selftests/kselftest/ktap_helpers.sh"

here=$(cd "$(dirname "$0")" && pwd -P)
built=$here/example-driver-$(uname -r)
tests='built_from_what_is_installed no_load_without_the_namespace
	no_load_for_another_interface drives_the_card data_comes_back
	pieces_and_ends many_at_once core_is_in_use unbound_in_use unloaded'
dir=$(mktemp -d) || exit "$KSFT_FAIL"
trap clean_up EXIT

# shellcheck disable=SC2317 # the trap
clean_up() {
	rmmod my_edu 2>/dev/null
	echo >"$edu/driver_override"
	modprobe exdma_edu
	rm -rf "$dir"
}

built_from_what_is_installed() {
	version=$(modinfo -F version exdma)
	if [ -e "$built/my_edu.ko" ]; then
		cmp "$here/example-driver/my_edu.c" "$built/my_edu.c" &&
			cp -r "$built" "$dir/own" || return
	else
		cp -r "$here/example-driver" "$dir/own" && make -C "$dir/own" || return
	fi
	[ "$(modinfo -F depends "$dir/own/my_edu.ko")" = exdma ] &&
		[ "$(modinfo -F vermagic "$dir/own/my_edu.ko")" = "$(modinfo -F vermagic exdma)" ] ||
		return
	# whatever has the name in it is what DKMS has, and is there
	used=$(grep -o '[^ ]*exdma[^ ]*\.h' "$dir/own/.my_edu.o.cmd" | sort -u)
	case $used in
	/var/lib/dkms/exdma/*/kmod/core/exdma.h) ;;
	*) echo "built with $used"; return 1 ;;
	esac
	[ "$(realpath "$used")" = "/usr/src/exdma-$version/kmod/core/exdma.h" ]
}

# refused SED-SCRIPT: the module, changed so (nothing moves in it), is not loaded,
# and the kernel says why
refused() {
	said=$(dmesg | wc -l)
	modprobe exdma && LC_ALL=C sed -e "$1" "$dir/own/my_edu.ko" >"$dir/my_edu.ko" &&
		! cmp "$dir/own/my_edu.ko" "$dir/my_edu.ko" &&
		! insmod "$dir/my_edu.ko" && [ ! -e /sys/module/my_edu ] &&
		dmesg | tail -n "+$((said + 1))" >"$dir/said" || return
	cat "$dir/said"
	grep -q 'my_edu.* from namespace EXDMA_1, but does not import it' "$dir/said"
}

no_load_without_the_namespace() {
	refused 's/import_ns=EXDMA_1/forgotten=EXDMA_1/'
}

# As if it had been built before the interface changed.
no_load_for_another_interface() {
	refused 's/import_ns=EXDMA_1/import_ns=EXDMA_0/'
}

drives_the_card() {
	if [ -e "$edu/driver" ]; then
		echo "$slot" >"$edu/driver/unbind" || return
	fi
	modprobe -r exdma_edu && echo my_edu >"$edu/driver_override" &&
		modprobe exdma && insmod "$dir/own/my_edu.ko" &&
		[ "$(basename "$(readlink "$edu/driver")")" = my_edu ] || return
	card=$(basename "$edu"/exdma/exdma?)
	[ -c "/dev/$card" ] && [ -c "/dev/${card}_h2c0" ] && [ -c "/dev/${card}_c2h0" ] &&
		bytes=$(cat "/sys/class/exdma/$card/aperture") && [ "$bytes" -gt 4000 ]
}

# random FILE
random() {
	dd if=/dev/urandom of="$1" bs="$bytes" count=1 iflag=fullblock status=none
}

data_comes_back() {
	for _ in 1 2; do
		random "$dir/in" &&
			dd if="$dir/in" of="/dev/$card" bs="$bytes" status=none &&
			dd if="/dev/$card" of="$dir/out" bs="$bytes" status=none &&
			cmp "$dir/in" "$dir/out" || return
	done
}

pieces_and_ends() {
	random "$dir/in" &&
		dd if="$dir/in" of="/dev/${card}_h2c0" bs=1001 status=none &&
		dd if="/dev/${card}_c2h0" of="$dir/out" bs=777 status=none &&
		cmp "$dir/in" "$dir/out" &&
		! dd if="$dir/in" of="/dev/$card" bs="$bytes" seek=1 2>"$dir/said" &&
		grep 'No space left on device' "$dir/said" &&
		! dd if=/dev/zero of="/dev/${card}_c2h0" bs=1 count=1 2>/dev/null
}

# The next transfer of either channel begins in the interrupt of the one before.
many_at_once() {
	random "$dir/in" && pids= || return
	for i in 1 2 3 4; do
		dd if="$dir/in" of="/dev/$card" bs=512 status=none &
		pids="$pids $!"
		dd if="/dev/$card" of="$dir/out$i" bs=512 status=none &
		pids="$pids $!"
	done
	for pid in $pids; do
		wait "$pid" || return
	done
	dd if="/dev/$card" of="$dir/out" bs="$bytes" status=none &&
		cmp "$dir/in" "$dir/out" || return
	for channel in h2c0 c2h0; do
		[ "$(cat "/sys/class/exdma/${card}_$channel/statistics/starts_irq")" -gt 0 ] &&
			[ "$(cat "/sys/class/exdma/${card}_$channel/statistics/bytes")" -gt \
				$((4 * bytes)) ] || return
	done
}

core_is_in_use() {
	! said=$(rmmod exdma 2>&1) || return
	echo "$said"
	[ "$(cat /sys/module/exdma/holders/my_edu/initstate)" = live ] || return
	case $said in
	*'in use'*my_edu*) data_comes_back ;;
	*) return 1 ;;
	esac
}

# A program that has thousands of transfers to go is told, and the rest goes on.
unbound_in_use() {
	LC_ALL=C dd if="/dev/$card" of=/dev/null bs=1 2>"$dir/said" &
	before=$(cat "/sys/class/exdma/${card}_c2h0/statistics/bytes")
	until [ "$(cat "/sys/class/exdma/${card}_c2h0/statistics/bytes")" -gt "$before" ]; do
		kill -0 $! || return
	done
	echo "$slot" >"$edu/driver/unbind" && ! wait $! &&
		grep 'No such device' "$dir/said" && [ ! -e "/dev/$card" ] &&
		[ ! -e "$edu/driver" ]
}

unloaded() {
	rmmod my_edu && rmmod exdma && [ ! -e /sys/module/exdma ]
}

ktap_print_header
# shellcheck disable=SC2086 # words
set -- $tests
ktap_set_plan $#
edu=
for device in /sys/bus/pci/devices/*; do
	case $(cat "$device/vendor" "$device/device" | tr '\n' ' ') in
	'0x1234 0x11e8 ') edu=$device ;;
	esac
done
if [ -z "$edu" ]; then
	trap - EXIT
	ktap_exit_fail_msg "there is no edu device"
fi
slot=$(basename "$edu")
for test; do
	if "$test" >"$dir/log" 2>&1; then
		ktap_test_pass "third.$test"
	else
		sed -e 's/^/# /' "$dir/log"
		ktap_test_fail "third.$test"
	fi
done
ktap_finished
