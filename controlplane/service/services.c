/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/services.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "bridgetap/v1/access.pb-c.h"
#include "bridgetap/v1/admin.pb-c.h"
#include "bridgetap/v1/calls.pb-c.h"
#include "bridgetap/v1/directory.pb-c.h"
#include "bridgetap/v1/monitor.pb-c.h"
#include "health/v1/health.pb-c.h"
#include "log.h"
#include "monitor/call.h"
#include "reflection/v1/reflection.pb-c.h"
#include "reflection/v1alpha/reflection.pb-c.h"
#include "service/audit.h"
#include "service/convert.h"
#include "service/media_events.h"
#include "service/notices.h"
#include "service/watch.h"

#define FLUSH_RETRY_MS 1000

const struct grpc_service *services_list(struct services *services, unsigned *count)
{
	static struct grpc_service list[] = {
		{ &bridgetap__v1__calls__descriptor, calls_methods, actor_admit, NULL },
		{ &bridgetap__v1__monitor__descriptor, monitor_methods, actor_admit, NULL },
		{ &bridgetap__v1__directory__descriptor, directory_methods, actor_admit, NULL },
		{ &bridgetap__v1__access__descriptor, access_methods, actor_admit, NULL },
		{ &bridgetap__v1__admin__descriptor, admin_methods, actor_admit, NULL },
		{ &grpc__health__v1__health__descriptor, health_methods, NULL, NULL },
		{ &grpc__reflection__v1__server_reflection__descriptor, reflection_methods, NULL,
			NULL },
		{ &grpc__reflection__v1alpha__server_reflection__descriptor, reflection_methods,
			NULL, NULL },
	};

	*count = sizeof(list) / sizeof(list[0]);
	for (unsigned i = 0; i < *count; i++)
		list[i].context = services;
	return list;
}

/* --- life --- */

/* After each request, and once a second for as long as the store cannot be written: what failed may
 * have been a setting, after which nothing is queued. */
static void flush(void *arg)
{
	struct services *services = arg;
	bool failed = services->flush_failed;

	/* Whoever made the last request has their answer. */
	services->acting = ACTING_ITSELF;
	services->flush_failed = store_flush(services->store) < 0;
	if (services->flush_failed)
		loop_timer_set(services->loop, &services->flush_retry, FLUSH_RETRY_MS);
	if (services->flush_failed && !failed)
		log_line(LOG_ERR, "the audit cannot be written; until it can be, nobody joins or "
				  "switches, and no setting changes");
	if (failed && !services->flush_failed)
		log_line(LOG_NOTICE, "the audit is being written again");
}

static void media_told(void *arg, const struct media_event *event)
{
	media_events_notify(arg, event);
	dead_calls_note(arg, event->call);
}

void services_init(struct services *services)
{
	services->acting = ACTING_ITSELF;
	services->flush = (struct loop_task){ .run = flush, .arg = services };
	services->flush_retry = (struct loop_timer){ .expired = flush, .arg = services };
	services->world->changed = watch_changed;
	services->world->notify = notices_notify;
	services->world->media = media_told;
	services->world->hooks_arg = services;
	dead_calls_init(services);
}

void services_fini(struct services *services)
{
	struct organisation *organisation;

	if (services->world == NULL)
		return;
	services->world->changed = NULL;
	services->world->notify = NULL;
	services->world->media = NULL;
	for (organisation = services->world->organisations; organisation != NULL;
		organisation = organisation->hh.next)
		watch_fini(organisation);
	if (services->loop != NULL) {
		loop_task_drop(services->loop, &services->flush);
		loop_timer_clear(services->loop, &services->flush_retry);
		dead_calls_fini(services);
	}
}

bool service_check_audit(struct grpc_call *call)
{
	const struct services *services = grpc_call_context(call);

	if (!store_is_failing(services->store))
		return true;
	service_refuse_link(call, -ENOSPC,
		"the audit cannot be written (is the disk full?), so this was not done");
	return false;
}

/* --- refusals --- */

static enum grpc_status status_of(int error)
{
	switch (error) {
	case -EINVAL:
		return GRPC_INVALID_ARGUMENT;
	case -ENOENT:
		return GRPC_NOT_FOUND;
	case -EEXIST:
		return GRPC_ALREADY_EXISTS;
	case -ENOSPC:
	case -ENOMEM:
		return GRPC_RESOURCE_EXHAUSTED;
	case -EPERM:
		return GRPC_PERMISSION_DENIED;
	case -EBADSLT:
	case -ENETUNREACH:
		return GRPC_FAILED_PRECONDITION;
	case -EBUSY:
		return GRPC_ABORTED;
	case -ENOTCONN:
		return GRPC_UNAVAILABLE;
	default:
		return GRPC_INTERNAL;
	}
}

