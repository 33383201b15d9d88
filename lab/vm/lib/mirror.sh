# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# Where packages come from: the mirror this machine's own apt uses.

# Print the URI of the Debian archive that apt is configured with.
# EXDMA_MIRROR names one where there is none (a host that is not Debian).
find_mirror() {
	local uri release component

	if [ -n "${EXDMA_MIRROR:-}" ]; then
		printf '%s\n' "$EXDMA_MIRROR"
		return
	fi
	# shellcheck disable=SC2016 # apt fills these in
	while read -r uri release component; do
		[ "$component" = main ] || continue
		case $release in
		bookworm | trixie | forky | sid | stable | oldstable | testing | unstable) ;;
		bookworm-updates | trixie-updates | stable-updates | oldstable-updates) ;;
		*) continue ;;
		esac
		case $uri in
		mirror+file:*) uri=$(first_of_list "${uri#mirror+file:}") ;;
		esac
		[ -n "$uri" ] || continue
		printf '%s\n' "${uri%/}"
		return
	done < <(apt-get indextargets --no-release-info \
		--format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' 2>/dev/null)
	die "apt here names no Debian archive; set EXDMA_MIRROR to the URI of one"
}

# The first URI in a mirror list (cloud images use these).
first_of_list() {
	local file=${1%/}

	file=/${file##/}
	while [ "${file#//}" != "$file" ]; do
		file=${file#/}
	done
	sed -n -e 's/[[:space:]].*//' -e '/^[a-z+]*:/{p;q}' "$file" 2>/dev/null
}

# Options of this machine's apt that a mirror may depend on, as arguments for
# mmdebstrap: proxies, date checks, retries.
apt_options() {
	apt-config dump 2>/dev/null | sed -n -E \
		-e '/^Acquire::(https?::|Check-Date|Check-Valid-Until|Retries)[^ ]* "[^"]+";$/s/^/--aptopt=/p'
}
