/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_DATAPLANE_LINK_CHANGE_SET_H
#define BRIDGETAP_DATAPLANE_LINK_CHANGE_SET_H

#include <stdbool.h>

#include "monitor/table.h"

/* Calls that the data plane must be told of, each once, in order, with those who wait for it.
 * Which state a call is in is looked up when it is told. */

struct link_waiter;

struct change_entry {
	UT_hash_handle hh; /* by wire id */
	struct change_entry *next, *prev;
	char wire_id[24];
	struct link_waiter *waiters;
	bool alone;  /* goes without others: along with them it was refused */
	bool logged; /* that it was refused */
};

struct change_set {
	struct change_entry *table;
	struct change_entry *list;
	unsigned count;
};

/* The entry of a call; NULL where there is none. */
struct change_entry *change_set_find(const struct change_set *set, const char *wire_id);

/* The entry of a call, which is made where there is none. NULL where memory is short. */
struct change_entry *change_set_get(struct change_set *set, const char *wire_id);

/* Take an entry out, and put one in that is in no set. */
void change_set_take(struct change_set *set, struct change_entry *entry);
void change_set_put(struct change_set *set, struct change_entry *entry);

bool change_set_has(const struct change_set *set, const char *wire_id);

/* Move all of `from` to `to`; waiters for the same call come together. */
void change_set_merge(struct change_set *to, struct change_set *from);

/* Tell the waiters of an entry that is in no set, and free it. */
void change_entry_finish(struct change_entry *entry, int error, const char *sentence);

/* The same for all of a set, which is empty before the first one is told. */
void change_set_finish(struct change_set *set, int error, const char *sentence);

/* Tell the waiters of an entry that it was refused, but for those of what stays (link.h) as long as
 * another may take back what was refused. False where there was none who could. */
bool change_entry_refuse(struct change_entry *entry, int error, const char *sentence);

#endif
