/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridgetap/v1/access.pb-c.h"
#include "bridgetap/v1/admin.pb-c.h"
#include "bridgetap/v1/calls.pb-c.h"
#include "bridgetap/v1/directory.pb-c.h"
#include "bridgetap/v1/monitor.pb-c.h"
#include "ctl/ctl.h"
#include "ctl/json.h"
#include "grpc/kind.h"
#include "health/v1/health.pb-c.h"
#include "proto/unpack.h"

/* Every method there is, by its descriptor. */

static const ProtobufCServiceDescriptor *const services[] = {
	&bridgetap__v1__calls__descriptor,
	&bridgetap__v1__monitor__descriptor,
	&bridgetap__v1__access__descriptor,
	&bridgetap__v1__directory__descriptor,
	&bridgetap__v1__admin__descriptor,
	&grpc__health__v1__health__descriptor,
};
#define SERVICES (sizeof(services) / sizeof(services[0]))

bool ctl_find_method(const char *text, struct client_method *found)
{
	const char *method = strrchr(text, '/') ? strrchr(text, '/') : strrchr(text, '.');
	size_t length = method != NULL ? (size_t)(method - text) : 0;

	for (unsigned i = 0; method != NULL && i < SERVICES; i++) {
		const char *names[2] = { services[i]->name, services[i]->short_name };

		for (unsigned n = 0; n < 2; n++)
			if (strlen(names[n]) == length && strncmp(names[n], text, length) == 0) {
				found->service = services[i];
				found->method = protobuf_c_service_descriptor_get_method_by_name(
					services[i], method + 1);
				return found->method != NULL;
			}
	}
	return false;
}

/* --- call --- */

/* From the arguments, or, for "-", one after another from standard input. All are read and checked
 * before anything is sent: the appliance cannot tell a client that broke off from one that has
 * ended. */
struct requests {
	const ProtobufCMessageDescriptor *type;
	size_t count, room, sent;
	ProtobufCMessage **messages;
};

/* False after having said what is wrong. */
static bool take(struct requests *requests, json_t *json, const json_error_t *json_error)
{
	char error[JSON_ERROR_SIZE];
	ProtobufCMessage *message;

	if (json == NULL) {
		ctl_usage("request %zu is no JSON: %s (line %d)", requests->count + 1,
			json_error->text, json_error->line);
		return false;
	}
	message = json_to_message(json, requests->type, error);
	json_decref(json);
	if (message == NULL) {
		ctl_usage("request %zu: %s", requests->count + 1, error);
		return false;
	}
	if (requests->count == requests->room) {
		requests->room = requests->room > 0 ? 2 * requests->room : 16;
		requests->messages = ctl_need(
			realloc(requests->messages, requests->room * sizeof(ProtobufCMessage *)));
	}
	requests->messages[requests->count++] = message;
	return true;
}

/* White space at the end of the input is no broken JSON. */
static bool at_end(void)
{
	int c;

	do
		c = getc(stdin);
	while (c == ' ' || c == '\n' || c == '\t' || c == '\r');
	if (c == EOF)
		return true;
	ungetc(c, stdin);
	return false;
}

static bool take_stdin(struct requests *requests)
{
	json_error_t error;

	while (!at_end())
		if (!take(requests, json_loadf(stdin, JSON_DISABLE_EOF_CHECK, &error), &error))
			return false;
	return true;
}

/* Without any, it is one empty request. */
static bool take_arguments(struct requests *requests, int count, char **texts)
{
	json_error_t error;

	if (count == 0)
		return take(requests, json_object(), &error);
	for (int i = 0; i < count; i++)
		if (!take(requests, json_loads(texts[i], 0, &error), &error))
			return false;
	return true;
}

static void requests_free(struct requests *requests)
{
	for (size_t i = 0; i < requests->count; i++)
		unpacked_free(requests->messages[i]);
	free(requests->messages);
}

