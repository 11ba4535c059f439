/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/settle.h"

#include <errno.h>
#include <stdlib.h>

struct settle {
	struct services *services;
	struct grpc_call *grpc; /* NULL when the client has gone */
	unsigned outstanding;	/* calls that the data plane has not followed on, and one */
	int error;
	const ProtobufCMessageDescriptor *type;
	size_t size;
	uint8_t *reply; /* packed */
};

struct settle_waiter {
	struct link_waiter waiter;
	struct settle *settle;
};

static void client_gone(struct grpc_call *grpc, void *state)
{
	(void)grpc;
	((struct settle *)state)->grpc = NULL;
}

struct settle *settle_begin(struct grpc_call *grpc)
{
	struct settle *settle = calloc(1, sizeof(*settle));
	struct grpc_call_hooks hooks = { .state = settle, .cancelled = client_gone };

	if (settle == NULL) {
		service_refuse_memory(grpc);
		return NULL;
	}
	settle->services = grpc_call_context(grpc);
	settle->grpc = grpc;
	settle->outstanding = 1;
	settle->services->settle = settle;
	grpc_call_set_hooks(grpc, &hooks);
	return settle;
}

void settle_abort(struct settle *settle)
{
	settle->services->settle = NULL;
	free(settle);
}

static void answer(struct settle *settle)
{
	ProtobufCMessage *reply = NULL;

	if (settle->grpc == NULL)
		return;
	if (settle->error != 0) {
		service_refuse_link(settle->grpc, settle->error,
			"the change is made, but the data plane could not be told yet");
		return;
	}
	if (settle->reply != NULL)
		reply = protobuf_c_message_unpack(settle->type, NULL, settle->size, settle->reply);
	if (reply == NULL)
		service_refuse_memory(settle->grpc);
	else
		grpc_call_reply(settle->grpc, reply);
	protobuf_c_message_free_unpacked(reply, NULL);
}

static void let_go(struct settle *settle)
{
	if (--settle->outstanding > 0)
		return;
	answer(settle);
	free(settle->reply);
	free(settle);
}

static void followed(struct link_waiter *waiter, int error, const char *sentence)
{
	struct settle *settle = ((struct settle_waiter *)waiter)->settle;

	(void)sentence;
	if (error != 0)
		settle->error = error;
	free(waiter);
	let_go(settle);
}

void settle_on(struct services *services, const char *wire_id)
{
	struct settle *settle = services->settle;
	struct settle_waiter *waiter = settle != NULL ? calloc(1, sizeof(*waiter)) : NULL;

	if (waiter == NULL)
		return;
	waiter->waiter.done = followed;
	waiter->waiter.stays = true;
	waiter->settle = settle;
	settle->outstanding++;
	link_change(services->link, wire_id, &waiter->waiter);
}

void settle_end(struct settle *settle, const ProtobufCMessage *reply)
{
	settle->services->settle = NULL;
	if (reply != NULL) {
		settle->type = reply->descriptor;
		settle->size = protobuf_c_message_get_packed_size(reply);
		settle->reply = malloc(settle->size + 1);
	}
	if (settle->reply != NULL)
		protobuf_c_message_pack(reply, settle->reply);
	let_go(settle);
}
