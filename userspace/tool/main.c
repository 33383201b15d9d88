// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - exdma: find the command and run it
 *
 * The two environment variables below let tests put plain files in the place
 * of sysfs and of the nodes; doctor has a third.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "report.h"

static const struct command *const commands[] = {
	&command_list,
	&command_info,
	&command_read,
	&command_write,
	&command_copy,
	&command_bench,
	&command_test,
	&command_doctor,
	&command_top,
	&command_trace,
	&command_watch,
	&command_reset,
};

#define COMMAND_COUNT	(sizeof(commands) / sizeof(commands[0]))

static void help(void)
{
	printf("Usage: exdma COMMAND [OPTION]... [OPERAND]...\n\n"
	       "Works with DMA cards that the exdma driver runs.\n\n"
	       "Commands:\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("  %-8s %s\n", commands[i]->name, commands[i]->summary);
	printf("  %-8s %s\n", "help", "print this text, or that of a command");
	printf("\nOptions:\n"
	       "  -h, --help     print this text\n"
	       "  -V, --version  print the version\n\n"
	       "Exit status: 0 success, 1 failure, 2 wrong usage, 3 verification failed;\n"
	       "of doctor 4 warnings, 5 errors.\n"
	       "\"exdma help COMMAND\" and exdma(1) say more.\n");
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	return NULL;
}

static int help_on(int argc, char **argv)
{
	const struct command *command;

	if (argc > 2)
		return report_usage(NULL, "help takes one command");
	if (argc < 2) {
		help();
		return STATUS_OK;
	}
	command = find_command(argv[1]);
	if (!command)
		return report_usage(NULL, "no command \"%s\"", argv[1]);
	options_help(command);
	return STATUS_OK;
}

static int run(int argc, char **argv)
{
	struct exdma_roots roots = {
		.sysfs = getenv("EXDMA_SYSFS"),
		.dev = getenv("EXDMA_DEV"),
	};
	const struct command *command;
	const char *word = argc > 1 ? argv[1] : NULL;

	if (!word) {
		report_usage(NULL, "what is to be done?");
		return STATUS_USAGE;
	}
	if (!strcmp(word, "-h") || !strcmp(word, "--help")) {
		help();
		return STATUS_OK;
	}
	if (!strcmp(word, "-V") || !strcmp(word, "--version")) {
		printf("exdma %s\n", EXDMA_VERSION);
		return STATUS_OK;
	}
	if (!strcmp(word, "help"))
		return help_on(argc - 1, argv + 1);
	command = find_command(word);
	if (!command)
		return report_usage(NULL, *word == '-' ? "no option \"%s\"" :
							 "no command \"%s\"",
				    word);
	return command->run(command, &roots, argc - 1, argv + 1);
}

/*
 * A node must never be opened as number 0, 1 or 2: what is printed would go
 * to the card. Missing ones are filled with something that refuses.
 */
static void guard_standard_files(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			exit(STATUS_FAILED);
}

int main(int argc, char **argv)
{
	int status;
	bool wrong;

	guard_standard_files();
	status = run(argc, argv);
	wrong = ferror(stdout);

	/* what was printed may fail as late as here: a full disk, say */
	errno = 0;
	if (fclose(stdout) || wrong) {
		report("cannot write standard output: %s",
		       errno ? strerror(errno) : "some of it was lost");
		if (!status)
			status = STATUS_FAILED;
	}
	return status;
}
