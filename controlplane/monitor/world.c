/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/call.h"
#include "monitor/enforce.h"
#include "monitor/offer.h"
#include "monitor/session.h"
#include "monitor/text.h"

#define TOMBSTONES_MAX 10000

void world_init(struct world *world, uint32_t (*random)(void *arg), void *arg)
{
	*world = (struct world){
		.seats_max = SEATS_DEFAULT,
		.random = random,
		.random_arg = arg,
	};
	port_classes_init(&world->port_classes, NULL, 0);
}

void world_random_id(const struct world *world, char id[static RANDOM_ID_SIZE])
{
	for (unsigned i = 0; i < 16; i += 8)
		snprintf(id + i, RANDOM_ID_SIZE - i, "%08x", world->random(world->random_arg));
}

static void free_organisation(struct organisation *organisation)
{
	struct call *call, *next;

	HASH_ITER (hh, organisation->calls, call, next)
		call_end(call);
	while (organisation->offers != NULL)
		offer_end(organisation->offers, WHY_BY_OTHER);
	changes_fini(&organisation->changes);
	call_index_fini(&organisation->call_index);
	changes_fini(&organisation->extension_changes);
	directory_fini(organisation);
	free(organisation->settings.consent_accepted_by);
	free(organisation->id);
	free(organisation->name);
	free(organisation);
}

void world_fini(struct world *world)
{
	struct organisation *organisation, *next;

	HASH_ITER (hh, world->organisations, organisation, next) {
		HASH_DEL(world->organisations, organisation);
		free_organisation(organisation);
	}
	for (unsigned i = 0; i < world->realm_count; i++)
		port_pool_fini(&world->realms[i].ports);
}

/* --- realms --- */

static struct realm *find_realm(struct world *world, const char *name)
{
	for (unsigned i = 0; i < world->realm_count; i++)
		if (strcmp(world->realms[i].name, name) == 0)
			return &world->realms[i];
	return NULL;
}

static void take_port(struct realm *realm, const struct leg *leg)
{
	/* One outside of the range is nobody's. */
	if (leg->realm == realm)
		port_pool_take_port(&realm->ports, leg->local_port);
}

/* Those of the calls that there are, in a pool that is new. */
static void take_live_ports(const struct world *world, struct realm *realm)
{
	const struct call *call;
	const struct session *session;

	for (call = world->calls_by_wire_id; call != NULL; call = call->by_wire_id.next) {
		take_port(realm, &call->agent);
		take_port(realm, &call->customer);
		for (unsigned i = 0; i < call->recording.leg_count; i++)
			take_port(realm, &call->recording.legs[i]);
		for (session = call->sessions; session != NULL; session = session->next)
			take_port(realm, &session->leg);
	}
}

/* Legs hold pointers to realms, so a realm that is known stays where it is, and one that is gone
 * stays, too, but gives out no ports any more. */
static int set_realm(struct world *world, const struct realm_description *description)
{
	struct realm *realm = find_realm(world, description->name);
	uint16_t count = (uint16_t)((description->last_port - description->first_port) / 2 + 1);

	if (realm == NULL) {
		if (world->realm_count == REALMS_MAX)
			return -ENOSPC;
		realm = &world->realms[world->realm_count++];
		memset(realm, 0, sizeof(*realm));
		snprintf(realm->name, sizeof(realm->name), "%s", description->name);
	}
	realm->address = description->address;
	realm->recording = description->recording;
	realm->gone = false;
	if (realm->ports.first == description->first_port && realm->ports.count == count)
		return 0;
	port_pool_fini(&realm->ports);
	if (port_pool_init(&realm->ports, description->first_port, description->last_port) < 0)
		return -ENOMEM;
	port_pool_set_classes(&realm->ports, &world->port_classes);
	take_live_ports(world, realm);
	return 0;
}

