/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "registry_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include <rte_malloc.h>

#define OPERATIONS 4
#define FIRST	   20000
#define LAST	   65535

struct worker *workers;
struct registry *registry;
struct ring_pool rings;
const struct realm_set *access_realm;

static struct realm_set realms;
static struct port_table table;
static struct port_set no_ports;

static struct spoken operations[OPERATIONS];

struct spoken *put_three(
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

struct spoken *put(unsigned i, const char *id, uint32_t agent, uint32_t customer)
{
	return put_three(i, id, agent, customer, 0);
}

void take_away(unsigned i, const char *id)
{
	bridgetap__dataplane__v1__operation__init(&operations[i].operation);
	operations[i].operation.operation_case =
		BRIDGETAP__DATAPLANE__V1__OPERATION__OPERATION_REMOVE_CALL;
	operations[i].operation.remove_call = (char *)(uintptr_t)id;
}

int say_batch(unsigned count)
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

void let_workers_work(void)
{
	do {
		for (unsigned w = WORKERS; w > 0; w--)
			worker_poll(&workers[w - 1]);
		registry_poll(registry);
	} while (registry_is_waiting(registry));
}

unsigned owner_of(uint16_t port)
{
	return port_table_owner(&table, 0, port_table_slot(&table, 0, port));
}

struct leg *leg_at(uint16_t port)
{
	return table.realm[0].legs[port_table_slot(&table, 0, port)];
}

unsigned worker_at(uint16_t port)
{
	const struct leg *leg = leg_at(port);
	unsigned index = leg == NULL ? WORKER_NONE : call_of(leg)->worker;

	assert_int_equal(owner_of(port), index);
	return index;
}

/* --- life --- */

static void new_realm(void)
{
	struct realm *realm = &realms.realm[0];
	struct port_slots *slots = &table.realm[0];

	memset(&realms, 0, sizeof(realms));
	realms.count = 1;
	snprintf(realm->name, sizeof(realm->name), "access");
	assert_int_equal(endpoint_parse_address(&realm->address, "192.0.2.1"), 0);
	realm->first_port = FIRST;
	realm->last_port = LAST;
	realm_set_index(&realms);
	access_realm = &realms;
	slots->first_port = FIRST;
	slots->count = (LAST - FIRST + 1) / 2;
	slots->owner = malloc(slots->count);
	slots->legs = calloc(slots->count, sizeof(*slots->legs));
	assert_true(slots->owner != NULL && slots->legs != NULL);
	memset(slots->owner, PORT_OWNER_NONE, slots->count);
}

static void new_worker(unsigned index)
{
	struct worker *w = &workers[index];
	char name[RTE_RING_NAMESIZE];

	*w = *worker;
	w->index = (uint8_t)index;
	w->peers = workers;
	w->ports = &no_ports;
	w->realms = &realms;
	w->table = &table;
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

void start_registry(unsigned calls_max)
{
	struct registry_config config = {
		.realms = &realms,
		.table = &table,
		.rings = &rings,
		.worker_count = WORKERS,
		.calls_max = calls_max,
		.seats_max = 3,
	};

	new_realm();
	workers = rte_zmalloc("workers", WORKERS * sizeof(*workers), RTE_CACHE_LINE_SIZE);
	assert_non_null(workers);
	for (unsigned w = 0; w < WORKERS; w++)
		new_worker(w);
	config.workers = workers;
	assert_int_equal(ring_pool_init(&rings, RINGS, RINGS), 0);
	registry = registry_create(&config, NULL, ignore_done, NULL);
	assert_non_null(registry);
}

static void end_calls(void)
{
	const WireCall *call;
	uint32_t number = 0;

	while ((call = registry_next(registry, &number)) != NULL) {
		take_away(0, call->id);
		assert_int_equal(say_batch(1), 0);
		let_workers_work();
	}
	for (unsigned port = FIRST; port < LAST; port += 2)
		assert_int_equal(worker_at((uint16_t)port), WORKER_NONE);
}

void end_registry(void)
{
	end_calls();
	registry_destroy(registry);
	ring_pool_fini(&rings);
	for (unsigned w = 0; w < WORKERS; w++) {
		rte_ring_free(workers[w].commands);
		rte_ring_free(workers[w].replies);
	}
	rte_free(workers);
	free(table.realm[0].owner);
	free(table.realm[0].legs);
}
