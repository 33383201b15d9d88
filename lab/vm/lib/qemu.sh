# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# The QEMU command line. Knows devices and options; nothing of cards' insides,
# of modules, or of what the guest does.

# What makes an emulated boot short: the kernel need not measure the clock,
# guard against the CPU's leaks, or test its ciphers. And tests reach the lab
# block of a card whose BARs the driver has claimed, by its file in sysfs.
kernel_arguments='console=ttyS0 panic=-1 nokaslr mitigations=off tsc=reliable no_timer_check cryptomgr.notests random.trust_cpu=on audit=0 apparmor=0 i8042.noaux i8042.nokbd iomem=relaxed'

qemu=()
append=$kernel_arguments
ports=0
exports=0

# qemu_machine CPUS MEMORY IOMMU SUSPEND: the computer itself, which offers S3
# only if it would survive it (see qemu_kernel). Emulated page walks are shorter
# without the fifth level of page tables, switches of tasks without the wide
# registers of AVX and the like; and a CPU that praises its string instructions
# is believed, and then copies byte by byte.
qemu_machine() {
	local machine=q35,memory-backend=ram,sata=off,smbus=off,hpet=off

	[ -z "$3" ] || machine+=,kernel-irqchip=split
	qemu=(/usr/bin/qemu-system-x86_64 -nodefaults -no-user-config -display none
		-no-reboot -name exdma-vm
		-machine "$machine" -m "$2" -smp "$1"
		-object "memory-backend-memfd,id=ram,size=$2,share=on")
	case $(accelerator) in
	kvm) qemu+=(-accel kvm -cpu host) ;;
	*)
		qemu+=(-accel 'tcg,thread=multi'
			-cpu 'max,la57=off,xsave=off,erms=off,fsrm=off,fzrm=off,fsrs=off,fsrc=off')
		;;
	esac
	[ -n "$4" ] || qemu+=(-global ICH9-LPC.disable_s3=1)
	if [ -n "$3" ]; then
		qemu+=(-device 'intel-iommu,caching-mode=on,intremap=on')
		append+=' intel_iommu=on iommu.strict=1'
	fi
}

# qemu_log FILE: the kernel's console.
qemu_log() {
	qemu+=(-chardev "file,id=log,path=$1" -serial chardev:log)
}

# qemu_virtio DEVICE: a virtio device (JSON without its braces) that keeps its
# state while the machine sleeps, because Linux could not bring a 9p file system
# back. Linux believes it from 6.9 or so on, and only behind a port.
qemu_virtio() {
	qemu_port "{$1,\"x-pcie-pm-no-soft-reset\":true"
}

# qemu_output NAME=FILE...: what the guest writes to its port NAME goes to
# FILE. Writes are handled while the guest waits (no ioeventfd), so all of the
# output is in the file when the power goes off.
qemu_output() {
	local port

	qemu_virtio '"driver":"virtio-serial-pci","id":"serial","ioeventfd":false'
	for port in "$@"; do
		qemu+=(-chardev "file,id=${port%%=*},path=${port#*=}")
		qemu_serial_port "${port%%=*}"
	done
}

# qemu_control PATH: the guest's port "control" is the named pipes PATH.in (to
# the guest) and PATH.out (after qemu_output).
qemu_control() {
	qemu+=(-chardev "pipe,id=control,path=$1")
	qemu_serial_port control
}

qemu_serial_port() {
	qemu+=(-device "{\"driver\":\"virtserialport\",\"bus\":\"serial.0\",\"chardev\":\"$1\",\"name\":\"exdma.$1\"}")
}

# qemu_monitor PATH: QMP on the named pipes PATH.in (to QEMU) and PATH.out.
qemu_monitor() {
	qemu+=(-chardev "pipe,id=monitor,path=$1" -object 'monitor-qmp,id=qmp,chardev=monitor')
}

# qemu_terminal: the caller's terminal is the guest's hvc0 (after qemu_output).
qemu_terminal() {
	qemu+=(-chardev 'stdio,id=terminal,signal=off'
		-device '{"driver":"virtconsole","bus":"serial.0","chardev":"terminal"}')
}

