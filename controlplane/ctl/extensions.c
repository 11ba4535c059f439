/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>

#include "bridgetap/v1/access.pb-c.h"
#include "ctl/ctl.h"
#include "ctl/format.h"

/* The extensions, as far as the user may see them. */

static bool keep_watching;

static const struct ctl_option options[] = {
	{ "watch", CTL_FLAG, &keep_watching, NULL, NULL, NULL,
		"go on with every change, until interrupted" },
	{ 0 },
};

struct view {
	struct ctl *ctl;
	struct grid grid;
	bool complete; /* the snapshot is, and has been printed */
};

static const char *const titles[] = { "EXTENSION", "NAME", "USER", "STATUS", "CONNECTED TO", NULL };

static void grid_extension(struct grid *grid, const Bridgetap__V1__ExtensionStatus *extension)
{
	grid_row(grid);
	grid_cell(grid, "%s", extension->extension_id);
	grid_cell(grid, "%s", extension->name);
	grid_cell(grid, "%s", or_else(extension->user_name, extension->user));
	if (extension->state == BRIDGETAP__V1__EXTENSION_STATE__CUSTOM)
		grid_cell(grid, "%s", extension->text);
	else
		grid_cell(grid, "%s",
			WORD(bridgetap__v1__extension_state__descriptor, extension->state));
	grid_list(grid, extension->connected_callers, extension->n_connected_callers);
}

static bool changed(void *arg, const void *message)
{
	const Bridgetap__V1__WatchExtensionsResponse *change = message;
	struct view *view = arg;
	bool was_complete = view->complete && !change->restart;

	view->complete = was_complete || change->current;
	if (view->ctl->json) {
		ctl_print_json(change);
		return keep_watching || !view->complete;
	}
	if (change->restart) { /* what has come of a snapshot before is void */
		grid_fini(&view->grid);
		grid_init(&view->grid, titles);
	}
	for (size_t i = 0; i < change->n_extensions; i++)
		grid_extension(&view->grid, change->extensions[i]);
	if (view->complete)
		grid_print(&view->grid, !was_complete);
	for (size_t i = 0; i < change->n_gone; i++)
		print_line(stdout, "%s gone", change->gone[i]);
	return keep_watching || !view->complete;
}

static int extensions(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__WatchExtensionsRequest request =
		BRIDGETAP__V1__WATCH_EXTENSIONS_REQUEST__INIT;
	struct view view = { .ctl = ctl };
	const struct ctl_watch watch = { "Access.WatchExtensions", &request, changed, NULL, &view };
	int code;

	request.n_extension_ids = (size_t)argc;
	request.extension_ids = argv;
	grid_init(&view.grid, titles);
	code = ctl_watch(ctl, &watch);
	grid_fini(&view.grid);
	return code;
}

const struct ctl_command extensions_commands[] = {
	{ "extensions", extensions, 0, CTL_ANY_NUMBER, "[EXTENSION...]", options,
		"Show the status of extensions and who is connected to them",
		"  bridgetapctl extensions --watch 101 102\n" },
	{ 0 },
};
