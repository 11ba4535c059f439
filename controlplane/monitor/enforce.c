/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/enforce.h"

#include "monitor/decision.h"
#include "monitor/invitation.h"
#include "monitor/session.h"

static void enforce_session(struct session *session)
{
	uint32_t reasons = decide(session->invited ? DEED_STAY_INVITED : DEED_STAY,
		user_find(session->call->organisation, session->user), session->call);

	if (reasons != 0)
		session_end(session, WHY_RIGHT_LOST, reasons);
}

/* An invitation outlives what passes, such as presence or a full call, but no lost right. */
static void enforce_invitation(struct invitation *invitation)
{
	if (decide(DEED_STAY_INVITED, user_find(invitation->call->organisation, invitation->to),
		    invitation->call) != 0)
		invitation_end(invitation, WHY_RIGHT_LOST);
}

void enforce(struct organisation *organisation)
{
	struct session *session, *next_session;
	struct invitation *invitation, *next_invitation;

	HASH_ITER (hh, organisation->sessions, session, next_session)
		enforce_session(session);
	HASH_ITER (hh, organisation->invitations, invitation, next_invitation)
		enforce_invitation(invitation);
}

void enforce_call(struct call *call)
{
	struct session *session, *next_session;
	struct invitation *invitation, *next_invitation;

	for (session = call->sessions; session != NULL; session = next_session) {
		next_session = session->next;
		enforce_session(session);
	}
	for (invitation = call->invitations; invitation != NULL; invitation = next_invitation) {
		next_invitation = invitation->next;
		enforce_invitation(invitation);
	}
}
