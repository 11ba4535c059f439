/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_DATAPLANE_H
#define BRIDGETAP_CONTROL_DATAPLANE_H

#include <stdint.h>

#include <rte_mempool.h>

#include "call/port_table.h"
#include "control/config.h"
#include "control/ends.h"
#include "control/guard_alarm.h"
#include "control/registry.h"
#include "control/relay_walk.h"
#include "control/relays.h"
#include "control/ring_pool.h"
#include "control/server.h"
#include "net/guard.h"
#include "net/port.h"
#include "net/rtnetlink.h"
#include "worker/worker.h"

/* The whole process, and its main lcore: starts and stops everything else, and in between sleeps
 * until the control socket, the kernel's neighbour table, a signal or a worker needs it. */
struct dataplane {
	struct config config;
	struct rte_mempool *pool;
	struct guard *guard;
	struct port_table table;
	struct ring_pool rings;
	struct relays relays;
	struct relay_walk *relay_walk;
	struct worker *workers;
	struct rtnetlink *rtnl;
	struct registry *registry;
	struct server *server;
	struct ends ends;
	int epoll_fd;
	int signal_fd;
	int timer_fd;
	uint64_t wall_offset_us; /* wall clock less the kernel's monotonic one, at the start */
	struct guard_alarm guard_alarm;
	bool eal_runs;
	bool stopping;
};

/* Each step of the start says on the log what went wrong and what to do, and returns -errno; what
 * the steps before have set up is taken down by dataplane_fini(). Main lcore. */
int dataplane_init_eal(struct dataplane *dp);
int dataplane_init_ports(struct dataplane *dp);
int dataplane_init_workers(struct dataplane *dp);
int dataplane_init_control(struct dataplane *dp);

/* Set by the kernel's clock what the workers take for the time of day: often enough for theirs to
 * go right, and without a step where somebody sets the kernel's. */
void dataplane_set_clocks(struct dataplane *dp);

/* Serve until SIGTERM or SIGINT. 0 or -errno. */
int dataplane_run(struct dataplane *dp);

/* Stop the workers and release everything, in reverse order. */
void dataplane_fini(struct dataplane *dp);

/* Answer a StatsRequest; a server_stats_fn with a struct dataplane. */
void dataplane_send_stats(void *arg, const WireStatsRequest *request);

/* The sum of a counter over all workers. */
uint64_t dataplane_counter(const struct dataplane *dp, enum counter counter);

#endif
