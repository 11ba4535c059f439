/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "bench/channel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <utlist.h>

#define STREAM_WINDOW	  (4 << 20)
#define CONNECTION_WINDOW (64 << 20)

/* --- the end of a call --- */

static void end(struct rpc *rpc)
{
	grpc_assembler_reset(&rpc->assembler);
	DL_DELETE(rpc->channel->rpcs, rpc);
	rpc->over = true;
	if (rpc->ended != NULL)
		rpc->ended(rpc);
}

static void end_with(struct rpc *rpc, enum grpc_status status, const char *sentence)
{
	rpc->status = status;
	snprintf(rpc->sentence, sizeof(rpc->sentence), "%s", sentence);
	end(rpc);
}

static void break_off(struct channel *channel, const char *sentence)
{
	if (channel->fd < 0)
		return;
	close(channel->fd);
	channel->fd = -1;
	while (channel->rpcs != NULL)
		end_with(channel->rpcs, GRPC_UNAVAILABLE, sentence);
}

static int on_stream_close(nghttp2_session *http2, int32_t stream, uint32_t error, void *arg)
{
	struct rpc *rpc = nghttp2_session_get_stream_user_data(http2, stream);

	(void)arg;
	if (rpc == NULL)
		return 0;
	if (rpc->has_status)
		end(rpc);
	else
		end_with(rpc, error == NGHTTP2_CANCEL ? GRPC_CANCELLED : GRPC_UNKNOWN,
			nghttp2_http2_strerror(error));
	return 0;
}

/* --- the request --- */

static ssize_t read_request(nghttp2_session *http2, int32_t stream, uint8_t *buffer, size_t size,
	uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct rpc *rpc = source->ptr;
	const struct packed *packed = &rpc->messages[rpc->message_index];
	size_t piece = packed->length - rpc->message_sent;

	(void)http2;
	(void)stream;
	(void)arg;
	piece = piece < size ? piece : size;
	memcpy(buffer, packed->bytes + rpc->message_sent, piece);
	rpc->message_sent += piece;
	if (rpc->message_sent == packed->length) {
		rpc->message_sent = 0;
		if (++rpc->message_index == rpc->message_count)
			*flags = NGHTTP2_DATA_FLAG_EOF;
	}
	return (ssize_t)piece;
}

static nghttp2_nv header(const char *name, const char *value)
{
	return (nghttp2_nv){
		.name = (uint8_t *)(uintptr_t)name,
		.namelen = strlen(name),
		.value = (uint8_t *)(uintptr_t)value,
		.valuelen = strlen(value),
	};
}

void channel_start(struct channel *channel, struct rpc *rpc)
{
	const nghttp2_data_provider body = { { .ptr = rpc }, read_request };
	nghttp2_nv headers[8];
	size_t count = 0;

	rpc->channel = channel;
	rpc->over = rpc->has_status = false;
	rpc->message_index = rpc->message_sent = 0;
	*rpc->sentence = '\0';
	DL_APPEND(channel->rpcs, rpc);
	if (channel->fd < 0) {
		end_with(rpc, GRPC_UNAVAILABLE, "the connection is broken");
		return;
	}
	headers[count++] = header(":method", "POST");
	headers[count++] = header(":scheme", "http");
	headers[count++] = header(":path", rpc->path);
	headers[count++] = header(":authority", "localhost");
	headers[count++] = header("te", "trailers");
	headers[count++] = header("content-type", "application/grpc+proto");
	if (!rpc->as_operator)
		headers[count++] = header("bridgetap-organisation", channel->organisation);
	if (rpc->user != NULL)
		headers[count++] = header("bridgetap-user", rpc->user);
	rpc->stream = nghttp2_submit_request(channel->http2, NULL, headers, count, &body, rpc);
	if (rpc->stream < 0)
		end_with(rpc, GRPC_INTERNAL, nghttp2_strerror(rpc->stream));
}

void channel_cancel(struct rpc *rpc)
{
	if (!rpc->over && rpc->channel->fd >= 0)
		nghttp2_submit_rst_stream(
			rpc->channel->http2, NGHTTP2_FLAG_NONE, rpc->stream, NGHTTP2_CANCEL);
}

/* --- the response --- */

static int on_data(nghttp2_session *http2, uint8_t flags, int32_t stream, const uint8_t *data,
	size_t length, void *arg)
{
	struct rpc *rpc = nghttp2_session_get_stream_user_data(http2, stream);

	(void)flags;
	(void)arg;
	while (rpc != NULL && length > 0) {
		enum grpc_assembly state =
			grpc_assembler_feed(&rpc->assembler, GRPC_MESSAGE_MAX, &data, &length);

		if (state == GRPC_ASSEMBLY_MORE)
			break;
		if (state != GRPC_ASSEMBLY_COMPLETE)
			return NGHTTP2_ERR_CALLBACK_FAILURE;
		if (rpc->message != NULL)
			rpc->message(rpc, rpc->assembler.body, rpc->assembler.length);
		grpc_assembler_reset(&rpc->assembler);
	}
	return 0;
}

