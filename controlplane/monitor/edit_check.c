/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/edit.h"

/* --- settings by themselves --- */

static bool is_role_of_users(const char *id)
{
	for (enum user_role role = USER_ROLE_AGENT; role <= USER_ROLE_ADMIN; role++)
		if (strcmp(id, user_role_id(role)) == 0)
			return true;
	return false;
}

static int check_role(
	const char *id, const struct label_settings *settings, struct refusal *refusal)
{
	if (is_role_of_users(id))
		return refuse(refusal, -EINVAL,
			"security_role.id \"%s\" is of a role that is always there", id);
	return text_check("security_role.name", settings->name, NAME_MAX_BYTES, refusal);
}

static int check_user(const struct user_settings *settings, struct refusal *refusal)
{
	if (settings->role < USER_ROLE_AGENT || settings->role > USER_ROLE_ADMIN)
		return refuse(refusal, -EINVAL, "user.role is none of agent, supervisor, admin");
	if (settings->roles.count > USER_ROLES_MAX)
		return refuse(refusal, -EINVAL,
			"user.security_roles has %u entries; %d is the most", settings->roles.count,
			USER_ROLES_MAX);
	return text_check("user.name", settings->name, NAME_MAX_BYTES, refusal);
}

/* No entry on both sides. Each against each: a side has ACCESS_LIST_MAX entries at most. */
static int check_sides(const char *field, const struct text_list *included,
	const struct text_list *excluded, struct refusal *refusal)
{
	if (included->count > ACCESS_LIST_MAX || excluded->count > ACCESS_LIST_MAX)
		return refuse(refusal, -EINVAL, "%s has more than %d entries on one side", field,
			ACCESS_LIST_MAX);
	for (unsigned i = 0; i < excluded->count; i++)
		if (text_list_has(included, excluded->texts[i]))
			return refuse(refusal, -EINVAL,
				"%s has \"%.64s\" on its included and on its excluded side", field,
				excluded->texts[i]);
	return 0;
}

static int check_list(const char *field, const struct access_list *list, struct refusal *refusal)
{
	if (check_sides(field, &list->included_roles, &list->excluded_roles, refusal) < 0)
		return refusal->error;
	return check_sides(field, &list->included_users, &list->excluded_users, refusal);
}

static int check_extension(const struct extension_settings *settings, struct refusal *refusal)
{
	const struct access *access = &settings->access;

	if (text_check("extension.name", settings->name, NAME_MAX_BYTES, refusal) < 0 ||
		check_list("access.status.list", &access->status.list, refusal) < 0 ||
		check_list("access.connected_callers.list", &access->callers.list, refusal) < 0)
		return refusal->error;
	return check_list("access.monitoring", &access->monitoring, refusal);
}

int edit_check_settings(
	enum directory_kind kind, const char *id, const void *settings, struct refusal *refusal)
{
	static const char *const fields[] = { "security_role.id", "group.id", "user.id",
		"extension.id" };
	const struct label_settings *label = settings;

	if (text_check_id(fields[kind], id, ENTRY_ID_MAX, refusal) < 0)
		return refusal->error;
	switch (kind) {
	case DIRECTORY_ROLE:
		return check_role(id, settings, refusal);
	case DIRECTORY_USER:
		return check_user(settings, refusal);
	case DIRECTORY_EXTENSION:
		return check_extension(settings, refusal);
	default:
		return text_check("group.name", label->name, NAME_MAX_BYTES, refusal);
	}
}

/* --- what settings refer to --- */

static bool has_role(const struct organisation *organisation, const char *id)
{
	return is_role_of_users(id) || directory_find(organisation, DIRECTORY_ROLE, id) != NULL;
}

static bool has_user(const struct organisation *organisation, const char *id)
{
	return user_find(organisation, id) != NULL;
}

typedef bool has_fn(const struct organisation *organisation, const char *id);

/* The first entry of a list that is not there; NULL where all are. */
static const char *find_missing(
	const struct organisation *organisation, const struct text_list *list, has_fn *has)
{
	for (unsigned i = 0; i < list->count; i++)
		if (!has(organisation, list->texts[i]))
			return list->texts[i];
	return NULL;
}

static int require_all(const struct organisation *organisation, const char *owner,
	const char *field, const struct text_list *list, has_fn *has, struct refusal *refusal)
{
	const char *missing = find_missing(organisation, list, has);

	return missing == NULL
		       ? 0
		       : refuse(refusal, -EINVAL, "%s of %.64s: there is no %s \"%.64s\"", field,
				 owner, has == has_role ? "security role" : "user", missing);
}

/* The four lists of an access list, one by one. */
#define ACCESS_SIDES 4
static struct text_list *side_of(struct access_list *list, unsigned i, has_fn **has)
{
	struct text_list *const sides[ACCESS_SIDES] = { &list->included_roles,
		&list->included_users, &list->excluded_roles, &list->excluded_users };

	*has = i % 2 == 0 ? has_role : has_user;
	return sides[i];
}

#define ACCESS_LISTS 3
static struct access_list *list_of(struct access *access, unsigned i)
{
	struct access_list *const lists[ACCESS_LISTS] = { &access->status.list,
		&access->callers.list, &access->monitoring };

	return lists[i];
}

static int require_extension(const struct organisation *organisation, const char *id,
	struct extension_settings *settings, struct refusal *refusal)
{
	static const char *const fields[ACCESS_LISTS] = { "access.status.list",
		"access.connected_callers.list", "access.monitoring" };

