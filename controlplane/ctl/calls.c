/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "ctl/calls.h"

#include <stdio.h>

#include "ctl/legs.h"
#include "ctl/parse.h"

Bridgetap__V1__CallFilter call_filter = BRIDGETAP__V1__CALL_FILTER__INIT;

const struct ctl_option call_filter_options[] = {
	{ "agent", CTL_TEXTS, &call_filter.agent_users, &call_filter.n_agent_users, NULL, "USER",
		"of this agent; given often, of any of them" },
	{ "group", CTL_TEXTS, &call_filter.groups, &call_filter.n_groups, NULL, "GROUP",
		"of this group" },
	{ "tag", CTL_TEXTS, &call_filter.tags, &call_filter.n_tags, NULL, "TAG", "with this tag" },
	{ "direction", CTL_WORD, &call_filter.direction, NULL,
		&bridgetap__v1__direction__descriptor, "in|out", "in: the customer has called" },
	{ "longer-than", CTL_DURATION, &call_filter.duration_at_least_s, NULL, NULL, "DURATION",
		"that have lasted this long at least: 90s, 5m, 1h" },
	{ "shorter-than", CTL_DURATION, &call_filter.duration_at_most_s, NULL, NULL, "DURATION",
		"that have lasted this long at most" },
	{ 0 },
};

/* --- rows --- */

const char *const call_titles[] = { "CALL", "AGENT", "CONTACT", "DIR", "DURATION", "GROUPS", "TAGS",
	"REC", "HAND", "MONITORED BY", "CANNOT JOIN", NULL };

static void cell_hand(struct grid *grid, const Bridgetap__V1__Hand *hand)
{
	if (hand == NULL) {
		grid_cell(grid, "%s", "");
		return;
	}
	grid_colour(grid, GRID_ORANGE);
	if (*hand->attended_by == '\0')
		grid_cell(grid, "HAND");
	else
		grid_cell(
			grid, "attended by %s", or_else(hand->attended_by_name, hand->attended_by));
}

void grid_call(struct grid *grid, const Bridgetap__V1__Call *call, const struct reasons *viewer,
	uint64_t at_ms)
{
	const struct reasons blocked = { call->blocked, call->n_blocked };
	char duration[DURATION_SIZE];

	grid_row(grid);
	grid_cell(grid, "%s", call->id);
	grid_cell(grid, "%s", or_else(call->agent_name, call->agent_user));
	grid_cell(grid, "%s", call->contact_number);
	grid_cell(grid, "%s", WORD(bridgetap__v1__direction__descriptor, call->direction));
	grid_cell(grid, "%s",
		format_duration(duration, at_ms > call->created_ms ? at_ms - call->created_ms : 0));
	grid_list(grid, call->groups, call->n_groups);
	grid_list(grid, call->tags, call->n_tags);
	grid_cell(grid, "%s", WORD(bridgetap__v1__recording_state__descriptor, call->recording));
	cell_hand(grid, call->hand);
	grid_cell(grid, "%s", "");
	for (size_t i = 0; i < call->n_monitors; i++)
		grid_more(grid, "%s (%s)",
			or_else(call->monitors[i]->user_name, call->monitors[i]->user),
			MODE_WORD(call->monitors[i]->mode));
	grid_reasons(grid, viewer, &blocked);
}

/* --- calls --- */

struct listing {
	struct grid grid;
	uint64_t now_ms;
	unsigned calls;
};

static void add_call(void *arg, const void *item, const void *page)
{
	const Bridgetap__V1__ListCallsResponse *response = page;
	const struct reasons viewer = { response->viewer_blocked, response->n_viewer_blocked };
	struct listing *listing = arg;

	grid_call(&listing->grid, item, &viewer, listing->now_ms);
	listing->calls++;
}

static int list_calls(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__ListCallsRequest request = BRIDGETAP__V1__LIST_CALLS_REQUEST__INIT;
	struct listing listing = { .now_ms = now_ms() };
	const struct ctl_list list = {
		.method = "Calls.ListCalls",
		.request = &request,
		.item = add_call,
		.arg = &listing,
	};
	int code;

	(void)argc;
	(void)argv;
	request.filter = &call_filter;
	grid_init(&listing.grid, call_titles);
	code = ctl_list(ctl, &list);
	if (code == CTL_OK && !ctl->json) {
		grid_print(&listing.grid, true);
		printf("%u calls\n", listing.calls);
	}
	grid_fini(&listing.grid);
	return code;
}

/* --- transfer --- */

static void print_transferred(const void *response)
{
	const Bridgetap__V1__Call *call = response;

	print_line(stdout, "call %s: %s is the agent; send media to %s", call->id,
		or_else(call->agent_name, call->agent_user),
		ADDRESS(call->agent != NULL ? call->agent->local : NULL));
	for (size_t i = 0; i < call->n_monitors; i++)
		print_line(stdout, "%s goes on monitoring (%s)",
			or_else(call->monitors[i]->user_name, call->monitors[i]->user),
			MODE_WORD(call->monitors[i]->mode));
}

static int transfer(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__TransferCallRequest request = BRIDGETAP__V1__TRANSFER_CALL_REQUEST__INIT;
	struct parsed_media parsed;

	request.call_id = argv[0];
	request.agent_user = argv[1];
	if (argc > 2) {
		if (!parse_media(argv[2], argc > 3 ? argv[3] : NULL, &parsed))
			return CTL_USAGE;
		request.agent = &parsed.media;
	}
	return ctl_show(ctl, "Calls.TransferCall", &request, print_transferred);
}

/* --- end --- */

static void print_ended(const void *response)
{
	const Bridgetap__V1__DeleteCallResponse *ended = response;

	puts("ended");
	print_legs(ended->legs, ended->n_legs);
}

static int end(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return ctl_show_for(ctl, "Calls.DeleteCall", argv[0], print_ended);
}

const struct ctl_command calls_commands[] = {
	{ "calls", list_calls, 0, 0, "", call_filter_options,
		"List the calls, and why one cannot be joined",
		"  bridgetapctl calls --group sales --tag vip --longer-than 5m\n" },
	{ "transfer", transfer, 2, 4, "CALL USER [ADDRESS:PORT [pcmu|pcma|g722]]", NULL,
		"Make another user the agent of a call, at their own phone",
		"  bridgetapctl transfer c1 bob 192.0.2.12:4000\n" },
	{ "end", end, 1, 1, "CALL", NULL,
		"End a call and show its last statistics (these to the operator alone)",
		"  bridgetapctl end c1\n" },
	{ 0 },
};
