/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "dataplane_link/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <utlist.h>

#include "dataplane_link/change_set.h"
#include "dataplane_link/socket.h"
#include "dataplane_link/wire.h"
#include "log.h"
#include "monitor/call.h"
#include "proto/unpack.h"

#define WIRE_VERSION  1
#define BATCH_BYTES   (96 * 1024)
#define BATCH_CHANGES 2000
#define UNPACK_BUDGET (4u << 20)
#define PATIENCE_MS   5000 /* how long a change waits for a data plane that is away */
#define RETRY_MS      1000 /* until what was refused, and may not be later, is told again */

typedef Bridgetap__Dataplane__V1__FromDataplane FromDataplane;
typedef Bridgetap__Dataplane__V1__ToDataplane ToDataplane;

enum link_state {
	LINK_AWAY,	/* not connected; trying */
	LINK_GREETING,	/* Hello sent */
	LINK_COMPARING, /* snapshot asked for */
	LINK_UP,
};

struct link {
	struct loop *loop;
	struct world *world;
	struct link_socket *socket;
	enum link_state state;
	bool ever_up;
	bool given_up; /* on changes since it was up: what the data plane has must be looked at */
	bool stopping;
	uint64_t instance;
	uint64_t generation; /* of the last batch the data plane has applied */
	struct loop_timer patience, retry;
	struct loop_task flush;

	struct change_set waiting;  /* not sent yet */
	struct change_set underway; /* in the batch that was sent */
	struct change_set refused;  /* to be told again by `retry` */
	struct change_set seen;	    /* calls that the snapshot under way has shown */

	struct link_stats_waiter *stats;
	uint64_t next_tag;
};

/* --- sending --- */

static int send_message(struct link *link, const ToDataplane *message)
{
	size_t length = bridgetap__dataplane__v1__to_dataplane__get_packed_size(message);
	uint8_t *packet = link_socket_packet(length);

	if (packet == NULL)
		return -ENOMEM;
	bridgetap__dataplane__v1__to_dataplane__pack(message, packet);
	link_socket_send(link->socket, packet, length);
	return 0;
}

static size_t put_varint(uint8_t *out, uint64_t value)
{
	size_t length = 0;

	for (; value > 0x7f; value >>= 7)
		out[length++] = (uint8_t)(value | 0x80);
	out[length++] = (uint8_t)value;
	return length;
}

/* Batch{generation, operations} within ToDataplane, from operations that are packed already. The
 * field numbers are those of dataplane.proto; a key is number << 3 | wire type. */
#define KEY_BATCH      (2 << 3 | 2)
#define KEY_GENERATION (1 << 3 | 0)
#define KEY_OPERATION  (2 << 3 | 2)
#define KEY_TELL_ENDED (3 << 3 | 0)
#define VARINT_MAX     10

struct batch_builder {
	size_t length;
	uint8_t bytes[BATCH_BYTES + LINK_MESSAGE_MAX / 8];
};

static bool batch_add(struct batch_builder *batch, const uint8_t *operation, size_t size)
{
	if (batch->length + size + 1 + VARINT_MAX > BATCH_BYTES && batch->length > VARINT_MAX + 1)
		return false;
	batch->bytes[batch->length++] = KEY_OPERATION;
	batch->length += put_varint(batch->bytes + batch->length, size);
	memcpy(batch->bytes + batch->length, operation, size);
	batch->length += size;
	return true;
}

static int send_batch(struct link *link, const struct batch_builder *batch)
{
	uint8_t *packet = link_socket_packet(1 + VARINT_MAX + batch->length);
	size_t head;

	if (packet == NULL)
		return -ENOMEM;
	packet[0] = KEY_BATCH;
	head = 1 + put_varint(packet + 1, batch->length);
	memcpy(packet + head, batch->bytes, batch->length);
	link_socket_send(link->socket, packet, head + batch->length);
	return 0;
}

/* The field goes last, where batch_add() has left room for it. */
static void batch_add_tell_ended(struct batch_builder *batch)
{
	batch->bytes[batch->length++] = KEY_TELL_ENDED;
	batch->bytes[batch->length++] = true;
}

/* Whether somebody waits for the last statistics of the call. */
static bool wants_end(const struct change_entry *change)
{
	const struct link_waiter *waiter;

	LL_FOREACH (change->waiters, waiter)
		if (waiter->ended != NULL)
			return true;
	return false;
}

