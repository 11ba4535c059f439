/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bridgetap/v1/access.pb-c.h"
#include "monitor/access.h"
#include "service/convert.h"
#include "service/watch.h"

/* Access.WatchExtensions: each viewer sees what they may. */

#define EXTENSION_IDS_MAX 1000
#define CALLERS_MAX	  16

static const Bridgetap__V1__ExtensionState states[] = {
	[EXTENSION_HIDDEN] = BRIDGETAP__V1__EXTENSION_STATE__EXTENSION_STATE_UNSPECIFIED,
	[EXTENSION_AVAILABLE] = BRIDGETAP__V1__EXTENSION_STATE__AVAILABLE,
	[EXTENSION_UNAVAILABLE] = BRIDGETAP__V1__EXTENSION_STATE__UNAVAILABLE,
	[EXTENSION_BUSY] = BRIDGETAP__V1__EXTENSION_STATE__BUSY,
	[EXTENSION_AWAY] = BRIDGETAP__V1__EXTENSION_STATE__STATUS_AWAY,
	[EXTENSION_DND] = BRIDGETAP__V1__EXTENSION_STATE__STATUS_DO_NOT_DISTURB,
	[EXTENSION_CUSTOM] = BRIDGETAP__V1__EXTENSION_STATE__CUSTOM,
};

static void add_callers(struct arena *arena, const struct organisation *organisation,
	const char *owner, Bridgetap__V1__ExtensionStatus *out)
{
	const struct call *call = *owner != '\0' ? desk_calls(organisation, owner) : NULL;

	if (call == NULL)
		return;
	out->connected_callers = arena_alloc(arena, CALLERS_MAX * sizeof(char *));
	for (; out->connected_callers != NULL && call != NULL &&
		out->n_connected_callers < CALLERS_MAX;
		call = call->desk_next)
		out->connected_callers[out->n_connected_callers++] = call->contact_number;
}

static Bridgetap__V1__ExtensionStatus *encode_status(struct arena *arena,
	const struct organisation *organisation, const struct extension *extension,
	const struct user *viewer)
{
	const struct extension_settings *settings = extension_settings(extension);
	const struct user *owner = user_find(organisation, settings->user);
	Bridgetap__V1__ExtensionStatus *out = ARENA_NEW(
		arena, Bridgetap__V1__ExtensionStatus, bridgetap__v1__extension_status__init);

	if (out == NULL)
		return NULL;
	out->extension_id = extension->entry.id;
	out->name = settings->name;
	out->user = settings->user;
	out->user_name = encode_name(organisation, settings->user);
	if (!access_shows_status(extension, viewer))
		return out;
	out->state = states[extension_state(organisation, extension)];
	if (out->state == BRIDGETAP__V1__EXTENSION_STATE__CUSTOM)
		out->text = owner->status_text;
	if (access_shows_callers(extension, viewer))
		add_callers(arena, organisation, settings->user, out);
	return out;
}

/* --- watching --- */

struct extensions_view {
	struct text_list ids;	      /* empty for all */
	char shown[ENTRY_ID_MAX + 1]; /* id up to which the snapshot has got */
};

/* One message in the making. */
struct batch {
	Bridgetap__V1__WatchExtensionsResponse response;
	Bridgetap__V1__ExtensionStatus *extensions[WATCH_ITEMS];
	char *gone[WATCH_ITEMS];
	struct arena arena;
};

static bool is_wanted(const struct extensions_view *view, const char *id)
{
	return view->ids.count == 0 || text_list_has(&view->ids, id);
}

static void add(struct batch *batch, const struct watcher *watcher,
	const struct extension *extension, const struct user *viewer)
{
	if (is_wanted(watcher->state, extension->entry.id))
		batch->extensions[batch->response.n_extensions++] = encode_status(
			&batch->arena, watcher->watchers->organisation, extension, viewer);
}

static void add_snapshot(struct batch *batch, struct watcher *watcher, const struct user *viewer)
{
	struct extensions_view *view = watcher->state;
	struct entry *entries[WATCH_ITEMS];
	unsigned count = directory_page(watcher->watchers->organisation, DIRECTORY_EXTENSION,
		view->shown, entries, WATCH_ITEMS);

	for (unsigned i = 0; i < count; i++)
		add(batch, watcher, (const struct extension *)entries[i], viewer);
	if (count == WATCH_ITEMS) {
		snprintf(view->shown, sizeof(view->shown), "%s", entries[count - 1]->id);
		return;
	}
	watcher->snapshot = false;
	batch->response.current = true;
}

static void add_changes(struct batch *batch, struct watcher *watcher, const struct user *viewer)
{
	const struct change *change = watch_next(watcher);

	for (; change != NULL && batch->response.n_extensions < WATCH_ITEMS &&
		batch->response.n_gone < WATCH_ITEMS;
		change = change->next) {
		const struct extension *extension =
			(const struct extension *)((const char *)change -
						   offsetof(struct extension, change));

		watcher->seen = change->number;
		if (!change->gone)
			add(batch, watcher, extension, viewer);
		else if (is_wanted(watcher->state, extension->entry.id))
			batch->gone[batch->response.n_gone++] = extension->entry.id;
	}
}

static int send_next(struct watcher *watcher, const struct user *viewer)
{
	struct batch batch = { .arena = { 0 } };
	Bridgetap__V1__WatchExtensionsResponse *response = &batch.response;
	bool failed, empty;

	bridgetap__v1__watch_extensions_response__init(response);
	response->extensions = batch.extensions;
	response->gone = batch.gone;
	response->restart = watcher->restarting;
	watcher->restarting = false;
	if (watcher->snapshot)
		add_snapshot(&batch, watcher, viewer);
	else
		add_changes(&batch, watcher, viewer);
	empty = response->n_extensions == 0 && response->n_gone == 0 && !response->restart &&
		!response->current && !watcher->snapshot;
	failed = batch.arena.failed;
	if (!empty && !failed)
		grpc_call_send(watcher->grpc, &response->base);
	arena_free(&batch.arena);
	return failed ? -ENOMEM : !empty;
}

static void rewind_view(void *state)
{
	*((struct extensions_view *)state)->shown = '\0';
}

static struct changes *changes(struct organisation *organisation)
{
	return &organisation->extension_changes;
}

static bool permits(const struct user *user)
{
	(void)user;
	return true;
}

static void free_state(void *state)
{
	text_list_free(&((struct extensions_view *)state)->ids);
	free(state);
}

static const struct watch_kind watches_extensions = { changes, permits, rewind_view, send_next,
	NULL, free_state };

void watch_extensions(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__WatchExtensionsRequest *request = (const void *)message;
	struct extensions_view *view;
	struct refusal refusal;
	struct actor actor;

	if (!actor_identify(grpc, NEED_ANYONE, &actor))
		return;
	if (request->n_extension_ids > EXTENSION_IDS_MAX) {
		refuse(&refusal, -EINVAL, "extension_ids has more than %d entries",
			EXTENSION_IDS_MAX);
		service_refuse(grpc, &refusal);
		return;
	}
	view = calloc(1, sizeof(*view));
	if (view == NULL ||
		text_list_copy(&view->ids, request->extension_ids, request->n_extension_ids) < 0) {
		free(view);
		service_refuse_memory(grpc);
		return;
	}
	watch_begin(grpc, &actor, &watches_extensions, view);
}
