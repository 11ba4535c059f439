/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CTL_CTL_H
#define BRIDGETAP_CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>

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
	struct client *client; /* NULL until the first call */
	bool json;	       /* answers as JSON instead of tables */
	int code;	       /* of what has failed last */
};

/* --- commands (main.c) --- */

/* What an option takes, and what `into` points to. */
enum ctl_kind {
	CTL_FLAG,     /* nothing; bool */
	CTL_TEXT,     /* char *, into the command line */
	CTL_TEXTS,    /* may be given often; char **, with their number in `count` */
	CTL_WORD,     /* a value of the enumeration `words`; int */
	CTL_YES_NO,   /* enum ctl_answer */
	CTL_DURATION, /* such as 5m; uint32_t, in seconds */
	CTL_NUMBER,   /* above 0; uint32_t */
};

enum ctl_answer {
	CTL_UNANSWERED,
	CTL_NO,
	CTL_YES,
};

struct ctl_option {
	const char *name; /* without the dashes */
	enum ctl_kind kind;
	void *into; /* static, as a process runs one command */
	size_t *count;
	const ProtobufCEnumDescriptor *words;
	const char *argument; /* in the help: "ID" */
	const char *help;
};

struct ctl_command {
	const char *path; /* one word, or two: "user put" */
	/* The operands are in argv[0] to argv[argc - 1], as many as `least` to `most` say. Returns
	 * an exit code. */
	int (*run)(struct ctl *ctl, int argc, char **argv);
	int least, most;
	const char *operands;		  /* in the help */
	const struct ctl_option *options; /* NULL, or ended by one without a name */
	const char *help;		  /* one line */
	const char *example;		  /* whole lines */
};
#define CTL_ANY_NUMBER 1000000

/* Of each area, ended by one without a path. */
extern const struct ctl_command calls_commands[], watch_commands[], media_commands[];
extern const struct ctl_command monitor_commands[];
extern const struct ctl_command people_commands[], notices_commands[];
extern const struct ctl_command access_commands[], extensions_commands[];
extern const struct ctl_command users_commands[], directory_commands[], load_commands[];
extern const struct ctl_command organisation_commands[], audit_commands[];
extern const struct ctl_command stats_commands[], generic_commands[];

/* Take the options off the arguments of a command; argv[0] is overwritten. Leaves the operands.
 * False where there is nothing more to do, with the exit code in ctl->code. (options.c) */
bool ctl_parse_options(struct ctl *ctl, const struct ctl_command *command, int *argc, char ***argv);

/* --- asking (request.c) --- */

/* From "Calls.CreateCall", "Calls/CreateCall" or either with the package in front. (generic.c) */
bool ctl_find_method(const char *text, struct client_method *found);

/* Print a sentence on standard error; returns CTL_USAGE. */
int ctl_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print why a call failed, with all there is to say. Frees the result. Returns the exit code, which
 * is in ctl->code as well. */
int ctl_failed(struct ctl *ctl, struct client_result *result);

/* Print a message as JSON on one line of its own. */
void ctl_print_json(const void *message);

/* A unary call: the response, to be freed by ctl_free(). NULL, where it failed, after having said
 * why, with the exit code in ctl->code. */
void *ctl_ask(struct ctl *ctl, const char *method, const void *request);

/* The same, and print the response as JSON or, without -j, a sentence. Returns the exit code. */
int ctl_tell(struct ctl *ctl, const char *method, const void *request, const char *sentence);

/* The same, with what to print the response with. */
typedef void ctl_print_fn(const void *response);
int ctl_show(struct ctl *ctl, const char *method, const void *request, ctl_print_fn *print);

/* The same three of a request whose first field is a text, such as an id, and is all there is. */
void *ctl_ask_for(struct ctl *ctl, const char *method, char *text);
int ctl_tell_for(struct ctl *ctl, const char *method, char *text, const char *sentence);
int ctl_show_for(struct ctl *ctl, const char *method, char *text, ctl_print_fn *print);

/* A call with streams; as client_call(), with the connection made and failures told. Returns the
 * exit code. */
int ctl_stream(struct ctl *ctl, const char *method, const struct client_hooks *hooks);

/* The same in two steps, with nothing said in the first, but where there is no connection: false,
 * with the exit code in ctl->code. */
bool ctl_stream_quietly(struct ctl *ctl, const char *method, const struct client_hooks *hooks,
	struct client_result *result);
int ctl_end(struct ctl *ctl, struct client_result *result);

void *ctl_copy(const void *message);
void ctl_free(void *message);

/* Returns the pointer; ends the process where it is NULL, as memory is short. */
void *ctl_need(void *pointer);

/* --- server streams (stream.c) --- */

/* One request, and then what comes, until the server, the hook or the person ends it: SIGINT is no
 * failure. */
struct ctl_watch {
	const char *method;
	const void *request;
	/* False ends it. */
	bool (*message)(void *arg, const void *message);
	/* Called every second that nothing comes; may be NULL. */
	void (*idle)(void *arg);
	void *arg;
};

/* Both as ctl_stream() and ctl_stream_quietly(). */
int ctl_watch(struct ctl *ctl, const struct ctl_watch *watch);
bool ctl_watch_quietly(
	struct ctl *ctl, const struct ctl_watch *watch, struct client_result *result);

/* --- lists of many pages (list.c) --- */

struct ctl_list {
	const char *method;
	void *request;	/* with page_size and page_token, which are filled in */
	uint32_t limit; /* at most this many; 0 for all */
	/* Of each item, without -j; `page` is the response that it came in. */
	void (*item)(void *arg, const void *item, const void *page);
	void *arg;
};

/* Print all items as JSON, or hand them on. Returns the exit code. */
int ctl_list(struct ctl *ctl, const struct ctl_list *list);

/* The same, as a table with these titles (a list that NULL ends); `row` adds the cells of one. */
struct grid;
typedef void ctl_row_fn(struct grid *grid, const void *item);
int ctl_table(struct ctl *ctl, const char *method, void *request, const char *const *titles,
	ctl_row_fn *row);

/* The item with this id, to be freed by ctl_free(), into `found`; NULL where there is none. Returns
 * the exit code. */
int ctl_find(struct ctl *ctl, const char *method, void *request, const char *id, void **found);

#endif
