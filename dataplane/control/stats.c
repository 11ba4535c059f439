/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "control/dataplane.h"
#include "control/leg_stats.h"
#include "net/xdp.h"

/* The answer to one StatsRequest, with room for all that may be in it. */
struct answer {
	struct dataplane *dp;
	Bridgetap__Dataplane__V1__Stats stats;
	Bridgetap__Dataplane__V1__Counter counters[COUNTER_COUNT], *counter_list[COUNTER_COUNT];
	Bridgetap__Dataplane__V1__WorkerStats workers[WORKER_MAX], *worker_list[WORKER_MAX];
	Bridgetap__Dataplane__V1__PortStats ports[PORT_MAX], *port_list[PORT_MAX];
	struct leg_stats_message legs[CALL_LEGS_MAX];
	Bridgetap__Dataplane__V1__LegStats *leg_list[CALL_LEGS_MAX];
};

uint64_t dataplane_counter(const struct dataplane *dp, enum counter counter)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < dp->config.worker_count; i++)
		sum += counters_get(&dp->workers[i].counters, counter);
	return sum;
}

static void fill_counters(struct answer *answer)
{
	for (unsigned c = 0; c < COUNTER_COUNT; c++) {
		bridgetap__dataplane__v1__counter__init(&answer->counters[c]);
		answer->counters[c].name = (char *)(uintptr_t)counter_name(c);
		answer->counters[c].help = (char *)(uintptr_t)counter_help(c);
		answer->counters[c].value = dataplane_counter(answer->dp, c);
		answer->counter_list[c] = &answer->counters[c];
	}
	answer->stats.n_counters = COUNTER_COUNT;
	answer->stats.counters = answer->counter_list;
}

static void fill_workers(struct answer *answer)
{
	const struct dataplane *dp = answer->dp;

	for (unsigned i = 0; i < dp->config.worker_count; i++) {
		const struct worker *worker = &dp->workers[i];
		uint64_t start = __atomic_load_n(&worker->start_cycles, __ATOMIC_RELAXED);
		uint64_t busy = __atomic_load_n(&worker->busy_cycles, __ATOMIC_RELAXED);
		uint64_t total = start == 0 ? 0 : rte_rdtsc() - start;

		bridgetap__dataplane__v1__worker_stats__init(&answer->workers[i]);
		answer->workers[i].cpu = dp->config.worker_cpus[i];
		answer->workers[i].calls = registry_count_of_worker(dp->registry, i);
		answer->workers[i].busy_permille =
			total < 1000 ? 0 : (uint32_t)(busy / (total / 1000));
		answer->workers[i].rx_packets = counters_get(&worker->counters, COUNTER_rx_packets);
		answer->workers[i].tx_packets = counters_get(&worker->counters, COUNTER_tx_packets);
		answer->workers[i].handed_over =
			counters_get(&worker->counters, COUNTER_handed_over);
		answer->worker_list[i] = &answer->workers[i];
	}
	answer->stats.n_workers = dp->config.worker_count;
	answer->stats.workers = answer->worker_list;
}

static void fill_ports(struct answer *answer)
{
	const struct port_set *ports = &answer->dp->config.ports;

	for (unsigned i = 0; i < ports->count; i++) {
		Bridgetap__Dataplane__V1__PortStats *stats = &answer->ports[i];
		uint64_t steer[STEER_COUNTER_COUNT];
		struct rte_eth_stats eth = { 0 };

		bridgetap__dataplane__v1__port_stats__init(stats);
		stats->name = (char *)(uintptr_t)ports->port[i].name;
		rte_eth_stats_get(ports->port[i].id, &eth);
		stats->rx_packets = eth.ipackets;
		stats->tx_packets = eth.opackets;
		stats->rx_missed = port_rx_missed(&ports->port[i]);
		stats->rx_no_mbuf = eth.rx_nombuf;
		stats->rx_errors = eth.ierrors;
		stats->tx_errors = eth.oerrors;
		if (ports->port[i].steered &&
			xdp_read_counters(ports->port[i].ifindex, steer) == 0) {
			stats->steered = 1;
			stats->to_dataplane = steer[STEER_TO_DATAPLANE];
			stats->to_kernel = steer[STEER_TO_KERNEL];
			stats->fragments = steer[STEER_FRAGMENT];
			stats->relayed = steer[STEER_RELAYED];
		}
		answer->port_list[i] = stats;
	}
	answer->stats.n_ports = ports->count;
	answer->stats.ports = answer->port_list;
}

/* The last part, which may have had to wait for a worker: fill in and send. */
static void answer_with_legs(void *arg, const struct leg_stats *legs, unsigned count)
{
	struct answer *answer = arg;
	WireFrom message = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__INIT;

	for (unsigned i = 0; i < count; i++) {
		leg_stats_encode(&legs[i], &answer->legs[i]);
		answer->leg_list[i] = &answer->legs[i].stats;
	}
	answer->stats.n_legs = count;
	answer->stats.legs = answer->leg_list;
	message.message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_STATS;
	message.stats = &answer->stats;
	server_send(answer->dp->server, &message);
	free(answer);
}

static void fill_appliance(struct answer *answer)
{
	struct dataplane *dp = answer->dp;

	answer->stats.calls = registry_count(dp->registry);
	answer->stats.relayed_calls = (uint32_t)(dataplane_counter(dp, COUNTER_relay_begun) -
						 dataplane_counter(dp, COUNTER_relay_ended));
	answer->stats.mixing_legs = registry_mixing_legs(dp->registry);
	answer->stats.mixing_legs_max = dp->rings.legs_max;
	fill_counters(answer);
	fill_workers(answer);
	fill_ports(answer);
	answer->stats.mbufs = dp->config.mbufs;
	answer->stats.mbufs_free = rte_mempool_avail_count(dp->pool);
}

void dataplane_send_stats(void *arg, const WireStatsRequest *request)
{
	struct dataplane *dp = arg;
	struct answer *answer = calloc(1, sizeof(*answer));

	if (answer == NULL)
		return;
	answer->dp = dp;
	bridgetap__dataplane__v1__stats__init(&answer->stats);
	answer->stats.tag = request->tag;
	if (!request->legs_only)
		fill_appliance(answer);
	if (*request->call_id == '\0')
		answer_with_legs(answer, NULL, 0);
	else if (registry_stats(dp->registry, request->call_id, answer_with_legs, answer) < 0)
		free(answer);
}
