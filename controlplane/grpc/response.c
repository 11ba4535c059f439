/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "grpc/base64.h"
#include "grpc/stream.h"

/* The service's view of a call, and what it answers. */

/* --- the service's view of a call --- */

void grpc_call_keep(struct grpc_call *call)
{
	call->keep = true;
}

void *grpc_call_context(const struct grpc_call *call)
{
	return call->service->context;
}

const char *grpc_call_method(const struct grpc_call *call)
{
	return call->method->name;
}

const struct grpc_peer *grpc_call_peer(const struct grpc_call *call)
{
	return &call->session->peer;
}

const char *grpc_call_metadata(const struct grpc_call *call, const char *name)
{
	const struct metadata *item;

	LL_FOREACH (call->metadata, item)
		if (strcmp(item->name, name) == 0)
			return item->value;
	return "";
}

void grpc_call_set_hooks(struct grpc_call *call, const struct grpc_call_hooks *hooks)
{
	call->hooks = *hooks;
}

void *grpc_call_state(const struct grpc_call *call)
{
	return call->hooks.state;
}

size_t grpc_call_queued(const struct grpc_call *call)
{
	return call->queued;
}

/* Take the call away from the service, which hears of it. */
void grpc_stream_cancel(struct grpc_call *call)
{
	if (!call->in_service)
		return;
	call->in_service = false;
	if (call->hooks.cancelled != NULL)
		call->hooks.cancelled(call, call->hooks.state);
}

/* --- sending --- */

#define HEADER(name_, value_)                                                       \
	{                                                                           \
		.name = (uint8_t *)(uintptr_t)(name_), .namelen = strlen(name_),    \
		.value = (uint8_t *)(uintptr_t)(value_), .valuelen = strlen(value_) \
	}

/* grpc-status and what goes with it; the texts live in here. */
struct trailers {
	char status[4];
	char sentence[3 * GRPC_SENTENCE_SIZE];
	nghttp2_nv list[3];
	size_t count;
};

static void fill_trailers(const struct grpc_call *call, struct trailers *trailers)
{
	snprintf(trailers->status, sizeof(trailers->status), "%d", (int)call->status);
	grpc_percent_encode(trailers->sentence, sizeof(trailers->sentence), call->sentence);
	trailers->list[0] = (nghttp2_nv)HEADER("grpc-status", trailers->status);
	trailers->count = 1;
	if (*trailers->sentence != '\0')
		trailers->list[trailers->count++] =
			(nghttp2_nv)HEADER("grpc-message", trailers->sentence);
	if (call->details != NULL)
		trailers->list[trailers->count++] =
			(nghttp2_nv)HEADER("bridgetap-refusal-bin", call->details);
}

static int submit_trailer(const struct grpc_call *call)
{
	struct trailers trailers;

	fill_trailers(call, &trailers);
	return nghttp2_submit_trailer(
		call->session->http2, call->stream, trailers.list, trailers.count);
}

/* The client has read most of what there was for it. */
static void become_writable(struct grpc_call *call)
{
	call->was_full = false;
	if (call->hooks.writable != NULL)
		call->hooks.writable(call, call->hooks.state);
	grpc_stream_take_backlog(call);
}

/* nghttp2 asks for the next piece of the response's body. */
static ssize_t read_body(nghttp2_session *http2, int32_t stream, uint8_t *buffer, size_t size,
	uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct grpc_call *call = source->ptr;
	size_t total = 0;

	(void)http2;
	(void)stream;
	(void)arg;
	while (call->chunks != NULL && total < size) {
		struct chunk *chunk = call->chunks;
		size_t piece = chunk->length - chunk->sent;

		piece = piece < size - total ? piece : size - total;
		memcpy(buffer + total, chunk->bytes + chunk->sent, piece);
		chunk->sent += piece;
		total += piece;
		grpc_stream_count_queued(call, 0, piece);
		if (chunk->sent == chunk->length) {
			LL_DELETE(call->chunks, chunk);
			free(chunk->bytes);
			free(chunk);
		}
	}
	if (call->was_full && call->queued < GRPC_QUEUE_LOW && call->in_service)
		become_writable(call);
	if (call->chunks == NULL && call->finished) {
		*flags = NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
		if (submit_trailer(call) != 0)
			return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	} else if (total == 0) {
		return NGHTTP2_ERR_DEFERRED;
	}
	return (ssize_t)total;
}

