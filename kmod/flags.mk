# SPDX-License-Identifier: GPL-2.0-only
# What the modules share. The version is said once, in dkms.conf.
EXDMA_VERSION := $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' $(src)/$(EXDMA_TOP)/dkms.conf)

ccflags-y += -I$(src)/$(EXDMA_TOP)
ccflags-y += -DEXDMA_VERSION=\"$(EXDMA_VERSION)\"
