/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/grace.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rte_interrupts.h>
#include <rte_launch.h>

#define NAP_US	   10
#define LONGEST_US 1000000 /* a worker that takes longer than this has other troubles */

static const struct worker *watched;
static unsigned watched_count;

void grace_watch(const struct worker *workers, unsigned count)
{
	__atomic_store_n(&watched, workers, __ATOMIC_RELAXED);
	__atomic_store_n(&watched_count, count, __ATOMIC_RELEASE);
}

static bool is_polling(const struct worker *worker)
{
	return rte_eal_get_lcore_state(worker->lcore) == RUNNING;
}

static void wait_for_a_round(const struct worker *worker)
{
	uint64_t before = __atomic_load_n(&worker->rounds, __ATOMIC_ACQUIRE);

	for (unsigned us = 0; us < LONGEST_US && is_polling(worker) &&
			      __atomic_load_n(&worker->rounds, __ATOMIC_ACQUIRE) == before;
		us += NAP_US)
		usleep(NAP_US);
}

/* In place of the C library's, for all that is linked or loaded. */
int munmap(void *address, size_t length)
{
	unsigned count = __atomic_load_n(&watched_count, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; count > 0 && rte_thread_is_intr() && i < count; i++)
		wait_for_a_round(&__atomic_load_n(&watched, __ATOMIC_RELAXED)[i]);
	return (int)syscall(SYS_munmap, address, length);
}
