// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_copy.c - exdma read, write and copy: three ways to say one thing
 *
 * Turns command lines into a struct move.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "move.h"
#include "report.h"
#include "units.h"

#define MAX_CHANNEL	31

struct copy_options {
	const char *command;
	const char *card;
	unsigned int channel;
	bool has_channel;
	uint64_t length;
	bool verify;
	bool no_progress;
};

static int take(void *context, int key, const char *argument)
{
	struct copy_options *options = context;

	switch (key) {
	case 'c':
		options->card = argument;
		return 0;
	case 'n':
		options->has_channel = true;
		if (!parse_count(argument, 0, MAX_CHANNEL, &options->channel))
			return 0;
		report_usage(options->command,
			     "\"%s\" is no channel: they have numbers from 0 to %d",
			     argument, MAX_CHANNEL);
		return -1;
	case 'l':
		if (!parse_size(argument, &options->length))
			return 0;
		report_usage(options->command,
			     "\"%s\" is no length: write 4096, 0x1000, 64K, 2G",
			     argument);
		return -1;
	case OPTION_VERIFY:
		options->verify = true;
		return 0;
	default:
		options->no_progress = true;
		return 0;
	}
}

static void file_place(struct place *place, const char *path)
{
	*place = (struct place) {
		.text = path,
		.direction = -1,
		.channel = -1,
		.length = LENGTH_UNKNOWN,
	};
}

/* ADDRESS of read and write, with --card and --channel */
static int card_place(const struct copy_options *options, struct place *place,
		      const char *address)
{
	file_place(place, address);
	place->is_card = true;
	if (options->has_channel)
		place->channel = options->channel;
	if (options->card &&
	    snprintf(place->card, sizeof(place->card), "%s", options->card) >=
		    (int)sizeof(place->card)) {
		report("no card \"%s\": \"exdma list\" shows those that are there",
		       options->card);
		return STATUS_FAILED;
	}
	if (!parse_size(address, &place->address))
		return STATUS_OK;
	return report_usage(options->command,
			    errno == ERANGE ?
				    "address \"%s\" is too large" :
				    "\"%s\" is no address: write 4096, 0x1000, 64K, 2G",
			    address);
}

/*
 * The options, and how many operands there are: @needs says what to who has another
 * number of them. Return: the first operand, or less than 0 and the status to end with.
 */
static int begin(const struct command *command, int argc, char **argv, int operands,
		 const char *needs, struct copy_options *options, int *status)
{
	int first;

	*options = (struct copy_options) {
		.command = command->name,
		.length = LENGTH_UNKNOWN,
	};
	first = options_parse(command, argc, argv, take, options);
	if (first < 0)
		*status = options_status(first);
	else if (argc - first != operands)
		*status = report_usage(command->name, "%s", needs);
	else
		return first;
	return -1;
}

/* What the options ask of a motion; @verify is for those to a card. */
static struct move move_of(const struct copy_options *options)
{
	return (struct move) {
		.command = options->command,
		.verify = options->verify,
		.progress = !options->no_progress,
	};
}

static int run_write(const struct command *command,
		     const struct exdma_roots *roots, int argc, char **argv)
{
	struct copy_options options;
	struct move move;
	int first, status;

	first = begin(command, argc, argv, 2, "write needs an address and a file",
		      &options, &status);
	if (first < 0)
		return status;

	move = move_of(&options);
	file_place(&move.from, argv[first + 1]);
	status = card_place(&options, &move.to, argv[first]);
	if (status)
		return status;
	move.to.length = options.length;
	return move_run(roots, &move);
}

static int run_read(const struct command *command,
		    const struct exdma_roots *roots, int argc, char **argv)
{
	struct copy_options options;
	struct move move;
	int first, status;

	first = begin(command, argc, argv, 3, "read needs an address, a length and a file",
		      &options, &status);
	if (first < 0)
		return status;

	move = move_of(&options);
	status = card_place(&options, &move.from, argv[first]);
	if (status)
		return status;
	if (parse_size(argv[first + 1], &move.from.length))
		return report_usage(command->name,
				    "\"%s\" is no length: write 4096, 0x1000, 64K, 2G",
				    argv[first + 1]);
	file_place(&move.to, argv[first + 2]);
	return move_run(roots, &move);
}

