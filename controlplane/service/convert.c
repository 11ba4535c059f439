/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/convert.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <utlist.h>

#include "monitor/decision.h"
#include "monitor/text.h"

/* The wire's numbers are the domain's own. */
_Static_assert((int)BRIDGETAP__V1__MODE__MODE_LISTEN == (int)MODE_LISTEN &&
		       (int)BRIDGETAP__V1__MODE__MODE_WHISPER == (int)MODE_WHISPER &&
		       (int)BRIDGETAP__V1__MODE__MODE_BARGE == (int)MODE_BARGE,
	"modes");
_Static_assert((int)BRIDGETAP__V1__CODEC__CODEC_PCMU == (int)CODEC_PCMU &&
		       (int)BRIDGETAP__V1__CODEC__CODEC_PCMA == (int)CODEC_PCMA &&
		       (int)BRIDGETAP__V1__CODEC__CODEC_G722 == (int)CODEC_G722,
	"codecs");
_Static_assert((int)BRIDGETAP__V1__RECORDING_STATE__RECORDING_STATE_ON == (int)RECORDING_ON &&
		       (int)BRIDGETAP__V1__RECORDING_STATE__RECORDING_STATE_PAUSED ==
			       (int)RECORDING_PAUSED,
	"recording states");

_Static_assert((int)BRIDGETAP__V1__SILENCE__SILENCE_NEVER_SPOKE == (int)SILENCE_NEVER_SPOKE &&
		       (int)BRIDGETAP__V1__CALL_MEDIA__CALL_MEDIA_ONE_WAY == 1 &&
		       (int)BRIDGETAP__V1__CALL_MEDIA__CALL_MEDIA_DEAD == 2,
	"who is silent");

/* --- encoding --- */