static bool is_in(const struct realm *realm, const struct realm_description *realms, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(realms[i].name, realm->name) == 0)
			return true;
	return false;
}

int world_set_realms(struct world *world, const struct realm_description *realms, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int ret = set_realm(world, &realms[i]);

		if (ret < 0)
			return ret;
	}
	for (unsigned i = 0; i < world->realm_count; i++)
		world->realms[i].gone = !is_in(&world->realms[i], realms, count);
	return 0;
}

void world_set_port_classes(struct world *world, const struct port_classes *classes)
{
	if (memcmp(&world->port_classes, classes, sizeof(*classes)) == 0)
		return;
	world->port_classes = *classes;
	for (unsigned i = 0; i < world->realm_count; i++)
		port_pool_set_classes(&world->realms[i].ports, classes);
}

/* --- organisations --- */

struct organisation *organisation_find(const struct world *world, const char *id)
{
	struct organisation *organisation;

	HASH_FIND_STR(world->organisations, id, organisation);
	return organisation;
}

static void free_extension(struct change *change)
{
	struct extension *extension =
		(struct extension *)((char *)change - offsetof(struct extension, change));

	free(extension->entry.id);
	free(extension);
}

static struct organisation *new_organisation(struct world *world, const char *id, const char *name)
{
	struct organisation *organisation = calloc(1, sizeof(*organisation));

	if (organisation == NULL)
		return NULL;
	organisation->world = world;
	organisation->changes.tombstones_max = TOMBSTONES_MAX;
	organisation->changes.free_tombstone = call_free_tombstone;
	organisation->extension_changes.tombstones_max = TOMBSTONES_MAX;
	organisation->extension_changes.free_tombstone = free_extension;
	if (text_replace(&organisation->id, id) < 0 || text_replace(&organisation->name, name) < 0)
		goto fail;
	HASH_ADD_KEYPTR(hh, world->organisations, organisation->id, strlen(id), organisation);
	if (!table_has(organisation))
		goto fail;
	return organisation;

fail:
	free_organisation(organisation);
	return NULL;
}

int organisation_check(const char *id, const char *name, struct refusal *refusal)
{
	if (text_check_id("organisation.id", id, ORGANISATION_ID_MAX, refusal) < 0)
		return refusal->error;
	return text_check("organisation.name", name, NAME_MAX_BYTES, refusal);
}

int organisation_put(struct world *world, const char *id, const char *name,
	struct organisation **organisation, struct refusal *refusal)
{
	if (organisation_check(id, name, refusal) < 0)
		return refusal->error;
	*organisation = organisation_find(world, id);
	if (*organisation != NULL)
		return text_replace(&(*organisation)->name, name) == 0
			       ? 0
			       : refuse(refusal, -ENOMEM, "out of memory");
	*organisation = new_organisation(world, id, name);
	return *organisation != NULL ? 0 : refuse(refusal, -ENOMEM, "out of memory");
}

void organisation_delete(struct organisation *organisation)
{
	HASH_DEL(organisation->world->organisations, organisation);
	free_organisation(organisation);
}

int organisation_set_settings(
	struct organisation *organisation, const struct organisation_settings *settings)
{
	char *by = NULL;

	if (settings->consent_accepted_by != NULL &&
		text_replace(&by, settings->consent_accepted_by) < 0)
		return -ENOMEM;
	free(organisation->settings.consent_accepted_by);
	organisation->settings = *settings;
	organisation->settings.consent_accepted_by = by;
	organisation->epoch++;
	enforce(organisation);
	organisation_tell(organisation);
	return 0;
}

void organisation_set_monitoring(struct organisation *organisation, bool off)
{
	organisation->monitoring_off = off;
	organisation->epoch++;
	enforce(organisation);
	organisation_tell(organisation);
}

void organisation_tell(struct organisation *organisation)
{
	struct world *world = organisation->world;

	if (world->changed != NULL)
		world->changed(world->hooks_arg, organisation);
}
