/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/access.h"

#include <errno.h>
#include <stdlib.h>

#include "bridgetap/v1/access.pb-c.h"
#include "service/convert_directory.h"
#include "service/keep.h"
#include "service/settle.h"
#include "service/watch.h"

/* An extension whose setting who acts may read and write; NULL after finishing the call. */
static struct extension *find_editable(struct grpc_call *grpc, const char *id, struct actor *actor)
{
	struct extension *extension;
	struct refusal refusal;

	if (!actor_identify(grpc, NEED_ANYONE, actor))
		return NULL;
	extension = extension_find(actor->organisation, id);
	if (extension == NULL)
		refuse(&refusal, -ENOENT, "there is no extension \"%.64s\"", id);
	else if (!access_is_editable(actor->organisation, extension, actor->user))
		refuse_for(&refusal, 1u << REASON_NOT_PERMITTED);
	else
		return extension;
	service_refuse(grpc, &refusal);
	return NULL;
}

static void get_access(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__GetAccessRequest *request = (const void *)message;
	Bridgetap__V1__AccessSettings *response;
	struct arena arena = { 0 };
	struct actor actor;
	struct extension *extension = find_editable(grpc, request->extension_id, &actor);

	if (extension == NULL)
		return;
	response = encode_access(&arena, extension);
	if (arena.failed)
		service_refuse_memory(grpc);
	else
		grpc_call_reply(grpc, &response->base);
	arena_free(&arena);
}

/* Put other settings in the place of an extension's; they are taken over. The answer is `reply`, or
 * the access settings. */
static void change_extension(struct grpc_call *grpc, struct extension *extension,
	struct organisation *organisation, struct extension_settings *settings, const char *action,
	const char *detail, const ProtobufCMessage *reply)
{
	const struct audit_note note = {
		.organisation = organisation,
		.action = action,
		.subject = extension->entry.id,
		.detail = detail,
	};
	struct settle *settle = settle_begin(grpc);
	struct arena arena = { 0 };
	struct refusal refusal;
	struct edit edit;

	if (settle == NULL) {
		settings_free(DIRECTORY_EXTENSION, settings);
		return;
	}
	edit_begin(&edit, organisation);
	if (edit_put(&edit, DIRECTORY_EXTENSION, extension->entry.id, settings, &refusal) < 0 ||
		edit_check(&edit, &refusal) < 0) {
		edit_roll_back(&edit);
		settle_abort(settle);
		service_refuse(grpc, &refusal);
		return;
	}
	if (!keep_edit(grpc, &edit, &note)) {
		edit_roll_back(&edit);
		settle_abort(settle);
		return;
	}
	edit_commit(&edit);
	settle_end(settle, reply != NULL ? reply : (void *)encode_access(&arena, extension));
	arena_free(&arena);
}

static int check_version(uint64_t current, uint64_t wanted, struct refusal *refusal)
{
	return current == wanted
		       ? 0
		       : refuse(refusal, -EBUSY,
				 "somebody else has saved this setting (version %llu, not "
				 "%llu): read it again",
				 (unsigned long long)current, (unsigned long long)wanted);
}

static void set_access(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__SetAccessRequest *request = (const void *)message;
	const Bridgetap__V1__AccessSettings *wanted = request->settings;
	struct extension_settings *settings;
	struct access access = { 0 };
	struct refusal refusal;
	struct actor actor;
	struct extension *extension =
		find_editable(grpc, wanted != NULL ? wanted->extension_id : "", &actor);

	if (extension == NULL)
		return;
	if (check_version(
		    extension_settings(extension)->access.version, wanted->version, &refusal) < 0 ||
		decode_access(&access, wanted, &refusal) < 0) {
		access_free(&access);
		service_refuse(grpc, &refusal);
		return;
	}
	settings = extension_settings_copy(extension_settings(extension));
	if (settings == NULL) {
		access_free(&access);
		service_refuse_memory(grpc);
		return;
	}
	access_free(&settings->access);
	settings->access = access;
	settings->access.version++;
	change_extension(grpc, extension, actor.organisation, settings, "access_set", NULL, NULL);
}

