/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <stdlib.h>

#include "ctl/client.h"
#include "proto/unpack.h"

struct unary {
	const ProtobufCMessage *request;
	uint8_t *response; /* packed: the message itself is freed under our hands */
	size_t length;
};

static bool unary_next(void *arg, const ProtobufCMessage **message)
{
	struct unary *unary = arg;

	*message = unary->request;
	unary->request = NULL;
	return *message != NULL;
}

static bool unary_message(void *arg, const ProtobufCMessage *message)
{
	struct unary *unary = arg;

	free(unary->response);
	unary->length = protobuf_c_message_get_packed_size(message);
	unary->response = malloc(unary->length + 1);
	if (unary->response != NULL)
		protobuf_c_message_pack(message, unary->response);
	return true;
}

ProtobufCMessage *client_unary(struct client *client, const struct client_method *method,
	const ProtobufCMessage *request, struct client_result *result)
{
	struct unary unary = { .request = request };
	const struct client_hooks hooks = {
		.next = unary_next,
		.message = unary_message,
		.arg = &unary,
	};
	char error[UNPACK_ERROR_SIZE] = "";
	ProtobufCMessage *response = NULL;

	client_call(client, method, &hooks, result);
	if (result->status == GRPC_OK && unary.response != NULL)
		response = unpack(method->method->output, unary.response, unary.length,
			CLIENT_UNPACK_BUDGET, error);
	if (result->status == GRPC_OK && response == NULL) {
		result->status = GRPC_UNKNOWN;
		snprintf(result->sentence, sizeof(result->sentence), "%s",
			unary.response != NULL ? error : "there was no answer");
	}
	free(unary.response);
	return response;
}
