/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "dataplane_link/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <utlist.h>

#define RETRY_MS 50

/* A packet that waits to be sent. */
struct outgoing {
	struct outgoing *next;
	size_t length;
	uint8_t bytes[];
};

struct link_socket {
	struct loop *loop;
	struct link_socket_hooks hooks;
	struct sockaddr_un address;
	int fd;
	bool open;
	bool closing;
	struct loop_op connect_op, receive_op, send_op;
	struct loop_timer retry;
	struct outgoing *queue;
	uint8_t buffer[LINK_MESSAGE_MAX + 1];
};

static void clear_queue(struct link_socket *s)
{
	struct outgoing *out, *next;

	LL_FOREACH_SAFE (s->queue, out, next)
		free(out);
	s->queue = NULL;
}

/* Close once no operation is under way; then try again. */
static void close_when_idle(struct link_socket *s)
{
	if (s->connect_op.pending || s->receive_op.pending || s->send_op.pending)
		return;
	close(s->fd);
	s->fd = -1;
	s->closing = false;
	clear_queue(s);
	loop_timer_set(s->loop, &s->retry, RETRY_MS);
}

static void hang_up(struct link_socket *s)
{
	if (s->closing)
		return;
	s->closing = true;
	if (s->open) {
		s->open = false;
		s->hooks.closed(s->hooks.arg);
	}
	shutdown(s->fd, SHUT_RDWR);
	loop_cancel(s->loop, &s->connect_op);
	loop_cancel(s->loop, &s->receive_op);
	loop_cancel(s->loop, &s->send_op);
	close_when_idle(s);
}

static void send_next(struct link_socket *s)
{
	if (s->queue != NULL && s->open && !s->send_op.pending)
		loop_send(s->loop, &s->send_op, s->fd, s->queue->bytes, s->queue->length);
}

static void sent(void *arg, int result)
{
	struct link_socket *s = arg;
	struct outgoing *out = s->queue;

	if (s->closing) {
		close_when_idle(s);
	} else if (result < 0) {
		hang_up(s);
	} else {
		LL_DELETE(s->queue, out);
		free(out);
		send_next(s);
	}
}

static void received(void *arg, int result)
{
	struct link_socket *s = arg;

	if (s->closing) {
		close_when_idle(s);
	} else if (result <= 0 || result > LINK_MESSAGE_MAX ||
		   s->hooks.message(s->hooks.arg, s->buffer, (size_t)result) < 0) {
		hang_up(s);
	} else {
		loop_recv(s->loop, &s->receive_op, s->fd, s->buffer, sizeof(s->buffer));
	}
}

static void connected(void *arg, int result)
{
	struct link_socket *s = arg;

	if (s->closing || result < 0) {
		s->closing = true;
		close_when_idle(s);
		return;
	}
	s->open = true;
	loop_recv(s->loop, &s->receive_op, s->fd, s->buffer, sizeof(s->buffer));
	s->hooks.opened(s->hooks.arg);
}

static void begin_connect(void *arg)
{
	struct link_socket *s = arg;
	int size = 4 * LINK_MESSAGE_MAX;

	s->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (s->fd < 0) {
		loop_timer_set(s->loop, &s->retry, RETRY_MS);
		return;
	}
	/* A message must fit into the buffer whole; beyond the default limit only root may go. */
	if (setsockopt(s->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	loop_connect(s->loop, &s->connect_op, s->fd, (const struct sockaddr *)&s->address,
		sizeof(s->address));
}

struct link_socket *link_socket_create(
	struct loop *loop, const char *path, const struct link_socket_hooks *hooks)
{
	struct link_socket *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->loop = loop;
	s->hooks = *hooks;
	s->address.sun_family = AF_UNIX;
	snprintf(s->address.sun_path, sizeof(s->address.sun_path), "%s", path);
	s->connect_op = (struct loop_op){ .done = connected, .arg = s };
	s->receive_op = (struct loop_op){ .done = received, .arg = s };
	s->send_op = (struct loop_op){ .done = sent, .arg = s };
	s->retry = (struct loop_timer){ .expired = begin_connect, .arg = s };
	begin_connect(s);
	return s;
}

void link_socket_destroy(struct link_socket *s)
{
	if (s == NULL)
		return;
	loop_timer_clear(s->loop, &s->retry);
	if (s->fd >= 0)
		close(s->fd);
	clear_queue(s);
	free(s);
}

uint8_t *link_socket_packet(size_t length)
{
	struct outgoing *out = malloc(sizeof(*out) + length);

	if (out == NULL)
		return NULL;
	out->next = NULL;
	/* cppcheck-suppress memleak ; link_socket_send() finds it again from its bytes */
	return out->bytes;
}

void link_socket_send(struct link_socket *s, uint8_t *packet, size_t length)
{
	struct outgoing *out = (struct outgoing *)(packet - offsetof(struct outgoing, bytes));

	out->length = length;
	if (!s->open) {
		free(out);
		return;
	}
	LL_APPEND(s->queue, out);
	send_next(s);
}
