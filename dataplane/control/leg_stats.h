/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_LEG_STATS_H
#define BRIDGETAP_CONTROL_LEG_STATS_H

#include "call/call.h"
#include "control/wire.h"

/* A leg's statistics as a message, and the list in it. */
struct leg_stats_message {
	Bridgetap__Dataplane__V1__LegStats stats;
	Bridgetap__Dataplane__V1__Role hears[ROLE_COUNT];
};

/* What a worker has counted of a leg, as the control plane gets it, with the quality that follows
 * from it. `message` is filled in anew. Main lcore. */
void leg_stats_encode(const struct leg_stats *stats, struct leg_stats_message *message);

#endif
