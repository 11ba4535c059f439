/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "dataplane_link/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "bridgetap/controlplane/v1/context.pb-c.h"
#include "monitor/call.h"
#include "monitor/leg.h"
#include "monitor/media_event.h"
#include "monitor/restore.h"
#include "monitor/text.h"
#include "proto/unpack.h"

typedef Bridgetap__Dataplane__V1__Leg WireLeg;
typedef Bridgetap__Dataplane__V1__Endpoint WireEndpoint;
typedef Bridgetap__Controlplane__V1__CallContext Context;
typedef Bridgetap__Controlplane__V1__Session ContextSession;

#define SESSIONS_MAX   8
#define LEGS_MAX       (2 + SESSIONS_MAX + 2)
#define CONTEXT_BUDGET (64u << 10)

#define WIRE_ROLE(name) BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_##name

/* --- to the data plane --- */

/* All the messages that one call is made of; nothing in here owns memory, but `context`. */
struct packing {
	WireCall call;
	WireLeg legs[LEGS_MAX], *leg_list[LEGS_MAX];
	WireEndpoint remotes[LEGS_MAX], sources[LEGS_MAX];
	Bridgetap__Dataplane__V1__Role records[LEGS_MAX][2];
	uint8_t *context;
};

/* NULL for no address. */
static WireEndpoint *fill_endpoint(WireEndpoint *endpoint, const struct address *address)
{
	if (address->length == 0)
		return NULL;
	bridgetap__dataplane__v1__endpoint__init(endpoint);
	endpoint->address.data = (uint8_t *)(uintptr_t)address->bytes;
	endpoint->address.len = address->length;
	endpoint->port = address->port;
	return endpoint;
}

static WireLeg *add_leg(
	struct packing *packing, const struct leg *leg, Bridgetap__Dataplane__V1__Role role)
{
	size_t i = packing->call.n_legs++;
	WireLeg *wire = &packing->legs[i];

	bridgetap__dataplane__v1__leg__init(wire);
	packing->leg_list[i] = wire;
	wire->id = leg->id;
	wire->role = role;
	wire->realm = leg->realm->name;
	wire->local_port = leg->local_port;
	wire->learn_remote = leg->media.learn;
	wire->learned = leg->media.learned;
	wire->far_end = leg->media.far_end;
	wire->learn_ms = leg->media.learn_ms;
	wire->codec = (Bridgetap__Dataplane__V1__Codec)leg->media.codec;
	wire->payload_type = leg->media.payload_type;
	wire->telephone_event_payload_type = leg->media.telephone_event;
	wire->comfort_noise = leg->media.comfort_noise;
	wire->rtcp_mux = leg->media.rtcp_mux;
	wire->rtcp_port = leg->media.rtcp_port;
	wire->on_hold = leg->media.on_hold;
	wire->ssrc = leg->ssrc;
	wire->remote = fill_endpoint(&packing->remotes[i], &leg->media.remote);
	wire->source = fill_endpoint(&packing->sources[i], &leg->media.source);
	return wire;
}

/* Two streams hold one voice each, a mix holds both; a paused recording holds none, but keeps
 * its streams. */
static void add_recording(struct packing *packing, const struct recording *recording)
{
	for (unsigned i = 0; i < recording->leg_count; i++) {
		WireLeg *wire = add_leg(packing, &recording->legs[i], WIRE_ROLE(RECORDER));
		Bridgetap__Dataplane__V1__Role *records =
			packing->records[packing->call.n_legs - 1];

		wire->records = records;
		if (recording->state != RECORDING_ON)
			continue;
		if (recording->leg_count == 1 || i == 0)
			records[wire->n_records++] = WIRE_ROLE(AGENT);
		if (recording->leg_count == 1 || i == 1)
			records[wire->n_records++] = WIRE_ROLE(CUSTOMER);
	}
}