# qemu_export TAG PATH MODE: a directory for the guest, by 9p.
qemu_export() {
	local readonly=off

	[ "$3" = rw ] || readonly=on
	qemu+=(-fsdev "local,id=fs$exports,path=$2,security_model=none,readonly=$readonly,multidevs=remap")
	qemu_virtio "\"driver\":\"virtio-9p-pci\",\"fsdev\":\"fs$exports\",\"mount_tag\":\"$1\""
	exports=$((exports + 1))
}

# qemu_port DEVICE: a PCI Express root port with DEVICE (in QEMU's JSON, open
# ended: '{"driver":...') behind it. A faster port than this says that it reports
# whether its link is active, which QEMU's then never is: Linux waits for that
# after a bus reset, and gives up.
qemu_port() {
	ports=$((ports + 1))
	qemu+=(-device "pcie-root-port,id=port$ports,chassis=$ports,slot=$ports,x-speed=5"
		-device "$1,\"bus\":\"port$ports\"}")
}

# qemu_card N SOCKET: card N, which the monitor calls cardN.
qemu_card() {
	qemu_port "{$(qemu_card_arguments "$1" "$2")"
	card_port[$1]=port$ports
}
card_port=()

# What makes card N a device, for the command line or the monitor.
qemu_card_arguments() {
	printf '"driver":"vfio-user-pci","id":"card%s","socket":{"type":"unix","path":"%s"}' \
		"$1" "$2"
}

# qemu_nvme FILE: QEMU's NVMe drive, to compare with.
qemu_nvme() {
	qemu+=(-blockdev "driver=file,node-name=nvme,filename=$1")
	qemu_port '{"driver":"nvme","serial":"exdma","drive":"nvme"'
}

# qemu_counter PLUGIN DIR: count instructions (lab/count). The guest writes its names to
# DIR/names; the counts are in DIR/counts when QEMU has ended.
qemu_counter() {
	qemu+=(-plugin "$1,names=$2/names,out=$2/counts")
}

# qemu_kernel KERNEL INITRAMFS: an ELF kernel starts sooner; but QEMU puts it
# into memory itself, and does so again at each reset, which the end of S3 is,
# over what the kernel has there. A bzImage is loaded by the firmware, once.
qemu_kernel() {
	qemu+=(-kernel "$1" -initrd "$2" -append "$append")
}

# Print kvm or tcg. /dev/kvm may be there and yet hang a kernel, so it is
# tried: a boot that powers off at once. The answer holds for this machine: its
# identity, its processor, its kernel.
accelerator() {
	local answer

	if [ -n "${EXDMA_ACCEL:-}" ]; then
		printf '%s\n' "$EXDMA_ACCEL"
		return
	fi
	if ! [ -r /dev/kvm ] || ! [ -w /dev/kvm ]; then
		echo tcg
		return
	fi
	answer=$cache/accelerator-$({
		cat /etc/machine-id 2>/dev/null
		grep -m 1 '^model name' /proc/cpuinfo
		uname -r
		id -u
	} | sha256sum | cut -c1-16)
	(
		flock 8
		[ ! -s "$answer" ] || exit 0
		step 'trying KVM, for ten seconds at most'
		if kvm_boots; then echo kvm; else echo tcg; fi >"$answer.part"
		mv "$answer.part" "$answer"
		step "using $(sed -e s/tcg/emulation/ "$answer")"
	) 8>"$answer.lock"
	cat "$answer"
}

# The kernel finds no root file system by the name of exdma.trial and its init
# powers the machine off; anything else, within the time, means no.
kvm_boots() {
	local log=$scratch/trial.log

	timeout -k 1 10 chroot "$jail" /usr/bin/qemu-system-x86_64 -nodefaults \
		-no-user-config -display none -no-reboot -machine q35 -m 256M \
		-accel kvm -cpu host -smp 2 \
		-serial stdio -kernel /exdma/boot/vmlinux \
		-initrd /exdma/boot/initramfs \
		-append 'console=ttyS0 panic=-1 exdma.trial' \
		</dev/null >"$log" 2>&1 &&
		grep -q 'exdma-vm: trial passed' "$log"
}
