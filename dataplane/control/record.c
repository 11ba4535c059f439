/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_malloc.h>

#include "control/plan.h"

static WireEndpoint *new_wire_endpoint(const uint8_t *address, size_t length, uint32_t port)
{
	WireEndpoint *endpoint = malloc(sizeof(*endpoint));

	if (endpoint == NULL)
		return NULL;
	bridgetap__dataplane__v1__endpoint__init(endpoint);
	endpoint->address.data = malloc(length);
	if (endpoint->address.data == NULL) {
		free(endpoint);
		return NULL;
	}
	memcpy(endpoint->address.data, address, length);
	endpoint->address.len = length;
	endpoint->port = port;
	return endpoint;
}

/* Make `learned` the remote of a leg that had another one, or none. */
static int set_learned(WireLeg *leg, const uint8_t *address, size_t length, uint32_t port)
{
	WireEndpoint *learned = new_wire_endpoint(address, length, port);

	if (learned == NULL)
		return -ENOMEM;
	if (leg->remote != NULL)
		protobuf_c_message_free_unpacked(&leg->remote->base, NULL);
	leg->remote = learned;
	leg->learned = 1;
	return 0;
}

/* The leg of `old` that `leg` goes on, where both learn of one far end; -1 for none. */
static int find_learner(const WireLeg *leg, const struct record *old)
{
	for (unsigned i = 0; old != NULL && leg->learn_remote && i < old->leg_count; i++) {
		const WireLeg *before = old->wire->legs[i];

		if (before->id == leg->id && before->learn_remote &&
			before->far_end == leg->far_end)
			return (int)i;
	}
	return -1;
}

static bool same_endpoint(const WireEndpoint *wire, const struct endpoint *endpoint)
{
	struct endpoint other;

	if (wire == NULL)
		return endpoint->port == 0;
	return endpoint_set(&other, wire->address.data, wire->address.len, (uint16_t)wire->port) ==
		       0 &&
	       endpoint_equal(&other, endpoint);
}

/* What a leg has learned holds on, as long as it is the same leg and signalling says what it said
 * before, or nothing. */
static int keep_learned(WireLeg *leg, const struct record *old)
{
	int i = find_learner(leg, old);
	const WireLeg *before = i < 0 ? NULL : old->wire->legs[i];

	if (before == NULL || !before->learned || leg->learned ||
		(leg->remote != NULL && !same_endpoint(leg->remote, &old->plans[i].signalled)))
		return 0;
	return set_learned(leg, before->remote->address.data, before->remote->address.len,
		before->remote->port);
}

/* What signalling had said of the legs that have learned since. */
static void keep_signalled(struct record *record, const struct record *old)
{
	for (unsigned i = 0; i < record->leg_count; i++) {
		int before = find_learner(record->wire->legs[i], old);

		if (record->plans[i].learned && before >= 0)
			record->plans[i].signalled = old->plans[before].signalled;
	}
}

static int out_of_memory(struct refusal *refusal)
{
	return refuse(refusal, WIRE_ERROR(EXHAUSTED), "out of memory");
}

struct record *record_create(const WireCall *wire, const struct record *old,
	const struct realm_set *realms, unsigned seats_max, struct refusal *refusal)
{
	struct record *record = calloc(1, sizeof(*record));

	if (record != NULL)
		record->wire = wire_call_copy(wire);
	if (record == NULL || record->wire == NULL) {
		out_of_memory(refusal);
		goto fail;
	}
	for (size_t i = 0; i < record->wire->n_legs; i++)
		if (keep_learned(record->wire->legs[i], old) < 0) {
			out_of_memory(refusal);
			goto fail;
		}
	if (plan_call(record->wire, realms, seats_max, record->plans, &record->leg_count, refusal) <
		0)
		goto fail;
	keep_signalled(record, old);
	record->mixing_legs = call_rings(record->plans, record->leg_count);
	return record;

fail:
	if (record != NULL)
		wire_call_free(record->wire);
	free(record);
	return NULL;
}

