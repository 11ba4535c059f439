/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "monitor/decision.h"
#include "monitor/hand.h"
#include "monitor/leg.h"
#include "monitor/text.h"

static int check_mode(enum mode mode, struct refusal *refusal)
{
	if (mode != MODE_LISTEN && mode != MODE_WHISPER && mode != MODE_BARGE)
		return refuse(refusal, -EINVAL, "mode is none of listen, whisper, barge");
	return 0;
}

struct session *session_find(const struct organisation *organisation, const char *id)
{
	struct session *session;

	HASH_FIND_STR(organisation->sessions, id, session);
	return session;
}

struct session *session_of_user(const struct organisation *organisation, const char *user)
{
	struct session *session;

	HASH_FIND(by_user, organisation->sessions_by_user, user, strlen(user), session);
	return session;
}

static void tell(const struct session *session, const char *user, enum notice_kind kind,
	enum why why, uint32_t reasons)
{
	const struct notice notice = {
		.kind = kind,
		.why = why,
		.reasons = reasons,
		.organisation = session->call->organisation,
		.user = user,
		.call = session->call,
		.session = session,
	};

	notify(&notice);
}

static void free_session(struct session *session)
{
	leg_close(&session->leg);
	free(session->user);
	free(session);
}

int session_enter(struct session *session)
{
	struct call *call = session->call;
	struct organisation *organisation = call->organisation;

	HASH_ADD_STR(organisation->sessions, id, session);
	if (!table_has(session))
		return -ENOMEM;
	HASH_ADD_KEYPTR(by_user, organisation->sessions_by_user, session->user,
		strlen(session->user), session);
	if (session->by_user.tbl == NULL) {
		HASH_DEL(organisation->sessions, session);
		return -ENOMEM;
	}
	DL_APPEND(call->sessions, session);
	call->session_count++;
	call_note(call);
	return 0;
}

static struct session *new_session(struct call *call, const struct user *user, enum mode mode,
	const struct media *media, uint64_t now_ms, struct refusal *refusal)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session == NULL || text_replace(&session->user, user->entry.id) < 0) {
		free(session);
		refuse(refusal, -ENOMEM, "out of memory");
		return NULL;
	}
	session->call = call;
	session->mode = mode;
	session->joined_ms = now_ms;
	world_random_id(call->organisation->world, session->id);
	if (leg_open(call, &session->leg, media, false, "media", refusal) < 0)
		goto fail;
	if (session_enter(session) < 0) {
		refuse(refusal, -ENOMEM, "out of memory");
		goto fail;
	}
	return session;

fail:
	free_session(session);
	return NULL;
}

static int join(enum deed deed, struct call *call, const struct user *user, enum mode mode,
	const struct media *media, uint64_t now_ms, struct session **session,
	struct refusal *refusal)
{
	uint32_t reasons = decide(deed, user, call);

	if (check_mode(mode, refusal) < 0)
		return refusal->error;
	if (reasons != 0)
		return refuse_for(refusal, reasons);
	*session = new_session(call, user, mode, media, now_ms, refusal);
	if (*session == NULL)
		return refusal->error;
	(*session)->invited = deed == DEED_JOIN_INVITED;
	(*session)->announced = true;
	tell(*session, call->agent_user, NOTICE_MONITOR_JOINED, WHY_NONE, 0);
	return 0;
}

int session_join(struct call *call, const struct user *user, enum mode mode,
	const struct media *media, uint64_t now_ms, struct session **session,
	struct refusal *refusal)
{
	return join(DEED_JOIN, call, user, mode, media, now_ms, session, refusal);
}

int session_join_invited(struct invitation *invitation, const struct user *user, enum mode mode,
	const struct media *media, uint64_t now_ms, struct session **session,
	struct refusal *refusal)
{
	struct call *call = invitation->call;

	if (mode == MODE_NONE)
		mode = (enum mode)invitation->mode;
	if (invitation->mode != MODE_NONE && (int)mode != invitation->mode)
		return refuse(refusal, -EINVAL, "mode is another than the invitation's");
	if (join(DEED_JOIN_INVITED, call, user, mode, media, now_ms, session, refusal) < 0)
		return refusal->error;
	snprintf((*session)->invitation, sizeof((*session)->invitation), "%s", invitation->id);
	invitation->accepting = true;
	return 0;
}

/* What is being accepted by this session, if it is still there. */
static struct invitation *invitation_of(const struct session *session)
{
	return invitation_find(session->call->organisation, session->invitation);
}

void session_join_end(struct session *session, bool followed)
{
	struct invitation *invitation = invitation_of(session);

	if (!followed) {
		session->announced = false;
		session_end(session, WHY_MEDIA_FAILED, 0);
		return;
	}
	session->joined = true;
	hand_attend(session->call, session);
	if (invitation != NULL)
		invitation_end(invitation, WHY_ACCEPTED);
}

int session_switch(
	struct session *session, const struct user *user, enum mode mode, struct refusal *refusal)
{
	uint32_t reasons;

	if (check_mode(mode, refusal) < 0)
		return refusal->error;
	reasons = decide(session->invited ? DEED_STAY_INVITED : DEED_STAY, user, session->call);
	if (strcmp(session->user, user->entry.id) != 0)
		reasons |= 1u << REASON_NOT_PERMITTED;
	if (reasons != 0)
		return refuse_for(refusal, reasons);
	if (session->undecided++ == 0)
		session->in_force = session->mode;
	session->mode = mode;
	call_note(session->call);
	tell(session, session->call->agent_user, NOTICE_MONITOR_SWITCHED, WHY_NONE, 0);
	return 0;
}

void session_switch_end(struct session *session, enum mode mode)
{
	if (mode != MODE_NONE)
		session->in_force = mode;
	if (--session->undecided > 0 || session->mode == session->in_force)
		return;
	session->mode = session->in_force;
	call_note(session->call);
}

int session_check_leave(
	const struct session *session, const struct user *user, struct refusal *refusal)
{
	if (strcmp(session->user, user->entry.id) != 0 &&
		user_settings(user)->role != USER_ROLE_ADMIN)
		return refuse_for(refusal, 1u << REASON_NOT_PERMITTED);
	return 0;
}

void session_end(struct session *session, enum why why, uint32_t reasons)
{
	struct invitation *invitation = invitation_of(session);
	struct call *call = session->call;

	if (invitation != NULL)
		invitation->accepting = false;
	HASH_DEL(call->organisation->sessions, session);
	HASH_DELETE(by_user, call->organisation->sessions_by_user, session);
	DL_DELETE(call->sessions, session);
	call->session_count--;
	call_note(call);
	tell(session, session->user, NOTICE_SESSION_ENDED, why, reasons);
	if (session->announced)
		tell(session, call->agent_user, NOTICE_MONITOR_LEFT, why, 0);
	hand_desert(call, session, why);
	free_session(session);
}
