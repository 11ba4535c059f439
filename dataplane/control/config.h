/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_CONTROL_CONFIG_H
#define BRIDGETAP_CONTROL_CONFIG_H

#include <limits.h>
#include <sys/un.h>

#include "net/port.h"
#include "net/realm.h"
#include "worker/worker.h"

#define CONFIG_EAL_MAX 48

/* The data plane's configuration file (libconfig syntax; deploy/dataplane.conf is the commented
 * sample). Filled once at start, read-only afterwards. */
struct config {
	/* For rte_eal_init(): the program's name, the file's arguments, and the lcores. */
	char *eal[CONFIG_EAL_MAX + 1];
	int eal_count;

	/* Lcore 0 is the main one and lcore n + 1 that of worker n, each on the CPU named here. */
	unsigned main_cpu;
	unsigned worker_count;
	unsigned worker_cpus[WORKER_MAX];

	char socket[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char bpf_directory[PATH_MAX];
	unsigned mbufs;		   /* packet buffers */
	unsigned calls_max;	   /* calls at a time */
	unsigned seats_max;	   /* agent, customer and monitors in a call */
	unsigned media_timeout_ms; /* until a leg's silence is told */
	unsigned mixing_legs_max;  /* legs at a time whose voice is mixed with another */
	unsigned rate_limit;	   /* of a leg, times the rate that its packets need; 0 for none */

	struct port_set ports; /* names, devargs and `recording` */

	/* Realms: `port_id` is the index into `ports` until the ports run; `ifindex` is that of
	 * the `interface` setting, or 0. */
	struct realm_set realms;
};

/* Read `path`. On failure prints one sentence with file and line, and what to do, to the log, and
 * returns -EINVAL (or another -errno where the file cannot be read). Main thread, before EAL. */
int config_load(struct config *config, const char *path, const char *program);
void config_free(struct config *config);

#endif
