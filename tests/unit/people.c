/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include "people.h"

#include <stdlib.h>

#include "monitor/text.h"
#include "monitor/world.h"

static struct refusal refusal;

static void *new_settings(size_t size)
{
	void *settings = calloc(1, size);

	assert_non_null(settings);
	return settings;
}

static void put(
	struct organisation *organisation, enum directory_kind kind, const char *id, void *settings)
{
	struct edit edit;

	edit_begin(&edit, organisation);
	assert_int_equal(edit_put(&edit, kind, id, settings, &refusal), 0);
	assert_int_equal(edit_check(&edit, &refusal), 0);
	edit_commit(&edit);
}

static struct user_settings *user_settings_of(enum user_role role)
{
	struct user_settings *settings = new_settings(sizeof(*settings));

	assert_int_equal(text_replace(&settings->name, "Somebody"), 0);
	settings->role = role;
	return settings;
}

struct user *people_put_user(struct organisation *organisation, const char *id, enum user_role role,
	bool call_monitor_access)
{
	struct user_settings *settings = user_settings_of(role);

	settings->call_monitor_access = call_monitor_access;
	put(organisation, DIRECTORY_USER, id, settings);
	return user_find(organisation, id);
}

struct user *people_put_user_with_role(struct organisation *organisation, const char *id,
	enum user_role role, const char *security_role)
{
	struct user_settings *settings = user_settings_of(role);
	struct label_settings *label;

	if (directory_find(organisation, DIRECTORY_ROLE, security_role) == NULL) {
		label = new_settings(sizeof(*label));
		assert_int_equal(text_replace(&label->name, "Role"), 0);
		put(organisation, DIRECTORY_ROLE, security_role, label);
	}
	assert_int_equal(
		text_list_copy(&settings->roles, (char *[]){ (char *)(uintptr_t)security_role }, 1),
		0);
	put(organisation, DIRECTORY_USER, id, settings);
	return user_find(organisation, id);
}

struct extension *people_put_extension(
	struct organisation *organisation, const char *id, const char *user)
{
	struct extension_settings *settings = new_settings(sizeof(*settings));

	assert_int_equal(text_replace(&settings->name, "Desk"), 0);
	assert_int_equal(text_replace(&settings->user, user), 0);
	settings->consented = true;
	put(organisation, DIRECTORY_EXTENSION, id, settings);
	return extension_find(organisation, id);
}

void people_change_extension(struct organisation *organisation, struct extension *extension,
	void (*change)(struct extension_settings *settings, void *arg), void *arg)
{
	struct extension_settings *settings =
		extension_settings_copy(extension_settings(extension));

	assert_non_null(settings);
	change(settings, arg);
	put(organisation, DIRECTORY_EXTENSION, extension->entry.id, settings);
}

void people_delete(struct organisation *organisation, enum directory_kind kind, const char *id)
{
	struct edit edit;

	edit_begin(&edit, organisation);
	assert_int_equal(edit_delete(&edit, kind, id, &refusal), 0);
	assert_int_equal(edit_check(&edit, &refusal), 0);
	edit_commit(&edit);
}

void people_log_in(struct organisation *organisation, struct user *user)
{
	const bool yes = true;
	const struct presence_report report = { &yes, &yes, PRESENCE_ONLINE, NULL };

	assert_int_equal(user_report_presence(organisation, user, &report, &refusal), 0);
}

void people_open(struct organisation *organisation)
{
	struct organisation_settings settings = organisation->settings;

	settings.consent_accepted = true;
	settings.supervisors_monitor_by_default = true;
	assert_int_equal(organisation_set_settings(organisation, &settings), 0);
}
