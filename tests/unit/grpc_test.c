/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nghttp2/nghttp2.h>

#include "bridgetap/v1/calls.pb-c.h"
#include "grpc/backlog.h"
#include "grpc/base64.h"
#include "grpc/kind.h"
#include "grpc/message.h"
#include "grpc/session.h"
#include "grpc/status.h"
#include "proto/descriptor.h"
#include "proto/unpack.h"
#include "reflection/v1/reflection.pb-c.h"

/* --- texts --- */

static void status_messages_are_percent_encoded_and_back(void **state)
{
	static const char *const texts[] = { "", "plain", "100 %", "Ольга", "tab\there", "%41" };
	char encoded[64], decoded[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		grpc_percent_encode(encoded, sizeof(encoded), texts[i]);
		for (const char *c = encoded; *c != '\0'; c++)
			assert_in_range(*c, 0x20, 0x7e);
		grpc_percent_decode(decoded, sizeof(decoded), encoded, strlen(encoded));
		assert_string_equal(decoded, texts[i]);
	}
	grpc_percent_encode(encoded, 8, "aaaaaaaaaaaaaaaa");
	assert_true(strlen(encoded) < 8);
	grpc_percent_decode(decoded, sizeof(decoded), "%", 1);
	assert_string_equal(decoded, "%");
	grpc_percent_decode(decoded, sizeof(decoded), "%zz%4", 5);
	assert_string_equal(decoded, "%zz%4");
}

static void timeouts_are_read_as_the_specification_says(void **state)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} cases[] = {
		{ "3S", 3000 },
		{ "2989m", 2989 },
		{ "1M", 60000 },
		{ "1H", 3600000 },
		{ "1500u", 2 },
		{ "1n", 1 },
		{ "0S", 0 },
		{ "99999999H", 359999996400000 },
		{ "", UINT64_MAX },
		{ "S", UINT64_MAX },
		{ "5", UINT64_MAX },
		{ "5x", UINT64_MAX },
		{ "-5S", UINT64_MAX },
		{ "123456789S", UINT64_MAX },
		{ "5SS", UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_true(
			grpc_parse_timeout(cases[i].text, strlen(cases[i].text)) == cases[i].ms);
}

static void base64_survives_a_round_trip(void **state)
{
	uint8_t bytes[64];

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37);
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		char *text = base64_encode(bytes, length);
		size_t back_length;
		uint8_t *back = base64_decode(text, &back_length);

		assert_int_equal(back_length, length);
		assert_memory_equal(back, bytes, length);
		free(back);
		free(text);
	}
	assert_null(base64_decode("a b", &(size_t){ 0 }));
}

/* --- descriptors --- */

static const struct {
	const char *name;
	int kind; /* -1 where there is nothing of this name */
	const char *file;
} symbols[] = {
	{ "bridgetap.v1.Calls", DESCRIPTOR_SERVICE, "bridgetap/v1/calls.proto" },
	{ "bridgetap.v1.Calls.GetCall", DESCRIPTOR_METHOD, "bridgetap/v1/calls.proto" },
	{ "bridgetap.v1.Call", DESCRIPTOR_MESSAGE, "bridgetap/v1/calls.proto" },
	{ "bridgetap.v1.Call.agent", DESCRIPTOR_FIELD, "bridgetap/v1/calls.proto" },
	{ "bridgetap.v1.Mode", DESCRIPTOR_ENUM, "bridgetap/v1/common.proto" },
	{ "bridgetap.v1.MODE_WHISPER", DESCRIPTOR_ENUM_VALUE, "bridgetap/v1/common.proto" },
	{ "bridgetap.v1.LoadCallTableRequest.Operation", DESCRIPTOR_ENUM,
		"bridgetap/v1/calls.proto" },
	{ "bridgetap.v1.LoadCallTableRequest.MERGE", DESCRIPTOR_ENUM_VALUE,
		"bridgetap/v1/calls.proto" },
	{ "grpc.reflection.v1.ServerReflectionRequest.message_request", DESCRIPTOR_ONEOF,
		"reflection/v1/reflection.proto" },
	{ "grpc.reflection.v1alpha.ErrorResponse", DESCRIPTOR_MESSAGE,
		"reflection/v1alpha/reflection.proto" },
	{ "bridgetap.v1.Mode.MODE_WHISPER", -1, NULL },
	{ "bridgetap.v1.LoadCallTableRequest.Operation.MERGE", -1, NULL },
	{ "bridgetap.v1.Cal", -1, NULL },
	{ "bridgetap.v1.Callss", -1, NULL },
	{ "bridgetap.v1.Calls.", -1, NULL },
	{ "bridgetap.v1.", -1, NULL },
	{ "bridgetap.v1", -1, NULL },
	{ ".bridgetap.v1.Calls", -1, NULL },
	{ "Calls", -1, NULL },
	{ "", -1, NULL },
	/* What clients have no business with. */
	{ "bridgetap.dataplane.v1.Batch", -1, NULL },
};

static void whatever_has_a_name_is_found_by_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(symbols); i++) {
		struct descriptor found;
		struct proto_span file, name;
		bool is = descriptor_find(symbols[i].name, &found);

		if (is != (symbols[i].kind >= 0))
			fail_msg("\"%s\"", symbols[i].name);
		if (!is)
			continue;
		name = (struct proto_span){ (const uint8_t *)symbols[i].file,
			strlen(symbols[i].file) };
		assert_int_equal(found.kind, symbols[i].kind);
		assert_true(descriptor_find_file(name, &file));
		assert_ptr_equal(file.at, found.file.at);
	}
}

