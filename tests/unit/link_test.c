/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane_link/link.h"
#include "dataplane_link/socket.h"
#include "fuzz/office.h"
#include "monitor/call.h"
#include "people.h"

/* The link, between the rules' calls and a data plane whose words are the test's. */

typedef Bridgetap__Dataplane__V1__FromDataplane FromDataplane;
typedef Bridgetap__Dataplane__V1__ToDataplane ToDataplane;
typedef Bridgetap__Dataplane__V1__Batch Batch;

#define CODE(name)   BRIDGETAP__DATAPLANE__V1__ERROR_CODE__ERROR_CODE_##name
#define PATIENCE_MS  5000
#define RETRY_MS     1000
#define INSTANCE     7
#define SENT_MAX     64
#define NOT_TOLD_YET 12345

static struct world world;
static struct organisation *acme;
static struct loop *loop;
static struct link *link_under_test;
static struct refusal refusal;
static uint32_t randomness;

/* --- the data plane's end --- */

struct link_socket {
	struct link_socket_hooks hooks;
};

static struct link_socket end;
static ToDataplane *sent[SENT_MAX];
static unsigned sent_count, sent_seen;

struct link_socket *link_socket_create(
	struct loop *l, const char *path, const struct link_socket_hooks *hooks)
{
	(void)l;
	(void)path;
	end.hooks = *hooks;
	return &end;
}

void link_socket_destroy(struct link_socket *socket)
{
	(void)socket;
}

uint8_t *link_socket_packet(size_t length)
{
	return malloc(length);
}

void link_socket_send(struct link_socket *socket, uint8_t *packet, size_t length)
{
	(void)socket;
	assert_true(sent_count < SENT_MAX);
	sent[sent_count] = bridgetap__dataplane__v1__to_dataplane__unpack(NULL, length, packet);
	assert_non_null(sent[sent_count++]);
	free(packet);
}

static void run(void)
{
	while (office_loop_round(loop))
		continue;
}

static void wait(uint64_t ms)
{
	office_loop_advance(loop, ms);
	run();
}

/* The next message that the control plane has sent, which must be of this kind. */
static const ToDataplane *next(Bridgetap__Dataplane__V1__ToDataplane__MessageCase kind)
{
	run();
	assert_true(sent_seen < sent_count);
	assert_int_equal(sent[sent_seen]->message_case, kind);
	return sent[sent_seen++];
}

static const Batch *next_batch(void)
{
	return next(BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_BATCH)->batch;
}

static void assert_nothing_sent(void)
{
	run();
	assert_int_equal(sent_seen, sent_count);
}

static void say(const FromDataplane *message)
{
	size_t size = bridgetap__dataplane__v1__from_dataplane__get_packed_size(message);
	uint8_t *bytes = malloc(size);

	bridgetap__dataplane__v1__from_dataplane__pack(message, bytes);
	assert_int_equal(end.hooks.message(end.hooks.arg, bytes, size), 0);
	free(bytes);
	run();
}

static void say_welcome(uint64_t instance, uint64_t generation)
{
	uint8_t address[] = { 192, 0, 2, 1 };
	Bridgetap__Dataplane__V1__Realm realm = BRIDGETAP__DATAPLANE__V1__REALM__INIT;
	Bridgetap__Dataplane__V1__Realm *realms = &realm;
	Bridgetap__Dataplane__V1__Welcome welcome = BRIDGETAP__DATAPLANE__V1__WELCOME__INIT;
	FromDataplane from = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__INIT;

	realm.name = "access";
	realm.address = (ProtobufCBinaryData){ sizeof(address), address };
	realm.first_port = 20000;
	realm.last_port = 20019;
	welcome.version = 1;
	welcome.instance = instance;
	welcome.generation = generation;
	welcome.realms = &realms;
	welcome.n_realms = 1;
	welcome.seats_max = 3;
	from.message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_WELCOME;
	from.welcome = &welcome;
	say(&from);
}

