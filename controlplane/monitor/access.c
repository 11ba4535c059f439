/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/access.h"

#include <string.h>

static bool has_role(const struct text_list *roles, const struct user *user)
{
	const struct text_list *own = &user_settings(user)->roles;

	if (roles->count == 0)
		return false;
	if (text_list_has(roles, user_role_id(user_settings(user)->role)))
		return true;
	for (unsigned i = 0; i < own->count; i++)
		if (text_list_has(roles, own->texts[i]))
			return true;
	return false;
}

static bool is_included(const struct access_list *list, const struct user *user)
{
	return text_list_has(&list->included_users, user->entry.id) ||
	       has_role(&list->included_roles, user);
}

static bool is_excluded(const struct access_list *list, const struct user *user)
{
	return text_list_has(&list->excluded_users, user->entry.id) ||
	       has_role(&list->excluded_roles, user);
}

static bool tier_permits(const struct access_tier *tier, const struct user *user)
{
	switch (tier->option) {
	case ACCESS_EVERYONE:
		return true;
	case ACCESS_LISTED:
		return is_included(&tier->list, user) && !is_excluded(&tier->list, user);
	default:
		return false;
	}
}

static bool is_owner(const struct extension *extension, const struct user *user)
{
	return strcmp(extension_settings(extension)->user, user->entry.id) == 0;
}

static const struct extension *extension_of(const struct call *call)
{
	const struct user *agent = user_find(call->organisation, call->agent_user);

	return agent != NULL ? agent->extension : NULL;
}

bool access_permits_monitoring(const struct call *call, const struct user *user)
{
	const struct extension *extension = extension_of(call);
	enum user_role role = user_settings(user)->role;
	bool permitted = role == USER_ROLE_ADMIN ||
			 (role == USER_ROLE_SUPERVISOR &&
				 call->organisation->settings.supervisors_monitor_by_default);
	const struct access_list *list;

	if (extension == NULL)
		return permitted;
	list = &extension_settings(extension)->access.monitoring;
	return (permitted || is_included(list, user)) && !is_excluded(list, user);
}

bool access_has_consent(const struct call *call)
{
	const struct organisation_settings *settings = &call->organisation->settings;
	const struct extension *extension;

	if (!settings->consent_accepted)
		return false;
	if (!settings->consent_of_users_required)
		return true;
	extension = extension_of(call);
	return extension != NULL && extension_settings(extension)->consented;
}

bool access_shows_callers(const struct extension *extension, const struct user *user)
{
	return user == NULL || is_owner(extension, user) ||
	       tier_permits(&extension_settings(extension)->access.callers, user);
}

bool access_shows_status(const struct extension *extension, const struct user *user)
{
	return access_shows_callers(extension, user) ||
	       tier_permits(&extension_settings(extension)->access.status, user);
}

bool access_is_editable(const struct organisation *organisation, const struct extension *extension,
	const struct user *user)
{
	return user == NULL || user_settings(user)->role == USER_ROLE_ADMIN ||
	       (organisation->settings.users_edit_own_access && is_owner(extension, user));
}

bool access_may_consent(const struct extension *extension, const struct user *user)
{
	return user == NULL || user_settings(user)->role == USER_ROLE_ADMIN ||
	       is_owner(extension, user);
}
