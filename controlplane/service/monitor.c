/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <stdio.h>

#include "monitor/decision.h"
#include "monitor/invitation.h"
#include "monitor/session.h"
#include "service/audit.h"
#include "service/convert_monitor.h"
#include "service/monitor_methods.h"

static struct session *find_session(
	struct grpc_call *grpc, struct organisation *organisation, const char *id)
{
	struct services *services = grpc_call_context(grpc);
	struct session *session = session_find(organisation, id);
	struct refusal refusal;

	if (session != NULL) {
		services->acting.call = session->call->id;
		return session;
	}
	refuse(&refusal, -ENOENT, "there is no monitor session \"%.32s\"; it may have ended", id);
	service_refuse(grpc, &refusal);
	return NULL;
}

/* The call that somebody wants to join: whoever comes too late is told so, and all else that
 * CheckJoin would tell them. NULL after finishing. */
static struct call *find_joinable(struct grpc_call *grpc, const struct actor *actor, const char *id)
{
	struct services *services = grpc_call_context(grpc);
	struct call *call = call_find(actor->organisation, id);
	const struct call *ended = call == NULL ? call_find_ended(actor->organisation, id) : NULL;
	struct refusal refusal;

	if (ended == NULL)
		return service_find_call(grpc, actor->organisation, id);
	services->acting.call = ended->id;
	refuse_for(&refusal, decide(DEED_JOIN, actor->user, ended));
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

static void join_followed(struct pending *pending, struct call *call)
{
	struct session *session = session_of(pending, call);

	if (session != NULL)
		session_join_end(session, true);
	/* The data plane keeps for us that it is attended. */
	if (session != NULL && call->hand.raised_ms != 0)
		link_change(pending->services->link, pending->wire_id, NULL);
	answer_with_session(pending, call);
}

static void undo_join(struct pending *pending, struct call *call)
{
	struct session *session = session_of(pending, call);

	if (session != NULL)
		session_join_end(session, false);
}

/* The session is there: have the media plane follow. A join is on the disk before it is heard. */
static void finish_join(struct grpc_call *grpc, struct session *session)
{
	struct services *services = grpc_call_context(grpc);
	struct pending *pending;

	audit_note(services, &(struct audit_note){
				     .organisation = session->call->organisation,
				     .action = "join",
				     .call = session->call->id,
				     .subject = session->call->agent_user,
				     .detail = audit_mode(session->mode),
			     });
	if (store_flush(services->store) < 0) {
		session_end(session, WHY_MEDIA_FAILED, 0);
		service_check_audit(grpc);
		return;
	}
	pending = pending_for_session(grpc, session);
	if (pending == NULL) {
		session_end(session, WHY_MEDIA_FAILED, 0);
		return;
	}
	pending->succeed = join_followed;
	pending->undo = undo_join;
	pending_start(pending);
}

static void join(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__JoinRequest *request = (const void *)message;
	struct services *services = grpc_call_context(grpc);
	struct session *session;
	struct refusal refusal;
	struct media media;
	struct actor actor;
	struct call *call;

	if (!actor_identify(grpc, NEED_USER, &actor) || !service_check_link(grpc) ||
		!service_check_audit(grpc))
		return;
	call = find_joinable(grpc, &actor, request->call_id);
	if (call == NULL)
		return;
	if (decode_media(&media, request->media, "media", &refusal) < 0 ||
		session_join(call, actor.user, (enum mode)request->mode, &media,
			services->wall_ms(), &session, &refusal) < 0)
		service_refuse(grpc, &refusal);
	else
		finish_join(grpc, session);
}

void accept_invitation(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__AcceptInvitationRequest *request = (const void *)message;
	struct services *services = grpc_call_context(grpc);
	struct invitation *invitation;
	struct session *session;
	struct refusal refusal;
	struct media media;
	struct actor actor;

	if (!actor_identify(grpc, NEED_USER, &actor) || !service_check_link(grpc) ||
		!service_check_audit(grpc))
		return;
	invitation = find_invitation(grpc, actor.organisation, request->invitation_id);
	if (invitation == NULL)
		return;
	if (invitation_check_answer(invitation, actor.user, &refusal) < 0 ||
		decode_media(&media, request->media, "media", &refusal) < 0 ||
		session_join_invited(invitation, actor.user, (enum mode)request->mode, &media,
			services->wall_ms(), &session, &refusal) < 0)
		service_refuse(grpc, &refusal);
	else
		finish_join(grpc, session);
}

static void check_join(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__CheckJoinRequest *request = (const void *)message;
	Bridgetap__V1__CheckJoinResponse response = BRIDGETAP__V1__CHECK_JOIN_RESPONSE__INIT;
	struct arena arena = { 0 };
	const struct call *call;
	struct actor actor;

	if (!actor_identify(grpc, NEED_USER, &actor))
		return;
	call = call_find(actor.organisation, request->call_id);
	if (call == NULL)
		call = call_find_ended(actor.organisation, request->call_id);
	if (call == NULL) {
		service_find_call(grpc, actor.organisation, request->call_id);
		return;
	}
	response.blocked =
		encode_reasons(&arena, decide(DEED_JOIN, actor.user, call), &response.n_blocked);
	if (arena.failed)
		service_refuse_memory(grpc);
	else
		grpc_call_reply(grpc, &response.base);
	arena_free(&arena);
}

/* --- switch, leave --- */

static void switch_followed(struct pending *pending, struct call *call)
{
	struct session *session = session_of(pending, call);

	if (session != NULL)
		session_switch_end(session, (enum mode)pending->mode);
	answer_with_session(pending, call);
}

static void undo_switch(struct pending *pending, struct call *call)
{
	struct session *session = session_of(pending, call);

	if (session != NULL)
		session_switch_end(session, MODE_NONE);
}

static void switch_mode(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__SwitchModeRequest *request = (const void *)message;
	struct session *session;
	struct refusal refusal;
	struct pending *pending;
	struct actor actor;

	if (!actor_identify(grpc, NEED_USER, &actor) || !service_check_link(grpc) ||
		!service_check_audit(grpc))
		return;
	session = find_session(grpc, actor.organisation, request->session_id);
	if (session == NULL)
		return;
	if (session_switch(session, actor.user, (enum mode)request->mode, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	audit_note(grpc_call_context(grpc), &(struct audit_note){
						    .organisation = actor.organisation,
						    .action = "switch",
						    .call = session->call->id,
						    .subject = session->call->agent_user,
						    .detail = audit_mode(session->mode),
					    });
	pending = pending_for_session(grpc, session);
	if (pending == NULL) {
		session_switch_end(session, MODE_NONE);
		return;
	}
	pending->mode = (int)session->mode;
	pending->succeed = switch_followed;
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

static void leave(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__LeaveRequest *request = (const void *)message;
	struct session *session;
	struct refusal refusal;
	struct pending *pending;
	struct actor actor;

	if (!actor_identify(grpc, NEED_USER, &actor))
		return;
	session = find_session(grpc, actor.organisation, request->session_id);
	if (session == NULL)
		return;
	if (session_check_leave(session, actor.user, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	pending = pending_for_session(grpc, session);
	if (pending == NULL)
		return;
	session_end(session,
		session_of_user(actor.organisation, actor.user->entry.id) == session ? WHY_BY_USER
										     : WHY_BY_OTHER,
		0);
	pending->succeed = answer_left;
	pending_start(pending);
}

const struct grpc_method monitor_methods[] = {
	{ "CheckJoin", check_join, NULL },
	{ "Join", join, NULL },
	{ "SwitchMode", switch_mode, NULL },
	{ "Leave", leave, NULL },
	{ "RaiseHand", raise_hand, NULL },
	{ "LowerHand", lower_hand, NULL },
	{ "ListInvitable", list_invitable, NULL },
	{ "Invite", invite, NULL },
	{ "WithdrawInvitation", withdraw_invitation, NULL },
	{ "AcceptInvitation", accept_invitation, NULL },
	{ "DeclineInvitation", decline_invitation, NULL },
	{ "AnswerOffer", answer_offer, NULL },
	{ "WatchNotices", watch_notices, NULL },
};
