/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "bench/report.h"
#include "bench/samples.h"
#include "bridgetap/v1/calls.pb-c.h"
#include "bridgetap/v1/monitor.pb-c.h"
#include "proto/unpack.h"
#include "rtpgen/api.h"

#define FINISH_SECONDS 10.0

/* A supervisor who switches. */
struct switcher {
	struct rpc rpc; /* first */
	struct switches *switches;
	unsigned call;
	bool busy;
	uint64_t begin_ns;
	char user[API_NAME_SIZE], session[API_SESSION_SIZE];
	struct packed packed;
};

struct switches {
	struct hub *hub;
	struct table *table;
	struct switcher *switchers;
	unsigned count, next;
	size_t under_way;
	double interval; /* TSC */
	uint64_t due;
	struct switch_figures figures;
	struct samples took;
};

/* --- sessions --- */

static void take_session(struct rpc *rpc, const uint8_t *body, size_t length)
{
	struct switcher *switcher = (struct switcher *)rpc;
	char error[UNPACK_ERROR_SIZE];
	Bridgetap__V1__Call *call = (Bridgetap__V1__Call *)unpack(
		&bridgetap__v1__call__descriptor, body, length, GRPC_MESSAGE_MAX, error);

	if (call == NULL)
		return;
	if (call->n_monitors == 1)
		snprintf(switcher->session, sizeof(switcher->session), "%s", call->monitors[0]->id);
	unpacked_free(&call->base);
}

static void ask_session(struct switcher *switcher)
{
	Bridgetap__V1__GetCallRequest request = BRIDGETAP__V1__GET_CALL_REQUEST__INIT;
	char id[API_NAME_SIZE];

	api_call_name(switcher->call, id);
	request.call_id = id;
	switcher->packed = pack(&request.base);
	switcher->rpc = (struct rpc){
		.path = "/bridgetap.v1.Calls/GetCall",
		.messages = &switcher->packed,
		.message_count = 1,
		.message = take_session,
	};
}

/* Which is one call of the API each, a few under way at a time. */
static int learn_sessions(struct switches *switches)
{
	for (unsigned i = 0; i < switches->count; i++) {
		struct switcher *switcher = &switches->switchers[i];
		int ret;

		ask_session(switcher);
		ret = hub_all(switches->hub, &switcher->rpc, 1, FINISH_SECONDS, "GetCall");
		free(switcher->packed.bytes);
		switcher->packed.bytes = NULL;
		if (ret < 0)
			return ret;
		if (*switcher->session == '\0')
			return report_error(
				"GetCall: there is no monitor on call %u", switcher->call);
	}
	return 0;
}

static void add_switchers(struct switches *switches)
{
	for (unsigned i = 0; i < switches->table->call_count; i++)
		if (switches->table->calls[i].monitor) {
			struct switcher *switcher = &switches->switchers[switches->count++];

			switcher->switches = switches;
			switcher->call = i;
			api_supervisor_name(i, switcher->user);
		}
}

struct switches *switches_create(struct hub *hub, struct table *table, double rate)
{
	struct switches *switches = calloc(1, sizeof(*switches));

	if (switches == NULL)
		return NULL;
	switches->hub = hub;
	switches->table = table;
	switches->interval = (double)rte_get_tsc_hz() / rate;
	switches->switchers = calloc(table->monitors, sizeof(*switches->switchers));
	if (switches->switchers == NULL) {
		free(switches);
		return NULL;
	}
	add_switchers(switches);
	if (learn_sessions(switches) == 0)
		return switches;
	switches_destroy(switches);
	return NULL;
}

void switches_destroy(struct switches *switches)
{
	if (switches == NULL)
		return;
	for (unsigned i = 0; i < switches->count; i++)
		free(switches->switchers[i].packed.bytes);
	samples_free(&switches->took);
	free(switches->switchers);
	free(switches);
}

/* --- switching --- */

static void switched(struct rpc *rpc)
{
	struct switcher *switcher = (struct switcher *)rpc;
	struct switches *switches = switcher->switches;
	struct call *call = &switches->table->calls[switcher->call];

	switcher->busy = false;
	switches->under_way--;
	call->tolerant_until = rte_rdtsc() + rte_get_tsc_hz() / 1000 * TABLE_SETTLE_MS;
	free(switcher->packed.bytes);
	switcher->packed.bytes = NULL;
	if (rpc->status != GRPC_OK) {
		call->next_mode = call->mode;
		call->switch_tsc = 0;
		if (switches->figures.refused++ == 0)
			snprintf(switches->figures.sentence, sizeof(switches->figures.sentence),
				"%s", rpc->sentence);
		return;
	}
	call->mode = call->next_mode;
	switches->figures.answered++;
	samples_add(&switches->took, (double)(now_ns() - switcher->begin_ns) / 1e6);
}

static void send_switch(struct switches *switches, struct switcher *switcher)
{
	Bridgetap__V1__SwitchModeRequest request = BRIDGETAP__V1__SWITCH_MODE_REQUEST__INIT;
	struct call *call = &switches->table->calls[switcher->call];

	call->next_mode = call->mode == MODE_BARGE ? MODE_LISTEN : call->mode + 1;
	request.session_id = switcher->session;
	request.mode = (Bridgetap__V1__Mode)call->next_mode;
	switcher->packed = pack(&request.base);
	switcher->rpc = (struct rpc){
		.path = "/bridgetap.v1.Monitor/SwitchMode",
		.user = switcher->user,
		.messages = &switcher->packed,
		.message_count = 1,
		.ended = switched,
	};
	call->old_mode = call->mode;
	call->old_tsc = 0;
	call->switch_tsc = rte_rdtsc();
	switcher->busy = true;
	switcher->begin_ns = now_ns();
	switches->under_way++;
	hub_start(switches->hub, switches->next, &switcher->rpc);
}

void switches_turn(struct switches *switches, uint64_t tsc)
{
	switches->due = switches->due ? switches->due : tsc;
	while (switches->due <= tsc) {
		struct switcher *switcher = &switches->switchers[switches->next];

		/* Its call is rather spared than switched twice at once. */
		if (!switcher->busy)
			send_switch(switches, switcher);
		switches->next = (switches->next + 1) % switches->count;
		switches->due += (uint64_t)switches->interval;
	}
	hub_turn(switches->hub, 0);
}

void switches_finish(struct switches *switches, struct switch_figures *figures)
{
	hub_until_none(switches->hub, &switches->under_way, FINISH_SECONDS);
	if (switches->under_way > 0 && switches->figures.refused++ == 0)
		snprintf(switches->figures.sentence, sizeof(switches->figures.sentence),
			"no answer to %zu requests", switches->under_way);
	*figures = switches->figures;
	figures->took.p50_ms = samples_quantile(&switches->took, 0.5);
	figures->took.p99_ms = samples_quantile(&switches->took, 0.99);
}
