/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <string.h>

#include "bridgetap/v1/directory.pb-c.h"
#include "monitor/call.h"
#include "service/convert_directory.h"
#include "service/directory_methods.h"
#include "service/keep.h"
#include "service/watch.h"

/* The organisations themselves: Directory's methods for the operator. */

#define PAGE_DEFAULT 100
#define PAGE_MAX     1000

static void reply_with(struct grpc_call *grpc, const struct organisation *organisation)
{
	struct arena arena = { 0 };
	Bridgetap__V1__Organisation *message = encode_organisation(&arena, organisation);

	if (message == NULL)
		service_refuse_memory(grpc);
	else
		grpc_call_reply(grpc, &message->base);
	arena_free(&arena);
}

void put_organisation(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__PutOrganisationRequest *request = (const void *)message;
	const Bridgetap__V1__Organisation *wanted = request->organisation;
	struct services *services = grpc_call_context(grpc);
	struct organisation *organisation;
	struct refusal refusal;
	struct actor actor;

	if (!actor_identify(grpc, NEED_OPERATOR, &actor))
		return;
	if (wanted == NULL) {
		refuse(&refusal, -EINVAL, "organisation is missing");
		service_refuse(grpc, &refusal);
		return;
	}
	organisation = organisation_find(services->world, wanted->id);
	if (organisation_check(wanted->id, wanted->name, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	if (!keep_organisation(grpc, wanted->id, wanted->name,
		    organisation != NULL && organisation->monitoring_off,
		    &(struct audit_note){
			    .action = "organisation_put",
			    .subject = wanted->id,
		    }))
		return;
	if (organisation_put(services->world, wanted->id, wanted->name, &organisation, &refusal) <
		0)
		service_refuse(grpc, &refusal);
	else
		reply_with(grpc, organisation);
}

void delete_organisation(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__DeleteOrganisationRequest *request = (const void *)message;
	Bridgetap__V1__DeleteOrganisationResponse response =
		BRIDGETAP__V1__DELETE_ORGANISATION_RESPONSE__INIT;
	struct services *services = grpc_call_context(grpc);
	struct organisation *organisation;
	struct refusal refusal;
	struct actor actor;

	if (!actor_identify(grpc, NEED_OPERATOR, &actor))
		return;
	organisation = organisation_find(services->world, request->organisation_id);
	if (organisation == NULL || organisation->calls != NULL) {
		if (organisation == NULL)
			refuse(&refusal, -ENOENT, "there is no organisation \"%.64s\"",
				request->organisation_id);
		else
			refuse(&refusal, -EBADSLT, "the organisation has %u calls: end them first",
				HASH_COUNT(organisation->calls));
		service_refuse(grpc, &refusal);
		return;
	}
	if (!keep_organisation_deleted(grpc, organisation->id,
		    &(struct audit_note){
			    .action = "organisation_delete",
			    .subject = organisation->id,
		    }))
		return;
	watch_end_all(organisation);
	watch_fini(organisation);
	organisation_delete(organisation);
	grpc_call_reply(grpc, &response.base);
}

static int by_id(const struct organisation *a, const struct organisation *b)
{
	return strcmp(a->id, b->id);
}

void list_organisations(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__ListOrganisationsRequest *request = (const void *)message;
	Bridgetap__V1__ListOrganisationsResponse response =
		BRIDGETAP__V1__LIST_ORGANISATIONS_RESPONSE__INIT;
	Bridgetap__V1__Organisation *organisations[PAGE_MAX];
	struct services *services = grpc_call_context(grpc);
	const struct organisation *organisation;
	struct arena arena = { 0 };
	struct actor actor;
	uint32_t size = request->page_size == 0		? PAGE_DEFAULT
			: request->page_size > PAGE_MAX ? PAGE_MAX
							: request->page_size;

	if (!actor_identify(grpc, NEED_OPERATOR, &actor))
		return;
	HASH_SRT(hh, services->world->organisations, by_id);
	response.organisations = organisations;
	for (organisation = services->world->organisations; organisation != NULL;
		organisation = organisation->hh.next) {
		if (strcmp(organisation->id, request->page_token) <= 0)
			continue;
		if (response.n_organisations == size) {
			response.next_page_token = organisations[size - 1]->id;
			break;
		}
		organisations[response.n_organisations++] =
			encode_organisation(&arena, organisation);
		if (arena.failed)
			break;
	}
	if (arena.failed)
		service_refuse_memory(grpc);
	else
		grpc_call_reply(grpc, &response.base);
	arena_free(&arena);
}
