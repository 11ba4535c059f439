/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "control/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_pause.h>
#include <uthash.h>

#include "control/post.h"
#include "control/record.h"
#include "control/relays.h"
#include "control/slot_book.h"
#include "net/log.h"
#include "net/steering.h"

struct registry {
	struct registry_config config;
	struct nexthop_table *nexthops;
	struct slot_book slots;
	struct post post;
	registry_done_fn *done;
	void *arg;

	struct record *records;
	struct record **by_number;
	uint32_t next_number;
	uint32_t next_serial;
	unsigned calls_of_worker[WORKER_MAX];
	unsigned mixing_legs;
	uint64_t generation;
};

static void publish_nexthop(void *arg, uint16_t number, const struct l2_header *header)
{
	struct registry *reg = arg;
	struct command command = { .kind = COMMAND_SET_NEXTHOP };

	command.nexthop = number;
	command.header = *header;
	post_note_all(&reg->post, &command);
	if (reg->config.relays != NULL)
		relays_set_hop(reg->config.relays, number, header);
}

/* --- records --- */

static struct record *find(const struct registry *reg, const char *id)
{
	struct record *record;

	HASH_FIND_STR(reg->records, id, record);
	return record;
}

/* The call that a worker's event is of; NULL where that has ended. */
static struct record *find_of(const struct registry *reg, const struct event *event)
{
	struct record *record =
		event->call < reg->config.calls_max ? reg->by_number[event->call] : NULL;

	return record != NULL && record->serial == event->serial ? record : NULL;
}

static uint8_t least_loaded_worker(const struct registry *reg)
{
	unsigned best = 0;

	for (unsigned i = 1; i < reg->config.worker_count; i++)
		if (reg->calls_of_worker[i] < reg->calls_of_worker[best])
			best = i;
	return (uint8_t)best;
}

/* The worker at which the NIC lets all packets of these legs arrive; PORT_OWNER_NONE where no
 * worker gets them all. */
static uint8_t steered_worker(const struct registry *reg, const struct record *record)
{
	uint16_t first =
		steering_queue(record->plans[0].local_port, (uint16_t)reg->config.worker_count);

	for (unsigned i = 1; i < record->leg_count; i++)
		if (steering_queue(record->plans[i].local_port,
			    (uint16_t)reg->config.worker_count) != first)
			return PORT_OWNER_NONE;
	return (uint8_t)first;
}

/* Choose the worker: a call stays where it is, a new one goes where its packets arrive. Where they
 * arrive at several it goes where there are fewest calls. */
static int place(struct registry *reg, struct record *record, const struct record *old,
	struct refusal *refusal)
{
	int bound = slot_book_bound_worker(&reg->slots, record->plans, record->leg_count);

	if (bound < 0 || (old != NULL && bound != PORT_OWNER_NONE && bound != old->worker))
		return refuse(refusal, WIRE_ERROR(CONFLICT),
			"a port of call %s was in use a moment ago; try again", record->wire->id);
	if (old != NULL)
		record->worker = old->worker;
	else if (bound != PORT_OWNER_NONE)
		record->worker = (uint8_t)bound;
	else
		record->worker = steered_worker(reg, record);
	if (record->worker == PORT_OWNER_NONE)
		record->worker = least_loaded_worker(reg);
	return 0;
}

static uint32_t free_number(struct registry *reg)
{
	for (uint32_t tries = 0; tries < reg->config.calls_max; tries++) {
		uint32_t number = reg->next_number++ % reg->config.calls_max;

		if (reg->by_number[number] == NULL)
			return number;
	}
	return CALL_NUMBER_NONE;
}

static int check_claims(
	const struct registry *reg, const struct record *record, struct refusal *refusal)
{
	unsigned leg;
	uint32_t other = slot_book_conflict(
		&reg->slots, record->plans, record->leg_count, record->number, &leg);

	if (other == CALL_NUMBER_NONE)
		return 0;
	return refuse(refusal, WIRE_ERROR(CONFLICT), "port %u of realm %s is in use by call %s",
		record->plans[leg].local_port,
		reg->config.realms->realm[record->plans[leg].realm].name,
		reg->by_number[other]->wire->id);
}

/* Whether there are rings for `record` in place of `old`, and as many at hand as it needs: those of
 * changes before may still be on their way back from the workers. */
static int check_rings(struct registry *reg, const struct record *record, const struct record *old,
	struct refusal *refusal)
{
	unsigned had = old != NULL ? old->mixing_legs : 0;

