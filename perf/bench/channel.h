/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_BENCH_CHANNEL_H
#define BRIDGETAP_BENCH_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <nghttp2/nghttp2.h>

#include "grpc/message.h"
#include "grpc/status.h"

/* A connection to the control plane that carries many gRPC calls at a time and never waits. One
 * thread. */

#define CHANNEL_BUFFER	 (64 * 1024)
#define CHANNEL_SENTENCE 160

struct channel;

/* A message as it goes onto the stream: prefix and protobuf. */
struct packed {
	uint8_t *bytes;
	size_t length;
};

/* One call. The caller's memory, which stays where it is until `ended`; all zero to begin with,
 * and again for the next call, but for what the caller has set. */
struct rpc {
	/* Set by the caller. */
	const char *path; /* such as "/bridgetap.v1.Calls/ListCalls" */
	const char *user; /* NULL: the organisation itself asks */
	bool as_operator; /* no organisation either: the operator of the appliance asks */
	const struct packed *messages;
	size_t message_count;
	/* A response message without its prefix; NULL where nobody wants them. */
	void (*message)(struct rpc *rpc, const uint8_t *body, size_t length);
	/* The call is over; it may be started again from here. NULL where nobody wants to know. */
	void (*ended)(struct rpc *rpc);
	void *arg;   /* of `ended`, */
	void *owner; /* of `message` */

	/* Set by the channel. */
	struct channel *channel;
	struct rpc *next, *prev;
	int32_t stream;
	bool over;
	bool has_status;
	enum grpc_status status;
	char sentence[CHANNEL_SENTENCE];
	size_t message_index, message_sent;
	struct grpc_assembler assembler;
};

struct channel {
	int fd; /* -1 once it is broken */
	const char *organisation;
	nghttp2_session *http2;
	struct rpc *rpcs; /* under way */
	bool blocked;	  /* the socket takes no more at the moment */
	uint64_t read_at; /* nanoseconds: when the bytes in `in` came */
	size_t in_length;
	const uint8_t *chunk; /* of nghttp2's, not copied to `out` yet */
	size_t chunk_length;
	size_t out_length, out_sent;
	uint8_t in[CHANNEL_BUFFER], out[CHANNEL_BUFFER];
};

/* Connect. `organisation` outlives the channel. NULL with errno. */
struct channel *channel_create(const char *socket_path, const char *organisation);

/* Calls that are under way just vanish. NULL is allowed. */
void channel_destroy(struct channel *channel);

/* Start a call; it goes out with the next channel_flush(). */
void channel_start(struct channel *channel, struct rpc *rpc);

/* End a call from our side; `ended` is called in due time. */
void channel_cancel(struct rpc *rpc);

/* Read once into `in`, without looking at it: what is measured is when bytes come, not how long we
 * take for those of others. */
void channel_read(struct channel *channel, uint64_t now);

/* Work through what was read. */
void channel_take(struct channel *channel);

/* Send what there is to send, as far as the socket takes it. */
void channel_flush(struct channel *channel);

#endif
