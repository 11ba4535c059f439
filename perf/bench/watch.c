/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/cpu.h"
#include "bench/monitors.h"
#include "bench/report.h"
#include "bench/samples.h"
#include "bridgetap/v1/monitor.pb-c.h"
#include "proto/unpack.h"

/* All watchers look for calls of this group and tag, half of which are inbound. */
#define GROUP	  7
#define TAG	  3
#define CHANGED	  10 /* calls that change, all of them inbound */
#define KINDS	  4  /* of filters */
#define CHANGES	  120
#define WARM_UP	  5
#define ALL_SEE_S 3.0
#define OPEN_S	  30.0
#define PAUSE_S	  0.015

struct watcher {
	struct rpc rpc; /* first */
	struct watch *watch;
	bool current;  /* has its snapshot */
	unsigned seen; /* number of the last change that came */
};

struct watch {
	struct bench *bench;
	struct watcher *watchers;
	struct packed requests[KINDS];
	size_t left;			 /* watchers that lack what is waited for */
	char sentence[CHANNEL_SENTENCE]; /* of one that was ended */
	/* The change that is waited for. */
	unsigned number; /* 0 for none */
	char call[NAME_SIZE];
	unsigned mode; /* of its monitor; 0 where the hand is looked at */
	bool hand;
	uint64_t sent_at;
	size_t unanswered;	/* 1 until the request of the change is answered */
	struct samples delays;	/* milliseconds, of each change to each watcher */
	struct samples slowest; /* to the last watcher of each change */
	double last;
};

/* --- what comes --- */

static bool is_the_change(const struct watch *watch, const Bridgetap__V1__Call *call)
{
	if (strcmp(call->id, watch->call) != 0)
		return false;
	if (watch->mode == 0)
		return (call->hand != NULL) == watch->hand;
	return call->n_monitors == 1 && (unsigned)call->monitors[0]->mode == watch->mode;
}

static void take_change(struct watcher *watcher, const Bridgetap__V1__WatchCallsResponse *response)
{
	struct watch *watch = watcher->watch;

	if (watch->number == 0 || watcher->seen == watch->number)
		return;
	for (size_t i = 0; i < response->n_calls; i++) {
		if (!is_the_change(watch, response->calls[i]))
			continue;
		watcher->seen = watch->number;
		watch->last = (double)(watcher->rpc.channel->read_at - watch->sent_at) / 1e6;
		samples_add(&watch->delays, watch->last);
		watch->left--;
		return;
	}
}

static void take_message(struct rpc *rpc, const uint8_t *body, size_t length)
{
	struct watcher *watcher = (struct watcher *)rpc;
	char error[UNPACK_ERROR_SIZE];
	Bridgetap__V1__WatchCallsResponse *response = (Bridgetap__V1__WatchCallsResponse *)unpack(
		&bridgetap__v1__watch_calls_response__descriptor, body, length,
		GRPC_MESSAGE_MAX * 64, error);

	if (response == NULL)
		return;
	if (response->current && !watcher->current) {
		watcher->current = true;
		watcher->watch->left--;
	}
	take_change(watcher, response);
	unpacked_free(&response->base);
}

static void watcher_ended(struct rpc *rpc)
{
	struct watch *watch = ((struct watcher *)rpc)->watch;

	report_format(watch->sentence, sizeof(watch->sentence), "%s: %.120s",
		grpc_status_name(rpc->status), rpc->sentence);
}

/* --- watching --- */

/* The filters all let the calls that change pass, and few others. */
static struct packed pack_filter(const struct bench *bench, unsigned kind, unsigned changed)
{
	Bridgetap__V1__WatchCallsRequest request = BRIDGETAP__V1__WATCH_CALLS_REQUEST__INIT;
	Bridgetap__V1__CallFilter filter = BRIDGETAP__V1__CALL_FILTER__INIT;
	char group[NAME_SIZE], tag[NAME_SIZE], agents[CHANGED][NAME_SIZE];
	char *groups[] = { group }, *tags[] = { tag }, *agent_list[CHANGED];

