// SPDX-License-Identifier: GPL-2.0-only
/*
 * check_module.c - doctor: are the modules there, loaded, signed, and of the
 * version of this tool?
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "files.h"

/* EFI's variable: four bytes of attributes, then the value */
#define SECURE_BOOT							\
	"firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static bool secure_boot(const struct doctor *doctor)
{
	unsigned char variable[5];

	return file_bytes(variable, sizeof(variable), "%s/%s", doctor->sysfs,
			  SECURE_BOOT) == sizeof(variable) && variable[4] == 1;
}

/* is the module among those that depmod has seen for this kernel? */
static bool installed(const struct doctor *doctor)
{
	bool found = false;
	char *path, *line = NULL;
	size_t size = 0;
	FILE *file;

	if (asprintf(&path, "%s/lib/modules/%s/modules.dep", doctor->root,
		     doctor->kernel.release) < 0)
		return false;
	file = fopen(path, "re");
	free(path);
	if (!file)
		return false;
	while (!found && getline(&line, &size, file) > 0) {
		line[strcspn(line, ":")] = '\0';
		found = strstr(line, "/exdma.ko");
	}
	free(line);
	fclose(file);
	return found;
}

static void not_loaded(struct doctor *doctor)
{
	const char *release = doctor->kernel.release;

	if (!installed(doctor)) {
		doctor_found(doctor, LEVEL_ERROR, "module-not-installed",
			     "exdma", "there is no module exdma for this kernel, %s",
			     release);
		doctor_advise(doctor, "install the kernel's headers (Debian: apt install linux-headers-%s)",
			      release);
		doctor_advise(doctor, "then \"sudo dkms autoinstall -k %s\"; docs/install.md has all of it",
			      release);
		return;
	}
	doctor_found(doctor, LEVEL_ERROR, "module-not-loaded", "exdma",
		     "the module exdma is installed, but not loaded");
	doctor_advise(doctor, "sudo modprobe exdma_xdma");
	if (secure_boot(doctor))
		doctor_advise(doctor, "Secure Boot is on: if modprobe says \"Key was rejected by service\", enroll the key of DKMS: sudo mokutil --import /var/lib/dkms/mok.pub, and reboot");
}

/* E: the kernel found no signature that it trusts */
static void look_at_signature(struct doctor *doctor)
{
	char taint[16];

	if (!file_line(taint, sizeof(taint), "%s/module/exdma/taint",
		       doctor->sysfs))
		return;
	if (!strchr(taint, 'E')) {
		doctor_found(doctor, LEVEL_OK, "module-signature", "exdma",
			     "signed with a key that this kernel trusts, or signatures are not looked at");
		return;
	}
	doctor_found(doctor, LEVEL_NOTE, "module-unsigned", "exdma",
		     "loaded without a signature that this kernel trusts, which would not be possible with Secure Boot on");
	doctor_advise(doctor, "nothing, unless you want Secure Boot: then \"sudo mokutil --import /var/lib/dkms/mok.pub\", and reboot");
}

static void look_at_version(struct doctor *doctor, const char *module)
{
	char version[64];

	if (!file_line(version, sizeof(version), "%s/module/%s/version",
		       doctor->sysfs, module))
		return;
	if (!strcmp(version, EXDMA_VERSION)) {
		doctor_found(doctor, LEVEL_OK, "module", module,
			     "loaded, version %s", version);
		return;
	}
	doctor_found(doctor, LEVEL_WARNING, "version-mismatch", module,
		     "the module that is loaded has version %s, this tool %s",
		     version, EXDMA_VERSION);
	doctor_advise(doctor, "install both of one version (dkms status exdma)");
	doctor_advise(doctor, "then, when no program has a node open: sudo modprobe -r exdma_xdma && sudo modprobe exdma_xdma");
}

struct drivers {
	struct doctor *doctor;
	unsigned int count;
};

static int visit_driver(void *context, const char *name)
{
	struct drivers *drivers = context;

	if (!strncmp(name, "exdma_", 6)) {
		drivers->count++;
		look_at_version(drivers->doctor, name);
	}
	return 0;
}

void check_modules(struct doctor *doctor)
{
	struct drivers drivers = { .doctor = doctor };

	if (!file_exists("%s/module/exdma", doctor->sysfs)) {
		not_loaded(doctor);
		return;
	}
	look_at_version(doctor, "exdma");
	look_at_signature(doctor);
	file_each(visit_driver, &drivers, "%s/bus/pci/drivers", doctor->sysfs);
	if (drivers.count)
		return;
	doctor_found(doctor, LEVEL_ERROR, "no-card-driver", "exdma",
		     "the core is loaded, but none of the drivers for cards");
	doctor_advise(doctor, "sudo modprobe exdma_xdma");
}

/* ---- DKMS, by what it keeps on the disk ---- */

struct tree {
	struct doctor *doctor;
	char built[64];		/* a version that is built for this kernel */
	char failed[64];	/* one whose build left a log, and no module */
	unsigned int versions;
};

static int visit_version(void *context, const char *version)
{
	struct tree *tree = context;
	const struct doctor *doctor = tree->doctor;

	/* beside the versions there are links, kernel-RELEASE-MACHINE */
	if (version[0] < '0' || version[0] > '9')
		return 0;
	tree->versions++;
	if (file_exists("%s/var/lib/dkms/exdma/%s/%s/%s/module", doctor->root,
			version, doctor->kernel.release,
			doctor->kernel.machine)) {
		/* of several, the one that belongs to this tool */
		if (strcmp(tree->built, EXDMA_VERSION))
			snprintf(tree->built, sizeof(tree->built), "%s",
				 version);
	} else if (file_exists("%s/var/lib/dkms/exdma/%s/build/make.log",
			       doctor->root, version)) {
		snprintf(tree->failed, sizeof(tree->failed), "%s", version);
	}
	return 0;
}

void check_dkms(struct doctor *doctor)
{
	const char *release = doctor->kernel.release;
	struct tree tree = { .doctor = doctor };

	file_each(visit_version, &tree, "%s/var/lib/dkms/exdma", doctor->root);
	if (!tree.versions) {
		doctor_found(doctor, LEVEL_OK, "dkms", "dkms",
			     "does not know exdma");
	} else if (!*tree.built) {
		doctor_found(doctor, LEVEL_WARNING, "dkms-not-built", "dkms",
			     "has not built exdma for this kernel, %s",
			     release);
		if (*tree.failed)
			doctor_advise(doctor, "a build failed: see %s/var/lib/dkms/exdma/%s/build/make.log",
				      doctor->root, tree.failed);
		doctor_advise(doctor, "install the kernel's headers, then \"sudo dkms autoinstall -k %s\"",
			      release);
	} else if (strcmp(tree.built, EXDMA_VERSION)) {
		doctor_found(doctor, LEVEL_WARNING, "dkms-version", "dkms",
			     "builds version %s, this tool has %s", tree.built,
			     EXDMA_VERSION);
		doctor_advise(doctor, "install modules and tool of one version; \"dkms status exdma\" shows what there is");
	} else {
		doctor_found(doctor, LEVEL_OK, "dkms", "dkms",
			     "built version %s for this kernel", tree.built);
	}
}
