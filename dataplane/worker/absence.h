/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_WORKER_ABSENCE_H
#define BRIDGETAP_WORKER_ABSENCE_H

#include <stdint.h>

#include <rte_branch_prediction.h>

#include "call/hear.h"

/* Times at which a worker did not come to its ports, because the machine gave its CPU to somebody
 * else. What waits there then comes at once, one port's before another's, and nobody whose packets
 * are still to come has been silent for that. All zero to begin with. That worker alone. */
struct absence {
	uint64_t polled_us; /* when it came to its ports last */
	uint64_t back_us;   /* when it was back, where away_ms is not 0 */
	uint32_t away_ms;   /* of late */
};

#define ABSENCE_LEAST_US 20000 /* what is shorter changes nothing that lasts 100 ms */

/* The worker comes to its ports. */
static inline void absence_note(struct absence *absence, uint64_t now_us)
{
	uint64_t since_us = now_us - absence->polled_us;

	if (unlikely(absence->away_ms != 0 && now_us - absence->back_us > SILENCE_MS * 1000))
		absence->away_ms = 0;
	if (unlikely(since_us > ABSENCE_LEAST_US && absence->polled_us != 0)) {
		absence->away_ms += (uint32_t)(since_us / 1000);
		absence->back_us = now_us;
	}
	absence->polled_us = now_us;
}

#endif
