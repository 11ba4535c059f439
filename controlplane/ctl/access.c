/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "bridgetap/v1/access.pb-c.h"
#include "ctl/access_list.h"
#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/parse.h"

/* Who may see the status of an extension, who is connected to it, and who may monitor its calls. A
 * setting is read, changed and saved with the version that was read: what somebody else has saved
 * meanwhile is not lost. */

typedef Bridgetap__V1__AccessSettings Settings;
typedef Bridgetap__V1__AccessTier Tier;
typedef Bridgetap__V1__AccessList List;

/* --- show --- */

static const char *const settings_titles[] = { "WHO", "OPTION", "INCLUDED", "EXCLUDED", NULL };

static void grid_setting(struct grid *grid, const char *who, const char *option, const List *list)
{
	static const List empty = BRIDGETAP__V1__ACCESS_LIST__INIT;

	if (list == NULL)
		list = &empty;
	grid_row(grid);
	grid_cell(grid, "%s", who);
	grid_cell(grid, "%s", option);
	grid_cell(grid, "%s", "");
	for (size_t i = 0; i < list->n_included_roles; i++)
		grid_more(grid, "role:%s", list->included_roles[i]);
	for (size_t i = 0; i < list->n_included_users; i++)
		grid_more(grid, "user:%s", list->included_users[i]);
	grid_cell(grid, "%s", "");
	for (size_t i = 0; i < list->n_excluded_roles; i++)
		grid_more(grid, "role:%s", list->excluded_roles[i]);
	for (size_t i = 0; i < list->n_excluded_users; i++)
		grid_more(grid, "user:%s", list->excluded_users[i]);
}

static void grid_tier(struct grid *grid, const char *who, const Tier *tier)
{
	int option = tier != NULL ? (int)tier->option : 0;

	if (option == BRIDGETAP__V1__ACCESS_OPTION__ACCESS_OPTION_UNSPECIFIED)
		option = BRIDGETAP__V1__ACCESS_OPTION__EVERYONE;
	grid_setting(grid, who, WORD(bridgetap__v1__access_option__descriptor, option),
		tier != NULL ? tier->list : NULL);
}

static void print_settings(const void *response)
{
	const Settings *settings = response;
	struct grid grid;

	print_line(stdout, "extension %s, version %llu", settings->extension_id,
		(unsigned long long)settings->version);
	grid_init(&grid, settings_titles);
	grid_tier(&grid, "status", settings->status);
	grid_tier(&grid, "callers", settings->connected_callers);
	grid_setting(&grid, "monitoring", "", settings->monitoring);
	grid_print(&grid, true);
	grid_fini(&grid);
}

/* Frees them. */
static int save_settings(struct ctl *ctl, Settings *settings)
{
	Bridgetap__V1__SetAccessRequest request = BRIDGETAP__V1__SET_ACCESS_REQUEST__INIT;
	int code;

	request.settings = settings;
	code = ctl_show(ctl, "Access.SetAccess", &request, print_settings);
	ctl_free(settings);
	return code;
}

static int show(struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return ctl_show_for(ctl, "Access.GetAccess", argv[0], print_settings);
}

/* --- set --- */

static int chosen_status, chosen_callers; /* 0: as it is */

static const struct ctl_option set_options[] = {
	{ "status", CTL_WORD, &chosen_status, NULL, &bridgetap__v1__access_option__descriptor,
		"everyone|nobody|listed", "who sees the status" },
	{ "callers", CTL_WORD, &chosen_callers, NULL, &bridgetap__v1__access_option__descriptor,
		"everyone|nobody|listed", "who sees the status and the connected caller" },
	{ 0 },
};

static void choose(Tier **tier, int option)
{
	if (option != 0)
		access_tier_of(tier)->option = (Bridgetap__V1__AccessOption)option;
}

static int set(struct ctl *ctl, int argc, char **argv)
{
	Settings *settings;

	(void)argc;
	if (chosen_status == 0 && chosen_callers == 0)
		return ctl_usage("access set needs --status or --callers");
	settings = ctl_ask_for(ctl, "Access.GetAccess", argv[0]);
	if (settings == NULL)
		return ctl->code;
	choose(&settings->status, chosen_status);
	choose(&settings->connected_callers, chosen_callers);
	return save_settings(ctl, settings);
}

/* --- add, remove, exclude --- */

static bool is_list(const char *name)
{
	return strcasecmp(name, "status") == 0 || strcasecmp(name, "callers") == 0 ||
	       strcasecmp(name, "monitoring") == 0;
}

