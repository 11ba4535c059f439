/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bridgetap/v1/directory.pb-c.h"
#include "service/convert.h"
#include "service/convert_directory.h"
#include "service/directory_methods.h"
#include "service/keep.h"
#include "service/notices.h"
#include "service/settle.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX     1000

/* --- one entry --- */

/* Check, keep and commit an edit of one entry, then answer: with the entry, or with `reply`. */
static void apply(struct grpc_call *grpc, struct edit *edit, enum directory_kind kind,
	const char *id, const char *action, const ProtobufCMessage *reply)
{
	const struct audit_note note = {
		.organisation = edit->organisation,
		.action = action,
		.subject = id,
	};
	struct settle *settle = settle_begin(grpc);
	struct arena arena = { 0 };
	struct refusal refusal;

	if (settle == NULL) {
		edit_roll_back(edit);
		return;
	}
	if (edit_check(edit, &refusal) < 0) {
		edit_roll_back(edit);
		settle_abort(settle);
		service_refuse(grpc, &refusal);
		return;
	}
	if (!keep_edit(grpc, edit, &note)) {
		edit_roll_back(edit);
		settle_abort(settle);
		return;
	}
	edit_commit(edit);
	if (edit->deleted > 0)
		notices_users_gone(edit->organisation);
	if (reply == NULL)
		reply = encode_entry(&arena, kind, directory_find(edit->organisation, kind, id));
	settle_end(settle, reply);
	arena_free(&arena);
}

/* `settings` is NULL where `refusal` says why. */
static void put_entry(struct grpc_call *grpc, const struct actor *actor, enum directory_kind kind,
	const char *id, void *settings, const char *action, struct refusal *refusal)
{
	struct edit edit;

	edit_begin(&edit, actor->organisation);
	if (settings == NULL || edit_put(&edit, kind, id, settings, refusal) < 0) {
		edit_roll_back(&edit);
		service_refuse(grpc, refusal);
		return;
	}
	apply(grpc, &edit, kind, id, action, NULL);
}

static void delete_entry(struct grpc_call *grpc, enum directory_kind kind, const char *id,
	const char *action, const ProtobufCMessage *reply)
{
	struct refusal refusal;
	struct actor actor;
	struct edit edit;

	if (!actor_identify(grpc, NEED_ORGANISATION, &actor))
		return;
	edit_begin(&edit, actor.organisation);
	if (edit_delete(&edit, kind, id, &refusal) < 0) {
		edit_roll_back(&edit);
		service_refuse(grpc, &refusal);
		return;
	}
	apply(grpc, &edit, kind, id, action, reply);
}

static void put_user(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__PutUserRequest *request = (const void *)message;
	struct refusal refusal;
	struct actor actor;

	if (actor_identify(grpc, NEED_ORGANISATION, &actor))
		put_entry(grpc, &actor, DIRECTORY_USER, request->user ? request->user->id : "",
			decode_user(request->user, &refusal), "user_put", &refusal);
}

static void delete_user(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	static const Bridgetap__V1__DeleteUserResponse reply =
		BRIDGETAP__V1__DELETE_USER_RESPONSE__INIT;
	const Bridgetap__V1__DeleteUserRequest *request = (const void *)message;

	delete_entry(grpc, DIRECTORY_USER, request->user_id, "user_delete", &reply.base);
}

static void put_role(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__PutSecurityRoleRequest *request = (const void *)message;
	struct refusal refusal;
	struct actor actor;

	if (actor_identify(grpc, NEED_ORGANISATION, &actor))
		put_entry(grpc, &actor, DIRECTORY_ROLE,
			request->security_role ? request->security_role->id : "",
			decode_role(request->security_role, &refusal), "role_put", &refusal);
}

static void delete_role(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	static const Bridgetap__V1__DeleteSecurityRoleResponse reply =
		BRIDGETAP__V1__DELETE_SECURITY_ROLE_RESPONSE__INIT;
	const Bridgetap__V1__DeleteSecurityRoleRequest *request = (const void *)message;

	delete_entry(grpc, DIRECTORY_ROLE, request->security_role_id, "role_delete", &reply.base);
}

static void put_group(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__PutGroupRequest *request = (const void *)message;
	struct refusal refusal;
	struct actor actor;

	if (actor_identify(grpc, NEED_ORGANISATION, &actor))
		put_entry(grpc, &actor, DIRECTORY_GROUP, request->group ? request->group->id : "",
			decode_group(request->group, &refusal), "group_put", &refusal);
}

static void delete_group(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	static const Bridgetap__V1__DeleteGroupResponse reply =
		BRIDGETAP__V1__DELETE_GROUP_RESPONSE__INIT;
	const Bridgetap__V1__DeleteGroupRequest *request = (const void *)message;

	delete_entry(grpc, DIRECTORY_GROUP, request->group_id, "group_delete", &reply.base);
}

/* Access settings that come along carry a version like any that are saved. */
static int check_version(const struct extension *extension,
	const Bridgetap__V1__AccessSettings *access, struct extension_settings *settings,
	struct refusal *refusal)
{
	uint64_t version = extension != NULL ? extension_settings(extension)->access.version : 0;

	if (settings == NULL || access == NULL)
		return 0;
	if (access->version != version)
		return refuse(refusal, -EBUSY,
			"somebody else has saved this setting (version %llu, not %llu): read it "
			"again",
			(unsigned long long)version, (unsigned long long)access->version);
	settings->access.version = version + 1;
	return 0;
}

