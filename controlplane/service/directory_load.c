/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bridgetap/v1/directory.pb-c.h"
#include "proto/unpack.h"
#include "service/convert_directory.h"
#include "service/directory_methods.h"
#include "service/keep.h"
#include "service/notices.h"
#include "service/settle.h"

/* Directory.LoadDirectory: collect the whole stream, then make one edit of it. */

typedef Bridgetap__V1__LoadDirectoryRequest Request;

#define ENTRIES_MAX (1u << 20)

struct collection {
	struct actor actor;
	char organisation[ORGANISATION_ID_MAX + 1];
	bool replace;
	Request **messages;
	size_t count, room;
	size_t entries;
};

static void free_collection(struct collection *collection)
{
	for (size_t i = 0; i < collection->count; i++)
		unpacked_free(&collection->messages[i]->base);
	free(collection->messages);
	free(collection);
}

static void cancelled(struct grpc_call *grpc, void *state)
{
	(void)grpc;
	free_collection(state);
}

static struct collection *begin(struct grpc_call *grpc, const Request *first)
{
	struct collection *collection;
	struct grpc_call_hooks hooks = { .cancelled = cancelled };
	struct actor actor;

	if (!actor_identify(grpc, NEED_ORGANISATION, &actor))
		return NULL;
	collection = calloc(1, sizeof(*collection));
	if (collection == NULL) {
		service_refuse_memory(grpc);
		return NULL;
	}
	snprintf(collection->organisation, sizeof(collection->organisation), "%s",
		actor.organisation->id);
	collection->replace =
		first->operation == BRIDGETAP__V1__LOAD_DIRECTORY_REQUEST__OPERATION__REPLACE;
	hooks.state = collection;
	grpc_call_set_hooks(grpc, &hooks);
	return collection;
}

static int collect(struct collection *collection, Request *request, struct refusal *refusal)
{
	collection->entries += request->n_security_roles + request->n_groups + request->n_users +
			       request->n_extensions;
	if (collection->entries > ENTRIES_MAX)
		return refuse(refusal, -ENOSPC, "the load has more than %u entries", ENTRIES_MAX);
	if (collection->count == collection->room) {
		size_t room = collection->room ? 2 * collection->room : 16;
		Request **messages = realloc(collection->messages, room * sizeof(*messages));

		if (messages == NULL)
			return refuse(refusal, -ENOMEM, "out of memory");
		collection->messages = messages;
		collection->room = room;
	}
	collection->messages[collection->count++] = request;
	return 0;
}

void load_directory(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	struct collection *collection = grpc_call_state(grpc);
	struct refusal refusal;

	if (collection == NULL)
		collection = begin(grpc, (const Request *)message);
	if (collection == NULL)
		return;
	if (collect(collection, (Request *)(uintptr_t)message, &refusal) == 0) {
		grpc_call_keep(grpc);
		return;
	}
	service_refuse(grpc, &refusal);
	free_collection(collection);
}

/* --- one edit of it all --- */

static int put(struct edit *edit, enum directory_kind kind, const char *id, void *settings,
	struct refusal *refusal)
{
	return settings == NULL ? refusal->error : edit_put(edit, kind, id, settings, refusal);
}

/* The version goes up with each load, so that whoever has read the setting before notices. */
static void *decode_loaded_extension(
	struct edit *edit, const Bridgetap__V1__Extension *message, struct refusal *refusal)
{
	const struct extension *extension = extension_find(edit->organisation, message->id);
	const struct extension_settings *before =
		extension != NULL ? extension_settings(extension) : NULL;
	struct extension_settings *settings = decode_extension(message, before, refusal);

	if (settings != NULL && message->access != NULL)
		settings->access.version = before != NULL ? before->access.version + 1 : 1;
	return settings;
}

/* Entries in the order of what refers to what do not matter: the edit is checked at its end. */
static int put_message(struct edit *edit, const Request *message, struct refusal *refusal)
{
	for (size_t i = 0; i < message->n_security_roles; i++)
		if (put(edit, DIRECTORY_ROLE, message->security_roles[i]->id,
			    decode_role(message->security_roles[i], refusal), refusal) < 0)
			return refusal->error;
	for (size_t i = 0; i < message->n_groups; i++)
		if (put(edit, DIRECTORY_GROUP, message->groups[i]->id,
			    decode_group(message->groups[i], refusal), refusal) < 0)
			return refusal->error;
	for (size_t i = 0; i < message->n_users; i++)
		if (put(edit, DIRECTORY_USER, message->users[i]->id,
			    decode_user(message->users[i], refusal), refusal) < 0)
			return refusal->error;
	for (size_t i = 0; i < message->n_extensions; i++)
		if (put(edit, DIRECTORY_EXTENSION, message->extensions[i]->id,
			    decode_loaded_extension(edit, message->extensions[i], refusal),
			    refusal) < 0)
			return refusal->error;
	return 0;
}

static int put_all(struct edit *edit, const struct collection *collection, struct refusal *refusal)
{
	for (size_t i = 0; i < collection->count; i++)
		if (put_message(edit, collection->messages[i], refusal) < 0)
			return refusal->error;
	if (collection->replace && edit_delete_others(edit, refusal) < 0)
		return refusal->error;
	return edit_check(edit, refusal);
}

static void load(struct grpc_call *grpc, const struct collection *collection,
	struct organisation *organisation)
{
	Bridgetap__V1__LoadDirectoryResponse response =
		BRIDGETAP__V1__LOAD_DIRECTORY_RESPONSE__INIT;
	struct settle *settle = settle_begin(grpc);
	struct refusal refusal;
	struct edit edit;
	char detail[96];

	if (settle == NULL)
		return;
	edit_begin(&edit, organisation);
	if (put_all(&edit, collection, &refusal) < 0) {
		edit_roll_back(&edit);
		settle_abort(settle);
		service_refuse(grpc, &refusal);
		return;
	}
	snprintf(detail, sizeof(detail), "%u created, %u updated, %u deleted", edit.created,
		edit.updated, edit.deleted);
	if (!keep_edit(grpc, &edit,
		    &(struct audit_note){
			    .organisation = organisation,
			    .action = "directory_load",
			    .detail = detail,
		    })) {
		edit_roll_back(&edit);
		settle_abort(settle);
		return;
	}
	response.created = edit.created;
	response.updated = edit.updated;
	response.deleted = edit.deleted;
	edit_commit(&edit);
	if (edit.deleted > 0)
		notices_users_gone(organisation);
	settle_end(settle, &response.base);
}

void load_directory_end(struct grpc_call *grpc)
{
	struct services *services = grpc_call_context(grpc);
	struct collection *collection = grpc_call_state(grpc);
	struct organisation *organisation;
	struct refusal refusal;

	if (collection == NULL) {
		refuse(&refusal, -EINVAL, "stream: it had no message; send the directory");
		service_refuse(grpc, &refusal);
		return;
	}
	/* Much may have happened since the first message. */
	if (actor_identify(grpc, NEED_ORGANISATION, &collection->actor)) {
		organisation = organisation_find(services->world, collection->organisation);
		load(grpc, collection, organisation);
	}
	free_collection(collection);
}
