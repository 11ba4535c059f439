/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_ENFORCE_H
#define BRIDGETAP_MONITOR_ENFORCE_H

#include "monitor/call.h"

/* Rights may be lost in mid-call: whatever may take one away asks here afterwards, and whoever has
 * lost theirs is out, and is told why. */

/* All that goes on in the organisation, or on one call. */
void enforce(struct organisation *organisation);
void enforce_call(struct call *call);

#endif
