/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "bridgetap/v1/access.pb-c.h"
#include "log.h"
#include "proto/unpack.h"
#include "service/convert_directory.h"

#define KIND_ORGANISATION "organisation"
#define KIND_SETTINGS	  "settings"
#define RECORD_BUDGET	  (4u << 20)

static const char *const kinds[DIRECTORY_KINDS] = {
	[DIRECTORY_ROLE] = "role",
	[DIRECTORY_GROUP] = "group",
	[DIRECTORY_USER] = "user",
	[DIRECTORY_EXTENSION] = "extension",
};

/* --- to the store --- */

static int put(struct store *store, const char *organisation, const char *kind, const char *id,
	const ProtobufCMessage *message)
{
	size_t size = protobuf_c_message_get_packed_size(message);
	uint8_t *body = malloc(size + 1);
	int ret = -ENOMEM;

	if (body != NULL) {
		protobuf_c_message_pack(message, body);
		ret = store_put(store, organisation, kind, id, body, size);
	}
	free(body);
	return ret;
}

/* Ends what store_begin() began. `ret` is of what came in between. */
static bool commit(struct grpc_call *grpc, int ret, const struct audit_note *note)
{
	struct services *services = grpc_call_context(grpc);

	if (ret == 0)
		audit_note(services, note);
	if (ret == 0)
		ret = store_commit(services->store);
	else
		store_roll_back(services->store);
	if (ret == 0)
		return true;
	service_refuse_link(
		grpc, -ENOSPC, "the change cannot be stored (is the disk full?), and was not made");
	return false;
}

static bool begin(struct grpc_call *grpc)
{
	struct services *services = grpc_call_context(grpc);

	if (store_begin(services->store) == 0)
		return true;
	service_refuse_link(
		grpc, -ENOSPC, "the change cannot be stored (is the disk full?), and was not made");
	return false;
}

bool keep_organisation(struct grpc_call *grpc, const char *id, const char *name,
	bool monitoring_off, const struct audit_note *note)
{
	const struct services *services = grpc_call_context(grpc);
	Bridgetap__V1__Organisation message = BRIDGETAP__V1__ORGANISATION__INIT;

	message.id = (char *)(uintptr_t)id;
	message.name = (char *)(uintptr_t)name;
	message.monitoring_off = monitoring_off;
	return begin(grpc) &&
	       commit(grpc, put(services->store, id, KIND_ORGANISATION, id, &message.base), note);
}

bool keep_organisation_deleted(
	struct grpc_call *grpc, const char *id, const struct audit_note *note)
{
	const struct services *services = grpc_call_context(grpc);

	return begin(grpc) && commit(grpc, store_delete_organisation(services->store, id), note);
}

bool keep_organisation_settings(struct grpc_call *grpc, const struct organisation *organisation,
	const struct organisation_settings *settings, const struct audit_note *note)
{
	const struct services *services = grpc_call_context(grpc);
	struct arena arena = { 0 };
	Bridgetap__V1__OrganisationSettings *message =
		encode_organisation_settings(&arena, settings);
	bool kept = false;

	if (arena.failed)
		service_refuse_memory(grpc);
	else
		kept = begin(grpc) && commit(grpc,
					      put(services->store, organisation->id, KIND_SETTINGS,
						      KIND_SETTINGS, &message->base),
					      note);
	arena_free(&arena);
	return kept;
}

static int keep_step(struct store *store, const struct edit *edit, const struct edit_step *step)
{
	struct arena arena = { 0 };
	ProtobufCMessage *message;
	int ret = -ENOMEM;

	if (step->entry->settings == NULL)
		return store_delete(
			store, edit->organisation->id, kinds[step->kind], step->entry->id);
	message = encode_entry(&arena, step->kind, step->entry);
	if (!arena.failed)
		ret = put(
			store, edit->organisation->id, kinds[step->kind], step->entry->id, message);
	arena_free(&arena);
	return ret;
}

bool keep_edit(struct grpc_call *grpc, const struct edit *edit, const struct audit_note *note)
{
	const struct services *services = grpc_call_context(grpc);
	int ret = 0;

	if (!begin(grpc))
		return false;
	for (size_t i = 0; ret == 0 && i < edit->count; i++)
		ret = keep_step(services->store, edit, &edit->steps[i]);
	return commit(grpc, ret, note);
}

/* --- from the store --- */

struct restoring {
	struct world *world;
	bool organisations; /* the first pass */
	struct edit edit;   /* of the organisation whose records come just now */
};

