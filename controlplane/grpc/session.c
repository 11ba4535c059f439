/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "grpc/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "grpc/stream.h"

#define WINDOW		(1 << 20) /* bytes of a stream in flight towards us */
#define RESETS_BURST	1000	  /* streams a client may reset at once, */
#define RESETS_A_SECOND 100	  /* and in the long run */
#define FRAMES_MAX	16384	  /* that wait to be sent, besides DATA */

/* --- ends --- */

static void free_call(struct grpc_call *call)
{
	struct metadata *item, *next_item;
	struct chunk *chunk, *next_chunk;

	grpc_stream_cancel(call);
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
	grpc_stream_count_queued(call, 0, call->queued);
	grpc_assembler_reset(&call->assembler);
	*grpc_stream_held(call) -= call->held;
	nghttp2_session_consume_connection(
		call->session->http2, grpc_backlog_length(&call->backlog));
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
		grpc_stream_cancel(call);
		nghttp2_submit_rst_stream(
			session->http2, NGHTTP2_FLAG_NONE, call->stream, NGHTTP2_CANCEL);
	}
	grpc_session_wake(session);
}

/* --- sessions --- */

bool grpc_server_check(const struct grpc_server *server, const char **missing)
{
	for (unsigned i = 0; i < server->service_count; i++) {
		const ProtobufCServiceDescriptor *descriptor = server->services[i].descriptor;

		for (unsigned m = 0; m < descriptor->n_methods; m++) {
			const struct grpc_method *method =
				grpc_service_method(&server->services[i], &descriptor->methods[m]);

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
	nghttp2_option_set_no_auto_window_update(option, 1); /* see grpc_stream_on_data() */
	nghttp2_option_set_stream_reset_rate_limit(option, RESETS_BURST, RESETS_A_SECOND);
	nghttp2_session_callbacks_set_on_begin_headers_callback(
		callbacks, grpc_stream_on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, grpc_stream_on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, grpc_stream_on_frame_recv);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, grpc_stream_on_data);
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

/* Those that have waited for the client to read, until it must again. */
static void take_requests(struct grpc_session *session)
{
	struct grpc_call *call;

	if (!session->requests_wait || session->unread >= GRPC_UNREAD_MAX)
		return;
	session->requests_wait = false;
	DL_FOREACH (session->calls, call)
		grpc_stream_take_backlog(call);
}

ssize_t grpc_session_send(struct grpc_session *session, uint8_t *buffer, size_t size)
{
	size_t total = 0;

	session->receiving = true; /* hooks that run in here need not wake the sender */
	while (total < size) {
		size_t piece;

		take_requests(session);
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
	grpc_session_wake(session);
}
