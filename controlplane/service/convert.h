/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_SERVICE_CONVERT_H
#define BRIDGETAP_SERVICE_CONVERT_H

#include "bridgetap/v1/calls.pb-c.h"
#include "monitor/call.h"
#include "monitor/call_filter.h"
#include "monitor/session.h"
#include "service/arena.h"

/* Between the messages of proto/bridgetap/v1 and the domain. Encoded messages live in the arena
 * and point into the domain: they are to be packed at once. Decoding returns 0 or the -errno of
 * `refusal`, which names the field; decoded texts point into the message. */

/* `viewer` is who asks, NULL for the organisation itself; of the reasons why they cannot join,
 * those in `left_out` are left out. */
Bridgetap__V1__Call *encode_call(
	struct arena *arena, const struct call *call, const struct user *viewer, uint32_t left_out);
Bridgetap__V1__MonitorSession *encode_session(struct arena *arena, const struct session *session);

/* NULL while it is down. */
Bridgetap__V1__Hand *encode_hand(struct arena *arena, const struct call *call);

/* A list of them, its length in `count`. */
Bridgetap__V1__Reason **encode_reasons(struct arena *arena, uint32_t reasons, size_t *count);

/* NULL for no address. */
Bridgetap__V1__MediaAddress *encode_address(struct arena *arena, const struct address *address);

/* A user's name, or the id of one who is not known. */
char *encode_name(const struct organisation *organisation, const char *user);

/* A new message of a type in the arena, initialised; NULL where memory is short. */
#define ARENA_NEW(arena, Type, init_)                            \
	({                                                       \
		Type *new_ = arena_alloc((arena), sizeof(Type)); \
		if (new_ != NULL)                                \
			init_(new_);                             \
		new_;                                            \
	})

int decode_media(struct media *media, const Bridgetap__V1__MediaDescription *message,
	const char *field, struct refusal *refusal);
int decode_target(struct recording_target *target, const Bridgetap__V1__RecordingTarget *message,
	struct refusal *refusal);
int decode_description(struct call_description *description,
	const Bridgetap__V1__CallDescription *message, struct refusal *refusal);

/* A copy, to be freed by call_filter_fini(). */
int decode_filter(struct call_filter *filter, const Bridgetap__V1__CallFilter *message,
	struct refusal *refusal);

#endif
