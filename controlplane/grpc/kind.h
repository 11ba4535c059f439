/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_GRPC_KIND_H
#define BRIDGETAP_GRPC_KIND_H

/* Which methods stream. protobuf-c's descriptors leave that out, so it is told here, for the
 * server and the command line; a test holds it against the .proto files. */
enum grpc_kind {
	GRPC_UNARY,
	GRPC_CLIENT_STREAM,
	GRPC_SERVER_STREAM,
};

/* By full name, such as "bridgetap.v1.Calls" and "WatchCalls". Any thread. */
enum grpc_kind grpc_kind_of(const char *service, const char *method);

#endif
