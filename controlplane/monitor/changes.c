/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/changes.h"

#include <stddef.h>

static void take_out(struct changes *changes, struct change *change)
{
	if (change->number == 0)
		return;
	if (change->prev != NULL)
		change->prev->next = change->next;
	else
		changes->oldest = change->next;
	if (change->next != NULL)
		change->next->prev = change->prev;
	else
		changes->newest = change->prev;
}

static void put_last(struct changes *changes, struct change *change)
{
	change->number = ++changes->last;
	change->next = NULL;
	change->prev = changes->newest;
	if (changes->newest != NULL)
		changes->newest->next = change;
	else
		changes->oldest = change;
	changes->newest = change;
}

void changes_note(struct changes *changes, struct change *change)
{
	take_out(changes, change);
	put_last(changes, change);
}

/* What is gone does not change any more, so the oldest tombstone is the one that came first. */
static void drop_oldest_tombstone(struct changes *changes)
{
	struct change *change = changes->oldest_gone;

	changes->oldest_gone = change->next_gone;
	if (changes->oldest_gone == NULL)
		changes->newest_gone = NULL;
	changes->lagged_below = change->number;
	take_out(changes, change);
	changes->tombstones--;
	changes->free_tombstone(change);
}

void changes_bury(struct changes *changes, struct change *change)
{
	changes_note(changes, change);
	change->gone = true;
	change->next_gone = NULL;
	if (changes->newest_gone != NULL)
		changes->newest_gone->next_gone = change;
	else
		changes->oldest_gone = change;
	changes->newest_gone = change;
	if (++changes->tombstones > changes->tombstones_max)
		drop_oldest_tombstone(changes);
}

struct change *changes_after(const struct changes *changes, uint64_t seen)
{
	struct change *change = changes->newest;

	if (change == NULL || change->number <= seen)
		return NULL;
	/* From the end: a watcher that keeps up finds its place at once. */
	while (change->prev != NULL && change->prev->number > seen)
		change = change->prev;
	return change;
}

void changes_fini(struct changes *changes)
{
	while (changes->tombstones > 0)
		drop_oldest_tombstone(changes);
}
