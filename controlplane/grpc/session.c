/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "grpc/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nghttp2/nghttp2.h>
#include <utlist.h>

#include "grpc/backlog.h"
#include "grpc/base64.h"
#include "grpc/message.h"
#include "proto/unpack.h"

#define UNPACK_BUDGET	(32u << 20) /* bytes of memory that one request may unpack to */
#define WINDOW		(1 << 20)   /* bytes of a stream in flight towards us */
#define SENTENCE_SIZE	512
#define RESETS_BURST	1000  /* streams a client may reset at once, */
#define RESETS_A_SECOND 100   /* and in the long run */
#define FRAMES_MAX	16384 /* that wait to be sent, besides DATA */

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
	char sentence[SENTENCE_SIZE];
	char *details; /* base64 */
};

struct grpc_session {
	const struct grpc_server *server;
	nghttp2_session *http2;
	struct grpc_peer peer;
	void *arg;
	struct grpc_call *calls;
	uint64_t deadline_ms;	/* the soonest of all calls, or before it */
	bool receiving;		/* within grpc_session_receive() */
	const uint8_t *pending; /* bytes nghttp2 gave us that did not fit into the last buffer */
	size_t pending_length;
};

static void wake(struct grpc_session *session)
{
	if (!session->receiving)
		session->server->wake(session->server->arg, session->arg);
}

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
static void cancel(struct grpc_call *call)
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
	char sentence[3 * SENTENCE_SIZE];
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

static void take_backlog(struct grpc_call *call);

/* The client has read most of what there was for it. */
static void become_writable(struct grpc_call *call)
{
	call->was_full = false;
	if (call->hooks.writable != NULL)
		call->hooks.writable(call, call->hooks.state);
	take_backlog(call);
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
		call->queued -= piece;
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
static void refuse_http(struct grpc_call *call, const char *status)
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
		wake(call->session);
		return;
	}
	LL_APPEND(call->chunks, chunk);
	call->queued += chunk->length;
	call->was_full |= call->queued >= GRPC_QUEUE_LOW;
	if (!call->headers_sent)
		send_headers(call);
	else
		nghttp2_session_resume_data(call->session->http2, call->stream);
	wake(call->session);
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
	wake(call->session);
}

void grpc_call_reply(struct grpc_call *call, const ProtobufCMessage *message)
{
	grpc_call_send(call, message);
	grpc_call_finish(call, GRPC_OK, "", NULL);
}

/* --- receiving --- */

static const struct grpc_method *find_method(
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
		call->method = find_method(service, method);
		call->input = method->input;
		call->kind = grpc_kind_of(name, method->name);
		return true;
	}
	return false;
}

/* The request's headers are complete. */
static void begin(struct grpc_call *call)
{
	char sentence[SENTENCE_SIZE];

	call->dispatched = true;
	if (call->metadata_size > GRPC_METADATA_MAX) {
		snprintf(sentence, sizeof(sentence), "the metadata has more than %d bytes",
			GRPC_METADATA_MAX);
		grpc_call_finish(call, GRPC_RESOURCE_EXHAUSTED, sentence, NULL);
	} else if (!call->is_post) {
		refuse_http(call, "405");
	} else if (!call->is_grpc) {
		refuse_http(call, "415");
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
	}
}

/* A whole message has arrived. */
static void take_message(struct grpc_call *call)
{
	char error[UNPACK_ERROR_SIZE];
	ProtobufCMessage *message;

	call->messages++;
	if (!grpc_kind_takes_stream(call->kind) && call->messages > 1) {
		cancel(call);
		grpc_call_finish(call, GRPC_UNIMPLEMENTED,
			"this method takes one request message, and there are more", NULL);
		return;
	}
	message = unpack(
		call->input, call->assembler.body, call->assembler.length, UNPACK_BUDGET, error);
	grpc_assembler_reset(&call->assembler);
	if (message == NULL) {
		cancel(call);
		grpc_call_finish(call, GRPC_INVALID_ARGUMENT, error, NULL);
		return;
	}
	call->keep = false;
	call->method->message(call, message); /* may finish the call, but not free it */
	if (!call->keep)
		unpacked_free(message);
}