static void files_are_found_by_their_whole_names_alone(void **state)
{
	static const char *const names[] = { "", "calls.proto", "bridgetap/v1/calls.prot",
		"bridgetap/v1/calls.proto2", "bridgetap/dataplane/v1/dataplane.proto" };
	struct proto_span file;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		assert_false(descriptor_find_file(
			(struct proto_span){ (const uint8_t *)names[i], strlen(names[i]) }, &file));
}

static void methods_stream_as_their_files_say(void **state)
{
	(void)state;
	assert_int_equal(grpc_kind_of("bridgetap.v1.Calls", "GetCall"), GRPC_UNARY);
	assert_int_equal(grpc_kind_of("bridgetap.v1.Calls", "WatchCalls"), GRPC_SERVER_STREAM);
	assert_int_equal(grpc_kind_of("bridgetap.v1.Calls", "LoadCallTable"), GRPC_CLIENT_STREAM);
	assert_int_equal(
		grpc_kind_of("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo"),
		GRPC_BIDI_STREAM);
	assert_int_equal(grpc_kind_of("bridgetap.v1.Nothing", "GetCall"), GRPC_UNARY);
}

/* --- messages --- */

static void bytes_that_wait_come_out_as_they_went_in(void **state)
{
	struct grpc_backlog backlog = { 0 };
	uint8_t in = 0, out = 0, bytes[500];

	(void)state;
	srandom(5);
	for (unsigned round = 0; round < 20000; round++) {
		/* Filled at first, and drained towards the end. */
		size_t length = (size_t)random() % (round < 15000 ? sizeof(bytes) : 100);
		size_t taken = (size_t)random() % sizeof(bytes);

		for (size_t i = 0; i < length; i++)
			bytes[i] = in++;
		assert_true(grpc_backlog_append(&backlog, bytes, length));
		if (taken > grpc_backlog_length(&backlog))
			taken = grpc_backlog_length(&backlog);
		for (size_t i = 0; i < taken; i++)
			assert_int_equal(backlog.bytes[backlog.begin + i], out++);
		grpc_backlog_drop(&backlog, taken);
		assert_true(backlog.size < 1 << 20);
	}
	grpc_backlog_drop(&backlog, grpc_backlog_length(&backlog));
	assert_null(backlog.bytes);
}

static void messages_come_together_however_they_are_cut(void **state)
{
	/* Three messages of 3, 0 and 300 bytes. */
	uint8_t stream[5 + 3 + 5 + 5 + 300] = { 0, 0, 0, 0, 3, 'a', 'b', 'c', 0, 0, 0, 0, 0, 0, 0,
		0, 1, 44 };

	(void)state;
	memset(stream + 18, 'x', 300);
	for (size_t piece = 1; piece <= sizeof(stream); piece++) {
		static const uint32_t expected[] = { 3, 0, 300 };
		struct grpc_assembler assembler = { 0 };
		unsigned got = 0;

		for (size_t at = 0; at < sizeof(stream); at += piece) {
			const uint8_t *data = stream + at;
			size_t left = sizeof(stream) - at < piece ? sizeof(stream) - at : piece;

			while (left > 0) {
				enum grpc_assembly was = grpc_assembler_feed(
					&assembler, GRPC_MESSAGE_MAX, &data, &left);

				if (was == GRPC_ASSEMBLY_MORE)
					break;
				assert_int_equal(was, GRPC_ASSEMBLY_COMPLETE);
				assert_int_equal(assembler.length, expected[got++]);
				grpc_assembler_reset(&assembler);
			}
		}
		assert_int_equal(got, 3);
		assert_false(grpc_assembler_is_partial(&assembler));
	}
}

static void oversized_and_compressed_messages_are_told(void **state)
{
	const uint8_t large[] = { 0, 0, 0x40, 0, 1 }, compressed[] = { 1, 0, 0, 0, 1 };
	struct grpc_assembler assembler = { 0 };
	const uint8_t *data = large;
	size_t left = 5;

	(void)state;
	assert_int_equal(grpc_assembler_feed(&assembler, GRPC_MESSAGE_MAX, &data, &left),
		GRPC_ASSEMBLY_TOO_LARGE);
	grpc_assembler_reset(&assembler);
	data = compressed;
	left = 5;
	assert_int_equal(grpc_assembler_feed(&assembler, GRPC_MESSAGE_MAX, &data, &left),
		GRPC_ASSEMBLY_COMPRESSED);
	grpc_assembler_reset(&assembler);
}

static const struct {
	const char *what;
	bool good;
	size_t length;
	uint8_t bytes[16];
} texts[] = {
	{ "ASCII", true, 3, "abc" },
	{ "empty", true, 0, "" },
	{ "two bytes", true, 2, "\xc3\xa9" },
	{ "three bytes", true, 3, "\xe2\x82\xac" },
	{ "four bytes", true, 4, "\xf0\x9f\x93\x9e" },
	{ "the last code point", true, 4, "\xf4\x8f\xbf\xbf" },
	{ "a NUL", false, 3, "a\0b" },
	{ "a lone continuation", false, 1, "\x80" },
	{ "cut short", false, 2, "\xe2\x82" },
	{ "an overlong slash", false, 2, "\xc0\xaf" },
	{ "an overlong three", false, 3, "\xe0\x80\xaf" },
	{ "an overlong four", false, 4, "\xf0\x80\x80\xaf" },
	{ "a surrogate", false, 3, "\xed\xa0\x80" },
	{ "past the last code point", false, 4, "\xf4\x90\x80\x80" },
	{ "0xff", false, 1, "\xff" },
};

