// SPDX-License-Identifier: GPL-2.0-only
/*
 * check_access.c - doctor: may the user open the nodes?
 *
 * What udev was to do is read from the nodes themselves; its rules are looked
 * for only to say why it did not. Knows owners, groups and modes; other ways to
 * be allowed (ACLs) are found by asking the kernel, for the user who asks.
 */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"
#include "files.h"

#define GROUP		"exdma"
#define MAX_GROUPS	256

/* struct access - the nodes of one card, and the first that is not right */
struct nodes {
	struct doctor *doctor;
	const char *card;
	unsigned int count;
	unsigned int missing;
	unsigned int closed;		/* to all groups */
	char first_missing[NAME_MAX];
	char first_closed[NAME_MAX];
	mode_t mode;			/* of the first that is closed */
	gid_t group;			/* who may use the others */
	char example[PATH_MAX];
};

static int visit_node(void *context, const char *name)
{
	struct nodes *nodes = context;
	size_t len = strlen(nodes->card);
	struct stat stat_of;
	char path[PATH_MAX];

	/* the card itself, and its parts; registers are root's alone */
	if (strncmp(name, nodes->card, len) || (name[len] && name[len] != '_') ||
	    !strcmp(name + len, "_control"))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", nodes->doctor->dev, name);
	nodes->count++;
	if (stat(path, &stat_of)) {
		if (!nodes->missing++)
			snprintf(nodes->first_missing, NAME_MAX, "%s", name);
	} else if (!stat_of.st_gid || (stat_of.st_mode & 0060) != 0060) {
		if (!nodes->closed++) {
			snprintf(nodes->first_closed, NAME_MAX, "%s", name);
			nodes->mode = stat_of.st_mode & 07777;
		}
	} else {
		nodes->group = stat_of.st_gid;
		snprintf(nodes->example, sizeof(nodes->example), "%s", path);
	}
	return 0;
}

/* ---- who is who: of the system, or of files below another root ---- */

/* the entry of a group by name, or by number if there is none; NULL */
static struct group *find_group(const struct doctor *doctor, const char *name,
				gid_t gid)
{
	struct group *group;
	char path[PATH_MAX];
	FILE *file;

	if (!*doctor->root)
		return name ? getgrnam(name) : getgrgid(gid);
	snprintf(path, sizeof(path), "%s/etc/group", doctor->root);
	file = fopen(path, "re");
	if (!file)
		return NULL;
	do
		group = fgetgrent(file);
	while (group &&
	       (name ? strcmp(group->gr_name, name) : group->gr_gid != gid));
	fclose(file);
	return group;
}

/* does the database of groups say that the user is a member? */
static bool listed(const struct doctor *doctor, gid_t gid)
{
	struct group *group;
	struct passwd *user;
	gid_t groups[MAX_GROUPS];
	int count = MAX_GROUPS;

	if (*doctor->root) {
		group = find_group(doctor, NULL, gid);
		for (char **member = group ? group->gr_mem : NULL;
		     member && *member; member++)
			if (!strcmp(*member, doctor->user))
				return true;
		return false;
	}
	user = getpwnam(doctor->user);
	if (!user || getgrouplist(user->pw_name, user->pw_gid, groups,
				  &count) < 0)
		return false;
	for (int i = 0; i < count; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

/* ---- findings ---- */

static bool rules_installed(const struct doctor *doctor)
{
	static const char *const dirs[] = {
		"etc", "run", "usr/local/lib", "usr/lib", "lib",
	};

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (file_exists("%s/%s/udev/rules.d/70-exdma.rules",
				doctor->root, dirs[i]))
			return true;
	return false;
}

#define TRIGGER	"sudo udevadm control --reload && sudo udevadm trigger --subsystem-match=exdma"

/* Only root can use the nodes. Why? */
static void closed(struct doctor *doctor, const struct nodes *nodes)
{
	bool root = !strcmp(doctor->user, "root");
	enum level level = root ? LEVEL_WARNING : LEVEL_ERROR;
	bool rules = rules_installed(doctor);
	bool group = find_group(doctor, GROUP, 0);

	doctor_found(doctor, level,
		     !rules ? "no-udev-rules" : !group ? "no-group" :
		     "node-permissions", nodes->card,
		     "%s/%s has mode %04o, %u of %u nodes are closed to all but root: %s",
		     doctor->dev, nodes->first_closed, nodes->mode,
		     nodes->closed, nodes->count,
		     !rules ? "no udev rules are installed" :
		     !group ? "there is no group \"" GROUP "\"" :
		     "the udev rules were not applied");
	if (!rules)
		doctor_advise(doctor, "install them: \"make install\", or the package exdma-tools");
	if (!group)
		doctor_advise(doctor, "make the group: sudo systemd-sysusers, or sudo groupadd --system " GROUP);
	doctor_advise(doctor, TRIGGER);
}

static void look_at_user(struct doctor *doctor, const struct nodes *nodes)
{
	struct group *group = find_group(doctor, NULL, nodes->group);
	const char *name = group ? group->gr_name : "?";
	bool member = listed(doctor, nodes->group);

	if (!strcmp(doctor->user, "root") ||
	    (doctor->is_self && !access(nodes->example, R_OK | W_OK))) {
		doctor_found(doctor, LEVEL_OK, "access", nodes->card,
			     "%s may open its nodes, and so may the group %s",
			     doctor->user, name);
	} else if (!member) {
		doctor_found(doctor, LEVEL_ERROR, "not-in-group", nodes->card,
			     "%s is not a member of the group %s, which may open the nodes",
			     doctor->user, name);
		doctor_advise(doctor, "sudo usermod -aG %s %s, and log in again",
			      name, doctor->user);
	} else if (doctor->is_self) {
		doctor_found(doctor, LEVEL_ERROR, "log-in-again", nodes->card,
			     "%s is a member of the group %s, but was not yet when this session began",
			     doctor->user, name);
		doctor_advise(doctor, "log out and in again, or for one shell: newgrp %s",
			      name);
	} else {
		doctor_found(doctor, LEVEL_OK, "access", nodes->card,
			     "%s may open its nodes, as a member of the group %s",
			     doctor->user, name);
	}
}

static void check_card_access(struct doctor *doctor, const char *card)
{
	struct nodes nodes = { .doctor = doctor, .card = card };

	file_each(visit_node, &nodes, "%s/class/exdma", doctor->sysfs);
	if (nodes.missing) {
		doctor_found(doctor, LEVEL_ERROR, "node-missing", card,
			     "%s/%s is not there, and %u of %u nodes are missing",
			     doctor->dev, nodes.first_missing, nodes.missing,
			     nodes.count);
		doctor_advise(doctor, "is %s a devtmpfs? A container must be given the nodes (docker run --device)",
			      doctor->dev);
	}
	if (nodes.closed)
		closed(doctor, &nodes);
	else if (nodes.group)
		look_at_user(doctor, &nodes);
}

void check_access(struct doctor *doctor)
{
	const struct exdma_card *card;

	for (size_t i = 0; doctor->cards &&
			   (card = exdma_cards_at(doctor->cards, i)); i++)
		check_card_access(doctor, exdma_card_name(card));
}
