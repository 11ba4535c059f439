/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_RELAY_WALK_H
#define BRIDGETAP_CONTROL_RELAY_WALK_H

#include "control/registry.h"
#include "control/relays.h"

/* The main lcore walks over all calls, a few at a time, and asks the workers to relay those that
 * can do without them. The worker decides; a call that it keeps, or takes back, is tried again
 * later and later. Main lcore only. */

struct relay_walk;

/* Over the calls of `registry`, at most `calls_max`. All arguments outlive the walk. NULL with
 * errno. */
struct relay_walk *relay_walk_create(
	struct registry *registry, const struct relays *relays, unsigned calls_max);
void relay_walk_destroy(struct relay_walk *walk);

/* Go on with the walk, if it is time; call many times a second. */
void relay_walk_step(struct relay_walk *walk);

#endif
