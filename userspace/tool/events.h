/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * events.h - the event nodes of the cards: which there are, and which are meant
 */
#ifndef EXDMA_TOOL_EVENTS_H
#define EXDMA_TOOL_EVENTS_H

#include <stdint.h>

#include <exdma/exdma.h>

#define EVENTS_MAX	512

/**
 * struct event_node - one line of user interrupts
 * @name: "exdma0_event3"
 * @card, @line: the numbers in it
 * @fd: the open node, or -1
 * @total: events that were read from it
 */
struct event_node {
	char name[48];
	unsigned int card;
	unsigned int line;
	int fd;
	uint64_t total;
};

struct event_nodes {
	struct event_node node[EVENTS_MAX];
	unsigned int count;
};

/**
 * events_find() - all event nodes, or those of one card
 * @nodes: filled in, in the order of card and line
 * @roots: where to look
 * @card: the card, or NULL
 */
void events_find(struct event_nodes *nodes, const struct exdma_roots *roots,
		 const struct exdma_card *card);

/**
 * events_name() - the node that a word means
 * @node: filled in
 * @word: "exdma0_event3", "/dev/exdma0_event3", or "0:3"
 *
 * Return: 0, or -1 if it means none.
 */
int events_name(struct event_node *node, const char *word);

#endif /* EXDMA_TOOL_EVENTS_H */
