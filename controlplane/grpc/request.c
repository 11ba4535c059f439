/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <string.h>

#include "grpc/stream.h"
#include "proto/unpack.h"

/* From the frames of a request to messages for the service. */

#define UNPACK_BUDGET (32u << 20) /* bytes of memory that one request may unpack to */

const struct grpc_method *grpc_service_method(
	const struct grpc_service *service, const ProtobufCMethodDescriptor *descriptor)
{
	for (unsigned i = 0; i < service->descriptor->n_methods; i++)
		if (strcmp(service->methods[i].name, descriptor->name) == 0)
			return &service->methods[i];
	return NULL;
}

/* From "/package.Service/Method" to the code. */
static bool find_service(struct grpc_call *call)
{
	const char *slash = strrchr(call->path, '/');
	const struct grpc_server *server = call->session->server;

	for (unsigned i = 0; slash != NULL && i < server->service_count; i++) {
		const struct grpc_service *service = &server->services[i];
		const char *name = service->descriptor->name;
		const ProtobufCMethodDescriptor *method;

		if (call->path[0] != '/' || strlen(name) != (size_t)(slash - call->path - 1) ||
			strncmp(name, call->path + 1, strlen(name)) != 0)
			continue;
		method = protobuf_c_service_descriptor_get_method_by_name(
			service->descriptor, slash + 1);
		if (method == NULL)
			continue;
		call->service = service;
		call->method = grpc_service_method(service, method);
		call->input = method->input;
		call->kind = grpc_kind_of(name, method->name);
		return true;
	}
	return false;
}

/* The request's headers are complete. */
static void begin(struct grpc_call *call)
{
	char sentence[GRPC_SENTENCE_SIZE];

	call->dispatched = true;
	if (call->metadata_size > GRPC_METADATA_MAX) {
		snprintf(sentence, sizeof(sentence), "the metadata has more than %d bytes",
			GRPC_METADATA_MAX);
		grpc_call_finish(call, GRPC_RESOURCE_EXHAUSTED, sentence, NULL);
	} else if (!call->is_post) {
		grpc_stream_refuse_http(call, "405");
	} else if (!call->is_grpc) {
		grpc_stream_refuse_http(call, "415");
	} else if (call->encoded) {
		grpc_call_finish(call, GRPC_UNIMPLEMENTED,
			"compressed messages are not supported: send them as they are", NULL);
	} else if (call->path == NULL || !find_service(call)) {
		snprintf(sentence, sizeof(sentence), "there is no method %.200s",
			call->path != NULL ? call->path : "");
		grpc_call_finish(call, GRPC_UNIMPLEMENTED, sentence, NULL);
	} else {
		call->in_service = true;
		if (call->deadline_ms != 0 && call->deadline_ms < call->session->deadline_ms)
			call->session->deadline_ms = call->deadline_ms;
		if (call->service->admit != NULL)
			call->service->admit(call);
	}
}

/* --- what a client's messages take --- */

/* Bytes that more of them may take. */
static size_t room_for(const struct grpc_call *call)
{
	size_t most = call->service->admit != NULL ? GRPC_HELD_MAX : GRPC_HELD_MAX_OPEN;

	return most - *grpc_stream_held(call);
}

/* After the assembler, or what the service keeps, has changed. */
static void count_held(struct grpc_call *call)
{
	size_t held = call->kept + (call->assembler.body != NULL ? call->assembler.length : 0);

	*grpc_stream_held(call) += held - call->held;
	call->held = held;
}

static void refuse_for_room(struct grpc_call *call)
{
	char sentence[GRPC_SENTENCE_SIZE];

	snprintf(sentence, sizeof(sentence),
		"the messages of this connection take %zu bytes already; end what you are sending "
		"before you send more",
		*grpc_stream_held(call));
	grpc_call_finish(call, GRPC_RESOURCE_EXHAUSTED, sentence, NULL);
}

/* A whole message has arrived. */
static void take_message(struct grpc_call *call)
{
	size_t room = room_for(call);
	size_t budget = room < UNPACK_BUDGET ? room : UNPACK_BUDGET, left = budget;
	char error[UNPACK_ERROR_SIZE];
	ProtobufCMessage *message;

	call->messages++;
	if (!grpc_kind_takes_stream(call->kind) && call->messages > 1) {
		grpc_stream_cancel(call);
		grpc_call_finish(call, GRPC_UNIMPLEMENTED,
			"this method takes one request message, and there are more", NULL);
		return;
	}
	message = unpack_within(
		call->input, call->assembler.body, call->assembler.length, &left, error);
	grpc_assembler_reset(&call->assembler);
	if (message == NULL) {
		grpc_stream_cancel(call);
		if (left == 0 && room < UNPACK_BUDGET)
			refuse_for_room(call);
		else
			grpc_call_finish(call, GRPC_INVALID_ARGUMENT, error, NULL);
		return;
	}
	call->keep = false;
	call->method->message(call, message); /* may finish the call, but not free it */
	if (call->keep)
		call->kept += budget - left;
	else
		unpacked_free(message);
}

