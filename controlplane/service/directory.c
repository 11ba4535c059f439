/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <stdlib.h>

#include "bridgetap/v1/directory.pb-c.h"
#include "service/services.h"

_Static_assert(
	(int)BRIDGETAP__V1__USER_ROLE__USER_ROLE_AGENT == (int)USER_ROLE_AGENT &&
		(int)BRIDGETAP__V1__USER_ROLE__USER_ROLE_SUPERVISOR == (int)USER_ROLE_SUPERVISOR &&
		(int)BRIDGETAP__V1__USER_ROLE__USER_ROLE_ADMIN == (int)USER_ROLE_ADMIN,
	"user roles");

/* What cannot be kept is not acknowledged. */
static bool check_stored(struct grpc_call *grpc, int ret)
{
	struct refusal refusal;

	if (ret == 0)
		return true;
	refuse(&refusal, -ENOSPC, "the change cannot be stored, and was not made");
	service_refuse(grpc, &refusal);
	return false;
}

static void refuse_missing(struct grpc_call *grpc, const char *field)
{
	struct refusal refusal;

	refuse(&refusal, -EINVAL, "%s is missing", field);
	service_refuse(grpc, &refusal);
}

static void put_organisation(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__PutOrganisationRequest *request = (const void *)message;
	struct services *services = grpc_call_context(grpc);
	Bridgetap__V1__Organisation response = BRIDGETAP__V1__ORGANISATION__INIT;
	struct organisation *organisation;
	struct refusal refusal;

	if (request->organisation == NULL) {
		refuse_missing(grpc, "organisation");
		return;
	}
	if (organisation_check(request->organisation->id, request->organisation->name, &refusal) <
		0) {
		service_refuse(grpc, &refusal);
		return;
	}
	if (!check_stored(grpc, store_put_organisation(services->store, request->organisation->id,
					request->organisation->name)))
		return;
	if (organisation_put(services->world, request->organisation->id,
		    request->organisation->name, &organisation, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	response.id = organisation->id;
	response.name = organisation->name;
	grpc_call_reply(grpc, &response.base);
}

static void encode_user(Bridgetap__V1__User *out, const struct user *user)
{
	bridgetap__v1__user__init(out);
	out->id = user->id;
	out->name = user->name;
	out->role = (Bridgetap__V1__UserRole)user->role;
}

static void put_user(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__PutUserRequest *request = (const void *)message;
	struct services *services = grpc_call_context(grpc);
	struct organisation *organisation = service_organisation(grpc);
	enum user_role role;
	Bridgetap__V1__User response;
	struct refusal refusal;
	struct user *user;

	if (organisation == NULL)
		return;
	if (request->user == NULL) {
		refuse_missing(grpc, "user");
		return;
	}
	role = (enum user_role)request->user->role;
	if (user_check(request->user->id, request->user->name, role, &refusal) < 0) {
		service_refuse(grpc, &refusal);
		return;
	}
	if (!check_stored(grpc, store_put_user(services->store, organisation->id, request->user->id,
					request->user->name, (int)role)))
		return;
	if (user_put(organisation, request->user->id, request->user->name, role, &user, &refusal) <
		0) {
		service_refuse(grpc, &refusal);
		return;
	}
	encode_user(&response, user);
	grpc_call_reply(grpc, &response.base);
}

static void delete_user(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__DeleteUserRequest *request = (const void *)message;
	struct services *services = grpc_call_context(grpc);
	struct organisation *organisation = service_organisation(grpc);
	Bridgetap__V1__DeleteUserResponse response = BRIDGETAP__V1__DELETE_USER_RESPONSE__INIT;
	struct user *user = organisation ? user_find(organisation, request->user_id) : NULL;
	struct refusal refusal;

	if (organisation == NULL)
		return;
	if (user == NULL) {
		refuse(&refusal, -ENOENT, "there is no user \"%.64s\"", request->user_id);
		service_refuse(grpc, &refusal);
		return;
	}
	if (!check_stored(grpc, store_delete_user(services->store, organisation->id, user->id)))
		return;
	user_delete(organisation, user);
	grpc_call_reply(grpc, &response.base);
}

static void list_users(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	struct organisation *organisation = service_organisation(grpc);
	Bridgetap__V1__ListUsersResponse response = BRIDGETAP__V1__LIST_USERS_RESPONSE__INIT;
	Bridgetap__V1__User *users, **list;
	const struct user *user;
	unsigned count;

	(void)message;
	if (organisation == NULL)
		return;
	count = HASH_COUNT(organisation->users);
	users = calloc(count + 1, sizeof(*users));
	list = calloc(count + 1, sizeof(*list));
	response.users = list;
	for (user = organisation->users; users && list && user != NULL; user = user->hh.next) {
		encode_user(&users[response.n_users], user);
		list[response.n_users] = &users[response.n_users];
		response.n_users++;
	}
	if (users == NULL || list == NULL)
		service_refuse_link(grpc, -ENOMEM, "out of memory");
	else
		grpc_call_reply(grpc, &response.base);
	free(users);
	free(list);
}

const struct grpc_method directory_methods[] = {
	{ "PutOrganisation", put_organisation, NULL },
	{ "PutUser", put_user, NULL },
	{ "DeleteUser", delete_user, NULL },
	{ "ListUsers", list_users, NULL },
};