static int find_way(struct leg_plan *plan, const struct realm_set *realms,
	struct nexthop_table *nexthops, struct refusal *refusal)
{
	struct endpoint local = realms->realm[plan->realm].address;
	char text[ENDPOINT_TEXT_SIZE];
	int number;

	if (plan->remote.port == 0)
		return 0; /* to be learned */
	number = nexthop_get(nexthops, plan->realm, &plan->remote);
	if (number == -ENOSPC || number == -ENOMEM)
		return refuse(refusal, WIRE_ERROR(EXHAUSTED), "there are too many next hops");
	if (number < 0)
		return refuse(refusal, WIRE_ERROR(UNREACHABLE), "leg %u: no route to %s: %s",
			plan->id, endpoint_format(&plan->remote, text), strerror(-number));
	plan->nexthop = (uint16_t)number;
	local.port = plan->local_port;
	header_template_init(&plan->header, &local, &plan->remote, realms->realm[plan->realm].dscp);
	return 0;
}

static int build_call(struct record *record, struct ring_pool *pool, struct refusal *refusal)
{
	uint8_t *rings[CALL_BUFFERS_MAX];
	struct call *call =
		rte_zmalloc("call", call_size(record->plans, record->leg_count), LEG_ALIGN);

	if (call == NULL)
		return out_of_memory(refusal);
	if (ring_pool_take(pool, rings, record->mixing_legs) < 0) {
		rte_free(call);
		return refuse(refusal, WIRE_ERROR(EXHAUSTED),
			"one batch changes more mixed calls than there are spare PCM rings for");
	}
	call_init(call, record->number, record->worker, record->plans, record->leg_count, rings);
	call->record = record;
	call->serial = record->serial;
	record->live = call;
	return 0;
}

int record_build(struct record *record, const struct realm_set *realms,
	struct nexthop_table *nexthops, struct ring_pool *pool, struct refusal *refusal)
{
	for (unsigned i = 0; i < record->leg_count; i++)
		if (find_way(&record->plans[i], realms, nexthops, refusal) < 0)
			return -1;
	return build_call(record, pool, refusal);
}

static void free_call(struct call *call, struct ring_pool *pool)
{
	uint8_t *rings[CALL_BUFFERS_MAX];
	unsigned count = call != NULL ? call_buffers(call, rings) : 0;

	for (unsigned i = 0; i < count; i++)
		ring_pool_give_back(pool, rings[i]);
	rte_free(call);
}

void record_destroy(struct record *record, struct nexthop_table *nexthops, struct ring_pool *pool)
{
	if (record == NULL)
		return;
	for (unsigned i = 0; i < record->leg_count; i++)
		if (record->plans[i].nexthop != NEXTHOP_NONE)
			nexthop_put(nexthops, record->plans[i].nexthop);
	free_call(record->live, pool);
	wire_call_free(record->wire);
	free(record);
}

int record_learn(struct record *record, const struct event *event)
{
	bool ipv4 = endpoint_is_ipv4(&event->source);
	const struct leg_plan *plan;
	unsigned i = 0;
	WireLeg *leg;

	while (i < record->leg_count && record->plans[i].id != event->leg)
		i++;
	if (i == record->leg_count)
		return -ENOENT;
	leg = record->wire->legs[i];
	plan = &record->plans[i];
	if (!plan->learn || plan->far_end != event->far_end ||
		!endpoint_equal(&plan->signalled, &event->signalled))
		return -ENOENT;
	if (plan->learned && endpoint_equal(&plan->remote, &event->source))
		return -EALREADY;
	if (leg->learned && same_endpoint(leg->remote, &event->source))
		return 1;
	return set_learned(
		leg, event->source.address + (ipv4 ? 12 : 0), ipv4 ? 4 : 16, event->source.port);
}
