/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/convert_directory.h"

#include <errno.h>
#include <stdlib.h>

#include "service/convert.h"

/* The wire's numbers are the domain's own. */
_Static_assert(
	(int)BRIDGETAP__V1__USER_ROLE__USER_ROLE_AGENT == (int)USER_ROLE_AGENT &&
		(int)BRIDGETAP__V1__USER_ROLE__USER_ROLE_SUPERVISOR == (int)USER_ROLE_SUPERVISOR &&
		(int)BRIDGETAP__V1__USER_ROLE__USER_ROLE_ADMIN == (int)USER_ROLE_ADMIN,
	"user roles");

/* --- encoding --- */

Bridgetap__V1__Organisation *encode_organisation(
	struct arena *arena, const struct organisation *organisation)
{
	Bridgetap__V1__Organisation *out =
		ARENA_NEW(arena, Bridgetap__V1__Organisation, bridgetap__v1__organisation__init);

	if (out == NULL)
		return NULL;
	out->id = organisation->id;
	out->name = organisation->name;
	out->monitoring_off = organisation->monitoring_off;
	return out;
}

Bridgetap__V1__OrganisationSettings *encode_organisation_settings(
	struct arena *arena, const struct organisation_settings *settings)
{
	Bridgetap__V1__OrganisationSettings *out = ARENA_NEW(arena,
		Bridgetap__V1__OrganisationSettings, bridgetap__v1__organisation_settings__init);

	if (out == NULL)
		return NULL;
	out->version = settings->version;
	out->consent_accepted = settings->consent_accepted;
	if (settings->consent_accepted_by != NULL)
		out->consent_accepted_by = settings->consent_accepted_by;
	out->consent_accepted_ms = settings->consent_accepted_ms;
	out->consent_of_users_required = settings->consent_of_users_required;
	out->supervisors_monitor_by_default = settings->supervisors_monitor_by_default;
	out->users_edit_own_access = settings->users_edit_own_access;
	return out;
}

void decode_organisation_settings(
	struct organisation_settings *settings, const Bridgetap__V1__OrganisationSettings *message)
{
	*settings = (struct organisation_settings){
		.version = message->version,
		.consent_accepted = message->consent_accepted,
		.consent_accepted_by = message->consent_accepted_by,
		.consent_accepted_ms = message->consent_accepted_ms,
		.consent_of_users_required = message->consent_of_users_required,
		.supervisors_monitor_by_default = message->supervisors_monitor_by_default,
		.users_edit_own_access = message->users_edit_own_access,
	};
}

static Bridgetap__V1__AccessList *encode_list(struct arena *arena, const struct access_list *list)
{
	Bridgetap__V1__AccessList *out =
		ARENA_NEW(arena, Bridgetap__V1__AccessList, bridgetap__v1__access_list__init);

	if (out == NULL)
		return NULL;
	out->n_included_roles = list->included_roles.count;
	out->included_roles = list->included_roles.texts;
	out->n_included_users = list->included_users.count;
	out->included_users = list->included_users.texts;
	out->n_excluded_roles = list->excluded_roles.count;
	out->excluded_roles = list->excluded_roles.texts;
	out->n_excluded_users = list->excluded_users.count;
	out->excluded_users = list->excluded_users.texts;
	return out;
}

static Bridgetap__V1__AccessTier *encode_tier(struct arena *arena, const struct access_tier *tier)
{
	static const Bridgetap__V1__AccessOption options[] = {
		[ACCESS_EVERYONE] = BRIDGETAP__V1__ACCESS_OPTION__EVERYONE,
		[ACCESS_NOBODY] = BRIDGETAP__V1__ACCESS_OPTION__NOBODY,
		[ACCESS_LISTED] = BRIDGETAP__V1__ACCESS_OPTION__LISTED,
	};
	Bridgetap__V1__AccessTier *out =
		ARENA_NEW(arena, Bridgetap__V1__AccessTier, bridgetap__v1__access_tier__init);

	if (out == NULL)
		return NULL;
	out->option = options[tier->option];
	out->list = encode_list(arena, &tier->list);
	return out;
}

