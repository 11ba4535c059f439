/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <utlist.h>

#include "net/log.h"
#include "net/steering.h"
#include "proto/unpack.h"
#include "worker/worker.h"

#define WIRE_VERSION   1
#define SNAPSHOT_BYTES (WIRE_MESSAGE_MAX / 2)
#define SNAPSHOT_NONE  UINT32_MAX
#define GREETING_S     5

/* Bytes waiting, above which events are dropped, and no more is read. */
#define QUEUE_MAX (8u << 20)

/* A packed message that the socket did not take yet. */
struct queued {
	struct queued *next, *prev;
	size_t length;
	uint8_t bytes[];
};

struct server {
	struct server_config config;
	struct registry *registry;
	server_stats_fn *stats;
	void *arg;
	int epoll_fd;
	int listen_fd;
	int peer_fd; /* -1 while nobody is connected */
	uint32_t peer_events;
	bool greeted;
	unsigned silent_s; /* while it has not */
	uint32_t snapshot; /* the number of a call that it goes on with, or SNAPSHOT_NONE */
	uint8_t epoch;	   /* how often a control plane has greeted or asked for everything */
	struct queued *queue;
	size_t queued_bytes;
	uint8_t buffer[WIRE_MESSAGE_MAX + 1];
};

/* What epoll hands back for the two descriptors. */
#define LISTEN_DATA(server) ((void *)&(server)->listen_fd)
#define PEER_DATA(server)   ((void *)&(server)->peer_fd)

static int watch(struct server *server, int operation, int fd, void *data, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = data };

	return epoll_ctl(server->epoll_fd, operation, fd, &event) < 0 ? -errno : 0;
}

static void hang_up(struct server *server)
{
	struct queued *item, *next;

	if (server->peer_fd < 0)
		return;
	close(server->peer_fd);
	server->peer_fd = -1;
	server->greeted = false;
	server->snapshot = SNAPSHOT_NONE;
	DL_FOREACH_SAFE (server->queue, item, next) {
		DL_DELETE(server->queue, item);
		free(item);
	}
	server->queued_bytes = 0;
	log_info("control plane disconnected; media goes on");
}

static bool has_room(const struct server *server)
{
	return server->queued_bytes <= QUEUE_MAX;
}

/* Nothing is read from who does not take what there is to say, nor during a snapshot, so that calls
 * do not come and go. */
static void watch_peer(struct server *server)
{
	bool asked = server->snapshot != SNAPSHOT_NONE;
	uint32_t events = (has_room(server) && !asked ? EPOLLIN : 0u) |
			  (server->queue != NULL || asked ? EPOLLOUT : 0u);

	if (events != server->peer_events &&
		watch(server, EPOLL_CTL_MOD, server->peer_fd, PEER_DATA(server), events) == 0)
		server->peer_events = events;
}

/* --- sending --- */

static void flush(struct server *server)
{
	struct queued *item;

	while ((item = server->queue) != NULL) {
		if (send(server->peer_fd, item->bytes, item->length, MSG_DONTWAIT | MSG_NOSIGNAL) <
			0) {
			if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS)
				hang_up(server);
			return;
		}
		DL_DELETE(server->queue, item);
		server->queued_bytes -= item->length;
		free(item);
	}
}

bool server_send(struct server *server, const WireFrom *message)
{
	bool is_event =
		message->message_case == BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_EVENT;
	size_t length = bridgetap__dataplane__v1__from_dataplane__get_packed_size(message);
	struct queued *item;

	if (server->peer_fd < 0 || !server->greeted)
		return false;
	if (is_event && !has_room(server))
		return false;
	item = malloc(sizeof(*item) + length);
	if (item == NULL) {
		/* Whoever cannot be told everything must start over. */
		hang_up(server);
		return false;
	}
	item->length = length;
	bridgetap__dataplane__v1__from_dataplane__pack(message, item->bytes);
	DL_APPEND(server->queue, item);
	server->queued_bytes += length;
	if (server->queue == item)
		flush(server);
	if (server->peer_fd >= 0)
		watch_peer(server);
	return true;
}

static void fill_workers_of_ports(
	const struct server *server, uint8_t *workers, ProtobufCBinaryData *data)
{
	if (server->config.worker_count < 2)
		return;
	for (unsigned i = 0; i < STEERING_PERIOD; i++)
		workers[i] = (uint8_t)steering_queue(
			(uint16_t)(2 * i), (uint16_t)server->config.worker_count);
	*data = (ProtobufCBinaryData){ .data = workers, .len = STEERING_PERIOD };
}