static void texts_must_be_utf8(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		char error[UNPACK_ERROR_SIZE];
		uint8_t bytes[32] = { 0x0a, (uint8_t)texts[i].length };
		ProtobufCMessage *message;

		memcpy(bytes + 2, texts[i].bytes, texts[i].length);
		message = unpack(&bridgetap__v1__get_call_request__descriptor, bytes,
			2 + texts[i].length, 1000, error);
		if ((message != NULL) != texts[i].good)
			fail_msg("%s", texts[i].what);
		if (message == NULL)
			assert_non_null(strstr(error, "call_id is not UTF-8"));
		unpacked_free(message);
	}
}

static void a_field_without_a_number_is_no_field(void **state)
{
	/* 0 as one byte, and as keys that are longer than they must be; within a message, too. */
	static const struct {
		uint8_t bytes[8];
		size_t length;
	} cases[] = {
		{ { 0x00, 0x79 }, 2 },
		{ { 0x80, 0x00, 0x79 }, 3 },
		{ { 0x80, 0x80, 0x00, 0x00 }, 4 },
		{ { 0x0a, 0x03, 0x80, 0x00, 0x79 }, 5 },
	};
	char error[UNPACK_ERROR_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		assert_null(unpack(&bridgetap__v1__create_call_request__descriptor, cases[i].bytes,
			cases[i].length, 50000, error));
		assert_non_null(strstr(error, "the bytes are no"));
	}
}

static void a_message_may_not_unpack_to_more_than_its_budget(void **state)
{
	char error[UNPACK_ERROR_SIZE];
	uint8_t bytes[2000];

	(void)state;
	for (unsigned i = 0; i < sizeof(bytes); i += 2) {
		bytes[i] = 0x12; /* LoadCallTableRequest.calls, empty */
		bytes[i + 1] = 0;
	}
	assert_null(unpack(&bridgetap__v1__load_call_table_request__descriptor, bytes,
		sizeof(bytes), 50000, error));
	assert_non_null(strstr(error, "reasonable size"));
}

/* --- sessions: a client of nghttp2's own, and the server, in one process without any I/O --- */

static uint64_t now;
static unsigned wakes, cancellations, messages_seen;
static struct grpc_call *held; /* a call that the service has not answered */
static bool ended;

static uint64_t get_now(void *arg)
{
	(void)arg;
	return now;
}

static void count_wake(void *arg, void *session)
{
	(void)arg;
	(void)session;
	wakes++;
}

static void call_cancelled(struct grpc_call *call, void *state)
{
	(void)state;
	assert_ptr_equal(call, held);
	held = NULL;
	cancellations++;
}

static void hold(struct grpc_call *call, const ProtobufCMessage *message)
{
	const struct grpc_call_hooks hooks = { .cancelled = call_cancelled };

	(void)message;
	messages_seen++;
	held = call;
	grpc_call_set_hooks(call, &hooks);
}

/* Echoes the metadata "who" and the request's id in a call's. */
static void echo(struct grpc_call *call, const ProtobufCMessage *message)
{
	const Bridgetap__V1__GetCallRequest *request = (const void *)message;
	Bridgetap__V1__Call response = BRIDGETAP__V1__CALL__INIT;

	messages_seen++;
	response.id = request->call_id;
	response.agent_user = (char *)(uintptr_t)grpc_call_metadata(call, "who");
	assert_int_equal(grpc_call_peer(call)->uid, 42);
	grpc_call_reply(call, &response.base);
}

static void refuse_it(struct grpc_call *call, const ProtobufCMessage *message)
{
	(void)message;
	messages_seen++;
	grpc_call_finish(call, GRPC_NOT_FOUND, "it is not there", NULL);
}

static void stream_two(struct grpc_call *call, const ProtobufCMessage *message)
{
	Bridgetap__V1__WatchCallsResponse response = BRIDGETAP__V1__WATCH_CALLS_RESPONSE__INIT;

	(void)message;
	grpc_call_send(call, &response.base);
	grpc_call_send(call, &response.base);
	grpc_call_finish(call, GRPC_OK, "", NULL);
}

/* What LoadCallTable keeps, if it is to. */
static bool keeps;
static ProtobufCMessage *kept[2000];
static unsigned kept_count;

static void count_message(struct grpc_call *call, const ProtobufCMessage *message)
{
	messages_seen++;
	if (!keeps)
		return;
	assert_true(kept_count < COUNT_OF(kept));
	grpc_call_keep(call);
	kept[kept_count++] = (ProtobufCMessage *)(uintptr_t)message;
}

static void note_end(struct grpc_call *call)
{
	Bridgetap__V1__LoadCallTableResponse response =
		BRIDGETAP__V1__LOAD_CALL_TABLE_RESPONSE__INIT;

	ended = true;
	response.created = messages_seen;
	grpc_call_reply(call, &response.base);
}

/* An answer of its own for each request, as long as they come. */
static void reply_at_length(struct grpc_call *call, const ProtobufCMessage *message)
{
	static char filler[1 << 20];
	Bridgetap__V1__Call response = BRIDGETAP__V1__CALL__INIT;

	(void)message;
	messages_seen++;
	memset(filler, 'x', sizeof(filler) - 1);
	response.id = filler;
	grpc_call_reply(call, &response.base);
}

static const struct grpc_method methods[] = {
	{ "GetCall", echo, NULL },
	{ "DeleteCall", refuse_it, NULL },
	{ "CreateCall", hold, NULL },
	{ "WatchCalls", stream_two, NULL },
	{ "WatchMediaEvents", stream_two, NULL },
	{ "LoadCallTable", count_message, note_end },
	{ "ListCalls", hold, NULL },
	{ "StartRecording", hold, NULL },
	{ "PauseRecording", hold, NULL },
	{ "ResumeRecording", hold, NULL },
	{ "StopRecording", hold, NULL },
	{ "TransferCall", hold, NULL },
	{ "OfferCall", reply_at_length, NULL },
};

