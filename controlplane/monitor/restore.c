/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/restore.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/call.h"
#include "monitor/enforce.h"
#include "monitor/session.h"
#include "monitor/text.h"

struct call *call_new_restored(
	struct organisation *organisation, const char *id, const char *wire_id)
{
	struct call *call = calloc(1, sizeof(*call));

	if (call == NULL)
		return NULL;
	call->organisation = organisation;
	snprintf(call->wire_id, sizeof(call->wire_id), "%s", wire_id);
	if (text_replace(&call->id, id) < 0) {
		call_free(call);
		return NULL;
	}
	return call;
}

int leg_restore(struct world *world, struct leg *leg, const char *realm_name, uint16_t local_port)
{
	int ret = -ENOENT;

	for (unsigned i = 0; i < world->realm_count; i++) {
		struct realm *realm = &world->realms[i];

		if (strcmp(realm->name, realm_name) != 0)
			continue;
		ret = port_pool_take_port(&realm->ports, local_port);
		if (ret < 0)
			return ret;
		leg->realm = realm;
		leg->local_port = local_port;
		snprintf(leg->media.realm, sizeof(leg->media.realm), "%s", realm_name);
	}
	return ret;
}

int call_restore(struct call *call)
{
	if (call_find(call->organisation, call->id) != NULL ||
		call_find_by_wire_id(call->organisation->world, call->wire_id) != NULL)
		return -EEXIST;
	return call_enter(call);
}

int session_restore(struct call *call, const struct session *session, const char *user)
{
	struct session *copy = malloc(sizeof(*copy));

	if (copy == NULL)
		return -ENOMEM;
	*copy = *session;
	copy->call = call;
	copy->joined = copy->announced = true;
	copy->user = NULL;
	if (text_replace(&copy->user, user) < 0 || session_enter(copy) < 0) {
		free(copy->user);
		free(copy);
		return -ENOMEM;
	}
	enforce_call(call);
	return 0;
}