/* The change as an operation: the call as it is now, or its end. */
static uint8_t *pack_change(struct link *link, const struct change_entry *change, size_t *size)
{
	const struct call *call = call_find_by_wire_id(link->world, change->wire_id);

	return call != NULL ? wire_pack_put(call, size) : wire_pack_remove(change->wire_id, size);
}

static void flush_changes(void *arg)
{
	struct link *link = arg;
	struct batch_builder *batch;
	struct change_entry *change;
	bool tell_ended = false;

	if (link->state != LINK_UP || link->underway.count > 0 || link->waiting.count == 0)
		return;
	batch = malloc(sizeof(*batch));
	if (batch == NULL)
		return; /* with the next change */
	batch->bytes[0] = KEY_GENERATION;
	batch->length = 1 + put_varint(batch->bytes + 1, link->generation + 1);
	while ((change = link->waiting.list) != NULL && link->underway.count < BATCH_CHANGES) {
		size_t size = 0;
		uint8_t *operation;
		bool added;

		if (change->alone && link->underway.count > 0)
			break;
		operation = pack_change(link, change, &size);
		added = operation != NULL && batch_add(batch, operation, size);
		free(operation);
		if (!added)
			break;
		tell_ended |= wants_end(change);
		change_set_take(&link->waiting, change);
		change_set_put(&link->underway, change);
		if (change->alone)
			break;
	}
	if (tell_ended)
		batch_add_tell_ended(batch);
	if (link->underway.count > 0 && send_batch(link, batch) < 0)
		change_set_merge(&link->waiting, &link->underway);
	free(batch);
}

/* --- agreeing --- */

static void came_up(struct link *link)
{
	link->state = LINK_UP;
	link->ever_up = true;
	link->given_up = false;
	loop_timer_clear(link->loop, &link->patience);
	loop_task_queue(link->loop, &link->flush);
	log_line(LOG_INFO, "data plane connected: generation %llu",
		(unsigned long long)link->generation);
}

static void ask_for_snapshot(struct link *link)
{
	Bridgetap__Dataplane__V1__SnapshotRequest request =
		BRIDGETAP__DATAPLANE__V1__SNAPSHOT_REQUEST__INIT;
	ToDataplane message = BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__INIT;

	message.message_case = BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_SNAPSHOT_REQUEST;
	message.snapshot_request = &request;
	link->state = LINK_COMPARING;
	send_message(link, &message);
}

/* Whether there are an address and a range of ports, from an even one on, to be had. */
static bool is_realm(const Bridgetap__Dataplane__V1__Realm *realm)
{
	return (realm->address.len == 4 || realm->address.len == 16) && realm->first_port >= 2 &&
	       realm->first_port % 2 == 0 && realm->first_port <= realm->last_port &&
	       realm->last_port <= UINT16_MAX;
}

static void take_realms(struct link *link, const Bridgetap__Dataplane__V1__Welcome *welcome)
{
	struct realm_description realms[REALMS_MAX];
	struct port_classes classes;
	unsigned count = 0;

	for (size_t i = 0; i < welcome->n_realms && count < REALMS_MAX; i++) {
		const Bridgetap__Dataplane__V1__Realm *realm = welcome->realms[i];

		if (!is_realm(realm)) {
			log_line(LOG_ERR,
				"the data plane's realm \"%.32s\" is none: it is left out",
				realm->name);
			continue;
		}
		realms[count] = (struct realm_description){
			.name = realm->name,
			.address.length = (uint8_t)realm->address.len,
			.first_port = (uint16_t)realm->first_port,
			.last_port = (uint16_t)realm->last_port,
			.recording = realm->recording,
		};
		memcpy(realms[count].address.bytes, realm->address.data, realm->address.len);
		count++;
	}
	if (port_classes_init(
		    &classes, welcome->workers_of_ports.data, welcome->workers_of_ports.len) < 0)
		log_line(LOG_WARNING, "the data plane's workers of ports cannot be used; packets "
				      "are handed over between them");
	world_set_port_classes(link->world, &classes);
	if (world_set_realms(link->world, realms, count) < 0)
		log_line(LOG_ERR, "out of memory for the data plane's realms");
	link->world->seats_max = welcome->seats_max;
}