#define ANSWER_SIZE 8192

/* Answers each message as it comes, which takes more room than the message. */
static void answer(struct grpc_call *call, const ProtobufCMessage *message)
{
	const Grpc__Reflection__V1__ServerReflectionRequest *request = (const void *)message;
	Grpc__Reflection__V1__ServerReflectionResponse response =
		GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
	static char filler[ANSWER_SIZE];

	hold(call, message);
	memset(filler, 'x', sizeof(filler) - 1);
	response.valid_host = *request->host != '\0' ? request->host : filler;
	grpc_call_send(call, &response.base);
}

static void finish(struct grpc_call *call)
{
	ended = true;
	held = NULL;
	grpc_call_finish(call, GRPC_OK, "", NULL);
}

static const struct grpc_method bidi_methods[] = { { "ServerReflectionInfo", answer, finish } };

/* Everybody may call but one. */
static bool admit(struct grpc_call *call)
{
	if (strcmp(grpc_call_metadata(call, "who"), "stranger") != 0)
		return true;
	grpc_call_finish(call, GRPC_PERMISSION_DENIED, "not you", NULL);
	return false;
}

static const struct grpc_service services[] = {
	{ &bridgetap__v1__calls__descriptor, methods, admit, NULL },
	{ &grpc__reflection__v1__server_reflection__descriptor, bidi_methods, NULL, NULL },
};
static const struct grpc_server server = { services, COUNT_OF(services), get_now, count_wake,
	NULL };

/* The client's side, and what it has seen. */
static struct grpc_session *session;
static nghttp2_session *client;
static struct {
	char status[8], grpc_status[8], message[128];
	bool closed;
	unsigned closings;
	uint32_t error;
	struct grpc_assembler assembler;
	unsigned responses;
	char id[64], user[64];
	uint8_t body[8192];
	size_t body_length, body_sent;
	bool keep_open;
} seen;

static int client_header(nghttp2_session *h, const nghttp2_frame *frame, const uint8_t *name,
	size_t name_length, const uint8_t *value, size_t value_length, uint8_t flags, void *arg)
{
	(void)h;
	(void)frame;
	(void)name_length;
	(void)value_length;
	(void)flags;
	(void)arg;
	if (strcmp((const char *)name, ":status") == 0)
		snprintf(seen.status, sizeof(seen.status), "%s", (const char *)value);
	if (strcmp((const char *)name, "grpc-status") == 0)
		snprintf(seen.grpc_status, sizeof(seen.grpc_status), "%s", (const char *)value);
	if (strcmp((const char *)name, "grpc-message") == 0)
		snprintf(seen.message, sizeof(seen.message), "%s", (const char *)value);
	return 0;
}

static int client_data(nghttp2_session *h, uint8_t flags, int32_t stream, const uint8_t *data,
	size_t length, void *arg)
{
	(void)h;
	(void)flags;
	(void)stream;
	(void)arg;
	while (length > 0) {
		Bridgetap__V1__Call *call;

		if (grpc_assembler_feed(&seen.assembler, GRPC_MESSAGE_MAX, &data, &length) !=
			GRPC_ASSEMBLY_COMPLETE)
			break;
		seen.responses++;
		call = bridgetap__v1__call__unpack(
			NULL, seen.assembler.length, seen.assembler.body);
		if (call != NULL) {
			snprintf(seen.id, sizeof(seen.id), "%s", call->id);
			snprintf(seen.user, sizeof(seen.user), "%s", call->agent_user);
			bridgetap__v1__call__free_unpacked(call, NULL);
		}
		grpc_assembler_reset(&seen.assembler);
	}
	return 0;
}

static int client_closed(nghttp2_session *h, int32_t stream, uint32_t error, void *arg)
{
	(void)h;
	(void)stream;
	(void)arg;
	seen.closed = true;
	seen.closings++;
	seen.error = error;
	return 0;
}

static ssize_t client_body(nghttp2_session *h, int32_t stream, uint8_t *buffer, size_t size,
	uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	size_t piece = seen.body_length - seen.body_sent;

	(void)h;
	(void)stream;
	(void)source;
	(void)arg;
	piece = piece < size ? piece : size;
	memcpy(buffer, seen.body + seen.body_sent, piece);
	seen.body_sent += piece;
	if (seen.body_sent < seen.body_length)
		return (ssize_t)piece;
	if (!seen.keep_open)
		*flags = NGHTTP2_DATA_FLAG_EOF;
	else if (piece == 0)
		return NGHTTP2_ERR_DEFERRED;
	return (ssize_t)piece;
}

static int start(void **state)
{
	const struct grpc_peer peer = { .uid = 42 };
	nghttp2_session_callbacks *callbacks;

	(void)state;
	memset(&seen, 0, sizeof(seen));
	held = NULL;
	ended = false;
	wakes = cancellations = messages_seen = 0;
	now = 1000;
	nghttp2_session_callbacks_new(&callbacks);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, client_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, client_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, client_closed);
	nghttp2_session_client_new(&client, callbacks, NULL);
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_submit_settings(client, NGHTTP2_FLAG_NONE, NULL, 0);
	session = grpc_session_create(&server, &peer, NULL);
	assert_non_null(session);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	grpc_session_destroy(session);
	nghttp2_session_del(client);
	grpc_assembler_reset(&seen.assembler);
	while (kept_count > 0)
		unpacked_free(kept[--kept_count]);
	keeps = false;
	assert_null(held); /* whatever the service held was cancelled */
	return 0;
}

