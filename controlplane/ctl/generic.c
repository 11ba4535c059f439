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

/* Requests from the arguments, or, for "-", one after another from standard input. */
struct requests {
	const ProtobufCMessageDescriptor *type;
	int count;
	char **texts;
	bool from_stdin;
	bool none; /* no arguments: one empty request */
	bool failed;
	ProtobufCMessage *message;
};

static json_t *next_json(struct requests *requests, json_error_t *error)
{
	if (requests->from_stdin)
		return feof(stdin) ? NULL : json_loadf(stdin, JSON_DISABLE_EOF_CHECK, error);
	if (requests->none) {
		requests->none = false;
		return json_object();
	}
	if (requests->count == 0)
		return NULL;
	requests->count--;
	return json_loads(*requests->texts++, 0, error);
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

static bool next_request(void *arg, const ProtobufCMessage **message)
{
	struct requests *requests = arg;
	char error[JSON_ERROR_SIZE];
	json_error_t json_error;
	json_t *json;

	if (requests->message != NULL)
		unpacked_free(requests->message);
	requests->message = NULL;
	if (requests->from_stdin ? at_end() : !requests->none && requests->count == 0)
		return false;
	json = next_json(requests, &json_error);
	if (json == NULL) {
		ctl_usage("the request is no JSON: %s (line %d)", json_error.text, json_error.line);
		requests->failed = true;
		return false;
	}
	requests->message = json_to_message(json, requests->type, error);
	json_decref(json);
	if (requests->message == NULL) {
		ctl_usage("%s", error);
		requests->failed = true;
		return false;
	}
	*message = requests->message;
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
	struct client_result result;

	if (!ctl_find_method(argv[0], &method))
		return ctl_usage("%s is none of the methods; see bridgetapctl methods", argv[0]);
	requests.type = method.method->input;
	requests.from_stdin = argc == 2 && strcmp(argv[1], "-") == 0;
	requests.none = argc == 1;
	requests.count = argc - 1;
	requests.texts = argv + 1;
	if (!ctl_stream_quietly(ctl, argv[0], &hooks, &result))
		return ctl->code;
	if (requests.message != NULL)
		unpacked_free(requests.message);
	if (requests.failed) {
		client_result_free(&result);
		return CTL_USAGE;
	}
	return ctl_end(ctl, &result);
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
