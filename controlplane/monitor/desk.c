/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "monitor/desk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "monitor/call.h"

static struct desk *find(const struct organisation *organisation, const char *user)
{
	struct desk *desk;

	HASH_FIND_STR(organisation->desks, user, desk);
	return desk;
}

static struct desk *add(struct organisation *organisation, const char *user)
{
	size_t length = strlen(user);
	struct desk *desk = calloc(1, sizeof(*desk) + length + 1);

	if (desk == NULL)
		return NULL;
	memcpy(desk->user, user, length);
	HASH_ADD_KEYPTR(hh, organisation->desks, desk->user, length, desk);
	if (table_has(desk))
		return desk;
	free(desk);
	return NULL;
}

void desk_leave(struct call *call)
{
	struct desk *desk = call->desk;

	if (desk == NULL)
		return;
	DL_DELETE2(desk->calls, call, desk_prev, desk_next);
	call->desk = NULL;
	if (desk->calls != NULL)
		return;
	HASH_DEL(call->organisation->desks, desk);
	free(desk);
}

int desk_move(struct call *call, const char *user)
{
	struct organisation *organisation = call->organisation;
	struct desk *desk = NULL;

	if (*user != '\0') {
		desk = find(organisation, user);
		if (desk == NULL)
			desk = add(organisation, user);
		if (desk == NULL)
			return -ENOMEM;
	}
	if (desk != NULL && desk == call->desk)
		return 0;
	desk_leave(call);
	call->desk = desk;
	if (desk != NULL)
		DL_APPEND2(desk->calls, call, desk_prev, desk_next);
	return 0;
}

struct call *desk_calls(const struct organisation *organisation, const char *user)
{
	const struct desk *desk = find(organisation, user);

	return desk != NULL ? desk->calls : NULL;
}
