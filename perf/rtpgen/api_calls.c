/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/report.h"
#include "bridgetap/v1/calls.pb-c.h"
#include "bridgetap/v1/monitor.pb-c.h"
#include "proto/unpack.h"
#include "rtpgen/api.h"

#define AGENTS		1000
#define CALLS_A_MESSAGE 500
#define CALLS_A_PAGE	1000
#define SECONDS		60.0

/* --- describing --- */

/* A far end, and all that it points to. */
struct far {
	Bridgetap__V1__MediaDescription media;
	Bridgetap__V1__MediaAddress remote;
	char address[IP_TEXT];
};

static void describe_place(const struct table *table, const struct leg *leg,
	Bridgetap__V1__MediaAddress *remote, char address[static IP_TEXT])
{
	struct ip_address ip = table_address(table, leg);

	bridgetap__v1__media_address__init(remote);
	ip_text(&ip, address);
	remote->address = address;
	remote->port = table_port(table, leg);
}

static void describe_far(const struct table *table, const struct leg *leg, struct far *far)
{
	const struct options *options = table->options;

	bridgetap__v1__media_description__init(&far->media);
	describe_place(table, leg, &far->remote, far->address);
	far->media.remote = &far->remote;
	if (options->codec == CHOICE_G722)
		far->media.codec = BRIDGETAP__V1__CODEC__CODEC_G722;
	else
		far->media.codec = leg->codec == VOICE_PCMA ? BRIDGETAP__V1__CODEC__CODEC_PCMA
							    : BRIDGETAP__V1__CODEC__CODEC_PCMU;
	if (options->realm_count > 0)
		far->media.realm = options->realms[leg->call % options->realm_count];
}

struct described {
	Bridgetap__V1__CallDescription call;
	Bridgetap__V1__RecordingTarget target;
	Bridgetap__V1__MediaAddress recorded[2];
	char recorder[2][IP_TEXT];
	struct far agent, customer;
	char id[API_NAME_SIZE], user[API_NAME_SIZE];
};

static void describe_recording(const struct table *table, struct described *d, unsigned number)
{
	const enum party parties[2] = { PARTY_RECORDED_AGENT, PARTY_RECORDED_CUSTOMER };

	bridgetap__v1__recording_target__init(&d->target);
	for (unsigned i = 0; i < 2; i++)
		describe_place(table, table_leg(table, number, parties[i]), &d->recorded[i],
			d->recorder[i]);
	d->target.agent = &d->recorded[0];
	d->target.customer = &d->recorded[1];
	if (table->options->recording_realm != NULL)
		d->target.realm = (char *)(uintptr_t)table->options->recording_realm;
	d->call.recording = &d->target;
}

static void describe(const struct table *table, struct described *d, unsigned number)
{
	api_call_name(number, d->id);
	snprintf(d->user, sizeof(d->user), "agent-%u", number % AGENTS);
	describe_far(table, table_leg(table, number, PARTY_AGENT), &d->agent);
	describe_far(table, table_leg(table, number, PARTY_CUSTOMER), &d->customer);
	bridgetap__v1__call_description__init(&d->call);
	d->call.id = d->id;
	d->call.agent_user = d->user;
	d->call.agent = &d->agent.media;
	d->call.customer = &d->customer.media;
	d->call.direction = BRIDGETAP__V1__DIRECTION__DIRECTION_INBOUND;
	if (table->options->record)
		describe_recording(table, d, number);
}

static struct packed pack_calls(const struct table *table, unsigned first, unsigned count)
{
	Bridgetap__V1__LoadCallTableRequest request = BRIDGETAP__V1__LOAD_CALL_TABLE_REQUEST__INIT;
	Bridgetap__V1__CallDescription *calls[CALLS_A_MESSAGE];
	struct described *described = calloc(count + 1, sizeof(*described));
	struct packed packed;

	if (described == NULL)
		report_out_of_memory();
	for (unsigned i = 0; i < count; i++) {
		describe(table, &described[i], first + i);
		calls[i] = &described[i].call;
	}
	request.operation = BRIDGETAP__V1__LOAD_CALL_TABLE_REQUEST__OPERATION__REPLACE;
	request.calls = calls;
	request.n_calls = count;
	packed = pack(&request.base);
	free(described);
	return packed;
}

/* --- loading and ending --- */

static int load(struct hub *hub, const struct table *table, unsigned calls)
{
	unsigned count = calls / CALLS_A_MESSAGE + 1;
	struct packed *messages = calloc(count, sizeof(*messages));
	struct rpc rpc = {
		.path = "/bridgetap.v1.Calls/LoadCallTable",
		.messages = messages,
		.message_count = count,
	};
	int ret;

	if (messages == NULL)
		report_out_of_memory();
	for (unsigned i = 0; i < count; i++) {
		unsigned first = i * CALLS_A_MESSAGE, left = calls - first;

		messages[i] =
			pack_calls(table, first, left < CALLS_A_MESSAGE ? left : CALLS_A_MESSAGE);
	}
	ret = hub_all(hub, &rpc, 1, SECONDS, "LoadCallTable");
	for (unsigned i = 0; i < count; i++)
		free(messages[i].bytes);
	free(messages);
	return ret;
}

int api_end_calls(struct hub *hub)
{
	return load(hub, NULL, 0);
}

/* --- joining --- */

