/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/convert_monitor.h"

#include <string.h>

#include <utlist.h>

#include "monitor/invitation.h"
#include "monitor/offer.h"
#include "monitor/session.h"

_Static_assert((int)BRIDGETAP__V1__NOTICE_KIND__OFFER_ENDED == (int)NOTICE_OFFER_ENDED &&
		       (int)BRIDGETAP__V1__NOTICE_KIND__SESSION_ENDED == (int)NOTICE_SESSION_ENDED,
	"kinds of notices");
_Static_assert((int)BRIDGETAP__V1__NOTICE_WHY__MEDIA_FAILED == (int)WHY_MEDIA_FAILED &&
		       (int)BRIDGETAP__V1__NOTICE_WHY__RIGHT_LOST == (int)WHY_RIGHT_LOST,
	"reasons of notices");

Bridgetap__V1__Invitation *encode_invitation(
	struct arena *arena, const struct invitation *invitation)
{
	const struct organisation *organisation = invitation->call->organisation;
	Bridgetap__V1__Invitation *out =
		ARENA_NEW(arena, Bridgetap__V1__Invitation, bridgetap__v1__invitation__init);

	if (out == NULL)
		return NULL;
	out->id = (char *)(uintptr_t)invitation->id;
	out->call_id = invitation->call->id;
	out->from_user = invitation->call->agent_user;
	out->from_name = encode_name(organisation, invitation->call->agent_user);
	out->to_user = invitation->to;
	out->to_name = encode_name(organisation, invitation->to);
	out->mode = (Bridgetap__V1__Mode)invitation->mode;
	out->created_ms = invitation->created_ms;
	return out;
}

static Bridgetap__V1__Offer *encode_offer(struct arena *arena, const struct offer *offer)
{
	Bridgetap__V1__Offer *out =
		ARENA_NEW(arena, Bridgetap__V1__Offer, bridgetap__v1__offer__init);

	if (out == NULL)
		return NULL;
	out->id = (char *)(uintptr_t)offer->id;
	out->contact_number = offer->contact_number;
	out->created_ms = offer->created_ms;
	return out;
}

static Bridgetap__V1__Attendance *encode_attendance(
	struct arena *arena, const struct session *session)
{
	Bridgetap__V1__Attendance *out =
		ARENA_NEW(arena, Bridgetap__V1__Attendance, bridgetap__v1__attendance__init);

	if (out == NULL)
		return NULL;
	out->user = session->user;
	out->user_name = encode_name(session->call->organisation, session->user);
	out->mode = (Bridgetap__V1__Mode)session->mode;
	return out;
}

Bridgetap__V1__Notice *encode_notice(
	struct arena *arena, const struct notice *notice, uint64_t now_ms)
{
	Bridgetap__V1__Notice *out =
		ARENA_NEW(arena, Bridgetap__V1__Notice, bridgetap__v1__notice__init);

	if (out == NULL)
		return NULL;
	out->kind = (Bridgetap__V1__NoticeKind)notice->kind;
	out->why = (Bridgetap__V1__NoticeWhy)notice->why;
	out->at_ms = now_ms;
	out->reasons = encode_reasons(arena, notice->reasons, &out->n_reasons);
	if (notice->call != NULL) {
		out->call_id = notice->call->id;
		if (notice->kind >= NOTICE_HAND_RAISED && notice->kind <= NOTICE_HAND_LOWERED)
			out->hand = encode_hand(arena, notice->call);
	}
	if (notice->session != NULL) {
		out->attendance = encode_attendance(arena, notice->session);
		/* The agent has no business with it. */
		if (notice->kind == NOTICE_SESSION_ENDED)
			out->session_id = (char *)(uintptr_t)notice->session->id;
	}
	if (notice->invitation != NULL)
		out->invitation = encode_invitation(arena, notice->invitation);
	if (notice->offer != NULL)
		out->offer = encode_offer(arena, notice->offer);
	return out;
}

/* --- the situation --- */

static Bridgetap__V1__OwnCall *encode_own_call(struct arena *arena, const struct call *call)
{
	Bridgetap__V1__OwnCall *out =
		ARENA_NEW(arena, Bridgetap__V1__OwnCall, bridgetap__v1__own_call__init);
	const struct session *session;

	if (out == NULL)
		return NULL;
	out->call_id = call->id;
	out->hand = encode_hand(arena, call);
	out->monitors = arena_alloc(arena, (call->session_count + 1) * sizeof(*out->monitors));
	DL_FOREACH (call->sessions, session)
		if (out->monitors != NULL)
			out->monitors[out->n_monitors++] = encode_attendance(arena, session);
	return out;
}

static void add_own_calls(
	struct arena *arena, Bridgetap__V1__Situation *out, const struct call *calls)
{
	const struct call *call;
	unsigned count;

	DL_COUNT2(calls, call, count, desk_next);
	out->calls = arena_alloc(arena, (count + 1) * sizeof(*out->calls));
	DL_FOREACH2(calls, call, desk_next)
	if (out->calls != NULL)
		out->calls[out->n_calls++] = encode_own_call(arena, call);
}

static bool concerns(const struct invitation *invitation, const char *user)
{
	return strcmp(invitation->to, user) == 0 || strcmp(invitation->call->agent_user, user) == 0;
}

static void add_invitations(struct arena *arena, Bridgetap__V1__Situation *out,
	const struct organisation *organisation, const char *user)
{
	const struct invitation *invitation;

	out->invitations = arena_alloc(
		arena, (HASH_COUNT(organisation->invitations) + 1) * sizeof(*out->invitations));
	for (invitation = organisation->invitations; invitation != NULL && out->invitations != NULL;
		invitation = invitation->hh.next)
		if (concerns(invitation, user))
			out->invitations[out->n_invitations++] =
				encode_invitation(arena, invitation);
}

static void add_offers(struct arena *arena, Bridgetap__V1__Situation *out,
	const struct organisation *organisation, const char *user)
{
	const struct offer *offer;

	out->offers =
		arena_alloc(arena, (HASH_COUNT(organisation->offers) + 1) * sizeof(*out->offers));
	for (offer = organisation->offers; offer != NULL && out->offers != NULL;
		offer = offer->hh.next)
		if (strcmp(offer->user, user) == 0)
			out->offers[out->n_offers++] = encode_offer(arena, offer);
}

Bridgetap__V1__Situation *encode_situation(
	struct arena *arena, const struct organisation *organisation, const char *user)
{
	Bridgetap__V1__Situation *out =
		ARENA_NEW(arena, Bridgetap__V1__Situation, bridgetap__v1__situation__init);
	const struct session *session = session_of_user(organisation, user);

	if (out == NULL)
		return NULL;
	add_own_calls(arena, out, desk_calls(organisation, user));
	add_invitations(arena, out, organisation, user);
	add_offers(arena, out, organisation, user);
	if (session != NULL)
		out->session = encode_session(arena, session);
	return out;
}
