/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_udp.h>
#include <rte_vect.h>

#include "burst/population.h"
#include "call/event.h"
#include "net/port.h"
#include "worker/worker.h"

/* Bursts through the real worker with no driver: what a packet costs in TSC cycles, with all that
 * goes out for it, less what handing as many packets to the null port costs by itself. Prints rows
 * of name, value, unit, note. */

#define SAMPLES	   160
#define FRAME_SIZE (14 + 20 + 8 + 12 + SAMPLES)
#define BURSTS_MIN 3000
#define POOL_SIZE  32767

static struct port_set ports;
static struct worker *workers; /* one a lcore */
static unsigned worker_count;
static struct rte_mempool *pool;
static struct guard *guard;

static void die(const char *sentence)
{
	fprintf(stderr, "bridgetap-bench-worker: %s\n", sentence);
	exit(EXIT_FAILURE);
}

/* --- set up --- */

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

static void start_worker(struct worker *worker, uint8_t index)
{
	worker->index = index;
	worker->cycles_per_us = rte_get_tsc_hz() / 1000000;
	worker->ports = &ports;
	worker->peers = workers;
	worker->pool = pool;
	worker->events = new_ring("events", index, sizeof(struct event));
	worker->handover = new_ring("handover", index, 0);
	for (unsigned i = 0; i < ports.count; i++)
		worker->tx[ports.port[i].id] = (struct tx_batch){
			.port_id = ports.port[i].id,
			.queue_id = index,
			.guard =
				ports.port[i].recording ? &ports.port[i].guard_queues[index] : NULL,
		};
	worker->nexthops[1] = (struct l2_header){ .length = 14,
		.bytes = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00 } };
}

