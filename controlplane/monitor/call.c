/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/hand.h"
#include "monitor/invitation.h"
#include "monitor/leg.h"
#include "monitor/offer.h"
#include "monitor/recording.h"
#include "monitor/session.h"
#include "monitor/text.h"
#include "monitor/transfer.h"

struct call *call_find(const struct organisation *organisation, const char *id)
{
	struct call *call;

	HASH_FIND_STR(organisation->calls, id, call);
	return call;
}

const struct call *call_find_ended(const struct organisation *organisation, const char *id)
{
	const struct call *last = NULL;
	const struct change *change;

	for (change = organisation->changes.oldest_gone; change != NULL; change = change->next_gone)
		if (strcmp(((const struct call *)change)->id, id) == 0)
			last = (const struct call *)change;
	return last;
}

struct call *call_find_by_wire_id(const struct world *world, const char *wire_id)
{
	struct call *call;

	HASH_FIND(by_wire_id, world->calls_by_wire_id, wire_id, strlen(wire_id), call);
	return call;
}

void call_note(struct call *call)
{
	changes_note(&call->organisation->changes, &call->change);
	organisation_tell(call->organisation);
}

void call_note_labels(struct call *call)
{
	call_index_refresh(&call->organisation->call_index, call);
	call_note(call);
	call->labelled = call->change.number;
}

static int check_list(const char *field, char *const *texts, size_t count, struct refusal *refusal)
{
	if (count > LIST_MAX)
		return refuse(refusal, -EINVAL, "%s has %zu entries; %d is the most", field, count,
			LIST_MAX);
	for (size_t i = 0; i < count; i++)
		if (text_check(field, texts[i], LABEL_MAX_BYTES, refusal) < 0)
			return refusal->error;
	return 0;
}

int call_check(const struct organisation *organisation, const struct call_description *description,
	struct refusal *refusal)
{
	struct realm *realm;

	if (*description->id != '\0' &&
		text_check_id("call.id", description->id, CALL_ID_MAX, refusal) < 0)
		return refusal->error;
	if (leg_check(organisation, &description->agent, false, "call.agent", &realm, refusal) <
			0 ||
		leg_check(organisation, &description->customer, false, "call.customer", &realm,
			refusal) < 0 ||
		text_check("call.agent_user", description->agent_user, USER_ID_MAX, refusal) < 0 ||
		text_check("call.contact_number", description->contact_number, CONTACT_MAX,
			refusal) < 0 ||
		check_list("call.groups", description->groups, description->group_count, refusal) <
			0 ||
		check_list("call.tags", description->tags, description->tag_count, refusal) < 0)
		return refusal->error;
	return description->record
		       ? recording_check_target(organisation, &description->recording, refusal)
		       : 0;
}

/* The part of a description that is texts, but for the agent. */
static int set_texts(
	struct call *call, const struct call_description *description, struct refusal *refusal)
{
	struct text_list groups, tags = { 0 };

	if (text_list_copy(&groups, description->groups, description->group_count) < 0 ||
		text_list_copy(&tags, description->tags, description->tag_count) < 0 ||
		text_replace(&call->contact_number, description->contact_number) < 0) {
		text_list_free(&groups);
		text_list_free(&tags);
		return refuse(refusal, -ENOMEM, "out of memory");
	}
	text_list_free(&call->groups);
	text_list_free(&call->tags);
	call->groups = groups;
	call->tags = tags;
	call->direction = description->direction;
	return 0;
}

void call_free(struct call *call)
{
	recording_close(&call->recording);
	leg_close(&call->agent);
	leg_close(&call->customer);
	text_list_free(&call->groups);
	text_list_free(&call->tags);
	free(call->hand.attended_by);
	free(call->agent_user);
	free(call->contact_number);
	free(call->id);
	free(call);
}

