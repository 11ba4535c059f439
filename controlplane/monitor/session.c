/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "monitor/call.h"
#include "monitor/decision.h"
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

int session_join(struct call *call, const struct user *user, enum mode mode,
	const struct media *media, uint64_t now_ms, struct session **result,
	struct refusal *refusal)
{
	struct world *world = call->organisation->world;
	uint32_t reasons = decide_join(call, user);
	struct session *session;

	if (check_mode(mode, refusal) < 0)
		return refusal->error;
	if (reasons != 0)
		return refuse_for(refusal, reasons);
	session = calloc(1, sizeof(*session));
	if (session == NULL || text_replace(&session->user, user->id) < 0) {
		free(session);
		return refuse(refusal, -ENOMEM, "out of memory");
	}
	session->call = call;
	session->mode = mode;
	session->joined_ms = now_ms;
	snprintf(session->id, sizeof(session->id), "%08x%08x", world->random(world->random_arg),
		world->random(world->random_arg));
	if (leg_open(call, &session->leg, media, false, "media", refusal) < 0)
		goto fail;
	if (session_enter(session) < 0) {
		refuse(refusal, -ENOMEM, "out of memory");
		goto fail;
	}
	*result = session;
	return 0;

fail:
	free_session(session);
	return refusal->error;
}

int session_switch(
	struct session *session, const struct user *user, enum mode mode, struct refusal *refusal)
{
	if (check_mode(mode, refusal) < 0)
		return refusal->error;
	if (strcmp(session->user, user->id) != 0)
		return refuse_for(refusal, 1u << REASON_NOT_PERMITTED);
	session->mode = mode;
	call_note(session->call);
	return 0;
}

int session_check_leave(
	const struct session *session, const struct user *user, struct refusal *refusal)
{
	if (strcmp(session->user, user->id) != 0 && user->role != USER_ROLE_ADMIN)
		return refuse_for(refusal, 1u << REASON_NOT_PERMITTED);
	return 0;
}

void session_end(struct session *session)
{
	struct call *call = session->call;

	HASH_DEL(call->organisation->sessions, session);
	HASH_DELETE(by_user, call->organisation->sessions_by_user, session);
	DL_DELETE(call->sessions, session);
	call->session_count--;
	call_note(call);
	free_session(session);
}
