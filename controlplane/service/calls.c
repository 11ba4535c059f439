/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <stdlib.h>

#include "bridgetap/v1/calls.pb-c.h"
#include "monitor/call.h"
#include "monitor/recording.h"
#include "service/audit.h"
#include "service/calls_list.h"
#include "service/convert.h"
#include "service/ending.h"
#include "service/media_events.h"
#include "service/monitor_methods.h"
#include "service/services.h"
#include "service/table_load.h"
#include "service/watch.h"

/* `viewer` as in encode_call(). */
static void reply_with_call(
	struct grpc_call *grpc, const struct call *call, const struct user *viewer)
{
	struct arena arena = { 0 };
	Bridgetap__V1__Call *message = encode_call(&arena, call, viewer, 0);

	if (arena.failed)
		service_refuse_link(grpc, -ENOMEM, "out of memory");
	else
		grpc_call_reply(grpc, &message->base);
	arena_free(&arena);
}

/* The change is in force: answer with the call as it is now. */
static void answer_with_call(struct pending *pending, struct call *call)
{
	struct refusal refusal;

	if (pending->grpc == NULL)
		return;
	if (call != NULL) {
		reply_with_call(pending->grpc, call, NULL);
	} else {
		refuse(&refusal, -ENOENT, "the call has ended meanwhile");
		service_refuse(pending->grpc, &refusal);
	}
}

/* --- create, get --- */

static void undo_create(struct pending *pending, struct call *call)
{
	(void)pending;
	if (call != NULL)
		call_end(call);
}