static void handle_welcome(struct link *link, const Bridgetap__Dataplane__V1__Welcome *welcome)
{
	bool same = link->ever_up && welcome->instance == link->instance;
	struct call *call;

	take_realms(link, welcome);
	for (call = link->world->calls_by_wire_id; call != NULL; call = call->by_wire_id.next)
		wire_forget_silence(call);
	if (same && link->underway.count > 0 && welcome->generation == link->generation + 1) {
		/* It has applied the batch, and only the answer was lost. */
		link->generation++;
		change_set_finish(&link->underway, 0, "");
	}
	change_set_merge(&link->waiting, &link->underway);
	link->instance = welcome->instance;
	if (same && !link->given_up && welcome->generation == link->generation) {
		came_up(link);
		return;
	}
	link->generation = welcome->generation;
	ask_for_snapshot(link);
}

/* One call that the data plane has. */
static void compare(struct link *link, const WireCall *theirs)
{
	struct call *ours = call_find_by_wire_id(link->world, theirs->id);
	char sentence[UNPACK_ERROR_SIZE + 64];

	if (ours == NULL && !link->ever_up) {
		if (wire_restore(link->world, theirs, sentence, sizeof(sentence)) == 0)
			ours = call_find_by_wire_id(link->world, theirs->id);
		else
			log_line(LOG_WARNING,
				"call %s of the data plane cannot be taken over and ends: %s",
				theirs->id, sentence);
	}
	if (ours == NULL || !wire_equals(ours, theirs))
		link_change(link, theirs->id, NULL);
	change_set_get(&link->seen, theirs->id);
}

static void handle_snapshot(struct link *link, const Bridgetap__Dataplane__V1__Snapshot *snapshot)
{
	struct call *call, *next;
	unsigned put = 0;

	if (link->state != LINK_COMPARING)
		return;
	for (size_t i = 0; i < snapshot->n_calls; i++)
		compare(link, snapshot->calls[i]);
	if (snapshot->more)
		return;
	/* Also after our own start: it may have gone down while we took over from it. */
	for (call = link->world->calls_by_wire_id; call != NULL; call = next) {
		next = call->by_wire_id.next;
		if (!change_set_has(&link->seen, call->wire_id)) {
			link_change(link, call->wire_id, NULL);
			put++;
		}
	}
	change_set_finish(&link->seen, 0, "");
	if (put > 0)
		log_line(LOG_INFO, "loading %u calls into the data plane", put);
	came_up(link);
}

/* --- what the data plane says --- */

static int errno_of(Bridgetap__Dataplane__V1__ErrorCode code)
{
	switch (code) {
	case BRIDGETAP__DATAPLANE__V1__ERROR_CODE__ERROR_CODE_CONFLICT:
		return -EBUSY;
	case BRIDGETAP__DATAPLANE__V1__ERROR_CODE__ERROR_CODE_EXHAUSTED:
		return -ENOSPC;
	case BRIDGETAP__DATAPLANE__V1__ERROR_CODE__ERROR_CODE_UNREACHABLE:
		return -ENETUNREACH;
	default:
		return -EINVAL;
	}
}

/* Nobody is left who could take anything back. What is wrong with the call stays wrong; what the
 * data plane lacks it may have later. */
static void put_off(struct link *link, struct change_entry *change, int error)
{
	struct change_set one = { 0 };

	change_set_take(&link->underway, change);
	if (error == -EINVAL) {
		change_entry_finish(change, error, "");
		return;
	}
	change_set_put(&one, change);
	change_set_merge(&link->refused, &one); /* where it may be already */
	if (link->retry.due_ms == 0)
		loop_timer_set(link->loop, &link->retry, RETRY_MS);
}

static void retry(void *arg)
{
	struct link *link = arg;

	change_set_merge(&link->waiting, &link->refused);
	loop_task_queue(link->loop, &link->flush);
}

/* Nothing of the batch was applied, and all of it is told again. The operation at fault goes alone:
 * it may have been too much only with the others. Where it is refused alone, those who wait for it
 * are told, and may take back what they have changed. */
static void batch_refused(struct link *link, const Bridgetap__Dataplane__V1__BatchResult *result)
{
	struct change_entry *change = link->underway.list;
	bool was_alone = link->underway.count == 1;

	for (unsigned i = 0; i < result->operation && change != NULL; i++)
		change = change->next;
	if (change != NULL && was_alone) {
		int error = errno_of(result->code);

		if (!change->logged)
			log_line(LOG_WARNING, "the data plane refused call %s: %s", change->wire_id,
				result->message);
		change->logged = true;
		if (!change_entry_refuse(change, error, result->message))
			put_off(link, change, error);
	} else if (change != NULL) {
		change->alone = true;
	}
	change_set_merge(&link->waiting, &link->underway);
}

