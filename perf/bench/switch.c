/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/cpu.h"
#include "bench/monitors.h"
#include "bench/report.h"
#include "bench/samples.h"

#define WARM_UP_SECONDS 1.0
#define DRAIN_SECONDS	10.0
#define TURN_NS		(SECOND / 100)

/* One supervisor who switches, and goes on switching. */
struct switcher {
	struct rpc rpc; /* first */
	struct traffic *traffic;
	struct monitor *monitor;
	unsigned channel;
	uint64_t due; /* when the switch under way was to be sent */
};

struct traffic {
	struct bench *bench;
	struct switcher *switchers;
	unsigned count;
	bool saturate; /* each answer is followed by the next request */
	struct switcher **idle;
	unsigned idle_count;
	size_t under_way;
	size_t answered, refused;
	char sentence[CHANNEL_SENTENCE + 32];
	struct samples took; /* milliseconds */
};

static void send_switch(struct switcher *switcher, uint64_t due)
{
	switcher->due = due;
	switcher->traffic->under_way++;
	monitor_switch(switcher->monitor, &switcher->rpc);
	hub_start(&switcher->traffic->bench->hub, switcher->channel, &switcher->rpc);
}

/* Who was refused sends no more: a broken connection would refuse for ever. */
static void switched(struct rpc *rpc)
{
	struct switcher *switcher = (struct switcher *)rpc;
	struct traffic *traffic = switcher->traffic;

	traffic->under_way--;
	if (rpc->status != GRPC_OK) {
		if (traffic->refused++ == 0)
			report_format(traffic->sentence, sizeof(traffic->sentence), "%s: %s",
				grpc_status_name(rpc->status), rpc->sentence);
		return;
	}
	traffic->answered++;
	samples_add(&traffic->took, (double)(rpc->channel->read_at - switcher->due) / 1e6);
	if (traffic->saturate)
		send_switch(switcher, now_ns());
	else
		traffic->idle[traffic->idle_count++] = switcher;
}

static void forget_figures(struct traffic *traffic)
{
	samples_free(&traffic->took);
	traffic->answered = 0;
}

/* Let all requests be answered; everybody is idle afterwards. */
static int drain(struct traffic *traffic)
{
	traffic->saturate = false;
	if (!hub_until_none(&traffic->bench->hub, &traffic->under_way, DRAIN_SECONDS))
		return report_error("SwitchMode: no answer to %zu requests", traffic->under_way);
	if (traffic->refused > 0)
		return report_error("SwitchMode: %zu refused, %zu not: %s", traffic->refused,
			traffic->answered, traffic->sentence);
	return 0;
}

/* --- saturation --- */

/* Go on for a while; returns the answers per second. */
static double run_window(struct traffic *traffic, double seconds)
{
	uint64_t begin = now_ns(), now = begin, end = begin + (uint64_t)(seconds * 1e9);
	size_t before = traffic->answered;

	while (now < end) {
		hub_turn(&traffic->bench->hub, TURN_NS);
		now = now_ns();
	}
	return (double)(traffic->answered - before) / ((double)(now - begin) / 1e9);
}

static int saturate(struct traffic *traffic, double *rate)
{
	struct bench *bench = traffic->bench;
	struct samples windows = { 0 };
	struct cpu_meter meter;
	int ret;

	report_progress("%u supervisors switch as fast as they are answered", traffic->count);
	traffic->saturate = true;
	while (traffic->idle_count > 0)
		send_switch(traffic->idle[--traffic->idle_count], now_ns());
	run_window(traffic, WARM_UP_SECONDS);
	forget_figures(traffic);
	cpu_meter_start(&meter, &bench->pids);
	while ((double)windows.count < bench->seconds)
		samples_add(&windows, run_window(traffic, 1));
	*rate = samples_quantile(&windows, 0.5);
	if (traffic->refused == 0) {
		report_row("switches_per_s", *rate, "1/s",
			"median of %zu seconds, %.0f to %.0f; %u supervisors on as many of %u "
			"calls, %u connections; none refused; answered after %.1f ms (median)",
			windows.count, samples_quantile(&windows, 0), samples_quantile(&windows, 1),
			traffic->count, bench->calls, bench->hub.count,
			samples_quantile(&traffic->took, 0.5));
		cpu_meter_report(&meter, "switches_cpu");
	}
	samples_free(&windows);
	ret = drain(traffic);
	return ret;
}

