/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_DATAPLANE_LINK_SOCKET_H
#define BRIDGETAP_DATAPLANE_LINK_SOCKET_H

#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"

/* A connection of packets (SOCK_SEQPACKET) to a Unix socket, which is made again whenever it is
 * lost. Loop thread only. */

#define LINK_MESSAGE_MAX (128 * 1024)

struct link_socket;

struct link_socket_hooks {
	void (*opened)(void *arg);
	/* Bytes of one packet. Returns negative to have the connection closed. */
	int (*message)(void *arg, const uint8_t *bytes, size_t length);
	void (*closed)(void *arg); /* after opened() alone */
	void *arg;
};

/* Begins to connect at once. NULL where memory is short. */
struct link_socket *link_socket_create(
	struct loop *loop, const char *path, const struct link_socket_hooks *hooks);

/* Only after loop_close(). */
void link_socket_destroy(struct link_socket *socket);

/* Room for a packet of `length` bytes, to be filled in and given to link_socket_send(). NULL
 * where memory is short. */
uint8_t *link_socket_packet(size_t length);

/* Queue a packet, which is the socket's from now on; `length` may be less than was asked for. */
void link_socket_send(struct link_socket *socket, uint8_t *packet, size_t length);

#endif
