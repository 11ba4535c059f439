/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* What the control plane may say to the data plane: messages and, between them, sources that legs
 * have learned, through the real registry to a real worker. */
#include "control/record.h"
#include "control/registry.h"
#include "control/wire.h"
#include "fuzz.h"
#include "proto/unpack.h"
#include "unit/dpdk/fixture.h"

#define CALLS_MAX	8
#define SEATS_MAX	3
#define LEGS_MIXING_MAX 6
#define LEGS_SPARE	32

#define ROLE_BIT(role) (1u << (role))

static struct ring_pool rings;
static struct registry *registry;
static uint64_t done_generation;
static unsigned ended;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	start_eal(NULL);
	REQUIRE(ring_pool_init(&rings, LEGS_MIXING_MAX, LEGS_SPARE) == 0);
	return 0;
}

static void batch_done(void *arg, uint64_t generation)
{
	(void)arg;
	done_generation = generation;
}

/* A call has been removed, and there are statistics of all its legs. */
static void call_ended(void *arg, const char *id, const struct leg_stats *stats, unsigned count)
{
	(void)arg;
	REQUIRE(*id != '\0' && count > 0 && count <= CALL_LEGS_MAX);
	for (unsigned i = 0; i < count; i++)
		REQUIRE(stats[i].role != ROLE_NONE && stats[i].role < ROLE_COUNT);
	ended++;
}

/* Until every command has been answered. */
static void let_worker_work(void)
{
	do {
		worker_poll(worker);
		registry_poll(registry);
	} while (registry_is_waiting(registry));
}

/* A number that tells what calls there are and what they are like. */
static uint64_t fingerprint(void)
{
	uint64_t print = registry_count(registry) * 31ull + registry_mixing_legs(registry);
	uint32_t number = 0;

	for (const WireCall *call; (call = registry_next(registry, &number)) != NULL;) {
		size_t size = bridgetap__dataplane__v1__call__get_packed_size(call);
		uint8_t *bytes = malloc(size + 1);
		uint64_t one = 0xcbf29ce484222325;

		bridgetap__dataplane__v1__call__pack(call, bytes);
		for (size_t i = 0; i < size; i++)
			one = (one ^ bytes[i]) * 0x100000001b3;
		print += one; /* in any order */
		free(bytes);
	}
	return print;
}

static bool has_monitor(const WireCall *call, enum mode mode)
{
	for (size_t i = 0; i < call->n_legs; i++)
		if ((int)call->legs[i]->role == ROLE_MONITOR &&
			(int)call->legs[i]->mode == (int)mode)
			return true;
	return false;
}

/* Who hears the monitor is who the mode names, and the recorder never (M7, M14). */
static void check_hearing(void *arg, const struct leg_stats *stats, unsigned count)
{
	const WireCall *call = arg;
	bool barge = has_monitor(call, MODE_BARGE), whisper = has_monitor(call, MODE_WHISPER);

	REQUIRE(count == call->n_legs);
	for (unsigned i = 0; i < count; i++) {
		bool hears_monitor = stats[i].hears & ROLE_BIT(ROLE_MONITOR);

		if (stats[i].role == ROLE_CUSTOMER)
			REQUIRE(hears_monitor == barge);
		else if (stats[i].role == ROLE_AGENT)
			REQUIRE(hears_monitor == (barge || whisper));
		else if (stats[i].role == ROLE_RECORDER)
			REQUIRE((stats[i].hears &
					~(ROLE_BIT(ROLE_AGENT) | ROLE_BIT(ROLE_CUSTOMER))) == 0);
	}
}

/* The worker has what the book says. */
static void check_calls(void)
{
	uint32_t number = 0;

	REQUIRE(registry_count(registry) <= CALLS_MAX);
	REQUIRE(registry_mixing_legs(registry) <= LEGS_MIXING_MAX);
	REQUIRE(rings.free_count + registry_mixing_legs(registry) == rings.count);
	for (const WireCall *call; (call = registry_next(registry, &number)) != NULL;) {
		REQUIRE(registry_stats(
				registry, call->id, check_hearing, (void *)(uintptr_t)call) == 0);
		let_worker_work();
	}
}