	group_name(GROUP, group);
	tag_name(TAG, tag);
	for (unsigned i = 0; i < changed; i++) {
		agent_name(bench, call_with(GROUP, TAG) + 2 * i * POPULATION_CYCLE, agents[i]);
		agent_list[i] = agents[i];
	}
	filter.groups = groups;
	filter.n_groups = 1;
	filter.tags = tags;
	filter.n_tags = kind < 3 ? 1 : 0;
	filter.direction = kind == 1 ? BRIDGETAP__V1__DIRECTION__DIRECTION_INBOUND : 0;
	filter.duration_at_least_s = kind == 2 ? 1 : 0;
	filter.agent_users = agent_list;
	filter.n_agent_users = kind == 3 ? changed : 0;
	request.filter = &filter;
	return pack(&request.base);
}

static int open_watchers(struct watch *watch, unsigned changed)
{
	struct bench *bench = watch->bench;
	uint64_t begin = now_ns();
	double seconds;

	for (unsigned kind = 0; kind < KINDS; kind++)
		watch->requests[kind] = pack_filter(bench, kind, changed);
	watch->left = bench->watchers;
	for (unsigned i = 0; i < bench->watchers; i++) {
		struct watcher *watcher = &watch->watchers[i];

		watcher->watch = watch;
		watcher->rpc.path = "/bridgetap.v1.Calls/WatchCalls";
		watcher->rpc.messages = &watch->requests[i / bench->hub.count % KINDS];
		watcher->rpc.message_count = 1;
		watcher->rpc.message = take_message;
		watcher->rpc.ended = watcher_ended;
		/* The last connection is for the changes. */
		hub_start(&bench->hub, i % (bench->hub.count - 1), &watcher->rpc);
	}
	if (!hub_until_none(&bench->hub, &watch->left, OPEN_S))
		return report_error("WatchCalls: %zu of %u watchers have no whole snapshot after "
				    "%.0f s. %s",
			watch->left, bench->watchers, OPEN_S, watch->sentence);
	seconds = (double)(now_ns() - begin) / 1e9;
	report_progress("%u watchers have their snapshots", bench->watchers);
	report_row("watch_open_s", seconds, "s",
		"%u watchers on %u connections, filters of %d kinds, all opened at once; until the "
		"last one had its snapshot",
		bench->watchers, bench->hub.count - 1, KINDS);
	return 0;
}

static void close_watchers(struct watch *watch)
{
	for (unsigned i = 0; i < watch->bench->watchers; i++)
		channel_cancel(&watch->watchers[i].rpc);
	bench_pause(watch->bench, 0.2);
	for (unsigned kind = 0; kind < KINDS; kind++)
		free(watch->requests[kind].bytes);
}

/* --- changing --- */

static void change_ended(struct rpc *rpc)
{
	struct watch *watch = rpc->arg;

	watch->unanswered--;
}

/* Send a change that `watch` describes already, and wait until all have it. */
static int send_change(struct watch *watch, struct rpc *rpc)
{
	struct hub *hub = &watch->bench->hub;

	rpc->ended = change_ended;
	rpc->arg = watch;
	watch->unanswered = 1;
	watch->number++;
	watch->left = watch->bench->watchers;
	watch->sent_at = now_ns();
	hub_start(hub, hub->count - 1, rpc);
	if (!hub_until_none(hub, &watch->unanswered, ALL_SEE_S))
		return report_error("%s: no answer within %.0f s", rpc->path, ALL_SEE_S);
	if (rpc->status != GRPC_OK)
		return report_error(
			"%s: %s: %s", rpc->path, grpc_status_name(rpc->status), rpc->sentence);
	if (!hub_until_none(hub, &watch->left, ALL_SEE_S))
		return report_error("%zu of %u watchers have not seen a change of %s after %.0f "
				    "s. %s",
			watch->left, watch->bench->watchers, watch->call, ALL_SEE_S,
			watch->sentence);
	samples_add(&watch->slowest, watch->last);
	bench_pause(watch->bench, PAUSE_S);
	return 0;
}

typedef int change_fn(struct watch *watch, struct monitor *monitor);

static int change_mode(struct watch *watch, struct monitor *monitor)
{
	struct rpc rpc = { 0 };

	monitor_switch(monitor, &rpc);
	watch->mode = monitor->mode;
	return send_change(watch, &rpc);
}

