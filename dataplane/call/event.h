/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CALL_EVENT_H
#define BRIDGETAP_CALL_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "net/counters.h"
#include "net/endpoint.h"

/* What a worker has to tell the main lcore about a leg. Each kind is told once, until something
 * changes that makes it news again, so a flood from outside cannot become a flood of events. Keys
 * and streams that begin anew are news as often as the far end likes: they get no more than half of
 * the ring, and displace nothing else. */

enum event_kind {
	EVENT_FIRST_PACKET,	   /* media has begun to arrive */
	EVENT_SOURCE_LEARNED,	   /* `source` is the leg's; told until the call's state has it */
	EVENT_SOURCE_REFUSED,	   /* `source` sent to the leg's port and was dropped */
	EVENT_SSRC_CHANGED,	   /* the sender began another stream; `ssrc` is the new one */
	EVENT_MEDIA_TIMEOUT,	   /* media has come, and does so no more */
	EVENT_MEDIA_RESUMED,	   /* it does again, or is not expected */
	EVENT_MEDIA_NEVER_STARTED, /* no media has come, for too long */
	EVENT_RATE_LIMITED,	   /* more came from a leg than it may send, and was dropped */
	EVENT_TELEPHONE_EVENT, /* agent or customer has pressed a key; `code` is which (RFC 4733) */
};

struct event {
	uint32_t call;	 /* call.number */
	uint32_t serial; /* call.serial */
	uint32_t leg;	 /* leg.id */
	uint32_t ssrc;
	struct endpoint source;
	struct endpoint signalled; /* of SOURCE_LEARNED: learning.signalled ... */
	uint32_t far_end;	   /* ... and leg_plan.far_end */
	uint8_t kind;
	uint8_t code;
};

/* A ring of struct event: one worker in, the main lcore out. */
#define EVENT_RING_SIZE 4096

static inline bool event_may_flood(const struct event *event)
{
	return event->kind == EVENT_TELEPHONE_EVENT || event->kind == EVENT_SSRC_CHANGED;
}

/* Never waits: where nobody took the earlier ones, the event is counted and lost, and false comes
 * back. Worker. */
static inline bool event_post(struct rte_ring *ring, struct event *event, struct counters *counters)
{
	if (!(event_may_flood(event) &&
		    rte_ring_free_count(ring) <= rte_ring_get_capacity(ring) / 2) &&
		rte_ring_sp_enqueue_elem(ring, event, sizeof(*event)) == 0)
		return true;
	counters_bump(counters, COUNTER_event_lost);
	return false;
}

#endif
