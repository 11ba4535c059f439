/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/cpu.h"
#include "bench/population.h"
#include "bench/report.h"
#include "bench/samples.h"
#include "bridgetap/v1/admin.pb-c.h"
#include "proto/unpack.h"

#define CALLS_A_MESSAGE 1000
#define ROUNDS		3
#define LOAD_SECONDS	30.0
#define LONG_SECONDS	8.0 /* a load that takes this long is done once */

/* --- what is live --- */

static int check_control_plane(struct bench *bench)
{
	const struct unary_call call = { "/bridgetap.v1.Calls/ListCalls", false };
	Bridgetap__V1__ListCallsRequest request = BRIDGETAP__V1__LIST_CALLS_REQUEST__INIT;
	ProtobufCMessage *response;
	unsigned total;

	request.page_size = 1;
	if (hub_unary(&bench->hub, &call, &request.base,
		    &bridgetap__v1__list_calls_response__descriptor, &response) < 0)
		return -1;
	total = ((Bridgetap__V1__ListCallsResponse *)response)->total;
	unpacked_free(response);
	if (total != bench->calls)
		return report_error("of %u calls %u are in the list", bench->calls, total);
	return 0;
}

static int count_in_data_plane(struct bench *bench, unsigned *live)
{
	const struct unary_call call = { "/bridgetap.v1.Admin/GetStats", true };
	Bridgetap__V1__GetStatsRequest request = BRIDGETAP__V1__GET_STATS_REQUEST__INIT;
	ProtobufCMessage *response;

	if (hub_unary(&bench->hub, &call, &request.base, &bridgetap__v1__stats__descriptor,
		    &response) < 0)
		return -1;
	*live = ((Bridgetap__V1__Stats *)response)->calls;
	unpacked_free(response);
	return 0;
}

/* `others` are not ours. */
static int check_data_plane(struct bench *bench, unsigned others)
{
	unsigned live;

	if (count_in_data_plane(bench, &live) < 0)
		return -1;
	if (live != bench->calls + others)
		return report_error("of %u calls the data plane has %u", bench->calls,
			live < others ? 0 : live - others);
	return 0;
}

/* --- loading --- */

static int send_table(
	struct bench *bench, const struct packed *messages, size_t count, double *seconds)
{
	struct rpc rpc = {
		.path = "/bridgetap.v1.Calls/LoadCallTable",
		.messages = messages,
		.message_count = count,
	};
	uint64_t begin = now_ns();

	if (hub_all(&bench->hub, &rpc, 1, LOAD_SECONDS, "LoadCallTable") < 0)
		return -1;
	*seconds = (double)(rpc.channel->read_at - begin) / 1e9;
	return 0;
}

static int end_all(struct bench *bench, double *seconds)
{
	Bridgetap__V1__LoadCallTableRequest request = BRIDGETAP__V1__LOAD_CALL_TABLE_REQUEST__INIT;
	struct packed nothing;
	int ret;

	request.operation = BRIDGETAP__V1__LOAD_CALL_TABLE_REQUEST__OPERATION__REPLACE;
	nothing = pack(&request.base);
	ret = send_table(bench, &nothing, 1, seconds);
	free(nothing.bytes);
	return ret;
}

struct rounds {
	unsigned others; /* calls that were there before */
	struct samples loads, ends;
	struct cpu_meter meter;
};

static int load_once(
	struct bench *bench, const struct packed *messages, size_t count, struct rounds *rounds)
{
	double seconds;

	cpu_meter_start(&rounds->meter, &bench->pids);
	if (send_table(bench, messages, count, &seconds) < 0)
		return -1;
	if (rounds->loads.count == 0)
		cpu_meter_report(&rounds->meter, "load_100k_calls_cpu");
	if (check_control_plane(bench) < 0 || check_data_plane(bench, rounds->others) < 0)
		return -1;
	samples_add(&rounds->loads, seconds);
	report_progress("%u calls are live after %.2f s", bench->calls, seconds);
	return 0;
}

static int load_rounds(
	struct bench *bench, const struct packed *messages, size_t count, struct rounds *rounds)
{
	double seconds;

	for (;;) {
		if (load_once(bench, messages, count, rounds) < 0)
			return -1;
		if (rounds->loads.count == ROUNDS ||
			samples_quantile(&rounds->loads, 1) > LONG_SECONDS)
			return 0;
		if (end_all(bench, &seconds) < 0)
			return -1;
		samples_add(&rounds->ends, seconds);
	}
}

static void report_rounds(struct bench *bench, struct rounds *rounds)
{
	if (rounds->loads.count > 0)
		report_row("load_100k_calls_s", samples_quantile(&rounds->loads, 0.5), "s",
			"median of %zu loads of %u calls, %.3f to %.3f; each time all were counted "
			"in the list and in the data plane",
			rounds->loads.count, bench->calls, samples_quantile(&rounds->loads, 0),
			samples_quantile(&rounds->loads, 1));
	if (rounds->ends.count > 0)
		report_row("end_100k_calls_s", samples_quantile(&rounds->ends, 0.5), "s",
			"the same calls ended by a table that lacks them, %zu times; %.3f to %.3f",
			rounds->ends.count, samples_quantile(&rounds->ends, 0),
			samples_quantile(&rounds->ends, 1));
}

int bench_load(struct bench *bench)
{
	unsigned count = (bench->calls + CALLS_A_MESSAGE - 1) / CALLS_A_MESSAGE;
	struct packed *messages = bench_alloc(count, sizeof(*messages));
	struct rounds rounds = { 0 };
	int ret;

	for (unsigned i = 0; i < count; i++) {
		unsigned first = i * CALLS_A_MESSAGE, left = bench->calls - first;

		messages[i] = population_pack(
			bench, first, left < CALLS_A_MESSAGE ? left : CALLS_A_MESSAGE);
	}
	ret = count_in_data_plane(bench, &rounds.others);
	if (ret == 0)
		ret = load_rounds(bench, messages, count, &rounds);
	report_rounds(bench, &rounds);
	for (unsigned i = 0; i < count; i++)
		free(messages[i].bytes);
	free(messages);
	samples_free(&rounds.loads);
	samples_free(&rounds.ends);
	return ret;
}
