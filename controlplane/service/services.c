/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "service/services.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bridgetap/v1/admin.pb-c.h"
#include "bridgetap/v1/calls.pb-c.h"
#include "bridgetap/v1/directory.pb-c.h"
#include "bridgetap/v1/monitor.pb-c.h"
#include "health/v1/health.pb-c.h"
#include "monitor/call.h"
#include "reflection/v1/reflection.pb-c.h"
#include "reflection/v1alpha/reflection.pb-c.h"
#include "service/watch.h"

const struct grpc_service *services_list(struct services *services, unsigned *count)
{
	static struct grpc_service list[7];

	list[0] =
		(struct grpc_service){ &bridgetap__v1__calls__descriptor, calls_methods, services };
	list[1] = (struct grpc_service){ &bridgetap__v1__monitor__descriptor, monitor_methods,
		services };
	list[2] = (struct grpc_service){ &bridgetap__v1__directory__descriptor, directory_methods,
		services };
	list[3] =
		(struct grpc_service){ &bridgetap__v1__admin__descriptor, admin_methods, services };
	list[4] = (struct grpc_service){ &grpc__health__v1__health__descriptor, health_methods,
		services };
	list[5] = (struct grpc_service){ &grpc__reflection__v1__server_reflection__descriptor,
		reflection_methods, services };
	list[6] = (struct grpc_service){ &grpc__reflection__v1alpha__server_reflection__descriptor,
		reflection_methods, services };
	*count = sizeof(list) / sizeof(list[0]);
	return list;
}

void services_fini(struct services *services)
{
	struct organisation *organisation;

	if (services->world == NULL)
		return;
	services->world->changed = NULL;
	for (organisation = services->world->organisations; organisation != NULL;
		organisation = organisation->hh.next)
		watch_fini(organisation);
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

static const Bridgetap__V1__ReasonCode codes[REASON_COUNT] = {
	[REASON_DASHBOARD_LOGGED_OUT] = BRIDGETAP__V1__REASON_CODE__DASHBOARD_LOGGED_OUT,
	[REASON_DESKTOP_LOGGED_OUT] = BRIDGETAP__V1__REASON_CODE__DESKTOP_LOGGED_OUT,
	[REASON_NOT_ONLINE] = BRIDGETAP__V1__REASON_CODE__NOT_ONLINE,
	[REASON_CALL_FULL] = BRIDGETAP__V1__REASON_CODE__CALL_FULL,
	[REASON_NOT_PERMITTED] = BRIDGETAP__V1__REASON_CODE__NOT_PERMITTED,
	[REASON_ORGANISATION_DISABLED] = BRIDGETAP__V1__REASON_CODE__ORGANISATION_DISABLED,
	[REASON_CONSENT_MISSING] = BRIDGETAP__V1__REASON_CODE__CONSENT_MISSING,
	[REASON_ALREADY_MONITORING] = BRIDGETAP__V1__REASON_CODE__ALREADY_MONITORING,
	[REASON_CALL_ENDED] = BRIDGETAP__V1__REASON_CODE__CALL_ENDED,
};

void service_refuse(struct grpc_call *call, const struct refusal *refusal)
{
	Bridgetap__V1__Refusal details = BRIDGETAP__V1__REFUSAL__INIT;
	Bridgetap__V1__Reason reasons[REASON_COUNT], *list[REASON_COUNT];

	if (refusal->reasons == 0) {
		grpc_call_finish(call, status_of(refusal->error), refusal->sentence, NULL);
		return;
	}
	for (unsigned i = 0; i < REASON_COUNT; i++) {
		Bridgetap__V1__Reason *reason = &reasons[details.n_reasons];

		if (!(refusal->reasons >> i & 1))
			continue;
		bridgetap__v1__reason__init(reason);
		reason->code = codes[i];
		reason->sentence = (char *)(uintptr_t)reason_sentence(i);
		list[details.n_reasons++] = reason;
	}
	details.reasons = list;
	grpc_call_finish(
		call, status_of_reasons(refusal->reasons), refusal->sentence, &details.base);
}

void service_refuse_link(struct grpc_call *call, int error, const char *sentence)
{
	grpc_call_finish(call, status_of(error), sentence, NULL);
}

/* --- who and what --- */

struct organisation *service_organisation(struct grpc_call *call)
{
	const struct services *services = grpc_call_context(call);
	const char *id = grpc_call_metadata(call, "bridgetap-organisation");
	struct organisation *organisation = organisation_find(services->world, id);
	struct refusal refusal;

	if (organisation != NULL)
		return organisation;
	if (*id == '\0')
		refuse(&refusal, -EINVAL, "the metadata bridgetap-organisation is missing");
	else
		refuse(&refusal, -ENOENT, "there is no organisation \"%.64s\"", id);
	service_refuse(call, &refusal);
	return NULL;
}

struct user *service_user(struct grpc_call *call, struct organisation *organisation)
{
	const char *id = grpc_call_metadata(call, "bridgetap-user");
	struct user *user = user_find(organisation, id);
	struct refusal refusal;

	if (user != NULL)
		return user;
	if (*id == '\0')
		refuse(&refusal, -EINVAL, "the metadata bridgetap-user is missing");
	else
		refuse(&refusal, -ENOENT, "there is no user \"%.64s\"", id);
	service_refuse(call, &refusal);
	return NULL;
}

struct call *service_find_call(
	struct grpc_call *grpc, struct organisation *organisation, const char *id)
{
	struct call *call = call_find(organisation, id);
	struct refusal refusal;

	if (call != NULL)
		return call;
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

	if (error == 0) {
		pending->succeed(pending, call);
	} else {
		pending->undo(pending, call);
		if (pending->grpc != NULL)
			service_refuse_link(pending->grpc, error, sentence);
	}
	free(pending);
}

struct pending *pending_create(struct grpc_call *grpc, const struct call *call)
{
	struct pending *pending = calloc(1, sizeof(*pending));
	struct grpc_call_hooks hooks = { .state = pending, .cancelled = pending_cancelled };

	if (pending == NULL) {
		service_refuse_link(grpc, -ENOMEM, "out of memory");
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
	link_change(pending->services->link, pending->wire_id, &pending->waiter);
}