static void refuse_assembly(struct grpc_call *call, enum grpc_assembly state)
{
	char sentence[SENTENCE_SIZE];

	cancel(call);
	switch (state) {
	case GRPC_ASSEMBLY_TOO_LARGE:
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
	return call->kind == GRPC_BIDI_STREAM && call->queued >= GRPC_QUEUE_LOW;
}

/* Returns how many of the bytes are done with. */
static size_t take_bytes(struct grpc_call *call, const uint8_t *data, size_t length)
{
	size_t left = length;

	while (call->in_service && left > 0 && !must_wait(call)) {
		enum grpc_assembly state = grpc_assembler_feed(&call->assembler, &data, &left);

		if (state == GRPC_ASSEMBLY_COMPLETE)
			take_message(call);
		else if (state != GRPC_ASSEMBLY_MORE)
			refuse_assembly(call, state);
	}
	/* Once the service has finished, what the client still sends is of no interest. */
	return call->in_service ? length - left : length;
}

/* The client's window opens again as its bytes are done with, so no more than that waits. */
static int on_data(nghttp2_session *http2, uint8_t flags, int32_t stream, const uint8_t *data,
	size_t length, void *arg)
{
	struct grpc_call *call = nghttp2_session_get_stream_user_data(http2, stream);
	size_t used = length;

	(void)flags;
	(void)arg;
	if (call != NULL && call->in_service) {
		used = grpc_backlog_length(&call->backlog) == 0 ? take_bytes(call, data, length)
								: 0;
		if (!grpc_backlog_append(&call->backlog, data + used, length - used))
			refuse_assembly(call, GRPC_ASSEMBLY_NO_MEMORY);
	}
	nghttp2_session_consume_connection(http2, length);
	nghttp2_session_consume_stream(http2, stream, used);
	return 0;
}

/* All messages of the client have been taken. */
static void end_requests(struct grpc_call *call)
{
	if (!call->in_service)
		return;
	if (grpc_assembler_is_partial(&call->assembler)) {
		cancel(call);
		grpc_call_finish(
			call, GRPC_INVALID_ARGUMENT, "the last message is not complete", NULL);
	} else if (grpc_kind_takes_stream(call->kind)) {
		call->method->end(call);
	} else if (call->messages == 0) {
		cancel(call);
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
static void take_backlog(struct grpc_call *call)
{
	struct grpc_backlog *backlog = &call->backlog;
	size_t used;

	if (grpc_backlog_length(backlog) == 0)
		return;
	used = take_bytes(call, backlog->bytes + backlog->begin, grpc_backlog_length(backlog));
	grpc_backlog_drop(backlog, used);
	nghttp2_session_consume_stream(call->session->http2, call->stream, used);
	if (call->half_closed && grpc_backlog_length(backlog) == 0)
		end_requests(call);
}

static int on_frame_recv(nghttp2_session *http2, const nghttp2_frame *frame, void *arg)
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

static int on_begin_headers(nghttp2_session *http2, const nghttp2_frame *frame, void *arg)
{
	struct grpc_session *session = arg;
	struct grpc_call *call;

	if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	call = calloc(1, sizeof(*call));
	if (call == NULL)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	call->session = session;
	call->stream = frame->hd.stream_id;
	DL_APPEND(session->calls, call);
	nghttp2_session_set_stream_user_data(http2, call->stream, call);
	return 0;
}

static char *copy_text(const uint8_t *bytes, size_t length)
{
	char *copy = malloc(length + 1);

	if (copy != NULL) {
		memcpy(copy, bytes, length);
		copy[length] = '\0';
	}
	return copy;
}

static void add_metadata(struct grpc_call *call, const uint8_t *name, size_t name_length,
	const uint8_t *value, size_t value_length)
{
	struct metadata *item;

	item = calloc(1, sizeof(*item));
	if (item == NULL)
		return;
	item->name = copy_text(name, name_length);
	item->value = copy_text(value, value_length);
	if (item->name == NULL || item->value == NULL) {
		free(item->name);
		free(item->value);
		free(item);
		return;
	}
	LL_PREPEND(call->metadata, item);
}

static int on_header(nghttp2_session *http2, const nghttp2_frame *frame, const uint8_t *name,
	size_t name_length, const uint8_t *value, size_t value_length, uint8_t flags, void *arg)
{
	static const char grpc[] = "application/grpc";
	struct grpc_call *call = nghttp2_session_get_stream_user_data(http2, frame->hd.stream_id);
	struct grpc_session *session = arg;

#define IS(text) (name_length == strlen(text) && memcmp(name, text, name_length) == 0)
	(void)flags;
	if (call == NULL || call->dispatched)
		return 0;
	/* A few bytes on the wire can stand for any number of long headers (RFC 7541): what is over
	 * the limit is not even looked at. */
	call->metadata_size += name_length + value_length;
	if (call->metadata_size > GRPC_METADATA_MAX)
		return 0;
	if (IS(":method")) {
		call->is_post = value_length == 4 && memcmp(value, "POST", 4) == 0;
	} else if (IS(":path")) {
		free(call->path);
		call->path = copy_text(value, value_length);
	} else if (IS("content-type")) {
		/* application/grpc, application/grpc+proto, application/grpc;... */
		call->is_grpc = value_length >= strlen(grpc) &&
				memcmp(value, grpc, strlen(grpc)) == 0 &&
				(value_length == strlen(grpc) || value[strlen(grpc)] == '+' ||
					value[strlen(grpc)] == ';');
	} else if (IS("grpc-encoding")) {
		call->encoded = value_length != 8 || memcmp(value, "identity", 8) != 0;
	} else if (IS("grpc-timeout")) {
		uint64_t timeout = grpc_parse_timeout((const char *)value, value_length);

		if (timeout != UINT64_MAX)
			call->deadline_ms =
				session->server->now_ms(session->server->arg) + timeout + 1;
	} else if (name_length > 0 && name[0] != ':') {
		add_metadata(call, name, name_length, value, value_length);
	}
#undef IS
	return 0;
}

/* --- ends --- */

static void free_call(struct grpc_call *call)
{
	struct metadata *item, *next_item;
	struct chunk *chunk, *next_chunk;

	cancel(call);
	DL_DELETE(call->session->calls, call);
	LL_FOREACH_SAFE (call->metadata, item, next_item) {
		free(item->name);
		free(item->value);
		free(item);
	}
	LL_FOREACH_SAFE (call->chunks, chunk, next_chunk) {
		free(chunk->bytes);
		free(chunk);
	}
	grpc_assembler_reset(&call->assembler);
	grpc_backlog_drop(&call->backlog, grpc_backlog_length(&call->backlog));
	free(call->path);
	free(call->details);
	free(call);
}

static int on_stream_close(nghttp2_session *http2, int32_t stream, uint32_t error, void *arg)
{
	struct grpc_call *call = nghttp2_session_get_stream_user_data(http2, stream);

	(void)error;
	(void)arg;
	if (call != NULL)
		free_call(call);
	return 0;
}

/* The answer is out; a client that is still sending may stop (RFC 9113 section 8.1). */
static int on_frame_send(nghttp2_session *http2, const nghttp2_frame *frame, void *arg)
{
	struct grpc_call *call = nghttp2_session_get_stream_user_data(http2, frame->hd.stream_id);

	(void)arg;
	if (call != NULL && frame->hd.type == NGHTTP2_HEADERS &&
		(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) && !call->half_closed)
		nghttp2_submit_rst_stream(http2, NGHTTP2_FLAG_NONE, call->stream, NGHTTP2_NO_ERROR);
	return 0;
}

uint64_t grpc_session_deadline(const struct grpc_session *session)
{
	return session->deadline_ms;
}

void grpc_session_expire(struct grpc_session *session)
{
	uint64_t now = session->server->now_ms(session->server->arg);
	struct grpc_call *call;

	session->deadline_ms = UINT64_MAX;
	DL_FOREACH (session->calls, call) {
		if (!call->in_service || call->deadline_ms == 0)
			continue;
		if (call->deadline_ms > now) {
			if (call->deadline_ms < session->deadline_ms)
				session->deadline_ms = call->deadline_ms;
			continue;
		}
		cancel(call);
		nghttp2_submit_rst_stream(
			session->http2, NGHTTP2_FLAG_NONE, call->stream, NGHTTP2_CANCEL);
	}
	wake(session);
}

/* --- sessions --- */

bool grpc_server_check(const struct grpc_server *server, const char **missing)
{
	for (unsigned i = 0; i < server->service_count; i++) {
		const ProtobufCServiceDescriptor *descriptor = server->services[i].descriptor;

		for (unsigned m = 0; m < descriptor->n_methods; m++) {
			const struct grpc_method *method =
				find_method(&server->services[i], &descriptor->methods[m]);

			*missing = descriptor->methods[m].name;
			if (method == NULL || method->message == NULL)
				return false;
			if (method->end == NULL && grpc_kind_takes_stream(grpc_kind_of(
							   descriptor->name, method->name)))
				return false;
		}
	}
	return true;
}

static nghttp2_session *create_http2(struct grpc_session *session)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_session *http2 = NULL;
	nghttp2_option *option;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return NULL;
	if (nghttp2_option_new(&option) != 0) {
		nghttp2_session_callbacks_del(callbacks);
		return NULL;
	}
	/* Some clients put the socket's path into :authority, which nghttp2 would refuse; what
	 * matters of the headers is checked here. */
	nghttp2_option_set_no_http_messaging(option, 1);
	nghttp2_option_set_no_auto_window_update(option, 1); /* see on_data() */
	nghttp2_option_set_stream_reset_rate_limit(option, RESETS_BURST, RESETS_A_SECOND);
	nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame_recv);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_frame_send);
	nghttp2_session_server_new2(&http2, callbacks, session, option);
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return http2;
}

