/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_WORKER_WORKER_H
#define BRIDGETAP_WORKER_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_mempool.h>
#include <rte_ring.h>

#include "call/forward.h"
#include "call/port_table.h"
#include "call/report.h"
#include "net/clock.h"
#include "net/counters.h"
#include "net/port.h"
#include "net/realm.h"
#include "worker/absence.h"
#include "worker/command.h"
#include "worker/upkeep.h"

#define WORKER_MAX   PORT_QUEUES_MAX
#define WORKER_BURST 32

/* So many rounds without an end to what waited at some port, and a worker has fallen behind: 512
 * packets. It makes up for voices that lack with the least effort then, or overload would cost ever
 * more: what is lost for want of time takes more time than what comes. */
#define WORKER_HURRY_ROUNDS 16

/* One poll-mode lcore: owns queue `index` of every port, and the calls placed on it. The main
 * lcore fills this in before the lcore starts; afterwards it touches only the rings, the
 * counters (reading) and `stop`. What the worker writes begins at `nexthops`, on cache lines that
 * nobody else writes, and that no other worker reads. */
struct worker {
	uint8_t index;
	unsigned lcore;
	bool stop;	     /* the main lcore writes, the worker reads */
	struct clock clock;  /* the same for all workers */
	unsigned rate_limit; /* of a leg, times the rate that its packets need; 0 for none */

	const struct port_set *ports;
	const struct realm_set *realms;
	struct port_table *table;
	struct worker *peers;		  /* all workers, by index */
	const struct relay_table *relays; /* NULL where the kernel forwards nothing */

	struct rte_ring *commands; /* struct command, from the main lcore */
	struct rte_ring *replies;  /* struct reply, to the main lcore */
	struct rte_ring *events;   /* struct event, to the main lcore */
	struct rte_ring *handover; /* mbufs that other workers received for our calls */

	struct l2_header nexthops[NEXTHOP_MAX] __rte_cache_aligned;
	struct tx_batch tx[PORT_MAX]; /* by DPDK port id */
	struct counters counters;
	struct rte_mempool *pool;
	struct reporter reporter; /* the main lcore writes what it says there */
	struct upkeep upkeep;
	struct absence absence;
	uint32_t full_rounds; /* in a row, in which a port had a whole burst */

	/* Written by the worker, read by others: how often it has come round, how busy it is. */
	uint64_t rounds;
	uint64_t busy_cycles;
	uint64_t start_cycles;
} __rte_cache_aligned;

_Static_assert(offsetof(struct worker, nexthops) % RTE_CACHE_LINE_SIZE == 0 &&
		       sizeof(struct worker) % RTE_CACHE_LINE_SIZE == 0,
	"no worker writes where another one reads or writes");

/* Poll until `stop` is set. `arg` is a struct worker. The lcore of that worker. */
int worker_run(void *arg);

/* One round: commands, packets handed over, and a burst from each port; returns the number of
 * packets. What worker_run() repeats; a test may call it on its own. */
unsigned worker_poll(struct worker *worker);

/* Work through `count` (at most WORKER_BURST) packets received on their mbuf's port. */
void worker_burst(struct worker *worker, struct rte_mbuf **mbufs, unsigned count, uint64_t now_us);

#endif
