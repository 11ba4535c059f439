/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
/* The other end of an office's link: a data plane that answers as told, or as the fuzzer has it. It
 * holds the control plane to what it may say. */
#include <utlist.h>

#include "bridgetap/dataplane/v1/dataplane.pb-c.h"
#include "dataplane_link/socket.h"
#include "office.h"
#include "proto/unpack.h"

/* As dataplane/control/wire.h has it. */
#define UNPACK_MAX (1024 * 1024)

typedef Bridgetap__Dataplane__V1__ToDataplane ToDataplane;
typedef Bridgetap__Dataplane__V1__FromDataplane FromDataplane;

struct packet {
	struct packet *next;
	size_t length;
	uint8_t bytes[];
};

struct link_socket {
	struct link_socket_hooks hooks;
	struct packet *queue;
};

static struct link_socket link_end;
static bool answers;
static enum office_verdict verdict;

/* --- what link_socket.h promises --- */

struct link_socket *link_socket_create(
	struct loop *loop, const char *path, const struct link_socket_hooks *hooks)
{
	(void)loop;
	(void)path;
	link_end.hooks = *hooks;
	return &link_end;
}

static void forget_packets(void)
{
	struct packet *packet, *next;

	LL_FOREACH_SAFE (link_end.queue, packet, next)
		free(packet);
	link_end.queue = NULL;
}

void link_socket_destroy(struct link_socket *socket)
{
	(void)socket;
	forget_packets();
}

uint8_t *link_socket_packet(size_t length)
{
	struct packet *packet = malloc(sizeof(*packet) + length);

	packet->length = length;
	return packet->bytes;
}

void link_socket_send(struct link_socket *socket, uint8_t *bytes, size_t length)
{
	struct packet *packet = (struct packet *)(bytes - offsetof(struct packet, bytes));

	REQUIRE(length <= packet->length && length <= LINK_MESSAGE_MAX);
	packet->length = length;
	LL_APPEND(socket->queue, packet);
}

/* --- saying --- */

void office_dataplane_reconnects(void)
{
	link_end.hooks.closed(link_end.hooks.arg);
	forget_packets();
	link_end.hooks.opened(link_end.hooks.arg);
}

void office_dataplane_says(const uint8_t *bytes, size_t size)
{
	uint8_t *copy = copy_of(bytes, size);

	/* The real socket hangs up where nothing came, or too much. */
	if (size == 0 || size > LINK_MESSAGE_MAX ||
		link_end.hooks.message(link_end.hooks.arg, copy, size) < 0)
		office_dataplane_reconnects();
	free(copy);
}

static void say(const FromDataplane *message)
{
	size_t size = bridgetap__dataplane__v1__from_dataplane__get_packed_size(message);
	uint8_t *bytes = malloc(size);

	bridgetap__dataplane__v1__from_dataplane__pack(message, bytes);
	office_dataplane_says(bytes, size);
	free(bytes);
}

static void say_welcome(FromDataplane *from)
{
	static uint8_t access[] = { 192, 0, 2, 1 }, recording[] = { 198, 51, 100, 1 };
	Bridgetap__Dataplane__V1__Welcome welcome = BRIDGETAP__DATAPLANE__V1__WELCOME__INIT;
	Bridgetap__Dataplane__V1__Realm realms[2], *list[] = { &realms[0], &realms[1] };

	for (unsigned i = 0; i < 2; i++) {
		bridgetap__dataplane__v1__realm__init(&realms[i]);
		realms[i].name = i == 0 ? "access" : "recording";
		realms[i].address.data = i == 0 ? access : recording;
		realms[i].address.len = 4;
		realms[i].first_port = 20000;
		realms[i].last_port = 20039;
		realms[i].recording = i == 1;
	}
	welcome.version = 1;
	welcome.instance = 1;
	welcome.realms = list;
	welcome.n_realms = 2;
	welcome.seats_max = OFFICE_SEATS;
	welcome.calls_max = 10;
	from->message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_WELCOME;
	from->welcome = &welcome;
	say(from);
}

/* The two parties of a call, who have been silent for `lifeless_ms`. */
static void fill_legs(Bridgetap__Dataplane__V1__LegStats legs[2],
	Bridgetap__Dataplane__V1__LegStats *list[2], uint64_t lifeless_ms)
{
	for (unsigned i = 0; i < 2; i++) {
		bridgetap__dataplane__v1__leg_stats__init(&legs[i]);
		legs[i].role = i == 0 ? BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_AGENT
				      : BRIDGETAP__DATAPLANE__V1__ROLE__ROLE_CUSTOMER;
		legs[i].packets = 50;
		legs[i].lifeless_ms = lifeless_ms;
		list[i] = &legs[i];
	}
}

