/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/plan.h"

#include <string.h>

#include "media/comfort_noise.h"

#define INVALID WIRE_ERROR(INVALID)

/* Longer than a phone rings. */
#define LEARN_MS_DEFAULT 120000

/* The wire's numbers are the media plane's own: what is not equal is refused here, at compile
 * time or at run time, and never reaches the matrix. */
_Static_assert((int)BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_AGENT == (int)ROLE_AGENT &&
		       (int)BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_CUSTOMER == (int)ROLE_CUSTOMER &&
		       (int)BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_MONITOR == (int)ROLE_MONITOR &&
		       (int)BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_RECORDER == (int)ROLE_RECORDER,
	"roles on the wire and in the matrix");
_Static_assert((int)BRIDGETAP__DATAPLANE__V1__MODE__MODE_LISTEN == (int)MODE_LISTEN &&
		       (int)BRIDGETAP__DATAPLANE__V1__MODE__MODE_WHISPER == (int)MODE_WHISPER &&
		       (int)BRIDGETAP__DATAPLANE__V1__MODE__MODE_BARGE == (int)MODE_BARGE,
	"modes on the wire and in the matrix");
_Static_assert((int)BRIDGETAP__DATAPLANE__V1__CODEC__CODEC_PCMU == (int)CODEC_PCMU &&
		       (int)BRIDGETAP__DATAPLANE__V1__CODEC__CODEC_PCMA == (int)CODEC_PCMA &&
		       (int)BRIDGETAP__DATAPLANE__V1__CODEC__CODEC_G722 == (int)CODEC_G722,
	"codecs on the wire and in the table");

static int plan_role(const WireLeg *leg, struct leg_plan *plan, struct refusal *refusal)
{
	if ((int)leg->role <= ROLE_NONE || (int)leg->role >= ROLE_COUNT)
		return refuse(
			refusal, INVALID, "leg %u has no known role (%d)", leg->id, leg->role);
	plan->role = (enum role)leg->role;

	if (plan->role == ROLE_MONITOR) {
		if ((int)leg->mode <= MODE_NONE || (int)leg->mode >= MODE_COUNT)
			return refuse(refusal, INVALID, "monitor leg %u has no known mode (%d)",
				leg->id, leg->mode);
		plan->mode = (enum mode)leg->mode;
	}
	if (plan->role != ROLE_RECORDER)
		return 0;
	for (size_t i = 0; i < leg->n_records; i++) {
		if ((int)leg->records[i] != ROLE_AGENT && (int)leg->records[i] != ROLE_CUSTOMER)
			return refuse(refusal, INVALID,
				"recorder leg %u may hold agent and customer, not role %d", leg->id,
				leg->records[i]);
		plan->records |= (uint8_t)(1u << leg->records[i]);
	}
	return 0;
}

static int plan_place(const WireLeg *leg, const struct realm_set *realms, struct leg_plan *plan,
	struct refusal *refusal)
{
	const struct realm *realm = NULL;

	for (unsigned i = 0; i < realms->count; i++)
		if (strcmp(realms->realm[i].name, leg->realm) == 0) {
			realm = &realms->realm[i];
			plan->realm = (uint8_t)i;
		}
	if (realm == NULL)
		return refuse(refusal, INVALID,
			"leg %u is in realm \"%.32s\", which is not configured", leg->id,
			leg->realm);
	if (realm->recording != (plan->role == ROLE_RECORDER))
		return refuse(refusal, INVALID,
			"leg %u: recorder legs live in the recording realm, and nothing else does",
			leg->id);
	if (leg->local_port % 2 != 0 || leg->local_port < realm->first_port ||
		leg->local_port > realm->last_port)
		return refuse(refusal, INVALID,
			"leg %u: port %u is not an even one between %u and %u of realm %s", leg->id,
			leg->local_port, realm->first_port, realm->last_port, realm->name);
	plan->local_port = (uint16_t)leg->local_port;
	plan->port_id = realm->port_id;
	return 0;
}

/* One of the two addresses of a leg, called `name` in the sentence. */
static int plan_endpoint(const WireLeg *leg, const WireEndpoint *wire, const char *name,
	const struct realm_set *realms, const struct leg_plan *plan, struct endpoint *endpoint,
	struct refusal *refusal)
{
	const struct endpoint *local = &realms->realm[plan->realm].address;

	if (wire->port > UINT16_MAX ||
		endpoint_set(endpoint, wire->address.data, wire->address.len,
			(uint16_t)wire->port) < 0 ||
		!endpoint_is_unicast(endpoint))
		return refuse(refusal, INVALID, "leg %u: its %s is no unicast address and port",
			leg->id, name);
	if (endpoint_is_ipv4(endpoint) != endpoint_is_ipv4(local))
		return refuse(refusal, INVALID,
			"leg %u: its %s and its realm are of different address families", leg->id,
			name);
	for (unsigned i = 0; i < realms->count; i++)
		if (memcmp(realms->realm[i].address.address, endpoint->address, 16) == 0)
			return refuse(refusal, INVALID,
				"leg %u: its %s is an address of the appliance itself", leg->id,
				name);
	return 0;
}

