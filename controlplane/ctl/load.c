/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridgetap/v1/directory.pb-c.h"
#include "ctl/ctl.h"
#include "ctl/json.h"

/* A whole directory from a file. */

static bool replace;

static const struct ctl_option options[] = {
	{ "replace", CTL_FLAG, &replace, NULL, NULL, NULL, "delete what is not in the file" },
	{ 0 },
};

/* The file is checked before anything is sent: it is applied whole or not at all, and the appliance
 * cannot tell a client that broke off from one that has ended. */
struct load {
	struct ctl *ctl;
	size_t count, sent;
	Bridgetap__V1__LoadDirectoryRequest **requests;
};

/* One message, or a list of them. False after having said what is wrong. */
static bool take_json(struct load *load, const json_t *json)
{
	size_t count = json_is_array(json) ? json_array_size(json) : 1;
	char error[JSON_ERROR_SIZE];

	load->requests = ctl_need(calloc(count + 1, sizeof(*load->requests)));
	for (; load->count < count; load->count++) {
		const json_t *one = json_is_array(json) ? json_array_get(json, load->count) : json;
		ProtobufCMessage *request = json_to_message(
			one, &bridgetap__v1__load_directory_request__descriptor, error);

		if (request == NULL) {
			ctl_usage("message %zu of the file: %s", load->count + 1, error);
			return false;
		}
		load->requests[load->count] = (Bridgetap__V1__LoadDirectoryRequest *)request;
	}
	if (count == 0)
		ctl_usage("the file has no message in it");
	return count > 0;
}

static bool read_file(struct load *load, const char *path)
{
	json_error_t error;
	json_t *json = strcmp(path, "-") == 0 ? json_loadf(stdin, 0, &error)
					      : json_load_file(path, 0, &error);
	bool taken;

	if (json == NULL) {
		ctl_usage("%s: %s (line %d)", path, error.text, error.line);
		return false;
	}
	taken = take_json(load, json);
	json_decref(json);
	return taken;
}

static bool next_request(void *arg, const ProtobufCMessage **message)
{
	struct load *load = arg;

	if (load->sent == load->count)
		return false;
	*message = &load->requests[load->sent++]->base;
	return true;
}

static bool print_loaded(void *arg, const ProtobufCMessage *message)
{
	const Bridgetap__V1__LoadDirectoryResponse *loaded = (const void *)message;
	const struct load *load = arg;

	if (load->ctl->json)
		ctl_print_json(loaded);
	else
		printf("%u created, %u updated, %u deleted\n", loaded->created, loaded->updated,
			loaded->deleted);
	return true;
}

static int load_directory(struct ctl *ctl, int argc, char **argv)
{
	struct load load = { .ctl = ctl };
	const struct client_hooks hooks = { next_request, print_loaded, NULL, &load };
	int code = CTL_USAGE;

	(void)argc;
	if (read_file(&load, argv[0])) {
		if (replace)
			load.requests[0]->operation =
				BRIDGETAP__V1__LOAD_DIRECTORY_REQUEST__OPERATION__REPLACE;
		code = ctl_stream(ctl, "Directory.LoadDirectory", &hooks);
	}
	for (size_t i = 0; i < load.count; i++)
		ctl_free(load.requests[i]);
	free(load.requests);
	return code;
}

const struct ctl_command load_commands[] = {
	{ "load", load_directory, 1, 1, "FILE.json|-", options,
		"Load users, roles, groups and extensions: one LoadDirectoryRequest, or a list",
		"  bridgetapctl load --replace acme.json\n"
		"  echo '{\"users\": [{\"id\": \"sue\", \"role\": \"USER_ROLE_SUPERVISOR\"}]}' |\n"
		"    bridgetapctl load -\n" },
	{ 0 },
};
