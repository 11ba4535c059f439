/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <stdio.h>
#include <string.h>

#include "bridgetap/v1/admin.pb-c.h"
#include "ctl/ctl.h"
#include "ctl/grid.h"
#include "ctl/legs.h"

static const char *media_of(const Bridgetap__V1__LegStats *leg)
{
	return leg->said_bye ? "good-bye" : leg->media;
}

/* One row for each leg: what came from it, and what it says of what it was sent. */
static void add_leg(struct grid *grid, const Bridgetap__V1__LegStats *leg)
{
	bool recorder = strcmp(leg->role, "recorder") == 0;

	grid_row(grid);
	grid_cell(grid, "%s", leg->role);
	grid_cell(grid, "%s", recorder ? "-" : media_of(leg));
	grid_cell(grid, "%llu", (unsigned long long)leg->packets);
	grid_cell(grid, "%d (%.1f %%)", leg->lost, 100 * leg->loss);
	grid_cell(grid, "%.1f ms", leg->jitter_ms);
	if (leg->mos > 0)
		grid_cell(grid, "%.2f (%.0f)", leg->mos, leg->rating);
	else
		grid_cell(grid, "-");
	if (leg->conversational_mos > 0)
		grid_cell(grid, "%.2f", leg->conversational_mos);
	else
		grid_cell(grid, "-");
	if (leg->round_trip_ms > 0)
		grid_cell(grid, "%.1f ms", leg->round_trip_ms);
	else
		grid_cell(grid, "-");
	grid_cell(grid, "%llu", (unsigned long long)leg->sent_packets);
	if (!leg->far_reported) {
		for (unsigned i = 0; i < 3; i++)
			grid_cell(grid, "-");
		return;
	}
	grid_cell(grid, "%d (%.1f %%)", leg->far_lost, 100 * leg->far_recent_loss);
	grid_cell(grid, "%.1f ms", leg->far_jitter_ms);
	grid_cell(grid, "%.2f", leg->far_mos);
}

void print_legs(Bridgetap__V1__LegStats *const *legs, size_t count)
{
	static const char *const titles[] = { "LEG", "MEDIA", "IN", "LOST", "JITTER", "MOS (R)",
		"WITH DELAY", "ROUND TRIP", "OUT", "LOST THERE (NOW)", "JITTER THERE", "MOS THERE",
		NULL };
	struct grid grid;

	if (count == 0)
		return;
	grid_init(&grid, titles);
	for (size_t i = 0; i < count; i++)
		add_leg(&grid, legs[i]);
	grid_print(&grid, true);
	grid_fini(&grid);
}

static void print_stats(const void *response)
{
	const Bridgetap__V1__Stats *stats = response;

	printf("%u calls, %u of them forwarded in the kernel, %u of %u mixing legs\n", stats->calls,
		stats->relayed_calls, stats->mixing_legs, stats->mixing_legs_max);
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
			printf("; XDP: %llu to the data plane, %llu to the kernel, %llu forwarded",
				(unsigned long long)port->to_dataplane,
				(unsigned long long)port->to_kernel,
				(unsigned long long)port->relayed);
		putchar('\n');
	}
	print_legs(stats->legs, stats->n_legs);
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