	if (*settings->user != '\0' && !has_user(organisation, settings->user))
		return refuse(refusal, -EINVAL,
			"extension.user of %.64s: there is no user \"%.64s\"", id, settings->user);
	for (unsigned l = 0; l < ACCESS_LISTS; l++)
		for (unsigned i = 0; i < ACCESS_SIDES; i++) {
			has_fn *has;
			struct text_list *side = side_of(list_of(&settings->access, l), i, &has);

			if (require_all(organisation, id, fields[l], side, has, refusal) < 0)
				return refusal->error;
		}
	return 0;
}

static int require_user(const struct organisation *organisation, const char *id,
	const struct user_settings *settings, struct refusal *refusal)
{
	for (enum user_role role = USER_ROLE_AGENT; role <= USER_ROLE_ADMIN; role++)
		if (text_list_has(&settings->roles, user_role_id(role)))
			return refuse(refusal, -EINVAL,
				"user.security_roles of %.64s: \"%s\" comes with user.role", id,
				user_role_id(role));
	return require_all(
		organisation, id, "user.security_roles", &settings->roles, has_role, refusal);
}

/* Every user has one extension at most. */
static int check_owners(const struct organisation *organisation, struct refusal *refusal)
{
	struct entry *entry;

	for (entry = organisation->directory[DIRECTORY_USER]; entry != NULL; entry = entry->hh.next)
		((struct user *)entry)->claimed = NULL;
	for (entry = organisation->directory[DIRECTORY_EXTENSION]; entry != NULL;
		entry = entry->hh.next) {
		const struct extension *extension = (struct extension *)entry;
		struct user *user =
			entry->settings == NULL
				? NULL
				: user_find(organisation, extension_settings(extension)->user);

		if (user == NULL)
			continue;
		if (user->claimed != NULL)
			return refuse(refusal, -EINVAL,
				"extension.user: \"%.64s\" has extension \"%.64s\", and cannot "
				"have "
				"\"%.64s\", too",
				user->entry.id, user->claimed->entry.id, entry->id);
		user->claimed = extension;
	}
	return 0;
}

/* --- what has been deleted --- */

static bool strip(const struct organisation *organisation, struct text_list *list, has_fn *has)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < list->count; i++) {
		if (has(organisation, list->texts[i]))
			list->texts[kept++] = list->texts[i];
		else
			free(list->texts[i]);
	}
	if (kept == list->count)
		return false;
	list->count = kept;
	return true;
}

static bool strip_access(const struct organisation *organisation, struct access *access)
{
	bool stripped = false;

	for (unsigned l = 0; l < ACCESS_LISTS; l++)
		for (unsigned i = 0; i < ACCESS_SIDES; i++) {
			has_fn *has;
			struct text_list *side = side_of(list_of(access, l), i, &has);

			stripped |= strip(organisation, side, has);
		}
	access->version += stripped;
	return stripped;
}

static int strip_extension(struct edit *edit, struct entry *entry)
{
	struct extension_settings *copy = extension_settings_copy(entry->settings);
	bool stripped;

	if (copy == NULL)
		return -ENOMEM;
	stripped = strip_access(edit->organisation, &copy->access);
	if (*copy->user != '\0' && !has_user(edit->organisation, copy->user)) {
		*copy->user = '\0';
		copy->consented = false; /* it was that user's consent */
		stripped = true;
	}
	if (stripped && edit_add_step(edit, DIRECTORY_EXTENSION, entry, copy) == 0)
		return 0;
	settings_free(DIRECTORY_EXTENSION, copy);
	return stripped ? -ENOMEM : 0;
}

static int strip_user(struct edit *edit, struct entry *entry)
{
	const struct user_settings *settings = entry->settings;
	struct user_settings *copy;

	if (find_missing(edit->organisation, &settings->roles, has_role) == NULL)
		return 0;
	copy = calloc(1, sizeof(*copy));
	if (copy == NULL)
		return -ENOMEM;
	copy->role = settings->role;
	copy->call_monitor_access = settings->call_monitor_access;
	if (text_replace(&copy->name, settings->name) == 0 &&
		text_list_copy(&copy->roles, settings->roles.texts, settings->roles.count) == 0) {
		strip(edit->organisation, &copy->roles, has_role);
		if (edit_add_step(edit, DIRECTORY_USER, entry, copy) == 0)
			return 0;
	}
	settings_free(DIRECTORY_USER, copy);
	return -ENOMEM;
}

static int strip_all(struct edit *edit)
{
	struct entry *entry;
	int ret = 0;

	for (entry = edit->organisation->directory[DIRECTORY_USER]; ret == 0 && entry != NULL;
		entry = entry->hh.next)
		ret = entry->settings != NULL ? strip_user(edit, entry) : 0;
	for (entry = edit->organisation->directory[DIRECTORY_EXTENSION]; ret == 0 && entry != NULL;
		entry = entry->hh.next)
		ret = entry->settings != NULL ? strip_extension(edit, entry) : 0;
	return ret;
}

/* --- all together --- */

static int require_step(const struct organisation *organisation, const struct edit_step *step,
	struct refusal *refusal)
{
	if (step->entry->settings == NULL)
		return 0;
	if (step->kind == DIRECTORY_USER)
		return require_user(organisation, step->entry->id, step->entry->settings, refusal);
	if (step->kind == DIRECTORY_EXTENSION)
		return require_extension(
			organisation, step->entry->id, step->entry->settings, refusal);
	return 0;
}

int edit_check(struct edit *edit, struct refusal *refusal)
{
	bool extensions = false;

	for (size_t i = 0; i < edit->count; i++) {
		if (require_step(edit->organisation, &edit->steps[i], refusal) < 0)
			return refusal->error;
		extensions |= edit->steps[i].kind == DIRECTORY_EXTENSION;
	}
	if (extensions && check_owners(edit->organisation, refusal) < 0)
		return refusal->error;
	if (edit->deleted > 0 && strip_all(edit) < 0)
		return refuse(refusal, -ENOMEM, "out of memory");
	return 0;
}