static void start(const char *guard_path)
{
	pool = rte_pktmbuf_pool_create("pool", POOL_SIZE, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	guard = pool != NULL ? guard_create(guard_path, pool) : NULL;
	if (guard == NULL)
		die("no memory, or no guard program");
	for (unsigned i = 0; i < 2; i++) {
		struct port *port = &ports.port[ports.count++];

		snprintf(port->name, sizeof(port->name), i ? "recording" : "access");
		snprintf(port->devargs, sizeof(port->devargs), "net_null%u,copy=0", i);
		port->recording = i == 1;
	}
	if (port_set_start(&ports, (uint16_t)worker_count, pool, "", guard) < 0)
		die("the null ports do not start");
	workers = rte_zmalloc("workers", worker_count * sizeof(*workers), RTE_CACHE_LINE_SIZE);
	if (workers == NULL)
		die("out of memory");
	for (unsigned i = 0; i < worker_count; i++)
		start_worker(&workers[i], (uint8_t)i);
}

/* --- packets --- */

static uint8_t noise[SAMPLES];

static void fill(struct rte_mbuf *mbuf, const struct speaker *speaker, uint32_t round)
{
	uint8_t *data = (uint8_t *)rte_pktmbuf_append(mbuf, FRAME_SIZE), *rtp = data + 42;
	struct endpoint to = speaker->local, from = speaker->remote;
	struct header_template header;
	struct rtp_packet packet = {
		/* Begun at random, as RFC 3550 wants it: all in step would favour some lines of the
		 * caches and some banks of the memory. */
		.sequence = (uint16_t)(round + speaker->ssrc),
		.timestamp = round * SAMPLES + speaker->ssrc,
		.ssrc = speaker->ssrc,
	};

	memset(data, 0, 14);
	data[12] = 0x08;
	memcpy(rtp + 12, noise, SAMPLES);
	rtp_write_header(rtp, &packet);
	header_template_init(&header, &from, &to, 0);
	memcpy(data + 14, header.bytes, 28);
	data[16] = (uint8_t)((FRAME_SIZE - 14) >> 8);
	data[17] = (uint8_t)(FRAME_SIZE - 14);
	data[38] = (uint8_t)((8 + 12 + SAMPLES) >> 8);
	data[39] = (uint8_t)(8 + 12 + SAMPLES);
	mbuf->port = ports.port[0].id;
}

/* The order in which the speakers send, the same in each round: any call may be next. */
static unsigned *shuffle(unsigned count)
{
	unsigned *order = rte_malloc(NULL, count * sizeof(*order), 0);
	uint64_t state = 88172645463325252ull;

	if (order == NULL)
		die("out of memory");
	for (unsigned i = 0; i < count; i++)
		order[i] = i;
	for (unsigned i = count - 1; i > 0; i--) {
		unsigned j, swap = order[i];

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		j = (unsigned)(state % (i + 1));
		order[i] = order[j];
		order[j] = swap;
	}
	return order;
}

/* --- measuring --- */

static void flush_all(struct worker *worker)
{
	for (unsigned i = 0; i < ports.count; i++)
		tx_batch_flush(&worker->tx[ports.port[i].id], &worker->counters);
}

struct measurement {
	double *cycles; /* a packet in, by burst */
	unsigned count;
	double out; /* packets out for one in */
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double quantile(const struct measurement *m, double q)
{
	return m->cycles[(unsigned)(q * (m->count - 1))];
}

/* Rounds of all speakers: two to warm up, then as many as give BURSTS_MIN bursts. */
static void measure(struct worker *worker, struct population *p, struct measurement *m)
{
	unsigned speakers = p->calls * p->speakers_a_call, *order = shuffle(speakers);
	unsigned bursts_a_round = (speakers + WORKER_BURST - 1) / WORKER_BURST;
	unsigned rounds = 3 + BURSTS_MIN / bursts_a_round;
	uint64_t now_us = 10000000, sent = 0, got = 0;
	struct event events[64];

	m->cycles = malloc((size_t)rounds * bursts_a_round * sizeof(double));
	m->count = 0;
	if (m->cycles == NULL)
		die("out of memory");
	for (uint32_t round = 0; round < rounds + 2; round++)
		for (unsigned first = 0; first < speakers; first += WORKER_BURST) {
			unsigned count = RTE_MIN(speakers - first, (unsigned)WORKER_BURST);
			struct rte_mbuf *mbufs[WORKER_BURST];
			uint64_t before;

			if (rte_pktmbuf_alloc_bulk(pool, mbufs, count) < 0)
				die("the pool is empty: something leaks");
			for (unsigned i = 0; i < count; i++)
				fill(mbufs[i], &p->speakers[order[first + i]], round);
			now_us += 20000ull * count / speakers;
			sent = counters_get(&worker->counters, COUNTER_tx_packets);
			before = rte_rdtsc_precise();
			worker_burst(worker, mbufs, count, now_us);
			flush_all(worker);
			before = rte_rdtsc_precise() - before;
			if (round >= 2 && count == WORKER_BURST) {
				m->cycles[m->count++] = (double)before / count;
				got += counters_get(&worker->counters, COUNTER_tx_packets) - sent;
			}
			rte_ring_sc_dequeue_burst_elem(
				worker->events, events, sizeof(events[0]), 64, NULL);
		}
	m->out = (double)got / m->count / WORKER_BURST;
	qsort(m->cycles, m->count, sizeof(double), by_value);
	rte_free(order);
}

/* What handing packets to the null port, and getting them back into the pool, costs a packet. */
static double measure_driver(void)
{
	double cycles[1000];

	for (unsigned n = 0; n < 1000; n++) {
		struct rte_mbuf *mbufs[WORKER_BURST];
		uint64_t before;

		if (rte_pktmbuf_alloc_bulk(pool, mbufs, WORKER_BURST) < 0)
			die("the pool is empty");
		before = rte_rdtsc_precise();
		rte_eth_tx_burst(ports.port[0].id, 0, mbufs, WORKER_BURST);
		cycles[n] = (double)(rte_rdtsc_precise() - before) / WORKER_BURST;
	}
	qsort(cycles, 1000, sizeof(double), by_value);
	return cycles[500];
}

/* The guard by itself, on a packet that passes. */
static void measure_guard(void)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	double cycles[1000];

	taint_set(mbuf, TAINT_AGENT);
	for (unsigned n = 0; n < 1000; n++) {
		uint64_t before = rte_rdtsc_precise();

		for (unsigned i = 0; i < 100; i++)
			if (!guard_passes(guard, mbuf))
				die("the guard stops an agent's packet");
		cycles[n] = (double)(rte_rdtsc_precise() - before) / 100;
	}
	qsort(cycles, 1000, sizeof(double), by_value);
	printf("guard_cycles\t%.1f\tcycles\tmedian of 1000 runs of 100 verdicts; %.1f to %.1f\n",
		cycles[500], cycles[100], cycles[900]);
	rte_pktmbuf_free(mbuf);
}

/* --- one worker, and two --- */

/* What one lcore does. */
struct job {
	struct worker *worker;
	enum scene scene;
	unsigned calls;
	struct population population;
	struct measurement measurement;
};

static void prepare(struct job *job, struct worker *worker, enum scene scene, unsigned calls)
{
	*job = (struct job){ .worker = worker, .scene = scene, .calls = calls };
	population_create(&job->population, scene, calls, worker->index, ports.port[0].id,
		ports.port[1].id, 9000000);
	worker->realms = &job->population.realms;
	worker->table = &job->population.table;
}

static int run_job(void *arg)
{
	struct job *job = arg;

	measure(job->worker, &job->population, &job->measurement);
	return 0;
}

static void finish(struct job *job)
{
	free(job->measurement.cycles);
	population_destroy(&job->population);
}

static void run_scene(enum scene scene, unsigned calls, double driver)
{
	const char *unit = calls >= 1000 && calls % 1000 == 0 ? "k" : "";
	unsigned shown = *unit ? calls / 1000 : calls;
	const struct population *p;
	const struct measurement *m;
	struct job job;

	prepare(&job, &workers[0], scene, calls);
	run_job(&job);
	p = &job.population;
	m = &job.measurement;
	printf("%s_cycles_%u%s\t%.0f\tcycles\ta packet in, with %.2f out, less %.0f for handing "
	       "those "
	       "to the null port; median of %u bursts of %d; 10 %%: %.0f, 90 %%: %.0f; any call "
	       "may "
	       "be next\n",
		scene_names[scene], shown, unit, quantile(m, 0.5) - driver * m->out, m->out,
		driver * m->out, m->count, WORKER_BURST, quantile(m, 0.1) - driver * m->out,
		quantile(m, 0.9) - driver * m->out);
	if (scene == SCENE_FORWARD || scene == SCENE_BARGE)
		printf("bytes_per_leg_%s_%u%s\t%.0f\tbytes\t%u legs; %.0f of it are rings of "
		       "voice\n",
			scene == SCENE_FORWARD ? "forward" : "mix", shown, unit,
			(double)(p->leg_bytes + p->ring_bytes) / p->legs, p->legs,
			(double)p->ring_bytes / p->legs);
	fflush(stdout);
	finish(&job);
}

/* The same calls on one worker, then on two at the same time: what they share, the mempool, the
 * ports, the guard and the lines of memory that lie next to each other, would show. */
static void compare_workers(enum scene scene, unsigned calls)
{
	unsigned other = rte_get_next_lcore(-1, 1, 0);
	struct job alone, pair[2];
	double one, two;

	prepare(&alone, &workers[0], scene, calls);
	run_job(&alone);
	one = quantile(&alone.measurement, 0.5);
	finish(&alone);
	prepare(&pair[0], &workers[0], scene, calls);
	prepare(&pair[1], &workers[1], scene, calls);
	rte_eal_remote_launch(run_job, &pair[1], other);
	run_job(&pair[0]);
	rte_eal_wait_lcore(other);
	two = one / quantile(&pair[0].measurement, 0.5) + one / quantile(&pair[1].measurement, 0.5);
	printf("workers2_vs_1\t%.2f\tratio\t%s, %u calls each; %.0f cycles a packet alone, %.0f "
	       "and "
	       "%.0f together; the two CPUs of a virtual machine may be threads of one core\n",
		two, scene_names[scene], calls, one, quantile(&pair[0].measurement, 0.5),
		quantile(&pair[1].measurement, 0.5));
	finish(&pair[0]);
	finish(&pair[1]);
}

int main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv);
	double driver;

	if (used < 0 || argc - used < 2) {
		fputs("Usage: bridgetap-bench-worker EAL-ARGUMENTS -- GUARD.o [SCENE:CALLS...]\n"
		      "\n"
		      "SCENE is forward, listen, whisper or barge; without any, all that targets\n"
		      "are set for.\n",
			stderr);
		return EXIT_FAILURE;
	}
	argv += used + 1;
	argc -= used + 1;
	worker_count = rte_lcore_count() >= 2 ? 2 : 1;
	codec_init(rte_vect_get_max_simd_bitwidth());
	for (unsigned i = 0; i < SAMPLES; i++)
		noise[i] = (uint8_t)(i * 37 + 11);
	start(argv[0]);
	driver = measure_driver();
	if (argc == 1) {
		measure_guard();
		for (enum scene scene = 0; scene < SCENE_COUNT; scene++) {
			run_scene(scene, 1000, driver);
			run_scene(scene, 100000, driver);
		}
		if (worker_count == 2)
			compare_workers(SCENE_BARGE, 1000);
	}
	for (int i = 1; i < argc; i++) {
		const char *colon = strchr(argv[i], ':');
		enum scene scene = 0;

		while (scene < SCENE_COUNT && colon != NULL &&
			strncmp(argv[i], scene_names[scene], strlen(scene_names[scene])) != 0)
			scene++;
		if (colon == NULL || scene == SCENE_COUNT || atoi(colon + 1) <= 0)
			die("SCENE:CALLS is wrong; see --help");
		run_scene(scene, (unsigned)atoi(colon + 1), driver);
	}
	port_set_stop(&ports);
	return EXIT_SUCCESS;
}
