/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <stdlib.h>

#include "monitor/decision.h"
#include "service/convert.h"
#include "service/watch.h"

/* Calls.WatchCalls. */

struct calls_view {
	struct call_filter filter;
	uint64_t shown;		 /* serial number up to which the snapshot has got */
	uint64_t aged_ms;	 /* durations have been looked at as of then */
	uint32_t viewer_blocked; /* as it was sent last */
	bool viewer_sent;
};

/* One message in the making. */
struct batch {
	Bridgetap__V1__WatchCallsResponse response;
	Bridgetap__V1__Call *calls[WATCH_ITEMS];
	char *gone[WATCH_ITEMS];
	struct arena arena;
};

static void batch_init(struct batch *batch)
{
	bridgetap__v1__watch_calls_response__init(&batch->response);
	batch->response.calls = batch->calls;
	batch->response.gone = batch->gone;
	batch->arena = (struct arena){ 0 };
}

static bool batch_is_full(const struct batch *batch)
{
	return batch->response.n_calls == WATCH_ITEMS || batch->response.n_gone == WATCH_ITEMS;
}

static void batch_add(struct batch *batch, const struct call *call, const struct user *viewer)
{
	batch->calls[batch->response.n_calls++] =
		encode_call(&batch->arena, call, viewer, REASONS_OF_VIEWER);
}

static void batch_add_gone(struct batch *batch, const struct call *call)
{
	batch->gone[batch->response.n_gone++] = call->id;
}

/* 1 when something was sent, 0 when there was nothing to send, -ENOMEM. */
static int batch_send(struct batch *batch, struct watcher *watcher)
{
	const Bridgetap__V1__WatchCallsResponse *response = &batch->response;
	bool empty = response->n_calls == 0 && response->n_gone == 0 && !response->restart &&
		     !response->current && response->viewer == NULL;
	bool failed = batch->arena.failed;

	if (!empty && !failed)
		grpc_call_send(watcher->grpc, &response->base);
	arena_free(&batch->arena);
	return failed ? -ENOMEM : !empty;
}

static void add_viewer(struct batch *batch, struct watcher *watcher, const struct user *viewer)
{
	struct calls_view *view = watcher->state;
	uint32_t blocked =
		viewer == NULL ? 0 : decide_for_viewer(watcher->watchers->organisation, viewer);
	Bridgetap__V1__Viewer *message;

	if (view->viewer_sent && blocked == view->viewer_blocked)
		return;
	message = ARENA_NEW(&batch->arena, Bridgetap__V1__Viewer, bridgetap__v1__viewer__init);
	if (message == NULL)
		return;
	message->blocked = encode_reasons(&batch->arena, blocked, &message->n_blocked);
	batch->response.viewer = message;
	view->viewer_blocked = blocked;
	view->viewer_sent = true;
}

static void add_change(struct batch *batch, const struct watcher *watcher,
	const struct change *change, const struct user *viewer)
{
	const struct calls_view *view = watcher->state;
	const struct call *call = (const struct call *)change;

	if (!change->gone && call_filter_passes_call(
				     &view->filter, call, watcher->watchers->services->wall_ms()))
		batch_add(batch, call, viewer);
	else if (call_filter_fits(&view->filter, call) || call->labelled > watcher->seen)
		batch_add_gone(batch, call); /* it may have been shown */
}

static void add_changes(struct batch *batch, struct watcher *watcher, const struct user *viewer)
{
	const struct change *change = watch_next(watcher);
	uint64_t seen = watcher->seen;

	for (; change != NULL && !batch_is_full(batch); change = change->next) {
		add_change(batch, watcher, change, viewer);
		seen = change->number;
	}
	watcher->seen = seen;
}