static struct packed pack_join(const struct table *table, unsigned call)
{
	Bridgetap__V1__JoinRequest request = BRIDGETAP__V1__JOIN_REQUEST__INIT;
	char id[API_NAME_SIZE];
	struct far far;

	api_call_name(call, id);
	describe_far(table, table_leg(table, call, PARTY_MONITOR), &far);
	request.call_id = id;
	request.mode = (Bridgetap__V1__Mode)table->calls[call].mode;
	request.media = &far.media;
	return pack(&request.base);
}

struct joining {
	struct packed packed;
	char user[API_NAME_SIZE];
};

static int join(struct hub *hub, const struct table *table)
{
	struct joining *joining = calloc(table->monitors + 1, sizeof(*joining));
	struct rpc *rpcs = calloc(table->monitors + 1, sizeof(*rpcs));
	unsigned count = 0;
	int ret;

	if (joining == NULL || rpcs == NULL)
		report_out_of_memory();
	for (unsigned i = 0; i < table->call_count; i++) {
		if (!table->calls[i].monitor)
			continue;
		api_supervisor_name(i, joining[count].user);
		joining[count].packed = pack_join(table, i);
		rpcs[count].path = "/bridgetap.v1.Monitor/Join";
		rpcs[count].user = joining[count].user;
		rpcs[count].messages = &joining[count].packed;
		rpcs[count].message_count = 1;
		count++;
	}
	ret = hub_all(hub, rpcs, count, SECONDS, "Join");
	for (unsigned i = 0; i < count; i++)
		free(joining[i].packed.bytes);
	free(joining);
	free(rpcs);
	return ret;
}

/* --- learning --- */

typedef int take_call_fn(void *arg, const Bridgetap__V1__Call *call);

/* Show all calls of the organisation to `take`, until that returns -1. */
static int list(struct hub *hub, take_call_fn *take, void *arg)
{
	const struct unary_call call = { "/bridgetap.v1.Calls/ListCalls", false };
	Bridgetap__V1__ListCallsRequest request = BRIDGETAP__V1__LIST_CALLS_REQUEST__INIT;
	char token[256] = "";
	int ret;

	request.page_size = CALLS_A_PAGE;
	request.page_token = token;
	do {
		Bridgetap__V1__ListCallsResponse *page;
		ProtobufCMessage *response;

		ret = hub_unary(hub, &call, &request.base,
			&bridgetap__v1__list_calls_response__descriptor, &response);
		if (ret < 0)
			break;
		page = (Bridgetap__V1__ListCallsResponse *)response;
		for (size_t i = 0; i < page->n_calls && ret == 0; i++)
			ret = take(arg, page->calls[i]);
		snprintf(token, sizeof(token), "%s", page->next_page_token);
		unpacked_free(response);
	} while (ret == 0 && *token != '\0');
	return ret;
}

/* The number of one of our calls; -1 of another. */
static int number_of(const char *id)
{
	unsigned number;
	char name[API_NAME_SIZE];

	if (sscanf(id, "rtpgen-%u", &number) != 1)
		return -1;
	api_call_name(number, name);
	return strcmp(id, name) == 0 ? (int)number : -1;
}

static int refuse_foreign(void *arg, const Bridgetap__V1__Call *call)
{
	if (number_of(call->id) >= 0)
		return 0;
	return report_error("organisation %s has calls of its own, such as %s, which this would "
			    "end: give another --organisation",
		(const char *)arg, call->id);
}

static int learn_leg(struct table *table, struct leg *leg, const Bridgetap__V1__Leg *said)
{
	struct ip_address ip;

	if (said == NULL || said->local == NULL)
		return report_error("the list of calls lacks a leg's address");
	if (!ip_read(&ip, said->local->address) || ip.six != table->options->address.six)
		return report_error("a call is anchored at %s, which --address cannot reach: name "
				    "a realm of its family with --realm",
			said->local->address);
	table_set_remote(table, leg, &ip, (uint16_t)said->local->port);
	leg->heard.ssrc = said->ssrc;
	return 0;
}

struct learning {
	struct table *table;
	unsigned learned;
};

static int learn_call(void *arg, const Bridgetap__V1__Call *call)
{
	struct learning *learning = arg;
	struct table *table = learning->table;
	int number = number_of(call->id), ret;
	struct leg *monitor;

	if (number < 0 || (unsigned)number >= table->call_count)
		return 0;
	ret = learn_leg(table, table_leg(table, (unsigned)number, PARTY_AGENT), call->agent);
	if (ret == 0)
		ret = learn_leg(
			table, table_leg(table, (unsigned)number, PARTY_CUSTOMER), call->customer);
	monitor = table_leg(table, (unsigned)number, PARTY_MONITOR);
	if (ret == 0 && monitor != NULL)
		ret = call->n_monitors == 1 ? learn_leg(table, monitor, call->monitors[0]->leg)
					    : report_error("call %s has %zu monitors, not one",
						      call->id, call->n_monitors);
	learning->learned++;
	return ret;
}

int api_begin_calls(struct hub *hub, struct table *table)
{
	struct learning learning = { .table = table };

	if (list(hub, refuse_foreign, (void *)(uintptr_t)table->options->organisation) < 0 ||
		api_end_calls(hub) < 0 || load(hub, table, table->call_count) < 0 ||
		join(hub, table) < 0 || list(hub, learn_call, &learning) < 0)
		return -1;
	if (learning.learned != table->call_count)
		return report_error(
			"the list has %u of our %u calls", learning.learned, table->call_count);
	return 0;
}
