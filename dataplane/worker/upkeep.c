/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "worker/upkeep.h"

#include <rte_branch_prediction.h>
#include <rte_prefetch.h>

#include "call/admit.h"
#include "call/media_watch.h"
#include "call/relay.h"
#include "call/report.h"

#include "fastpath.h"

/* So few that a step takes no longer than a burst of packets; so many that the memory's answers
 * overlap. */
#define SLOTS_A_STEP 32u

/* The slots of all realms, and with them the time between two steps. */
static void measure(struct upkeep *upkeep, const struct port_table *table)
{
	unsigned steps = 0;

	for (unsigned r = 0; r < REALM_MAX; r++)
		steps += (table->realm[r].count + SLOTS_A_STEP - 1) / SLOTS_A_STEP;
	upkeep->step_us = steps < UPKEEP_ROUND_US ? UPKEEP_ROUND_US / (steps > 0 ? steps : 1) : 1;
}

/* The realm of the next slots; after the last one comes the first. */
static const struct port_slots *next_slots(struct upkeep *upkeep, const struct port_table *table)
{
	for (unsigned tries = 0; tries < REALM_MAX; tries++) {
		if (upkeep->slot < table->realm[upkeep->realm].count)
			break;
		upkeep->slot = 0;
		upkeep->realm = (uint16_t)((upkeep->realm + 1u) % REALM_MAX);
	}
	return &table->realm[upkeep->realm];
}

/* The legs of this worker in the next slots; their number. */
static unsigned gather(struct upkeep *upkeep, const struct port_table *table, uint8_t index,
	struct leg *legs[static SLOTS_A_STEP])
{
	const struct port_slots *slots = next_slots(upkeep, table);
	unsigned end = RTE_MIN(upkeep->slot + SLOTS_A_STEP, (unsigned)slots->count), count = 0;

	for (unsigned s = upkeep->slot; s < end; s++) {
		if (__atomic_load_n(&slots->owner[s], __ATOMIC_RELAXED) != index ||
			slots->legs[s] == NULL)
			continue;
		legs[count++] = slots->legs[s];
		rte_prefetch0(slots->legs[s]);
	}
	upkeep->slot = (uint16_t)end;
	return count;
}

void upkeep_step(struct upkeep *upkeep, const struct port_table *table, uint8_t index,
	struct forward_env *env)
{
	struct leg *legs[SLOTS_A_STEP];
	unsigned count;

	if (likely(env->now_us < upkeep->due_us))
		return;
	if (upkeep->step_us == 0)
		measure(upkeep, table);
	/* Who was kept from it does not catch up: the walk takes longer, and that is all. */
	upkeep->due_us = RTE_MAX(upkeep->due_us + upkeep->step_us, env->now_us);
	count = gather(upkeep, table, index, legs);
	for (unsigned i = 0; i < count; i++) {
		const struct leg_rest *rest = leg_rest(legs[i]);

		rte_prefetch0(&rest->past);
		rte_prefetch0(&rest->report);
		rte_prefetch0((const char *)&rest->report + RTE_CACHE_LINE_SIZE);
		rte_prefetch0(&legs[i]->stream);
	}
	for (unsigned i = 0; i < count; i++) {
		call_relay_sync(call_of(legs[i]), env);
		report_count(legs[i]);
		report_if_due(legs[i], env);
		media_watch(legs[i], env);
		admit_tell_learned(legs[i], env);
	}
}