static void put_extension(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	const Bridgetap__V1__PutExtensionRequest *request = (const void *)message;
	const Bridgetap__V1__Extension *wanted = request->extension;
	const struct extension *extension;
	struct refusal refusal;
	struct actor actor;
	void *settings;

	if (!actor_identify(grpc, NEED_ORGANISATION, &actor))
		return;
	extension = extension_find(actor.organisation, wanted != NULL ? wanted->id : "");
	settings = decode_extension(
		wanted, extension != NULL ? extension_settings(extension) : NULL, &refusal);
	if (wanted != NULL && check_version(extension, wanted->access, settings, &refusal) < 0) {
		settings_free(DIRECTORY_EXTENSION, settings);
		service_refuse(grpc, &refusal);
		return;
	}
	put_entry(grpc, &actor, DIRECTORY_EXTENSION, wanted != NULL ? wanted->id : "", settings,
		"extension_put", &refusal);
}

static void delete_extension(struct grpc_call *grpc, const ProtobufCMessage *message)
{
	static const Bridgetap__V1__DeleteExtensionResponse reply =
		BRIDGETAP__V1__DELETE_EXTENSION_RESPONSE__INIT;
	const Bridgetap__V1__DeleteExtensionRequest *request = (const void *)message;

	delete_entry(
		grpc, DIRECTORY_EXTENSION, request->extension_id, "extension_delete", &reply.base);
}

/* --- lists --- */

struct page {
	struct arena arena;
	ProtobufCMessage *messages[PAGE_MAX];
	size_t count;
	char *next;
};

/* A page of the entries of a kind; false after finishing the call. */
static bool read_page(struct grpc_call *grpc, enum directory_kind kind, uint32_t size,
	const char *token, struct page *page)
{
	struct entry *entries[PAGE_MAX + 1];
	struct actor actor;
	unsigned count;

	page->arena = (struct arena){ 0 };
	page->count = 0;
	page->next = "";
	if (!actor_identify(grpc, NEED_VIEWER, &actor))
		return false;
	size = size == 0 ? PAGE_DEFAULT : size > PAGE_MAX ? PAGE_MAX : size;
	count = directory_page(actor.organisation, kind, token, entries, size + 1);
	for (; page->count < count && page->count < size; page->count++)
		page->messages[page->count] =
			kind == DIRECTORY_EXTENSION
				? (ProtobufCMessage *)encode_extension(&page->arena,
					  (struct extension *)entries[page->count], false)
				: encode_entry(&page->arena, kind, entries[page->count]);
	if (count > size)
		page->next = entries[size - 1]->id;
	if (!page->arena.failed)
		return true;
	service_refuse_memory(grpc);
	arena_free(&page->arena);
	return false;
}

/* One method per kind: they differ in the types of their messages alone. */
#define LIST_METHOD(function, Request, Response, init, kind, field)                         \
	static void function(struct grpc_call *grpc, const ProtobufCMessage *message)       \
	{                                                                                   \
		const Request *request = (const void *)message;                             \
		Response response = init;                                                   \
		struct page page;                                                           \
                                                                                            \
		if (!read_page(grpc, kind, request->page_size, request->page_token, &page)) \
			return;                                                             \
		response.n_##field = page.count;                                            \
		response.field = (void *)page.messages;                                     \
		response.next_page_token = page.next;                                       \
		grpc_call_reply(grpc, &response.base);                                      \
		arena_free(&page.arena);                                                    \
	}

LIST_METHOD(list_users, Bridgetap__V1__ListUsersRequest, Bridgetap__V1__ListUsersResponse,
	BRIDGETAP__V1__LIST_USERS_RESPONSE__INIT, DIRECTORY_USER, users)
LIST_METHOD(list_roles, Bridgetap__V1__ListSecurityRolesRequest,
	Bridgetap__V1__ListSecurityRolesResponse, BRIDGETAP__V1__LIST_SECURITY_ROLES_RESPONSE__INIT,
	DIRECTORY_ROLE, security_roles)
LIST_METHOD(list_groups, Bridgetap__V1__ListGroupsRequest, Bridgetap__V1__ListGroupsResponse,
	BRIDGETAP__V1__LIST_GROUPS_RESPONSE__INIT, DIRECTORY_GROUP, groups)
LIST_METHOD(list_extensions, Bridgetap__V1__ListExtensionsRequest,
	Bridgetap__V1__ListExtensionsResponse, BRIDGETAP__V1__LIST_EXTENSIONS_RESPONSE__INIT,
	DIRECTORY_EXTENSION, extensions)

const struct grpc_method directory_methods[] = {
	{ "PutOrganisation", put_organisation, NULL },
	{ "DeleteOrganisation", delete_organisation, NULL },
	{ "ListOrganisations", list_organisations, NULL },
	{ "PutUser", put_user, NULL },
	{ "DeleteUser", delete_user, NULL },
	{ "ListUsers", list_users, NULL },
	{ "PutSecurityRole", put_role, NULL },
	{ "DeleteSecurityRole", delete_role, NULL },
	{ "ListSecurityRoles", list_roles, NULL },
	{ "PutGroup", put_group, NULL },
	{ "DeleteGroup", delete_group, NULL },
	{ "ListGroups", list_groups, NULL },
	{ "PutExtension", put_extension, NULL },
	{ "DeleteExtension", delete_extension, NULL },
	{ "ListExtensions", list_extensions, NULL },
	{ "LoadDirectory", load_directory, load_directory_end },
	{ "SetPresence", set_presence, NULL },
	{ "GetPresence", get_presence, NULL },
};