	if (record->mixing_legs > had &&
		reg->mixing_legs - had + record->mixing_legs > reg->config.rings->legs_max)
		return refuse(refusal, WIRE_ERROR(EXHAUSTED),
			"%u of %u mixing legs are in use and this would take %u more (a G.722 "
			"voice "
			"counts as four); raise mixing_legs_max of the data plane",
			reg->mixing_legs, reg->config.rings->legs_max, record->mixing_legs - had);
	while (reg->config.rings->free_count < record->mixing_legs && post_is_waiting(&reg->post)) {
		post_collect(&reg->post);
		rte_pause();
	}
	return 0;
}

/* A complete record for `wire`, in place of `old` (NULL for a new call). NULL with `refusal`. */
static struct record *new_record(struct registry *reg, const WireCall *wire,
	const struct record *old, struct refusal *refusal)
{
	struct record *record =
		record_create(wire, old, reg->config.realms, reg->config.seats_max, refusal);

	if (record == NULL)
		return NULL;
	record->number = old != NULL ? old->number : free_number(reg);
	record->serial = old != NULL ? old->serial : reg->next_serial++;
	if (record->number == CALL_NUMBER_NONE) {
		refuse(refusal, WIRE_ERROR(EXHAUSTED), "there are %u calls, and no more may be",
			reg->config.calls_max);
		goto fail;
	}
	if (check_claims(reg, record, refusal) < 0 || place(reg, record, old, refusal) < 0 ||
		check_rings(reg, record, old, refusal) < 0)
		goto fail;
	if (record_build(record, reg->config.realms, reg->nexthops, reg->config.rings, refusal) < 0)
		goto fail;
	return record;

fail:
	record_destroy(record, reg->nexthops, reg->config.rings);
	return NULL;
}

/* --- batches: stage every operation in the book, then tell the workers --- */

/* One operation as it stands in the book: `record` took the place of `old`; either may be NULL. */
struct change {
	struct record *old;
	struct record *record;
};

static void swap_records(struct registry *reg, struct record *out, struct record *in)
{
	if (out != NULL) {
		HASH_DEL(reg->records, out);
		slot_book_unclaim(&reg->slots, out->plans, out->leg_count);
		reg->by_number[out->number] = NULL;
		reg->calls_of_worker[out->worker]--;
		reg->mixing_legs -= out->mixing_legs;
	}
	if (in != NULL) {
		HASH_ADD_KEYPTR(hh, reg->records, in->wire->id, strlen(in->wire->id), in);
		slot_book_claim(&reg->slots, in->plans, in->leg_count, in->number, in->worker);
		reg->by_number[in->number] = in;
		reg->calls_of_worker[in->worker]++;
		reg->mixing_legs += in->mixing_legs;
	}
}

/* Write the change into the book. What is next of the same batch finds the ports that `old` leaves
 * bound to its worker. */
static void enter(struct registry *reg, const struct change *change)
{
	swap_records(reg, change->old, change->record);
	if (change->old != NULL)
		slot_book_leave(&reg->slots, change->old->plans, change->old->leg_count);
}

static int stage(struct registry *reg, const WireOperation *operation, struct change *change,
	struct refusal *refusal)
{
	switch (operation->operation_case) {
	case BRIDGETAP__DATAPLANE__V1__OPERATION__OPERATION_PUT_CALL:
		change->old = find(reg, operation->put_call->id);
		change->record = new_record(reg, operation->put_call, change->old, refusal);
		if (change->record == NULL)
			return -1;
		break;
	case BRIDGETAP__DATAPLANE__V1__OPERATION__OPERATION_REMOVE_CALL:
		change->old = find(reg, operation->remove_call);
		break;
	default:
		return refuse(refusal, WIRE_ERROR(INVALID), "the operation is of no known kind");
	}
	enter(reg, change);
	return 0;
}

static void unstage(struct registry *reg, struct change *change)
{
	swap_records(reg, change->record, change->old);
	if (change->old != NULL)
		slot_book_left(&reg->slots, change->old->plans, change->old->leg_count);
	record_destroy(change->record, reg->nexthops, reg->config.rings);
}

/* With `tell_ended`, the last statistics of a call that is removed are wanted. */
static void commit(struct registry *reg, const struct change *change, bool tell_ended,
	struct post_waiter *waiter)
{
	const struct record *old = change->old, *record = change->record;
	struct command command = { 0 };

