// SPDX-License-Identifier: GPL-2.0-only
/*
 * options.c - tests of tool/options.c
 */
#include <string.h>

#include "options.h"
#include "report.h"
#include "test.h"

static const struct option_text table[] = {
	OPTION_CARD_TEXT,
	{ 'v', "verbose", NULL, "more" },
	OPTION_JSON_TEXT,
	{ OPTION_SPAN, "span", "SIZE", "a size" },
	{ 0 },
};

static const struct command command = {
	.name = "trial",
	.operands = "",
	.options = table,
};

struct seen {
	const char *card;
	const char *span;
	unsigned int verbose;
	unsigned int json;
};

static int take(void *context, int key, const char *argument)
{
	struct seen *seen = context;

	switch (key) {
	case 'c':
		seen->card = argument;
		return strcmp(argument, "bad") ? 0 : -1;
	case 'v':
		seen->verbose++;
		return 0;
	case OPTION_JSON:
		seen->json++;
		return 0;
	case OPTION_SPAN:
		seen->span = argument;
		return 0;
	}
	return -1;
}

#define MAX_WORDS	8

/* words are given after the command's name; operands come back behind it */
static int parse(struct seen *seen, char *words[MAX_WORDS])
{
	int argc = 0, parsed;

	while (words[argc])
		argc++;
	memset(seen, 0, sizeof(*seen));
	test_silence(true);
	parsed = options_parse(&command, argc, words, take, seen);
	test_silence(false);
	return parsed;
}

#define PARSE(seen, ...) \
	parse(seen, (char *[MAX_WORDS]) { (char *)"trial", __VA_ARGS__ })

#define W(text)	((char *)(text))

static void taken(void)
{
	struct seen seen;

	CHECK(PARSE(&seen, NULL) == 1);
	CHECK(PARSE(&seen, W("-c"), W("1"), W("-v")) == 4);
	CHECK(!strcmp(seen.card, "1") && seen.verbose == 1);
	CHECK(PARSE(&seen, W("-vc1")) == 2);
	CHECK(!strcmp(seen.card, "1") && seen.verbose == 1);
	CHECK(PARSE(&seen, W("--card=2"), W("--span"), W("3"), W("--json")) ==
	      5);
	CHECK(!strcmp(seen.card, "2") && !strcmp(seen.span, "3"));
	CHECK(seen.json == 1);
}

static void operands(void)
{
	struct seen seen;
	char *words[MAX_WORDS] = { W("trial"), W("a"), W("-v"), W("-"),
				   W("--"), W("-c") };

	CHECK(parse(&seen, words) == 3);
	CHECK(!strcmp(words[3], "a") && !strcmp(words[4], "-") &&
	      !strcmp(words[5], "-c"));
	CHECK(seen.verbose == 1 && !seen.card);
}

static void refused(void)
{
	struct seen seen;

	CHECK(options_status(PARSE(&seen, W("-x"))) == STATUS_USAGE);
	CHECK(options_status(PARSE(&seen, W("-c"))) == STATUS_USAGE);
	CHECK(options_status(PARSE(&seen, W("--nothing"))) == STATUS_USAGE);
	CHECK(options_status(PARSE(&seen, W("--json=1"))) == STATUS_USAGE);
	CHECK(options_status(PARSE(&seen, W("--span"))) == STATUS_USAGE);
	CHECK(options_status(PARSE(&seen, W("-c"), W("bad"))) == STATUS_USAGE);
}

const struct test_case tests_options[] = {
	{ "options are taken in all their forms", taken },
	{ "operands may stand anywhere", operands },
	{ "wrong options are refused", refused },
	{ NULL, NULL },
};
