/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_GRPC_CALL_H
#define BRIDGETAP_GRPC_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "grpc/kind.h"
#include "grpc/status.h"

/* One remote procedure call, as the code of a service sees it. A service may answer at once or
 * later; until it has called grpc_call_finish(), or `cancelled` was called, the call stays valid.
 * Loop thread only. */

struct grpc_call;

/* A whole request message; it is freed after the function has returned, unless that has called
 * grpc_call_keep(). For unary and server-streaming methods it comes once. For bidirectional ones,
 * no more of them come while GRPC_QUEUE_LOW bytes or more wait to be sent. */
typedef void grpc_message_fn(struct grpc_call *call, const ProtobufCMessage *message);

/* Within grpc_message_fn: the message is the service's from now on, to be freed by
 * unpacked_free() when the call is over. Not to be called after grpc_call_finish(). */
void grpc_call_keep(struct grpc_call *call);

/* The client of a client-streaming or bidirectional method has sent its last message. */
typedef void grpc_end_fn(struct grpc_call *call);

struct grpc_method {
	const char *name;
	grpc_message_fn *message;
	grpc_end_fn *end; /* of a client-streaming or bidirectional method */
};

struct grpc_service {
	const ProtobufCServiceDescriptor *descriptor;
	const struct grpc_method *methods; /* as many as the descriptor has, in any order */
	/* Whether the client may send messages at all, by the peer and the metadata; false after
	 * finishing the call. NULL: the service is open to everybody. */
	bool (*admit)(struct grpc_call *call);
	void *context;
};

/* What grpc_service.context was given as. */
void *grpc_call_context(const struct grpc_call *call);

#define GRPC_PEER_GROUPS_MAX 64

/* Who is on the other end of the socket. */
struct grpc_peer {
	uint32_t uid;
	uint32_t gid;
	int32_t pid;
	uint32_t groups[GRPC_PEER_GROUPS_MAX]; /* besides gid */
	unsigned group_count;
};
const struct grpc_peer *grpc_call_peer(const struct grpc_call *call);

/* The name of the method, such as "Join". Lives as long as the program. */
const char *grpc_call_method(const struct grpc_call *call);

/* A metadata value, "" where the request has none. Lives as long as the call. */
const char *grpc_call_metadata(const struct grpc_call *call, const char *name);

/* The service's own state of the call. `cancelled` is called when the client has gone, has
 * cancelled, or the deadline has passed: the call is invalid when it returns. `writable` is
 * called when less than GRPC_QUEUE_LOW bytes wait to be sent, after more than that did. */
struct grpc_call_hooks {
	void *state;
	void (*cancelled)(struct grpc_call *call, void *state);
	void (*writable)(struct grpc_call *call, void *state);
};
void grpc_call_set_hooks(struct grpc_call *call, const struct grpc_call_hooks *hooks);
void *grpc_call_state(const struct grpc_call *call);

#define GRPC_QUEUE_LOW (64u << 10)

/* Queue a response message, which is packed at once. Nothing is sent while the client's window
 * is closed: a stream that may grow long must look at grpc_call_queued(). */
void grpc_call_send(struct grpc_call *call, const ProtobufCMessage *message);

/* Bytes queued and not sent yet. */
size_t grpc_call_queued(const struct grpc_call *call);

/* End the call with a status, a sentence ("" for none), and details for the trailer
 * bridgetap-refusal-bin (NULL for none). The call is invalid afterwards. */
void grpc_call_finish(struct grpc_call *call, enum grpc_status status, const char *sentence,
	const ProtobufCMessage *details);

/* Send the one message of a unary answer, and finish with GRPC_OK. */
void grpc_call_reply(struct grpc_call *call, const ProtobufCMessage *message);

#endif
