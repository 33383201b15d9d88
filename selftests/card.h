/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A card as the tests see it: nodes, attributes, transfers. Knows nothing of the
 * test framework.
 */
#ifndef SELFTESTS_CARD_H
#define SELFTESTS_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/exdma.h>

#include "machine.h"

#define CARDS_MAX	8
/**
 * struct card - one card
 * @number: the N of /dev/exdmaN
 * @channels: by direction, EXDMA_DIR_*
 * @align: bytes; what addresses must be a multiple of, on all channels
 * @grain: bytes; the same of lengths
 * @memory: bytes, if the card itself tells how many it has, else 0
 * @bdf: PCI address
 * @driver: name of its driver
 */
struct card {
	int number;
	int channels[2];
	uint32_t align;
	uint32_t grain;
	uint64_t memory;
	char bdf[16];
	char driver[32];
};

/* All cards, in the order of their PCI addresses. Return: how many. */
int cards_find(struct card *cards, int max);

/*
 * The first card (or the one after EXDMA_CARD others: see selftests/run), or the one at a
 * PCI address. Return: is there one?
 */
bool card_first(struct card *card);
bool card_at(struct card *card, const char *bdf);

/*
 * Nodes. A way in or out of a card is a number: 0 is the card's own node, 1 and
 * up are the channels of that direction.
 */
#define CARD_NODE	0

int ways(const struct card *card, int dir);
bool card_streams(const struct card *card);	/* packets, no memory */
void node_name(char *name, size_t size, const struct card *card, int dir, int way);
int node_open(const struct card *card, int dir, int way, int flags);

/* The windows and events of a card, by the end of their name: "user", "event3". */
int part_open(const struct card *card, const char *part, int flags);
long long part_number(const struct card *card, const char *part, const char *attr);

/* Gives an open file a timeout of its own. Return: 0 or -errno. */
int node_set_timeout(int fd, uint32_t timeout_ms);

/* Opens for the direction of the way. */
int open_in(const struct card *card, int way);		/* to write */
int open_out(const struct card *card, int way);		/* to read */

/* Attributes in sysfs. Return: the number, or -1 if there is none. */
long long node_number(const struct card *card, int dir, int way, const char *attr);
long long channel_stat(const struct card *card, int dir, int channel,
		       const char *counter);

/* The same counter of all channels together. */
long long card_stat(const struct card *card, const char *counter);

/*
 * Waits for a counter of a channel to become, or at least @value; what is done
 * a moment after the last request completed is not a failure.
 */
bool channel_stat_becomes(const struct card *card, int dir, int channel,
			  const char *counter, long long value);
bool channel_stat_reaches(const struct card *card, int dir, int channel,
			  const char *counter, long long value);

/* The text without its newline; false if there is none. */
bool node_text(const struct card *card, int dir, int way, const char *attr,
	       char *text, size_t size);

/* @bytes: 0 for what the card itself says, if it does. */
int set_aperture(const struct card *card, uint64_t bytes);

/* Sets EXDMA_OPTION_* of an open file; its other options stay. Return: 0 or -errno. */
int node_set_flags(int fd, uint32_t flags);

/* Unbinds or binds the driver. Return: 0 or -errno. */
int card_unbind(const struct card *card);
int card_bind(const struct card *card);

/**
 * card_memory() - bytes of card memory, found by asking the card
 *
 * A power of two: the first at which a read of one byte is an I/O error.
 * Return: 0 if there is none up to 2^62.
 */
uint64_t card_memory(const struct card *card);

/*
 * Has it so much memory, as far as it tells? If not, the test says TOO_SMALL, or
 * makes do with what there is. A program that never can says so by CARD_NEEDS(),
 * and is skipped as a whole.
 */
bool card_has(const struct card *card, uint64_t bytes);
#define TOO_SMALL		"the card has too little memory"
#define CARD_NEEDS(bytes)	const uint64_t card_needs = (bytes)
extern const uint64_t card_needs;

/* How many transfers it does in that time, as measured, up to @most; for slow ones. */
unsigned int card_transfers(const struct card *card, unsigned int ms, unsigned int most);

/**
 * write_through() - write all of it, however many calls that takes
 *
 * Return: bytes moved; fewer than @len if a call failed (see errno) or moved
 * nothing.
 */
size_t write_through(int fd, const void *buf, size_t len, uint64_t addr);
size_t read_through(int fd, void *buf, size_t len, uint64_t addr);

/*
 * Parameters of the core, by name. The time that an engine may be held must be
 * longer than a busy machine takes for a test, and shorter than the test may.
 */
bool param_get(const char *name, char *text, size_t size);
int param_put(const char *name, const char *text);
#define TIMEOUT_DEFAULT	"5000"
#define TIMEOUT_HELD	"60000"

#endif /* SELFTESTS_CARD_H */