/* A right that is missing is another thing than a state that will pass. */
static enum grpc_status status_of_reasons(uint32_t reasons)
{
	return reasons & 1u << REASON_NOT_PERMITTED ? GRPC_PERMISSION_DENIED
						    : GRPC_FAILED_PRECONDITION;
}

/* The field that a sentence begins with. */
static char *copy_field(struct arena *arena, const char *sentence)
{
	return arena_printf(arena, "%.*s", (int)strcspn(sentence, " :"), sentence);
}

static void audit_refusal(struct grpc_call *call, const struct refusal *refusal)
{
	struct services *services = grpc_call_context(call);
	const char *organisation = grpc_call_metadata(call, "bridgetap-organisation");

	/* Whoever may do nothing at all here is not given the means to fill the disk. */
	if (peers_level(services->peers, grpc_call_peer(call), organisation,
		    grpc_call_metadata(call, "bridgetap-user")) == PEER_NOBODY)
		return;
	audit_note(
		services, &(struct audit_note){
				  .organisation = organisation_find(services->world, organisation),
				  .action = "refused",
				  .call = services->acting.call,
				  .detail = grpc_call_method(call),
				  .reasons = refusal->reasons,
			  });
}

void service_refuse(struct grpc_call *call, const struct refusal *refusal)
{
	Bridgetap__V1__Refusal details = BRIDGETAP__V1__REFUSAL__INIT;
	struct arena arena = { 0 };
	enum grpc_status status = status_of(refusal->error);

	if (refusal->reasons != 0) {
		status = status_of_reasons(refusal->reasons);
		details.reasons = encode_reasons(&arena, refusal->reasons, &details.n_reasons);
		audit_refusal(call, refusal);
	}
	if (refusal->error == -EINVAL)
		details.field = copy_field(&arena, refusal->sentence);
	grpc_call_finish(call, status, refusal->sentence,
		(refusal->reasons != 0 || refusal->error == -EINVAL) && !arena.failed
			? &details.base
			: NULL);
	arena_free(&arena);
}

void service_refuse_link(struct grpc_call *call, int error, const char *sentence)
{
	grpc_call_finish(call, status_of(error), sentence, NULL);
}

void service_refuse_memory(struct grpc_call *call)
{
	service_refuse_link(call, -ENOMEM, "out of memory");
}

/* --- what --- */

struct call *service_find_call(
	struct grpc_call *grpc, struct organisation *organisation, const char *id)
{
	struct services *services = grpc_call_context(grpc);
	struct call *call = call_find(organisation, id);
	struct refusal refusal;

	if (call != NULL) {
		services->acting.call = call->id;
		return call;
	}
	refuse(&refusal, -ENOENT, "there is no call \"%.128s\"; it may have ended", id);
	service_refuse(grpc, &refusal);
	return NULL;
}

bool service_check_link(struct grpc_call *call)
{
	const struct services *services = grpc_call_context(call);

	if (link_is_ready(services->link))
		return true;
	service_refuse_link(call, -ENOTCONN, "the data plane is not connected");
	return false;
}

/* --- waiting for the data plane --- */

static void pending_cancelled(struct grpc_call *grpc, void *state)
{
	struct pending *pending = state;

	(void)grpc;
	pending->grpc = NULL;
}

static void pending_done(struct link_waiter *waiter, int error, const char *sentence)
{
	struct pending *pending = (struct pending *)waiter;
	struct call *call = call_find_by_wire_id(pending->services->world, pending->wire_id);

	pending->services->acting = ACTING_ITSELF;
	if (error == 0) {
		pending->succeed(pending, call);
	} else {
		if (pending->undo != NULL)
			pending->undo(pending, call);
		if (pending->grpc != NULL)
			service_refuse_link(pending->grpc, error, sentence);
	}
	pending_abort(pending);
}

struct pending *pending_create(struct grpc_call *grpc, const struct call *call)
{
	struct pending *pending = calloc(1, sizeof(*pending));
	struct grpc_call_hooks hooks = { .state = pending, .cancelled = pending_cancelled };

	if (pending == NULL) {
		service_refuse_memory(grpc);
		return NULL;
	}
	pending->waiter.done = pending_done;
	pending->services = grpc_call_context(grpc);
	pending->grpc = grpc;
	snprintf(pending->wire_id, sizeof(pending->wire_id), "%s", call->wire_id);
	grpc_call_set_hooks(grpc, &hooks);
	return pending;
}

void pending_start(struct pending *pending)
{
	pending->waiter.stays = pending->undo == NULL;
	link_change(pending->services->link, pending->wire_id, &pending->waiter);
}

void pending_abort(struct pending *pending)
{
	call_memento_free(pending->made);
	free(pending);
}
