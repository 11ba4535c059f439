/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/decision.h"

#include <string.h>

static bool monitors_already(const struct organisation *organisation, const struct user *user)
{
	const struct session *session;

	HASH_FIND(by_user, organisation->sessions_by_user, user->id, strlen(user->id), session);
	return session != NULL;
}

uint32_t decide_join(const struct call *call, const struct user *user)
{
	const struct world *world = call->organisation->world;
	uint32_t reasons = 0;

	if (user->role != USER_ROLE_ADMIN && user->role != USER_ROLE_SUPERVISOR)
		reasons |= 1u << REASON_NOT_PERMITTED;
	if (2 + call->session_count >= world->seats_max)
		reasons |= 1u << REASON_CALL_FULL;
	if (monitors_already(call->organisation, user))
		reasons |= 1u << REASON_ALREADY_MONITORING;
	return reasons;
}
