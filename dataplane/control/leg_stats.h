/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_LEG_STATS_H
#define BRIDGETAP_CONTROL_LEG_STATS_H

#include "call/call.h"
#include "control/wire.h"

/* What a worker has counted of a leg, as the control plane gets it, with the quality that follows
 * from it. `wire` is initialised here; its lists are left empty. Main lcore. */
void leg_stats_encode(const struct leg_stats *stats, Bridgetap__Dataplane__V1__LegStats *wire);

#endif
