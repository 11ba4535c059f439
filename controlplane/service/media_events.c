/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/media_events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "service/convert.h"

/* Ends come by the thousand, and are told only then: more of them may wait for a client. */
#define ENDS_QUEUE (8u << 20)

struct media_watcher {
	struct media_watcher *next, *prev;
	struct watchers *watchers;
	struct grpc_call *grpc;
	uint64_t missed;
	bool is_operator;	       /* may see statistics */
	char call_id[CALL_ID_MAX + 1]; /* "" for all */
};

static void free_watcher(struct media_watcher *watcher)
{
	DL_DELETE(watcher->watchers->media, watcher);
	free(watcher);
}

static void watcher_gone(struct grpc_call *grpc, void *state)
{
	(void)grpc;
	free_watcher(state);
}

/* --- events --- */

/* The name of a key, or the number of an event that is none. */
static char *name_key(struct arena *arena, uint8_t key)
{
	static const char keys[] = "0123456789*#ABCD";

	return key < strlen(keys) ? arena_printf(arena, "%c", keys[key])
				  : arena_printf(arena, "%u", key);
}

static void encode_event(struct arena *arena, const struct media_event *event, uint64_t now_ms,
	Bridgetap__V1__MediaEvent *out)
{
	bridgetap__v1__media_event__init(out);
	out->kind = (Bridgetap__V1__MediaEventKind)event->kind;
	out->call_id = event->call->id;
	out->party = (Bridgetap__V1__Party)event->party;
	out->source = encode_address(arena, &event->source);
	if (event->kind == MEDIA_KEY_PRESSED)
		out->key = name_key(arena, event->key);
	out->at_ms = now_ms;
}

/* To all who watch the call; those for whom more than `queue` bytes wait have missed it. */
static void send_to_all(
	const struct watchers *watchers, Bridgetap__V1__MediaEvent *message, uint32_t queue)
{
	const size_t legs = message->n_legs;
	struct media_watcher *watcher;

	DL_FOREACH (watchers->media, watcher) {
		if (*watcher->call_id != '\0' && strcmp(watcher->call_id, message->call_id) != 0)
			continue;
		if (grpc_call_queued(watcher->grpc) >= queue) {
			watcher->missed++;
			continue;
		}
		message->missed = watcher->missed;
		message->n_legs = watcher->is_operator ? legs : 0;
		watcher->missed = 0;
		grpc_call_send(watcher->grpc, &message->base);
	}
}

static void miss(const struct watchers *watchers)
{
	struct media_watcher *watcher;

	DL_FOREACH (watchers->media, watcher)
		watcher->missed++;
}

void media_events_notify(void *arg, const struct media_event *event)
{
	struct services *services = arg;
	struct watchers *watchers = event->call->organisation->watchers;
	Bridgetap__V1__MediaEvent message;
	struct arena arena = { 0 };

	if (watchers == NULL || watchers->media == NULL)
		return;
	encode_event(&arena, event, services->wall_ms(), &message);
	if (arena.failed)
		miss(watchers);
	else
		send_to_all(watchers, &message, GRPC_QUEUE_LOW);
	arena_free(&arena);
}

void media_events_ended(struct organisation *organisation, const char *call_id,
	Bridgetap__V1__CallEndReason reason, Bridgetap__V1__LegStats **legs, size_t count)
{
	struct watchers *watchers = organisation->watchers;
	Bridgetap__V1__MediaEvent message = BRIDGETAP__V1__MEDIA_EVENT__INIT;

	if (watchers == NULL || watchers->media == NULL)
		return;
	message.kind = BRIDGETAP__V1__MEDIA_EVENT_KIND__MEDIA_ENDED;
	message.call_id = (char *)(uintptr_t)call_id;
	message.at_ms = watchers->services->wall_ms();
	message.end_reason = reason;
	message.legs = legs;
	message.n_legs = count;
	send_to_all(watchers, &message, ENDS_QUEUE);
}

bool media_events_want_statistics(const struct organisation *organisation)
{
	const struct watchers *watchers = organisation->watchers;
	const struct media_watcher *watcher;

	if (watchers == NULL)
		return false;
	DL_FOREACH (watchers->media, watcher)
		if (watcher->is_operator)
			return true;
	return false;
}

/* --- streams --- */

void media_events_end_all(struct watchers *watchers)
{
	while (watchers->media != NULL) {
		struct grpc_call *grpc = watchers->media->grpc;

		free_watcher(watchers->media);
		service_refuse_link(grpc, -ENOENT, "the organisation has been deleted");
	}
}

/* Whether the actor is the organisation itself: finishes the call where not. */
static bool is_organisation_itself(struct grpc_call *grpc, const struct actor *actor)
{
	struct refusal refusal;

	if (actor->user == NULL)
		return true;
	refuse_for(&refusal, 1u << REASON_NOT_PERMITTED);
	service_refuse(grpc, &refusal);
	return false;
}

void watch_media_events(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__WatchMediaEventsRequest *request = (const void *)message;
	struct grpc_call_hooks hooks = { .cancelled = watcher_gone };
	Bridgetap__V1__MediaEvent first = BRIDGETAP__V1__MEDIA_EVENT__INIT;
	struct media_watcher *watcher;
	struct watchers *watchers;
	struct actor actor;

	if (!actor_identify(grpc, NEED_ORGANISATION, &actor) ||
		!is_organisation_itself(grpc, &actor))
		return;
	if (*request->call_id != '\0' &&
		service_find_call(grpc, actor.organisation, request->call_id) == NULL)
		return;
	watchers = watchers_of(grpc_call_context(grpc), actor.organisation);
	watcher = watchers != NULL ? calloc(1, sizeof(*watcher)) : NULL;
	if (watcher == NULL) {
		service_refuse_memory(grpc);
		return;
	}
	watcher->watchers = watchers;
	watcher->grpc = grpc;
	watcher->is_operator = actor.is_operator;
	strncpy(watcher->call_id, request->call_id, CALL_ID_MAX);
	DL_APPEND(watchers->media, watcher);
	hooks.state = watcher;
	grpc_call_set_hooks(grpc, &hooks);
	grpc_call_send(grpc, &first.base);
}
