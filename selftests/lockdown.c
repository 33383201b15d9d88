// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel that is locked down while files are open: the registers of the IP are
 * nobody's any more, those of the user's logic remain. There is no way back but a
 * reboot, so this is run by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "card.h"
#include "harness.h"

#define LOCKDOWN	"/sys/kernel/security/lockdown"
#define CONFIG_ID	0x3000
#define PAGE		4096ul

#define EXPECT_DENIED(call) do {		\
	errno = 0;				\
	EXPECT_EQ(-1, (call));			\
	EXPECT_EQ(EPERM, errno);		\
} while (0)

TEST(lockdown)
{
	struct card card;
	uint32_t word;
	int control, user;

	ASSERT_TRUE(card_first(&card)) TH_LOG("there is no exdma card");
	if (access(LOCKDOWN, F_OK))
		mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL);
	if (access(LOCKDOWN, W_OK))
		SKIP(return, "this kernel cannot be locked down");
	control = part_open(&card, "control", O_RDWR);
	user = part_open(&card, "user", O_RDWR);
	ASSERT_LE(0, control);
	ASSERT_EQ(4, pread(control, &word, 4, CONFIG_ID));
	ASSERT_EQ(0x1fc3, word >> 16);

	ASSERT_EQ(0, put_text(LOCKDOWN, "integrity"));
	EXPECT_DENIED(pread(control, &word, 4, CONFIG_ID));
	EXPECT_DENIED(pwrite(control, &word, 4, CONFIG_ID));
	EXPECT_DENIED(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, control, 0) == MAP_FAILED ? -1 : 0);
	EXPECT_DENIED(part_open(&card, "control", O_RDONLY));
	if (user >= 0)
		EXPECT_EQ(4, pread(user, &word, 4, 0));
	EXPECT_LE(0, node_open(&card, 0, CARD_NODE, O_RDWR));
}

TEST_HARNESS_MAIN
