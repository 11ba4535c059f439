/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "grpc/kind.h"

#include <string.h>

static const struct {
	const char *service;
	const char *method;
	enum grpc_kind kind;
} streaming[] = {
	{ "bridgetap.v1.Calls", "WatchCalls", GRPC_SERVER_STREAM },
	{ "bridgetap.v1.Calls", "LoadCallTable", GRPC_CLIENT_STREAM },
	{ "grpc.health.v1.Health", "Watch", GRPC_SERVER_STREAM },
};

enum grpc_kind grpc_kind_of(const char *service, const char *method)
{
	for (unsigned i = 0; i < sizeof(streaming) / sizeof(streaming[0]); i++)
		if (strcmp(streaming[i].service, service) == 0 &&
			strcmp(streaming[i].method, method) == 0)
			return streaming[i].kind;
	return GRPC_UNARY;
}
