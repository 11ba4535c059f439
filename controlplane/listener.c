/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <utlist.h>

#include "log.h"

#define BUFFER_SIZE (64 * 1024)
#define BACKLOG	    512

struct connection {
	struct connection *next, *prev;
	struct listener *listener;
	int fd;
	bool closing;
	struct grpc_session *session;
	struct loop_op receive_op, send_op;
	struct loop_task pump;
	struct loop_timer deadline;
	size_t to_send, sent;
	uint8_t in[BUFFER_SIZE], out[BUFFER_SIZE];
};

struct listener {
	struct loop *loop;
	struct grpc_server *grpc;
	struct sockaddr_un address;
	int fd;
	int lock_fd;
	struct loop_op accept_op;
	struct loop_timer accept_retry;
	struct connection *connections;
	unsigned count;
	void (*drained)(void *arg);
	void *drained_arg;
};

static void begin_accept(void *arg);

static void free_when_idle(struct connection *c)
{
	struct listener *listener = c->listener;

	if (c->receive_op.pending || c->send_op.pending)
		return;
	loop_task_drop(listener->loop, &c->pump);
	loop_timer_clear(listener->loop, &c->deadline);
	grpc_session_destroy(c->session);
	close(c->fd);
	DL_DELETE(listener->connections, c);
	free(c);
	if (listener->count-- == LISTENER_CONNECTIONS_MAX)
		begin_accept(listener);
	if (listener->count == 0 && listener->drained != NULL)
		listener->drained(listener->drained_arg);
}

static void hang_up(struct connection *c)
{
	if (!c->closing) {
		c->closing = true;
		shutdown(c->fd, SHUT_RDWR);
		loop_cancel(c->listener->loop, &c->receive_op);
		loop_cancel(c->listener->loop, &c->send_op);
	}
	free_when_idle(c);
}

/* Send what the session has to send, a buffer at a time. */
static void pump(void *arg)
{
	struct connection *c = arg;
	struct loop *loop = c->listener->loop;
	uint64_t deadline = grpc_session_deadline(c->session);
	ssize_t length;

	if (c->closing || c->send_op.pending)
		return;
	length = grpc_session_send(c->session, c->out, sizeof(c->out));
	if (length < 0 || (length == 0 && grpc_session_is_over(c->session))) {
		hang_up(c);
		return;
	}
	if (length > 0) {
		c->to_send = (size_t)length;
		c->sent = 0;
		loop_send(loop, &c->send_op, c->fd, c->out, c->to_send);
	}
	if (deadline == UINT64_MAX)
		loop_timer_clear(loop, &c->deadline);
	else
		loop_timer_set(loop, &c->deadline,
			deadline > loop_now_ms(loop) ? deadline - loop_now_ms(loop) : 0);
}

static void sent(void *arg, int result)
{
	struct connection *c = arg;

	if (c->closing || result < 0) {
		hang_up(c);
		return;
	}
	c->sent += (size_t)result;
	if (c->sent < c->to_send)
		loop_send(c->listener->loop, &c->send_op, c->fd, c->out + c->sent,
			c->to_send - c->sent);
	else
		pump(c);
}

static void received(void *arg, int result)
{
	struct connection *c = arg;

	if (c->closing || result <= 0) {
		hang_up(c);
		return;
	}
	if (grpc_session_receive(c->session, c->in, (size_t)result) < 0) {
		/* The session has said why in a GOAWAY, if it could; what it says goes out first,
		 * unless bytes are on their way from that buffer. */
		if (!c->send_op.pending) {
			ssize_t length = grpc_session_send(c->session, c->out, sizeof(c->out));

			if (length > 0)
				send(c->fd, c->out, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL);
		}
		hang_up(c);
		return;
	}
	loop_recv(c->listener->loop, &c->receive_op, c->fd, c->in, sizeof(c->in));
	pump(c);
}

static void expired(void *arg)
{
	struct connection *c = arg;

	grpc_session_expire(c->session);
	pump(c);
}

/* The groups that the peer is in besides its own; none where the kernel does not say. */
static void read_groups(int fd, struct grpc_peer *peer)
{
	socklen_t size = sizeof(peer->groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, peer->groups, &size) == 0)
		peer->group_count = (unsigned)(size / sizeof(peer->groups[0]));
}

