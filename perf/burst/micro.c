/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "burst/micro.h"

#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_malloc.h>
#include <rte_prefetch.h>

#include "burst/packets.h"

#define WALKS		 20
#define WALKS_TO_WARM_UP 10 /* until reports are as far apart as they stay */
#define BATCHES		 1000
#define CALLS_A_BATCH	 100
#define BURSTS_LOOKUP	 20000
#define LOADS_A_BATCH	 1000
#define LINES_TO_WARM	 (1u << 22)

struct spread micro_guard(struct rig *rig)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(rig->pool);
	double cycles[BATCHES];

	if (mbuf == NULL)
		die("the pool is empty");
	taint_set(mbuf, TAINT_AGENT);
	for (unsigned n = 0; n < BATCHES; n++) {
		uint64_t before = rte_rdtsc_precise();

		for (unsigned i = 0; i < CALLS_A_BATCH; i++)
			if (!guard_passes(rig->guard, mbuf))
				die("the guard stops an agent's packet");
		cycles[n] = (double)(rte_rdtsc_precise() - before) / CALLS_A_BATCH;
	}
	rte_pktmbuf_free(mbuf);
	return spread_of(cycles, BATCHES);
}

/* --- lookup --- */

/* The worker's own two stages, one burst: the slots of all, then the legs of all. Returns how many
 * were found. */
static unsigned look_up(const struct population *p, uint16_t port, const struct frame *frames)
{
	int realms[WORKER_BURST], slots[WORKER_BURST];
	unsigned found = 0;

	for (unsigned i = 0; i < WORKER_BURST; i++) {
		realms[i] = realm_find(&p->realms, port, &frames[i]);
		slots[i] =
			port_table_slot(&p->table, (unsigned)realms[i], frames[i].destination.port);
		rte_prefetch0(&p->table.realm[realms[i]].owner[slots[i]]);
		rte_prefetch0(&p->table.realm[realms[i]].legs[slots[i]]);
	}
	for (unsigned i = 0; i < WORKER_BURST; i++)
		if (port_table_owner(&p->table, (unsigned)realms[i], slots[i]) == p->worker)
			found += p->table.realm[realms[i]].legs[slots[i]] != NULL;
	return found;
}

struct spread micro_lookup(struct rig *rig, unsigned calls)
{
	static double cycles[BURSTS_LOOKUP];
	struct frame frames[WORKER_BURST] = { 0 };
	struct job job;
	unsigned *order, speakers;

	job_init(&job, rig, 0, SCENE_FORWARD, calls);
	speakers = calls * job.population.speakers_a_call;
	order = packets_shuffle(speakers);
	if (order == NULL)
		die("out of memory");
	for (unsigned n = 0; n < BURSTS_LOOKUP; n++) {
		uint64_t before;

		for (unsigned i = 0; i < WORKER_BURST; i++)
			frames[i].destination =
				job.population.speakers[order[(n * WORKER_BURST + i) % speakers]]
					.local;
		before = rte_rdtsc_precise();
		if (look_up(&job.population, rig_access(rig), frames) != WORKER_BURST)
			die("a leg is not found");
		cycles[n] = (double)(rte_rdtsc_precise() - before) / WORKER_BURST;
	}
	rte_free(order);
	job_fini(&job);
	return spread_of(cycles, BURSTS_LOOKUP);
}

/* --- upkeep --- */

/* One walk: the cycles of it. The clock goes on by as much as a walk takes. */
static uint64_t walk(struct job *job, uint64_t *now_us)
{
	struct worker *worker = job->worker;
	uint64_t end_us = *now_us + UPKEEP_ROUND_US, cycles = 0;

	while (*now_us < end_us) {
		struct forward_env env = {
			.now_us = *now_us,
			.now_ms = (uint32_t)(*now_us / 1000),
			.counters = &worker->counters,
			.pool = worker->pool,
			.events = worker->events,
			.nexthops = worker->nexthops,
			.tx = worker->tx,
			.reporter = &worker->reporter,
		};
		uint64_t before = rte_rdtsc_precise();

		upkeep_step(&worker->upkeep, &job->population.table, worker->index, &env);
		for (unsigned i = 0; i < worker->ports->count; i++)
			tx_batch_flush(&worker->tx[worker->ports->port[i].id], &worker->counters);
		cycles += rte_rdtsc_precise() - before;
		*now_us += worker->upkeep.step_us;
	}
	return cycles;
}

struct spread micro_upkeep(struct rig *rig, unsigned calls)
{
	uint64_t now_us = POPULATION_BEGIN_US;
	double cycles[WALKS];
	struct job job;

	job_init(&job, rig, 0, SCENE_FORWARD, calls);
	job.worker->upkeep = (struct upkeep){ 0 };
	for (unsigned n = 0; n < WALKS_TO_WARM_UP; n++)
		walk(&job, &now_us);
	for (unsigned n = 0; n < WALKS; n++)
		cycles[n] = (double)walk(&job, &now_us) / job.population.legs;
	job_fini(&job);
	return spread_of(cycles, WALKS);
}

/* --- building a call --- */

struct spread micro_build(struct rig *rig)
{
	struct leg_plan plans[CALL_LEGS_MAX];
	uint8_t *rings[CALL_BUFFERS_MAX];
	double cycles[BATCHES];
	struct call *call;
	struct job job;
	unsigned count;

	job_init(&job, rig, 0, SCENE_BARGE, 1);
	count = population_plan(&job.population, 0, plans);
	for (unsigned i = 0; i < call_rings(plans, count); i++)
		rings[i] = job.population.rings + i * PCM_RING_SAMPLES;
	call = job.population.live[0];
	for (unsigned n = 0; n < BATCHES; n++) {
		uint64_t before = rte_rdtsc_precise();

		for (unsigned i = 0; i < CALLS_A_BATCH; i++)
			call_init(call, 0, 0, plans, count, rings);
		cycles[n] = (double)(rte_rdtsc_precise() - before) / CALLS_A_BATCH;
	}
	job_fini(&job);
	return spread_of(cycles, BATCHES);
}

/* --- memory --- */

/* One chain through all lines in an order that no prefetcher follows. */
static void **chain_of(unsigned *order, unsigned lines)
{
	void **memory = rte_malloc(NULL, (size_t)lines * RTE_CACHE_LINE_SIZE, RTE_CACHE_LINE_SIZE);
	const unsigned step = RTE_CACHE_LINE_SIZE / sizeof(void *);

	if (memory == NULL)
		die("out of hugepages: more of them, or fewer bytes");
	for (unsigned i = 0; i < lines; i++)
		memory[(size_t)order[i] * step] = &memory[(size_t)order[(i + 1) % lines] * step];
	return memory;
}

struct spread micro_load(size_t bytes)
{
	unsigned lines = (unsigned)(bytes / RTE_CACHE_LINE_SIZE);
	unsigned *order = packets_shuffle(lines);
	double cycles[BATCHES];
	void **memory, **at;

	if (lines == 0 || order == NULL)
		die("a load needs a line of memory at least");
	memory = at = chain_of(order, lines);
	for (unsigned i = 0; i < RTE_MIN(2 * lines, LINES_TO_WARM); i++)
		at = *(void **volatile *)at;
	for (unsigned n = 0; n < BATCHES; n++) {
		uint64_t before = rte_rdtsc_precise();

		for (unsigned i = 0; i < LOADS_A_BATCH; i++)
			at = *(void **volatile *)at;
		cycles[n] = (double)(rte_rdtsc_precise() - before) / LOADS_A_BATCH;
	}
	rte_free(order);
	rte_free(memory);
	return spread_of(cycles, BATCHES);
}
