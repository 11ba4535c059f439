/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_GRPC_STREAM_H
#define BRIDGETAP_GRPC_STREAM_H

#include <nghttp2/nghttp2.h>

#include "grpc/backlog.h"
#include "grpc/kind.h"
#include "grpc/message.h"
#include "grpc/session.h"

/* What a session and its calls are made of: for the files of this folder that are one session
 * together. session.c is its life, request.c and headers.c what comes in, response.c what goes out.
 */

#define GRPC_SENTENCE_SIZE 512

struct metadata {
	struct metadata *next;
	char *name; /* one block with the value */
	char *value;
};

/* A packed response message. */
struct chunk {
	struct chunk *next;
	uint8_t *bytes;
	size_t length;
	size_t sent;
};

struct grpc_call {
	struct grpc_call *next, *prev;
	struct grpc_session *session;
	int32_t stream;

	/* The request. */
	char *path;
	struct metadata *metadata;
	size_t metadata_size;
	uint64_t deadline_ms; /* 0 for none */
	bool is_post, is_grpc, encoded, dispatched;
	const struct grpc_service *service;
	const struct grpc_method *method;
	const ProtobufCMessageDescriptor *input;
	enum grpc_kind kind;
	struct grpc_assembler assembler;
	struct grpc_backlog backlog; /* waits until answers have gone */
	unsigned messages;
	size_t kept; /* bytes of messages that are the service's */
	size_t held; /* with those of the assembler, as counted in the session's */
	bool half_closed;
	bool in_service; /* the service knows of it and has not finished it */
	bool keep;	 /* the message under way is the service's */
	struct grpc_call_hooks hooks;

	/* The response. */
	struct chunk *chunks;
	size_t queued;
	bool was_full;
	bool headers_sent, finished;
	enum grpc_status status;
	char sentence[GRPC_SENTENCE_SIZE];
	char *details; /* base64 */
};

struct grpc_session {
	const struct grpc_server *server;
	nghttp2_session *http2;
	struct grpc_peer peer;
	void *arg;
	struct grpc_call *calls;
	uint64_t deadline_ms;	/* the soonest of all calls, or before it */
	size_t held, held_open; /* of all calls, and of those to open services; session.h */
	size_t unread;		/* queued in all calls but server streams, which bound themselves */
	bool requests_wait;	/* until there is less of that */
	bool receiving;		/* within grpc_session_receive() */
	const uint8_t *pending; /* bytes nghttp2 gave us that did not fit into the last buffer */
	size_t pending_length;
};

/* There is something to send. */
static inline void grpc_session_wake(struct grpc_session *session)
{
	if (!session->receiving)
		session->server->wake(session->server->arg, session->arg);
}

/* Take the call away from the service, which hears of it. */
void grpc_stream_cancel(struct grpc_call *call);

/* Answer with an HTTP status in place of gRPC's, and nothing else. */
void grpc_stream_refuse_http(struct grpc_call *call, const char *status);

/* What the session counts this call's bytes in. */
static inline size_t *grpc_stream_held(const struct grpc_call *call)
{
	return call->service != NULL && call->service->admit != NULL ? &call->session->held
								     : &call->session->held_open;
}

/* More, or less, is queued for the client. */
static inline void grpc_stream_count_queued(struct grpc_call *call, size_t more, size_t less)
{
	call->queued += more - less;
	if (call->kind != GRPC_SERVER_STREAM)
		call->session->unread += more - less;
}

/* Requests that have waited for answers to go. */
void grpc_stream_take_backlog(struct grpc_call *call);

/* The code of a method; NULL where the service has none. */
const struct grpc_method *grpc_service_method(
	const struct grpc_service *service, const ProtobufCMethodDescriptor *descriptor);

/* Callbacks of nghttp2. */
int grpc_stream_on_begin_headers(nghttp2_session *http2, const nghttp2_frame *frame, void *arg);
int grpc_stream_on_header(nghttp2_session *http2, const nghttp2_frame *frame, const uint8_t *name,
	size_t name_length, const uint8_t *value, size_t value_length, uint8_t flags, void *arg);
int grpc_stream_on_frame_recv(nghttp2_session *http2, const nghttp2_frame *frame, void *arg);
int grpc_stream_on_data(nghttp2_session *http2, uint8_t flags, int32_t stream, const uint8_t *data,
	size_t length, void *arg);

#endif