/* What the data plane keeps for us. */
static int pack_context(struct packing *packing, const struct call *call)
{
	Context context = BRIDGETAP__CONTROLPLANE__V1__CALL_CONTEXT__INIT;
	ContextSession sessions[SESSIONS_MAX], *session_list[SESSIONS_MAX];
	const struct session *session;

	context.organisation = call->organisation->id;
	context.id = call->id;
	context.agent_user = call->agent_user;
	context.contact_number = call->contact_number;
	context.direction = (Bridgetap__V1__Direction)call->direction;
	context.n_groups = call->groups.count;
	context.groups = call->groups.texts;
	context.n_tags = call->tags.count;
	context.tags = call->tags.texts;
	context.created_ms = call->created_ms;
	context.recording = (Bridgetap__V1__RecordingState)call->recording.state;
	context.next_leg_id = call->next_leg_id;
	context.serial = call->serial;
	context.hand_raised_ms = call->hand.raised_ms;
	if (call->hand.attended_by != NULL)
		context.hand_attended_by = call->hand.attended_by;
	context.sessions = session_list;
	DL_FOREACH (call->sessions, session) {
		ContextSession *out = &sessions[context.n_sessions];

		if (context.n_sessions == SESSIONS_MAX)
			break;
		bridgetap__controlplane__v1__session__init(out);
		out->id = (char *)(uintptr_t)session->id;
		out->user = session->user;
		out->leg_id = session->leg.id;
		out->joined_ms = session->joined_ms;
		out->invited = session->invited;
		session_list[context.n_sessions++] = out;
	}
	packing->call.context.len =
		bridgetap__controlplane__v1__call_context__get_packed_size(&context);
	packing->context = malloc(packing->call.context.len + 1);
	if (packing->context == NULL)
		return -ENOMEM;
	packing->call.context.data = packing->context;
	bridgetap__controlplane__v1__call_context__pack(&context, packing->context);
	return 0;
}

static int fill_packing(struct packing *packing, const struct call *call)
{
	const struct session *session;

	bridgetap__dataplane__v1__call__init(&packing->call);
	packing->call.id = (char *)(uintptr_t)call->wire_id;
	packing->call.legs = packing->leg_list;
	packing->context = NULL;
	add_leg(packing, &call->agent, WIRE_ROLE(AGENT));
	add_leg(packing, &call->customer, WIRE_ROLE(CUSTOMER));
	DL_FOREACH (call->sessions, session)
		if (packing->call.n_legs < LEGS_MAX - 2)
			add_leg(packing, &session->leg, WIRE_ROLE(MONITOR))->mode =
				(Bridgetap__Dataplane__V1__Mode)session->mode;
	add_recording(packing, &call->recording);
	return pack_context(packing, call);
}

static uint8_t *pack_operation(const Bridgetap__Dataplane__V1__Operation *operation, size_t *size)
{
	uint8_t *bytes;

	*size = bridgetap__dataplane__v1__operation__get_packed_size(operation);
	bytes = malloc(*size);
	if (bytes != NULL)
		bridgetap__dataplane__v1__operation__pack(operation, bytes);
	return bytes;
}

uint8_t *wire_pack_put(const struct call *call, size_t *size)
{
	Bridgetap__Dataplane__V1__Operation operation = BRIDGETAP__DATAPLANE__V1__OPERATION__INIT;
	struct packing packing;
	uint8_t *bytes = NULL;

	if (fill_packing(&packing, call) == 0) {
		operation.operation_case = BRIDGETAP__DATAPLANE__V1__OPERATION__OPERATION_PUT_CALL;
		operation.put_call = &packing.call;
		bytes = pack_operation(&operation, size);
	}
	free(packing.context);
	return bytes;
}

uint8_t *wire_pack_remove(const char *wire_id, size_t *size)
{
	Bridgetap__Dataplane__V1__Operation operation = BRIDGETAP__DATAPLANE__V1__OPERATION__INIT;

	operation.operation_case = BRIDGETAP__DATAPLANE__V1__OPERATION__OPERATION_REMOVE_CALL;
	operation.remove_call = (char *)(uintptr_t)wire_id;
	return pack_operation(&operation, size);
}

bool wire_equals(const struct call *call, const WireCall *theirs)
{
	size_t size = bridgetap__dataplane__v1__call__get_packed_size(theirs);
	struct packing packing;
	uint8_t *a = NULL, *b = NULL;
	bool equal = false;

	if (fill_packing(&packing, call) == 0 &&
		bridgetap__dataplane__v1__call__get_packed_size(&packing.call) == size) {
		a = malloc(size);
		b = malloc(size);
		if (a != NULL && b != NULL) {
			bridgetap__dataplane__v1__call__pack(&packing.call, a);
			bridgetap__dataplane__v1__call__pack(theirs, b);
			equal = memcmp(a, b, size) == 0;
		}
	}
	free(a);
	free(b);
	free(packing.context);
	return equal;
}

/* --- and back --- */

static const WireLeg *find_wire_leg(
	const WireCall *wire, Bridgetap__Dataplane__V1__Role role, unsigned skip)
{
	for (size_t i = 0; i < wire->n_legs; i++)
		if (wire->legs[i]->role == role && skip-- == 0)
			return wire->legs[i];
	return NULL;
}

static void set_address(struct address *address, const WireEndpoint *endpoint)
{
	if (endpoint == NULL || (endpoint->address.len != 4 && endpoint->address.len != 16))
		return;
	memcpy(address->bytes, endpoint->address.data, endpoint->address.len);
	address->length = (uint8_t)endpoint->address.len;
	address->port = (uint16_t)endpoint->port;
}

