/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "registry_fixture.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "control/guard_alarm.h"
#include "control/server.h"

/* The control socket, with a peer that does not do as it should. */

#define CALLS	   6000
#define BIG_ANSWER 100000
#define LOTS	   2000 /* of requests or rounds */
#define MIB	   (1u << 20)

static char path[64];
static struct server *server;
static int epoll_fd;
static int peer; /* -1: none */
static unsigned answers;
static uint8_t bytes[WIRE_MESSAGE_MAX];

/* Every answer is a big one. */
static void answer(void *arg, const WireStatsRequest *request)
{
	static char help[BIG_ANSWER];
	Bridgetap__Dataplane__V1__Counter counter = BRIDGETAP__DATAPLANE__V1__COUNTER__INIT;
	Bridgetap__Dataplane__V1__Counter *counters = &counter;
	Bridgetap__Dataplane__V1__Stats stats = BRIDGETAP__DATAPLANE__V1__STATS__INIT;
	WireFrom message = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__INIT;

	(void)arg;
	answers++;
	memset(help, 'x', sizeof(help) - 1);
	counter.help = help;
	stats.tag = request->tag;
	stats.counters = &counters;
	stats.n_counters = 1;
	message.message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_STATS;
	message.stats = &stats;
	server_send(server, &message);
}

static int dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static int begin(void **state)
{
	struct server_config config = {
		.path = path,
		.worker_count = WORKERS,
		.calls_max = CALLS,
	};

	(void)state;
	start_registry(CALLS);
	config.realms = access_realm;
	config.workers = workers;
	snprintf(path, sizeof(path), "/tmp/bridgetap-server-%d.sock", getpid());
	epoll_fd = epoll_create1(0);
	server = server_create(&config, registry, epoll_fd, answer, NULL);
	assert_non_null(server);
	answers = 0;
	peer = dial();
	return 0;
}

static int end(void **state)
{
	(void)state;
	if (peer >= 0)
		close(peer);
	server_destroy(server);
	close(epoll_fd);
	end_registry();
	return 0;
}

/* One round of the main loop; false where there was nothing to wake up for. */
static bool wake_up(void)
{
	struct epoll_event events[4];
	int count = epoll_wait(epoll_fd, events, 4, 0);

	for (int i = 0; i < count; i++)
		server_handle(server, events[i].data.ptr, events[i].events);
	let_workers_work();
	return count > 0;
}

static void settle(void)
{
	for (unsigned i = 0; wake_up(); i++)
		assert_in_range(i, 0, 100 * LOTS);
}

/* False where the socket takes no more. */
static bool send_to_server(const WireTo *message)
{
	size_t length = bridgetap__dataplane__v1__to_dataplane__pack(message, bytes);

	return send(peer, bytes, length, MSG_NOSIGNAL) == (ssize_t)length;
}

static bool say_hello(void)
{
	Bridgetap__Dataplane__V1__Hello hello = BRIDGETAP__DATAPLANE__V1__HELLO__INIT;
	WireTo message = BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__INIT;

	hello.version = 1;
	message.message_case = BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_HELLO;
	message.hello = &hello;
	return send_to_server(&message);
}

static bool ask_for_stats(uint64_t tag)
{
	WireStatsRequest request = BRIDGETAP__DATAPLANE__V1__STATS_REQUEST__INIT;
	WireTo message = BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__INIT;

	request.tag = tag;
	message.message_case = BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_STATS_REQUEST;
	message.stats_request = &request;
	return send_to_server(&message);
}

static bool ask_for_snapshot(void)
{
	Bridgetap__Dataplane__V1__SnapshotRequest request =
		BRIDGETAP__DATAPLANE__V1__SNAPSHOT_REQUEST__INIT;
	WireTo message = BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__INIT;

	message.message_case = BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_SNAPSHOT_REQUEST;
	message.snapshot_request = &request;
	return send_to_server(&message);
}

static bool ask_to_remove(const char *id)
{
	WireOperation operation = BRIDGETAP__DATAPLANE__V1__OPERATION__INIT;
	WireOperation *operations = &operation;
	WireBatch batch = BRIDGETAP__DATAPLANE__V1__BATCH__INIT;
	WireTo message = BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__INIT;

	operation.operation_case = BRIDGETAP__DATAPLANE__V1__OPERATION__OPERATION_REMOVE_CALL;
	operation.remove_call = (char *)(uintptr_t)id;
	batch.generation = registry_generation(registry) + 1;
	batch.operations = &operations;
	batch.n_operations = 1;
	message.message_case = BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_BATCH;
	message.batch = &batch;
	return send_to_server(&message);
}