struct grpc_session *grpc_session_create(
	const struct grpc_server *server, const struct grpc_peer *peer, void *arg)
{
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, GRPC_STREAMS_MAX },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW },
		{ NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 2 * GRPC_METADATA_MAX },
	};
	struct grpc_session *session = calloc(1, sizeof(*session));

	if (session == NULL)
		return NULL;
	session->server = server;
	session->peer = *peer;
	session->arg = arg;
	session->deadline_ms = UINT64_MAX;
	session->http2 = create_http2(session);
	if (session->http2 == NULL ||
		nghttp2_submit_settings(session->http2, NGHTTP2_FLAG_NONE, settings,
			sizeof(settings) / sizeof(settings[0])) != 0 ||
		nghttp2_session_set_local_window_size(
			session->http2, NGHTTP2_FLAG_NONE, 0, 4 * WINDOW) != 0) {
		grpc_session_destroy(session);
		return NULL;
	}
	return session;
}

void grpc_session_destroy(struct grpc_session *session)
{
	if (session == NULL)
		return;
	session->receiving = true; /* nobody needs to be woken any more */
	while (session->calls != NULL)
		free_call(session->calls);
	nghttp2_session_del(session->http2);
	free(session);
}

int grpc_session_receive(struct grpc_session *session, const uint8_t *bytes, size_t length)
{
	ssize_t used;

	session->receiving = true;
	used = nghttp2_session_mem_recv(session->http2, bytes, length);
	session->receiving = false;
	if (used < 0)
		return -EPROTO;
	/* All the calls that may be open queue less than half of it; but each stream beyond them is
	 * refused by a frame of its own, without end. */
	if (nghttp2_session_get_outbound_queue_size(session->http2) > FRAMES_MAX) {
		nghttp2_session_terminate_session(session->http2, NGHTTP2_ENHANCE_YOUR_CALM);
		return -EPROTO;
	}
	return 0;
}