static int restore_leg(struct world *world, struct leg *leg, const WireLeg *wire)
{
	if (wire == NULL)
		return -ENOENT;
	leg->id = wire->id;
	leg->ssrc = wire->ssrc;
	leg->media.learn = wire->learn_remote;
	leg->media.learned = wire->learned;
	leg->media.far_end = wire->far_end;
	leg->media.learn_ms = wire->learn_ms;
	leg->media.codec = (enum codec)wire->codec;
	leg->media.payload_type = (uint8_t)wire->payload_type;
	leg->media.telephone_event = (uint8_t)wire->telephone_event_payload_type;
	leg->media.comfort_noise = wire->comfort_noise;
	leg->media.rtcp_mux = wire->rtcp_mux;
	leg->media.rtcp_port = (uint16_t)wire->rtcp_port;
	leg->media.on_hold = wire->on_hold;
	set_address(&leg->media.remote, wire->remote);
	set_address(&leg->media.source, wire->source);
	return leg_restore(world, leg, wire->realm, (uint16_t)wire->local_port);
}

static int restore_recording(
	struct world *world, struct recording *recording, const WireCall *wire, int state)
{
	const WireLeg *leg;
	struct recording_target *target = &recording->target;

	while (recording->leg_count < 2 &&
		(leg = find_wire_leg(wire, WIRE_ROLE(RECORDER), recording->leg_count)) != NULL) {
		int ret = restore_leg(world, &recording->legs[recording->leg_count], leg);

		if (ret < 0)
			return ret;
		snprintf(target->realm, sizeof(target->realm), "%s", leg->realm);
		target->telephone_event = (uint8_t)leg->telephone_event_payload_type;
		recording->leg_count++;
	}
	if (recording->leg_count == 2) {
		target->agent = recording->legs[0].media.remote;
		target->customer = recording->legs[1].media.remote;
	} else if (recording->leg_count == 1) {
		target->mix = recording->legs[0].media.remote;
	}
	recording->state = recording->leg_count > 0 ? (enum recording_state)state : RECORDING_OFF;
	return 0;
}

static int restore_monitor(struct call *call, struct session *session, const WireLeg *wire)
{
	if (wire->role != WIRE_ROLE(MONITOR) || (int)wire->mode < MODE_LISTEN ||
		(int)wire->mode > MODE_BARGE)
		return -EINVAL;
	session->mode = (enum mode)wire->mode;
	return restore_leg(call->organisation->world, &session->leg, wire);
}

static int restore_sessions(struct call *call, const WireCall *wire, const Context *context)
{
	for (size_t i = 0; i < context->n_sessions; i++) {
		const ContextSession *theirs = context->sessions[i];
		struct session session = {
			.joined_ms = theirs->joined_ms,
			.invited = theirs->invited,
		};
		int ret = -ENOENT;

		snprintf(session.id, sizeof(session.id), "%s", theirs->id);
		for (size_t l = 0; l < wire->n_legs && ret == -ENOENT; l++)
			if (wire->legs[l]->id == theirs->leg_id)
				ret = restore_monitor(call, &session, wire->legs[l]);
		if (ret == 0)
			ret = session_restore(call, &session, theirs->user);
		if (ret == 0)
			continue;
		leg_close(&session.leg);
		return ret;
	}
	return 0;
}

static int restore_call(struct call *call, const WireCall *wire, const Context *context)
{
	struct world *world = call->organisation->world;
	int ret;

	call->created_ms = context->created_ms;
	call->direction = (int)context->direction;
	call->next_leg_id = context->next_leg_id;
	call->serial = context->serial;
	call->hand.raised_ms = context->hand_raised_ms;
	if (*context->hand_attended_by != '\0' &&
		text_replace(&call->hand.attended_by, context->hand_attended_by) < 0)
		return -ENOMEM;
	if (text_replace(&call->agent_user, context->agent_user) < 0 ||
		text_replace(&call->contact_number, context->contact_number) < 0 ||
		text_list_copy(&call->groups, context->groups, context->n_groups) < 0 ||
		text_list_copy(&call->tags, context->tags, context->n_tags) < 0)
		return -ENOMEM;
	if ((int)context->recording < RECORDING_OFF || (int)context->recording > RECORDING_PAUSED)
		return -EINVAL;
	ret = restore_leg(world, &call->agent, find_wire_leg(wire, WIRE_ROLE(AGENT), 0));
	if (ret == 0)
		ret = restore_leg(
			world, &call->customer, find_wire_leg(wire, WIRE_ROLE(CUSTOMER), 0));
	if (ret == 0)
		ret = restore_recording(world, &call->recording, wire, (int)context->recording);
	if (ret == 0)
		ret = call_restore(call);
	return ret;
}

