/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl/calls.h"
#include "monitor/table.h"

/* A table on the terminal that follows the calls; lines of changes where it is none. */

struct shown {
	UT_hash_handle hh; /* by id, in the order in which they came */
	char *id;
	Bridgetap__V1__Call *call;
};

struct view {
	struct ctl *ctl;
	struct grid grid;
	bool drawn;    /* on a terminal, not printed */
	bool open;     /* the terminal's other screen is */
	bool complete; /* the snapshot is */
	Bridgetap__V1__Viewer *viewer;
	struct shown *calls;
};

/* --- what is known --- */

static void forget(struct view *view, struct shown *shown)
{
	HASH_DEL(view->calls, shown);
	ctl_free(shown->call);
	free(shown->id);
	free(shown);
}

static void forget_all(struct view *view)
{
	struct shown *shown, *next;

	HASH_ITER (hh, view->calls, shown, next)
		forget(view, shown);
	view->complete = false;
}

static void remember(struct view *view, const Bridgetap__V1__Call *call)
{
	struct shown *shown;

	HASH_FIND_STR(view->calls, call->id, shown);
	if (shown == NULL) {
		shown = ctl_need(calloc(1, sizeof(*shown)));
		shown->id = ctl_need(strdup(call->id));
		HASH_ADD_KEYPTR(hh, view->calls, shown->id, strlen(shown->id), shown);
		ctl_need(table_has(shown) ? shown : NULL);
	}
	ctl_free(shown->call);
	shown->call = ctl_copy(call);
}

static void take_change(struct view *view, const Bridgetap__V1__WatchCallsResponse *change)
{
	struct shown *shown;

	if (change->restart)
		forget_all(view);
	for (size_t i = 0; i < change->n_calls; i++)
		remember(view, change->calls[i]);
	for (size_t i = 0; i < change->n_gone; i++) {
		HASH_FIND_STR(view->calls, change->gone[i], shown);
		if (shown != NULL)
			forget(view, shown);
	}
	if (change->current)
		view->complete = true;
}

static struct reasons viewer_reasons(const struct view *view)
{
	if (view->viewer == NULL)
		return (struct reasons){ 0 };
	return (struct reasons){ view->viewer->blocked, view->viewer->n_blocked };
}

/* --- the screen --- */

static void draw_title(const struct view *view)
{
	unsigned monitored = 0, hands = 0;
	const struct reasons viewer = viewer_reasons(view);
	char title[512];
	size_t cut;

	for (const struct shown *shown = view->calls; shown != NULL; shown = shown->hh.next) {
		monitored += shown->call->n_monitors > 0;
		hands += shown->call->hand != NULL;
	}
	snprintf(title, sizeof(title), "Bridgetap %.64s: %u calls, %u monitored, %u hands up",
		view->ctl->options.organisation, HASH_COUNT(view->calls), monitored, hands);
	for (size_t i = 0; i < viewer.count; i++)
		snprintf(title + strlen(title), sizeof(title) - strlen(title), "%s%s",
			i ? ", " : "; you cannot join: ", reason_name((int)viewer.items[i]->code));
	cut = strlen(title) < view->grid.screen_width ? strlen(title) : view->grid.screen_width;
	printf("\033[H\033[1m%.*s\033[0m\033[K\n", (int)cut, title);
}

/* Calls with a hand up come first: on a short screen the others are those left out. */
static unsigned add_rows(struct view *view, unsigned room)
{
	const struct reasons viewer = viewer_reasons(view);
	unsigned count = 0;

	for (int hand = 1; hand >= 0; hand--)
		for (const struct shown *shown = view->calls; shown != NULL && count < room;
			shown = shown->hh.next) {
			if ((shown->call->hand != NULL) != (hand == 1))
				continue;
			grid_call(&view->grid, shown->call, &viewer, now_ms());
			count++;
		}
	return count;
}

static void draw(struct view *view)
{
	struct winsize size = { 0 };
	unsigned count;

	if (!view->drawn || !view->complete)
		return;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0 || size.ws_col == 0)
		size = (struct winsize){ .ws_row = 24, .ws_col = 120 }; /* a serial line, say */
	if (!view->open)
		printf("\033[?1049h\033[?25l"); /* the other screen, without a cursor */
	view->open = true;
	grid_fini(&view->grid);
	grid_init(&view->grid, call_titles);
	view->grid.screen_width = size.ws_col;
	draw_title(view);
	count = add_rows(view, size.ws_row > 4 ? size.ws_row - 4u : 0);
	grid_print(&view->grid, true);
	if (count < HASH_COUNT(view->calls))
		printf("... and %u more\033[K\n", HASH_COUNT(view->calls) - count);
	printf("\033[J");
	fflush(stdout);
}

/* --- lines --- */

static void print_change(struct view *view, const Bridgetap__V1__WatchCallsResponse *change)
{
	const struct reasons viewer = viewer_reasons(view);
	bool was_complete = view->complete && !change->restart;

	if (change->restart) { /* what has come of a snapshot before is void */
		grid_fini(&view->grid);
		grid_init(&view->grid, call_titles);
	}
	view->complete = was_complete || change->current;
	for (size_t i = 0; i < change->n_calls; i++)
		grid_call(&view->grid, change->calls[i], &viewer, now_ms());
	if (view->complete)
		grid_print(&view->grid, !was_complete);
	for (size_t i = 0; i < change->n_gone; i++)
		print_line(stdout, "%s gone", change->gone[i]);
	if (change->viewer == NULL)
		return;
	if (viewer.count == 0 && was_complete)
		print_line(stdout, "you: nothing keeps you from joining any more");
	for (size_t i = 0; i < viewer.count; i++)
		print_line(stdout, "you: %s: %s", reason_name((int)viewer.items[i]->code),
			viewer.items[i]->sentence);
}

/* --- the call --- */

static bool changed(void *arg, const void *message)
{
	const Bridgetap__V1__WatchCallsResponse *change = message;
	struct view *view = arg;

	if (change->viewer != NULL) {
		ctl_free(view->viewer);
		view->viewer = ctl_copy(change->viewer);
	}
	if (view->ctl->json) {
		ctl_print_json(change);
	} else if (view->drawn) {
		take_change(view, change);
		draw(view);
	} else {
		print_change(view, change);
	}
	return true;
}

/* A second has passed: durations have grown. */
static void idle(void *arg)
{
	draw(arg);
}

static int watch(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__WatchCallsRequest request = BRIDGETAP__V1__WATCH_CALLS_REQUEST__INIT;
	struct view view = { .ctl = ctl };
	const struct ctl_watch watched = { "Calls.WatchCalls", &request, changed, idle, &view };
	struct client_result result;
	bool called;

	(void)argc;
	(void)argv;
	request.filter = &call_filter;
	grid_init(&view.grid, call_titles);
	view.drawn = view.grid.terminal && !ctl->json;
	called = ctl_watch_quietly(ctl, &watched, &result);
	if (view.open)
		printf("\033[?25h\033[?1049l");
	fflush(stdout);
	forget_all(&view);
	ctl_free(view.viewer);
	grid_fini(&view.grid);
	return called ? ctl_end(ctl, &result) : ctl->code;
}

const struct ctl_command watch_commands[] = {
	{ "watch", watch, 0, 0, "", call_filter_options, "Show the calls live, until interrupted",
		"  bridgetapctl watch --agent ann --agent bob\n" },
	{ 0 },
};
