#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The udev rules: names that stay where a card is, and who may use the nodes. They
# are put where udev looks; afterwards the nodes are as they would be without.
#
# With compat=xdma the card has two nodes for each part, and more can go wrong: a link
# that leads to the other one.
#
# Needs KSRC, an unpacked kernel source, for the TAP helpers.

# shellcheck source=/dev/null
. "${KSRC:?}/tools/testing/selftests/kselftest/ktap_helpers.sh"

here=$(cd "$(dirname "$0")" && pwd -P)
rules=/run/udev/rules.d/70-exdma.rules
groups=$(mktemp) || exit "$KSFT_FAIL"
bound=

# Those of compat=xdma, too.
all_nodes() {
	for sys in /sys/class/exdma/*; do
		[ ! -e "$sys" ] || echo "/dev/${sys##*/}"
	done
}

# shellcheck disable=SC2317 # the trap
clean_up() {
	rm -f "$rules" "$groups"
	[ -z "$bound" ] || umount /etc/group
	udevadm control --reload
	nodes=$(all_nodes)
	# shellcheck disable=SC2086 # one word for each
	chown root:root $nodes && chmod 600 $nodes
	udevadm trigger --action=add --subsystem-match=exdma && udevadm settle --timeout=60
}
trap clean_up EXIT

settle() {
	udevadm control --reload &&
		udevadm trigger --action=add --subsystem-match=exdma &&
		udevadm settle --timeout=60
}

# path_of CARD: as udev writes it
path_of() {
	printf 'pci-%s' "$(basename "$(readlink -f "/sys/class/exdma/$1/device")")"
}

# A link for each node, to this node; and as many as there are nodes. (A process for
# each would take long here.)
links_by_path() {
	card=
	for sys in /sys/class/exdma/exdma*; do
		node=${sys##*/}
		[ "${node%%_*}" = "$card" ] || {
			card=${node%%_*}
			path=$(path_of "$card")
		}
		part=${node#"$card"}
		link=/dev/exdma/by-path/$path${part:+-${part#_}}
		[ "$link" -ef "/dev/$node" ] || {
			echo "$link is not $node"
			return 1
		}
	done
	set -- /sys/class/exdma/exdma*
	nodes=$#
	set -- /dev/exdma/by-path/*
	[ $# -eq "$nodes" ] || { echo "$# links for $nodes nodes"; return 1; }
}

nodes_of_the_group() {
	# shellcheck disable=SC2046 # one word for each
	modes=$(stat -c '%n %a %G' $(all_nodes)) || return
	echo "$modes" | while read -r node mode; do
		case $node in
		*_control) want='600 root' ;;
		*) want='660 exdma' ;;
		esac
		[ "$mode" = "$want" ] || {
			echo "$node: $mode"
			exit 1
		}
	done
}

# Whoever comes back at the same place has the same names, whatever its number.
links_come_back() {
	links=$(echo /dev/exdma/by-path/*)
	for card in /sys/class/exdma/exdma*/aperture; do
		driver=$(readlink -f "${card%/*}/device/driver")
		bdf=$(basename "$(readlink -f "${card%/*}/device")")
		echo "$bdf" >"$driver/unbind" && udevadm settle --timeout=60 || return
		case $(echo /dev/exdma/by-path/*) in
		*"$bdf"*) echo "a link to what has gone"; return 1 ;;
		esac
		echo "$bdf" >"$driver/bind" && udevadm settle --timeout=60 || return
	done
	[ "$(echo /dev/exdma/by-path/*)" = "$links" ] && links_by_path
}

ktap_print_header
ktap_set_plan 3
if ! command -v udevadm >/dev/null || [ ! -e "$here/70-exdma.rules" ]; then
	ktap_exit_fail_msg "there is no udev, or no rules"
fi
mkdir -p "${rules%/*}"
cp "$here/70-exdma.rules" "$rules"
# the file system may be read-only, and the group is made at installation
if ! getent group exdma >/dev/null; then
	cp /etc/group "$groups"
	echo 'exdma:x:987:' >>"$groups"
	chmod 644 "$groups"
	mount --bind "$groups" /etc/group && bound=yes
fi
settle
for test in links_by_path nodes_of_the_group links_come_back; do
	if "$test" >"$groups.log" 2>&1; then
		ktap_test_pass "udev.$test"
	else
		sed -e 's/^/# /' "$groups.log"
		ktap_test_fail "udev.$test"
	fi
	rm -f "$groups.log"
done
ktap_finished
