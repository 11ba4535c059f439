/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 Bridgetap contributors */
#include "ctl/access_list.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"

/* Unpacked messages are on the heap, each list and each text by itself. */

Bridgetap__V1__AccessTier *access_tier_of(Bridgetap__V1__AccessTier **field)
{
	if (*field == NULL) {
		*field = ctl_need(malloc(sizeof(**field)));
		bridgetap__v1__access_tier__init(*field);
	}
	return *field;
}

Bridgetap__V1__AccessList *access_list_of(Bridgetap__V1__AccessList **field)
{
	if (*field == NULL) {
		*field = ctl_need(malloc(sizeof(**field)));
		bridgetap__v1__access_list__init(*field);
	}
	return *field;
}

static void take_out(char **ids, size_t *count, const char *id)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++)
		if (strcmp(ids[i], id) == 0)
			free(ids[i]);
		else
			ids[kept++] = ids[i];
	*count = kept;
}

static void append(char ***ids, size_t *count, const char *id)
{
	*ids = ctl_need(reallocarray(*ids, *count + 1, sizeof(**ids)));
	(*ids)[(*count)++] = ctl_need(strdup(id));
}

void access_list_move(
	Bridgetap__V1__AccessList *list, const char *id, bool is_role, enum access_side side)
{
	char ***included = is_role ? &list->included_roles : &list->included_users;
	char ***excluded = is_role ? &list->excluded_roles : &list->excluded_users;
	size_t *n_included = is_role ? &list->n_included_roles : &list->n_included_users;
	size_t *n_excluded = is_role ? &list->n_excluded_roles : &list->n_excluded_users;

	take_out(*included, n_included, id);
	take_out(*excluded, n_excluded, id);
	if (side == ACCESS_INCLUDED)
		append(included, n_included, id);
	else if (side == ACCESS_EXCLUDED)
		append(excluded, n_excluded, id);
}
