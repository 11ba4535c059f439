/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "grpc/kind.h"

#include <stdio.h>

#include "proto/descriptor.h"

/* Fields of google.protobuf.MethodDescriptorProto. */
enum { CLIENT_STREAMING = 5, SERVER_STREAMING = 6 };

static bool has(struct proto_span method, unsigned number)
{
	struct proto_field field;

	return proto_field_find(method, number, &field) && field.value != 0;
}

enum grpc_kind grpc_kind_of(const char *service, const char *method)
{
	struct descriptor found;
	char name[256];

	snprintf(name, sizeof(name), "%s.%s", service, method);
	if (!descriptor_find(name, &found) || found.kind != DESCRIPTOR_METHOD)
		return GRPC_UNARY;
	if (has(found.bytes, CLIENT_STREAMING))
		return has(found.bytes, SERVER_STREAMING) ? GRPC_BIDI_STREAM : GRPC_CLIENT_STREAM;
	return has(found.bytes, SERVER_STREAMING) ? GRPC_SERVER_STREAM : GRPC_UNARY;
}