static void add_snapshot(struct batch *batch, struct watcher *watcher, const struct user *viewer)
{
	struct call_index *index = &watcher->watchers->organisation->call_index;
	struct calls_view *view = watcher->state;
	uint64_t now_ms = watcher->watchers->services->wall_ms();
	size_t i = call_index_after(index, view->shown);

	for (; i < index->count && !batch_is_full(batch); i++) {
		view->shown = index->slots[i].serial;
		if (call_filter_passes(&view->filter, &index->slots[i], now_ms))
			batch_add(batch, index->slots[i].call, viewer);
	}
	if (i < index->count)
		return;
	watcher->snapshot = false;
	batch->response.current = true;
}

static void rewind_view(void *state)
{
	((struct calls_view *)state)->shown = 0;
}

static int send_next(struct watcher *watcher, const struct user *viewer)
{
	struct batch batch;

	batch_init(&batch);
	batch.response.restart = watcher->restarting;
	watcher->restarting = false;
	add_viewer(&batch, watcher, viewer);
	if (watcher->snapshot)
		add_snapshot(&batch, watcher, viewer);
	else
		add_changes(&batch, watcher, viewer);
	return batch_send(&batch, watcher);
}

/* Calls that have become old enough, or too old, since the last time. */
static int age(struct watcher *watcher)
{
	struct organisation *organisation = watcher->watchers->organisation;
	struct calls_view *view = watcher->state;
	struct call_index *index = &organisation->call_index;
	const struct user *viewer = user_find(organisation, watcher->user);
	uint64_t now_ms = watcher->watchers->services->wall_ms();
	const uint64_t bounds[2] = { view->filter.least_ms, view->filter.most_ms };
	struct batch batch;

	/* A client that lags gets them when it has caught up. */
	if (grpc_call_queued(watcher->grpc) >= GRPC_QUEUE_LOW || now_ms <= view->aged_ms)
		return 0;
	batch_init(&batch);
	for (unsigned b = 0; b < 2; b++) {
		if (bounds[b] == 0 || now_ms < bounds[b])
			continue;
		for (size_t i = call_index_created_after(
			     index, view->aged_ms > bounds[b] ? view->aged_ms - bounds[b] : 0);
			i < index->count && index->slots[i].created_ms <= now_ms - bounds[b]; i++) {
			const struct call *call = index->slots[i].call;

			if (call == NULL || !call_filter_fits(&view->filter, call))
				continue;
			if (b == 0 && call_filter_passes_call(&view->filter, call, now_ms))
				batch_add(&batch, call, viewer);
			else if (b == 1)
				batch_add_gone(&batch, call);
			if (!batch_is_full(&batch))
				continue;
			if (batch_send(&batch, watcher) < 0)
				return -ENOMEM;
			batch_init(&batch);
		}
	}
	view->aged_ms = now_ms;
	return batch_send(&batch, watcher) < 0 ? -ENOMEM : 0;
}

static struct changes *changes(struct organisation *organisation)
{
	return &organisation->changes;
}

static bool permits(const struct user *user)
{
	return decide(DEED_LIST, user, NULL) == 0;
}

static void free_state(void *state)
{
	struct calls_view *view = state;

	call_filter_fini(&view->filter);
	free(view);
}

static const struct watch_kind watches_calls = { changes, permits, rewind_view, send_next, NULL,
	free_state };
static const struct watch_kind watches_calls_by_age = { changes, permits, rewind_view, send_next,
	age, free_state };

void watch_calls(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__WatchCallsRequest *request = (const void *)message;
	struct services *services = grpc_call_context(grpc);
	struct calls_view *view;
	struct refusal refusal;
	struct actor actor;

	if (!actor_identify(grpc, NEED_VIEWER, &actor))
		return;
	view = calloc(1, sizeof(*view));
	if (view == NULL) {
		service_refuse_memory(grpc);
		return;
	}
	if (decode_filter(&view->filter, request->filter, &refusal) < 0) {
		free(view);
		service_refuse(grpc, &refusal);
		return;
	}
	view->aged_ms = services->wall_ms();
	watch_begin(grpc, &actor,
		view->filter.least_ms != 0 || view->filter.most_ms != 0 ? &watches_calls_by_age
									: &watches_calls,
		view);
}