/* --- at a rate that is sustained --- */

/* What is asked for; half of what saturates the server where that is less. */
#define RATE 10000.0

/* One request every `interval`; who is late is measured from when it was due, so that a server
 * that stalls does not look good. */
static void run_paced(struct traffic *traffic, double rate, double seconds)
{
	uint64_t begin = now_ns(), now = begin, end = begin + (uint64_t)(seconds * 1e9);
	double interval = 1e9 / rate;
	uint64_t sent = 0, due = begin;

	while (now < end) {
		while (due <= now && traffic->idle_count > 0) {
			send_switch(traffic->idle[--traffic->idle_count], due);
			due = begin + (uint64_t)((double)++sent * interval);
		}
		hub_turn(&traffic->bench->hub, due > now ? due - now : TURN_NS);
		now = now_ns();
	}
}

static int measure_delay(struct traffic *traffic, double rate)
{
	struct bench *bench = traffic->bench;
	struct cpu_meter meter;

	report_progress("the same at %.0f a second", rate);
	run_paced(traffic, rate, WARM_UP_SECONDS);
	if (drain(traffic) < 0)
		return -1;
	forget_figures(traffic);
	cpu_meter_start(&meter, &bench->pids);
	run_paced(traffic, rate, bench->seconds);
	cpu_meter_report(&meter, "switch_cpu");
	if (drain(traffic) < 0)
		return -1;
	report_row("switch_p50_ms", samples_quantile(&traffic->took, 0.5), "ms",
		"median of %zu switches at %.0f a second, from when each was "
		"due to its answer; %.3f to %.3f",
		traffic->took.count, rate, samples_quantile(&traffic->took, 0),
		samples_quantile(&traffic->took, 1));
	report_row("switch_p99_ms", samples_quantile(&traffic->took, 0.99), "ms",
		"99th percentile of the same");
	return 0;
}

/* --- all of it --- */

static void add_switchers(struct traffic *traffic, struct monitor *monitors)
{
	for (unsigned i = 0; i < traffic->count; i++) {
		struct switcher *switcher = &traffic->switchers[i];

		switcher->rpc.ended = switched;
		switcher->traffic = traffic;
		switcher->monitor = &monitors[i];
		switcher->channel = i;
		traffic->idle[traffic->idle_count++] = switcher;
	}
}

/* On calls from all over the table. */
static struct monitor *join_some(struct bench *bench, unsigned count)
{
	unsigned *calls = bench_alloc(count, sizeof(*calls));
	struct monitor *monitors;

	for (unsigned i = 0; i < count; i++)
		calls[i] = i * (bench->calls / count);
	monitors = monitors_join(bench, calls, count);
	free(calls);
	return monitors;
}

int bench_switch(struct bench *bench)
{
	unsigned count = bench->supervisors < bench->calls ? bench->supervisors : bench->calls;
	struct traffic traffic = { .bench = bench, .count = count };
	struct monitor *monitors = join_some(bench, count);
	double rate;
	int ret;

	if (monitors == NULL)
		return -1;
	traffic.switchers = bench_alloc(count, sizeof(*traffic.switchers));
	traffic.idle = bench_alloc(count, sizeof(struct switcher *));
	add_switchers(&traffic, monitors);
	ret = saturate(&traffic, &rate);
	if (ret == 0)
		ret = measure_delay(&traffic, rate / 2 < RATE ? rate / 2 : RATE);
	if (ret == 0)
		ret = monitors_leave(bench, monitors, count);
	samples_free(&traffic.took);
	if (ret == 0) {
		/* Else requests may still be under way in there. */
		free(traffic.switchers);
		free(traffic.idle);
	}
	return ret;
}
