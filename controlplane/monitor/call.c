/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/access.h"
#include "monitor/enforce.h"
#include "monitor/hand.h"
#include "monitor/invitation.h"
#include "monitor/offer.h"
#include "monitor/session.h"
#include "monitor/text.h"

#define PAYLOAD_TYPE_PCMA 8

static uint32_t random_of(const struct organisation *organisation)
{
	return organisation->world->random(organisation->world->random_arg);
}

/* --- legs --- */

/* By name, or the first of its kind that is of the remote's address family. */
static struct realm *choose_realm(
	struct world *world, const char *name, bool recording, uint8_t address_length)
{
	for (unsigned i = 0; i < world->realm_count; i++) {
		struct realm *realm = &world->realms[i];

		if (realm->recording != recording)
			continue;
		if (*name == '\0' ? address_length == 0 || realm->address.length == address_length
				  : strcmp(realm->name, name) == 0)
			return realm;
	}
	return NULL;
}

static int check_media(const struct organisation *organisation, const struct media *media,
	bool recording, const char *field, struct realm **realm, struct refusal *refusal)
{
	*realm = choose_realm(organisation->world, media->realm, recording, media->remote.length);
	if (*realm == NULL && *media->realm != '\0')
		return refuse(refusal, -EINVAL, "%s.realm: there is no %s realm \"%s\"", field,
			recording ? "recording" : "media", media->realm);
	if (*realm == NULL)
		return refuse(refusal, -EINVAL, "%s: there is no %srealm for its address family",
			field, recording ? "recording " : "");
	if (media->remote.length == 0 && !media->learn)
		return refuse(refusal, -EINVAL,
			"%s.remote is missing; give it, or set learn_remote", field);
	if (media->remote.length != 0 && media->remote.port == 0)
		return refuse(refusal, -EINVAL, "%s.remote.port is 0", field);
	if (media->source.length != 0 && media->learn)
		return refuse(refusal, -EINVAL,
			"%s.source is given, so there is none to be learned", field);
	if ((media->remote.length != 0 && media->remote.length != (*realm)->address.length) ||
		(media->source.length != 0 && media->source.length != (*realm)->address.length))
		return refuse(refusal, -EINVAL, "%s is of another address family than realm \"%s\"",
			field, (*realm)->name);
	return 0;
}

int leg_open(struct call *call, struct leg *leg, const struct media *media, bool recording,
	const char *field, struct refusal *refusal)
{
	struct realm *realm;
	uint16_t port;

	if (check_media(call->organisation, media, recording, field, &realm, refusal) < 0)
		return refusal->error;
	port = port_pool_take(&realm->ports);
	if (port == 0)
		return refuse(refusal, -ENOSPC, "all %u ports of realm \"%s\" are in use",
			realm->ports.count, realm->name);
	*leg = (struct leg){
		.id = ++call->next_leg_id,
		.media = *media,
		.realm = realm,
		.local_port = port,
		.ssrc = random_of(call->organisation),
	};
	if (leg->media.codec == CODEC_NONE)
		leg->media.codec = CODEC_PCMU;
	if (leg->media.codec == CODEC_PCMA && leg->media.payload_type == 0)
		leg->media.payload_type = PAYLOAD_TYPE_PCMA;
	return 0;
}

void leg_close(struct leg *leg)
{
	if (leg->realm != NULL)
		port_pool_give_back(&leg->realm->ports, leg->local_port);
	*leg = (struct leg){ 0 };
}

/* Change where a leg's far end is. What was learned is kept as long as it is still to be learned.
 */
static int leg_move(struct call *call, struct leg *leg, const struct media *media,
	const char *field, struct refusal *refusal)
{
	struct realm *realm;

	if (check_media(call->organisation, media, false, field, &realm, refusal) < 0)
		return refusal->error;
	if (realm != leg->realm)
		return refuse(refusal, -EINVAL, "%s: a leg cannot move from realm \"%s\" to \"%s\"",
			field, leg->realm->name, realm->name);
	if (media->remote.length != 0 || !leg->media.learn)
		leg->media.remote = media->remote;
	leg->media.source = media->source;
	leg->media.learn = media->learn;
	leg->media.codec = media->codec != CODEC_NONE ? media->codec : CODEC_PCMU;
	leg->media.payload_type = media->payload_type;
	if (leg->media.codec == CODEC_PCMA && leg->media.payload_type == 0)
		leg->media.payload_type = PAYLOAD_TYPE_PCMA;
	return 0;
}

