// SPDX-License-Identifier: GPL-2.0-only
/*
 * check_bus.c - doctor: is the card on the bus, and whose is it?
 *
 * Which IDs are ours is asked of the modules that are installed for this
 * kernel. One that a user has given to new_id is known by the driver it has.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "files.h"

#define VENDOR_XILINX	0x10ee

struct bus {
	struct doctor *doctor;
	char **alias;		/* patterns of modalias that are ours */
	char **module;		/* the module of each */
	size_t aliases;
	size_t devices;		/* that are ours */
	size_t strangers;	/* of the vendor's, that nobody knows */
};

static void add_alias(struct bus *bus, const char *pattern, const char *module)
{
	char **more;

	more = reallocarray(bus->alias, bus->aliases + 1, sizeof(*more));
	if (more)
		bus->alias = more;
	if (more)
		more = reallocarray(bus->module, bus->aliases + 1,
				    sizeof(*more));
	if (!more) {
		bus->doctor->no_memory = true;
		return;
	}
	bus->module = more;
	bus->alias[bus->aliases] = strdup(pattern);
	bus->module[bus->aliases++] = strdup(module);
}

/* lines "alias pci:v000010EEd0000903Fsv*sd*bc*sc*i* exdma_xdma" */
static void load_aliases(struct bus *bus)
{
	const struct doctor *doctor = bus->doctor;
	char *path, *line = NULL;
	size_t size = 0;
	FILE *file;

	if (asprintf(&path, "%s/lib/modules/%s/modules.alias", doctor->root,
		     doctor->kernel.release) < 0)
		return;
	file = fopen(path, "re");
	free(path);
	if (!file)
		return;
	while (getline(&line, &size, file) > 0) {
		char pattern[128], module[64];

		if (sscanf(line, "alias %127s %63s", pattern, module) == 2 &&
		    !strncmp(pattern, "pci:", 4) &&
		    !strncmp(module, "exdma_", 6))
			add_alias(bus, pattern, module);
	}
	free(line);
	fclose(file);
}

static void free_aliases(struct bus *bus)
{
	for (size_t i = 0; i < bus->aliases; i++) {
		free(bus->alias[i]);
		free(bus->module[i]);
	}
	free(bus->alias);
	free(bus->module);
}

/* the module that knows this device, or NULL */
static const char *module_for(const struct bus *bus, const char *modalias)
{
	for (size_t i = 0; i < bus->aliases; i++)
		if (bus->alias[i] && !fnmatch(bus->alias[i], modalias, 0))
			return bus->module[i];
	return NULL;
}

static void no_driver(struct doctor *doctor, const char *address,
		      const char *module)
{
	char override[64];

	doctor_found(doctor, LEVEL_ERROR, "no-driver", address,
		     "the card is on the bus, and has no driver");
	if (file_line(override, sizeof(override),
		      "%s/bus/pci/devices/%s/driver_override", doctor->sysfs,
		      address) &&
	    *override && strcmp(override, "(null)") &&
	    strncmp(override, "exdma_", 6)) {
		doctor_advise(doctor, "it is kept for the driver \"%s\"; take that back: echo | sudo tee /sys/bus/pci/devices/%s/driver_override",
			      override, address);
	}
	if (!file_exists("%s/bus/pci/drivers/%s", doctor->sysfs, module)) {
		doctor_advise(doctor, "sudo modprobe %s", module);
		return;
	}
	doctor_advise(doctor, "echo %s | sudo tee /sys/bus/pci/drivers/%s/bind",
		      address, module);
	doctor_advise(doctor, "if that fails, the kernel log says why: sudo dmesg | grep %s",
		      address);
}

static void other_driver(struct doctor *doctor, const char *address,
			 const char *driver, const char *module)
{
	if (!strcmp(driver, "vfio-pci")) {
		doctor_found(doctor, LEVEL_NOTE, "vfio", address,
			     "the card is given to vfio-pci: to a virtual machine, or a driver in user space");
		doctor_advise(doctor, "if it is to be used here: echo %s | sudo tee /sys/bus/pci/drivers/vfio-pci/unbind, then the same to /sys/bus/pci/drivers/%s/bind",
			      address, module);
		return;
	}
	doctor_found(doctor, LEVEL_ERROR, "other-driver", address,
		     "the driver \"%s\" has the card", driver);
	doctor_advise(doctor, "echo %s | sudo tee /sys/bus/pci/drivers/%s/unbind",
		      address, driver);
	doctor_advise(doctor, "echo %s | sudo tee /sys/bus/pci/drivers/%s/bind",
		      address, module);
	doctor_advise(doctor, "for good: echo \"blacklist %s\" | sudo tee /etc/modprobe.d/no-%s.conf",
		      driver, driver);
}

