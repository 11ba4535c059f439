/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "fixture.h"

#include <stdio.h>

#include <rte_malloc.h>

#include "call/admit.h"
#include "control/registry.h"

/* The main lcore's book of calls, and two workers that apply what it sends them in whatever order
 * the test lets them. */

#define WORKERS	    2
#define CALLS_MAX   8
#define PARTIES	    3
#define RINGS	    8
#define OPERATIONS  4
#define WORKER_NONE PORT_OWNER_NONE

static struct worker *workers;
static struct port_set no_ports;
static struct ring_pool rings;
static struct registry *registry;

/* --- what the control plane says --- */

struct spoken {
	WireOperation operation;
	WireCall call;
	WireLeg legs[PARTIES], *leg_list[PARTIES];
	WireEndpoint remotes[PARTIES];
	uint8_t addresses[PARTIES][4];
};

static struct spoken operations[OPERATIONS];

/* A call of an agent and a customer at these ports, and of a monitor where `monitor` is not 0; its
 * legs have the numbers 1, 2 and 3, and the addresses 192.0.2.10, 11 and 12. */
static struct spoken *put_three(
	unsigned i, const char *id, uint32_t agent, uint32_t customer, uint32_t monitor)
{
	static const Bridgetap__Dataplane__V1__Role roles[] = {
		BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_AGENT,
		BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_CUSTOMER,
		BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_MONITOR,
	};
	const uint32_t ports_of[] = { agent, customer, monitor };
	struct spoken *said = &operations[i];

	bridgetap__dataplane__v1__operation__init(&said->operation);
	bridgetap__dataplane__v1__call__init(&said->call);
	said->operation.operation_case = BRIDGETAP__DATAPLANE__V1__OPERATION__OPERATION_PUT_CALL;
	said->operation.put_call = &said->call;
	said->call.id = (char *)(uintptr_t)id;
	said->call.legs = said->leg_list;
	said->call.n_legs = monitor != 0 ? 3 : 2;
	for (unsigned n = 0; n < PARTIES; n++) {
		WireLeg *leg = said->leg_list[n] = &said->legs[n];

		memcpy(said->addresses[n], (const uint8_t[]){ 192, 0, 2, (uint8_t)(10 + n) }, 4);
		bridgetap__dataplane__v1__endpoint__init(&said->remotes[n]);
		said->remotes[n].address.data = said->addresses[n];
		said->remotes[n].address.len = 4;
		said->remotes[n].port = 4000;
		bridgetap__dataplane__v1__leg__init(leg);
		leg->id = n + 1;
		leg->role = roles[n];
		leg->mode = BRIDGETAP__DATAPLANE__V1__MODE__MODE_LISTEN;
		leg->codec = BRIDGETAP__DATAPLANE__V1__CODEC__CODEC_PCMU;
		leg->realm = (char *)(uintptr_t) "access";
		leg->local_port = ports_of[n];
		leg->ssrc = 1000 + n;
		leg->remote = &said->remotes[n];
	}
	return said;
}

static struct spoken *put(unsigned i, const char *id, uint32_t agent, uint32_t customer)
{
	return put_three(i, id, agent, customer, 0);
}

static void take_away(unsigned i, const char *id)
{
	bridgetap__dataplane__v1__operation__init(&operations[i].operation);
	operations[i].operation.operation_case =
		BRIDGETAP__DATAPLANE__V1__OPERATION__OPERATION_REMOVE_CALL;
	operations[i].operation.remove_call = (char *)(uintptr_t)id;
}

/* Say the first `count` operations in one batch. */
static int say_batch(unsigned count)
{
	WireBatch batch = BRIDGETAP__DATAPLANE__V1__BATCH__INIT;
	WireOperation *list[OPERATIONS];
	struct refusal refusal;

	for (unsigned i = 0; i < count; i++)
		list[i] = &operations[i].operation;
	batch.generation = registry_generation(registry) + 1;
	batch.operations = list;
	batch.n_operations = count;
	return registry_apply(registry, &batch, &refusal);
}

/* --- what the workers do --- */

/* The last worker first: what was meant to come after something comes before it, unless both are
 * one worker's. */
static void let_workers_work(void)
{
	do {
		for (unsigned w = WORKERS; w > 0; w--)
			worker_poll(&workers[w - 1]);
		registry_poll(registry);
	} while (registry_is_waiting(registry));
}

static unsigned owner_of(uint16_t port)
{
	int slot = port_table_slot(workers->table, REALM_ACCESS, port);

	return port_table_owner(workers->table, REALM_ACCESS, slot);
}

/* The worker of the call that has a leg at `port`; WORKER_NONE where there is none. Its owner says
 * the same. */
