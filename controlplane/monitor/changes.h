/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_CHANGES_H
#define BRIDGETAP_MONITOR_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

/* What a watcher needs to follow many things that change: all of them in the order of their last
 * change, each with the number of that change. A watcher remembers the number up to which it has
 * seen everything, and takes what comes after. However slow it is, it costs nothing meanwhile, and
 * it sees each thing's last state only. What is gone stays as a tombstone, until there are too
 * many: then a watcher from before has lagged, and must start over. */

/* Embedded in what changes; all zero until it is noted first. */
struct change {
	struct change *next, *prev;
	struct change *next_gone; /* of the tombstones, oldest first */
	uint64_t number;
	bool gone;
};

struct changes {
	struct change *oldest, *newest;
	uint64_t last;	       /* number of the last change */
	uint64_t lagged_below; /* who has seen less than this has missed something */
	struct change *oldest_gone, *newest_gone;
	unsigned tombstones;
	unsigned tombstones_max;
	void (*free_tombstone)(struct change *change);
};

/* Note that the thing is new or has changed. */
void changes_note(struct changes *changes, struct change *change);

/* Note that it is gone. From now on it belongs to `changes`, which frees it in its time. */
void changes_bury(struct changes *changes, struct change *change);

/* The first change after number `seen`; NULL where there is none. What follows is ->next. */
struct change *changes_after(const struct changes *changes, uint64_t seen);

/* Whether a watcher that has seen up to `seen` must start over. */
static inline bool changes_lagged(const struct changes *changes, uint64_t seen)
{
	return seen < changes->lagged_below;
}

/* Free the tombstones that are left. */
void changes_fini(struct changes *changes);

#endif
