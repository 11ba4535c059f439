/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_BENCH_HUB_H
#define BRIDGETAP_BENCH_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "bench/channel.h"

/* The connections of the benchmark, and the loop that serves them. One thread. A function that
 * returns -1 has printed one "error:" line. */

#define SECOND UINT64_C(1000000000)

struct hub {
	struct channel **channels;
	unsigned count;
	int epoll_fd;
	bool *waits_to_write; /* by channel: epoll was asked for EPOLLOUT */
};

/* Monotonic, in nanoseconds. */
uint64_t now_ns(void);

/* Connect `count` times. `organisation` outlives the hub. 0 or -1. */
int hub_init(struct hub *hub, const char *socket_path, const char *organisation, unsigned count);
void hub_fini(struct hub *hub);

/* Start a call on connection number `index`, modulo their count. */
void hub_start(struct hub *hub, unsigned index, struct rpc *rpc);

/* Send what there is, wait at most `wait_ns` for something to come, and work through that. */
void hub_turn(struct hub *hub, uint64_t wait_ns);

/* Turn until `*left` is 0; false where that took more than `seconds`. */
bool hub_until_none(struct hub *hub, const size_t *left, double seconds);

/* Start all of `rpcs`, spread over the connections, and wait for the end of all of them. -1 where
 * one of them was refused, or where it takes more than `seconds`; `what` is for the sentence. The
 * `ended` and `arg` of each are overwritten. */
int hub_all(struct hub *hub, struct rpc *rpcs, size_t count, double seconds, const char *what);

struct unary_call {
	const char *path;
	bool as_operator; /* and not for the organisation */
};

/* Make one unary call, within ten seconds. The response into `*response`, to be freed by
 * unpacked_free(), where that is not NULL. */
int hub_unary(struct hub *hub, const struct unary_call *call, const ProtobufCMessage *request,
	const ProtobufCMessageDescriptor *output, ProtobufCMessage **response);

/* The message as it goes onto a stream. Ends the process where memory is short. */
struct packed pack(const ProtobufCMessage *message);

#endif