/* Enter the call in the tables, under its own id and a random one for the data plane. */
int call_enter(struct call *call)
{
	struct organisation *organisation = call->organisation;
	struct world *world = organisation->world;

	if (call->serial == 0)
		call->serial = world->last_serial + 1;
	HASH_ADD_KEYPTR(hh, organisation->calls, call->id, strlen(call->id), call);
	if (!table_has(call))
		return -ENOMEM;
	HASH_ADD_KEYPTR(
		by_wire_id, world->calls_by_wire_id, call->wire_id, strlen(call->wire_id), call);
	if (call->by_wire_id.tbl == NULL)
		goto not_by_wire_id;
	if (desk_move(call, call->agent_user) < 0)
		goto not_at_desk;
	if (call_index_add(&organisation->call_index, call) < 0)
		goto not_in_index;
	if (call->serial > world->last_serial)
		world->last_serial = call->serial;
	call_note(call);
	call->labelled = call->change.number;
	call_note_extension(call);
	return 0;

not_in_index:
	desk_leave(call);
not_at_desk:
	HASH_DELETE(by_wire_id, world->calls_by_wire_id, call);
not_by_wire_id:
	HASH_DEL(organisation->calls, call);
	return -ENOMEM;
}

int call_create(struct organisation *organisation, const struct call_description *description,
	uint64_t now_ms, struct call **result, struct refusal *refusal)
{
	struct call *call;

	if (call_check(organisation, description, refusal) < 0)
		return refusal->error;
	if (*description->id != '\0' && call_find(organisation, description->id) != NULL)
		return refuse(refusal, -EEXIST, "there is a call \"%s\" already", description->id);
	call = calloc(1, sizeof(*call));
	if (call == NULL)
		return refuse(refusal, -ENOMEM, "out of memory");
	call->organisation = organisation;
	call->created_ms = now_ms;
	world_random_id(organisation->world, call->wire_id);
	if (text_replace(&call->id, *description->id ? description->id : call->wire_id) < 0) {
		refuse(refusal, -ENOMEM, "out of memory");
		goto fail;
	}
	if (text_replace(&call->agent_user, description->agent_user) < 0) {
		refuse(refusal, -ENOMEM, "out of memory");
		goto fail;
	}
	if (set_texts(call, description, refusal) < 0 ||
		leg_open(call, &call->agent, &description->agent, false, "call.agent", refusal) <
			0 ||
		leg_open(call, &call->customer, &description->customer, false, "call.customer",
			refusal) < 0)
		goto fail;
	if (description->record && recording_open(call, &description->recording, refusal) < 0)
		goto fail;
	if (call_enter(call) < 0) {
		refuse(refusal, -ENOMEM, "out of memory");
		goto fail;
	}
	*result = call;
	return 0;

fail:
	call_free(call);
	return refusal->error;
}

int call_update(
	struct call *call, const struct call_description *description, struct refusal *refusal)
{
	const struct leg agent = call->agent, customer = call->customer;
	bool record = description->record && call->recording.state == RECORDING_OFF;
	bool transfer = strcmp(call->agent_user, description->agent_user) != 0;

	if (call_check(call->organisation, description, refusal) < 0)
		return refusal->error;
	if (record && recording_open(call, &description->recording, refusal) < 0)
		return refusal->error;
	if (leg_move(call, &call->agent, &description->agent, "call.agent", refusal) < 0 ||
		leg_move(call, &call->customer, &description->customer, "call.customer", refusal) <
			0 ||
		set_texts(call, description, refusal) < 0)
		goto fail;
	if (transfer)
		leg_hand_over(&call->agent, &description->agent);
	if (call_set_agent(call, description->agent_user) < 0) {
		refuse(refusal, -ENOMEM, "out of memory");
		goto fail;
	}
	call_note_labels(call);
	call_note_extension(call);
	if (transfer)
		call_agent_changed(call);
	return 0;

fail:
	call->agent = agent;
	call->customer = customer;
	if (record)
		recording_close(&call->recording);
	return refusal->error;
}

struct call_memento {
	struct media agent, customer;
	char *agent_user, *contact_number;
	int direction;
	struct text_list groups, tags;
	bool recorded;
};