static void create_call(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__CreateCallRequest *request = (const void *)message;
	struct services *services = grpc_call_context(grpc);
	struct call_description description;
	struct refusal refusal;
	struct pending *pending;
	struct actor actor;
	struct call *call;

	if (!actor_identify(grpc, NEED_ORGANISATION, &actor) || !service_check_link(grpc))
		return;
	if (decode_description(&description, request->call, &refusal) < 0 ||
		call_create(actor.organisation, &description, services->wall_ms(), &call,
			&refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	pending = pending_create(grpc, call);
	if (pending == NULL) {
		call_end(call);
		return;
	}
	pending->succeed = answer_with_call;
	pending->undo = undo_create;
	pending_start(pending);
}

/* A call of the actor's organisation; NULL after finishing. */
static struct call *find_call(
	struct grpc_call *grpc, enum need need, const char *id, struct actor *actor)
{
	return actor_identify(grpc, need, actor) ? service_find_call(grpc, actor->organisation, id)
						 : NULL;
}

static void get_call(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__GetCallRequest *request = (const void *)message;
	struct actor actor;
	struct call *call = find_call(grpc, NEED_VIEWER, request->call_id, &actor);

	if (call != NULL)
		reply_with_call(grpc, call, actor.user);
}

/* --- delete --- */

struct deletion {
	struct ending ending;	/* first: what it hands back */
	struct grpc_call *grpc; /* NULL when it has been answered, or the client has gone */
};

static void deletion_cancelled(struct grpc_call *grpc, void *state)
{
	(void)grpc;
	((struct deletion *)state)->grpc = NULL;
}

/* The media plane has let go of the call. */
static void answer_deleted(struct ending *ending, Bridgetap__V1__LegStats **legs, size_t count)
{
	struct deletion *deletion = (struct deletion *)ending;
	struct grpc_call *grpc = deletion->grpc;
	Bridgetap__V1__DeleteCallResponse response = BRIDGETAP__V1__DELETE_CALL_RESPONSE__INIT;

	deletion->grpc = NULL;
	if (grpc == NULL)
		return;
	response.legs = legs;
	response.n_legs = count;
	grpc_call_reply(grpc, &response.base);
}

static void deletion_done(struct ending *ending, int error, const char *sentence)
{
	struct deletion *deletion = (struct deletion *)ending;

	if (error == 0)
		answer_deleted(ending, NULL, 0);
	else if (deletion->grpc != NULL)
		service_refuse_link(deletion->grpc, error, sentence);
	free(deletion);
}

static void delete_call(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__DeleteCallRequest *request = (const void *)message;
	struct actor actor;
	struct call *call = find_call(grpc, NEED_ORGANISATION, request->call_id, &actor);
	struct deletion *deletion = call != NULL ? calloc(1, sizeof(*deletion)) : NULL;

	if (call == NULL)
		return;
	if (deletion == NULL) {
		service_refuse_memory(grpc);
		return;
	}
	deletion->grpc = grpc;
	deletion->ending.services = grpc_call_context(grpc);
	deletion->ending.reason = BRIDGETAP__V1__CALL_END_REASON__CALL_END_REASON_BY_REQUEST;
	/* Statistics are for whom Admin.GetStats is for. */
	if (actor.is_operator && actor.user == NULL)
		deletion->ending.told = answer_deleted;
	deletion->ending.done = deletion_done;
	grpc_call_set_hooks(grpc, &(struct grpc_call_hooks){
					  .state = deletion,
					  .cancelled = deletion_cancelled,
				  });
	ending_begin(&deletion->ending, call);
}

/* --- changes that are taken back where the data plane refuses them --- */

static void change_followed(struct pending *pending, struct call *call)
{
	if (call != NULL) {
		call_change_end(call, pending->made);
		pending->made = NULL;
	}
	answer_with_call(pending, call);
}

static void undo_change(struct pending *pending, struct call *call)
{
	(void)pending;
	if (call != NULL)
		call_change_end(call, NULL);
}

/* Before the change. NULL after finishing. */
static struct pending *change_begin(struct grpc_call *grpc, struct call *call)
{
	struct pending *pending = pending_create(grpc, call);

	if (pending != NULL && call_change_begin(call) < 0) {
		service_refuse_memory(grpc);
		pending_abort(pending);
		return NULL;
	}
	return pending;
}

/* It was refused before anything was changed. */
static void change_refuse(struct pending *pending, struct call *call, const struct refusal *refusal)
{
	service_refuse(pending->grpc, refusal);
	call_change_end(call, NULL);
	pending_abort(pending);
}

/* It is made; now the data plane is to follow. */
static void change_start(struct pending *pending, struct call *call)
{
	struct refusal refusal;

	pending->made = call_remember(call);
	if (pending->made == NULL) {
		refuse(&refusal, -ENOMEM, "out of memory");
		change_refuse(pending, call, &refusal);
		return;
	}
	pending->succeed = change_followed;
	pending->undo = undo_change;
	pending_start(pending);
}

static void transfer_call(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__TransferCallRequest *request = (const void *)message;
	struct media media;
	struct refusal refusal;
	struct pending *pending;
	struct actor actor;
	struct call *call = find_call(grpc, NEED_ORGANISATION, request->call_id, &actor);

	if (call == NULL || !service_check_link(grpc) || !service_check_audit(grpc))
		return;
	pending = change_begin(grpc, call);
	if (pending == NULL)
		return;
	if ((request->agent != NULL &&
		    decode_media(&media, request->agent, "agent", &refusal) < 0) ||
		call_transfer(call, request->agent_user, request->agent != NULL ? &media : NULL,
			&refusal) < 0) {
		change_refuse(pending, call, &refusal);
		return;
	}
	audit_note(pending->services, &(struct audit_note){
					      .organisation = actor.organisation,
					      .action = "transfer",
					      .call = call->id,
					      .subject = call->agent_user,
				      });
	change_start(pending, call);
}

/* --- recording --- */

static void note_recording(struct pending *pending, const struct call *call)
{
	audit_note(pending->services, &(struct audit_note){
					      .organisation = call->organisation,
					      .action = "recording",
					      .call = call->id,
					      .detail = grpc_call_method(pending->grpc),
				      });
}

static void start_recording(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__StartRecordingRequest *request = (const void *)message;
	struct actor actor;
	struct call *call = find_call(grpc, NEED_ORGANISATION, request->call_id, &actor);
	struct recording_target target;
	struct refusal refusal;
	struct pending *pending;

	if (call == NULL || !service_check_link(grpc))
		return;
	pending = change_begin(grpc, call);
	if (pending == NULL)
		return;
	if (decode_target(&target, request->target, &refusal) < 0 ||
		recording_start(call, &target, &refusal) < 0) {
		change_refuse(pending, call, &refusal);
		return;
	}
	note_recording(pending, call);
	change_start(pending, call);
}

/* What there is of it cannot be wrong: this stays. */
static void change_recording(struct grpc_call *grpc, const char *call_id,
	int (*change)(struct call *call, struct refusal *refusal))
{
	struct actor actor;
	struct call *call = find_call(grpc, NEED_ORGANISATION, call_id, &actor);
	struct refusal refusal;
	struct pending *pending;

	if (call == NULL || !service_check_link(grpc))
		return;
	if (change(call, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	pending = pending_create(grpc, call);
	if (pending == NULL)
		return;
	pending->succeed = answer_with_call;
	note_recording(pending, call);
	pending_start(pending);
}

static void pause_recording(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__PauseRecordingRequest *request = (const void *)message;

	change_recording(grpc, request->call_id, recording_pause);
}

static void resume_recording(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__ResumeRecordingRequest *request = (const void *)message;

	change_recording(grpc, request->call_id, recording_resume);
}

static void stop_recording(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__StopRecordingRequest *request = (const void *)message;

	change_recording(grpc, request->call_id, recording_stop);
}

const struct grpc_method calls_methods[] = {
	{ "CreateCall", create_call, NULL },
	{ "GetCall", get_call, NULL },
	{ "ListCalls", list_calls, NULL },
	{ "WatchCalls", watch_calls, NULL },
	{ "WatchMediaEvents", watch_media_events, NULL },
	{ "DeleteCall", delete_call, NULL },
	{ "TransferCall", transfer_call, NULL },
	{ "OfferCall", offer_call, NULL },
	{ "LoadCallTable", load_call_table, load_call_table_end },
	{ "StartRecording", start_recording, NULL },
	{ "PauseRecording", pause_recording, NULL },
	{ "ResumeRecording", resume_recording, NULL },
	{ "StopRecording", stop_recording, NULL },
};
