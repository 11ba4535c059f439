/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/cpu.h"
#include "bench/population.h"
#include "bench/report.h"
#include "bench/samples.h"
#include "proto/unpack.h"

#define WARM_UP		 3
#define REQUESTS_LEAST	 50
#define REQUESTS_MOST	 2000
#define MEASURE_SECONDS	 4.0
#define REQUEST_SECONDS	 10.0
#define AGENTS_A_REQUEST 64 /* the most that a filter takes */
#define CALLS_WANTED	 100

/* A kind of filter: fill it in for request number `number`; returns how many calls pass it. */
struct filter_room {
	Bridgetap__V1__CallFilter filter;
	char names[AGENTS_A_REQUEST][NAME_SIZE];
	char *list[AGENTS_A_REQUEST], *tag_list[1];
};

typedef unsigned filter_fn(const struct bench *bench, struct filter_room *room, unsigned number);

static unsigned filter_by_labels(
	const struct bench *bench, struct filter_room *room, unsigned number)
{
	unsigned group = number % POPULATION_GROUPS;
	unsigned tag = number / POPULATION_GROUPS % POPULATION_TAGS;

	group_name(group, room->names[0]);
	tag_name(tag, room->names[1]);
	room->list[0] = room->names[0];
	room->tag_list[0] = room->names[1];
	room->filter.groups = room->list;
	room->filter.tags = room->tag_list;
	room->filter.n_groups = room->filter.n_tags = 1;
	room->filter.duration_at_least_s = 1;
	room->filter.duration_at_most_s = 24 * 60 * 60;
	return calls_with(bench, group, tag);
}

/* As many agents as have about as many calls as the other filter finds. */
static unsigned filter_by_agents(
	const struct bench *bench, struct filter_room *room, unsigned number)
{
	unsigned wanted = CALLS_WANTED * bench->agents / bench->calls, matching = 0;

	wanted = wanted < 1 ? 1 : wanted < AGENTS_A_REQUEST ? wanted : AGENTS_A_REQUEST;
	for (unsigned i = 0; i < wanted; i++) {
		/* From all over the table, each time others. */
		unsigned agent = (number + i * (bench->agents / wanted)) % bench->agents;

		agent_name(bench, agent, room->names[i]);
		room->list[i] = room->names[i];
		if (agent < bench->calls)
			matching += (bench->calls - agent - 1) / bench->agents + 1;
	}
	room->filter.agent_users = room->list;
	room->filter.n_agent_users = wanted;
	return matching;
}

struct answer {
	unsigned calls, total;
};

static void take_answer(struct rpc *rpc, const uint8_t *body, size_t length)
{
	struct answer *answer = rpc->owner;
	char error[UNPACK_ERROR_SIZE];
	Bridgetap__V1__ListCallsResponse *response = (Bridgetap__V1__ListCallsResponse *)unpack(
		&bridgetap__v1__list_calls_response__descriptor, body, length,
		GRPC_MESSAGE_MAX * 64, error);

	if (response == NULL)
		return;
	answer->calls = (unsigned)response->n_calls;
	answer->total = response->total;
	unpacked_free(&response->base);
}

/* Ask once; milliseconds until the last byte of the answer, or -1. How many calls are in it into
 * `found`. */
static double ask(struct bench *bench, filter_fn *fill, unsigned number, unsigned *found)
{
	Bridgetap__V1__ListCallsRequest request = BRIDGETAP__V1__LIST_CALLS_REQUEST__INIT;
	struct filter_room room = { .filter = BRIDGETAP__V1__CALL_FILTER__INIT };
	unsigned expected = fill(bench, &room, number);
	struct answer answer = { 0 };
	struct packed packed;
	struct rpc rpc = {
		.path = "/bridgetap.v1.Calls/ListCalls",
		.messages = &packed,
		.message_count = 1,
		.message = take_answer,
		.owner = &answer,
	};
	uint64_t begin;
	int ret;

	request.page_size = 1000;
	request.filter = &room.filter;
	packed = pack(&request.base);
	begin = now_ns();
	ret = hub_all(&bench->hub, &rpc, 1, REQUEST_SECONDS, "ListCalls");
	free(packed.bytes);
	if (ret < 0)
		return -1;
	if (answer.calls != expected || answer.total != expected)
		return report_error("ListCalls: %u calls pass the filter, the answer has %u and "
				    "says %u",
			expected, answer.calls, answer.total);
	*found = expected;
	return (double)(rpc.channel->read_at - begin) / 1e6;
}

static int measure(struct bench *bench, filter_fn *fill, const char *name, const char *what)
{
	char row[64];
	struct samples took = { 0 };
	struct cpu_meter meter;
	unsigned found = 0;
	double ms = 0;

	for (unsigned i = 0; ms >= 0 && i < WARM_UP; i++)
		ms = ask(bench, fill, i, &found);
	cpu_meter_start(&meter, &bench->pids);
	for (unsigned i = WARM_UP; ms >= 0 && took.count < REQUESTS_MOST; i++) {
		if (took.count >= REQUESTS_LEAST &&
			(double)(now_ns() - meter.begin_ns) > MEASURE_SECONDS * 1e9)
			break;
		ms = ask(bench, fill, i, &found);
		if (ms >= 0)
			samples_add(&took, ms);
	}
	if (ms >= 0) {
		report_row(report_format(row, sizeof(row), "%s_ms", name),
			samples_quantile(&took, 0.5), "ms",
			"median of %zu requests, one at a time, by %s, each answered with %u of "
			"%u live calls; %.3f to %.3f",
			took.count, what, found, bench->calls, samples_quantile(&took, 0),
			samples_quantile(&took, 1));
		report_row(report_format(row, sizeof(row), "%s_p99_ms", name),
			samples_quantile(&took, 0.99), "ms", "99th percentile of the same");
		cpu_meter_report(&meter, report_format(row, sizeof(row), "%s_cpu", name));
	}
	samples_free(&took);
	return ms < 0 ? -1 : 0;
}

int bench_list(struct bench *bench)
{
	bench_pause(bench, 1.5); /* all calls are older than the filter's second */
	report_progress("listing by tag, group and duration");
	if (measure(bench, filter_by_labels, "list_filter_100k", "tag, group and duration") < 0)
		return -1;
	report_progress("listing by agents");
	return measure(bench, filter_by_agents, "list_filter_agent_100k", "a list of agents");
}
