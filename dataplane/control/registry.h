/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_REGISTRY_H
#define BRIDGETAP_CONTROL_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ring.h>

#include "call/event.h"
#include "call/port_table.h"
#include "control/refusal.h"
#include "control/ring_pool.h"
#include "control/wire.h"
#include "net/nexthop.h"
#include "net/realm.h"
#include "worker/worker.h"

/* The main lcore's book of all calls: which there are, whose port is whose, which worker has
 * which. It turns batches into objects, sends them to the workers, and frees what comes back.
 * Main lcore only. */

struct registry;
struct relays;
struct record;

/* The last statistics of the legs of a call that a batch with `tell_ended` has removed: from
 * registry_apply() or registry_poll(), before registry_done_fn of its batch. */
typedef void registry_ended_fn(
	void *arg, const char *id, const struct leg_stats *stats, unsigned count);

struct registry_config {
	const struct realm_set *realms;
	struct port_table *table;
	struct ring_pool *rings;
	struct relays *relays; /* NULL where the kernel forwards nothing */
	struct worker *workers;
	unsigned worker_count;
	unsigned calls_max; /* at a time */
	unsigned seats_max;
	registry_ended_fn *ended; /* with the registry's `arg`; may be NULL */
};

/* Called when every worker has applied its part of a batch. */
typedef void registry_done_fn(void *arg, uint64_t generation);

/* `config` is copied; what it points to outlives the registry. NULL with errno. */
struct registry *registry_create(const struct registry_config *config, struct rtnetlink *rtnl,
	registry_done_fn *done, void *arg);

/* Free everything. The workers must have stopped. */
void registry_destroy(struct registry *registry);

/* Apply `batch` whole, or refuse it with nothing changed: -1 with `refusal` filled in. 0 means
 * that the workers have been told; `done` follows from registry_poll(). */
int registry_apply(struct registry *registry, const WireBatch *batch, struct refusal *refusal);

/* Of the last batch that was accepted. */
uint64_t registry_generation(const struct registry *registry);

/* Take back what the workers have let go of, and report batches that are done. */
void registry_poll(struct registry *registry);

/* Whether workers still owe answers: poll again soon. */
bool registry_is_waiting(const struct registry *registry);

/* A leg has learned its source: note it, and give the leg a way back to it. True where it is news.
 * A way for which there is no memory is given when the worker tells of the source again. */
bool registry_source_learned(struct registry *registry, const struct event *event);

/* The call that a worker's event is of, or that has `id`, as it would be put; NULL for none: it has
 * ended, though another one may have its number. */
const WireCall *registry_call_of(const struct registry *registry, const struct event *event);
const WireCall *registry_call_by_id(const struct registry *registry, const char *id);

/* The next call of a walk over all, NULL at the end. `*number`, 0 at the beginning, is where the
 * walk goes on: calls that are there all the while are met once, whatever changes meanwhile. */
const WireCall *registry_next(const struct registry *registry, uint32_t *number);

/* The call with the worker's handle `number`, below calls_max, as it was planned; NULL for none. */
const struct record *registry_record(const struct registry *registry, uint32_t number);

/* Ask its worker to have the kernel forward the call `number`, which there must be. */
void registry_relay(struct registry *registry, uint32_t number);

unsigned registry_count(const struct registry *registry);
unsigned registry_count_of_worker(const struct registry *registry, unsigned worker);

/* Legs whose voice is kept for mixing, over all calls. */
unsigned registry_mixing_legs(const struct registry *registry);

/* Ask the worker that has call `id` for the statistics of its legs; `done` is called from
 * registry_poll(), with `count` 0 where there is no such call (then at once). */
typedef void registry_stats_fn(void *arg, const struct leg_stats *stats, unsigned count);
int registry_stats(struct registry *registry, const char *id, registry_stats_fn *done, void *arg);

/* The table of next hops, for the events and ticks that belong to it. */
struct nexthop_table *registry_nexthops(struct registry *registry);

#endif
