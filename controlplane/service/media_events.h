/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_MEDIA_EVENTS_H
#define BRIDGETAP_SERVICE_MEDIA_EVENTS_H

#include "bridgetap/v1/calls.pb-c.h"
#include "monitor/media_event.h"
#include "service/watchers.h"

/* Calls.WatchMediaEvents. Who is too slow is told how many events it has missed; nothing is kept
 * for it. Loop thread only. */

/* Method: a grpc_message_fn. */
void watch_media_events(struct grpc_call *grpc, const ProtobufCMessage *message);

/* Of world.media, with a struct services. */
void media_events_notify(void *arg, const struct media_event *event);

/* A call of the organisation has ended, and the media plane has let go of it. `legs`, `count` of
 * them, are its last statistics, for those who may see them. */
void media_events_ended(struct organisation *organisation, const char *call_id,
	Bridgetap__V1__CallEndReason reason, Bridgetap__V1__LegStats **legs, size_t count);

/* Whether anybody watches who may see statistics. */
bool media_events_want_statistics(const struct organisation *organisation);

/* End every stream of an organisation, which is to be deleted. */
void media_events_end_all(struct watchers *watchers);

#endif
