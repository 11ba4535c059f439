/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_SERVER_H
#define BRIDGETAP_CONTROL_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "control/registry.h"
#include "control/wire.h"

/* The Unix socket that the control plane connects to: one connection at a time, one message a
 * packet. It does not matter to media whether anybody is connected. Main lcore only. */

struct server;
struct worker;

struct server_config {
	const char *path;
	const struct realm_set *realms;
	unsigned seats_max;
	unsigned calls_max;
	unsigned worker_count;
	struct worker
		*workers;  /* of which each new connection is told what they have told before */
	uint64_t instance; /* another one each time the process starts */
};

/* Answers a StatsRequest by calling server_send(), at once or later. */
typedef void server_stats_fn(void *arg, const WireStatsRequest *request);

/* Listen. A socket file that nobody listens on is replaced; -EADDRINUSE (in errno) where another
 * data plane does. `epoll_fd` is told of the descriptors; server_handle() gets what it reports
 * of them. `config` is copied, its pointers live on. NULL with errno. */
struct server *server_create(const struct server_config *config, struct registry *registry,
	int epoll_fd, server_stats_fn *stats, void *arg);
void server_destroy(struct server *server);

/* Handle epoll events `events` on the descriptor that was registered with `data`; returns false
 * where that is none of the server's. */
bool server_handle(struct server *server, void *data, uint32_t events);

/* Hang up on whoever has connected and not said Hello for some seconds: there is one seat. Call it
 * once a second. */
void server_check_greeting(struct server *server);

/* Another number whenever a control plane has greeted, or has asked for everything. */
uint8_t server_epoch(const struct server *server);

/* The workers have applied batch `generation`. */
void server_batch_done(struct server *server, uint64_t generation);

/* Send a message, or queue it while the peer is slow; dropped where nobody is connected. Events
 * are the first to go when a peer does not read: false where that happened. No more is read from a
 * peer meanwhile, so that answers alone never make the queue much longer. */
bool server_send(struct server *server, const WireFrom *message);

#endif
