/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/directory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/desk.h"
#include "monitor/world.h"

#define STATUS_TEXT_MAX 128

const char *user_role_id(enum user_role role)
{
	static const char *const ids[] = { "", "agent", "supervisor", "admin" };

	return ids[role];
}

/* --- looking up --- */

struct entry *directory_find(
	const struct organisation *organisation, enum directory_kind kind, const char *id)
{
	struct entry *entry;

	HASH_FIND_STR(organisation->directory[kind], id, entry);
	return entry != NULL && entry->settings != NULL ? entry : NULL;
}

struct user *user_find(const struct organisation *organisation, const char *id)
{
	return (struct user *)directory_find(organisation, DIRECTORY_USER, id);
}

struct extension *extension_find(const struct organisation *organisation, const char *id)
{
	return (struct extension *)directory_find(organisation, DIRECTORY_EXTENSION, id);
}

static int by_id(const void *a, const void *b)
{
	return strcmp((*(struct entry *const *)a)->id, (*(struct entry *const *)b)->id);
}

static struct entry **sort(struct organisation *organisation, enum directory_kind kind)
{
	unsigned count = HASH_COUNT(organisation->directory[kind]), i = 0;
	struct entry **sorted = malloc((count + 1) * sizeof(struct entry *)), *entry;

	if (sorted == NULL)
		return NULL;
	for (entry = organisation->directory[kind]; entry != NULL; entry = entry->hh.next)
		sorted[i++] = entry;
	qsort(sorted, count, sizeof(struct entry *), by_id);
	return organisation->sorted[kind] = sorted;
}

unsigned directory_page(struct organisation *organisation, enum directory_kind kind,
	const char *after, struct entry **entries, unsigned most)
{
	struct entry **sorted = organisation->sorted[kind];
	unsigned low = 0, high = HASH_COUNT(organisation->directory[kind]), count = high;

	if (sorted == NULL)
		sorted = sort(organisation, kind);
	if (sorted == NULL)
		return 0;
	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (strcmp(sorted[middle]->id, after) > 0)
			high = middle;
		else
			low = middle + 1;
	}
	count = count - low < most ? count - low : most;
	memcpy(entries, sorted + low, count * sizeof(struct entry *));
	return count;
}

/* --- settings --- */

static void access_list_free(struct access_list *list)
{
	text_list_free(&list->included_roles);
	text_list_free(&list->included_users);
	text_list_free(&list->excluded_roles);
	text_list_free(&list->excluded_users);
}

static int list_copy(struct text_list *copy, const struct text_list *list)
{
	return text_list_copy(copy, list->texts, list->count);
}

static int access_list_copy(struct access_list *copy, const struct access_list *list)
{
	return list_copy(&copy->included_roles, &list->included_roles) < 0 ||
			       list_copy(&copy->included_users, &list->included_users) < 0 ||
			       list_copy(&copy->excluded_roles, &list->excluded_roles) < 0 ||
			       list_copy(&copy->excluded_users, &list->excluded_users) < 0
		       ? -ENOMEM
		       : 0;
}

int access_copy(struct access *copy, const struct access *access)
{
	*copy = (struct access){
		.version = access->version,
		.status.option = access->status.option,
		.callers.option = access->callers.option,
	};
	if (access_list_copy(&copy->status.list, &access->status.list) == 0 &&
		access_list_copy(&copy->callers.list, &access->callers.list) == 0 &&
		access_list_copy(&copy->monitoring, &access->monitoring) == 0)
		return 0;
	access_free(copy);
	return -ENOMEM;
}

void access_free(struct access *access)
{
	access_list_free(&access->status.list);
	access_list_free(&access->callers.list);
	access_list_free(&access->monitoring);
}

struct extension_settings *extension_settings_copy(const struct extension_settings *settings)
{
	struct extension_settings *copy = calloc(1, sizeof(*copy));

	if (copy == NULL)
		return NULL;
	copy->consented = settings->consented;
	if (text_replace(&copy->name, settings->name) == 0 &&
		text_replace(&copy->user, settings->user) == 0 &&
		access_copy(&copy->access, &settings->access) == 0)
		return copy;
	settings_free(DIRECTORY_EXTENSION, copy);
	return NULL;
}

static void extension_settings_free(struct extension_settings *settings)
{
	free(settings->name);
	free(settings->user);
	access_free(&settings->access);
}

static void user_settings_free(struct user_settings *settings)
{
	free(settings->name);
	text_list_free(&settings->roles);
}

void settings_free(enum directory_kind kind, void *settings)
{
	if (settings == NULL)
		return;
	if (kind == DIRECTORY_EXTENSION)
		extension_settings_free(settings);
	else if (kind == DIRECTORY_USER)
		user_settings_free(settings);
	else
		free(((struct label_settings *)settings)->name);
	free(settings);
}

void directory_fini(struct organisation *organisation)
{
	for (enum directory_kind kind = 0; kind < DIRECTORY_KINDS; kind++) {
		struct entry *entry, *next;

		HASH_ITER (hh, organisation->directory[kind], entry, next) {
			HASH_DEL(organisation->directory[kind], entry);
			settings_free(kind, entry->settings);
			if (kind == DIRECTORY_USER)
				free(((struct user *)entry)->status_text);
			free(entry->id);
			free(entry);
		}
		free(organisation->sorted[kind]);
	}
}

/* --- presence --- */

int user_report_presence(struct organisation *organisation, struct user *user,
	const struct presence_report *report, struct refusal *refusal)
{
	if (report->status_text != NULL &&
		text_check("presence.status_text.text", report->status_text, STATUS_TEXT_MAX,
			refusal) < 0)
		return refusal->error;
	if (report->status_text != NULL &&
		text_replace(&user->status_text, report->status_text) < 0)
		return refuse(refusal, -ENOMEM, "out of memory");
	if (report->dashboard != NULL)
		user->dashboard = *report->dashboard;
	if (report->desktop != NULL)
		user->desktop = *report->desktop;
	if (report->presence != PRESENCE_UNKNOWN)
		user->presence = report->presence;
	extension_note(organisation, user->extension);
	organisation_tell(organisation);
	return 0;
}

enum extension_state extension_state(
	const struct organisation *organisation, const struct extension *extension)
{
	const char *owner = extension_settings(extension)->user;
	const struct user *user = user_find(organisation, owner);

	if (user != NULL && user->status_text != NULL && *user->status_text != '\0')
		return EXTENSION_CUSTOM;
	if (*owner != '\0' && desk_calls(organisation, owner) != NULL)
		return EXTENSION_BUSY;
	switch (user != NULL ? user->presence : PRESENCE_OFFLINE) {
	case PRESENCE_ONLINE:
		return EXTENSION_AVAILABLE;
	case PRESENCE_AWAY:
		return EXTENSION_AWAY;
	case PRESENCE_DND:
		return EXTENSION_DND;
	default:
		return EXTENSION_UNAVAILABLE;
	}
}

void extension_note(struct organisation *organisation, struct extension *extension)
{
	if (extension == NULL)
		return;
	changes_note(&organisation->extension_changes, &extension->change);
	organisation_tell(organisation);
}
