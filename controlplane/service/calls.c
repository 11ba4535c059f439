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
	if (call != NULL)
		call_end(call);
	link_change(pending->services->link, pending->wire_id, NULL);
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

/* There is nothing to bring back: the link will see to it that the call ends there, too. */
static void undo_nothing(struct pending *pending, struct call *call)
{
	(void)call;
	link_change(pending->services->link, pending->wire_id, NULL);
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

/* --- transfer --- */

/* Who has lost their seat by it stays out: only the agent goes back to be the one before. */
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
	if ((request->agent != NULL &&
		    decode_media(&media, request->agent, "agent", &refusal) < 0) ||
		call_transfer(call, request->agent_user, request->agent != NULL ? &media : NULL,
			&refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	audit_note(grpc_call_context(grpc), &(struct audit_note){
						    .organisation = actor.organisation,
						    .action = "transfer",
						    .call = call->id,
						    .subject = call->agent_user,
					    });
	pending = pending_create(grpc, call);
	if (pending == NULL)
		return;
	pending->succeed = answer_with_call;
	pending->undo = undo_nothing;
	pending_start(pending);
}

/* --- recording --- */

/* Change the recording, and keep what it was in case that the data plane refuses. */
static void change_recording(struct grpc_call *grpc, const char *call_id,
	const Bridgetap__V1__RecordingTarget *target,
	int (*change)(struct call *call, struct refusal *refusal),
	void (*undo)(struct pending *pending, struct call *call))
{
	struct actor actor;
	struct call *call = find_call(grpc, NEED_ORGANISATION, call_id, &actor);
	struct recording_target decoded;
	struct refusal refusal;
	struct pending *pending;
	int ret;

	if (call == NULL || !service_check_link(grpc))
		return;
	if (change != NULL) {
		ret = change(call, &refusal);
	} else {
		ret = decode_target(&decoded, target, &refusal);
		if (ret == 0)
			ret = recording_start(call, &decoded, &refusal);
	}
	if (ret < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	pending = pending_create(grpc, call);
	if (pending == NULL)
		return;
	pending->succeed = answer_with_call;
	pending->undo = undo;
	audit_note(pending->services, &(struct audit_note){
					      .organisation = actor.organisation,
					      .action = "recording",
					      .call = call->id,
					      .detail = grpc_call_method(grpc),
				      });
	pending_start(pending);
}

static void undo_start(struct pending *pending, struct call *call)
{
	struct refusal refusal;

	if (call != NULL && recording_stop(call, &refusal) == 0)
		link_change(pending->services->link, pending->wire_id, NULL);
}

static void start_recording(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__StartRecordingRequest *request = (const void *)message;

	change_recording(grpc, request->call_id, request->target, NULL, undo_start);
}

static void pause_recording(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__PauseRecordingRequest *request = (const void *)message;

	change_recording(grpc, request->call_id, NULL, recording_pause, undo_nothing);
}

static void resume_recording(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__ResumeRecordingRequest *request = (const void *)message;

	change_recording(grpc, request->call_id, NULL, recording_resume, undo_nothing);
}

static void stop_recording(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__StopRecordingRequest *request = (const void *)message;

	change_recording(grpc, request->call_id, NULL, recording_stop, undo_nothing);
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