#define RESPONSE_HEADERS 3

static void fill_response_headers(nghttp2_nv headers[static RESPONSE_HEADERS])
{
	headers[0] = (nghttp2_nv)HEADER(":status", "200");
	headers[1] = (nghttp2_nv)HEADER("content-type", "application/grpc+proto");
	headers[2] = (nghttp2_nv)HEADER("grpc-accept-encoding", "identity");
}

static void send_headers(struct grpc_call *call)
{
	const nghttp2_data_provider body = { .source.ptr = call, .read_callback = read_body };
	nghttp2_nv headers[RESPONSE_HEADERS];

	fill_response_headers(headers);
	call->headers_sent = true;
	nghttp2_submit_response(
		call->session->http2, call->stream, headers, RESPONSE_HEADERS, &body);
}

/* An answer with neither body nor trailers apart from the headers. */
static void send_trailers_only(struct grpc_call *call)
{
	nghttp2_nv headers[RESPONSE_HEADERS + 3];
	struct trailers trailers;

	fill_trailers(call, &trailers);
	fill_response_headers(headers);
	memcpy(headers + RESPONSE_HEADERS, trailers.list, trailers.count * sizeof(headers[0]));
	call->headers_sent = true;
	nghttp2_submit_response(call->session->http2, call->stream, headers,
		RESPONSE_HEADERS + trailers.count, NULL);
}

/* An HTTP status for what is not gRPC at all. */
void grpc_stream_refuse_http(struct grpc_call *call, const char *status)
{
	const nghttp2_nv headers[] = { HEADER(":status", status) };

	call->headers_sent = call->finished = true;
	nghttp2_submit_response(call->session->http2, call->stream, headers, 1, NULL);
}

void grpc_call_send(struct grpc_call *call, const ProtobufCMessage *message)
{
	struct chunk *chunk = calloc(1, sizeof(*chunk));

	if (chunk != NULL)
		chunk->bytes = grpc_message_pack(message, &chunk->length);
	if (chunk == NULL || chunk->bytes == NULL) {
		/* A stream with a hole in it would be worse than none. */
		free(chunk);
		nghttp2_submit_rst_stream(call->session->http2, NGHTTP2_FLAG_NONE, call->stream,
			NGHTTP2_INTERNAL_ERROR);
		grpc_session_wake(call->session);
		return;
	}
	LL_APPEND(call->chunks, chunk);
	grpc_stream_count_queued(call, chunk->length, 0);
	call->was_full |= call->queued >= GRPC_QUEUE_LOW;
	if (!call->headers_sent)
		send_headers(call);
	else
		nghttp2_session_resume_data(call->session->http2, call->stream);
	grpc_session_wake(call->session);
}

void grpc_call_finish(struct grpc_call *call, enum grpc_status status, const char *sentence,
	const ProtobufCMessage *details)
{
	call->in_service = false;
	if (call->finished)
		return;
	call->finished = true;
	call->status = status;
	snprintf(call->sentence, sizeof(call->sentence), "%s", sentence);
	if (details != NULL)
		call->details = base64_of_message(details);
	if (!call->headers_sent)
		send_trailers_only(call);
	else
		nghttp2_session_resume_data(call->session->http2, call->stream);
	grpc_session_wake(call->session);
}

void grpc_call_reply(struct grpc_call *call, const ProtobufCMessage *message)
{
	grpc_call_send(call, message);
	grpc_call_finish(call, GRPC_OK, "", NULL);
}
