/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_PERF_BURST_RIG_H
#define BRIDGETAP_PERF_BURST_RIG_H

#include "net/port.h"
#include "worker/worker.h"

/* Real workers between real null ports, with nobody who polls: whoever measures hands them bursts.
 * All of it ends the program with a sentence where something cannot be had. Main lcore. */

struct rig {
	struct port_set ports; /* access, and one that leads to a recorder */
	struct worker *workers;
	unsigned worker_count; /* one, or two where there are two lcores */
	struct rte_mempool *pool;
	struct guard *guard;
};

/* Print the sentence and end the program. Any thread. */
void die(const char *sentence) __attribute__((noreturn));

/* Start ports and workers. `guard_path` is the object file of the recording guard. */
void rig_start(struct rig *rig, const char *guard_path);
void rig_stop(struct rig *rig);

static inline uint16_t rig_access(const struct rig *rig)
{
	return rig->ports.port[0].id;
}

static inline uint16_t rig_recording(const struct rig *rig)
{
	return rig->ports.port[1].id;
}

#endif
