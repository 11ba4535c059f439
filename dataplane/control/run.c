/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "control/dataplane.h"
#include "net/log.h"

/* How long the main lcore sleeps at a time: briefly while workers owe it answers, which come
 * within a round of theirs; else until it is time to look for events. */
#define SLEEP_WAITING_NS 50000
#define SLEEP_IDLE_NS	 10000000

#define EVENTS_PER_ROUND 256

static void forward_event(struct dataplane *dp, const struct event *event)
{
	static const Bridgetap__Dataplane__V1__EventKind kinds[] = {
		[EVENT_FIRST_PACKET] =
			BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_FIRST_PACKET,
		[EVENT_SOURCE_LEARNED] =
			BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_SOURCE_LEARNED,
		[EVENT_SOURCE_REFUSED] =
			BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_SOURCE_REFUSED,
		[EVENT_SSRC_CHANGED] =
			BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_SSRC_CHANGED,
		[EVENT_MEDIA_TIMEOUT] =
			BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_MEDIA_TIMEOUT,
		[EVENT_MEDIA_RESUMED] =
			BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_MEDIA_RESUMED,
		[EVENT_MEDIA_NEVER_STARTED] =
			BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_MEDIA_NEVER_STARTED,
		[EVENT_RATE_LIMITED] =
			BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_RATE_LIMITED,
		[EVENT_TELEPHONE_EVENT] =
			BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_TELEPHONE_EVENT,
	};
	const WireCall *call = registry_call_of(dp->registry, event);
	Bridgetap__Dataplane__V1__Event wire = BRIDGETAP__DATAPLANE__V1__EVENT__INIT;
	WireEndpoint source = BRIDGETAP__DATAPLANE__V1__ENDPOINT__INIT;
	WireFrom message = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__INIT;
	bool ipv4 = endpoint_is_ipv4(&event->source);

	if (call == NULL)
		return; /* it has ended since */
	source.address.data = (uint8_t *)(uintptr_t)event->source.address + (ipv4 ? 12 : 0);
	source.address.len = ipv4 ? 4 : 16;
	source.port = event->source.port;
	wire.kind = kinds[event->kind];
	wire.call_id = call->id;
	wire.leg_id = event->leg;
	wire.source = &source;
	wire.ssrc = event->ssrc;
	wire.code = event->code;
	wire.far_end = event->far_end;
	message.message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_EVENT;
	message.event = &wire;
	server_send(dp->server, &message);
}

static void take_events(struct dataplane *dp)
{
	struct event events[EVENTS_PER_ROUND];

	for (unsigned w = 0; w < dp->config.worker_count; w++) {
		unsigned count = rte_ring_sc_dequeue_burst_elem(
			dp->workers[w].events, events, sizeof(events[0]), EVENTS_PER_ROUND, NULL);

		for (unsigned i = 0; i < count; i++) {
			if (events[i].kind != EVENT_SOURCE_LEARNED ||
				registry_source_learned(dp->registry, &events[i]))
				forward_event(dp, &events[i]);
		}
	}
}

static void every_second(struct dataplane *dp)
{
	uint64_t expirations;

	if (read(dp->timer_fd, &expirations, sizeof(expirations)) < 0)
		return;
	dataplane_set_clocks(dp);
	nexthop_table_refresh(registry_nexthops(dp->registry));
	relays_check(&dp->relays);
	guard_alarm_check(
		&dp->guard_alarm, dataplane_counter(dp, COUNTER_guard_dropped), dp->server);
	server_check_greeting(dp->server);
}

static void handle(struct dataplane *dp, const struct epoll_event *event)
{
	if (server_handle(dp->server, event->data.ptr, event->events))
		return;
	if (event->data.u64 == (uint64_t)dp->signal_fd)
		dp->stopping = true;
	else if (event->data.u64 == (uint64_t)dp->timer_fd)
		every_second(dp);
	else
		nexthop_table_read_events(registry_nexthops(dp->registry));
}

int dataplane_run(struct dataplane *dp)
{
	struct epoll_event events[16];

	log_info("ready: %u workers, %u ports, %u realms, up to %u calls; listening on %s",
		dp->config.worker_count, dp->config.ports.count, dp->config.realms.count,
		dp->config.calls_max, dp->config.socket);
	while (!dp->stopping) {
		const struct timespec sleep = {
			.tv_nsec = registry_is_waiting(dp->registry) ? SLEEP_WAITING_NS
								     : SLEEP_IDLE_NS,
		};
		int count = epoll_pwait2(dp->epoll_fd, events, 16, &sleep, NULL);

		if (count < 0 && errno != EINTR) {
			log_error("the main loop cannot wait: %s", strerror(errno));
			return -errno;
		}
		for (int i = 0; i < count; i++)
			handle(dp, &events[i]);
		registry_poll(dp->registry);
		take_events(dp);
		relays_renew(&dp->relays);
		relay_walk_step(dp->relay_walk);
	}
	log_info("stopping");
	return 0;
}
