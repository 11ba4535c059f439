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
		uint16_t port = port_pool_take(&pool, 0);

		assert_int_equal(port % 2, 0);
		assert_in_range(port, 20000, 20098);
		assert_false(taken[port - 20000]);
		taken[port - 20000] = true;
	}
	assert_int_equal(port_pool_take(&pool, 0), 0);
	port_pool_fini(&pool);
}

static void the_port_that_was_free_for_longest_comes_first(void **state)
{
	struct port_pool pool;

	(void)state;
	port_pool_init(&pool, 20000, 20009);
	assert_int_equal(port_pool_take(&pool, 0), 20000);
	port_pool_give_back(&pool, 20000);
	assert_int_equal(port_pool_take(&pool, 0), 20002);
	assert_int_equal(port_pool_take(&pool, 0), 20004);
	port_pool_give_back(&pool, 20004);
	port_pool_give_back(&pool, 20002);
	assert_int_equal(port_pool_take(&pool, 0), 20006);
	assert_int_equal(port_pool_take(&pool, 0), 20008);
	assert_int_equal(port_pool_take(&pool, 0), 20000);
	assert_int_equal(port_pool_take(&pool, 0), 20004);
	assert_int_equal(port_pool_take(&pool, 0), 20002);
	assert_int_equal(port_pool_take(&pool, 0), 0);
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
		assert_int_not_equal(port_pool_take(&pool, 0), 20004);
	assert_int_equal(port_pool_take(&pool, 0), 0);
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
	port_pool_take(&pool, 0);
	port_pool_take(&pool, 0);
	assert_int_equal(port_pool_take(&pool, 0), 0);
	port_pool_fini(&pool);
}

static void the_whole_range_of_ports_is_usable(void **state)
{
	struct port_pool pool;
	unsigned count = 0;

	(void)state;
	assert_int_equal(port_pool_init(&pool, 1024, 65535), 0);
	while (port_pool_take(&pool, 0) != 0)
		count++;
	assert_int_equal(count, 32256);
	port_pool_give_back(&pool, 65534);
	assert_int_equal(port_pool_take(&pool, 0), 65534);
	port_pool_fini(&pool);
}

/* --- classes ---------------------------------------------------------------------------------- */

/* Three classes, of eight pairs of ports: 0 has four of them, 1 three, 2 one. 20000 / 2 modulo 8
 * is 0. */
static const uint8_t uneven[8] = { 0, 1, 0, 1, 0, 2, 0, 1 };

static unsigned class_of(uint16_t port)
{
	return uneven[port / 2 % 8];
}

static void start_uneven(struct port_pool *pool, uint16_t last)
{
	struct port_classes classes;

	assert_int_equal(port_classes_init(&classes, uneven, sizeof(uneven)), 0);
	assert_int_equal(classes.count, 3);
	assert_int_equal(port_pool_init(pool, 20000, last), 0);
	port_pool_set_classes(pool, &classes);
}

static void a_calls_ports_are_of_one_class(void **state)
{
	struct port_pool pool;

	(void)state;
	start_uneven(&pool, 20799);
	for (unsigned call = 0; call < 40; call++) {
		uint16_t first = port_pool_take(&pool, 0);

		assert_int_not_equal(first, 0);
		for (unsigned leg = 0; leg < 2; leg++)
			assert_int_equal(class_of(port_pool_take(&pool, first)), class_of(first));
	}
	port_pool_fini(&pool);
}

static void calls_go_where_fewest_ports_are_taken(void **state)
{
	unsigned taken[3] = { 0 };
	struct port_pool pool;
	uint16_t ports[60];

	(void)state;
	start_uneven(&pool, 21599);
	for (unsigned i = 0; i < COUNT_OF(ports); i++) {
		ports[i] = port_pool_take(&pool, 0);
		taken[class_of(ports[i])]++;
	}
	for (unsigned c = 0; c < 3; c++)
		assert_int_equal(taken[c], COUNT_OF(ports) / 3);
	/* Those of one class end: the next ones go there. */
	for (unsigned i = 0; i < COUNT_OF(ports); i++)
		if (class_of(ports[i]) == 1)
			port_pool_give_back(&pool, ports[i]);
	for (unsigned i = 0; i < COUNT_OF(ports) / 3; i++)
		assert_int_equal(class_of(port_pool_take(&pool, 0)), 1);
	port_pool_fini(&pool);
}

