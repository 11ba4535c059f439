/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <jansson.h>
#include <stdio.h>

#include "bridgetap/v1/directory.pb-c.h"
#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/json.h"

/* Users, and their presence. */

/* --- put and delete --- */

static Bridgetap__V1__User chosen = BRIDGETAP__V1__USER__INIT;
static bool call_monitor_access;

static const struct ctl_option put_options[] = {
	{ "name", CTL_TEXT, &chosen.name, NULL, NULL, "NAME", "as others see it" },
	{ "role", CTL_WORD, &chosen.role, NULL, &bridgetap__v1__user_role__descriptor,
		"agent|supervisor|admin", "what they may do" },
	{ "security-role", CTL_TEXTS, &chosen.security_roles, &chosen.n_security_roles, NULL, "ID",
		"may be given often" },
	{ "call-monitor-access", CTL_FLAG, &call_monitor_access, NULL, NULL, NULL,
		"an agent who may be invited into calls of others" },
	{ 0 },
};

static void print_saved(const void *response)
{
	const Bridgetap__V1__User *user = response;

	print_line(stdout, "saved user %s", user->id);
}

static int put(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__PutUserRequest request = BRIDGETAP__V1__PUT_USER_REQUEST__INIT;

	(void)argc;
	if (chosen.role == BRIDGETAP__V1__USER_ROLE__USER_ROLE_UNSPECIFIED)
		return ctl_usage("user put needs --role");
	chosen.id = argv[0];
	chosen.call_monitor_access = call_monitor_access;
	request.user = &chosen;
	return ctl_show(ctl, "Directory.PutUser", &request, print_saved);
}

static int delete (struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return ctl_tell_for(ctl, "Directory.DeleteUser", argv[0], "deleted");
}

/* --- list and show --- */

static void grid_user(struct grid *grid, const void *item)
{
	const Bridgetap__V1__User *user = item;

	grid_row(grid);
	grid_cell(grid, "%s", user->id);
	grid_cell(grid, "%s", user->name);
	grid_cell(grid, "%s", WORD(bridgetap__v1__user_role__descriptor, user->role));
	grid_list(grid, user->security_roles, user->n_security_roles);
	grid_cell(grid, "%s", user->call_monitor_access ? "yes" : "");
}

static int list(struct ctl *ctl, int argc, char **argv)
{
	static const char *const titles[] = { "USER", "NAME", "ROLE", "SECURITY ROLES",
		"CALL MONITOR ACCESS", NULL };
	Bridgetap__V1__ListUsersRequest request = BRIDGETAP__V1__LIST_USERS_REQUEST__INIT;

	(void)argc;
	(void)argv;
	return ctl_table(ctl, "Directory.ListUsers", &request, titles, grid_user);
}

static void print_presence(const void *response)
{
	const Bridgetap__V1__Presence *presence = response;

	print_line(stdout, "dashboard: logged %s",
		WORD(bridgetap__v1__login__descriptor, presence->dashboard));
	print_line(stdout, "desktop:   logged %s",
		WORD(bridgetap__v1__login__descriptor, presence->desktop));
	print_line(stdout, "state:     %s",
		WORD(bridgetap__v1__presence_state__descriptor, presence->state));
	if (presence->status_text != NULL && *presence->status_text->text != '\0')
		print_line(stdout, "text:      %s", presence->status_text->text);
}

static void print_user(const Bridgetap__V1__User *user)
{
	print_line(stdout, "user:      %s", user->id);
	print_line(stdout, "name:      %s", or_else(user->name, "-"));
	print_line(stdout, "role:      %s", WORD(bridgetap__v1__user_role__descriptor, user->role));
	for (size_t i = 0; i < user->n_security_roles; i++)
		print_line(
			stdout, "%s %s", i ? "          " : "security: ", user->security_roles[i]);
	print_line(stdout, "access to call monitor: %s", user->call_monitor_access ? "yes" : "no");
}

static void print_both(
	struct ctl *ctl, const Bridgetap__V1__User *user, const Bridgetap__V1__Presence *presence)
{
	json_t *both;

	if (!ctl->json) {
		print_user(user);
		print_presence(presence);
		return;
	}
	both = json_pack("{s:o, s:o}", "user", json_of_message(&user->base), "presence",
		json_of_message(&presence->base));
	json_dumpf(both, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(both);
}

static int show(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__ListUsersRequest request = BRIDGETAP__V1__LIST_USERS_REQUEST__INIT;
	Bridgetap__V1__Presence *presence;
	void *user;
	int code = ctl_find(ctl, "Directory.ListUsers", &request, argv[0], &user);

	(void)argc;
	if (code != CTL_OK)
		return code;
	if (user == NULL) {
		print_line(stderr, "bridgetapctl: NOT_FOUND: there is no user \"%s\"", argv[0]);
		return CTL_REFUSED;
	}
	presence = ctl_ask_for(ctl, "Directory.GetPresence", argv[0]);
	if (presence != NULL)
		print_both(ctl, user, presence);
	else
		code = ctl->code;
	ctl_free(presence);
	ctl_free(user);
	return code;
}

/* --- presence --- */

static Bridgetap__V1__Presence told = BRIDGETAP__V1__PRESENCE__INIT;
static char *told_text;

static const struct ctl_option presence_options[] = {
	{ "dashboard", CTL_WORD, &told.dashboard, NULL, &bridgetap__v1__login__descriptor, "in|out",
		"logged in to the dashboard, or out" },
	{ "desktop", CTL_WORD, &told.desktop, NULL, &bridgetap__v1__login__descriptor, "in|out",
		"logged in to the desktop app, or out" },
	{ "state", CTL_WORD, &told.state, NULL, &bridgetap__v1__presence_state__descriptor,
		"online|away|dnd|offline", "their presence" },
	{ "text", CTL_TEXT, &told_text, NULL, NULL, "TEXT",
		"shown in place of the status; \"\" for none" },
	{ 0 },
};

static int presence_of(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__SetPresenceRequest set = BRIDGETAP__V1__SET_PRESENCE_REQUEST__INIT;
	Bridgetap__V1__StatusText text = BRIDGETAP__V1__STATUS_TEXT__INIT;

	(void)argc;
	if (!told.dashboard && !told.desktop && !told.state && told_text == NULL)
		return ctl_show_for(ctl, "Directory.GetPresence", argv[0], print_presence);
	told.user_id = argv[0];
	if (told_text != NULL) {
		text.text = told_text;
		told.status_text = &text;
	}
	set.presence = &told;
	return ctl_show(ctl, "Directory.SetPresence", &set, print_presence);
}

const struct ctl_command users_commands[] = {
	{ "user put", put, 1, 1, "ID", put_options, "Create a user, or change one whole",
		"  bridgetapctl user put sue --name 'Sue Supervisor' --role supervisor\n" },
	{ "user list", list, 0, 0, "", NULL, "List the users", "  bridgetapctl user list\n" },
	{ "user show", show, 1, 1, "ID", NULL, "Show a user and their presence",
		"  bridgetapctl user show sue\n" },
	{ "user delete", delete, 1, 1, "ID", NULL, "Delete a user",
		"  bridgetapctl user delete sue\n" },
	{ "user presence", presence_of, 1, 1, "ID", presence_options,
		"Tell of log-ins and presence; without options, show them",
		"  bridgetapctl user presence sue --dashboard in --desktop in --state online\n" },
	{ 0 },
};