static void handle_result(struct link *link, const Bridgetap__Dataplane__V1__BatchResult *result)
{
	if (result->generation != link->generation + 1 || link->underway.count == 0)
		return;
	if (result->code == BRIDGETAP__DATAPLANE__V1__ERROR_CODE__ERROR_CODE_OK) {
		link->generation = result->generation;
		change_set_finish(&link->underway, 0, "");
	} else {
		batch_refused(link, result);
	}
	loop_task_queue(link->loop, &link->flush);
}

static void handle_event(struct link *link, const Bridgetap__Dataplane__V1__Event *event)
{
	struct call *call = call_find_by_wire_id(link->world, event->call_id);

	if (call != NULL)
		wire_note_event(call, event);
	switch (event->kind) {
	case BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_SOURCE_REFUSED:
		log_line(LOG_WARNING, "call %s, leg %u: media from a stranger is being dropped",
			call != NULL ? call->id : event->call_id, event->leg_id);
		break;
	case BRIDGETAP__DATAPLANE__V1__EVENT_KIND__EVENT_KIND_GUARD_ALARM:
		log_line(LOG_ERR, "ALARM: the recording guard has stopped %llu packets",
			(unsigned long long)event->count);
		break;
	default:
		break;
	}
}

static void handle_stats(struct link *link, const Bridgetap__Dataplane__V1__Stats *stats)
{
	struct link_stats_waiter *waiter, *next;

	DL_FOREACH_SAFE (link->stats, waiter, next)
		if (waiter->tag == stats->tag) {
			DL_DELETE(link->stats, waiter);
			waiter->done(waiter, stats);
			return;
		}
}

/* Calls of the batch under way: its result is still to come. */
static void handle_ended(struct link *link, const Bridgetap__Dataplane__V1__Ended *ended)
{
	for (size_t i = 0; i < ended->n_calls; i++) {
		const Bridgetap__Dataplane__V1__EndedCall *call = ended->calls[i];
		struct change_entry *change = change_set_find(&link->underway, call->call_id);
		struct link_waiter *waiter;

		if (change == NULL)
			continue;
		LL_FOREACH (change->waiters, waiter)
			if (waiter->ended != NULL)
				waiter->ended(waiter, call);
	}
}

static void handle(struct link *link, const FromDataplane *message)
{
	switch (message->message_case) {
	case BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_WELCOME:
		handle_welcome(link, message->welcome);
		break;
	case BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_BATCH_RESULT:
		handle_result(link, message->batch_result);
		break;
	case BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_SNAPSHOT:
		handle_snapshot(link, message->snapshot);
		break;
	case BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_STATS:
		handle_stats(link, message->stats);
		break;
	case BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_EVENT:
		handle_event(link, message->event);
		break;
	case BRIDGETAP__DATAPLANE__V1__FROM_DATAPLANE__MESSAGE_ENDED:
		handle_ended(link, message->ended);
		break;
	default:
		break;
	}
}

/* --- the connection --- */

static void stats_fail(struct link *link)
{
	struct link_stats_waiter *waiter;

	while ((waiter = link->stats) != NULL) {
		DL_DELETE(link->stats, waiter);
		waiter->done(waiter, NULL);
	}
}

static void out_of_patience(void *arg)
{
	struct link *link = arg;

	if (link->state == LINK_UP)
		return;
	/* Whatever the waiters now undo or keep is compared when the data plane is back. */
	change_set_merge(&link->waiting, &link->underway);
	link->given_up |= link->waiting.count > 0;
	change_set_finish(&link->waiting, -ENOTCONN, "the data plane is not connected");
	loop_timer_set(link->loop, &link->patience, PATIENCE_MS);
}

static void closed(void *arg)
{
	struct link *link = arg;

	if (link->state == LINK_UP)
		log_line(LOG_WARNING, "data plane disconnected; trying to reach it again");
	link->state = LINK_AWAY;
	change_set_finish(&link->seen, 0, "");
	stats_fail(link);
	if (link->patience.due_ms == 0)
		loop_timer_set(link->loop, &link->patience, PATIENCE_MS);
}

