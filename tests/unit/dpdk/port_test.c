/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <errno.h>
#include <stdio.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "net/port.h"

/* Ports as DPDK gives them, and what cannot be one. */

static struct rte_mempool *pool;

/* A device that is there before ours are: what DPDK has found on a bus, say. */
static void add_device(unsigned number)
{
	char name[32];

	snprintf(name, sizeof(name), "net_null%u", 100 + number);
	assert_int_equal(rte_dev_probe(name), 0);
}

static int start_one(struct port_set *set, const char *devargs)
{
	*set = (struct port_set){ .count = 1, .port = { { .name = "a" } } };
	snprintf(set->port[0].devargs, sizeof(set->port[0].devargs), "%s", devargs);
	return port_set_start(set, 1, pool, "", NULL);
}

static void a_number_that_has_no_place_is_refused(void **state)
{
	static struct port_set set;

	(void)state;
	for (unsigned i = 0; i < PORT_MAX - 1; i++)
		add_device(i);
	assert_int_equal(start_one(&set, "net_null0"), 0);
	assert_int_equal(set.port[0].id, PORT_MAX - 1);
	port_set_stop(&set);
	add_device(PORT_MAX - 1);
	assert_int_equal(start_one(&set, "net_null1"), -ENOSPC);
	assert_int_equal(set.count, 0);
	assert_int_equal(rte_eth_dev_count_avail(), PORT_MAX);
}

static int start(void **state)
{
	static char *args[] = { "test", "--no-huge", "-m", "64", "--no-shconf", "--no-pci",
		"--no-telemetry", "--log-level=error", "-l", "0", NULL };

	(void)state;
	if (rte_eal_init(COUNT_OF(args) - 1, args) < 0)
		return -1;
	pool = rte_pktmbuf_pool_create("pool", 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	return pool == NULL;
}

static int stop(void **state)
{
	(void)state;
	rte_mempool_free(pool);
	return rte_eal_cleanup();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_that_has_no_place_is_refused),
	};

	return cmocka_run_group_tests_name("port", tests, start, stop);
}
