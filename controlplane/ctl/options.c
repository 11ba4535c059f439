/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/ctl.h"
#include "ctl/parse.h"

/* The options of a command, from its table. */

#define OPTIONS_MAX 16
#define FIRST	    256 /* above all characters */

static bool take(const struct ctl_option *option, char *text)
{
	switch (option->kind) {
	case CTL_FLAG:
		*(bool *)option->into = true;
		return true;
	case CTL_TEXT:
		*(char **)option->into = text;
		return true;
	case CTL_TEXTS: {
		char ***texts = option->into;

		*texts = ctl_need(reallocarray(*texts, *option->count + 1, sizeof(**texts)));
		(*texts)[(*option->count)++] = text;
		return true;
	}
	case CTL_WORD:
		return parse_word(text, option->words, option->into);
	case CTL_YES_NO:
		return parse_yes_no(text, option->into);
	case CTL_DURATION:
		return parse_duration(text, option->into);
	case CTL_NUMBER:
		return parse_number(text, option->into);
	}
	return false;
}

/* As getopt_long() wants them. */
static void make_options(const struct ctl_command *command, struct option *made)
{
	unsigned count = 0;

	made[count++] = (struct option){ "help", no_argument, NULL, 'h' };
	made[count++] = (struct option){ "json", no_argument, NULL, 'j' };
	for (const struct ctl_option *option = command->options;
		option != NULL && option->name != NULL && count < OPTIONS_MAX - 1; option++)
		made[count++] = (struct option){ option->name,
			option->kind == CTL_FLAG ? no_argument : required_argument, NULL,
			FIRST + (int)(option - command->options) };
	made[count] = (struct option){ 0 };
}

static void print_help(FILE *out, const struct ctl_command *command)
{
	bool has_options = command->options != NULL && command->options->name != NULL;

	fprintf(out, "Usage: bridgetapctl %s%s%s%s\n\n%s.\n", command->path,
		*command->operands ? " " : "", command->operands, has_options ? " [options]" : "",
		command->help);
	fputs("\nOptions:\n", out);
	for (const struct ctl_option *option = command->options;
		option != NULL && option->name != NULL; option++) {
		char left[64];

		snprintf(left, sizeof(left), "--%s%s%s", option->name, option->argument ? " " : "",
			option->argument ? option->argument : "");
		fprintf(out, "  %-32s %s\n", left, option->help);
	}
	fprintf(out,
		"  %-32s answer in JSON\n  %-32s print this\n\n"
		"Example:\n%s",
		"-j, --json", "-h, --help", command->example);
}

static bool stop(struct ctl *ctl, int code)
{
	ctl->code = code;
	return false;
}

bool ctl_parse_options(struct ctl *ctl, const struct ctl_command *command, int *argc, char ***argv)
{
	static char name[] = "bridgetapctl"; /* what getopt_long() complains as */
	struct option options[OPTIONS_MAX];
	int option;

	make_options(command, options);
	(*argv)[0] = name;
	optind = 0; /* begin anew */
	while ((option = getopt_long(*argc, *argv, "hj", options, NULL)) != -1) {
		if (option == 'h') {
			print_help(stdout, command);
			return stop(ctl, CTL_OK);
		}
		if (option == 'j') {
			ctl->json = true;
			continue;
		}
		if (option < FIRST || !take(&command->options[option - FIRST], optarg))
			return stop(ctl, CTL_USAGE);
	}
	*argc -= optind;
	*argv += optind;
	if (*argc < command->least || *argc > command->most)
		return stop(ctl, ctl_usage("%s arguments; Usage: bridgetapctl %s %s",
					 *argc < command->least ? "too few" : "too many",
					 command->path, command->operands));
	return true;
}
