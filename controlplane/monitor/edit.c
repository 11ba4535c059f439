/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/call.h"
#include "monitor/desk.h"
#include "monitor/enforce.h"

static const size_t sizes[DIRECTORY_KINDS] = {
	[DIRECTORY_ROLE] = sizeof(struct entry),
	[DIRECTORY_GROUP] = sizeof(struct entry),
	[DIRECTORY_USER] = sizeof(struct user),
	[DIRECTORY_EXTENSION] = sizeof(struct extension),
};

void edit_begin(struct edit *edit, struct organisation *organisation)
{
	*edit = (struct edit){ .organisation = organisation };
}

static int out_of_memory(struct refusal *refusal)
{
	return refuse(refusal, -ENOMEM, "out of memory");
}

/* --- entries in their tables --- */

/* Lists are sorted again when they are asked for next. */
static void forget_order(struct organisation *organisation, enum directory_kind kind)
{
	free(organisation->sorted[kind]);
	organisation->sorted[kind] = NULL;
}

static struct entry *add_entry(
	struct organisation *organisation, enum directory_kind kind, const char *id)
{
	struct entry *entry = calloc(1, sizes[kind]);

	if (entry == NULL)
		return NULL;
	entry->id = strdup(id);
	if (entry->id == NULL)
		goto fail;
	HASH_ADD_KEYPTR(hh, organisation->directory[kind], entry->id, strlen(entry->id), entry);
	if (!table_has(entry))
		goto fail;
	forget_order(organisation, kind);
	return entry;

fail:
	free(entry->id);
	free(entry);
	return NULL;
}

static void remove_entry(
	struct organisation *organisation, enum directory_kind kind, struct entry *entry)
{
	HASH_DEL(organisation->directory[kind], entry);
	forget_order(organisation, kind);
	if (kind == DIRECTORY_USER)
		free(((struct user *)entry)->status_text);
	/* Watchers of extensions must be told by its id that it is gone. */
	if (kind == DIRECTORY_EXTENSION && ((struct extension *)entry)->change.number != 0) {
		changes_bury(
			&organisation->extension_changes, &((struct extension *)entry)->change);
		return;
	}
	free(entry->id);
	free(entry);
}

/* --- steps --- */

int edit_add_step(struct edit *edit, enum directory_kind kind, struct entry *entry, void *settings)
{
	if (edit->count == edit->room) {
		size_t room = edit->room ? 2 * edit->room : 8;
		struct edit_step *steps = realloc(edit->steps, room * sizeof(*steps));

		if (steps == NULL)
			return -ENOMEM;
		edit->steps = steps;
		edit->room = room;
	}
	edit->steps[edit->count++] =
		(struct edit_step){ .kind = kind, .entry = entry, .before = entry->settings };
	entry->settings = settings;
	return 0;
}

int edit_put(struct edit *edit, enum directory_kind kind, const char *id, void *settings,
	struct refusal *refusal)
{
	struct organisation *organisation = edit->organisation;
	struct entry *entry;
	bool created;

	if (edit_check_settings(kind, id, settings, refusal) < 0) {
		settings_free(kind, settings);
		return refusal->error;
	}
	HASH_FIND_STR(organisation->directory[kind], id, entry);
	created = entry == NULL;
	if (created)
		entry = add_entry(organisation, kind, id);
	if (entry == NULL || edit_add_step(edit, kind, entry, settings) < 0) {
		if (created && entry != NULL)
			remove_entry(organisation, kind, entry);
		settings_free(kind, settings);
		return out_of_memory(refusal);
	}
	edit->steps[edit->count - 1].created = created;
	edit->created += created;
	edit->updated += !created;
	return 0;
}

int edit_delete(
	struct edit *edit, enum directory_kind kind, const char *id, struct refusal *refusal)
{
	static const char *const names[] = { "security role", "group", "user", "extension" };
	struct entry *entry = directory_find(edit->organisation, kind, id);