/* --- recording --- */

static int check_target(const struct organisation *organisation,
	const struct recording_target *target, struct refusal *refusal)
{
	bool two = target->agent.length != 0 || target->customer.length != 0;
	struct media media = { .remote = two ? target->agent : target->mix };
	struct realm *realm;

	if (two == (target->mix.length != 0) ||
		(two && (target->agent.length == 0 || target->customer.length == 0)))
		return refuse(
			refusal, -EINVAL, "recording: give both agent and customer, or mix alone");
	snprintf(media.realm, sizeof(media.realm), "%s", target->realm);
	if (check_media(organisation, &media, true, "recording", &realm, refusal) < 0)
		return refusal->error;
	media.remote = target->customer;
	return two ? check_media(organisation, &media, true, "recording", &realm, refusal) : 0;
}

static void close_recording(struct recording *recording)
{
	for (unsigned i = 0; i < recording->leg_count; i++)
		leg_close(&recording->legs[i]);
	*recording = (struct recording){ 0 };
}

static int open_recording(
	struct call *call, const struct recording_target *target, struct refusal *refusal)
{
	struct recording *recording = &call->recording;
	bool two = target->mix.length == 0;
	const struct address *const remotes[2] = { two ? &target->agent : &target->mix,
		&target->customer };

	for (unsigned i = 0; i < (two ? 2 : 1); i++) {
		struct media media = { .remote = *remotes[i], .codec = CODEC_PCMU };

		snprintf(media.realm, sizeof(media.realm), "%s", target->realm);
		if (leg_open(call, &recording->legs[i], &media, true, "recording", refusal) < 0) {
			close_recording(recording);
			return refusal->error;
		}
		recording->leg_count++;
	}
	recording->target = *target;
	snprintf(recording->target.realm, sizeof(recording->target.realm), "%s",
		recording->legs[0].realm->name);
	recording->state = RECORDING_ON;
	return 0;
}

int recording_start(
	struct call *call, const struct recording_target *target, struct refusal *refusal)
{
	if (call->recording.state != RECORDING_OFF)
		return refuse(refusal, -EEXIST, "the call is being recorded already");
	if (check_target(call->organisation, target, refusal) < 0 ||
		open_recording(call, target, refusal) < 0)
		return refusal->error;
	call_note(call);
	return 0;
}

static int recording_change(struct call *call, enum recording_state from, enum recording_state to,
	const char *otherwise, struct refusal *refusal)
{
	if (call->recording.state != from)
		return refuse(refusal, -EBADSLT, "%s", otherwise);
	call->recording.state = to;
	call_note(call);
	return 0;
}

int recording_pause(struct call *call, struct refusal *refusal)
{
	return recording_change(call, RECORDING_ON, RECORDING_PAUSED,
		"the call is not being recorded at the moment", refusal);
}

int recording_resume(struct call *call, struct refusal *refusal)
{
	return recording_change(call, RECORDING_PAUSED, RECORDING_ON,
		"the recording of the call is not paused", refusal);
}

int recording_stop(struct call *call, struct refusal *refusal)
{
	if (call->recording.state == RECORDING_OFF)
		return refuse(refusal, -EBADSLT, "the call is not being recorded");
	close_recording(&call->recording);
	call_note(call);
	return 0;
}

/* --- calls --- */

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

/* The status of the agent's extension depends on the calls of its user. */
static void note_extension(struct call *call)
{
	const struct user *agent = user_find(call->organisation, call->agent_user);

	if (agent != NULL)
		extension_note(call->organisation, agent->extension);
}

/* What filters look at has changed. */
static void note_labels(struct call *call)
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
	if (check_media(organisation, &description->agent, false, "call.agent", &realm, refusal) <
			0 ||
		check_media(organisation, &description->customer, false, "call.customer", &realm,
			refusal) < 0 ||
		text_check("call.agent_user", description->agent_user, USER_ID_MAX, refusal) < 0 ||
		text_check("call.contact_number", description->contact_number, CONTACT_MAX,
			refusal) < 0 ||
		check_list("call.groups", description->groups, description->group_count, refusal) <
			0 ||
		check_list("call.tags", description->tags, description->tag_count, refusal) < 0)
		return refusal->error;
	return description->record ? check_target(organisation, &description->recording, refusal)
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