/* Calls as a batch has put them; with `more`, others are to follow. */
static void say_snapshot(const Batch *put, bool more)
{
	Bridgetap__Dataplane__V1__Snapshot snapshot = BRIDGETAP__DATAPLANE__V1__SNAPSHOT__INIT;
	FromDataplane from = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__INIT;
	Bridgetap__Dataplane__V1__Call *calls[SENT_MAX];

	snapshot.calls = calls;
	snapshot.more = more;
	for (size_t i = 0; put != NULL && i < put->n_operations; i++)
		calls[snapshot.n_calls++] = put->operations[i]->put_call;
	from.message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_SNAPSHOT;
	from.snapshot = &snapshot;
	say(&from);
}

static void say_result(
	const Batch *batch, Bridgetap__Dataplane__V1__ErrorCode code, uint32_t operation)
{
	Bridgetap__Dataplane__V1__BatchResult result = BRIDGETAP__DATAPLANE__V1__BATCH_RESULT__INIT;
	FromDataplane from = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__INIT;

	result.generation = batch->generation;
	result.code = code;
	result.operation = operation;
	result.message = code == CODE(OK) ? "" : "it cannot be";
	from.message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_BATCH_RESULT;
	from.batch_result = &result;
	say(&from);
}

/* A data plane comes, which has no call. */
static void dataplane_comes(uint64_t instance)
{
	end.hooks.opened(end.hooks.arg);
	next(BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_HELLO);
	say_welcome(instance, 0);
	next(BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_SNAPSHOT_REQUEST);
	say_snapshot(NULL, false);
}

static void dataplane_goes(void)
{
	end.hooks.closed(end.hooks.arg);
	run();
}

/* --- the control plane's end --- */

static uint32_t count_up(void *arg)
{
	(void)arg;
	return ++randomness * 2654435761u;
}

static void controlplane_comes(void)
{
	loop = office_loop_create();
	world_init(&world, count_up, NULL);
	assert_int_equal(organisation_put(&world, "acme", "Acme", &acme, &refusal), 0);
	people_open(acme);
	link_under_test = link_create(loop, &world, "");
}

static void controlplane_goes(void)
{
	link_destroy(link_under_test);
	world_fini(&world);
	office_loop_destroy(loop);
}

static int start(void **state)
{
	(void)state;
	sent_count = sent_seen = 0;
	controlplane_comes();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	controlplane_goes();
	while (sent_count > 0)
		bridgetap__dataplane__v1__to_dataplane__free_unpacked(sent[--sent_count], NULL);
	return 0;
}

static struct call *new_call(const char *id)
{
	const struct media far = {
		.remote = { .bytes = { 192, 0, 2, 10 }, .length = 4, .port = 4000 }
	};
	const struct call_description description = {
		.id = id,
		.agent = far,
		.customer = far,
		.agent_user = "ann",
		.contact_number = "",
	};
	struct call *call;

	assert_int_equal(call_create(acme, &description, 1000, &call, &refusal), 0);
	return call;
}

/* Somebody who has changed a call, and what they were told. */
struct waiter {
	struct link_waiter waiter;
	struct call *call;
	uint16_t port_before; /* of the agent's remote; 0 where they would take back nothing */
	int told;
};

static void told(struct link_waiter *link_waiter, int error, const char *sentence)
{
	struct waiter *waiter = (struct waiter *)link_waiter;

	(void)sentence;
	assert_int_equal(waiter->told, NOT_TOLD_YET);
	waiter->told = error;
	if (error != 0 && waiter->port_before != 0)
		waiter->call->agent.media.remote.port = waiter->port_before;
}

static struct waiter waits_for(struct call *call)
{
	return (struct waiter){ .waiter.done = told, .call = call, .told = NOT_TOLD_YET };
}

static void change(struct waiter *waiter)
{
	link_change(link_under_test, waiter->call->wire_id, &waiter->waiter);
}

static uint32_t agent_port(const Batch *batch, unsigned operation)
{
	return batch->operations[operation]->put_call->legs[0]->remote->port;
}

/* --- refusals --- */

static void what_was_taken_back_after_a_refusal_is_told_again(void **state)
{
	struct waiter waiter;
	const Batch *batch;

	(void)state;
	dataplane_comes(INSTANCE);
	waiter = waits_for(new_call("a"));
	waiter.port_before = 4000;
	waiter.call->agent.media.remote.port = 9;
	change(&waiter);
	batch = next_batch();
	assert_int_equal(agent_port(batch, 0), 9);
	say_result(batch, CODE(INVALID), 0);
	assert_int_equal(waiter.told, -EINVAL);
	batch = next_batch();
	assert_int_equal(agent_port(batch, 0), 4000);
	say_result(batch, CODE(OK), 0);
	assert_nothing_sent();
}