static unsigned worker_at(uint16_t port)
{
	int slot = port_table_slot(workers->table, REALM_ACCESS, port);
	const struct leg *leg = workers->table->realm[REALM_ACCESS].legs[slot];
	unsigned index = leg == NULL ? WORKER_NONE : call_of(leg)->worker;

	assert_int_equal(owner_of(port), index);
	return index;
}

static void new_worker(unsigned index)
{
	struct worker *w = &workers[index];
	char name[RTE_RING_NAMESIZE];

	*w = *worker;
	w->index = (uint8_t)index;
	w->peers = workers;
	w->ports = &no_ports;
	snprintf(name, sizeof(name), "commands%u", index);
	w->commands = rte_ring_create_elem(
		name, sizeof(struct command), COMMAND_RING_SIZE, SOCKET_ID_ANY, 0);
	snprintf(name, sizeof(name), "replies%u", index);
	w->replies = rte_ring_create_elem(
		name, sizeof(struct reply), COMMAND_RING_SIZE, SOCKET_ID_ANY, 0);
	assert_true(w->commands != NULL && w->replies != NULL);
}

static void ignore_done(void *arg, uint64_t generation)
{
	(void)arg;
	(void)generation;
}

static int begin(void **state)
{
	struct registry_config config = {
		.realms = worker->realms,
		.table = worker->table,
		.rings = &rings,
		.worker_count = WORKERS,
		.calls_max = CALLS_MAX,
		.seats_max = 3,
	};

	(void)state;
	workers = rte_zmalloc("workers", WORKERS * sizeof(*workers), RTE_CACHE_LINE_SIZE);
	assert_non_null(workers);
	for (unsigned w = 0; w < WORKERS; w++)
		new_worker(w);
	config.workers = workers;
	assert_int_equal(ring_pool_init(&rings, RINGS, RINGS), 0);
	registry = registry_create(&config, NULL, ignore_done, NULL);
	return registry == NULL;
}

/* Nothing may be left in the port table. */
static int end(void **state)
{
	const WireCall *call;

	(void)state;
	while ((call = registry_next(registry, NULL)) != NULL) {
		take_away(0, call->id);
		assert_int_equal(say_batch(1), 0);
		let_workers_work();
	}
	for (uint16_t port = 20000; port < 20200; port += 2)
		assert_int_equal(worker_at(port), WORKER_NONE);
	registry_destroy(registry);
	ring_pool_fini(&rings);
	for (unsigned w = 0; w < WORKERS; w++) {
		rte_ring_free(workers[w].commands);
		rte_ring_free(workers[w].replies);
	}
	rte_free(workers);
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
	int slot = port_table_slot(workers->table, REALM_ACCESS, 20000);
	struct leg *leg = workers->table->realm[REALM_ACCESS].legs[slot];
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
	int slot = port_table_slot(workers->table, REALM_ACCESS, port);
	const struct leg *leg = workers->table->realm[REALM_ACCESS].legs[slot];

	return leg->header_length == 0 ? 0 : leg_header(leg)[19];
}

/* A call whose agent is signalled to be at this host, or nowhere yet (0), and learned. */
static void put_learner(const char *id, uint8_t host, uint32_t monitor)
{
	struct spoken *said = put_three(0, id, 20000, 20002, monitor);

	said->legs[0].learn_remote = 1;
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
	put_learner("call", 0, 0);
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
	put_learner("call", 0, 20004);
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
		put_learner("call", 0, 0);
		late = learned(77);
		take_away(0, "call");
		assert_int_equal(say_batch(1), 0);
		let_workers_work();
	}
	/* Numbers are given out in turn: one of them is that of the last. */
	for (unsigned i = 0; i < CALLS_MAX; i++) {
		put_learner("call", 0, 0);
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
	put_learner("call", 10, 0);
	late = learned(77);
	put_learner("call", 20, 0);
	assert_false(is_news(&late));
	assert_int_equal(sends_to(20000), 20);
	assert_true(learns(78));
	assert_int_equal(sends_to(20000), 78);
}

static void what_a_leg_has_learned_is_its_own_whatever_else_changes(void **state)
{
	struct event late;

	(void)state;
	put_learner("call", 10, 0);
	late = learned(77);
	put_learner("call", 10, 20004);
	assert_true(is_news(&late));
	assert_int_equal(sends_to(20000), 77);
	/* Also when it is the next one. */
	late = learned(78);
	put_learner("call", 10, 0);
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
		TEST(what_a_leg_has_learned_is_its_own_whatever_else_changes),
	};

	return cmocka_run_group_tests_name("registry", tests, start_eal, stop_eal);
}