	if (entry == NULL)
		return refuse(refusal, -ENOENT, "there is no %s \"%.64s\"", names[kind], id);
	if (edit_add_step(edit, kind, entry, NULL) < 0)
		return out_of_memory(refusal);
	edit->deleted++;
	return 0;
}

int edit_delete_others(struct edit *edit, struct refusal *refusal)
{
	size_t put = edit->count;

	for (enum directory_kind kind = 0; kind < DIRECTORY_KINDS; kind++) {
		struct entry *entry;

		for (entry = edit->organisation->directory[kind]; entry != NULL;
			entry = entry->hh.next)
			entry->mark = false;
	}
	for (size_t i = 0; i < put; i++)
		edit->steps[i].entry->mark = true;
	for (enum directory_kind kind = 0; kind < DIRECTORY_KINDS; kind++) {
		struct entry *entry;

		for (entry = edit->organisation->directory[kind]; entry != NULL;
			entry = entry->hh.next) {
			if (entry->mark || entry->settings == NULL)
				continue;
			if (edit_add_step(edit, kind, entry, NULL) < 0)
				return out_of_memory(refusal);
			edit->deleted++;
		}
	}
	return 0;
}

/* --- the end --- */

static void relink_owner(struct organisation *organisation, struct extension *extension,
	const struct extension_settings *before)
{
	const struct extension_settings *now = extension_settings(extension);
	struct user *old = before != NULL ? user_find(organisation, before->user) : NULL;
	struct user *new = now != NULL ? user_find(organisation, now->user) : NULL;

	if (old != NULL && old->extension == extension)
		old->extension = NULL;
	if (new != NULL)
		new->extension = extension;
}

/* The reasons why viewers cannot join an agent's calls may be others now. */
static void note_calls_of(struct organisation *organisation, const char *user)
{
	struct call *call;

	for (call = desk_calls(organisation, user); call != NULL; call = call->desk_next)
		call_note(call);
}

static void settle_step(struct organisation *organisation, const struct edit_step *step)
{
	struct entry *entry = step->entry;

	if (step->kind == DIRECTORY_EXTENSION) {
		const struct extension_settings *before = step->before;
		const struct extension_settings *now = entry->settings;

		relink_owner(organisation, (struct extension *)entry, before);
		if (before != NULL)
			note_calls_of(organisation, before->user);
		if (now != NULL)
			note_calls_of(organisation, now->user);
		extension_note(organisation, (struct extension *)entry);
	} else if (step->kind == DIRECTORY_USER) {
		struct user *user = (struct user *)entry;

		user->epoch = ++organisation->last_user_epoch;
		note_calls_of(organisation, entry->id);
		extension_note(organisation, user->extension);
	}
}

static int by_entry(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct edit_step *)a)->entry;
	uintptr_t y = (uintptr_t)((const struct edit_step *)b)->entry;

	return x < y ? -1 : x > y;
}

void edit_commit(struct edit *edit)
{
	struct organisation *organisation = edit->organisation;
	struct entry *removed = NULL;

	for (size_t i = 0; i < edit->count; i++)
		settle_step(organisation, &edit->steps[i]);
	enforce(organisation);
	/* An entry can be in several steps; it goes with the last of them. */
	if (edit->count > 0)
		qsort(edit->steps, edit->count, sizeof(*edit->steps), by_entry);
	for (size_t i = 0; i < edit->count; i++) {
		struct edit_step *step = &edit->steps[i];

		settings_free(step->kind, step->before);
		if (step->entry == removed || step->entry->settings != NULL)
			continue;
		removed = step->entry;
		remove_entry(organisation, step->kind, removed);
	}
	free(edit->steps);
	organisation_tell(organisation);
}

void edit_roll_back(struct edit *edit)
{
	while (edit->count > 0) {
		struct edit_step *step = &edit->steps[--edit->count];

		settings_free(step->kind, step->entry->settings);
		step->entry->settings = step->before;
		if (step->created)
			remove_entry(edit->organisation, step->kind, step->entry);
	}
	free(edit->steps);
}
