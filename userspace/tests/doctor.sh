#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# doctor.sh TOOL: one fault at a time is planted in a machine of plain files;
# doctor names this one, and on a healthy machine none

set -u
tool=$(realpath "$1")
here=$(dirname "$(realpath "$0")")
# shellcheck source=userspace/tests/tap.sh
. "$here/tap.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$here/fake-machine" "$work/healthy" || exit 1
m=$work/machine
release=$(uname -r)
user=alice
cls=sys/class/exdma
pci=sys/bus/pci
bdf=0000:01:00.0
card=sys/devices/pci0000:00/0000:00:01.0/$bdf
version=$("$tool" --version | cut -d ' ' -f 2)

doctor() # [OPTION]...
{
	EXDMA_SYSFS=$m/sys EXDMA_DEV=$m/dev EXDMA_ROOT=$m \
		"$tool" doctor --user "$user" "$@" </dev/null
}

fresh()
{
	rm -rf "$m"
	cp -a "$work/healthy" "$m"
}

# found: level and name of all that is not right, in order, in one line
found()
{
	doctor --quiet | sed -nE 's/^([a-z]+) +.*\[([a-z-]+)\]$/\1 \2/p' | sort -u | paste -sd ,
}

# fault "LEVEL ID[,LEVEL ID...]" STATUS ADVICE COMMAND...: the machine with what
# COMMAND does to it has these findings and no other; doctor's status; one line
# of what to do matches ADVICE, if that is not empty
planted=
fault()
{
	local expected=$1 status=$2 advice=$3 said got
	shift 3
	fresh
	(cd "$m" && eval "$*") || { fail "plant $expected" "$*"; return; }
	said=$(found)
	doctor >"$work/text"
	got=$?
	planted+=",$expected"
	if [[ $said == "$expected" && $got == "$status" ]] &&
	   { [[ -z $advice ]] || grep -q -- "^ *- .*$advice" "$work/text"; }; then
		pass "$expected"
	else
		fail "$expected" "$* gave: $said, status $got, $(cat "$work/text")"
	fi
}

# bytes FILE OFFSET HEX...: change a file of bytes
bytes()
{
	local file=$1 offset=$2
	shift 2
	# shellcheck disable=SC2059
	printf "$(printf '\\x%s' "$@")" |
		dd of="$file" bs=1 seek="$offset" conv=notrunc status=none
}

# ---- nothing is wrong ----

fresh
check "a healthy machine has no findings" test -z "$(found)"
check "and status 0" doctor
check "says what it looked at" test "$(doctor | grep -c '^ok ')" -ge 10
check "--quiet leaves that out" test "$(doctor --quiet)" = "0 errors, 0 warnings, 0 notes"
user=root
check "nor has it for root" test -z "$(found)"
user=alice

# ---- modules ----

fault "error module-not-loaded,error no-driver" 5 'modprobe exdma_xdma' \
	"rm -r sys/module/exdma* sys/class/exdma $pci/drivers/exdma_xdma $card/driver"
fault "error module-not-installed,error no-device,note unknown-id,warning dkms-not-built" 5 "linux-headers-$release" \
	"rm -r sys/module/exdma* sys/class/exdma $pci/drivers/exdma_xdma $card/driver lib/modules; mv var/lib/dkms/exdma/$version/$release var/lib/dkms/exdma/$version/1.2.3"
fault "error no-card-driver,error no-driver" 5 'modprobe exdma_xdma' \
	"rm -r sys/module/exdma_xdma sys/class/exdma/* $pci/drivers/exdma_xdma $card/driver"
fault "note module-unsigned" 0 'Secure Boot' "echo OE >sys/module/exdma/taint"
fault "warning version-mismatch" 4 'modprobe -r exdma_xdma' \
	"echo 0.0.9 >sys/module/exdma/version; echo 0.0.9 >sys/module/exdma_xdma/version"
fault "warning dkms-not-built" 4 "dkms autoinstall -k $release" \
	"mv var/lib/dkms/exdma/$version/$release var/lib/dkms/exdma/$version/1.2.3"
