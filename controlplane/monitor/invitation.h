/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_MONITOR_INVITATION_H
#define BRIDGETAP_MONITOR_INVITATION_H

#include "monitor/call.h"

/* The agent of a call invites another agent into it (M11, M12). */

#define INVITATIONS_MAX 16 /* of one call */

struct invitation {
	UT_hash_handle hh;		/* by id, in its organisation */
	struct invitation *next, *prev; /* of its call */
	struct call *call;
	char id[RANDOM_ID_SIZE];
	char *to; /* id of the invited user */
	int mode; /* enum mode; MODE_NONE: theirs to pick */
	uint64_t created_ms;
	bool accepting; /* they are about to join: nobody else decides over it meanwhile */
};

struct invitation *invitation_find(const struct organisation *organisation, const char *id);

/* `from`, the agent of the call, invites `to`. 0 or `refusal`. */
int invitation_create(struct call *call, const struct user *from, const struct user *to, int mode,
	uint64_t now_ms, struct invitation **invitation, struct refusal *refusal);

/* Whether this is for `user` to answer, or for them to withdraw. 0 or `refusal`. */
int invitation_check_answer(
	const struct invitation *invitation, const struct user *user, struct refusal *refusal);
int invitation_check_withdraw(
	const struct invitation *invitation, const struct user *user, struct refusal *refusal);

/* It is over; both sides are told. */
void invitation_end(struct invitation *invitation, enum why why);

#endif
