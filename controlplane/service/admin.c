/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <stdlib.h>

#include "bridgetap/v1/admin.pb-c.h"
#include "monitor/session.h"
#include "service/arena.h"
#include "service/audit_methods.h"
#include "service/convert_stats.h"
#include "service/keep.h"
#include "service/settle.h"

struct stats_pending {
	struct link_stats_waiter waiter; /* first: what the link hands back */
	struct services *services;
	struct grpc_call *grpc;
};

/* A list of `count` new messages of a type, each initialised. */
#define NEW_LIST(arena, count, list, type, init)                                    \
	do {                                                                        \
		type *items_ = arena_alloc(arena, ((count) + 1) * sizeof(*items_)); \
                                                                                    \
		(list) = arena_alloc(arena, ((count) + 1) * sizeof(*(list)));       \
		for (size_t i_ = 0; items_ && (list) && i_ < (count); i_++) {       \
			init(&items_[i_]);                                          \
			(list)[i_] = &items_[i_];                                   \
		}                                                                   \
	} while (0)

/* The data plane's numbers under the names that clients know. */
static void encode_stats(
	struct arena *arena, Bridgetap__V1__Stats *out, const Bridgetap__Dataplane__V1__Stats *in)
{
	NEW_LIST(arena, in->n_counters, out->counters, Bridgetap__V1__Counter,
		bridgetap__v1__counter__init);
	NEW_LIST(arena, in->n_workers, out->workers, Bridgetap__V1__WorkerStats,
		bridgetap__v1__worker_stats__init);
	NEW_LIST(arena, in->n_ports, out->ports, Bridgetap__V1__PortStats,
		bridgetap__v1__port_stats__init);
	out->legs = encode_leg_stats(arena, in->legs, in->n_legs, &out->n_legs);
	if (arena->failed)
		return;
	out->calls = in->calls;
	out->relayed_calls = in->relayed_calls;
	out->mixing_legs = in->mixing_legs;
	out->mixing_legs_max = in->mixing_legs_max;
	out->mbufs = in->mbufs;
	out->mbufs_free = in->mbufs_free;
	for (; out->n_counters < in->n_counters; out->n_counters++) {
		out->counters[out->n_counters]->name = in->counters[out->n_counters]->name;
		out->counters[out->n_counters]->help = in->counters[out->n_counters]->help;
		out->counters[out->n_counters]->value = in->counters[out->n_counters]->value;
	}
	for (; out->n_workers < in->n_workers; out->n_workers++) {
		const Bridgetap__Dataplane__V1__WorkerStats *worker = in->workers[out->n_workers];

		Bridgetap__V1__WorkerStats *to = out->workers[out->n_workers];

		to->lcore = worker->cpu;
		to->calls = worker->calls;
		to->busy_permille = worker->busy_permille;
		to->rx_packets = worker->rx_packets;
		to->tx_packets = worker->tx_packets;
		to->handed_over = worker->handed_over;
	}
	for (; out->n_ports < in->n_ports; out->n_ports++) {
		const Bridgetap__Dataplane__V1__PortStats *from = in->ports[out->n_ports];
		Bridgetap__V1__PortStats *to = out->ports[out->n_ports];

		to->name = from->name;
		to->rx_packets = from->rx_packets;
		to->tx_packets = from->tx_packets;
		to->rx_missed = from->rx_missed;
		to->rx_no_mbuf = from->rx_no_mbuf;
		to->rx_errors = from->rx_errors;
		to->tx_errors = from->tx_errors;
		to->steered = from->steered;
		to->to_dataplane = from->to_dataplane;
		to->to_kernel = from->to_kernel;
		to->fragments = from->fragments;
		to->relayed = from->relayed;
	}
}

static void stats_done(
	struct link_stats_waiter *waiter, const Bridgetap__Dataplane__V1__Stats *stats)
{
	struct stats_pending *pending = (struct stats_pending *)waiter;
	Bridgetap__V1__Stats response = BRIDGETAP__V1__STATS__INIT;
	struct arena arena = { 0 };

	if (pending->grpc != NULL && stats == NULL) {
		service_refuse_link(pending->grpc, -ENOTCONN, "the data plane is not connected");
	} else if (pending->grpc != NULL) {
		encode_stats(&arena, &response, stats);
		response.uptime_ms =
			loop_now_ms(pending->services->loop) - pending->services->started_ms;
		if (arena.failed)
			service_refuse_memory(pending->grpc);
		else
			grpc_call_reply(pending->grpc, &response.base);
	}
	arena_free(&arena);
	free(pending);
}

static void stats_cancelled(struct grpc_call *grpc, void *state)
{
	struct stats_pending *pending = state;

	(void)grpc;
	pending->grpc = NULL;
}

/* NULL after finishing the call. */
static struct call *find_call(struct grpc_call *grpc, const struct actor *actor, const char *id)
{
	struct refusal refusal;

	if (actor->organisation != NULL)
		return service_find_call(grpc, actor->organisation, id);
	refuse(&refusal, -EINVAL, "bridgetap-organisation of the metadata is missing or unknown");
	service_refuse(grpc, &refusal);
	return NULL;
}

static void get_stats(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__GetStatsRequest *request = (const void *)message;
	struct grpc_call_hooks hooks = { .cancelled = stats_cancelled };
	struct stats_pending *pending;
	const char *wire_id = "";
	struct actor actor;

	if (!actor_identify(grpc, NEED_OPERATOR, &actor))
		return;
	if (*request->call_id != '\0') {
		const struct call *call = find_call(grpc, &actor, request->call_id);

		if (call == NULL)
			return;
		wire_id = call->wire_id;
	}
	pending = calloc(1, sizeof(*pending));
	if (pending == NULL) {
		service_refuse_memory(grpc);
		return;
	}
	pending->waiter.done = stats_done;
	pending->services = grpc_call_context(grpc);
	pending->grpc = grpc;
	hooks.state = pending;
	grpc_call_set_hooks(grpc, &hooks);
	link_stats(pending->services->link, wire_id, &pending->waiter);
}

/* --- the operator's switch --- */

static void set_monitoring(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__SetMonitoringRequest *request = (const void *)message;
	Bridgetap__V1__SetMonitoringResponse response =
		BRIDGETAP__V1__SET_MONITORING_RESPONSE__INIT;
	const struct services *services = grpc_call_context(grpc);
	struct organisation *organisation;
	struct settle *settle;
	struct refusal refusal;
	struct actor actor;
	unsigned before;

	if (!actor_identify(grpc, NEED_OPERATOR, &actor))
		return;
	organisation = organisation_find(services->world, request->organisation_id);
	if (organisation == NULL) {
		refuse(&refusal, -ENOENT, "there is no organisation \"%.64s\"",
			request->organisation_id);
		service_refuse(grpc, &refusal);
		return;
	}
	settle = settle_begin(grpc);
	if (settle == NULL)
		return;
	if (!keep_organisation(grpc, organisation->id, organisation->name, request->off,
		    &(struct audit_note){
			    .organisation = organisation,
			    .action = "monitoring_switch",
			    .detail = request->off ? "off" : "on",
		    })) {
		settle_abort(settle);
		return;
	}
	before = HASH_COUNT(organisation->sessions);
	organisation_set_monitoring(organisation, request->off);
	response.ended = before - HASH_COUNT(organisation->sessions);
	settle_end(settle, &response.base);
}

const struct grpc_method admin_methods[] = {
	{ "GetStats", get_stats, NULL },
	{ "SetMonitoring", set_monitoring, NULL },
	{ "ListAudit", list_audit, NULL },
	{ "VerifyAudit", verify_audit, NULL },
};
