/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "proto/descriptor.h"
#include "reflection/v1/reflection.pb-c.h"
#include "reflection/v1alpha/reflection.pb-c.h"
#include "service/services.h"

/* gRPC server reflection (grpc/doc/server-reflection.md): what the services look like, for clients
 * that do not have the .proto files. v1 is v1alpha under another name, with the same bytes on the
 * wire and the same structs here, so one code serves both. */

#define SAME(field)                                                        \
	(offsetof(Grpc__Reflection__V1__ServerReflectionRequest, field) == \
		offsetof(Grpc__Reflection__V1alpha__ServerReflectionRequest, field))
static_assert(sizeof(Grpc__Reflection__V1__ServerReflectionRequest) ==
			      sizeof(Grpc__Reflection__V1alpha__ServerReflectionRequest) &&
		      SAME(host) && SAME(message_request_case) && SAME(list_services),
	"v1 and v1alpha differ");

#define ASKS_FOR(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name
#define ANSWER(name)   GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name

#define FILE_DEPENDENCY 3 /* of google.protobuf.FileDescriptorProto */
#define FILES_MAX	64
#define SERVICES_MAX	32

/* The answer to one question; what it points to is in here. */
struct answer {
	struct grpc_call *grpc;
	Grpc__Reflection__V1__ServerReflectionResponse response;
	Grpc__Reflection__V1__ErrorResponse error;
	Grpc__Reflection__V1__ListServiceResponse services;
	Grpc__Reflection__V1__ServiceResponse service_items[SERVICES_MAX];
	Grpc__Reflection__V1__ServiceResponse *service_list[SERVICES_MAX];
	Grpc__Reflection__V1__FileDescriptorResponse files;
	ProtobufCBinaryData file_list[FILES_MAX];
	Grpc__Reflection__V1__ExtensionNumberResponse numbers;
};

static void send_error(struct answer *answer, enum grpc_status code, const char *sentence)
{
	grpc__reflection__v1__error_response__init(&answer->error);
	answer->error.error_code = (int32_t)code;
	answer->error.error_message = (char *)(uintptr_t)sentence;
	answer->response.message_response_case = ANSWER(ERROR_RESPONSE);
	answer->response.error_response = &answer->error;
	grpc_call_send(answer->grpc, &answer->response.base);
}

static void send_services(struct answer *answer)
{
	unsigned count;
	const struct grpc_service *services =
		services_list(grpc_call_context(answer->grpc), &count);

	grpc__reflection__v1__list_service_response__init(&answer->services);
	for (unsigned i = 0; i < count && i < SERVICES_MAX; i++) {
		Grpc__Reflection__V1__ServiceResponse *item = &answer->service_items[i];

		grpc__reflection__v1__service_response__init(item);
		item->name = (char *)(uintptr_t)services[i].descriptor->name;
		answer->service_list[answer->services.n_service++] = item;
	}
	answer->services.service = answer->service_list;
	answer->response.message_response_case = ANSWER(LIST_SERVICES_RESPONSE);
	answer->response.list_services_response = &answer->services;
	grpc_call_send(answer->grpc, &answer->response.base);
}

/* The file, and all that it imports, each once: a client would ask for them next. */
static void add_file(struct answer *answer, struct proto_span file)
{
	size_t *count = &answer->files.n_file_descriptor_proto;
	struct proto_span rest = file;
	struct proto_field field;

	for (size_t i = 0; i < *count; i++)
		if (answer->file_list[i].data == file.at)
			return;
	if (*count == FILES_MAX)
		return;
	answer->file_list[(*count)++] =
		(ProtobufCBinaryData){ file.left, (uint8_t *)(uintptr_t)file.at };
	while (proto_field_next(&rest, &field)) {
		struct proto_span dependency;

		if (field.number == FILE_DEPENDENCY &&
			descriptor_find_file(field.bytes, &dependency))
			add_file(answer, dependency);
	}
}

static void send_file(struct answer *answer, struct proto_span file)
{
	grpc__reflection__v1__file_descriptor_response__init(&answer->files);
	add_file(answer, file);
	answer->files.file_descriptor_proto = answer->file_list;
	answer->response.message_response_case = ANSWER(FILE_DESCRIPTOR_RESPONSE);
	answer->response.file_descriptor_response = &answer->files;
	grpc_call_send(answer->grpc, &answer->response.base);
}

static void answer_filename(struct answer *answer, const char *name)
{
	const struct proto_span text = { (const uint8_t *)name, strlen(name) };
	struct proto_span file;

	if (descriptor_find_file(text, &file))
		send_file(answer, file);
	else
		send_error(answer, GRPC_NOT_FOUND, "there is no file of this name");
}

static void answer_symbol(struct answer *answer, const char *name)
{
	struct descriptor found;

	if (descriptor_find(name, &found))
		send_file(answer, found.file);
	else
		send_error(answer, GRPC_NOT_FOUND, "nothing has this name");
}

/* No message has extensions: proto3 has none, but for options. */
static void answer_extensions(struct answer *answer, const char *type)
{
	struct descriptor found;

	if (!descriptor_find(type, &found) || found.kind != DESCRIPTOR_MESSAGE) {
		send_error(answer, GRPC_NOT_FOUND, "there is no message of this name");
		return;
	}
	grpc__reflection__v1__extension_number_response__init(&answer->numbers);
	answer->numbers.base_type_name = (char *)(uintptr_t)type;
	answer->response.message_response_case = ANSWER(ALL_EXTENSION_NUMBERS_RESPONSE);
	answer->response.all_extension_numbers_response = &answer->numbers;
	grpc_call_send(answer->grpc, &answer->response.base);
}

static void inform(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	Grpc__Reflection__V1__ServerReflectionRequest *request = (void *)(uintptr_t)message;
	struct answer answer;

	answer.grpc = grpc;
	grpc__reflection__v1__server_reflection_response__init(&answer.response);
	answer.response.valid_host = request->host;
	answer.response.original_request = request;
	switch (request->message_request_case) {
	case ASKS_FOR(FILE_BY_FILENAME):
		answer_filename(&answer, request->file_by_filename);
		break;
	case ASKS_FOR(FILE_CONTAINING_SYMBOL):
		answer_symbol(&answer, request->file_containing_symbol);
		break;
	case ASKS_FOR(FILE_CONTAINING_EXTENSION):
		send_error(&answer, GRPC_NOT_FOUND, "there are no extensions");
		break;
	case ASKS_FOR(ALL_EXTENSION_NUMBERS_OF_TYPE):
		answer_extensions(&answer, request->all_extension_numbers_of_type);
		break;
	case ASKS_FOR(LIST_SERVICES):
		send_services(&answer);
		break;
	default:
		send_error(&answer, GRPC_INVALID_ARGUMENT, "the request asks for nothing");
		break;
	}
}

static void finish(struct grpc_call *grpc)
{
	grpc_call_finish(grpc, GRPC_OK, "", NULL);
}

const struct grpc_method reflection_methods[] = {
	{ "ServerReflectionInfo", inform, finish },
};
