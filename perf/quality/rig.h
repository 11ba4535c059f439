/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_PERF_QUALITY_RIG_H
#define BRIDGETAP_PERF_QUALITY_RIG_H

#include "call/call.h"
#include "quality/wire.h"
#include "worker/worker.h"

/* One call on a real worker, whose port is a ring in memory and whose time is that of the packets.
 * All of it ends the program with a sentence where something cannot be had. Main lcore. */

struct quality_rig {
	struct port_set ports;
	struct realm_set realms;
	struct port_table table;
	struct worker *worker;
	struct rte_mempool *pool;
	struct leg_plan plans[WIRE_PARTIES];
	struct call *call;
};

/* Print the sentence and end the program. */
void die(const char *sentence) __attribute__((noreturn));

/* Agent and customer talk; the monitor is there in `mode`, or not at all where that is MODE_NONE.
 */
void rig_start(struct quality_rig *rig, enum mode mode, uint64_t now_us);

/* Put a packet in. */
void rig_put(struct quality_rig *rig, const struct wire *wire, const uint8_t *payload);

/* Take one that has come out: false where there is none. There is room for `payload` of any. */
bool rig_take(struct quality_rig *rig, struct wire *wire, uint8_t *payload);

#endif
