/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * doctor.h - what may keep a card from working, and what to do about it
 *
 * A check looks at one side of the system and says what it found; the table of
 * all checks is in doctor.c. Nothing is changed by looking, and no node opened.
 */
#ifndef EXDMA_TOOL_DOCTOR_H
#define EXDMA_TOOL_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/utsname.h>

#include <exdma/exdma.h>

/**
 * enum level - how bad it is
 * @LEVEL_OK: looked at, and as it should be
 * @LEVEL_NOTE: worth knowing; nothing is wrong
 * @LEVEL_WARNING: works, but not as well as it could, or something went wrong
 * @LEVEL_ERROR: a card cannot be used because of it
 */
enum level {
	LEVEL_OK,
	LEVEL_NOTE,
	LEVEL_WARNING,
	LEVEL_ERROR,
	LEVELS
};

/**
 * struct finding - one thing that was looked at
 * @level: how bad it is
 * @id: which finding this is; never changes its meaning, for programs
 * @subject: what it is about: a card, a channel, a module, a PCI address
 * @text: what was found
 * @advice: what to do, one step in a line; NULL if there is nothing to do
 */
struct finding {
	enum level level;
	const char *id;
	char *subject;
	char *text;
	char *advice;
};

/**
 * struct doctor - where to look, and what was found
 * @roots: where the library looks for cards
 * @sysfs: what is looked at as /sys
 * @dev: what is looked at as /dev
 * @root: what stands before all other paths; empty for the running system
 * @user: name of the user who is to use the cards
 * @is_self: that is the user who runs this
 * @kernel: the running kernel
 * @cards: those that are bound, NULL if there is no class for them
 * @finding: in the order of the checks
 * @count: how many
 * @no_memory: something is missing in @finding
 */
struct doctor {
	const struct exdma_roots *roots;
	const char *sysfs;
	const char *dev;
	const char *root;
	const char *user;
	bool is_self;
	struct utsname kernel;
	struct exdma_cards *cards;
	struct finding *finding;
	size_t count;
	bool no_memory;
};

/**
 * doctor_run() - look at everything
 * @doctor: roots and user are set, all else is zero
 *
 * Return: 0, or -1 and errno if sysfs itself cannot be read, or for want of
 * memory. doctor_free() is due in both cases.
 */
int doctor_run(struct doctor *doctor);

/** doctor_free() - give back what doctor_run() has gathered. */
void doctor_free(struct doctor *doctor);

/** doctor_count() - how many findings of one level there are. */
size_t doctor_count(const struct doctor *doctor, enum level level);

/**
 * doctor_found() - for checks: add a finding
 * @doctor: where to
 * @level: how bad it is
 * @id: which one, a constant
 * @subject: what it is about; copied
 * @format: what was found, as printf(3)
 */
void doctor_found(struct doctor *doctor, enum level level, const char *id,
		  const char *subject, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/**
 * doctor_advise() - for checks: add a line to what to do about the last finding
 * @doctor: that has one
 * @format: the line, as printf(3)
 */
void doctor_advise(struct doctor *doctor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The checks. */
void check_modules(struct doctor *doctor);
void check_dkms(struct doctor *doctor);
void check_devices(struct doctor *doctor);
void check_rivals(struct doctor *doctor);
void check_cards(struct doctor *doctor);
void check_access(struct doctor *doctor);
void check_counters(struct doctor *doctor);

#endif /* EXDMA_TOOL_DOCTOR_H */
