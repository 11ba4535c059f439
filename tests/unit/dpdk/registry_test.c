/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "registry_fixture.h"

#include "call/admit.h"

#define CALLS_MAX 8

static int begin(void **state)
{
	(void)state;
	start_registry(CALLS_MAX);
	return 0;
}

static int end(void **state)
{
	(void)state;
	end_registry();
	return 0;
}

/* A call that goes to the first worker because its ports agree on none, the second of which is one
 * that packets to arrive at the other worker. */
static void put_first(void)
{
	put(0, "first", 20000, 20064);
	assert_int_equal(say_batch(1), 0);
	let_workers_work();
	assert_int_equal(worker_at(20064), 0);
}

/* --- a port that passes from call to call stays on its worker --- */

static void a_port_of_a_call_that_ends_passes_on_within_a_batch(void **state)
{
	(void)state;
	put_first();
	take_away(0, "first");
	put(1, "heir", 20064, 20066);
	assert_int_equal(say_batch(2), 0);
	let_workers_work();
	assert_int_equal(worker_at(20064), 0);
	assert_int_equal(worker_at(20066), 0);
	assert_int_equal(worker_at(20000), WORKER_NONE);
}

static void a_port_of_a_call_that_changes_passes_on_within_a_batch(void **state)
{
	(void)state;
	put_first();
	put(0, "first", 20000, 20002);
	put(1, "heir", 20064, 20066);
	assert_int_equal(say_batch(2), 0);
	let_workers_work();
	assert_int_equal(worker_at(20064), 0);
	assert_int_equal(worker_at(20066), 0);
	assert_int_equal(worker_at(20002), 0);
}

static void a_port_passes_on_twice_within_a_batch(void **state)
{
	(void)state;
	put(0, "first", 20000, 20064);
	take_away(1, "first");
	put(2, "heir", 20064, 20066);
	assert_int_equal(say_batch(3), 0);
	let_workers_work();
	assert_int_equal(worker_at(20064), 0);
	assert_int_equal(worker_at(20066), 0);
	assert_int_equal(worker_at(20000), WORKER_NONE);
}

static void a_call_that_changes_takes_no_port_that_leaves_another_worker(void **state)
{
	(void)state;
	put_first();
	put(0, "second", 20066, 20068);
	assert_int_equal(say_batch(1), 0);
	let_workers_work();
	assert_int_equal(worker_at(20066), 1);
	take_away(0, "first");
	put(1, "second", 20064, 20068);
	assert_int_equal(say_batch(2), -1);
	let_workers_work();
	assert_int_equal(worker_at(20064), 0);
	assert_int_equal(worker_at(20066), 1);
	/* The next batch finds the port free. */
	assert_int_equal(say_batch(1), 0);
	let_workers_work();
	put(0, "second", 20064, 20068);
	assert_int_equal(say_batch(1), 0);
	let_workers_work();
	assert_int_equal(worker_at(20064), 1);
}

static void a_batch_that_is_refused_binds_no_port(void **state)
{
	(void)state;
	put_first();
	take_away(0, "first");
	put(1, "heir", 20064, 20066);
	put(2, "bad", 20001, 20003);
	assert_int_equal(say_batch(3), -1);
	assert_int_equal(worker_at(20000), 0);
	assert_int_equal(worker_at(20064), 0);
	assert_int_equal(owner_of(20066), WORKER_NONE);
	assert_int_equal(say_batch(1), 0);
	let_workers_work();
	assert_int_equal(worker_at(20064), WORKER_NONE);
	put(0, "heir", 20064, 20066);
	assert_int_equal(say_batch(1), 0);
	let_workers_work();
	assert_int_equal(worker_at(20064), 1);
}

/* --- what a leg has learned --- */

/* What the leg at port 20000 tells when it has learned this host, at port 5000. */
static struct event learned(uint8_t host)
{
	struct leg *leg = leg_at(20000);
	struct endpoint source = { .port = 5000 };
	struct counters counters = { 0 };
	struct forward_env env = { .events = workers->events, .counters = &counters };
	struct event event;

	endpoint_map_ipv4(source.address, (const uint8_t[]){ 192, 0, 2, host });
	leg_set_from(leg, &source);
	leg->untold = 1;
	admit_tell_learned(leg, &env);
	assert_int_equal(rte_ring_dequeue_elem(workers->events, &event, sizeof(event)), 0);
	return event;
}

static bool is_news(const struct event *event)
{
	bool news = registry_source_learned(registry, event);

	let_workers_work();
	return news;
}

static bool learns(uint8_t host)
{
	struct event event = learned(host);

	return is_news(&event);
}

/* The last byte of the address that is sent to from `port`. */
static unsigned sends_to(uint16_t port)
{
	const struct leg *leg = leg_at(port);

	return leg->header_length == 0 ? 0 : leg_header(leg)[19];
}