/* Carry bytes back and forth, in pieces of `piece`, until neither side has any. */
static void carry_in(size_t piece)
{
	for (bool moved = true; moved;) {
		const uint8_t *bytes;
		uint8_t buffer[1000];
		ssize_t length;

		moved = false;
		while ((length = nghttp2_session_mem_send(client, &bytes)) > 0) {
			moved = true;
			for (size_t at = 0; at < (size_t)length; at += piece) {
				size_t left = (size_t)length - at;

				grpc_session_receive(
					session, bytes + at, left < piece ? left : piece);
			}
		}
		while ((length = grpc_session_send(session, buffer,
				piece < sizeof(buffer) ? piece : sizeof(buffer))) > 0) {
			moved = true;
			nghttp2_session_mem_recv(client, buffer, (size_t)length);
		}
	}
}

static void carry(void)
{
	carry_in(4096);
}

static void add_message(const ProtobufCMessage *message)
{
	size_t size;
	uint8_t *bytes = grpc_message_pack(message, &size);

	memcpy(seen.body + seen.body_length, bytes, size);
	seen.body_length += size;
	free(bytes);
}

static void add_request(const char *call_id)
{
	Bridgetap__V1__GetCallRequest request = BRIDGETAP__V1__GET_CALL_REQUEST__INIT;

	request.call_id = (char *)(uintptr_t)call_id;
	add_message(&request.base);
}

#define NV(n, v)                                                                              \
	{                                                                                     \
		(uint8_t *)(uintptr_t)(n), (uint8_t *)(uintptr_t)(v), strlen(n), strlen(v), 0 \
	}

static int32_t request_with(const char *path, const char *name, const char *value)
{
	const nghttp2_data_provider body = { .read_callback = client_body };
	const nghttp2_nv headers[] = {
		NV(":method", "POST"),
		NV(":scheme", "http"),
		NV(":path", path),
		NV(":authority", "/run/some.sock"), /* as grpc-java has it */
		NV("content-type", "application/grpc"),
		NV("te", "trailers"),
		NV(name, value),
	};

	return nghttp2_submit_request(client, NULL, headers, COUNT_OF(headers), &body, NULL);
}

static int32_t request(const char *path)
{
	return request_with(path, "who", "me");
}

static void assert_ended(const char *grpc_status)
{
	assert_string_equal(seen.status, "200");
	assert_string_equal(seen.grpc_status, grpc_status);
	assert_true(seen.closed);
	assert_int_equal(seen.error, NGHTTP2_NO_ERROR);
}

static void a_unary_call_is_answered_however_the_bytes_are_cut(void **state)
{
	(void)state;
	for (size_t piece = 1; piece < 40; piece++) {
		add_request("some call");
		request("/bridgetap.v1.Calls/GetCall");
		carry_in(piece);
		assert_ended("0");
		assert_string_equal(seen.id, "some call");
		assert_string_equal(seen.user, "me");
		assert_int_equal(seen.responses, 1);
		memset(&seen, 0, sizeof(seen));
	}
}

static void a_refusal_is_trailers_alone(void **state)
{
	(void)state;
	add_request("x");
	request("/bridgetap.v1.Calls/DeleteCall");
	carry();
	assert_ended("5");
	assert_string_equal(seen.message, "it is not there");
	assert_int_equal(seen.responses, 0);
}

static void a_server_stream_has_its_messages_and_then_its_status(void **state)
{
	(void)state;
	add_request("");
	request("/bridgetap.v1.Calls/WatchCalls");
	carry();
	assert_ended("0");
	assert_int_equal(seen.responses, 2);
}

static void a_client_stream_is_taken_message_by_message(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		Bridgetap__V1__LoadCallTableRequest part =
			BRIDGETAP__V1__LOAD_CALL_TABLE_REQUEST__INIT;

		add_message(&part.base);
	}
	request("/bridgetap.v1.Calls/LoadCallTable");
	carry();
	assert_true(ended);
	assert_int_equal(messages_seen, 5);
	assert_ended("0");
}

#define BIDI_PATH "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"

static void add_question(const char *host)
{
	Grpc__Reflection__V1__ServerReflectionRequest question =
		GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__INIT;

	question.host = (char *)(uintptr_t)host;
	add_message(&question.base);
}

static void a_bidirectional_stream_speaks_both_ways_until_the_client_ends_it(void **state)
{
	Grpc__Reflection__V1__ServerReflectionResponse response =
		GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
	int32_t stream;

	(void)state;
	seen.keep_open = true;
	add_question("one");
	stream = request(BIDI_PATH);
	carry();
	assert_string_equal(seen.id, "one");
	add_question("two");
	nghttp2_session_resume_data(client, stream);
	carry();
	assert_string_equal(seen.id, "two");
	/* Unasked. */
	response.valid_host = (char *)(uintptr_t) "three";
	grpc_call_send(held, &response.base);
	carry();
	assert_string_equal(seen.id, "three");
	assert_int_equal(seen.responses, 3);
	assert_false(ended);
	seen.keep_open = false;
	nghttp2_session_resume_data(client, stream);
	carry();
	assert_true(ended);
	assert_ended("0");
}

static void a_client_that_does_not_read_answers_must_wait_with_its_questions(void **state)
{
	nghttp2_settings_entry window = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0 };

	(void)state;
	nghttp2_submit_settings(client, NGHTTP2_FLAG_NONE, &window, 1);
	carry();
	for (unsigned i = 0; i < 100; i++)
		add_question("");
	request(BIDI_PATH);
	carry();
	assert_int_equal(messages_seen, GRPC_QUEUE_LOW / ANSWER_SIZE);
	assert_false(ended);
	assert_int_equal(seen.responses, 0);
	window.value = 1 << 20;
	nghttp2_submit_settings(client, NGHTTP2_FLAG_NONE, &window, 1);
	carry();
	assert_int_equal(messages_seen, 100);
	assert_int_equal(seen.responses, 100);
	assert_true(ended);
	assert_ended("0");
}

