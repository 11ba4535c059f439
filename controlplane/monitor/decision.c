/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/decision.h"

#include <string.h>

#include "monitor/access.h"
#include "monitor/session.h"

#define BIT(name) (1u << REASON_##name)

/* --- the conditions, one by one --- */

static uint32_t unless(bool condition, uint32_t reason)
{
	return condition ? 0 : reason;
}

static bool is_viewer(const struct user *user)
{
	return user_settings(user)->role >= USER_ROLE_SUPERVISOR;
}

static bool is_agent_of(const struct user *user, const struct call *call)
{
	return strcmp(call->agent_user, user->entry.id) == 0;
}

/* M4. */
static uint32_t ask_presence(const struct user *user)
{
	return unless(user->dashboard, BIT(DASHBOARD_LOGGED_OUT)) |
	       unless(user->desktop, BIT(DESKTOP_LOGGED_OUT)) |
	       unless(user->presence == PRESENCE_ONLINE, BIT(NOT_ONLINE));
}

/* M6. */
static uint32_t ask_seats(const struct call *call)
{
	return unless(
		2 + call->session_count < call->organisation->world->seats_max, BIT(CALL_FULL));
}

static uint32_t ask_free(const struct organisation *organisation, const struct user *user)
{
	return unless(
		session_of_user(organisation, user->entry.id) == NULL, BIT(ALREADY_MONITORING));
}

/* M21 and M22: what holds for the call, whoever asks. */
static uint32_t ask_organisation(const struct call *call)
{
	return unless(!call->organisation->monitoring_off, BIT(ORGANISATION_DISABLED)) |
	       unless(access_has_consent(call), BIT(CONSENT_MISSING)) |
	       unless(!call->change.gone, BIT(CALL_ENDED));
}

/* M1 and M17: least privilege, so both. Nobody monitors their own call. */
static uint32_t ask_right(const struct user *user, const struct call *call)
{
	return unless(is_viewer(user) && !is_agent_of(user, call) &&
			      access_permits_monitoring(call, user),
		BIT(NOT_PERMITTED));
}

/* M11. */
static uint32_t ask_invitable(const struct user *user, const struct call *call)
{
	return unless(user_settings(user)->role == USER_ROLE_AGENT &&
			      user_settings(user)->call_monitor_access && !is_agent_of(user, call),
		BIT(NOT_PERMITTED));
}

/* --- all together --- */

static uint32_t ask_join(const struct user *user, const struct call *call)
{
	return ask_organisation(call) | ask_presence(user) | ask_seats(call) |
	       ask_free(call->organisation, user);
}

uint32_t decide(enum deed deed, const struct user *user, const struct call *call)
{
	if (user == NULL)
		return BIT(NOT_PERMITTED);
	switch (deed) {
	case DEED_LIST:
		return unless(is_viewer(user), BIT(NOT_PERMITTED));
	case DEED_JOIN:
		return ask_right(user, call) | ask_join(user, call);
	case DEED_JOIN_INVITED:
	case DEED_BE_INVITED:
		return ask_invitable(user, call) | ask_join(user, call);
	case DEED_STAY:
		return ask_right(user, call) | ask_organisation(call);
	case DEED_STAY_INVITED:
		return ask_invitable(user, call) | ask_organisation(call);
	case DEED_INVITE:
		return unless(is_agent_of(user, call), BIT(NOT_PERMITTED)) |
		       ask_organisation(call) | ask_seats(call);
	}
	return BIT(NOT_PERMITTED);
}

uint32_t decide_for_viewer(const struct organisation *organisation, const struct user *user)
{
	return unless(!organisation->monitoring_off, BIT(ORGANISATION_DISABLED)) |
	       ask_presence(user) | ask_free(organisation, user);
}
