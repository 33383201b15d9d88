// SPDX-License-Identifier: GPL-2.0-only
/*
 * options.c - one table per command gives its parser and its --help
 */
#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "report.h"

#define MAX_OPTIONS	24

#define PARSED_HELP	(-1)
#define PARSED_WRONG	(-2)

static const struct option_text help_option = {
	'h', "help", NULL, "print this text"
};

struct getopt_tables {
	struct option longs[MAX_OPTIONS + 1];
	char letters[3 * MAX_OPTIONS + 2];
};

static void add_option(struct getopt_tables *tables, unsigned int index,
		       const struct option_text *option)
{
	assert(index < MAX_OPTIONS);
	tables->longs[index] = (struct option) {
		.name = option->name,
		.has_arg = option->argument ? required_argument : no_argument,
		.val = option->key,
	};
	if (option->key < 256) {
		char letter[3] = { option->key, option->argument ? ':' : 0 };

		strcat(tables->letters, letter);
	}
}

static void build_tables(struct getopt_tables *tables,
			 const struct option_text *options)
{
	unsigned int count = 0;

	memset(tables, 0, sizeof(*tables));
	tables->letters[0] = ':';	/* tell a missing argument apart */
	for (; options->key; options++)
		add_option(tables, count++, options);
	add_option(tables, count, &help_option);
}

int options_parse(const struct command *command, int argc, char **argv,
		  int (*take)(void *context, int key, const char *argument),
		  void *context)
{
	struct getopt_tables tables;
	int key;

	build_tables(&tables, command->options);
	opterr = 0;
	optind = 0;
	while ((key = getopt_long(argc, argv, tables.letters, tables.longs,
				  NULL)) != -1) {
		const char *word = argv[optind - 1];

		switch (key) {
		case 'h':
			options_help(command);
			return PARSED_HELP;
		case ':':
			report_usage(command->name,
				     "option \"%s\" needs an argument", word);
			return PARSED_WRONG;
		case '?':
			if (!optopt)
				report_usage(command->name, "no option \"%s\"",
					     word);
			else if (!strncmp(word, "--", 2))
				report_usage(command->name,
					     "option \"%s\" takes no argument",
					     word);
			else
				report_usage(command->name,
					     "no option \"-%c\"", optopt);
			return PARSED_WRONG;
		default:
			if (take(context, key, optarg))
				return PARSED_WRONG;
		}
	}
	return optind;
}

int options_status(int parsed)
{
	return parsed == PARSED_HELP ? STATUS_OK : STATUS_USAGE;
}

/* the phrase beside an option; further lines stand below the first */
static void print_text(const char *text, int column)
{
	for (; *text; text++) {
		putchar(*text);
		if (*text == '\n')
			printf("%*s", column, "");
	}
	putchar('\n');
}

static void print_option(const struct option_text *option)
{
	char left[64];
	int len;

	len = snprintf(left, sizeof(left), "  %c%c%s --%s%s%s",
		       option->key < 256 ? '-' : ' ',
		       option->key < 256 ? option->key : ' ',
		       option->key < 256 ? "," : " ", option->name,
		       option->argument ? " " : "",
		       option->argument ? option->argument : "");
	printf("%-28s", left);
	if (len > 27)
		printf("\n%-28s", "");
	print_text(option->text, 28);
}

void options_help(const struct command *command)
{
	const struct option_text *option;

	printf("Usage: exdma %s [OPTION]...%s%s\n\n%s\n\nOptions:\n",
	       command->name, *command->operands ? " " : "", command->operands,
	       command->about);
	for (option = command->options; option->key; option++)
		print_option(option);
	print_option(&help_option);
}
