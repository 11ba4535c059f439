/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <unistd.h>

#include "bridgetap/v1/admin.pb-c.h"
#include "ctl/ctl.h"
#include "ctl/format.h"

/* The record of what was done, and whether it is what was written. */

/* --- list --- */

static bool newest_first;
static uint32_t limit;

static const struct ctl_option list_options[] = {
	{ "newest", CTL_FLAG, &newest_first, NULL, NULL, NULL, "the newest ones first" },
	{ "limit", CTL_NUMBER, &limit, NULL, NULL, "N", "at most so many" },
	{ 0 },
};

static const char *const titles[] = { "NUMBER", "TIME", "ORGANISATION", "ACTOR", "UID", "ACTION",
	"CALL", "SUBJECT", "DETAIL", "REASONS", NULL };

#define ROWS_AT_ONCE 1000 /* an audit may be longer than memory */

struct listing {
	struct grid grid;
	bool titled;
};

static void print_rows(struct listing *listing)
{
	grid_print(&listing->grid, !listing->titled);
	listing->titled = true;
}

static void grid_record(void *arg, const void *item, const void *page)
{
	const Bridgetap__V1__AuditRecord *record = item;
	struct listing *listing = arg;
	struct grid *grid = &listing->grid;

	(void)page;
	if (grid->n_rows == ROWS_AT_ONCE)
		print_rows(listing);
	grid_row(grid);
	grid_cell(grid, "%llu", (unsigned long long)record->number);
	grid_cell(grid, "%s", TIME(record->at_ms));
	grid_cell(grid, "%s", record->organisation);
	grid_cell(grid, "%s", record->actor);
	if (record->peer_uid < 0)
		grid_cell(grid, "%s", ""); /* the appliance itself */
	else
		grid_cell(grid, "%lld", (long long)record->peer_uid);
	grid_cell(grid, "%s", record->action);
	grid_cell(grid, "%s", record->call);
	grid_cell(grid, "%s", record->subject);
	grid_cell(grid, "%s", record->detail);
	grid_cell(grid, "%s", "");
	for (size_t i = 0; i < record->n_reasons; i++)
		grid_more(grid, "%s", reason_name((int)record->reasons[i]));
}

static int list(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__ListAuditRequest request = BRIDGETAP__V1__LIST_AUDIT_REQUEST__INIT;
	struct listing listing = { 0 };
	const struct ctl_list all = { "Admin.ListAudit", &request, limit, grid_record, &listing };
	int code;

	(void)argc;
	(void)argv;
	request.newest_first = newest_first;
	grid_init(&listing.grid, titles);
	code = ctl_list(ctl, &all);
	if (code == CTL_OK && !ctl->json)
		print_rows(&listing);
	grid_fini(&listing.grid);
	return code;
}

/* --- verify --- */

struct verification {
	bool progress; /* show it */
	Bridgetap__V1__VerifyAuditResponse *last;
};

static bool verified(void *arg, const void *message)
{
	const Bridgetap__V1__VerifyAuditResponse *response = message;
	struct verification *verification = arg;

	if (verification->progress)
		fprintf(stderr, "\r%llu of %llu records\033[K%s",
			(unsigned long long)response->verified, (unsigned long long)response->total,
			response->done ? "\r\033[K" : "");
	ctl_free(verification->last);
	verification->last = ctl_copy(response);
	return true;
}

static void print_verdict(const Bridgetap__V1__VerifyAuditResponse *verdict)
{
	if (verdict->intact)
		print_line(stdout, "intact: %llu records", (unsigned long long)verdict->verified);
	else
		print_line(stdout, "BROKEN at record %llu: %s",
			(unsigned long long)verdict->broken_at, verdict->sentence);
	fputs("head: ", stdout);
	for (size_t i = 0; i < verdict->head.len; i++)
		printf("%02x", verdict->head.data[i]);
	putchar('\n');
}

static int verify(struct ctl *ctl, int argc, char **argv)
{
	const Bridgetap__V1__VerifyAuditRequest request = BRIDGETAP__V1__VERIFY_AUDIT_REQUEST__INIT;
	struct verification verification = { .progress = isatty(STDERR_FILENO) };
	const struct ctl_watch watch = { "Admin.VerifyAudit", &request, verified, NULL,
		&verification };
	const Bridgetap__V1__VerifyAuditResponse *verdict;
	int code = ctl_watch(ctl, &watch);

	(void)argc;
	(void)argv;
	verdict = verification.last;
	if (code == CTL_OK && (verdict == NULL || !verdict->done)) {
		print_line(stderr, "bridgetapctl: the audit was not verified to its end");
		code = CTL_REFUSED;
	} else if (code == CTL_OK) {
		if (ctl->json)
			ctl_print_json(verdict);
		else
			print_verdict(verdict);
		code = verdict->intact ? CTL_OK : CTL_REFUSED;
	}
	ctl_free(verification.last);
	return code;
}

const struct ctl_command audit_commands[] = {
	{ "audit list", list, 0, 0, "", list_options,
		"List what was done, by whom, and what came of it",
		"  bridgetapctl audit list --newest --limit 20\n" },
	{ "audit verify", verify, 0, 0, "", NULL,
		"Check that no record was altered or removed; exits with 3 where one was",
		"  bridgetapctl audit verify\n" },
	{ 0 },
};
