/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libexdma - find DMA cards, open their nodes, ask what they are
 *
 * The library reads sysfs and wraps the ioctls of <linux/exdma.h>. It moves no
 * data: pread() and pwrite() on the nodes do that, at a file position which is
 * the card's address in bytes. There is no global state and no hidden thread;
 * different lists may be used from different threads at the same time, and one
 * list by several threads as long as none of them frees it.
 *
 * A list is a snapshot. Strings and objects that belong to it live until
 * exdma_cards_free(). Statistics and exdma_card_attribute() are read anew at
 * every call.
 *
 * Calls that can fail return NULL or -1 and set errno.
 */
#ifndef EXDMA_EXDMA_H
#define EXDMA_EXDMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/exdma.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Programs find in libexdma.so what is declared from here on, nothing else. */
#pragma GCC visibility push(default)

struct exdma_cards;
struct exdma_card;
struct exdma_channel;

/**
 * struct exdma_roots - where to look
 * @sysfs: the mount point of sysfs; NULL means /sys.
 * @dev: the directory of the nodes; NULL means /dev.
 *
 * Tests point these at a tree of plain files; everyone else passes NULL for
 * the whole structure.
 */
struct exdma_roots {
	const char *sysfs;
	const char *dev;
};

/**
 * exdma_cards_new() - list the cards that are bound to a driver of exdma
 * @roots: where to look, or NULL for the running system
 *
 * Needs no privilege: nodes are named, not opened. Of a card that goes away
 * while it is being read, strings may be empty.
 *
 * Return: a list, possibly empty, sorted by card number. NULL with ENOENT when
 * the class does not exist (the module exdma is not loaded), ENOMEM, or what
 * opendir(3) says.
 */
struct exdma_cards *exdma_cards_new(const struct exdma_roots *roots);

/** exdma_cards_free() - give a list back; NULL is allowed. */
void exdma_cards_free(struct exdma_cards *cards);

/** exdma_cards_count() - number of cards in the list. */
size_t exdma_cards_count(const struct exdma_cards *cards);

/** exdma_cards_at() - card at @index, or NULL past the end. */
const struct exdma_card *exdma_cards_at(const struct exdma_cards *cards,
					size_t index);

/**
 * exdma_cards_find() - look a card up by what a person would type
 * @cards: a list
 * @name: "0", "exdma0", "/dev/exdma0", "0000:01:00.0" or "01:00.0"
 *
 * Return: the card, or NULL with ENOENT.
 */
const struct exdma_card *exdma_cards_find(const struct exdma_cards *cards,
					  const char *name);

/** exdma_card_number() - the N of exdmaN. */
unsigned int exdma_card_number(const struct exdma_card *card);
/** exdma_card_name() - "exdma0". */
const char *exdma_card_name(const struct exdma_card *card);
/** exdma_card_node() - "/dev/exdma0". */
const char *exdma_card_node(const struct exdma_card *card);
/** exdma_card_sysfs() - the card's directory in the class. */
const char *exdma_card_sysfs(const struct exdma_card *card);
/** exdma_card_bus_id() - "0000:01:00.0"; empty if the card has no parent. */
const char *exdma_card_bus_id(const struct exdma_card *card);
/** exdma_card_driver() - name of the card driver; empty if unknown. */
const char *exdma_card_driver(const struct exdma_card *card);
/** exdma_card_interrupts() - "msix", "msi" or "intx"; empty if unknown. */
const char *exdma_card_interrupts(const struct exdma_card *card);
/** exdma_card_aperture() - bytes of card memory; 0 when unbounded. */
uint64_t exdma_card_aperture(const struct exdma_card *card);

/**
 * exdma_card_attribute() - read one line of sysfs
 * @card: a card
 * @name: path below exdma_card_sysfs(), as in "device/current_link_speed"
 * @value: receives the line without its newline, NUL-terminated
 * @size: bytes at @value
 *
 * Return: 0, or -1 with what open(2) and read(2) say; EOVERFLOW if the line
 * does not fit.
 */
int exdma_card_attribute(const struct exdma_card *card, const char *name,
			 char *value, size_t size);

