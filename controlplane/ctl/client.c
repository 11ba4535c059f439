/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "ctl/client.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <nghttp2/nghttp2.h>

#include "grpc/base64.h"
#include "grpc/kind.h"
#include "grpc/message.h"
#include "proto/unpack.h"

#define IDLE_MS	 1000
#define WINDOW	 (4 << 20)
#define GRACE_MS 1000 /* for the control plane to say itself that the time is up */

struct client {
	int fd;
	nghttp2_session *http2;
	struct client_options options;

	/* The call under way. */
	int32_t stream;
	const struct client_method *method;
	const struct client_hooks *hooks;
	struct client_result *result;
	uint64_t give_up_ms; /* UINT64_MAX for never */
	bool send_blocked;
	bool over;
	bool has_status;
	struct grpc_assembler assembler;
	uint8_t *request; /* the packed message that is being sent */
	size_t request_length, request_sent;
	bool requests_done;
};

/* --- the request --- */

static bool load_request(struct client *client)
{
	const ProtobufCMessage *message;

	free(client->request);
	client->request = NULL;
	client->request_sent = 0;
	if (!client->hooks->next(client->hooks->arg, &message)) {
		client->requests_done = true;
		return false;
	}
	client->request = grpc_message_pack(message, &client->request_length);
	return client->request != NULL;
}

static ssize_t read_request(nghttp2_session *http2, int32_t stream, uint8_t *buffer, size_t size,
	uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct client *client = arg;
	size_t piece;

	(void)http2;
	(void)stream;
	(void)source;
	if (client->request == NULL || client->request_sent == client->request_length)
		if (!load_request(client)) {
			*flags = NGHTTP2_DATA_FLAG_EOF;
			return client->requests_done ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
		}
	piece = client->request_length - client->request_sent;
	piece = piece < size ? piece : size;
	memcpy(buffer, client->request + client->request_sent, piece);
	client->request_sent += piece;
	return (ssize_t)piece;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return 1000ull * (uint64_t)now.tv_sec + (uint64_t)now.tv_nsec / 1000000;
}

static void submit(struct client *client)
{
	const nghttp2_data_provider body = { .read_callback = read_request };
	bool streams = grpc_kind_of(client->method->service->name, client->method->method->name) ==
		       GRPC_SERVER_STREAM;
	bool limited = client->options.timeout_s > 0 && !streams;
	char path[256], timeout[16];
	nghttp2_nv headers[10];
	size_t count = 0;

#define ADD(name_, value_)                                                      \
	headers[count++] = (nghttp2_nv){ .name = (uint8_t *)(uintptr_t)(name_), \
		.namelen = strlen(name_),                                       \
		.value = (uint8_t *)(uintptr_t)(value_),                        \
		.valuelen = strlen(value_) }
	snprintf(path, sizeof(path), "/%s/%s", client->method->service->name,
		client->method->method->name);
	snprintf(timeout, sizeof(timeout), "%uS", client->options.timeout_s);
	ADD(":method", "POST");
	ADD(":scheme", "http");
	ADD(":path", path);
	ADD(":authority", "localhost");
	ADD("te", "trailers");
	ADD("content-type", "application/grpc+proto");
	if (limited)
		ADD("grpc-timeout", timeout);
	if (*client->options.organisation != '\0')
		ADD("bridgetap-organisation", client->options.organisation);
	if (*client->options.user != '\0')
		ADD("bridgetap-user", client->options.user);
#undef ADD
	client->give_up_ms =
		limited ? now_ms() + 1000ull * client->options.timeout_s + GRACE_MS : UINT64_MAX;
	client->stream = nghttp2_submit_request(client->http2, NULL, headers, count, &body, NULL);
}

/* --- the response --- */

/* A call that a hook has ended may have more to say, which is not of the next one. */
static bool is_current(const struct client *client, int32_t stream)
{
	return stream == client->stream && !client->over;
}