static void say_ended(FromDataplane *from, const char *call_id)
{
	Bridgetap__Dataplane__V1__LegStats legs[2], *leg_list[2];
	Bridgetap__Dataplane__V1__EndedCall call = BRIDGETAP__DATAPLANE__V1__ENDED_CALL__INIT;
	Bridgetap__Dataplane__V1__EndedCall *calls = &call;
	Bridgetap__Dataplane__V1__Ended ended = BRIDGETAP__DATAPLANE__V1__ENDED__INIT;

	fill_legs(legs, leg_list, 0);
	call.call_id = (char *)(uintptr_t)call_id;
	call.legs = leg_list;
	call.n_legs = 2;
	ended.calls = &calls;
	ended.n_calls = 1;
	from->message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_ENDED;
	from->ended = &ended;
	say(from);
}

static void say_result(FromDataplane *from, const Bridgetap__Dataplane__V1__Batch *batch)
{
	Bridgetap__Dataplane__V1__BatchResult result = BRIDGETAP__DATAPLANE__V1__BATCH_RESULT__INIT;

	if (verdict == OFFICE_IS_MUTE)
		return;
	for (size_t i = 0; verdict == OFFICE_APPLIES && i < batch->n_operations; i++)
		if (batch->operations[i]->operation_case ==
			BRIDGETAP__DATAPLANE__V1__OPERATION__OPERATION_REMOVE_CALL)
			say_ended(from, batch->operations[i]->remove_call);
	result.generation = batch->generation;
	result.code = verdict == OFFICE_APPLIES
			      ? BRIDGETAP__DATAPLANE__V1__ERROR_CODE__ERROR_CODE_OK
			      : BRIDGETAP__DATAPLANE__V1__ERROR_CODE__ERROR_CODE_EXHAUSTED;
	result.message = verdict == OFFICE_APPLIES ? "" : "there is no more room";
	from->message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_BATCH_RESULT;
	from->batch_result = &result;
	say(from);
}

static void say_snapshot(FromDataplane *from)
{
	Bridgetap__Dataplane__V1__Snapshot snapshot = BRIDGETAP__DATAPLANE__V1__SNAPSHOT__INIT;

	from->message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_SNAPSHOT;
	from->snapshot = &snapshot;
	say(from);
}

static void say_stats(FromDataplane *from, uint64_t tag)
{
	Bridgetap__Dataplane__V1__Stats stats = BRIDGETAP__DATAPLANE__V1__STATS__INIT;
	Bridgetap__Dataplane__V1__LegStats legs[2], *leg_list[2];

	fill_legs(legs, leg_list, 100000);
	stats.tag = tag;
	stats.legs = leg_list;
	stats.n_legs = 2;
	from->message_case = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_STATS;
	from->stats = &stats;
	say(from);
}

static void answer(const ToDataplane *to)
{
	FromDataplane from = BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__INIT;

	switch (to->message_case) {
	case BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_HELLO:
		say_welcome(&from);
		break;
	case BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_BATCH:
		say_result(&from, to->batch);
		break;
	case BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_SNAPSHOT_REQUEST:
		say_snapshot(&from);
		break;
	case BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_STATS_REQUEST:
		say_stats(&from, to->stats_request->tag);
		break;
	default:
		REQUIRE(!"the control plane says what is no message");
	}
}

bool office_dataplane_answer(void)
{
	struct packet *packet = link_end.queue;
	char error[UNPACK_ERROR_SIZE];
	ToDataplane *to;

	if (packet == NULL)
		return false;
	LL_DELETE(link_end.queue, packet);
	/* Whatever the control plane was asked for, the data plane can read what it says. */
	to = (ToDataplane *)unpack(&bridgetap__dataplane__v1__to_dataplane__descriptor,
		packet->bytes, packet->length, UNPACK_MAX, error);
	REQUIRE(to != NULL);
	if (answers)
		answer(to);
	unpacked_free(&to->base);
	free(packet);
	return true;
}

void office_dataplane_will(enum office_verdict next)
{
	verdict = next;
}

void office_dataplane_start(bool will_answer)
{
	answers = will_answer;
	verdict = OFFICE_APPLIES;
	link_end.hooks.opened(link_end.hooks.arg);
}
