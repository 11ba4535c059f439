/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_CONVERT_STATS_H
#define BRIDGETAP_SERVICE_CONVERT_STATS_H

#include "bridgetap/v1/common.pb-c.h"
#include "dataplane_link/link.h"
#include "service/arena.h"

/* The statistics of `count` legs, as the data plane tells them, under the names that clients know;
 * their number into `encoded`. What is in them is the arena's, which notes if memory was short. */
Bridgetap__V1__LegStats **encode_leg_stats(struct arena *arena,
	Bridgetap__Dataplane__V1__LegStats *const *legs, size_t count, size_t *encoded);

#endif
