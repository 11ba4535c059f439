/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"

#define DEFAULT_SOCKET	"/run/bridgetap/controlplane.sock"
#define DEFAULT_TIMEOUT 10

static const struct {
	const char *title; /* NULL: goes on with the group before */
	const struct ctl_command *commands;
} groups[] = {
	{ "Calls", calls_commands },
	{ NULL, watch_commands },
	{ NULL, media_commands },
	{ "Monitoring", monitor_commands },
	{ "Hands, invitations and incoming calls", people_commands },
	{ NULL, notices_commands },
	{ "Who may see and monitor whom", access_commands },
	{ NULL, extensions_commands },
	{ "Who is who", users_commands },
	{ NULL, directory_commands },
	{ NULL, load_commands },
	{ "Organisations", organisation_commands },
	{ "The record of what was done", audit_commands },
	{ "The appliance, and all else", stats_commands },
	{ NULL, generic_commands },
};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

/* --- help --- */

static void print_usage(FILE *out)
{
	fputs("Usage: bridgetapctl [options] COMMAND [arguments]\n"
	      "       bridgetapctl COMMAND --help\n"
	      "\n"
	      "Talks to the control plane of Bridgetap, as any gRPC client would.\n",
		out);
	for (unsigned i = 0; i < GROUPS; i++) {
		if (groups[i].title != NULL)
			fprintf(out, "\n%s:\n", groups[i].title);
		for (const struct ctl_command *c = groups[i].commands; c->path != NULL; c++)
			fprintf(out, "  %-18s %s\n", c->path, c->help);
	}
	fputs("\n"
	      "Options (and the environment variables that set them):\n"
	      "  -s, --socket PATH        the control plane's socket (BRIDGETAP_SOCKET;\n"
	      "                           default " DEFAULT_SOCKET ")\n"
	      "  -o, --organisation ID    act within this organisation (BRIDGETAP_ORGANISATION)\n"
	      "  -u, --user ID            act as this user (BRIDGETAP_USER)\n"
	      "  -j, --json               answer in JSON\n"
	      "  -t, --timeout SECONDS    give up after this long (default 10)\n"
	      "  -V, --version            print the version\n"
	      "  -h, --help               print this\n"
	      "\n"
	      "Exit codes: 0 done; 1 wrong usage; 2 not reachable; 3 refused.\n",
		out);
}

/* Whether the path is this word alone, or begins with it. */
static bool is_under(const char *path, const char *word)
{
	size_t length = strlen(word);

	return strncmp(path, word, length) == 0 && (path[length] == '\0' || path[length] == ' ');
}

/* The commands that begin with a word: "access show", "access set" ... False for none. */
static bool print_family(FILE *out, const char *word)
{
	bool found = false;

	for (unsigned i = 0; i < GROUPS; i++)
		for (const struct ctl_command *c = groups[i].commands; c->path != NULL; c++) {
			if (!is_under(c->path, word))
				continue;
			fprintf(out, "%s bridgetapctl %s %s\n           %s\n",
				found ? "      " : "Usage:", c->path, c->operands, c->help);
			found = true;
		}
	return found;
}

/* --- running --- */

/* How many words of the command line are the path; 0 where it is another command. */
static int match(const char *path, int argc, char **argv)
{
	const char *space = strchr(path, ' ');
	size_t length = space != NULL ? (size_t)(space - path) : strlen(path);

	if (strlen(argv[0]) != length || strncmp(argv[0], path, length) != 0)
		return 0;
	if (space == NULL)
		return 1;
	return argc > 1 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

/* The command with the longer path wins: "invite list CALL" invites nobody into a call "list". */
static const struct ctl_command *find_command(int argc, char **argv, int *words)
{
	const struct ctl_command *found = NULL;

	*words = 0;
	for (unsigned i = 0; i < GROUPS; i++)
		for (const struct ctl_command *c = groups[i].commands; c->path != NULL; c++)
			if (match(c->path, argc, argv) > *words) {
				*words = match(c->path, argc, argv);
				found = c;
			}
	return found;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	int words, code;
	const struct ctl_command *command = find_command(argc, argv, &words);
	bool help = argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0);

	if (command == NULL) {
		if (print_family(help ? stdout : stderr, argv[0]))
			return help ? CTL_OK : CTL_USAGE;
		return ctl_usage("there is no command \"%s\"; see bridgetapctl --help", argv[0]);
	}
	argc -= words - 1; /* options are parsed with a word in front */
	argv += words - 1;
	if (!ctl_parse_options(ctl, command, &argc, &argv))
		return ctl->code;
	code = command->run(ctl, argc, argv);
	client_close(ctl->client);
	return code;
}

static const char *environment(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : otherwise;
}

/* The options before the command. False where there is nothing more to do. */
static bool parse_options(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "organisation", required_argument, NULL, 'o' },
		{ "user", required_argument, NULL, 'u' },
		{ "json", no_argument, NULL, 'j' },
		{ "timeout", required_argument, NULL, 't' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	/* "+": options end at the command, which has its own. */
	while ((option = getopt_long(argc, argv, "+s:o:u:jt:Vh", options, NULL)) != -1) {
		switch (option) {
		case 's':
			ctl->options.socket = optarg;
			break;
		case 'o':
			ctl->options.organisation = optarg;
			break;
		case 'u':
			ctl->options.user = optarg;
			break;
		case 'j':
			ctl->json = true;
			break;
		case 't':
			ctl->options.timeout_s = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'V':
			puts("bridgetapctl " BRIDGETAP_VERSION);
			return false;
		case 'h':
			print_usage(stdout);
			return false;
		default:
			print_usage(stderr);
			ctl->code = CTL_USAGE;
			return false;
		}
	}
	if (optind < argc)
		return true;
	print_usage(stderr);
	ctl->code = CTL_USAGE;
	return false;
}

int main(int argc, char **argv)
{
	struct ctl ctl = {
		.options = {
			.socket = environment("BRIDGETAP_SOCKET", DEFAULT_SOCKET),
			.organisation = environment("BRIDGETAP_ORGANISATION", ""),
			.user = environment("BRIDGETAP_USER", ""),
			.timeout_s = DEFAULT_TIMEOUT,
		},
	};

	if (!parse_options(&ctl, argc, argv))
		return ctl.code;
	return run(&ctl, argc - optind, argv + optind);
}
