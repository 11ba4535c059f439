/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_BENCH_BENCH_H
#define BRIDGETAP_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/cpu.h"
#include "bench/hub.h"

/* What all steps of the benchmark share. A step takes its figures and prints them as rows, or
 * returns -1 after one "error:" line. One thread. */

#define BENCH_ORGANISATION "bench"

struct bench {
	struct hub hub;
	struct cpu_pids pids;
	unsigned calls;
	unsigned agents; /* users; call number n has agent n modulo this */
	unsigned supervisors;
	unsigned watchers;
	unsigned realms; /* "access1" and so on, by turns */
	double seconds;	 /* of sustained load */
};

/* Make the organisation and its people, and log the supervisors in. */
int bench_setup(struct bench *bench);

/* LoadCallTable: from the first byte until all calls are live, several times over. The calls of the
 * last time stay. */
int bench_load(struct bench *bench);

/* ListCalls with filters, one request at a time. */
int bench_list(struct bench *bench);

/* From sending a change until watchers have it. */
int bench_watch(struct bench *bench);

/* SwitchMode at saturation, and at half of that. */
int bench_switch(struct bench *bench);

/* Zeroed memory; ends the process where there is none. */
void *bench_alloc(size_t count, size_t size);

/* Serve the connections for a while. */
void bench_pause(struct bench *bench, double seconds);

#endif
