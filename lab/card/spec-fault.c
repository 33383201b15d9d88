// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading the faults of a card's specification: KIND:TARGET:N:VALUE, each kind
 * with the parts that it has. Knows which make sense, and the lab block's
 * command for each; nothing of what it does.
 */
#include <stdlib.h>

#include "spec.h"

#define ENGINES		0x1u
#define USERS		0x2u
#define CARD		0x4u

enum part { NONE, OPTIONAL, NEEDED, NEXT /* needed, and may be "always" */ };

struct kind {
	const char *name;
	uint32_t command;
	unsigned int targets;
	enum part count, value;
	const char *usage;
};

static const struct kind kinds[] = {
	{ "hang", LAB_FAULT_HANG_AFTER, ENGINES, OPTIONAL, NONE, "must be hang:ENGINE[:N]" },
	{ "error", LAB_FAULT_ERROR, ENGINES, NEEDED, NEEDED, "must be error:ENGINE:N:BITS" },
	{ "stale", LAB_FAULT_STALE, ENGINES, NEXT, NONE, "must be stale:ENGINE:N" },
	{ "corrupt", LAB_FAULT_CORRUPT, ENGINES, NEXT, NEEDED,
	  "must be corrupt:ENGINE:N:WORD" },
	{ "slow", LAB_FAULT_SLOW, ENGINES | CARD, NONE, NEEDED,
	  "must be slow:ENGINE:RATE or slow:card:RATE, not 0" },
	{ "lose", LAB_FAULT_LOSE, ENGINES | USERS, NEXT, NONE,
	  "must be lose:ENGINE:N or lose:userK:N" },
	{ "delay", LAB_FAULT_DELAY, ENGINES | USERS, NEXT, NEEDED,
	  "must be delay:ENGINE:N:US or delay:userK:N:US" },
	{ "duplicate", LAB_FAULT_DUPLICATE, ENGINES | USERS, NEXT, OPTIONAL,
	  "must be duplicate:ENGINE:N[:US] or duplicate:userK:N[:US]" },
	{ "gone", LAB_FAULT_GONE, CARD, NEEDED, OPTIONAL, "must be gone:card:N[:MS], N not 0" },
	{ "refuse", LAB_FAULT_REFUSE, CARD, NEXT, NONE, "must be refuse:card:N" },
	{ "die", LAB_FAULT_DIE, CARD, NEEDED, NONE, "must be die:card:N, N not 0" },
};

static const struct kind *find_kind(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

/* A prefix and one number without ornaments; false when it is something else. */
static bool numbered(const char *text, const char *prefix, uint64_t below, uint64_t *n)
{
	size_t len = strlen(prefix);

	return !strncmp(text, prefix, len) && strlen(text + len) <= 2 &&
	       spec_number(text + len, 10, n) && *n < below;
}

static bool find_target(const char *text, const struct kind *k, const struct xdma_setup *setup,
			uint32_t *target)
{
	uint64_t n;

	if ((k->targets & CARD) && !strcmp(text, "card"))
		*target = LAB_ENGINE_CARD;
	else if ((k->targets & ENGINES) && numbered(text, "h2c", setup->h2c, &n))
		*target = (uint32_t)LAB_ENGINE_H2C(n);
	else if ((k->targets & ENGINES) && numbered(text, "c2h", setup->c2h, &n))
		*target = (uint32_t)LAB_ENGINE_C2H(n);
	else if ((k->targets & USERS) && numbered(text, "user", IRQ_USERS, &n))
		*target = (uint32_t)LAB_FAULT_USER(n);
	else
		return false;
	return true;
}

/* The next part of the text, if the kind has one and it is there. */
static bool take(char **rest, enum part part, uint32_t *out)
{
	const char *text = part == NONE ? NULL : strsep(rest, ":");
	uint64_t v = 0;

	if (!text)
		return part == NONE || part == OPTIONAL;
	if (part == NEXT && !strcmp(text, "always"))
		v = LAB_FAULT_ALWAYS;
	else if (!spec_number(text, 0, &v) || v > UINT32_MAX)
		return false;
	*out = (uint32_t)v;
	return true;
}

const char *spec_fault(char *text, const struct xdma_setup *setup, struct card_fault *f)
{
	char *rest = text, *name = strsep(&rest, ":");
	const struct kind *k = find_kind(name);

	memset(f, 0, sizeof(*f));
	if (!strcmp(name, "invent"))
		return "nobody listens to interrupts yet: invent is for the lab block only";
	if (!k)
		return "there is no such fault";
	if (!rest)
		return k->usage;
	f->command = k->command;
	if (!find_target(strsep(&rest, ":"), k, setup, &f->target))
		return "there is no such target for this fault";
	if (!take(&rest, k->count, &f->n) ||
	    !take(&rest, k->value, &f->value) || rest)
		return k->usage;
	if (!f->n && (k->command == LAB_FAULT_GONE || k->command == LAB_FAULT_DIE))
		return k->usage;
	if (!f->value && k->command == LAB_FAULT_SLOW)
		return k->usage;
	if (k->command == LAB_FAULT_ERROR &&
	    (!f->value || f->value & ~engine_error_bits(f->target < XDMA_MAX_CHANNELS ?
							XDMA_H2C : XDMA_C2H)))
		return "these are no error bits of this engine's Status register";
	return NULL;
}