Bridgetap__V1__AccessSettings *encode_access(struct arena *arena, const struct extension *extension)
{
	const struct access *access = &extension_settings(extension)->access;
	Bridgetap__V1__AccessSettings *out = ARENA_NEW(
		arena, Bridgetap__V1__AccessSettings, bridgetap__v1__access_settings__init);

	if (out == NULL)
		return NULL;
	out->extension_id = extension->entry.id;
	out->version = access->version;
	out->status = encode_tier(arena, &access->status);
	out->connected_callers = encode_tier(arena, &access->callers);
	out->monitoring = encode_list(arena, &access->monitoring);
	return out;
}

Bridgetap__V1__Extension *encode_extension(
	struct arena *arena, const struct extension *extension, bool with_access)
{
	const struct extension_settings *settings = extension_settings(extension);
	Bridgetap__V1__Extension *out =
		ARENA_NEW(arena, Bridgetap__V1__Extension, bridgetap__v1__extension__init);

	if (out == NULL)
		return NULL;
	out->id = extension->entry.id;
	out->name = settings->name;
	out->user = settings->user;
	out->consented = settings->consented;
	if (with_access)
		out->access = encode_access(arena, extension);
	return out;
}

static Bridgetap__V1__User *encode_user(struct arena *arena, const struct entry *entry)
{
	const struct user_settings *settings = entry->settings;
	Bridgetap__V1__User *out = ARENA_NEW(arena, Bridgetap__V1__User, bridgetap__v1__user__init);

	if (out == NULL)
		return NULL;
	out->id = entry->id;
	out->name = settings->name;
	out->role = (Bridgetap__V1__UserRole)settings->role;
	out->n_security_roles = settings->roles.count;
	out->security_roles = settings->roles.texts;
	out->call_monitor_access = settings->call_monitor_access;
	return out;
}

static Bridgetap__V1__SecurityRole *encode_role(struct arena *arena, const struct entry *entry)
{
	Bridgetap__V1__SecurityRole *out =
		ARENA_NEW(arena, Bridgetap__V1__SecurityRole, bridgetap__v1__security_role__init);

	if (out == NULL)
		return NULL;
	out->id = entry->id;
	out->name = ((const struct label_settings *)entry->settings)->name;
	return out;
}

static Bridgetap__V1__Group *encode_group(struct arena *arena, const struct entry *entry)
{
	Bridgetap__V1__Group *out =
		ARENA_NEW(arena, Bridgetap__V1__Group, bridgetap__v1__group__init);

	if (out == NULL)
		return NULL;
	out->id = entry->id;
	out->name = ((const struct label_settings *)entry->settings)->name;
	return out;
}

ProtobufCMessage *encode_entry(
	struct arena *arena, enum directory_kind kind, const struct entry *entry)
{
	switch (kind) {
	case DIRECTORY_ROLE:
		return (ProtobufCMessage *)encode_role(arena, entry);
	case DIRECTORY_GROUP:
		return (ProtobufCMessage *)encode_group(arena, entry);
	case DIRECTORY_USER:
		return (ProtobufCMessage *)encode_user(arena, entry);
	default:
		return (ProtobufCMessage *)encode_extension(
			arena, (const struct extension *)entry, true);
	}
}

/* --- decoding --- */

static void *out_of_memory(enum directory_kind kind, void *settings, struct refusal *refusal)
{
	settings_free(kind, settings);
	refuse(refusal, -ENOMEM, "out of memory");
	return NULL;
}

static void *decode_label(enum directory_kind kind, const char *name, struct refusal *refusal)
{
	struct label_settings *settings = calloc(1, sizeof(*settings));

	if (settings == NULL || text_replace(&settings->name, name) < 0)
		return out_of_memory(kind, settings, refusal);
	return settings;
}

static void *missing(const char *field, struct refusal *refusal)
{
	refuse(refusal, -EINVAL, "%s is missing", field);
	return NULL;
}

