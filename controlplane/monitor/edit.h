/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_EDIT_H
#define BRIDGETAP_MONITOR_EDIT_H

#include "monitor/world.h"

/* A change of the directory, of one entry or of all of them: made in memory at once, checked as a
 * whole, then either committed (when the store has it, too) or rolled back. Nobody looks in
 * between. Functions that can say no return 0 or `refusal`'s -errno; then roll back. */

struct edit_step {
	enum directory_kind kind;
	struct entry *entry;
	void *before; /* settings */
	bool created; /* the entry itself */
};

struct edit {
	struct organisation *organisation;
	struct edit_step *steps;
	size_t count, room;
	unsigned created, updated, deleted;
};

void edit_begin(struct edit *edit, struct organisation *organisation);

/* Create an entry, or give it other settings, which are taken over in any case. They are checked
 * by themselves here; what they refer to is checked by edit_check(). */
int edit_put(struct edit *edit, enum directory_kind kind, const char *id, void *settings,
	struct refusal *refusal);

/* -ENOENT where there is no such entry. */
int edit_delete(
	struct edit *edit, enum directory_kind kind, const char *id, struct refusal *refusal);

/* Delete every entry that the edit has not put. */
int edit_delete_others(struct edit *edit, struct refusal *refusal);

/* Check that everything that is referred to is there. What has been deleted is taken out of the
 * settings of others, as further steps: an id that is used again later inherits nothing. */
int edit_check(struct edit *edit, struct refusal *refusal);

/* The steps are in force. Whoever has lost a right by them loses their leg; watchers are told. */
void edit_commit(struct edit *edit);
void edit_roll_back(struct edit *edit);

/* --- for edit.c and edit_check.c --- */

/* Put `settings` (NULL to delete) in the place of an entry's. 0 or -ENOMEM. */
int edit_add_step(struct edit *edit, enum directory_kind kind, struct entry *entry, void *settings);

/* Settings by themselves. */
int edit_check_settings(
	enum directory_kind kind, const char *id, const void *settings, struct refusal *refusal);

#endif