static void questions_that_wait_are_dropped_with_the_call(void **state)
{
	const nghttp2_settings_entry window = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0 };
	int32_t stream;

	(void)state;
	nghttp2_submit_settings(client, NGHTTP2_FLAG_NONE, &window, 1);
	carry();
	for (unsigned i = 0; i < 100; i++)
		add_question("");
	stream = request(BIDI_PATH);
	carry();
	nghttp2_submit_rst_stream(client, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
	carry();
	assert_null(held);
	assert_false(ended);
	assert_int_equal(cancellations, 1);
}

static void an_answer_may_come_later(void **state)
{
	Bridgetap__V1__Call response = BRIDGETAP__V1__CALL__INIT;

	(void)state;
	add_request("");
	request("/bridgetap.v1.Calls/CreateCall");
	carry();
	assert_non_null(held);
	assert_false(seen.closed);
	assert_int_equal(wakes, 0);
	grpc_call_reply(held, &response.base);
	held = NULL;
	assert_true(wakes > 0);
	carry();
	assert_ended("0");
}

static void a_client_that_cancels_is_heard_of(void **state)
{
	int32_t stream;

	(void)state;
	add_request("");
	stream = request("/bridgetap.v1.Calls/CreateCall");
	carry();
	assert_non_null(held);
	nghttp2_submit_rst_stream(client, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
	carry();
	assert_null(held);
	assert_int_equal(cancellations, 1);
}

static void a_connection_that_breaks_cancels_its_calls(void **state)
{
	(void)state;
	add_request("");
	request("/bridgetap.v1.Calls/CreateCall");
	carry();
	assert_non_null(held);
	/* stop() destroys the session, and checks that nothing is held. */
}

static void a_deadline_that_passes_cancels_the_call(void **state)
{
	(void)state;
	add_request("");
	request_with("/bridgetap.v1.Calls/CreateCall", "grpc-timeout", "500m");
	carry();
	assert_non_null(held);
	assert_in_range(grpc_session_deadline(session), 1500, 1502);
	now = 1400;
	grpc_session_expire(session);
	assert_non_null(held);
	now = 1600;
	grpc_session_expire(session);
	assert_null(held);
	assert_true(grpc_session_deadline(session) == UINT64_MAX);
	carry();
	assert_true(seen.closed);
	assert_int_equal(seen.error, NGHTTP2_CANCEL);
}

static void a_client_that_goes_on_sending_is_told_to_stop(void **state)
{
	(void)state;
	add_request("x");
	seen.keep_open = true;
	request("/bridgetap.v1.Calls/GetCall");
	carry();
	assert_ended("0");
}

static const struct {
	const char *what;
	const char *path, *header, *value;
	unsigned requests;
	const char *status, *grpc_status;
} refused[] = {
	{ "no such method", "/bridgetap.v1.Calls/Nope", "a", "b", 1, "200", "12" },
	{ "no such service", "/bridgetap.v1.Nope/GetCall", "a", "b", 1, "200", "12" },
	{ "a prefix of a service", "/bridgetap.v1.Call/GetCall", "a", "b", 1, "200", "12" },
	{ "no path to speak of", "/", "a", "b", 1, "200", "12" },
	{ "another content type", "/bridgetap.v1.Calls/GetCall", "content-type", "text/html", 1,
		"415", "" },
	{ "a content type that only begins like ours", "/bridgetap.v1.Calls/GetCall",
		"content-type", "application/grpc-web", 1, "415", "" },
	{ "another method", "/bridgetap.v1.Calls/GetCall", ":method", "GET", 1, "405", "" },
	{ "an encoding", "/bridgetap.v1.Calls/GetCall", "grpc-encoding", "gzip", 1, "200", "12" },
	{ "no message", "/bridgetap.v1.Calls/GetCall", "a", "b", 0, "200", "12" },
	{ "two messages", "/bridgetap.v1.Calls/CreateCall", "a", "b", 2, "200", "12" },
};

static void what_is_no_proper_call_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		for (unsigned r = 0; r < refused[i].requests; r++)
			add_request("");
		request_with(refused[i].path, refused[i].header, refused[i].value);
		carry();
		if (strcmp(seen.status, refused[i].status) != 0 ||
			strcmp(seen.grpc_status, refused[i].grpc_status) != 0 || !seen.closed)
			fail_msg("%s: %s, %s", refused[i].what, seen.status, seen.grpc_status);
		assert_null(held);
		memset(&seen, 0, sizeof(seen));
	}
}

static void a_message_that_is_cut_short_is_refused(void **state)
{
	(void)state;
	add_request("a longer id");
	seen.body_length -= 3;
	request("/bridgetap.v1.Calls/GetCall");
	carry();
	assert_ended("3");
}

/* --- what a client may have the server hold --- */

static void who_is_not_admitted_need_not_send_anything(void **state)
{
	(void)state;
	seen.keep_open = true;
	request_with("/bridgetap.v1.Calls/LoadCallTable", "who", "stranger");
	carry();
	assert_ended("7");
	assert_string_equal(seen.message, "not you");
	assert_int_equal(messages_seen, 0);
}