struct call_memento *call_remember(const struct call *call)
{
	struct call_memento *memento = calloc(1, sizeof(*memento));

	if (memento == NULL)
		return NULL;
	memento->agent = call->agent.media;
	memento->customer = call->customer.media;
	memento->direction = call->direction;
	memento->recorded = call->recording.state != RECORDING_OFF;
	if (text_replace(&memento->agent_user, call->agent_user) < 0 ||
		text_replace(&memento->contact_number, call->contact_number) < 0 ||
		text_list_copy(&memento->groups, call->groups.texts, call->groups.count) < 0 ||
		text_list_copy(&memento->tags, call->tags.texts, call->tags.count) < 0) {
		call_memento_free(memento);
		return NULL;
	}
	return memento;
}

static void swap_texts(char **a, char **b)
{
	char *text = *a;

	*a = *b;
	*b = text;
}

static void swap_lists(struct text_list *a, struct text_list *b)
{
	struct text_list list = *a;

	*a = *b;
	*b = list;
}

/* What has been learned meanwhile is kept as long as it is still to be learned. */
static void bring_back_leg(struct leg *leg, const struct media *media)
{
	const struct media now = leg->media;

	leg->media = *media;
	if (now.learned && media->learn && now.far_end == media->far_end) {
		leg->media.remote = now.remote;
		leg->media.learned = true;
	}
}

static void bring_back(struct call *call, struct call_memento *memento)
{
	bool transfer = strcmp(call->agent_user, memento->agent_user) != 0;
	struct session *session;

	/* That they are there would have been told with what was refused. */
	for (session = call->sessions; transfer && session != NULL; session = session->next)
		session->announced = false;
	bring_back_leg(&call->agent, &memento->agent);
	bring_back_leg(&call->customer, &memento->customer);
	call->direction = memento->direction;
	call_set_agent(call, memento->agent_user);
	swap_texts(&call->contact_number, &memento->contact_number);
	swap_lists(&call->groups, &memento->groups);
	swap_lists(&call->tags, &memento->tags);
	if (!memento->recorded)
		recording_close(&call->recording);
	call_note_labels(call);
	call_note_extension(call);
	if (transfer)
		call_agent_changed(call);
}

void call_memento_free(struct call_memento *memento)
{
	if (memento == NULL)
		return;
	free(memento->agent_user);
	free(memento->contact_number);
	text_list_free(&memento->groups);
	text_list_free(&memento->tags);
	free(memento);
}

int call_change_begin(struct call *call)
{
	if (call->in_force == NULL)
		call->in_force = call_remember(call);
	if (call->in_force == NULL)
		return -ENOMEM;
	call->undecided++;
	return 0;
}

static void forget(struct call *call)
{
	call_memento_free(call->in_force);
	call->in_force = NULL;
}

void call_change_end(struct call *call, struct call_memento *made)
{
	if (made != NULL) {
		forget(call);
		call->in_force = made;
	}
	if (--call->undecided > 0)
		return;
	if (made == NULL)
		bring_back(call, call->in_force);
	forget(call);
}

void call_end(struct call *call)
{
	struct organisation *organisation = call->organisation;

	while (call->sessions != NULL)
		session_end(call->sessions, WHY_CALL_OVER, 0);
	while (call->invitations != NULL)
		invitation_end(call->invitations, WHY_CALL_OVER);
	hand_drop(call, WHY_CALL_OVER);
	HASH_DEL(organisation->calls, call);
	HASH_DELETE(by_wire_id, organisation->world->calls_by_wire_id, call);
	call_index_remove(&organisation->call_index, call);
	desk_leave(call);
	call_note_extension(call);
	recording_close(&call->recording);
	leg_close(&call->agent);
	leg_close(&call->customer);
	forget(call);
	changes_bury(&organisation->changes, &call->change);
	organisation_tell(organisation);
}

void call_free_tombstone(struct change *change)
{
	call_free((struct call *)change);
}