static void set_consent(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	static const Bridgetap__V1__SetConsentResponse response =
		BRIDGETAP__V1__SET_CONSENT_RESPONSE__INIT;
	const Bridgetap__V1__SetConsentRequest *request = (const void *)message;
	struct extension_settings *settings;
	struct refusal refusal;
	struct actor actor;
	struct extension *extension;

	if (!actor_identify(grpc, NEED_ANYONE, &actor))
		return;
	extension = extension_find(actor.organisation, request->extension_id);
	if (extension == NULL || !access_may_consent(extension, actor.user)) {
		if (extension == NULL)
			refuse(&refusal, -ENOENT, "there is no extension \"%.64s\"",
				request->extension_id);
		else
			refuse_for(&refusal, 1u << REASON_NOT_PERMITTED);
		service_refuse(grpc, &refusal);
		return;
	}
	settings = extension_settings_copy(extension_settings(extension));
	if (settings == NULL) {
		service_refuse_memory(grpc);
		return;
	}
	settings->consented = request->consented;
	change_extension(grpc, extension, actor.organisation, settings, "consent_set",
		request->consented ? "given" : "withdrawn", &response.base);
}

/* --- of the organisation --- */

static void get_organisation_settings(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	Bridgetap__V1__OrganisationSettings *response;
	struct arena arena = { 0 };
	struct actor actor;

	(void)message;
	if (!actor_identify(grpc, NEED_ORGANISATION, &actor))
		return;
	response = encode_organisation_settings(&arena, &actor.organisation->settings);
	if (arena.failed)
		service_refuse_memory(grpc);
	else
		grpc_call_reply(grpc, &response->base);
	arena_free(&arena);
}

/* Who accepted first, and when, stays for as long as it is accepted. */
static void fill_in_consent(struct organisation_settings *settings,
	const struct organisation_settings *before, const struct actor *actor, uint64_t now_ms)
{
	settings->consent_accepted_by = NULL;
	settings->consent_accepted_ms = 0;
	if (!settings->consent_accepted)
		return;
	if (before->consent_accepted) {
		settings->consent_accepted_by = before->consent_accepted_by;
		settings->consent_accepted_ms = before->consent_accepted_ms;
		return;
	}
	settings->consent_accepted_by = actor->user != NULL ? actor->user->entry.id : NULL;
	settings->consent_accepted_ms = now_ms;
}

static void set_organisation_settings(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__SetOrganisationSettingsRequest *request = (const void *)message;
	struct services *services = grpc_call_context(grpc);
	struct organisation_settings settings, *before;
	struct settle *settle;
	struct arena arena = { 0 };
	struct refusal refusal;
	struct actor actor;

	if (!actor_identify(grpc, NEED_ORGANISATION, &actor))
		return;
	before = &actor.organisation->settings;
	if (request->settings == NULL)
		refuse(&refusal, -EINVAL, "settings is missing");
	if (request->settings == NULL ||
		check_version(before->version, request->settings->version, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	decode_organisation_settings(&settings, request->settings);
	fill_in_consent(&settings, before, &actor, services->wall_ms());
	settings.version++;
	settle = settle_begin(grpc);
	if (settle == NULL)
		return;
	if (!keep_organisation_settings(grpc, actor.organisation, &settings,
		    &(struct audit_note){
			    .organisation = actor.organisation,
			    .action = "organisation_settings",
			    .detail = settings.consent_accepted ? "consent accepted"
								: "consent not accepted",
		    })) {
		settle_abort(settle);
		return;
	}
	if (organisation_set_settings(actor.organisation, &settings) < 0) {
		settle_abort(settle);
		service_refuse_memory(grpc);
		return;
	}
	settle_end(settle,
		(void *)encode_organisation_settings(&arena, &actor.organisation->settings));
	arena_free(&arena);
}

const struct grpc_method access_methods[] = {
	{ "GetAccess", get_access, NULL },
	{ "SetAccess", set_access, NULL },
	{ "SetConsent", set_consent, NULL },
	{ "GetOrganisationSettings", get_organisation_settings, NULL },
	{ "SetOrganisationSettings", set_organisation_settings, NULL },
	{ "WatchExtensions", watch_extensions, NULL },
};
