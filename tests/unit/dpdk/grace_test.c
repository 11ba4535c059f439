/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <sys/mman.h>
#include <unistd.h>

#include <rte_alarm.h>
#include <rte_eal.h>
#include <rte_launch.h>

#include "control/grace.h"

/* Memory that DPDK's interrupt thread unmaps while a worker is at it. */

#define LCORE	 1
#define BYTES	 4096
#define SHORT_US 50000

static struct worker a_worker;
static void *memory;
static bool go_round, stop, unmapped;

/* A worker that comes round only when it is told to. */
static int run(void *arg)
{
	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
		if (__atomic_load_n(&go_round, __ATOMIC_ACQUIRE))
			__atomic_fetch_add(&a_worker.rounds, 1, __ATOMIC_RELEASE);
	return 0;
}

static void unmap(void *arg)
{
	(void)arg;
	munmap(memory, BYTES);
	__atomic_store_n(&unmapped, true, __ATOMIC_RELEASE);
}

static bool is_unmapped(void)
{
	return __atomic_load_n(&unmapped, __ATOMIC_ACQUIRE);
}

static int map_memory(void **state)
{
	(void)state;
	unmapped = go_round = stop = false;
	memory = mmap(NULL, BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return memory == MAP_FAILED;
}

static void start_worker(void)
{
	a_worker.lcore = LCORE;
	assert_int_equal(rte_eal_remote_launch(run, NULL, LCORE), 0);
	grace_watch(&a_worker, 1);
}

static int stop_worker(void **state)
{
	(void)state;
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	rte_eal_wait_lcore(LCORE);
	grace_watch(NULL, 0);
	return 0;
}

static void the_interrupt_thread_waits_for_a_round(void **state)
{
	(void)state;
	start_worker();
	assert_int_equal(rte_eal_alarm_set(1, unmap, NULL), 0);
	usleep(SHORT_US);
	assert_false(is_unmapped());
	assert_int_equal(*(volatile const uint8_t *)memory, 0); /* still there */
	__atomic_store_n(&go_round, true, __ATOMIC_RELEASE);
	while (!is_unmapped())
		usleep(100);
}

static void it_waits_for_nobody_where_no_worker_runs(void **state)
{
	(void)state;
	assert_int_equal(rte_eal_alarm_set(1, unmap, NULL), 0);
	while (!is_unmapped())
		usleep(100);
}

static void other_threads_do_not_wait(void **state)
{
	(void)state;
	start_worker();
	assert_int_equal(munmap(memory, BYTES), 0);
	assert_int_equal(munmap((void *)1, BYTES), -1);
}

static int start(void **state)
{
	static char *args[] = { "test", "--no-huge", "-m", "64", "--no-shconf", "--no-pci",
		"--no-telemetry", "--log-level=error", "--lcores", "0@0,1@(0-1)", NULL };

	(void)state;
	return rte_eal_init(COUNT_OF(args) - 1, args) < 0;
}

static int stop_eal(void **state)
{
	(void)state;
	return rte_eal_cleanup();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_interrupt_thread_waits_for_a_round, map_memory, stop_worker),
		cmocka_unit_test_setup(it_waits_for_nobody_where_no_worker_runs, map_memory),
		cmocka_unit_test_setup_teardown(other_threads_do_not_wait, map_memory, stop_worker),
	};

	return cmocka_run_group_tests_name("grace", tests, start, stop_eal);
}