static void a_class_that_is_exhausted_leaves_all_other_ports(void **state)
{
	struct port_pool pool;
	unsigned count = 0;

	(void)state;
	start_uneven(&pool, 20799);
	/* 20010 is of the class that has an eighth of the 400 ports. */
	for (; count < 50; count++)
		assert_int_equal(class_of(port_pool_take(&pool, 20010)), 2);
	while (port_pool_take(&pool, 20010) != 0)
		count++;
	assert_int_equal(count, 400);
	assert_int_equal(port_pool_take(&pool, 0), 0);
	port_pool_give_back(&pool, 20000);
	assert_int_equal(port_pool_take(&pool, 20010), 20000);
	port_pool_fini(&pool);
}

static void taken_ports_stay_taken_when_the_classes_change(void **state)
{
	const uint8_t other[2] = { 1, 0 };
	struct port_classes classes;
	struct port_pool pool;
	uint16_t taken[50];
	bool seen[800] = { false };

	(void)state;
	start_uneven(&pool, 20799);
	for (unsigned i = 0; i < COUNT_OF(taken); i++)
		seen[(taken[i] = port_pool_take(&pool, 0)) - 20000] = true;
	port_classes_init(&classes, other, sizeof(other));
	port_pool_set_classes(&pool, &classes);
	assert_int_equal(pool.free, 350);
	assert_int_equal(pool.queues[0].taken + pool.queues[1].taken, COUNT_OF(taken));
	for (unsigned i = 0; i < 350; i++) {
		uint16_t port = port_pool_take(&pool, 0);

		assert_int_not_equal(port, 0);
		assert_false(seen[port - 20000]);
		seen[port - 20000] = true;
	}
	assert_int_equal(port_pool_take(&pool, 0), 0);
	for (unsigned i = 0; i < COUNT_OF(taken); i++)
		port_pool_give_back(&pool, taken[i]);
	assert_int_equal(pool.free, COUNT_OF(taken));
	/* And back to one class, in which those that came back first go out first. */
	port_classes_init(&classes, NULL, 0);
	port_pool_set_classes(&pool, &classes);
	for (unsigned i = 0; i < COUNT_OF(taken); i++)
		assert_int_not_equal(port_pool_take(&pool, 0), 0);
	assert_int_equal(port_pool_take(&pool, 0), 0);
	port_pool_fini(&pool);
}

static void classes_that_are_none_leave_one(void **state)
{
	const uint8_t high[2] = { 0, PORT_CLASSES_MAX }, period[PORT_PERIOD_MAX + 1] = { 0, 1 };
	struct port_classes classes;

	(void)state;
	assert_int_equal(port_classes_init(&classes, high, sizeof(high)), -EINVAL);
	assert_int_equal(classes.count, 1);
	assert_int_equal(classes.period, 0);
	assert_int_equal(port_classes_init(&classes, period, sizeof(period)), -EINVAL);
	assert_int_equal(classes.count, 1);
	assert_int_equal(port_classes_init(&classes, NULL, 0), 0);
	assert_int_equal(classes.count, 1);
}

/* Against a list that is looked through: any order of takes and returns. */
static void takes_and_returns_of_any_order_add_up(void **state)
{
	enum { PORTS = 60 };
	bool taken[PORTS] = { false };
	struct port_pool pool;
	unsigned count = 0;

	(void)state;
	start_uneven(&pool, 20000 + 2 * PORTS - 1);
	srandom(3);
	for (unsigned i = 0; i < 100000; i++) {
		uint16_t slot = (uint16_t)(random() % PORTS), port = (uint16_t)(20000 + 2 * slot);

		switch (random() % 3) {
		case 0:
			port = port_pool_take(&pool, random() % 2 ? port : 0);
			assert_true((port == 0) == (count == PORTS));
			if (port == 0)
				break;
			assert_false(taken[(port - 20000) / 2]);
			taken[(port - 20000) / 2] = true;
			count++;
			break;
		case 1:
			assert_int_equal(
				port_pool_take_port(&pool, port), taken[slot] ? -EBUSY : 0);
			count += !taken[slot];
			taken[slot] = true;
			break;
		default:
			port_pool_give_back(&pool, port);
			count -= taken[slot];
			taken[slot] = false;
		}
		assert_int_equal(pool.free, PORTS - count);
	}
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
		cmocka_unit_test(a_calls_ports_are_of_one_class),
		cmocka_unit_test(calls_go_where_fewest_ports_are_taken),
		cmocka_unit_test(a_class_that_is_exhausted_leaves_all_other_ports),
		cmocka_unit_test(taken_ports_stay_taken_when_the_classes_change),
		cmocka_unit_test(classes_that_are_none_leave_one),
		cmocka_unit_test(takes_and_returns_of_any_order_add_up),
	};

	return cmocka_run_group_tests_name("port_pool", tests, NULL, NULL);
}
