# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154,SC2034
# The modules of this checkout, built and installed for one kernel through
# DKMS, as a user would. What DKMS leaves behind is kept as a layer to lay over
# the root file system; the sources and the kernel are its key.

# What the lab adds to kmod/flags.mk, and lines of shell for DKMS's build tree, in which
# $1 is the directory that is kept.
module_flags=
module_notes=

# make_modules: put the layer for $release into $layers. Needs $jail.
make_modules() {
	local layer sources

	[ -e "$top/dkms.conf" ] ||
		die "this checkout has no dkms.conf, so no modules; use --no-driver"
	sources=("$top/dkms.conf" "$top/kmod")
	[ ! -d "$top/uapi" ] || sources+=("$top/uapi")
	# what is built must be what is hashed, also while somebody edits
	mkdir "$jail/tmp/dkms"
	cp -a "${sources[@]}" "$jail/tmp/dkms/"
	printf '%s' "$module_flags" >>"$jail/tmp/dkms/kmod/flags.mk"
	[ -z "$module_notes" ] || sed -i "1a $module_notes" "$jail/tmp/dkms/kmod/keep-symvers"
	layer=$cache/modules/$release-$(printf '%s\n' \
		"$(hash_of "$jail/tmp/dkms" .)" \
		"$(package_versions dkms gcc "linux-headers-$release")" \
		"${kernel_layers[*]}" | sha256sum | cut -c1-16)
	cached "$layer" 3 build_modules
	layers=("$layer" "${kernel_layers[@]}")
}

# build_modules DIR: from the sources in the jail's /tmp/dkms.
build_modules() {
	local dir=$1 name version log

	name=$(dkms_value PACKAGE_NAME)
	version=$(dkms_value PACKAGE_VERSION)
	step "building $name $version for $release through DKMS"
	mkdir "$dir"
	log=$scratch/dkms.log
	if ! dkms_steps "$name/$version" >"$log" 2>&1; then
		sed -e 's/^/    /' "$log" >&2
		log=$jail/var/lib/dkms/$name/$version/build/make.log
		[ ! -e "$log" ] || {
			printf '%s: make.log:\n' "$self" >&2
			sed -e 's/^/    /' "$log" >&2
		}
		die "DKMS could not build and install $name $version for $release"
	fi
	keep_layer "$dir" var/lib/dkms "usr/lib/modules/$release" \
		"usr/src/$name-$version"
}

dkms_steps() {
	in_jail dkms add /tmp/dkms &&
		in_jail dkms build "$1" -k "$release" &&
		in_jail dkms install "$1" -k "$release"
}

# dkms_value NAME: what the assignment to NAME in dkms.conf says.
dkms_value() {
	sed -n -e "s/^$1=[\"']\{0,1\}\([^\"']*\).*/\1/p" "$jail/tmp/dkms/dkms.conf"
}

# keep_layer DIR PATH...: copy what was written below these paths of the jail.
# Character devices there are the overlay's marks for deleted files.
keep_layer() {
	(
		cd "$scratch/ram/upper" || exit
		find "${@:2}" ! -type c -print0 2>/dev/null |
			tar -c --null --no-recursion -T - -f - |
			tar -x -C "$1" -f -
	)
}
