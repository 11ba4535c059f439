/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <errno.h>
#include <stdlib.h>

#include "monitor/port_pool.h"

static void every_even_port_is_given_out_once(void **state)
{
	struct port_pool pool;
	bool taken[100] = { false };

	(void)state;
	assert_int_equal(port_pool_init(&pool, 20000, 20099), 0);
	for (unsigned i = 0; i < 50; i++) {
		uint16_t port = port_pool_take(&pool);

		assert_int_equal(port % 2, 0);
		assert_in_range(port, 20000, 20098);
		assert_false(taken[port - 20000]);
		taken[port - 20000] = true;
	}
	assert_int_equal(port_pool_take(&pool), 0);
	port_pool_fini(&pool);
}

static void the_port_that_was_free_for_longest_comes_first(void **state)
{
	struct port_pool pool;

	(void)state;
	port_pool_init(&pool, 20000, 20009);
	assert_int_equal(port_pool_take(&pool), 20000);
	port_pool_give_back(&pool, 20000);
	assert_int_equal(port_pool_take(&pool), 20002);
	assert_int_equal(port_pool_take(&pool), 20004);
	port_pool_give_back(&pool, 20004);
	port_pool_give_back(&pool, 20002);
	assert_int_equal(port_pool_take(&pool), 20006);
	assert_int_equal(port_pool_take(&pool), 20008);
	assert_int_equal(port_pool_take(&pool), 20000);
	assert_int_equal(port_pool_take(&pool), 20004);
	assert_int_equal(port_pool_take(&pool), 20002);
	assert_int_equal(port_pool_take(&pool), 0);
	port_pool_fini(&pool);
}

static void a_certain_port_can_be_taken(void **state)
{
	struct port_pool pool;

	(void)state;
	port_pool_init(&pool, 20000, 20009);
	assert_int_equal(port_pool_take_port(&pool, 20004), 0);
	assert_int_equal(port_pool_take_port(&pool, 20004), -EBUSY);
	assert_int_equal(port_pool_take_port(&pool, 20003), -ERANGE);
	assert_int_equal(port_pool_take_port(&pool, 20010), -ERANGE);
	assert_int_equal(port_pool_take_port(&pool, 19998), -ERANGE);
	for (unsigned i = 0; i < 4; i++)
		assert_int_not_equal(port_pool_take(&pool), 20004);
	assert_int_equal(port_pool_take(&pool), 0);
	port_pool_fini(&pool);
}

static void giving_back_what_is_not_taken_changes_nothing(void **state)
{
	struct port_pool pool;

	(void)state;
	port_pool_init(&pool, 20000, 20003);
	port_pool_give_back(&pool, 20000);
	port_pool_give_back(&pool, 40000);
	port_pool_give_back(&pool, 0);
	assert_int_equal(pool.free, 2);
	port_pool_take(&pool);
	port_pool_take(&pool);
	assert_int_equal(port_pool_take(&pool), 0);
	port_pool_fini(&pool);
}

static void the_whole_range_of_ports_is_usable(void **state)
{
	struct port_pool pool;
	unsigned count = 0;

	(void)state;
	assert_int_equal(port_pool_init(&pool, 1024, 65535), 0);
	while (port_pool_take(&pool) != 0)
		count++;
	assert_int_equal(count, 32256);
	port_pool_give_back(&pool, 65534);
	assert_int_equal(port_pool_take(&pool), 65534);
	port_pool_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_even_port_is_given_out_once),
		cmocka_unit_test(the_port_that_was_free_for_longest_comes_first),
		cmocka_unit_test(a_certain_port_can_be_taken),
		cmocka_unit_test(giving_back_what_is_not_taken_changes_nothing),
		cmocka_unit_test(the_whole_range_of_ports_is_usable),
	};

	return cmocka_run_group_tests_name("port_pool", tests, NULL, NULL);
}