static void send_welcome(struct server *server)
{
	uint8_t workers[STEERING_PERIOD];
	Bridgetap__Dataplane__V1__Welcome welcome = BRIDGETAP__DATAPLANE__V1__WELCOME__INIT;
	Bridgetap__Dataplane__V1__Realm realms[REALM_MAX], *pointers[REALM_MAX];
	WireFrom message = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__INIT;

	for (unsigned i = 0; i < server->config.realms->count; i++) {
		const struct realm *realm = &server->config.realms->realm[i];
		bool ipv4 = endpoint_is_ipv4(&realm->address);

		bridgetap__dataplane__v1__realm__init(&realms[i]);
		realms[i].name = (char *)(uintptr_t)realm->name;
		realms[i].address.data =
			(uint8_t *)(uintptr_t)realm->address.address + (ipv4 ? 12 : 0);
		realms[i].address.len = ipv4 ? 4 : 16;
		realms[i].first_port = realm->first_port;
		realms[i].last_port = realm->last_port;
		realms[i].recording = realm->recording;
		pointers[i] = &realms[i];
	}
	welcome.version = WIRE_VERSION;
	welcome.instance = server->config.instance;
	welcome.generation = registry_generation(server->registry);
	welcome.n_realms = server->config.realms->count;
	welcome.realms = pointers;
	welcome.seats_max = server->config.seats_max;
	welcome.calls_max = server->config.calls_max;
	fill_workers_of_ports(server, workers, &welcome.workers_of_ports);
	message.message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_WELCOME;
	message.welcome = &welcome;
	server_send(server, &message);
}

static void send_result(struct server *server, uint64_t generation, const struct refusal *refusal)
{
	Bridgetap__Dataplane__V1__BatchResult result = BRIDGETAP__DATAPLANE__V1__BATCH_RESULT__INIT;
	WireFrom message = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__INIT;

	result.generation = generation;
	if (refusal != NULL) {
		result.code = refusal->code;
		result.message = (char *)(uintptr_t)refusal->sentence;
		result.operation = refusal->operation;
	}
	message.message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_BATCH_RESULT;
	message.batch_result = &result;
	server_send(server, &message);
}

void server_batch_done(struct server *server, uint64_t generation)
{
	send_result(server, generation, NULL);
}

static void send_snapshot(
	struct server *server, const WireCall *const *calls, size_t count, bool more)
{
	Bridgetap__Dataplane__V1__Snapshot snapshot = BRIDGETAP__DATAPLANE__V1__SNAPSHOT__INIT;
	WireFrom message = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__INIT;

	snapshot.n_calls = count;
	snapshot.calls = (WireCall **)(uintptr_t)calls;
	snapshot.more = more;
	snapshot.generation = registry_generation(server->registry);
	message.message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_SNAPSHOT;
	message.snapshot = &snapshot;
	server_send(server, &message);
}

/* Who has just come does not know which legs are silent. */
static void tell_again(struct server *server)
{
	server->epoch++;
	for (unsigned i = 0; i < server->config.worker_count; i++)
		__atomic_store_n(
			&server->config.workers[i].reporter.epoch, server->epoch, __ATOMIC_RELAXED);
}

/* Of all calls, as many as a message holds. All at once might be more than there is memory for, and
 * take seconds. */
static void go_on_with_snapshot(struct server *server)
{
	enum { CHUNK = 1024 };
	const WireCall *calls[CHUNK], *call = NULL;
	uint32_t next = server->snapshot;
	size_t count = 0, bytes = 0;

	while (count < CHUNK && (call = registry_next(server->registry, &next)) != NULL) {
		bytes += bridgetap__dataplane__v1__call__get_packed_size(call) + 16;
		if (count > 0 && bytes > SNAPSHOT_BYTES)
			break;
		calls[count++] = call;
		server->snapshot = next;
	}
	if (call == NULL)
		server->snapshot = SNAPSHOT_NONE;
	send_snapshot(server, calls, count, call != NULL);
	if (call == NULL)
		tell_again(server);
}

/* --- receiving --- */

static void handle_snapshot_request(struct server *server, const char *call_id)
{
	const WireCall *call;

	if (*call_id == '\0') {
		server->snapshot = 0;
		return;
	}
	call = registry_call_by_id(server->registry, call_id);
	send_snapshot(server, &call, call != NULL ? 1 : 0, false);
}

static void handle_batch(struct server *server, const WireBatch *batch)
{
	struct refusal refusal;

	if (registry_apply(server->registry, batch, &refusal) < 0)
		send_result(server, batch->generation, &refusal);
}

