/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/invitation.h"

#include <errno.h>

#include "monitor/decision.h"
#include "service/audit.h"
#include "service/convert_monitor.h"
#include "service/monitor_methods.h"

struct invitation *find_invitation(
	struct grpc_call *grpc, struct organisation *organisation, const char *id)
{
	struct services *services = grpc_call_context(grpc);
	struct invitation *invitation = invitation_find(organisation, id);
	struct refusal refusal;

	if (invitation != NULL) {
		services->acting.call = invitation->call->id;
		return invitation;
	}
	refuse(&refusal, -ENOENT, "there is no invitation \"%.32s\"; it may be over", id);
	service_refuse(grpc, &refusal);
	return NULL;
}

static void note(struct grpc_call *grpc, const struct invitation *invitation, const char *action)
{
	audit_note(grpc_call_context(grpc), &(struct audit_note){
						    .organisation = invitation->call->organisation,
						    .action = action,
						    .call = invitation->call->id,
						    .subject = invitation->to,
						    .detail = audit_mode(invitation->mode),
					    });
}

/* --- inviting --- */

/* Who can be invited at all; why not just now goes with them. */
static bool is_invitable(const struct user *user, const struct call *call)
{
	return !(decide(DEED_BE_INVITED, user, call) & 1u << REASON_NOT_PERMITTED);
}

static Bridgetap__V1__Invitable *encode_invitable(
	struct arena *arena, const struct user *user, const struct call *call)
{
	Bridgetap__V1__Invitable *out =
		ARENA_NEW(arena, Bridgetap__V1__Invitable, bridgetap__v1__invitable__init);

	if (out == NULL)
		return NULL;
	out->user_id = user->entry.id;
	out->name = user_settings(user)->name;
	out->blocked = encode_reasons(arena, decide(DEED_BE_INVITED, user, call), &out->n_blocked);
	return out;
}

void list_invitable(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__ListInvitableRequest *request = (const void *)message;
	Bridgetap__V1__ListInvitableResponse response =
		BRIDGETAP__V1__LIST_INVITABLE_RESPONSE__INIT;
	struct arena arena = { 0 };
	struct entry *entry, *users;
	struct refusal refusal;
	struct actor actor;
	struct call *call;

	if (!actor_identify(grpc, NEED_USER, &actor))
		return;
	call = service_find_call(grpc, actor.organisation, request->call_id);
	if (call == NULL)
		return;
	if (decide(DEED_INVITE, actor.user, call) & 1u << REASON_NOT_PERMITTED) {
		refuse_for(&refusal, 1u << REASON_NOT_PERMITTED);
		service_refuse(grpc, &refusal);
		return;
	}
	users = actor.organisation->directory[DIRECTORY_USER];
	response.agents = arena_alloc(&arena, (HASH_COUNT(users) + 1) * sizeof(*response.agents));
	for (entry = users; entry != NULL && response.agents != NULL; entry = entry->hh.next)
		if (is_invitable((struct user *)entry, call))
			response.agents[response.n_agents++] =
				encode_invitable(&arena, (struct user *)entry, call);
	if (arena.failed)
		service_refuse_memory(grpc);
	else
		grpc_call_reply(grpc, &response.base);
	arena_free(&arena);
}

static int find_guest(
	const struct actor *actor, const char *id, struct user **guest, struct refusal *refusal)
{
	*guest = user_find(actor->organisation, id);
	return *guest != NULL ? 0 : refuse(refusal, -ENOENT, "there is no user \"%.64s\"", id);
}

void invite(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__InviteRequest *request = (const void *)message;
	const struct services *services = grpc_call_context(grpc);
	struct invitation *invitation;
	struct arena arena = { 0 };
	Bridgetap__V1__Invitation *response;
	struct refusal refusal;
	struct user *guest;
	struct actor actor;
	struct call *call;

	if (!actor_identify(grpc, NEED_USER, &actor) || !service_check_audit(grpc))
		return;
	call = service_find_call(grpc, actor.organisation, request->call_id);
	if (call == NULL)
		return;
	if (find_guest(&actor, request->user_id, &guest, &refusal) < 0 ||
		invitation_create(call, actor.user, guest, (int)request->mode, services->wall_ms(),
			&invitation, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	note(grpc, invitation, "invite");
	response = encode_invitation(&arena, invitation);
	if (response == NULL)
		service_refuse_memory(grpc);
	else
		grpc_call_reply(grpc, &response->base);
	arena_free(&arena);
}

/* --- withdrawing, declining --- */

static void end(struct grpc_call *grpc, const char *id,
	int (*check)(const struct invitation *invitation, const struct user *user,
		struct refusal *refusal),
	const char *action, enum why why, const ProtobufCMessage *reply)
{
	struct invitation *invitation;
	struct refusal refusal;
	struct actor actor;

	if (!actor_identify(grpc, NEED_USER, &actor))
		return;
	invitation = find_invitation(grpc, actor.organisation, id);
	if (invitation == NULL)
		return;
	if (check(invitation, actor.user, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	note(grpc, invitation, action);
	invitation_end(invitation, why);
	grpc_call_reply(grpc, reply);
}

void withdraw_invitation(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	static const Bridgetap__V1__WithdrawInvitationResponse response =
		BRIDGETAP__V1__WITHDRAW_INVITATION_RESPONSE__INIT;
	const Bridgetap__V1__WithdrawInvitationRequest *request = (const void *)message;

	end(grpc, request->invitation_id, invitation_check_withdraw, "invitation_withdraw",
		WHY_BY_OTHER, &response.base);
}

void decline_invitation(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	static const Bridgetap__V1__DeclineInvitationResponse response =
		BRIDGETAP__V1__DECLINE_INVITATION_RESPONSE__INIT;
	const Bridgetap__V1__DeclineInvitationRequest *request = (const void *)message;

	end(grpc, request->invitation_id, invitation_check_answer, "invitation_decline",
		WHY_BY_USER, &response.base);
}
