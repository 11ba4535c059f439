/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_CONVERT_H
#define BRIDGETAP_SERVICE_CONVERT_H

#include "bridgetap/v1/calls.pb-c.h"
#include "monitor/call.h"
#include "monitor/session.h"
#include "service/arena.h"

/* Between the messages of proto/bridgetap/v1 and the domain. Encoded messages live in the arena
 * and point into the domain: they are to be packed at once. Decoding returns 0 or the -errno of
 * `refusal`, which names the field; decoded texts point into the message. */

Bridgetap__V1__Call *encode_call(struct arena *arena, const struct call *call);
Bridgetap__V1__MonitorSession *encode_session(struct arena *arena, const struct session *session);

int decode_media(struct media *media, const Bridgetap__V1__MediaDescription *message,
	const char *field, struct refusal *refusal);
int decode_target(struct recording_target *target, const Bridgetap__V1__RecordingTarget *message,
	struct refusal *refusal);
int decode_description(struct call_description *description,
	const Bridgetap__V1__CallDescription *message, struct refusal *refusal);

#endif