/* The next message; NULL where there is none. */
static WireFrom *hear_next(void)
{
	ssize_t length = recv(peer, bytes, sizeof(bytes), 0);
	WireFrom *message;

	if (length < 0) {
		assert_int_equal(errno, EAGAIN);
		return NULL;
	}
	assert_true(length > 0);
	message = bridgetap__dataplane__v1__from_dataplane__unpack(NULL, (size_t)length, bytes);
	assert_non_null(message);
	return message;
}

static void forget(WireFrom *message)
{
	bridgetap__dataplane__v1__from_dataplane__free_unpacked(message, NULL);
}

static bool is_hung_up(void)
{
	return recv(peer, bytes, sizeof(bytes), 0) == 0;
}

/* Greet, and hear the welcome. */
static void greet(void)
{
	WireFrom *welcome;

	assert_true(say_hello());
	settle();
	welcome = hear_next();
	assert_non_null(welcome);
	assert_int_equal(
		welcome->message_case, BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_WELCOME);
	forget(welcome);
}

/* --- tests --- */

static void requests_wait_where_answers_are_not_read(void **state)
{
	uint64_t asked = 0, heard = 0;
	WireFrom *message;

	(void)state;
	greet();
	while (asked < LOTS)
		if (ask_for_stats(asked))
			asked++;
		else if (!wake_up())
			break;
	settle();
	assert_in_range(answers, 9 * MIB / BIG_ANSWER, 11 * MIB / BIG_ANSWER);
	assert_in_range(asked, answers + 1, LOTS - 1);
	/* Whoever reads gets all of them, in order. */
	while (heard < asked) {
		message = hear_next();
		if (message == NULL) {
			assert_true(wake_up());
			continue;
		}
		assert_int_equal(message->stats->tag, heard++);
		forget(message);
	}
	assert_int_equal(answers, asked);
	assert_true(ask_for_stats(7));
	settle();
	assert_int_equal(answers, asked + 1);
}

static void other_things_have_their_turn_between_two_requests(void **state)
{
	(void)state;
	greet();
	for (unsigned i = 0; i < 5; i++)
		assert_true(ask_for_stats(i));
	for (unsigned i = 0; i < 5; i++) {
		assert_int_equal(answers, i);
		assert_true(wake_up());
	}
	assert_int_equal(answers, 5);
	assert_false(wake_up());
}

/* Calls of one leg with a big note each. */
static void put_many_calls(void)
{
	static uint8_t context[WIRE_CONTEXT_MAX];

	for (unsigned i = 0; i < CALLS; i++) {
		char id[16];
		struct spoken *said;

		snprintf(id, sizeof(id), "call%u", i);
		said = put(0, id, 20000 + 2 * i, 0);
		said->call.n_legs = 1;
		said->call.context.data = context;
		said->call.context.len = sizeof(context);
		said->legs[0].learn_remote = 1;
		assert_int_equal(say_batch(1), 0);
		let_workers_work();
	}
}

static void learn_at(uint16_t port)
{
	const struct call *call = call_of(leg_at(port));
	struct event event = {
		.kind = EVENT_SOURCE_LEARNED,
		.call = call->number,
		.serial = call->serial,
		.leg = 1,
		.signalled = leg_rest(leg_at(port))->learning.signalled,
		.source = { .port = 5000 },
	};

	endpoint_map_ipv4(event.source.address, (const uint8_t[]){ 192, 0, 2, 77 });
	assert_true(registry_source_learned(registry, &event));
	let_workers_work();
}

