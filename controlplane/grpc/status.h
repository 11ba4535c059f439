/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_GRPC_STATUS_H
#define BRIDGETAP_GRPC_STATUS_H

#include <stddef.h>
#include <stdint.h>

/* gRPC status codes (grpc/doc/statuscodes.md). */
enum grpc_status {
	GRPC_OK = 0,
	GRPC_CANCELLED = 1,
	GRPC_UNKNOWN = 2,
	GRPC_INVALID_ARGUMENT = 3,
	GRPC_DEADLINE_EXCEEDED = 4,
	GRPC_NOT_FOUND = 5,
	GRPC_ALREADY_EXISTS = 6,
	GRPC_PERMISSION_DENIED = 7,
	GRPC_RESOURCE_EXHAUSTED = 8,
	GRPC_FAILED_PRECONDITION = 9,
	GRPC_ABORTED = 10,
	GRPC_OUT_OF_RANGE = 11,
	GRPC_UNIMPLEMENTED = 12,
	GRPC_INTERNAL = 13,
	GRPC_UNAVAILABLE = 14,
	GRPC_DATA_LOSS = 15,
	GRPC_UNAUTHENTICATED = 16,
};

/* "NOT_FOUND" and so on; "UNKNOWN" for what is none. */
const char *grpc_status_name(unsigned status);

/* The text of grpc-message: percent-encoded UTF-8 (grpc/doc/PROTOCOL-HTTP2.md). Both cut what does
 * not fit into `size` bytes, which must be at least 1. Any thread. */
void grpc_percent_encode(char *out, size_t size, const char *text);
void grpc_percent_decode(char *out, size_t size, const char *text, size_t length);

/* The value of grpc-timeout ("3S", "2989m") in milliseconds, rounded up; UINT64_MAX where it is
 * none of that form. */
uint64_t grpc_parse_timeout(const char *text, size_t length);

#endif
