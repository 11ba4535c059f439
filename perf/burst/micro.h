/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_PERF_BURST_MICRO_H
#define BRIDGETAP_PERF_BURST_MICRO_H

#include "burst/measure.h"

/* Single steps of the fast path by themselves, and what the machine's memory costs them. */

/* One verdict of the guard, on a packet that passes. */
struct spread micro_guard(struct rig *rig);

/* From a parsed frame to the leg it is for, any of `calls` two-party calls; in bursts. */
struct spread micro_lookup(struct rig *rig, unsigned calls);

/* A call of three parties built whole: their rows of the matrix, and their legs. */
/* A worker's visit to a leg, with the reports that are due, in a walk over `calls` calls. */
struct spread micro_upkeep(struct rig *rig, unsigned calls);

struct spread micro_build(struct rig *rig);

/* One load that has to wait for the one before it, anywhere within so many bytes. */
struct spread micro_load(size_t bytes);

#endif