/* Up, or down if it is up. */
static int change_hand(struct watch *watch, struct monitor *monitor)
{
	Bridgetap__V1__RaiseHandRequest raise = BRIDGETAP__V1__RAISE_HAND_REQUEST__INIT;
	Bridgetap__V1__LowerHandRequest lower = BRIDGETAP__V1__LOWER_HAND_REQUEST__INIT;
	struct packed request;
	struct rpc rpc = { .messages = &request, .message_count = 1 };
	char agent[NAME_SIZE];
	int ret;

	watch->mode = 0;
	monitor->hand = watch->hand = !monitor->hand;
	raise.call_id = lower.call_id = watch->call;
	request = pack(watch->hand ? &raise.base : &lower.base);
	agent_name(watch->bench, monitor->call, agent);
	rpc.user = agent;
	rpc.path =
		watch->hand ? "/bridgetap.v1.Monitor/RaiseHand" : "/bridgetap.v1.Monitor/LowerHand";
	ret = send_change(watch, &rpc);
	free(request.bytes);
	return ret;
}

static int measure(struct watch *watch, struct monitor *monitors, unsigned changed,
	change_fn *change, const char *name, const char *what)
{
	struct bench *bench = watch->bench;
	struct cpu_meter meter;
	char row[64];

	report_progress("%s, one at a time", what);
	for (unsigned i = 0; i < CHANGES + WARM_UP; i++) {
		struct monitor *monitor = &monitors[i % changed];

		if (i == WARM_UP) {
			samples_free(&watch->delays);
			samples_free(&watch->slowest);
			cpu_meter_start(&meter, &bench->pids);
		}
		call_name(monitor->call, watch->call);
		if (change(watch, monitor) < 0)
			return -1;
	}
	report_row(report_format(row, sizeof(row), "%s_ms", name),
		samples_quantile(&watch->delays, 0.5), "ms",
		"median of %u changes (%s) to each of %u watchers on %u connections, %u live "
		"calls; %.3f to %.3f; all had it after %.3f (median)",
		CHANGES, what, bench->watchers, bench->hub.count - 1, bench->calls,
		samples_quantile(&watch->delays, 0), samples_quantile(&watch->delays, 1),
		samples_quantile(&watch->slowest, 0.5));
	report_row(report_format(row, sizeof(row), "%s_p99_ms", name),
		samples_quantile(&watch->delays, 0.99), "ms", "99th percentile of the same");
	cpu_meter_report(&meter, report_format(row, sizeof(row), "%s_cpu", name));
	return 0;
}

/* Supervisors on the calls that will change. */
static struct monitor *join_changed(struct bench *bench, unsigned *changed)
{
	unsigned calls[CHANGED];

	*changed = 0;
	for (unsigned i = 0; i < CHANGED && i < bench->supervisors; i++) {
		calls[i] = call_with(GROUP, TAG) + 2 * i * POPULATION_CYCLE;
		if (calls[i] >= bench->calls)
			break;
		++*changed;
	}
	if (*changed > 0)
		return monitors_join(bench, calls, *changed);
	report_error("--calls must be more than %u", call_with(GROUP, TAG));
	return NULL;
}

int bench_watch(struct bench *bench)
{
	struct watch watch = { .bench = bench };
	struct monitor *monitors;
	unsigned changed;

	if (bench->hub.count < 2)
		return report_error("--connections must be two at least: changes have their own");
	monitors = join_changed(bench, &changed);
	if (monitors == NULL)
		return -1;
	watch.watchers = bench_alloc(bench->watchers, sizeof(*watch.watchers));
	if (open_watchers(&watch, changed) < 0 ||
		measure(&watch, monitors, changed, change_mode, "watch_change", "a switch") < 0 ||
		measure(&watch, monitors, changed, change_hand, "watch_hand", "a raised hand") < 0)
		return -1;
	close_watchers(&watch);
	samples_free(&watch.delays);
	samples_free(&watch.slowest);
	free(watch.watchers);
	return monitors_leave(bench, monitors, changed);
}
