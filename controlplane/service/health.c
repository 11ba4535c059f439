/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdlib.h>
#include <string.h>

#include "health/v1/health.pb-c.h"
#include "service/services.h"

#define SERVING		GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define SERVICE_UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

/* "" is the server as a whole. Services do not come and go, and answer even while the data plane
 * is away, so all that are known serve. */
static bool is_known(struct grpc_call *grpc, const char *name)
{
	unsigned count;
	const struct grpc_service *list = services_list(grpc_call_context(grpc), &count);

	for (unsigned i = 0; i < count; i++)
		if (strcmp(list[i].descriptor->name, name) == 0)
			return true;
	return *name == '\0';
}

static void check(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Grpc__Health__V1__HealthCheckRequest *request = (const void *)message;
	Grpc__Health__V1__HealthCheckResponse response =
		GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

	if (!is_known(grpc, request->service)) {
		grpc_call_finish(grpc, GRPC_NOT_FOUND, "there is no such service", NULL);
		return;
	}
	response.status = SERVING;
	grpc_call_reply(grpc, &response.base);
}

/* The status, and then nothing until the client goes: it does not change while we live. */
static void watch(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Grpc__Health__V1__HealthCheckRequest *request = (const void *)message;
	Grpc__Health__V1__HealthCheckResponse response =
		GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;

	response.status = is_known(grpc, request->service) ? SERVING : SERVICE_UNKNOWN;
	grpc_call_send(grpc, &response.base);
}

const struct grpc_method health_methods[] = {
	{ "Check", check, NULL },
	{ "Watch", watch, NULL },
};