	if (old != NULL)
		command.old = old->live;
	if (record != NULL) {
		slot_book_own(&reg->slots, record->plans, record->leg_count, record->worker);
		command.kind = COMMAND_PUT_CALL;
		command.call = record->live;
		post_request(&reg->post, record->worker, &command, waiter);
	} else if (old != NULL) {
		change->old->told_end = tell_ended;
		command.kind = COMMAND_REMOVE_CALL;
		post_request(&reg->post, old->worker, &command, waiter);
	}
}

static void tell_end(const struct registry *reg, const struct record *record)
{
	uint64_t now_us = clock_us(reg->config.workers[record->worker].clock, rte_rdtsc());
	struct leg_stats stats[CALL_LEGS_MAX];

	call_read_stats(record->live, now_us, stats);
	reg->config.ended(reg->arg, record->wire->id, stats, record->leg_count);
}

static void call_released(void *arg, struct call *call)
{
	struct registry *reg = arg;
	struct record *record = call->record;

	if (record->told_end && reg->config.ended != NULL)
		tell_end(reg, record);
	slot_book_left(&reg->slots, record->plans, record->leg_count);
	record_destroy(record, reg->nexthops, reg->config.rings);
}

/* What waits for the workers to apply a batch. */
struct batch_waiter {
	struct post_waiter waiter;
	struct registry *registry;
	uint64_t generation; /* 0 where nobody wants to be told */
};

static void batch_done(struct post_waiter *waiter)
{
	struct batch_waiter *batch = (struct batch_waiter *)waiter;

	if (batch->generation != 0)
		batch->registry->done(batch->registry->arg, batch->generation);
	free(batch);
}

static struct batch_waiter *new_batch_waiter(struct registry *reg, uint64_t generation)
{
	struct batch_waiter *batch = calloc(1, sizeof(*batch));

	if (batch != NULL) {
		batch->waiter.done = batch_done;
		batch->registry = reg;
		batch->generation = generation;
	}
	return batch;
}

static int stage_all(struct registry *reg, const WireBatch *batch, struct change *changes,
	struct refusal *refusal)
{
	for (size_t i = 0; i < batch->n_operations; i++) {
		refusal->operation = (unsigned)i;
		if (stage(reg, batch->operations[i], &changes[i], refusal) < 0) {
			while (i > 0)
				unstage(reg, &changes[--i]);
			return -1;
		}
	}
	return 0;
}

int registry_apply(struct registry *reg, const WireBatch *batch, struct refusal *refusal)
{
	struct change *changes = calloc(batch->n_operations + 1, sizeof(*changes));
	struct batch_waiter *waiter = new_batch_waiter(reg, batch->generation);
	int ret = 0;

	memset(refusal, 0, sizeof(*refusal));
	if (changes == NULL || waiter == NULL)
		ret = refuse(refusal, WIRE_ERROR(EXHAUSTED), "out of memory");
	else if (batch->generation != reg->generation + 1)
		ret = refuse(refusal, WIRE_ERROR(CONFLICT), "generation %lu does not follow %lu",
			(unsigned long)batch->generation, (unsigned long)reg->generation);
	else
		ret = stage_all(reg, batch, changes, refusal);
	if (ret < 0) {
		free(waiter);
		goto out;
	}
	reg->generation = batch->generation;
	post_hold(&waiter->waiter);
	for (size_t i = 0; i < batch->n_operations; i++)
		commit(reg, &changes[i], batch->tell_ended, &waiter->waiter);
	post_release(&waiter->waiter);
out:
	free(changes);
	return ret;
}

void registry_poll(struct registry *reg)
{
	post_collect(&reg->post);
}

bool registry_is_waiting(const struct registry *reg)
{
	return post_is_waiting(&reg->post);
}

/* --- what was learned, what is asked --- */

bool registry_source_learned(struct registry *reg, const struct event *event)
{
	struct record *old = find_of(reg, event);
	struct change change = { .old = old };
	struct batch_waiter *waiter;
	struct refusal refusal = { .sentence = "out of memory" };
	int noted = old != NULL ? record_learn(old, event) : -ENOENT;

	/* Of a call that is gone, or of a leg that has been told another source since. */
	if (noted < 0)
		return false;
	waiter = new_batch_waiter(reg, 0);
	if (waiter != NULL)
		change.record = new_record(reg, old->wire, old, &refusal);
	if (change.record == NULL) {
		if (noted == 0)
			log_warning("call %s: nothing can be sent yet to the source it learned: %s",
				old->wire->id, refusal.sentence);
		free(waiter);
		return noted == 0;
	}
	enter(reg, &change);
	post_hold(&waiter->waiter);
	commit(reg, &change, false, &waiter->waiter);
	post_release(&waiter->waiter);
	return noted == 0;
}

