/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <errno.h>
#include <string.h>

#include <rte_common.h>
#include <rte_eal.h>

#include "control/ring_pool.h"

static void every_ring_is_given_out_once(void **state)
{
	uint8_t *rings[12];
	struct ring_pool pool;

	(void)state;
	assert_int_equal(ring_pool_init(&pool, 10, 2), 0);
	assert_int_equal(ring_pool_take(&pool, rings, COUNT_OF(rings)), 0);
	for (unsigned i = 0; i < COUNT_OF(rings); i++)
		memset(rings[i], (int)i, PCM_RING_SAMPLES);
	for (unsigned i = 0; i < COUNT_OF(rings); i++) {
		assert_int_equal((uintptr_t)rings[i] % RTE_CACHE_LINE_SIZE, 0);
		assert_int_equal(rings[i][0], i);
		assert_int_equal(rings[i][PCM_RING_SAMPLES - 1], i);
	}
	assert_int_equal(pool.free_count, 0);
	ring_pool_fini(&pool);
}

static void a_pool_that_has_too_few_gives_none(void **state)
{
	uint8_t *rings[4], *more[4];
	struct ring_pool pool;

	(void)state;
	assert_int_equal(ring_pool_init(&pool, 4, 0), 0);
	assert_int_equal(ring_pool_take(&pool, rings, 2), 0);
	assert_int_equal(ring_pool_take(&pool, more, 3), -ENOSPC);
	assert_int_equal(pool.free_count, 2);
	assert_int_equal(ring_pool_take(&pool, more, 0), 0);
	ring_pool_give_back(&pool, rings[0]);
	assert_int_equal(ring_pool_take(&pool, more, 3), 0);
	assert_ptr_equal(more[0], rings[0]);
	assert_int_equal(ring_pool_take(&pool, more, 1), -ENOSPC);
	ring_pool_fini(&pool);
}

static void memory_that_is_not_there_is_told(void **state)
{
	struct ring_pool pool;

	(void)state;
	assert_int_equal(ring_pool_init(&pool, 1 << 22, 0), -ENOMEM);
	assert_null(pool.rings);
	assert_null(pool.free);
}

static int start(void **state)
{
	static char *args[] = { "test", "--no-huge", "-m", "64", "--no-shconf", "--no-pci",
		"--no-telemetry", "--log-level=error", "-l", "0", NULL };

	(void)state;
	return rte_eal_init(COUNT_OF(args) - 1, args) < 0;
}

static int stop(void **state)
{
	(void)state;
	return rte_eal_cleanup();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_ring_is_given_out_once),
		cmocka_unit_test(a_pool_that_has_too_few_gives_none),
		cmocka_unit_test(memory_that_is_not_there_is_told),
	};

	return cmocka_run_group_tests_name("ring_pool", tests, start, stop);
}
