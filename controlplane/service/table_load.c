/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/table_load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridgetap/v1/calls.pb-c.h"
#include "monitor/call.h"
#include "proto/unpack.h"
#include "service/convert.h"
#include "service/ending.h"

typedef Bridgetap__V1__LoadCallTableRequest Request;

struct load;

/* The end of a call that is not in the table. */
struct load_ending {
	struct ending ending; /* first: what it hands back */
	struct load *load;
};

/* One call of the table, and what became of it. */
struct row {
	struct link_waiter waiter; /* first: what the link hands back */
	UT_hash_handle hh;	   /* by id, to find those that come twice */
	struct load *load;
	const Bridgetap__V1__CallDescription *message;
	char wire_id[RANDOM_ID_SIZE];
	struct call_memento *made; /* of a call that was there, as it is now */
	bool created;
};

/* One table under way. It outlives a client that goes away, once it is being applied. */
struct load {
	struct services *services;
	char organisation[ORGANISATION_ID_MAX + 1]; /* which may be deleted at any time */
	struct grpc_call *grpc;			    /* NULL when the client has gone */
	bool replace;
	Request **messages;
	size_t message_count, message_room;
	size_t entries; /* in the messages */
	struct row *rows;
	size_t count; /* of rows that are laid out: none until the whole table is there */
	struct row *by_id;
	size_t outstanding; /* answers of the data plane */
	int error;	    /* the first that came */
	char sentence[256];
	uint32_t created, updated, ended;
	struct load_ending *endings; /* of calls that are not in the table */
};

static void load_free(struct load *load)
{
	HASH_CLEAR(hh, load->by_id);
	for (size_t i = 0; i < load->message_count; i++)
		unpacked_free(&load->messages[i]->base);
	for (size_t i = 0; i < load->count; i++)
		call_memento_free(load->rows[i].made);
	free(load->messages);
	free(load->rows);
	free(load->endings);
	free(load);
}

/* --- collecting --- */

static void load_cancelled(struct grpc_call *grpc, void *state)
{
	struct load *load = state;

	(void)grpc;
	load->grpc = NULL;
	if (load->outstanding == 0)
		load_free(load);
}

static struct load *load_begin(struct grpc_call *grpc, const Request *first)
{
	struct grpc_call_hooks hooks = { .cancelled = load_cancelled };
	struct load *load;

	if (!service_check_link(grpc))
		return NULL;
	load = calloc(1, sizeof(*load));
	if (load == NULL) {
		service_refuse_link(grpc, -ENOMEM, "out of memory");
		return NULL;
	}
	load->services = grpc_call_context(grpc);
	load->grpc = grpc;
	load->replace =
		first->operation == BRIDGETAP__V1__LOAD_CALL_TABLE_REQUEST__OPERATION__REPLACE;
	hooks.state = load;
	grpc_call_set_hooks(grpc, &hooks);
	return load;
}

static void load_refuse(struct load *load, const struct refusal *refusal)
{
	if (load->grpc != NULL)
		service_refuse(load->grpc, refusal);
	load_free(load);
}

/* Much may have happened since the last message. False after finishing and freeing the load. */
static bool identify(struct grpc_call *grpc, struct load *load, struct actor *actor)
{
	if (actor_identify(grpc, NEED_ORGANISATION, actor))
		return true;
	if (load != NULL)
		load_free(load);
	return false;
}

/* Prefix a refusal's sentence with the call it is about. */
static int name_row(struct refusal *refusal, const char *id, size_t index)
{
	char sentence[sizeof(refusal->sentence)];

	memcpy(sentence, refusal->sentence, sizeof(sentence));
	snprintf(refusal->sentence, sizeof(refusal->sentence), "call %zu (%.64s): %.100s", index,
		id, sentence);
	return refusal->error;
}