static List *list_of(Settings *settings, const char *name)
{
	if (strcasecmp(name, "status") == 0)
		return access_list_of(&access_tier_of(&settings->status)->list);
	if (strcasecmp(name, "callers") == 0)
		return access_list_of(&access_tier_of(&settings->connected_callers)->list);
	return access_list_of(&settings->monitoring);
}

static bool are_entries(int count, char **entries)
{
	for (int i = 0; i < count; i++) {
		const char *colon = strchr(entries[i], ':');

		if ((strncmp(entries[i], "user:", 5) == 0 ||
			    strncmp(entries[i], "role:", 5) == 0) &&
			colon[1] != '\0')
			continue;
		ctl_usage("\"%s\" is neither user:ID nor role:ID", entries[i]);
		return false;
	}
	return true;
}

static void warn_of_no_effect(const Settings *settings, const char *name)
{
	const Tier *tier = strcasecmp(name, "status") == 0    ? settings->status
			   : strcasecmp(name, "callers") == 0 ? settings->connected_callers
							      : NULL;

	if (tier != NULL && tier->option != BRIDGETAP__V1__ACCESS_OPTION__LISTED)
		print_line(stderr,
			"the list is without effect until: bridgetapctl access set %s --%s listed",
			settings->extension_id, name);
}

static int move(struct ctl *ctl, char **argv, int argc, enum access_side side)
{
	Settings *settings;
	List *list;

	if (!is_list(argv[1]))
		return ctl_usage("\"%s\" is none of status, callers, monitoring", argv[1]);
	if (!are_entries(argc - 2, argv + 2))
		return CTL_USAGE;
	settings = ctl_ask_for(ctl, "Access.GetAccess", argv[0]);
	if (settings == NULL)
		return ctl->code;
	list = list_of(settings, argv[1]);
	for (int i = 2; i < argc; i++)
		access_list_move(list, argv[i] + strlen("user:"), argv[i][0] == 'r', side);
	warn_of_no_effect(settings, argv[1]);
	return save_settings(ctl, settings);
}

static int add(struct ctl *ctl, int argc, char **argv)
{
	return move(ctl, argv, argc, ACCESS_INCLUDED);
}

static int exclude(struct ctl *ctl, int argc, char **argv)
{
	return move(ctl, argv, argc, ACCESS_EXCLUDED);
}

static int take_out(struct ctl *ctl, int argc, char **argv)
{
	return move(ctl, argv, argc, ACCESS_NEITHER);
}

/* --- consent --- */

static int consent(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__SetConsentRequest request = BRIDGETAP__V1__SET_CONSENT_REQUEST__INIT;
	enum ctl_answer answer;

	(void)argc;
	if (!parse_yes_no(argv[1], &answer))
		return CTL_USAGE;
	request.extension_id = argv[0];
	request.consented = answer == CTL_YES;
	return ctl_tell(ctl, "Access.SetConsent", &request,
		request.consented ? "recorded: the user has consented"
				  : "recorded: the user has not consented");
}

#define ENTRIES "EXTENSION status|callers|monitoring user:ID|role:ID..."

const struct ctl_command access_commands[] = {
	{ "access show", show, 1, 1, "EXTENSION", NULL, "Show the access setting of an extension",
		"  bridgetapctl access show 101\n" },
	{ "access set", set, 1, 1, "EXTENSION", set_options,
		"Choose who sees the status and the connected caller",
		"  bridgetapctl access set 101 --status everyone --callers listed\n" },
	{ "access add", add, 3, CTL_ANY_NUMBER, ENTRIES, NULL, "Include users and security roles",
		"  bridgetapctl access add 101 monitoring user:sue role:quality\n" },
	{ "access exclude", exclude, 3, CTL_ANY_NUMBER, ENTRIES, NULL,
		"Exclude users and security roles, whatever else includes them",
		"  bridgetapctl access exclude 101 callers user:bob\n" },
	{ "access remove", take_out, 3, CTL_ANY_NUMBER, ENTRIES, NULL,
		"Take users and security roles out of both sides",
		"  bridgetapctl access remove 101 monitoring user:sue\n" },
	{ "access consent", consent, 2, 2, "EXTENSION yes|no", NULL,
		"Record whether the extension's user has consented to being monitored",
		"  bridgetapctl access consent 101 yes\n" },
	{ 0 },
};
