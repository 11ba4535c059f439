/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CTL_CTL_H
#define BRIDGETAP_CTL_CTL_H

#include <stdbool.h>

#include "bridgetap/v1/calls.pb-c.h"
#include "ctl/client.h"

/* The command line. One process, one command. */

/* Exit codes; documented in the usage. */
enum ctl_exit {
	CTL_OK = 0,
	CTL_USAGE = 1,	     /* the command line is wrong */
	CTL_UNAVAILABLE = 2, /* the control plane, or the data plane behind it, cannot be reached */
	CTL_REFUSED = 3,     /* the appliance said no, and why */
};

struct ctl {
	struct client_options options;
	struct client *client;
	bool json; /* answers as JSON instead of tables */
};

/* A command with its own arguments: argv[0] is its name. Returns an exit code. */
typedef int ctl_command_fn(struct ctl *ctl, int argc, char **argv);

ctl_command_fn ctl_call, ctl_methods;			   /* generic.c */
ctl_command_fn ctl_calls, ctl_join, ctl_switch, ctl_leave; /* commands.c */
ctl_command_fn ctl_stats;				   /* stats.c */
ctl_command_fn ctl_watch;				   /* watch.c */

/* Print a sentence on standard error; returns CTL_USAGE. */
int ctl_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print why a call failed, with all reasons; returns the exit code. Frees the result. */
int ctl_failed(struct client_result *result);

/* Print a message as JSON on one line of its own. */
void ctl_print_json(const ProtobufCMessage *message);

/* One line about a call, or the line above all of them; `now_ms` is since 1970. */
#define CTL_LINE_SIZE 512
void ctl_format_header(char line[static CTL_LINE_SIZE]);
void ctl_format_call(
	char line[static CTL_LINE_SIZE], const Bridgetap__V1__Call *call, uint64_t now_ms);
uint64_t ctl_now_ms(void);

#endif