static void what_stays_is_in_force_once_another_has_taken_back_what_was_refused(void **state)
{
	struct waiter leaves, transfers;
	const Batch *batch;

	(void)state;
	dataplane_comes(INSTANCE);
	leaves = waits_for(new_call("a"));
	leaves.waiter.stays = true;
	transfers = waits_for(leaves.call);
	change(&leaves);
	change(&transfers);
	say_result(next_batch(), CODE(UNREACHABLE), 0);
	assert_int_equal(transfers.told, -ENETUNREACH);
	assert_int_equal(leaves.told, NOT_TOLD_YET);
	batch = next_batch();
	say_result(batch, CODE(OK), 0);
	assert_int_equal(leaves.told, 0);
	assert_nothing_sent();
}

static void what_is_refused_among_others_is_tried_alone(void **state)
{
	struct waiter first, second, third;
	const Batch *batch;

	(void)state;
	dataplane_comes(INSTANCE);
	first = waits_for(new_call("a"));
	second = waits_for(new_call("b"));
	third = waits_for(new_call("c"));
	change(&first);
	change(&second);
	change(&third);
	batch = next_batch();
	assert_int_equal(batch->n_operations, 3);
	say_result(batch, CODE(EXHAUSTED), 1);
	assert_int_equal(second.told, NOT_TOLD_YET);
	batch = next_batch();
	assert_int_equal(batch->n_operations, 1);
	say_result(batch, CODE(OK), 0);
	assert_int_equal(first.told, 0);
	batch = next_batch();
	assert_int_equal(batch->n_operations, 1);
	assert_string_equal(batch->operations[0]->put_call->id, second.call->wire_id);
	say_result(batch, CODE(OK), 0);
	assert_int_equal(second.told, 0);
	say_result(next_batch(), CODE(OK), 0);
	assert_int_equal(third.told, 0);
	assert_nothing_sent();
}

/* What the data plane cannot do at the moment, it may do later; what is wrong stays wrong. */
static void what_nobody_takes_back_is_told_again_where_that_can_help(void **state)
{
	static const struct {
		Bridgetap__Dataplane__V1__ErrorCode code;
		bool again;
	} cases[] = {
		{ CODE(INVALID), false },
		{ CODE(EXHAUSTED), true },
		{ CODE(CONFLICT), true },
		{ CODE(UNREACHABLE), true },
	};
	struct call *call;

	(void)state;
	dataplane_comes(INSTANCE);
	call = new_call("a");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		link_change(link_under_test, call->wire_id, NULL);
		say_result(next_batch(), cases[i].code, 0);
		wait(RETRY_MS - 1);
		assert_nothing_sent();
		wait(1);
		if (cases[i].again)
			say_result(next_batch(), CODE(OK), 0);
		wait(10 * RETRY_MS);
		assert_nothing_sent();
	}
}

static void what_is_put_off_twice_is_told_again_once(void **state)
{
	struct call *call;

	(void)state;
	dataplane_comes(INSTANCE);
	call = new_call("a");
	for (unsigned i = 0; i < 2; i++) {
		link_change(link_under_test, call->wire_id, NULL);
		say_result(next_batch(), CODE(EXHAUSTED), 0);
	}
	wait(RETRY_MS);
	say_result(next_batch(), CODE(OK), 0);
	wait(10 * RETRY_MS);
	assert_nothing_sent();
}

/* The planes were cut off from each other, and neither has another number than before: what
 * everybody was told had failed is looked at all the same. */
