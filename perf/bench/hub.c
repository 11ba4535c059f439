/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "bench/hub.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "bench/report.h"
#include "proto/unpack.h"

#define EVENTS	      64
#define UNARY_SECONDS 10.0

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

struct packed pack(const ProtobufCMessage *message)
{
	struct packed packed;

	packed.bytes = grpc_message_pack(message, &packed.length);
	if (packed.bytes == NULL)
		report_out_of_memory();
	return packed;
}

/* --- connections --- */

static int add_channel(struct hub *hub, const char *socket_path, const char *organisation)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = hub->count };
	struct channel *channel = channel_create(socket_path, organisation);

	if (channel == NULL)
		return report_error("cannot connect to %s: %s", socket_path, strerror(errno));
	hub->channels[hub->count++] = channel;
	if (epoll_ctl(hub->epoll_fd, EPOLL_CTL_ADD, channel->fd, &event) < 0)
		return report_error("epoll: %s", strerror(errno));
	return 0;
}

int hub_init(struct hub *hub, const char *socket_path, const char *organisation, unsigned count)
{
	*hub = (struct hub){ .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
	hub->channels = calloc(count, sizeof(struct channel *));
	hub->waits_to_write = calloc(count, sizeof(*hub->waits_to_write));
	if (hub->channels == NULL || hub->waits_to_write == NULL || hub->epoll_fd < 0)
		report_out_of_memory();
	while (hub->count < count)
		if (add_channel(hub, socket_path, organisation) < 0)
			return -1;
	return 0;
}

void hub_fini(struct hub *hub)
{
	for (unsigned i = 0; i < hub->count; i++)
		channel_destroy(hub->channels[i]);
	free(hub->channels);
	free(hub->waits_to_write);
	close(hub->epoll_fd);
}

void hub_start(struct hub *hub, unsigned index, struct rpc *rpc)
{
	channel_start(hub->channels[index % hub->count], rpc);
}

/* --- turning --- */

static void flush(struct hub *hub, unsigned index)
{
	struct channel *channel = hub->channels[index];
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = index };

	channel_flush(channel);
	if (channel->fd < 0 || hub->waits_to_write[index] == channel->blocked)
		return;
	hub->waits_to_write[index] = channel->blocked;
	event.events |= channel->blocked ? EPOLLOUT : 0;
	epoll_ctl(hub->epoll_fd, EPOLL_CTL_MOD, channel->fd, &event);
}

void hub_turn(struct hub *hub, uint64_t wait_ns)
{
	const struct timespec wait = {
		.tv_sec = (time_t)(wait_ns / SECOND),
		.tv_nsec = (long)(wait_ns % SECOND),
	};
	struct epoll_event events[EVENTS];
	int ready;

	for (unsigned i = 0; i < hub->count; i++)
		flush(hub, i);
	ready = epoll_pwait2(hub->epoll_fd, events, EVENTS, &wait, NULL);
	for (int i = 0; i < ready; i++)
		channel_read(hub->channels[events[i].data.u32], now_ns());
	for (int i = 0; i < ready; i++)
		channel_take(hub->channels[events[i].data.u32]);
}

bool hub_until_none(struct hub *hub, const size_t *left, double seconds)
{
	uint64_t deadline = now_ns() + (uint64_t)(seconds * 1e9), now;

	while (*left > 0) {
		now = now_ns();
		if (now >= deadline)
			return false;
		hub_turn(hub, deadline - now);
	}
	return true;
}

/* --- many calls, or one --- */

struct tally {
	size_t left, refused;
	char sentence[CHANNEL_SENTENCE + 32];
};

static void count_end(struct rpc *rpc)
{
	struct tally *tally = rpc->arg;

	tally->left--;
	if (rpc->status == GRPC_OK)
		return;
	if (tally->refused++ == 0)
		report_format(tally->sentence, sizeof(tally->sentence), "%s: %s",
			grpc_status_name(rpc->status), rpc->sentence);
}

int hub_all(struct hub *hub, struct rpc *rpcs, size_t count, double seconds, const char *what)
{
	struct tally tally = { .left = count };

	for (size_t i = 0; i < count; i++) {
		rpcs[i].ended = count_end;
		rpcs[i].arg = &tally;
		hub_start(hub, (unsigned)i, &rpcs[i]);
	}
	if (!hub_until_none(hub, &tally.left, seconds))
		return report_error("%s: no answer within %.0f s to %zu of %zu", what, seconds,
			tally.left, count);
	if (tally.refused > 0)
		return report_error(
			"%s: %zu of %zu refused: %s", what, tally.refused, count, tally.sentence);
	return 0;
}

struct unary {
	struct rpc rpc; /* first */
	const ProtobufCMessageDescriptor *output;
	ProtobufCMessage *response;
};

static void take_response(struct rpc *rpc, const uint8_t *body, size_t length)
{
	struct unary *unary = (struct unary *)rpc;
	char error[UNPACK_ERROR_SIZE];

	if (unary->response == NULL)
		unary->response = unpack(unary->output, body, length, GRPC_MESSAGE_MAX * 64, error);
}

int hub_unary(struct hub *hub, const struct unary_call *call, const ProtobufCMessage *request,
	const ProtobufCMessageDescriptor *output, ProtobufCMessage **response)
{
	struct packed packed = pack(request);
	struct unary unary = {
		.rpc = {
			.path = call->path,
			.as_operator = call->as_operator,
			.messages = &packed,
			.message_count = 1,
			.message = take_response,
		},
		.output = output,
	};
	int ret;

	ret = hub_all(hub, &unary.rpc, 1, UNARY_SECONDS, call->path);
	if (ret == 0 && unary.response == NULL)
		ret = report_error("%s: the answer is no such message", call->path);
	free(packed.bytes);
	if (ret == 0 && response != NULL)
		*response = unary.response;
	else
		unpacked_free(unary.response);
	return ret;
}