fault "warning dkms-not-built" 4 "exdma/$version/build/make.log" \
	"mv var/lib/dkms/exdma/$version/$release var/lib/dkms/exdma/$version/build; touch var/lib/dkms/exdma/$version/build/make.log"
fault "warning dkms-version" 4 'dkms status' \
	"mv var/lib/dkms/exdma/$version var/lib/dkms/exdma/9.9"
fault "error module-not-loaded,error no-driver" 5 'mokutil --import' \
	"rm -r sys/module/exdma* sys/class/exdma $pci/drivers/exdma_xdma $card/driver
	 mkdir -p sys/firmware/efi/efivars
	 printf '\\6\\0\\0\\0\\1' >sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

# ---- the bus ----

fault "error no-driver" 5 "echo $bdf . sudo tee /sys/bus/pci/drivers/exdma_xdma/bind" \
	"rm -r $card/driver sys/class/exdma/*"
fault "error no-driver" 5 'kept for the driver "vfio-pci"' \
	"rm -r $card/driver sys/class/exdma/*; echo vfio-pci >$card/driver_override"
fault "error other-driver,warning rival-module" 5 "echo $bdf . sudo tee /sys/bus/pci/drivers/xdma/unbind" \
	"mkdir $pci/drivers/xdma; rm -r sys/class/exdma/*; ln -sfn ../../../../bus/pci/drivers/xdma $card/driver"
fault "error other-driver" 5 'blacklist somebody' \
	"mkdir $pci/drivers/somebody; rm -r sys/class/exdma/*; ln -sfn ../../../../bus/pci/drivers/somebody $card/driver"
fault "note vfio" 0 'unbind' \
	"mkdir $pci/drivers/vfio-pci; rm -r sys/class/exdma/*; ln -sfn ../../../../bus/pci/drivers/vfio-pci $card/driver"
fault "warning rival-module" 4 'blacklist xdma' "mkdir -p $pci/drivers/xdma sys/module/xdma"
fault "note platform-xdma" 0 '' "mkdir -p sys/module/xdma"
fault "error no-device" 5 'lspci -nn' "rm -r sys/class/exdma/* $pci/devices/$bdf"
fault "error no-device,note unknown-id" 5 'echo 10ee 1234 . sudo tee .*new_id' \
	"rm -r sys/class/exdma/* $card/driver; echo 0x1234 >$card/device; echo pci:v000010EEd00001234sv000010EEsd00000007bc05sc80i00 >$card/modalias"

# ---- the card ----

fault "warning link-degraded" 4 'seat the card anew' "echo 4 >$card/current_link_width"
fault "warning link-degraded" 4 'seat the card anew' "echo '2.5 GT/s PCIe' >$card/current_link_speed"
fault "warning link-slot" 4 'another slot' \
	"echo 4 >$card/current_link_width; echo 4 >$card/../max_link_width"
fault "warning mps-small" 4 'pci=pcie_bus_perf' "bytes $card/config 120 00 20"
fault "warning mrrs-small" 4 "setpci -s $bdf" "bytes $card/config 120 20 00"
fault "warning interrupts-shared" 4 'enable MSI-X' "echo msi >$cls/exdma0/interrupts"
fault "warning interrupts-shared" 4 'loaded with interrupts=intx' \
	"echo intx >$cls/exdma0/interrupts; echo intx >sys/module/exdma_xdma/parameters/interrupts"
fault "warning few-vectors" 4 'short of vectors' "rm $card/msi_irqs/33"
fault "warning few-vectors" 4 'event_vectors=1' \
	"rm $card/msi_irqs/33; echo 1 >sys/module/exdma_xdma/parameters/event_vectors"
fault "note iommu-strict" 0 'iommu=pt' "echo DMA >sys/kernel/iommu_groups/7/type"
fault "note aperture-unset" 0 'exdma0/aperture' "echo 0 >$cls/exdma0/aperture"
fault "error card-gone" 5 'pci/rescan' "bytes $card/config 0 ff ff"

