/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CTL_CLIENT_H
#define BRIDGETAP_CTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "bridgetap/v1/common.pb-c.h"
#include "grpc/status.h"

/* A gRPC client over a Unix socket, one call at a time; waits for everything. */

#define CLIENT_UNPACK_BUDGET (256u << 20) /* bytes of memory that a response may take */

struct client;

struct client_options {
	const char *socket;
	const char *organisation; /* "" for none */
	const char *user;	  /* likewise */
	unsigned timeout_s;	  /* 0 for none; server streams have none either way */
};

/* NULL with one sentence on standard error. */
struct client *client_connect(const struct client_options *options);
void client_close(struct client *client);

struct client_method {
	const ProtobufCServiceDescriptor *service;
	const ProtobufCMethodDescriptor *method;
};

/* How a call ended. */
struct client_result {
	enum grpc_status status;
	char sentence[512];
	Bridgetap__V1__Refusal *refusal; /* NULL for none; freed by client_result_free() */
};
void client_result_free(struct client_result *result);

struct client_hooks {
	/* The next request message; false after the last. Its memory is the hook's. */
	bool (*next)(void *arg, const ProtobufCMessage **message);
	/* A response message, freed after it returns; false ends the call. */
	bool (*message)(void *arg, const ProtobufCMessage *message);
	/* Called every second that nothing comes, where it is set; false ends the call. */
	bool (*idle)(void *arg);
	void *arg;
};

/* Make a call and wait for its end. Where the connection breaks the status is UNAVAILABLE; where a
 * hook ends the call it is OK, and what the server still sends on it is not looked at. */
void client_call(struct client *client, const struct client_method *method,
	const struct client_hooks *hooks, struct client_result *result);

/* A unary call: the response, to be freed by unpacked_free(), or NULL with the result.
 * (unary.c) */
ProtobufCMessage *client_unary(struct client *client, const struct client_method *method,
	const ProtobufCMessage *request, struct client_result *result);

#endif
