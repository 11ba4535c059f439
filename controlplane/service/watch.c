/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <utlist.h>

#include "service/media_events.h"
#include "service/notices.h"

#define MESSAGES_A_TURN 64   /* of all watchers of an organisation */
#define AGEING_MS	1000 /* how often durations are looked at */

/* --- what a watcher has seen --- */

static uint64_t epoch_of(const struct watcher *watcher, const struct user *viewer)
{
	return watcher->watchers->organisation->epoch + (viewer != NULL ? viewer->epoch : 0);
}

static struct changes *changes_of(const struct watcher *watcher)
{
	return watcher->kind->changes(watcher->watchers->organisation);
}

static void start_over(struct watcher *watcher)
{
	watcher->seen = changes_of(watcher)->last;
	watcher->restarting = watcher->snapshot = true;
	watcher->kind->rewind(watcher->state);
}

struct change *watch_next(struct watcher *watcher)
{
	return changes_after(changes_of(watcher), watcher->seen);
}

/* --- life --- */

static void free_watcher(struct watcher *watcher)
{
	DL_DELETE(watcher->watchers->list, watcher);
	watcher->kind->free_state(watcher->state);
	free(watcher);
}

static void watcher_gone(struct grpc_call *grpc, void *state)
{
	(void)grpc;
	free_watcher(state);
}

static void end(struct watcher *watcher, int error)
{
	struct grpc_call *grpc = watcher->grpc;
	struct services *services = grpc_call_context(grpc);
	struct refusal refusal;

	/* Not whoever made the last request, and may have deleted themselves by it. */
	services->acting = (struct acting){
		.user = watcher->user,
		.peer_uid = grpc_call_peer(grpc)->uid,
	};
	if (error == -EPERM)
		refuse_for(&refusal, 1u << REASON_NOT_PERMITTED);
	else if (error == -ENOENT)
		refuse(&refusal, -ENOENT, "the organisation has been deleted");
	else
		refuse(&refusal, -ENOMEM, "out of memory");
	service_refuse(grpc, &refusal);
	services->acting = ACTING_ITSELF;
	free_watcher(watcher);
}

/* --- feeding --- */

/* One message. False where the watcher has enough for now, or has gone. */
static bool feed(struct watcher *watcher)
{
	const struct organisation *organisation = watcher->watchers->organisation;
	const struct user *viewer = NULL;
	int ret;

	if (grpc_call_queued(watcher->grpc) >= GRPC_QUEUE_LOW)
		return false;
	if (*watcher->user != '\0') {
		viewer = user_find(organisation, watcher->user);
		if (viewer == NULL || !watcher->kind->permits(viewer)) {
			end(watcher, -EPERM);
			return false;
		}
	}
	if (watcher->epoch != epoch_of(watcher, viewer) ||
		changes_lagged(changes_of(watcher), watcher->seen)) {
		watcher->epoch = epoch_of(watcher, viewer);
		start_over(watcher);
	}
	ret = watcher->kind->send(watcher, viewer);
	if (ret < 0)
		end(watcher, ret);
	return ret > 0;
}

/* A turn each, until all have what there is, or it is somebody else's turn to use the loop. */
static void feed_all(void *arg)
{
	struct watchers *watchers = arg;
	unsigned messages = 0, idle = 0, count;
	struct watcher *watcher;

	DL_COUNT(watchers->list, watcher, count);
	while (watchers->list != NULL && idle < count && messages < MESSAGES_A_TURN + count) {
		watcher = watchers->list;
		DL_DELETE(watchers->list, watcher);
		DL_APPEND(watchers->list, watcher);
		if (feed(watcher)) {
			idle = 0;
			messages++;
		} else {
			idle++;
		}
	}
	if (idle < count && watchers->list != NULL)
		loop_task_queue(watchers->services->loop, &watchers->task);
}

void watch_changed(void *arg, struct organisation *organisation)
{
	struct services *services = arg;
	struct watchers *watchers = organisation->watchers;

	if (watchers != NULL && watchers->list != NULL)
		loop_task_queue(services->loop, &watchers->task);
}

static void writable(struct grpc_call *grpc, void *state)
{
	struct watchers *watchers = ((struct watcher *)state)->watchers;

	(void)grpc;
	/* Not here: this is called while the connection is being written. */
	loop_task_queue(watchers->services->loop, &watchers->task);
}

/* --- the passing of time --- */

static void age_all(void *arg)
{
	struct watchers *watchers = arg;
	struct watcher *watcher, *next;
	bool again = false;

	DL_FOREACH_SAFE (watchers->list, watcher, next) {
		if (watcher->kind->age == NULL)
			continue;
		again = true;
		if (watcher->kind->age(watcher) < 0)
			end(watcher, -ENOMEM);
	}
	if (again)
		loop_timer_set(watchers->services->loop, &watchers->ageing, AGEING_MS);
}

/* --- all watchers of an organisation --- */

struct watchers *watchers_of(struct services *services, struct organisation *organisation)
{
	struct watchers *watchers = organisation->watchers;

	if (watchers != NULL)
		return watchers;
	watchers = calloc(1, sizeof(*watchers));
	if (watchers == NULL)
		return NULL;
	watchers->services = services;
	watchers->organisation = organisation;
	watchers->task = (struct loop_task){ .run = feed_all, .arg = watchers };
	watchers->ageing = (struct loop_timer){ .expired = age_all, .arg = watchers };
	notices_init(watchers);
	organisation->watchers = watchers;
	return watchers;
}

void watch_fini(struct organisation *organisation)
{
	struct watchers *watchers = organisation->watchers;

	if (watchers == NULL)
		return;
	notices_fini(watchers);
	loop_task_drop(watchers->services->loop, &watchers->task);
	loop_timer_clear(watchers->services->loop, &watchers->ageing);
	free(watchers);
	organisation->watchers = NULL;
}

void watch_end_all(struct organisation *organisation)
{
	struct watchers *watchers = organisation->watchers;

	if (watchers == NULL)
		return;
	while (watchers->list != NULL)
		end(watchers->list, -ENOENT);
	notices_end_all(watchers);
	media_events_end_all(watchers);
}

void watch_begin(struct grpc_call *grpc, const struct actor *actor, const struct watch_kind *kind,
	void *state)
{
	struct watchers *watchers = watchers_of(grpc_call_context(grpc), actor->organisation);
	struct watcher *watcher = watchers != NULL ? calloc(1, sizeof(*watcher)) : NULL;
	struct grpc_call_hooks hooks = {
		.state = watcher,
		.cancelled = watcher_gone,
		.writable = writable,
	};

	if (watcher == NULL) {
		kind->free_state(state);
		service_refuse_memory(grpc);
		return;
	}
	watcher->watchers = watchers;
	watcher->grpc = grpc;
	watcher->kind = kind;
	watcher->state = state;
	watcher->epoch = epoch_of(watcher, actor->user);
	if (actor->user != NULL)
		snprintf(watcher->user, sizeof(watcher->user), "%s", actor->user->entry.id);
	start_over(watcher);
	grpc_call_set_hooks(grpc, &hooks);
	DL_APPEND(watchers->list, watcher);
	loop_task_queue(watchers->services->loop, &watchers->task);
	if (kind->age != NULL && watchers->ageing.due_ms == 0)
		loop_timer_set(watchers->services->loop, &watchers->ageing, AGEING_MS);
}