ssize_t grpc_session_send(struct grpc_session *session, uint8_t *buffer, size_t size)
{
	size_t total = 0;

	session->receiving = true; /* hooks that run in here need not wake the sender */
	while (total < size) {
		size_t piece;

		if (session->pending_length == 0) {
			ssize_t length =
				nghttp2_session_mem_send(session->http2, &session->pending);

			if (length <= 0) {
				session->receiving = false;
				return length < 0 ? -ENOMEM : (ssize_t)total;
			}
			session->pending_length = (size_t)length;
		}
		piece = session->pending_length < size - total ? session->pending_length
							       : size - total;
		memcpy(buffer + total, session->pending, piece);
		session->pending += piece;
		session->pending_length -= piece;
		total += piece;
	}
	session->receiving = false;
	return (ssize_t)total;
}

bool grpc_session_is_over(const struct grpc_session *session)
{
	return session->pending_length == 0 && !nghttp2_session_want_read(session->http2) &&
	       !nghttp2_session_want_write(session->http2);
}

void grpc_session_shut_down(struct grpc_session *session)
{
	nghttp2_submit_goaway(session->http2, NGHTTP2_FLAG_NONE,
		nghttp2_session_get_last_proc_stream_id(session->http2), NGHTTP2_NO_ERROR, NULL, 0);
	wake(session);
}
