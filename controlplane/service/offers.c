/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/offer.h"

#include <errno.h>
#include <string.h>

#include "bridgetap/v1/calls.pb-c.h"
#include "monitor/session.h"
#include "service/audit.h"
#include "service/convert_monitor.h"
#include "service/monitor_methods.h"

/* Incoming calls for those who monitor: Calls.OfferCall asks and waits, Monitor.AnswerOffer
 * answers. The offer's waiter is the grpc_call of the first. */

typedef Bridgetap__V1__OfferCallResponse Response;

static void reply_with(struct grpc_call *grpc, Bridgetap__V1__OfferCallResponse__Answer answer)
{
	Response response = BRIDGETAP__V1__OFFER_CALL_RESPONSE__INIT;

	response.answer = answer;
	if (grpc != NULL)
		grpc_call_reply(grpc, &response.base);
}

/* Whoever offered the call has taken it back. */
static void withdrawn(struct grpc_call *grpc, void *state)
{
	(void)grpc;
	offer_end(state, WHY_BY_OTHER);
}

void offer_call(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__OfferCallRequest *request = (const void *)message;
	const struct services *services = grpc_call_context(grpc);
	struct grpc_call_hooks hooks = { .cancelled = withdrawn };
	struct refusal refusal;
	struct actor actor;
	struct offer *offer;
	struct user *user;

	if (!actor_identify(grpc, NEED_ORGANISATION, &actor))
		return;
	user = user_find(actor.organisation, request->user_id);
	if (user == NULL) {
		refuse(&refusal, -ENOENT, "there is no user \"%.64s\"", request->user_id);
		service_refuse(grpc, &refusal);
		return;
	}
	if (session_of_user(actor.organisation, user->entry.id) == NULL) {
		reply_with(grpc, BRIDGETAP__V1__OFFER_CALL_RESPONSE__ANSWER__NOT_MONITORING);
		return;
	}
	if (offer_create(actor.organisation, user, request->contact_number, services->wall_ms(),
		    &offer, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	offer->waiter = grpc;
	hooks.state = offer;
	grpc_call_set_hooks(grpc, &hooks);
}

/* --- answering --- */

/* The offer is over, its waiter waits for something else or for nothing. */
static struct grpc_call *take_waiter(struct offer *offer, enum why why)
{
	struct grpc_call *waiter = offer->waiter;
	const struct grpc_call_hooks none = { 0 };

	grpc_call_set_hooks(waiter, &none);
	offer_end(offer, why);
	return waiter;
}

/* Both who offered and who answered wait until the media plane has let go of the leg. */
static void waiter_done(struct pending *pending, struct call *call)
{
	(void)call;
	reply_with(pending->grpc, BRIDGETAP__V1__OFFER_CALL_RESPONSE__ANSWER__ACCEPTED);
}

static void answerer_done(struct pending *pending, struct call *call)
{
	Bridgetap__V1__AnswerOfferResponse response = BRIDGETAP__V1__ANSWER_OFFER_RESPONSE__INIT;

	(void)call;
	if (pending->grpc != NULL)
		grpc_call_reply(pending->grpc, &response.base);
}

static void take_call(struct grpc_call *grpc, struct offer *offer, struct session *session)
{
	struct pending *answerer = pending_create(grpc, session->call), *waiter;

	if (answerer == NULL)
		return;
	waiter = pending_create(take_waiter(offer, WHY_ACCEPTED), session->call);
	session_end(session, WHY_OTHER_CALL, 0);
	if (waiter != NULL) {
		waiter->succeed = waiter_done;
		pending_start(waiter);
	}
	answerer->succeed = answerer_done;
	pending_start(answerer);
}

void offers_release(struct organisation *organisation, const char *user)
{
	struct offer *offer, *next;

	HASH_ITER (hh, organisation->offers, offer, next)
		if (strcmp(offer->user, user) == 0)
			reply_with(take_waiter(offer, WHY_NONE),
				BRIDGETAP__V1__OFFER_CALL_RESPONSE__ANSWER__NOT_MONITORING);
}

void answer_offer(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__AnswerOfferRequest *request = (const void *)message;
	Bridgetap__V1__AnswerOfferResponse response = BRIDGETAP__V1__ANSWER_OFFER_RESPONSE__INIT;
	struct session *session;
	struct refusal refusal;
	struct offer *offer;
	struct actor actor;

	if (!actor_identify(grpc, NEED_USER, &actor))
		return;
	offer = offer_find(actor.organisation, request->offer_id);
	if (offer == NULL) {
		refuse(&refusal, -ENOENT, "there is no offered call \"%.32s\"; it may be over",
			request->offer_id);
		service_refuse(grpc, &refusal);
		return;
	}
	if (offer_check_answer(offer, actor.user, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	audit_note(grpc_call_context(grpc),
		&(struct audit_note){
			.organisation = actor.organisation,
			.action = "offer_answer",
			.subject = offer->contact_number,
			.detail = request->accept ? "accepted" : "rejected",
		});
	session = session_of_user(actor.organisation, actor.user->entry.id);
	if (request->accept && session != NULL) {
		take_call(grpc, offer, session);
		return;
	}
	reply_with(take_waiter(offer, request->accept ? WHY_ACCEPTED : WHY_BY_USER),
		request->accept ? BRIDGETAP__V1__OFFER_CALL_RESPONSE__ANSWER__ACCEPTED
				: BRIDGETAP__V1__OFFER_CALL_RESPONSE__ANSWER__REJECTED);
	grpc_call_reply(grpc, &response.base);
}
