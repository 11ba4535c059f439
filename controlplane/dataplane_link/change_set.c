/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "dataplane_link/change_set.h"

#include <stdio.h>
#include <stdlib.h>

#include <utlist.h>

#include "dataplane_link/link.h"

struct change_entry *change_set_find(const struct change_set *set, const char *wire_id)
{
	struct change_entry *entry;

	HASH_FIND_STR(set->table, wire_id, entry);
	return entry;
}

bool change_set_has(const struct change_set *set, const char *wire_id)
{
	return change_set_find(set, wire_id) != NULL;
}

void change_set_put(struct change_set *set, struct change_entry *entry)
{
	HASH_ADD_STR(set->table, wire_id, entry);
	DL_APPEND(set->list, entry);
	set->count++;
}

void change_set_take(struct change_set *set, struct change_entry *entry)
{
	HASH_DEL(set->table, entry);
	DL_DELETE(set->list, entry);
	set->count--;
}

struct change_entry *change_set_get(struct change_set *set, const char *wire_id)
{
	struct change_entry *entry = change_set_find(set, wire_id);

	if (entry != NULL)
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (entry != NULL) {
		snprintf(entry->wire_id, sizeof(entry->wire_id), "%s", wire_id);
		change_set_put(set, entry);
	}
	return entry;
}

void change_set_merge(struct change_set *to, struct change_set *from)
{
	struct change_entry *entry;

	while ((entry = from->list) != NULL) {
		struct change_entry *there = change_set_find(to, entry->wire_id);

		change_set_take(from, entry);
		if (there == NULL) {
			change_set_put(to, entry);
		} else {
			/* What comes back has waited for longer, and is told first. */
			LL_CONCAT(entry->waiters, there->waiters);
			there->waiters = entry->waiters;
			there->alone |= entry->alone;
			there->logged |= entry->logged;
			free(entry);
		}
	}
}

void change_entry_finish(struct change_entry *entry, int error, const char *sentence)
{
	struct link_waiter *waiter, *next;

	LL_FOREACH_SAFE (entry->waiters, waiter, next)
		waiter->done(waiter, error, sentence);
	free(entry);
}

bool change_entry_refuse(struct change_entry *entry, int error, const char *sentence)
{
	struct link_waiter *waiters = entry->waiters, *waiter, *next;
	bool others = false;

	LL_FOREACH (waiters, waiter)
		others |= !waiter->stays;
	entry->waiters = NULL;
	LL_FOREACH_SAFE (waiters, waiter, next) {
		waiter->next = NULL;
		if (waiter->stays && others)
			LL_APPEND(entry->waiters, waiter);
		else
			waiter->done(waiter, error, sentence);
	}
	return others;
}

void change_set_finish(struct change_set *set, int error, const char *sentence)
{
	struct change_set all = *set;
	struct change_entry *entry;

	*set = (struct change_set){ 0 };
	while ((entry = all.list) != NULL) {
		change_set_take(&all, entry);
		change_entry_finish(entry, error, sentence);
	}
}
