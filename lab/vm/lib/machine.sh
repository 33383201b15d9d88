# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# One run of the virtual machine, from options to exit status: calls the other
# rooms in order.

for room in privilege cache mirror rootfs mount own kernel modules card qmp control qemu report; do
	# shellcheck source=/dev/null
	. "$lib/$room.sh"
done

kernel=6.12
cpus=2
mem=
cards=()
edu=
nvme=
suspend=
iommu=
more_append=
shares=()
books=
count=
coverage=
allow_violations=
driver=yes
: "${timeout:=600}"
log=
command=()
interactive=

parse_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--kernel | --cpus | --mem | --card | --append | --share | \
			--nvme | --books | --count | --timeout | --log)
			[ $# -ge 2 ] || usage_error "$1 needs a value"
			;;
		esac
		case $1 in
		--help) help_text; exit ;;
		--kernel) kernel=$2; shift ;;
		--cpus) cpus=$2; shift ;;
		--mem) mem=$2; shift ;;
		--card) cards+=("$2"); shift ;;
		--edu) edu=yes ;;
		--nvme) nvme=$2; shift ;;
		--iommu) iommu=yes ;;
		--suspend) suspend=yes ;;
		--append) more_append+=" $2"; shift ;;
		--share) shares+=("$2"); shift ;;
		--books) books=$2; shift ;;
		--count) count=$2; shift ;;
		--coverage) coverage=yes ;;
		--allow-violations) allow_violations=yes ;;
		--no-driver) driver= ;;
		--timeout) timeout=$2; shift ;;
		--log) log=$2; shift ;;
		--) shift; break ;;
		-*) usage_error "unknown option: $1" ;;
		*) break ;;
		esac
		shift
	done
	command=("$@")
	check_options
	[ -z "$coverage" ] || cover_modules
	[ -z "$count" ] || count_instructions
}

# Only emulation can count. The marks are in the modules if they are built with them.
count_instructions() {
	[ "${EXDMA_ACCEL:=tcg}" = tcg ] || usage_error "--count needs emulation, not $EXDMA_ACCEL"
	module_flags+='ccflags-y += -DEXDMA_MARKS'$'\n'
}

# The compiler's notes, without which nobody can read the counts, are kept beside them.
cover_modules() {
	module_flags+='GCOV_PROFILE := y'$'\n'
	# shellcheck disable=SC2016 # expanded where DKMS builds
	module_notes='find kmod -name "*.gcno" -exec cp --parents {} "$1" ";"'
}