/* Nobody has it and nobody knows it: it may be a card with an ID of its own. */
static void stranger(struct bus *bus, const char *address)
{
	struct doctor *doctor = bus->doctor;
	uint64_t vendor, device;

	if (!file_number(&vendor, "%s/bus/pci/devices/%s/vendor",
			 doctor->sysfs, address) ||
	    vendor != VENDOR_XILINX ||
	    !file_number(&device, "%s/bus/pci/devices/%s/device",
			 doctor->sysfs, address))
		return;
	bus->strangers++;
	doctor_found(doctor, LEVEL_NOTE, "unknown-id", address,
		     "a device of AMD/Xilinx without a driver, of an ID that exdma does not know: %04x %04x",
		     (unsigned int)vendor, (unsigned int)device);
	doctor_advise(doctor, "if it has the XDMA IP: echo %04x %04x | sudo tee /sys/bus/pci/drivers/exdma_xdma/new_id",
		      (unsigned int)vendor, (unsigned int)device);
}

static int visit_device(void *context, const char *address)
{
	struct bus *bus = context;
	struct doctor *doctor = bus->doctor;
	char modalias[128], driver[64];
	const char *module;

	file_line(modalias, sizeof(modalias), "%s/bus/pci/devices/%s/modalias",
		  doctor->sysfs, address);
	file_link(driver, sizeof(driver), "%s/bus/pci/devices/%s/driver",
		  doctor->sysfs, address);
	module = module_for(bus, modalias);
	if (!strncmp(driver, "exdma_", 6)) {
		bus->devices++;
		doctor_found(doctor, LEVEL_OK, "device", address,
			     "bound to %s", driver);
	} else if (!module) {
		if (!*driver)
			stranger(bus, address);
	} else {
		bus->devices++;
		if (*driver)
			other_driver(doctor, address, driver, module);
		else
			no_driver(doctor, address, module);
	}
	return 0;
}

void check_devices(struct doctor *doctor)
{
	struct bus bus = { .doctor = doctor };

	load_aliases(&bus);
	file_each(visit_device, &bus, "%s/bus/pci/devices", doctor->sysfs);
	if (!bus.devices) {
		doctor_found(doctor, LEVEL_ERROR, "no-device", "pci",
			     bus.aliases ? "there is no card on the bus whose ID exdma knows" :
					   "exdma has no card, and without its modules nobody knows which device could be one");
		doctor_advise(doctor, "is it there? lspci -nn");
		doctor_advise(doctor, "an FPGA that was programmed after the boot is found by: echo 1 | sudo tee /sys/bus/pci/rescan");
		if (!bus.strangers)
			doctor_advise(doctor, "a card with an ID of its own: echo VENDOR DEVICE | sudo tee /sys/bus/pci/drivers/exdma_xdma/new_id");
	}
	free_aliases(&bus);
}

/*
 * Two modules are called xdma: AMD's own driver, which takes the cards, and the
 * kernel's (drivers/dma/xilinx), for platform devices that others make.
 */
void check_rivals(struct doctor *doctor)
{
	if (file_exists("%s/bus/pci/drivers/xdma", doctor->sysfs)) {
		doctor_found(doctor, LEVEL_WARNING, "rival-module", "xdma",
			     "AMD's own driver is loaded: who is first has the card");
		doctor_advise(doctor, "sudo modprobe -r xdma, or rmmod");
		doctor_advise(doctor, "for good: echo \"blacklist xdma\" | sudo tee /etc/modprobe.d/no-xdma.conf");
	} else if (file_exists("%s/module/xdma", doctor->sysfs)) {
		doctor_found(doctor, LEVEL_NOTE, "platform-xdma", "xdma",
			     "the kernel's own module xdma is loaded; it takes no PCI device, and does not stand in the way");
	}
}