/* The prefix of a message and its first byte, which is all that is sent of it. */
static void begin_message(uint32_t length)
{
	const uint8_t prefix[] = { 0, (uint8_t)(length >> 24), (uint8_t)(length >> 16),
		(uint8_t)(length >> 8), (uint8_t)length, 0x0a };

	memset(&seen, 0, sizeof(seen));
	memcpy(seen.body, prefix, sizeof(prefix));
	seen.body_length = sizeof(prefix);
	seen.keep_open = true;
}

/* On as many streams of this method as are taken. */
static unsigned begin_messages(const char *path, int32_t *last)
{
	for (unsigned begun = 0;; begun++) {
		int32_t stream;

		begin_message(GRPC_MESSAGE_MAX / 2);
		stream = request(path);
		carry();
		if (seen.closed)
			return begun;
		*last = stream;
	}
}

static void unfinished_messages_take_so_much_of_a_connection_and_no_more(void **state)
{
	static const struct {
		const char *path;
		size_t most;
	} cases[] = {
		{ "/bridgetap.v1.Calls/LoadCallTable", GRPC_HELD_MAX },
		{ BIDI_PATH, GRPC_HELD_MAX_OPEN }, /* which everybody may call */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int32_t last;

		assert_int_equal(begin_messages(cases[i].path, &last),
			cases[i].most / (GRPC_MESSAGE_MAX / 2));
		assert_ended("8");
		assert_non_null(strstr(seen.message, "bytes already"));
		/* What one gives up another may have. */
		nghttp2_submit_rst_stream(client, NGHTTP2_FLAG_NONE, last, NGHTTP2_CANCEL);
		carry();
		assert_int_equal(begin_messages(cases[i].path, &last), 1);
	}
}

/* A message of so many calls, of which each takes more in memory than on the wire. */
static void add_empty_calls(unsigned count)
{
	const uint8_t prefix[] = { 0, 0, 0, (uint8_t)(2 * count >> 8), (uint8_t)(2 * count) };

	memcpy(seen.body, prefix, sizeof(prefix));
	for (unsigned i = 0; i < count; i++)
		memcpy(seen.body + sizeof(prefix) + 2 * i, (const uint8_t[]){ 0x12, 0 }, 2);
	seen.body_length = sizeof(prefix) + 2 * count;
	seen.body_sent = 0;
}

static void messages_that_are_kept_take_so_much_of_a_connection_and_no_more(void **state)
{
	size_t least = 2000 * sizeof(Bridgetap__V1__CallDescription);
	int32_t stream;

	(void)state;
	keeps = true;
	seen.keep_open = true;
	add_empty_calls(2000);
	stream = request("/bridgetap.v1.Calls/LoadCallTable");
	carry();
	while (!seen.closed) {
		add_empty_calls(2000);
		nghttp2_session_resume_data(client, stream);
		carry();
	}
	assert_string_equal(seen.grpc_status, "8");
	assert_non_null(strstr(seen.message, "bytes already"));
	assert_in_range(kept_count, GRPC_HELD_MAX / least / 2, GRPC_HELD_MAX / least);
	/* With the call they are done with. */
	keeps = false;
	memset(&seen, 0, sizeof(seen));
	add_empty_calls(2000);
	request("/bridgetap.v1.Calls/LoadCallTable");
	carry();
	assert_ended("0");
}

static void requests_wait_for_a_client_that_does_not_read(void **state)
{
	nghttp2_settings_entry window = { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0 };
	const unsigned requests = 100;

	(void)state;
	nghttp2_submit_settings(client, NGHTTP2_FLAG_NONE, &window, 1);
	carry();
	for (unsigned i = 0; i < requests; i++) {
		seen.body_length = seen.body_sent = 0;
		add_request("");
		request("/bridgetap.v1.Calls/OfferCall");
		carry();
	}
	assert_int_equal(messages_seen, GRPC_UNREAD_MAX >> 20);
	/* It reads one of them, and what has waited for that goes on. */
	nghttp2_session_set_local_window_size(client, NGHTTP2_FLAG_NONE, 0, 1 << 30);
	nghttp2_session_set_local_window_size(client, NGHTTP2_FLAG_NONE, 1, 2 << 20);
	carry();
	assert_int_equal(seen.closings, 1);
	assert_int_equal(messages_seen, (GRPC_UNREAD_MAX >> 20) + 1);
	/* It gives another up. */
	nghttp2_submit_rst_stream(client, NGHTTP2_FLAG_NONE, 3, NGHTTP2_CANCEL);
	carry();
	assert_int_equal(messages_seen, (GRPC_UNREAD_MAX >> 20) + 2);
	window.value = 2 << 20;
	nghttp2_submit_settings(client, NGHTTP2_FLAG_NONE, &window, 1);
	carry();
	assert_int_equal(messages_seen, requests);
	assert_int_equal(seen.closings, requests);
}

static void noise_ends_the_connection(void **state)
{
	uint8_t noise[4096];

	(void)state;
	srandom(11);
	for (unsigned round = 0; round < 300; round++) {
		const struct grpc_peer peer = { .uid = 42 };
		struct grpc_session *victim = grpc_session_create(&server, &peer, NULL);
		static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
		size_t length = (size_t)random() % sizeof(noise);

		for (size_t i = 0; i < length; i++)
			noise[i] = (uint8_t)random();
		if (round % 2 == 0)
			grpc_session_receive(victim, (const uint8_t *)preface, 24);
		grpc_session_receive(victim, noise, length);
		grpc_session_destroy(victim);
	}
}