static int on_data(nghttp2_session *http2, uint8_t flags, int32_t stream, const uint8_t *data,
	size_t length, void *arg)
{
	struct client *client = arg;
	char error[UNPACK_ERROR_SIZE];

	(void)http2;
	(void)flags;
	while (length > 0 && is_current(client, stream)) {
		enum grpc_assembly state =
			grpc_assembler_feed(&client->assembler, GRPC_MESSAGE_MAX, &data, &length);
		ProtobufCMessage *message;

		if (state == GRPC_ASSEMBLY_MORE)
			break;
		if (state != GRPC_ASSEMBLY_COMPLETE)
			return NGHTTP2_ERR_CALLBACK_FAILURE;
		message = unpack(client->method->method->output, client->assembler.body,
			client->assembler.length, CLIENT_UNPACK_BUDGET, error);
		grpc_assembler_reset(&client->assembler);
		if (message == NULL)
			return NGHTTP2_ERR_CALLBACK_FAILURE;
		if (!client->hooks->message(client->hooks->arg, message))
			client->over = true;
		unpacked_free(message);
	}
	return 0;
}

static void take_refusal(struct client *client, const char *text)
{
	char error[UNPACK_ERROR_SIZE];
	size_t length;
	uint8_t *bytes = base64_decode(text, &length);

	if (bytes != NULL && client->result->refusal == NULL)
		client->result->refusal =
			(Bridgetap__V1__Refusal *)unpack(&bridgetap__v1__refusal__descriptor, bytes,
				length, CLIENT_UNPACK_BUDGET, error);
	free(bytes);
}

static int on_header(nghttp2_session *http2, const nghttp2_frame *frame, const uint8_t *name,
	size_t name_length, const uint8_t *value, size_t value_length, uint8_t flags, void *arg)
{
	struct client *client = arg;
	struct client_result *result = client->result;

	(void)http2;
	(void)flags;
	(void)name_length;
	if (!is_current(client, frame->hd.stream_id))
		return 0;
	/* nghttp2 ends both with a zero. */
	if (strcmp((const char *)name, "grpc-status") == 0) {
		result->status = (enum grpc_status)atoi((const char *)value);
		client->has_status = true;
	} else if (strcmp((const char *)name, "grpc-message") == 0) {
		grpc_percent_decode(result->sentence, sizeof(result->sentence), (const char *)value,
			value_length);
	} else if (strcmp((const char *)name, "bridgetap-refusal-bin") == 0) {
		take_refusal(client, (const char *)value);
	}
	return 0;
}

static int on_stream_close(nghttp2_session *http2, int32_t stream, uint32_t error, void *arg)
{
	struct client *client = arg;

	(void)http2;
	if (!is_current(client, stream))
		return 0;
	client->over = true;
	client->stream = 0;
	if (!client->has_status) {
		client->result->status =
			error == NGHTTP2_CANCEL ? GRPC_DEADLINE_EXCEEDED : GRPC_UNKNOWN;
		snprintf(client->result->sentence, sizeof(client->result->sentence), "%s",
			error == NGHTTP2_CANCEL ? "the deadline has passed"
						: nghttp2_http2_strerror(error));
	}
	return 0;
}

/* --- the connection --- */

static ssize_t on_send(
	nghttp2_session *http2, const uint8_t *data, size_t length, int flags, void *arg)
{
	struct client *client = arg;
	ssize_t sent = send(client->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);

	(void)http2;
	(void)flags;
	client->send_blocked = sent < 0 && errno == EAGAIN;
	if (client->send_blocked)
		return NGHTTP2_ERR_WOULDBLOCK;
	return sent < 0 ? NGHTTP2_ERR_CALLBACK_FAILURE : sent;
}

static nghttp2_session *create_http2(struct client *client)
{
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW },
	};
	nghttp2_session_callbacks *callbacks;
	nghttp2_session *http2 = NULL;

	if (nghttp2_session_callbacks_new(&callbacks) != 0)
		return NULL;
	nghttp2_session_callbacks_set_send_callback(callbacks, on_send);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	nghttp2_session_client_new(&http2, callbacks, client);
	nghttp2_session_callbacks_del(callbacks);
	if (http2 != NULL) {
		nghttp2_submit_settings(http2, NGHTTP2_FLAG_NONE, settings, 1);
		nghttp2_session_set_local_window_size(http2, NGHTTP2_FLAG_NONE, 0, 4 * WINDOW);
	}
	return http2;
}