static void a_snapshot_is_made_as_it_is_read(void **state)
{
	static bool shown[CALLS];
	unsigned calls = 0, messages = 0;
	bool more = true;
	struct mallinfo2 before;

	(void)state;
	memset(shown, 0, sizeof(shown));
	put_many_calls();
	greet();
	before = mallinfo2();
	assert_true(ask_for_snapshot());
	settle();
	assert_in_range(mallinfo2().uordblks, 0, before.uordblks + 9 * MIB);
	/* A change that is asked for meanwhile comes after it; what a leg learns does no harm. */
	assert_true(ask_to_remove("call5999"));
	learn_at(20000);
	learn_at(20000 + 2 * (CALLS / 2));
	learn_at(20000 + 2 * (CALLS - 1));
	while (more) {
		WireFrom *message = hear_next();

		if (message == NULL) {
			assert_true(wake_up());
			continue;
		}
		assert_int_equal(message->message_case,
			BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_SNAPSHOT);
		assert_int_equal(message->snapshot->generation, CALLS);
		for (size_t i = 0; i < message->snapshot->n_calls; i++) {
			unsigned n = (unsigned)atoi(message->snapshot->calls[i]->id + 4);

			assert_false(shown[n]);
			shown[n] = true;
			calls++;
		}
		more = message->snapshot->more;
		messages++;
		forget(message);
	}
	assert_int_equal(calls, CALLS);
	assert_in_range(messages, CALLS * WIRE_CONTEXT_MAX / WIRE_MESSAGE_MAX, CALLS);
	settle();
	assert_int_equal(registry_count(registry), CALLS - 1);
}

static void a_snapshot_of_no_call_has_one_message(void **state)
{
	WireFrom *message;

	(void)state;
	greet();
	assert_true(ask_for_snapshot());
	settle();
	message = hear_next();
	assert_non_null(message);
	assert_int_equal(message->snapshot->n_calls, 0);
	assert_false(message->snapshot->more);
	forget(message);
	assert_null(hear_next());
}

static void who_does_not_greet_gives_up_the_seat(void **state)
{
	(void)state;
	settle();
	for (unsigned second = 0; second < 5; second++)
		server_check_greeting(server);
	assert_false(is_hung_up());
	server_check_greeting(server);
	assert_true(is_hung_up());
	close(peer);
	peer = dial();
	greet();
	for (unsigned second = 0; second < 60; second++)
		server_check_greeting(server);
	assert_false(is_hung_up());
}

/* --- the alarm of the recording guard --- */

/* What the control plane is told of next; 0 for nothing. */
static uint64_t told_dropped(void)
{
	WireFrom *message;
	uint64_t dropped;

	settle();
	message = hear_next();
	if (message == NULL)
		return 0;
	assert_int_equal(
		message->event->kind, BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_GUARD_ALARM);
	dropped = message->event->count;
	forget(message);
	return dropped;
}

static void an_alarm_is_told_when_there_is_somebody_to_be_told(void **state)
{
	struct guard_alarm alarm = { 0 };

	(void)state;
	guard_alarm_check(&alarm, 0, server);
	guard_alarm_check(&alarm, 5, server);
	guard_alarm_check(&alarm, 5, server);
	greet();
	assert_int_equal(told_dropped(), 0);
	guard_alarm_check(&alarm, 5, server);
	assert_int_equal(told_dropped(), 5);
	guard_alarm_check(&alarm, 5, server);
	assert_int_equal(told_dropped(), 0);
	guard_alarm_check(&alarm, 6, server);
	assert_int_equal(told_dropped(), 6);
}

static void whoever_comes_next_is_told_of_an_alarm_as_well(void **state)
{
	struct guard_alarm alarm = { 0 };

	(void)state;
	greet();
	guard_alarm_check(&alarm, 5, server);
	/* It goes before it has read it. */
	close(peer);
	settle();
	guard_alarm_check(&alarm, 5, server);
	peer = dial();
	greet();
	guard_alarm_check(&alarm, 5, server);
	assert_int_equal(told_dropped(), 5);
	guard_alarm_check(&alarm, 5, server);
	assert_int_equal(told_dropped(), 0);
}

static void where_the_guard_has_stopped_nothing_there_is_no_alarm(void **state)
{
	struct guard_alarm alarm = { 0 };

	(void)state;
	greet();
	for (unsigned i = 0; i < 3; i++)
		guard_alarm_check(&alarm, 0, server);
	assert_int_equal(told_dropped(), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(requests_wait_where_answers_are_not_read),
		TEST(other_things_have_their_turn_between_two_requests),
		TEST(a_snapshot_is_made_as_it_is_read),
		TEST(a_snapshot_of_no_call_has_one_message),
		TEST(who_does_not_greet_gives_up_the_seat),
		TEST(an_alarm_is_told_when_there_is_somebody_to_be_told),
		TEST(whoever_comes_next_is_told_of_an_alarm_as_well),
		TEST(where_the_guard_has_stopped_nothing_there_is_no_alarm),
	};

	return cmocka_run_group_tests_name("server", tests, start_eal, stop_eal);
}
