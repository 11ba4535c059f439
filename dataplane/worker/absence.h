/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_WORKER_ABSENCE_H
#define BRIDGETAP_WORKER_ABSENCE_H

#include <stdint.h>

#include <rte_branch_prediction.h>

#include "call/hear.h"

#define ABSENCE_LEAST_US 20000 /* what is shorter changes nothing that lasts SILENCE_MS */
#define ABSENCES_MAX	 (SILENCE_MS * 1000 / ABSENCE_LEAST_US) /* that can end within SILENCE_MS */

/* Times at which a worker did not come to its ports, because the machine gave its CPU to somebody
 * else. What waits there then comes at once, one port's before another's, and nobody whose packets
 * are still to come has been silent for that. All zero to begin with. That worker alone. */
struct absence {
	uint64_t polled_us; /* when it came to its ports last */
	uint32_t away_ms;   /* of the absences that ended within the last SILENCE_MS */
	uint32_t next;	    /* of `ended` */
	struct {
		uint64_t back_us;
		uint32_t away_ms; /* 0: none, or long ago */
	} ended[ABSENCES_MAX];
};

static inline void absence_forget(struct absence *absence, uint64_t now_us)
{
	for (unsigned i = 0; i < ABSENCES_MAX; i++) {
		if (now_us - absence->ended[i].back_us <= SILENCE_MS * 1000)
			continue;
		absence->away_ms -= absence->ended[i].away_ms;
		absence->ended[i].away_ms = 0;
	}
}

/* The worker comes to its ports. */
static inline void absence_note(struct absence *absence, uint64_t now_us)
{
	uint64_t since_us = now_us - absence->polled_us;

	if (unlikely(absence->away_ms != 0))
		absence_forget(absence, now_us);
	if (unlikely(since_us > ABSENCE_LEAST_US && absence->polled_us != 0)) {
		uint32_t away_ms = (uint32_t)(since_us / 1000);

		absence->ended[absence->next].back_us = now_us;
		absence->ended[absence->next].away_ms = away_ms;
		absence->next = (absence->next + 1) % ABSENCES_MAX;
		absence->away_ms += away_ms;
	}
	absence->polled_us = now_us;
}

#endif