static void open_connection(struct listener *listener, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));
	struct grpc_peer peer;
	struct ucred ucred;
	socklen_t size = sizeof(ucred);

	if (c == NULL || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &ucred, &size) < 0)
		goto fail;
	peer = (struct grpc_peer){ .uid = ucred.uid, .gid = ucred.gid, .pid = ucred.pid };
	read_groups(fd, &peer);
	c->session = grpc_session_create(listener->grpc, &peer, c);
	if (c->session == NULL)
		goto fail;
	c->listener = listener;
	c->fd = fd;
	c->receive_op = (struct loop_op){ .done = received, .arg = c };
	c->send_op = (struct loop_op){ .done = sent, .arg = c };
	c->pump = (struct loop_task){ .run = pump, .arg = c };
	c->deadline = (struct loop_timer){ .expired = expired, .arg = c };
	DL_APPEND(listener->connections, c);
	listener->count++;
	loop_recv(listener->loop, &c->receive_op, fd, c->in, sizeof(c->in));
	pump(c);
	return;

fail:
	free(c);
	close(fd);
}

static void accepted(void *arg, int result)
{
	struct listener *listener = arg;

	if (listener->drained != NULL) {
		if (result >= 0)
			close(result);
		return;
	}
	if (result >= 0) {
		open_connection(listener, result);
		if (listener->count < LISTENER_CONNECTIONS_MAX)
			begin_accept(listener);
		return;
	}
	/* Out of descriptors, say: it will pass. */
	log_line(LOG_WARNING, "cannot accept a client: error %d", -result);
	loop_timer_set(listener->loop, &listener->accept_retry, 100);
}

static void begin_accept(void *arg)
{
	struct listener *listener = arg;

	if (listener->drained == NULL && !listener->accept_op.pending)
		loop_accept(listener->loop, &listener->accept_op, listener->fd);
}

static uint64_t now_ms(void *arg)
{
	return loop_now_ms(((struct listener *)arg)->loop);
}

static void wake(void *arg, void *session_arg)
{
	struct connection *c = session_arg;

	loop_task_queue(((struct listener *)arg)->loop, &c->pump);
}

/* Hold `path`.lock for as long as we live. Whether somebody answers at the socket would not tell:
 * io_uring keeps the socket of a process that was killed open for a moment longer. */
static int lock(const char *path)
{
	char name[sizeof(((struct sockaddr_un *)0)->sun_path) + 8];
	int fd;

	snprintf(name, sizeof(name), "%s.lock", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	close(fd);
	return -EADDRINUSE;
}

static int listen_at(const struct sockaddr_un *address, unsigned mode)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), ret;
	struct stat existing;

	if (fd < 0)
		return -errno;
	if (stat(address->sun_path, &existing) == 0 && S_ISSOCK(existing.st_mode))
		unlink(address->sun_path);
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 &&
		chmod(address->sun_path, mode) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

struct listener *listener_create(
	struct loop *loop, const char *path, unsigned mode, struct grpc_server *grpc)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (listener == NULL)
		return NULL;
	listener->loop = loop;
	listener->grpc = grpc;
	listener->address.sun_family = AF_UNIX;
	snprintf(listener->address.sun_path, sizeof(listener->address.sun_path), "%s", path);
	listener->lock_fd = lock(path);
	listener->fd =
		listener->lock_fd < 0 ? listener->lock_fd : listen_at(&listener->address, mode);
	if (listener->fd < 0) {
		int error = -listener->fd;

		if (listener->lock_fd >= 0)
			close(listener->lock_fd);
		free(listener);
		errno = error;
		return NULL;
	}
	grpc->now_ms = now_ms;
	grpc->wake = wake;
	grpc->arg = listener;
	listener->accept_op = (struct loop_op){ .done = accepted, .arg = listener };
	listener->accept_retry = (struct loop_timer){ .expired = begin_accept, .arg = listener };
	begin_accept(listener);
	return listener;
}

void listener_shut_down(struct listener *listener, void (*drained)(void *arg), void *arg)
{
	struct connection *c;

	listener->drained = drained;
	listener->drained_arg = arg;
	loop_timer_clear(listener->loop, &listener->accept_retry);
	loop_cancel(listener->loop, &listener->accept_op);
	unlink(listener->address.sun_path);
	DL_FOREACH (listener->connections, c)
		grpc_session_shut_down(c->session);
	if (listener->count == 0)
		drained(arg);
}

void listener_destroy(struct listener *listener)
{
	if (listener == NULL)
		return;
	while (listener->connections != NULL) {
		struct connection *c = listener->connections;

		c->receive_op.pending = c->send_op.pending = false; /* the loop is gone */
		listener->drained = NULL;
		loop_task_drop(listener->loop, &c->pump);
		loop_timer_clear(listener->loop, &c->deadline);
		grpc_session_destroy(c->session);
		close(c->fd);
		DL_DELETE(listener->connections, c);
		free(c);
	}
	loop_timer_clear(listener->loop, &listener->accept_retry);
	close(listener->fd);
	close(listener->lock_fd);
	free(listener);
}
