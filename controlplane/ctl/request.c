/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/json.h"
#include "proto/unpack.h"

/* Asking the control plane, and saying what came of it. */

int ctl_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("bridgetapctl: ", stderr);
	vfprintf(stderr, format, args);
	fputs("\n", stderr);
	va_end(args);
	return CTL_USAGE;
}

int ctl_failed(struct ctl *ctl, struct client_result *result)
{
	const Bridgetap__V1__Refusal *refusal = result->refusal;

	ctl->code = result->status == GRPC_UNAVAILABLE ? CTL_UNAVAILABLE : CTL_REFUSED;
	print_line(
		stderr, "bridgetapctl: %s: %s", grpc_status_name(result->status), result->sentence);
	if (refusal != NULL && *refusal->field != '\0')
		print_line(stderr, "  field: %s", refusal->field);
	for (size_t i = 0; refusal != NULL && i < refusal->n_reasons; i++)
		print_line(stderr, "  %s: %s", reason_name((int)refusal->reasons[i]->code),
			refusal->reasons[i]->sentence);
	if (result->status == GRPC_ABORTED)
		print_line(stderr,
			"  somebody else has saved meanwhile, and nothing was changed; try again");
	client_result_free(result);
	return ctl->code;
}

void ctl_print_json(const void *message)
{
	json_t *json = json_of_message(message);

	json_dumpf(json, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	putchar('\n');
	fflush(stdout);
	json_decref(json);
}

void *ctl_need(void *pointer)
{
	if (pointer == NULL) {
		fputs("bridgetapctl: out of memory\n", stderr);
		exit(CTL_REFUSED);
	}
	return pointer;
}

void ctl_free(void *message)
{
	unpacked_free(message);
}

void *ctl_copy(const void *message)
{
	const ProtobufCMessage *original = message;
	size_t length = protobuf_c_message_get_packed_size(original);
	uint8_t *bytes = ctl_need(malloc(length + 1));
	void *copy;

	protobuf_c_message_pack(original, bytes);
	copy = protobuf_c_message_unpack(original->descriptor, NULL, length, bytes);
	free(bytes);
	return ctl_need(copy);
}

/* The connection, made when it is needed first: what is wrong with the command line is said even
 * where nobody listens. */
static bool connected(struct ctl *ctl)
{
	if (ctl->client == NULL)
		ctl->client = client_connect(&ctl->options);
	if (ctl->client == NULL)
		ctl->code = CTL_UNAVAILABLE;
	return ctl->client != NULL;
}

bool ctl_stream_quietly(struct ctl *ctl, const char *name, const struct client_hooks *hooks,
	struct client_result *result)
{
	struct client_method method;

	if (!ctl_find_method(name, &method))
		abort();
	if (!connected(ctl))
		return false;
	client_call(ctl->client, &method, hooks, result);
	return true;
}

int ctl_end(struct ctl *ctl, struct client_result *result)
{
	if (result->status != GRPC_OK)
		return ctl_failed(ctl, result);
	client_result_free(result);
	return CTL_OK;
}

int ctl_stream(struct ctl *ctl, const char *method, const struct client_hooks *hooks)
{
	struct client_result result;

	if (!ctl_stream_quietly(ctl, method, hooks, &result))
		return ctl->code;
	return ctl_end(ctl, &result);
}

void *ctl_ask(struct ctl *ctl, const char *name, const void *request)
{
	struct client_method method;
	struct client_result result;
	void *response;

	if (!ctl_find_method(name, &method) ||
		((const ProtobufCMessage *)request)->descriptor != method.method->input)
		abort();
	if (!connected(ctl))
		return NULL;
	response = client_unary(ctl->client, &method, request, &result);
	if (response == NULL)
		ctl_failed(ctl, &result);
	return response;
}

/* Says what a response is, and frees it. */
static int conclude(
	struct ctl *ctl, ProtobufCMessage *response, ctl_print_fn *print, const char *sentence)
{
	if (response == NULL)
		return ctl->code;
	if (ctl->json)
		ctl_print_json(response);
	else if (print != NULL)
		print(response);
	else
		puts(sentence);
	ctl_free(response);
	return CTL_OK;
}

int ctl_tell(struct ctl *ctl, const char *method, const void *request, const char *sentence)
{
	return conclude(ctl, ctl_ask(ctl, method, request), NULL, sentence);
}

int ctl_show(struct ctl *ctl, const char *method, const void *request, ctl_print_fn *print)
{
	return conclude(ctl, ctl_ask(ctl, method, request), print, "");
}

void *ctl_ask_for(struct ctl *ctl, const char *name, char *text)
{
	struct client_method method;
	ProtobufCMessage *request;
	void *response;

	if (!ctl_find_method(name, &method) ||
		method.method->input->fields[0].type != PROTOBUF_C_TYPE_STRING)
		abort();
	request = ctl_need(calloc(1, method.method->input->sizeof_message));
	protobuf_c_message_init(method.method->input, request);
	*(char **)((char *)request + method.method->input->fields[0].offset) = text;
	response = ctl_ask(ctl, name, request);
	free(request); /* the text is the caller's */
	return response;
}

int ctl_tell_for(struct ctl *ctl, const char *method, char *text, const char *sentence)
{
	return conclude(ctl, ctl_ask_for(ctl, method, text), NULL, sentence);
}

int ctl_show_for(struct ctl *ctl, const char *method, char *text, ctl_print_fn *print)
{
	return conclude(ctl, ctl_ask_for(ctl, method, text), print, "");
}