void *decode_role(const Bridgetap__V1__SecurityRole *message, struct refusal *refusal)
{
	return message == NULL ? missing("security_role", refusal)
			       : decode_label(DIRECTORY_ROLE, message->name, refusal);
}

void *decode_group(const Bridgetap__V1__Group *message, struct refusal *refusal)
{
	return message == NULL ? missing("group", refusal)
			       : decode_label(DIRECTORY_GROUP, message->name, refusal);
}

void *decode_user(const Bridgetap__V1__User *message, struct refusal *refusal)
{
	struct user_settings *settings;

	if (message == NULL)
		return missing("user", refusal);
	settings = calloc(1, sizeof(*settings));
	if (settings == NULL || text_replace(&settings->name, message->name) < 0 ||
		text_list_copy(
			&settings->roles, message->security_roles, message->n_security_roles) < 0)
		return out_of_memory(DIRECTORY_USER, settings, refusal);
	settings->role = (enum user_role)message->role;
	settings->call_monitor_access = message->call_monitor_access;
	return settings;
}

static int decode_list(struct access_list *list, const Bridgetap__V1__AccessList *message)
{
	if (message == NULL)
		return 0;
	if (text_list_copy(&list->included_roles, message->included_roles,
		    message->n_included_roles) < 0 ||
		text_list_copy(&list->included_users, message->included_users,
			message->n_included_users) < 0 ||
		text_list_copy(&list->excluded_roles, message->excluded_roles,
			message->n_excluded_roles) < 0)
		return -ENOMEM;
	return text_list_copy(
		&list->excluded_users, message->excluded_users, message->n_excluded_users);
}

static int decode_tier(struct access_tier *tier, const Bridgetap__V1__AccessTier *message,
	const char *field, struct refusal *refusal)
{
	if (message == NULL)
		return 0;
	switch (message->option) {
	case BRIDGETAP__V1__ACCESS_OPTION__ACCESS_OPTION_UNSPECIFIED:
	case BRIDGETAP__V1__ACCESS_OPTION__EVERYONE:
		tier->option = ACCESS_EVERYONE;
		break;
	case BRIDGETAP__V1__ACCESS_OPTION__NOBODY:
		tier->option = ACCESS_NOBODY;
		break;
	case BRIDGETAP__V1__ACCESS_OPTION__LISTED:
		tier->option = ACCESS_LISTED;
		break;
	default:
		return refuse(
			refusal, -EINVAL, "%s.option %d is not known", field, message->option);
	}
	if (decode_list(&tier->list, message->list) < 0)
		return refuse(refusal, -ENOMEM, "out of memory");
	return 0;
}

int decode_access(struct access *access, const Bridgetap__V1__AccessSettings *message,
	struct refusal *refusal)
{
	access->version = message->version;
	if (decode_tier(&access->status, message->status, "access.status", refusal) < 0 ||
		decode_tier(&access->callers, message->connected_callers,
			"access.connected_callers", refusal) < 0)
		return refusal->error;
	if (decode_list(&access->monitoring, message->monitoring) < 0)
		return refuse(refusal, -ENOMEM, "out of memory");
	return 0;
}

void *decode_extension(const Bridgetap__V1__Extension *message,
	const struct extension_settings *before, struct refusal *refusal)
{
	struct extension_settings *settings;

	if (message == NULL)
		return missing("extension", refusal);
	settings = calloc(1, sizeof(*settings));
	if (settings == NULL || text_replace(&settings->name, message->name) < 0 ||
		text_replace(&settings->user, message->user) < 0)
		return out_of_memory(DIRECTORY_EXTENSION, settings, refusal);
	settings->consented = message->consented;
	if (message->access == NULL && before != NULL &&
		access_copy(&settings->access, &before->access) < 0)
		return out_of_memory(DIRECTORY_EXTENSION, settings, refusal);
	if (message->access == NULL ||
		decode_access(&settings->access, message->access, refusal) == 0)
		return settings;
	settings_free(DIRECTORY_EXTENSION, settings);
	return NULL;
}