/* Check each call of a message, which comes after `before` others, without doing anything. */
static int check(const struct organisation *organisation, const Request *request, size_t before,
	struct refusal *refusal)
{
	for (size_t c = 0; c < request->n_calls; c++) {
		const Bridgetap__V1__CallDescription *message = request->calls[c];
		struct call_description description;
		int ret = decode_description(&description, message, refusal);

		if (ret == 0)
			ret = call_check(organisation, &description, refusal);
		if (ret == 0 && *message->id == '\0')
			ret = refuse(refusal, -EINVAL, "call.id is missing");
		if (ret < 0)
			return name_row(refusal, message->id, before + c);
	}
	return 0;
}

static int collect(struct load *load, Request *request, struct refusal *refusal)
{
	if (load->message_count == load->message_room) {
		size_t room = load->message_room ? 2 * load->message_room : 16;
		Request **messages = realloc(load->messages, room * sizeof(*messages));

		if (messages == NULL)
			return refuse(refusal, -ENOMEM, "out of memory");
		load->messages = messages;
		load->message_room = room;
	}
	load->messages[load->message_count++] = request;
	load->entries += request->n_calls;
	return 0;
}

/* What is kept until the end is worth keeping: a call that is wrong may take any room. */
void load_call_table(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	struct load *load = grpc_call_state(grpc);
	Request *request = (Request *)(uintptr_t)message;
	struct refusal refusal;
	struct actor actor;

	if (!identify(grpc, load, &actor))
		return;
	if (load == NULL)
		load = load_begin(grpc, request);
	if (load == NULL)
		return;
	if (check(actor.organisation, request, load->entries, &refusal) < 0 ||
		collect(load, request, &refusal) < 0)
		load_refuse(load, &refusal);
	else
		grpc_call_keep(grpc);
}

/* --- applying --- */

/* Each entry in a row of its own, and no call in two of them. */
static int lay_out(struct load *load, struct refusal *refusal)
{
	struct row *row, *twin;

	load->rows = calloc(load->entries + 1, sizeof(*load->rows));
	if (load->rows == NULL)
		return refuse(refusal, -ENOMEM, "out of memory");
	for (size_t m = 0; m < load->message_count; m++)
		for (size_t c = 0; c < load->messages[m]->n_calls; c++) {
			row = &load->rows[load->count];
			row->load = load;
			row->message = load->messages[m]->calls[c];
			HASH_FIND_STR(load->by_id, row->message->id, twin);
			if (twin != NULL) {
				refuse(refusal, -EINVAL, "the table has this call twice");
				return name_row(refusal, row->message->id, load->count);
			}
			HASH_ADD_KEYPTR(
				hh, load->by_id, row->message->id, strlen(row->message->id), row);
			load->count++;
		}
	return 0;
}

static int update(struct row *row, struct call *call, const struct call_description *description,
	struct refusal *refusal)
{
	int ret;

	if (call_change_begin(call) < 0)
		return refuse(refusal, -ENOMEM, "out of memory");
	ret = call_update(call, description, refusal);
	if (ret == 0) {
		row->made = call_remember(call);
		if (row->made == NULL)
			ret = refuse(refusal, -ENOMEM, "out of memory");
	}
	if (ret < 0)
		call_change_end(call, NULL);
	return ret;
}

static int apply_row(struct row *row, struct organisation *organisation, struct refusal *refusal)
{
	const struct services *services = row->load->services;
	struct call *call = call_find(organisation, row->message->id);
	struct call_description description;
	int ret;

	decode_description(&description, row->message, refusal);
	if (call == NULL) {
		ret = call_create(organisation, &description, services->wall_ms(), &call, refusal);
		row->created = ret == 0;
	} else {
		ret = update(row, call, &description, refusal);
	}
	if (ret == 0)
		memcpy(row->wire_id, call->wire_id, sizeof(row->wire_id));
	return ret;
}

/* Take back what was done, to the calls of all entries. */
static void undo_all(struct load *load)
{
	for (size_t i = 0; i < load->count; i++) {
		struct row *row = &load->rows[i];
		struct call *call = call_find_by_wire_id(load->services->world, row->wire_id);

		if (call == NULL)
			continue;
		if (row->created)
			call_end(call);
		else if (row->made != NULL)
			call_change_end(call, NULL);
		link_change(load->services->link, row->wire_id, NULL);
	}
}