#define NEW(arena, type) \
	((Bridgetap__V1__##type *)arena_alloc(arena, sizeof(Bridgetap__V1__##type)))

Bridgetap__V1__MediaAddress *encode_address(struct arena *arena, const struct address *address)
{
	Bridgetap__V1__MediaAddress *out;
	char text[INET6_ADDRSTRLEN];

	if (address->length == 0)
		return NULL;
	out = NEW(arena, MediaAddress);
	if (out == NULL)
		return NULL;
	bridgetap__v1__media_address__init(out);
	inet_ntop(address->length == 4 ? AF_INET : AF_INET6, address->bytes, text, sizeof(text));
	out->address = arena_printf(arena, "%s", text);
	out->port = address->port;
	return out;
}

static Bridgetap__V1__Leg *encode_leg(struct arena *arena, const struct leg *leg)
{
	struct address local = leg->realm->address;
	Bridgetap__V1__Leg *out = NEW(arena, Leg);

	if (out == NULL)
		return NULL;
	bridgetap__v1__leg__init(out);
	out->media = NEW(arena, MediaDescription);
	if (out->media == NULL)
		return NULL;
	bridgetap__v1__media_description__init(out->media);
	out->media->realm = (char *)(uintptr_t)leg->realm->name;
	out->media->remote = encode_address(arena, &leg->media.remote);
	out->media->source = encode_address(arena, &leg->media.source);
	out->media->learn_remote = leg->media.learn;
	out->media->learn_ms = leg->media.learn_ms;
	out->media->codec = (Bridgetap__V1__Codec)leg->media.codec;
	out->media->payload_type = leg->media.payload_type;
	out->media->telephone_event_payload_type = leg->media.telephone_event;
	out->media->comfort_noise = leg->media.comfort_noise;
	out->media->rtcp_mux = leg->media.rtcp_mux;
	out->media->rtcp_port = leg->media.rtcp_port;
	out->media->on_hold = leg->media.on_hold;
	local.port = leg->local_port;
	out->local = encode_address(arena, &local);
	out->ssrc = leg->ssrc;
	out->silence = (Bridgetap__V1__Silence)leg->silence;
	return out;
}

char *encode_name(const struct organisation *organisation, const char *user)
{
	const struct user *known = user_find(organisation, user);

	return known != NULL ? user_settings(known)->name : (char *)(uintptr_t)user;
}

Bridgetap__V1__MonitorSession *encode_session(struct arena *arena, const struct session *session)
{
	Bridgetap__V1__MonitorSession *out = NEW(arena, MonitorSession);

	if (out == NULL)
		return NULL;
	bridgetap__v1__monitor_session__init(out);
	out->id = (char *)(uintptr_t)session->id;
	out->call_id = session->call->id;
	out->user = session->user;
	out->user_name = encode_name(session->call->organisation, session->user);
	out->mode = (Bridgetap__V1__Mode)session->mode;
	out->leg = encode_leg(arena, &session->leg);
	out->joined_ms = session->joined_ms;
	out->invited = session->invited;
	return out;
}

Bridgetap__V1__Hand *encode_hand(struct arena *arena, const struct call *call)
{
	Bridgetap__V1__Hand *out = call->hand.raised_ms != 0 ? NEW(arena, Hand) : NULL;

	if (out == NULL)
		return NULL;
	bridgetap__v1__hand__init(out);
	out->raised_ms = call->hand.raised_ms;
	if (call->hand.attended_by != NULL) {
		out->attended_by = call->hand.attended_by;
		out->attended_by_name = encode_name(call->organisation, call->hand.attended_by);
	}
	return out;
}

static const Bridgetap__V1__ReasonCode codes[REASON_COUNT] = {
	[REASON_DASHBOARD_LOGGED_OUT] = BRIDGETAP__V1__REASON_CODE__DASHBOARD_LOGGED_OUT,
	[REASON_DESKTOP_LOGGED_OUT] = BRIDGETAP__V1__REASON_CODE__DESKTOP_LOGGED_OUT,
	[REASON_NOT_ONLINE] = BRIDGETAP__V1__REASON_CODE__NOT_ONLINE,
	[REASON_CALL_FULL] = BRIDGETAP__V1__REASON_CODE__CALL_FULL,
	[REASON_NOT_PERMITTED] = BRIDGETAP__V1__REASON_CODE__NOT_PERMITTED,
	[REASON_ORGANISATION_DISABLED] = BRIDGETAP__V1__REASON_CODE__ORGANISATION_DISABLED,
	[REASON_CONSENT_MISSING] = BRIDGETAP__V1__REASON_CODE__CONSENT_MISSING,
	[REASON_ALREADY_MONITORING] = BRIDGETAP__V1__REASON_CODE__ALREADY_MONITORING,
	[REASON_CALL_ENDED] = BRIDGETAP__V1__REASON_CODE__CALL_ENDED,
};

Bridgetap__V1__Reason **encode_reasons(struct arena *arena, uint32_t reasons, size_t *count)
{
	Bridgetap__V1__Reason **list;

	*count = 0;
	if (reasons == 0)
		return NULL;
	list = arena_alloc(arena, REASON_COUNT * sizeof(Bridgetap__V1__Reason *));
	for (unsigned i = 0; list != NULL && i < REASON_COUNT; i++) {
		Bridgetap__V1__Reason *reason = reasons >> i & 1 ? NEW(arena, Reason) : NULL;

		if (reason == NULL)
			continue;
		bridgetap__v1__reason__init(reason);
		reason->code = codes[i];
		reason->sentence = (char *)(uintptr_t)reason_sentence(i);
		list[(*count)++] = reason;
	}
	return list;
}

static Bridgetap__V1__RecordingTarget *encode_target(
	struct arena *arena, const struct recording_target *target)
{
	Bridgetap__V1__RecordingTarget *out = NEW(arena, RecordingTarget);

	if (out == NULL)
		return NULL;
	bridgetap__v1__recording_target__init(out);
	out->realm = (char *)(uintptr_t)target->realm;
	out->agent = encode_address(arena, &target->agent);
	out->customer = encode_address(arena, &target->customer);
	out->mix = encode_address(arena, &target->mix);
	out->telephone_event_payload_type = target->telephone_event;
	return out;
}

Bridgetap__V1__Call *encode_call(
	struct arena *arena, const struct call *call, const struct user *viewer, uint32_t left_out)
{
	Bridgetap__V1__Call *out = NEW(arena, Call);
	const struct session *session;

	if (out == NULL)
		return NULL;
	bridgetap__v1__call__init(out);
	out->id = call->id;
	out->agent = encode_leg(arena, &call->agent);
	out->customer = encode_leg(arena, &call->customer);
	out->agent_user = call->agent_user;
	out->agent_name = encode_name(call->organisation, call->agent_user);
	out->hand = encode_hand(arena, call);
	if (viewer != NULL)
		out->blocked = encode_reasons(
			arena, decide(DEED_JOIN, viewer, call) & ~left_out, &out->n_blocked);
	out->contact_number = call->contact_number;
	out->direction = (Bridgetap__V1__Direction)call->direction;
	out->n_groups = call->groups.count;
	out->groups = call->groups.texts;
	out->n_tags = call->tags.count;
	out->tags = call->tags.texts;
	out->recording = (Bridgetap__V1__RecordingState)call->recording.state;
	if (call->recording.state != RECORDING_OFF)
		out->recording_target = encode_target(arena, &call->recording.target);
	out->created_ms = call->created_ms;
	/* None, one, or both. */
	out->media = (Bridgetap__V1__CallMedia)((call->agent.silence != SILENCE_NONE) +
						(call->customer.silence != SILENCE_NONE));
	out->monitors = arena_alloc(arena, call->session_count * sizeof(*out->monitors) + 1);
	DL_FOREACH (call->sessions, session) {
		Bridgetap__V1__MonitorSession *monitor = encode_session(arena, session);

		if (out->monitors != NULL && monitor != NULL)
			out->monitors[out->n_monitors++] = monitor;
	}
	return out;
}

/* --- decoding --- */

static int decode_address(struct address *address, const Bridgetap__V1__MediaAddress *message,
	const char *field, const char *subfield, struct refusal *refusal)
{
	*address = (struct address){ 0 };
	if (message == NULL)
		return 0;
	if (inet_pton(AF_INET, message->address, address->bytes) == 1)
		address->length = 4;
	else if (inet_pton(AF_INET6, message->address, address->bytes) == 1)
		address->length = 16;
	else
		return refuse(refusal, -EINVAL,
			"%s%s.address \"%.64s\" is not an IPv4 or IPv6 address", field, subfield,
			message->address);
	if (message->port == 0 || message->port > UINT16_MAX)
		return refuse(refusal, -EINVAL, "%s%s.port is %u; it must be from 1 to 65535",
			field, subfield, message->port);
	address->port = (uint16_t)message->port;
	return 0;
}

/* Whether it is the codec's is found out where that is known. */
static int decode_telephone_event(
	uint8_t *payload_type, uint32_t value, const char *field, struct refusal *refusal)
{
	enum { COMFORT_NOISE = 13, MOST = 127 };

	if (value > MOST || value == COMFORT_NOISE)
		return refuse(refusal, -EINVAL,
			"%s.telephone_event_payload_type cannot be %u; it is usually from 96 to "
			"127",
			field, value);
	*payload_type = (uint8_t)value;
	return 0;
}

static int decode_rtcp(struct media *media, const Bridgetap__V1__MediaDescription *message,
	const char *field, struct refusal *refusal)
{
	if (message->rtcp_port > UINT16_MAX)
		return refuse(refusal, -EINVAL, "%s.rtcp_port %u is above 65535", field,
			message->rtcp_port);
	if (message->rtcp_mux && message->rtcp_port != 0)
		return refuse(refusal, -EINVAL,
			"%s.rtcp_port: with rtcp_mux, RTCP has no port of its own", field);
	media->rtcp_mux = message->rtcp_mux;
	media->rtcp_port = (uint16_t)message->rtcp_port;
	return 0;
}

int decode_media(struct media *media, const Bridgetap__V1__MediaDescription *message,
	const char *field, struct refusal *refusal)
{
	*media = (struct media){ 0 };
	if (message == NULL)
		return refuse(refusal, -EINVAL, "%s is missing", field);
	if (strlen(message->realm) >= sizeof(media->realm))
		return refuse(refusal, -EINVAL, "%s.realm: there is no such realm", field);
	snprintf(media->realm, sizeof(media->realm), "%s", message->realm);
	if (decode_address(&media->remote, message->remote, field, ".remote", refusal) < 0 ||
		decode_address(&media->source, message->source, field, ".source", refusal) < 0)
		return refusal->error;
	media->learn = message->learn_remote;
	media->learn_ms = message->learn_ms;
	if ((int)message->codec < CODEC_NONE || (int)message->codec >= CODEC_COUNT)
		return refuse(refusal, -EINVAL, "%s.codec %d is not known", field, message->codec);
	media->codec = (enum codec)message->codec;
	if (message->payload_type > 127)
		return refuse(refusal, -EINVAL, "%s.payload_type %u is above 127", field,
			message->payload_type);
	media->payload_type = (uint8_t)message->payload_type;
	media->comfort_noise = message->comfort_noise;
	media->on_hold = message->on_hold;
	if (decode_rtcp(media, message, field, refusal) < 0)
		return refusal->error;
	return decode_telephone_event(
		&media->telephone_event, message->telephone_event_payload_type, field, refusal);
}

int decode_target(struct recording_target *target, const Bridgetap__V1__RecordingTarget *message,
	struct refusal *refusal)
{
	*target = (struct recording_target){ 0 };
	if (message == NULL)
		return refuse(refusal, -EINVAL, "target is missing");
	if (strlen(message->realm) >= sizeof(target->realm))
		return refuse(refusal, -EINVAL, "recording.realm: there is no such realm");
	snprintf(target->realm, sizeof(target->realm), "%s", message->realm);
	if (decode_address(&target->agent, message->agent, "recording", ".agent", refusal) < 0 ||
		decode_address(&target->customer, message->customer, "recording", ".customer",
			refusal) < 0 ||
		decode_address(&target->mix, message->mix, "recording", ".mix", refusal) < 0)
		return refusal->error;
	return decode_telephone_event(&target->telephone_event,
		message->telephone_event_payload_type, "recording", refusal);
}

int decode_description(struct call_description *description,
	const Bridgetap__V1__CallDescription *message, struct refusal *refusal)
{
	*description = (struct call_description){ 0 };
	if (message == NULL)
		return refuse(refusal, -EINVAL, "call is missing");
	description->id = message->id;
	description->agent_user = message->agent_user;
	description->contact_number = message->contact_number;
	description->direction = (int)message->direction;
	description->groups = message->groups;
	description->group_count = message->n_groups;
	description->tags = message->tags;
	description->tag_count = message->n_tags;
	if ((int)message->direction < 0 ||
		(int)message->direction > BRIDGETAP__V1__DIRECTION__DIRECTION_OUTBOUND)
		return refuse(
			refusal, -EINVAL, "call.direction %d is not known", message->direction);
	if (decode_media(&description->agent, message->agent, "call.agent", refusal) < 0 ||
		decode_media(&description->customer, message->customer, "call.customer", refusal) <
			0)
		return refusal->error;
	description->record = message->recording != NULL;
	return description->record
		       ? decode_target(&description->recording, message->recording, refusal)
		       : 0;
}

int decode_filter(struct call_filter *filter, const Bridgetap__V1__CallFilter *message,
	struct refusal *refusal)
{
	*filter = (struct call_filter){ 0 };
	if (message == NULL)
		return 0;
	if (message->n_agent_users > FILTER_VALUES_MAX || message->n_groups > FILTER_VALUES_MAX ||
		message->n_tags > FILTER_VALUES_MAX)
		return refuse(refusal, -EINVAL, "filter has more than %d values of one kind",
			FILTER_VALUES_MAX);
	if ((int)message->direction < 0 ||
		(int)message->direction > BRIDGETAP__V1__DIRECTION__DIRECTION_OUTBOUND)
		return refuse(
			refusal, -EINVAL, "filter.direction %d is not known", message->direction);
	if (text_list_copy(&filter->agents, message->agent_users, message->n_agent_users) < 0 ||
		text_list_copy(&filter->groups, message->groups, message->n_groups) < 0 ||
		text_list_copy(&filter->tags, message->tags, message->n_tags) < 0) {
		call_filter_fini(filter);
		return refuse(refusal, -ENOMEM, "out of memory");
	}
	filter->direction = (int)message->direction;
	filter->least_ms = 1000ull * message->duration_at_least_s;
	filter->most_ms = 1000ull * message->duration_at_most_s;
	call_filter_prepare(filter);
	return 0;
}
