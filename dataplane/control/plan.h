/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_PLAN_H
#define BRIDGETAP_CONTROL_PLAN_H

#include "call/call.h"
#include "control/refusal.h"
#include "control/wire.h"
#include "net/realm.h"

/* Check a call from the wire and turn it into the plans of its legs, looking at nothing but the
 * message, the realms and the cap: `plans` (room for CALL_LEGS_MAX) and their number `count`.
 * `nexthop` and `header` are left for the caller, and so is `signalled` of a leg that has learned.
 * 0, or -1 with `refusal` filled in. */
int plan_call(const WireCall *call, const struct realm_set *realms, unsigned seats_max,
	struct leg_plan *plans, unsigned *count, struct refusal *refusal);

#endif