/* The agent of the call begins, or ends, to be attended by those who monitor it. */
static void tell_agent_of_monitors(const struct call *call, enum notice_kind kind, enum why why)
{
	const struct session *session;

	for (session = call->sessions; session != NULL; session = session->next) {
		const struct notice notice = {
			.kind = kind,
			.why = why,
			.organisation = call->organisation,
			.user = call->agent_user,
			.call = call,
			.session = session,
		};

		notify(&notice);
	}
}

/* The hand is this agent's, and so are the invitations; they are the one to be told, too. */
static void agent_leaves(struct call *call)
{
	while (call->invitations != NULL)
		invitation_end(call->invitations, WHY_TRANSFERRED);
	hand_drop(call, WHY_TRANSFERRED);
	tell_agent_of_monitors(call, NOTICE_MONITOR_LEFT, WHY_TRANSFERRED);
	note_extension(call);
}

/* Another agent, at another desk. 0, or -ENOMEM with nothing changed. */
static int set_agent(struct call *call, const char *agent_user)
{
	char *copy;

	if (strcmp(call->agent_user, agent_user) == 0)
		return 0;
	copy = strdup(agent_user);
	if (copy == NULL || desk_move(call, agent_user) < 0) {
		free(copy);
		return -ENOMEM;
	}
	agent_leaves(call);
	free(call->agent_user);
	call->agent_user = copy;
	tell_agent_of_monitors(call, NOTICE_MONITOR_JOINED, WHY_NONE);
	return 0;
}

/* Who has been invited was the last agent's guest: the new agent's extension must permit them as it
 * must any monitor. */
static void dismiss_guests(struct call *call)
{
	struct session *session, *next;

	for (session = call->sessions; session != NULL; session = next) {
		const struct user *user = user_find(call->organisation, session->user);

		next = session->next;
		if (session->invited && (user == NULL || !access_permits_monitoring(call, user)))
			session_end(session, WHY_RIGHT_LOST, 1u << REASON_NOT_PERMITTED);
	}
}

/* After set_agent(), when all else is done. */
static void agent_changed(struct call *call)
{
	dismiss_guests(call);
	enforce_call(call);
	note_extension(call);
}

void call_free(struct call *call)
{
	close_recording(&call->recording);
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
	note_extension(call);
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
	if (description->record && open_recording(call, &description->recording, refusal) < 0)
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
	if (record && open_recording(call, &description->recording, refusal) < 0)
		return refusal->error;
	if (leg_move(call, &call->agent, &description->agent, "call.agent", refusal) < 0 ||
		leg_move(call, &call->customer, &description->customer, "call.customer", refusal) <
			0 ||
		set_texts(call, description, refusal) < 0)
		goto fail;
	if (set_agent(call, description->agent_user) < 0) {
		refuse(refusal, -ENOMEM, "out of memory");
		goto fail;
	}
	note_labels(call);
	note_extension(call);
	if (transfer)
		agent_changed(call);
	return 0;

fail:
	call->agent = agent;
	call->customer = customer;
	if (record)
		close_recording(&call->recording);
	return refusal->error;
}

int call_transfer(struct call *call, const char *agent_user, const struct media *media,
	struct refusal *refusal)
{
	const struct leg agent = call->agent;

	if (text_check_id("agent_user", agent_user, USER_ID_MAX, refusal) < 0)
		return refusal->error;
	if (media != NULL && leg_move(call, &call->agent, media, "agent", refusal) < 0)
		return refusal->error;
	if (strcmp(call->agent_user, agent_user) == 0) {
		call_note(call);
		return 0;
	}
	if (set_agent(call, agent_user) < 0) {
		call->agent = agent;
		return refuse(refusal, -ENOMEM, "out of memory");
	}
	note_labels(call);
	agent_changed(call);
	return 0;
}

struct call_memento {
	struct leg agent, customer;
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
	memento->agent = call->agent;
	memento->customer = call->customer;
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

void call_bring_back(struct call *call, struct call_memento *memento)
{
	call->agent = memento->agent;
	call->customer = memento->customer;
	call->direction = memento->direction;
	set_agent(call, memento->agent_user);
	swap_texts(&call->contact_number, &memento->contact_number);
	swap_lists(&call->groups, &memento->groups);
	swap_lists(&call->tags, &memento->tags);
	if (!memento->recorded)
		close_recording(&call->recording);
	note_labels(call);
	note_extension(call);
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
	note_extension(call);
	close_recording(&call->recording);
	leg_close(&call->agent);
	leg_close(&call->customer);
	changes_bury(&organisation->changes, &call->change);
	organisation_tell(organisation);
}

void call_free_tombstone(struct change *change)
{
	call_free((struct call *)change);
}
