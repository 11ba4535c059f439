/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_RECORD_H
#define BRIDGETAP_CONTROL_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include <uthash.h>

#include "call/call.h"
#include "call/event.h"
#include "control/refusal.h"
#include "control/ring_pool.h"
#include "control/wire.h"
#include "net/nexthop.h"
#include "net/realm.h"

/* One state of one call: as it was asked for, as it was planned, and the object that the worker
 * gets. A change makes a new record; the old one lives until the worker has let go of its object.
 * Main lcore only. */
struct record {
	UT_hash_handle hh; /* the registry's, by wire->id */
	WireCall *wire;	   /* as it would be put again, with what its legs have learned */
	struct call
		*live; /* the worker's while it is in the port table; NULL before record_build() */
	uint32_t number, serial; /* of struct call */
	uint8_t worker;
	bool told_end; /* nothing takes its place, and its last statistics are wanted */
	unsigned leg_count;
	unsigned mixing_legs; /* that need a PCM ring each; a G.722 voice counts as four */
	struct leg_plan plans[CALL_LEGS_MAX];
};

/* Check and plan `wire`, which is copied, as the next state of `old` (NULL for a new call), whose
 * legs hand on what they have learned. NULL with `refusal` filled in. */
struct record *record_create(const WireCall *wire, const struct record *old,
	const struct realm_set *realms, unsigned seats_max, struct refusal *refusal);

/* Find the ways to all legs, and build the object for the worker by `number`, `serial` and
 * `worker`, with rings from `pool`. 0, or -1 with `refusal` filled in. */
int record_build(struct record *record, const struct realm_set *realms,
	struct nexthop_table *nexthops, struct ring_pool *pool, struct refusal *refusal);

/* Its rings go back to `pool`. NULL is allowed. The worker must have let go of the object. */
void record_destroy(struct record *record, struct nexthop_table *nexthops, struct ring_pool *pool);

/* Note the source that a leg has learned: the next state of the record will have it. 0; 1 where it
 * was noted before, and there has been no such state since; -EALREADY where this state has it;
 * -ENOENT where the leg is not there any more, does not learn, or signalling has said something
 * else of it since; -ENOMEM. */
int record_learn(struct record *record, const struct event *event);

#endif
