/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_ENDING_H
#define BRIDGETAP_SERVICE_ENDING_H

#include "bridgetap/v1/calls.pb-c.h"
#include "monitor/call.h"
#include "service/services.h"

/* The end of a call that was in force: for the monitor's rules at once, then in the media plane,
 * and then told to whoever watches media events, with its last statistics. Loop thread only. */

/* Embedded in what waits for it, and the caller's again when `done` is called, which is once;
 * `error` and `sentence` are as in link_waiter. */
struct ending {
	struct link_waiter waiter; /* first: what the link hands back */
	struct services *services;
	/* The last statistics, before `done`, where the data plane tells them; valid while it runs.
	 * May be NULL. */
	void (*told)(struct ending *ending, Bridgetap__V1__LegStats **legs, size_t count);
	void (*done)(struct ending *ending, int error, const char *sentence);
	Bridgetap__V1__CallEndReason reason;
	bool watchers_told;
	char organisation[ORGANISATION_ID_MAX + 1];
	char call_id[CALL_ID_MAX + 1];
};

/* End `call`, which is gone when it returns. services, done, reason and, if wanted, `told` have
 * been filled in, and the rest is zero. */
void ending_begin(struct ending *ending, struct call *call);

#endif
