/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/world.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/call.h"
#include "monitor/text.h"

#define TOMBSTONES_MAX 10000

void world_init(struct world *world, uint32_t (*random)(void *arg), void *arg)
{
	*world = (struct world){
		.seats_max = SEATS_DEFAULT,
		.random = random,
		.random_arg = arg,
	};
}

static void free_user(struct user *user)
{
	free(user->id);
	free(user->name);
	free(user);
}

static void free_organisation(struct organisation *organisation)
{
	struct user *user, *next_user;
	struct call *call, *next_call;

	HASH_ITER (hh, organisation->calls, call, next_call)
		call_end(call);
	changes_fini(&organisation->changes);
	HASH_ITER (hh, organisation->users, user, next_user)
		user_delete(organisation, user);
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
	if (realm->ports.first == description->first_port && realm->ports.count == count)
		return 0;
	port_pool_fini(&realm->ports);
	return port_pool_init(&realm->ports, description->first_port, description->last_port);
}

int world_set_realms(struct world *world, const struct realm_description *realms, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		int ret = set_realm(world, &realms[i]);

		if (ret < 0)
			return ret;
	}
	return 0;
}

/* --- organisations --- */

struct organisation *organisation_find(const struct world *world, const char *id)
{
	struct organisation *organisation;

	HASH_FIND_STR(world->organisations, id, organisation);
	return organisation;
}

static struct organisation *new_organisation(struct world *world, const char *id, const char *name)
{
	struct organisation *organisation = calloc(1, sizeof(*organisation));

	if (organisation == NULL)
		return NULL;
	organisation->world = world;
	organisation->changes.tombstones_max = TOMBSTONES_MAX;
	organisation->changes.free_tombstone = call_free_tombstone;
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

/* --- users --- */

struct user *user_find(const struct organisation *organisation, const char *id)
{
	struct user *user;

	HASH_FIND_STR(organisation->users, id, user);
	return user;
}

static struct user *new_user(struct organisation *organisation, const char *id, const char *name)
{
	struct user *user = calloc(1, sizeof(*user));

	if (user == NULL)
		return NULL;
	if (text_replace(&user->id, id) < 0 || text_replace(&user->name, name) < 0) {
		free_user(user);
		return NULL;
	}
	HASH_ADD_KEYPTR(hh, organisation->users, user->id, strlen(id), user);
	if (!table_has(user)) {
		free_user(user);
		return NULL;
	}
	return user;
}

int user_check(const char *id, const char *name, enum user_role role, struct refusal *refusal)
{
	if (text_check_id("user.id", id, USER_ID_MAX, refusal) < 0 ||
		text_check("user.name", name, NAME_MAX_BYTES, refusal) < 0)
		return refusal->error;
	if (role < USER_ROLE_AGENT || role > USER_ROLE_ADMIN)
		return refuse(refusal, -EINVAL, "user.role is none of agent, supervisor, admin");
	return 0;
}

int user_put(struct organisation *organisation, const char *id, const char *name,
	enum user_role role, struct user **user, struct refusal *refusal)
{
	if (user_check(id, name, role, refusal) < 0)
		return refusal->error;
	*user = user_find(organisation, id);
	if (*user == NULL)
		*user = new_user(organisation, id, name);
	else if (text_replace(&(*user)->name, name) < 0)
		*user = NULL;
	if (*user == NULL)
		return refuse(refusal, -ENOMEM, "out of memory");
	(*user)->role = role;
	return 0;
}

void user_delete(struct organisation *organisation, struct user *user)
{
	HASH_DEL(organisation->users, user);
	free_user(user);
}
