// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_reset.c - exdma reset: reset a card, with requests under way or not
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cards.h"
#include "commands.h"
#include "report.h"
#include "units.h"

struct reset_options {
	const char *card;
	bool yes;
};

static int take(void *context, int key, const char *argument)
{
	struct reset_options *options = context;

	if (key == 'c')
		options->card = argument;
	else
		options->yes = true;
	return 0;
}

/* A reset is no transfer: the errno values have a meaning of their own. */
static int explain(const struct exdma_card *card, int error)
{
	const char *name = exdma_card_name(card);

	switch (error) {
	case EOPNOTSUPP:
		report("%s cannot be reset by itself: it has no function level reset",
		       name);
		return STATUS_FAILED;
	case EBUSY:
		report("%s is being reset by somebody else, or suspended: try again",
		       name);
		return STATUS_FAILED;
	default:
		return report_error(ORIGIN_CARD, error, "cannot reset %s", name);
	}
}

static int reset(const struct exdma_card *card)
{
	struct exdma_card_info before, after;
	int status = STATUS_OK;
	uint64_t began;
	int fd;

	fd = exdma_card_open(card, O_WRONLY);
	if (fd < 0)
		return report_error(ORIGIN_CARD, errno, "cannot open %s",
				    exdma_card_node(card));
	began = now_ns();
	if (exdma_get_card_info(fd, &before) || ioctl(fd, EXDMA_IOC_RESET) ||
	    exdma_get_card_info(fd, &after))
		status = explain(card, errno);
	else
		printf("%s: reset in %.1f ms; reset %" PRIu64 " times since its driver was bound\n",
		       exdma_card_name(card), (now_ns() - began) / 1e6,
		       (uint64_t)after.resets);
	close(fd);
	return status;
}

static int confirm(const struct exdma_card *card, bool yes)
{
	if (yes || !isatty(STDIN_FILENO))
		return STATUS_OK;
	report("this resets the logic of %s, and what its memory holds may be lost; transfers that are under way are made again",
	       exdma_card_name(card));
	report("if that is what you want: exdma reset --yes");
	return STATUS_USAGE;
}

static int run_reset(const struct command *command,
		     const struct exdma_roots *roots, int argc, char **argv)
{
	const struct exdma_card *card;
	struct exdma_cards *cards;
	struct reset_options options = { 0 };
	int first, status;

	first = options_parse(command, argc, argv, take, &options);
	if (first < 0)
		return options_status(first);
	if (first < argc)
		return report_usage(command->name,
				    "reset takes no operands: name the card with --card");
	status = cards_load(roots, &cards);
	if (!status)
		status = cards_choose(cards, options.card, &card);
	if (!status)
		status = confirm(card, options.yes);
	if (!status)
		status = reset(card);
	exdma_cards_free(cards);
	return status;
}

static const struct option_text options_text[] = {
	OPTION_CARD_TEXT,
	{ 'y', "yes", NULL, "yes, reset the card" },
	{ 0 },
};

const struct command command_reset = {
	.name = "reset",
	.operands = "",
	.summary = "reset a card",
	.about = "Resets a card and tells how often it was reset since its driver was bound.\n"
		 "Programs that use it wait, and go on: what was under way is done again.\n\n"
		 "What the card's memory held may be LOST: that is up to its design.",
	.options = options_text,
	.run = run_reset,
};
