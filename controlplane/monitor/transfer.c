/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/access.h"
#include "monitor/enforce.h"
#include "monitor/hand.h"
#include "monitor/invitation.h"
#include "monitor/leg.h"
#include "monitor/session.h"
#include "monitor/text.h"

void call_note_extension(struct call *call)
{
	const struct user *agent = user_find(call->organisation, call->agent_user);

	if (agent != NULL)
		extension_note(call->organisation, agent->extension);
}

/* The agent of the call begins, or ends, to be attended by those who monitor it. */
static void tell_agent_of_monitors(struct call *call, enum notice_kind kind, enum why why)
{
	bool joined = kind == NOTICE_MONITOR_JOINED;
	struct session *session;

	for (session = call->sessions; session != NULL; session = session->next) {
		const struct notice notice = {
			.kind = kind,
			.why = why,
			.organisation = call->organisation,
			.user = call->agent_user,
			.call = call,
			.session = session,
		};

		if (session->announced == joined)
			continue;
		session->announced = joined;
		notify(&notice);
	}
}

/* The hand is this agent's, and so are the invitations; they are the one to be told, too. */
static void agent_leaves(struct call *call)
{
	while (call->invitations != NULL)
		invitation_end(call->invitations, WHY_TRANSFERRED);
	hand_drop(call, WHY_TRANSFERRED);
	tell_agent_of_monitors(call, NOTICE_MONITOR_LEFT, WHY_TRANSFERRED);
	call_note_extension(call);
}

int call_set_agent(struct call *call, const char *agent_user)
{
	char *copy;

	if (strcmp(call->agent_user, agent_user) == 0)
		return 0;
	copy = strdup(agent_user);
	if (copy == NULL || desk_move(call, agent_user) < 0) {
		free(copy);
		return -ENOMEM;
	}
	agent_leaves(call);
	free(call->agent_user);
	call->agent_user = copy;
	return 0;
}

/* Who has been invited was the last agent's guest: the new agent's extension must permit them as it
 * must any monitor. */
static void dismiss_guests(struct call *call)
{
	struct session *session, *next;

	for (session = call->sessions; session != NULL; session = next) {
		const struct user *user = user_find(call->organisation, session->user);

		next = session->next;
		if (session->invited && (user == NULL || !access_permits_monitoring(call, user)))
			session_end(session, WHY_RIGHT_LOST, 1u << REASON_NOT_PERMITTED);
	}
}

void call_agent_changed(struct call *call)
{
	dismiss_guests(call);
	enforce_call(call);
	/* Of those who stay: who had to go was never there for this agent. */
	tell_agent_of_monitors(call, NOTICE_MONITOR_JOINED, WHY_NONE);
	call_note_extension(call);
}

int call_transfer(struct call *call, const char *agent_user, const struct media *media,
	struct refusal *refusal)
{
	const struct leg agent = call->agent;

	if (text_check_id("agent_user", agent_user, USER_ID_MAX, refusal) < 0)
		return refusal->error;
	if (media != NULL && leg_move(call, &call->agent, media, "agent", refusal) < 0)
		return refusal->error;
	if (strcmp(call->agent_user, agent_user) == 0) {
		call_note(call);
		return 0;
	}
	if (media != NULL)
		leg_hand_over(&call->agent, media);
	if (call_set_agent(call, agent_user) < 0) {
		call->agent = agent;
		return refuse(refusal, -ENOMEM, "out of memory");
	}
	call_note_labels(call);
	call_agent_changed(call);
	return 0;
}