static void apply(const WireBatch *batch)
{
	uint64_t before = fingerprint(), generation = registry_generation(registry);
	struct refusal refusal;

	if (registry_apply(registry, batch, &refusal) < 0) {
		REQUIRE(refusal.code != WIRE_ERROR(OK) && refusal.sentence[0] != '\0');
		let_worker_work();
		REQUIRE(fingerprint() == before && registry_generation(registry) == generation);
		return;
	}
	let_worker_work();
	REQUIRE(registry_generation(registry) == batch->generation);
	REQUIRE(batch->generation == 0 || done_generation == batch->generation);
	check_calls();
}

static void say_to_dataplane(struct bytes message)
{
	uint8_t *copy = copy_of(message.at, message.left);
	char error[UNPACK_ERROR_SIZE];
	WireTo *to = (WireTo *)unpack(&bridgetap__dataplane__v1__to_dataplane__descriptor, copy,
		message.left, WIRE_UNPACK_MAX, error);

	free(copy);
	if (to == NULL)
		return;
	if (to->message_case == BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_BATCH) {
		/* Most inputs would get no further than a number that is not the next one. */
		if (to->batch->generation != 0)
			to->batch->generation = registry_generation(registry) + 1;
		apply(to->batch);
	}
	unpacked_free(&to->base);
}

static void learn(struct bytes *in)
{
	struct event event = { .kind = EVENT_SOURCE_LEARNED };
	const struct record *record;

	event.call = take_u8(in) % (CALLS_MAX + 1);
	record = event.call < CALLS_MAX ? registry_record(registry, event.call) : NULL;
	event.leg = take_u8(in);
	if (record != NULL) {
		event.serial = record->serial;
		for (unsigned i = 0; i < record->leg_count; i++)
			if (record->plans[i].id == event.leg)
				event.signalled = record->plans[i].signalled;
	}
	event.source.port = take_u16(in);
	endpoint_map_ipv4(event.source.address, (const uint8_t[]){ 192, 0, 2, take_u8(in) });
	registry_source_learned(registry, &event);
	let_worker_work();
	check_calls();
}

static void remove_all(void)
{
	while (registry_count(registry) > 0) {
		unsigned before = ended;
		uint32_t number = 0;
		WireOperation operation = BRIDGETAP__DATAPLANE__V1__OPERATION__INIT;
		WireOperation *operations = &operation;
		WireBatch batch = BRIDGETAP__DATAPLANE__V1__BATCH__INIT;
		struct refusal refusal;

		operation.operation_case =
			BRIDGETAP__DATAPLANE__V1__OPERATION__OPERATION_REMOVE_CALL;
		operation.remove_call = registry_next(registry, &number)->id;
		batch.generation = registry_generation(registry) + 1;
		batch.operations = &operations;
		batch.n_operations = 1;
		batch.tell_ended = true;
		REQUIRE(registry_apply(registry, &batch, &refusal) == 0);
		let_worker_work();
		REQUIRE(ended == before + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct registry_config config = {
		.realms = worker->realms,
		.table = worker->table,
		.rings = &rings,
		.workers = worker,
		.worker_count = 1,
		.calls_max = CALLS_MAX,
		.seats_max = SEATS_MAX,
		.ended = call_ended,
	};
	struct bytes in = { data, size };

	registry = registry_create(&config, NULL, batch_done, NULL);
	REQUIRE(registry != NULL);
	while (in.left > 0) {
		uint8_t what = take_u8(&in);

		if (what % 4 == 0)
			learn(&in);
		else
			say_to_dataplane(take_span(&in, take_u16(&in)));
	}
	remove_all();
	REQUIRE(registry_mixing_legs(registry) == 0 && rings.free_count == rings.count);
	registry_destroy(registry);
	return 0;
}
