/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "bench/monitors.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/report.h"
#include "bridgetap/v1/monitor.pb-c.h"
#include "proto/unpack.h"

#define SUPERVISOR_ADDRESS "192.0.2.30"
#define FIRST_PORT	   4000
#define ALL_SECONDS	   15.0

static struct packed pack_join(const struct bench *bench, unsigned number, unsigned call)
{
	Bridgetap__V1__JoinRequest request = BRIDGETAP__V1__JOIN_REQUEST__INIT;
	Bridgetap__V1__MediaDescription media = BRIDGETAP__V1__MEDIA_DESCRIPTION__INIT;
	Bridgetap__V1__MediaAddress remote = BRIDGETAP__V1__MEDIA_ADDRESS__INIT;
	char id[NAME_SIZE], realm[NAME_SIZE];

	call_name(call, id);
	realm_name(bench, number, realm);
	remote.address = (char *)(uintptr_t)SUPERVISOR_ADDRESS;
	remote.port = FIRST_PORT + 2 * number;
	media.realm = realm;
	media.remote = &remote;
	media.codec = BRIDGETAP__V1__CODEC__CODEC_PCMU;
	request.call_id = id;
	request.mode = BRIDGETAP__V1__MODE__MODE_LISTEN;
	request.media = &media;
	return pack(&request.base);
}

static struct packed pack_leave(const struct monitor *monitor)
{
	Bridgetap__V1__LeaveRequest request = BRIDGETAP__V1__LEAVE_REQUEST__INIT;

	request.session_id = (char *)(uintptr_t)monitor->session;
	return pack(&request.base);
}

static void pack_switches(struct monitor *monitor)
{
	Bridgetap__V1__SwitchModeRequest request = BRIDGETAP__V1__SWITCH_MODE_REQUEST__INIT;

	request.session_id = monitor->session;
	for (unsigned mode = 1; mode <= MODES; mode++) {
		request.mode = (Bridgetap__V1__Mode)mode;
		monitor->to_mode[mode] = pack(&request.base);
	}
}

static void joined(struct rpc *rpc, const uint8_t *body, size_t length)
{
	struct monitor *monitor = rpc->owner;
	char error[UNPACK_ERROR_SIZE];
	Bridgetap__V1__MonitorSession *session = (Bridgetap__V1__MonitorSession *)unpack(
		&bridgetap__v1__monitor_session__descriptor, body, length, GRPC_MESSAGE_MAX, error);

	if (session == NULL)
		return;
	report_format(monitor->session, sizeof(monitor->session), "%s", session->id);
	monitor->mode = (unsigned)session->mode;
	unpacked_free(&session->base);
	pack_switches(monitor);
}

/* Make the same call for all of them. The requests are freed. */
static int call_all(struct bench *bench, struct monitor *monitors, struct packed *requests,
	unsigned count, const char *path, bool join)
{
	struct rpc *rpcs = bench_alloc(count, sizeof(*rpcs));
	int ret;

	for (unsigned i = 0; i < count; i++) {
		rpcs[i].path = path;
		rpcs[i].user = monitors[i].user;
		rpcs[i].messages = &requests[i];
		rpcs[i].message_count = 1;
		rpcs[i].message = join ? joined : NULL;
		rpcs[i].owner = &monitors[i];
	}
	ret = hub_all(&bench->hub, rpcs, count, ALL_SECONDS, path);
	for (unsigned i = 0; i < count; i++)
		free(requests[i].bytes);
	free(requests);
	free(rpcs);
	return ret;
}

struct monitor *monitors_join(struct bench *bench, const unsigned *calls, unsigned count)
{
	struct monitor *monitors = bench_alloc(count, sizeof(*monitors));
	struct packed *requests = bench_alloc(count, sizeof(*requests));

	for (unsigned i = 0; i < count; i++) {
		supervisor_name(i, monitors[i].user);
		monitors[i].call = calls[i];
		requests[i] = pack_join(bench, i, calls[i]);
	}
	if (call_all(bench, monitors, requests, count, "/bridgetap.v1.Monitor/Join", true) == 0)
		return monitors;
	free(monitors);
	return NULL;
}

int monitors_leave(struct bench *bench, struct monitor *monitors, unsigned count)
{
	struct packed *requests = bench_alloc(count, sizeof(*requests));
	int ret;

	for (unsigned i = 0; i < count; i++)
		requests[i] = pack_leave(&monitors[i]);
	ret = call_all(bench, monitors, requests, count, "/bridgetap.v1.Monitor/Leave", false);
	for (unsigned i = 0; i < count; i++)
		for (unsigned mode = 1; mode <= MODES; mode++)
			free(monitors[i].to_mode[mode].bytes);
	free(monitors);
	return ret;
}

void monitor_switch(struct monitor *monitor, struct rpc *rpc)
{
	monitor->mode = monitor->mode % MODES + 1;
	rpc->path = "/bridgetap.v1.Monitor/SwitchMode";
	rpc->user = monitor->user;
	rpc->messages = &monitor->to_mode[monitor->mode];
	rpc->message_count = 1;
}
