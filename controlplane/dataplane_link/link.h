/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_DATAPLANE_LINK_LINK_H
#define BRIDGETAP_DATAPLANE_LINK_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "bridgetap/dataplane/v1/dataplane.pb-c.h"
#include "loop/loop.h"
#include "monitor/world.h"

/* The connection to the data plane. Whoever changes a call tells the link, which has the data
 * plane follow: changes are gathered into batches, one batch is under way at a time, and whoever
 * waits for a change is told when it is in force. When either process comes back, the two compare
 * what they have and agree again: the control plane's word counts, except right after its own
 * start, when it takes over what the data plane has. Loop thread only. */

struct link;

/* Waits for a change. Embedded in what it is about, and the caller's again when `done` is called,
 * which is once. `error` is 0; -ENOTCONN where the data plane could not be asked in time; or why
 * it refused (-EINVAL, -EBUSY, -ENOSPC, -ENETUNREACH), with its sentence: `done` may then take the
 * change back, and the data plane is told of the call again as it is afterwards. What `stays` is
 * not taken back, such as that a monitor left: where something else about the call was refused,
 * `done` comes when it is in force without that. Before it, where the change was that the call
 * ended, the data plane may tell of its end: `ended` gets what is valid while it runs. It is NULL
 * where nobody wants to know, which spares the data plane the telling. */
struct link_waiter {
	struct link_waiter *next;
	bool stays;
	void (*done)(struct link_waiter *waiter, int error, const char *sentence);
	void (*ended)(struct link_waiter *waiter, const Bridgetap__Dataplane__V1__EndedCall *call);
};

/* Waits for statistics; `stats` is NULL where the data plane could not be asked. */
struct link_stats_waiter {
	struct link_stats_waiter *next, *prev;
	void (*done)(
		struct link_stats_waiter *waiter, const Bridgetap__Dataplane__V1__Stats *stats);
	uint64_t tag; /* the link's */
};

/* NULL with errno. Begins to connect to `path` at once, and keeps at it. */
struct link *link_create(struct loop *loop, struct world *world, const char *path);
void link_destroy(struct link *link);

/* Whether the realms are known: calls can be made, even if the data plane is away for the moment.
 */
bool link_is_ready(const struct link *link);

/* Whether the two planes agree and are connected. */
bool link_is_up(const struct link *link);

/* The call of this wire id is new, has changed or has ended. `waiter` may be NULL. */
void link_change(struct link *link, const char *wire_id, struct link_waiter *waiter);

/* Ask for statistics, of the call of this wire id too where it is not "". */
void link_stats(struct link *link, const char *wire_id, struct link_stats_waiter *waiter);

/* The same for the call's legs alone. */
void link_leg_stats(struct link *link, const char *wire_id, struct link_stats_waiter *waiter);

void link_forget_stats(struct link *link, struct link_stats_waiter *waiter);

#endif