static void handle_message(struct server *server, const WireTo *message)
{
	switch (message->message_case) {
	case BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_HELLO:
		server->greeted = true;
		tell_again(server);
		send_welcome(server);
		if (message->hello->version != WIRE_VERSION) {
			log_error(
				"the control plane speaks version %u of the protocol, this is %u; "
				"install the same release of both",
				message->hello->version, WIRE_VERSION);
			hang_up(server);
		}
		break;
	case BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_BATCH:
		handle_batch(server, message->batch);
		break;
	case BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_SNAPSHOT_REQUEST:
		handle_snapshot_request(server, message->snapshot_request->call_id);
		break;
	case BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_STATS_REQUEST:
		server->stats(server->arg, message->stats_request);
		break;
	default:
		log_warning("control socket: a message of no known kind was ignored");
		break;
	}
}

/* One packet, where there is one. */
static void receive(struct server *server)
{
	ssize_t length =
		recv(server->peer_fd, server->buffer, sizeof(server->buffer), MSG_DONTWAIT);
	char error[UNPACK_ERROR_SIZE];
	WireTo *message;

	if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return;
	if (length <= 0) {
		hang_up(server);
		return;
	}
	if ((size_t)length > WIRE_MESSAGE_MAX) {
		log_warning("control socket: a message is longer than %d bytes; hanging up",
			WIRE_MESSAGE_MAX);
		hang_up(server);
		return;
	}
	message = (WireTo *)unpack(&bridgetap__dataplane__v1__to_dataplane__descriptor,
		server->buffer, (size_t)length, WIRE_UNPACK_MAX, error);
	if (message == NULL) {
		log_warning("control socket: a message cannot be read: %s; hanging up", error);
		hang_up(server);
		return;
	}
	handle_message(server, message);
	unpacked_free(&message->base);
}

static void accept_peer(struct server *server)
{
	int fd = accept4(server->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int size = 4 * WIRE_MESSAGE_MAX;

	if (fd < 0)
		return;
	if (server->peer_fd >= 0) {
		log_warning("control socket: a second control plane was turned away");
		close(fd);
		return;
	}
	/* A message must fit into the buffer whole; beyond the default limit only root may go. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	server->peer_fd = fd;
	server->peer_events = EPOLLIN;
	server->silent_s = 0;
	if (watch(server, EPOLL_CTL_ADD, fd, PEER_DATA(server), EPOLLIN) < 0)
		hang_up(server);
	else
		log_info("control plane connected");
}

bool server_handle(struct server *server, void *data, uint32_t events)
{
	if (data == LISTEN_DATA(server)) {
		accept_peer(server);
		return true;
	}
	if (data != PEER_DATA(server))
		return false;
	if (server->peer_fd >= 0 && (events & EPOLLOUT))
		flush(server);
	/* One request, or one message of a snapshot: there may be others who wait. */
	if (server->peer_fd >= 0 && has_room(server)) {
		if (server->snapshot != SNAPSHOT_NONE)
			go_on_with_snapshot(server);
		else
			receive(server);
	}
	if (server->peer_fd >= 0)
		watch_peer(server);
	return true;
}

uint8_t server_epoch(const struct server *server)
{
	return server->epoch;
}

void server_check_greeting(struct server *server)
{
	if (server->peer_fd < 0 || server->greeted || server->silent_s++ < GREETING_S)
		return;
	log_warning("control socket: whoever has connected does not greet; hanging up");
	hang_up(server);
}

/* --- life --- */

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), ret;
	struct stat existing;

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		close(fd);
		return -EADDRINUSE;
	}
	if (stat(path, &existing) == 0 && S_ISSOCK(existing.st_mode))
		unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && chmod(path, 0660) == 0 &&
		listen(fd, 4) == 0)
		return fd;
	ret = -errno;
	close(fd);
	return ret;
}

struct server *server_create(const struct server_config *config, struct registry *registry,
	int epoll_fd, server_stats_fn *stats, void *arg)
{
	struct server *server = calloc(1, sizeof(*server));
	int ret = -ENOMEM;

	if (server == NULL)
		goto fail;
	server->config = *config;
	server->registry = registry;
	server->stats = stats;
	server->arg = arg;
	server->epoll_fd = epoll_fd;
	server->peer_fd = -1;
	server->snapshot = SNAPSHOT_NONE;
	server->listen_fd = ret = listen_at(config->path);
	if (ret < 0)
		goto fail;
	ret = watch(server, EPOLL_CTL_ADD, server->listen_fd, LISTEN_DATA(server), EPOLLIN);
	if (ret < 0) {
		close(server->listen_fd);
		goto fail;
	}
	return server;

fail:
	free(server);
	errno = -ret;
	return NULL;
}

void server_destroy(struct server *server)
{
	if (server == NULL)
		return;
	hang_up(server);
	close(server->listen_fd);
	unlink(server->config.path);
	free(server);
}
