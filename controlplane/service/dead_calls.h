/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_DEAD_CALLS_H
#define BRIDGETAP_SERVICE_DEAD_CALLS_H

#include "loop/loop.h"

/* Ends calls from whose agent and customer nothing has come for as long as the configuration says.
 * That both are silent is told by the data plane's events; for how long is asked of it, again and
 * again until it is long enough, so that no call ends by what was true a moment ago. A restart of
 * either plane loses nothing but time: silence is told anew. Loop thread only. */

struct call;
struct dead_call;
struct services;

/* Of struct services. All zero: no call is ended. */
struct dead_calls {
	uint32_t after_s; /* 0: never */
	struct dead_call *by_wire_id;
	struct dead_call *waiting; /* until they are looked at */
	struct dead_call *due;	   /* to be looked at now */
	unsigned asked;		   /* of which the data plane's answer is awaited; in no list */
	struct loop_timer look;
	struct loop_task ask;
};

/* after_s is set. */
void dead_calls_init(struct services *services);
void dead_calls_fini(struct services *services);

/* The media of a call has changed. */
void dead_calls_note(struct services *services, const struct call *call);

#endif