/* The data plane has followed in all of them. */
static void keep_all(struct load *load)
{
	for (size_t i = 0; i < load->count; i++) {
		struct row *row = &load->rows[i];
		struct call *call = call_find_by_wire_id(load->services->world, row->wire_id);

		if (call == NULL || row->made == NULL)
			continue;
		call_change_end(call, row->made);
		row->made = NULL;
	}
}

static int apply_all(struct load *load, struct organisation *organisation, struct refusal *refusal)
{
	for (size_t i = 0; i < load->count; i++)
		if (apply_row(&load->rows[i], organisation, refusal) < 0) {
			undo_all(load);
			return name_row(refusal, load->rows[i].message->id, i);
		}
	return 0;
}

/* --- the data plane follows --- */

static void answer(struct load *load)
{
	Bridgetap__V1__LoadCallTableResponse response =
		BRIDGETAP__V1__LOAD_CALL_TABLE_RESPONSE__INIT;

	response.created = load->created;
	response.updated = load->updated;
	response.ended = load->ended;
	if (load->grpc != NULL)
		grpc_call_reply(load->grpc, &response.base);
	load_free(load);
}

static void call_ended(struct ending *ending, int error, const char *sentence)
{
	struct load *load = ((struct load_ending *)ending)->load;

	(void)error;
	(void)sentence;
	if (--load->outstanding == 0)
		answer(load);
}

/* Everything in the table is in force: now what is not in it ends. */
static void end_others(struct load *load)
{
	const struct organisation *organisation =
		organisation_find(load->services->world, load->organisation);
	struct call *calls = organisation != NULL ? organisation->calls : NULL, *call, *next;
	struct load_ending *ending =
		load->replace ? calloc(HASH_COUNT(calls) + 1, sizeof(*ending)) : NULL;

	load->endings = ending;
	load->outstanding = 1;
	HASH_ITER (hh, calls, call, next) {
		struct row *row;

		HASH_FIND_STR(load->by_id, call->id, row);
		if (ending == NULL || row != NULL)
			continue;
		ending->load = load;
		ending->ending.services = load->services;
		ending->ending.done = call_ended;
		ending->ending.reason = BRIDGETAP__V1__CALL_END_REASON__CALL_END_REASON_BY_TABLE;
		load->ended++;
		load->outstanding++;
		ending_begin(&ending->ending, call);
		ending++;
	}
	if (--load->outstanding == 0)
		answer(load);
}

static void finish(struct load *load)
{
	if (load->error == 0) {
		keep_all(load);
		end_others(load);
		return;
	}
	undo_all(load);
	if (load->grpc != NULL)
		service_refuse_link(load->grpc, load->error, load->sentence);
	load_free(load);
}

static void row_done(struct link_waiter *waiter, int error, const char *sentence)
{
	struct row *row = (struct row *)waiter;
	struct load *load = row->load;

	load->services->acting = ACTING_ITSELF;
	if (error != 0 && load->error == 0) {
		load->error = error;
		snprintf(load->sentence, sizeof(load->sentence), "call %.64s: %.100s",
			row->message->id, sentence);
	}
	if (--load->outstanding == 0)
		finish(load);
}

void load_call_table_end(struct grpc_call *grpc)
{
	struct load *load = grpc_call_state(grpc);
	struct refusal refusal;
	struct actor actor;

	if (load == NULL) {
		refuse(&refusal, -EINVAL, "the stream had no message: send the table");
		service_refuse(grpc, &refusal);
		return;
	}
	if (!identify(grpc, load, &actor))
		return;
	snprintf(load->organisation, sizeof(load->organisation), "%s", actor.organisation->id);
	if (lay_out(load, &refusal) < 0 || apply_all(load, actor.organisation, &refusal) < 0) {
		load_refuse(load, &refusal);
		return;
	}
	load->outstanding = load->count + 1;
	for (size_t i = 0; i < load->count; i++) {
		struct row *row = &load->rows[i];

		load->created += row->created;
		load->updated += !row->created;
		row->waiter.done = row_done;
		link_change(load->services->link, row->wire_id, &row->waiter);
	}
	if (--load->outstanding == 0)
		finish(load);
}
