/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_GUARD_ALARM_H
#define BRIDGETAP_CONTROL_GUARD_ALARM_H

#include <stdint.h>

#include "control/server.h"

/* The guard never fires unless something is broken, so each time is worth an alarm (M29): on the
 * log, and to the control plane. Main lcore. */
struct guard_alarm {
	uint64_t logged; /* packets that the guard had dropped */
	uint64_t told;	 /* likewise, when the control plane was told last ... */
	uint8_t epoch;	 /* ... which was this one: another one knows nothing of it */
};

/* The guard has dropped so many packets by now. Whoever could not be told is told at the next look;
 * call it once a second. */
void guard_alarm_check(struct guard_alarm *alarm, uint64_t dropped, struct server *server);

#endif
