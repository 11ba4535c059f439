/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "burst/rig.h"

#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_lcore.h>
#include <rte_malloc.h>

#include "call/event.h"

#define POOL_SIZE    32767
#define WORKERS_MOST 2u

void die(const char *sentence)
{
	fprintf(stderr, "bridgetap-bench-worker: %s\n", sentence);
	exit(EXIT_FAILURE);
}

static struct rte_ring *new_ring(const char *kind, unsigned number, unsigned element)
{
	char name[RTE_RING_NAMESIZE];
	struct rte_ring *ring;

	snprintf(name, sizeof(name), "%s%u", kind, number);
	ring = element ? rte_ring_create_elem(name, element, 1024, SOCKET_ID_ANY, 0)
		       : rte_ring_create(name, 1024, SOCKET_ID_ANY, 0);

	if (ring == NULL)
		die("out of memory for rings");
	return ring;
}

static void start_worker(struct rig *rig, uint8_t index)
{
	struct worker *worker = &rig->workers[index];

	worker->index = index;
	worker->clock = clock_of_tsc();
	worker->rate_limit = 4;
	worker->ports = &rig->ports;
	worker->peers = rig->workers;
	worker->pool = rig->pool;
	worker->reporter.chance = index + 1u;
	worker->reporter.media_timeout_ms = 30000;
	worker->events = new_ring("events", index, sizeof(struct event));
	worker->handover = new_ring("handover", index, 0);
	for (unsigned i = 0; i < rig->ports.count; i++) {
		struct port *port = &rig->ports.port[i];

		worker->tx[port->id] = (struct tx_batch){
			.port_id = port->id,
			.queue_id = index,
			.adds_checksums = port->adds_checksums,
			.guard = port->recording ? &port->guard_queues[index] : NULL,
		};
	}
	worker->nexthops[1] = (struct l2_header){ .length = 14,
		.bytes = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00 } };
}

void rig_start(struct rig *rig, const char *guard_path)
{
	*rig = (struct rig){ .worker_count = RTE_MIN(rte_lcore_count(), WORKERS_MOST) };
	rig->pool = rte_pktmbuf_pool_create(
		"pool", POOL_SIZE, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	rig->guard = rig->pool != NULL ? guard_create(guard_path, rig->pool) : NULL;
	if (rig->guard == NULL)
		die("no memory, or no guard program");
	for (unsigned i = 0; i < 2; i++) {
		struct port *port = &rig->ports.port[rig->ports.count++];

		snprintf(port->name, sizeof(port->name), i ? "recording" : "access");
		snprintf(port->devargs, sizeof(port->devargs), "net_null%u,copy=0", i);
		port->recording = i == 1;
	}
	if (port_set_start(&rig->ports, (uint16_t)rig->worker_count, rig->pool, "", rig->guard) < 0)
		die("the null ports do not start");
	rig->workers = rte_zmalloc(
		"workers", rig->worker_count * sizeof(*rig->workers), RTE_CACHE_LINE_SIZE);
	if (rig->workers == NULL)
		die("out of memory");
	for (unsigned i = 0; i < rig->worker_count; i++)
		start_worker(rig, (uint8_t)i);
}

void rig_stop(struct rig *rig)
{
	port_set_stop(&rig->ports);
}