static void refuse_assembly(struct grpc_call *call, enum grpc_assembly state)
{
	char sentence[GRPC_SENTENCE_SIZE];

	grpc_stream_cancel(call);
	switch (state) {
	case GRPC_ASSEMBLY_TOO_LARGE:
		if (call->assembler.length <= GRPC_MESSAGE_MAX) {
			refuse_for_room(call);
			break;
		}
		snprintf(sentence, sizeof(sentence), "a message has %u bytes; %u is the most",
			call->assembler.length, GRPC_MESSAGE_MAX);
		grpc_call_finish(call, GRPC_RESOURCE_EXHAUSTED, sentence, NULL);
		break;
	case GRPC_ASSEMBLY_COMPRESSED:
		grpc_call_finish(call, GRPC_UNIMPLEMENTED,
			"a message is compressed, with no encoding agreed on", NULL);
		break;
	default:
		grpc_call_finish(call, GRPC_RESOURCE_EXHAUSTED, "out of memory", NULL);
		break;
	}
}

/* A client that does not read the answers may not go on asking: they would pile up here. */
static bool must_wait(const struct grpc_call *call)
{
	struct grpc_session *session = call->session;

	if (session->unread >= GRPC_UNREAD_MAX)
		session->requests_wait = true;
	return session->unread >= GRPC_UNREAD_MAX ||
	       (call->kind == GRPC_BIDI_STREAM && call->queued >= GRPC_QUEUE_LOW);
}

/* Returns how many of the bytes are done with. */
static size_t take_bytes(struct grpc_call *call, const uint8_t *data, size_t length)
{
	size_t left = length;

	while (call->in_service && left > 0 && !must_wait(call)) {
		size_t room = room_for(call);
		enum grpc_assembly state = grpc_assembler_feed(&call->assembler,
			room < GRPC_MESSAGE_MAX ? room : GRPC_MESSAGE_MAX, &data, &left);

		if (state == GRPC_ASSEMBLY_COMPLETE)
			take_message(call);
		else if (state != GRPC_ASSEMBLY_MORE)
			refuse_assembly(call, state);
		count_held(call);
	}
	/* Once the service has finished, what the client still sends is of no interest. */
	return call->in_service ? length - left : length;
}

/* The client's windows open again as its bytes are done with, so no more than that waits. */
int grpc_stream_on_data(nghttp2_session *http2, uint8_t flags, int32_t stream, const uint8_t *data,
	size_t length, void *arg)
{
	struct grpc_call *call = nghttp2_session_get_stream_user_data(http2, stream);
	size_t used = length;

	(void)flags;
	(void)arg;
	if (call != NULL && call->in_service) {
		used = grpc_backlog_length(&call->backlog) == 0 ? take_bytes(call, data, length)
								: 0;
		if (!grpc_backlog_append(&call->backlog, data + used, length - used)) {
			refuse_assembly(call, GRPC_ASSEMBLY_NO_MEMORY);
			used = length;
		}
	}
	nghttp2_session_consume(http2, stream, used);
	return 0;
}

/* All messages of the client have been taken. */
static void end_requests(struct grpc_call *call)
{
	if (!call->in_service)
		return;
	if (grpc_assembler_is_partial(&call->assembler)) {
		grpc_stream_cancel(call);
		grpc_call_finish(
			call, GRPC_INVALID_ARGUMENT, "the last message is not complete", NULL);
	} else if (grpc_kind_takes_stream(call->kind)) {
		call->method->end(call);
	} else if (call->messages == 0) {
		grpc_stream_cancel(call);
		grpc_call_finish(call, GRPC_UNIMPLEMENTED,
			"this method takes one request message, and there is none", NULL);
	}
}

static void half_close(struct grpc_call *call)
{
	call->half_closed = true;
	if (grpc_backlog_length(&call->backlog) == 0)
		end_requests(call);
}

/* What has waited, as far as there is room for the answers. */
void grpc_stream_take_backlog(struct grpc_call *call)
{
	struct grpc_backlog *backlog = &call->backlog;
	size_t used;

	if (grpc_backlog_length(backlog) == 0)
		return;
	used = take_bytes(call, backlog->bytes + backlog->begin, grpc_backlog_length(backlog));
	grpc_backlog_drop(backlog, used);
	nghttp2_session_consume(call->session->http2, call->stream, used);
	if (call->half_closed && grpc_backlog_length(backlog) == 0)
		end_requests(call);
}

int grpc_stream_on_frame_recv(nghttp2_session *http2, const nghttp2_frame *frame, void *arg)
{
	struct grpc_call *call = nghttp2_session_get_stream_user_data(http2, frame->hd.stream_id);

	(void)arg;
	if (call == NULL)
		return 0;
	if (frame->hd.type == NGHTTP2_HEADERS && !call->dispatched)
		begin(call);
	if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
		(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		half_close(call);
	return 0;
}
