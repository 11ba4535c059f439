/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <stdio.h>

#include "bridgetap/v1/monitor.pb-c.h"
#include "monitor/session.h"
#include "service/convert.h"
#include "service/services.h"

static struct session *find_session(
	struct grpc_call *grpc, struct organisation *organisation, const char *id)
{
	struct session *session = session_find(organisation, id);
	struct refusal refusal;

	if (session != NULL)
		return session;
	refuse(&refusal, -ENOENT, "there is no monitor session \"%.32s\"; it may have ended", id);
	service_refuse(grpc, &refusal);
	return NULL;
}

/* A pending change of `session`, which it finds again by its id. */
static struct pending *pending_for_session(struct grpc_call *grpc, const struct session *session)
{
	struct pending *pending = pending_create(grpc, session->call);

	if (pending != NULL)
		snprintf(pending->session_id, sizeof(pending->session_id), "%s", session->id);
	return pending;
}

static struct session *session_of(const struct pending *pending, const struct call *call)
{
	return call != NULL ? session_find(call->organisation, pending->session_id) : NULL;
}

/* Join and Switch: the data plane has followed. */
static void answer_with_session(struct pending *pending, struct call *call)
{
	const struct session *session = session_of(pending, call);
	Bridgetap__V1__MonitorSession *message;
	struct arena arena = { 0 };
	struct refusal refusal;

	if (pending->grpc == NULL)
		return;
	if (session == NULL) {
		refuse_for(&refusal, 1u << REASON_CALL_ENDED);
		service_refuse(pending->grpc, &refusal);
		return;
	}
	message = encode_session(&arena, session);
	if (arena.failed)
		service_refuse_link(pending->grpc, -ENOMEM, "out of memory");
	else
		grpc_call_reply(pending->grpc, &message->base);
	arena_free(&arena);
}

static void undo_join(struct pending *pending, struct call *call)
{
	struct session *session = session_of(pending, call);

	if (session != NULL)
		session_end(session);
	link_change(pending->services->link, pending->wire_id, NULL);
}

static void join(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__JoinRequest *request = (const void *)message;
	struct services *services = grpc_call_context(grpc);
	struct organisation *organisation = service_organisation(grpc);
	struct user *user = organisation ? service_user(grpc, organisation) : NULL;
	struct call *call = user ? service_find_call(grpc, organisation, request->call_id) : NULL;
	struct refusal refusal;
	struct session *session;
	struct pending *pending;
	struct media media;

	if (call == NULL || !service_check_link(grpc))
		return;
	if (decode_media(&media, request->media, "media", &refusal) < 0 ||
		session_join(call, user, (enum mode)request->mode, &media, services->wall_ms(),
			&session, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	pending = pending_for_session(grpc, session);
	if (pending == NULL) {
		session_end(session);
		return;
	}
	pending->succeed = answer_with_session;
	pending->undo = undo_join;
	pending_start(pending);
}

static void undo_switch(struct pending *pending, struct call *call)
{
	struct session *session = session_of(pending, call);

	if (session != NULL)
		session->mode = (enum mode)pending->before;
	link_change(pending->services->link, pending->wire_id, NULL);
}

static void switch_mode(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__SwitchModeRequest *request = (const void *)message;
	struct organisation *organisation = service_organisation(grpc);
	struct user *user = organisation ? service_user(grpc, organisation) : NULL;
	struct session *session =
		user ? find_session(grpc, organisation, request->session_id) : NULL;
	struct refusal refusal;
	struct pending *pending;
	enum mode before;

	if (session == NULL || !service_check_link(grpc))
		return;
	before = session->mode;
	if (session_switch(session, user, (enum mode)request->mode, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	pending = pending_for_session(grpc, session);
	if (pending == NULL) {
		session->mode = before;
		return;
	}
	pending->before = (int)before;
	pending->succeed = answer_with_session;
	pending->undo = undo_switch;
	pending_start(pending);
}

/* The media plane has let go of the leg; only now it is reported. */
static void answer_left(struct pending *pending, struct call *call)
{
	Bridgetap__V1__LeaveResponse response = BRIDGETAP__V1__LEAVE_RESPONSE__INIT;

	(void)call;
	if (pending->grpc != NULL)
		grpc_call_reply(pending->grpc, &response.base);
}

static void undo_leave(struct pending *pending, struct call *call)
{
	(void)call;
	link_change(pending->services->link, pending->wire_id, NULL);
}

static void leave(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__LeaveRequest *request = (const void *)message;
	struct organisation *organisation = service_organisation(grpc);
	struct user *user = organisation ? service_user(grpc, organisation) : NULL;
	struct session *session =
		user ? find_session(grpc, organisation, request->session_id) : NULL;
	struct refusal refusal;
	struct pending *pending;

	if (session == NULL)
		return;
	if (session_check_leave(session, user, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	pending = pending_for_session(grpc, session);
	if (pending == NULL)
		return;
	session_end(session);
	pending->succeed = answer_left;
	pending->undo = undo_leave;
	pending_start(pending);
}

const struct grpc_method monitor_methods[] = {
	{ "Join", join, NULL },
	{ "SwitchMode", switch_mode, NULL },
	{ "Leave", leave, NULL },
};
