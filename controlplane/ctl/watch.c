/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "monitor/table.h"
#include "proto/unpack.h"

/* A table on the terminal that follows the calls; lines of changes where it is none. */

struct shown {
	UT_hash_handle hh; /* by id */
	Bridgetap__V1__Call *call;
};

struct view {
	struct ctl *ctl;
	bool terminal;
	bool asked;
	struct shown *calls;
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static void forget(struct view *view, struct shown *shown)
{
	HASH_DEL(view->calls, shown);
	unpacked_free(&shown->call->base);
	free(shown);
}

static struct shown *find(const struct view *view, const char *id)
{
	struct shown *shown;

	HASH_FIND_STR(view->calls, id, shown);
	return shown;
}

static Bridgetap__V1__Call *copy_call(const Bridgetap__V1__Call *call)
{
	size_t length = bridgetap__v1__call__get_packed_size(call);
	uint8_t *bytes = malloc(length + 1);
	Bridgetap__V1__Call *copy = NULL;

	if (bytes != NULL) {
		bridgetap__v1__call__pack(call, bytes);
		copy = bridgetap__v1__call__unpack(NULL, length, bytes);
	}
	free(bytes);
	return copy;
}

static void remember(struct view *view, const Bridgetap__V1__Call *call)
{
	struct shown *shown = find(view, call->id);

	if (shown != NULL)
		forget(view, shown);
	shown = calloc(1, sizeof(*shown));
	if (shown == NULL)
		return;
	shown->call = copy_call(call);
	if (shown->call == NULL) {
		free(shown);
		return;
	}
	HASH_ADD_KEYPTR(hh, view->calls, shown->call->id, strlen(shown->call->id), shown);
}

static void draw(const struct view *view)
{
	struct winsize size = { 0 };
	unsigned total = HASH_COUNT(view->calls), shown_count = 0, monitored = 0;
	char line[CTL_LINE_SIZE];
	const struct shown *shown;
	uint64_t now = ctl_now_ms();

	if (!view->terminal)
		return;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || size.ws_col == 0)
		size = (struct winsize){ .ws_row = 24, .ws_col = 120 }; /* a serial line, say */
	for (shown = view->calls; shown != NULL; shown = shown->hh.next)
		monitored += shown->call->n_monitors > 0;
	ctl_format_header(line);
	printf("\033[H\033[1mBridgetap %s: %u calls, %u "
	       "monitored\033[0m\033[K\n\033[7m%.*s\033[0m\033[K\n",
		view->ctl->options.organisation, total, monitored, size.ws_col, line);
	for (shown = view->calls; shown != NULL && shown_count + 4 < size.ws_row;
		shown = shown->hh.next, shown_count++) {
		ctl_format_call(line, shown->call, now);
		printf("%s%.*s\033[0m\033[K\n", shown->call->n_monitors > 0 ? "\033[33m" : "",
			size.ws_col, line);
	}
	if (shown_count < total)
		printf("... and %u more\033[K\n", total - shown_count);
	printf("\033[J");
	fflush(stdout);
}

static void print_change(const struct view *view, const Bridgetap__V1__WatchCallsResponse *change)
{
	char line[CTL_LINE_SIZE];

	if (view->ctl->json) {
		ctl_print_json(&change->base);
		return;
	}
	for (size_t i = 0; i < change->n_calls; i++) {
		ctl_format_call(line, change->calls[i], ctl_now_ms());
		puts(line);
	}
	for (size_t i = 0; i < change->n_gone; i++)
		printf("%-20.20s ended\n", change->gone[i]);
	fflush(stdout);
}

static void changed(void *arg, const ProtobufCMessage *message)
{
	const Bridgetap__V1__WatchCallsResponse *change = (const void *)message;
	struct view *view = arg;
	struct shown *shown, *next;

	if (!view->terminal || view->ctl->json) {
		print_change(view, change);
		return;
	}
	if (change->restart)
		HASH_ITER (hh, view->calls, shown, next)
			forget(view, shown);
	for (size_t i = 0; i < change->n_calls; i++)
		remember(view, change->calls[i]);
	for (size_t i = 0; i < change->n_gone; i++) {
		shown = find(view, change->gone[i]);
		if (shown != NULL)
			forget(view, shown);
	}
	draw(view);
}

static bool next_request(void *arg, const ProtobufCMessage **message)
{
	static const Bridgetap__V1__WatchCallsRequest request =
		BRIDGETAP__V1__WATCH_CALLS_REQUEST__INIT;
	struct view *view = arg;

	*message = &request.base;
	if (view->asked)
		return false;
	view->asked = true;
	return true;
}

/* A second has passed: durations have grown. */
static bool idle(void *arg)
{
	draw(arg);
	return !interrupted;
}

int ctl_watch(struct ctl *ctl, int argc, char **argv)
{
	const struct client_method method = { &bridgetap__v1__calls__descriptor,
		protobuf_c_service_descriptor_get_method_by_name(
			&bridgetap__v1__calls__descriptor, "WatchCalls") };
	struct view view = { .ctl = ctl, .terminal = isatty(STDOUT_FILENO) };
	const struct client_hooks hooks = { next_request, changed, idle, &view };
	const struct sigaction action = { .sa_handler = interrupt };
	struct client_result result;
	struct shown *shown, *next;

	(void)argv;
	if (argc > 1)
		return ctl_usage("watch takes no arguments");
	sigaction(SIGINT, &action, NULL);
	if (view.terminal && !ctl->json)
		printf("\033[?1049h\033[?25l"); /* the other screen, without a cursor */
	client_call(ctl->client, &method, &hooks, &result);
	if (view.terminal && !ctl->json)
		printf("\033[?25h\033[?1049l");
	HASH_ITER (hh, view.calls, shown, next)
		forget(&view, shown);
	if (!interrupted && result.status != GRPC_OK)
		return ctl_failed(&result);
	client_result_free(&result);
	return CTL_OK;
}
