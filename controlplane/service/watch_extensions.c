/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
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

static bool is_wanted(const struct text_list *ids, const char *id)
{
	return ids->count == 0 || text_list_has(ids, id);
}

static int send_next(struct watcher *watcher, const struct user *viewer)
{
	Bridgetap__V1__WatchExtensionsResponse response =
		BRIDGETAP__V1__WATCH_EXTENSIONS_RESPONSE__INIT;
	Bridgetap__V1__ExtensionStatus *extensions[WATCH_ITEMS];
	char *gone[WATCH_ITEMS];
	struct arena arena = { 0 };
	struct change *change = watch_next(watcher);
	bool first = watcher->snapshot && watcher->seen == 0, failed, empty;

	response.extensions = extensions;
	response.gone = gone;
	response.restart = watcher->restarting;
	for (; change != NULL && response.n_extensions < WATCH_ITEMS &&
		response.n_gone < WATCH_ITEMS;
		change = change->next) {
		struct extension *extension =
			(struct extension *)((char *)change - offsetof(struct extension, change));

		watcher->seen = change->number;
		if (!is_wanted(watcher->state, extension->entry.id))
			continue;
		if (!change->gone)
			extensions[response.n_extensions++] = encode_status(
				&arena, watcher->watchers->organisation, extension, viewer);
		else if (!first)
			gone[response.n_gone++] = extension->entry.id;
	}
	response.current = watch_done(watcher, change);
	empty = response.n_extensions == 0 && response.n_gone == 0 && !response.restart &&
		!response.current;
	failed = arena.failed;
	if (!empty && !failed)
		grpc_call_send(watcher->grpc, &response.base);
	arena_free(&arena);
	return failed ? -ENOMEM : !empty;
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
	text_list_free(state);
	free(state);
}

static const struct watch_kind watches_extensions = { changes, permits, send_next, NULL,
	free_state };

void watch_extensions(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__WatchExtensionsRequest *request = (const void *)message;
	struct text_list *ids;
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
	ids = calloc(1, sizeof(*ids));
	if (ids == NULL ||
		text_list_copy(ids, request->extension_ids, request->n_extension_ids) < 0) {
		free(ids);
		service_refuse_memory(grpc);
		return;
	}
	watch_begin(grpc, &actor, &watches_extensions, ids);
}