/* A call whose agent is signalled to be at this host, or nowhere yet (0), and learned. */
static void put_learner(const char *id, uint8_t host, uint32_t monitor, uint32_t far_end)
{
	struct spoken *said = put_three(0, id, 20000, 20002, monitor);

	said->legs[0].learn_remote = 1;
	said->legs[0].far_end = far_end;
	if (host == 0)
		said->legs[0].remote = NULL;
	else
		said->addresses[0][3] = host;
	assert_int_equal(say_batch(1), 0);
	let_workers_work();
}

static void a_leg_gets_a_way_to_the_source_that_it_has_learned_once(void **state)
{
	(void)state;
	put_learner("call", 0, 0, 0);
	assert_int_equal(sends_to(20000), 0);
	assert_true(learns(77));
	assert_int_equal(sends_to(20000), 77);
	assert_true(registry_call_by_id(registry, "call")->legs[0]->learned);
	assert_false(learns(77));
	/* The signalled one has come. */
	assert_true(learns(10));
	assert_int_equal(sends_to(20000), 10);
}

static void a_leg_gets_its_way_when_there_is_memory_for_it_again(void **state)
{
	uint8_t *taken[2 * RINGS];
	unsigned count;

	(void)state;
	put_learner("call", 0, 20004, 0);
	count = rings.free_count;
	assert_int_equal(ring_pool_take(&rings, taken, count), 0);
	assert_true(learns(77));
	assert_false(learns(77));
	assert_int_equal(sends_to(20000), 0);
	while (count > 0)
		ring_pool_give_back(&rings, taken[--count]);
	assert_false(learns(77));
	assert_int_equal(sends_to(20000), 77);
}

static void what_an_earlier_call_has_learned_is_not_its_heirs(void **state)
{
	struct event late;

	(void)state;
	for (unsigned i = 0; i < CALLS_MAX; i++) {
		put_learner("call", 0, 0, 0);
		late = learned(77);
		take_away(0, "call");
		assert_int_equal(say_batch(1), 0);
		let_workers_work();
	}
	/* Numbers are given out in turn: one of them is that of the last. */
	for (unsigned i = 0; i < CALLS_MAX; i++) {
		put_learner("call", 0, 0, 0);
		assert_false(is_news(&late));
		assert_int_equal(sends_to(20000), 0);
		take_away(0, "call");
		assert_int_equal(say_batch(1), 0);
		let_workers_work();
	}
}

static void what_a_leg_has_learned_is_not_that_of_another_signalled_source(void **state)
{
	struct event late;

	(void)state;
	put_learner("call", 10, 0, 0);
	late = learned(77);
	put_learner("call", 20, 0, 0);
	assert_false(is_news(&late));
	assert_int_equal(sends_to(20000), 20);
	assert_true(learns(78));
	assert_int_equal(sends_to(20000), 78);
}

static void what_a_leg_has_learned_is_not_that_of_another_far_end(void **state)
{
	struct event late;

	(void)state;
	put_learner("call", 0, 0, 0);
	assert_true(learns(77));
	late = learned(77);
	put_learner("call", 0, 0, 1);
	assert_int_equal(sends_to(20000), 0);
	assert_false(is_news(&late));
	assert_int_equal(sends_to(20000), 0);
	assert_true(learns(78));
	assert_int_equal(sends_to(20000), 78);
}

static void what_a_leg_has_learned_is_its_own_whatever_else_changes(void **state)
{
	struct event late;

	(void)state;
	put_learner("call", 10, 0, 0);
	late = learned(77);
	put_learner("call", 10, 20004, 0);
	assert_true(is_news(&late));
	assert_int_equal(sends_to(20000), 77);
	/* Also when it is the next one. */
	late = learned(78);
	put_learner("call", 10, 0, 0);
	assert_true(is_news(&late));
	assert_int_equal(sends_to(20000), 78);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_port_of_a_call_that_ends_passes_on_within_a_batch),
		TEST(a_port_of_a_call_that_changes_passes_on_within_a_batch),
		TEST(a_port_passes_on_twice_within_a_batch),
		TEST(a_call_that_changes_takes_no_port_that_leaves_another_worker),
		TEST(a_batch_that_is_refused_binds_no_port),
		TEST(a_leg_gets_a_way_to_the_source_that_it_has_learned_once),
		TEST(a_leg_gets_its_way_when_there_is_memory_for_it_again),
		TEST(what_an_earlier_call_has_learned_is_not_its_heirs),
		TEST(what_a_leg_has_learned_is_not_that_of_another_signalled_source),
		TEST(what_a_leg_has_learned_is_not_that_of_another_far_end),
		TEST(what_a_leg_has_learned_is_its_own_whatever_else_changes),
	};

	return cmocka_run_group_tests_name("registry", tests, start_eal, stop_eal);
}
