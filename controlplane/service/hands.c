/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/hand.h"

#include "service/audit.h"
#include "service/convert_monitor.h"
#include "service/monitor_methods.h"

/* Raised hands. Whoever watches sees them at once; the data plane is told because it keeps for us
 * what must survive, and nobody waits for that. */

static struct call *find_call(struct grpc_call *grpc, const char *id, struct actor *actor)
{
	return actor_identify(grpc, NEED_USER, actor)
		       ? service_find_call(grpc, actor->organisation, id)
		       : NULL;
}

static void changed(struct grpc_call *grpc, const struct call *call, const char *action)
{
	struct services *services = grpc_call_context(grpc);

	audit_note(services, &(struct audit_note){
				     .organisation = call->organisation,
				     .action = action,
				     .call = call->id,
			     });
	link_change(services->link, call->wire_id, NULL);
}

void raise_hand(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__RaiseHandRequest *request = (const void *)message;
	const struct services *services = grpc_call_context(grpc);
	struct arena arena = { 0 };
	Bridgetap__V1__Hand *response;
	struct refusal refusal;
	struct actor actor;
	struct call *call = find_call(grpc, request->call_id, &actor);

	if (call == NULL)
		return;
	if (hand_raise(call, actor.user, services->wall_ms(), &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	changed(grpc, call, "hand_raise");
	response = encode_hand(&arena, call);
	if (response == NULL)
		service_refuse_memory(grpc);
	else
		grpc_call_reply(grpc, &response->base);
	arena_free(&arena);
}

void lower_hand(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__LowerHandRequest *request = (const void *)message;
	Bridgetap__V1__LowerHandResponse response = BRIDGETAP__V1__LOWER_HAND_RESPONSE__INIT;
	struct refusal refusal;
	struct actor actor;
	struct call *call = find_call(grpc, request->call_id, &actor);

	if (call == NULL)
		return;
	if (hand_lower(call, actor.user, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	changed(grpc, call, "hand_lower");
	grpc_call_reply(grpc, &response.base);
}
