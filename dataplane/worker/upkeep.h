/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_WORKER_UPKEEP_H
#define BRIDGETAP_WORKER_UPKEEP_H

#include <stdint.h>

#include "call/forward.h"
#include "call/port_table.h"

/* What a leg needs now and then, packets or not: its reports sent, its silence told. A walk over
 * the port table visits every leg of a worker once in UPKEEP_ROUND_US, a few slots at a time,
 * evenly. */

#define UPKEEP_ROUND_US 500000

/* Where a worker is in its walk. All zero to begin with. That worker alone. */
struct upkeep {
	uint64_t due_us; /* of the next slots */
	uint16_t realm;
	uint16_t slot;
	uint32_t step_us; /* between two steps; 0: not known yet */
};

/* Do what is due by now: nothing, or one step. Worker `index`. */
void upkeep_step(struct upkeep *upkeep, const struct port_table *table, uint8_t index,
	struct forward_env *env);

#endif
