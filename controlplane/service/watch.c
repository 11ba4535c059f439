/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/watch.h"

#include <errno.h>
#include <stdlib.h>

#include <utlist.h>

#include "bridgetap/v1/calls.pb-c.h"
#include "service/convert.h"

#define CALLS_A_MESSAGE 100

struct watcher {
	struct watcher *next, *prev;
	struct watchers *watchers;
	struct grpc_call *grpc;
	uint64_t seen;	 /* number of the last change it was sent */
	bool restarting; /* the next message begins a snapshot */
	bool snapshot;	 /* the snapshot is not complete */
};

/* All watchers of one organisation; made with the first, kept from then on. */
struct watchers {
	struct services *services;
	struct organisation *organisation;
	struct watcher *list;
	struct loop_task task;
};

/* The next changes as one message; false where there are none. */
static bool send_changes(struct watcher *watcher)
{
	const struct changes *changes = &watcher->watchers->organisation->changes;
	Bridgetap__V1__WatchCallsResponse response = BRIDGETAP__V1__WATCH_CALLS_RESPONSE__INIT;
	Bridgetap__V1__Call *calls[CALLS_A_MESSAGE];
	char *ended[CALLS_A_MESSAGE];
	struct arena arena = { 0 };
	const struct change *change;

	if (changes_lagged(changes, watcher->seen) && watcher->seen != 0) {
		watcher->seen = 0;
		watcher->restarting = watcher->snapshot = true;
	}
	response.calls = calls;
	response.ended = ended;
	response.restart = watcher->restarting;
	for (change = changes_after(changes, watcher->seen); change != NULL;
		change = change->next) {
		struct call *call = (struct call *)(uintptr_t)change;

		if (response.n_calls == CALLS_A_MESSAGE || response.n_ended == CALLS_A_MESSAGE)
			break;
		if (!change->gone)
			calls[response.n_calls++] = encode_call(&arena, call);
		else if (!watcher->snapshot || watcher->seen != 0)
			ended[response.n_ended++] = call->id;
		watcher->seen = change->number;
	}
	if (change == NULL && watcher->snapshot) {
		watcher->snapshot = false;
		watcher->seen = changes->last;
		response.current = true;
	}
	if (arena.failed) {
		struct grpc_call *grpc = watcher->grpc;

		DL_DELETE(watcher->watchers->list, watcher);
		free(watcher);
		arena_free(&arena);
		service_refuse_link(grpc, -ENOMEM, "out of memory");
		return false;
	}
	if (response.n_calls == 0 && response.n_ended == 0 && !response.restart &&
		!response.current) {
		arena_free(&arena);
		return false;
	}
	watcher->restarting = false;
	grpc_call_send(watcher->grpc, &response.base);
	arena_free(&arena);
	return true;
}

/* As much as the client takes; the rest when it has taken that. It only ever sees last states. */
static void feed(struct watcher *watcher)
{
	while (grpc_call_queued(watcher->grpc) < GRPC_QUEUE_LOW && send_changes(watcher)) {
	}
}

static void feed_all(void *arg)
{
	struct watchers *watchers = arg;
	struct watcher *watcher, *next;

	DL_FOREACH_SAFE (watchers->list, watcher, next)
		feed(watcher);
}

void calls_changed(void *arg, struct organisation *organisation)
{
	struct services *services = arg;
	struct watchers *watchers = organisation->watchers;

	if (watchers != NULL && watchers->list != NULL)
		loop_task_queue(services->loop, &watchers->task);
}

static void watcher_gone(struct grpc_call *grpc, void *state)
{
	struct watcher *watcher = state;

	(void)grpc;
	DL_DELETE(watcher->watchers->list, watcher);
	free(watcher);
}

static void watcher_writable(struct grpc_call *grpc, void *state)
{
	struct watcher *watcher = state;
	struct watchers *watchers = watcher->watchers;

	(void)grpc;
	/* Not here: this is called while the connection is being written. */
	loop_task_queue(watchers->services->loop, &watchers->task);
}

static struct watchers *watchers_of(struct services *services, struct organisation *organisation)
{
	struct watchers *watchers = organisation->watchers;

	if (watchers != NULL)
		return watchers;
	watchers = calloc(1, sizeof(*watchers));
	if (watchers != NULL) {
		watchers->services = services;
		watchers->organisation = organisation;
		watchers->task = (struct loop_task){ .run = feed_all, .arg = watchers };
	}
	organisation->watchers = watchers;
	return watchers;
}

void watch_fini(struct organisation *organisation)
{
	struct watchers *watchers = organisation->watchers;

	if (watchers == NULL)
		return;
	loop_task_drop(watchers->services->loop, &watchers->task);
	free(watchers);
	organisation->watchers = NULL;
}

void watch_calls(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	struct organisation *organisation = service_organisation(grpc);
	struct grpc_call_hooks hooks = {
		.cancelled = watcher_gone,
		.writable = watcher_writable,
	};
	struct watchers *watchers;
	struct watcher *watcher;

	(void)message;
	if (organisation == NULL)
		return;
	watchers = watchers_of(grpc_call_context(grpc), organisation);
	watcher = calloc(1, sizeof(*watcher));
	if (watchers == NULL || watcher == NULL) {
		free(watcher);
		service_refuse_link(grpc, -ENOMEM, "out of memory");
		return;
	}
	watcher->watchers = watchers;
	watcher->grpc = grpc;
	watcher->restarting = watcher->snapshot = true;
	hooks.state = watcher;
	grpc_call_set_hooks(grpc, &hooks);
	DL_APPEND(watchers->list, watcher);
	feed(watcher);
}
