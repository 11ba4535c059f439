/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_DECISION_H
#define BRIDGETAP_MONITOR_DECISION_H

#include "monitor/world.h"

/* May this user monitor this call? Every reason why not, as bits (1 << enum reason); 0 for yes. */
uint32_t decide_join(const struct call *call, const struct user *user);

#endif
