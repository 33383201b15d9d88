// SPDX-License-Identifier: GPL-2.0-only
/*
 * The modules come and go: unloading is refused or harmless while files are
 * open, and a device whose ID nobody knows is taken on by new_id.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"
#include "lab.h"
#include "pattern.h"

#define HOME	(576 * MIB)
#define ROOM	MIB
#define THREADS	4
#define DEVICES	"/sys/bus/pci/devices"
#define CARD_DRIVER	"exdma_xdma"	/* the one whose IDs these are */
#define DRIVER	"/sys/bus/pci/drivers/" CARD_DRIVER

FIXTURE(modules) {
	struct card card;
	uint64_t seed;
	uint8_t *buf;
};

FIXTURE_SETUP(modules)
{
	ASSERT_TRUE(card_first(&self->card)) TH_LOG("there is no exdma card");
	self->seed = random_seed();
	self->buf = memory(ROOM);
	ASSERT_NE(NULL, self->buf);
}

static int load(void)
{
	return system("modprobe " CARD_DRIVER);
}

/* Whatever a test leaves, the next one finds the modules loaded. */
FIXTURE_TEARDOWN_PARENT(modules)
{
	if (load())
		ksft_print_msg("modprobe " CARD_DRIVER " failed\n");
}

/* Return: 0 or -errno. */
static int unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static void expect_works(struct __test_metadata *_metadata, FIXTURE_DATA(modules) *self)
{
	int in, out;

	ASSERT_TRUE(card_at(&self->card, self->card.bdf));
	in = open_in(&self->card, CARD_NODE);
	out = open_out(&self->card, CARD_NODE);
	ASSERT_LE(0, in);
	ASSERT_LE(0, out);
	pattern_fill(self->buf, ROOM, HOME, ++self->seed);
	ASSERT_EQ(ROOM, pwrite(in, self->buf, ROOM, HOME));
	memset(self->buf, POISON, ROOM);
	ASSERT_EQ(ROOM, pread(out, self->buf, ROOM, HOME));
	ASSERT_TRUE(pattern_is(self->buf, ROOM, HOME, self->seed));
	close(in);
	close(out);
}

TEST_F(modules, unload_and_load)
{
	int round;

	for (round = 0; round < 3; round++) {
		ASSERT_EQ(0, unload(CARD_DRIVER));
		EXPECT_EQ(-1, access("/sys/class/exdma/exdma0", F_OK));
		ASSERT_EQ(0, unload("exdma"));
		EXPECT_EQ(-1, access("/sys/class/exdma", F_OK));
		ASSERT_EQ(0, load());
		expect_works(_metadata, self);
	}
}

/* The core is needed by the card driver, and by every open file. */
TEST_F(modules, the_core_stays_while_it_is_in_use)
{
	int fd = open_out(&self->card, CARD_NODE), err;

	ASSERT_LE(0, fd);
	err = unload("exdma");
	EXPECT_TRUE(err == -EBUSY || err == -EAGAIN) TH_LOG("errno %d", -err);
	EXPECT_EQ(ROOM, pread(fd, self->buf, ROOM, HOME));

	/* the card driver may go; the file then knows that its card has */
	ASSERT_EQ(0, unload(CARD_DRIVER));
	EXPECT_EQ(-1, pread(fd, self->buf, ROOM, HOME));
	EXPECT_EQ(ENODEV, errno);
	err = unload("exdma");
	EXPECT_TRUE(err == -EBUSY || err == -EAGAIN) TH_LOG("errno %d", -err);
	EXPECT_EQ(-1, lseek(fd, 0, SEEK_SET));
	EXPECT_EQ(ENODEV, errno);

	close(fd);
	EXPECT_EQ(0, unload("exdma"));
	ASSERT_EQ(0, load());
	expect_works(_metadata, self);
}

struct user {
	pthread_t thread;
	int fd;
	volatile unsigned int calls;
	int err;
};

