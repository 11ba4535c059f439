/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#ifndef BRIDGETAP_PERF_BURST_MEASURE_H
#define BRIDGETAP_PERF_BURST_MEASURE_H

#include "burst/population.h"
#include "burst/rig.h"

/* Times of many runs of the same, in TSC cycles. */
struct spread {
	double median, low, high; /* eight in ten lie between the latter two */
	unsigned count;
};

/* Sorts `cycles`. */
struct spread spread_of(double *cycles, unsigned count);

/* What handing packets to the null port, and getting them back into the pool, costs a packet. */
struct spread measure_driver(struct rig *rig);

/* Bursts of what the speakers of a population send, through one worker. */
struct job {
	struct rig *rig;
	struct worker *worker;
	struct population population;
	struct spread cycles; /* a packet in, with all that goes out for it */
	unsigned lost; /* in a hundred packets that the speakers send: 0, or set before job_run() */
	uint32_t chance;  /* of which */
	double out;	  /* packets out for one in */
	uint64_t packets; /* carried in all, those to warm up included */
};

/* Make the calls, on a worker of the rig; job_fini() ends them. */
void job_init(struct job *job, struct rig *rig, unsigned worker, enum scene scene, unsigned calls);
void job_fini(struct job *job);

/* Carry them; `arg` is a job. On any lcore, one job at a time on each worker. */
int job_run(void *arg);

#endif
