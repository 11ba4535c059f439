/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/hand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/session.h"
#include "monitor/text.h"

static void tell_agent(
	struct call *call, enum notice_kind kind, enum why why, const struct session *session)
{
	const struct notice notice = {
		.kind = kind,
		.why = why,
		.organisation = call->organisation,
		.user = call->agent_user,
		.call = call,
		.session = session,
	};

	notify(&notice);
}

static int check_agent(const struct call *call, const struct user *user, struct refusal *refusal)
{
	return strcmp(call->agent_user, user->entry.id) == 0
		       ? 0
		       : refuse_for(refusal, 1u << REASON_NOT_PERMITTED);
}

void hand_attend(struct call *call, const struct session *session)
{
	if (call->hand.raised_ms == 0 || call->hand.attended_by != NULL)
		return;
	/* Where memory is short, it stays up, unattended. */
	if (text_replace(&call->hand.attended_by, session->user) < 0)
		return;
	call_note(call);
	tell_agent(call, NOTICE_HAND_ATTENDED, WHY_NONE, session);
}

int hand_raise(struct call *call, const struct user *user, uint64_t now_ms, struct refusal *refusal)
{
	const struct session *there = call->sessions;

	if (check_agent(call, user, refusal) < 0)
		return refusal->error;
	if (call->hand.raised_ms != 0)
		return 0;
	while (there != NULL && !there->joined)
		there = there->next;
	call->hand.raised_ms = now_ms != 0 ? now_ms : 1;
	call_note(call);
	tell_agent(call, NOTICE_HAND_RAISED, WHY_NONE, NULL);
	if (there != NULL)
		hand_attend(call, there);
	return 0;
}

void hand_drop(struct call *call, enum why why)
{
	if (call->hand.raised_ms == 0)
		return;
	free(call->hand.attended_by);
	call->hand = (struct hand){ 0 };
	call_note(call);
	tell_agent(call, NOTICE_HAND_LOWERED, why, NULL);
}

int hand_lower(struct call *call, const struct user *user, struct refusal *refusal)
{
	if (check_agent(call, user, refusal) < 0)
		return refusal->error;
	hand_drop(call, WHY_BY_USER);
	return 0;
}

void hand_desert(struct call *call, const struct session *session, enum why why)
{
	if (call->hand.attended_by != NULL && strcmp(call->hand.attended_by, session->user) == 0)
		hand_drop(call, why);
}
