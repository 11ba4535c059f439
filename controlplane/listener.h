/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROLPLANE_LISTENER_H
#define BRIDGETAP_CONTROLPLANE_LISTENER_H

#include "grpc/session.h"
#include "loop/loop.h"

/* The clients' Unix socket: carries bytes between connections on the loop and gRPC sessions. */

struct listener;

#define LISTENER_CONNECTIONS_MAX 1024

/* Listen on `path` with file mode `mode`. A socket file that nobody listens on is replaced. `grpc`
 * has the services; its now_ms, wake and arg are set here; it outlives the listener. NULL with
 * errno: EADDRINUSE where another process listens there. Loop thread only. */
struct listener *listener_create(
	struct loop *loop, const char *path, unsigned mode, struct grpc_server *grpc);

/* Tell all clients to go elsewhere, and take no more of them. `drained` is called when the last
 * one has gone. */
void listener_shut_down(struct listener *listener, void (*drained)(void *arg), void *arg);

/* Only after loop_close(). */
void listener_destroy(struct listener *listener);

#endif
