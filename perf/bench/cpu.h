/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_BENCH_CPU_H
#define BRIDGETAP_BENCH_CPU_H

#include <stdint.h>

/* How much of a CPU the control plane takes, its kernel time included, and how much the others who
 * share the machine with it. */

struct cpu_pids {
	int controlplane, dataplane; /* 0: not known */
};

struct cpu_meter {
	struct cpu_pids pids;
	uint64_t begin_ns;
	double controlplane_s, dataplane_s, own_s;
};

void cpu_meter_start(struct cpu_meter *meter, const struct cpu_pids *pids);

/* Print the row `name`: per cent of one CPU since the start. None where the control plane is not
 * known, or gone. */
void cpu_meter_report(const struct cpu_meter *meter, const char *name);

#endif