# a card without MSI-X, and a user who cannot see whether it has it
fresh
bytes "$m/$card/config" 52 70
echo msi >"$m/$cls/exdma0/interrupts"
check "a card that has no MSI-X needs none" test -z "$(found)"
fresh
truncate -s 64 "$m/$card/config"
check "configuration space that cannot be read is no fault" test -z "$(found)"
check "but is said" grep -q 'only be seen by root' <(doctor)
fresh
rm "$m/$card/iommu_group"
check "nor is a machine without an IOMMU" test -z "$(found)"

# ---- who may use it ----

fault "error node-permissions" 5 'udevadm trigger' "chmod 0600 dev/exdma0*"
fault "error no-udev-rules" 5 'exdma-tools' "chmod 0600 dev/exdma0*; rm usr/lib/udev/rules.d/*"
fault "error no-group" 5 'groupadd --system exdma' "chmod 0600 dev/exdma0*; sed -i /exdma/d etc/group"
fault "error node-missing" 5 'docker' "rm dev/exdma0_c2h0"
user=bob
fault "error not-in-group" 5 'usermod -aG exdma bob' :
user=root
fault "warning node-permissions" 4 'udevadm trigger' "chmod 0600 dev/exdma0_h2c0"
fault "warning no-udev-rules" 4 'make install' "chmod 0600 dev/exdma0*; rm usr/lib/udev/rules.d/*"
user=alice
fresh
chmod 0600 "$m/dev/exdma0_control"
check "the registers are for root alone" test -z "$(found)"

# ---- what has happened ----

fault "warning errors-counted" 4 'dmesg' "echo 3 >$cls/exdma0_h2c0/statistics/errors"
fault "warning timeouts-counted" 4 'timeout_ms' "echo 1 >$cls/exdma0_c2h0/statistics/timeouts"
fault "warning interrupts-lost" 4 'interrupts=msi' "echo 1 >$cls/exdma0_c2h0/statistics/lost_interrupts"
fault "warning event-throttled" 4 'event_limit' "echo 7 >$cls/exdma0_event1/throttled"
fault "note resets" 0 'dmesg' "echo 2 >$cls/exdma0/resets"
fault "note interrupts-spurious" 0 '' "echo 1 >$cls/exdma0_c2h0/statistics/spurious_interrupts"

# ---- several at once, JSON, and what cannot be done ----

fault "error node-missing,note aperture-unset,warning errors-counted,warning link-degraded" 5 'seat' \
	"echo 4 >$card/current_link_width; echo 0 >$cls/exdma0/aperture; rm dev/exdma0; echo 3 >$cls/exdma0_h2c0/statistics/errors"
if command -v python3 >/dev/null; then
	check "JSON has the same" test "$(doctor --json | python3 -c '
import json, sys
said = json.load(sys.stdin)
bad = [f for f in said["findings"] if f["level"] != "ok"]
print(said["errors"], said["warnings"], said["notes"], said["user"],
      *sorted(f["level"] + ":" + f["id"] + ":" + f["subject"] for f in bad))
assert all(f["advice"] for f in bad)
')" = "1 2 1 alice error:node-missing:exdma0 note:aperture-unset:exdma0 warning:errors-counted:exdma0_h2c0 warning:link-degraded:exdma0"
	check "JSON has the same status" test "$(doctor --json >/dev/null; echo $?)" = 5
else
	skip "JSON" "no python3"
fi
fails "no sysfs" 1 'cannot look around' env EXDMA_SYSFS="$work/none" "$tool" doctor
fails "operands" 2 'takes no operands' "$tool" doctor 0
fails "a user that is not there" 2 'no user' "$tool" doctor --user nobody-of-this-name

# Which findings there are says the man page. One of them needs a session that
# is older than the group, which the tests in the machine have.
check "the man page has all findings, and each was planted" diff \
	<(sed -n '/^\.SH FINDINGS/,/^\.SH EXIT/s/^\.B \([a-z].*\)/\1/p' "$here/../man/exdma.1" | sed 's/\\-/-/g' | sort) \
	<({ tr ',' '\n' <<<"$planted" | sed 's/.* //'; echo log-in-again; } | grep . | sort -u)

finish
