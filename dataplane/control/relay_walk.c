/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/relay_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <rte_common.h>

#include "control/record.h"

/* At 100,000 calls it goes once round in two seconds. */
#define STEP_MS	       10
#define LOOKS_PER_STEP 512u
#define TRIES_PER_STEP 64u

/* From one try to the next, doubled each time up to the last; a call that was relayed for longer
 * than that begins anew. */
#define FIRST_WAIT_MS 250u
#define LAST_WAIT_MS  8000u

/* How it went with the call of one number. */
struct trial {
	const struct record *record; /* only to see that it is still the same */
	uint32_t tried_ms;
	uint32_t wait_ms;
};

struct relay_walk {
	struct registry *registry;
	const struct relays *relays;
	unsigned calls_max;
	uint32_t next;
	uint32_t stepped_ms;
	struct trial trials[]; /* by number of the call */
};

static uint32_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

struct relay_walk *relay_walk_create(
	struct registry *registry, const struct relays *relays, unsigned calls_max)
{
	struct relay_walk *walk = calloc(1, sizeof(*walk) + calls_max * sizeof(*walk->trials));

	if (walk == NULL)
		return NULL;
	walk->registry = registry;
	walk->relays = relays;
	walk->calls_max = calls_max;
	return walk;
}

void relay_walk_destroy(struct relay_walk *walk)
{
	free(walk);
}

/* Whether the call can do without a worker, by all that the main lcore knows of it. */
static bool may_be_relayed(const struct relay_walk *walk, const struct record *record)
{
	const struct leg_plan *a = &record->plans[0], *b = &record->plans[1];

	return record->leg_count == 2 && RTE_MIN(a->role, b->role) == ROLE_AGENT &&
	       RTE_MAX(a->role, b->role) == ROLE_CUSTOMER && a->codec == b->codec &&
	       a->remote.port != 0 && b->remote.port != 0 &&
	       relays_can(walk->relays, a->realm, b->realm);
}

static bool is_relayed(const struct relay_walk *walk, const struct record *record)
{
	const struct leg_plan *plan = &record->plans[0];
	unsigned slot = (plan->local_port - walk->relays->table.realm[plan->realm].first_port) / 2u;
	const struct relay *relay = &walk->relays->table.realm[plan->realm].relays[slot];

	return __atomic_load_n(&relay->active, __ATOMIC_RELAXED) != 0;
}

/* Whether the call of `number` is to be tried now. */
static bool is_due(struct relay_walk *walk, uint32_t number, uint32_t now)
{
	const struct record *record = registry_record(walk->registry, number);
	struct trial *trial = &walk->trials[number];

	if (record == NULL || !may_be_relayed(walk, record))
		return false;
	if (trial->record != record)
		*trial = (struct trial){ record, now, FIRST_WAIT_MS };
	if (now - trial->tried_ms < trial->wait_ms)
		return false;
	if (!is_relayed(walk, record))
		return true;
	if (now - trial->tried_ms > LAST_WAIT_MS)
		trial->wait_ms = FIRST_WAIT_MS;
	return false;
}

void relay_walk_step(struct relay_walk *walk)
{
	unsigned looks = RTE_MIN(LOOKS_PER_STEP, walk->calls_max), tries = 0;
	uint32_t now = now_ms();

	if (now - walk->stepped_ms < STEP_MS)
		return;
	walk->stepped_ms = now;
	for (; looks > 0 && tries < TRIES_PER_STEP; looks--) {
		uint32_t number = walk->next++ % walk->calls_max;

		if (!is_due(walk, number, now))
			continue;
		registry_relay(walk->registry, number);
		walk->trials[number].tried_ms = now;
		walk->trials[number].wait_ms =
			RTE_MIN(2 * walk->trials[number].wait_ms, LAST_WAIT_MS);
		tries++;
	}
}