int wire_restore(struct world *world, const WireCall *wire, char *sentence, size_t size)
{
	char error[UNPACK_ERROR_SIZE];
	Context *context = (Context *)unpack(&bridgetap__controlplane__v1__call_context__descriptor,
		wire->context.data, wire->context.len, CONTEXT_BUDGET, error);
	struct organisation *organisation;
	struct call *call = NULL;
	int ret = -ENOENT;

	if (context == NULL) {
		snprintf(sentence, size, "its context cannot be read: %s", error);
		return -EBADMSG;
	}
	organisation = organisation_find(world, context->organisation);
	if (organisation == NULL) {
		snprintf(sentence, size, "there is no organisation \"%.64s\"",
			context->organisation);
		goto out;
	}
	call = call_new_restored(organisation, context->id, wire->id);
	ret = call == NULL ? -ENOMEM : restore_call(call, wire, context);
	if (ret < 0) {
		snprintf(sentence, size, "%s", strerror(-ret));
		if (call != NULL)
			call_free(call);
		goto out;
	}
	ret = restore_sessions(call, wire, context);
	if (ret < 0) {
		/* A monitor that cannot be accounted for must not go on listening. */
		snprintf(sentence, size, "a monitor session: %s", strerror(-ret));
		call_end(call);
	}
out:
	unpacked_free(&context->base);
	return ret;
}

/* --- what the data plane tells --- */

static struct leg *find_leg(struct call *call, uint32_t id, enum party *party)
{
	struct session *session;

	*party = PARTY_AGENT;
	if (call->agent.id == id)
		return &call->agent;
	*party = PARTY_CUSTOMER;
	if (call->customer.id == id)
		return &call->customer;
	*party = PARTY_MONITOR;
	DL_FOREACH (call->sessions, session)
		if (session->leg.id == id)
			return &session->leg;
	*party = PARTY_NONE;
	return NULL;
}

static void note_learned(
	struct call *call, struct leg *leg, const Bridgetap__Dataplane__V1__Event *event)
{
	if (leg == NULL || !leg->media.learn || leg->media.far_end != event->far_end)
		return;
	set_address(&leg->media.remote, event->source);
	leg->media.learned = true;
	call_note(call);
}

static void note_silence(struct call *call, struct leg *leg, enum media_event_kind kind)
{
	if (leg == NULL)
		return;
	leg->silence = kind == MEDIA_TIMEOUT	     ? SILENCE_FELL
		       : kind == MEDIA_NEVER_STARTED ? SILENCE_NEVER_SPOKE
						     : SILENCE_NONE;
	call_note(call);
}

static bool forget_silence(struct leg *leg)
{
	bool was_silent = leg->silence != SILENCE_NONE;

	leg->silence = SILENCE_NONE;
	return was_silent;
}

void wire_forget_silence(struct call *call)
{
	bool changed = forget_silence(&call->agent);
	struct session *session;

	changed |= forget_silence(&call->customer);
	DL_FOREACH (call->sessions, session)
		changed |= forget_silence(&session->leg);
	if (changed)
		call_note(call);
}

void wire_note_event(struct call *call, const Bridgetap__Dataplane__V1__Event *wire)
{
	static const enum media_event_kind kinds[] = {
		[BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_FIRST_PACKET] =
			MEDIA_FIRST_PACKET,
		[BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_SOURCE_LEARNED] =
			MEDIA_SOURCE_LEARNED,
		[BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_SOURCE_REFUSED] =
			MEDIA_SOURCE_REFUSED,
		[BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_SSRC_CHANGED] =
			MEDIA_SSRC_CHANGED,
		[BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_TELEPHONE_EVENT] =
			MEDIA_KEY_PRESSED,
		[BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_MEDIA_TIMEOUT] = MEDIA_TIMEOUT,
		[BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_MEDIA_RESUMED] = MEDIA_RESUMED,
		[BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_MEDIA_NEVER_STARTED] =
			MEDIA_NEVER_STARTED,
		[BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_RATE_LIMITED] =
			MEDIA_RATE_LIMITED,
	};
	struct world *world = call->organisation->world;
	struct media_event event = { .call = call, .key = (uint8_t)wire->code };
	struct leg *leg = find_leg(call, wire->leg_id, &event.party);

	if ((size_t)wire->kind >= sizeof(kinds) / sizeof(kinds[0]) || kinds[wire->kind] == 0)
		return;
	event.kind = kinds[wire->kind];
	if (event.kind == MEDIA_SOURCE_LEARNED)
		note_learned(call, leg, wire);
	if (event.kind >= MEDIA_TIMEOUT && event.kind <= MEDIA_NEVER_STARTED)
		note_silence(call, leg, event.kind);
	else if (event.kind != MEDIA_KEY_PRESSED)
		set_address(&event.source, wire->source);
	if (world->media != NULL && leg != NULL)
		world->media(world->hooks_arg, &event);
}
