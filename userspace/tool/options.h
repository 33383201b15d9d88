/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * options.h - one table per command gives its parser and its --help
 */
#ifndef EXDMA_TOOL_OPTIONS_H
#define EXDMA_TOOL_OPTIONS_H

#include <exdma/exdma.h>

/**
 * struct option_text - one option of a command
 * @key: its letter, or a number above 255 if it has none; 0 ends the table
 * @name: the long name, without dashes
 * @argument: what stands for its argument in the help text, or NULL
 * @text: one phrase for the help text; "\n" begins another line
 */
struct option_text {
	int key;
	const char *name;
	const char *argument;
	const char *text;
};

/* Options without a letter, unique in the whole tool. */
enum option_key {
	OPTION_JSON = 256,
	OPTION_NO_PROGRESS,
	OPTION_ODD,
	OPTION_SEED,
	OPTION_SPAN,
	OPTION_VERIFY,
};

/* The same wherever a command has it. */
#define OPTION_CARD_TEXT						\
	{ 'c', "card", "CARD",						\
	  "the card: 0, exdma0 or a PCI address;\n"			\
	  "not needed if there is only one" }
#define OPTION_JSON_TEXT						\
	{ OPTION_JSON, "json", NULL, "print JSON" }
#define OPTION_NO_PROGRESS_TEXT						\
	{ OPTION_NO_PROGRESS, "no-progress", NULL,			\
	  "no progress bar; without a terminal on stderr\n"		\
	  "there is none anyway" }
#define OPTION_YES_TEXT							\
	{ 'y', "yes", NULL, "yes, overwrite the card's memory" }

/**
 * struct command - one word behind "exdma"
 * @name: the word
 * @operands: what follows its options, for the help text
 * @summary: one line for the list of commands
 * @about: a paragraph or more for its own help text
 * @options: table that ends with a zero key; --help is added
 * @run: does it; @argv[0] is the command's name; returns an enum status
 */
struct command {
	const char *name;
	const char *operands;
	const char *summary;
	const char *about;
	const struct option_text *options;
	int (*run)(const struct command *command,
		   const struct exdma_roots *roots, int argc, char **argv);
};

/**
 * options_parse() - take the options of a command line
 * @command: whose
 * @argc: number of words
 * @argv: words, reordered so that operands come last
 * @take: called for each option; returns 0, or -1 after it has said what is
 *	  wrong
 * @context: handed to @take
 *
 * Return: index of the first operand, or below zero if the command is not to
 * run: options_status() tells the exit status.
 */
int options_parse(const struct command *command, int argc, char **argv,
		  int (*take)(void *context, int key, const char *argument),
		  void *context);

/** options_status() - exit status for what options_parse() gave below zero. */
int options_status(int parsed);

/** options_help() - print the help text of a command on stdout. */
void options_help(const struct command *command);

#endif /* EXDMA_TOOL_OPTIONS_H */
