// SPDX-License-Identifier: GPL-2.0-only
/*
 * events.c - the event nodes of the cards: which there are, and which are meant
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "files.h"

struct search {
	struct event_nodes *nodes;
	const struct exdma_card *card;
};

int events_name(struct event_node *node, const char *word)
{
	const char *name = strrchr(word, '/');
	int used = 0;

	memset(node, 0, sizeof(*node));
	node->fd = -1;
	name = name ? name + 1 : word;
	/* %9u takes signs and blanks, which a name of ours does not have */
	if (strpbrk(name, "+- \t"))
		return -1;
	if (sscanf(name, "exdma%9u_event%9u%n", &node->card, &node->line,
		   &used) != 2 || name[used]) {
		used = 0;
		if (sscanf(word, "%9u:%9u%n", &node->card, &node->line,
			   &used) != 2 || word[used])
			return -1;
	}
	snprintf(node->name, sizeof(node->name), "exdma%u_event%u", node->card,
		 node->line);
	return 0;
}

static int visit(void *context, const char *name)
{
	struct search *search = context;
	struct event_nodes *nodes = search->nodes;
	struct event_node node;

	if (nodes->count < EVENTS_MAX && !events_name(&node, name) &&
	    !strcmp(node.name, name) &&
	    (!search->card || exdma_card_number(search->card) == node.card))
		nodes->node[nodes->count++] = node;
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct event_node *left = a, *right = b;

	if (left->card != right->card)
		return left->card > right->card ? 1 : -1;
	return (left->line > right->line) - (left->line < right->line);
}

void events_find(struct event_nodes *nodes, const struct exdma_roots *roots,
		 const struct exdma_card *card)
{
	struct search search = { .nodes = nodes, .card = card };

	nodes->count = 0;
	file_each(visit, &search, "%s/class/exdma",
		  roots->sysfs ? roots->sysfs : "/sys");
	if (nodes->count)
		qsort(nodes->node, nodes->count, sizeof(nodes->node[0]),
		      compare);
}
