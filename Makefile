# SPDX-License-Identifier: GPL-2.0-only
# exdma. The two that matter: "make demo" shows it at work, "make check" tests
# it; both set up all they need, and need neither a card nor a free kernel.
#
#	make demo	the main job in a virtual machine, with a virtual card
#	make demo-edu	the same with the edu device of this machine's own QEMU
#	make check	lint, unit tests, the selftests on every kernel: 20 minutes
#	make check-all	every test on every kernel and every machine: an hour
#	make bench	measure: docs/measurements.md, some 15 minutes
#	make reliability	every fault of a card: docs/reliability.md, 5 minutes
#	make instructions	how many instructions each path takes, 1 minute
#	make coverage	which lines the tests execute: docs/coverage.md, half an hour
#	make mutants	do the tests notice small faults: a sample of 60; hours
#	make soak	the tests that like to run long, for hours
#	make lint	the text only: compilers, sparse, checkpatch, shellcheck
#	make install	modules (by DKMS, for the running kernel, or KERNEL=RELEASE) and tool
#	make uninstall	both of them away again
#	make deb	packages for Debian and its kin: build/deb/*.deb
#	make		the tool and the virtual card, into build/
#	make modules	the modules for KDIR, without installing them
#	make clean	remove build/; the lab's cache stays

PREFIX ?= /usr/local
KDIR ?= /lib/modules/$(shell uname -r)/build
VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' dkms.conf)
DKMS_SRC := $(DESTDIR)/usr/src/exdma-$(VERSION)

.PHONY: all demo demo-edu check check-all bench reliability instructions coverage mutants soak lint modules install uninstall deb clean

all:
	$(MAKE) -C userspace
	$(MAKE) -C lab/card

demo:
	@lab/demo

demo-edu:
	@lab/demo-edu

check check-all:
	@bash -c '. lab/prepare; prepare_host'
	@lab/check $(if $(filter check-all,$@),--all)

bench:
	@lab/bench

reliability:
	@lab/reliability

instructions coverage:
	@lab/$@

mutants:
	@lab/mutants --sample 60 --report

soak:
	@lab/soak

lint:
	@lab/lint

modules:
	mkdir -p build/modules
	cp -a kmod uapi dkms.conf build/modules/
	$(MAKE) -C $(KDIR) M=$(CURDIR)/build/modules/kmod modules

install:
	@command -v dkms >/dev/null || \
		{ echo "exdma: dkms is missing: apt install dkms (or your distribution's package)" >&2; exit 1; }
	$(MAKE) -C userspace install PREFIX=$(PREFIX)
	-dkms remove exdma/$(VERSION) --all 2>/dev/null
	rm -rf $(DKMS_SRC)
	mkdir -p $(DKMS_SRC)
	cp -a dkms.conf kmod uapi $(DKMS_SRC)/
	dkms add exdma/$(VERSION)
	dkms install exdma/$(VERSION) $(if $(KERNEL),-k $(KERNEL))
	@echo "exdma: installed; load it with: modprobe exdma_xdma"

uninstall:
	-modprobe -r exdma_xdma exdma_edu exdma
	-dkms remove exdma/$(VERSION) --all
	rm -rf $(DKMS_SRC)
	$(MAKE) -C userspace uninstall PREFIX=$(PREFIX)

# The top level of this tree is not a package's; one that is, is laid out below
# build/: the sources, and userspace/debian as debian/. The package's version is
# that of dkms.conf, and its date is that of the last commit.
DEB := build/deb/exdma-$(VERSION)
deb: date = $(or $(SOURCE_DATE_EPOCH),$(shell git log -1 --format=%ct 2>/dev/null || stat -c %Y dkms.conf))
deb:
	@dpkg-checkbuilddeps userspace/debian/control || \
		{ echo "exdma: what builds packages is missing:" \
			"apt install build-essential debhelper dh-dkms python3" >&2; exit 1; }
	@case "$(CURDIR)" in *[[:space:]]*) \
		echo "exdma: debhelper wants a path without spaces, not $(CURDIR)" >&2; exit 1;; esac
	rm -rf build/deb
	mkdir -p $(DEB)
	tar -c --exclude-from=.gitignore dkms.conf README.md kmod uapi docs userspace | tar -x -C $(DEB)
	mv $(DEB)/userspace/debian $(DEB)/debian
	printf '%s\n' 'exdma ($(VERSION)) unstable; urgency=medium' '' \
		'  * Version $(VERSION), packaged from its source tree by "make deb".' '' \
		" -- $$(sed -n 's/^Maintainer: //p' $(DEB)/debian/control)  $$(date -R -u -d @$(date))" \
		>$(DEB)/debian/changelog
	cd $(DEB) && MAKEFLAGS= dpkg-buildpackage -b -us -uc
	@ls build/deb/*.deb

clean:
	rm -rf build
