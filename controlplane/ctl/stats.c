/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>

#include "bridgetap/v1/admin.pb-c.h"
#include "ctl/ctl.h"

static void print_stats(const void *response)
{
	const Bridgetap__V1__Stats *stats = response;

	printf("%u calls, %u of %u mixing legs\n", stats->calls, stats->mixing_legs,
		stats->mixing_legs_max);
	printf("%u of %u packet buffers free\n", stats->mbufs_free, stats->mbufs);
	for (size_t i = 0; i < stats->n_workers; i++) {
		const Bridgetap__V1__WorkerStats *worker = stats->workers[i];

		printf("worker on CPU %u: %u calls, %.1f %% busy, in %llu, out %llu, "
		       "handed to others %llu\n",
			worker->lcore, worker->calls, worker->busy_permille / 10.0,
			(unsigned long long)worker->rx_packets,
			(unsigned long long)worker->tx_packets,
			(unsigned long long)worker->handed_over);
	}
	for (size_t i = 0; i < stats->n_ports; i++) {
		const Bridgetap__V1__PortStats *port = stats->ports[i];

		printf("port %s: in %llu, out %llu, missed %llu, no buffer %llu, errors %llu",
			port->name, (unsigned long long)port->rx_packets,
			(unsigned long long)port->tx_packets, (unsigned long long)port->rx_missed,
			(unsigned long long)port->rx_no_mbuf,
			(unsigned long long)(port->rx_errors + port->tx_errors));
		if (port->steered)
			printf("; XDP: %llu to the data plane, %llu to the kernel",
				(unsigned long long)port->to_dataplane,
				(unsigned long long)port->to_kernel);
		putchar('\n');
	}
	for (size_t i = 0; i < stats->n_legs; i++) {
		const Bridgetap__V1__LegStats *leg = stats->legs[i];

		printf("%-9s %10llu packets, %d lost, jitter %.1f ms, silent for %llu ms\n",
			leg->role, (unsigned long long)leg->packets, leg->lost, leg->jitter_ms,
			(unsigned long long)leg->silent_ms);
	}
	/* Counters that have not moved say nothing. */
	for (size_t i = 0; i < stats->n_counters; i++)
		if (stats->counters[i]->value > 0)
			printf("%-22s %14llu  %s\n", stats->counters[i]->name,
				(unsigned long long)stats->counters[i]->value,
				stats->counters[i]->help);
}

static int stats(struct ctl *ctl, int argc, char **argv)
{
	static char none[] = "";

	return ctl_show_for(ctl, "Admin.GetStats", argc > 0 ? argv[0] : none, print_stats);
}

const struct ctl_command stats_commands[] = {
	{ "stats", stats, 0, 1, "[CALL]", NULL,
		"Counters and load of the data plane, and of the legs of a call",
		"  bridgetapctl stats c1\n" },
	{ 0 },
};