static int on_header(nghttp2_session *http2, const nghttp2_frame *frame, const uint8_t *name,
	size_t name_length, const uint8_t *value, size_t value_length, uint8_t flags, void *arg)
{
	struct rpc *rpc = nghttp2_session_get_stream_user_data(http2, frame->hd.stream_id);

	(void)flags;
	(void)arg;
	(void)name_length; /* nghttp2 ends name and value with a zero */
	if (rpc == NULL)
		return 0;
	if (strcmp((const char *)name, "grpc-status") == 0) {
		rpc->status = (enum grpc_status)atoi((const char *)value);
		rpc->has_status = true;
	} else if (strcmp((const char *)name, "grpc-message") == 0) {
		grpc_percent_decode(
			rpc->sentence, sizeof(rpc->sentence), (const char *)value, value_length);
	}
	return 0;
}

/* --- bytes --- */

void channel_read(struct channel *channel, uint64_t now)
{
	ssize_t length;

	if (channel->fd < 0)
		return;
	length = recv(channel->fd, channel->in, sizeof(channel->in), MSG_DONTWAIT);
	if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) {
		break_off(channel, "the control plane has closed the connection");
		return;
	}
	channel->in_length = length < 0 ? 0 : (size_t)length;
	channel->read_at = now;
}

void channel_take(struct channel *channel)
{
	size_t length = channel->in_length;

	channel->in_length = 0;
	if (length > 0 && channel->fd >= 0 &&
		nghttp2_session_mem_recv(channel->http2, channel->in, length) < 0)
		break_off(channel, "the control plane does not speak HTTP/2");
}

/* Frames are small and many: gather them for one system call. */
static int gather(struct channel *channel)
{
	while (channel->out_length < sizeof(channel->out)) {
		size_t piece = sizeof(channel->out) - channel->out_length;

		if (channel->chunk_length == 0) {
			ssize_t length = nghttp2_session_mem_send(channel->http2, &channel->chunk);

			if (length <= 0)
				return (int)length;
			channel->chunk_length = (size_t)length;
		}
		piece = piece < channel->chunk_length ? piece : channel->chunk_length;
		memcpy(channel->out + channel->out_length, channel->chunk, piece);
		channel->out_length += piece;
		channel->chunk += piece;
		channel->chunk_length -= piece;
	}
	return 0;
}

void channel_flush(struct channel *channel)
{
	channel->blocked = false;
	while (channel->fd >= 0) {
		ssize_t length;

		if (channel->out_sent == channel->out_length) {
			channel->out_sent = channel->out_length = 0;
			if (gather(channel) < 0) {
				break_off(channel, "HTTP/2 failed");
				return;
			}
			if (channel->out_length == 0)
				return;
		}
		length = send(channel->fd, channel->out + channel->out_sent,
			channel->out_length - channel->out_sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (length < 0 && (errno == EAGAIN || errno == EINTR)) {
			channel->blocked = true;
			return;
		}
		if (length < 0) {
			break_off(channel, "the control plane has closed the connection");
			return;
		}
		channel->out_sent += (size_t)length;
	}
}

/* --- the connection --- */

static int open_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

static int open_http2(struct channel *channel)
{
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
	};
	nghttp2_session_callbacks *callbacks;
	int ret;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return -ENOMEM;
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	ret = nghttp2_session_client_new(&channel->http2, callbacks, channel);
	nghttp2_session_callbacks_del(callbacks);
	if (ret != 0)
		return -ENOMEM;
	nghttp2_submit_settings(channel->http2, NGHTTP2_FLAG_NONE, settings, 1);
	nghttp2_session_set_local_window_size(
		channel->http2, NGHTTP2_FLAG_NONE, 0, CONNECTION_WINDOW);
	return 0;
}

struct channel *channel_create(const char *socket_path, const char *organisation)
{
	struct channel *channel = calloc(1, sizeof(*channel));
	int ret;

	if (channel == NULL)
		return NULL;
	channel->organisation = organisation;
	ret = channel->fd = open_socket(socket_path);
	if (ret >= 0)
		ret = open_http2(channel);
	if (ret >= 0)
		return channel;
	channel_destroy(channel);
	errno = -ret;
	return NULL;
}

void channel_destroy(struct channel *channel)
{
	if (channel == NULL)
		return;
	for (struct rpc *rpc = channel->rpcs; rpc != NULL; rpc = rpc->next)
		grpc_assembler_reset(&rpc->assembler);
	if (channel->http2 != NULL)
		nghttp2_session_del(channel->http2);
	if (channel->fd >= 0)
		close(channel->fd);
	free(channel);
}