static int plan_endpoints(const WireLeg *leg, const struct realm_set *realms, struct leg_plan *plan,
	struct refusal *refusal)
{
	plan->learn = leg->learn_remote;
	plan->learned = leg->learn_remote && leg->learned && leg->remote != NULL;
	plan->far_end = leg->far_end;
	plan->learn_ms = leg->learn_ms != 0 ? leg->learn_ms : LEARN_MS_DEFAULT;
	if (leg->remote == NULL && (!leg->learn_remote || plan->role == ROLE_RECORDER))
		return refuse(refusal, INVALID, "leg %u has no remote address", leg->id);
	if (leg->source != NULL && leg->learn_remote)
		return refuse(refusal, INVALID,
			"leg %u: a source is given, so there is none to be learned", leg->id);
	if (leg->remote != NULL &&
		plan_endpoint(leg, leg->remote, "remote", realms, plan, &plan->remote, refusal) < 0)
		return -1;
	if (leg->source != NULL &&
		plan_endpoint(leg, leg->source, "source", realms, plan, &plan->from, refusal) < 0)
		return -1;
	if (!plan->learned)
		plan->signalled = plan->remote;
	return 0;
}

/* What comes besides the codec: by payload types that nothing else has. */
static int plan_unvoiced(const WireLeg *leg, struct leg_plan *plan, struct refusal *refusal)
{
	plan->comfort_noise = leg->comfort_noise;
	plan->rtcp_mux = leg->rtcp_mux;
	plan->on_hold = leg->on_hold;
	if (leg->rtcp_port > UINT16_MAX)
		return refuse(refusal, INVALID, "leg %u: RTCP port %u is above 65535", leg->id,
			leg->rtcp_port);
	plan->rtcp_port = (uint16_t)leg->rtcp_port;
	if (leg->comfort_noise && plan->payload_type == COMFORT_NOISE_PAYLOAD_TYPE)
		return refuse(refusal, INVALID,
			"leg %u: payload type %d is that of comfort noise, not of its codec",
			leg->id, COMFORT_NOISE_PAYLOAD_TYPE);
	if (leg->telephone_event_payload_type == 0)
		return 0;
	if (leg->telephone_event_payload_type > 127 ||
		leg->telephone_event_payload_type == leg->payload_type ||
		leg->telephone_event_payload_type == COMFORT_NOISE_PAYLOAD_TYPE)
		return refuse(refusal, INVALID,
			"leg %u: payload type %u cannot be that of telephone events", leg->id,
			leg->telephone_event_payload_type);
	plan->telephone_event = (uint8_t)leg->telephone_event_payload_type;
	return 0;
}

static int plan_leg(const WireLeg *leg, const struct realm_set *realms, struct leg_plan *plan,
	struct refusal *refusal)
{
	memset(plan, 0, sizeof(*plan));
	plan->id = leg->id;
	plan->ssrc = leg->ssrc;
	if (codec_get((unsigned)leg->codec) == NULL)
		return refuse(
			refusal, INVALID, "leg %u has no known codec (%d)", leg->id, leg->codec);
	plan->codec = (uint8_t)leg->codec;
	if (leg->payload_type > 127)
		return refuse(refusal, INVALID, "leg %u: payload type %u is above 127", leg->id,
			leg->payload_type);
	plan->payload_type = (uint8_t)leg->payload_type;
	if (plan_unvoiced(leg, plan, refusal) < 0)
		return -1;
	if (plan_role(leg, plan, refusal) < 0 || plan_place(leg, realms, plan, refusal) < 0)
		return -1;
	return plan_endpoints(leg, realms, plan, refusal);
}

/* What no leg can be checked for on its own. */
static int check_together(
	const struct leg_plan *plans, unsigned count, unsigned seats_max, struct refusal *refusal)
{
	unsigned of_role[ROLE_COUNT] = { 0 }, seats;

	for (unsigned i = 0; i < count; i++) {
		of_role[plans[i].role]++;
		for (unsigned j = 0; j < i; j++) {
			if (plans[i].id == plans[j].id)
				return refuse(
					refusal, INVALID, "two legs have the id %u", plans[i].id);
			if (plans[i].realm == plans[j].realm &&
				plans[i].local_port == plans[j].local_port)
				return refuse(refusal, INVALID, "legs %u and %u have the same port",
					plans[i].id, plans[j].id);
		}
	}
	seats = of_role[ROLE_AGENT] + of_role[ROLE_CUSTOMER] + of_role[ROLE_MONITOR];
	if (of_role[ROLE_AGENT] > 1 || of_role[ROLE_CUSTOMER] > 1)
		return refuse(refusal, INVALID, "a call has one agent and one customer");
	if (seats > seats_max)
		return refuse(refusal, WIRE_ERROR(CALL_FULL),
			"the call would have %u participants; %u is the most", seats, seats_max);
	if (of_role[ROLE_RECORDER] > CALL_RECORDERS_MAX)
		return refuse(refusal, INVALID, "a call has at most %d recorder legs",
			CALL_RECORDERS_MAX);
	return 0;
}

int plan_call(const WireCall *call, const struct realm_set *realms, unsigned seats_max,
	struct leg_plan *plans, unsigned *count, struct refusal *refusal)
{
	if (*call->id == '\0' || strlen(call->id) > WIRE_ID_MAX)
		return refuse(refusal, INVALID, "the call's id is not a text of 1 to %d bytes",
			WIRE_ID_MAX);
	if (call->context.len > WIRE_CONTEXT_MAX)
		return refuse(refusal, INVALID, "the call's context has %zu bytes; %d is the most",
			call->context.len, WIRE_CONTEXT_MAX);
	if (call->n_legs == 0 || call->n_legs > CALL_LEGS_MAX)
		return refuse(refusal, INVALID, "the call has %zu legs; it may have 1 to %d",
			call->n_legs, CALL_LEGS_MAX);
	for (size_t i = 0; i < call->n_legs; i++)
		if (plan_leg(call->legs[i], realms, &plans[i], refusal) < 0)
			return -1;
	*count = (unsigned)call->n_legs;
	return check_together(plans, *count, seats_max, refusal);
}
