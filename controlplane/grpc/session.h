/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_GRPC_SESSION_H
#define BRIDGETAP_GRPC_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "grpc/call.h"

/* The HTTP/2 side of one client connection (nghttp2), without any I/O: bytes go in, bytes come
 * out, and whoever owns the session carries them. Loop thread only. */

struct grpc_session;

/* What all sessions of a server share. */
struct grpc_server {
	const struct grpc_service *services;
	unsigned service_count;
	uint64_t (*now_ms)(void *arg);
	/* The session has something to send, outside of grpc_session_receive(). */
	void (*wake)(void *arg, void *session_arg);
	void *arg;
};

#define GRPC_STREAMS_MAX  2048 /* concurrent calls of a connection */
#define GRPC_METADATA_MAX 8192 /* bytes of names and values of a request */

/* Bytes of a connection's messages that are not complete, or that services keep, and of those to
 * services that are open to everybody: what would be more is refused. Bytes of its answers that the
 * client has not read: requests wait until it has. */
#define GRPC_HELD_MAX	   (256u << 20)
#define GRPC_HELD_MAX_OPEN (4u << 20)
#define GRPC_UNREAD_MAX	   (4u << 20)

/* Check that every service has a method for each of its descriptor's; false, with the name of
 * one that lacks in `missing`, where not. Call once at start. */
bool grpc_server_check(const struct grpc_server *server, const char **missing);

/* `server` outlives the session. NULL where memory is short. */
struct grpc_session *grpc_session_create(
	const struct grpc_server *server, const struct grpc_peer *peer, void *arg);

/* Every call that is open is cancelled. */
void grpc_session_destroy(struct grpc_session *session);

/* Bytes from the client. 0, or -EPROTO where the connection must be closed (after sending what
 * there is to send). */
int grpc_session_receive(struct grpc_session *session, const uint8_t *bytes, size_t length);

/* Fill `buffer` with bytes for the client; returns how many, 0 for none at the moment, -ENOMEM. */
ssize_t grpc_session_send(struct grpc_session *session, uint8_t *buffer, size_t size);

/* Nothing will be received or sent any more. */
bool grpc_session_is_over(const struct grpc_session *session);

/* When grpc_session_expire() should be called next; UINT64_MAX for never. */
uint64_t grpc_session_deadline(const struct grpc_session *session);

/* Cancel the calls whose deadline has passed. */
void grpc_session_expire(struct grpc_session *session);

/* Tell the client to go elsewhere (GOAWAY); calls that are open may still end. */
void grpc_session_shut_down(struct grpc_session *session);

#endif
