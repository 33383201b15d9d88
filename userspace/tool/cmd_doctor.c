// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmd_doctor.c - exdma doctor: why does it not work, and what is to be done?
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "doctor.h"
#include "json.h"
#include "report.h"

struct doctor_options {
	const char *user;
	bool json;
	bool quiet;
};

static int take(void *context, int key, const char *argument)
{
	struct doctor_options *options = context;

	switch (key) {
	case 'u':
		options->user = argument;
		return 0;
	case 'q':
		options->quiet = true;
		return 0;
	default:
		options->json = true;
		return 0;
	}
}

static const char *const level_names[LEVELS] = {
	[LEVEL_OK] = "ok",
	[LEVEL_NOTE] = "note",
	[LEVEL_WARNING] = "warning",
	[LEVEL_ERROR] = "error",
};

static int status_of(const struct doctor *doctor)
{
	if (doctor_count(doctor, LEVEL_ERROR))
		return STATUS_ERRORS;
	return doctor_count(doctor, LEVEL_WARNING) ? STATUS_WARNINGS :
						     STATUS_OK;
}

/* a text of several lines, the later ones below the first */
static void print_lines(const char *text, const char *before,
			const char *later)
{
	fputs(before, stdout);
	for (; *text; text++) {
		putchar(*text);
		if (*text == '\n')
			fputs(later, stdout);
	}
	putchar('\n');
}

static void print_text(const struct doctor *doctor, bool quiet)
{
	size_t notes = doctor_count(doctor, LEVEL_NOTE);
	size_t warnings = doctor_count(doctor, LEVEL_WARNING);
	size_t errors = doctor_count(doctor, LEVEL_ERROR);

	for (size_t i = 0; i < doctor->count; i++) {
		const struct finding *finding = &doctor->finding[i];

		if (quiet && finding->level == LEVEL_OK)
			continue;
		printf("%-8s %s: %s", level_names[finding->level],
		       finding->subject, finding->text);
		if (finding->level != LEVEL_OK)
			printf(" [%s]", finding->id);
		putchar('\n');
		if (finding->advice)
			print_lines(finding->advice, "         - ",
				    "         - ");
	}
	printf("%zu errors, %zu warnings, %zu notes\n", errors, warnings,
	       notes);
}

static void json_advice(struct json *json, const char *advice)
{
	char *copy = strdup(advice ? advice : "");
	char *rest = copy;
	char *line;

	json_array(json, "advice");
	while ((line = strsep(&rest, "\n")))
		if (*line)
			json_string(json, NULL, line);
	json_array_end(json);
	free(copy);
}

static void print_json(const struct doctor *doctor)
{
	struct json json;

	json_begin(&json, stdout);
	json_string(&json, "version", EXDMA_VERSION);
	json_string(&json, "kernel", doctor->kernel.release);
	json_string(&json, "user", doctor->user);
	json_number(&json, "errors", doctor_count(doctor, LEVEL_ERROR));
	json_number(&json, "warnings", doctor_count(doctor, LEVEL_WARNING));
	json_number(&json, "notes", doctor_count(doctor, LEVEL_NOTE));
	json_array(&json, "findings");
	for (size_t i = 0; i < doctor->count; i++) {
		const struct finding *finding = &doctor->finding[i];

		json_object(&json, NULL);
		json_string(&json, "level", level_names[finding->level]);
		json_string(&json, "id", finding->id);
		json_string(&json, "subject", finding->subject);
		json_string(&json, "text", finding->text);
		json_advice(&json, finding->advice);
		json_object_end(&json);
	}
	json_array_end(&json);
	json_end(&json);
}

/* the user himself, or who he was before sudo */
static char *who(void)
{
	const char *before = getenv("SUDO_USER");
	struct passwd *entry;
	char *name;

	if (!geteuid() && before && *before)
		return strdup(before);
	entry = getpwuid(geteuid());
	if (entry)
		return strdup(entry->pw_name);
	return asprintf(&name, "%u", geteuid()) < 0 ? NULL : name;
}

static int examine(const struct doctor_options *options,
		   struct doctor *doctor)
{
	if (doctor_run(doctor))
		return report_error(ORIGIN_FILE, errno, "cannot look around in %s",
				    doctor->sysfs);
	if (options->json)
		print_json(doctor);
	else
		print_text(doctor, options->quiet);
	return status_of(doctor);
}

static int run_doctor(const struct command *command,
		      const struct exdma_roots *roots, int argc, char **argv)
{
	const char *root = getenv("EXDMA_ROOT");
	struct doctor_options options = { 0 };
	struct doctor doctor = {
		.roots = roots,
		.root = root ? root : "",
	};
	struct passwd *entry;
	int first, status;
	char *name;

	first = options_parse(command, argc, argv, take, &options);
	if (first < 0)
		return options_status(first);
	if (first < argc)
		return report_usage(command->name,
				    "doctor takes no operands: it looks at everything");
	if (options.user && !root && !getpwnam(options.user))
		return report_usage(command->name, "there is no user \"%s\"",
				    options.user);
	name = options.user ? strdup(options.user) : who();
	if (!name)
		return report_error(ORIGIN_FILE, errno, "cannot begin");
	entry = getpwuid(geteuid());
	doctor.user = name;
	doctor.is_self = entry && !strcmp(entry->pw_name, name);
	status = examine(&options, &doctor);
	doctor_free(&doctor);
	free(name);
	return status;
}

static const struct option_text options_text[] = {
	{ 'u', "user", "USER",
	  "may this user open the nodes? Without it, you,\n"
	  "or who called sudo" },
	{ 'q', "quiet", NULL, "only what was found, not what is right" },
	OPTION_JSON_TEXT,
	{ 0 },
};

const struct command command_doctor = {
	.name = "doctor",
	.operands = "",
	.summary = "find out what keeps a card from working",
	.about = "Looks at modules, drivers, PCI, interrupts, IOMMU, nodes and counters, and says\n"
		 "what is wrong and what to do about it. Changes nothing. Root sees more.\n\n"
		 "Status 0: nothing but notes; 4: warnings; 5: errors, a card cannot be used.",
	.options = options_text,
	.run = run_doctor,
};
