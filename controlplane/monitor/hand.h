/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_HAND_H
#define BRIDGETAP_MONITOR_HAND_H

#include "monitor/call.h"

/* The raised hand of a call (M10). */

/* The agent of the call raises it; a monitor who has joined already attends. Raising it again
 * changes nothing. 0 or `refusal`. */
int hand_raise(
	struct call *call, const struct user *user, uint64_t now_ms, struct refusal *refusal);

/* The agent of the call lowers it. */
int hand_lower(struct call *call, const struct user *user, struct refusal *refusal);

/* It comes down by itself, if it is up: the call ends, or goes to another agent. */
void hand_drop(struct call *call, enum why why);

/* A monitor has joined, or has left. For session.c. */
void hand_attend(struct call *call, const struct session *session);
void hand_desert(struct call *call, const struct session *session, enum why why);

#endif
