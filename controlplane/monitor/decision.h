/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_DECISION_H
#define BRIDGETAP_MONITOR_DECISION_H

#include "monitor/call.h"

/* The one place where it is decided who may do what to a call. Listing, joining, switching,
 * inviting and enforcement in mid-call all ask here. No rule depends on the mode: whoever may
 * monitor a call may do so in each of the three. */

enum deed {
	DEED_LIST,	   /* see the list of calls */
	DEED_JOIN,	   /* take the third seat, by a right of one's own */
	DEED_JOIN_INVITED, /* the same, by an invitation to this very call */
	DEED_STAY,	   /* go on monitoring, or switch, after DEED_JOIN */
	DEED_STAY_INVITED, /* the same after DEED_JOIN_INVITED */
	DEED_INVITE,	   /* invite another, as the agent of the call */
	DEED_BE_INVITED,   /* be invited by them */
};

/* May this user do this to this call? Every reason why not, as bits (1 << enum reason); 0 for yes.
 * A call that has ended is a reason, too. `user` may be NULL: one who has been deleted; so may
 * `call`, for DEED_LIST. */
uint32_t decide(enum deed deed, const struct user *user, const struct call *call);

/* The reasons of decide() that lie with the user or the organisation and not with the call. */
#define REASONS_OF_VIEWER                                                      \
	(1u << REASON_DASHBOARD_LOGGED_OUT | 1u << REASON_DESKTOP_LOGGED_OUT | \
		1u << REASON_NOT_ONLINE | 1u << REASON_ORGANISATION_DISABLED | \
		1u << REASON_ALREADY_MONITORING)

/* Those of DEED_JOIN that hold whatever the call; decide() has them as well. */
uint32_t decide_for_viewer(const struct organisation *organisation, const struct user *user);

#endif