static void floods_are_cut_off(void **state)
{
	unsigned resets = 0;

	(void)state;
	carry();
	/* Open and reset at once, as in CVE-2023-44487. */
	for (; resets < 5000; resets++) {
		int32_t stream;
		const uint8_t *bytes;
		ssize_t length;
		int ret = 0;

		memset(&seen, 0, sizeof(seen));
		add_request("x");
		stream = request("/bridgetap.v1.Calls/GetCall");
		if (stream < 0)
			break;
		nghttp2_submit_rst_stream(client, NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
		nghttp2_session_mem_send(client, &bytes); /* HEADERS */
		while ((length = nghttp2_session_mem_send(client, &bytes)) > 0)
			ret |= grpc_session_receive(session, bytes, (size_t)length);
		(void)ret;
		carry();
		if (!nghttp2_session_want_read(client) && !nghttp2_session_want_write(client))
			break;
	}
	assert_true(messages_seen < 5000);
}

static void a_client_that_reads_no_answers_cannot_make_frames_pile_up(void **state)
{
	/* HEADERS of ":method: POST" alone, on streams without end. */
	uint8_t frame[] = { 0, 0, 1, 1, 4, 0, 0, 0, 0, 0x83 };
	const uint8_t *preface;
	ssize_t length;
	unsigned sent = 0;

	(void)state;
	while ((length = nghttp2_session_mem_send(client, &preface)) > 0)
		assert_int_equal(grpc_session_receive(session, preface, (size_t)length), 0);
	for (uint32_t stream = 1; sent < 100000; stream += 2, sent++) {
		frame[5] = (uint8_t)(stream >> 24);
		frame[6] = (uint8_t)(stream >> 16);
		frame[7] = (uint8_t)(stream >> 8);
		frame[8] = (uint8_t)stream;
		if (grpc_session_receive(session, frame, sizeof(frame)) != 0)
			break;
	}
	assert_in_range(sent, GRPC_STREAMS_MAX, 50000);
}

static void goaway_comes_before_the_end(void **state)
{
	(void)state;
	carry();
	grpc_session_shut_down(session);
	carry();
	assert_int_equal(nghttp2_session_check_request_allowed(client), 0);
	assert_true(grpc_session_is_over(session));
}

static void every_service_must_have_all_its_methods(void **state)
{
	static const struct grpc_method few[] = { { "GetCall", echo, NULL },
		{ "GetCall", echo, NULL }, { "GetCall", echo, NULL }, { "GetCall", echo, NULL },
		{ "GetCall", echo, NULL }, { "GetCall", echo, NULL }, { "GetCall", echo, NULL },
		{ "GetCall", echo, NULL }, { "GetCall", echo, NULL }, { "GetCall", echo, NULL },
		{ "GetCall", echo, NULL }, { "GetCall", echo, NULL }, { "GetCall", echo, NULL } };
	const struct grpc_service lacking = { &bridgetap__v1__calls__descriptor, few, NULL, NULL };
	const struct grpc_server broken = { &lacking, 1, get_now, count_wake, NULL };
	const char *missing;

	(void)state;
	assert_true(grpc_server_check(&server, &missing));
	assert_false(grpc_server_check(&broken, &missing));
	assert_string_equal(missing, "CreateCall");
}

int main(void)
{
#define SESSION_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_messages_are_percent_encoded_and_back),
		cmocka_unit_test(timeouts_are_read_as_the_specification_says),
		cmocka_unit_test(base64_survives_a_round_trip),
		cmocka_unit_test(whatever_has_a_name_is_found_by_it),
		cmocka_unit_test(files_are_found_by_their_whole_names_alone),
		cmocka_unit_test(methods_stream_as_their_files_say),
		cmocka_unit_test(bytes_that_wait_come_out_as_they_went_in),
		cmocka_unit_test(messages_come_together_however_they_are_cut),
		cmocka_unit_test(oversized_and_compressed_messages_are_told),
		cmocka_unit_test(texts_must_be_utf8),
		cmocka_unit_test(a_field_without_a_number_is_no_field),
		cmocka_unit_test(a_message_may_not_unpack_to_more_than_its_budget),
		SESSION_TEST(a_unary_call_is_answered_however_the_bytes_are_cut),
		SESSION_TEST(a_refusal_is_trailers_alone),
		SESSION_TEST(a_server_stream_has_its_messages_and_then_its_status),
		SESSION_TEST(a_client_stream_is_taken_message_by_message),
		SESSION_TEST(a_bidirectional_stream_speaks_both_ways_until_the_client_ends_it),
		SESSION_TEST(a_client_that_does_not_read_answers_must_wait_with_its_questions),
		SESSION_TEST(questions_that_wait_are_dropped_with_the_call),
		SESSION_TEST(an_answer_may_come_later),
		SESSION_TEST(a_client_that_cancels_is_heard_of),
		SESSION_TEST(a_connection_that_breaks_cancels_its_calls),
		SESSION_TEST(a_deadline_that_passes_cancels_the_call),
		SESSION_TEST(a_client_that_goes_on_sending_is_told_to_stop),
		SESSION_TEST(what_is_no_proper_call_is_refused),
		SESSION_TEST(a_message_that_is_cut_short_is_refused),
		SESSION_TEST(who_is_not_admitted_need_not_send_anything),
		SESSION_TEST(unfinished_messages_take_so_much_of_a_connection_and_no_more),
		SESSION_TEST(messages_that_are_kept_take_so_much_of_a_connection_and_no_more),
		SESSION_TEST(requests_wait_for_a_client_that_does_not_read),
		SESSION_TEST(noise_ends_the_connection),
		SESSION_TEST(floods_are_cut_off),
		SESSION_TEST(a_client_that_reads_no_answers_cannot_make_frames_pile_up),
		SESSION_TEST(goaway_comes_before_the_end),
		cmocka_unit_test(every_service_must_have_all_its_methods),
	};

	return cmocka_run_group_tests_name("grpc", tests, NULL, NULL);
}