struct client *client_connect(const struct client_options *options)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = options->timeout_s };
	struct client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return NULL;
	client->options = *options;
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* Of 0, for none: connect() waits where too many wait already to be accepted. */
	setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", options->socket);
	if (client->fd < 0 ||
		connect(client->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		fprintf(stderr,
			"bridgetapctl: cannot reach the control plane at %s: %s; is it running? "
			"Name another socket with --socket\n",
			options->socket, strerror(errno));
		client_close(client);
		return NULL;
	}
	client->http2 = create_http2(client);
	if (client->http2 == NULL) {
		client_close(client);
		return NULL;
	}
	return client;
}

void client_close(struct client *client)
{
	if (client == NULL)
		return;
	if (client->http2 != NULL)
		nghttp2_session_del(client->http2);
	if (client->fd >= 0)
		close(client->fd);
	grpc_assembler_reset(&client->assembler);
	free(client->request);
	free(client);
}

static void fail(struct client *client, const char *sentence)
{
	client->result->status = GRPC_UNAVAILABLE;
	snprintf(client->result->sentence, sizeof(client->result->sentence), "%s", sentence);
	client->over = true;
}

static void broken(struct client *client)
{
	fail(client, "the connection to the control plane broke");
}

/* Milliseconds that may be waited, for poll(): -1 for ever. */
static int wait_ms(const struct client *client)
{
	uint64_t now = now_ms(), left = client->give_up_ms > now ? client->give_up_ms - now : 0;

	if (client->hooks->idle != NULL)
		return IDLE_MS;
	if (client->give_up_ms == UINT64_MAX)
		return -1;
	return left < INT_MAX ? (int)left : INT_MAX;
}

/* Nothing has come. */
static void idle(struct client *client)
{
	if (now_ms() >= client->give_up_ms)
		fail(client, "the control plane does not answer");
	else if (client->hooks->idle != NULL && !client->hooks->idle(client->hooks->arg))
		client->over = true;
}

/* Wait for bytes and hand them to nghttp2; or until there is room for ours. */
static void receive(struct client *client)
{
	static uint8_t buffer[65536];
	struct pollfd poll_fd = {
		.fd = client->fd,
		.events = (short)(POLLIN | (client->send_blocked ? POLLOUT : 0)),
	};
	int ready = poll(&poll_fd, 1, wait_ms(client));
	ssize_t length;

	if (ready < 0 && errno != EINTR) {
		broken(client);
	} else if (ready <= 0) {
		idle(client);
	} else if (poll_fd.revents != POLLOUT) {
		length = recv(client->fd, buffer, sizeof(buffer), 0);
		if (length <= 0 ||
			nghttp2_session_mem_recv(client->http2, buffer, (size_t)length) < 0)
			broken(client);
	}
}

void client_call(struct client *client, const struct client_method *method,
	const struct client_hooks *hooks, struct client_result *result)
{
	*result = (struct client_result){ 0 };
	client->method = method;
	client->hooks = hooks;
	client->result = result;
	client->over = client->has_status = client->requests_done = client->send_blocked = false;
	submit(client);
	while (!client->over) {
		if (nghttp2_session_send(client->http2) != 0)
			broken(client);
		else if (!client->over)
			receive(client);
	}
	if (client->stream > 0) { /* ended by a hook */
		nghttp2_submit_rst_stream(
			client->http2, NGHTTP2_FLAG_NONE, client->stream, NGHTTP2_CANCEL);
		nghttp2_session_send(client->http2);
	}
	client->stream = 0;
	grpc_assembler_reset(&client->assembler);
}

void client_result_free(struct client_result *result)
{
	if (result->refusal != NULL)
		unpacked_free(&result->refusal->base);
	result->refusal = NULL;
}
