// SPDX-License-Identifier: GPL-2.0-only
/*
 * The driver of the cards loaded with this and that: compat= and interrupts=. Nodes
 * come and go with it, and files of them may still be open.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "vendor.h"

#define HOME		(160 * MIB)

FIXTURE(loading) {
	struct card card;
};

FIXTURE_SETUP(loading)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
}

static int unload(void)
{
	return syscall(SYS_delete_module, CARD_DRIVER, O_NONBLOCK) ? -errno : 0;
}

/* On the kernel's command line there may be other words for the same: the last holds. */
static bool load(const char *parameters)
{
	char command[128];

	snprintf(command, sizeof(command), "modprobe -q " CARD_DRIVER " %s 2>/dev/null",
		 parameters);
	return !system(command);
}

FIXTURE_TEARDOWN_PARENT(loading)
{
	unload();
	if (!load(""))
		ksft_print_msg("modprobe " CARD_DRIVER " failed\n");
}

/* The node's number, or -1 if it is not there. */
static int minor_of(const char *format, int number, const char *part)
{
	char path[64];
	struct stat st;

	snprintf(path, sizeof(path), format, number, part);
	return stat(path, &st) ? -1 : (int)minor(st.st_rdev);
}

TEST_F(loading, the_nodes)
{
	static const char * const parts[] = { "h2c0", "c2h0", "user", "bypass", "control",
					      "event0", "event15" };
	static const char * const theirs[] = { "h2c_0", "c2h_0", "user", "bypass", "control",
					       "events_0", "events_15" };
	int off[ARRAY_SIZE(parts)], n;
	unsigned int i, others = 0;

	ASSERT_EQ(0, unload());
	ASSERT_TRUE(load("compat=off"));
	/* somebody may have had its old number */
	ASSERT_TRUE(card_at(&self->card, self->card.bdf));
	n = self->card.number;
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		off[i] = minor_of("/dev/exdma%d_%s", n, parts[i]);
		EXPECT_EQ(-1, minor_of("/dev/xdma%d_%s", n, theirs[i]));
	}
	ASSERT_EQ(0, unload());
	ASSERT_TRUE(load("compat=xdma"));
	ASSERT_TRUE(card_at(&self->card, self->card.bdf));
	ASSERT_EQ(n, self->card.number);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		EXPECT_EQ(off[i], minor_of("/dev/exdma%d_%s", n, parts[i]));
		EXPECT_EQ(off[i] != -1, minor_of("/dev/xdma%d_%s", n, theirs[i]) != -1);
		others += off[i] != -1;
	}
	EXPECT_LE(5, others);
	EXPECT_EQ(-1, minor_of("/dev/xdma%d_%s", n, "h2c_4"));
	EXPECT_EQ(-1, minor_of("/dev/xdma%d_%s", n, "events_16"));
	ASSERT_EQ(0, unload());
	EXPECT_FALSE(load("compat=nonsense"));
	EXPECT_EQ(-1, minor_of("/dev/xdma%d_%s", n, "h2c_0"));
}

/* The module can go while a file is open, whose ioctls were its. */
TEST_F(loading, unloaded_with_files_open)
{
	int fd, align;

	ASSERT_EQ(0, unload());
	ASSERT_TRUE(load("compat=xdma"));
	ASSERT_TRUE(card_at(&self->card, self->card.bdf));
	fd = vendor_open(&self->card, "h2c_0", O_RDWR);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, IOCTL(fd, ALIGN_GET, &align));
	ASSERT_EQ(0, unload());
	EXPECT_EQ(-ENODEV, IOCTL(fd, ALIGN_GET, &align));
	close(fd);
}

/* Has the device a capability with this number (PCI, 7.5.3.6)? */
static bool has_capability(const struct card *card, uint8_t id)
{
	uint8_t config[256];
	char path[96];
	int fd, at, n;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/config", card->bdf);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = read(fd, config, sizeof(config));
	close(fd);
	if (n != sizeof(config))
		return false;
	for (at = config[0x34] & ~3; at >= 0x40 && n--; at = config[at + 1] & ~3)
		if (config[at] == id)
			return true;
	return false;
}

TEST_F(loading, a_kind_of_interrupt)
{
	const struct { const char *name; bool has; } kinds[] = {
		{ "msix", has_capability(&self->card, 0x11) },
		{ "msi", has_capability(&self->card, 0x05) },
	};
	uint8_t *buf = memory(MIB);
	char text[32], kind[16];
	struct card now;
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_EQ(0, unload());
		snprintf(text, sizeof(text), "interrupts=%s", kinds[i].name);
		ASSERT_TRUE(load(text));
		ASSERT_TRUE(get_text(PARAMETER("interrupts"), kind, sizeof(kind)));
		EXPECT_EQ(0, strcmp(kinds[i].name, kind));
		EXPECT_EQ(kinds[i].has, card_at(&now, self->card.bdf)) {
			TH_LOG("with interrupts=%s", kinds[i].name);
		}
		if (!kinds[i].has)
			continue;
		ASSERT_TRUE(node_text(&now, 0, CARD_NODE, "interrupts", kind, sizeof(kind)));
		EXPECT_EQ(0, strcmp(kinds[i].name, kind));
		if (card_streams(&now))
			continue;
		fd = open_in(&now, 1);
		EXPECT_EQ(MIB, pwrite(fd, buf, MIB, HOME));
		close(fd);
	}
	ASSERT_EQ(0, unload());
	EXPECT_FALSE(load("interrupts=nonsense"));
}

/* The best there is, without being asked; the pin, when it is asked for. */
TEST_F(loading, any_kind_of_interrupt)
{
	const char *best = has_capability(&self->card, 0x11) ? "msix" :
			   has_capability(&self->card, 0x05) ? "msi" : "intx";
	struct card now;
	char kind[16];

	ASSERT_EQ(0, unload());
	ASSERT_TRUE(load("interrupts=auto"));
	ASSERT_TRUE(card_at(&now, self->card.bdf));
	ASSERT_TRUE(node_text(&now, 0, CARD_NODE, "interrupts", kind, sizeof(kind)));
	EXPECT_EQ(0, strcmp(best, kind));
	ASSERT_EQ(0, unload());
	ASSERT_TRUE(load("interrupts=intx"));
	if (card_at(&now, self->card.bdf)) {
		ASSERT_TRUE(node_text(&now, 0, CARD_NODE, "interrupts", kind, sizeof(kind)));
		EXPECT_EQ(0, strcmp("intx", kind));
	} else {
		EXPECT_TRUE(strcmp(best, "intx"));
	}
}

TEST_HARNESS_MAIN