check_options() {
	local i

	[ -n "$driver" ] || [ -z "$count$coverage" ] ||
		usage_error '--count and --coverage need the driver'
	[ -z "$coverage" ] || [ "$kernel" = gcov ] || usage_error '--coverage needs --kernel gcov'

	[[ $cpus =~ ^[1-9][0-9]*$ ]] || usage_error "--cpus: not a number: $cpus"
	[[ $timeout =~ ^[0-9]+$ ]] || usage_error "--timeout: not a number: $timeout"
	[[ -z $mem || $mem =~ ^[1-9][0-9]*[MG]$ ]] || usage_error "--mem: not a size like 512M or 2G: $mem"
	[[ ${nvme:-1G} =~ ^[1-9][0-9]*[MG]$ ]] ||
		usage_error "--nvme: not a size like 512M or 2G: $nvme"
	[ ${#cards[@]} -gt 0 ] || cards=('h2c=2,c2h=2')
	for i in "${!cards[@]}"; do
		[ "${cards[i]}" != none ] || unset "cards[i]"
	done
	cards=("${cards[@]}")
	for i in "${!shares[@]}"; do
		[ -d "${shares[i]}" ] || usage_error "--share: not a directory: ${shares[i]}"
		shares[i]=$(realpath "${shares[i]}")
		[[ ${shares[i]} != *$'\n'* ]] || usage_error '--share: a line break in a path'
	done
	[ -z "$log" ] || log=$(realpath -m "$log")
	[ -z "$books" ] || books=$(realpath -m "$books")
	[ -z "$count" ] || count=$(realpath -m "$count")
}

# The jail that QEMU runs in, with everything it serves under /exdma.
prepare_jail() {
	local share

	make_jail "${kernel_layers[@]}"
	bind_checkout
	make_boot_files
	mkdir -p "$jail"/exdma/{root,run,tree,boot} "$scratch/run"
	mount --bind "$(dirname "$vmlinux")" "$jail/exdma/boot"
	[ -z "$suspend" ] || cp "$kernel_image" "$scratch/bzImage"
	mount --bind "$scratch" "$jail/exdma/run"
	mount --bind "$top" "$jail/exdma/tree"
	build_programs
	[ -z "$count" ] || build_counter
	[ -z "$driver" ] || make_modules
	if [ ${#layers[@]} -gt 0 ]; then
		mount -t overlay -o "ro,lowerdir=$(IFS=:; echo "${layers[*]}"):$root$(overlay_options)" \
			exdma-root "$jail/exdma/root"
	else
		mount --bind "$root" "$jail/exdma/root"
	fi
	if [ -n "$nvme" ]; then
		mkdir "$jail/exdma/nvme"
		mount -t tmpfs exdma-nvme "$jail/exdma/nvme"
		truncate -s "$nvme" "$jail/exdma/nvme/drive"
	fi
	for share in "${!shares[@]}"; do
		mkdir "$jail/exdma/share$share"
		mount --bind "${shares[share]}" "$jail/exdma/share$share"
	done
}

# What the guest reads: see guest/boot.
prepare_guest() {
	local share

	printf 'exdma-tree ro %s\n' "$top" >"$scratch/run/mounts"
	for share in "${!shares[@]}"; do
		printf 'exdma-share%s rw %s\n' "$share" "${shares[share]}"
	done >>"$scratch/run/mounts"
	printf '%s\0' "${command[@]}" >"$scratch/run/command"
	printf '%s\0' "$(work_dir)" >"$scratch/run/directory"
	printf '%s\0' "$(stty size 2>/dev/null || :)" >"$scratch/run/terminal"
	printf '%s\0' >"$scratch/run/environment" \
		"PATH=$top/build/userspace:$vm_dir/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
		HOME=/root LANG=C.UTF-8 "TERM=${TERM:-dumb}" \
		"EXDMA_KERNEL=$kernel"
}

prepare_qemu() {
	local i

	qemu_machine "$cpus" "$mem" "$iommu" "$suspend"
	qemu_log /exdma/run/kernel.log
	for i in "${!cards[@]}"; do
		qemu_card "$i" "/exdma/run/card$i.sock"
	done
	[ -z "$edu" ] || qemu_port '{"driver":"edu"'
	[ -z "$nvme" ] || qemu_nvme /exdma/nvme/drive
	if [ -n "$interactive" ]; then
		qemu_output
		qemu_terminal
	elif [ -n "$one_output" ]; then
		qemu_output stdout=/exdma/run/stdout
	else
		qemu_output stdout=/exdma/run/stdout stderr=/exdma/run/stderr
	fi
	qemu_control /exdma/run/control
	qemu_monitor /exdma/run/qmp
	qemu_export exdma-root /exdma/root ro
	qemu_export exdma-run /exdma/run/run rw
	qemu_export exdma-tree /exdma/tree ro
	for i in "${!shares[@]}"; do
		qemu_export "exdma-share$i" "/exdma/share$i" rw
	done
	[ -z "$count" ] || qemu_counter /exdma/tree/build/count/count.so /exdma/run/run
	append+=$kernel_append$more_append
	if [ -n "$suspend" ]; then
		qemu_kernel /exdma/run/bzImage /exdma/boot/initramfs
	else
		qemu_kernel /exdma/boot/vmlinux /exdma/boot/initramfs
	fi
}

# Start a follower of an output file: it passes everything on to our own
# descriptor and ends when QEMU has.
follow() {
	tail -f -c +1 -s 0.05 --pid="$qemu_pid" "$1" 2>/dev/null &
	followers+=($!)
}

run_qemu() {
	local status=0

	: >"$scratch/kernel.log"
	if [ -n "$interactive" ]; then
		chroot "$jail" "${qemu[@]}" 2>"$scratch/qemu.err" || status=$?
		return "$status"
	fi
	: >"$scratch/stdout"
	: >"$scratch/stderr"
	setpriv --pdeathsig TERM timeout -k 5 "$timeout" \
		chroot "$jail" "${qemu[@]}" \
		</dev/null >/dev/null 2>"$scratch/qemu.err" &
	qemu_pid=$!
	at_end+=("kill $qemu_pid 2>/dev/null || :")
	followers=()
	follow "$scratch/stdout"
	[ -n "$one_output" ] || follow "$scratch/stderr" >&2
	# bash would announce a killed card here
	wait "$qemu_pid" 2>/dev/null || status=$?
	wait "${followers[@]}" || :
	return "$status"
}

run_machine() {
	local status qemu_status=0

	use_rootfs
	find_kernel "$kernel"
	: "${mem:=$kernel_memory}"
	make_scratch
	one_output=
	# one file for both means that their order matters to the caller
	[ "$(stat -L -c %d:%i /proc/self/fd/1)" != "$(stat -L -c %d:%i /proc/self/fd/2)" ] ||
		one_output=yes
	layers=("${kernel_layers[@]}")
	prepare_jail
	prepare_guest
	start_cards
	prepare_qemu
	start_control
	run_qemu || qemu_status=$?
	stop_cards

	[ -z "$log" ] || tr -d '\r' <"$scratch/kernel.log" >"$log"
	if [ -s "$scratch/run/status" ]; then
		status=$(<"$scratch/run/status")
	elif [ "$qemu_status" = 124 ] || [ "$qemu_status" = 137 ]; then
		status=124
		printf '%s: not finished after %s s; last lines of the kernel log:\n' \
			"$self" "$timeout" >&2
		last_lines
	else
		status=125
	fi
	if ! scan_log "$scratch/kernel.log"; then
		case $status in 0 | 125) status=99 ;; esac
	elif [ "$status" = 125 ]; then
		printf '%s: the machine ended before the command did (QEMU: status %s)\n' \
			"$self" "$qemu_status" >&2
		sed -e 's/^/    /' "$scratch/qemu.err" >&2
		last_lines
	fi
	[ -z "$count" ] || cp "$scratch/run/counts" "$count" || [ "$status" != 0 ] || status=99
	judge_cards || [ "$status" != 0 ] || status=99
	if [ "$status" = 0 ] && [ "$qemu_status" != 0 ]; then
		printf '%s: QEMU ended with status %s:\n' "$self" "$qemu_status" >&2
		sed -e 's/^/    /' "$scratch/qemu.err" >&2
		status=99
	fi
	exit "$status"
}

last_lines() {
	tail -n 12 "$scratch/kernel.log" | tr -d '\r' | sed -e 's/^/    /' >&2
}
