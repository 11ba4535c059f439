/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_GRPC_KIND_H
#define BRIDGETAP_GRPC_KIND_H

#include <stdbool.h>

/* Which methods stream, as their .proto files have it. */
enum grpc_kind {
	GRPC_UNARY,
	GRPC_CLIENT_STREAM,
	GRPC_SERVER_STREAM,
	GRPC_BIDI_STREAM,
};

/* By full name, such as "bridgetap.v1.Calls" and "WatchCalls"; GRPC_UNARY for what is not known.
 * Any thread. */
enum grpc_kind grpc_kind_of(const char *service, const char *method);

/* Whether the client may send any number of messages. */
static inline bool grpc_kind_takes_stream(enum grpc_kind kind)
{
	return kind == GRPC_CLIENT_STREAM || kind == GRPC_BIDI_STREAM;
}

#endif