struct stats_waiter {
	struct post_waiter waiter;
	registry_stats_fn *done;
	void *arg;
	struct leg_stats stats[CALL_LEGS_MAX];
	unsigned count;
};

static void stats_done(struct post_waiter *waiter)
{
	struct stats_waiter *stats = (struct stats_waiter *)waiter;

	stats->done(stats->arg, stats->stats, stats->count);
	free(stats);
}

int registry_stats(struct registry *reg, const char *id, registry_stats_fn *done, void *arg)
{
	struct record *record = find(reg, id);
	struct command command = { .kind = COMMAND_READ_STATS };
	struct stats_waiter *stats = calloc(1, sizeof(*stats));

	if (stats == NULL)
		return -ENOMEM;
	stats->waiter.done = stats_done;
	stats->done = done;
	stats->arg = arg;
	post_hold(&stats->waiter);
	if (record != NULL) {
		stats->count = record->leg_count;
		command.call = record->live;
		command.stats = stats->stats;
		post_request(&reg->post, record->worker, &command, &stats->waiter);
	}
	post_release(&stats->waiter);
	return 0;
}

uint64_t registry_generation(const struct registry *reg)
{
	return reg->generation;
}

const WireCall *registry_call_of(const struct registry *reg, const struct event *event)
{
	const struct record *record = find_of(reg, event);

	return record != NULL ? record->wire : NULL;
}

const WireCall *registry_call_by_id(const struct registry *reg, const char *id)
{
	const struct record *record = find(reg, id);

	return record != NULL ? record->wire : NULL;
}

const WireCall *registry_next(const struct registry *reg, uint32_t *number)
{
	while (*number < reg->config.calls_max) {
		const struct record *record = reg->by_number[(*number)++];

		if (record != NULL)
			return record->wire;
	}
	return NULL;
}

const struct record *registry_record(const struct registry *reg, uint32_t number)
{
	return reg->by_number[number];
}

void registry_relay(struct registry *reg, uint32_t number)
{
	const struct record *record = reg->by_number[number];
	struct command command = { .kind = COMMAND_RELAY_CALL, .call = record->live };

	post_note(&reg->post, record->worker, &command);
}

unsigned registry_count(const struct registry *reg)
{
	return HASH_COUNT(reg->records);
}

unsigned registry_count_of_worker(const struct registry *reg, unsigned worker)
{
	return reg->calls_of_worker[worker];
}

unsigned registry_mixing_legs(const struct registry *reg)
{
	return reg->mixing_legs;
}

struct nexthop_table *registry_nexthops(struct registry *reg)
{
	return reg->nexthops;
}

struct registry *registry_create(const struct registry_config *config, struct rtnetlink *rtnl,
	registry_done_fn *done, void *arg)
{
	struct registry *reg = calloc(1, sizeof(*reg));

	if (reg == NULL)
		return NULL;
	reg->config = *config;
	reg->done = done;
	reg->arg = arg;
	reg->post = (struct post){
		.workers = config->workers,
		.count = config->worker_count,
		.released = call_released,
		.arg = reg,
	};
	reg->by_number = calloc(config->calls_max, sizeof(*reg->by_number));
	reg->nexthops = nexthop_table_create(config->realms, rtnl, publish_nexthop, reg);
	if (reg->by_number == NULL || reg->nexthops == NULL ||
		slot_book_init(&reg->slots, config->table) < 0) {
		registry_destroy(reg);
		errno = ENOMEM;
		return NULL;
	}
	return reg;
}

void registry_destroy(struct registry *reg)
{
	struct record *record, *next;

	if (reg == NULL)
		return;
	post_collect(&reg->post);
	HASH_ITER (hh, reg->records, record, next) {
		HASH_DEL(reg->records, record);
		record_destroy(record, reg->nexthops, reg->config.rings);
	}
	nexthop_table_destroy(reg->nexthops);
	slot_book_fini(&reg->slots);
	free(reg->by_number);
	free(reg);
}
