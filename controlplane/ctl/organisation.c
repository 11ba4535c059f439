/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>

#include "bridgetap/v1/access.pb-c.h"
#include "bridgetap/v1/admin.pb-c.h"
#include "bridgetap/v1/directory.pb-c.h"
#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/parse.h"

/* Organisations, and the settings of one. */

typedef Bridgetap__V1__OrganisationSettings Settings;

/* --- for the operator --- */

static int put(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__PutOrganisationRequest request =
		BRIDGETAP__V1__PUT_ORGANISATION_REQUEST__INIT;
	Bridgetap__V1__Organisation organisation = BRIDGETAP__V1__ORGANISATION__INIT;

	(void)argc;
	organisation.id = argv[0];
	organisation.name = argv[1];
	request.organisation = &organisation;
	return ctl_tell(ctl, "Directory.PutOrganisation", &request, "saved");
}

static int delete (struct ctl *ctl, int argc, char **argv)
{
	(void)argc;
	return ctl_tell_for(ctl, "Directory.DeleteOrganisation", argv[0], "deleted");
}

static void grid_organisation(struct grid *grid, const void *item)
{
	const Bridgetap__V1__Organisation *organisation = item;

	grid_row(grid);
	grid_cell(grid, "%s", organisation->id);
	grid_cell(grid, "%s", organisation->name);
	grid_cell(grid, "%s", organisation->monitoring_off ? "off" : "on");
}

static int list(struct ctl *ctl, int argc, char **argv)
{
	static const char *const titles[] = { "ORGANISATION", "NAME", "MONITORING", NULL };
	Bridgetap__V1__ListOrganisationsRequest request =
		BRIDGETAP__V1__LIST_ORGANISATIONS_REQUEST__INIT;

	(void)argc;
	(void)argv;
	return ctl_table(ctl, "Directory.ListOrganisations", &request, titles, grid_organisation);
}

static void print_monitoring(const void *response)
{
	const Bridgetap__V1__SetMonitoringResponse *set = response;

	printf("done; %u monitors were on a call\n", set->ended);
}

static int monitoring(struct ctl *ctl, int argc, char **argv)
{
	Bridgetap__V1__SetMonitoringRequest request = BRIDGETAP__V1__SET_MONITORING_REQUEST__INIT;
	enum ctl_answer on;

	(void)argc;
	if (!parse_yes_no(argv[1], &on))
		return CTL_USAGE;
	request.organisation_id = argv[0];
	request.off = on == CTL_NO;
	return ctl_show(ctl, "Admin.SetMonitoring", &request, print_monitoring);
}

/* --- settings --- */

static enum ctl_answer accept_consent, require_user_consent, supervisors_monitor, users_edit_own;

static const struct ctl_option settings_options[] = {
	{ "accept-consent", CTL_YES_NO, &accept_consent, NULL, NULL, "yes|no",
		"consent to monitoring is our own responsibility" },
	{ "require-user-consent", CTL_YES_NO, &require_user_consent, NULL, NULL, "yes|no",
		"the user of each extension must consent, too" },
	{ "supervisors-monitor", CTL_YES_NO, &supervisors_monitor, NULL, NULL, "yes|no",
		"supervisors may monitor by default, not admins alone" },
	{ "users-edit-own", CTL_YES_NO, &users_edit_own, NULL, NULL, "yes|no",
		"users may change who sees their own extension" },
	{ 0 },
};

static const char *yes_no(bool value)
{
	return value ? "yes" : "no";
}

static void print_settings(const void *response)
{
	const Settings *settings = response;

	print_line(stdout, "version:              %llu", (unsigned long long)settings->version);
	if (settings->consent_accepted)
		print_line(stdout, "accept-consent:       yes, by %s at %s",
			or_else(settings->consent_accepted_by, "the organisation"),
			TIME(settings->consent_accepted_ms));
	else
		print_line(stdout, "accept-consent:       no: nobody can monitor");
	print_line(stdout, "require-user-consent: %s", yes_no(settings->consent_of_users_required));
	print_line(stdout, "supervisors-monitor:  %s",
		yes_no(settings->supervisors_monitor_by_default));
	print_line(stdout, "users-edit-own:       %s", yes_no(settings->users_edit_own_access));
}

static bool apply(enum ctl_answer answer, protobuf_c_boolean *setting)
{
	if (answer != CTL_UNANSWERED)
		*setting = answer == CTL_YES;
	return answer != CTL_UNANSWERED;
}

/* Whether anything was asked for. */
static bool apply_all(Settings *settings)
{
	bool any = apply(accept_consent, &settings->consent_accepted);

	any |= apply(require_user_consent, &settings->consent_of_users_required);
	any |= apply(supervisors_monitor, &settings->supervisors_monitor_by_default);
	any |= apply(users_edit_own, &settings->users_edit_own_access);
	return any;
}

static int settings_of(struct ctl *ctl, int argc, char **argv)
{
	const Bridgetap__V1__GetOrganisationSettingsRequest get =
		BRIDGETAP__V1__GET_ORGANISATION_SETTINGS_REQUEST__INIT;
	Bridgetap__V1__SetOrganisationSettingsRequest set =
		BRIDGETAP__V1__SET_ORGANISATION_SETTINGS_REQUEST__INIT;
	Settings nothing = BRIDGETAP__V1__ORGANISATION_SETTINGS__INIT;
	int code;

	(void)argc;
	(void)argv;
	if (!apply_all(&nothing))
		return ctl_show(ctl, "Access.GetOrganisationSettings", &get, print_settings);
	set.settings = ctl_ask(ctl, "Access.GetOrganisationSettings", &get);
	if (set.settings == NULL)
		return ctl->code;
	apply_all(set.settings);
	code = ctl_show(ctl, "Access.SetOrganisationSettings", &set, print_settings);
	ctl_free(set.settings);
	return code;
}

const struct ctl_command organisation_commands[] = {
	{ "org put", put, 2, 2, "ID NAME", NULL, "Create an organisation, or rename it",
		"  bridgetapctl org put acme 'Acme Ltd'\n" },
	{ "org list", list, 0, 0, "", NULL, "List the organisations", "  bridgetapctl org list\n" },
	{ "org delete", delete, 1, 1, "ID", NULL,
		"Delete an organisation that has no calls, with all its settings",
		"  bridgetapctl org delete acme\n" },
	{ "org settings", settings_of, 0, 0, "", settings_options,
		"Show the settings of the organisation, or change them",
		"  bridgetapctl -o acme org settings --accept-consent yes\n" },
	{ "org monitoring", monitoring, 2, 2, "ID on|off", NULL,
		"Switch monitoring on or off for a whole organisation, for the operator",
		"  bridgetapctl org monitoring acme off\n" },
	{ 0 },
};