static void what_was_given_up_while_the_data_plane_was_away_is_compared(void **state)
{
	struct waiter leaves;
	const Batch *batch;

	(void)state;
	dataplane_comes(INSTANCE);
	leaves = waits_for(new_call("a"));
	link_change(link_under_test, leaves.call->wire_id, NULL);
	batch = next_batch();
	say_result(batch, CODE(OK), 0);
	dataplane_goes();
	leaves.waiter.stays = true;
	leaves.call->agent.media.remote.port = 4002;
	change(&leaves);
	wait(PATIENCE_MS);
	assert_int_equal(leaves.told, -ENOTCONN);
	end.hooks.opened(end.hooks.arg);
	next(BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_HELLO);
	say_welcome(INSTANCE, batch->generation);
	next(BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_SNAPSHOT_REQUEST);
	say_snapshot(batch, false);
	batch = next_batch();
	assert_int_equal(agent_port(batch, 0), 4002);
	say_result(batch, CODE(OK), 0);
	/* Without anything to compare there is no need to. */
	dataplane_goes();
	end.hooks.opened(end.hooks.arg);
	next(BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_HELLO);
	say_welcome(INSTANCE, batch->generation);
	assert_nothing_sent();
}

/* --- when either comes back --- */

/* The data plane goes down while a control plane that has just started takes its calls over: those
 * that it has taken over are calls, and it loads them. */
static void what_was_taken_over_is_loaded_where_the_data_plane_forgot_it(void **state)
{
	const Batch *batch, *loaded;

	(void)state;
	dataplane_comes(INSTANCE);
	link_change(link_under_test, new_call("a")->wire_id, NULL);
	batch = next_batch();
	say_result(batch, CODE(OK), 0);
	controlplane_goes();
	controlplane_comes();
	end.hooks.opened(end.hooks.arg);
	next(BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_HELLO);
	say_welcome(INSTANCE, batch->generation);
	next(BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_SNAPSHOT_REQUEST);
	say_snapshot(batch, true);
	assert_non_null(call_find(acme, "a"));
	dataplane_goes();
	dataplane_comes(INSTANCE + 1);
	loaded = next_batch();
	assert_int_equal(loaded->n_operations, 1);
	assert_string_equal(
		loaded->operations[0]->put_call->id, batch->operations[0]->put_call->id);
	say_result(loaded, CODE(OK), 0);
	assert_nothing_sent();
}

/* And where it goes well there is nothing to be loaded. */
static void what_was_taken_over_whole_is_left_as_it_is(void **state)
{
	const Batch *batch;

	(void)state;
	dataplane_comes(INSTANCE);
	link_change(link_under_test, new_call("a")->wire_id, NULL);
	batch = next_batch();
	say_result(batch, CODE(OK), 0);
	controlplane_goes();
	controlplane_comes();
	end.hooks.opened(end.hooks.arg);
	next(BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_HELLO);
	say_welcome(INSTANCE, batch->generation);
	next(BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_SNAPSHOT_REQUEST);
	say_snapshot(batch, true);
	say_snapshot(NULL, false);
	assert_non_null(call_find(acme, "a"));
	assert_true(link_is_up(link_under_test));
	assert_nothing_sent();
}

/* A data plane that is there again tells anew who is silent, and of the others nothing: watchers
 * are not left with what they saw last. */
static void whose_silence_is_forgotten_is_shown_without_it(void **state)
{
	struct call *silent, *talking;
	uint64_t silent_noted, talking_noted;

	(void)state;
	dataplane_comes(INSTANCE);
	silent = new_call("a");
	talking = new_call("b");
	silent->customer.silence = SILENCE_FELL;
	silent_noted = silent->change.number;
	talking_noted = talking->change.number;
	dataplane_goes();
	dataplane_comes(INSTANCE + 1);
	assert_int_equal(silent->customer.silence, SILENCE_NONE);
	assert_true(silent->change.number > silent_noted);
	assert_int_equal(talking->change.number, talking_noted);
	next_batch();
}

int main(void)
{
#define LINK_TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
	const struct CMUnitTest tests[] = {
		LINK_TEST(what_was_taken_back_after_a_refusal_is_told_again),
		LINK_TEST(what_stays_is_in_force_once_another_has_taken_back_what_was_refused),
		LINK_TEST(what_is_refused_among_others_is_tried_alone),
		LINK_TEST(what_nobody_takes_back_is_told_again_where_that_can_help),
		LINK_TEST(what_is_put_off_twice_is_told_again_once),
		LINK_TEST(what_was_given_up_while_the_data_plane_was_away_is_compared),
		LINK_TEST(what_was_taken_over_is_loaded_where_the_data_plane_forgot_it),
		LINK_TEST(what_was_taken_over_whole_is_left_as_it_is),
		LINK_TEST(whose_silence_is_forgotten_is_shown_without_it),
	};

	return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
