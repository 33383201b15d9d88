#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Programs that nobody here wrote, on the nodes as they are: dd, cp, cat, cmp,
# sha256sum, python3, xxd, fio. Data comes back equal and nobody complains.
#
# Needs KSRC, an unpacked kernel source, for the TAP helpers.

# shellcheck source=/dev/null
. "${KSRC:?}/tools/testing/selftests/kselftest/ktap_helpers.sh"

tests='dd_there_and_back dd_in_odd_blocks dd_by_each_channel cat_and_head
	cp_there_and_back cmp_in_place sha256sum_of_the_card xxd_dump
	python_pread_and_pwrite fio_psync_four_jobs fio_psync_verified
	fio_libaio_verified fio_io_uring_verified fio_libaio_at_depth
	fio_io_uring_at_depth fio_io_uring_fixed_buffers fio_io_uring_polled
	fio_on_each_channel'

card=
for node in /sys/class/exdma/*/aperture; do
	[ ! -e "$node" ] || card=${card:-$(basename "$(dirname "$node")")}
done
dir=$(mktemp -d) || exit "$KSFT_FAIL"
trap 'rm -rf "$dir"; aperture 0' EXIT

# The end of the card's memory, or 0 for none: what cp and cmp need to stop.
aperture() {
	echo "$1" >"/sys/class/exdma/$card/aperture"
}

random_file() {
	dd if=/dev/urandom of="$1" bs=1M count="$2" iflag=fullblock status=none
}

dd_there_and_back() {
	random_file "$dir/in" 16 &&
		dd if="$dir/in" of="/dev/$card" bs=1M status=none &&
		dd if="/dev/$card" of="$dir/out" bs=1M count=16 status=none &&
		cmp "$dir/in" "$dir/out"
}

dd_in_odd_blocks() {
	dd if="$dir/in" of="/dev/$card" bs=12347 count=200 seek=3 status=none &&
		dd if="/dev/$card" of="$dir/out" bs=4115 count=601 skip=9 \
			iflag=fullblock status=none &&
		[ "$(wc -c <"$dir/out")" = $((4115 * 601)) ] &&
		tail -c +$((12347 * 3 - 4115 * 9 + 1)) "$dir/out" |
		cmp -n $((12347 * 200)) - "$dir/in"
}

dd_by_each_channel() {
	for in in /dev/"$card"_h2c*; do
		for out in /dev/"$card"_c2h*; do
			random_file "$dir/some" 1 &&
				dd if="$dir/some" of="$in" bs=64k status=none &&
				dd if="$out" of="$dir/out" bs=256k count=4 status=none &&
				cmp "$dir/some" "$dir/out" || return
		done
	done
}

cat_and_head() {
	cat "$dir/some" >"/dev/$card" &&
		head -c 1000001 "/dev/$card" >"$dir/out" &&
		cmp -n 1000001 "$dir/some" "$dir/out"
}

cp_there_and_back() {
	aperture 16777216 &&
		cp "$dir/in" "/dev/$card" &&
		cp "/dev/$card" "$dir/out" &&
		cmp "$dir/in" "$dir/out"
}

cmp_in_place() {
	cmp "$dir/in" "/dev/$card" || return
	printf 'changed' | dd of="/dev/$card" bs=1 seek=1234567 status=none
	cmp "$dir/in" "/dev/$card" >"$dir/out" || :
	grep -E 'byte 123456[89]|byte 123457[0-4]' "$dir/out"
}

sha256sum_of_the_card() {
	cp "$dir/in" "/dev/$card" &&
		[ "$(sha256sum <"$dir/in")" = "$(sha256sum <"/dev/$card")" ]
}

xxd_dump() {
	printf 'here it is' | dd of="/dev/$card" bs=16 seek=4096 status=none &&
		[ "$(xxd -s 65536 -l 10 -p "/dev/$card")" = 68657265206974206973 ]
}

python_pread_and_pwrite() {
	python3 - "/dev/$card" <<-'END'
		import os, sys
		fd = os.open(sys.argv[1], os.O_RDWR)
		data = os.urandom(300007)
		assert os.pwrite(fd, data, 77777) == len(data)
		assert os.pread(fd, len(data), 77777) == data
		parts = [bytearray(1), bytearray(4096), bytearray(70001)]
		assert os.preadv(fd, parts, 77777) == 74098
		assert b"".join(parts) == data[:74098]
		os.close(fd)
		with open(sys.argv[1], "r+b", buffering=0) as f:
		    f.seek(123)
		    assert f.write(data[:5000]) == 5000
		    assert f.tell() == 5123
		    f.seek(123)
		    assert f.read(5000) == data[:5000]
	END
}

# fio ENGINE RW FILE OPTION...
run_fio() {
	engine=$1 rw=$2 file=$3
	shift 3
	fio --name=test --filename="$file" --ioengine="$engine" --rw="$rw" \
		--allow_file_create=0 --minimal --output="$dir/fio" "$@" &&
		! grep -i -E 'err= *[1-9]|verify:' "$dir/fio"
}

fio_psync_four_jobs() {
	run_fio psync write "/dev/${card}_h2c0" --bs=64k --size=4m --numjobs=4 &&
		run_fio psync randread "/dev/${card}_c2h0" --bs=64k --size=4m --numjobs=4
}

verified() {
	run_fio "$1" randwrite "/dev/$card" --bsrange=4k-64k --bs_unaligned --size=4m \
		--verify=crc32c --verify_fatal=1 "$2"
}

fio_psync_verified() {
	verified psync --numjobs=1
}

fio_libaio_verified() {
	verified libaio --iodepth=16
}

fio_io_uring_verified() {
	verified io_uring --iodepth=16
}

# fio ENGINE [OPTION]...: what people measure with, and is it right, too?
at_depth() {
	engine=$1
	shift
	run_fio "$engine" randwrite "/dev/$card" --iodepth=32 --bs=4k --size=4m \
		--verify=crc32c --verify_fatal=1 "$@"
}

fio_libaio_at_depth() {
	at_depth libaio
}

fio_io_uring_at_depth() {
	at_depth io_uring
}

fio_io_uring_fixed_buffers() {
	at_depth io_uring --fixedbufs
}

fio_io_uring_polled() {
	at_depth io_uring --hipri --direct=1
}

fio_on_each_channel() {
	for node in /dev/"$card"_h2c*; do
		run_fio io_uring randwrite "$node" --iodepth=32 --bs=4k --size=1m \
			--numjobs=2 --iodepth_batch_submit=16 || return
	done
	for node in /dev/"$card"_c2h*; do
		run_fio libaio randread "$node" --iodepth=32 --bs=4k --size=1m --numjobs=2 ||
			return
	done
}

ktap_print_header
if [ -z "$card" ]; then
	ktap_exit_fail_msg "there is no exdma card"
fi
# shellcheck disable=SC2086
set -- $tests
ktap_set_plan $#
for test; do
	program=${test%%_*}
	[ "$program" != python ] || program=python3
	if ! command -v "$program" >/dev/null; then
		ktap_print_msg "there is no $program here"
		ktap_test_skip "clients.$test"
	elif "$test" >"$dir/log" 2>&1; then
		ktap_test_pass "clients.$test"
	else
		sed -e 's/^/# /' "$dir/log"
		ktap_test_fail "clients.$test"
	fi
done
ktap_finished
