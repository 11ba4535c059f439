/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_TRANSFER_H
#define BRIDGETAP_MONITOR_TRANSFER_H

#include "monitor/call.h"

/* From one agent to the next: call_transfer() of call.h, and its parts for call.c. */

/* Another agent, at another desk. 0, or -ENOMEM with nothing changed. */
int call_set_agent(struct call *call, const char *agent_user);

/* After call_set_agent(), when all else is done. */
void call_agent_changed(struct call *call);

/* The status of the agent's extension depends on the calls of its user. */
void call_note_extension(struct call *call);

#endif