/**
 * exdma_card_open() - open the card's memory as one node
 * @card: a card
 * @flags: O_RDONLY, O_WRONLY or O_RDWR, and other flags of open(2);
 *	   O_CLOEXEC is added
 *
 * Return: a descriptor for the caller to close, or -1 and errno of open(2).
 */
int exdma_card_open(const struct exdma_card *card, int flags);

/** exdma_card_channel_count() - number of channels, both directions. */
size_t exdma_card_channel_count(const struct exdma_card *card);

/**
 * exdma_card_channel_at() - channel at @index, or NULL past the end
 *
 * Host to card first, then card to host, each in the order of their numbers.
 */
const struct exdma_channel *
exdma_card_channel_at(const struct exdma_card *card, size_t index);

/**
 * exdma_card_channel() - one channel by direction and number
 * @card: a card
 * @direction: EXDMA_DIR_H2C or EXDMA_DIR_C2H
 * @number: the C of exdmaN_h2cC
 *
 * Return: the channel, or NULL with ENOENT.
 */
const struct exdma_channel *exdma_card_channel(const struct exdma_card *card,
					       unsigned int direction,
					       unsigned int number);

/** exdma_channel_name() - "exdma0_h2c0". */
const char *exdma_channel_name(const struct exdma_channel *channel);
/** exdma_channel_node() - "/dev/exdma0_h2c0". */
const char *exdma_channel_node(const struct exdma_channel *channel);
/** exdma_channel_direction() - EXDMA_DIR_H2C or EXDMA_DIR_C2H. */
unsigned int exdma_channel_direction(const struct exdma_channel *channel);
/** exdma_channel_number() - the C of exdmaN_h2cC. */
unsigned int exdma_channel_number(const struct exdma_channel *channel);
/** exdma_channel_is_stream() - true if it moves packets and has no addresses. */
bool exdma_channel_is_stream(const struct exdma_channel *channel);
/** exdma_channel_alignment() - of addresses, in bytes; at least 1. */
unsigned int exdma_channel_alignment(const struct exdma_channel *channel);
/** exdma_channel_granularity() - of lengths, in bytes; at least 1. */
unsigned int exdma_channel_granularity(const struct exdma_channel *channel);
/** exdma_channel_address_bits() - width of a card address; 0 if unknown. */
unsigned int exdma_channel_address_bits(const struct exdma_channel *channel);

/**
 * exdma_channel_statistic() - read one counter
 * @channel: a channel
 * @name: name of a file in the group statistics/, as in "bytes"
 * @value: receives the counter
 *
 * Return: 0, or -1 with ENOENT for a counter that this driver does not keep.
 */
int exdma_channel_statistic(const struct exdma_channel *channel,
			    const char *name, uint64_t *value);

/**
 * exdma_channel_statistics() - visit every counter that the driver keeps
 * @channel: a channel
 * @visit: called for each counter in alphabetical order; a return other than
 *	   0 ends the walk
 * @context: handed to @visit
 *
 * Return: 0, what @visit returned to end the walk, or -1 and errno.
 */
int exdma_channel_statistics(const struct exdma_channel *channel,
			     int (*visit)(void *context, const char *name,
					  uint64_t value),
			     void *context);

/**
 * exdma_channel_open() - open a channel in the one direction that it has
 * @channel: a channel
 * @flags: flags of open(2) beside the access mode; O_CLOEXEC is added
 *
 * Return: a descriptor for the caller to close, or -1 and errno of open(2).
 */
int exdma_channel_open(const struct exdma_channel *channel, int flags);

/**
 * exdma_get_card_info() - EXDMA_IOC_CARD_INFO on any open node
 * @fd: an open node
 * @info: filled in; its @size need not be set
 *
 * Return: 0, or -1 with the errno of the ioctl; ENOTTY if @fd is no node.
 */
int exdma_get_card_info(int fd, struct exdma_card_info *info);

/**
 * exdma_get_channel_info() - EXDMA_IOC_CHANNEL_INFO on an open channel
 * @fd: an open channel node
 * @info: filled in; its @size need not be set
 *
 * Return: 0, or -1 with the errno of the ioctl; ENOTTY if @fd is no channel.
 */
int exdma_get_channel_info(int fd, struct exdma_channel_info *info);

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* EXDMA_EXDMA_H */
