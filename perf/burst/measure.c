/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "burst/measure.h"

#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "burst/packets.h"
#include "call/event.h"

#define BURSTS_MIN     3000
#define ROUNDS_TO_WARM 4
#define ROUNDS_MIN     5u /* 100 ms: each source has looked once whether another fell silent */
#define PTIME_US       20000
#define DRIVER_BURSTS  1000
#define EVENTS	       64

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

struct spread spread_of(double *cycles, unsigned count)
{
	qsort(cycles, count, sizeof(*cycles), by_value);
	return (struct spread){
		.median = cycles[count / 2],
		.low = cycles[count / 10],
		.high = cycles[count - 1 - count / 10],
		.count = count,
	};
}

struct spread measure_driver(struct rig *rig)
{
	double cycles[DRIVER_BURSTS];

	for (unsigned n = 0; n < DRIVER_BURSTS; n++) {
		struct rte_mbuf *mbufs[WORKER_BURST];
		uint64_t before;

		if (rte_pktmbuf_alloc_bulk(rig->pool, mbufs, WORKER_BURST) < 0)
			die("the pool is empty");
		before = rte_rdtsc_precise();
		rte_eth_tx_burst(rig_access(rig), 0, mbufs, WORKER_BURST);
		cycles[n] = (double)(rte_rdtsc_precise() - before) / WORKER_BURST;
	}
	return spread_of(cycles, DRIVER_BURSTS);
}

/* A function of its own by name: callgrind counts what happens in it, and nothing else. */
void carry_burst(struct worker *worker, struct rte_mbuf **mbufs, unsigned count, uint64_t now_us);

void __attribute__((noinline))
carry_burst(struct worker *worker, struct rte_mbuf **mbufs, unsigned count, uint64_t now_us)
{
	worker_burst(worker, mbufs, count, now_us);
	for (unsigned i = 0; i < worker->ports->count; i++)
		tx_batch_flush(&worker->tx[worker->ports->port[i].id], &worker->counters);
}

/* Marsaglia's xorshift: the same packets in every run. */
static bool is_lost(struct job *job)
{
	job->chance ^= job->chance << 13;
	job->chance ^= job->chance >> 17;
	job->chance ^= job->chance << 5;
	return job->chance % 100 < job->lost;
}

/* The burst of `*sent` packets from place `first` of the order on, less those that are lost;
 * returns its cycles. */
static uint64_t run_burst(struct job *job, const unsigned *order, unsigned first, unsigned *sent,
	uint32_t round, uint64_t now_us)
{
	struct rte_mbuf *mbufs[WORKER_BURST];
	struct event events[EVENTS];
	unsigned count = 0;
	uint64_t before;

	for (unsigned i = 0; i < *sent; i++) {
		if (job->lost > 0 && is_lost(job))
			continue;
		mbufs[count] = rte_pktmbuf_alloc(job->rig->pool);
		if (mbufs[count] == NULL)
			die("the pool is empty: something leaks");
		packets_fill(mbufs[count++], &job->population.speakers[order[first + i]], round,
			rig_access(job->rig));
	}
	*sent = count;
	before = rte_rdtsc_precise();
	carry_burst(job->worker, mbufs, count, now_us);
	before = rte_rdtsc_precise() - before;
	rte_ring_sc_dequeue_burst_elem(
		job->worker->events, events, sizeof(events[0]), EVENTS, NULL);
	return before;
}

/* Rounds of all speakers: some to warm up, then as many as give BURSTS_MIN bursts. */
int job_run(void *arg)
{
	struct job *job = arg;
	unsigned speakers = job->population.calls * job->population.speakers_a_call;
	unsigned bursts_a_round = (speakers + WORKER_BURST - 1) / WORKER_BURST, taken = 0;
	unsigned rounds = RTE_MAX(ROUNDS_MIN, 1 + BURSTS_MIN / bursts_a_round);
	double *cycles = malloc((size_t)rounds * bursts_a_round * sizeof(*cycles));
	unsigned *order = packets_shuffle(speakers);
	uint64_t now_us = POPULATION_BEGIN_US, sent;

	if (cycles == NULL || order == NULL)
		die("out of memory");
	job->packets = 0;
	sent = counters_get(&job->worker->counters, COUNTER_tx_packets);
	for (uint32_t round = 0; round < ROUNDS_TO_WARM + rounds; round++)
		for (unsigned first = 0; first < speakers; first += WORKER_BURST) {
			unsigned count = RTE_MIN(speakers - first, (unsigned)WORKER_BURST);
			uint64_t took = run_burst(job, order, first, &count, round,
				now_us + (uint64_t)PTIME_US * first / speakers +
					(uint64_t)PTIME_US * round);

			if (round >= ROUNDS_TO_WARM && count > 0)
				cycles[taken++] = (double)took / count;
			job->packets += count;
		}
	sent = counters_get(&job->worker->counters, COUNTER_tx_packets) - sent;
	job->out = (double)sent / (double)job->packets;
	job->cycles = spread_of(cycles, taken);
	rte_free(order);
	free(cycles);
	return 0;
}

void job_init(struct job *job, struct rig *rig, unsigned worker, enum scene scene, unsigned calls)
{
	*job = (struct job){
		.rig = rig,
		.worker = &rig->workers[worker],
		.chance = 1,
	};
	population_create(&job->population, scene, calls, job->worker->index, rig_access(rig),
		rig_recording(rig));
	job->worker->realms = &job->population.realms;
	job->worker->table = &job->population.table;
}

void job_fini(struct job *job)
{
	population_destroy(&job->population);
}
