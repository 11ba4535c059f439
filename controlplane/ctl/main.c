/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/json.h"
#include "proto/unpack.h"

#define DEFAULT_SOCKET	"/run/bridgetap/controlplane.sock"
#define DEFAULT_TIMEOUT 10

static const struct {
	const char *name;
	ctl_command_fn *run;
	bool offline; /* needs no connection */
	const char *arguments;
	const char *help;
} commands[] = {
	{ "calls", ctl_calls, false, "", "list the calls of the organisation" },
	{ "watch", ctl_watch, false, "", "show them live, until interrupted" },
	{ "join", ctl_join, false, "CALL listen|whisper|barge ADDRESS:PORT [pcmu|pcma]",
		"monitor a call; ADDRESS:PORT is your phone's RTP" },
	{ "switch", ctl_switch, false, "CALL|SESSION listen|whisper|barge", "change the mode" },
	{ "leave", ctl_leave, false, "CALL|SESSION", "stop monitoring" },
	{ "stats", ctl_stats, false, "[CALL]", "counters and load of the data plane" },
	{ "call", ctl_call, false, "SERVICE.METHOD [JSON...]",
		"any method; requests from the arguments, or from standard input for -" },
	{ "methods", ctl_methods, true, "[SERVICE.METHOD]", "list the methods, or one's fields" },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_usage(FILE *out)
{
	fputs("Usage: bridgetapctl [options] COMMAND [arguments]\n"
	      "\n"
	      "Talks to the control plane of Bridgetap, as any gRPC client would.\n"
	      "\n"
	      "Commands:\n",
		out);
	for (unsigned i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-8s %s%s%s\n", commands[i].name, commands[i].arguments,
			*commands[i].arguments ? "\n           " : "", commands[i].help);
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

int ctl_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bridgetapctl: ", stderr);
	vfprintf(stderr, format, args);
	fputs("\n", stderr);
	va_end(args);
	return CTL_USAGE;
}

int ctl_failed(struct client_result *result)
{
	int code = result->status == GRPC_UNAVAILABLE ? CTL_UNAVAILABLE : CTL_REFUSED;

	fprintf(stderr, "bridgetapctl: %s: %s\n", grpc_status_name(result->status),
		result->sentence);
	for (size_t i = 0; result->refusal != NULL && i < result->refusal->n_reasons; i++) {
		const Bridgetap__V1__Reason *reason = result->refusal->reasons[i];
		const ProtobufCEnumValue *name = protobuf_c_enum_descriptor_get_value(
			&bridgetap__v1__reason_code__descriptor, (int)reason->code);

		fprintf(stderr, "  %s: %s\n", name != NULL ? name->name : "?", reason->sentence);
	}
	client_result_free(result);
	return code;
}

void ctl_print_json(const ProtobufCMessage *message)
{
	json_t *json = json_of_message(message);

	json_dumpf(json, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	putchar('\n');
	fflush(stdout);
	json_decref(json);
}

static const char *environment(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : otherwise;
}

static int run(struct ctl *ctl, int argc, char **argv)
{
	int ret;

	for (unsigned i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].name, argv[0]) != 0)
			continue;
		if (!commands[i].offline) {
			ctl->client = client_connect(&ctl->options);
			if (ctl->client == NULL)
				return CTL_UNAVAILABLE;
		}
		ret = commands[i].run(ctl, argc, argv);
		client_close(ctl->client);
		return ret;
	}
	return ctl_usage("there is no command \"%s\"; see bridgetapctl --help", argv[0]);
}

int main(int argc, char **argv)
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
	struct ctl ctl = {
		.options = {
			.socket = environment("BRIDGETAP_SOCKET", DEFAULT_SOCKET),
			.organisation = environment("BRIDGETAP_ORGANISATION", ""),
			.user = environment("BRIDGETAP_USER", ""),
			.timeout_s = DEFAULT_TIMEOUT,
		},
	};
	int option;

	/* "+": options end at the command, whose arguments may look like options. */
	while ((option = getopt_long(argc, argv, "+s:o:u:jt:Vh", options, NULL)) != -1) {
		switch (option) {
		case 's':
			ctl.options.socket = optarg;
			break;
		case 'o':
			ctl.options.organisation = optarg;
			break;
		case 'u':
			ctl.options.user = optarg;
			break;
		case 'j':
			ctl.json = true;
			break;
		case 't':
			ctl.options.timeout_s = (unsigned)strtoul(optarg, NULL, 10);
			break;
		case 'V':
			puts("bridgetapctl " BRIDGETAP_VERSION);
			return CTL_OK;
		case 'h':
			print_usage(stdout);
			return CTL_OK;
		default:
			print_usage(stderr);
			return CTL_USAGE;
		}
	}
	if (optind == argc) {
		print_usage(stderr);
		return CTL_USAGE;
	}
	return run(&ctl, argc - optind, argv + optind);
}