static void *read_settings(const char *kind, const ProtobufCMessage *message,
	enum directory_kind *which, struct refusal *refusal)
{
	for (*which = 0; *which < DIRECTORY_KINDS; (*which)++)
		if (strcmp(kinds[*which], kind) == 0)
			break;
	switch (*which) {
	case DIRECTORY_ROLE:
		return decode_role((const void *)message, refusal);
	case DIRECTORY_GROUP:
		return decode_group((const void *)message, refusal);
	case DIRECTORY_USER:
		return decode_user((const void *)message, refusal);
	default:
		return decode_extension((const void *)message, NULL, refusal);
	}
}

static const ProtobufCMessageDescriptor *type_of(const char *kind)
{
	static const struct {
		const char *kind;
		const ProtobufCMessageDescriptor *type;
	} types[] = {
		{ KIND_ORGANISATION, &bridgetap__v1__organisation__descriptor },
		{ KIND_SETTINGS, &bridgetap__v1__organisation_settings__descriptor },
		{ "role", &bridgetap__v1__security_role__descriptor },
		{ "group", &bridgetap__v1__group__descriptor },
		{ "user", &bridgetap__v1__user__descriptor },
		{ "extension", &bridgetap__v1__extension__descriptor },
	};

	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].kind, kind) == 0)
			return types[i].type;
	return NULL;
}

static int restore_organisation(
	struct world *world, const Bridgetap__V1__Organisation *message, struct refusal *refusal)
{
	struct organisation *organisation;

	if (organisation_put(world, message->id, message->name, &organisation, refusal) < 0)
		return refusal->error;
	organisation->monitoring_off = message->monitoring_off;
	return 0;
}

static int restore_settings(struct organisation *organisation,
	const Bridgetap__V1__OrganisationSettings *message, struct refusal *refusal)
{
	struct organisation_settings settings;

	decode_organisation_settings(&settings, message);
	if (organisation_set_settings(organisation, &settings) < 0)
		return refuse(refusal, -ENOMEM, "out of memory");
	return 0;
}

static int restore_entry(struct restoring *restoring, const char *organisation_id, const char *kind,
	const char *id, const ProtobufCMessage *message, struct refusal *refusal)
{
	struct organisation *organisation = organisation_find(restoring->world, organisation_id);
	enum directory_kind which;
	void *settings;

	if (organisation == NULL)
		return refuse(refusal, -ENOENT, "it has no organisation");
	if (strcmp(kind, KIND_SETTINGS) == 0)
		return restore_settings(organisation, (const void *)message, refusal);
	if (restoring->edit.organisation != organisation) {
		if (restoring->edit.organisation != NULL)
			edit_commit(&restoring->edit);
		edit_begin(&restoring->edit, organisation);
	}
	settings = read_settings(kind, message, &which, refusal);
	return settings == NULL ? refusal->error
				: edit_put(&restoring->edit, which, id, settings, refusal);
}

static void restore_record(void *arg, const char *organisation, const char *kind, const char *id,
	const uint8_t *body, size_t size)
{
	struct restoring *restoring = arg;
	const ProtobufCMessageDescriptor *type = type_of(kind);
	char error[UNPACK_ERROR_SIZE] = "it is of a kind that is not known";
	struct refusal refusal = { 0 };
	ProtobufCMessage *message;
	int ret;

	if (restoring->organisations != (strcmp(kind, KIND_ORGANISATION) == 0))
		return;
	message = type != NULL ? unpack(type, body, size, RECORD_BUDGET, error) : NULL;
	if (message == NULL) {
		log_line(LOG_ERR, "%s %s of the store: %s", kind, id, error);
		return;
	}
	ret = restoring->organisations
		      ? restore_organisation(restoring->world, (const void *)message, &refusal)
		      : restore_entry(restoring, organisation, kind, id, message, &refusal);
	if (ret < 0)
		log_line(LOG_ERR, "%s %s of the store: %s", kind, id, refusal.sentence);
	unpacked_free(message);
}

int keep_restore(struct store *store, struct world *world)
{
	struct restoring restoring = { .world = world, .organisations = true };
	const struct store_visitor visitor = { .record = restore_record, .arg = &restoring };

	if (store_read(store, &visitor) < 0)
		return -EIO;
	restoring.organisations = false;
	if (store_read(store, &visitor) < 0)
		return -EIO;
	if (restoring.edit.organisation != NULL)
		edit_commit(&restoring.edit);
	return 0;
}
