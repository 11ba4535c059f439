/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/audit_methods.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bridgetap/v1/admin.pb-c.h"
#include "service/convert.h"
#include "service/services.h"

#define PAGE_DEFAULT   100
#define PAGE_MAX       1000
#define RECORDS_A_TURN 2000 /* verified before somebody else has the loop */
#define UNREADABLE     "the audit cannot be read"

/* --- list --- */

struct page {
	struct arena arena;
	Bridgetap__V1__AuditRecord *records[PAGE_MAX];
	unsigned count;
};

static void encode_codes(struct arena *arena, Bridgetap__V1__AuditRecord *out, uint32_t reasons)
{
	size_t count;
	Bridgetap__V1__Reason **list = encode_reasons(arena, reasons, &count);

	out->reasons = arena_alloc(arena, (count + 1) * sizeof(*out->reasons));
	for (; out->reasons != NULL && out->n_reasons < count; out->n_reasons++)
		out->reasons[out->n_reasons] = list[out->n_reasons]->code;
}

static void add_record(void *arg, const struct audit_record *record)
{
	struct page *page = arg;
	Bridgetap__V1__AuditRecord *out = ARENA_NEW(
		&page->arena, Bridgetap__V1__AuditRecord, bridgetap__v1__audit_record__init);

	if (out == NULL)
		return;
	out->number = record->number;
	out->at_ms = record->at_ms;
	out->organisation = arena_printf(&page->arena, "%s", record->organisation);
	out->actor = arena_printf(&page->arena, "%s", record->actor);
	out->peer_uid = record->peer_uid;
	out->action = arena_printf(&page->arena, "%s", record->action);
	out->call = arena_printf(&page->arena, "%s", record->call);
	out->subject = arena_printf(&page->arena, "%s", record->subject);
	out->detail = arena_printf(&page->arena, "%s", record->detail);
	encode_codes(&page->arena, out, record->reasons);
	out->hash.len = sizeof(record->hash);
	out->hash.data = arena_alloc(&page->arena, sizeof(record->hash));
	if (out->hash.data != NULL)
		memcpy(out->hash.data, record->hash, sizeof(record->hash));
	page->records[page->count++] = out;
}

/* The operator sees all, or one organisation's; an organisation sees its own. */
static bool identify(struct grpc_call *grpc, struct actor *actor)
{
	bool named = *grpc_call_metadata(grpc, "bridgetap-organisation") != '\0';

	return actor_identify(grpc, named ? NEED_ORGANISATION : NEED_OPERATOR, actor);
}

void list_audit(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__ListAuditRequest *request = (const void *)message;
	Bridgetap__V1__ListAuditResponse response = BRIDGETAP__V1__LIST_AUDIT_RESPONSE__INIT;
	struct services *services = grpc_call_context(grpc);
	unsigned most = request->page_size == 0 || request->page_size > PAGE_MAX
				? (request->page_size == 0 ? PAGE_DEFAULT : PAGE_MAX)
				: request->page_size;
	struct page page = { .count = 0 };
	const char *organisation;
	struct refusal refusal;
	struct actor actor;
	uint64_t token;
	char *end;
	int ret;

	if (!identify(grpc, &actor))
		return;
	token = strtoull(request->page_token, &end, 10);
	if (*end != '\0') {
		refuse(&refusal, -EINVAL, "page_token is none that this method has given out");
		service_refuse(grpc, &refusal);
		return;
	}
	store_flush(services->store); /* what is queued is to be seen, too */
	organisation = actor.organisation != NULL ? actor.organisation->id : "";
	ret = request->newest_first
		      ? store_audit_before(services->store, organisation,
				token != 0 ? token : UINT64_MAX, most, add_record, &page)
		      : store_audit_after(
				services->store, organisation, token, most, add_record, &page);
	response.records = page.records;
	response.n_records = page.count;
	if (page.count == most)
		response.next_page_token = arena_printf(&page.arena, "%llu",
			(unsigned long long)page.records[page.count - 1]->number);
	if (ret < 0)
		service_refuse_link(grpc, -EIO, UNREADABLE);
	else if (page.arena.failed)
		service_refuse_memory(grpc);
	else
		grpc_call_reply(grpc, &response.base);
	arena_free(&page.arena);
}

/* --- verify --- */

struct verifier {
	struct services *services;
	struct grpc_call *grpc;
	struct audit_verification verification;
	struct loop_task task;
};

static void verifier_gone(struct grpc_call *grpc, void *state)
{
	struct verifier *verifier = state;

	(void)grpc;
	loop_task_drop(verifier->services->loop, &verifier->task);
	free(verifier);
}

static void send_progress(struct verifier *verifier)
{
	struct audit_verification *verification = &verifier->verification;
	Bridgetap__V1__VerifyAuditResponse response = BRIDGETAP__V1__VERIFY_AUDIT_RESPONSE__INIT;

	response.verified = verification->verified;
	response.total = verification->total;
	response.done = verification->done;
	response.intact = verification->intact;
	response.broken_at = verification->broken_at;
	response.sentence = verification->sentence;
	response.head.data = verification->head;
	response.head.len = sizeof(verification->head);
	grpc_call_send(verifier->grpc, &response.base);
}

static void verify_more(void *arg)
{
	struct verifier *verifier = arg;
	struct grpc_call *grpc = verifier->grpc;

	if (store_audit_verify(verifier->services->store, &verifier->verification, RECORDS_A_TURN) <
		0) {
		free(verifier);
		service_refuse_link(grpc, -EIO, UNREADABLE);
		return;
	}
	/* A client that does not read gets fewer reports, and the last one. */
	if (verifier->verification.done || grpc_call_queued(grpc) < GRPC_QUEUE_LOW)
		send_progress(verifier);
	if (!verifier->verification.done) {
		loop_task_queue(verifier->services->loop, &verifier->task);
		return;
	}
	free(verifier);
	grpc_call_finish(grpc, GRPC_OK, "", NULL);
}

void verify_audit(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	struct grpc_call_hooks hooks = { .cancelled = verifier_gone };
	struct verifier *verifier;
	struct actor actor;

	(void)message;
	if (!actor_identify(grpc, NEED_OPERATOR, &actor))
		return;
	verifier = calloc(1, sizeof(*verifier));
	if (verifier == NULL) {
		service_refuse_memory(grpc);
		return;
	}
	verifier->services = grpc_call_context(grpc);
	verifier->grpc = grpc;
	verifier->task = (struct loop_task){ .run = verify_more, .arg = verifier };
	hooks.state = verifier;
	grpc_call_set_hooks(grpc, &hooks);
	store_flush(verifier->services->store);
	loop_task_queue(verifier->services->loop, &verifier->task);
}