static void *use(void *arg)
{
	struct user *u = arg;
	uint8_t *buf = memory(ROOM);

	do
		u->calls++;
	while (pread(u->fd, buf, ROOM, HOME) > 0);
	u->err = errno;
	munmap(buf, ROOM);
	return NULL;
}

TEST_F(modules, unloaded_under_load)
{
	struct user users[THREADS];
	int round, i;

	for (round = 0; round < 3; round++) {
		for (i = 0; i < THREADS; i++) {
			users[i] = (struct user) { .fd = open_out(&self->card, i % 2) };
			ASSERT_LE(0, users[i].fd);
			ASSERT_EQ(0, pthread_create(&users[i].thread, NULL, use, &users[i]));
		}
		for (i = 0; i < THREADS; i++)
			while (users[i].calls < 3)
				sched_yield();
		ASSERT_EQ(0, unload(CARD_DRIVER));
		for (i = 0; i < THREADS; i++) {
			pthread_join(users[i].thread, NULL);
			EXPECT_EQ(ENODEV, users[i].err);
			close(users[i].fd);
		}
		ASSERT_EQ(0, load());
		expect_works(_metadata, self);
	}
}

/* Reads a hexadecimal attribute of a PCI device. */
static unsigned int pci_hex(const char *bdf, const char *attr)
{
	char path[PATH_MAX], text[32];

	snprintf(path, sizeof(path), DEVICES "/%s/%s", bdf, attr);
	return get_text(path, text, sizeof(text)) ? strtoul(text, NULL, 16) : 0;
}

/* A virtual card without a driver: nobody knows its ID. */
static bool find_stranger(struct card *stranger)
{
	char path[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	lab_t lab;
	DIR *dir = opendir(DEVICES);

	while (dir && !found && (entry = readdir(dir))) {
		if (*entry->d_name == '.' || strlen(entry->d_name) >= sizeof(stranger->bdf))
			continue;
		snprintf(path, sizeof(path), DEVICES "/%s/driver", entry->d_name);
		if (!access(path, F_OK) || pci_hex(entry->d_name, "class") >> 16 == 0x06)
			continue;
		snprintf(stranger->bdf, sizeof(stranger->bdf), "%.15s", entry->d_name);
		snprintf(path, sizeof(path), DEVICES "/%s/enable", stranger->bdf);
		if (put_text(path, "1"))
			continue;
		lab = lab_map(stranger);
		found = lab;
		if (lab)
			munmap((void *)lab, 4096);
		put_text(path, "0");
	}
	if (dir)
		closedir(dir);
	return found;
}

TEST_F(modules, new_id)
{
	struct card stranger = { }, known = self->card;
	char id[32];

	if (!find_stranger(&stranger))
		SKIP(return, "every virtual card has a known ID: add one with id=1234:5678");
	snprintf(id, sizeof(id), "%x %x", pci_hex(stranger.bdf, "vendor"),
		 pci_hex(stranger.bdf, "device"));
	ASSERT_FALSE(card_at(&self->card, stranger.bdf));
	ASSERT_EQ(0, put_text(DRIVER "/new_id", id));
	ASSERT_TRUE(card_at(&self->card, stranger.bdf)) TH_LOG("id %s", id);
	EXPECT_NE(known.number, self->card.number);
	expect_works(_metadata, self);
	stranger = self->card;
	self->card = known;
	expect_works(_metadata, self);
	/* and it lets go of it again */
	ASSERT_EQ(0, put_text(DRIVER "/remove_id", id));
	ASSERT_EQ(0, card_unbind(&stranger));
	EXPECT_FALSE(card_at(&self->card, stranger.bdf));
}

/* An ID that is known is not taken a second time. */
TEST_F(modules, new_id_of_a_known_card)
{
	char id[32];

	snprintf(id, sizeof(id), "%x %x", pci_hex(self->card.bdf, "vendor"),
		 pci_hex(self->card.bdf, "device"));
	EXPECT_EQ(-EEXIST, put_text(DRIVER "/new_id", id));
	EXPECT_GT(0, put_text(DRIVER "/new_id", "nonsense"));
	expect_works(_metadata, self);
}

TEST_HARNESS_MAIN
