/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "bench/cpu.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/hub.h"
#include "bench/report.h"

/* Seconds of CPU that the process has had (proc(5): the 14th and 15th field); 0 where it is gone.
 */
static double seconds_of(int pid)
{
	unsigned long user, system;
	char path[64], text[512] = "";
	const char *end;
	FILE *file;

	if (pid == 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (file == NULL)
		return 0;
	if (fgets(text, sizeof(text), file) == NULL)
		*text = '\0';
	fclose(file);
	end = strrchr(text, ')'); /* its name may have anything in it */
	if (end == NULL || sscanf(end, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
				   &user, &system) != 2)
		return 0;
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static double own_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

void cpu_meter_start(struct cpu_meter *meter, const struct cpu_pids *pids)
{
	*meter = (struct cpu_meter){
		.pids = *pids,
		.begin_ns = now_ns(),
		.controlplane_s = seconds_of(pids->controlplane),
		.dataplane_s = seconds_of(pids->dataplane),
		.own_s = own_seconds(),
	};
}

void cpu_meter_report(const struct cpu_meter *meter, const char *name)
{
	double wall = (double)(now_ns() - meter->begin_ns) / 1e9;
	double share = 100 / wall, now_s = seconds_of(meter->pids.controlplane);

	if (now_s == 0)
		return;
	report_row(name, share * (now_s - meter->controlplane_s), "% CPU",
		"of one CPU, the control plane, over %.1f s; meanwhile the data plane took %.0f "
		"with its polling worker, the load client %.0f",
		wall, share * (seconds_of(meter->pids.dataplane) - meter->dataplane_s),
		share * (own_seconds() - meter->own_s));
}
