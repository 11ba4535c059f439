/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "grpc/stream.h"

/* The headers of a request: a new call, and what it is to be. */

int grpc_stream_on_begin_headers(nghttp2_session *http2, const nghttp2_frame *frame, void *arg)
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

int grpc_stream_on_header(nghttp2_session *http2, const nghttp2_frame *frame, const uint8_t *name,
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