static int message(void *arg, const uint8_t *bytes, size_t length)
{
	struct link *link = arg;
	char error[UNPACK_ERROR_SIZE];
	FromDataplane *from =
		(FromDataplane *)unpack(&bridgetap__dataplane__v1__from_dataplane__descriptor,
			bytes, length, UNPACK_BUDGET, error);

	if (from == NULL) {
		log_line(LOG_ERR, "a message of the data plane cannot be read: %s", error);
		return -EPROTO;
	}
	handle(link, from);
	unpacked_free(&from->base);
	return 0;
}

static void opened(void *arg)
{
	struct link *link = arg;
	Bridgetap__Dataplane__V1__Hello hello = BRIDGETAP__DATAPLANE__V1__HELLO__INIT;
	ToDataplane to = BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__INIT;

	link->state = LINK_GREETING;
	hello.version = WIRE_VERSION;
	to.message_case = BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_HELLO;
	to.hello = &hello;
	send_message(link, &to);
}

/* --- for the services --- */

bool link_is_ready(const struct link *link)
{
	return link->ever_up;
}

bool link_is_up(const struct link *link)
{
	return link->state == LINK_UP;
}

void link_change(struct link *link, const char *wire_id, struct link_waiter *waiter)
{
	struct change_entry *change =
		link->stopping ? NULL : change_set_get(&link->waiting, wire_id);

	if (change == NULL) {
		if (waiter != NULL)
			waiter->done(waiter, -ENOMEM, "out of memory");
		return;
	}
	if (waiter != NULL)
		LL_APPEND(change->waiters, waiter);
	if (link->state != LINK_UP && link->patience.due_ms == 0)
		loop_timer_set(link->loop, &link->patience, PATIENCE_MS);
	loop_task_queue(link->loop, &link->flush);
}

static void ask_for_stats(
	struct link *link, const char *wire_id, bool legs_only, struct link_stats_waiter *waiter)
{
	Bridgetap__Dataplane__V1__StatsRequest request =
		BRIDGETAP__DATAPLANE__V1__STATS_REQUEST__INIT;
	ToDataplane message = BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__INIT;

	if (link->state != LINK_UP) {
		waiter->done(waiter, NULL);
		return;
	}
	waiter->tag = ++link->next_tag;
	request.tag = waiter->tag;
	request.call_id = (char *)(uintptr_t)wire_id;
	request.legs_only = legs_only;
	message.message_case = BRIDGETAP__DATAPLANE__V1__TO_DATAPLANE__MESSAGE_STATS_REQUEST;
	message.stats_request = &request;
	DL_APPEND(link->stats, waiter);
	send_message(link, &message);
}

void link_stats(struct link *link, const char *wire_id, struct link_stats_waiter *waiter)
{
	ask_for_stats(link, wire_id, false, waiter);
}

void link_leg_stats(struct link *link, const char *wire_id, struct link_stats_waiter *waiter)
{
	ask_for_stats(link, wire_id, true, waiter);
}

void link_forget_stats(struct link *link, struct link_stats_waiter *waiter)
{
	DL_DELETE(link->stats, waiter);
}

struct link *link_create(struct loop *loop, struct world *world, const char *path)
{
	struct link *link = calloc(1, sizeof(*link));
	const struct link_socket_hooks hooks = {
		.opened = opened,
		.message = message,
		.closed = closed,
		.arg = link,
	};

	if (link == NULL)
		return NULL;
	link->loop = loop;
	link->world = world;
	link->patience = (struct loop_timer){ .expired = out_of_patience, .arg = link };
	link->retry = (struct loop_timer){ .expired = retry, .arg = link };
	link->flush = (struct loop_task){ .run = flush_changes, .arg = link };
	link->socket = link_socket_create(loop, path, &hooks);
	if (link->socket == NULL) {
		free(link);
		return NULL;
	}
	return link;
}

void link_destroy(struct link *link)
{
	if (link == NULL)
		return;
	link->state = LINK_AWAY;
	link->stopping = true;
	loop_timer_clear(link->loop, &link->patience);
	loop_timer_clear(link->loop, &link->retry);
	loop_task_drop(link->loop, &link->flush);
	change_set_merge(&link->waiting, &link->underway);
	change_set_merge(&link->waiting, &link->refused);
	change_set_finish(&link->waiting, -ENOTCONN, "the control plane is stopping");
	change_set_finish(&link->seen, 0, "");
	stats_fail(link);
	link_socket_destroy(link->socket);
	free(link);
}