static int parse_operand(const struct command *command, const char *text,
			 struct place *place)
{
	if (!place_parse(text, place))
		return STATUS_OK;
	return report_usage(command->name,
			    "\"%s\": after the card comes an address and perhaps a length, as in 0:0x1000+16M (a file of this name is ./%s)",
			    text, text);
}

static int run_copy(const struct command *command,
		    const struct exdma_roots *roots, int argc, char **argv)
{
	struct copy_options options;
	struct move move;
	int first, status;

	first = begin(command, argc, argv, 2, "copy needs a source and a destination",
		      &options, &status);
	if (first < 0)
		return status;

	move = move_of(&options);
	status = parse_operand(command, argv[first], &move.from);
	if (!status)
		status = parse_operand(command, argv[first + 1], &move.to);
	if (status)
		return status;
	if (!move.from.is_card && !move.to.is_card)
		return report_usage(command->name,
				    "neither \"%s\" nor \"%s\" is a place on a card, which is written CARD:ADDRESS",
				    argv[first], argv[first + 1]);
	if (move.verify && !move.to.is_card)
		return report_usage(command->name,
				    "--verify reads card memory back: it needs a card as the destination");
	return move_run(roots, &move);
}

#define OPTION_CHANNEL_TEXT(which)					\
	{ 'n', "channel", "CHANNEL",					\
	  "use " which " channel CHANNEL; without it the\n"		\
	  "driver chooses" }
#define OPTION_VERIFY_TEXT						\
	{ OPTION_VERIFY, "verify", NULL,				\
	  "read each piece back once it is written, and\n"		\
	  "compare; status 3 if it is different" }

static const struct option_text write_options[] = {
	OPTION_CARD_TEXT,
	OPTION_CHANNEL_TEXT("host-to-card"),
	{ 'l', "length", "LENGTH",
	  "write LENGTH bytes; the file must have them" },
	OPTION_VERIFY_TEXT,
	OPTION_NO_PROGRESS_TEXT,
	{ 0 },
};

const struct command command_write = {
	.name = "write",
	.operands = "ADDRESS FILE|-",
	.summary = "write a file into card memory",
	.about = "Writes FILE, or standard input, into the card's memory at ADDRESS.\n\n"
		 "Addresses and lengths: 4096, 0x1000, 64K, 2G (powers of 1024).",
	.options = write_options,
	.run = run_write,
};

static const struct option_text read_options[] = {
	OPTION_CARD_TEXT,
	OPTION_CHANNEL_TEXT("card-to-host"),
	OPTION_NO_PROGRESS_TEXT,
	{ 0 },
};

const struct command command_read = {
	.name = "read",
	.operands = "ADDRESS LENGTH FILE|-",
	.summary = "read card memory into a file",
	.about = "Reads LENGTH bytes of the card's memory at ADDRESS into FILE, or to standard\n"
		 "output.\n\n"
		 "Addresses and lengths: 4096, 0x1000, 64K, 2G (powers of 1024).",
	.options = read_options,
	.run = run_read,
};

static const struct option_text copy_options[] = {
	OPTION_VERIFY_TEXT,
	OPTION_NO_PROGRESS_TEXT,
	{ 0 },
};

const struct command command_copy = {
	.name = "copy",
	.operands = "FROM TO",
	.summary = "copy between files and cards, or from card to card",
	.about = "Copies from FROM to TO. Each is a file, or \"-\", or a place on a card:\n\n"
		 "  CARD:ADDRESS[+LENGTH]    0:0x1000  0:0x1000+16M  0000:01:00.0:4G\n"
		 "  NODE:ADDRESS[+LENGTH]    exdma0_h2c1:0x1000, to use one channel\n\n"
		 "A length on either side says how much to copy; without one it is all that the\n"
		 "source has. At least one side is a card. A file whose name looks like a place\n"
		 "is written with a slash: ./0:1",
	.options = copy_options,
	.run = run_copy,
};