static bool next_request(void *arg, const ProtobufCMessage **message)
{
	struct requests *requests = arg;

	if (requests->sent == requests->count)
		return false;
	*message = requests->messages[requests->sent++];
	return true;
}

static bool print_response(void *arg, const ProtobufCMessage *message)
{
	(void)arg;
	ctl_print_json(message);
	return true;
}

static int call(struct ctl *ctl, int argc, char **argv)
{
	struct client_method method;
	struct requests requests = { 0 };
	const struct client_hooks hooks = {
		.next = next_request,
		.message = print_response,
		.arg = &requests,
	};
	int code = CTL_USAGE;

	if (!ctl_find_method(argv[0], &method))
		return ctl_usage("%s is none of the methods; see bridgetapctl methods", argv[0]);
	requests.type = method.method->input;
	if (argc == 2 && strcmp(argv[1], "-") == 0 ? take_stdin(&requests)
						   : take_arguments(&requests, argc - 1, argv + 1))
		code = ctl_stream(ctl, argv[0], &hooks);
	requests_free(&requests);
	return code;
}

/* --- methods --- */

static const char *const kinds[] = {
	[GRPC_UNARY] = "",
	[GRPC_CLIENT_STREAM] = "  (takes a stream)",
	[GRPC_SERVER_STREAM] = "  (gives a stream)",
};

static const char *type_name(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return "text";
	case PROTOBUF_C_TYPE_BYTES:
		return "base64";
	case PROTOBUF_C_TYPE_BOOL:
		return "true/false";
	case PROTOBUF_C_TYPE_ENUM:
		return ((const ProtobufCEnumDescriptor *)field->descriptor)->short_name;
	case PROTOBUF_C_TYPE_MESSAGE:
		return ((const ProtobufCMessageDescriptor *)field->descriptor)->short_name;
	default:
		return "number";
	}
}

/* The fields of a message, and, indented, those of the messages in it. */
static void print_fields(const ProtobufCMessageDescriptor *message, int indent)
{
	for (unsigned i = 0; i < message->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->fields[i];
		bool list = field->label == PROTOBUF_C_LABEL_REPEATED;

		printf("%*s%s: %s%s", indent, "", field->name, list ? "list of " : "",
			type_name(field));
		if (field->type == PROTOBUF_C_TYPE_ENUM) {
			const ProtobufCEnumDescriptor *values = field->descriptor;

			for (unsigned v = 0; v < values->n_values; v++)
				printf("%s%s", v ? ", " : " (", values->values[v].name);
			putchar(')');
		}
		putchar('\n');
		if (field->type == PROTOBUF_C_TYPE_MESSAGE)
			print_fields(field->descriptor, indent + 2);
	}
}

static int methods(struct ctl *ctl, int argc, char **argv)
{
	struct client_method method;

	(void)ctl;
	if (argc > 0) {
		if (!ctl_find_method(argv[0], &method))
			return ctl_usage("%s is none of the methods", argv[0]);
		printf("%s\n", method.method->input->name);
		print_fields(method.method->input, 2);
		printf("returns %s\n", method.method->output->name);
		print_fields(method.method->output, 2);
		return CTL_OK;
	}
	for (unsigned i = 0; i < SERVICES; i++)
		for (unsigned m = 0; m < services[i]->n_methods; m++)
			printf("%s.%s%s\n", services[i]->name, services[i]->methods[m].name,
				kinds[grpc_kind_of(
					services[i]->name, services[i]->methods[m].name)]);
	return CTL_OK;
}

const struct ctl_command generic_commands[] = {
	{ "call", call, 1, CTL_ANY_NUMBER, "SERVICE.METHOD [JSON...|-]", NULL,
		"Call any method, with requests from the arguments or from standard input",
		"  bridgetapctl call Calls.DeleteCall '{\"call_id\": \"c1\"}'\n" },
	{ "methods", methods, 0, 1, "[SERVICE.METHOD]", NULL,
		"List all methods, or the fields of one",
		"  bridgetapctl methods Calls.CreateCall\n" },
	{ 0 },
};
