/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_DESK_H
#define BRIDGETAP_MONITOR_DESK_H

#include "monitor/table.h"

/* Where an agent takes calls: from the id of a user to the calls on which they are the agent,
 * whether the directory knows that user or not. */

struct call;
struct organisation;

struct desk {
	UT_hash_handle hh;  /* by user */
	struct call *calls; /* linked by desk_next */
	char user[];
};

/* Move a call, which may be at no desk yet, to this user's; "" is no desk. 0, or -ENOMEM with the
 * call where it was. */
int desk_move(struct call *call, const char *user);
void desk_leave(struct call *call);

/* The first call of an agent, NULL for none. */
struct call *desk_calls(const struct organisation *organisation, const char *user);

#endif
